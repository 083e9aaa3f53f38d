//! Letters: one that never goes.

use super::super::super::{LetterCause, LetterRule};
use super::{Finding, Sense};

impl Sense<'_> {
    pub(super) fn letters(&self) -> Vec<Finding> {
        let rules = &self.regulation.letters;
        let mut findings = Vec::new();
        for (at, (written, rule)) in self.file.letters.iter().zip(rules).enumerate() {
            let message = if let Some(first) = rules[..at].iter().position(|first| takes_all_of(first, rule))
            {
                format!(
                    "`{}` never goes: letter {} comes first and goes for all that it would",
                    rule.kind,
                    first + 1
                )
            } else if self.never_happens(&rule.on) {
                format!("`{}` never goes: `{}` never happens", rule.kind, written.on.get_ref())
            } else {
                continue;
            };
            findings.push(Finding::new(written.on.span(), "letter.on".to_owned(), message));
        }
        findings
    }

    fn never_happens(&self, cause: &LetterCause) -> bool {
        match cause {
            LetterCause::Trigger(trigger) => !self.ways.happens(trigger),
            LetterCause::Refused => self.regulation.verb("refuse").is_none(),
            LetterCause::Deferred => self.regulation.verb("defer").is_none(),
            LetterCause::Routed(line) => {
                !self.regulation.lines.iter().any(|known| known.routes.contains(line))
            }
            LetterCause::RanOut(metric) => self.regulation.clock(*metric).is_none(),
            LetterCause::Escalated(channel) => !self
                .regulation
                .topics
                .iter()
                .any(|topic| channel.is_empty() || topic.channels.contains(channel)),
            LetterCause::StatusChanged
            | LetterCause::TermChanged
            | LetterCause::Urgent
            | LetterCause::MassProblem
            | LetterCause::ProblemClosed => false,
        }
    }
}

/// Whether an earlier letter goes to the same people whenever this one would.
fn takes_all_of(first: &LetterRule, rule: &LetterRule) -> bool {
    (&first.on, first.to) == (&rule.on, rule.to) && first.when.is_empty()
}
