//! Time that can be trusted, and time that cannot.
//!
//! A box without a battery clock boots at any time at all, and somebody may set its clock while it runs. [`TrustedTime`]
//! is told what the clocks show and says what the desk is to reckon with. It is pure: no clock is read here.
//!
//! Trusted time is the system clock's. Time that is not trusted is *held*: it runs on from the newest instant that is
//! known, by the monotonic clock, and never before the newest event. So held time is never later than the true time,
//! and what is stamped by it is right but for one shift, which is known when the time is trusted again.
//!
//! What the kernel says is asked for once: time that was proved stays trusted until somebody sets the clock, since a
//! network that is away for a night must not stop the desk. Left to others: reading clocks (`crate::clock`), what is done
//! about it ([`super::Loop`]).

use calendars::Timestamp;
use serde::Deserialize;

use crate::clock::{Clock, NOT_BEFORE};

/// What the system clock may differ from where it should be, in milliseconds: time services correct by less, and a leap
/// second is less. More is a step.
pub const STEP_MS: i64 = 5_000;

/// Which proof makes time trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The kernel says that something keeps its clock right; and it is plausible.
    Synchronised,
    /// It is not before this program was written, nor before the newest event.
    #[default]
    Plausible,
}

/// Why time is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// The system clock shows a time before this program was written: it was never set.
    NeverSet,
    /// The system clock is behind the newest event, by so many milliseconds when it was first seen.
    Behind {
        /// How far.
        by_ms: i64,
    },
    /// Somebody set the clock while the daemon ran, and the proof is not there since.
    Stepped {
        /// By how much, in milliseconds; less than nothing where it went back.
        by_ms: i64,
    },
    /// The kernel does not say that its clock is synchronised.
    Unsynchronised,
}

impl Distrust {
    /// The id in JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Distrust::NeverSet => "never-set",
            Distrust::Behind { .. } => "behind",
            Distrust::Stepped { .. } => "stepped",
            Distrust::Unsynchronised => "unsynchronised",
        }
    }
}

/// What the clocks show at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The system clock.
    pub system: Timestamp,
    /// The monotonic clock, in microseconds.
    pub monotonic_us: u64,
    /// The newest instant that is known to have come, by the record.
    pub newest: Timestamp,
}

impl Reading {
    /// What a clock shows now.
    pub fn of(clock: &dyn Clock, newest: Timestamp) -> Self {
        Self { system: clock.system_now(), monotonic_us: clock.monotonic_us(), newest }
    }
}

/// How the desk's time follows from the box's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskTime {
    /// It is the system clock's.
    Trusted,
    /// It is held.
    Held {
        /// Why.
        why: Distrust,
        /// It was this …
        at: Timestamp,
        /// … when the monotonic clock showed this, in microseconds.
        us: u64,
    },
}

impl DeskTime {
    /// Whether it can be trusted.
    pub const fn is_trusted(self) -> bool {
        matches!(self, DeskTime::Trusted)
    }

    /// Why it cannot be trusted.
    pub const fn why(self) -> Option<Distrust> {
        match self {
            DeskTime::Trusted => None,
            DeskTime::Held { why, .. } => Some(why),
        }
    }

    /// What it is now.
    pub fn now(self, clock: &dyn Clock) -> Timestamp {
        match self {
            DeskTime::Trusted => clock.system_now(),
            DeskTime::Held { at, us, .. } => after(at, us, clock.monotonic_us()),
        }
    }
}

/// What a reading changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The time is not trusted from here on, or not for another reason.
    Lost(Distrust),
    /// It is trusted from here on.
    Regained,
    /// Somebody set the clock, by so many milliseconds, and it is trusted all the same.
    Stepped(i64),
}

/// Whether the box's time can be trusted, and what the desk's time is.
#[derive(Clone, Debug)]
pub struct TrustedTime {
    proof: Proof,
    time: DeskTime,
    /// Whether the proof was there since the clock was last set.
    is_proved: bool,
    /// What the last reading showed: the system clock …
    system: Timestamp,
    /// … the monotonic clock …
    us: u64,
    /// … and what the desk's time was.
    now: Timestamp,
    /// How far time was held behind the true one when it was last trusted anew.
    behind_ms: i64,
}

impl TrustedTime {
    /// At the start of a daemon. `synchronised` asks the kernel.
    pub fn start(proof: Proof, reading: &Reading, synchronised: impl FnOnce() -> Option<bool>) -> Self {
        let held = reading.newest.max(NOT_BEFORE);
        let us = reading.monotonic_us;
        let mut time = Self {
            proof,
            time: DeskTime::Held { why: Distrust::Unsynchronised, at: held, us },
            is_proved: false,
            system: reading.system,
            us,
            now: held,
            behind_ms: 0,
        };
        time.read(reading, synchronised);
        time
    }

    /// Takes in what the clocks show. `synchronised` asks the kernel; it is called only where that is asked for.
    pub fn read(&mut self, reading: &Reading, synchronised: impl FnOnce() -> Option<bool>) -> Option<Change> {
        let step_ms = self.step_ms(reading);
        if step_ms.abs() > STEP_MS {
            self.is_proved = false;
        }
        let step_ms = Some(step_ms).filter(|step_ms| step_ms.abs() > STEP_MS);
        let held = self.held(reading);
        self.system = reading.system;
        self.us = reading.monotonic_us;
        let Some(why) = self.doubt(reading, step_ms, synchronised) else {
            self.is_proved = true;
            let was_trusted = self.time.is_trusted();
            // The desk's time never goes back by itself: what is no step is waited for.
            let floor = if was_trusted && step_ms.is_none() { self.now } else { reading.newest };
            self.now = reading.system.max(floor);
            if was_trusted {
                return step_ms.map(Change::Stepped);
            }
            self.behind_ms = reading.system.ms_since(held);
            self.time = DeskTime::Trusted;
            return Some(Change::Regained);
        };
        self.now = held;
        match self.time {
            DeskTime::Held { why: known, at, us } => {
                if known.id() == why.id() {
                    return None;
                }
                self.time = DeskTime::Held { why, at, us };
            }
            DeskTime::Trusted => {
                self.time = DeskTime::Held { why, at: held, us: reading.monotonic_us };
            }
        }
        Some(Change::Lost(why))
    }

    /// An admin says that the system clock is right, as the last reading showed it. Holds until somebody sets the clock.
    pub fn trust(&mut self) {
        self.is_proved = true;
        self.behind_ms = self.system.ms_since(self.now);
        self.now = self.system;
        self.time = DeskTime::Trusted;
    }

    /// The desk's time, as it was at the last reading.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The system clock's time, as it was at the last reading.
    pub fn system(&self) -> Timestamp {
        self.system
    }

    /// The monotonic clock, in microseconds, as it was at the last reading.
    pub fn read_us(&self) -> u64 {
        self.us
    }

    /// The desk's time when the monotonic clock shows `us`, if nobody sets the clock.
    pub fn at(&self, us: u64) -> Timestamp {
        after(self.now, self.us, us)
    }

    /// How the desk's time follows from the clocks.
    pub fn time(&self) -> DeskTime {
        self.time
    }

    /// Whether the time can be trusted.
    pub fn is_trusted(&self) -> bool {
        self.time.is_trusted()
    }

    /// How far time was held behind the true one when it was last trusted anew, in milliseconds; less than nothing where
    /// the box had run ahead.
    pub fn behind_ms(&self) -> i64 {
        self.behind_ms
    }

    /// By how much the system clock was set: against the desk's time, so that many small steps make one; while time is
    /// held, since the last reading.
    fn step_ms(&self, reading: &Reading) -> i64 {
        let was = if self.is_trusted() { self.now } else { self.system };
        reading.system.ms_since(after(was, self.us, reading.monotonic_us))
    }

    /// What held time is now: it runs on, and never before the newest event.
    fn held(&self, reading: &Reading) -> Timestamp {
        let held = match self.time {
            DeskTime::Trusted => after(self.now, self.us, reading.monotonic_us),
            DeskTime::Held { at, us, .. } => after(at, us, reading.monotonic_us),
        };
        held.max(reading.newest)
    }

    /// Why the time cannot be trusted now, if it cannot.
    fn doubt(
        &self,
        reading: &Reading,
        step_ms: Option<i64>,
        synchronised: impl FnOnce() -> Option<bool>,
    ) -> Option<Distrust> {
        let by_ms = reading.newest.ms_since(reading.system);
        if reading.system < NOT_BEFORE {
            return Some(Distrust::NeverSet);
        }
        if by_ms > STEP_MS {
            return Some(Distrust::Behind { by_ms });
        }
        if self.proof == Proof::Plausible || self.is_proved || synchronised() == Some(true) {
            return None;
        }
        Some(match (step_ms, self.time.why()) {
            (Some(by_ms), _) => Distrust::Stepped { by_ms },
            (None, Some(why @ Distrust::Stepped { .. })) => why,
            (None, _) => Distrust::Unsynchronised,
        })
    }
}

/// The instant when the monotonic clock shows `now_us`, where it was `at` when that showed `us`.
fn after(at: Timestamp, us: u64, now_us: u64) -> Timestamp {
    at.plus_ms(i64::try_from(now_us.saturating_sub(us) / 1_000).unwrap_or(i64::MAX))
}
