//! What is read and written: instants, specifications, and the messages for what cannot be read.

use std::error::Error;

use calendars::{Calendar, CalendarSpec, ShortDays, Timestamp, TimestampError, Tz, parse_duration_ms};

use crate::support::{Numbers, moscow, plain, spec};

#[test]
fn an_instant_is_written_with_its_offset_and_milliseconds() {
    let at = Timestamp::from_millis(1_795_417_331_123);
    assert_eq!(at.to_rfc3339(Tz::Europe__Moscow), "2026-11-23T10:02:11.123+03:00");
    assert_eq!(at.to_rfc3339(Tz::UTC), "2026-11-23T07:02:11.123+00:00");
    assert_eq!(at.plus_ms(-123).to_rfc3339(Tz::America__New_York), "2026-11-23T02:02:11.000-05:00");
    assert_eq!(Timestamp::from_millis(-1).to_rfc3339(Tz::UTC), "1969-12-31T23:59:59.999+00:00");
}

#[test]
fn what_is_written_is_read_back() {
    for millis in [0, 1, -1, 1_795_417_331_123, -62_135_510_400_000, 253_402_214_399_999] {
        for zone in [Tz::UTC, Tz::Europe__Moscow, Tz::Asia__Kathmandu, Tz::America__St_Johns] {
            let at = Timestamp::from_millis(millis);
            if millis < -1 {
                // Before standard time, zones had offsets that RFC 3339 cannot write.
                assert!(Timestamp::parse_rfc3339(&at.to_rfc3339(zone)).is_ok());
            } else {
                assert_eq!(Timestamp::parse_rfc3339(&at.to_rfc3339(zone)), Ok(at), "{millis} in {zone}");
            }
        }
    }
}

#[test]
fn instants_beyond_the_calendar_are_written_as_the_nearest() {
    assert_eq!(Timestamp::from_millis(i64::MAX).to_rfc3339(Tz::UTC), "9999-12-30T23:59:59.999+00:00");
    assert_eq!(Timestamp::from_millis(i64::MIN).to_rfc3339(Tz::UTC), "0001-01-02T00:00:00.000+00:00");
    assert_eq!(Timestamp::from_millis(i64::MAX).plus_ms(1), Timestamp::from_millis(i64::MAX));
    assert_eq!(Timestamp::from_millis(i64::MIN).ms_since(Timestamp::from_millis(1)), i64::MIN);
}

#[test]
fn a_time_without_an_offset_is_refused_by_that_name() {
    for text in ["2026-11-23T10:02:11", "2026-11-23T10:02:11.5", "2026-11-23 10:02", "2026-11-23T10:02"] {
        let error = Timestamp::parse_rfc3339(text).unwrap_err();
        assert!(matches!(error, TimestampError::NoOffset { .. }), "{text}");
        assert_eq!(
            error.to_string(),
            format!(
                "time `{text}` has no offset from UTC; expected one at its end, \
                 as in 2026-11-23T10:02:11+03:00 or 2026-11-23T07:02:11Z"
            )
        );
    }
    for text in ["", "tomorrow", "2026-13-23T10:02:11Z", "2026-11-23", "2026-11-23T10:02:11+3"] {
        let error = Timestamp::parse_rfc3339(text).unwrap_err();
        assert!(matches!(error, TimestampError::Malformed { .. }), "{text}");
        assert!(error.to_string().contains("expected a form like 2026-11-23T10:02:11+03:00"));
    }
}

#[test]
fn an_instant_is_stored_as_its_number() {
    let at = Timestamp::from_millis(1_795_417_331_123);
    assert_eq!(serde_json::to_string(&at).unwrap(), "1795417331123");
    assert_eq!(serde_json::from_str::<Timestamp>("1795417331123").unwrap(), at);
}

#[test]
fn a_specification_needs_only_an_id_and_hours() {
    let text = r#"
        id = "zkh"
        hours = [{ days = "mon-fri", open = "10:00", close = "19:00" }]
    "#;
    let spec: CalendarSpec = toml::from_str(text).unwrap();
    assert_eq!((spec.zone.as_str(), spec.production.as_deref()), ("Europe/Moscow", None));
    assert_eq!(spec.short_days, ShortDays::Ignore);
    let calendar = Calendar::compile(&spec).unwrap();
    assert_eq!((calendar.id(), calendar.title(), calendar.clause()), ("zkh", "zkh", None));
}

#[test]
fn an_unknown_key_of_a_specification_is_named() {
    let error =
        toml::from_str::<CalendarSpec>("id = \"x\"\nhours = []\nshort_days = \"observe\"").unwrap_err();
    assert!(error.to_string().contains("unknown field `short_days`"), "{error}");
    assert!(error.to_string().contains("`short-days`"), "{error}");
}

/// Compiles one entry of hours, or a changed specification, and compares the whole message.
fn check(spec: &CalendarSpec, expected: &str) {
    let error = Calendar::compile(spec).unwrap_err();
    let cause = error.source().map_or(String::new(), |source| format!(": {source}"));
    assert_eq!(format!("{error}{cause}"), expected);
}

#[test]
fn what_is_wrong_with_the_hours_is_named() {
    for (hours, expected) in [
        (
            &["mon-fry 09:00-18:00"][..],
            "unknown day `fry` in days = \"mon-fry\"; expected mon, tue, wed, thu, fri, sat or sun, alone, \
             as a range (mon-fri) or a list (mon,wed)",
        ),
        (
            &["mon,,wed 09:00-18:00"],
            "unknown day `` in days = \"mon,,wed\"; expected mon, tue, wed, thu, fri, sat or sun, alone, \
             as a range (mon-fri) or a list (mon,wed)",
        ),
        (&["mon 9:00-18:00"], "open = \"9:00\" is no time of day; expected HH:MM from 00:00 to 24:00"),
        (&["mon 09:00-24:01"], "close = \"24:01\" is no time of day; expected HH:MM from 00:00 to 24:00"),
        (&["mon 09:60-18:00"], "open = \"09:60\" is no time of day; expected HH:MM from 00:00 to 24:00"),
        (
            &["mon 22:00-06:00"],
            "close = \"06:00\" is not after open = \"22:00\"; \
             a shift across midnight is written as two entries, until 24:00 and from 00:00",
        ),
        (
            &["mon 09:00-09:00"],
            "close = \"09:00\" is not after open = \"09:00\"; \
             a shift across midnight is written as two entries, until 24:00 and from 00:00",
        ),
        (
            &["mon-fri 09:00-18:00", "wed,sat 08:00-09:01"],
            "hours 08:00-09:01 and 09:00-18:00 of wed overlap; expected each hour once",
        ),
        (
            &["mon,mon 09:00-18:00"],
            "hours 09:00-18:00 and 09:00-18:00 of mon overlap; expected each hour once",
        ),
        (
            &[],
            "hours is empty; expected at least one entry such as \
             { days = \"mon-fri\", open = \"09:00\", close = \"18:00\" }",
        ),
    ] {
        check(&spec("Europe/Moscow", None, hours), &format!("calendar `test`: {expected}"));
    }
}

#[test]
fn an_unknown_zone_or_production_calendar_is_named() {
    let hours = ["mon 09:00-18:00"];
    check(
        &spec("Europe/Moskow", None, &hours),
        "calendar `test`: unknown zone `Europe/Moskow`; expected an IANA name such as Europe/Moscow",
    );
    check(
        &spec("Europe/Moscow", Some("de"), &hours),
        "calendar `test`: unknown production calendar `de`; expected one of: ru",
    );
}

#[test]
fn days_are_read_alone_in_lists_and_in_ranges_that_may_run_over_the_weekend() {
    for (days, open) in [
        ("sat", "2026-11-28"),
        ("mon,wed", "2026-11-25"),
        ("mon-wed, fri", "2026-11-27"),
        ("sun-thu", "2026-11-29"),
        ("fri-mon", "2026-11-30"),
    ] {
        let calendar = plain("UTC", &[&format!("{} 09:00-18:00", days.replace(' ', ""))]);
        assert!(!calendar.day(open.parse().unwrap()).hours.is_empty(), "{days}");
    }
    let calendar = plain("UTC", &["sun-thu 09:00-18:00"]);
    assert!(calendar.day("2026-11-27".parse().unwrap()).hours.is_empty());
    assert!(calendar.day("2026-11-28".parse().unwrap()).hours.is_empty());
}

#[test]
fn the_revision_follows_from_what_decides_and_from_nothing_else() {
    let original = spec("Europe/Moscow", Some("ru"), &["mon-fri 09:00-18:00"]);
    let revision = |spec: &CalendarSpec| Calendar::compile(spec).unwrap().revision().to_owned();
    let mut renamed = original.clone();
    renamed.id = "other".to_owned();
    renamed.title = Some("Другой".to_owned());
    assert_eq!(revision(&renamed), revision(&original));
    let reordered = spec("Europe/Moscow", Some("ru"), &["wed-fri 09:00-18:00", "mon,tue 09:00-18:00"]);
    assert_eq!(revision(&reordered), revision(&original));
    for changed in [
        spec("Europe/Minsk", Some("ru"), &["mon-fri 09:00-18:00"]),
        spec("Europe/Moscow", None, &["mon-fri 09:00-18:00"]),
        spec("Europe/Moscow", Some("ru"), &["mon-fri 09:00-18:01"]),
        spec("Europe/Moscow", Some("ru"), &["mon-thu 09:00-18:00"]),
        spec("Europe/Moscow", Some("ru"), &["mon-fri 09:00-12:00", "mon-fri 12:00-18:00"]),
    ] {
        assert_ne!(revision(&changed), revision(&original), "{changed:?}");
    }
}

#[test]
fn the_revision_is_the_same_in_every_release_until_the_facts_change() {
    // Stored beside each deadline. A new release of the zones or of the production calendar may change it.
    assert_eq!(plain("UTC", &["mon-fri 09:00-18:00"]).revision(), "5520d2e6e96d942d");
    assert_eq!(moscow(&["mon-fri 09:00-18:00"]).revision(), "97922af31bb0f7c8");
}

#[test]
fn no_text_makes_the_readers_panic() {
    let parts = [
        "0", "9", "24", "00", ":", "-", "T", " ", ".", "+", "Z", "h", "m", "s", ",", "mon", "fri", "ё",
        "2026", "\0",
    ];
    let mut numbers = Numbers::new(4);
    for _ in 0..20_000 {
        let length = numbers.below(12);
        let text: String = (0..length).map(|_| parts[usize::try_from(numbers.below(20)).unwrap()]).collect();
        let _ = Timestamp::parse_rfc3339(&text);
        if let Ok(ms) = parse_duration_ms(&text) {
            assert!(ms >= 0, "{text}");
        }
        let mut spec = spec("UTC", None, &["mon 09:00-18:00"]);
        spec.hours[0].days.clone_from(&text);
        let _ = Calendar::compile(&spec);
        spec.hours[0].days = "mon".to_owned();
        spec.hours[0].open = text;
        let _ = Calendar::compile(&spec);
    }
}
