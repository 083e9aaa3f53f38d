//! Clocks: one that never starts or never stops, that nothing resumes, that has no target for some priority.

use toml::Spanned;

use super::ways::Place;
use super::{Finding, Sense, quoted};
use crate::desk::clocks::Metric;
use crate::desk::regulation::{AtEnd, ClockRule, GivenTerm, Trigger, file};
use crate::desk::ticket::Stage;

impl<'a> Sense<'a> {
    pub(super) fn clocks(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (written, rule) in self.file.clocks.iter().zip(&self.regulation.clocks) {
            findings.extend(self.triggers(written, rule));
            findings.extend(contradictions(written));
            findings.extend(self.pauses(written, rule));
            findings.extend(self.priorities(written, rule));
            findings.extend(self.end_status(written, rule));
            findings.extend(estimates(written, rule));
            findings.extend(of_departments(written));
        }
        findings
    }

    /// What turns the clock must be able to happen.
    fn triggers(&self, written: &file::ClockRule, rule: &ClockRule) -> Vec<Finding> {
        let lists = [
            ("starts", &written.starts, &rule.starts, "so the clock never starts"),
            ("stops", &written.stops, &rule.stops, "so nothing stops the clock"),
            ("restarts", &written.restarts, &rule.restarts, "so `restarts` has no effect"),
            ("reopens", &written.reopens, &rule.reopens, "so the clock never goes on again"),
        ];
        let told = lists.into_iter().filter_map(|(key, words, triggers, so)| {
            let message = match (words.first(), key) {
                (None, "starts") => {
                    format!("`starts` is empty, {so}; name what starts it, such as \"registered\"")
                }
                (None, "stops") => format!("`stops` is empty, {so}; name what stops it, such as \"closed\""),
                (None, _) => return None,
                (Some(_), _) if triggers.iter().any(|trigger| self.ways.happens(trigger)) => return None,
                (Some(_), _) => {
                    let mut why: Vec<String> = triggers.iter().map(why_never).collect();
                    why.dedup();
                    let happens = if words.len() == 1 { "happens" } else { "happen" };
                    let words = quoted(words.iter().map(|word| word.get_ref().as_str()));
                    format!("`{key}`: {words} never {happens}, {so}: {}", why.join(", and "))
                }
            };
            let span = words.first().map_or_else(|| written.metric.span(), Spanned::span);
            Some(Finding::new(span, format!("clock {}", rule.metric), message))
        });
        told.collect()
    }

    /// A clock that stands still must be able to run again.
    fn pauses(&self, written: &file::ClockRule, rule: &ClockRule) -> Vec<Finding> {
        let told = written.pauses_in.iter().filter_map(|status| {
            let id = status.get_ref().as_str();
            let stages = self.ways.stages_in(id);
            let here: Vec<&Place<'a>> = self.ways.reached().iter().filter(|place| place.status == id).collect();
            let starts = format!("status-entered:{id}");
            let message = if stages.is_empty() {
                return None;
            } else if stages.iter().all(|stage| *stage == Stage::Closed) {
                format!("pauses-in: a ticket in `{id}` is closed for good, and no clock counts; take it out, and have \"closed\" in `stops`")
            } else if !written.starts.is_empty() && written.starts.iter().all(|start| *start.get_ref() == starts) {
                format!("pauses-in: the clock starts when `{id}` is entered and stands still there, so it never runs; take it out of `pauses-in`")
            } else if here.into_iter().filter(|place| place.stage == Stage::Open).any(|place| !self.resumes(rule, *place)) {
                format!("pauses-in: nothing resumes the clock once a ticket is in `{id}`: no move and no verb leads from there to an answer, or to an open status in which the clock runs; give `{id}` a move back, or put it into the `from` of a verb that leads back")
            } else {
                return None;
            };
            Some(Finding::new(status.span(), format!("clock {}", rule.metric), message))
        });
        told.collect()
    }

    /// Whether a way leads from a place to one in which the clock runs, or to the answer that it waits for.
    fn resumes(&self, rule: &ClockRule, place: Place<'a>) -> bool {
        self.ways.ahead_of(place).iter().any(|to| match to.stage {
            Stage::Open => !rule.pauses_in.iter().any(|id| id == to.status),
            Stage::Resolved => true,
            Stage::Closed => false,
        })
    }

    /// Where some priorities have a target, all have.
    fn priorities(&self, written: &file::ClockRule, rule: &ClockRule) -> Option<Finding> {
        let has = |id: &str| {
            rule.targets.iter().any(|target| {
                target.when.priorities.is_empty()
                    || target.when.priorities.iter().any(|priority| priority == id)
            })
        };
        let without: Vec<&str> = self
            .regulation
            .priorities
            .iter()
            .map(|priority| priority.name.id.as_str())
            .filter(|id| !has(id))
            .collect();
        if without.is_empty() || rule.targets.is_empty() {
            return None;
        }
        let what = if without.len() == 1 { "priority" } else { "priorities" };
        let has = if without.len() == 1 { "has" } else { "have" };
        let message = format!(
            "{what} {} {has} no target, so such a ticket has no such clock; add a [[clock.target]], with term = \"none\" where no term is meant",
            quoted(without)
        );
        Some(Finding::new(written.metric.span(), format!("clock {}", rule.metric), message))
    }

    /// A ticket that a clock closes is in a status for that.
    fn end_status(&self, written: &file::ClockRule, rule: &ClockRule) -> Option<Finding> {
        let AtEnd::Close { status, .. } = &rule.at_end else { return None };
        let open = self.regulation.status(status).is_some_and(|status| status.stage == Stage::Open);
        let span = written.end_status.as_ref().filter(|_| open)?.span();
        let message = format!(
            "end-status: `{status}` is of stage `open`, and the ticket is over; name a status of stage `closed`"
        );
        Some(Finding::new(span, format!("clock {}", rule.metric), message))
    }
}

/// Why a trigger never happens, and what would make it.
fn why_never(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Asked => "the regulation has no [verb.ask]".to_owned(),
        Trigger::LetterQueued(kind) | Trigger::LetterSent(kind) => {
            format!("no [[letter]] is of the kind `{kind}`")
        }
        Trigger::Resolved => {
            "no verb and no move leads to the stage `resolved`, as [verb.resolve] would".to_owned()
        }
        Trigger::Reopened => {
            "nothing leads back from an answered or closed ticket to an open one, as [verb.return] would"
                .to_owned()
        }
        Trigger::LineLeft => "no line has `routes` to another".to_owned(),
        Trigger::StatusEntered(id) => format!("no ticket comes to `{id}`"),
        Trigger::StatusLeft(id) => format!("no ticket leaves `{id}`"),
        Trigger::Registered
        | Trigger::Replied
        | Trigger::Answered
        | Trigger::LineEntered
        | Trigger::Closed => "it always may".to_owned(),
    }
}

/// What happens cannot both end a clock and begin it.
fn contradictions(written: &file::ClockRule) -> Vec<Finding> {
    let key = format!("clock {}", written.metric.get_ref());
    let mut findings = Vec::new();
    for stop in &written.stops {
        let word = stop.get_ref();
        let among = |words: &[Spanned<String>]| words.iter().any(|other| other.get_ref() == word);
        let message = if among(&written.starts) {
            format!(
                "`{word}` both starts and stops the clock; leave it in one, or have it in `restarts` where the clock is to begin anew"
            )
        } else if among(&written.restarts) {
            format!("`{word}` both stops and restarts the clock; leave it in one")
        } else if among(&written.reopens) {
            format!("`{word}` both stops and reopens the clock; leave it in one")
        } else {
            continue;
        };
        findings.push(Finding::new(stop.span(), &key, message));
    }
    findings
}

/// An estimate gives the term of one clock.
fn estimates(written: &file::ClockRule, rule: &ClockRule) -> Vec<Finding> {
    if rule.metric == Metric::Resolution {
        return Vec::new();
    }
    let targets = written.targets.iter().zip(&rule.targets);
    let told = targets.filter(|(_, target)| target.term == GivenTerm::Estimate).map(|(written, _)| {
        let message = "an estimate gives the term of the clock `resolution` only; write a term, or \"none\"";
        Finding::new(written.term.span(), format!("clock {}", rule.metric), message)
    });
    told.collect()
}

/// What departments are given stands with what they are asked about.
fn of_departments(written: &file::ClockRule) -> Option<Finding> {
    let is_theirs = *written.metric.get_ref() == Metric::Escalation;
    let message = "a department's time is no [[clock]]: write [escalation] with its basis and calendar, and the term with each [[topic]]";
    is_theirs.then(|| Finding::new(written.metric.span(), "clock escalation", message))
}
