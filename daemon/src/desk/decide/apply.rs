//! Putting an open ticket under another version of its regulation, or under its calendars as they stand now.
//!
//! A ticket keeps what was promised when it was opened until an admin applies something else. Then each clock that
//! counts is derived anew by the version given, with the time it has used, and the events say why. What an agent has
//! promised (an estimate, an extension) stays, where the version still has a place for it; what has run out stays as it
//! was promised, where it would have run out by now all the same. Applied twice, the second time changes nothing.
//!
//! Only terms are derived. Priority, status and line stay what people made them.

use std::sync::Arc;

use calendars::{Calendar, Timestamp};

use super::clocks::{Given, breach_if_used_up, keeps, term};
use super::{Decision, Draft, in_scope, need};
use crate::desk::actor::{Actor, Role};
use crate::desk::clocks::{Clock, ClockState, calendar_name};
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
    in_scope(actor, &ticket)?;
    let id = &ticket.facts.regulation;
    let to = desk.regulations().version(id, version).ok_or_else(|| Refusal::NotFound {
        what: "version of the regulation",
        id: format!("{id} {version}"),
    })?;
    Ok(derive(desk, &ticket, to, &actor.name, at)?.0)
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
    let nothing = || (Decision { ticket: Some(ticket.number), facts: Vec::new() }, Ticket::clone(ticket));
    if ticket.stage == Stage::Closed {
        return Ok(nothing());
    }
    fits(ticket, &draft.regulation, to)?;
    let counting = ticket.clocks.iter().filter(|clock| clock.state != ClockState::Stopped);
    let counting: Vec<_> = counting.map(|clock| (clock, used(&draft, clock))).collect();
    let from = ticket.facts.version.clone();
    let is_other = from != to.version;
    draft.regulation = Arc::clone(to);
    draft.push(Event::RegulationApplied { from, to: to.version.clone() });
    for (clock, used_ms) in counting {
        derive_clock(&mut draft, to, clock, used_ms, is_other);
    }
    let (decision, becomes) = draft.finish_with_ticket();
    // The version it had, and nothing has come of it: it did not happen.
    let is_idle = !is_other && decision.facts.len() == 1;
    Ok(if is_idle { nothing() } else { (decision, becomes) })
}

/// What a clock has used by now, by the version the ticket has worked by; by another that has its calendar, where that
/// version is there no more.
fn used(draft: &Draft<'_>, clock: &Clock) -> i64 {
    let calendar = draft.regulation.calendar(clock.calendar_id());
    let calendar = calendar.or_else(|| draft.desk.regulations().calendar_of(&clock.term));
    calendar.map_or(clock.used_ms, |calendar| clock.used_at(calendar, draft.at))
}

/// Gives a clock that counts the term it has under the version.
fn derive_clock(draft: &mut Draft<'_>, to: &Regulation, clock: &Clock, used_ms: i64, is_other: bool) {
    let turn = |turn| Event::Clock { metric: clock.metric, cycle: clock.cycle, turn };
    let Some(rule) = to.clock(clock.metric) else {
        draft.push(turn(Turn::Stopped { used_ms }));
        return;
    };
    let facts = &draft.ticket.facts;
    let target = to.target_of(rule, &draft.ticket, clock.cycle);
    let is = target.map_or(GivenTerm::None, |target| target.term);
    let calendar = to.calendar_for(rule, facts);
    let is_kept = clock.planned.is_some_and(|planned| keeps(to, planned, is, facts));
    let (why, term) = if is_kept {
        (TermReason::CalendarRevised, kept(to, rule, calendar, clock, used_ms, draft.at))
    } else {
        let given = Given::anew(rule, target, calendar, clock);
        let term = settled(term(to, rule, calendar, given, used_ms, draft.at), clock, used_ms, draft.at);
        // Days come to another time by another calendar; hours do so only where the file gives others.
        let same_calendar = (&term.calendar, &term.revision) == (&clock.term.calendar, &clock.term.revision);
        let is_by_calendar = !same_calendar && matches!(is, GivenTerm::Days(_));
        let other_target = term.target_ms != clock.term.target_ms && !is_by_calendar;
        let why = match (is_other, other_target || clock.planned.is_some()) {
            (true, _) => TermReason::Regulation,
            (false, true) => TermReason::Derived,
            (false, false) => TermReason::CalendarRevised,
        };
        (why, term)
    };
    if term == clock.term {
        return;
    }
    let target_ms = term.target_ms;
    draft.push(turn(Turn::Retargeted { used_ms, why, began_at: None, term }));
    if !is_kept {
        breach_if_used_up(draft, rule, clock, target_ms, used_ms);
    }
}

/// What an agent promised: its instant stays, and where other working time counts now, the time up to it is reckoned by
/// that.
fn kept(
    to: &Regulation,
    rule: &ClockRule,
    calendar: &Calendar,
    clock: &Clock,
    used_ms: i64,
    now: Timestamp,
) -> Term {
    let mut term = clock.term.clone();
    let name = calendar_name(&to.id, calendar.id());
    if (name.as_str(), calendar.revision()) == (term.calendar.as_str(), term.revision.as_str()) {
        return term;
    }
    term.calendar = name;
    term.revision = calendar.revision().into();
    if let Some(deadline) = term.deadline.filter(|deadline| *deadline > now) {
        term.target_ms = Some(used_ms.saturating_add(rule.basis.elapsed(calendar, now, deadline)));
    }
    term
}

/// The term as the clock can have it: one that stands still has no deadline (R7), one that ran out keeps the deadline it
/// missed where it would have run out by now all the same, and nobody is warned twice of one deadline.
fn settled(mut term: Term, clock: &Clock, used_ms: i64, now: Timestamp) -> Term {
    let was = &clock.term;
    if clock.state == ClockState::Paused {
        term.deadline = None;
        term.warn_at = None;
    } else if clock.ran_out && term.target_ms.is_some_and(|target_ms| used_ms >= target_ms) {
        term.deadline = was.deadline;
        term.warn_at = was.warn_at;
        term.provisional = was.provisional;
    } else if let (Some(old), Some(new)) = (was.warn_at, term.warn_at)
        && old <= now
        && new <= now
    {
        term.warn_at = Some(old);
    }
    term
}

/// Whether the version has everything that the ticket has.
fn fits(ticket: &Ticket, from: &Regulation, to: &Regulation) -> Result<(), Refusal> {
    let Some(lack) = lack(ticket, from, to) else { return Ok(()) };
    let facts = &ticket.facts;
    Err(Refusal::Conflict {
        code: "does-not-fit",
        message: format!(
            "version {} of {} {lack}; ticket {} keeps version {}",
            to.version, to.id, ticket.number, facts.version
        ),
        ticket: Some(ticket.number),
        status: Some(facts.status.clone()),
    })
}

/// The first thing that the ticket has and the version has not, or has otherwise.
fn lack(ticket: &Ticket, from: &Regulation, to: &Regulation) -> Option<String> {
    let facts = &ticket.facts;
    let needed = [
        ("type", facts.kind.as_str(), to.kind(&facts.kind).is_some()),
        ("priority", &facts.priority, to.priority(&facts.priority).is_some()),
        ("status", &facts.status, to.status(&facts.status).is_some()),
        ("channel", &facts.channel, to.channel(&facts.channel).is_some()),
    ];
    if let Some((what, id, _)) = needed.iter().find(|(_, _, is_there)| !is_there) {
        return Some(format!("has no {what} `{id}`"));
    }
    let open = ticket.escalations.iter().filter(|escalation| escalation.is_open());
    if let Some(lost) = open.map(|escalation| &escalation.topic).find(|topic| to.topic(topic).is_none()) {
        return Some(format!("has no topic `{lost}`, on which a department is asked"));
    }
    if to.line(facts.line).is_none() {
        return Some(format!("has no line {}", facts.line));
    }
    let stage = |regulation: &Regulation| regulation.status(&facts.status).map(|status| status.stage);
    if stage(from).is_some_and(|was| stage(to) != Some(was)) {
        return Some(format!("has the status `{}` at another stage", facts.status));
    }
    // A clock that stopped may run on where the ticket is returned.
    let is_counted =
        |clock: &Clock, rule: &ClockRule| clock.state != ClockState::Stopped || !rule.reopens.is_empty();
    let in_other_basis = |clock: &&Clock| {
        to.clock(clock.metric).is_some_and(|rule| rule.basis != clock.basis && is_counted(clock, rule))
    };
    let clock = ticket.latest_clocks().find(in_other_basis)?;
    Some(format!("counts the clock `{}` in another basis", clock.metric))
}
