//! Verbs: an entry that has no effect, a verb that nobody may use, a reason that nobody can give.

use toml::Spanned;

use super::ways::{always_closes, stages_of};
use super::{Finding, Sense, quoted};
use crate::desk::actor::Role;
use crate::desk::clocks::Metric;
use crate::desk::command::Act;
use crate::desk::regulation::GivenTerm;
use crate::desk::regulation::file::Verb;
use crate::desk::ticket::Stage;

/// The verbs that take a reason; of a list, where the regulation has one.
const WITH_REASONS: [&str; 9] =
    ["priority", "transfer", "estimate", "extend", "defer", "return", "refuse", "close", "prefer"];
/// The verbs that a regulation has only where it has an entry of them.
const NEED_AN_ENTRY: [&str; 7] = ["ask", "extend", "defer", "resolve", "return", "refuse", "close"];
/// The verbs that may be for some types only.
const BY_TYPE: [&str; 2] = ["extend", "defer"];

impl Sense<'_> {
    pub(super) fn verbs(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (verb, rule) in &self.file.verbs {
            let told = self.verb(verb.get_ref(), rule).into_iter().chain(self.purpose(verb.get_ref()));
            let key = format!("verb.{}", verb.get_ref());
            findings.extend(told.map(|message| Finding::new(verb.span(), &key, message)));
            findings.extend(self.from(verb.get_ref(), rule));
            findings.extend(roles(
                &rule.roles,
                least_role(verb.get_ref()),
                &key,
                &format!("`{}`", verb.get_ref()),
            ));
        }
        for channel in &self.file.channels {
            let what = format!("registering by `{}`", channel.id.get_ref());
            findings.extend(roles(&channel.roles, Role::Intake, "channel.roles", &what));
        }
        findings.extend(self.reasons());
        findings.extend(self.sources());
        findings
    }

    /// What is wrong with where a verb leads.
    fn verb(&self, verb: &str, rule: &Verb) -> Vec<String> {
        let mut told = Vec::new();
        let moving: Vec<&str> = Act::VERBS.into_iter().filter(|verb| !stages_of(verb).is_empty()).collect();
        let has =
            [("to", rule.to.is_some()), ("from", !rule.from.is_empty()), ("stage", rule.stage.is_some())];
        let has: Vec<&str> = has.iter().filter(|(_, there)| *there).map(|(key, _)| *key).collect();
        if !moving.contains(&verb) && !has.is_empty() {
            told.push(format!(
                "`{verb}` moves no ticket, so take out {}; verbs that move are {}",
                quoted(has),
                moving.join(", ")
            ));
            return told;
        }
        if !rule.types.is_empty() && !BY_TYPE.contains(&verb) {
            told.push(format!(
                "`types` has no effect here: only {} are for some types",
                BY_TYPE.join(" and ")
            ));
        }
        if always_closes(verb) {
            if !rule.from.is_empty() {
                told.push(format!(
                    "`{verb}` closes a ticket from every status, so `from` has no effect; take it out"
                ));
            }
            if rule.stage.is_some_and(|stage| stage != Stage::Closed) {
                told.push(format!("`{verb}` always closes a ticket, so `stage` has no effect; take it out"));
            }
        } else if rule.to.is_none() {
            if has.contains(&"from") || has.contains(&"stage") {
                told.push(
                    "`from` and `stage` have no effect without `to`, the status it leads to".to_owned(),
                );
            } else if ["resolve", "return", "refuse"].contains(&verb) {
                told.push(format!(
                    "without `to` a ticket stays as it is after `{verb}`; name the status it leads to"
                ));
            }
        }
        told.extend(self.wrong_stage(verb, rule));
        told
    }

    /// The stage a verb leads to must be one that its meaning has.
    fn wrong_stage(&self, verb: &str, rule: &Verb) -> Option<String> {
        let status = self.regulation.status(rule.to.as_ref()?.get_ref())?;
        let (id, own) = (&status.name.id, status.stage);
        let stage = rule.stage.unwrap_or(own);
        let wrong = match verb {
            "confirm" | "close" if own == Stage::Open => {
                format!(
                    "closes a ticket in `{id}`, which is of stage `open`; name a status of stage `closed`"
                )
            }
            "resolve" if stage == Stage::Open => {
                format!(
                    "leaves a ticket open in `{id}`; name a status of stage `resolved` or `closed`, or add stage = \"resolved\""
                )
            }
            "refuse" if stage == Stage::Open => {
                format!("leaves a ticket open in `{id}`; name a status of stage `closed`")
            }
            "return" if stage != Stage::Open => {
                format!(
                    "does not open a ticket again: `{id}` is of stage `{}`; name a status of stage `open`",
                    stage.id()
                )
            }
            _ => return None,
        };
        Some(format!("`{verb}` {wrong}"))
    }

    /// A verb that the desk would refuse whatever happens.
    fn purpose(&self, verb: &str) -> Option<String> {
        let resolution = self.regulation.clock(Metric::Resolution);
        match verb {
            "extend" if resolution.is_none() => {
                Some("there is no clock `resolution` whose term could be extended; write one, or take the verb out".to_owned())
            }
            "estimate" if !resolution.is_some_and(|rule| {
                rule.targets.iter().any(|target| target.term == GivenTerm::Estimate)
            }) =>
            {
                Some("no target of the clock `resolution` has term = \"estimate\", so there is nothing to estimate; write one, or take the verb out".to_owned())
            }
            "prefer" if !self.regulation.queue.one_by_one => {
                Some("the queue does not have a client's tickets worked on one after another, so there is no order to change; write one-by-one = true under [queue], or take the verb out".to_owned())
            }
            "escalate" | "escalation-answer" if self.regulation.topics.is_empty() => {
                Some("there is no [[topic]] to ask a department about; write one, or take the verb out".to_owned())
            }
            "issue" | "issue-status" if self.regulation.trackers.is_empty() => {
                Some("there is no [[tracker]] that could have an issue; write one, or take the verb out".to_owned())
            }
            _ => None,
        }
    }

    /// A status in `from` where the verb can never be used.
    fn from(&self, verb: &str, rule: &Verb) -> Vec<Finding> {
        let usable = stages_of(verb);
        if usable.is_empty() || always_closes(verb) {
            return Vec::new();
        }
        let never = |status: &&Spanned<String>| {
            let stages = self.ways.stages_in(status.get_ref());
            !stages.is_empty() && !stages.iter().any(|stage| usable.contains(stage))
        };
        let told = rule.from.iter().filter(never).map(|status| {
            let when = if usable.contains(&Stage::Open) { "open" } else { "answered" };
            let message = format!(
                "`{verb}` is for tickets that are {when}, and none is while it is in `{}`; take that status out of `from`",
                status.get_ref()
            );
            Finding::new(status.span(), format!("verb.{verb}"), message)
        });
        told.collect()
    }

    fn reasons(&self) -> Vec<Finding> {
        let told = self.file.reasons.iter().filter_map(|reason| {
            let verb = reason.verb.get_ref().as_str();
            let message = if !WITH_REASONS.contains(&verb) {
                format!("`{verb}` takes no reason of a list; verbs that do are {}", WITH_REASONS.join(", "))
            } else if NEED_AN_ENTRY.contains(&verb) && !self.regulation.verbs.contains_key(verb) {
                format!("the regulation has no `{verb}`, so nobody can give this reason; write [verb.{verb}], or take the reason out")
            } else {
                return None;
            };
            Some(Finding::new(reason.verb.span(), "reason.for", message))
        });
        told.collect()
    }

    fn sources(&self) -> Option<Finding> {
        let first = self.file.sources.first().filter(|_| !self.regulation.verbs.contains_key("resolve"))?;
        let message = "the regulation has no `resolve`, so nobody can name a source; write [verb.resolve], or take the sources out";
        Some(Finding::new(first.id.span(), "source", message))
    }
}

/// The least role that may use a verb at all.
fn least_role(verb: &str) -> Role {
    match verb {
        "answer" | "confirm" | "return" | "complain" | "issue-status" => Role::Intake,
        "lead-answer" => Role::Lead,
        _ => Role::Agent,
    }
}

/// Roles that a list names in vain.
fn roles(named: &[Spanned<String>], least: Role, key: &str, what: &str) -> Vec<Finding> {
    let below = |role: &&Spanned<String>| role.get_ref().parse().is_ok_and(|role: Role| role < least);
    let told = named.iter().filter(below).map(|role| {
        let message =
            format!("`{}` may not do this: {what} needs {least} or more; take it out", role.get_ref());
        Finding::new(role.span(), key, message)
    });
    told.collect()
}
