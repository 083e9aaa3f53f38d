//! Times and terms as letters say them, in the site's language and the ticket's zone.

use calendars::{Timestamp, Tz};
use chrono::{Datelike, NaiveDate, Timelike};
use firmware_board::Language;

use crate::desk::Metric;
use crate::desk::event::TermReason;

/// The words of a letter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    pub language: Language,
    /// The ticket's zone.
    pub zone: Tz,
}

impl Words {
    pub(super) fn of(self, russian: &'static str, english: &'static str) -> &'static str {
        match self.language {
            Language::Russian => russian,
            Language::English => english,
        }
    }

    /// «24.11.2026 в 10:02 Мск».
    pub(super) fn at(self, at: Timestamp) -> String {
        let local = at.local(self.zone);
        let time = local.format("%H:%M");
        format!("{} {} {time} {}", self.date(local.date()), self.of("в", "at"), self.zone_name(at))
    }

    /// «до 24.11.2026 18:00 Мск». Midnight is the end of the day before.
    pub(super) fn until(self, deadline: Timestamp) -> String {
        let local = deadline.local(self.zone);
        let is_midnight = (local.hour(), local.minute()) == (0, 0);
        let (date, time) = match local.date().pred_opt().filter(|_| is_midnight) {
            Some(day_before) => (day_before, "24:00".to_owned()),
            None => (local.date(), local.format("%H:%M").to_string()),
        };
        format!("{} {} {time} {}", self.of("до", "by"), self.date(date), self.zone_name(deadline))
    }

    fn date(self, date: NaiveDate) -> String {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        match self.language {
            Language::Russian => date.format("%d.%m.%Y").to_string(),
            Language::English => {
                format!("{} {} {}", date.day(), MONTHS[date.month0() as usize], date.year())
            }
        }
    }

    /// «Мск» where Moscow, else how far from UTC.
    fn zone_name(self, at: Timestamp) -> String {
        match self.zone {
            Tz::Europe__Moscow => self.of("Мск", "MSK").to_owned(),
            Tz::UTC => "UTC".to_owned(),
            zone => {
                let text = at.to_rfc3339(zone);
                let offset = text.get(text.len() - 6..).unwrap_or_default();
                format!("UTC{offset}")
            }
        }
    }

    /// What a term is for.
    pub(super) fn metric(self, metric: Metric) -> &'static str {
        match metric {
            Metric::Reaction => self.of("первый ответ", "first answer"),
            Metric::Resolution => self.of("решение", "solution"),
            Metric::Line => self.of("работа на линии", "work on the line"),
            Metric::RequesterAnswer => self.of("ваш ответ", "your answer"),
            Metric::Confirmation => self.of("ваше подтверждение", "your confirmation"),
            Metric::Acceptance => self.of("ваша приёмка", "your acceptance"),
            Metric::Escalation => self.of("ответ отдела", "the department's answer"),
            Metric::RegistrationLetter => self.of("письмо о регистрации", "letter of registration"),
        }
    }

    /// Why a term is another one.
    pub(super) fn why(self, why: TermReason) -> &'static str {
        match why {
            TermReason::Derived => {
                self.of("изменились тип или приоритет обращения", "another type or priority of the request")
            }
            TermReason::Calendar => {
                self.of("обращение перешло на линию с другими часами", "it went to a line with other hours")
            }
            TermReason::Estimated => self.of("мы оценили работу", "the work was estimated"),
            TermReason::Extended => self.of("нужно больше времени", "more time is needed"),
            TermReason::Regulation => {
                self.of("новая редакция регламента", "another version of the regulation")
            }
            TermReason::CalendarRevised => self.of("изменился рабочий календарь", "another working calendar"),
            TermReason::ClockCorrected => self.of("уточнено время", "the time was corrected"),
        }
    }

    /// Why a letter says that a ticket was closed, for what time and the desk itself close by.
    pub(super) fn reason(self, id: &str) -> Option<&'static str> {
        Some(match id {
            "requester-silent" => self.of("мы не дождались вашего ответа", "we had no answer from you"),
            "not-confirmed" => self.of(
                "срок подтверждения вышел, и решение считается принятым",
                "the time to confirm is over, and the solution counts as accepted",
            ),
            "accepted-by-silence" => self.of(
                "срок приёмки вышел, и решение считается принятым",
                "the time to accept is over, and the solution counts as accepted",
            ),
            "duplicate" => self.of(
                "о том же есть другое ваше обращение, работаем по нему",
                "another request of yours is about the same, and we work on that",
            ),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("a time")
    }

    fn words(language: Language, zone: Tz) -> Words {
        Words { language, zone }
    }

    #[test]
    fn a_deadline_is_a_date_and_an_hour_of_the_sites_zone() {
        let (ru, en) = (Language::Russian, Language::English);
        for (language, zone, time, expected) in [
            (ru, Tz::Europe__Moscow, "2026-11-24T18:00:00+03:00", "до 24.11.2026 18:00 Мск"),
            (ru, Tz::Europe__Moscow, "2026-11-24T15:00:00Z", "до 24.11.2026 18:00 Мск"),
            (ru, Tz::Europe__Moscow, "2026-11-28T00:00:00+03:00", "до 27.11.2026 24:00 Мск"),
            (en, Tz::Europe__Moscow, "2026-11-24T18:00:00+03:00", "by 24 Nov 2026 18:00 MSK"),
            (ru, Tz::Asia__Yekaterinburg, "2026-11-24T18:00:00+05:00", "до 24.11.2026 18:00 UTC+05:00"),
            (en, Tz::UTC, "2026-01-01T00:00:00Z", "by 31 Dec 2025 24:00 UTC"),
        ] {
            assert_eq!(words(language, zone).until(at(time)), expected);
        }
        let time = at("2026-11-24T07:02:59Z");
        assert_eq!(words(ru, Tz::Europe__Moscow).at(time), "24.11.2026 в 10:02 Мск");
        assert_eq!(words(en, Tz::Europe__Moscow).at(time), "24 Nov 2026 at 10:02 MSK");
    }
}
