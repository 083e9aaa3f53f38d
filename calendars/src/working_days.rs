//! Counting working days: which day is the N-th one after another (R2, R3).
//!
//! Outside the production calendar's facts the week repeats and the answer is a division; within them a prefix
//! count is searched.

use crate::schedule::{Schedule, weekday_index};

/// Counts of working days, from an arbitrary zero at the first day with facts.
#[derive(Clone, Debug)]
pub(crate) struct WorkingDays {
    /// `in_week[i]` is the number of working days among the first `i` of a plain week.
    in_week: [i64; 8],
    first: i64,
    /// `counts[i]` is the number of working days among the first `i` days with facts.
    counts: Vec<i32>,
}

impl WorkingDays {
    pub(crate) fn new(schedule: &Schedule) -> Self {
        let mut in_week = [0; 8];
        for (index, hours) in schedule.week().iter().enumerate() {
            in_week[index + 1] = in_week[index] + i64::from(!hours.is_empty());
        }
        let (first, last) = schedule.facts().unwrap_or((0, -1));
        let mut counts = vec![0];
        for day in first..=last {
            counts.push(counts[counts.len() - 1] + i32::from(!schedule.on(day).is_empty()));
        }
        Self { in_week, first, counts }
    }

    /// The `n`-th working day after `day`, for `n` of at least 1.
    pub(crate) fn nth_after(&self, day: i64, n: u32) -> i64 {
        self.day_at(self.before(day + 1) + i64::from(n) - 1)
    }

    /// How many working days there are from the zero to `day`, not counting it; negative before the zero.
    fn before(&self, day: i64) -> i64 {
        let last = self.counts.len() - 1;
        match usize::try_from(day - self.first) {
            Err(_) => self.weekly_before(day) - self.weekly_before(self.first),
            Ok(index) if index <= last => i64::from(self.counts[index]),
            Ok(_) => self.total() + self.weekly_before(day) - self.weekly_before(self.end()),
        }
    }

    /// The working day that has `count` working days before it.
    fn day_at(&self, count: i64) -> i64 {
        if count < 0 {
            self.weekly_day_at(count + self.weekly_before(self.first))
        } else if count < self.total() {
            let next = self.counts.partition_point(|&before| i64::from(before) <= count);
            self.first + int(next) - 1
        } else {
            self.weekly_day_at(count - self.total() + self.weekly_before(self.end()))
        }
    }

    fn total(&self) -> i64 {
        i64::from(self.counts[self.counts.len() - 1])
    }

    fn end(&self) -> i64 {
        self.first + int(self.counts.len()) - 1
    }

    fn weekly_before(&self, day: i64) -> i64 {
        let index = weekday_index(day);
        (day - int(index)).div_euclid(7) * self.in_week[7] + self.in_week[index]
    }

    fn weekly_day_at(&self, count: i64) -> i64 {
        let weeks = count.div_euclid(self.in_week[7]);
        let rest = count.rem_euclid(self.in_week[7]);
        MONDAY + weeks * 7 + int(self.in_week.partition_point(|&before| before <= rest)) - 1
    }
}

/// 1970-01-05.
const MONDAY: i64 = 4;

fn int(count: usize) -> i64 {
    i64::try_from(count).expect("a count of days is small")
}
