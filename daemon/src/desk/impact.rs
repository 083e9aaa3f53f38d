//! What a version of a regulation does to a ticket: seen before it is applied, and told when it was.

use std::sync::Arc;

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::clocks::{Clock, ClockState, Metric};
use super::refusal::Refusal;
use super::regulation::Regulation;
use super::state::Desk;
use super::ticket::{Stage, Ticket};

/// What becomes of a ticket, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A term of it is used up already: it is breached at once (R6).
    Breached,
    /// The version lacks something that the ticket has: it keeps the version it has.
    DoesNotFit,
    /// A term of it ends earlier, or stands still no more.
    Earlier,
    /// A term of it ends later, stands still, or is no more.
    Later,
    /// Every term of it stays.
    Unchanged,
}

/// Why a clock is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeReason {
    /// The version gives another target.
    Target,
    /// Another calendar counts.
    Calendar,
    /// The calendar has other facts or hours.
    Revision,
    /// The clock stands still in the ticket's status, or does so no more.
    Pause,
    /// The version has no such clock.
    Gone,
}

/// What a clock promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Whether it runs.
    pub state: ClockState,
    /// What is given, in milliseconds of its basis.
    pub target_ms: Option<i64>,
    /// When it runs out; none while it does not run, or without a term.
    pub deadline: Option<Timestamp>,
    calendar: SmolStr,
    revision: SmolStr,
}

impl Promise {
    fn of(clock: &Clock) -> Self {
        Self {
            state: clock.state,
            target_ms: clock.term.target_ms,
            deadline: clock.due(),
            calendar: clock.term.calendar.clone(),
            revision: clock.term.revision.clone(),
        }
    }

    /// Whether people have to do anything at another time. While there is no deadline, the target is the promise.
    fn is_moved_to(&self, after: &Self) -> bool {
        let is_retargeted = after.deadline.is_none() && self.target_ms != after.target_ms;
        self.state != after.state || self.deadline != after.deadline || is_retargeted
    }

    /// Whether there is less time than there was.
    fn is_cut_to(&self, after: &Self) -> bool {
        // No deadline and no target are later than any.
        fn is_sooner<T: Ord>(before: Option<T>, after: Option<T>) -> bool {
            after.is_some_and(|after| before.is_none_or(|before| after < before))
        }
        if self.deadline == after.deadline {
            is_sooner(self.target_ms, after.target_ms)
        } else {
            is_sooner(self.deadline, after.deadline)
        }
    }

    fn reasons(&self, after: &Self) -> Vec<ChangeReason> {
        if after.state == ClockState::Stopped {
            return vec![ChangeReason::Gone];
        }
        let same_calendar = self.calendar == after.calendar;
        let all = [
            (ChangeReason::Target, self.target_ms != after.target_ms),
            (ChangeReason::Calendar, !same_calendar),
            (ChangeReason::Revision, same_calendar && self.revision != after.revision),
            (ChangeReason::Pause, self.state != after.state),
        ];
        all.into_iter().filter_map(|(reason, is_so)| is_so.then_some(reason)).collect()
    }
}

/// What becomes of one clock that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockChange {
    /// What it measures.
    pub metric: Metric,
    /// How often a clock of this metric has started on the ticket, from 1.
    pub cycle: u16,
    /// What it promised.
    pub before: Promise,
    /// What it promises then.
    pub after: Promise,
    /// Whether it is breached by the change.
    pub is_breached: bool,
    /// Why.
    pub why: Vec<ChangeReason>,
}

/// What becomes of a ticket.
#[derive(Clone, Debug)]
pub struct Impact {
    /// In one word.
    pub outcome: Outcome,
    /// Clocks that promise something else, in order of starting.
    pub clocks: Vec<ClockChange>,
    /// Why it does not fit.
    pub refusal: Option<Refusal>,
}

impl Impact {
    /// What became of a ticket.
    pub fn between(before: &Ticket, after: &Ticket) -> Self {
        let clocks: Vec<_> = before.clocks.iter().filter_map(|clock| change(clock, after)).collect();
        let outcome = if clocks.iter().any(|clock| clock.is_breached) {
            Outcome::Breached
        } else if clocks.iter().any(|clock| clock.before.is_cut_to(&clock.after)) {
            Outcome::Earlier
        } else if clocks.is_empty() {
            Outcome::Unchanged
        } else {
            Outcome::Later
        };
        Self { outcome, clocks, refusal: None }
    }

    /// The version does not take the ticket.
    pub fn refused(refusal: Refusal) -> Self {
        Self { outcome: Outcome::DoesNotFit, clocks: Vec::new(), refusal: Some(refusal) }
    }
}

/// What became of a clock that counted; nothing where its promise is the same.
fn change(clock: &Clock, ticket: &Ticket) -> Option<ClockChange> {
    let then = ticket.clocks.iter().find(|then| (then.metric, then.cycle) == (clock.metric, clock.cycle))?;
    let (before, after) = (Promise::of(clock), Promise::of(then));
    // One that ran out by itself meanwhile bears its deadline's own time.
    let by_change = then.breached_at.is_some_and(|at| Some(at) != before.deadline);
    let is_breached = clock.breached_at.is_none() && by_change;
    let is_changed = clock.state != ClockState::Stopped && (is_breached || before.is_moved_to(&after));
    is_changed.then(|| ClockChange {
        metric: clock.metric,
        cycle: clock.cycle,
        is_breached,
        why: before.reasons(&after),
        before,
        after,
    })
}

/// How many tickets become what. A ticket is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sums {
    /// All of them: tickets of the regulation that are not closed.
    pub tickets: u32,
    /// Every term stays.
    pub unchanged: u32,
    /// Some term ends at another time, and none is breached by it.
    pub moved: u32,
    /// Some term is breached at once.
    pub breached: u32,
    /// The version does not take them: they keep the one they have.
    pub does_not_fit: u32,
}

impl Sums {
    /// Counts one ticket more.
    pub fn add(&mut self, outcome: Outcome) {
        self.tickets += 1;
        *match outcome {
            Outcome::Breached => &mut self.breached,
            Outcome::DoesNotFit => &mut self.does_not_fit,
            Outcome::Earlier | Outcome::Later => &mut self.moved,
            Outcome::Unchanged => &mut self.unchanged,
        } += 1;
    }
}

impl Desk {
    /// What would become of a ticket under a version of its regulation. The version need not be one the desk runs.
    pub fn impact(&self, ticket: &Arc<Ticket>, to: &Arc<Regulation>, now: Timestamp) -> Impact {
        match self.preview_regulation(ticket, to, now) {
            Ok((_, after)) => Impact::between(ticket, &after),
            Err(refusal) => Impact::refused(refusal),
        }
    }
}

impl Ticket {
    /// Whether a version of this regulation may be applied to it.
    pub fn is_open_under(&self, regulation: &str) -> bool {
        self.stage != Stage::Closed && self.facts.regulation == regulation
    }
}
