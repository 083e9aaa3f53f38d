//! Settling: what time alone brings about.

use std::sync::Arc;

use calendars::Timestamp;

use super::{Decision, Draft};
use crate::desk::actor::Actor;
use crate::desk::clocks::{Clock, Metric};
use crate::desk::event::{Event, Fact, Turn};
use crate::desk::index::TimerKind;
use crate::desk::regulation::AtEnd;
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket, TicketNumber};

/// The facts of the earliest clock that is due at `now`, and the instant they took effect: the deadline's own (R4).
pub(super) fn due(desk: &Desk, now: Timestamp) -> Option<(Timestamp, Vec<Fact>)> {
    let timer = desk.index().first_timer().filter(|timer| timer.at <= now)?;
    let ticket = desk.ticket(timer.ticket).expect("the index holds timers of tickets that are there");
    // What is closed at an instant is done at it, so in time for the terms that end with it (R4): a closing goes first.
    let closing = desk.index().first_timers().find(|timer| {
        timer.kind == TimerKind::End
            && matches!(at_end(desk, &ticket, timer.metric), Some(AtEnd::Close { .. }))
    });
    let timer = closing.unwrap_or(timer);
    let clock = ticket
        .clocks
        .iter()
        .find(|clock| clock.metric == timer.metric && clock.cycle == timer.cycle)
        .expect("the index holds timers of clocks that are there");
    let deadline = clock.term.deadline.expect("a clock with a timer has a deadline");
    Some(match timer.kind {
        TimerKind::Warn => (timer.at, vec![clock_fact(clock, timer.ticket, Turn::Warned { deadline })]),
        TimerKind::End => (deadline, end(desk, &ticket, clock, deadline)),
    })
}

fn end(desk: &Desk, ticket: &Arc<Ticket>, clock: &Clock, deadline: Timestamp) -> Vec<Fact> {
    match at_end(desk, ticket, clock.metric) {
        // A ticket whose regulation is not loaded keeps its terms: they are facts.
        Some(AtEnd::Breach) | None => vec![clock_fact(clock, ticket.number, Turn::Breached { at: deadline })],
        Some(AtEnd::Tell) => vec![clock_fact(clock, ticket.number, Turn::RanOut { at: deadline })],
        Some(AtEnd::Close { status, reason }) => {
            let timer = Actor::timer();
            let mut draft = Draft::of(desk, ticket, &timer.name, deadline)
                .expect("the rule came from the ticket's regulation");
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

/// What the ticket's regulation says of the end of a clock; nothing where it is not loaded.
fn at_end<'a>(desk: &'a Desk, ticket: &Ticket, metric: Metric) -> Option<&'a AtEnd> {
    let regulation = desk.regulations().of(&ticket.facts)?;
    regulation.clock(metric).map(|rule| &rule.at_end)
}

fn clock_fact(clock: &Clock, ticket: TicketNumber, turn: Turn) -> Fact {
    Fact { ticket: Some(ticket), event: Event::Clock { metric: clock.metric, cycle: clock.cycle, turn } }
}
