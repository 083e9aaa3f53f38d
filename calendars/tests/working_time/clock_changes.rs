//! Working time across the hours that clocks skip and repeat.

use calendars::{Measured, Timestamp};

use crate::support::{HOUR, at, plain};

/// How much is worked of `hours` on the local day between the two instants, in minutes, and when it begins and ends.
fn check(zone: &str, hours: &str, (from, to): (&str, &str), minutes: i64, (open, close): (&str, &str)) {
    let calendar = plain(zone, &[&format!("mon-sun {hours}")]);
    let (from, to) = (at(from), at(to));
    let ms = minutes * 60_000;
    assert_eq!(calendar.between(from, to), Measured { ms, provisional: false }, "{hours} in {zone}");
    let stretches: Vec<(Timestamp, Timestamp)> = calendar.intervals(from, to).collect();
    let expected: Vec<_> = (ms > 0).then(|| (at(open), at(close))).into_iter().collect();
    assert_eq!(stretches, expected, "{hours} in {zone}");
    if ms > 0 {
        assert_eq!(calendar.add(from, ms).at, at(close), "{hours} in {zone}");
    }
}

const BERLIN_SPRING: (&str, &str) = ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00");
const BERLIN_AUTUMN: (&str, &str) = ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
const NEW_YORK_SPRING: (&str, &str) = ("2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00");
const NEW_YORK_AUTUMN: (&str, &str) = ("2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00");

#[test]
fn a_night_shift_is_an_hour_short_in_spring_and_an_hour_long_in_autumn() {
    let (berlin, new_york, night) = ("Europe/Berlin", "America/New_York", "00:00-06:00");
    check(berlin, night, BERLIN_SPRING, 300, ("2026-03-29T00:00:00+01:00", "2026-03-29T06:00:00+02:00"));
    check(berlin, night, BERLIN_AUTUMN, 420, ("2026-10-25T00:00:00+02:00", "2026-10-25T06:00:00+01:00"));
    check(new_york, night, NEW_YORK_SPRING, 300, ("2026-03-08T00:00:00-05:00", "2026-03-08T06:00:00-04:00"));
    check(new_york, night, NEW_YORK_AUTUMN, 420, ("2026-11-01T00:00:00-04:00", "2026-11-01T06:00:00-05:00"));
}

#[test]
fn hours_that_begin_or_end_in_the_gap_move_to_its_end() {
    let gap_end = "2026-03-29T03:00:00+02:00";
    for (hours, minutes, open, close) in [
        ("02:30-06:00", 180, gap_end, "2026-03-29T06:00:00+02:00"),
        ("02:00-06:00", 180, gap_end, "2026-03-29T06:00:00+02:00"),
        ("01:00-02:30", 60, "2026-03-29T01:00:00+01:00", gap_end),
        ("01:00-02:00", 60, "2026-03-29T01:00:00+01:00", gap_end),
        ("02:10-02:50", 0, "", ""),
    ] {
        check("Europe/Berlin", hours, BERLIN_SPRING, minutes, (open, close));
    }
}

#[test]
fn hours_that_begin_or_end_in_the_fold_include_all_of_it() {
    for (hours, minutes, open, close) in [
        ("02:30-06:00", 270, "2026-10-25T02:30:00+02:00", "2026-10-25T06:00:00+01:00"),
        ("00:00-02:30", 210, "2026-10-25T00:00:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("02:10-02:50", 100, "2026-10-25T02:10:00+02:00", "2026-10-25T02:50:00+01:00"),
        ("03:00-06:00", 180, "2026-10-25T03:00:00+01:00", "2026-10-25T06:00:00+01:00"),
    ] {
        check("Europe/Berlin", hours, BERLIN_AUTUMN, minutes, (open, close));
    }
}

#[test]
fn shifts_that_meet_within_the_fold_count_each_moment_once() {
    let calendar = plain("Europe/Berlin", &["mon-sun 00:00-02:30", "mon-sun 02:30-06:00"]);
    let (from, to) = (at(BERLIN_AUTUMN.0), at(BERLIN_AUTUMN.1));
    assert_eq!(calendar.between(from, to).ms, 7 * HOUR);
    assert_eq!(calendar.intervals(from, to).count(), 1);
}

#[test]
fn a_zone_that_skipped_a_day_did_not_work_on_it() {
    // Samoa crossed the date line and had no 30 December 2011, a Friday.
    let calendar = plain("Pacific/Apia", &["mon-fri 09:00-17:00"]);
    let (from, to) = (at("2011-12-29T00:00:00-10:00"), at("2012-01-01T00:00:00+14:00"));
    assert_eq!(calendar.between(from, to).ms, 8 * HOUR);
    assert_eq!(calendar.add(from, 9 * HOUR).at, at("2012-01-02T10:00:00+14:00"));
}

#[test]
fn days_end_at_local_midnight_on_either_side_of_a_change() {
    let calendar = plain("America/New_York", &["mon-sun 09:00-17:00"]);
    for (from, calendar_day, working_day) in [
        ("2026-03-07T12:00:00-05:00", "2026-03-09T00:00:00-04:00", "2026-03-08T17:00:00-04:00"),
        ("2026-10-31T12:00:00-04:00", "2026-11-02T00:00:00-05:00", "2026-11-01T17:00:00-05:00"),
    ] {
        assert_eq!(calendar.add_calendar_days(at(from), 1).at, at(calendar_day));
        assert_eq!(calendar.add_working_days(at(from), 1).at, at(working_day));
    }
}

#[test]
fn an_added_day_ends_at_the_first_of_two_midnights() {
    let calendar = plain("America/Havana", &["mon-sun 09:00-24:00"]);
    let saturday = at("2022-11-05T12:00:00-04:00");
    let midnight = at("2022-11-06T00:00:00-04:00");
    assert_eq!(calendar.add_calendar_days(saturday, 0).at, midnight);
    assert_eq!(calendar.next_close(saturday), Some(midnight));
}
