//! Quiet hours: the buzzer waits until they are over, the lamps never do.
//!
//! They are hours of the room's own day, so a day of 23 or 25 hours has them like any other: what counts is what the
//! clock on the wall shows. Nothing is remembered: whatever still calls when they end sounds then.

use std::str::FromStr;

use calendars::{Timestamp, Tz};
use chrono::Timelike;
use serde::Deserialize;

use crate::desk::AlarmKind;

/// A span of local time, `[from, to)`, in minutes of the day; where `to` is not after `from`, over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietSpan {
    from_min: u16,
    to_min: u16,
}

/// When the buzzer waits, and for what it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuietHours {
    span: Option<QuietSpan>,
    /// A bit for each kind of alarm.
    let_through: u16,
}

impl QuietHours {
    /// Quiet in that span, but for alarms of these kinds.
    pub fn new(span: Option<QuietSpan>, let_through: &[AlarmKind]) -> Self {
        Self { span, let_through: let_through.iter().fold(0, |bits, kind| bits | bit(*kind)) }
    }

    /// Whether an instant is within them.
    pub fn are_at(self, at: Timestamp, zone: Tz) -> bool {
        let local = at.local(zone);
        self.span.is_some_and(|span| span.has(local.hour() * 60 + local.minute()))
    }

    /// Whether an alarm of a kind may sound at an instant.
    pub fn lets_through(self, kind: AlarmKind, at: Timestamp, zone: Tz) -> bool {
        self.let_through & bit(kind) != 0 || !self.are_at(at, zone)
    }
}

fn bit(kind: AlarmKind) -> u16 {
    1 << kind as u16
}

impl QuietSpan {
    fn has(self, minute: u32) -> bool {
        let (from, to) = (u32::from(self.from_min), u32::from(self.to_min));
        if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to }
    }
}

impl FromStr for QuietSpan {
    type Err = String;

    /// Reads `20:00-08:00`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no span of the day; two times such as 20:00-08:00");
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let minutes = |time: &str| {
            let (hours, minutes) = time.trim().split_once(':')?;
            let number = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u16>().ok())?;
            let (hours, minutes) = (number(hours)?, number(minutes)?);
            (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
        };
        let span =
            Self { from_min: minutes(from).ok_or_else(wrong)?, to_min: minutes(to).ok_or_else(wrong)? };
        if span.from_min == span.to_min {
            return Err(format!(
                "`{text}` begins when it ends; for a wall without sound leave out the buzzer"
            ));
        }
        Ok(span)
    }
}

impl<'de> Deserialize<'de> for QuietSpan {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendars::Tz::{Europe__Berlin as BERLIN, Europe__Moscow as MOSCOW};

    fn quiet(span: &str) -> QuietHours {
        QuietHours::new(Some(span.parse().unwrap()), &[AlarmKind::Critical])
    }

    fn at(rfc3339: &str) -> Timestamp {
        Timestamp::parse_rfc3339(rfc3339).unwrap()
    }

    #[test]
    fn a_night_is_quiet_from_its_first_minute_to_before_its_last() {
        for (time, is_quiet) in [
            ("19:59:59", false),
            ("20:00:00", true),
            ("23:59:59", true),
            ("00:00:00", true),
            ("07:59:59", true),
            ("08:00:00", false),
            ("12:00:00", false),
        ] {
            let at = at(&format!("2026-11-23T{time}+03:00"));
            assert_eq!(quiet("20:00-08:00").are_at(at, MOSCOW), is_quiet, "{time}");
            assert_eq!(quiet("08:00-20:00").are_at(at, MOSCOW), !is_quiet, "{time}, the other way round");
            assert!(!QuietHours::default().are_at(at, MOSCOW), "{time}, without quiet hours");
            assert!(quiet("20:00-08:00").lets_through(AlarmKind::Critical, at, MOSCOW));
            assert_eq!(quiet("20:00-08:00").lets_through(AlarmKind::Breach, at, MOSCOW), !is_quiet);
        }
    }

    /// Berlin 2026: on 29 March 02:00 becomes 03:00, on 25 October 03:00 becomes 02:00 again.
    #[test]
    fn the_night_the_clocks_change_has_the_wall_clocks_hours() {
        for (span, instant, is_quiet) in [
            ("22:00-02:30", "2026-03-29T00:59:59Z", true),
            ("22:00-02:30", "2026-03-29T01:00:00Z", false),
            ("02:30-06:00", "2026-03-29T01:00:00Z", true),
            ("22:00-06:00", "2026-03-29T03:59:59Z", true),
            ("22:00-06:00", "2026-03-29T04:00:00Z", false),
            ("22:00-02:30", "2026-10-25T00:29:59Z", true),
            ("22:00-02:30", "2026-10-25T00:30:00Z", false),
            ("22:00-02:30", "2026-10-25T01:00:00Z", true),
            ("22:00-02:30", "2026-10-25T01:30:00Z", false),
            ("22:00-06:00", "2026-10-25T04:59:59Z", true),
            ("22:00-06:00", "2026-10-25T05:00:00Z", false),
        ] {
            assert_eq!(quiet(span).are_at(at(instant), BERLIN), is_quiet, "{span} at {instant}");
        }
    }

    #[test]
    fn what_is_no_span_is_told() {
        for text in
            ["", "20:00", "20:00-8:00", "24:00-08:00", "20:60-08:00", "20-08", "20:00-20:00", "a:b-c:d"]
        {
            let problem = text.parse::<QuietSpan>().unwrap_err();
            assert!(problem.contains(&format!("`{text}`")), "{problem}");
        }
    }
}
