//! Putting an open ticket under another version of its regulation, or under its calendars as they stand now.
//!
//! A ticket keeps what was promised when it was opened until an admin applies something else. Then each clock that
//! counts is derived anew by the version given, with the time it has used, and the events say why. What an agent has
//! promised (an estimate, an extension) stays, where the version still has a place for it.

use std::sync::Arc;

use calendars::Timestamp;

use super::clocks::{Given, breach_if_used_up, keeps, term, used};
use super::{Decision, Draft, need};
use crate::desk::actor::{Actor, Role};
use crate::desk::clocks::{Clock, ClockState};
use crate::desk::event::{Event, Term, TermReason, Turn};
use crate::desk::refusal::Refusal;
use crate::desk::regulation::{ClockRule, GivenTerm, Regulation};
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket, TicketNumber};

pub(super) fn decide(
    desk: &Desk,
    number: TicketNumber,
    version: &str,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    need(actor, Role::Admin, "applying a regulation")?;
    let ticket =
        desk.ticket(number).ok_or_else(|| Refusal::NotFound { what: "ticket", id: number.to_string() })?;
    let id = &ticket.facts.regulation;
    let to = desk.regulations().version(id, version).ok_or_else(|| Refusal::NotFound {
        what: "version of the regulation",
        id: format!("{id} {version}"),
    })?;
    Ok(derive(desk, ticket, to, &actor.name, at)?.0)
}

pub(super) fn preview(
    desk: &Desk,
    ticket: &Arc<Ticket>,
    to: &Arc<Regulation>,
    now: Timestamp,
) -> Result<(Decision, Ticket), Refusal> {
    derive(desk, ticket, to, "", desk.stamp(now))
}

fn derive(
    desk: &Desk,
    ticket: &Arc<Ticket>,
    to: &Arc<Regulation>,
    by: &str,
    at: Timestamp,
) -> Result<(Decision, Ticket), Refusal> {
    let mut draft = Draft::of(desk, ticket, by, at)?;
    if ticket.stage == Stage::Closed {
        return Ok((Decision { ticket: Some(ticket.number), facts: Vec::new() }, draft.ticket));
    }
    fits(ticket, to)?;
    let counting = ticket.clocks.iter().filter(|clock| clock.state != ClockState::Stopped);
    let used: Vec<(Clock, i64)> =
        counting.map(|clock| (clock.clone(), used(&draft, &draft.regulation, clock))).collect();
    let from = ticket.facts.version.clone();
    let why = if from == to.version { TermReason::CalendarRevised } else { TermReason::Regulation };
    draft.regulation = Arc::clone(to);
    let mut turns = Vec::new();
    for (clock, used_ms) in &used {
        if let Some(turn) = turn(&draft, to, clock, *used_ms, why) {
            turns.push((clock, *used_ms, turn));
        }
    }
    if turns.is_empty() && from == to.version {
        return Ok((Decision { ticket: Some(ticket.number), facts: Vec::new() }, draft.ticket));
    }
    draft.push(Event::RegulationApplied { from, to: to.version.clone() });
    for (clock, used_ms, turn) in turns {
        let target_ms = match &turn {
            Turn::Retargeted { term, .. } => term.target_ms,
            _ => None,
        };
        draft.push(Event::Clock { metric: clock.metric, cycle: clock.cycle, turn });
        if let Some(rule) = to.clock(clock.metric) {
            breach_if_used_up(&mut draft, rule, clock, target_ms, used_ms);
        }
    }
    Ok(draft.finish_with_ticket())
}

/// The turn a clock takes under the version, if it takes one.
fn turn(draft: &Draft<'_>, to: &Regulation, clock: &Clock, used_ms: i64, why: TermReason) -> Option<Turn> {
    let Some(rule) = to.clock(clock.metric) else { return Some(Turn::Stopped { used_ms }) };
    let facts = &draft.ticket.facts;
    let target = to.target(rule, facts);
    let is = target.map_or(GivenTerm::None, |target| target.term);
    if clock.planned.is_some_and(|planned| keeps(to, planned, is, facts)) {
        return None;
    }
    let calendar = to.calendar_for(rule, facts);
    let given = Given::derived(rule, target, calendar, clock.started_at);
    let term = standing(term(to, rule, calendar, given, used_ms, draft.at), clock);
    let same = |a: &Term, b: &Term| {
        (a.target_ms, a.deadline, &a.calendar, &a.revision)
            == (b.target_ms, b.deadline, &b.calendar, &b.revision)
    };
    (!same(&term, &clock.term)).then_some(Turn::Retargeted { used_ms, why, term })
}

/// A term of a clock that stands still has no deadline (R7).
fn standing(mut term: Term, clock: &Clock) -> Term {
    if clock.state == ClockState::Paused {
        term.deadline = None;
        term.warn_at = None;
    }
    term
}

/// Whether the version has everything that the ticket has.
fn fits(ticket: &Ticket, to: &Regulation) -> Result<(), Refusal> {
    let facts = &ticket.facts;
    let lacks = [
        ("type", facts.kind.as_str(), to.kind(&facts.kind).is_some()),
        ("priority", &facts.priority, to.priority(&facts.priority).is_some()),
        ("status", &facts.status, to.status(&facts.status).is_some()),
        ("channel", &facts.channel, to.channel(&facts.channel).is_some()),
    ];
    let missing = lacks.iter().find(|(_, _, there)| !there).map(|(what, id, _)| format!("{what} `{id}`"));
    let missing = missing.or_else(|| to.line(facts.line).is_none().then(|| format!("line {}", facts.line)));
    let other_basis = |clock: &&Clock| {
        let rule: Option<&ClockRule> = to.clock(clock.metric);
        clock.state != ClockState::Stopped && rule.is_some_and(|rule| rule.basis != clock.basis)
    };
    let what = match (missing, ticket.clocks.iter().find(other_basis)) {
        (Some(missing), _) => format!("has no {missing}"),
        (None, Some(clock)) => format!("counts the clock `{}` in another basis", clock.metric),
        (None, None) => return Ok(()),
    };
    Err(Refusal::Conflict {
        code: "does-not-fit",
        message: format!(
            "version {} of {} {what}; ticket {} keeps version {}",
            to.version, to.id, ticket.number, facts.version
        ),
        ticket: Some(ticket.number),
        status: Some(facts.status.clone()),
    })
}
