//! Those who answer in this process: our crate, and `opening-hours`.

use std::sync::Arc;

use calendars::{Calendar, Timestamp, Tz};
use chrono::{DateTime, NaiveDate, TimeDelta};
use compact_calendar::CompactCalendar;
use opening_hours::localization::TzLocation;
use opening_hours::{Context, ContextHolidays, OpeningHours, RuleKind};

/// Weekdays off and weekend days worked in Russia, 2023 to 2027: `off 2023-01-02`, a line each.
const DAYS: &str = include_str!("../../tests/working_time/days.txt");

/// Working time under Mon-Fri 09:00-18:00 in Moscow with the days of [`DAYS`].
pub trait Reckoner {
    /// Working time in `[from, to)`, ms.
    fn between(&self, from: Timestamp, to: Timestamp) -> i64;

    /// The earliest instant by which `term_ms` has been worked since `from`.
    fn add(&self, from: Timestamp, term_ms: i64) -> Timestamp;
}

/// Our calendar, which carries those days itself.
pub fn ours() -> Calendar {
    let text = r#"
        id = "moscow"
        zone = "Europe/Moscow"
        production = "ru"
        hours = [{ days = "mon-fri", open = "09:00", close = "18:00" }]
    "#;
    let spec = toml::from_str(text).expect("this is a specification");
    Calendar::compile(&spec).expect("this is a calendar")
}

impl Reckoner for Calendar {
    fn between(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.between(from, to).ms
    }

    fn add(&self, from: Timestamp, term_ms: i64) -> Timestamp {
        self.add(from, term_ms).at
    }
}

/// The same hours in the crate's rules. It knows two sets of special days: the public holidays are our days off, the
/// school holidays our worked weekend days.
pub fn opening_hours() -> OpeningHours<TzLocation<Tz>> {
    let hours: OpeningHours =
        "Mo-Fr,SH 09:00-18:00; PH off".parse().expect("the specification has this form");
    let holidays = ContextHolidays::new(Arc::new(days("off ")), Arc::new(days("worked ")));
    hours.with_context(
        Context::default().with_holidays(holidays).with_locale(TzLocation::new(Tz::Europe__Moscow)),
    )
}

fn days(kind: &str) -> CompactCalendar {
    let mut days = CompactCalendar::default();
    for date in DAYS.lines().filter_map(|line| line.strip_prefix(kind)) {
        days.insert(date.parse::<NaiveDate>().expect("the days are dates"));
    }
    days
}

/// The crate tells when a place opens and closes and has no sums of it, so both answers add up its ranges.
impl Reckoner for OpeningHours<TzLocation<Tz>> {
    fn between(&self, from: Timestamp, to: Timestamp) -> i64 {
        let open = self.iter_range(moscow(from), moscow(to)).filter(|range| range.kind == RuleKind::Open);
        open.map(|range| (range.range.end - range.range.start).num_milliseconds()).sum()
    }

    fn add(&self, from: Timestamp, term_ms: i64) -> Timestamp {
        let mut left = TimeDelta::milliseconds(term_ms);
        for range in self.iter_from(moscow(from)).filter(|range| range.kind == RuleKind::Open) {
            let open = range.range.end - range.range.start;
            if left <= open {
                return Timestamp::from_millis((range.range.start + left).timestamp_millis());
            }
            left -= open;
        }
        unreachable!("it is open every week until the year 9999")
    }
}

fn moscow(at: Timestamp) -> DateTime<Tz> {
    let utc = DateTime::from_timestamp_millis(at.millis()).expect("the cases are of this century");
    utc.with_timezone(&Tz::Europe__Moscow)
}
