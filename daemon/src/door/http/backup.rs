//! The backup: everything that cannot be made again, as one file, while the desk works on.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::DoorState;
use super::auth::Keeper;
use super::problem::Problem;
use super::streamed::streamed;
use crate::door::mail::Mailroom;
use crate::run::apart::note_attachments;
use crate::store::MailBooks;
use crate::store::backup::{BackupError, Facts, pack};

/// Where it is; only on the socket of `andonctl`.
pub(super) const PATH: &str = "/v1/backup";

/// Sends a backup of everything that was acknowledged before this was asked.
pub(super) async fn backup(State(door): State<DoorState>, _: Keeper) -> Result<Response, Problem> {
    // Nothing that the ledger names goes before it is packed.
    let hold = door.shared.apart.attachments.hold();
    let mail_hold = door.shared.mail.room().map(Mailroom::keep_held);
    let of = door.shared.facts.state_dir.clone();
    let mail = tokio::task::spawn_blocking(move || MailBooks::of(&of)).await;
    let mail = mail.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
    let mail = mail.map_err(|error| {
        log::error!("no backup can be made: {}", crate::chain::chain(&error));
        Problem::internal()
    })?;
    let ledger = door.shared.handle.history().ledger().clone();
    let reader = ledger.clone();
    // Between two batches, so that the tickets counted are those of the events packed.
    let looked = door.shared.handle.look(move |desk, now| {
        let tickets = desk.next_ticket().0 - 1;
        reader.durable().map(|durable| (durable, tickets, now))
    });
    let (durable, tickets, now) = looked.await?.map_err(|error| {
        log::error!("no backup can be made: {}", crate::chain::chain(&error));
        Problem::internal()
    })?;
    let facts = &door.shared.facts;
    let state_dir = facts.state_dir.clone();
    let facts = Facts {
        program: facts.version.clone(),
        taken_at: now.to_rfc3339(facts.zone),
        tickets,
        attachments: note_attachments,
    };
    let history = Arc::clone(door.shared.handle.history());
    let body = streamed(move |out| {
        let manifest = pack(&ledger, &durable, mail, &state_dir, facts, out)?;
        if !manifest.damage.is_empty() {
            history.met_damage();
        }
        drop((hold, mail_hold));
        Ok::<_, BackupError>(())
    });
    Ok(([(header::CONTENT_TYPE, "application/gzip")], body).into_response())
}
