//! The box's clock: what time the desk has, and whether it can be trusted.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::DoorState;
use super::auth::Reader;
use super::body::{Posted, parse_as};
use super::problem::Problem;
use crate::clock;
use crate::run::time::{Distrust, Proof};

/// What time the desk has.
#[derive(Serialize, ToSchema)]
pub(super) struct ClockStatus {
    /// What time the desk reckons with.
    at: String,
    /// Whether it can be trusted.
    trusted: bool,
    /// Why it cannot be: never-set, behind, stepped or unsynchronised; null while it can.
    #[schema(value_type = Option<String>, example = "behind")]
    distrust: Option<&'static str>,
    /// What the system clock shows.
    system: String,
    /// The newest instant that is known to have come, by the record.
    newest: String,
    /// Which proof is asked for: synchronised or plausible.
    #[schema(value_type = String, example = "synchronised")]
    proof: &'static str,
}

/// What time the desk has, and whether it can be trusted.
#[utoipa::path(get, path = "/v1/clock", tag = "daemon", operation_id = "show_clock",
    responses((status = 200, description = "The time", body = ClockStatus)))]
pub(super) async fn show(State(door): State<DoorState>, _: Reader) -> Result<Json<ClockStatus>, Problem> {
    read(&door).await.map(Json)
}

async fn read(door: &DoorState) -> Result<ClockStatus, Problem> {
    let handle = &door.shared.handle;
    // The answer to a command comes before the wall is drawn by it.
    door.settled().await?;
    let (at, newest) = door.look(|desk, now| (now, desk.known_at())).await?;
    let (zone, time) = (door.shared.facts.zone, handle.view().board().time);
    Ok(ClockStatus {
        at: at.to_rfc3339(zone),
        trusted: time.is_trusted(),
        distrust: time.why().map(Distrust::id),
        system: clock::now().to_rfc3339(zone),
        newest: newest.to_rfc3339(zone),
        proof: match door.shared.facts.proof {
            Proof::Synchronised => "synchronised",
            Proof::Plausible => "plausible",
        },
    })
}

/// An admin's word for the system clock.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Trust {
    /// Whether it is right though it is behind the newest event: the record had run ahead.
    #[serde(default)]
    yes: bool,
}

/// The clock, after an admin's word.
#[derive(Serialize, ToSchema)]
pub(super) struct Trusted {
    /// What time the desk has now.
    #[serde(flatten)]
    clock: ClockStatus,
    /// False where it was trusted already.
    changed: bool,
}

/// Trusts the system clock as it is, until it is set or the daemon starts anew. It must be set before.
#[utoipa::path(post, path = "/v1/clock/trust", tag = "daemon", operation_id = "trust_clock",
    request_body(content = Option<Trust>),
    responses((status = 200, description = "It is trusted", body = Trusted)))]
pub(super) async fn trust(
    State(door): State<DoorState>,
    mut posted: Posted,
) -> Result<Json<Trusted>, Problem> {
    let Trust { yes } = parse_as(posted.take_json_or_empty())?;
    let done = door.shared.handle.trust_time(yes, posted.caller.0).await?;
    Ok(Json(Trusted { clock: read(&door).await?, changed: done.changed }))
}
