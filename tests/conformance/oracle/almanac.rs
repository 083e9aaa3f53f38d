//! Which minutes are worked: a sheet of hours for each kind of week, written out minute by minute over seven years.
//!
//! Nothing here comes from the crate `calendars`: days off and moved Saturdays were copied by hand from the production
//! calendar's public record (`ru-production-calendar.json`), the nights on which Berlin changes its clocks from an
//! almanac, and dates are found by counting days.

use std::sync::LazyLock;

/// A minute since 2022-12-01T00:00:00Z, a Thursday.
pub(super) type Minute = usize;

pub(super) const HOUR: Minute = 60;
pub(super) const DAY: Minute = 24 * HOUR;

/// To the end of 2029.
const DAYS: usize = 31 + 365 + 366 + 365 + 365 + 365 + 366 + 365;

/// Days off, year by year: weekdays that are none, and holidays that fall on a weekend.
const OFF: [(usize, &str); 5] = [
    (
        2023,
        "01-01 01-02 01-03 01-04 01-05 01-06 01-07 01-08 02-23 02-24 03-08 05-01 05-08 05-09 06-12 11-04 11-06",
    ),
    (
        2024,
        "01-01 01-02 01-03 01-04 01-05 01-06 01-07 01-08 02-23 03-08 04-29 04-30 05-01 05-09 05-10 06-12 11-04 \
         12-30 12-31",
    ),
    (
        2025,
        "01-01 01-02 01-03 01-04 01-05 01-06 01-07 01-08 02-23 03-08 05-01 05-02 05-08 05-09 06-12 06-13 11-03 \
         11-04 12-31",
    ),
    (
        2026,
        "01-01 01-02 01-03 01-04 01-05 01-06 01-07 01-08 01-09 02-23 03-08 03-09 05-01 05-09 05-11 06-12 11-04 \
         12-31",
    ),
    (
        2027,
        "01-01 01-02 01-03 01-04 01-05 01-06 01-07 01-08 02-22 02-23 03-08 05-01 05-03 05-09 05-10 06-12 06-14 \
         11-04 11-05 12-31",
    ),
];

/// Saturdays that are worked, each with the weekday that is off for it; Monday is 0.
const MOVED: [(&str, usize); 5] =
    [("2024-04-27", 0), ("2024-11-02", 1), ("2024-12-28", 0), ("2025-11-01", 0), ("2027-02-20", 0)];

/// Days that end an hour early where a calendar observes it.
const SHORT: [(usize, &str); 5] = [
    (2023, "02-22 03-07 11-03"),
    (2024, "02-22 03-07 05-08 06-11 11-02"),
    (2025, "03-07 04-30 06-11 11-01"),
    (2026, "04-30 05-08 06-11 11-03"),
    (2027, "02-20 04-30 06-11 11-03"),
];

/// When Berlin has summer time: from 01:00 UTC of the one day to 01:00 UTC of the other.
const SUMMERS: [(&str, &str); 7] = [
    ("2023-03-26", "2023-10-29"),
    ("2024-03-31", "2024-10-27"),
    ("2025-03-30", "2025-10-26"),
    ("2026-03-29", "2026-10-25"),
    ("2027-03-28", "2027-10-31"),
    ("2028-03-26", "2028-10-29"),
    ("2029-03-25", "2029-10-28"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    Moscow,
    Yekaterinburg,
    Vladivostok,
    Berlin,
}

impl Zone {
    pub(super) fn id(self) -> &'static str {
        match self {
            Zone::Moscow => "Europe/Moscow",
            Zone::Yekaterinburg => "Asia/Yekaterinburg",
            Zone::Vladivostok => "Asia/Vladivostok",
            Zone::Berlin => "Europe/Berlin",
        }
    }

    /// The local minute, counted from the local 2022-12-01.
    fn local(self, at: Minute, summers: &[(Minute, Minute)]) -> Minute {
        let ahead = match self {
            Zone::Moscow => 3,
            Zone::Yekaterinburg => 5,
            Zone::Vladivostok => 10,
            Zone::Berlin if summers.iter().any(|(from, to)| (*from..*to).contains(&at)) => 2,
            Zone::Berlin => 1,
        };
        at + ahead * HOUR
    }
}

/// A day of the civil calendar.
#[derive(Clone, Copy)]
struct Date {
    year: usize,
    month: usize,
    day: usize,
    /// Monday is 0.
    weekday: usize,
}

/// Every day there is, by counting.
static DATES: LazyLock<Vec<Date>> = LazyLock::new(|| {
    let mut dates = Vec::with_capacity(DAYS);
    let mut date = Date { year: 2022, month: 12, day: 1, weekday: 3 };
    while dates.len() < DAYS {
        dates.push(date);
        let february = if date.year.is_multiple_of(4) { 29 } else { 28 };
        let length = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][date.month - 1];
        date.weekday = (date.weekday + 1) % 7;
        date.day += 1;
        if date.day > length {
            (date.day, date.month) = (1, date.month + 1);
        }
        if date.month > 12 {
            (date.month, date.year) = (1, date.year + 1);
        }
    }
    dates
});

/// How many days `2024-02-29` is after 2022-12-01.
pub(super) fn day_of(date: &str) -> usize {
    let numbers: Vec<usize> = date.split('-').map(|number| number.parse().unwrap()).collect();
    let is = |date: &Date| [date.year, date.month, date.day] == numbers[..];
    DATES.iter().position(is).unwrap()
}

/// The days of lists such as [`OFF`].
fn days_of(years: &[(usize, &str)]) -> Vec<usize> {
    let days = |(year, days): &(usize, &str)| -> Vec<usize> {
        days.split(' ').map(|day| day_of(&format!("{year}-{day}"))).collect()
    };
    years.iter().flat_map(days).collect()
}

/// The hours of a kind of week, and what holds on top of them.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) id: &'static str,
    pub(super) zone: Zone,
    /// Whether the production calendar's days off and moved Saturdays hold.
    pub(super) production: bool,
    /// Whether its short days do.
    pub(super) short: bool,
    /// First and last day of the week, Monday being 0; opening and closing, in minutes.
    pub(super) hours: &'static [(usize, usize, Minute, Minute)],
}

pub(super) static SHEETS: [Sheet; 11] = [
    sheet("day", Zone::Moscow, true, false, &[(0, 4, 9 * HOUR, 18 * HOUR)]),
    sheet("evening", Zone::Moscow, true, false, &[(0, 4, 9 * HOUR, 21 * HOUR)]),
    sheet("lunch", Zone::Moscow, true, true, &[(0, 4, 9 * HOUR, 13 * HOUR), (0, 4, 14 * HOUR, 18 * HOUR)]),
    sheet(
        "friday",
        Zone::Moscow,
        true,
        true,
        &[(0, 3, 9 * HOUR, 18 * HOUR), (4, 4, 9 * HOUR, 16 * HOUR + 45)],
    ),
    sheet("ural", Zone::Yekaterinburg, true, false, &[(0, 4, 8 * HOUR + 30, 17 * HOUR + 30)]),
    sheet("six-days", Zone::Moscow, true, false, &[(0, 5, 10 * HOUR, 16 * HOUR)]),
    sheet("always", Zone::Moscow, false, false, &[(0, 6, 0, 24 * HOUR)]),
    sheet("far-east", Zone::Vladivostok, false, false, &[(0, 5, 10 * HOUR, 19 * HOUR)]),
    sheet("night", Zone::Moscow, true, false, &[(0, 4, 0, 6 * HOUR), (0, 4, 22 * HOUR, 24 * HOUR)]),
    sheet("berlin-always", Zone::Berlin, false, false, &[(0, 6, 0, 24 * HOUR)]),
    sheet("berlin", Zone::Berlin, false, false, &[(0, 6, HOUR, 22 * HOUR)]),
];

const fn sheet(
    id: &'static str,
    zone: Zone,
    production: bool,
    short: bool,
    hours: &'static [(usize, usize, Minute, Minute)],
) -> Sheet {
    Sheet { id, zone, production, short, hours }
}

/// Everything the clerk looks up, written out.
pub(super) struct Almanac {
    /// Whether work goes on, minute by minute, for each of [`SHEETS`].
    pub(super) worked: Vec<Vec<bool>>,
    /// Which local day it is, minute by minute, for each of [`SHEETS`].
    pub(super) day: Vec<Vec<u16>>,
    /// The first minute of the days that the production calendar knows, and the first after them.
    pub(super) known: Vec<(Minute, Minute)>,
}

impl Almanac {
    pub(super) fn get() -> &'static Self {
        static ALMANAC: LazyLock<Almanac> = LazyLock::new(Almanac::write_out);
        &ALMANAC
    }

    fn write_out() -> Self {
        let hour = |date| day_of(date) * DAY + HOUR;
        let summers: Vec<_> = SUMMERS.iter().map(|(from, to)| (hour(from), hour(to))).collect();
        let mut almanac = Self { worked: Vec::new(), day: Vec::new(), known: Vec::new() };
        for sheet in &SHEETS {
            let hours: Vec<_> = sheet.hours_by_day();
            let (mut worked, mut day) = (Vec::new(), Vec::new());
            for minute in 0..DAYS * DAY {
                let local = sheet.zone.local(minute, &summers);
                let today = hours.get(local / DAY).unwrap_or(&hours[0]);
                worked.push(today.iter().any(|(open, close)| (*open..*close).contains(&(local % DAY))));
                day.push(u16::try_from(local / DAY).unwrap());
            }
            let first_of = |date| {
                let wanted = u16::try_from(day_of(date)).unwrap();
                day.iter().position(|day| *day == wanted).unwrap()
            };
            almanac.known.push(if sheet.production {
                (first_of("2023-01-01"), first_of("2028-01-01"))
            } else {
                (0, usize::MAX)
            });
            almanac.worked.push(worked);
            almanac.day.push(day);
        }
        almanac
    }
}

impl Sheet {
    /// Opening and closing times of every day.
    fn hours_by_day(&self) -> Vec<Vec<(Minute, Minute)>> {
        let (off, short) = (days_of(&OFF), days_of(&SHORT));
        let moved: Vec<_> = MOVED.iter().map(|(date, instead_of)| (day_of(date), *instead_of)).collect();
        let on = |(day, date): (usize, &Date)| {
            let mut weekday = date.weekday;
            if self.production {
                if off.contains(&day) {
                    return Vec::new();
                }
                let moved = moved.iter().find(|(moved, _)| *moved == day);
                weekday = moved.map_or(weekday, |(_, instead_of)| *instead_of);
            }
            let on_weekday =
                self.hours.iter().filter(|(first, last, ..)| (*first..=*last).contains(&weekday));
            let mut hours: Vec<_> = on_weekday.map(|(.., open, close)| (*open, *close)).collect();
            let is_short = self.production && self.short && short.contains(&day);
            if let Some((_, close)) = hours.last_mut().filter(|_| is_short) {
                *close -= HOUR;
            }
            hours
        };
        DATES.iter().enumerate().map(on).collect()
    }
}

/// What was copied by hand adds up to the working days and hours of a 40-hour week that the public record gives.
#[test]
fn the_almanac_adds_up_to_the_records_years() {
    let lunch = SHEETS.iter().position(|sheet| sheet.id == "lunch").unwrap();
    let (worked, day) = (&Almanac::get().worked[lunch], &Almanac::get().day[lunch]);
    for (year, days, hours) in
        [(2023, 247, 1_973), (2024, 248, 1_979), (2025, 247, 1_972), (2026, 247, 1_972), (2027, 247, 1_972)]
    {
        let minutes = (0..worked.len()).filter(|minute| worked[*minute]);
        let of_year: Vec<u16> = minutes
            .map(|minute| day[minute])
            .filter(|day| DATES.get(usize::from(*day)).is_some_and(|date| date.year == year))
            .collect();
        let mut days_worked = of_year.clone();
        days_worked.dedup();
        assert_eq!((days_worked.len(), of_year.len()), (days, hours * HOUR), "{year}");
    }
}
