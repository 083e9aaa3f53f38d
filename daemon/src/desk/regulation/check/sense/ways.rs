//! The ways a ticket can go: from which status, at which stage, to which.
//!
//! A way is taken by the verb `status`, by a verb that moves, by a clock that closes, or by itself once the number is
//! given. What a verb may do at which stage is as [`crate::desk::command::Act`] has it.

use smol_str::SmolStr;

use crate::desk::regulation::{AtEnd, ClockRule, GivenTerm, Regulation, Trigger, VerbRule};
use crate::desk::ticket::Stage;

/// Where a ticket can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) status: &'a str,
    pub(super) stage: Stage,
}

/// Every place that a ticket can come to.
pub(super) struct Ways<'a> {
    regulation: &'a Regulation,
    reached: Vec<Place<'a>>,
}

/// The stages at which a verb moves a ticket; none where it never does.
pub(super) fn stages_of(verb: &str) -> &'static [Stage] {
    match verb {
        "ask" | "answer" | "take" | "defer" | "resolve" | "refuse" => &[Stage::Open],
        "confirm" | "return" => &[Stage::Resolved],
        "close" => &[Stage::Open, Stage::Resolved],
        _ => &[],
    }
}

/// Whether a verb ends a ticket from every status, whatever its entry says of `from` and `stage`.
pub(super) fn always_closes(verb: &str) -> bool {
    matches!(verb, "confirm" | "close")
}

impl<'a> Ways<'a> {
    pub(super) fn of(regulation: &'a Regulation) -> Self {
        let mut ways = Self { regulation, reached: Vec::new() };
        let start = Place { status: &regulation.initial_status, stage: Stage::Open };
        ways.reached = ways.ahead_of(start);
        ways
    }

    /// Every place that a ticket can come to, the beginning first.
    pub(super) fn reached(&self) -> &[Place<'a>] {
        &self.reached
    }

    /// The stages at which a ticket can be in a status.
    pub(super) fn stages_in(&self, status: &str) -> Vec<Stage> {
        self.reached.iter().filter(|place| place.status == status).map(|place| place.stage).collect()
    }

    /// A place, and every one that a ticket can come to from there.
    pub(super) fn ahead_of(&self, place: Place<'a>) -> Vec<Place<'a>> {
        let mut seen = vec![place];
        let mut next = 0;
        while let Some(&place) = seen.get(next) {
            next += 1;
            for to in self.out_of(place) {
                if !seen.contains(&to) {
                    seen.push(to);
                }
            }
        }
        seen
    }

    /// The places that one step leads to from a place.
    pub(super) fn out_of(&self, place: Place<'a>) -> Vec<Place<'a>> {
        let status = self.regulation.status(place.status);
        let initial = place.status == self.regulation.initial_status && place.stage == Stage::Open;
        let passes = status.and_then(|status| status.passes_to.as_deref()).filter(|_| initial);
        let moves = status.into_iter().flat_map(|status| &status.moves).map(SmolStr::as_str);
        let own = moves.chain(passes).filter_map(|to| self.with_own_stage(to));
        let verbs = self.regulation.verbs.iter().filter_map(|(verb, rule)| self.by_verb(verb, rule, place));
        let clocks = self.regulation.clocks.iter().filter_map(|rule| by_clock(rule, place));
        own.chain(verbs).chain(clocks).filter(|to| *to != place).collect()
    }

    /// A status at its own stage.
    fn with_own_stage(&self, id: &str) -> Option<Place<'a>> {
        let status = self.regulation.status(id)?;
        Some(Place { status: &status.name.id, stage: status.stage })
    }

    fn by_verb(&self, verb: &str, rule: &'a VerbRule, place: Place<'a>) -> Option<Place<'a>> {
        if !stages_of(verb).contains(&place.stage) {
            return None;
        }
        if always_closes(verb) {
            let status = rule.to.as_deref().unwrap_or(place.status);
            return Some(Place { status, stage: Stage::Closed });
        }
        let applies = rule.from.is_empty() || rule.from.iter().any(|from| from == place.status);
        let to = self.with_own_stage(rule.to.as_deref().filter(|_| applies)?)?;
        Some(Place { stage: rule.stage.unwrap_or(to.stage), ..to })
    }

    /// Whether something that turns clocks can ever happen.
    pub(super) fn happens(&self, trigger: &Trigger) -> bool {
        let leads = |from: &dyn Fn(&Place<'_>) -> bool, to: &dyn Fn(&Place<'_>) -> bool| {
            self.reached.iter().filter(|place| from(place)).any(|place| self.out_of(*place).iter().any(to))
        };
        match trigger {
            // Where nothing closes, that is told of the statuses; once is enough.
            Trigger::Registered
            | Trigger::Replied
            | Trigger::Answered
            | Trigger::LineEntered
            | Trigger::Closed => true,
            Trigger::LetterQueued(kind) | Trigger::LetterSent(kind) => {
                self.regulation.letters.iter().any(|rule| rule.kind == *kind)
            }
            Trigger::Asked => self.regulation.verb("ask").is_some(),
            Trigger::Resolved => self.reached.iter().any(|place| place.stage == Stage::Resolved),
            Trigger::Reopened => leads(&|from| from.stage != Stage::Open, &|to| to.stage == Stage::Open),
            Trigger::LineLeft => {
                self.regulation.lines.iter().any(|line| line.routes.iter().any(|to| *to != line.id))
            }
            Trigger::StatusEntered(id) => self.reached.iter().any(|place| place.status == id),
            Trigger::StatusLeft(id) => leads(&|from| from.status == id, &|to| to.status != id),
        }
    }
}

/// Where a clock leads that closes.
fn by_clock<'a>(rule: &'a ClockRule, place: Place<'a>) -> Option<Place<'a>> {
    match &rule.at_end {
        AtEnd::Close { status, .. } if may_end(rule, place) => Some(Place { status, stage: Stage::Closed }),
        AtEnd::Close { .. } | AtEnd::Breach | AtEnd::Tell => None,
    }
}

/// Whether a clock can run out in a place. Where that is hard to tell, it can.
fn may_end(rule: &ClockRule, place: Place<'_>) -> bool {
    let has_term =
        rule.targets.iter().any(|target| matches!(target.term, GivenTerm::Ms(_) | GivenTerm::Days(_)));
    let pauses = rule.pauses_in.iter().any(|id| id == place.status);
    let at_stage = match place.stage {
        Stage::Open => {
            let of_the_answer = rule.starts.iter().all(|start| *start == Trigger::Resolved);
            !(of_the_answer && rule.stops.contains(&Trigger::Reopened))
        }
        Stage::Resolved => {
            let begins = |start: &Trigger| match start {
                Trigger::Resolved => true,
                Trigger::StatusEntered(id) => id == place.status,
                _ => false,
            };
            !rule.stops.contains(&Trigger::Resolved) || rule.starts.iter().any(begins)
        }
        Stage::Closed => false,
    };
    has_term && !pauses && at_stage && in_its_statuses(rule, place)
}

/// A clock that starts where a status is entered and stops where it is left runs nowhere else.
fn in_its_statuses(rule: &ClockRule, place: Place<'_>) -> bool {
    let bound = |start: &Trigger| match start {
        Trigger::StatusEntered(id) => {
            rule.stops.contains(&Trigger::StatusLeft(id.clone())) && id != place.status
        }
        _ => false,
    };
    !rule.starts.iter().all(bound)
}
