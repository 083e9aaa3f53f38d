//! Tokens: who may come in.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::auth::Keeper;
use super::body::{Posted, parse_as};
use super::problem::Problem;
use super::query::Named;
use super::{DoorState, tickets};
use crate::desk::command::Token;
use crate::desk::{Command, DeskAct, FieldError, Regulations, Role};
use crate::door::secret;

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
}

impl From<&Token> for TokenView {
    fn from(token: &Token) -> Self {
        Self { name: token.name.clone(), role: token.role, lines: token.lines.clone() }
    }
}

/// Lists the tokens that are not revoked.
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens", operation_id = "list_tokens",
    responses((status = 200, description = "The tokens", body = [TokenView])))]
pub(super) async fn list(State(door): State<DoorState>, _: Keeper) -> Json<Vec<TokenView>> {
    Json(door.shared.handle.view().tokens().iter().map(TokenView::from).collect())
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
    let token = token(asked, &secret, door.shared.handle.view().regulations()).map_err(Problem::fields)?;
    let view = TokenView::from(&token);
    let done = door.command(Command::Desk(DeskAct::AddToken(token)), actor, posted.receipt).await?;
    if done.repeated {
        return Err(Problem::secret_shown(&view.name));
    }
    let mut response = (StatusCode::CREATED, Json(NewToken { token: view, secret })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    tickets::mark(response.headers_mut(), &done);
    Ok(response)
}

/// The token that was asked for, or all that is wrong with it. The desk checks the name.
fn token(asked: AddToken, secret: &str, regulations: &Regulations) -> Result<Token, Vec<FieldError>> {
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
    match (asked.name, role) {
        (Some(name), Some(role)) if errors.is_empty() => {
            let token = Token::named(&name, role, &secret::hash(secret.as_bytes()));
            Ok(Token { lines: asked.lines, ..token })
        }
        (_, _) => Err(errors),
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
