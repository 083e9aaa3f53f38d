//! Which letters go when.

use super::{CLAUSE, Explainer, ID, WHEN, clause};
use crate::desk::regulation::{CalendarChoice, LetterCause, LetterTo};

impl Explainer<'_> {
    pub(super) fn letters(&mut self) {
        let rows = self.words.regulation.letters.iter().map(|rule| {
            vec![
                self.words.letter(rule.kind).to_owned(),
                rule.kind.to_string(),
                self.letter_cause(&rule.on),
                self.letter_to(rule.to).to_owned(),
                if rule.when.is_empty() { String::new() } else { self.words.when(&rule.when) },
                rule.hold.as_ref().map(|choice| self.held_by(choice)).unwrap_or_default(),
                clause(rule.clause.as_ref()),
            ]
        });
        let rows: Vec<_> = rows.collect();
        let columns = [
            ("письмо", "letter"),
            ID,
            ("за что", "for what"),
            ("кому", "to whom"),
            WHEN,
            ("ждёт", "waits for"),
            CLAUSE,
        ];
        self.table(("Письма", "Letters"), &columns, rows);
    }

    fn letter_cause(&self, cause: &LetterCause) -> String {
        match cause {
            LetterCause::Trigger(trigger) => self.words.triggers(std::slice::from_ref(trigger)),
            LetterCause::StatusChanged => self.w("смена статуса", "another status").to_owned(),
            LetterCause::Refused => self.w("отказ", "a refusal").to_owned(),
            LetterCause::Deferred => self.w("отложено", "putting off").to_owned(),
            LetterCause::Routed(line) => format!("{} {line}", self.w("приход на линию", "routing to line")),
            LetterCause::TermChanged => self.w("смена срока", "another term").to_owned(),
            LetterCause::RanOut(metric) => {
                let title = self.words.regulation.clock(*metric).map_or(metric.id(), |rule| &rule.title);
                format!("{} «{title}»", self.w("истёк срок", "the end of"))
            }
            LetterCause::Escalated(channel) if channel.is_empty() => {
                self.w("вопрос отделу", "asking a department").to_owned()
            }
            LetterCause::Escalated(channel) => {
                format!("{} {channel}", self.w("вопрос отделу через", "asking a department by"))
            }
            LetterCause::Urgent => self.w("критичное или срочное", "critical or urgent").to_owned(),
            LetterCause::MassProblem => self.w("массовая проблема", "a mass problem").to_owned(),
            LetterCause::ProblemClosed => {
                self.w("конец массовой проблемы", "the end of a mass problem").to_owned()
            }
        }
    }

    fn letter_to(&self, to: LetterTo) -> &'static str {
        match to {
            LetterTo::Requester => self.w("заявитель", "requester"),
            LetterTo::Contact => self.w("представитель клиента", "the client's contact"),
            LetterTo::Department => self.w("отдел", "department"),
            LetterTo::Chat => self.w("чат", "chat"),
        }
    }

    fn held_by(&self, choice: &CalendarChoice) -> String {
        match choice {
            CalendarChoice::OfLine => self.w("часов линии", "the line's hours").to_owned(),
            CalendarChoice::OfChannel => self.w("часов канала", "the channel's hours").to_owned(),
            CalendarChoice::Named(id) => self.words.hours_of(id),
        }
    }
}
