//! Settling: what time alone brings about.

use std::sync::Arc;

use calendars::Timestamp;

use super::{Decision, Draft, letters, shifts};
use crate::desk::actor::Actor;
use crate::desk::clocks::{Clock, Metric};
use crate::desk::event::{Event, Fact, Turn};
use crate::desk::index::{Shelved, Timer, TimerKind, timers};
use crate::desk::regulation::AtEnd;
use crate::desk::report::{Month, MonthFigures};
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket, TicketNumber};

/// How long after its deadline a breach is late, in milliseconds: a timer goes off within milliseconds, so the daemon was
/// off then, or did not trust its clock.
const LATE_MS: i64 = 60_000;

/// [`due`], but breaches that are noticed late and together are raised as one alarm.
pub(super) fn due_grouped(desk: &Desk, now: Timestamp) -> Option<(Timestamp, Vec<Fact>)> {
    let (at, mut facts) = due(desk, now)?;
    let late_before = now.plus_ms(-LATE_MS);
    for fact in &mut facts {
        if let Event::Clock { turn: Turn::Breached { at, late }, .. } = &mut fact.event
            && *at < late_before
        {
            *late = desk.late_alarm().is_some() || are_several_late(desk, late_before);
        }
    }
    Some((at, facts))
}

/// Whether more than one clock is to be breached late.
fn are_several_late(desk: &Desk, late_before: Timestamp) -> bool {
    let is_late = |ticket: &Ticket, timer: &Timer| {
        timer.at < late_before
            && timer.kind == TimerKind::End
            && matches!(at_end(desk, ticket, timer.metric), Some(AtEnd::Breach) | None)
    };
    let tickets = desk.index().with_timers_before(late_before).filter_map(|number| desk.ticket(number));
    let late = tickets.flat_map(|ticket| 0..timers(&ticket).filter(|timer| is_late(&ticket, timer)).count());
    late.take(2).count() == 2
}

/// The facts of the earliest shift, clock or shelf that is due at `now`, and the instant they took effect: the deadline's own
/// (R4). Of those at one instant shifts go first, then clocks.
pub(super) fn due(desk: &Desk, now: Timestamp) -> Option<(Timestamp, Vec<Fact>)> {
    let timer = desk.index().first_timer().filter(|(at, _)| *at <= now);
    // Who comes or goes at an instant does so before a term runs out at it: the wall says who is there.
    let of_people = desk.next_turn_of_people().filter(|at| timer.is_none_or(|(timer, _)| *at <= timer));
    let first_shelf = desk.index().shelves().next().map(|shelved| shelved.until);
    if of_people.is_some_and(|at| first_shelf.is_none_or(|until| at <= until))
        && let Some(due) = shifts::due(desk, now)
    {
        return Some(due);
    }
    let shelved = desk.index().shelves().next().filter(|shelved| shelved.until <= now);
    // What happened by its end belongs to the month, so it goes first. A timer goes off a millisecond after its deadline.
    if let Some((month, end)) = desk.month_end().filter(|(_, end)| *end <= now)
        && timer.is_none_or(|(at, _)| end < at)
    {
        return Some((end, vec![month_closed(desk, month)]));
    }
    if let Some(shelved) = shelved
        && timer.is_none_or(|(at, _)| shelved.until < at)
    {
        return Some((shelved.until, vec![unshelved(shelved)]));
    }
    let (at, number) = timer?;
    let ticket = desk.ticket(number).expect("the index holds timers of tickets that are there");
    let at_once = || timers(&ticket).filter(|timer| timer.at == at);
    // What is closed at an instant is done at it, so in time for the terms that end with it (R4): a closing goes first.
    let closing = at_once().filter(|timer| {
        timer.kind == TimerKind::End
            && matches!(at_end(desk, &ticket, timer.metric), Some(AtEnd::Close { .. }))
    });
    let timer = closing.min().or_else(|| at_once().min()).expect("the index has what the ticket has");
    let clock = ticket
        .clocks
        .iter()
        .find(|clock| clock.metric == timer.metric && clock.cycle == timer.cycle)
        .expect("the index holds timers of clocks that are there");
    let deadline = clock.term.deadline.expect("a clock with a timer has a deadline");
    Some(match timer.kind {
        TimerKind::Warn => (timer.at, vec![clock_fact(clock, number, Turn::Warned { deadline })]),
        TimerKind::End => (deadline, end(desk, &ticket, clock, deadline)),
    })
}

/// A month is over: its figures, as they are.
fn month_closed(desk: &Desk, month: Month) -> Fact {
    let figures = desk.tally().month(month).map(|sums| MonthFigures::of(sums, desk.regulations()));
    let figures = Box::new(figures.unwrap_or_default());
    Fact { ticket: None, event: Event::MonthClosed { month, figures } }
}

/// An alarm's time on the shelf is over.
pub(super) fn unshelved(shelved: &Shelved) -> Fact {
    Fact { ticket: shelved.ticket, event: Event::AlarmUnshelved { alarm: shelved.id.clone() } }
}

fn end(desk: &Desk, ticket: &Arc<Ticket>, clock: &Clock, deadline: Timestamp) -> Vec<Fact> {
    match at_end(desk, ticket, clock.metric) {
        // A ticket whose regulation is not loaded keeps its terms: they are facts.
        Some(AtEnd::Breach) | None => {
            vec![clock_fact(clock, ticket.number, Turn::Breached { at: deadline, late: false })]
        }
        Some(AtEnd::Tell) => {
            let mut draft = draft(desk, ticket, deadline);
            draft.push(clock_fact(clock, ticket.number, Turn::RanOut { at: deadline }).event);
            // No clock turns at it, but it is told (BC-7).
            letters::queue(&mut draft);
            draft.facts
        }
        Some(AtEnd::Close { status, reason }) => {
            let mut draft = draft(desk, ticket, deadline);
            draft.push(Event::Clock {
                metric: clock.metric,
                cycle: clock.cycle,
                turn: Turn::RanOut { at: deadline },
            });
            draft.push(Event::Closed { reason: reason.clone(), text: None });
            draft.move_to(status, Some(Stage::Closed), Some(reason.clone()));
            let Decision { facts, .. } = draft.finish();
            facts
        }
    }
}

/// What time makes of a ticket whose regulation has a rule for it.
fn draft<'a>(desk: &'a Desk, ticket: &Arc<Ticket>, at: Timestamp) -> Draft<'a> {
    Draft::of(desk, ticket, &Actor::timer().name, at).expect("the rule came from the ticket's regulation")
}

/// What the ticket's regulation says of the end of a clock; nothing where it is not loaded.
fn at_end<'a>(desk: &'a Desk, ticket: &Ticket, metric: Metric) -> Option<&'a AtEnd> {
    let regulation = desk.regulations().of(&ticket.facts)?;
    regulation.clock(metric).map(|rule| &rule.at_end)
}

fn clock_fact(clock: &Clock, ticket: TicketNumber, turn: Turn) -> Fact {
    Fact { ticket: Some(ticket), event: Event::Clock { metric: clock.metric, cycle: clock.cycle, turn } }
}
