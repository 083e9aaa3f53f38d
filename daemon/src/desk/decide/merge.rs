//! `merge`: a ticket that says the same as another is closed as its duplicate.

use super::bounds::room_for_link;
use super::{Draft, Wrong};
use crate::desk::actor::Actor;
use crate::desk::command::{LinkKind, Merge};
use crate::desk::event::{Event, Fact};
use crate::desk::refusal::Refusal;
use crate::desk::ticket::{Stage, Ticket, TicketLink, TicketNumber};

/// Why it is closed, in the record.
const REASON: &str = "duplicate";

/// The two are linked, the other takes over the words as a note, and this one is closed: its clocks stop where they are,
/// and what they missed stays missed.
pub(super) fn merge(draft: &mut Draft<'_>, merge: &Merge, actor: &Actor) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let text = wrong.optional_text("text", merge.text.as_ref());
    if merge.into.is_none() {
        wrong.add("into", "is required: the number of the other ticket");
    }
    if merge.into == Some(draft.ticket.number) {
        wrong.add("into", "a ticket is not merged into itself");
    }
    wrong.done()?;
    let Some(into) = merge.into else { return Ok(()) };
    let other = draft.desk.ticket(into).filter(|ticket| actor.scope.covers_ticket(ticket));
    let other = other.ok_or_else(|| Refusal::field("into", format!("there is no ticket {into}")))?;
    if other.stage == Stage::Closed {
        return Err(Refusal::Conflict {
            code: "merged-into-closed",
            message: format!(
                "ticket {into} is closed, and nobody would read on there; merge the other way round"
            ),
            ticket: Some(into),
            status: Some(other.facts.status.clone()),
        });
    }
    if draft.ticket.facts.critical && !other.facts.critical {
        return Err(Refusal::Conflict {
            code: "merged-into-lower",
            message: format!(
                "ticket {} is {} and ticket {into} is {}, so its alarm would end with it; merge the other way round, or raise the priority of {into} first",
                draft.ticket.number, draft.ticket.facts.priority, other.facts.priority
            ),
            ticket: Some(into),
            status: Some(other.facts.status.clone()),
        });
    }
    let number = draft.ticket.number;
    let kind = LinkKind::Duplicate;
    one_way(&draft.ticket, into, kind)?;
    if !draft.ticket.links.iter().any(|link| link.to == into && link.kind == kind) {
        room_for_link(&draft.ticket)?;
        room_for_link(&other)?;
        draft.push(Event::Linked { to: into, kind, back: false });
        let back = Event::Linked { to: number, kind, back: true };
        draft.facts.push(Fact { ticket: Some(into), event: back });
    }
    let event = Event::Replied { text: words(&draft.ticket), internal: true };
    draft.facts.push(Fact { ticket: Some(into), event });
    draft.push(Event::Closed { reason: REASON.to_owned(), text });
    let to = draft.regulation.verb("merge").or_else(|| draft.regulation.verb("close"));
    let to = to.and_then(|rule| rule.to.clone()).unwrap_or_else(|| draft.ticket.facts.status.clone());
    draft.move_to(&to, Some(Stage::Closed), Some(REASON.to_owned()));
    Ok(())
}

/// Of two tickets one is the duplicate.
///
/// # Errors
/// The other is a duplicate of this one.
pub(super) fn one_way(ticket: &Ticket, to: TicketNumber, kind: LinkKind) -> Result<(), Refusal> {
    let is_back = |link: &TicketLink| link.back && link.to == to && link.kind == kind;
    if kind != LinkKind::Duplicate || !ticket.links.iter().any(is_back) {
        return Ok(());
    }
    let message =
        format!("ticket {to} is a duplicate of {} already, and not the other way round", ticket.number);
    Err(Refusal::Conflict { code: "duplicate-of-this", message, ticket: Some(to), status: None })
}

/// What the other ticket takes over: who said what under which number.
fn words(ticket: &Ticket) -> String {
    let facts = &ticket.facts;
    let requester = &facts.requester;
    let who = [&requester.name, &requester.email, &requester.phone].into_iter().flatten().next();
    let who = who.map_or_else(String::new, |who| format!(", {who}"));
    let description = facts.description.as_ref().map_or_else(String::new, |words| format!("\n\n{words}"));
    let mut text = format!("№ {}{who}: {}{description}", ticket.number, facts.subject);
    let end = (0..=super::TEXT_MAX_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
    text
}
