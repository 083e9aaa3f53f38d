//! The drivers of the panels, over the buses and pins of a Pi; each says on the trace what it sends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use firmware_board::Frame;
use firmware_board::Layout;
use firmware_board::panel::{Care, Chip, Leds, Modules, Mounting, Oled, Tft, Turn};
use firmware_board::record::{Recorder, Wire};

use super::brightness::Dimmer;
use super::erased::{ErasedPin, ErasedSpi};
use super::pi::{self, PiError};
use super::screen;
use super::slot::{Glass, Open};
use super::trace::{PanelTrace, Trace};
use crate::chain::chain;
use crate::clock;
use crate::config::{self, PanelKind, Spi, TftChip};

/// The panel with what only its hardware knows: the size that a monitor prefers, where one is there to be asked.
pub(super) fn settled(panel: &config::Panel) -> config::Panel {
    match &panel.kind {
        PanelKind::Drm(drm) => {
            let prefers =
                || screen::preferred(drm).filter(|(width, height)| Layout::of(*width, *height).is_ok());
            let kind = PanelKind::Drm(config::Drm { size: drm.size.or_else(prefers), ..drm.clone() });
            config::Panel { kind, ..panel.clone() }
        }
        PanelKind::Simulated { .. } | PanelKind::Tft(_) | PanelKind::Max7219(_) | PanelKind::Ssd1306(_) => {
            panel.clone()
        }
    }
}

/// What connects and initialises a panel. Those that burn in are dim while all is well; `dimmer` is that of a panel whose
/// brightness can be set.
pub(super) fn open(
    panel: &config::Panel,
    dimmer: Option<Dimmer>,
    trace: &Trace,
    is_well: &Arc<AtomicBool>,
) -> Open {
    let is_well = Arc::clone(is_well);
    let kind = panel.kind.clone();
    let panel_trace = trace.of_panel(&panel.name, kind.spi().map_or(0, |spi| spi.bus));
    let recorder = Recorder::new(panel_trace.clone());
    Box::new(move || {
        let glass = match &kind {
            PanelKind::Simulated { width, height } => simulated((*width, *height), &recorder),
            PanelKind::Tft(tft) => tft_panel(tft, &recorder),
            PanelKind::Max7219(matrix) => {
                let dimmer = dimmer.clone().unwrap_or_else(|| Dimmer::new(matrix.brightness));
                leds(matrix, dimmer, &recorder)
            }
            PanelKind::Ssd1306(oled) => oled_panel(*oled, &recorder, Arc::clone(&is_well)),
            PanelKind::Drm(drm) => screen::open(drm, kind.size()),
        }?;
        Ok(Box::new(Traced { panel: glass, trace: panel_trace.clone() }) as Box<dyn Glass>)
    })
}

/// A panel whose trace is complete after each picture.
struct Traced {
    panel: Box<dyn Glass>,
    trace: PanelTrace,
}

impl Glass for Traced {
    fn show(&mut self, frame: &Frame) -> Result<(), String> {
        let shown = self.panel.show(frame);
        self.trace.flush();
        shown
    }
}

type Made = Result<Box<dyn Glass>, String>;

/// A panel of which only the wires are there: a trace of it is what a real one would be sent.
fn simulated(size: (u16, u16), recorder: &Recorder<PanelTrace>) -> Made {
    let Some(mounting) = pretended(size) else { return Ok(Box::new(Pretended)) };
    let spi = ErasedSpi::new(recorder.spi());
    let (dc, reset) = (ErasedPin::new(recorder.pin(Wire::Dc)), ErasedPin::new(recorder.pin(Wire::Reset)));
    // Nothing is to be waited for.
    start(Tft::new(spi, dc, Some(reset), mounting), None, &mut NoDelay)
}

/// What a simulated panel pretends to be; none where there is no such chip.
fn pretended(size: (u16, u16)) -> Option<Mounting> {
    let chips = [Chip::St7796, Chip::Ili9341];
    let turned = chips.into_iter().flat_map(|chip| [(chip, Turn::Quarter), (chip, Turn::Not)]);
    let mountings = turned.map(|(chip, turn)| Mounting { chip, turn, ..Mounting::default() });
    mountings.into_iter().find(|mounting| mounting.size() == size)
}

/// A simulated panel of a size that no chip has: its picture is to be seen over HTTP, and that is all.
struct Pretended;

impl Glass for Pretended {
    fn show(&mut self, _frame: &Frame) -> Result<(), String> {
        Ok(())
    }
}

fn tft_panel(tft: &config::Tft, recorder: &Recorder<PanelTrace>) -> Made {
    let connect = || -> Result<_, PiError> {
        // The bus first: that SPI is switched off is what a box lacks most often, and has a line that mends it.
        let bus = bus(tft.spi, recorder)?;
        let pin = |wire, pin, high| Ok(ErasedPin::new(recorder.pin_over(wire, pi::output(pin, high)?)));
        let backlight = tft.backlight_pin.map(|number| pin(Wire::Backlight, number, false)).transpose()?;
        let (dc, reset) = (pin(Wire::Dc, tft.dc_pin, false)?, pin(Wire::Reset, tft.reset_pin, true)?);
        let mounting = Mounting {
            chip: match tft.chip {
                TftChip::St7796 => Chip::St7796,
                TftChip::Ili9341 => Chip::Ili9341,
                TftChip::St7789 => Chip::St7789,
            },
            turn: turn(tft.rotation),
            blue_first: tft.blue_first,
            inverted: tft.inverted,
        };
        Ok((Tft::new(bus, dc, Some(reset), mounting), backlight))
    };
    let (driver, backlight) = connect().map_err(|error| chain(&error))?;
    start(driver, backlight, &mut Sleep)
}

fn start(
    mut driver: Tft<ErasedSpi, ErasedPin, ErasedPin>,
    backlight: Option<ErasedPin>,
    delay: &mut impl DelayNs,
) -> Made {
    driver.reinit(delay).map_err(|error| format!("it does not take its initialisation: {error}"))?;
    Ok(Box::new(TftPanel { driver, backlight, is_lit: false }))
}

/// A TFT and its light, which stays off until there is a picture to see.
struct TftPanel {
    driver: Tft<ErasedSpi, ErasedPin, ErasedPin>,
    /// None where it always is on.
    backlight: Option<ErasedPin>,
    is_lit: bool,
}

impl Glass for TftPanel {
    fn show(&mut self, frame: &Frame) -> Result<(), String> {
        self.driver.show(frame).map_err(|error| format!("it does not take a picture: {error}"))?;
        if let Some(backlight) = self.backlight.as_mut().filter(|_| !self.is_lit) {
            backlight
                .set_high()
                .map_err(|error| format!("its backlight cannot be switched on: {error:?}"))?;
            self.is_lit = true;
        }
        Ok(())
    }
}

fn leds(matrix: &config::Max7219, dimmer: Dimmer, recorder: &Recorder<PanelTrace>) -> Made {
    let modules = Modules {
        columns: matrix.columns,
        rows: matrix.rows,
        upside_down: matrix.rotation == 180,
        turn: turn(matrix.module_rotation),
    };
    let bus = bus(matrix.spi, recorder).map_err(|error| chain(&error))?;
    let mut driver = Leds::new(bus, modules, dimmer.level());
    driver.reinit().map_err(|error| format!("it does not take its initialisation: {error}"))?;
    Ok(Box::new(Matrix { driver, dimmer }))
}

/// A matrix, and how bright it is to be.
pub(super) struct Matrix {
    pub(super) driver: Leds<ErasedSpi>,
    pub(super) dimmer: Dimmer,
}

impl Glass for Matrix {
    fn show(&mut self, frame: &Frame) -> Result<(), String> {
        let shown = self.driver.dim(self.dimmer.level()).and_then(|()| self.driver.show(frame));
        shown.map(drop).map_err(|error| format!("it does not take a picture: {error}"))
    }
}

fn oled_panel(oled: config::Ssd1306, recorder: &Recorder<PanelTrace>, is_well: Arc<AtomicBool>) -> Made {
    let connect = || -> Result<_, PiError> {
        let bus = bus(oled.spi, recorder)?;
        let pin = |wire, pin, high| Ok(ErasedPin::new(recorder.pin_over(wire, pi::output(pin, high)?)));
        let (dc, reset) = (pin(Wire::Dc, oled.dc_pin, false)?, pin(Wire::Reset, oled.reset_pin, true)?);
        Ok(Oled::new(bus, dc, reset, oled.rotation == 180))
    };
    let mut driver = connect().map_err(|error| chain(&error))?;
    driver.reinit(&mut Sleep).map_err(|error| format!("it does not take its initialisation: {error}"))?;
    Ok(Box::new(OledPanel { driver, is_well }))
}

/// An OLED, and whether all is well.
struct OledPanel {
    driver: Oled<ErasedSpi, ErasedPin, ErasedPin>,
    is_well: Arc<AtomicBool>,
}

impl Glass for OledPanel {
    fn show(&mut self, frame: &Frame) -> Result<(), String> {
        let care = Care::at(clock::monotonic_us() / 1_000, self.is_well.load(Ordering::Relaxed));
        let shown = self.driver.show(frame, care);
        shown.map(drop).map_err(|error| format!("it does not take a picture: {error}"))
    }
}

fn bus(spi: Spi, recorder: &Recorder<PanelTrace>) -> Result<ErasedSpi, PiError> {
    Ok(ErasedSpi::new(recorder.spi_over(pi::spi(spi)?)))
}

fn turn(degrees: u16) -> Turn {
    Turn::from_degrees(degrees).expect("a configuration has only quarters of a circle")
}

/// Waits in real time, for panels that must rest.
struct Sleep;

impl DelayNs for Sleep {
    fn delay_ns(&mut self, ns: u32) {
        std::thread::sleep(Duration::from_nanos(ns.into()));
    }
}

/// Does not wait.
struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _ns: u32) {}
}
