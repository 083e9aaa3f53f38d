//! The panel as a part of the wall: how it is connected, what is done when it fails, and the picture it shows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use embedded_hal::delay::DelayNs;
use firmware_board::panel::{Mounting, Tft};
use firmware_board::record::{Recorder, Wire};
use firmware_board::{Frame, wall};

use super::erased::{ErasedPin, ErasedSpi};
use super::health::Health;
use super::pi::{self, PiError};
use super::trace::Trace;
use crate::chain::chain;
use crate::config::{Board, Panel, Spi};

/// The picture that the panel shows, for whoever wants to see it.
#[derive(Clone, Debug)]
pub struct Picture(Arc<Mutex<Frame>>);

impl Picture {
    /// A dark picture.
    pub(super) fn dark() -> Self {
        Self(Arc::new(Mutex::new(Frame::new(wall::WIDTH, wall::HEIGHT))))
    }

    pub(super) fn show(&self, frame: &Frame) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone_from(frame);
    }

    /// The picture as PNG, exactly the panel's pixels.
    pub fn png(&self) -> Vec<u8> {
        let (rgb, width, height) = {
            let frame = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            (frame.rgb888(), frame.width(), frame.height())
        };
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width.into(), height.into());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&rgb))
            .expect("a frame has as many bytes as its size says, and memory takes them");
        bytes
    }
}
/// The panel and whether it works.
pub(super) struct PanelPart {
    kind: Panel,
    spi: Spi,
    trace: Trace,
    tft: Option<Tft<ErasedSpi, ErasedPin, ErasedPin>>,
    health: Health,
}

impl PanelPart {
    pub(super) fn new(board: &Board, trace: Trace) -> Self {
        Self { kind: board.panel, spi: board.spi, trace, tft: None, health: Health::default() }
    }

    /// Shows a frame; tells where that failed or works again, once.
    pub(super) fn show(&mut self, frame: &Frame, t_ms: u64) -> Option<Result<(), String>> {
        if !self.health.may_try(t_ms) {
            return None;
        }
        let shown = self.try_show(frame);
        if shown.is_err() {
            self.tft = None;
        }
        self.health.tell(shown, t_ms)
    }

    fn try_show(&mut self, frame: &Frame) -> Result<(), String> {
        if self.tft.is_none() {
            let mut tft = self.connect().map_err(|error| chain(&error))?;
            tft.reinit(&mut Sleep)
                .map_err(|error| format!("it does not take its initialisation: {error:?}"))?;
            self.tft = Some(tft);
        }
        let tft = self.tft.as_mut().expect("it was connected above");
        tft.show(frame).map(drop).map_err(|error| format!("it does not take a picture: {error:?}"))
    }

    fn connect(&self) -> Result<Tft<ErasedSpi, ErasedPin, ErasedPin>, PiError> {
        let recorder = Recorder::new(self.trace.clone());
        Ok(match self.kind {
            Panel::Simulated => Tft::new(
                ErasedSpi::new(recorder.spi()),
                ErasedPin::new(recorder.pin(Wire::Dc)),
                Some(ErasedPin::new(recorder.pin(Wire::Reset))),
                Mounting::default(),
            ),
            Panel::St7796 => Tft::new(
                ErasedSpi::new(recorder.spi_over(pi::spi(&self.spi)?)),
                ErasedPin::new(recorder.pin_over(Wire::Dc, pi::output(self.spi.dc_pin, false)?)),
                Some(ErasedPin::new(recorder.pin_over(Wire::Reset, pi::output(self.spi.reset_pin, true)?))),
                Mounting { upside_down: self.spi.upside_down, ..Mounting::default() },
            ),
        })
    }
}
/// Waits in real time, for panels that must rest.
struct Sleep;

impl DelayNs for Sleep {
    fn delay_ns(&mut self, ns: u32) {
        std::thread::sleep(Duration::from_nanos(ns.into()));
    }
}
