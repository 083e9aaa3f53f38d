//! What kind of day a local date is, for people to check a calendar by.

use chrono::NaiveDate;

use crate::schedule::Span;

/// One local day of a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day<'a> {
    /// The date, in the calendar's zone.
    pub date: NaiveDate,
    /// Why it has the hours it has.
    pub kind: DayKind<'a>,
    /// Whether the production calendar shortens it by an hour. The hours are shorter only where the calendar
    /// observes short days.
    pub short: bool,
    /// Its working hours, in order; none when it is free.
    pub hours: &'a [Span],
    /// Whether the calendar follows a production calendar that has no facts for this day.
    pub provisional: bool,
}

/// Why a day is worked or free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayKind<'a> {
    /// Its weekday has hours, and nothing is special about it.
    Working,
    /// Its weekday has no hours, and nothing is special about it.
    Weekend,
    /// An official holiday, by its name.
    Holiday(&'a str),
    /// Free in exchange for another day: a holiday that fell on a weekend, or a weekend day that is worked.
    Transferred {
        /// The day it was moved from.
        from: NaiveDate,
    },
    /// A weekend day that is worked in exchange for a free weekday, whose hours it has.
    WorkingWeekend {
        /// The free weekday.
        exchanged: NaiveDate,
    },
}
