//! What was sent: a JSON body of bounded length, in bounded time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::auth::Caller;
use super::idempotency;
use super::problem::Problem;
use crate::desk::FieldError;
use crate::desk::command::BadCommand;
use crate::desk::event::Receipt;

/// The longest body, in bytes.
pub(super) const BODY_MAX_BYTES: usize = 1 << 20;
/// How much of a body that is too long is read and thrown away, in bytes, so that the answer finds its reader:
/// whoever is still writing when the connection closes never sees it.
pub(super) const DRAIN_MAX_BYTES: usize = 16 << 20;
/// How long a body may take, in seconds.
pub(super) const BODY_WITHIN_S: u64 = 30;

/// A POST: who sent what, and what recognises it when it comes again.
pub(super) struct Posted {
    /// Who.
    pub caller: Caller,
    /// What recognises the same request, where it came with an `Idempotency-Key`.
    pub receipt: Option<Receipt>,
    json: Option<Value>,
}

impl Posted {
    /// The JSON; a body must be there.
    pub(super) fn take_json(&mut self) -> Result<Value, Problem> {
        self.json.take().ok_or_else(|| Problem::not_json("the body is empty; send a JSON object"))
    }

    /// The JSON; an empty body says nothing, which is `{}`.
    pub(super) fn take_json_or_empty(&mut self) -> Value {
        self.json.take().unwrap_or_else(|| Value::Object(Map::new()))
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller =
            <Caller as axum::extract::FromRequestParts<S>>::from_request_parts(&mut parts, state).await?;
        let bytes = read(&parts.headers, body).await?;
        if !bytes.is_empty() {
            check_type(&parts.headers)?;
        }
        let receipt = idempotency::receipt(&caller, &parts.headers, &parts.method, parts.uri.path(), &bytes)?;
        Ok(Self { caller, receipt, json: parse(&bytes)? })
    }
}

pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        Ok(())
    } else {
        Err(Problem::unsupported_media_type(given))
    }
}

fn parse(bytes: &[u8]) -> Result<Option<Value>, Problem> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::not_json(format!("the body is not UTF-8 from byte {}", error.valid_up_to()))
    })?;
    serde_json::from_str(text).map(Some).map_err(|error| Problem::not_json(error.to_string()))
}

pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let declared: Option<usize> =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    // Who asks first, or wants to send far too much, is told before anything is read.
    let too_large = declared.is_some_and(|bytes| bytes > BODY_MAX_BYTES);
    let asks = headers.contains_key(header::EXPECT);
    if (too_large && asks) || declared.is_some_and(|bytes| bytes > DRAIN_MAX_BYTES) {
        return Err(Problem::too_large(BODY_MAX_BYTES));
    }
    match tokio::time::timeout(Duration::from_secs(BODY_WITHIN_S), collect(body)).await {
        Ok(read) => read,
        Err(_) => Err(Problem::too_slow(BODY_WITHIN_S)),
    }
}

async fn collect(body: Body) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let mut kept = Vec::new();
    let mut seen = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Problem::broken_body(error.to_string()))?;
        seen += chunk.len();
        if seen > DRAIN_MAX_BYTES {
            break;
        }
        if seen <= BODY_MAX_BYTES {
            kept.extend_from_slice(&chunk);
        }
    }
    if seen > BODY_MAX_BYTES { Err(Problem::too_large(BODY_MAX_BYTES)) } else { Ok(kept.into()) }
}

/// JSON as a type of this door; the desk's own commands read theirs themselves.
pub(super) fn parse_as<T: serde::de::DeserializeOwned>(json: Value) -> Result<T, Problem> {
    if !json.is_object() {
        return Err(Problem::field("", "must be a JSON object"));
    }
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "" } else { &path };
        BadCommand::Field(FieldError::new(field, &error.inner().to_string())).into()
    })
}
