//! Lamps and a buzzer on pins of their own.

use core::fmt;

use embedded_hal::digital::OutputPin;

use super::beacon::{Levels, Outlet};

/// Three lamps and a buzzer on pins, any of which may not be there. Pins are set only when they change.
pub struct Pins<P> {
    pins: [Option<Pin<P>>; 4],
}

/// A pin and how it is wired.
pub struct Pin<P> {
    output: P,
    wiring: Wiring,
    /// What it is known to be.
    set: Option<bool>,
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

impl Wiring {
    /// Whether the pin is high where what it drives is on, or is not.
    pub const fn high(self, on: bool) -> bool {
        match self {
            Self::ActiveHigh => on,
            Self::ActiveLow => !on,
        }
    }
}

/// A pin could not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinsError<E> {
    /// Which lamp, or the buzzer.
    pub place: &'static str,
    /// What the pin said.
    pub source: E,
}

impl<E: fmt::Debug> fmt::Display for PinsError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "set the pin of {}: {:?}", self.place, self.source)
    }
}

impl<E: fmt::Debug> core::error::Error for PinsError<E> {}

const PLACES: [&str; 4] = ["the red lamp", "the amber lamp", "the green lamp", "the buzzer"];

impl<P: OutputPin> Pin<P> {
    /// A pin that is wired like this.
    pub fn new(output: P, wiring: Wiring) -> Self {
        Self { output, wiring, set: None }
    }

    fn set(&mut self, on: bool) -> Result<(), P::Error> {
        if self.set != Some(on) {
            self.set = None;
            self.output.set_state(self.wiring.high(on).into())?;
            self.set = Some(on);
        }
        Ok(())
    }
}

impl<P: OutputPin> Pins<P> {
    /// Red, amber, green, buzzer, as far as they are there.
    pub fn new(pins: [Option<Pin<P>>; 4]) -> Self {
        Self { pins }
    }
}

impl<P: OutputPin> Outlet for Pins<P> {
    type Error = PinsError<P::Error>;

    fn set(&mut self, levels: Levels) -> Result<(), Self::Error> {
        let Levels { red, amber, green, sound } = levels;
        let mut failed = None;
        // One that fails does not keep the others from what they are to be.
        for ((pin, on), place) in self.pins.iter_mut().zip([red, amber, green, sound]).zip(PLACES) {
            if let Some(pin) = pin
                && let Err(source) = pin.set(on)
            {
                failed.get_or_insert(PinsError { place, source });
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn forget(&mut self) {
        self.pins.iter_mut().flatten().for_each(|pin| pin.set = None);
    }
}
