//! Which hours each local day has: the weekly hours, with the production calendar laid over them.
//!
//! Everything here is in local days and minutes. Where those hours lie in UTC is `shifts`' matter, and how much
//! time they add up to `table`'s.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::production::{Fact, Production};
use crate::spec::{Hours, ShortDays};

/// A stretch of working time within one local day: minutes from midnight, half-open `[open, close)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    open_minute: u16,
    close_minute: u16,
}

impl Span {
    /// When work begins, in minutes from local midnight.
    pub const fn open_minute(self) -> u16 {
        self.open_minute
    }

    /// When work ends, in minutes from local midnight; 1440 is the end of the day.
    pub const fn close_minute(self) -> u16 {
        self.close_minute
    }
}

/// `09:00-18:00`
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = (self.open_minute, self.close_minute);
        write!(f, "{:02}:{:02}-{:02}:{:02}", open / 60, open % 60, close / 60, close % 60)
    }
}

/// The hours of every local day there will ever be.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Monday first. At least one has hours.
    week: [Vec<Span>; 7],
    /// The days that the production calendar makes different from their place in the week.
    exceptions: BTreeMap<i64, Vec<Span>>,
    /// First and last day of the production calendar's facts.
    facts: Option<(i64, i64)>,
}

impl Schedule {
    /// Reads the weekly hours and lays the production calendar over them.
    pub(crate) fn new(
        hours: &[Hours],
        production: Option<&Production>,
        short_days: ShortDays,
    ) -> Result<Self, ScheduleError> {
        let week = weekly(hours)?;
        let mut schedule = Self { week, exceptions: BTreeMap::new(), facts: None };
        if let Some(production) = production {
            let (from, until) = (production.facts_from(), production.facts_until());
            schedule.facts = Some((day_number(from), day_number(until)));
            for date in from.iter_days().take_while(|date| *date <= until) {
                let plain = schedule.weekday(date.weekday());
                let mut hours = match production.fact(date) {
                    Fact::Plain => plain.to_vec(),
                    Fact::Holiday(_) | Fact::OffFor(_) => Vec::new(),
                    Fact::WorkedFor(exchanged) => schedule.moved(date, exchanged).to_vec(),
                };
                if short_days == ShortDays::Observe && production.is_short(date) {
                    hours = an_hour_shorter(&hours);
                }
                if hours != plain {
                    schedule.exceptions.insert(day_number(date), hours);
                }
            }
        }
        Ok(schedule)
    }

    /// The hours of a local day, in order.
    pub(crate) fn on(&self, day: i64) -> &[Span] {
        match self.exceptions.get(&day) {
            Some(hours) => hours,
            None => &self.week[weekday_index(day)],
        }
    }

    /// The hours that a weekday has when nothing is special about it.
    pub(crate) fn weekday(&self, weekday: Weekday) -> &[Span] {
        &self.week[weekday.num_days_from_monday() as usize]
    }

    /// The plain week, Monday first.
    pub(crate) fn week(&self) -> &[Vec<Span>; 7] {
        &self.week
    }

    /// First and last local day with facts; `None` when no production calendar is followed.
    pub(crate) fn facts(&self) -> Option<(i64, i64)> {
        self.facts
    }

    /// All that decides the hours, as numbers that differ when the hours do.
    pub(crate) fn numbers(&self) -> Vec<i64> {
        let (first, last) = self.facts.unwrap_or((0, -1));
        let mut numbers = vec![first, last];
        let week = self.week.iter().zip(0..).map(|(hours, day)| (day, hours));
        for (day, hours) in week.chain(self.exceptions.iter().map(|(day, hours)| (*day, hours))) {
            numbers.push(day);
            numbers.push(hours.len().try_into().expect("a day has few hours"));
            numbers
                .extend(hours.iter().flat_map(|span| [span.open_minute, span.close_minute].map(i64::from)));
        }
        numbers
    }

    /// The hours of a weekend day that is worked for `exchanged`: that day's, or those of the last weekday that has
    /// any, or its own.
    fn moved(&self, date: NaiveDate, exchanged: NaiveDate) -> &[Span] {
        use Weekday::{Fri, Mon, Thu, Tue, Wed};
        [exchanged.weekday(), Fri, Thu, Wed, Tue, Mon, date.weekday()]
            .into_iter()
            .map(|weekday| self.weekday(weekday))
            .find(|hours| !hours.is_empty())
            .unwrap_or_default()
    }
}

/// Days since 1970-01-01.
pub(crate) fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.to_epoch_days())
}

/// 0 is Monday.
pub(crate) fn weekday_index(day: i64) -> usize {
    // 1970-01-01 was a Thursday.
    usize::try_from((day + 3).rem_euclid(7)).expect("a remainder by 7 is small")
}

fn an_hour_shorter(hours: &[Span]) -> Vec<Span> {
    let Some(last) = hours.last() else { return Vec::new() };
    let close = last.close_minute.saturating_sub(60);
    hours
        .iter()
        .map(|span| Span { close_minute: span.close_minute.min(close), ..*span })
        .filter(|span| span.open_minute < span.close_minute)
        .collect()
}

fn weekly(hours: &[Hours]) -> Result<[Vec<Span>; 7], ScheduleError> {
    let mut week: [Vec<Span>; 7] = Default::default();
    for entry in hours {
        let open_minute = minute("open", &entry.open)?;
        let close_minute = minute("close", &entry.close)?;
        if close_minute <= open_minute {
            return Err(ScheduleError::Backwards { open: entry.open.clone(), close: entry.close.clone() });
        }
        for day in days(&entry.days)? {
            week[day].push(Span { open_minute, close_minute });
        }
    }
    for (day, spans) in week.iter_mut().enumerate() {
        spans.sort_unstable();
        if let Some(pair) = spans.windows(2).find(|pair| pair[1].open_minute < pair[0].close_minute) {
            return Err(ScheduleError::Overlap { day: DAYS[day], first: pair[0], second: pair[1] });
        }
    }
    if week.iter().all(Vec::is_empty) {
        return Err(ScheduleError::NoHours);
    }
    Ok(week)
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads `mon-fri`, `sat`, `mon,wed`; a range may run over the week's end.
fn days(text: &str) -> Result<Vec<usize>, ScheduleError> {
    let index = |name: &str| {
        let unknown = || ScheduleError::Day { text: text.to_owned(), name: name.to_owned() };
        DAYS.iter().position(|day| *day == name).ok_or_else(unknown)
    };
    let mut found = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (index(first.trim())?, index(last.trim())?);
        found.extend((0..=(last + 7 - first) % 7).map(|step| (first + step) % 7));
    }
    Ok(found)
}

/// Reads `HH:MM`, 00:00 to 24:00.
fn minute(key: &'static str, text: &str) -> Result<u16, ScheduleError> {
    let two_digits = |part: &str| match part.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(u16::from(tens - b'0') * 10 + u16::from(ones - b'0'))
        }
        _ => None,
    };
    text.split_once(':')
        .and_then(|(hour, minute)| Some((two_digits(hour)?, two_digits(minute)?)))
        .filter(|(hour, minute)| *minute < 60 && hour * 60 + minute <= 24 * 60)
        .map(|(hour, minute)| hour * 60 + minute)
        .ok_or_else(|| ScheduleError::Time { key, text: text.to_owned() })
}

/// What is wrong with a calendar's `hours`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not one working hour: no term would ever end.
    #[error(
        "hours is empty; expected at least one entry such as {{ days = \"mon-fri\", open = \"09:00\", close = \"18:00\" }}"
    )]
    NoHours,
    /// A name that is no day of the week.
    #[error(
        "unknown day `{name}` in days = \"{text}\"; expected mon, tue, wed, thu, fri, sat or sun, alone, as a range (mon-fri) or a list (mon,wed)"
    )]
    Day {
        /// The whole text of `days`.
        text: String,
        /// The part of it that is no day.
        name: String,
    },
    /// A text that is no time of day.
    #[error("{key} = \"{text}\" is no time of day; expected HH:MM from 00:00 to 24:00")]
    Time {
        /// `open` or `close`.
        key: &'static str,
        /// The text as it came.
        text: String,
    },
    /// Hours that end before they begin.
    #[error(
        "close = \"{close}\" is not after open = \"{open}\"; a shift across midnight is written as two entries, until 24:00 and from 00:00"
    )]
    Backwards {
        /// The text of `open`.
        open: String,
        /// The text of `close`.
        close: String,
    },
    /// Two entries that count the same time.
    #[error("hours {first} and {second} of {day} overlap; expected each hour once")]
    Overlap {
        /// The day of the week.
        day: &'static str,
        /// The entry that opens first.
        first: Span,
        /// The entry that opens before the first has closed.
        second: Span,
    },
}
