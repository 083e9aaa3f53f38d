//! The export: the ledger as JSON lines, while the desk works on.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::DoorState;
use super::auth::Keeper;
use super::streamed::streamed;
use crate::store::export;

/// Where it is; only on the socket of `andonctl`.
pub(super) const PATH: &str = "/v1/export";

/// Sends everything that was acknowledged before this was asked, as JSON lines.
pub(super) async fn export(State(door): State<DoorState>, _: Keeper) -> Response {
    let ledger = door.shared.handle.history().ledger().clone();
    let next_seq = ledger.next_seq();
    let (state_dir, program) = (door.shared.facts.state_dir.clone(), door.shared.facts.version.clone());
    let body = streamed(move |out| export::export(&ledger, next_seq, &state_dir, &program, out));
    ([(header::CONTENT_TYPE, "application/jsonl")], body).into_response()
}
