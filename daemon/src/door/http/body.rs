//! What was sent: a JSON body of bounded length, in bounded time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::auth::{Caller, may_bring};
use super::problem::Problem;
use super::serving::{BodyPlace, BodyRoom, PATIENCE_S, RATE_MIN, TooSlow};
use super::{Door, idempotency, json};
use crate::desk::event::Receipt;
use crate::desk::reading::{self, Read};
use crate::desk::{Actor, Command, FieldError, Refusal};

/// The longest body, in bytes …
pub(super) const BODY_MAX_BYTES: usize = 1 << 20;
/// … and the longest one of many commands or alerts at once.
pub(super) const LONG_BODY_MAX_BYTES: usize = 4 << 20;
/// How much of a body that is too long is read and thrown away, in bytes, so that the answer finds its reader:
/// whoever is still writing when the connection closes never sees it.
pub(super) const DRAIN_MAX_BYTES: usize = 16 << 20;
/// How long a body may take, in seconds.
pub(super) const BODY_WITHIN_S: u64 = 30;

/// A POST of at most `MAX_BYTES`: who sent what, and what recognises it when it comes again.
pub(super) struct Posted<const MAX_BYTES: usize = BODY_MAX_BYTES> {
    /// Who.
    pub caller: Caller,
    /// What recognises the same request, where it came with an `Idempotency-Key`.
    pub receipt: Option<Receipt>,
    json: Option<Value>,
    /// The body's room in memory, which what was read of it takes, too.
    _place: BodyPlace,
}

impl<const MAX_BYTES: usize> Posted<MAX_BYTES> {
    /// The JSON; a body must be there.
    pub(super) fn take_json(&mut self) -> Result<Value, Problem> {
        self.json.take().ok_or_else(|| Problem::not_json("the body is empty; send a JSON object"))
    }

    /// The JSON; an empty body says nothing, which is `{}`.
    pub(super) fn take_json_or_empty(&mut self) -> Value {
        self.json.take().unwrap_or_else(|| Value::Object(Map::new()))
    }
}

impl<S: Send + Sync, const MAX_BYTES: usize> FromRequest<S> for Posted<MAX_BYTES> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller =
            <Caller as axum::extract::FromRequestParts<S>>::from_request_parts(&mut parts, state).await?;
        if MAX_BYTES > BODY_MAX_BYTES {
            // Nobody keeps much in memory who may bring nothing.
            may_bring(&caller.0, "bringing many things at once")?;
        }
        let mut place = BodyPlace::default();
        let bytes = read(&parts, body, MAX_BYTES, &mut place).await?;
        if !bytes.is_empty() {
            check_type(&parts.headers)?;
        }
        let (pass, path) = (parts.extensions.get(), parts.uri.path());
        let receipt = idempotency::receipt(&caller, pass, &parts.headers, &parts.method, path, &bytes)?;
        Ok(Self { caller, receipt, json: parse(&bytes)?, _place: place })
    }
}

pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    check_encoding(headers)?;
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

/// Refuses a body that is packed: what it holds would have to be bounded anew, and nothing that is sent here is long.
pub(super) fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let is_plain = |value: &HeaderValue| {
        let codings = value.to_str().ok().map(|list| list.split(',').map(str::trim));
        codings.is_some_and(|mut codings| codings.all(|coding| coding.eq_ignore_ascii_case("identity")))
    };
    match headers.get_all(header::CONTENT_ENCODING).iter().find(|value| !is_plain(value)) {
        Some(packed) => Err(Problem::unsupported_encoding(&String::from_utf8_lossy(packed.as_bytes()))),
        None => Ok(()),
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

/// The body, in bounded time and room; its place is free again when `place` is dropped.
pub(super) async fn read(
    parts: &Parts,
    body: Body,
    max_bytes: usize,
    place: &mut BodyPlace,
) -> Result<Bytes, Problem> {
    let headers = &parts.headers;
    let caller = parts.extensions.get::<Caller>().map_or("", |Caller(actor)| actor.name.as_str());
    let room = parts.extensions.get::<BodyRoom>().map(|room| (room, caller));
    let declared: Option<usize> =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    // Who asks first, or wants to send far too much, is told before anything is read.
    let too_large = declared.is_some_and(|bytes| bytes > max_bytes);
    let asks = headers.contains_key(header::EXPECT);
    if (too_large && asks) || declared.is_some_and(|bytes| bytes > DRAIN_MAX_BYTES) {
        return Err(Problem::too_large(max_bytes));
    }
    match tokio::time::timeout(Duration::from_secs(BODY_WITHIN_S), collect(body, max_bytes, room, place))
        .await
    {
        Ok(read) => read,
        Err(_) => Err(Problem::too_slow(BODY_WITHIN_S)),
    }
}

async fn collect(
    body: Body,
    max_bytes: usize,
    room: Option<(&BodyRoom, &str)>,
    place: &mut BodyPlace,
) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let mut kept = Vec::new();
    let mut seen = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| broken(&error, room.map(|(room, _)| room)))?;
        seen += chunk.len();
        if seen > DRAIN_MAX_BYTES {
            break;
        }
        if seen <= max_bytes {
            room.map_or(Ok(()), |(room, caller)| room.take(place, caller, chunk.len()))?;
            kept.extend_from_slice(&chunk);
        }
    }
    if seen > max_bytes { Err(Problem::too_large(max_bytes)) } else { Ok(kept.into()) }
}

/// Why a body did not come in whole.
fn broken(error: &axum::Error, room: Option<&BodyRoom>) -> Problem {
    let mut causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    if causes.any(<dyn std::error::Error>::is::<TooSlow>) {
        if let Some(room) = room {
            room.too_slow();
        }
        return Problem::too_slow_a_body(RATE_MIN, PATIENCE_S);
    }
    Problem::broken_body(error.to_string())
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
            // What was sent is held meanwhile, as that of a command is.
            let _place = door.place()?;
            let refused = door.look(move |desk, now| desk.decide(&command, &actor, now).err());
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
