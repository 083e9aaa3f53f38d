//! Who is calling.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use super::problem::Problem;
use super::{Door, DoorState};
use crate::desk::command::Token;
use crate::desk::{Actor, Role};
use crate::door::secret;

/// Whom a door lets in.
pub(super) enum Guard {
    /// Whoever shows a token's secret.
    Tokens,
    /// Everybody who can reach it, as this actor.
    Open(Actor),
}

/// Whoever calls, with a token that may come in.
#[derive(Clone, Debug)]
pub(super) struct Caller(pub Actor);

/// A caller who may read: every role but `intake`, which sees only the answers to what it sent itself.
pub(super) struct Reader;

/// A caller who keeps the box.
pub(super) struct Keeper(pub Actor);

/// Lets in whom the door's guard knows, and tells the handlers who it is.
pub(super) async fn guard(
    State(door): State<DoorState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let actor = match &door.guard {
        Guard::Tokens => actor_of(&door, request.headers())?,
        Guard::Open(actor) => actor.clone(),
    };
    request.extensions_mut().insert(Caller(actor));
    Ok(next.run(request).await)
}

/// The actor of the token that was shown.
fn actor_of(door: &Door, headers: &HeaderMap) -> Result<Actor, Problem> {
    let secret = bearer(headers).ok_or_else(|| {
        Problem::unauthorized("send the token's secret as `Authorization: Bearer andon_…`; an admin makes one with `andonctl token add`")
    })?;
    // What is compared are SHA-256 sums: how long that takes tells nothing about the secret, since nobody can
    // choose a secret for its sum.
    let hash = secret::hash(secret.as_bytes());
    let tokens = door.shared.handle.view().tokens();
    let token = tokens.iter().find(|token| token.hash == hash);
    token
        .map(actor)
        .ok_or_else(|| Problem::unauthorized("this token is not known here; it may have been revoked"))
}

/// The secret that a request shows.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim()).filter(|secret| !secret.is_empty())
}

fn actor(token: &Token) -> Actor {
    Actor {
        name: token.name.clone(),
        role: token.role,
        lines: token.lines.clone(),
        requester: token.role == Role::Intake,
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // A route that nobody put behind the guard lets nobody in.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::unauthorized("a token is needed here"))
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Caller(actor) = Caller::from_request_parts(parts, state).await?;
        match actor.role {
            Role::Intake => Err(Problem::forbidden(
                "the role intake registers tickets and passes on answers; it reads only what comes back. Reading needs another token, of role viewer or of agent and more",
            )),
            Role::Viewer | Role::Agent | Role::Lead | Role::Head | Role::Admin => Ok(Self),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Keeper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Caller(actor) = Caller::from_request_parts(parts, state).await?;
        if actor.role < Role::Admin {
            return Err(Problem::forbidden(format!(
                "this is for the role admin; this token has {}",
                actor.role
            )));
        }
        Ok(Self(actor))
    }
}
