//! What was sent: a JSON body of bounded length, in bounded time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::auth::Caller;
use super::problem::Problem;
use super::{Door, idempotency, json};
use crate::desk::event::Receipt;
use crate::desk::reading::{self, Read};
use crate::desk::{Actor, Command, FieldError, Refusal};

/// The longest body, in bytes.
pub(super) const BODY_MAX_BYTES: usize = 1 << 20;
/// How much of a body that is too long is read and thrown away, in bytes, so that the answer finds its reader:
/// whoever is still writing when the connection closes never sees it.
const DRAIN_MAX_BYTES: usize = 16 << 20;
/// How long a body may take, in seconds.
const BODY_WITHIN_S: u64 = 30;

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

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let charset =
        parts.find_map(|part| part.strip_prefix("charset=").map(|name| name.trim_matches('"').to_owned()));
    if charset.is_some_and(|name| !["utf-8", "utf8", "us-ascii"].contains(&name.as_str())) {
        return Err(Problem::unsupported_charset(given));
    }
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
    if text.starts_with('\u{feff}') {
        return Err(Problem::not_json("the body begins with a byte order mark; send it without"));
    }
    match json::parse(text) {
        Ok((value, faults)) if faults.is_empty() => Ok(Some(value)),
        Ok((_, faults)) => Err(Problem::fields(faults)),
        Err(error) => Err(Problem::not_json(error.to_string())),
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
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
#[expect(clippy::needless_pass_by_value, reason = "each caller has it for this alone")]
pub(super) fn parse_as<T: serde::de::DeserializeOwned>(json: Value) -> Result<T, Problem> {
    reading::read(&json).whole().map_err(Problem::fields)
}

/// The command, or everything that is wrong with it: beside what does not fit its verb, what the desk says of the rest.
pub(super) async fn whole(door: &Door, read: Read<Command>, actor: &Actor) -> Result<Command, Problem> {
    let Read { value, mut errors } = read;
    match value {
        Some(command) if errors.is_empty() => Ok(command),
        Some(command) => {
            let actor = actor.clone();
            let refused = door.shared.handle.look(move |desk, now| desk.decide(&command, &actor, now).err());
            if let Some(Refusal::Fields(more)) = refused.await? {
                tell_more(&mut errors, more);
            }
            Err(Problem::fields(errors))
        }
        None => Err(Problem::fields(errors)),
    }
}

/// Tells what more is wrong, but of no field twice: one that did not fit was left out, and is not missing besides.
pub(super) fn tell_more(errors: &mut Vec<FieldError>, more: Vec<FieldError>) {
    let more: Vec<_> = more.into_iter().filter(|more| !is_told(errors, more)).collect();
    errors.extend(more);
}

/// Whether something is told of that field, or of what it is a part of, or of a part of it.
fn is_told(errors: &[FieldError], more: &FieldError) -> bool {
    let holds = |whole: &str, part: &str| {
        part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    errors.iter().any(|told| holds(&told.field, &more.field) || holds(&more.field, &told.field))
}
