//! Who is given a new ticket: an agent in turn, or the group of its channel (HD-6, HD-7); and giving it back.

use std::sync::Arc;

use calendars::Timestamp;
use smol_str::SmolStr;

use super::Draft;
use super::desk::RESERVED;
use crate::desk::event::{AssignedWhy, Event, Fact};
use crate::desk::people::{Agent, Presence};
use crate::desk::regulation::AssignmentMode;
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket, TicketNumber};

/// Gives a new ticket to whoever its regulation says, if it says anything.
pub(super) fn assign_new(draft: &mut Draft<'_>) {
    let regulation = Arc::clone(&draft.regulation);
    let facts = &draft.ticket.facts;
    let (Some(rule), Some(channel)) = (&regulation.assignment, regulation.channel(&facts.channel)) else {
        return;
    };
    let Some(group) = channel.group.as_ref().filter(|_| rule.covers(&facts.channel)) else { return };
    let calendar = regulation.calendar(regulation.channel_calendar(channel));
    let (agent, why) = match rule.mode {
        AssignmentMode::Group => (None, AssignedWhy::Channel),
        AssignmentMode::RoundRobin if !calendar.is_some_and(|calendar| calendar.is_open(draft.at)) => {
            (None, AssignedWhy::OutsideHours)
        }
        AssignmentMode::RoundRobin => match next(draft.desk, group, &draft.ticket, draft.at) {
            Some(agent) => (Some(agent), AssignedWhy::Turn),
            None => (None, AssignedWhy::NobodyThere),
        },
    };
    draft.push(Event::Assigned { agent, group: Some(group.clone()), reason: None, why: Some(why) });
}

/// Who of a group is next, of those who are there for the ticket.
fn next(desk: &Desk, group: &str, ticket: &Ticket, at: Timestamp) -> Option<SmolStr> {
    let there =
        desk.people().agents().filter(|agent| agent.card.is_in(group) && is_there(desk, agent, ticket, at));
    desk.rotation().next(group, there.map(|agent| &agent.card.name)).cloned()
}

/// Whether an agent counts as on shift and is online, works on the ticket's line, and may see it.
fn is_there(desk: &Desk, agent: &Agent, ticket: &Ticket, at: Timestamp) -> bool {
    let name = &agent.card.name;
    agent.requests == Presence::Online
        && desk.people().counts_as_on_shift(name)
        && agent.card.works_on(ticket.facts.line)
        && desk
            .tokens()
            .find(|token| token.name == *name)
            .is_none_or(|token| !token.is_expired(at) && token.scope().covers_ticket(ticket))
}

/// A ticket goes back to the group that it came to; to nobody, where its channel has none.
pub(super) fn handed_back(desk: &Desk, number: TicketNumber, why: AssignedWhy) -> Option<Fact> {
    let ticket = desk.ticket(number)?;
    let of_channel = || desk.regulations().of(&ticket.facts)?.group_of(&ticket.facts.channel).cloned();
    let group = ticket.group.clone().or_else(of_channel);
    let event = Event::Assigned { agent: None, group, reason: None, why: Some(why) };
    Some(Fact { ticket: Some(number), event })
}

/// Whether a ticket goes back when the shift of whoever has it ends.
pub(super) fn goes_back(desk: &Desk, number: TicketNumber) -> bool {
    desk.ticket(number).is_some_and(|ticket| hands_back(desk, &ticket))
}

fn hands_back(desk: &Desk, ticket: &Ticket) -> bool {
    let rule = desk.regulations().of(&ticket.facts).and_then(|regulation| regulation.assignment.as_ref());
    rule.is_some_and(|rule| rule.hand_back && rule.covers(&ticket.facts.channel))
}

/// A ticket that is open again goes to its group where whoever answered it is no agent any more, or is away and would have
/// handed it back: it would be nobody's otherwise.
pub(super) fn reopened(draft: &mut Draft<'_>) {
    let was_open = draft.before.as_ref().is_none_or(|before| before.stage == Stage::Open);
    if was_open || draft.ticket.stage != Stage::Open {
        return;
    }
    let Some(assignee) = &draft.ticket.assignee else { return };
    let why = if is_gone(draft.desk, assignee) {
        AssignedWhy::AgentRemoved
    } else if draft.desk.people().is_away(assignee) && hands_back(draft.desk, &draft.ticket) {
        AssignedWhy::ShiftEnded
    } else {
        return;
    };
    let of_channel = || draft.regulation.group_of(&draft.ticket.facts.channel).cloned();
    let group = draft.ticket.group.clone().or_else(of_channel);
    draft.push(Event::Assigned { agent: None, group, reason: None, why: Some(why) });
}

/// Whether nobody answers to a name any more: agents are known, and it is neither one of them nor a token's.
fn is_gone(desk: &Desk, name: &str) -> bool {
    let people = desk.people();
    !people.is_empty()
        && people.agent(name).is_none()
        && !RESERVED.contains(&name)
        && !desk.tokens().any(|token| token.name == name)
}
