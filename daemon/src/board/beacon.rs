//! Lamps and buzzer as a part of the wall: how they are connected, and what is done when they fail.

use embedded_hal::digital;
use firmware_board::Signals;
use firmware_board::panel::{Beacon, Levels, Outlet, Pin, Pins, PinsError, STRIP_HZ, Strip, Wiring};
use firmware_board::record::{Recorder, Wire};

use super::brightness::Dimmer;
use super::erased::{ErasedPin, ErasedSpi, Fault};
use super::health::Health;
use super::pi::{self, PiError};
use super::trace::Trace;
use crate::chain::chain;
use crate::clock;
use crate::config::{self, Board, SignalPins};

/// Lamps and buzzer, and whether they work.
pub(super) struct BeaconPart {
    pins: Option<SignalPins>,
    strip: Option<(config::Strip, Dimmer)>,
    trace: Trace,
    beacon: Option<Beacon<Lights>>,
    health: Health,
}

/// What lamps and buzzer are connected to: pins, a strip, or both.
struct Lights {
    pins: Pins<ErasedPin>,
    strip: Option<(Strip<ErasedSpi>, Dimmer)>,
}

/// A lamp or the buzzer does not do what it is told.
#[derive(Debug, thiserror::Error)]
enum LightsError {
    #[error("a pin does not take its level: {0}")]
    Pins(PinsError<digital::ErrorKind>),
    #[error("the strip does not take its colours: {0:?}")]
    Strip(Fault),
}

impl Outlet for Lights {
    type Error = LightsError;

    fn set(&mut self, levels: Levels) -> Result<(), LightsError> {
        let pins = self.pins.set(levels).map_err(LightsError::Pins);
        let strip = self.strip.as_mut().map_or(Ok(()), |(strip, dimmer)| {
            strip.dim(dimmer.level());
            strip.set(levels)
        });
        pins.and(strip.map_err(LightsError::Strip))
    }

    fn forget(&mut self) {
        self.pins.forget();
        if let Some((strip, _)) = &mut self.strip {
            strip.forget();
        }
    }
}

impl BeaconPart {
    /// `dimmer` is the strip's.
    pub(super) fn new(board: &Board, dimmer: Option<Dimmer>, trace: Trace) -> Self {
        let (pins, strip) = (board.signals.clone(), board.strip.zip(dimmer));
        Self { pins, strip, trace, beacon: None, health: Health::default() }
    }

    /// Sets them to what the signals are at `t_ms`; tells where that failed or works again, once.
    pub(super) fn show(&mut self, signals: Signals, t_ms: u64) -> Option<Result<(), String>> {
        self.try_to(|beacon| beacon.show(signals, t_ms))
    }

    /// One short sound soon after `t_ms`, where nothing else sounds.
    pub(super) fn sound_once(&mut self, t_ms: u64) {
        if let Some(beacon) = &mut self.beacon {
            beacon.sound_once(t_ms);
        }
    }

    /// Leaves them as they are to be when nobody drives them.
    pub(super) fn leave(&mut self, signals: Signals) -> Option<Result<(), String>> {
        self.try_to(|beacon| beacon.leave(signals))
    }

    fn try_to(
        &mut self,
        set: impl FnOnce(&mut Beacon<Lights>) -> Result<(), LightsError>,
    ) -> Option<Result<(), String>> {
        let now_ms = clock::monotonic_us() / 1_000;
        if !self.health.may_try(now_ms) {
            return None;
        }
        let shown = self.connected().and_then(|beacon| set(beacon).map_err(|error| chain(&error)));
        if shown.is_err() {
            self.beacon = None;
        }
        self.health.tell(shown, now_ms)
    }

    fn connected(&mut self) -> Result<&mut Beacon<Lights>, String> {
        if self.beacon.is_none() {
            self.beacon = Some(self.connect().map_err(|error| chain(&error))?);
        }
        Ok(self.beacon.as_mut().expect("it was connected above"))
    }

    /// Without a word in the configuration there are lamps that only a trace knows of.
    fn connect(&self) -> Result<Beacon<Lights>, PiError> {
        const WIRES: [Wire; 4] = [Wire::Red, Wire::Amber, Wire::Green, Wire::Buzzer];
        let recorder = Recorder::new(self.trace.clone());
        let mut pins = [const { None }; 4];
        match &self.pins {
            None if self.strip.is_none() => {
                pins =
                    WIRES.map(|wire| Some(Pin::new(ErasedPin::new(recorder.pin(wire)), Wiring::ActiveHigh)));
            }
            None => {}
            Some(said) => {
                let outputs = said.outputs().into_iter().zip(said.wiring()).zip(WIRES);
                for (pin, ((number, wiring), wire)) in pins.iter_mut().zip(outputs) {
                    if let Some(number) = number {
                        let output = recorder.pin_over(wire, pi::lamp(number, wiring)?);
                        *pin = Some(Pin::new(ErasedPin::new(output), wiring));
                    }
                }
                if let Some(tone) = said.buzzer {
                    let output = recorder.pin_over(Wire::Buzzer, pi::tone(tone)?);
                    pins[3] = Some(Pin::new(ErasedPin::new(output), Wiring::ActiveHigh));
                }
            }
        }
        let strip = self.strip.as_ref().map(|(strip, dimmer)| {
            let recorder = Recorder::new(self.trace.of_panel("strip", strip.bus));
            let spi = ErasedSpi::new(recorder.spi_over(pi::spi_at(strip.bus, strip.select, STRIP_HZ)?));
            Ok((Strip::new(spi, strip.leds, dimmer.level()), dimmer.clone()))
        });
        Ok(Beacon::new(Lights { pins: Pins::new(pins), strip: strip.transpose()? }))
    }

    /// The first moment after `t_ms` at which a lamp or the buzzer changes by itself.
    pub(super) fn next_edge(&self, t_ms: u64) -> Option<u64> {
        self.beacon.as_ref().and_then(|beacon| beacon.next_edge(t_ms))
    }
}
