//! Where the flashing and the turning of pages stand.

use crate::{AlarmState, Lamp};

/// A page of alarms stays for so long, in milliseconds: long enough to read its lines aloud.
pub const PAGE_MS: u64 = 6_000;

/// Where the two rhythms of flashing and the turning of pages stand at one moment. On the panel and in the lamps the flashing is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Phase {
    /// Whether what flashes fast is lit.
    pub fast: bool,
    /// Whether what flashes slowly is lit.
    pub slow: bool,
    /// How many times a page has turned; which page that is depends on how many the scene has.
    pub turn: u64,
}

impl Phase {
    /// All that flashes is lit, at the first page.
    pub const LIT: Self = Self { fast: true, slow: true, turn: 0 };
    /// All that flashes is dark, at the first page.
    pub const DARK: Self = Self { fast: false, slow: false, turn: 0 };

    /// The phase at `t_ms`, in the lamps' time.
    pub fn at(t_ms: u64) -> Self {
        Self { fast: Lamp::Fast.lit(t_ms), slow: Lamp::Slow.lit(t_ms), turn: t_ms / PAGE_MS }
    }

    /// The first moment after `t_ms` at which a page turns.
    pub(crate) fn next_turn(t_ms: u64) -> u64 {
        (t_ms - t_ms % PAGE_MS).saturating_add(PAGE_MS)
    }

    /// Whether something that does as this lamp is lit now.
    pub(crate) fn lights(self, lamp: Lamp) -> bool {
        match lamp {
            Lamp::Off => false,
            Lamp::On => true,
            Lamp::Slow => self.slow,
            Lamp::Fast => self.fast,
        }
    }
}

impl From<AlarmState> for Lamp {
    /// What a single alarm's mark does.
    fn from(state: AlarmState) -> Self {
        match state {
            AlarmState::Unacked => Self::Fast,
            AlarmState::Acked => Self::On,
            AlarmState::ClearedUnacked => Self::Slow,
            AlarmState::Shelved => Self::Off,
        }
    }
}
