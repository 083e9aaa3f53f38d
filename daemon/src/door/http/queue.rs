//! The queue: what is to be taken, in order, and taking the next.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::auth::Reader;
use super::body::Posted;
use super::problem::Problem;
use super::query::Query;
use super::{DoorState, tickets};
use crate::desk::command::TakeNext;
use crate::desk::queue::HeldBecause;
use crate::desk::view::{TicketView, zone_of};
use crate::desk::{
    Command, Desk, FieldError, QueuePart, QueueReason, Queued, Regulations, Scope, TicketNumber,
};

/// How many tickets the list has where nobody says.
const LIMIT_DEFAULT: usize = 50;
/// How many tickets the list has at most.
const LIMIT_MAX: usize = 200;

/// A ticket in the queue.
#[derive(Serialize, ToSchema)]
pub(super) struct QueuedView {
    /// Its place in what was asked for, from 1.
    position: usize,
    /// The ticket.
    #[schema(value_type = u64)]
    number: TicketNumber,
    /// Its regulation.
    #[schema(value_type = String, example = "profman-iss")]
    regulation: SmolStr,
    /// Its priority.
    #[schema(value_type = String, example = "high")]
    priority: SmolStr,
    /// The line it stands on.
    line: u8,
    /// The group that has it.
    #[schema(value_type = Option<String>)]
    group: Option<SmolStr>,
    /// The organisation asked for.
    client: Option<String>,
    /// What it is about.
    subject: String,
    /// When it was registered.
    registered_at: String,
    /// Why it stands where it stands.
    reason: QueueReason,
    /// The clause of the regulation that orders its queue.
    clause: Option<String>,
    /// The ticket of the same client that keeps it from being taken; null where none does, or it is outside the token's
    /// scope.
    #[schema(value_type = Option<u64>)]
    held_by: Option<TicketNumber>,
    /// What that one does; null where the ticket may be taken.
    held_because: Option<HeldBecause>,
}

impl QueuedView {
    fn of(position: usize, queued: Queued, desk: &Desk, scope: &Scope) -> Self {
        let Queued { ticket, reason, held } = queued;
        let holder = held.and_then(|holder| desk.ticket(holder.number));
        let holder = holder.filter(|holder| scope.covers_ticket(holder));
        let facts = &ticket.facts;
        let regulation = desk.regulations().of(facts);
        Self {
            position,
            number: ticket.number,
            regulation: facts.regulation.clone(),
            priority: facts.priority.clone(),
            line: facts.line,
            group: ticket.group.clone(),
            client: facts.client.clone(),
            subject: facts.subject.clone(),
            registered_at: ticket.registered_at.to_rfc3339(zone_of(&ticket, desk.regulations())),
            reason,
            clause: regulation.and_then(|regulation| regulation.queue.clause.clone()),
            held_by: holder.map(|holder| holder.number),
            held_because: held.map(|holder| holder.because),
        }
    }
}

/// Lists what is to be taken, the next first: open tickets that no agent has and that wait for nobody.
///
/// A token with a scope gets the tickets of that scope, and their places among themselves. What another ticket of its client holds back stands at its place and says by which: `take-next` passes over it.
#[utoipa::path(get, path = "/v1/queue", tag = "queue", operation_id = "list_queue",
    params(
        ("regulation" = Option<String>, Query, description = "A regulation's id"),
        ("line" = Option<u8>, Query, description = "A line"),
        ("group" = Option<String>, Query, description = "A group"),
        ("limit" = Option<u16>, Query, description = "How many at most: 1 to 200, else 50"),
    ),
    responses((status = 200, description = "The queue", body = [QueuedView])))]
pub(super) async fn list(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    query: Query,
) -> Result<Json<Vec<QueuedView>>, Problem> {
    let (part, limit) = asked(&query, door.shared.handle.view().regulations()).map_err(Problem::fields)?;
    let part = QueuePart { scope: caller.scope, ..part };
    let queue = door.look(move |desk, now| {
        if let Some(wrong) = part.wrong_group(desk) {
            return Err(Problem::fields(vec![wrong]));
        }
        let queue = desk.queue(&part, now).take(limit).enumerate();
        Ok(Json(queue.map(|(at, queued)| QueuedView::of(at + 1, queued, desk, &part.scope)).collect()))
    });
    queue.await?
}

fn asked(query: &Query, regulations: &Regulations) -> Result<(QueuePart, usize), Vec<FieldError>> {
    let mut errors = query.unknown(&["regulation", "line", "group", "limit"]);
    let limit = query.limit(LIMIT_DEFAULT, LIMIT_MAX).unwrap_or_else(|error| {
        errors.push(error);
        0
    });
    let regulation = query.value("regulation");
    if let Some(id) = regulation.filter(|id| regulations.get(id).is_none()) {
        let known = regulations.ids().join(", ");
        errors.push(FieldError::new("regulation", &format!("unknown `{id}`; one of {known}")));
    }
    let line = query.value("line").map(str::parse::<u8>);
    match line {
        Some(Err(_)) => errors.push(FieldError::new("line", "must be the number of a line")),
        Some(Ok(line)) if !regulations.has_line(line) => {
            errors.push(FieldError::new("line", &format!("no regulation of this desk has line {line}")));
        }
        Some(Ok(_)) | None => {}
    }
    let part = QueuePart {
        regulation: regulation.map(SmolStr::from),
        line: line.and_then(Result::ok),
        group: query.value("group").map(SmolStr::from),
        ..QueuePart::default()
    };
    if errors.is_empty() { Ok((part, limit)) } else { Err(errors) }
}

/// Takes the next ticket of the queue for the caller, of the lines they work on. Of two who ask at once, each gets another.
///
/// Where there is none, 404 with the code `queue-empty` says why.
#[utoipa::path(post, path = "/v1/queue/take-next", tag = "queue", operation_id = "take_next",
    request_body(content = Option<TakeNext>, description = "Which part of the queue; may be left out"),
    responses((status = 200, description = "The ticket, which is the caller's now", body = TicketView)))]
pub(super) async fn take_next(
    State(door): State<DoorState>,
    mut posted: Posted,
) -> Result<Response, Problem> {
    let asked = TakeNext::from_json(posted.take_json_or_empty())?;
    let actor = posted.caller.0;
    let scope = actor.scope.clone();
    // Whoever takes from the queue is an agent.
    let done = door.command(Command::TakeNext(asked), actor, posted.receipt).await?;
    Ok(tickets::answer_with_alike(&door, StatusCode::OK, &done, &scope))
}
