//! A clock that shows what a test says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use andon::clock::Clock;
use calendars::Timestamp;

/// A box's clocks in a test: they run only when told, and the system clock may be set. Clones show the same.
#[derive(Clone, Debug)]
pub struct SimulatedClock(Arc<Mutex<Shown>>);

#[derive(Debug)]
struct Shown {
    system_us: i64,
    monotonic_us: u64,
    synchronised: Option<bool>,
}

impl SimulatedClock {
    /// A box whose system clock shows `now`; its monotonic clock begins at 0, and its kernel says that it is
    /// synchronised.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Shown {
            system_us: now.millis() * 1_000,
            monotonic_us: 0,
            synchronised: Some(true),
        })))
    }

    /// Time passes, in microseconds: both clocks run.
    pub fn pass_us(&self, us: u64) {
        let mut shown = self.shown();
        shown.monotonic_us += us;
        shown.system_us += i64::try_from(us).expect("a test runs for less than 292,000 years");
    }

    /// Somebody sets the system clock, or the box sleeps: the monotonic clock does not move.
    pub fn set(&self, now: Timestamp) {
        self.shown().system_us = now.millis() * 1_000;
    }

    /// From here on the kernel says this of its synchronisation.
    pub fn synchronise(&self, synchronised: Option<bool>) {
        self.shown().synchronised = synchronised;
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SimulatedClock {
    fn system_now(&self) -> Timestamp {
        Timestamp::from_millis(self.shown().system_us.div_euclid(1_000))
    }

    fn monotonic_us(&self) -> u64 {
        self.shown().monotonic_us
    }

    fn kernel_synchronised(&self) -> Option<bool> {
        self.shown().synchronised
    }
}
