//! Tokens: who may come in.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use calendars::{Timestamp, Tz, parse_duration_ms};
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::auth::Keeper;
use super::body::{Posted, parse_as};
use super::problem::Problem;
use super::query::Named;
use super::{Door, DoorState, tickets};
use crate::desk::command::Token;
use crate::desk::{Command, DeskAct, FieldError, Regulations, Role, Scope};
use crate::door::secret;

/// A day of 24 hours, in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenView {
    /// The agent's or program's name.
    #[schema(value_type = String, example = "ivanova")]
    name: SmolStr,
    /// What it may do.
    role: Role,
    /// The lines it works on; empty means every line.
    lines: Vec<u8>,
    /// The regulations whose tickets it has to do with; empty means every one.
    #[schema(value_type = Vec<String>)]
    regulations: Vec<SmolStr>,
    /// The channels whose tickets it has to do with; empty means every one.
    #[schema(value_type = Vec<String>)]
    channels: Vec<SmolStr>,
    /// From when on it lets nobody in; null where it holds until it is revoked.
    expires_at: Option<String>,
    /// Whether that time has come.
    expired: bool,
    /// When it was last used; null where it was not, as far as is known. The minutes before a power cut may be missing.
    last_used_at: Option<String>,
    /// From which address that was.
    #[schema(value_type = Option<String>, example = "192.168.1.7")]
    last_used_from: Option<IpAddr>,
}

/// A token that was just added.
#[derive(Serialize, ToSchema)]
pub(super) struct NewToken {
    #[serde(flatten)]
    token: TokenView,
    /// The secret. It is shown once and not kept.
    #[schema(example = "andon_…")]
    secret: String,
}

/// Who is to come in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddToken {
    /// The agent's or program's name. Required: 1 to 64 letters, digits, `-`, `_`, `.` or `@`.
    #[schema(example = "ivanova")]
    name: Option<String>,
    /// viewer, intake, agent, lead, head or admin. Required.
    #[schema(example = "agent")]
    role: Option<String>,
    /// The lines it works on; left out or empty means every line.
    #[serde(default)]
    lines: Vec<u8>,
    /// The regulations whose tickets it has to do with; left out or empty means every one. Not for the role admin.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["getmark"]))]
    regulations: Vec<SmolStr>,
    /// The channels whose tickets it has to do with; left out or empty means every one. Not for the role admin.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["email"]))]
    channels: Vec<SmolStr>,
    /// How long it holds: days or hours from now, the last day, or a time with an offset; left out: until it is revoked.
    #[schema(example = "90d")]
    expires: Option<String>,
}

impl TokenView {
    fn of(token: &Token, door: &Door) -> Self {
        let (zone, now) = (door.shared.facts.zone, door.shared.handle.view().now());
        let last = door.shared.access.last_use(&token.hash);
        Self {
            name: token.name.clone(),
            role: token.role,
            lines: token.lines.clone(),
            regulations: token.regulations.clone(),
            channels: token.channels.clone(),
            expires_at: token.expires_at.map(|at| at.to_rfc3339(zone)),
            expired: token.is_expired(now),
            last_used_at: last.map(|last| last.at.to_rfc3339(zone)),
            last_used_from: last.map(|last| last.from),
        }
    }
}

/// Lists the tokens that are not revoked.
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens", operation_id = "list_tokens",
    responses((status = 200, description = "The tokens", body = [TokenView])))]
pub(super) async fn list(State(door): State<DoorState>, _: Keeper) -> Json<Vec<TokenView>> {
    Json(door.shared.handle.view().tokens().iter().map(|token| TokenView::of(token, &door)).collect())
}

/// Adds a token; the answer is the only one that has its secret.
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", operation_id = "add_token", request_body = AddToken,
    responses((status = 201, description = "The token with its secret", body = NewToken)))]
pub(super) async fn add(
    State(door): State<DoorState>,
    Keeper(actor): Keeper,
    mut posted: Posted,
) -> Result<Response, Problem> {
    let asked: AddToken = parse_as(posted.take_json()?)?;
    let secret = secret::new().map_err(|error| {
        log::error!("the system has no randomness to give: {error}");
        Problem::internal()
    })?;
    let view = door.shared.handle.view();
    let time = SiteTime { now: view.now(), zone: door.shared.facts.zone };
    let token = token(asked, &secret, view.regulations(), time).map_err(Problem::fields)?;
    let view = TokenView::of(&token, &door);
    let done = door.command(Command::Desk(DeskAct::AddToken(token)), actor, posted.receipt).await?;
    if done.repeated {
        return Err(Problem::secret_shown(&view.name));
    }
    let mut response = (StatusCode::CREATED, Json(NewToken { token: view, secret })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    tickets::mark(response.headers_mut(), &done);
    Ok(response)
}

/// The token that was asked for, or all that is wrong with it. The desk checks the name, and that it is still to end.
fn token(
    asked: AddToken,
    secret: &str,
    regulations: &Regulations,
    time: SiteTime,
) -> Result<Token, Vec<FieldError>> {
    let mut errors = Vec::new();
    let roles = Role::ALL.map(Role::id).join(", ");
    if asked.name.is_none() {
        errors.push(FieldError::new("name", "is required: 1 to 64 letters, digits, `-`, `_`, `.` or `@`"));
    }
    let role = match asked.role.as_deref().map(str::parse) {
        Some(Ok(role)) => Some(role),
        Some(Err(_)) => {
            let given = asked.role.as_deref().unwrap_or_default();
            errors.push(FieldError::new("role", &format!("unknown `{given}`; one of {roles}")));
            None
        }
        None => {
            errors.push(FieldError::new("role", &format!("is required; one of {roles}")));
            None
        }
    };
    let known = |line: u8| regulations.iter().any(|regulation| regulation.line(line).is_some());
    if let Some(line) = asked.lines.iter().find(|line| !known(**line)) {
        errors.push(FieldError::new("lines", &format!("no regulation of this desk has line {line}")));
    }
    let expires_at =
        asked.expires.as_deref().map(|text| time.end(text)).transpose().unwrap_or_else(|message| {
            errors.push(FieldError::new("expires", &message));
            None
        });
    let AddToken { name, lines, regulations: named, channels, .. } = asked;
    let scope = Scope { regulations: named, channels };
    errors.extend(scope.wrong(regulations));
    match (name, role) {
        (Some(name), Some(role)) if errors.is_empty() => {
            let Scope { regulations, channels } = scope;
            let token = Token::named(&name, role, &secret::hash(secret.as_bytes()));
            Ok(Token { lines, regulations, channels, expires_at, ..token })
        }
        (_, _) => Err(errors),
    }
}

/// What time it is on the site.
#[derive(Clone, Copy)]
struct SiteTime {
    now: Timestamp,
    zone: Tz,
}

impl SiteTime {
    /// When a token ends that is to hold `text` long: `90d`, `12h`, the last day `2027-01-31`, or an RFC 3339 time.
    fn end(self, text: &str) -> Result<Timestamp, String> {
        let Self { now, zone } = self;
        if let Ok(day) = text.parse::<NaiveDate>() {
            // The whole of that day; a zone may have no midnight, and then its day begins an hour later.
            let next = day.checked_add_days(Days::new(1)).map(|next| next.and_time(NaiveTime::MIN));
            let begins = |at: NaiveDateTime| zone.from_local_datetime(&at).earliest();
            let end = next.and_then(|next| begins(next).or_else(|| begins(next + TimeDelta::hours(1))));
            if let Some(end) = end {
                return Ok(Timestamp::from_millis(end.timestamp_millis()));
            }
        }
        let days = text.strip_suffix('d').and_then(|days| days.parse::<u16>().ok());
        let ms = days.map(|days| i64::from(days) * DAY_MS).or_else(|| parse_duration_ms(text).ok());
        let at = ms.map(|ms| now.plus_ms(ms)).or_else(|| Timestamp::parse_rfc3339(text).ok());
        at.ok_or_else(|| {
            format!("`{text}` is no time: 90d, 12h, the last day 2027-01-31, or 2027-01-31T18:00:00+03:00")
        })
    }
}

/// Revokes a token: whoever holds its secret is not let in any more.
#[utoipa::path(delete, path = "/v1/tokens/{name}", tag = "tokens", operation_id = "revoke_token",
    params(("name" = String, Path, description = "The token's name")),
    responses((status = 204, description = "It is revoked")))]
pub(super) async fn revoke(
    State(door): State<DoorState>,
    Keeper(actor): Keeper,
    Named(name): Named<String>,
) -> Result<StatusCode, Problem> {
    door.command(Command::Desk(DeskAct::RevokeToken(name)), actor, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
