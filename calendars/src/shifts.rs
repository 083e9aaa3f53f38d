//! The changes of a zone's offset from UTC, and the two ways from a local time to an instant.
//!
//! A local time can be missing (the spring gap) or occur twice (the autumn fold). An opening takes the earlier
//! of two instants and a closing the later, so that hours which name a doubled time include all of it. A missing
//! one moves to the end of the gap, where the clocks went to, for either.

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// A zone's offsets over the span of the tables, all in seconds.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Shifts(Vec<Shift>);

/// From `at` (UTC) on, local time is UTC plus `offset`.
#[derive(Clone, Copy, Debug, Hash)]
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

    /// The instant at which a stretch of time that begins at a local time begins.
    pub(crate) fn opening(&self, local: i64) -> i64 {
        let first = self.0.partition_point(|shift| shift.at <= local - DAY) - 1;
        for (index, shift) in self.0.iter().enumerate().skip(first) {
            let ends = self.0.get(index + 1).map_or(i64::MAX, |next| next.at);
            if local - shift.offset < ends {
                return shift.at.max(local - shift.offset);
            }
        }
        unreachable!("the last shift has no end")
    }

    /// The instant at which a stretch of time that ends at a local time ends.
    pub(crate) fn closing(&self, local: i64) -> i64 {
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

    /// Local time in the zone, then opening and closing in UTC.
    fn check(zone: Tz, local: (i32, u32, u32, u32, u32), opening: (u32, u32), closing: (u32, u32)) {
        let at = |(hour, minute)| {
            let date = NaiveDate::from_ymd_opt(local.0, local.1, local.2).unwrap();
            date.and_hms_opt(hour, minute, 0).unwrap().and_utc().timestamp()
        };
        let shifts = Shifts::collect(zone, 0, 7_258_118_400);
        let local_s = at((local.3, local.4));
        assert_eq!(shifts.opening(local_s), at(opening), "opening at {local:?} in {zone}");
        assert_eq!(shifts.closing(local_s), at(closing), "closing at {local:?} in {zone}");
    }

    #[test]
    fn a_local_time_in_the_gap_moves_to_its_end() {
        let berlin = Tz::Europe__Berlin;
        check(berlin, (2026, 3, 29, 1, 59), (0, 59), (0, 59));
        check(berlin, (2026, 3, 29, 2, 0), (1, 0), (1, 0));
        check(berlin, (2026, 3, 29, 2, 30), (1, 0), (1, 0));
        check(berlin, (2026, 3, 29, 3, 0), (1, 0), (1, 0));
        check(berlin, (2026, 3, 29, 3, 1), (1, 1), (1, 1));
        let new_york = Tz::America__New_York;
        check(new_york, (2026, 3, 8, 1, 59), (6, 59), (6, 59));
        check(new_york, (2026, 3, 8, 2, 30), (7, 0), (7, 0));
        check(new_york, (2026, 3, 8, 3, 0), (7, 0), (7, 0));
    }

    #[test]
    fn a_local_time_in_the_fold_opens_early_and_closes_late() {
        let berlin = Tz::Europe__Berlin;
        check(berlin, (2026, 10, 25, 2, 0), (0, 0), (1, 0));
        check(berlin, (2026, 10, 25, 2, 30), (0, 30), (1, 30));
        check(berlin, (2026, 10, 25, 3, 0), (2, 0), (2, 0));
        let new_york = Tz::America__New_York;
        check(new_york, (2026, 11, 1, 0, 59), (4, 59), (4, 59));
        check(new_york, (2026, 11, 1, 1, 0), (5, 0), (6, 0));
        check(new_york, (2026, 11, 1, 2, 0), (7, 0), (7, 0));
    }
}
