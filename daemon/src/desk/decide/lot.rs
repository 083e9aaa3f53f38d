//! Lots: what a problem does to thousands of its tickets, some of them at a time.
//!
//! First those that are suggested and were confirmed are linked, then, where the problem is closed so, the open ones are
//! resolved. How far it got is an event, so that a restart goes on from there. A ticket that cannot be resolved stays open,
//! and says why.

use calendars::Timestamp;
use smol_str::SmolStr;

use super::mass::{day_of, turned};
use super::{acts, letters, problem};
use crate::desk::actor::Actor;
use crate::desk::command::{Act, Resolve};
use crate::desk::event::Fact;
use crate::desk::index::Standing;
use crate::desk::problem::{LOT_TICKETS, Linking, Problem, ProblemState, ProblemTurn, Resolving};
use crate::desk::refusal::Refusal;
use crate::desk::regulation::LetterCause;
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, TicketNumber};

/// The next lot, and who said so.
pub(super) fn next(desk: &Desk, at: Timestamp) -> Option<(SmolStr, Vec<Fact>)> {
    let problem = desk.working_problem()?;
    match (&problem.linking, &problem.resolving, problem.telling) {
        (Some(linking), ..) => Some((linking.by.clone(), link(desk, problem, linking, at))),
        (None, Some(resolving), _) => Some((resolving.by.clone(), resolve(desk, problem, resolving, at))),
        (None, None, Some(after)) => Some((Actor::timer().name, tell(desk, problem, after, at))),
        (None, None, None) => None,
    }
}

fn of_problem(problem: &Problem, turn: ProblemTurn) -> Fact {
    Fact { ticket: None, event: turned(problem.number, turn) }
}

/// Writes to the requesters of open tickets: that the problem is there, or that it is over.
fn tell(desk: &Desk, problem: &Problem, after: TicketNumber, at: Timestamp) -> Vec<Fact> {
    let cause = match problem.state {
        ProblemState::Closed => LetterCause::ProblemClosed,
        ProblemState::Suspected | ProblemState::Open | ProblemState::Dismissed => LetterCause::MassProblem,
    };
    let open = desk.index().of_problem(problem.number, Standing::Open, after);
    let lot: Vec<TicketNumber> = open.take(LOT_TICKETS).collect();
    let tickets = lot.iter().filter_map(|number| desk.ticket(*number));
    let mut facts: Vec<Fact> =
        tickets.filter_map(|ticket| letters::of_problem(desk, &ticket, &cause, at)).collect();
    facts.push(match lot.last().filter(|_| lot.len() == LOT_TICKETS) {
        Some(upto) => of_problem(problem, ProblemTurn::ToldUpto { upto: *upto }),
        None => of_problem(problem, ProblemTurn::ToldAll),
    });
    facts
}

fn link(desk: &Desk, problem: &Problem, linking: &Linking, at: Timestamp) -> Vec<Fact> {
    let zone = problem::zone_of(desk, problem);
    let suggested = desk.index().of_problem(problem.number, Standing::Suggested, TicketNumber(0));
    let suggested = suggested.take_while(|number| *number <= linking.upto).take(LOT_TICKETS);
    let lot: Vec<TicketNumber> = suggested.collect();
    let mut facts = Vec::new();
    for ticket in lot.iter().filter_map(|number| desk.ticket(*number)) {
        let day = day_of(&ticket, zone);
        let event = turned(problem.number, ProblemTurn::Linked { day, was_suggested: true });
        facts.push(Fact { ticket: Some(ticket.number), event });
        if problem.tells_with_link(ticket.number) {
            facts.extend(letters::of_problem(desk, &ticket, &LetterCause::MassProblem, at));
        }
    }
    if lot.len() < LOT_TICKETS {
        facts.push(of_problem(problem, ProblemTurn::LinkedAll));
    }
    facts
}

fn resolve(desk: &Desk, problem: &Problem, resolving: &Resolving, at: Timestamp) -> Vec<Fact> {
    let open = desk.index().of_problem(problem.number, Standing::Open, resolving.after);
    let lot: Vec<TicketNumber> = open.take(LOT_TICKETS).collect();
    let mut facts = Vec::new();
    for number in &lot {
        match resolved(desk, *number, resolving, problem.mass, at) {
            Ok(of_ticket) => {
                facts.extend(of_ticket);
                let event = turned(problem.number, ProblemTurn::Resolved);
                facts.push(Fact { ticket: Some(*number), event });
            }
            Err(refusal) => {
                let (code, message) = (refusal.code().into(), refusal.to_string());
                let event = turned(problem.number, ProblemTurn::LeftOpen { code, message });
                facts.push(Fact { ticket: Some(*number), event });
                let told = desk.ticket(*number).filter(|_| problem.mass);
                facts.extend(
                    told.and_then(|ticket| {
                        letters::of_problem(desk, &ticket, &LetterCause::ProblemClosed, at)
                    }),
                );
            }
        }
    }
    match lot.last().filter(|_| lot.len() == LOT_TICKETS) {
        Some(upto) => facts.push(of_problem(problem, ProblemTurn::ResolvedUpto { upto: *upto })),
        None => facts.push(of_problem(problem, ProblemTurn::ResolvedAll)),
    }
    facts
}

/// What resolving a ticket with its problem comes to; with a mass problem its requester hears of the end of that.
pub(super) fn resolved(
    desk: &Desk,
    number: TicketNumber,
    resolving: &Resolving,
    is_mass: bool,
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
    let mut draft = acts::draft(desk, &ticket, &act, &actor, at)?;
    draft.is_with_problem = is_mass;
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
