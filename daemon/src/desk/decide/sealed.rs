//! Access data: who may put, see and erase it (PM-C7, BC-6).
//!
//! What it says never comes here. Being the assignee is what lets somebody see it; no role does, and each look is an
//! event. It is erased when the ticket is closed, and does not come back.

use std::sync::Arc;

use calendars::Timestamp;
use smol_str::SmolStr;

use super::acts::not_bound;
use super::attachments::not_closed;
use super::{Decision, Draft, in_brackets, need};
use crate::desk::actor::{Actor, Role};
use crate::desk::command::SealedAct;
use crate::desk::event::Event;
use crate::desk::refusal::Refusal;
use crate::desk::regulation::{Field, FieldKind, Regulation};
use crate::desk::state::Desk;
use crate::desk::ticket::Ticket;

pub(super) fn decide(
    desk: &Desk,
    ticket: &Arc<Ticket>,
    act: &SealedAct,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    match act {
        SealedAct::Put { field, id } => {
            need(actor, Role::Intake, "handing over access data")?;
            // It takes the place of what another may have put.
            not_bound(actor, "handing over access data")?;
            let mut draft = Draft::of(desk, ticket, &actor.name, at)?;
            known(&draft.regulation, ticket, field)?;
            not_closed(&draft, "takes no more access data")?;
            draft.push(Event::SealedSet { field: field.clone(), id: id.clone() });
            Ok(draft.finish())
        }
        SealedAct::Look { field } => {
            assignee_only(desk, ticket, actor)?;
            is_there(ticket, field)?;
            Ok(Decision::of(ticket.number, Event::SealedLooked { field: field.clone() }))
        }
        SealedAct::Erase { field } => {
            need(actor, Role::Agent, "erasing access data")?;
            is_there(ticket, field)?;
            Ok(Decision::of(ticket.number, Event::SealedErased { fields: vec![field.clone()] }))
        }
    }
}

/// What a closing erases.
pub(super) fn erased_by_closing(ticket: &Ticket) -> Option<Event> {
    let fields: Vec<SmolStr> = ticket.sealed.iter().map(|sealed| sealed.field.clone()).collect();
    (!fields.is_empty()).then_some(Event::SealedErased { fields })
}

fn assignee_only(desk: &Desk, ticket: &Ticket, actor: &Actor) -> Result<(), Refusal> {
    let is_assignee = ticket.assignee.as_ref() == Some(&actor.name) && !actor.requester;
    if is_assignee && actor.role >= Role::Agent {
        return Ok(());
    }
    let who = ticket.assignee.as_ref().map_or_else(
        || "nobody has it; `take` it first".to_owned(),
        |assignee| format!("that is {assignee}; `transfer` it with a reason"),
    );
    let clause = desk
        .regulations()
        .of(&ticket.facts)
        .and_then(|regulation| sealed_fields(regulation, ticket).find_map(|field| field.clause.as_ref()));
    Err(Refusal::Forbidden(format!(
        "access data of ticket {} is shown to its assignee only, whatever the role{}: {who}",
        ticket.number,
        in_brackets(clause)
    )))
}

fn is_there(ticket: &Ticket, field: &str) -> Result<(), Refusal> {
    if ticket.sealed.iter().any(|sealed| sealed.field == field) {
        return Ok(());
    }
    Err(Refusal::NotFound { what: "access data", id: format!("{}/{field}", ticket.number) })
}

fn known(regulation: &Regulation, ticket: &Ticket, field: &str) -> Result<(), Refusal> {
    if sealed_fields(regulation, ticket).any(|known| name(known) == field) {
        return Ok(());
    }
    let list: Vec<&str> = sealed_fields(regulation, ticket).map(name).collect();
    let way = if list.is_empty() { "it has none".to_owned() } else { format!("one of {}", list.join(", ")) };
    Err(Refusal::field("field", format!("`{field}` is no sealed field of {}; {way}", regulation.id)))
}

fn sealed_fields<'a>(regulation: &'a Regulation, ticket: &'a Ticket) -> impl Iterator<Item = &'a Field> {
    let facts = &ticket.facts;
    let fields = regulation.fields.iter().filter(|field| field.kind == FieldKind::Sealed);
    fields.filter(|field| field.is_asked_of(&facts.kind, &facts.channel))
}

fn name(field: &Field) -> &str {
    field.path.strip_prefix("fields.").unwrap_or(&field.path)
}
