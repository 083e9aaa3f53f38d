//! The clocks take their turns: after a command, each clock of the regulation starts, stops, pauses, resumes or gets
//! another term, by what happened and by what the ticket has become.

use std::sync::Arc;

use calendars::{Calendar, Timestamp};
use smol_str::SmolStr;

use super::{Draft, escalate};
use crate::desk::clocks::{Basis, Clock, ClockState, Planned, calendar_name};
use crate::desk::event::{Event, Registered, Term, TermReason, Turn};
use crate::desk::regulation::{AtEnd, ClockRule, GivenTerm, Regulation, Target, Trigger, VerbRule};
use crate::desk::ticket::Ticket;

/// Lets every clock of the ticket's regulation take its turn.
pub(super) fn turn(draft: &mut Draft<'_>) {
    let regulation = draft.regulation.clone();
    escalate::withdraw(draft, &regulation);
    for rule in &regulation.clocks {
        if regulation.is_of_topics(rule) {
            escalate::turn(draft, &regulation, rule);
        } else {
            turn_one(draft, &regulation, rule);
        }
    }
}

fn turn_one(draft: &mut Draft<'_>, regulation: &Regulation, rule: &ClockRule) {
    let happened = |triggers: &[Trigger]| draft.triggers.iter().any(|trigger| triggers.contains(trigger));
    let (starts, stops, reopens) = (happened(&rule.starts), happened(&rule.stops), happened(&rule.reopens));
    let pausing = rule.pauses_in.contains(&draft.ticket.facts.status);

    let counting =
        draft.ticket.clock(rule.metric).filter(|clock| clock.state != ClockState::Stopped).cloned();
    // What stops it for good goes before what would begin it anew.
    let restarts = counting.is_some() && !stops && happened(&rule.restarts);
    if let Some(clock) = counting.filter(|_| stops || restarts) {
        stop(draft, regulation, &clock);
    }
    let latest = draft.ticket.clock(rule.metric).cloned();
    match latest {
        Some(clock) if clock.state == ClockState::Stopped => {
            if reopens {
                reopen(draft, regulation, rule, &clock);
            } else if starts || restarts {
                start(draft, regulation, rule, clock.cycle + 1);
            }
        }
        None if starts => start(draft, regulation, rule, 1),
        Some(_) | None => {}
    }
    let Some(clock) = draft.ticket.clock(rule.metric).cloned() else { return };
    match (clock.state, pausing) {
        (ClockState::Running, true) => {
            retarget(draft, regulation, rule, &clock);
            let used_ms = used(draft, regulation, &clock);
            push(draft, &clock, Turn::Paused { used_ms });
        }
        (ClockState::Paused, false) => {
            retarget(draft, regulation, rule, &clock);
            let clock = draft.ticket.clock(rule.metric).cloned().unwrap_or(clock);
            resume(draft, regulation, rule, &clock);
        }
        (ClockState::Running, false) | (ClockState::Paused, true) => {
            retarget(draft, regulation, rule, &clock);
        }
        (ClockState::Stopped, _) => {}
    }
}

fn push(draft: &mut Draft<'_>, clock: &Clock, turn: Turn) {
    draft.push(Event::Clock { metric: clock.metric, cycle: clock.cycle, turn });
}

/// What a clock has used by now, under the calendar it has run under.
fn used(draft: &Draft<'_>, regulation: &Regulation, clock: &Clock) -> i64 {
    match regulation.calendar(clock.calendar_id()) {
        Some(calendar) => clock.used_at(calendar, draft.at),
        None => clock.used_ms,
    }
}

pub(super) fn stop(draft: &mut Draft<'_>, regulation: &Regulation, clock: &Clock) {
    let used_ms = used(draft, regulation, clock);
    push(draft, clock, Turn::Stopped { used_ms });
}

fn start(draft: &mut Draft<'_>, regulation: &Regulation, rule: &ClockRule, cycle: u16) {
    if let Some(target) = regulation.target(rule, &draft.ticket.facts) {
        start_with(draft, regulation, rule, target, cycle);
    }
}

/// Starts a clock with this target.
pub(super) fn start_with(
    draft: &mut Draft<'_>,
    regulation: &Regulation,
    rule: &ClockRule,
    target: &Target,
    cycle: u16,
) {
    let calendar = regulation.calendar_for(rule, &draft.ticket.facts);
    let given = Given::derived(rule, Some(target), calendar, draft.at);
    let term = term(regulation, rule, calendar, given, 0, draft.at);
    draft.push(Event::Clock { metric: rule.metric, cycle, turn: Turn::Started { basis: rule.basis, term } });
}

/// A stopped clock runs on, under the target that the ticket has by now (R6): it may have been reclassified while it
/// was stopped. Where the ticket has no such term any more, as on a line without one, the clock stays stopped.
fn reopen(draft: &mut Draft<'_>, regulation: &Regulation, rule: &ClockRule, clock: &Clock) {
    let facts = &draft.ticket.facts;
    let Some(target) = regulation.target(rule, facts) else { return };
    let calendar = regulation.calendar_for(rule, facts);
    let planned = clock.planned.is_some_and(|planned| keeps(regulation, planned, target.term, facts));
    // As many days as before are worth what they were, also on another line's calendar (R5).
    let as_before = target.term.days().is_some_and(|days| clock.term.days == Some(days));
    let given = if planned || as_before {
        Given::of(clock)
    } else {
        Given::anew(rule, Some(target), calendar, clock)
    };
    let target_ms = given.target_ms;
    let term = term(regulation, rule, calendar, given, clock.used_ms, draft.at);
    push(draft, clock, Turn::Resumed { used_ms: clock.used_ms, term });
    breach_if_used_up(draft, rule, clock, target_ms, clock.used_ms);
}

/// A paused clock runs on from its used time.
fn resume(draft: &mut Draft<'_>, regulation: &Regulation, rule: &ClockRule, clock: &Clock) {
    let calendar = regulation.calendar_for(rule, &draft.ticket.facts);
    let term = term(regulation, rule, calendar, Given::of(clock), clock.used_ms, draft.at);
    push(draft, clock, Turn::Resumed { used_ms: clock.used_ms, term });
}

/// Another target (R6) or another calendar (R5) where what was decided leads to one.
pub(super) fn retarget(draft: &mut Draft<'_>, regulation: &Regulation, rule: &ClockRule, clock: &Clock) {
    let is_as_old = |before: &&Arc<Ticket>| {
        before.clocks.iter().any(|old| (old.metric, old.cycle) == (clock.metric, clock.cycle))
    };
    // What has started by this very command has its term.
    let Some(before) = draft.before.as_ref().filter(is_as_old) else { return };
    let after = &draft.ticket.facts;
    let calendar = regulation.calendar_for(rule, after);
    let target = regulation.target_of(rule, &draft.ticket, clock.cycle);
    let given = |target: Option<&Target>| target.map_or(GivenTerm::None, |target| target.term);
    let (was, is) = (given(regulation.target_of(rule, before, clock.cycle)), given(target));
    let other_calendar = clock.calendar_id() != calendar.id();
    let lost = clock.planned.is_some_and(|planned| !keeps(regulation, planned, is, after));
    if was == is && !other_calendar && !lost {
        return;
    }
    let used_ms = used(draft, regulation, clock);
    let (why, given) = if was == is && !lost {
        (TermReason::Calendar, Given::of(clock))
    } else {
        (TermReason::Derived, Given::anew(rule, target, calendar, clock))
    };
    let target_ms = given.target_ms;
    let mut term = term(regulation, rule, calendar, given, used_ms, draft.at);
    if clock.state == ClockState::Paused {
        term.deadline = None;
        term.warn_at = None;
    }
    push(draft, clock, Turn::Retargeted { used_ms, why, began_at: None, term });
    breach_if_used_up(draft, rule, clock, target_ms, used_ms);
}

/// Whether a term stays that an agent planned: an estimate where the regulation asks for one (ZS-5d, BC-3), an extension
/// for the types it may be given for (GM-5.18).
pub(super) fn keeps(regulation: &Regulation, planned: Planned, is: GivenTerm, facts: &Registered) -> bool {
    let may_extend = |rule: &VerbRule| rule.types.is_empty() || rule.types.contains(&facts.kind);
    match planned {
        Planned::Estimated => is == GivenTerm::Estimate,
        Planned::Extended => regulation.verb("extend").is_some_and(may_extend),
    }
}

/// A term moved below what is used is broken at once, at the time of the change (R6). A clock that ends otherwise has
/// its deadline at that time, and is settled like any other.
pub(super) fn breach_if_used_up(
    draft: &mut Draft<'_>,
    rule: &ClockRule,
    clock: &Clock,
    target_ms: Option<i64>,
    used_ms: i64,
) {
    let breaks = rule.at_end == AtEnd::Breach && clock.breached_at.is_none();
    if breaks && target_ms.is_some_and(|target_ms| used_ms > target_ms) {
        let at = draft.at;
        push(draft, clock, Turn::Breached { at, late: false });
    }
}

/// A given term in milliseconds of the basis. Days are reckoned from the day the clock started (R3).
fn target_ms(given: GivenTerm, basis: Basis, calendar: &Calendar, started_at: Timestamp) -> Option<i64> {
    match given {
        GivenTerm::None | GivenTerm::Estimate => None,
        GivenTerm::Ms(ms) => Some(ms),
        GivenTerm::Days(days) => Some(days_ms(days, basis, calendar, started_at)),
    }
}

/// What days are worth to a clock that started at `started_at`, in milliseconds of the basis (R3).
pub(super) fn days_ms(days: u32, basis: Basis, calendar: &Calendar, started_at: Timestamp) -> i64 {
    let deadline = if basis.is_working() {
        calendar.add_working_days(started_at, days)
    } else {
        calendar.add_calendar_days(started_at, days)
    };
    basis.elapsed(calendar, started_at, deadline.at)
}

/// How much time is given, and by which clause.
pub(super) struct Given {
    /// In milliseconds of the basis; none where there is no term.
    pub(super) target_ms: Option<i64>,
    /// In days, where the regulation gives days.
    pub(super) days: Option<u32>,
    pub(super) clause: Option<SmolStr>,
    /// When the clock was breached before, under whatever it was given then.
    pub(super) breached_at: Option<Timestamp>,
}

impl Given {
    /// What the clock has been given.
    pub(super) fn of(clock: &Clock) -> Self {
        let Term { target_ms, days, clause, .. } = &clock.term;
        Self { target_ms: *target_ms, days: *days, clause: clause.clone(), breached_at: clock.breached_at }
    }

    /// What the regulation gives a clock that started at `started_at`.
    fn derived(
        rule: &ClockRule,
        target: Option<&Target>,
        calendar: &Calendar,
        started_at: Timestamp,
    ) -> Self {
        let given = target.map_or(GivenTerm::None, |target| target.term);
        Self {
            target_ms: target_ms(given, rule.basis, calendar, started_at),
            days: given.days(),
            clause: target.and_then(|target| Regulation::clause_of(rule, target)),
            breached_at: None,
        }
    }

    /// The same for a clock that has been running.
    pub(super) fn anew(
        rule: &ClockRule,
        target: Option<&Target>,
        calendar: &Calendar,
        clock: &Clock,
    ) -> Self {
        let breached_at = clock.breached_at;
        Self { breached_at, ..Self::derived(rule, target, calendar, clock.started_at) }
    }
}

/// The promise: when what is left is used up, counted from now. One that was broken before and has nothing left ran out
/// when it was broken (R4), however often it has stood still since.
pub(super) fn term(
    regulation: &Regulation,
    rule: &ClockRule,
    calendar: &Calendar,
    given: Given,
    used_ms: i64,
    now: Timestamp,
) -> Term {
    let target_ms = given.target_ms;
    let mut term = Term {
        target_ms,
        days: given.days,
        clause: given.clause,
        calendar: calendar_name(&regulation.id, calendar.id()),
        revision: calendar.revision().into(),
        deadline: None,
        warn_at: None,
        provisional: false,
    };
    let broken = given.breached_at.filter(|at| *at < now);
    if let Some(target_ms) = target_ms {
        if let Some(at) = broken.filter(|_| used_ms >= target_ms) {
            term.deadline = Some(at);
            return term;
        }
        let left_ms = (target_ms - used_ms).max(0);
        let (deadline, provisional) = rule.basis.advance(calendar, now, left_ms);
        term.deadline = Some(deadline);
        term.provisional = provisional;
        term.warn_at = rule
            .warn_before
            .map(|warn| rule.basis.advance(calendar, now, (left_ms - warn.ms(target_ms)).max(0)).0);
    }
    term
}
