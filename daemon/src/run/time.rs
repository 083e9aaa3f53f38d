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
            // A clock that was wrong and is set is as good as one that was never looked after.
            (Some(by_ms), None) => Distrust::Stepped { by_ms },
            (_, Some(why @ Distrust::Stepped { .. })) => why,
            (_, _) => Distrust::Unsynchronised,
        })
    }
}

/// The instant when the monotonic clock shows `now_us`, where it was `at` when that showed `us`.
fn after(at: Timestamp, us: u64, now_us: u64) -> Timestamp {
    at.plus_ms(i64::try_from(now_us.saturating_sub(us) / 1_000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;
    const DAY_MS: i64 = 24 * HOUR_MS;
    /// A day after the program was written.
    const T: Timestamp = NOT_BEFORE.plus_ms(DAY_MS);

    /// A box whose clocks a test sets.
    struct Box {
        time: TrustedTime,
        system: Timestamp,
        us: u64,
        newest: Timestamp,
        kernel: Option<bool>,
    }

    impl Box {
        fn boots(proof: Proof, system: Timestamp, newest: Timestamp, kernel: Option<bool>) -> Self {
            let reading = Reading { system, monotonic_us: 0, newest };
            Self { time: TrustedTime::start(proof, &reading, || kernel), system, us: 0, newest, kernel }
        }

        fn pass(&mut self, ms: i64) -> Option<Change> {
            self.us += u64::try_from(ms).unwrap() * 1_000;
            self.set(self.system.plus_ms(ms))
        }

        fn set(&mut self, system: Timestamp) -> Option<Change> {
            self.system = system;
            let reading = Reading { system, monotonic_us: self.us, newest: self.newest };
            self.time.read(&reading, || self.kernel)
        }

        fn why(&self) -> Option<&'static str> {
            self.time.time().why().map(Distrust::id)
        }
    }

    #[test]
    fn at_boot_each_proof_trusts_what_it_asks_for() {
        use Proof::{Plausible, Synchronised};
        let (never, old) = (Timestamp::from_millis(0), T.plus_ms(-HOUR_MS));
        let table = [
            (Plausible, T, Some(true), None),
            (Plausible, T, Some(false), None),
            (Plausible, T, None, None),
            (Plausible, T.plus_ms(DAY_MS), Some(false), None),
            (Plausible, T.plus_ms(-STEP_MS), None, None),
            (Plausible, T.plus_ms(-STEP_MS - 1), None, Some("behind")),
            (Plausible, old, Some(true), Some("behind")),
            (Plausible, never, Some(true), Some("never-set")),
            (Plausible, NOT_BEFORE.plus_ms(-1), None, Some("never-set")),
            (Synchronised, T, Some(true), None),
            (Synchronised, T, Some(false), Some("unsynchronised")),
            (Synchronised, T, None, Some("unsynchronised")),
            (Synchronised, T.plus_ms(DAY_MS), Some(false), Some("unsynchronised")),
            (Synchronised, old, Some(true), Some("behind")),
            (Synchronised, never, Some(true), Some("never-set")),
        ];
        for (proof, system, kernel, why) in table {
            let it = Box::boots(proof, system, T, kernel);
            assert_eq!(it.why(), why, "{proof:?}, {} ms after the newest, {kernel:?}", system.ms_since(T));
            // Whatever the system clock says, the desk is not before its newest event.
            assert_eq!(it.time.now(), if why.is_none() { system.max(T) } else { T });
        }
    }

    #[test]
    fn a_new_desk_without_a_clock_begins_where_the_program_was_written() {
        let never = Timestamp::from_millis(0);
        assert_eq!(Box::boots(Proof::Plausible, never, never, None).time.now(), NOT_BEFORE);
    }

    #[test]
    fn held_time_runs_on_by_the_monotonic_clock_alone() {
        let mut it = Box::boots(Proof::Synchronised, Timestamp::from_millis(0), T, Some(false));
        assert_eq!(it.pass(HOUR_MS), None);
        assert_eq!(it.set(T.plus_ms(400 * DAY_MS)), Some(Change::Lost(Distrust::Unsynchronised)));
        assert_eq!(it.pass(HOUR_MS), None);
        assert_eq!(it.time.now(), T.plus_ms(2 * HOUR_MS));
        // Readers reckon the same from what they are shown.
        let DeskTime::Held { at, us, .. } = it.time.time() else { panic!("it is held") };
        assert_eq!(after(at, us, it.us), it.time.now());
        // And it is trusted as soon as the kernel says so, with what it had been behind.
        it.kernel = Some(true);
        assert_eq!(it.pass(10_000), Some(Change::Regained));
        assert_eq!(it.time.now(), T.plus_ms(400 * DAY_MS + HOUR_MS + 10_000));
        assert_eq!(it.time.behind_ms(), 400 * DAY_MS - HOUR_MS);
    }

    #[test]
    fn what_was_proved_stays_so_until_somebody_sets_the_clock() {
        let mut it = Box::boots(Proof::Synchronised, T, T, Some(true));
        it.kernel = Some(false);
        // The network is away for a week; a leap second and what a time service corrects are no steps.
        assert_eq!(it.pass(7 * DAY_MS), None);
        assert_eq!(it.set(it.system.plus_ms(1_000)), None);
        let last = it.time.now();
        assert_eq!(it.set(it.system.plus_ms(-4_000)), None);
        assert_eq!(it.time.now(), last, "the desk's time never goes back by itself");
        // One step more, and together they are one.
        let set = it.set(it.system.plus_ms(-1_001));
        assert_eq!(set, Some(Change::Lost(Distrust::Stepped { by_ms: -5_001 })));
        assert_eq!(it.time.now(), last);
        assert_eq!(it.pass(60_000), None);
        assert_eq!((it.time.now(), it.why()), (last.plus_ms(60_000), Some("stepped")));
    }

    #[test]
    fn a_step_is_trusted_at_once_where_the_proof_is_there() {
        let table = [
            (Proof::Synchronised, Some(true), HOUR_MS, None),
            (Proof::Synchronised, Some(true), -HOUR_MS, None),
            (Proof::Synchronised, Some(false), HOUR_MS, Some("stepped")),
            (Proof::Synchronised, Some(false), -HOUR_MS, Some("stepped")),
            (Proof::Synchronised, Some(true), -3 * HOUR_MS, Some("behind")),
            (Proof::Plausible, Some(false), HOUR_MS, None),
            (Proof::Plausible, Some(false), -HOUR_MS, None),
            (Proof::Plausible, None, -3 * HOUR_MS, Some("behind")),
            (Proof::Plausible, None, -40 * DAY_MS, Some("never-set")),
        ];
        for (proof, kernel, by_ms, why) in table {
            let mut it = Box::boots(proof, T, T, Some(true));
            it.pass(2 * HOUR_MS);
            it.kernel = kernel;
            let change = it.set(it.system.plus_ms(by_ms));
            assert_eq!(it.why(), why, "{proof:?} {kernel:?} {by_ms}");
            let trusted_anew = change == Some(Change::Stepped(by_ms));
            assert_eq!(trusted_anew, why.is_none(), "{change:?}");
            let now = if why.is_none() { it.system } else { T.plus_ms(2 * HOUR_MS) };
            assert_eq!(it.time.now(), now, "{proof:?} {kernel:?} {by_ms}");
        }
    }

    #[test]
    fn an_admins_word_holds_until_somebody_sets_the_clock() {
        let mut it = Box::boots(Proof::Synchronised, T.plus_ms(-DAY_MS), T, Some(false));
        assert_eq!((it.pass(HOUR_MS), it.why()), (None, Some("behind")));
        it.time.trust();
        // The record says so, too.
        it.newest = it.system;
        assert_eq!(it.time.behind_ms(), -DAY_MS);
        assert_eq!((it.pass(HOUR_MS), it.why()), (None, None));
        assert_eq!(it.time.now(), T.plus_ms(2 * HOUR_MS - DAY_MS));
        it.set(it.system.plus_ms(HOUR_MS));
        assert_eq!(it.why(), Some("stepped"));
    }

    #[test]
    fn the_kernel_is_asked_only_where_its_word_counts() {
        let reading = Reading { system: T, monotonic_us: 0, newest: T };
        let never = || -> Option<bool> { panic!("nobody asks") };
        let mut it = TrustedTime::start(Proof::Plausible, &reading, never);
        it.read(&Reading { system: T.plus_ms(DAY_MS), ..reading }, never);
        let mut it = TrustedTime::start(Proof::Synchronised, &reading, || Some(true));
        it.read(&Reading { system: T.plus_ms(60_000), monotonic_us: 60_000_000, ..reading }, never);
    }
}
