//! The production calendars' data against what was published, and what is said outside their years.

use std::path::Path;

use calendars::{Calendar, DayKind, Production};
use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use crate::support::{HOUR, at, days_off_and_worked, moscow, msk, plain, shown, spec};

/// Published working days and hours of the 40-hour week, by year.
const PUBLISHED: [(i32, u32, u32); 5] =
    [(2023, 247, 1973), (2024, 248, 1979), (2025, 247, 1972), (2026, 247, 1972), (2027, 247, 1972)];

/// Working days, and hours of eight a day less one on short days, from `from` until the day before `to`.
fn days_and_hours(calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> (u32, u32) {
    let worked = from.iter_days().take_while(|date| *date < to).map(|date| calendar.day(date));
    worked.filter(|day| !day.hours.is_empty()).fold((0, 0), |(days, hours), day| {
        assert!(!day.provisional);
        (days + 1, hours + 8 - u32::from(day.short))
    })
}

fn first_of(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).unwrap()
}

fn month_end(year: i32, month: u32) -> NaiveDate {
    if month == 12 { first_of(year + 1, 1) } else { first_of(year, month + 1) }
}

#[test]
fn the_shipped_years_add_up_to_the_published_totals() {
    let calendar = moscow(&["mon-fri 09:00-17:00"]);
    for (year, days, hours) in PUBLISHED {
        assert_eq!(
            days_and_hours(&calendar, first_of(year, 1), first_of(year + 1, 1)),
            (days, hours),
            "{year}"
        );
    }
    let days: u32 = PUBLISHED.iter().map(|(_, days, _)| days).sum();
    let (from, to) = (msk("2023-01-01 00:00"), msk("2028-01-01 00:00"));
    assert_eq!(calendar.between(from, to).ms, i64::from(days) * 8 * HOUR);
}

#[test]
fn every_shipped_day_is_as_published() {
    let calendar = moscow(&["mon-fri 09:00-18:00"]);
    let (off, worked) = days_off_and_worked();
    for date in first_of(2023, 1).iter_days().take_while(|date| date.year() < 2028) {
        let weekday = date.weekday().number_from_monday() <= 5;
        let expected = if weekday { !off.contains(&date) } else { worked.contains(&date) };
        assert_eq!(!calendar.day(date).hours.is_empty(), expected, "{date}");
    }
}

#[test]
fn the_shipped_years_agree_with_the_shared_data_where_it_is_there() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ru-production-calendar.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!(
            "not compared: {} is not there; the totals in facts.rs and days.txt still hold",
            path.display()
        );
        return;
    };
    let shared: Value = serde_json::from_str(&text).unwrap();
    let calendar = moscow(&["mon-fri 09:00-18:00"]);
    let dates = |list: &Value| -> Vec<NaiveDate> {
        list.as_array().unwrap().iter().map(|date| date.as_str().unwrap().parse().unwrap()).collect()
    };
    let (mut off, mut worked) = (Vec::new(), Vec::new());
    for (year, facts) in shared.as_object().unwrap() {
        let year: i32 = year.parse().unwrap();
        off.extend(dates(&facts["nonworking"]));
        worked.extend(dates(&facts["working_weekends"]));
        for (date, name) in facts["holidays"].as_object().unwrap() {
            let kind = calendar.day(date.parse().unwrap()).kind;
            assert_eq!(kind, DayKind::Holiday(name.as_str().unwrap()), "{date}");
        }
        let short: Vec<NaiveDate> = first_of(year, 1)
            .iter_days()
            .take_while(|date| date.year() == year)
            .filter(|date| calendar.day(*date).short)
            .collect();
        assert_eq!(short, dates(&facts["short"]), "{year}");
        for month in 1..=12 {
            let counted = days_and_hours(&calendar, first_of(year, month), month_end(year, month));
            let published = &facts["months"][format!("{month:02}")];
            assert_eq!(
                (Some(u64::from(counted.0)), Some(u64::from(counted.1))),
                (published["days"].as_u64(), published["hours40"].as_u64()),
                "{year}-{month:02}"
            );
        }
        assert_eq!(Production::get("ru").unwrap().decree(year), facts["decree"].as_str());
    }
    assert_eq!(days_off_and_worked(), (off, worked));
}

#[test]
fn a_moved_day_has_the_hours_of_the_day_it_was_exchanged_for() {
    for (hours, expected) in [
        // 2024-04-27 was worked for a Monday, 2024-11-02 for a Tuesday.
        (&["mon 08:00-12:00", "tue-fri 09:00-18:00", "sat 10:00-11:00"][..], ["08:00-12:00", "09:00-18:00"]),
        (&["tue 08:00-12:00", "wed-thu 09:00-18:00"][..], ["09:00-18:00", "08:00-12:00"]),
        (&["sat 10:00-11:00"][..], ["10:00-11:00", "10:00-11:00"]),
        (&["sun 10:00-11:00"][..], ["", ""]),
    ] {
        let calendar = moscow(hours);
        for (date, expected) in ["2024-04-27", "2024-11-02"].into_iter().zip(expected) {
            let day = calendar.day(date.parse().unwrap());
            let found: String = day.hours.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{date} under {hours:?}");
        }
    }
}

#[test]
fn a_holiday_at_the_weekend_is_free_for_those_who_work_weekends() {
    let calendar = moscow(&["mon-sun 10:00-19:00"]);
    assert!(calendar.is_open(msk("2024-01-13 12:00")));
    assert!(!calendar.is_open(msk("2024-01-06 12:00")));
    assert!(!calendar.is_open(msk("2025-02-23 12:00")));
}

#[test]
fn answers_that_pass_a_day_without_facts_are_provisional() {
    let calendar = moscow(&["mon-fri 09:00-18:00"]);
    assert_eq!(calendar.facts_until(), Some(NaiveDate::from_ymd_opt(2027, 12, 31).unwrap()));
    for (from, hours, expected, provisional) in [
        ("2027-12-29 17:00", 1, "2027-12-29 18:00", false),
        ("2027-12-30 12:00", 6, "2027-12-30 18:00", false),
        ("2027-12-30 12:00", 7, "2028-01-03 10:00", true),
        ("2028-01-03 12:00", 1, "2028-01-03 13:00", true),
        ("2023-01-01 00:00", 1, "2023-01-09 10:00", false),
        ("2022-12-31 23:59", 1, "2023-01-09 10:00", true),
        ("2022-12-30 12:00", 1, "2022-12-30 13:00", true),
    ] {
        let deadline = calendar.add(msk(from), hours * HOUR);
        assert_eq!(
            (shown(deadline.at).as_str(), deadline.provisional),
            (expected, provisional),
            "{from} + {hours} h"
        );
    }
    for (from, days, expected, provisional) in [
        ("2027-12-29 12:00", 1, "2027-12-30 18:00", false),
        ("2027-12-29 12:00", 2, "2028-01-03 18:00", true),
        ("2022-12-31 12:00", 1, "2023-01-09 18:00", false),
        ("2022-12-30 12:00", 1, "2023-01-09 18:00", true),
    ] {
        let deadline = calendar.add_working_days(msk(from), days);
        assert_eq!(
            (shown(deadline.at).as_str(), deadline.provisional),
            (expected, provisional),
            "{from} + {days} d"
        );
    }
    for (from, to, provisional) in [
        ("2023-01-01 00:00", "2028-01-01 00:00", false),
        ("2022-12-31 23:59", "2023-01-09 12:00", true),
        ("2027-12-30 12:00", "2028-01-01 00:01", true),
        ("2028-01-02 00:00", "2028-01-02 00:00", false),
        ("2028-01-03 00:00", "2028-01-02 00:00", false),
    ] {
        assert_eq!(calendar.between(msk(from), msk(to)).provisional, provisional, "{from} to {to}");
    }
    assert!(!calendar.add_calendar_days(msk("2027-12-30 12:00"), 7).provisional);
}

#[test]
fn a_day_that_closes_at_the_last_known_midnight_is_not_provisional() {
    let calendar = moscow(&["mon-sun 09:00-24:00"]);
    // The 31st is a day off; the last known hours are the 30th's.
    let deadline = calendar.add(msk("2027-12-30 23:00"), HOUR);
    assert_eq!((shown(deadline.at).as_str(), deadline.provisional), ("2027-12-31 00:00", false));
}

#[test]
fn without_a_production_calendar_nothing_is_provisional() {
    let calendar = plain("Europe/Moscow", &["mon-fri 09:00-18:00"]);
    assert_eq!(calendar.facts_until(), None);
    assert!(!calendar.add(msk("2027-12-31 12:00"), 1_000 * HOUR).provisional);
    assert!(!calendar.add_working_days(msk("2027-12-31 12:00"), 100).provisional);
    assert!(!calendar.day(NaiveDate::from_ymd_opt(2050, 1, 1).unwrap()).provisional);
    assert!(calendar.is_open(msk("2026-01-01 12:00")));
}

const YEAR_2028: &str = r#"
    year = 2028
    decree = "none yet"
    short = ["2028-02-22"]
    holidays = [{ name = "Новогодние каникулы", days = ["2028-01-03", "2028-01-04", "2028-01-08"] }]
    transfers = [{ from = "2028-01-08", to = "2028-01-05" }]
"#;

#[test]
fn an_added_year_makes_its_deadlines_final() {
    let ru = Production::get("ru").unwrap().with_year(YEAR_2028).unwrap();
    let text = spec("Europe/Moscow", Some("ru"), &["mon-fri 09:00-18:00"]);
    let (before, after) = (Calendar::compile(&text).unwrap(), Calendar::compile_with(&text, &[ru]).unwrap());
    assert_ne!(before.revision(), after.revision());
    assert_eq!(after.facts_until(), NaiveDate::from_ymd_opt(2028, 12, 31));
    let deadline = after.add_working_days(msk("2027-12-30 12:00"), 1);
    assert_eq!((shown(deadline.at).as_str(), deadline.provisional), ("2028-01-06 18:00", false));
}

#[test]
fn a_year_that_contradicts_itself_is_refused() {
    let ru = Production::get("ru").unwrap();
    for (old, new, expected) in [
        (
            "year = 2028",
            "year = 2030",
            "year = 2030 would leave a gap after 2023–2027; expected 2022 to 2028",
        ),
        ("\"2028-01-04\"", "\"2027-01-04\"", "2027-01-04 is not in this year"),
        ("\"2028-01-04\"", "\"2028-01-03\"", "2028-01-03 is stated twice"),
        ("\"2028-01-04\"", "\"2028-01-05\"", "2028-01-05 is stated twice"),
        ("from = \"2028-01-08\"", "from = \"2028-01-07\"", "transfer from 2028-01-07, which is neither"),
        (
            "short = [\"2028-02-22\"]",
            "short = [\"2028-01-03\"]",
            "2028-01-03 is listed as short but is not a working day",
        ),
        ("short =", "shrt =", "cannot read the year's file"),
    ] {
        let error = ru.with_year(&YEAR_2028.replace(old, new)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_year_that_does_not_add_up_to_its_totals_is_refused() {
    let file = include_str!("../../data/ru/2026.toml");
    let ru = Production::get("ru").unwrap();
    assert!(ru.with_year(file).is_ok());
    for (old, new, expected) in [
        (
            "working-days = 247",
            "working-days = 248",
            "working-days adds up to 247, but the file's totals say 248",
        ),
        ("hours = 1972", "hours = 1973", "hours adds up to 1972, but the file's totals say 1973"),
        ("\"2026-04-30\", ", "", "hours-by-month adds up to"),
        ("\"2026-06-12\"", "\"2026-06-13\"", "working-days-by-month adds up to"),
    ] {
        let error = ru.with_year(&file.replacen(old, new, 1)).unwrap_err().to_string();
        assert!(error.contains(expected), "{old} -> {new}: {error}");
    }
}

#[test]
fn facts_end_with_the_local_year() {
    let calendar =
        Calendar::compile(&spec("Asia/Vladivostok", Some("ru"), &["mon-sun 00:00-24:00"])).unwrap();
    let last = at("2027-12-30T23:59:59+10:00");
    assert!(!calendar.add(last, 1_000).provisional);
    assert!(!calendar.between(last, at("2028-01-01T00:00:00+10:00")).provisional);
    assert!(calendar.between(last, at("2028-01-01T00:00:00.001+10:00")).provisional);
}
