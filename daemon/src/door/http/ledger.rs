//! The ledger: whether everything in it can be read.

use axum::Json;
use axum::extract::State;

use super::auth::Keeper;
use super::problem::Problem;
use super::{DoorState, blocking};
use crate::chain::chain;
use crate::run::checking::{LedgerCheck, Losses, tell_checked};

/// Reads all of the ledger. What cannot be read is named, copied to the quarantine and told on the wall.
#[utoipa::path(get, path = "/v1/ledger/check", tag = "daemon", operation_id = "check_ledger",
    responses((status = 200, description = "What was found", body = LedgerCheck)))]
pub(super) async fn check(State(door): State<DoorState>, _: Keeper) -> Result<Json<LedgerCheck>, Problem> {
    let handle = door.shared.handle.clone();
    let report = blocking(move || handle.history().ledger().check()).await?.map_err(|error| {
        log::error!("the ledger could not be checked: {}", chain(&error));
        Problem::internal()
    })?;
    tell_checked(&door.shared.handle, &Losses::from(&report), door.shared.facts.language);
    Ok(Json(LedgerCheck::from(&report)))
}
