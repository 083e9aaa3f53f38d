//! Denied calls, for whoever keeps the box.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use calendars::Tz;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::DoorState;
use super::access::denials::{DENIALS_MAX, Denial};
use super::auth::{Keeper, TokenName};
use super::metrics::{NO_ROUTE, known_method};
use super::problem::{Code, Problem};
use super::query::Query;
use super::serving::Peer;

/// How many a list has where nobody says.
const LIMIT_DEFAULT: usize = 100;

/// A call that was denied, with those from the same source, token and code that came without a minute of peace between.
#[derive(Serialize, ToSchema)]
pub(super) struct DenialView {
    /// When the first was.
    first_at: String,
    /// When the last was.
    last_at: String,
    /// How many there were; of a batch, how many of its commands.
    count: u64,
    /// The address; of IPv6 its network of 64 bits. `many addresses` where they are too many to be told apart.
    #[schema(example = "192.168.1.7")]
    from: String,
    /// The token's name; null where none is known.
    #[schema(value_type = Option<String>)]
    token: Option<SmolStr>,
    /// The problem's code.
    #[schema(value_type = String, example = "unauthorized")]
    code: &'static str,
    /// The method of the last.
    #[schema(value_type = String, example = "GET")]
    method: &'static str,
    /// The route of the last; `none` where the path leads nowhere.
    #[schema(value_type = String, example = "/v1/tickets/{number}")]
    route: SmolStr,
}

impl DenialView {
    fn of(denial: Denial, zone: Tz) -> Self {
        Self {
            first_at: denial.first_at.to_rfc3339(zone),
            last_at: denial.last_at.to_rfc3339(zone),
            count: denial.count,
            from: denial.who.from.to_string(),
            token: denial.who.token,
            code: denial.who.code,
            method: denial.method,
            route: denial.route,
        }
    }
}

/// Lists the calls that were denied (401, 403, 429) since the start, the newest first; the last 1,000 are kept.
///
/// What a token's scope does not have is answered as if it were not there, and stands here as `out-of-scope`.
/// Of a batch each command that was denied counts.
#[utoipa::path(get, path = "/v1/denials", tag = "tokens", operation_id = "list_denials",
    params(("limit" = Option<u16>, Query, description = "How many at most: 1 to 1000, else 100")),
    responses((status = 200, description = "The denied calls", body = [DenialView])))]
pub(super) async fn list(
    State(door): State<DoorState>,
    _: Keeper,
    query: Query,
) -> Result<Json<Vec<DenialView>>, Problem> {
    let mut errors = query.unknown(&["limit"]);
    let limit = query.limit(LIMIT_DEFAULT, DENIALS_MAX).unwrap_or_else(|error| {
        errors.push(error);
        0
    });
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    let zone = door.shared.facts.zone;
    let denials = door.shared.access.denials(limit).into_iter();
    Ok(Json(denials.map(|denial| DenialView::of(denial, zone)).collect()))
}

/// The codes that an answer with another status may have, though it is a denial: Alertmanager is told 503 for 429, and what
/// lies outside a token's scope is told as if it were not there.
const DENIED_BY_CODE: [&str; 3] = ["locked-out", "out-of-scope", "rate-limited"];

/// Which of a batch's commands were denied, beside its answer: how many of each code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Denied(BTreeMap<&'static str, u64>);

impl Denied {
    /// A command has come to that status and code.
    pub(super) fn note(&mut self, status: StatusCode, code: &'static str) {
        if is_denial(status, code) {
            *self.0.entry(code).or_default() += 1;
        }
    }
}

fn is_denial(status: StatusCode, code: &str) -> bool {
    let by_status =
        matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS);
    by_status || DENIED_BY_CODE.contains(&code)
}

/// Takes down each call that is denied, and each batch with commands that are.
pub(super) async fn audit(State(door): State<DoorState>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer(None));
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = known_method(request.method());
    let mut response = next.run(request).await;
    let mut denied = response.extensions_mut().remove::<Denied>().unwrap_or_default();
    if let Some(Code(code)) = response.extensions().get().copied() {
        denied.note(response.status(), code);
    }
    for (code, times) in denied.0 {
        let token = response.extensions().get().map(|TokenName(name)| name.clone());
        let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        let at = door.shared.handle.view().now();
        door.shared.access.denied(peer, (token, code, times), (method, route.into()), at);
    }
    response
}
