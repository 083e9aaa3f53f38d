//! Webhooks: how they are, their dead letters, and whether a receiver can be had.

use axum::Json;
use axum::extract::State;
use calendars::{Timestamp, Tz};
use serde::Serialize;
use utoipa::ToSchema;

use super::DoorState;
use super::alarms::nothing;
use super::auth::Keeper;
use super::body::Posted;
use super::problem::Problem;
use super::query::Named;
use crate::out::webhooks::{self, DeadLetter, Webhooks};

/// A webhook, as the configuration has it, and how it is.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookView {
    /// Its name.
    #[schema(example = "crm")]
    name: String,
    /// Where it goes, without path and query, which may be secret.
    #[schema(example = "https://crm.example")]
    url: String,
    /// `works`; `failing`: nothing gets through since `failing_since`; `gone`: the receiver answered 410 and is left alone
    /// until a test succeeds or the daemon starts anew.
    #[schema(example = "works")]
    state: &'static str,
    /// The number of the last event that was delivered; null where none was.
    last_event: Option<u64>,
    /// When that was.
    last_delivered_at: Option<String>,
    /// How many events the first that is not delivered is behind the newest.
    lag_events: u64,
    /// How many tickets wait since a delivery failed.
    held_tickets: usize,
    /// How many dead letters there are.
    dead_letters: usize,
    /// Since when nothing gets through.
    failing_since: Option<String>,
    /// Why the last try failed.
    last_error: Option<String>,
}

/// An event that was tried for a day and not delivered.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadView {
    /// The event's number; `replay` takes it.
    id: u64,
    /// Its name.
    #[schema(example = "registered")]
    event: String,
    /// The ticket it is about; null for what concerns the desk.
    #[schema(value_type = Option<u64>)]
    ticket: Option<crate::desk::TicketNumber>,
    /// When it was taken into the record.
    at: String,
    /// When it was given up.
    died_at: String,
    /// How often it, or what held it back, was tried in vain.
    tries: u32,
    /// Why the last try failed.
    error: String,
}

/// Dead letters are delivered again.
#[derive(Serialize, ToSchema)]
pub(super) struct Replayed {
    /// How many.
    replayed: usize,
}

/// What a test came to.
#[derive(Serialize, ToSchema)]
pub(super) struct TestView {
    /// Whether the receiver took it.
    delivered: bool,
    /// The status of its answer, a 2xx; null where it did not take it.
    status: Option<u16>,
    /// Why not.
    error: Option<String>,
}

impl WebhookView {
    fn of(state: webhooks::State, zone: Tz) -> Self {
        let at = |at: Timestamp| at.to_rfc3339(zone);
        let (failing_since, last_error) = state.failing.map(|(since, error)| (at(since), error)).unzip();
        let is_failing = failing_since.is_some();
        Self {
            name: state.name,
            url: state.origin,
            state: if state.is_gone {
                "gone"
            } else if is_failing {
                "failing"
            } else {
                "works"
            },
            last_event: state.last_delivered.map(|(seq, _)| seq),
            last_delivered_at: state.last_delivered.map(|(_, delivered)| at(delivered)),
            lag_events: state.lag_events,
            held_tickets: state.held,
            dead_letters: state.dead,
            failing_since,
            last_error,
        }
    }
}

impl DeadView {
    fn of(letter: DeadLetter, zone: Tz) -> Self {
        let DeadLetter { seq, ticket, event, at, died_at, tries, error } = letter;
        let (at, died_at) = (at.to_rfc3339(zone), died_at.to_rfc3339(zone));
        Self { id: seq, event, ticket, at, died_at, tries, error }
    }
}

/// Lists the webhooks of the configuration, by name, and how they are.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    responses((status = 200, description = "The webhooks", body = [WebhookView], example = json!([{
        "name": "crm", "url": "https://crm.example.ru", "state": "failing", "last_event": 10231,
        "last_delivered_at": "2026-11-20T14:02:11.480+03:00", "lag_events": 2, "held_tickets": 1, "dead_letters": 1,
        "failing_since": "2026-11-20T14:05:00.112+03:00", "last_error": "it answered 502 Bad Gateway"}]))))]
pub(super) async fn list(State(door): State<DoorState>, _: Keeper) -> Json<Vec<WebhookView>> {
    let zone = door.shared.facts.zone;
    let states = door.shared.webhooks.list().await;
    Json(states.into_iter().map(|state| WebhookView::of(state, zone)).collect())
}

/// Lists a webhook's dead letters, the oldest first; it keeps a thousand.
#[utoipa::path(get, path = "/v1/webhooks/{name}/dead", tag = "webhooks", operation_id = "list_dead_letters",
    params(("name" = String, Path, description = "The webhook's name", example = "crm")),
    responses((status = 200, description = "The dead letters", body = [DeadView], example = json!([{
        "id": 10230, "event": "replied", "ticket": 1024, "at": "2026-11-19T13:58:40.021+03:00",
        "died_at": "2026-11-20T14:00:02.500+03:00", "tries": 21, "error": "it answered 502 Bad Gateway"}]))))]
pub(super) async fn dead(
    State(door): State<DoorState>,
    _: Keeper,
    Named(name): Named<String>,
) -> Result<Json<Vec<DeadView>>, Problem> {
    let zone = door.shared.facts.zone;
    let letters = there(&door.shared.webhooks, &name, door.shared.webhooks.dead(&name).await)?;
    Ok(Json(letters.into_iter().map(|letter| DeadView::of(letter, zone)).collect()))
}

/// Delivers a dead letter again: before what waits of its ticket, with the id it always had, and for another day if need be.
#[utoipa::path(post, path = "/v1/webhooks/{name}/dead/{id}/replay", tag = "webhooks", operation_id = "replay_dead_letter",
    params(("name" = String, Path, description = "The webhook's name", example = "crm"),
        ("id" = u64, Path, description = "The event's number", example = 1024)),
    responses((status = 202, description = "It is delivered again", body = Replayed, example = json!({"replayed": 1}))))]
pub(super) async fn replay(
    State(door): State<DoorState>,
    _: Keeper,
    Named((name, id)): Named<(String, u64)>,
    mut posted: Posted,
) -> Result<(axum::http::StatusCode, Json<Replayed>), Problem> {
    nothing(posted.take_json_or_empty())?;
    let webhooks = &door.shared.webhooks;
    match there(webhooks, &name, webhooks.replay(&name, Some(id)).await)? {
        0 => Err(Problem::not_found("dead letter", &id.to_string())),
        replayed => Ok((axum::http::StatusCode::ACCEPTED, Json(Replayed { replayed }))),
    }
}

/// Delivers all dead letters of a webhook again.
#[utoipa::path(post, path = "/v1/webhooks/{name}/replay-dead", tag = "webhooks", operation_id = "replay_dead_letters",
    params(("name" = String, Path, description = "The webhook's name", example = "crm")),
    responses((status = 202, description = "They are delivered again", body = Replayed, example = json!({"replayed": 17}))))]
pub(super) async fn replay_all(
    State(door): State<DoorState>,
    _: Keeper,
    Named(name): Named<String>,
    mut posted: Posted,
) -> Result<(axum::http::StatusCode, Json<Replayed>), Problem> {
    nothing(posted.take_json_or_empty())?;
    let webhooks = &door.shared.webhooks;
    let replayed = there(webhooks, &name, webhooks.replay(&name, None).await)?;
    Ok((axum::http::StatusCode::ACCEPTED, Json(Replayed { replayed })))
}

/// Posts an event named `test` to a webhook's receiver, once, and tells what came of it.
#[utoipa::path(post, path = "/v1/webhooks/{name}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("name" = String, Path, description = "The webhook's name", example = "crm")),
    responses((status = 200, description = "What came of it", body = TestView,
        example = json!({"delivered": true, "status": 204, "error": null}))))]
pub(super) async fn test(
    State(door): State<DoorState>,
    Keeper(actor): Keeper,
    Named(name): Named<String>,
    mut posted: Posted,
) -> Result<Json<TestView>, Problem> {
    nothing(posted.take_json_or_empty())?;
    let webhooks = &door.shared.webhooks;
    let tested = webhooks.test(&name, &actor.name, door.shared.facts.zone).await;
    let (status, error) = match there(webhooks, &name, tested)? {
        Ok(status) => (Some(status), None),
        Err(error) => (None, Some(error)),
    };
    Ok(Json(TestView { delivered: status.is_some(), status, error }))
}

/// What a webhook answered; one that does not answer is not in the configuration, or has ended with the daemon.
fn there<T>(webhooks: &Webhooks, name: &str, answer: Option<T>) -> Result<T, Problem> {
    answer.ok_or_else(|| {
        if webhooks.has(name) {
            crate::run::Failure::Stopping.into()
        } else {
            Problem::not_found("webhook", name)
        }
    })
}
