//! The archive: where tickets are that were closed long ago. They are read as all others, by their numbers and in lists;
//! here is what each year's file holds, and whether it can be read.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use calendars::{Timestamp, Tz};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{Keeper, Reader};
use super::problem::Problem;
use super::{DoorState, blocking};
use crate::chain::chain;
use crate::store::archive::{YearChecked, YearHeld};

/// What a year's file holds.
#[derive(Serialize, ToSchema)]
pub(super) struct YearView {
    /// The year its tickets were closed in, in the site's zone.
    #[schema(example = 2026)]
    year: u16,
    /// How many tickets are read in it. One that was archived again later counts there.
    tickets: u64,
    /// How long the file is, in bytes.
    bytes: u64,
    /// When the first of its tickets was closed.
    first_closed_at: String,
    /// When the last of its tickets was closed.
    last_closed_at: String,
}

/// What a check of a year's file found.
#[derive(Serialize, ToSchema)]
pub(super) struct YearCheck {
    /// Which year.
    #[schema(example = 2026)]
    year: u16,
    /// How many of its members, each some dozens of tickets packed as one, could be read.
    members: u64,
    /// How many stories are in them; a ticket that was archived again has more than one.
    stories: u64,
    /// What could not be read, and where a copy of it is.
    damage: Vec<String>,
    /// How many tickets were in that and are in no other member. The next start makes them again from the ledger.
    given_up: u64,
}

/// Tells what each year's archive holds, the earliest first.
#[utoipa::path(get, path = "/v1/archive", tag = "daemon", operation_id = "list_archive",
    responses((status = 200, description = "The years", body = [YearView])))]
pub(super) async fn list(
    State(door): State<DoorState>,
    reader: Reader,
) -> Result<Json<Vec<YearView>>, Problem> {
    reader.whole("the archive")?;
    let zone = door.shared.facts.zone;
    let years = door.shared.handle.history().archive().years();
    Ok(Json(years.into_iter().map(|(year, held)| view(year, held, zone)).collect()))
}

fn view(year: u16, held: YearHeld, zone: Tz) -> YearView {
    let told = |ms| Timestamp::from_millis(ms).to_rfc3339(zone);
    YearView {
        year,
        tickets: held.tickets,
        bytes: held.bytes,
        first_closed_at: told(held.first_ms),
        last_closed_at: told(held.last_ms),
    }
}

/// Reads all of the archive. What cannot be read is named and copied to the quarantine.
#[utoipa::path(get, path = "/v1/archive/check", tag = "daemon", operation_id = "check_archive",
    responses((status = 200, description = "What was found, by year", body = [YearCheck])))]
pub(super) async fn check(State(door): State<DoorState>, _: Keeper) -> Result<Json<Vec<YearCheck>>, Problem> {
    let history = Arc::clone(door.shared.handle.history());
    let checked = blocking(move || history.archive().check()).await?.map_err(|error| {
        log::error!("the archive could not be checked: {}", chain(&error));
        Problem::internal()
    })?;
    let view = |YearChecked { year, members, stories, damage, given_up }| YearCheck {
        year,
        members,
        stories,
        damage: damage.iter().map(ToString::to_string).collect(),
        given_up,
    };
    Ok(Json(checked.into_iter().map(view).collect()))
}
