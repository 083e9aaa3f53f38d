//! Planned terms: `estimate` and `extend`, by which an agent promises an instant.

use calendars::Timestamp;
use smol_str::SmolStr;

use super::acts::{for_type, in_regulation, reason};
use super::clocks::{Given, breach_if_used_up, term};
use super::{Draft, Wrong};
use crate::desk::clocks::{Clock, ClockState, Metric, Planned};
use crate::desk::command::{Estimate, Extend};
use crate::desk::event::{Event, TermReason, Turn};
use crate::desk::refusal::Refusal;
use crate::desk::regulation::{ClockRule, GivenTerm, Regulation};

/// How far ahead a planned term may lie, in milliseconds: ten years.
const PLANNED_MAX_MS: i64 = 3_653 * 86_400_000;

/// Promises a term where the regulation leaves it to an estimate (ZS-5d, BC-3).
pub(super) fn estimate(draft: &mut Draft<'_>, estimate: &Estimate) -> Result<(), Refusal> {
    let regulation = draft.regulation.clone();
    let found = resolution(draft, &regulation);
    let asked = found.and_then(|(rule, clock)| {
        let target = regulation.target(rule, &draft.ticket.facts)?;
        (target.term == GivenTerm::Estimate).then_some((rule, clock, target))
    });
    let Some((rule, clock, target)) = asked else {
        return Err(Refusal::conflict(
            "no-estimate",
            format!(
                "the term of a ticket of type `{}` does not follow from an estimate in regulation {}",
                draft.ticket.facts.kind, regulation.id
            ),
        ));
    };
    let mut wrong = Wrong::default();
    let deadline = planned(estimate.deadline.as_ref(), draft.at, &mut wrong);
    let reason = if clock.planned == Some(Planned::Estimated) {
        Some(reason(&regulation, "estimate", estimate.reason.as_ref(), &mut wrong))
    } else {
        wrong.optional_text("reason", estimate.reason.as_ref())
    };
    wrong.done()?;
    draft.push(Event::Estimated { deadline, reason });
    let clause = Regulation::clause_of(rule, target);
    plan(draft, &regulation, (rule, &clock), deadline, (TermReason::Estimated, clause));
    Ok(())
}

/// Promises a later term (GM-5.18, BC-3).
pub(super) fn extend(draft: &mut Draft<'_>, extend: &Extend) -> Result<(), Refusal> {
    in_regulation(draft, "extend")?;
    for_type(draft, "extend")?;
    let mut wrong = Wrong::default();
    let deadline = planned(extend.deadline.as_ref(), draft.at, &mut wrong);
    let reason = reason(&draft.regulation, "extend", extend.reason.as_ref(), &mut wrong);
    let text = wrong.text("text", extend.text.as_ref());
    wrong.done()?;
    let regulation = draft.regulation.clone();
    let Some((rule, clock)) = resolution(draft, &regulation) else {
        return Err(Refusal::conflict(
            "no-term",
            "this ticket has no resolution term that could be extended",
        ));
    };
    let target = regulation.target(rule, &draft.ticket.facts);
    if clock.term.target_ms.is_none() && target.is_some_and(|target| target.term == GivenTerm::Estimate) {
        return Err(Refusal::conflict("no-term", "this ticket has no term yet; `estimate` gives it one"));
    }
    if let Some(current) = clock.due().filter(|current| deadline <= *current) {
        let current = current.to_rfc3339(regulation.zone);
        return Err(Refusal::field("deadline", format!("is not later than the present deadline {current}")));
    }
    // While it stands still there is no deadline, but what is left of the promise would end then.
    let calendar = regulation.calendar_for(rule, &draft.ticket.facts);
    let left_ms = clock.term.target_ms.map(|target_ms| target_ms - clock.used_ms);
    let would_end = left_ms
        .filter(|_| clock.state == ClockState::Paused)
        .map(|left_ms| rule.basis.advance(calendar, draft.at, left_ms.max(0)).0);
    if let Some(would_end) = would_end.filter(|would_end| deadline <= *would_end) {
        let would_end = would_end.to_rfc3339(regulation.zone);
        let message = format!(
            "is not later than the present term: the clock stands still, and if it ran on now it would end at {would_end}"
        );
        return Err(Refusal::field("deadline", message));
    }
    draft.push(Event::Extended { deadline, reason, text });
    let clause = regulation.verb("extend").and_then(|rule| rule.clause.as_ref()).map(SmolStr::from);
    plan(draft, &regulation, (rule, &clock), deadline, (TermReason::Extended, clause));
    Ok(())
}

/// A planned term as a command gives it: an instant ahead, at most ten years.
fn planned(given: Option<&String>, at: Timestamp, wrong: &mut Wrong) -> Timestamp {
    let deadline = match given.map(|text| Timestamp::parse_rfc3339(text)) {
        Some(Ok(deadline)) => deadline,
        Some(Err(error)) => {
            wrong.add("deadline", error.to_string());
            return at;
        }
        None => {
            wrong.add("deadline", "is required, such as 2026-11-30T18:00:00+03:00");
            return at;
        }
    };
    if deadline <= at {
        wrong.add("deadline", "is past; a planned term lies ahead");
    } else if deadline.ms_since(at) > PLANNED_MAX_MS {
        wrong.add("deadline", "is more than ten years ahead");
    }
    deadline
}

/// The resolution clock and its rule, where the ticket has one that counts.
fn resolution<'r>(draft: &Draft<'_>, regulation: &'r Regulation) -> Option<(&'r ClockRule, Clock)> {
    let clock = draft.ticket.clock(Metric::Resolution)?;
    (clock.state != ClockState::Stopped)
        .then(|| Some((regulation.clock(Metric::Resolution)?, clock.clone())))?
}

/// Gives the resolution clock the term that an agent planned.
fn plan(
    draft: &mut Draft<'_>,
    regulation: &Regulation,
    (rule, clock): (&ClockRule, &Clock),
    deadline: Timestamp,
    (why, clause): (TermReason, Option<SmolStr>),
) {
    let calendar = regulation.calendar_for(rule, &draft.ticket.facts);
    let used_ms = clock.used_at(calendar, draft.at);
    let target_ms = used_ms.saturating_add(rule.basis.elapsed(calendar, draft.at, deadline));
    let given = Given { target_ms: Some(target_ms), days: None, clause, breached_at: None };
    let mut term = term(regulation, rule, calendar, given, used_ms, draft.at);
    // The requester was told this instant, also where it lies outside working hours.
    term.deadline = (clock.state == ClockState::Running).then_some(deadline);
    term.warn_at = term.warn_at.filter(|_| clock.state == ClockState::Running);
    let turn = Turn::Retargeted { used_ms, why, began_at: None, term };
    draft.push(Event::Clock { metric: clock.metric, cycle: clock.cycle, turn });
    breach_if_used_up(draft, rule, clock, Some(target_ms), used_ms);
}
