//! Dates and hours as people outside the room read them, in letters and on their page: the same in both.
//!
//! «24.11.2026 в 10:02 Мск», or "24 Nov 2026 at 10:02 MSK": in the zone of who promised, which is named by «Мск» where it is
//! Moscow's, else by how far it is from UTC. The wall and `andonctl` have forms of their own.

use calendars::{Timestamp, Tz};
use chrono::{Datelike, NaiveDate, Timelike};
use firmware_board::Language;

/// When something was.
pub(crate) fn moment(at: Timestamp, zone: Tz, language: Language) -> String {
    let local = at.local(zone);
    let joint = match language {
        Language::Russian => "в",
        Language::English => "at",
    };
    format!("{} {joint} {} {}", date(local.date(), language), local.format("%H:%M"), name(at, zone, language))
}

/// Until when something is to be. Midnight is the end of the day before: nobody reads 00:00 as the end of a day.
pub(crate) fn deadline(at: Timestamp, zone: Tz, language: Language) -> String {
    let local = at.local(zone);
    let is_midnight = (local.hour(), local.minute()) == (0, 0);
    let (day, time) = match local.date().pred_opt().filter(|_| is_midnight) {
        Some(day_before) => (day_before, "24:00".to_owned()),
        None => (local.date(), local.format("%H:%M").to_string()),
    };
    format!("{} {time} {}", date(day, language), name(at, zone, language))
}

fn date(date: NaiveDate, language: Language) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    match language {
        Language::Russian => date.format("%d.%m.%Y").to_string(),
        Language::English => format!("{} {} {}", date.day(), MONTHS[date.month0() as usize], date.year()),
    }
}

fn name(at: Timestamp, zone: Tz, language: Language) -> String {
    match (zone, language) {
        (Tz::Europe__Moscow, Language::Russian) => "Мск".to_owned(),
        (Tz::Europe__Moscow, Language::English) => "MSK".to_owned(),
        (Tz::UTC, _) => "UTC".to_owned(),
        (zone, _) => {
            let text = at.to_rfc3339(zone);
            let offset = text.get(text.len() - 6..).unwrap_or_default();
            format!("UTC{offset}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("a time")
    }

    #[test]
    fn a_deadline_is_a_date_and_an_hour_of_the_sites_zone() {
        let (ru, en) = (Language::Russian, Language::English);
        for (language, zone, time, expected) in [
            (ru, Tz::Europe__Moscow, "2026-11-24T18:00:00+03:00", "24.11.2026 18:00 Мск"),
            (ru, Tz::Europe__Moscow, "2026-11-24T15:00:00Z", "24.11.2026 18:00 Мск"),
            (ru, Tz::Europe__Moscow, "2026-11-28T00:00:00+03:00", "27.11.2026 24:00 Мск"),
            (en, Tz::Europe__Moscow, "2026-11-24T18:00:00+03:00", "24 Nov 2026 18:00 MSK"),
            (ru, Tz::Asia__Yekaterinburg, "2026-11-24T18:00:00+05:00", "24.11.2026 18:00 UTC+05:00"),
            (en, Tz::UTC, "2026-01-01T00:00:00Z", "31 Dec 2025 24:00 UTC"),
        ] {
            assert_eq!(deadline(at(time), zone, language), expected);
        }
    }

    #[test]
    fn a_moment_is_at_the_minute_that_it_was_in_also_at_midnight() {
        let (ru, en) = (Language::Russian, Language::English);
        for (language, time, expected) in [
            (ru, "2026-11-24T07:02:59Z", "24.11.2026 в 10:02 Мск"),
            (en, "2026-11-24T07:02:59Z", "24 Nov 2026 at 10:02 MSK"),
            (ru, "2026-11-28T00:00:00+03:00", "28.11.2026 в 00:00 Мск"),
        ] {
            assert_eq!(moment(at(time), Tz::Europe__Moscow, language), expected);
        }
    }
}
