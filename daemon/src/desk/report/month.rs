//! A calendar month of a zone.

use std::fmt;
use std::str::FromStr;

use calendars::{Timestamp, Tz};
use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

/// A calendar month, `2026-11`. Which instants it has depends on the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct Month {
    year: i32,
    /// From 1.
    month: u32,
}

/// A text is no month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a month, a year of four digits and a month of two, such as 2026-11")]
pub struct MonthError;

/// How far after a midnight that a zone leaves out the next instant is looked for, in minutes, and in what steps.
const GAP_MINUTES: i64 = 180;
const GAP_STEP: usize = 15;

impl Month {
    /// The month that an instant is in.
    pub fn of(at: Timestamp, zone: Tz) -> Self {
        let date = at.local(zone).date();
        Self { year: date.year(), month: date.month() }
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        if self.month == 12 {
            Self { year: self.year + 1, month: 1 }
        } else {
            Self { month: self.month + 1, ..self }
        }
    }

    /// Its first instant: midnight, or the first one after it where the zone has no such midnight.
    pub fn begins(self, zone: Tz) -> Timestamp {
        let first = NaiveDate::from_ymd_opt(self.year, self.month, 1).expect("a month has a first day");
        let midnight = first.and_time(NaiveTime::MIN);
        let instants = (0..=GAP_MINUTES).step_by(GAP_STEP).filter_map(|minutes| {
            zone.from_local_datetime(&(midnight + TimeDelta::minutes(minutes))).earliest()
        });
        let begins = instants.map(|at| at.timestamp_millis()).next();
        Timestamp::from_millis(begins.unwrap_or_else(|| midnight.and_utc().timestamp_millis()))
    }

    /// Its end: the first instant of the month after it.
    pub fn ends(self, zone: Tz) -> Timestamp {
        self.next().begins(zone)
    }

    /// The year.
    pub const fn year(self) -> i32 {
        self.year
    }

    /// The month of the year, from 1.
    pub const fn number(self) -> u32 {
        self.month
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let (year, month) = text.split_once('-').ok_or(MonthError)?;
        let number = |digits: &str, count: usize| {
            let is_number = digits.len() == count && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u32>().ok().filter(|_| is_number).ok_or(MonthError)
        };
        let (year, month) = (number(year, 4)?, number(month, 2)?);
        let year = i32::try_from(year).map_err(|_| MonthError)?;
        if year == 0 || !(1..=12).contains(&month) {
            return Err(MonthError);
        }
        Ok(Self { year, month })
    }
}

impl TryFrom<SmolStr> for Month {
    type Error = MonthError;

    fn try_from(text: SmolStr) -> Result<Self, MonthError> {
        text.parse()
    }
}

impl From<Month> for SmolStr {
    fn from(month: Month) -> Self {
        format_smolstr!("{month}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_month_is_written_as_it_is_read_and_nothing_else_is_one() {
        for text in ["2026-11", "2027-01", "0001-12"] {
            assert_eq!(text.parse::<Month>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-1",
            "26-11",
            "0000-01",
            "2026-11-01",
            "+026-11",
            "2026-+1",
        ] {
            assert_eq!(text.parse::<Month>(), Err(MonthError), "{text}");
        }
    }

    #[test]
    fn a_month_begins_at_the_sites_midnight_and_ends_where_the_next_begins() {
        let check = |month: &str, zone: Tz, begins: &str, ends: &str| {
            let month: Month = month.parse().unwrap();
            assert_eq!((month.begins(zone), month.ends(zone)), (at(begins), at(ends)));
            assert_eq!(Month::of(month.begins(zone), zone), month);
            assert_eq!(Month::of(month.ends(zone).plus_ms(-1), zone), month);
            assert_eq!(Month::of(month.ends(zone), zone), month.next());
        };
        check("2026-11", Tz::Europe__Moscow, "2026-10-31T21:00:00Z", "2026-11-30T21:00:00Z");
        check("2026-12", Tz::Asia__Vladivostok, "2026-11-30T14:00:00Z", "2026-12-31T14:00:00Z");
        // In Berlin winter ends within March, and so do the hours of it.
        check("2026-03", Tz::Europe__Berlin, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
        // Cuba sets its clocks from 0:00 to 1:00; this first of April had no midnight.
        check("2001-04", Tz::America__Havana, "2001-04-01T05:00:00Z", "2001-05-01T04:00:00Z");
    }
}
