//! What a new ticket has to do with others that say the same (GM-5.15).
//!
//! Where a ticket that is alike has a problem which is open or suspected, the new one is suggested for it. Where as many
//! alike tickets as the regulation says are of one local day, and nobody has said what they have in common, a problem is
//! suspected: the room is told, and an agent confirms it. No requester hears of what is only suspected.

use calendars::Tz;
use chrono::NaiveDate;

use super::{Draft, letters};
use crate::desk::alike::{ALIKE_MIN, Alike};
use crate::desk::event::{Event, Fact};
use crate::desk::problem::{Problem, ProblemNumber, ProblemState, ProblemTurn, TICKETS_MAX};
use crate::desk::reference::Reference;
use crate::desk::regulation::MassProblemRule;
use crate::desk::ticket::Ticket;

/// The local day a ticket is of.
pub(super) fn day_of(ticket: &Ticket, zone: Tz) -> NaiveDate {
    ticket.registered_at.local(zone).date()
}

/// A turn of a problem.
pub(super) fn turned(problem: ProblemNumber, turn: ProblemTurn) -> Event {
    Event::Problem { problem, turn }
}

/// Notes what is alike to a ticket in the making.
pub(super) fn note_alike(draft: &mut Draft<'_>) {
    let regulation = draft.regulation.clone();
    let Some(rule) = &regulation.mass_problem else { return };
    if !rule.counts(&draft.ticket.facts.kind) {
        return;
    }
    // Monitoring that tells much at once is an alarm of its own, and has no requester to be told.
    if draft.ticket.facts.reference.as_deref().is_some_and(Reference::is_of_alert) {
        return;
    }
    let day = day_of(&draft.ticket, regulation.zone);
    let mut alike = draft.desk.alike(&draft.ticket, ALIKE_MIN).alike;
    alike.retain(|alike| alike.is_kin);
    let live = |alike: &Alike| {
        let problem = draft.desk.problem(alike.problem?)?;
        (problem.state.is_live() && problem.tickets() < TICKETS_MAX).then_some(problem)
    };
    if let Some(problem) = alike.iter().find_map(live) {
        suggest(draft, rule, problem, day);
        return;
    }
    alike.retain(|alike| alike.registered_at.local(regulation.zone).date() == day);
    suspect(draft, rule, &alike, day);
}

/// The ticket looks as if it belonged to a problem that is there.
fn suggest(draft: &mut Draft<'_>, rule: &MassProblemRule, problem: &Problem, day: NaiveDate) {
    draft.push(turned(problem.number, ProblemTurn::Suggested { day }));
    let of_day = problem.days.get(&day).copied().unwrap_or_default() + 1;
    if problem.state == ProblemState::Open && !problem.mass && of_day >= rule.alike {
        let event = turned(problem.number, ProblemTurn::Mass);
        draft.facts.push(Fact { ticket: None, event });
        if letters::tells_of_problems(draft.desk, &problem.regulation, draft.at) {
            let event = turned(problem.number, ProblemTurn::ToTell);
            draft.facts.push(Fact { ticket: None, event });
        }
    }
}

/// The ticket is one of so many alike ones of the day that they have one cause, as it looks.
fn suspect(draft: &mut Draft<'_>, rule: &MassProblemRule, of_day: &[Alike], day: NaiveDate) {
    let desk = draft.desk;
    let state = |alike: &Alike| desk.problem(alike.problem?).map(|problem| problem.state);
    let is_dismissed = of_day.iter().any(|alike| state(alike) == Some(ProblemState::Dismissed));
    // What an agent took out of a problem is not alike, and says nothing of the next one.
    let fresh: Vec<&Alike> =
        of_day.iter().filter(|alike| alike.problem.is_none() && !alike.is_apart).collect();
    let count = u32::try_from(fresh.len() + 1).unwrap_or(u32::MAX);
    if is_dismissed || count < rule.alike {
        return;
    }
    let number = desk.next_problem();
    let mut open: Vec<_> = fresh.iter().filter(|alike| !alike.is_closed).map(|alike| alike.number).collect();
    open.sort_unstable();
    let first = open.first().and_then(|first| desk.ticket(*first));
    let title = first.map_or_else(|| draft.ticket.facts.subject.clone(), |first| first.facts.subject.clone());
    let regulation = draft.regulation.id.clone();
    draft.push(turned(number, ProblemTurn::Suggested { day }));
    for ticket in open {
        let event = turned(number, ProblemTurn::Suggested { day });
        draft.facts.push(Fact { ticket: Some(ticket), event });
    }
    let opened = ProblemTurn::Opened { regulation, title, suspected: true, worked_as: None };
    draft.facts.push(Fact { ticket: None, event: turned(number, opened) });
}
