//! Where the flashing stands.

use crate::{AlarmState, Lamp};

/// Where the two rhythms of flashing stand at one moment. On the panel and in the lamps they are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Phase {
    /// Whether what flashes fast is lit.
    pub fast: bool,
    /// Whether what flashes slowly is lit.
    pub slow: bool,
}

impl Phase {
    /// All that flashes is lit.
    pub const LIT: Self = Self { fast: true, slow: true };
    /// All that flashes is dark.
    pub const DARK: Self = Self { fast: false, slow: false };

    /// The phase at `t_ms`, in the lamps' time.
    pub fn at(t_ms: u64) -> Self {
        Self { fast: Lamp::Fast.lit(t_ms), slow: Lamp::Slow.lit(t_ms) }
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
