//! Calendars and instants written short.

use calendars::{Calendar, CalendarSpec, Hours, ShortDays, Timestamp, Tz};

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
