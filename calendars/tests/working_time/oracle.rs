//! The arithmetic against a counter that knows no better than to look at every minute.
//!
//! The counter asks chrono-tz for the local time of each minute and the shared data for each day; it has no table,
//! no intervals and no arithmetic in common with the crate.

use std::collections::HashSet;

use calendars::{Calendar, Deadline, Measured, ShortDays, Timestamp, Tz};
use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

use crate::support::{Numbers, at, days_off_and_worked, moscow, plain, spec};

const MINUTE: i64 = 60_000;

/// Checks every minute of `[from, to)`: is it open, how much has been worked before it, and when was that reached.
fn check(calendar: &Calendar, from: Timestamp, to: Timestamp, is_open: impl Fn(NaiveDateTime) -> bool) {
    let mut worked = 0;
    let mut earliest = from;
    let mut minute = from;
    while minute < to {
        assert_eq!(calendar.between(from, minute), Measured { ms: worked, provisional: false }, "{minute:?}");
        if worked > 0 {
            assert_eq!(
                calendar.add(from, worked),
                Deadline { at: earliest, provisional: false },
                "{minute:?}"
            );
        }
        let open = is_open(minute.local(calendar.zone()));
        assert_eq!(calendar.is_open(minute), open, "{minute:?}");
        assert_eq!(calendar.is_open(minute.plus_ms(MINUTE - 1)), open, "{minute:?}");
        if open {
            assert_eq!(calendar.add(minute, 1).at, minute.plus_ms(1));
            worked += MINUTE;
            earliest = minute.plus_ms(MINUTE);
        }
        minute = minute.plus_ms(MINUTE);
    }
}

/// Opening hours of whole hours on the days that the Russian state works, over whole years.
fn check_moscow(years: (i32, i32), open: u32, close: u32) {
    let (off, worked) = days_off_and_worked();
    let (off, worked): (HashSet<_>, HashSet<_>) = (off.into_iter().collect(), worked.into_iter().collect());
    let works = |date: NaiveDate| {
        worked.contains(&date) || (date.weekday().number_from_monday() <= 5 && !off.contains(&date))
    };
    let calendar = moscow(&[&format!("mon-fri {open:02}:00-{close:02}:00")]);
    let new_year = |year| at(&format!("{year}-01-01T00:00:00+03:00"));
    check(&calendar, new_year(years.0), new_year(years.1 + 1), |local| {
        (open..close).contains(&local.hour()) && works(local.date())
    });
}

#[test]
fn nine_to_six_in_moscow_agrees_with_counting_the_minutes_of_five_years() {
    check_moscow((2023, 2027), 9, 18);
}

#[test]
fn nine_to_nine_in_moscow_agrees_with_counting_the_minutes_of_five_years() {
    check_moscow((2023, 2027), 9, 21);
}

#[test]
fn a_day_that_ends_at_midnight_agrees_with_counting() {
    check_moscow((2024, 2024), 0, 24);
}

/// Hours that lie neither in a gap nor in a fold: the local time of day alone says whether it is open.
fn check_zone(zone: &str, from: &str, to: &str, hours: &[&str], is_open: impl Fn(NaiveDateTime) -> bool) {
    check(&plain(zone, hours), at(from), at(to), is_open);
}

#[test]
fn night_shifts_over_clock_changes_agree_with_counting() {
    for zone in
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca"]
    {
        check_zone(
            zone,
            "2018-01-01T00:00:00Z",
            "2019-01-01T00:00:00Z",
            &["mon-sun 00:00-06:00", "fri,sat 22:00-24:00"],
            |local| {
                local.hour() < 6
                    || local.hour() >= 22 && matches!(local.weekday().number_from_monday(), 5 | 6)
            },
        );
    }
}

#[test]
fn split_shifts_in_moscow_while_its_clocks_still_changed_agree_with_counting() {
    let hours = ["mon-thu 08:30-12:00", "mon-thu 12:45-17:30", "sun 01:00-05:00"];
    for (from, to) in
        [("2010-03-01T00:00:00Z", "2011-05-01T00:00:00Z"), ("2014-10-01T00:00:00Z", "2014-12-01T00:00:00Z")]
    {
        check_zone("Europe/Moscow", from, to, &hours, |local| {
            let minute = local.hour() * 60 + local.minute();
            match local.weekday().number_from_monday() {
                1..=4 => (510..720).contains(&minute) || (765..1050).contains(&minute),
                7 => (60..300).contains(&minute),
                _ => false,
            }
        });
    }
}

#[test]
fn short_days_close_an_hour_early_where_they_are_observed() {
    let mut text = spec("Europe/Moscow", Some("ru"), &["mon-fri 09:00-18:00"]);
    let full = Calendar::compile(&text).unwrap();
    text.short_days = ShortDays::Observe;
    let short = Calendar::compile(&text).unwrap();
    let (from, to) = (at("2024-01-01T00:00:00+03:00"), at("2025-01-01T00:00:00+03:00"));
    assert_eq!(full.between(from, to).ms - short.between(from, to).ms, 5 * 60 * MINUTE);
    for date in ["2024-02-22", "2024-03-07", "2024-05-08", "2024-06-11", "2024-11-02"] {
        let close = short.next_close(at(&format!("{date}T12:00:00+03:00")));
        assert_eq!(close, Some(at(&format!("{date}T17:00:00+03:00"))));
    }
    assert_ne!(full.revision(), short.revision());
}

fn varied() -> Vec<Calendar> {
    vec![
        moscow(&["mon-fri 09:00-18:00"]),
        moscow(&["mon-sun 00:00-24:00"]),
        moscow(&["sat 10:00-11:00"]),
        moscow(&["tue,thu 23:59-24:00", "wed 00:00-00:01"]),
        plain("Europe/Berlin", &["mon-fri 22:00-24:00", "tue-sat 00:00-06:00"]),
        plain("America/New_York", &["mon-sun 00:00-24:00"]),
        plain("America/Havana", &["sun 00:00-02:00", "sat 20:00-24:00"]),
        plain("Pacific/Apia", &["mon-fri 09:00-17:30"]),
        plain("UTC", &["wed 12:00-12:01"]),
    ]
}

const SPAN: i64 = 7_258_118_400_000;

#[test]
fn adding_what_was_measured_comes_back_to_the_instant_or_to_the_closing_before_it() {
    let mut numbers = Numbers::new(1);
    for calendar in varied() {
        for _ in 0..20_000 {
            let from = Timestamp::from_millis(numbers.below(SPAN));
            let reach = 1_000_i64 << numbers.below(33);
            let to = from.plus_ms(numbers.below(reach)).min(Calendar::HORIZON);
            let ms = calendar.between(from, to).ms;
            assert!((0..=to.ms_since(from)).contains(&ms));
            let back = calendar.add(from, ms).at;
            assert!(back <= to, "{calendar:?} {from:?} {to:?}");
            assert_eq!(calendar.between(back, to).ms, 0);
            assert_eq!(calendar.between(from, back).ms, ms);
            if ms > 0 {
                // The earliest: a millisecond before it, not all had been worked.
                assert_eq!(calendar.between(from, back.plus_ms(-1)).ms, ms - 1);
            }
        }
    }
}

#[test]
fn a_longer_term_never_ends_earlier_and_parts_add_up() {
    let mut numbers = Numbers::new(2);
    for calendar in varied() {
        for _ in 0..20_000 {
            let from = Timestamp::from_millis(numbers.below(SPAN));
            let (first, second) = (numbers.below(1 << 36), numbers.below(1 << 36));
            let whole = calendar.add(from, first + second).at;
            let part = calendar.add(from, first).at;
            assert!(from <= part && part <= whole);
            let (later, term) = (from.plus_ms(numbers.below(1 << 40)), numbers.below(1 << 40));
            assert!(calendar.add(from, term).at <= calendar.add(later, term).at.max(later));
            if second > 0 {
                assert_eq!(calendar.add(part, second).at, whole, "{calendar:?} {from:?} {first} {second}");
            }
            let (a, b) = (from.plus_ms(first), from.plus_ms(first + second));
            let sum = calendar.between(from, a).ms + calendar.between(a, b).ms;
            assert_eq!(sum, calendar.between(from, b).ms);
        }
    }
}

#[test]
fn the_intervals_are_disjoint_and_add_up_to_what_is_measured() {
    let mut numbers = Numbers::new(3);
    for calendar in varied() {
        for _ in 0..500 {
            let from = Timestamp::from_millis(numbers.below(SPAN));
            let to = from.plus_ms(numbers.below(200 * 24 * 60 * MINUTE));
            let (mut sum, mut last) = (0, None);
            for (open, close) in calendar.intervals(from, to) {
                assert!(from <= open && open < close && close <= to);
                assert!(last < Some(open), "adjoining stretches are one");
                assert!(calendar.is_open(open) && calendar.is_open(close.plus_ms(-1)));
                assert_eq!(calendar.next_open(open), Some(open));
                assert_eq!(calendar.between(open, close).ms, close.ms_since(open));
                if close < to.min(Calendar::HORIZON) {
                    assert!(!calendar.is_open(close));
                    assert_eq!(calendar.next_close(open), Some(close));
                }
                if let Some(last) = last {
                    assert_eq!(calendar.next_open(last), Some(open));
                }
                sum += close.ms_since(open);
                last = Some(close);
            }
            assert_eq!(sum, calendar.between(from, to).ms);
        }
    }
}

#[test]
fn the_nth_working_day_agrees_with_walking_the_days() {
    for calendar in varied() {
        let mut date = NaiveDate::from_ymd_opt(2021, 12, 1).unwrap();
        let end = NaiveDate::from_ymd_opt(2029, 2, 1).unwrap();
        let worked: Vec<NaiveDate> = date
            .iter_days()
            .take_while(|date| *date < end)
            .filter(|date| !calendar.day(*date).hours.is_empty())
            .collect();
        while date.year() < 2028 {
            let noon = at(&format!("{date}T12:00:00Z"));
            let local = noon.local(calendar.zone()).date();
            let first = worked.partition_point(|day| *day <= local);
            for n in [1, 2, 3, 5, 10, 40] {
                let Some(day) = worked.get(first + n - 1) else { continue };
                let deadline = calendar.add_working_days(noon, u32::try_from(n).unwrap());
                // The close is the end of that day, or the midnight after it.
                let before_close = deadline.at.plus_ms(-1).local(calendar.zone()).date();
                assert_eq!(before_close, *day, "{calendar:?} {n} from {noon:?}");
                assert!(
                    !calendar.is_open(deadline.at)
                        || calendar.day(*day).hours.last().unwrap().close_minute() == 1440
                );
            }
            date = date.succ_opt().unwrap();
        }
    }
}

#[test]
fn an_absurd_term_ends_at_the_horizon() {
    for calendar in varied() {
        for from in [0, 1, 1_800_000_000_000, SPAN - 1, SPAN].map(Timestamp::from_millis) {
            assert_eq!(calendar.add(from, i64::MAX).at, Calendar::HORIZON);
            assert_eq!(calendar.add_working_days(from, u32::MAX).at, Calendar::HORIZON);
            assert_eq!(calendar.add_calendar_days(from, u32::MAX).at, Calendar::HORIZON);
        }
        for from in [SPAN + 1, i64::MAX - 1, i64::MAX].map(Timestamp::from_millis) {
            assert_eq!(calendar.add(from, 1).at, from);
            assert_eq!(calendar.add_working_days(from, 1).at, from);
            assert_eq!(calendar.add_calendar_days(from, 1).at, from);
            assert_eq!((calendar.next_open(from), calendar.next_close(from)), (None, None));
            assert!(!calendar.is_open(from));
        }
        for from in [-1, i64::MIN].map(Timestamp::from_millis) {
            assert!(calendar.add(from, 1).at > Timestamp::default());
            assert!(calendar.add(from, i64::MAX).at == Calendar::HORIZON);
            assert!(!calendar.is_open(from));
            assert!(calendar.next_open(from) >= Some(Timestamp::default()));
            assert!(calendar.add_working_days(from, 1).at > from);
            assert!(calendar.add_calendar_days(from, 1).at > from);
        }
        let all = calendar.between(Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX)).ms;
        assert_eq!(all, calendar.between(Timestamp::default(), Calendar::HORIZON).ms);
    }
}

#[test]
fn round_the_clock_never_closes() {
    let calendar = plain("Asia/Tokyo", &["mon-sun 00:00-24:00"]);
    let now = at("2026-11-23T10:00:00Z");
    assert_eq!(calendar.next_close(now), None);
    assert_eq!(calendar.intervals(now, now.plus_ms(SPAN / 10)).count(), 1);
    assert_eq!(calendar.zone(), Tz::Asia__Tokyo);
}
