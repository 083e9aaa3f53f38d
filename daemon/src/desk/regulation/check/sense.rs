//! The sense of the whole: every name of the file is right, and still something in it cannot come about.
//!
//! What is said here is certain. Where a file might be meant so, nothing is said.

mod clocks;
mod covers;
mod letters;
mod rules;
mod verbs;
mod ways;

use std::ops::Range;

use self::ways::{Place, Ways};
use super::Problem;
use crate::desk::regulation::Regulation;
use crate::desk::regulation::file::File;
use crate::desk::ticket::Stage;
use crate::toml_problem;

/// What makes no sense in a file whose names are right.
pub(super) fn problems(text: &str, file: &File, regulation: &Regulation) -> Vec<Problem> {
    let sense = Sense { text, file, regulation, ways: Ways::of(regulation) };
    let findings = [
        sense.statuses(),
        sense.lines(),
        sense.marks(),
        sense.verbs(),
        sense.rules(),
        sense.clocks(),
        sense.letters(),
    ];
    let problem = |finding: Finding| Problem {
        line: sense.line_of(&finding.span),
        key: finding.key,
        message: finding.message,
    };
    findings.into_iter().flatten().map(problem).collect()
}

/// A file and what it comes to; `file` and `regulation` have their entries in the same order.
struct Sense<'a> {
    text: &'a str,
    file: &'a File,
    regulation: &'a Regulation,
    ways: Ways<'a>,
}

/// Something that makes no sense.
struct Finding {
    /// The entry at fault.
    span: Range<usize>,
    key: String,
    /// What is wrong, and what to do.
    message: String,
}

impl Finding {
    fn new(span: Range<usize>, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { span, key: key.into(), message: message.into() }
    }
}

/// "`a`, `b`".
fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

impl Sense<'_> {
    fn line_of(&self, span: &Range<usize>) -> usize {
        toml_problem::line_of(self.text, span)
    }

    fn statuses(&self) -> Vec<Finding> {
        let mut findings = self.beginning();
        for status in &self.file.statuses {
            let id = status.id.get_ref().as_str();
            let initial = id == self.regulation.initial_status;
            if let Some(to) = status.passes_to.as_ref().filter(|_| !initial) {
                let message = format!(
                    "a ticket passes on by itself only from the initial status, `{}`; let a verb or `moves` lead on from `{id}`",
                    self.regulation.initial_status
                );
                findings.push(Finding::new(to.span(), "status.passes-to", message));
            }
            if self.ways.stages_in(id).is_empty() {
                let message = format!(
                    "no ticket comes to `{id}`: it is not the initial status, and no move, verb, passes-to or end-status leads to it; name it where a ticket is to come from, or take it out"
                );
                findings.push(Finding::new(status.id.span(), "status.id", message));
            }
            findings.extend(
                self.way_out(id).map(|message| Finding::new(status.id.span(), "status.moves", message)),
            );
        }
        findings.extend(self.end());
        findings
    }

    /// A ticket is open when it is registered.
    fn beginning(&self) -> Vec<Finding> {
        let initial = &self.file.initial_status;
        let status = self.regulation.status(initial.get_ref());
        let over = status.filter(|status| status.stage != Stage::Open);
        let message = over.map(|status| {
            format!(
                "`{}` is of stage `{}`, and a ticket begins open; name a status of stage `open`",
                status.name.id,
                status.stage.id()
            )
        });
        message.into_iter().map(|message| Finding::new(initial.span(), "initial-status", message)).collect()
    }

    /// Every status can be left that is not the end.
    fn way_out(&self, id: &str) -> Option<String> {
        let mut here =
            self.ways.reached().iter().filter(|place| place.status == id && place.stage != Stage::Closed);
        let trap = here.find(|place| self.ways.out_of(**place).is_empty())?;
        Some(if trap.stage == Stage::Open {
            format!(
                "`{id}` cannot be left: it has no moves, and no verb leads out of it; give it `moves`, or a verb that has it in `from`"
            )
        } else {
            format!(
                "an answered ticket stays in `{id}` for good: no move, no verb (confirm, return, close) and no clock that closes leads out of it; write [verb.confirm], or a clock with at-end = \"close\""
            )
        })
    }

    /// Every ticket can end.
    fn end(&self) -> Option<Finding> {
        let ends = |place: &Place<'_>| self.ways.ahead_of(*place).iter().any(|to| to.stage == Stage::Closed);
        let endless =
            self.ways.reached().iter().filter(|place| !ends(place) && !self.ways.out_of(**place).is_empty());
        let mut ids: Vec<&str> = Vec::new();
        for place in endless {
            if !ids.contains(&place.status) {
                ids.push(place.status);
            }
        }
        let first = self.file.statuses.iter().find(|status| ids.contains(&status.id.get_ref().as_str()))?;
        let message = format!(
            "from {} no way leads to a ticket's end; let a move, a verb or a clock with at-end = \"close\" lead to a status of stage `closed`",
            quoted(ids)
        );
        Some(Finding::new(first.id.span(), "status.moves", message))
    }

    /// Every line has tickets.
    fn lines(&self) -> Vec<Finding> {
        let mut reached: Vec<u8> = self.regulation.channels.iter().map(|channel| channel.line).collect();
        let mut next = 0;
        while let Some(line) = reached.get(next).and_then(|id| self.regulation.line(*id)) {
            next += 1;
            for to in &line.routes {
                if !reached.contains(to) {
                    reached.push(*to);
                }
            }
        }
        let lines = self.file.lines.iter().filter(|line| !reached.contains(line.id.get_ref()));
        let told = lines.map(|line| {
            let message = format!(
                "no ticket comes to line {}: no channel begins there and no line routes to it; name it in a channel's `line` or in a line's `routes`",
                line.id.get_ref()
            );
            Finding::new(line.id.span(), "line.id", message)
        });
        told.collect()
    }

    /// One mark counts where none is given.
    fn marks(&self) -> Vec<Finding> {
        let mut defaults = self.file.marks.iter().filter(|mark| mark.default);
        let Some(first) = defaults.next() else { return Vec::new() };
        let told = defaults.map(|mark| {
            let message = format!(
                "`{}` is the default already, in line {}; one mark counts where none is given",
                first.id.get_ref(),
                self.line_of(&first.id.span())
            );
            Finding::new(mark.id.span(), "mark.default", message)
        });
        told.collect()
    }
}
