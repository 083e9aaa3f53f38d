//! The quarantine of mail: what is held, and what becomes of it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use calendars::Tz;
use serde::Serialize;
use utoipa::ToSchema;

use super::alarms::nothing;
use super::auth::Keeper;
use super::body::Posted;
use super::problem::Problem;
use super::query::Named;
use super::{DoorState, blocking};
use crate::chain::chain;
use crate::desk::Refusal;
use crate::door::mail::{HeldMail, HeldWhy, Later, Mailroom, QuarantineError, Taken};

/// How much of a mail is shown, in bytes.
const SHOWN_MAX_BYTES: usize = 64 << 10;

/// A mail that is held.
#[derive(Serialize, ToSchema)]
pub(super) struct HeldView {
    /// Its id.
    #[schema(example = "0f343b0931126a20f133d67c2b018a3b")]
    id: String,
    /// When it came.
    at: String,
    /// Why it is held.
    why: HeldWhy,
    /// The same in words; empty where `why` says all.
    words: String,
    /// Whether a person is to look at it: the wall says so until then. The rest needs nobody, and goes after 30 days.
    needs_a_person: bool,
    /// Who writes; empty where that is not known.
    from: String,
    /// The address of the desk that it came to.
    to: String,
    /// Its subject.
    subject: String,
    /// How long it is, in bytes.
    bytes: u64,
}

/// A mail that is held, with what is in it.
#[derive(Serialize, ToSchema)]
pub(super) struct HeldWhole {
    /// What is known of it.
    #[serde(flatten)]
    known: HeldView,
    /// The mail as it came, up to 65,536 bytes; what is no UTF-8 is shown as `�`.
    mail: String,
}

/// What became of a mail that was let out.
#[derive(Serialize, ToSchema)]
pub(super) struct LetOut {
    /// The ticket that it opened, or said something on; null where it had come before.
    #[schema(value_type = Option<u64>)]
    ticket: Option<crate::desk::TicketNumber>,
}

impl HeldView {
    fn of(mail: HeldMail, zone: Tz) -> Self {
        let HeldMail { id, at, why, words, from, to, subject, bytes } = mail;
        let (at, needs_a_person) = (at.to_rfc3339(zone), why.needs_a_person());
        Self { id, at, why, words, needs_a_person, from, to, subject, bytes }
    }
}

/// Lists the mail that is held, the oldest first: at most 10,000.
#[utoipa::path(get, path = "/v1/quarantine", tag = "mail", operation_id = "list_quarantine",
    responses((status = 200, description = "The mail that is held", body = [HeldView], example = json!([{
        "id": "0f343b0931126a20f133d67c2b018a3b", "at": "2026-11-20T14:02:11.480+03:00", "why": "refused",
        "words": "subject: is required", "needs_a_person": true, "from": "anna@example.ru", "to": "support@example.org",
        "subject": "Накладная", "bytes": 4812}]))))]
pub(super) async fn list(State(door): State<DoorState>, _: Keeper) -> Json<Vec<HeldView>> {
    let zone = door.shared.facts.zone;
    let held = door.shared.mail.room().map(Mailroom::held).unwrap_or_default();
    Json(held.into_iter().map(|mail| HeldView::of(mail, zone)).collect())
}

/// Shows a mail that is held, as it came.
#[utoipa::path(get, path = "/v1/quarantine/{id}", tag = "mail", operation_id = "show_quarantine",
    params(("id" = String, Path, description = "The mail's id")),
    responses((status = 200, description = "The mail", body = HeldWhole, example = json!({
        "id": "0f343b0931126a20f133d67c2b018a3b", "at": "2026-11-20T14:02:11.480+03:00", "why": "no-sender",
        "words": "", "needs_a_person": true, "from": "", "to": "support@example.org", "subject": "Накладная", "bytes": 58,
        "mail": "To: support@example.org\r\nSubject: invoice\r\n\r\nNo print.\r\n"}))))]
pub(super) async fn show(
    State(door): State<DoorState>,
    _: Keeper,
    Named(id): Named<String>,
) -> Result<Json<HeldWhole>, Problem> {
    let room = room(&door, &id)?;
    let of = id.clone();
    let found = blocking(move || room.held_mail_of(&of)).await?.map_err(|error| failed(&error))?;
    let (mail, raw) = found.ok_or_else(|| Problem::not_found("mail", &id))?;
    let shown = &raw[..raw.len().min(SHOWN_MAX_BYTES)];
    let mail_text = String::from_utf8_lossy(shown).into_owned();
    Ok(Json(HeldWhole { known: HeldView::of(mail, door.shared.facts.zone), mail: mail_text }))
}

/// Takes a mail that is held for a person's letter, whatever it looks like: it becomes a ticket, or words on one.
#[utoipa::path(post, path = "/v1/quarantine/{id}/retry", tag = "mail", operation_id = "retry_quarantine",
    params(("id" = String, Path, description = "The mail's id")),
    responses((status = 200, description = "It was taken, and is held no more", body = LetOut, example = json!({"ticket": 1024}))))]
pub(super) async fn retry(
    State(door): State<DoorState>,
    _: Keeper,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<Json<LetOut>, Problem> {
    nothing(posted.take_json_or_empty())?;
    let room = room(&door, &id)?;
    match room.retry(&id).await {
        Ok(None) => Err(Problem::not_found("mail", &id)),
        Ok(Some(Taken::Ticket(number))) => Ok(Json(LetOut { ticket: Some(number) })),
        Ok(Some(Taken::Before)) => Ok(Json(LetOut { ticket: None })),
        Ok(Some(Taken::Held(why))) => {
            let words =
                room.held().into_iter().find(|mail| mail.id == id).map(|mail| mail.words).unwrap_or_default();
            let message = format!("the mail is still held, {}: {words}; `drop` lets it go", why.id());
            Err(crate::run::Failure::Refused(Refusal::conflict("mail-not-taken", message)).into())
        }
        Err(error) => Err(later(error)),
    }
}

/// Lets a mail that is held go, for good.
#[utoipa::path(delete, path = "/v1/quarantine/{id}", tag = "mail", operation_id = "drop_quarantine",
    params(("id" = String, Path, description = "The mail's id")),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn remove(
    State(door): State<DoorState>,
    Keeper(actor): Keeper,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    let room = room(&door, &id)?;
    let of = id.clone();
    let removed = blocking(move || room.drop_held(&of)).await?.map_err(|error| failed(&error))?;
    if !removed {
        return Err(Problem::not_found("mail", &id));
    }
    log::info!(BY = actor.name.as_str(); "mail {id} was dropped from the quarantine");
    Ok(StatusCode::NO_CONTENT)
}

/// Where mail is taken in; where none is, nothing is held.
fn room(door: &DoorState, id: &str) -> Result<Mailroom, Problem> {
    door.shared.mail.room().cloned().ok_or_else(|| Problem::not_found("mail", id))
}

fn failed(error: &QuarantineError) -> Problem {
    log::error!("the quarantine of mail fails: {}", chain(error));
    Problem::storage_failed(format!("the quarantine fails: {}", chain(error)))
}

fn later(error: Later) -> Problem {
    match error {
        Later::Desk(failure) => failure.into(),
        Later::Quarantine(error) => failed(&error),
        Later::Files(_) | Later::Seen(_) | Later::Ticket(_) | Later::Panicked(_) => {
            log::error!("a mail could not be let out of the quarantine: {}", chain(&error));
            Problem::storage_failed(format!("{}; nothing was changed", chain(&error)))
        }
    }
}
