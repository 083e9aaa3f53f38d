//! Lamps and buzzer, derived from the alarms alone.
//!
//! Colours follow IEC 60073: red danger, yellow abnormal, green normal. Flashing calls for somebody, steady means that somebody has it
//! (IEC 62682). Since one man in twelve does not tell red from green, every meaning has its own rhythm and place too.

use crate::rhythm::Rhythm;
use crate::{AlarmKind, AlarmState};

/// What the three lamps and the buzzer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Signals {
    /// Critical tickets and broken promises.
    pub red: Lamp,
    /// Promises that break soon, and the box's own troubles.
    pub amber: Lamp,
    /// No alarm at all.
    pub green: Lamp,
    /// The sound.
    pub buzzer: Buzzer,
}

/// What one lamp does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Lamp {
    /// Dark.
    #[default]
    Off,
    /// Steady.
    On,
    /// 0.5 Hz: it was, and nobody looked.
    Slow,
    /// 2 Hz: it is, and nobody has it.
    Fast,
}

/// What the buzzer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Buzzer {
    /// Silent.
    #[default]
    Off,
    /// Three pulses and two.
    Critical,
    /// Three pulses.
    Breach,
    /// One pulse.
    Warning,
}

/// What the lamps and the buzzer do about these alarms.
///
/// A lamp flashes fast while one of its alarms is unacknowledged, is steady while all that are there are acknowledged, and flashes slowly
/// when all that is left went away unseen. The worst unacknowledged alarm sounds; `muted` silences the sound and never a light. Shelved
/// alarms light and sound nothing, yet all is not well: green is lit only when there is no alarm at all.
pub fn signals(alarms: impl Iterator<Item = (AlarmKind, AlarmState)>, muted: bool) -> Signals {
    let (mut red, mut amber) = (Tally::default(), Tally::default());
    let (mut buzzer, mut any) = (Buzzer::Off, false);
    for (kind, state) in alarms {
        any = true;
        if is_red(kind) { &mut red } else { &mut amber }.add(state);
        if state == AlarmState::Unacked && !muted {
            buzzer = buzzer.or(voice(kind));
        }
    }
    Signals { red: red.lamp(), amber: amber.lamp(), green: if any { Lamp::Off } else { Lamp::On }, buzzer }
}

/// What the buzzer does where alarms of these kinds are to be heard: the worst sounds.
pub fn sound(heard: impl Iterator<Item = AlarmKind>) -> Buzzer {
    heard.map(voice).fold(Buzzer::Off, Buzzer::or)
}

fn is_red(kind: AlarmKind) -> bool {
    matches!(voice(kind), Buzzer::Critical | Buzzer::Breach)
}

fn voice(kind: AlarmKind) -> Buzzer {
    match kind {
        AlarmKind::Critical => Buzzer::Critical,
        AlarmKind::Breach => Buzzer::Breach,
        AlarmKind::DueSoon
        | AlarmKind::MassProblem
        | AlarmKind::Staffing
        | AlarmKind::Letter
        | AlarmKind::Storage
        | AlarmKind::Clock
        | AlarmKind::Calendar
        | AlarmKind::Panel
        | AlarmKind::Complaint => Buzzer::Warning,
    }
}

/// Which states occur among one lamp's alarms.
#[derive(Default)]
struct Tally {
    unacked: bool,
    acked: bool,
    cleared: bool,
}

impl Tally {
    fn add(&mut self, state: AlarmState) {
        match state {
            AlarmState::Unacked => self.unacked = true,
            AlarmState::Acked => self.acked = true,
            AlarmState::ClearedUnacked => self.cleared = true,
            AlarmState::Shelved => {}
        }
    }

    fn lamp(&self) -> Lamp {
        match self {
            Self { unacked: true, .. } => Lamp::Fast,
            Self { acked: true, .. } => Lamp::On,
            Self { cleared: true, .. } => Lamp::Slow,
            Self { .. } => Lamp::Off,
        }
    }
}

const FAST: Rhythm = Rhythm::new(&[0, 250], 500);
const SLOW: Rhythm = Rhythm::new(&[0, 1_000], 2_000);

impl Lamp {
    /// Whether it gives light at `t_ms`. All lamps of a wall share one time, so that they flash together.
    pub fn lit(self, t_ms: u64) -> bool {
        match self {
            Self::Off => false,
            Self::On => true,
            Self::Slow => SLOW.is_on(t_ms),
            Self::Fast => FAST.is_on(t_ms),
        }
    }

    /// The first moment after `t_ms` at which it changes; `None` when it is steady.
    pub fn next_edge(self, t_ms: u64) -> Option<u64> {
        match self {
            Self::Off | Self::On => None,
            Self::Slow => Some(SLOW.next_edge(t_ms)),
            Self::Fast => Some(FAST.next_edge(t_ms)),
        }
    }
}

// Pulses well under 0.5 s, and never three or four of them with a pause of 1.5 s: those are the evacuation signals for fire and gas.
const SOUND_CRITICAL: Rhythm = Rhythm::new(&[0, 150, 250, 400, 500, 650, 1_000, 1_150, 1_250, 1_400], 4_000);
const SOUND_BREACH: Rhythm = Rhythm::new(&[0, 200, 400, 600, 800, 1_000], 8_000);
const SOUND_WARNING: Rhythm = Rhythm::new(&[0, 250], 30_000);

impl Buzzer {
    /// Whether it sounds at `t_ms`, counted from when it took up this pattern.
    pub fn sounding(self, t_ms: u64) -> bool {
        self.rhythm().is_some_and(|rhythm| rhythm.is_on(t_ms))
    }

    /// The first moment after `t_ms` at which it changes; `None` when it is silent.
    pub fn next_edge(self, t_ms: u64) -> Option<u64> {
        self.rhythm().map(|rhythm| rhythm.next_edge(t_ms))
    }

    fn rhythm(self) -> Option<Rhythm> {
        match self {
            Self::Off => None,
            Self::Critical => Some(SOUND_CRITICAL),
            Self::Breach => Some(SOUND_BREACH),
            Self::Warning => Some(SOUND_WARNING),
        }
    }

    /// The more urgent of both.
    fn or(self, other: Self) -> Self {
        if other.urgency() > self.urgency() { other } else { self }
    }

    fn urgency(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::Warning => 1,
            Self::Breach => 2,
            Self::Critical => 3,
        }
    }
}

impl Signals {
    /// What is left to see when the desk has stopped: something needs a person, and nothing is watched.
    pub const SAFE: Self = Self { amber: Lamp::On, ..Self::DARK };

    /// What can be said when the desk does not answer: what was wrong is taken to be so still, that all is well is not.
    #[must_use]
    pub fn stale(self) -> Self {
        let amber = match self.amber {
            Lamp::Off | Lamp::On | Lamp::Slow => Lamp::Slow,
            Lamp::Fast => Lamp::Fast,
        };
        Self { amber, green: Lamp::Off, ..self }
    }

    /// The lamps of a wall that cannot know: none is lit, least of all green.
    pub const DARK: Self = Self { red: Lamp::Off, amber: Lamp::Off, green: Lamp::Off, buzzer: Buzzer::Off };
}
