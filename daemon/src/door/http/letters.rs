//! Letters that are not delivered: those that wait, and those that were given up.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use calendars::Tz;
use serde::Serialize;
use utoipa::ToSchema;

use super::alarms::nothing;
use super::auth::{Caller, Reader, may_lead};
use super::body::Posted;
use super::problem::Problem;
use super::query::{Named, Query, ticket_number};
use super::{Door, DoorState, blocking, tickets};
use crate::chain::chain;
use crate::desk::command::LetterAct;
use crate::desk::{
    Command, Desk, FieldError, Letter, LetterId, LetterKind, Recipient, Scope, Ticket, TicketNumber,
};
use crate::out::letters::{ComposeError, Rendered};

/// How many letters a list has where nobody says …
const LIMIT_DEFAULT: usize = 100;
/// … and at most.
const LIMIT_MAX: usize = 1_000;

/// A letter that is not delivered.
#[derive(Serialize, ToSchema)]
pub(super) struct LetterView {
    /// Its ticket and its number there.
    #[schema(example = "1024-3")]
    id: String,
    /// The ticket it is about.
    #[schema(value_type = u64)]
    ticket: TicketNumber,
    /// What it is about.
    kind: LetterKind,
    /// Who gets it: `requester`, `contact`, `department`, `chat`.
    #[schema(example = "requester")]
    to: &'static str,
    /// Their address; of a department its id, of a chat its name.
    #[schema(example = "anna@example.ru")]
    address: String,
    /// `waiting` or `dead`.
    #[schema(example = "waiting")]
    state: &'static str,
    /// When it was queued.
    queued_at: String,
    /// Not to be sent before; null where it goes at once.
    hold_until: Option<String>,
    /// When it was given up; null while it waits.
    failed_at: Option<String>,
    /// Why.
    reason: Option<String>,
}

/// A letter with its words.
#[derive(Serialize, ToSchema)]
pub(super) struct LetterInWords {
    #[serde(flatten)]
    letter: LetterView,
    #[serde(flatten)]
    words: WordsView,
}

/// The words of a letter.
#[derive(Serialize, ToSchema)]
pub(super) struct WordsView {
    /// Its subject.
    #[schema(example = "[#1024] Обращение принято: Печать")]
    subject: String,
    /// Its text.
    text: String,
    /// The same as HTML.
    html: String,
}

impl LetterView {
    fn of(ticket: TicketNumber, letter: &Letter, zone: Tz) -> Self {
        let (to, address) = match &letter.recipient {
            Recipient::Requester { address } => ("requester", address.clone()),
            Recipient::Contact { address } => ("contact", address.clone()),
            Recipient::Department { department, .. } => ("department", department.to_string()),
            Recipient::Chat { chat } => ("chat", chat.to_string()),
        };
        let failed = letter.failed.as_ref();
        Self {
            id: LetterId { ticket, letter: letter.number }.to_string(),
            ticket,
            kind: letter.kind,
            to,
            address,
            state: if failed.is_some() { "dead" } else { "waiting" },
            queued_at: letter.queued_at.to_rfc3339(zone),
            hold_until: letter.hold_until.map(|at| at.to_rfc3339(zone)),
            failed_at: failed.map(|failed| failed.at.to_rfc3339(zone)),
            reason: failed.map(|failed| failed.reason.clone()),
        }
    }
}

impl From<Rendered> for WordsView {
    fn from(Rendered { subject, text, html }: Rendered) -> Self {
        Self { subject, text, html }
    }
}

/// Lists letters that are not delivered: those that wait, the next first, or the dead ones, the newest first.
///
/// Of what was sent the tickets' histories tell. The newest 1,000 dead letters are remembered.
#[utoipa::path(get, path = "/v1/letters", tag = "letters", operation_id = "list_letters",
    params(
        ("state" = Option<String>, Query, description = "waiting (where nothing is said) or dead", example = "dead"),
        ("limit" = Option<u16>, Query, description = "How many at most: 1 to 1000, else 100"),
    ),
    responses((status = 200, description = "The letters", body = [LetterView], example = json!([{
        "id": "1024-3", "ticket": 1024, "kind": "asked", "to": "requester", "address": "anna@example.ru", "state": "dead",
        "queued_at": "2026-11-23T10:02:11.123+03:00", "hold_until": null, "failed_at": "2026-11-23T10:02:12.004+03:00",
        "reason": "the mail server refuses it: permanent error (550): no such user"}]))))]
pub(super) async fn list(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    query: Query,
) -> Result<Json<Vec<LetterView>>, Problem> {
    let (is_dead, limit) = asked(&query).map_err(Problem::fields)?;
    let (zone, scope) = (door.shared.facts.zone, caller.scope.clone());
    let found = door.look(move |desk, _| if is_dead { dead(desk) } else { waiting(desk, limit, &scope) });
    let mut letters = Vec::new();
    for (id, ticket) in found.await? {
        if letters.len() == limit {
            break;
        }
        // A ticket that is over lies where it is put away, its dead letters with it.
        let ticket = match ticket {
            Some(ticket) => Some(ticket),
            None => tickets::lookup(&door, id.ticket).await?,
        };
        let theirs = ticket.filter(|ticket| caller.scope.covers_ticket(ticket));
        letters.extend(theirs.and_then(|ticket| {
            ticket.letter(id.letter).map(|letter| LetterView::of(id.ticket, letter, zone))
        }));
    }
    Ok(Json(letters))
}

/// Letters with their tickets, where these are at hand.
type Found = Vec<(LetterId, Option<Arc<Ticket>>)>;

fn dead(desk: &Desk) -> Found {
    desk.dead_letters().iter().rev().map(|id| (*id, desk.ticket(id.ticket))).collect()
}

fn waiting(desk: &Desk, limit: usize, scope: &Scope) -> Found {
    let all = desk.letters_waiting().map(|(_, id)| (id, desk.ticket(id.ticket)));
    let theirs = all.filter(|(_, ticket)| ticket.as_ref().is_some_and(|ticket| scope.covers_ticket(ticket)));
    theirs.take(limit).collect()
}

/// Whether the dead ones are asked for, and how many.
fn asked(query: &Query) -> Result<(bool, usize), Vec<FieldError>> {
    let mut errors = query.unknown(&["state", "limit"]);
    let is_dead = match query.value("state") {
        None | Some("waiting") => false,
        Some("dead") => true,
        Some(other) => {
            errors.push(FieldError::new("state", &format!("unknown `{other}`; one of waiting, dead")));
            false
        }
    };
    let limit = query.limit(LIMIT_DEFAULT, LIMIT_MAX).unwrap_or_else(|error| {
        errors.push(error);
        LIMIT_DEFAULT
    });
    if errors.is_empty() { Ok((is_dead, limit)) } else { Err(errors) }
}

/// Shows a letter that is not delivered, in the words that it has.
#[utoipa::path(get, path = "/v1/letters/{id}", tag = "letters", operation_id = "show_letter",
    params(("id" = String, Path, description = "The letter's id", example = "1024-3")),
    responses((status = 200, description = "The letter", body = LetterInWords, example = json!({
        "id": "1024-3", "ticket": 1024, "kind": "asked", "to": "requester", "address": "anna@example.ru", "state": "waiting",
        "queued_at": "2026-11-23T10:02:11.123+03:00", "hold_until": null, "failed_at": null, "reason": null,
        "subject": "[#1024] Нужны ваши сведения: Печать", "text": "Здравствуйте, Анна!\n\n…", "html": "<!DOCTYPE html>…"}))))]
pub(super) async fn show(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    Named(id): Named<String>,
) -> Result<Json<LetterInWords>, Problem> {
    let (id, ticket) = find(&door, &caller.scope, &id).await?;
    let letter = ticket.letter(id.letter).cloned().ok_or_else(Problem::internal)?;
    let problem = ticket.problem.map(|of| of.number);
    let problem = door.look(move |desk, _| problem.and_then(|number| desk.problem(number).map(Arc::clone)));
    let problem = problem.await?;
    let letters = door.shared.letters.clone();
    let view = LetterView::of(id.ticket, &letter, door.shared.facts.zone);
    let words = blocking(move || letters.words(id.ticket, &letter, problem.as_deref())).await?;
    Ok(Json(LetterInWords { letter: view, words: words.map_err(|error| no_words(&error))?.into() }))
}

/// Sends a dead letter again: with the id that it always had, for another day if need be, and to the address that the
/// requester has by now.
#[utoipa::path(post, path = "/v1/letters/{id}/resend", tag = "letters", operation_id = "resend_letter",
    params(("id" = String, Path, description = "The letter's id", example = "1024-3")),
    responses((status = 202, description = "It is sent again", body = LetterView, example = json!({
        "id": "1024-3", "ticket": 1024, "kind": "asked", "to": "requester", "address": "petrova@example.ru",
        "state": "waiting", "queued_at": "2026-11-23T10:02:11.123+03:00", "hold_until": null, "failed_at": null,
        "reason": null}))))]
pub(super) async fn resend(
    State(door): State<DoorState>,
    Caller(actor): Caller,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<(StatusCode, Json<LetterView>), Problem> {
    may_lead(&actor, "sending a letter again")?;
    nothing(posted.take_json_or_empty())?;
    let (id, _) = find(&door, &actor.scope, &id).await?;
    let done = door.command(Command::Letter { id, act: LetterAct::Resend }, actor, None).await?;
    let ticket = done.ticket.ok_or_else(Problem::internal)?;
    let letter = ticket.letter(id.letter).ok_or_else(|| Problem::not_found("letter", &id.to_string()))?;
    Ok((StatusCode::ACCEPTED, Json(LetterView::of(id.ticket, letter, door.shared.facts.zone))))
}

/// Shows what a letter of a kind would say about a ticket as it is now: of everything that was ever said on it, the last.
#[utoipa::path(get, path = "/v1/letters/preview", tag = "letters", operation_id = "preview_letter",
    params(
        ("kind" = String, Query, description = "What the letter is about", example = "registered"),
        ("ticket" = u64, Query, description = "The ticket's number", example = 1024),
    ),
    responses((status = 200, description = "Its words", body = WordsView)))]
pub(super) async fn preview(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    query: Query,
) -> Result<Json<WordsView>, Problem> {
    let (kind, number) = previewed(&query).map_err(Problem::fields)?;
    let ticket = tickets::find(&door, &caller.scope, &number).await?;
    let letters = door.shared.letters.clone();
    let words = blocking(move || letters.preview(kind, ticket.number)).await?;
    let words = words.map_err(|error| no_words(&error))?;
    words.map(|words| Json(words.into())).ok_or_else(|| Problem::not_found("ticket", &number))
}

fn previewed(query: &Query) -> Result<(LetterKind, String), Vec<FieldError>> {
    let mut errors = query.unknown(&["kind", "ticket"]);
    let known = LetterKind::ALL.map(LetterKind::id).join(", ");
    let kind = query.value("kind").and_then(LetterKind::parse);
    if kind.is_none() {
        let message = match query.value("kind") {
            Some(word) => format!("unknown `{word}`; one of {known}"),
            None => format!("is required; one of {known}"),
        };
        errors.push(FieldError::new("kind", &message));
    }
    let number = query.value("ticket").filter(|number| ticket_number(number).is_ok());
    if number.is_none() {
        errors.push(FieldError::new("ticket", "is required: a ticket's number"));
    }
    match (kind, number) {
        (Some(kind), Some(number)) if errors.is_empty() => Ok((kind, number.to_owned())),
        _ => Err(errors),
    }
}

/// The letter a path names, where it is not delivered, and its ticket; one out of the caller's scope is not there for them.
async fn find(door: &Door, scope: &Scope, text: &str) -> Result<(LetterId, Arc<Ticket>), Problem> {
    let no_such = || Problem::not_found("letter", text);
    let id = LetterId::parse(text).ok_or_else(no_such)?;
    let ticket = tickets::lookup(door, id.ticket).await?;
    let theirs = ticket.filter(|ticket| scope.covers_ticket(ticket));
    let has_it = theirs.filter(|ticket| ticket.letter(id.letter).is_some());
    has_it.map(|ticket| (id, ticket)).ok_or_else(no_such)
}

fn no_words(error: &ComposeError) -> Problem {
    match error {
        ComposeError::Record(_) => Problem::storage_failed(chain(error)),
        ComposeError::Lost => Problem::lost("entry-lost", chain(error)),
    }
}
