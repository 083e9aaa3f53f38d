//! Alarms: what needs a person.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use calendars::parse_duration_ms;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::DoorState;
use super::auth::Reader;
use super::body::Posted;
use super::problem::Problem;
use super::query::{Named, Query};
use crate::desk::DeskAct;
use crate::desk::view::{self, AlarmView};

/// How many alarms a list has where nobody says.
const LIMIT_DEFAULT: usize = 100;
/// How many alarms a list has at most.
const LIMIT_MAX: usize = 1_000;

/// Lists alarms, the worst first, what nobody has taken before what somebody has.
#[utoipa::path(get, path = "/v1/alarms", tag = "alarms", operation_id = "list_alarms",
    params(("limit" = Option<u16>, Query, description = "How many at most: 1 to 1000, else 100")),
    responses((status = 200, description = "The alarms", body = [AlarmView])))]
pub(super) async fn list(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    query: Query,
) -> Result<Json<Vec<AlarmView>>, Problem> {
    let mut errors = query.unknown(&["limit"]);
    let limit = query.limit(LIMIT_DEFAULT, LIMIT_MAX).unwrap_or_else(|error| {
        errors.push(error);
        0
    });
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    let (zone, language) = (door.shared.facts.zone, door.shared.facts.language);
    // A disk that fails takes no events: its alarm stands on the wall only.
    let board = door.shared.handle.view().board();
    let unkept = if caller.scope.is_whole() { board.alarms_total } else { 0 };
    let kept = door
        .look(move |desk, _| (view::alarms(desk, &caller.scope, zone, language, limit), desk.alarms_total()));
    let (mut alarms, total) = kept.await?;
    if unkept > total {
        let known = board.alarms.iter().take(unkept - total);
        let troubles = known.map(|(alarm, about)| view::alarm(alarm, about, zone));
        let troubles: Vec<_> =
            troubles.filter(|trouble| alarms.iter().all(|alarm| alarm.id != trouble.id)).collect();
        alarms.splice(0..0, troubles);
        alarms.truncate(limit);
    }
    Ok(Json(alarms))
}

/// An alarm was taken.
#[derive(Serialize, ToSchema)]
pub(super) struct Acked {
    /// The alarm.
    id: String,
    /// False where somebody had taken it already.
    changed: bool,
}

/// Takes an alarm: the wall shows who has it, and the buzzer stops for it.
#[utoipa::path(post, path = "/v1/alarms/{id}/ack", tag = "alarms", operation_id = "ack_alarm",
    params(("id" = String, Path, description = "The alarm's id", example = "1024-breach-resolution-1")),
    responses((status = 200, description = "It is taken", body = Acked)))]
pub(super) async fn ack(
    State(door): State<DoorState>,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<Acked>), Problem> {
    nothing(posted.take_json_or_empty())?;
    let (headers, changed) = door.desk_act(DeskAct::AckAlarm(id.clone()), posted).await?;
    Ok((headers, Json(Acked { id, changed })))
}

/// How an alarm is to be put aside.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shelve {
    /// Hours, minutes, seconds; 1m to 24h. Required.
    #[serde(rename = "for")]
    #[schema(example = "30m")]
    length: Option<String>,
    /// Why. Required where the alarm is a critical one.
    reason: Option<String>,
}

/// An alarm was put aside, or taken from the shelf.
#[derive(Serialize, ToSchema)]
pub(super) struct PutAside {
    /// The alarm.
    id: String,
    /// When it calls anew; null where it is on no shelf.
    shelved_until: Option<String>,
    /// Whether anything changed.
    changed: bool,
}

/// Puts an alarm aside for a time: it neither lights nor sounds, and then calls anew by itself.
#[utoipa::path(post, path = "/v1/alarms/{id}/shelve", tag = "alarms", operation_id = "shelve_alarm", request_body = Shelve,
    params(("id" = String, Path, description = "The alarm's id", example = "1024-breach-resolution-1")),
    responses((status = 200, description = "It is put aside", body = PutAside)))]
pub(super) async fn shelve(
    State(door): State<DoorState>,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<PutAside>), Problem> {
    let Shelve { length, reason } = super::body::parse_as(posted.take_json()?)?;
    let length = length.ok_or_else(|| Problem::field("for", "is required, such as 30m"))?;
    let for_ms = parse_duration_ms(&length).map_err(|error| Problem::field("for", error.to_string()))?;
    put_aside(door, id.clone(), DeskAct::ShelveAlarm { id, for_ms, reason }, posted).await
}

/// Takes an alarm from the shelf: it calls anew.
#[utoipa::path(post, path = "/v1/alarms/{id}/unshelve", tag = "alarms", operation_id = "unshelve_alarm",
    params(("id" = String, Path, description = "The alarm's id", example = "1024-breach-resolution-1")),
    responses((status = 200, description = "It is on no shelf", body = PutAside)))]
pub(super) async fn unshelve(
    State(door): State<DoorState>,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<PutAside>), Problem> {
    nothing(posted.take_json_or_empty())?;
    put_aside(door, id.clone(), DeskAct::UnshelveAlarm(id), posted).await
}

async fn put_aside(
    door: DoorState,
    id: String,
    act: DeskAct,
    posted: Posted,
) -> Result<(HeaderMap, Json<PutAside>), Problem> {
    let (headers, changed) = door.desk_act(act, posted).await?;
    let asked = id.clone();
    let until = door.look(move |desk, _| {
        desk.alarm(&asked).and_then(|alarm| alarm.shelf.as_ref()).map(|shelving| shelving.until)
    });
    let shelved_until = until.await?.map(|until| until.to_rfc3339(door.shared.facts.zone));
    Ok((headers, Json(PutAside { id, shelved_until, changed })))
}

/// A body that has nothing to say.
pub(super) fn nothing(json: serde_json::Value) -> Result<(), Problem> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    let Nothing {} = super::body::parse_as(json)?;
    Ok(())
}
