//! Times and terms as letters say them, in the site's language and the ticket's zone.

use calendars::{Timestamp, Tz};
use firmware_board::Language;

use crate::dates;
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
        dates::moment(at, self.zone, self.language)
    }

    /// «до 24.11.2026 18:00 Мск».
    pub(super) fn until(self, deadline: Timestamp) -> String {
        format!("{} {}", self.of("до", "by"), dates::deadline(deadline, self.zone, self.language))
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

    #[test]
    fn a_term_says_until_when() {
        let at = Timestamp::parse_rfc3339("2026-11-28T00:00:00+03:00").expect("a time");
        let words = |language| Words { language, zone: Tz::Europe__Moscow };
        assert_eq!(words(Language::Russian).until(at), "до 27.11.2026 24:00 Мск");
        assert_eq!(words(Language::English).until(at), "by 27 Nov 2026 24:00 MSK");
    }
}
