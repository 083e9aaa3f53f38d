//! Letters: their kinds, what they are written for, who gets them.

use toml::Spanned;

use super::super::{LetterCause, LetterRule, LetterTo};
use super::{Check, Names, allowed, file};
use crate::desk::clocks::Metric;
use crate::desk::letter::LetterKind;

/// What a letter is written for besides what turns clocks.
const CAUSES: [&str; 10] = [
    "status-changed",
    "refused",
    "deferred",
    "term-changed",
    "urgent",
    "mass-problem",
    "problem-closed",
    "escalated",
    "routed:LINE",
    "ran-out:METRIC",
];
const TO: [LetterTo; 4] = [LetterTo::Requester, LetterTo::Contact, LetterTo::Department, LetterTo::Chat];

impl Check<'_> {
    pub(super) fn letter(
        &mut self,
        letter: &file::Letter,
        file: &file::File,
        names: &Names<'_>,
    ) -> Option<LetterRule> {
        let kind = self.letter_kind(&letter.kind, "letter.kind");
        let on = self.letter_cause(&letter.on, names);
        let to = TO.into_iter().find(|to| to.id() == letter.to.get_ref());
        if to.is_none() {
            let (word, known) = (letter.to.get_ref(), TO.map(LetterTo::id));
            self.problem(
                &letter.to.span(),
                "letter.to",
                format!("unknown recipient `{word}`; {}", allowed(word, &known)),
            );
        }
        let when = self.when(&letter.when, "letter.when", names);
        let hold = letter.hold.as_ref().map(|word| self.calendar_choice(word, "letter.hold", names));
        let (kind, on, to) = (kind?, on?, to?);
        if to == LetterTo::Department && !matches!(on, LetterCause::Escalated(_)) {
            let message = "a department is written to when it is asked: on = \"escalated\"".to_owned();
            self.problem(&letter.on.span(), "letter.on", message);
        }
        if to == LetterTo::Chat && file.urgent_channel.is_none() {
            let message = "the file names no chat; give it an `urgent-channel`".to_owned();
            self.problem(&letter.to.span(), "letter.to", message);
        }
        let is_of_problem = matches!(on, LetterCause::MassProblem | LetterCause::ProblemClosed);
        if is_of_problem && to != LetterTo::Requester {
            let message = "of a mass problem the requesters are told: to = \"requester\"".to_owned();
            self.problem(&letter.to.span(), "letter.to", message);
        }
        if is_of_problem && file.mass_problem.is_none() {
            let message = "the file says nothing of mass problems; give it a [mass-problem]".to_owned();
            self.problem(&letter.on.span(), "letter.on", message);
        }
        Some(LetterRule {
            kind,
            on,
            to,
            when,
            hold,
            clause: letter.clause.clone(),
            note: letter.note.clone(),
        })
    }

    pub(super) fn letter_kind(&mut self, word: &Spanned<String>, key: &str) -> Option<LetterKind> {
        let kind = LetterKind::parse(word.get_ref());
        if kind.is_none() {
            let known = LetterKind::ALL.map(LetterKind::id);
            let message =
                format!("unknown kind of letter `{}`; {}", word.get_ref(), allowed(word.get_ref(), &known));
            self.problem(&word.span(), key, message);
        }
        kind
    }

    fn letter_cause(&mut self, word: &Spanned<String>, names: &Names<'_>) -> Option<LetterCause> {
        const KEY: &str = "letter.on";
        let text = word.get_ref().as_str();
        Some(match text.split_once(':').unwrap_or((text, "")) {
            ("status-changed", "") => LetterCause::StatusChanged,
            ("refused", "") => LetterCause::Refused,
            ("deferred", "") => LetterCause::Deferred,
            ("term-changed", "") => LetterCause::TermChanged,
            ("urgent", "") => LetterCause::Urgent,
            ("mass-problem", "") => LetterCause::MassProblem,
            ("problem-closed", "") => LetterCause::ProblemClosed,
            ("escalated", channel) => LetterCause::Escalated(channel.into()),
            ("routed", line) => {
                let line = line.parse().unwrap_or_default();
                LetterCause::Routed(self.known_line(&Spanned::new(word.span(), line), KEY, &names.lines))
            }
            ("ran-out", metric) => {
                let known = Metric::ALL.map(Metric::id);
                self.known(&Spanned::new(word.span(), metric.to_owned()), KEY, "metric", &known);
                LetterCause::RanOut(Metric::ALL.into_iter().find(|known| known.id() == metric)?)
            }
            ("letter-queued" | "letter-sent", _) => {
                self.problem(&word.span(), KEY, "no letter is written for a letter".to_owned());
                return None;
            }
            (plain, _) if is_trigger(plain) => LetterCause::Trigger(self.trigger(word, KEY, names)?),
            _ => {
                let known: Vec<&str> = CAUSES.into_iter().chain(TRIGGERS).collect();
                let message = format!("unknown cause `{text}`; {}", allowed(text, &known));
                self.problem(&word.span(), KEY, message);
                return None;
            }
        })
    }
}

/// What turns clocks and is a cause of letters, too.
const TRIGGERS: [&str; 7] =
    ["registered", "replied", "asked", "resolved", "reopened", "closed", "status-entered:STATUS"];

fn is_trigger(word: &str) -> bool {
    TRIGGERS.iter().any(|known| known.split(':').next() == Some(word))
}
