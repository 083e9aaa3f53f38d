//! The wall as JSON, and its buzzer.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use calendars::parse_duration_ms;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::DoorState;
use super::alarms::nothing;
use super::auth::Reader;
use super::body::{Posted, parse_as};
use super::problem::Problem;
use crate::board::state::BoardView;
use crate::desk::DeskAct;

/// The wall: level, counts, alarms, what runs out next, lamps and buzzer.
#[utoipa::path(get, path = "/v1/board", tag = "board", operation_id = "show_board",
    responses((status = 200, description = "The wall, now", body = BoardView)))]
pub(super) async fn show(State(door): State<DoorState>, reader: Reader) -> Result<Json<BoardView>, Problem> {
    reader.whole("the wall")?;
    door.settled().await?;
    let view = door.shared.handle.view();
    Ok(Json(view.board().view(view.now())))
}

/// The buzzer was silenced.
#[derive(Serialize, ToSchema)]
pub(super) struct Silenced {
    /// False where nothing called that had not been silenced before.
    changed: bool,
}

/// Silences what calls now, without taking any of it; what calls later sounds. The lamps stay.
#[utoipa::path(post, path = "/v1/board/silence", tag = "board", operation_id = "silence_board",
    responses((status = 200, description = "It is silent", body = Silenced)))]
pub(super) async fn silence(
    State(door): State<DoorState>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<Silenced>), Problem> {
    nothing(posted.take_json_or_empty())?;
    let before = door.shared.handle.view().board().heard_before();
    let act = DeskAct::Silence { before, taking: Vec::new() };
    let (headers, changed) = door.desk_act(act, posted).await?;
    Ok((headers, Json(Silenced { changed })))
}

/// How long the buzzer is to be silent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mute {
    /// Hours, minutes, seconds; at most 24h. `0s` ends the mute.
    #[serde(rename = "for")]
    #[schema(example = "30m")]
    length: Option<String>,
}

/// Until when the buzzer is silent.
#[derive(Serialize, ToSchema)]
pub(super) struct Muted {
    /// Null where it sounds.
    muted_until: Option<String>,
}

/// Silences the buzzer for a time; the lamps stay.
#[utoipa::path(post, path = "/v1/board/mute", tag = "board", operation_id = "mute_board", request_body = Mute,
    responses((status = 200, description = "Until when", body = Muted)))]
pub(super) async fn mute(
    State(door): State<DoorState>,
    mut posted: Posted,
) -> Result<(HeaderMap, Json<Muted>), Problem> {
    let mute: Mute = parse_as(posted.take_json()?)?;
    let length = mute.length.ok_or_else(|| Problem::field("for", "is required, such as 30m"))?;
    let for_ms = parse_duration_ms(&length).map_err(|error| Problem::field("for", error.to_string()))?;
    let (headers, _) = door.desk_act(DeskAct::Mute { for_ms }, posted).await?;
    let until = door.look(|desk, now| desk.muted_until().filter(|until| *until > now)).await?;
    Ok((headers, Json(Muted { muted_until: until.map(|until| until.to_rfc3339(door.shared.facts.zone)) })))
}
