//! Lots: what a problem does to thousands of its tickets, some of them at a time.
//!
//! First those that are suggested and were confirmed are linked, then, where the problem is closed so, the open ones are
//! resolved. How far it got is an event, so that a restart goes on from there. A ticket that cannot be resolved stays open,
//! and says why.

use calendars::Timestamp;
use smol_str::SmolStr;

use super::mass::{day_of, turned};
use super::{acts, problem};
use crate::desk::actor::Actor;
use crate::desk::command::{Act, Resolve};
use crate::desk::event::Fact;
use crate::desk::index::Standing;
use crate::desk::problem::{LOT_TICKETS, Linking, Problem, ProblemTurn, Resolving};
use crate::desk::refusal::Refusal;
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, TicketNumber};

/// The next lot, and who said so.
pub(super) fn next(desk: &Desk, at: Timestamp) -> Option<(SmolStr, Vec<Fact>)> {
    let problem = desk.working_problem()?;
    match (&problem.linking, &problem.resolving) {
        (Some(linking), _) => Some((linking.by.clone(), link(desk, problem, linking))),
        (None, Some(resolving)) => Some((resolving.by.clone(), resolve(desk, problem, resolving, at))),
        (None, None) => None,
    }
}

fn of_problem(problem: &Problem, turn: ProblemTurn) -> Fact {
    Fact { ticket: None, event: turned(problem.number, turn) }
}

fn link(desk: &Desk, problem: &Problem, linking: &Linking) -> Vec<Fact> {
    let zone = problem::zone_of(desk, problem);
    let suggested = desk.index().of_problem(problem.number, Standing::Suggested, TicketNumber(0));
    let suggested = suggested.take_while(|number| *number <= linking.upto).take(LOT_TICKETS);
    let linked = suggested.filter_map(|number| {
        let day = day_of(desk.ticket(number)?.as_ref(), zone);
        let event = turned(problem.number, ProblemTurn::Linked { day, was_suggested: true });
        Some(Fact { ticket: Some(number), event })
    });
    let mut facts: Vec<Fact> = linked.collect();
    if facts.len() < LOT_TICKETS {
        facts.push(of_problem(problem, ProblemTurn::LinkedAll));
    }
    facts
}

fn resolve(desk: &Desk, problem: &Problem, resolving: &Resolving, at: Timestamp) -> Vec<Fact> {
    let open = desk.index().of_problem(problem.number, Standing::Open, resolving.after);
    let lot: Vec<TicketNumber> = open.take(LOT_TICKETS).collect();
    let mut facts = Vec::new();
    for number in &lot {
        match resolved(desk, *number, resolving, at) {
            Ok(of_ticket) => {
                facts.extend(of_ticket);
                let event = turned(problem.number, ProblemTurn::Resolved);
                facts.push(Fact { ticket: Some(*number), event });
            }
            Err(refusal) => {
                let (code, message) = (refusal.code().into(), refusal.to_string());
                let event = turned(problem.number, ProblemTurn::LeftOpen { code, message });
                facts.push(Fact { ticket: Some(*number), event });
            }
        }
    }
    match lot.last().filter(|_| lot.len() == LOT_TICKETS) {
        Some(upto) => facts.push(of_problem(problem, ProblemTurn::ResolvedUpto { upto: *upto })),
        None => facts.push(of_problem(problem, ProblemTurn::ResolvedAll)),
    }
    facts
}

/// What resolving a ticket with its problem comes to.
pub(super) fn resolved(
    desk: &Desk,
    number: TicketNumber,
    resolving: &Resolving,
    at: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    let ticket =
        desk.ticket(number).ok_or_else(|| Refusal::NotFound { what: "ticket", id: number.to_string() })?;
    let act = Act::Resolve(Resolve {
        text: Some(resolving.text.clone()),
        source: resolving.source.as_ref().map(SmolStr::to_string),
        despite: Vec::new(),
    });
    let actor = Actor::named(&resolving.by, resolving.role);
    let draft = acts::draft(desk, &ticket, &act, &actor, at)?;
    if draft.ticket.stage == Stage::Open {
        return Err(Refusal::Conflict {
            code: "move-not-allowed",
            message: format!("`resolve` does not lead out of the status `{}`", draft.ticket.facts.status),
            ticket: Some(number),
            status: Some(draft.ticket.facts.status.clone()),
        });
    }
    Ok(draft.finish().facts)
}
