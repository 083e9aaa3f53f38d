//! Lamps and a buzzer with their rhythms, on whatever they are connected to.

use core::ops::Range;

use crate::{Buzzer, Lamp, Signals};

/// When the one short sound is heard, in milliseconds from when it was asked for: after a pause, which tells it from the sound before it.
const ONCE_MS: Range<u64> = 250..400;

/// What lamps and buzzer are at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::struct_excessive_bools, reason = "three lamps and a buzzer are four wires, each on or off")]
pub struct Levels {
    /// Whether the red lamp is lit.
    pub red: bool,
    /// Whether the amber lamp is lit.
    pub amber: bool,
    /// Whether the green lamp is lit.
    pub green: bool,
    /// Whether the buzzer sounds.
    pub sound: bool,
}

/// What lamps and buzzer are connected to.
pub trait Outlet {
    /// What can go wrong on the way there.
    type Error;

    /// Brings them to these levels. Only what changes is sent, as long as it is known how they are.
    ///
    /// # Errors
    /// When one cannot be set; it is tried again at the next call.
    fn set(&mut self, levels: Levels) -> Result<(), Self::Error>;

    /// From here on nothing is known of how they are.
    fn forget(&mut self);
}

/// Lamps and buzzer, as time passes.
pub struct Beacon<O> {
    outlet: O,
    signals: Signals,
    /// Since when the buzzer has its pattern.
    sounds_since_ms: u64,
    /// When one short sound was asked for.
    once_since_ms: Option<u64>,
}

impl<O: Outlet> Beacon<O> {
    /// Lamps and buzzer there. They are first set by [`Beacon::show`] or [`Beacon::leave`].
    pub fn new(outlet: O) -> Self {
        Self { outlet, signals: Signals::default(), sounds_since_ms: 0, once_since_ms: None }
    }

    /// Sets them to what the signals are at `t_ms`, milliseconds that only go forward. A new sound begins at its beginning.
    ///
    /// # Errors
    /// The outlet's.
    pub fn show(&mut self, signals: Signals, t_ms: u64) -> Result<(), O::Error> {
        if signals.buzzer != self.signals.buzzer {
            self.sounds_since_ms = t_ms;
        }
        if signals != self.signals {
            self.once_since_ms = None;
        }
        self.signals = signals;
        let Signals { red, amber, green, buzzer } = signals;
        let is_once =
            self.once_since_ms.is_some_and(|since_ms| ONCE_MS.contains(&t_ms.saturating_sub(since_ms)));
        let sound = buzzer.sounding(t_ms.saturating_sub(self.sounds_since_ms)) || is_once;
        self.outlet.set(Levels { red: red.lit(t_ms), amber: amber.lit(t_ms), green: green.lit(t_ms), sound })
    }

    /// One short sound soon after `t_ms`, where nothing else sounds: what called is over, and nobody took it. It is heard by
    /// [`Beacon::show`], and not at all where the signals change before.
    pub fn sound_once(&mut self, t_ms: u64) {
        if self.signals.buzzer == Buzzer::Off {
            self.once_since_ms = Some(t_ms);
        }
    }

    /// Leaves them as nobody will be there to drive them: steady, whatever they were thought to be.
    ///
    /// # Errors
    /// The outlet's.
    pub fn leave(&mut self, signals: Signals) -> Result<(), O::Error> {
        self.signals = signals;
        self.once_since_ms = None;
        self.outlet.forget();
        let is_lit = |lamp| match lamp {
            Lamp::Off => false,
            Lamp::On | Lamp::Slow | Lamp::Fast => true,
        };
        let Signals { red, amber, green, buzzer: _ } = signals;
        let (red, amber, green) = (is_lit(red), is_lit(amber), is_lit(green));
        self.outlet.set(Levels { red, amber, green, sound: false })
    }

    /// The first moment after `t_ms` at which a level changes if the signals stay; `None` when all are steady.
    pub fn next_edge(&self, t_ms: u64) -> Option<u64> {
        let Signals { red, amber, green, buzzer } = self.signals;
        let since_ms = self.sounds_since_ms;
        let sound = match buzzer {
            Buzzer::Off => None,
            Buzzer::Critical | Buzzer::Breach | Buzzer::Warning => buzzer
                .next_edge(t_ms.saturating_sub(since_ms))
                .map(|edge_ms| edge_ms.saturating_add(since_ms)),
        };
        let once = self.once_since_ms.and_then(|since_ms| {
            [ONCE_MS.start, ONCE_MS.end]
                .map(|edge_ms| since_ms.saturating_add(edge_ms))
                .into_iter()
                .find(|edge_ms| *edge_ms > t_ms)
        });
        [red.next_edge(t_ms), amber.next_edge(t_ms), green.next_edge(t_ms), sound, once]
            .into_iter()
            .flatten()
            .min()
    }

    /// Gives back what they are connected to.
    pub fn release(self) -> O {
        self.outlet
    }
}
