//! Attachments: files that belong to a ticket.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::{Caller, Reader, may_bring};
use super::caching::is_known;
use super::problem::Problem;
use super::query::{Named, Query, ticket_number};
use super::streamed::read_through;
use super::upload::{Received, Takes, UPLOADS_EACH_MAX, UPLOADS_MAX, receive};
use super::{Door, DoorState, blocking, idempotency, tickets};
use crate::desk::command::AttachmentAct;
use crate::desk::view::{self, AttachmentView};
use crate::desk::{Actor, Attached, AttachmentKind, Command, Ticket, TicketNumber};
use crate::run::{Done, Failure};
use crate::store::{AttachmentError, AttachmentName};

/// What a name in a header is written with, as RFC 8187 has it.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// A form that brings files.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is the form's shape for the document")]
pub(super) struct Form {
    /// The files, each as a part of its own with a `filename`.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<Vec<u8>>,
}

/// Lists the files of a ticket, in order of coming.
#[utoipa::path(get, path = "/v1/tickets/{number}/attachments", tag = "attachments", operation_id = "list_attachments",
    params(("number" = u64, Path, description = "The ticket's number")),
    responses((status = 200, description = "The files", body = [AttachmentView])))]
pub(super) async fn list(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    Named(number): Named<String>,
) -> Result<Json<Vec<AttachmentView>>, Problem> {
    let ticket = tickets::find(&door, &caller.scope, &number).await?;
    Ok(Json(views(&door, &ticket, ticket.attachments.len())))
}

/// The last so many files of a ticket.
fn views(door: &Door, ticket: &Ticket, count: usize) -> Vec<AttachmentView> {
    let zone = view::zone_of(ticket, door.shared.handle.view().regulations());
    let first = ticket.attachments.len().saturating_sub(count);
    ticket.attachments[first..].iter().map(|known| view::attachment(known, zone)).collect()
}

/// Adds files to a ticket, all of a form or none: `curl -F file=@NAME`.
///
/// What a file is, its content says: JPG, GIF, PNG, PDF, or text in UTF-8, windows-1251 or code page 866; a regulation may
/// take fewer. A file is durable before the answer.
#[utoipa::path(post, path = "/v1/tickets/{number}/attachments", tag = "attachments", operation_id = "add_attachments",
    params(("number" = u64, Path, description = "The ticket's number")),
    request_body(content = Form, content_type = "multipart/form-data", description = "The files"),
    responses(
        (status = 201, description = "The files as they were taken", body = [AttachmentView],
            headers(("location" = String, description = "Where the file is, where it is one"))),
        (status = 507, description = "Attachments take all the room they may", body = super::problem::Told,
            content_type = "application/problem+json")))]
pub(super) async fn add(
    State(door): State<DoorState>,
    Caller(actor): Caller,
    Named(number): Named<String>,
    request: Request,
) -> Result<Response, Problem> {
    may_bring(&actor, "attaching a file")?;
    let ticket = tickets::find(&door, &actor.scope, &number).await?;
    let place = door.uploads.take(&actor.name, 1);
    let _place = place.ok_or_else(|| Problem::uploads_busy(UPLOADS_MAX, UPLOADS_EACH_MAX))?;
    let (parts, body) = request.into_parts();
    let received = receive(&door, &takes(&door, &ticket), &parts.headers, body).await?;
    let files: Vec<Attached> = received.iter().map(|received| received.file.clone()).collect();
    let caller = Caller(actor);
    let (pass, path) = (parts.extensions.get(), parts.uri.path());
    let receipt = idempotency::receipt(&caller, pass, &parts.headers, &parts.method, path, &told(&files))?;
    let (count, number) = (files.len(), ticket.number);
    let ticket_max_bytes = door.shared.apart.attachments.limits().ticket_max_bytes;
    let act = AttachmentAct::Add { files, ticket_max_bytes };
    let command = Command::Attachments { number, act };
    // Whoever asked may go; what is begun is ended, so that the files stay exactly where the record names them.
    let at_desk = Arc::clone(&door);
    let done = tokio::spawn(async move {
        let done = at_desk.shared.handle.command(command, caller.0, receipt).await;
        keep(received, &done);
        done
    });
    let done = done.await.map_err(|error| {
        log::error!("attaching files ended in a panic: {error}");
        Problem::internal()
    })??;
    let Some(ticket) = &done.ticket else { return Err(Problem::internal()) };
    let views = views(&door, ticket, count);
    let location = match views.as_slice() {
        [one] => Some(format!("/v1/tickets/{number}/attachments/{}", one.id)),
        _ => None,
    };
    let mut response = (StatusCode::CREATED, Json(views)).into_response();
    tickets::mark(response.headers_mut(), &done);
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Which files the ticket's regulation takes.
fn takes(door: &Door, ticket: &Ticket) -> Takes {
    let regulation = door.shared.handle.view().regulations().of(&ticket.facts);
    let rule = regulation.and_then(|regulation| regulation.attachments.as_ref());
    let clause = rule.and_then(|rule| rule.clause.as_ref());
    let whose = rule.map_or_else(String::new, |_| {
        format!(
            " by {}{}",
            ticket.facts.regulation,
            clause.map_or_else(String::new, |clause| format!(" ({clause})"))
        )
    });
    let kinds = regulation.map_or(&AttachmentKind::ALL[..], |regulation| regulation.attachment_kinds());
    Takes { ticket: ticket.number.0, kinds: kinds.to_vec(), whose }
}

/// What recognises the same form again: its files. The boundary between them is another each time.
fn told(files: &[Attached]) -> Vec<u8> {
    files
        .iter()
        .flat_map(|file| [file.sha256.as_str(), "\n", &file.name, "\n"])
        .collect::<String>()
        .into_bytes()
}

/// The files stay where the record names them, or may do so.
fn keep(received: Vec<Received>, done: &Result<Done, Failure>) {
    let may_be_named = match done {
        Ok(done) => !done.repeated,
        // Nobody says what became of it; the next start does.
        Err(Failure::Stopping) => true,
        Err(
            Failure::Refused(_)
            | Failure::KeyReused
            | Failure::Storage { .. }
            | Failure::BatchTooLong { .. }
            | Failure::Busy,
        ) => false,
    };
    if may_be_named {
        for received in received {
            received.bytes.keep();
        }
    }
}

/// Gives a file as it came in.
#[utoipa::path(get, path = "/v1/tickets/{number}/attachments/{id}", tag = "attachments", operation_id = "download_attachment",
    params(("number" = u64, Path, description = "The ticket's number"), ("id" = String, Path, description = "The file's id"),
        ("if-none-match" = Option<String>, Header, description = "The ETag that is known already")),
    responses(
        (status = 200, description = "The file, to be saved and not to be shown",
            content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/gif"),
                (Vec<u8> = "application/pdf"), (Vec<u8> = "text/plain")),
            headers(("etag" = String, description = "SHA-256 of the file, in quotes"),
                ("content-disposition" = String, description = "`attachment`, with the file's name"))),
        (status = 304, description = "The file is known already"),
        (status = 410, description = "The file is lost or damaged", body = super::problem::Told,
            content_type = "application/problem+json")))]
pub(super) async fn download(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    Named((number, id)): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let ticket = tickets::find(&door, &caller.scope, &number).await?;
    let file = file_of(&ticket, &id)?.clone();
    let tag = HeaderValue::from_str(&format!("\"{}\"", file.sha256)).expect("hex is a header's value");
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let name = name_of(ticket.number, &file);
    let (attachments, of) = (door.shared.apart.attachments.clone(), name.clone());
    let open = match blocking(move || attachments.read(&of)).await? {
        Ok(open) => {
            door.shared.apart.not_lost(&door.shared.handle, &name);
            open
        }
        Err(error) => return Err(lost(&door, &name, &error)),
    };
    let mut response = read_through(open).into_response();
    let headers = response.headers_mut();
    let plain = |text: &str| HeaderValue::from_str(text).expect("plain ASCII is a header's value");
    headers.insert(header::CONTENT_TYPE, plain(&file.media_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.bytes));
    headers.insert(header::CONTENT_DISPOSITION, plain(&disposition(&file.name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'"),
    );
    headers.insert(header::ETAG, tag);
    Ok(response)
}

/// How a browser is to save it (RFC 6266).
fn disposition(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._- ()".contains(c) { c } else { '_' };
    let simple: String = name.chars().map(plain).collect();
    format!("attachment; filename=\"{simple}\"; filename*=UTF-8''{}", utf8_percent_encode(name, PLAIN))
}

fn file_of<'a>(ticket: &'a Ticket, id: &str) -> Result<&'a Attached, Problem> {
    let known = ticket.attachments.iter().find(|known| known.file.id == id);
    known.map(|known| &known.file).ok_or_else(|| Problem::not_found("attachment", id))
}

fn name_of(ticket: TicketNumber, file: &Attached) -> AttachmentName {
    AttachmentName { ticket: ticket.0, id: file.id.to_string(), sha256: file.sha256.to_string() }
}

/// A file that cannot be given.
fn lost(door: &Door, name: &AttachmentName, error: &AttachmentError) -> Problem {
    match error {
        AttachmentError::Missing { .. } | AttachmentError::Damaged { .. } => {
            door.shared.apart.lost(&door.shared.handle, name, error);
            let detail = format!(
                "attachment {} of ticket {} is lost or damaged; a backup may have it",
                name.id, name.ticket
            );
            Problem::lost("attachment-lost", detail)
        }
        AttachmentError::Io { .. }
        | AttachmentError::TooLong { .. }
        | AttachmentError::Full { .. }
        | AttachmentError::NoRoom { .. } => {
            log::error!("an attachment cannot be read: {}", crate::chain::chain(error));
            Problem::storage_failed(format!("attachment {} cannot be read", name.id))
        }
    }
}

/// Removes a file: its bytes go, that it was there stays in the ticket's history.
#[utoipa::path(delete, path = "/v1/tickets/{number}/attachments/{id}", tag = "attachments", operation_id = "remove_attachment",
    params(("number" = u64, Path, description = "The ticket's number"), ("id" = String, Path, description = "The file's id"),
        ("reason" = String, Query, description = "Why; it stays in the history")),
    responses((status = 204, description = "It is removed")))]
pub(super) async fn remove(
    State(door): State<DoorState>,
    Caller(actor): Caller,
    Named((number, id)): Named<(String, String)>,
    query: Query,
) -> Result<StatusCode, Problem> {
    let number = ticket_number(&number)?;
    let unknown = query.unknown(&["reason"]);
    if !unknown.is_empty() {
        return Err(Problem::fields(unknown));
    }
    let before = tickets::lookup(&door, number).await?;
    let file = before.and_then(|ticket| file_of(&ticket, &id).ok().cloned());
    let reason = query.value("reason").map(str::to_owned);
    let act = AttachmentAct::Remove { id: id.into(), reason };
    let at_desk = Arc::clone(&door);
    let removed = tokio::spawn(async move { remove_bytes(&at_desk, number, act, actor, file).await });
    removed.await.map_err(|error| {
        log::error!("removing an attachment ended in a panic: {error}");
        Problem::internal()
    })??;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove_bytes(
    door: &Door,
    number: TicketNumber,
    act: AttachmentAct,
    actor: Actor,
    file: Option<Attached>,
) -> Result<(), Problem> {
    door.command(Command::Attachments { number, act }, actor, None).await?;
    let Some(file) = file else { return Ok(()) };
    let (attachments, name) = (door.shared.apart.attachments.clone(), name_of(number, &file));
    let of = name.clone();
    if let Err(error) = blocking(move || attachments.remove(&of)).await? {
        // It is removed from the record; the next start tries again.
        log::error!("an attachment that was removed is still there: {}", crate::chain::chain(&error));
    }
    door.shared.apart.not_lost(&door.shared.handle, &name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_header_is_plain_and_whole() {
        assert_eq!(
            disposition("Счёт №1.pdf"),
            "attachment; filename=\"____ _1.pdf\"; filename*=UTF-8''%D0%A1%D1%87%D1%91%D1%82%20%E2%84%961.pdf"
        );
        assert_eq!(
            disposition("a\"b\r\n;c"),
            "attachment; filename=\"a_b___c\"; filename*=UTF-8''a%22b%0D%0A%3Bc"
        );
    }
}
