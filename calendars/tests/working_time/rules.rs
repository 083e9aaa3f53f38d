//! The reading rules of the regulations, by example.

use calendars::{DayKind, Measured};
use chrono::NaiveDate;

use crate::support::{HOUR, moscow, msk, plain, shown};

/// Adds working hours under Mon–Fri 9–18 and the Russian production calendar.
fn check_hours(from: &str, hours: i64, expected: &str) {
    let calendar = moscow(&["mon-fri 09:00-18:00"]);
    let deadline = calendar.add(msk(from), hours * HOUR);
    assert_eq!(shown(deadline.at), expected, "{hours} h from {from}");
    assert!(!deadline.provisional);
    assert_eq!(calendar.between(msk(from), deadline.at), Measured { ms: hours * HOUR, provisional: false });
}

fn check_days(from: &str, days: u32, expected: &str) {
    let deadline = moscow(&["mon-fri 09:00-18:00"]).add_working_days(msk(from), days);
    assert_eq!(shown(deadline.at), expected, "{days} working days from {from}");
    assert!(!deadline.provisional);
}

#[test]
fn a_term_that_runs_out_at_closing_ends_at_closing() {
    check_hours("2026-11-23 14:00", 4, "2026-11-23 18:00");
    check_hours("2026-11-23 09:00", 9, "2026-11-23 18:00");
    check_hours("2026-11-20 17:00", 1, "2026-11-20 18:00");
}

#[test]
fn a_term_from_outside_hours_begins_at_the_next_opening() {
    check_hours("2026-11-20 18:00", 1, "2026-11-23 10:00");
    check_hours("2026-11-21 03:00", 9, "2026-11-23 18:00");
    check_hours("2026-11-23 08:59", 1, "2026-11-23 10:00");
}

#[test]
fn no_time_ends_where_it_begins_even_while_closed() {
    let calendar = moscow(&["mon-fri 09:00-18:00"]);
    for from in [msk("2026-11-21 03:00"), msk("2026-11-23 12:00"), msk("2031-01-01 00:00")] {
        for ms in [0, -1, i64::MIN] {
            assert_eq!(calendar.add(from, ms).at, from);
            assert!(!calendar.add(from, ms).provisional);
        }
    }
}

#[test]
fn new_year_holidays_have_no_hours() {
    check_hours("2025-12-30 17:00", 2, "2026-01-12 10:00");
    check_days("2025-12-30 17:00", 1, "2026-01-12 18:00");
    check_hours("2023-12-29 17:00", 2, "2024-01-09 10:00");
}

#[test]
fn a_moved_saturday_is_worked() {
    for saturday in ["2024-04-27", "2024-11-02", "2024-12-28", "2025-11-01", "2027-02-20"] {
        check_hours(&format!("{saturday} 00:00"), 9, &format!("{saturday} 18:00"));
    }
    check_days("2024-12-27 12:00", 1, "2024-12-28 18:00");
    check_days("2024-12-27 12:00", 2, "2025-01-09 18:00");
}

#[test]
fn working_days_count_from_the_day_after_the_event() {
    check_days("2026-11-23 00:00", 1, "2026-11-24 18:00");
    check_days("2026-11-23 23:59", 1, "2026-11-24 18:00");
    check_days("2026-11-20 12:00", 3, "2026-11-25 18:00");
    check_days("2026-11-21 12:00", 1, "2026-11-23 18:00");
}

#[test]
fn calendar_days_end_at_the_midnight_after_the_last() {
    let calendar = plain("Europe/Moscow", &["mon-fri 09:00-18:00"]);
    for (from, days, expected) in [
        ("2026-11-23 00:00", 7, "2026-12-01 00:00"),
        ("2026-11-23 23:59", 7, "2026-12-01 00:00"),
        ("2024-02-28 12:00", 1, "2024-03-01 00:00"),
        ("2023-02-28 12:00", 1, "2023-03-02 00:00"),
        ("2026-11-23 12:00", 0, "2026-11-24 00:00"),
    ] {
        assert_eq!(
            shown(calendar.add_calendar_days(msk(from), days).at),
            expected,
            "{days} days from {from}"
        );
    }
}

#[test]
fn the_leap_day_is_a_day_like_others() {
    check_hours("2024-02-28 17:00", 10, "2024-02-29 18:00");
    check_days("2024-02-28 17:00", 1, "2024-02-29 18:00");
    check_days("2024-02-29 17:00", 1, "2024-03-01 18:00");
}

#[test]
fn a_day_says_why_it_is_free_or_worked() {
    let calendar = moscow(&["mon-fri 09:00-18:00"]);
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    for (day, kind, short) in [
        ("2024-11-01", DayKind::Working, false),
        ("2024-11-02", DayKind::WorkingWeekend { exchanged: date("2024-04-30") }, true),
        ("2024-11-03", DayKind::Weekend, false),
        ("2024-11-04", DayKind::Holiday("День народного единства"), false),
        ("2024-05-10", DayKind::Transferred { from: date("2024-01-06") }, false),
        ("2024-05-08", DayKind::Working, true),
    ] {
        let found = calendar.day(date(day));
        assert_eq!((found.kind, found.short, found.provisional), (kind, short, false), "{day}");
        let worked = matches!(kind, DayKind::Working | DayKind::WorkingWeekend { .. });
        assert_eq!(
            found.hours.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            if worked { "09:00-18:00" } else { "" },
            "{day}"
        );
    }
}
