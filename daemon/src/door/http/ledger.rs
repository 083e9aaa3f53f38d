//! The ledger: whether everything in it can be read.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Keeper;
use super::problem::Problem;
use super::{DoorState, blocking};
use crate::chain::chain;
use crate::run::checking::{Losses, tell_checked};
use crate::store::LedgerReport;
use crate::store::ledger::Stretch;

/// What a check of the ledger found.
#[derive(Serialize, ToSchema)]
pub(super) struct LedgerCheck {
    /// How many files it has.
    segments: usize,
    /// How many events were ever acknowledged.
    events: u64,
    /// Stretches that cannot be read, in order. Tickets stand as they are; their histories lack these events.
    damage: Vec<LedgerDamage>,
    /// Files whose header cannot be read, though all their events can.
    bad_headers: Vec<String>,
}

/// A stretch of the ledger that cannot be read.
#[derive(Serialize, ToSchema)]
pub(super) struct LedgerDamage {
    /// The file.
    file: String,
    /// Its first bad byte.
    from_byte: u32,
    /// The first byte behind the stretch.
    to_byte: u32,
    /// The first event that is lost.
    first_event: u64,
    /// The first event behind it that can be read.
    next_event: u64,
    /// Where a copy of the bytes is; none where there are none, or it could not be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
}

impl From<&LedgerReport> for LedgerCheck {
    fn from(report: &LedgerReport) -> Self {
        let damage = |stretch: &Stretch| LedgerDamage {
            file: stretch.file.display().to_string(),
            from_byte: stretch.from,
            to_byte: stretch.to,
            first_event: stretch.first_seq,
            next_event: stretch.next_seq.unwrap_or(report.next_seq),
            kept: stretch.kept.as_ref().map(|kept| kept.display().to_string()),
        };
        Self {
            segments: report.segments,
            events: report.next_seq - 1,
            damage: report.damage.iter().map(damage).collect(),
            bad_headers: report.bad_headers.iter().map(|file| file.display().to_string()).collect(),
        }
    }
}

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
