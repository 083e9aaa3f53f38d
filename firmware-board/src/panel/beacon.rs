//! Three lamps and a buzzer on pins.

use core::fmt;

use embedded_hal::digital::OutputPin;

use crate::{Buzzer, Signals};

/// Lamps and buzzer. Pins are set only when they change.
pub struct Beacon<P> {
    pins: [P; 4],
    wiring: Wiring,
    signals: Signals,
    /// What the pins are known to be, in the order of [`PLACES`].
    set: [Option<bool>; 4],
    /// Since when the buzzer has its pattern.
    sounds_since_ms: u64,
}

/// Whether a pin that is high lights the lamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wiring {
    /// High is on.
    #[default]
    ActiveHigh,
    /// Low is on, as with most relay boards.
    ActiveLow,
}

/// A pin could not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeaconError<E> {
    /// Which lamp, or the buzzer.
    pub place: &'static str,
    /// What the pin said.
    pub source: E,
}

impl<E: fmt::Debug> fmt::Display for BeaconError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "set the pin of {}: {:?}", self.place, self.source)
    }
}

impl<E: fmt::Debug> core::error::Error for BeaconError<E> {}

const PLACES: [&str; 4] = ["the red lamp", "the amber lamp", "the green lamp", "the buzzer"];

impl<P: OutputPin> Beacon<P> {
    /// Lamps and buzzer on these pins: red, amber, green, buzzer. They are first set by [`Beacon::show`] or [`Beacon::dark`].
    pub fn new(pins: [P; 4], wiring: Wiring) -> Self {
        Self { pins, wiring, signals: Signals::default(), set: [None; 4], sounds_since_ms: 0 }
    }

    /// Sets the pins to what the signals are at `t_ms`. A new sound begins at its beginning.
    pub fn show(&mut self, signals: Signals, t_ms: u64) -> Result<(), BeaconError<P::Error>> {
        if signals.buzzer != self.signals.buzzer {
            self.sounds_since_ms = t_ms;
        }
        self.signals = signals;
        let Signals { red, amber, green, buzzer } = signals;
        let sounding = buzzer.sounding(t_ms.saturating_sub(self.sounds_since_ms));
        self.set([red.lit(t_ms), amber.lit(t_ms), green.lit(t_ms), sounding])
    }

    /// Darkens and silences everything, whatever it was thought to be.
    pub fn dark(&mut self) -> Result<(), BeaconError<P::Error>> {
        self.signals = Signals::default();
        self.set = [None; 4];
        self.set([false; 4])
    }

    /// The first moment after `t_ms` at which a pin changes if the signals stay; `None` when all are steady.
    pub fn next_edge(&self, t_ms: u64) -> Option<u64> {
        let Signals { red, amber, green, buzzer } = self.signals;
        let since_ms = self.sounds_since_ms;
        let sound = match buzzer {
            Buzzer::Off => None,
            Buzzer::Critical | Buzzer::Breach | Buzzer::Warning => buzzer
                .next_edge(t_ms.saturating_sub(since_ms))
                .map(|edge_ms| edge_ms.saturating_add(since_ms)),
        };
        [red.next_edge(t_ms), amber.next_edge(t_ms), green.next_edge(t_ms), sound].into_iter().flatten().min()
    }

    /// Gives back the pins.
    pub fn release(self) -> [P; 4] {
        self.pins
    }

    fn set(&mut self, wanted: [bool; 4]) -> Result<(), BeaconError<P::Error>> {
        for (((pin, on), set), place) in self.pins.iter_mut().zip(wanted).zip(&mut self.set).zip(PLACES) {
            if *set != Some(on) {
                *set = None;
                let high = on == (self.wiring == Wiring::ActiveHigh);
                pin.set_state(high.into()).map_err(|source| BeaconError { place, source })?;
                *set = Some(on);
            }
        }
        Ok(())
    }
}
