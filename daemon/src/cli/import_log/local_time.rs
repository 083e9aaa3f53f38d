//! Times without a zone, `D/M/YYYY HH:MM`, made instants.

use chrono::{DateTime, Datelike, MappedLocalTime, NaiveDateTime, TimeZone};
use chrono_tz::{GapInfo, Tz};

/// Reads a local time; `None` if it is not one, or its year is not within 1970–2199.
pub(super) fn parse(text: &str) -> Option<NaiveDateTime> {
    let time = NaiveDateTime::parse_from_str(text, "%d/%m/%Y %H:%M").ok()?;
    (1970..2200).contains(&time.year()).then_some(time)
}

/// The instant of a local time, in milliseconds of UTC.
///
/// A time that occurs twice is the earlier one, a skipped one is the end of the gap. So a later local time is never an
/// earlier instant, and the order of a log is kept. `None` where the zone's own data ends inside a gap.
pub(super) fn instant_ms(local: &NaiveDateTime, zone: Tz) -> Option<i64> {
    let instant: DateTime<Tz> = match zone.from_local_datetime(local) {
        MappedLocalTime::Single(instant) => instant,
        MappedLocalTime::Ambiguous(one, other) => one.min(other),
        MappedLocalTime::None => GapInfo::new(local, &zone)?.end?,
    };
    Some(instant.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, SecondsFormat, Utc};
    use chrono_tz::{America, Europe, Pacific};

    use super::*;

    #[track_caller]
    fn check(zone: Tz, local: &str, utc: &str) {
        let ms = instant_ms(&parse(local).unwrap(), zone).unwrap();
        let text = DateTime::<Utc>::from_timestamp_millis(ms).unwrap();
        assert_eq!(text.to_rfc3339_opts(SecondsFormat::Secs, true), utc, "{local} in {zone}");
    }

    #[test]
    fn a_plain_time_is_taken_in_the_zone() {
        check(Europe::Moscow, "29/2/2016 01:16", "2016-02-28T22:16:00Z");
        check(Europe::Moscow, "1/12/2016 23:59", "2016-12-01T20:59:00Z");
    }

    #[test]
    fn a_time_that_occurs_twice_is_the_earlier_one() {
        check(Europe::Berlin, "30/10/2016 02:30", "2016-10-30T00:30:00Z");
        check(America::New_York, "6/11/2016 01:00", "2016-11-06T05:00:00Z");
        check(Europe::Moscow, "26/10/2014 01:30", "2014-10-25T21:30:00Z");
    }

    #[test]
    fn a_skipped_time_is_the_end_of_the_gap() {
        check(Europe::Berlin, "27/3/2016 02:00", "2016-03-27T01:00:00Z");
        check(Europe::Berlin, "27/3/2016 02:59", "2016-03-27T01:00:00Z");
        check(Europe::Berlin, "27/3/2016 03:00", "2016-03-27T01:00:00Z");
        check(Pacific::Apia, "30/12/2011 12:00", "2011-12-30T10:00:00Z");
    }

    #[test]
    fn a_later_local_time_is_never_an_earlier_instant() {
        for zone in [Europe::Moscow, Europe::Berlin, America::New_York, Pacific::Apia] {
            let mut local = parse("1/1/2011 00:00").unwrap();
            let mut last = i64::MIN;
            while local.year() < 2017 {
                let instant = instant_ms(&local, zone).unwrap();
                assert!(instant >= last, "{local} in {zone}");
                (last, local) = (instant, local + Duration::minutes(10));
            }
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "?",
            "2016-02-29 01:16",
            "31/2/2016 01:16",
            "1/13/2016 01:16",
            "1/1/2016 24:00",
            "1/1/16 10:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
