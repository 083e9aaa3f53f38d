//! Who is calling.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use smol_str::SmolStr;

use super::alertmanager;
use super::problem::Problem;
use super::serving::Peer;
use super::{Door, DoorState};
use crate::desk::command::Token;
use crate::desk::{Actor, Refusal, Role};
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
pub(super) struct Reader(pub Actor);

impl Reader {
    /// What is told of the desk as a whole cannot be told in part.
    pub(super) fn whole(&self, what: &str) -> Result<(), Problem> {
        let scope = &self.0.scope;
        if scope.is_whole() {
            return Ok(());
        }
        let what = what.to_owned();
        Err(Refusal::OutOfScope { what, scope: scope.clone() }.into())
    }
}

/// A caller who keeps the box.
pub(super) struct Keeper(pub Actor);

/// The name of the token that a request came with, beside its answer: for what is told of denied calls.
#[derive(Clone)]
pub(super) struct TokenName(pub SmolStr);

/// Refuses who may bring nothing to the desk, before what they send is looked at; the desk says the same.
pub(super) fn may_bring(actor: &Actor, what: &str) -> Result<(), Problem> {
    if actor.role >= Role::Intake {
        return Ok(());
    }
    Err(Problem::forbidden(format!("{what} needs the role intake or more; this token has {}", actor.role)))
}

/// Lets in whom the door's guard knows, and tells the handlers who it is.
pub(super) async fn guard(State(door): State<DoorState>, mut request: Request, next: Next) -> Response {
    let actor = match &door.guard {
        Guard::Tokens => {
            let shown = secret_sum(request.headers());
            let tokens = door.shared.handle.view().tokens();
            let known = shown.as_ref().ok().and_then(|hash| tokens.by_hash(hash));
            match (known, shown) {
                (Some(token), _) => match let_in(&door, token, peer(&request)) {
                    Ok(()) => token.actor(),
                    Err(problem) => {
                        let problem = to_come_again(request.uri().path(), problem);
                        return named(problem.into_response(), token.name.clone());
                    }
                },
                (None, Err(problem)) => return problem.into_response(),
                (None, Ok(_)) => return turn_away(&door, peer(&request)).into_response(),
            }
        }
        Guard::Open(actor) => actor.clone(),
    };
    let name = actor.name.clone();
    request.extensions_mut().insert(Caller(actor));
    named(next.run(request).await, name)
}

fn named(mut response: Response, name: SmolStr) -> Response {
    response.extensions_mut().insert(TokenName(name));
    response
}

fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<Peer>().and_then(|peer| peer.0)
}

/// The sum of the secret that was shown.
fn secret_sum(headers: &HeaderMap) -> Result<String, Problem> {
    let secret = bearer(headers).ok_or_else(|| {
        Problem::unauthorized("send the token's secret as `Authorization: Bearer andon_…`; an admin makes one with `andonctl token add`")
    })?;
    Ok(secret::hash(secret.as_bytes()))
}

/// Whether a token that is known may come in now. What counts for its end is the desk's time: while that is held, since the
/// box does not know better, a token holds as long as it would have by that time.
fn let_in(door: &Door, token: &Token, from: Option<IpAddr>) -> Result<(), Problem> {
    let view = door.shared.handle.view();
    if let Some(at) = token.expires_at.filter(|_| token.is_expired(view.now())) {
        return Err(Problem::token_expired(&token.name, &at.to_rfc3339(door.shared.facts.zone)));
    }
    let Some(from) = from else { return Ok(()) };
    let access = &door.shared.access;
    access.token_asks(&token.name).map_err(|after_s| {
        Problem::rate_limited(
            &format!("the token `{}` is used more often than it may be", token.name),
            after_s,
        )
    })?;
    access.token_used(&token.hash, from, view);
    Ok(())
}

/// Why a token that nobody knows does not come in.
fn turn_away(door: &Door, from: Option<IpAddr>) -> Problem {
    match from.map_or(Ok(()), |from| door.shared.access.unknown_token(from)) {
        Ok(()) => Problem::unauthorized("this token is not known here; it may have been revoked"),
        Err(after_s) => Problem::locked_out(after_s),
    }
}

/// Alertmanager drops what was answered 429 and sends again what was answered 503.
fn to_come_again(path: &str, problem: Problem) -> Problem {
    if path == alertmanager::PATH { problem.into_unavailable() } else { problem }
}

/// Refuses an address that asks too often, whatever it asks for.
pub(super) async fn limit_address(State(door): State<DoorState>, request: Request, next: Next) -> Response {
    let asks = peer(&request).map_or(Ok(()), |from| door.shared.access.address_asks(from));
    let path = request.uri().path();
    match asks {
        Ok(()) => next.run(request).await,
        Err(after_s) => {
            let problem = Problem::rate_limited("this address asks more often than it may", after_s);
            to_come_again(path, problem).into_response()
        }
    }
}

/// The secret that a request shows.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim()).filter(|secret| !secret.is_empty())
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
            Role::Viewer | Role::Agent | Role::Lead | Role::Head | Role::Admin => Ok(Self(actor)),
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
