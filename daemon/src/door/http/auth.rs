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
use super::serving::{HangUp, Peer};
use super::{Door, DoorState};
use crate::desk::command::Token;
use crate::desk::{Actor, Refusal, Role};
use crate::door::secret;
use crate::run::View;
use crate::run::tokens::Tokens;

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

/// The token that a caller came in with, for what outlasts the request.
#[derive(Clone, Debug)]
pub(super) struct Pass(Token);

/// Why a token lets nobody in any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PassOver {
    /// It was revoked, whether or not another has its name now.
    Revoked,
    /// Its time is over.
    Expired,
}

impl Pass {
    /// The token's name.
    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    /// See [`Token::id`].
    pub(super) fn id(&self) -> SmolStr {
        self.0.id()
    }

    /// Why it lets nobody in any more; none while it does.
    pub(super) fn is_over(&self, view: &View) -> Option<PassOver> {
        match view.tokens().by_hash(&self.0.hash) {
            Some(token) if *token == self.0 => {
                // Few tokens have an end, and only for theirs the time is asked.
                let has_end = token.expires_at.is_some();
                (has_end && token.is_expired(view.now())).then_some(PassOver::Expired)
            }
            Some(_) | None => Some(PassOver::Revoked),
        }
    }
}

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

/// Refuses who leads nothing, before what they send is looked at; the desk says the same.
pub(super) fn may_lead(actor: &Actor, what: &str) -> Result<(), Problem> {
    if actor.role >= Role::Lead {
        return Ok(());
    }
    Err(Problem::forbidden(format!("{what} needs the role lead or more; this token has {}", actor.role)))
}

/// Refuses who may bring nothing to the desk, before what they send is looked at; the desk says the same.
pub(super) fn may_bring(actor: &Actor, what: &str) -> Result<(), Problem> {
    if actor.role >= Role::Intake {
        return Ok(());
    }
    Err(Problem::forbidden(format!("{what} needs the role intake or more; this token has {}", actor.role)))
}

/// Looks up the token that a request shows, and holds whoever asks to how often they may, whatever they ask for.
///
/// With a token that may come in, its requests are what counts, and else those of the address: so nobody behind an address
/// takes anything from a token that is used there, and no connection with one is given up for theirs.
pub(super) async fn limit(State(door): State<DoorState>, mut request: Request, next: Next) -> Response {
    let Some(from) = peer(&request) else { return next.run(request).await };
    let view = door.shared.handle.view();
    let shown = Shown::by(request.headers(), &view.tokens());
    let access = &door.shared.access;
    let (asks, name) = match &shown {
        Shown::Known(token) if !token.is_expired(view.now()) => {
            if let Some(connection) = request.extensions().get::<HangUp>() {
                connection.is_of_a_token();
            }
            let what = || format!("the token `{}` is used more often than it may be", token.name);
            let asks = access.token_asks(&token.name).map_err(|after_s| (what(), after_s));
            (asks, Some(token.name.clone()))
        }
        Shown::Known(_) | Shown::Unknown | Shown::Nothing => {
            let what = || "this address asks more often than it may without a token that comes in".to_owned();
            (access.address_asks(from).map_err(|after_s| (what(), after_s)), None)
        }
    };
    if let Err((what, after_s)) = asks {
        let problem = to_come_again(request.uri().path(), Problem::rate_limited(&what, after_s));
        let response = problem.into_response();
        return match name {
            Some(name) => named(response, name),
            None => response,
        };
    }
    request.extensions_mut().insert(shown);
    next.run(request).await
}

/// Lets in whom the door's guard knows, and tells the handlers who it is.
pub(super) async fn guard(State(door): State<DoorState>, mut request: Request, next: Next) -> Response {
    let (actor, pass) = match &door.guard {
        Guard::Tokens => {
            let tokens = || door.shared.handle.view().tokens();
            let shown = request.extensions_mut().remove::<Shown>();
            match shown.unwrap_or_else(|| Shown::by(request.headers(), &tokens())) {
                Shown::Known(token) => match let_in(&door, &token, peer(&request)) {
                    Ok(()) => (token.actor(), Some(Pass(token))),
                    Err(problem) => return named(problem.into_response(), token.name),
                },
                Shown::Nothing => return nothing_shown().into_response(),
                Shown::Unknown => return turn_away(&door, peer(&request)).into_response(),
            }
        }
        Guard::Open(actor) => (actor.clone(), None),
    };
    let name = actor.name.clone();
    request.extensions_mut().insert(Caller(actor));
    if let Some(pass) = pass {
        request.extensions_mut().insert(pass);
    }
    named(next.run(request).await, name)
}

fn named(mut response: Response, name: SmolStr) -> Response {
    response.extensions_mut().insert(TokenName(name));
    response
}

/// Where a request came from; none of the control socket.
pub(super) fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<Peer>().and_then(|peer| peer.0)
}

/// What a request shows of a token.
#[derive(Clone, Debug)]
enum Shown {
    /// One that is known, as it was when the request came; its time may be over.
    Known(Token),
    /// One that nobody knows.
    Unknown,
    /// None.
    Nothing,
}

impl Shown {
    fn by(headers: &HeaderMap, tokens: &Tokens) -> Self {
        let Some(secret) = bearer(headers) else { return Self::Nothing };
        tokens.by_hash(&secret::hash(secret.as_bytes())).cloned().map_or(Self::Unknown, Self::Known)
    }
}

fn nothing_shown() -> Problem {
    Problem::unauthorized(
        "send the token's secret as `Authorization: Bearer andon_…`; an admin makes one with `andonctl token add`",
    )
}

/// Whether a token that is known may come in now. What counts for its end is the desk's time: while that is held, since the
/// box does not know better, a token holds as long as it would have by that time.
fn let_in(door: &Door, token: &Token, from: Option<IpAddr>) -> Result<(), Problem> {
    let view = door.shared.handle.view();
    if let Some(at) = token.expires_at.filter(|_| token.is_expired(view.now())) {
        return Err(Problem::token_expired(&token.name, &at.to_rfc3339(door.shared.facts.zone)));
    }
    let Some(from) = from else { return Ok(()) };
    door.shared.access.token_used(&token.hash, from, view);
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
