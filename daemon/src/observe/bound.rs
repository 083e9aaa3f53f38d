//! A bound on what is written to the journal: an SD card outlives whatever repeats itself.
//!
//! Each place in the program that writes a line may write so many at once, and so many over time; what goes beyond is counted
//! and told once a minute, by place. The ledger has every event however many lines are left out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use log::{Level, Log, Metadata, Record};

use super::request;
use crate::clock;

/// How many lines a place may write at once …
pub const BURST: u32 = 1_000;
/// … and how long until it may write one more, in microseconds: five a second.
const ONE_MORE_US: u64 = 200_000;
/// The same of warnings and errors, which repeat themselves: six a minute.
pub const FAULT_BURST: u32 = 200;
const ONE_MORE_FAULT_US: u64 = 10_000_000;
/// Lines below this level are asked for by whoever looks for a fault, and are not bounded.
const BOUNDED: Level = Level::Info;

static PLACES: LazyLock<Mutex<Places>> = LazyLock::new(Mutex::default);
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// How many lines were left out since the start.
pub fn left_out() -> u64 {
    LEFT_OUT.load(Ordering::Relaxed)
}

/// Writes, for each place, how many lines of it were left out since this was called last.
pub fn tell_left_out() {
    let told = PLACES.lock().unwrap_or_else(PoisonError::into_inner).take_left_out();
    for (Place { file, line, level }, count) in told {
        log::warn!(COUNT = count; "{count} more lines ({level}) like those of {file}:{line} were left out");
    }
}

/// Writes what is within its bound, with the request that it belongs to.
pub struct Bounded<L>(pub L);

impl<L: Log> Log for Bounded<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        let place = Place::of(record);
        let is_within = record.level() > BOUNDED
            || PLACES.lock().unwrap_or_else(PoisonError::into_inner).admits(place, clock::monotonic_us());
        if is_within {
            request::with_request(record, |record| self.0.log(record));
        } else {
            LEFT_OUT.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

/// Where in the program a line is written, and how loud it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    file: &'static str,
    line: u32,
    level: Level,
}

impl Place {
    fn of(record: &Record<'_>) -> Self {
        // Libraries that make their own records are one place each.
        let file = record.file_static().or(record.module_path_static()).unwrap_or("elsewhere");
        Self { file, line: record.line().unwrap_or_default(), level: record.level() }
    }
}

/// What each place may still write.
#[derive(Debug, Default)]
struct Places(HashMap<Place, Budget>);

#[derive(Debug)]
struct Budget {
    left: u32,
    /// Since when it fills up, in microseconds.
    since_us: u64,
    left_out: u64,
}

impl Places {
    /// Whether one more line may be written at `now_us`; counts it either way.
    fn admits(&mut self, place: Place, now_us: u64) -> bool {
        let (burst, one_more_us) = match place.level {
            Level::Error | Level::Warn => (FAULT_BURST, ONE_MORE_FAULT_US),
            Level::Info | Level::Debug | Level::Trace => (BURST, ONE_MORE_US),
        };
        let budget = self.0.entry(place).or_insert(Budget { left: burst, since_us: now_us, left_out: 0 });
        let more = now_us.saturating_sub(budget.since_us) / one_more_us;
        budget.since_us += more * one_more_us;
        budget.left = budget.left.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)).min(burst);
        let admitted = budget.left > 0;
        budget.left = budget.left.saturating_sub(1);
        budget.left_out += u64::from(!admitted);
        admitted
    }

    /// How many lines of each place were left out since this was asked last.
    fn take_left_out(&mut self) -> Vec<(Place, u64)> {
        let places = self.0.iter_mut().filter(|(_, budget)| budget.left_out > 0);
        places.map(|(place, budget)| (*place, std::mem::take(&mut budget.left_out))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: u64 = 1_000_000;

    fn place(line: u32, level: Level) -> Place {
        Place { file: "panel.rs", line, level }
    }

    #[test]
    fn a_fault_that_repeats_itself_all_day_writes_six_lines_a_minute() {
        let mut places = Places::default();
        let day = 86_400;
        let written =
            (0..day * 10).filter(|tenth| places.admits(place(1, Level::Error), tenth * SECOND_US / 10));
        let written = u32::try_from(written.count()).expect("few");
        assert_eq!(written, FAULT_BURST + 6 * 24 * 60 - 1);
        let left_out = places.take_left_out();
        assert_eq!(left_out, [(place(1, Level::Error), 10 * day - u64::from(written))]);
        assert_eq!(places.take_left_out(), [], "it is told once");
    }

    #[test]
    fn what_happens_now_and_then_is_all_written() {
        let mut places = Places::default();
        assert!((0..100_000).all(|n| places.admits(place(1, Level::Info), n * ONE_MORE_US)));
        assert!((0..1_000).all(|n| places.admits(place(2, Level::Warn), n * ONE_MORE_FAULT_US)));
        assert_eq!(places.take_left_out(), []);
    }

    #[test]
    fn one_place_takes_nothing_from_another_and_fills_up_again() {
        let mut places = Places::default();
        let spent = place(1, Level::Warn);
        assert_eq!((0..1_000).filter(|_| places.admits(spent, 0)).count(), FAULT_BURST as usize);
        assert!(places.admits(place(2, Level::Warn), 0) && places.admits(place(1, Level::Error), 0));
        assert!(!places.admits(spent, ONE_MORE_FAULT_US - 1));
        assert!(places.admits(spent, ONE_MORE_FAULT_US));
        let later = u64::from(FAULT_BURST) * 2 * ONE_MORE_FAULT_US;
        assert_eq!(
            (0..1_000).filter(|_| places.admits(spent, later)).count(),
            FAULT_BURST as usize,
            "and no more"
        );
    }
}
