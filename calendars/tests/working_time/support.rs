//! Calendars and instants written short.

use calendars::{Calendar, CalendarSpec, Hours, ShortDays, Timestamp, Tz};
use chrono::NaiveDate;

pub(crate) const HOUR: i64 = 3_600_000;

/// A specification with the given hours: `"mon-fri 09:00-18:00"`.
pub(crate) fn spec(zone: &str, production: Option<&str>, hours: &[&str]) -> CalendarSpec {
    let entry = |text: &&str| {
        let (days, times) = text.split_once(' ').unwrap();
        let (open, close) = times.split_once('-').unwrap();
        Hours { days: days.to_owned(), open: open.to_owned(), close: close.to_owned() }
    };
    CalendarSpec {
        id: "test".to_owned(),
        title: None,
        clause: None,
        note: None,
        site: false,
        zone: zone.to_owned(),
        production: production.map(str::to_owned),
        short_days: ShortDays::Ignore,
        hours: hours.iter().map(entry).collect(),
    }
}

/// A calendar of Moscow under the Russian production calendar.
pub(crate) fn moscow(hours: &[&str]) -> Calendar {
    Calendar::compile(&spec("Europe/Moscow", Some("ru"), hours)).unwrap()
}

/// A calendar of a zone with nothing but its week.
pub(crate) fn plain(zone: &str, hours: &[&str]) -> Calendar {
    Calendar::compile(&spec(zone, None, hours)).unwrap()
}

/// An instant, with its offset.
pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// A local time of Moscow since 2014.
pub(crate) fn msk(text: &str) -> Timestamp {
    at(&format!("{}:00+03:00", text.replace(' ', "T")))
}

/// How Moscow writes an instant, to the minute.
pub(crate) fn shown(at: Timestamp) -> String {
    at.local(Tz::Europe__Moscow).format("%Y-%m-%d %H:%M").to_string()
}

/// The days off among weekdays and the working days among weekends, 2023–2027, written out day by day.
///
/// A copy of the shared data (`nonworking` and `working_weekends`) that is always here; `facts.rs` compares the two.
pub(crate) fn days_off_and_worked() -> (Vec<NaiveDate>, Vec<NaiveDate>) {
    let mut days = (Vec::new(), Vec::new());
    for line in include_str!("days.txt").lines().filter(|line| !line.starts_with('#')) {
        let (kind, date) = line.split_once(' ').unwrap();
        match kind {
            "off" => days.0.push(date.parse().unwrap()),
            "worked" => days.1.push(date.parse().unwrap()),
            other => panic!("days.txt: unknown kind {other}"),
        }
    }
    days
}

/// Numbers that look random and are the same every time.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number in `0..end`.
    pub(crate) fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 11) % u64::try_from(end).unwrap()).unwrap()
    }
}
