//! The changes of a zone's offset from UTC, and the two ways from a local time to an instant.
//!
//! A local time can be missing (the spring gap) or occur twice (the autumn fold). An opening takes the earlier
//! of two instants and a closing the later, so that hours which name a doubled time include all of it. A missing
//! one moves to the end of the gap, where the clocks went to, for either. Midnight belongs to the day it begins: a
//! day ends where the next one first begins, even in a zone whose clocks go back to midnight.

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// A zone's offsets over the span of the tables, all in seconds.
#[derive(Clone, Debug)]
pub(crate) struct Shifts(Vec<Shift>);

/// From `at` (UTC) on, local time is UTC plus `offset`.
#[derive(Clone, Copy, Debug)]
struct Shift {
    at: i64,
    offset: i64,
}

const DAY: i64 = 86_400;

impl Shifts {
    /// Collects the offsets of `zone` in effect from `start` to `end`, UTC seconds.
    ///
    /// They are sampled once a day. No zone has changed its offset there and back within one.
    pub(crate) fn collect(zone: Tz, start: i64, end: i64) -> Self {
        let offset_at = |at| {
            let utc: DateTime<Utc> =
                DateTime::from_timestamp(at, 0).expect("the tables' span is within chrono's");
            i64::from(zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc())
        };
        let mut shifts = vec![Shift { at: i64::MIN / 2, offset: offset_at(start) }];
        let mut before = start;
        while before < end {
            let after = before + DAY;
            let offset = offset_at(after);
            if offset != shifts[shifts.len() - 1].offset {
                let (mut old, mut new) = (before, after);
                while new - old > 1 {
                    let middle = old.midpoint(new);
                    if offset_at(middle) == offset { new = middle } else { old = middle }
                }
                shifts.push(Shift { at: new, offset });
            }
            before = after;
        }
        Self(shifts)
    }

    /// The offset in effect at a UTC second.
    pub(crate) fn offset_at(&self, utc: i64) -> i64 {
        self.0[self.0.partition_point(|shift| shift.at <= utc) - 1].offset
    }

    /// The last change of the offset, UTC seconds; far in the past for a zone without any.
    pub(crate) fn last_change(&self) -> i64 {
        self.0[self.0.len() - 1].at
    }

    /// All offsets and the instants of their changes.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = i64> {
        self.0.iter().flat_map(|shift| [shift.at, shift.offset])
    }

    /// The first instant of a local day.
    pub(crate) fn start_of(&self, day: i64) -> i64 {
        self.earlier(day * DAY)
    }

    /// The instant at which working time that begins at a minute of a local day begins.
    pub(crate) fn opening(&self, day: i64, minute: u16) -> i64 {
        self.earlier(day * DAY + i64::from(minute) * 60)
    }

    /// The instant at which working time that ends at a minute of a local day ends.
    pub(crate) fn closing(&self, day: i64, minute: u16) -> i64 {
        if minute == 24 * 60 {
            return self.start_of(day + 1);
        }
        self.later(day * DAY + i64::from(minute) * 60)
    }

    fn earlier(&self, local: i64) -> i64 {
        let first = self.0.partition_point(|shift| shift.at <= local - DAY) - 1;
        for (index, shift) in self.0.iter().enumerate().skip(first) {
            let ends = self.0.get(index + 1).map_or(i64::MAX, |next| next.at);
            if local - shift.offset < ends {
                return shift.at.max(local - shift.offset);
            }
        }
        unreachable!("the last shift has no end")
    }

    fn later(&self, local: i64) -> i64 {
        let last = self.0.partition_point(|shift| shift.at <= local + DAY);
        let mut ends = self.0.get(last).map_or(i64::MAX, |next| next.at);
        for shift in self.0[..last].iter().rev() {
            if local - shift.offset >= shift.at {
                return ends.min(local - shift.offset);
            }
            ends = shift.at;
        }
        unreachable!("the first shift began before any local time")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    /// A date and a local time of day; then the opening and the closing that it means, in UTC hours and minutes of
    /// the same date.
    fn check(zone: Tz, date: &str, local: (i64, i64), opening: (i64, i64), closing: (i64, i64)) {
        let shifts = Shifts::collect(zone, 0, 7_258_118_400);
        let day = i64::from(date.parse::<NaiveDate>().unwrap().to_epoch_days());
        let minute = u16::try_from(local.0 * 60 + local.1).unwrap();
        let utc = |(hour, minute): (i64, i64)| day * DAY + hour * 3_600 + minute * 60;
        assert_eq!(shifts.opening(day, minute), utc(opening), "opening at {local:?} on {date} in {zone}");
        assert_eq!(shifts.closing(day, minute), utc(closing), "closing at {local:?} on {date} in {zone}");
    }

    #[test]
    fn a_local_time_in_the_gap_moves_to_its_end() {
        let berlin = Tz::Europe__Berlin;
        check(berlin, "2026-03-29", (1, 59), (0, 59), (0, 59));
        check(berlin, "2026-03-29", (2, 0), (1, 0), (1, 0));
        check(berlin, "2026-03-29", (2, 30), (1, 0), (1, 0));
        check(berlin, "2026-03-29", (3, 0), (1, 0), (1, 0));
        check(berlin, "2026-03-29", (3, 1), (1, 1), (1, 1));
        let new_york = Tz::America__New_York;
        check(new_york, "2026-03-08", (1, 59), (6, 59), (6, 59));
        check(new_york, "2026-03-08", (2, 30), (7, 0), (7, 0));
        check(new_york, "2026-03-08", (3, 0), (7, 0), (7, 0));
    }

    #[test]
    fn a_local_time_in_the_fold_opens_early_and_closes_late() {
        let berlin = Tz::Europe__Berlin;
        check(berlin, "2026-10-25", (2, 0), (0, 0), (1, 0));
        check(berlin, "2026-10-25", (2, 30), (0, 30), (1, 30));
        check(berlin, "2026-10-25", (3, 0), (2, 0), (2, 0));
        let new_york = Tz::America__New_York;
        check(new_york, "2026-11-01", (0, 59), (4, 59), (4, 59));
        check(new_york, "2026-11-01", (1, 0), (5, 0), (6, 0));
        check(new_york, "2026-11-01", (2, 0), (7, 0), (7, 0));
    }

    #[test]
    fn a_day_whose_midnight_occurs_twice_begins_at_the_first() {
        let havana = Tz::America__Havana;
        check(havana, "2022-11-06", (0, 0), (4, 0), (5, 0));
        check(havana, "2022-11-06", (0, 30), (4, 30), (5, 30));
        check(havana, "2022-11-05", (24, 0), (28, 0), (28, 0));
    }

    #[test]
    fn a_day_whose_midnight_is_missing_begins_at_the_end_of_the_gap() {
        let sao_paulo = Tz::America__Sao_Paulo;
        check(sao_paulo, "2018-11-04", (0, 0), (3, 0), (3, 0));
        check(sao_paulo, "2018-11-04", (0, 59), (3, 0), (3, 0));
        check(sao_paulo, "2018-11-04", (1, 0), (3, 0), (3, 0));
        check(sao_paulo, "2018-11-03", (24, 0), (27, 0), (27, 0));
        check(sao_paulo, "2018-02-17", (24, 0), (27, 0), (27, 0));
    }
}
