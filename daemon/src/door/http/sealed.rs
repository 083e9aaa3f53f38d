//! Access data: put by whoever has it, shown to the assignee only, erased at closing (PM-C7, BC-6).
//!
//! What it says passes through here and stands nowhere else: in no message, no receipt, no journal.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use smol_str::SmolStr;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::auth::{Caller, may_bring};
use super::body::{self, BODY_MAX_BYTES};
use super::problem::Problem;
use super::query::{Named, ticket_number};
use super::serving::BodyPlace;
use super::upload::new_id;
use super::{Door, DoorState, blocking, tickets};
use crate::chain::chain;
use crate::desk::command::SealedAct;
use crate::desk::view::{self, SealedView};
use crate::desk::{Command, SealedText, Ticket, TicketNumber};
use crate::run::{Done, Failure};
use crate::store::sealed::{Putting, SEALED_MAX_BYTES};
use crate::store::{SealedError, SealedName, Secret};

/// Access data as it is put.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutSealed {
    /// What it says; at most 4,096 bytes.
    #[schema(value_type = String, example = "временный пароль")]
    text: Secret,
}

/// Access data as it is shown.
#[derive(Serialize, ToSchema)]
pub(super) struct ShownSealed {
    /// Which of the regulation's sealed fields.
    #[schema(value_type = String, example = "password")]
    field: SmolStr,
    /// What it says.
    text: String,
    /// When it was put.
    at: String,
    /// Who put it.
    #[schema(value_type = String)]
    by: SmolStr,
}

/// Puts access data, instead of what was there.
///
/// It is kept encrypted, shown to the ticket's assignee only, and erased when the ticket is closed.
#[utoipa::path(put, path = "/v1/tickets/{number}/sealed/{field}", tag = "sealed", operation_id = "put_sealed",
    params(("number" = u64, Path, description = "The ticket's number"),
        ("field" = String, Path, description = "A sealed field of its regulation, without `fields.`")),
    request_body(content = PutSealed, description = "What it says"),
    responses((status = 200, description = "It is sealed", body = SealedView,
        headers(("andon-changed" = String, description = "`true`: the desk is another now")))))]
pub(super) async fn put(
    State(door): State<DoorState>,
    Caller(actor): Caller,
    Named((number, field)): Named<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    may_bring(&actor, "handing over access data")?;
    let number = ticket_number(&number)?;
    let (parts, body) = request.into_parts();
    if parts.headers.contains_key("idempotency-key") {
        return Err(Problem::field(
            "Idempotency-Key",
            "is not taken here: a PUT may be repeated, and the kept sum of a password would tell of it",
        ));
    }
    body::check_type(&parts.headers)?;
    let mut place = BodyPlace::default();
    let bytes = body::read(&parts, body, BODY_MAX_BYTES, &mut place).await?;
    let bytes = Zeroizing::new(Vec::from(bytes));
    let text = parse(&bytes)?;
    may_put(&door)?;
    let (id, sealed) = (new_id()?, door.shared.apart.sealed.clone());
    let (of_field, of_id) = (field.clone(), id.clone());
    let put =
        blocking(move || sealed.put(SealedName { ticket: number.0, field: &of_field, id: &of_id }, &text));
    let putting = put.await?.map_err(|error| failed(&door, number, &error))?;
    let act = SealedAct::Put { field: field.as_str().into(), id: id.into() };
    let at_desk = Arc::clone(&door);
    let done = tokio::spawn(async move {
        let command = Command::Sealed { number, act };
        let done = at_desk.shared.handle.command(command, actor, None).await;
        keep(putting, &done).await;
        done
    });
    let done = done.await.map_err(|error| {
        log::error!("sealing access data ended in a panic: {error}");
        Problem::internal()
    })??;
    let ticket = done.ticket.as_ref().ok_or_else(Problem::internal)?;
    let sealed = there(ticket, &field).ok_or_else(Problem::internal)?;
    let zone = view::zone_of(ticket, door.shared.handle.view().regulations());
    let mut response = Json(view::sealed(sealed, zone)).into_response();
    tickets::mark(response.headers_mut(), &done);
    Ok(response)
}

/// What came, without a word of it in any message.
fn parse(bytes: &[u8]) -> Result<Secret, Problem> {
    let given: PutSealed = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => {
            Problem::field("text", "is required, a text; the body is `{\"text\": \"…\"}` and nothing else")
        }
        Category::Io | Category::Syntax | Category::Eof => Problem::not_json(format!(
            "the body is no JSON from line {} column {} on",
            error.line(),
            error.column()
        )),
    })?;
    let length = given.text.reveal().len();
    match length {
        0 => Err(Problem::field("text", "is required")),
        1..=SEALED_MAX_BYTES => Ok(given.text),
        _ => Err(Problem::field("text", format!("is {length} bytes; at most {SEALED_MAX_BYTES}"))),
    }
}

fn may_put(door: &Door) -> Result<(), Problem> {
    let apart = &door.shared.apart;
    if apart.sealed.has_key() {
        return Ok(());
    }
    let why = apart.key_trouble().unwrap_or("no key was made");
    Err(Problem::sealed_not_set_up(format!(
        "this box has no key to seal access data with: {why}; an admin makes one with `andonctl sealed new-key FILE`, \
         names it as `key-file` under [sealed] in andon.toml, and starts andond anew"
    )))
}

/// The text stays where the record names it, or may do so; else it is erased.
async fn keep(putting: Putting, done: &Result<Done, Failure>) {
    match done {
        // Nobody says what became of a desk that stops; the next start does.
        Ok(_) | Err(Failure::Stopping) => putting.keep(),
        Err(_) => {
            // Erasing waits for the disk.
            let _ = tokio::task::spawn_blocking(move || drop(putting)).await;
        }
    }
}

/// Shows access data to the ticket's assignee; each look is an event of the ticket.
#[utoipa::path(get, path = "/v1/tickets/{number}/sealed/{field}", tag = "sealed", operation_id = "show_sealed",
    params(("number" = u64, Path, description = "The ticket's number"), ("field" = String, Path, description = "The field")),
    responses(
        (status = 200, description = "What it says", body = ShownSealed),
        (status = 410, description = "It is lost", body = super::problem::Told, content_type = "application/problem+json")))]
pub(super) async fn show(
    State(door): State<DoorState>,
    Caller(actor): Caller,
    Named((number, field)): Named<(String, String)>,
) -> Result<Response, Problem> {
    let number = ticket_number(&number)?;
    // The look is in the record before anything is seen.
    let act = SealedAct::Look { field: field.as_str().into() };
    let done = door.command(Command::Sealed { number, act }, actor, None).await?;
    let ticket = done.ticket.ok_or_else(Problem::internal)?;
    let known = there(&ticket, &field).cloned().ok_or_else(|| Problem::not_found("access data", &field))?;
    let (sealed, of) = (door.shared.apart.sealed.clone(), known.clone());
    let opened = blocking(move || sealed.open(SealedName { ticket: number.0, field: &of.field, id: &of.id }));
    let text = opened.await?.map_err(|error| failed(&door, number, &error))?;
    let zone = view::zone_of(&ticket, door.shared.handle.view().regulations());
    let SealedText { field, id: _, at, by } = known;
    let shown = ShownSealed { field, text: text.reveal().to_owned(), at: at.to_rfc3339(zone), by };
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok((headers, Json(shown)).into_response())
}

/// Erases access data; that it was there stays in the ticket's history.
#[utoipa::path(delete, path = "/v1/tickets/{number}/sealed/{field}", tag = "sealed", operation_id = "erase_sealed",
    params(("number" = u64, Path, description = "The ticket's number"), ("field" = String, Path, description = "The field")),
    responses((status = 204, description = "It is erased")))]
pub(super) async fn erase(
    State(door): State<DoorState>,
    Caller(actor): Caller,
    Named((number, field)): Named<(String, String)>,
) -> Result<StatusCode, Problem> {
    let number = ticket_number(&number)?;
    let act = SealedAct::Erase { field: field.into() };
    door.command(Command::Sealed { number, act }, actor, None).await?;
    // It is gone when this is answered; where the disk fails that is told, and tried again.
    door.shared.apart.sweep_sealed(&door.shared.handle).await;
    Ok(StatusCode::NO_CONTENT)
}

fn there<'a>(ticket: &'a Ticket, field: &str) -> Option<&'a SealedText> {
    ticket.sealed.iter().find(|sealed| sealed.field == field)
}

/// Access data that cannot be kept or shown.
fn failed(door: &Door, number: TicketNumber, error: &SealedError) -> Problem {
    log::error!(TICKET = number.0; "access data of ticket {number}: {}", chain(error));
    match error {
        SealedError::NoKey => may_put(door).err().unwrap_or_else(Problem::internal),
        SealedError::Missing { .. } | SealedError::Unopened { .. } => Problem::lost(
            "sealed-lost",
            format!(
                "access data of ticket {number} is lost: it was sealed by another key, is damaged, or the desk was restored from a backup, which never has any; ask for it again"
            ),
        ),
        SealedError::Random(_) | SealedError::Io { .. } => {
            Problem::storage_failed("access data could not be kept or read; nothing was changed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_a_body_is_in_what_is_said_of_it() {
        for body in [
            "\"hunter2\"",
            "{\"text\": [\"hunter2\"]}",
            "{\"hunter2\": 1}",
            "{\"text\": \"hunter2\", \"hunter2\": \"hunter2\"}",
            "{\"text\": \"hunter2",
            "hunter2",
            &format!("{{\"text\": \"{}\"}}", "hunter2".repeat(1_000)),
        ] {
            let Err(problem) = parse(body.as_bytes()) else { panic!("{body}") };
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
        assert!(parse("{\"text\": \"пароль\"}".as_bytes()).is_ok_and(|text| text.reveal() == "пароль"));
    }
}
