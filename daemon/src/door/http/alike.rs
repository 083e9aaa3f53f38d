//! Alike: tickets that say the same as one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::auth::Reader;
use super::problem::Problem;
use super::query::{Named, Query};
use super::{Door, DoorState, blocking, tickets};
use crate::desk::alike::SUGGESTED_MAX;
use crate::desk::view::AlikeView;
use crate::desk::{Alike, Scope};
use crate::run::HistoryError;

/// How many tickets a list has at most.
const LIMIT_MAX: usize = 50;

/// Lists tickets that look alike, those of the same type and the like first, then the most alike.
///
/// Subjects are compared by what they are about: the stems of their words, Russian and English, without what is said of
/// everything; over tickets of the same regulation that are not closed, and the newest 4,096. A word that more tickets have
/// than are looked at stands for the newest of them. What is listed is a guess: an agent links the ticket to a problem, or does not.
#[utoipa::path(get, path = "/v1/tickets/{number}/alike", tag = "tickets", operation_id = "list_alike_tickets",
    params(("number" = u64, Path, description = "The ticket's number"),
        ("limit" = Option<u16>, Query, description = "How many at most: 1 to 50, else 5")),
    responses((status = 200, description = "The tickets", body = [AlikeView])))]
pub(super) async fn list(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    Named(number): Named<String>,
    query: Query,
) -> Result<Json<Vec<AlikeView>>, Problem> {
    let mut errors = query.unknown(&["limit"]);
    let limit = query.limit(SUGGESTED_MAX, LIMIT_MAX).unwrap_or_else(|error| {
        errors.push(error);
        0
    });
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    let ticket = tickets::find(&door, &caller.scope, &number).await?;
    let found = door.look(move |desk, _| desk.suggested(&ticket, usize::MAX).alike).await?;
    let view = Arc::clone(door.shared.handle.view());
    let alike = blocking(move || {
        let mut views = Vec::new();
        for alike in found {
            let ticket = view.ticket(alike.number)?;
            views.extend(
                ticket
                    .filter(|ticket| caller.scope.covers_ticket(ticket))
                    .map(|ticket| AlikeView::of(&alike, &ticket)),
            );
            if views.len() == limit {
                break;
            }
        }
        Ok::<_, HistoryError>(views)
    });
    Ok(Json(alike.await??))
}

/// Of tickets that are alike, those that are in a scope and wait for no disk.
pub(super) fn of_live(door: &Door, alike: &[Alike], scope: &Scope) -> Vec<AlikeView> {
    let view = door.shared.handle.view();
    let seen = alike.iter().filter_map(|alike| Some((alike, view.live(alike.number)?)));
    let seen = seen.filter(|(_, ticket)| scope.covers_ticket(ticket));
    seen.map(|(alike, ticket)| AlikeView::of(alike, &ticket)).collect()
}
