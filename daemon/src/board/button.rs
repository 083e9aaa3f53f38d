//! The acknowledge button as a part of the wall.
//!
//! It is looked at every 20 ms rather than waited for: a look is a read of the Pi's memory and needs no line of the kernel's,
//! no edge is lost between two of them, and a simulated button goes the same way.

use std::path::PathBuf;

use firmware_board::{Button, ButtonEvent};

use super::health::Health;
use super::pi::{self, PiInput};
use crate::chain::chain;
use crate::config::ButtonPin;

/// The button, and whether it can be had.
pub(super) struct ButtonPart {
    kind: Kind,
    pin: Option<PiInput>,
    button: Button,
    /// How long a hold mutes for, in milliseconds.
    mute_ms: i64,
    health: Health,
}

enum Kind {
    Pin(ButtonPin),
    /// It is down while the file begins with a 1.
    Simulated(PathBuf),
}

impl ButtonPart {
    /// The button that is said, or a simulated one; none where there is neither.
    pub(super) fn new(said: Option<ButtonPin>, simulated: Option<PathBuf>) -> Option<Self> {
        let kind = simulated.map(Kind::Simulated).or(said.map(Kind::Pin))?;
        let (hold_ms, mute_ms) = said.map_or((2_000, 900_000), |said| (said.hold.0, said.mute.0));
        let button = Button::new(hold_ms.into());
        Some(Self { kind, pin: None, button, mute_ms: mute_ms.into(), health: Health::default() })
    }

    pub(super) fn mute_ms(&self) -> i64 {
        self.mute_ms
    }

    /// A look at it at `t_ms`: what somebody meant, and what is news of the part.
    pub(super) fn look(&mut self, t_ms: u64) -> (Option<ButtonEvent>, Option<Result<(), String>>) {
        if !self.health.may_try(t_ms) {
            return (None, None);
        }
        match self.is_down() {
            Ok(is_down) => (self.button.look(is_down, t_ms), self.health.tell(Ok(()), t_ms)),
            Err(text) => (None, self.health.tell(Err(text), t_ms)),
        }
    }

    fn is_down(&mut self) -> Result<bool, String> {
        match &self.kind {
            Kind::Simulated(path) => Ok(std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"1"))),
            Kind::Pin(said) => {
                if self.pin.is_none() {
                    self.pin = Some(pi::input(said.pin, said.pull).map_err(|error| chain(&error))?);
                }
                let pin = self.pin.as_ref().expect("it was had above");
                Ok(pin.is_low() == said.is_low_down())
            }
        }
    }
}
