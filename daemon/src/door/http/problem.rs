//! Refusals and failures as people and scripts see them: RFC 9457, with a stable `code`.

use std::any::Any;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::chain::chain;
use crate::desk::command::BadCommand;
use crate::desk::{FieldError, Refusal, TicketNumber};
use crate::run::Failure;
use crate::run::history::HistoryError;
use crate::store::{ArchiveError, LedgerError, TicketsError};

/// Content type of every problem.
pub(super) const CONTENT_TYPE: &str = "application/problem+json";
/// The code of a body that is packed; its answer says which encoding is taken (RFC 9110, 15.5.16).
const UNSUPPORTED_ENCODING: &str = "unsupported-encoding";
/// How long to wait where the loop is busy, in seconds.
const RETRY_BUSY_S: u32 = 1;
/// How long to wait where the daemon stops or its disk fails, in seconds.
const RETRY_LATER_S: u32 = 5;

/// Why a request was not carried out. Boxed, since it is the way out of nearly every function here.
#[derive(Debug)]
pub(super) struct Problem(Box<Told>);

/// A problem's code, beside its answer: for what is told of denied calls. What is there and was told as if it were not has
/// the code of that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code(pub &'static str);

/// Why a request was not carried out (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Told {
    /// Names the kind of problem; ends with its code.
    #[serde(rename = "type")]
    #[schema(example = "urn:andon:problem:invalid-fields")]
    kind: String,
    /// The kind of problem, for people.
    title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16, example = 422)]
    status: StatusCode,
    /// What stood in the way this time, and the way out.
    detail: String,
    /// The stable code that scripts look at; `daemon/docs/errors.md` lists them.
    #[schema(value_type = String, example = "invalid-fields")]
    code: &'static str,
    /// What is wrong with which field; all of it at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// The ticket it conflicts with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    ticket: Option<TicketNumber>,
    /// The status that ticket is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    ticket_status: Option<SmolStr>,
    /// The revision the ticket is at.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    #[serde(skip)]
    retry_after_s: Option<u32>,
    /// Whether it is there, outside the scope of who asked: they are not told, and whoever keeps the box is.
    #[serde(skip)]
    is_hidden: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes by reference")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Told {
    /// The code for what is told of denied calls.
    fn audited(&self) -> &'static str {
        if self.is_hidden { "out-of-scope" } else { self.code }
    }
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Told {
            kind: format!("urn:andon:problem:{code}"),
            title,
            status,
            detail: detail.into(),
            code,
            errors: Vec::new(),
            ticket: None,
            ticket_status: None,
            revision: None,
            retry_after_s: None,
            is_hidden: false,
        }))
    }

    fn later(code: &'static str, title: &'static str, detail: impl Into<String>, after_s: u32) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail);
        problem.0.retry_after_s = Some(after_s);
        problem
    }

    /// Fields, parameters or headers that cannot be taken.
    pub(super) fn fields(errors: Vec<FieldError>) -> Self {
        let detail = errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.message).trim_start_matches(": ").to_owned())
            .collect::<Vec<_>>()
            .join("; ");
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-fields",
            "Some of what was sent is wrong or missing",
            detail,
        );
        problem.0.errors = errors;
        problem
    }

    /// One field, parameter or header that cannot be taken.
    pub(super) fn field(field: &str, message: impl AsRef<str>) -> Self {
        Self::fields(vec![FieldError::new(field, message.as_ref())])
    }

    /// The body is no JSON.
    pub(super) fn not_json(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "not-json", "The body is not JSON", detail)
    }

    /// The body did not come in whole.
    pub(super) fn broken_body(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "incomplete-body", "The body did not come in whole", detail)
    }

    /// The body did not come in in time.
    pub(super) fn too_slow(limit_s: u64) -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "request-timeout",
            "The body took too long",
            format!("the body did not come in within {limit_s} s"),
        )
    }

    /// The body came in too slowly.
    pub(super) fn too_slow_a_body(rate: u64, patience_s: u64) -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "request-timeout",
            "The body took too long",
            format!(
                "the body kept us waiting for more than {patience_s} s; it is to come in at {rate} bytes per second or more"
            ),
        )
    }

    /// Path and query are too long.
    pub(super) fn uri_too_long(limit_bytes: usize) -> Self {
        Self::new(
            StatusCode::URI_TOO_LONG,
            "uri-too-long",
            "The path and query are too long",
            format!("path and query are at most {limit_bytes} bytes together"),
        )
    }

    /// There are too many headers, or they are too long.
    pub(super) fn headers_too_large(limit: usize, limit_bytes: usize) -> Self {
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers-too-large",
            "The headers are too many or too long",
            format!("a request has at most {limit} headers, of {limit_bytes} bytes together"),
        )
    }

    /// Plain HTTP was spoken to a door of TLS.
    pub(super) fn needs_tls() -> Self {
        let detail = "this door speaks TLS: ask again with https://";
        Self::new(StatusCode::BAD_REQUEST, "needs-tls", "The door speaks TLS", detail)
    }

    /// The body is too long.
    pub(super) fn too_large(limit_bytes: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too long",
            format!("a body is at most {limit_bytes} bytes"),
        )
    }

    /// The body is written in another alphabet's bytes.
    pub(super) fn unsupported_charset(given: &str) -> Self {
        let mut problem = Self::unsupported_media_type(given);
        problem.0.detail =
            format!("the body came with `{given}`; JSON is sent as UTF-8, so leave `charset` out");
        problem
    }

    /// The body is packed.
    pub(super) fn unsupported_encoding(given: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            UNSUPPORTED_ENCODING,
            "The body is packed",
            format!("the body came with `Content-Encoding: {given}`; send it as it is, without that header"),
        )
    }

    /// The body is of another type.
    pub(super) fn unsupported_media_type(given: &str) -> Self {
        let given = if given.is_empty() { "no Content-Type".to_owned() } else { format!("`{given}`") };
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The body is of another type",
            format!("the body came with {given}; send it with `Content-Type: application/json`"),
        )
    }

    /// A file that is too long.
    pub(super) fn file_too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "What was sent is too long", detail)
    }

    /// A file of a kind that is not taken.
    pub(super) fn unsupported_attachment(detail: impl Into<String>) -> Self {
        let title = "Files of this kind are not taken";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-attachment", title, detail)
    }

    /// No form that brings files.
    pub(super) fn no_form(detail: impl Into<String>) -> Self {
        let title = "The body is of another type";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", title, detail)
    }

    /// Files take all the room they may.
    pub(super) fn attachments_full(detail: impl Into<String>) -> Self {
        let title = "Attachments take all the room they may";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "attachments-full", title, detail)
    }

    /// The disk has no room for files.
    pub(super) fn disk_full(detail: impl Into<String>) -> Self {
        Self::later("disk-full", "The disk is full", detail, RETRY_LATER_S)
    }

    /// The disk does not do what it is told.
    pub(super) fn storage_failed(detail: impl Into<String>) -> Self {
        Self::later("storage-failed", "The disk fails", detail, RETRY_LATER_S)
    }

    /// More files or access data come in than are taken at once.
    pub(super) fn uploads_busy(max: usize, max_each: usize) -> Self {
        let detail = format!(
            "{max} requests bring files or access data already, or {max_each} with this token; try again in a second"
        );
        Self::later("busy", "More comes in than is taken at once", detail, RETRY_BUSY_S)
    }

    /// What the record names is there no more.
    pub(super) fn lost(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, code, "It is lost", detail)
    }

    /// Access data cannot be kept without a key.
    pub(super) fn sealed_not_set_up(detail: impl Into<String>) -> Self {
        let title = "This box keeps no access data";
        Self::new(StatusCode::CONFLICT, "sealed-not-set-up", title, detail)
    }

    /// Nobody we know.
    pub(super) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A token is needed", detail)
    }

    /// A token whose time is over.
    pub(super) fn token_expired(name: &str, at: &str) -> Self {
        let detail = format!(
            "the token `{name}` held until {at}; an admin revokes it and adds another: andonctl token add"
        );
        Self::new(StatusCode::UNAUTHORIZED, "token-expired", "The token's time is over", detail)
    }

    /// Somebody asks too often.
    pub(super) fn rate_limited(what: &str, after_s: u32) -> Self {
        let detail = format!("{what}; the next request is taken in {after_s} s");
        Self::too_often("rate-limited", "Too many requests", detail, after_s)
    }

    /// The same for whoever takes nothing but 503 for a word to come again; what was no such word stays as it is.
    pub(super) fn into_unavailable(mut self) -> Self {
        if self.0.status == StatusCode::TOO_MANY_REQUESTS {
            self.0.status = StatusCode::SERVICE_UNAVAILABLE;
        }
        self
    }

    /// Somebody showed too many tokens that nobody knows.
    pub(super) fn locked_out(after_s: u32) -> Self {
        let detail = format!(
            "this address showed too many tokens that are not known here; another is looked up in {after_s} s. A token that is known comes in meanwhile"
        );
        Self::too_often("locked-out", "Too many unknown tokens", detail, after_s)
    }

    fn too_often(code: &'static str, title: &'static str, detail: String, after_s: u32) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, code, title, detail);
        problem.0.retry_after_s = Some(after_s);
        problem
    }

    /// Not for this role.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This token may not do that", detail)
    }

    /// Not for this token's scope.
    pub(super) fn out_of_scope(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "out-of-scope", "This token is for other tickets", detail)
    }

    /// There is no such thing.
    pub(super) fn not_found(what: &str, id: &str) -> Self {
        Self::not_there(format!("there is no {what} `{id}`"))
    }

    /// There is such a thing, outside the scope of who asks: told as [`Problem::not_found`] tells it.
    pub(super) fn hidden(what: &str, id: &str) -> Self {
        let mut problem = Self::not_found(what, id);
        problem.0.is_hidden = true;
        problem
    }

    pub(super) fn not_there(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    /// The key's first request added a token, and its secret is not kept.
    pub(super) fn secret_shown(name: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "secret-shown-once",
            "The secret was shown already",
            format!(
                "token `{name}` was added by the first request with this key, and its secret was shown only then; revoke it and add another"
            ),
        )
    }

    /// As many follow the wall as may.
    pub(super) fn too_many_followers(max: usize, max_each: usize) -> Self {
        let detail = format!(
            "{max} follow the wall already, or {max_each} from this address; it is free again when one of them goes"
        );
        Self::later("too-many-followers", "The wall is followed by as many as may", detail, RETRY_LATER_S)
    }

    /// As many follow events as may.
    pub(super) fn too_many_streams(max: usize, max_each: usize) -> Self {
        let detail = format!(
            "{max} follow events already, or {max_each} with this token; it is free again when one of them goes"
        );
        Self::later("too-many-streams", "As many follow events as may", detail, RETRY_LATER_S)
    }

    /// No event has that number yet.
    pub(super) fn no_such_event(seen: u64, newest: u64) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "no-such-event",
            "No event has that number",
            format!(
                "event {seen} is not there, the newest is {newest}: a restore has gone back behind what was seen; read anew what you keep, and follow from {newest} on"
            ),
        )
    }

    /// The daemon is not ready.
    pub(super) fn not_ready(detail: impl Into<String>) -> Self {
        Self::later("not-ready", "The daemon is not ready", detail, RETRY_BUSY_S)
    }

    /// The books are being opened.
    pub(super) fn starting(detail: impl Into<String>) -> Self {
        Self::later("starting", "The daemon is starting", detail, RETRY_LATER_S)
    }

    /// A fault of ours.
    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "A fault of the daemon",
            "the request met a fault in the daemon; its journal says more (journalctl -u andond)",
        )
    }

    /// The configuration says nothing of what this takes in.
    pub(super) fn not_configured(section: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "not-configured",
            "This desk is not set up for that",
            format!("the configuration has no [{section}]; add it to andon.toml and start andond anew"),
        )
    }

    /// A command before it was not carried out, and whoever sent them wants it to end there.
    pub(super) fn not_tried() -> Self {
        Self::new(
            StatusCode::FAILED_DEPENDENCY,
            "not-tried",
            "The batch stopped before this command",
            "a command before this one was not carried out, and `stop_on_refusal` was set; send it again when that is mended",
        )
    }

    /// What it says, as it stands in the answer to a batch.
    pub(super) fn into_told(self) -> Told {
        *self.0
    }

    /// Says first what came before it.
    pub(super) fn with_before(mut self, words: &str) -> Self {
        self.0.detail = format!("{words}: {}", self.0.detail);
        self
    }

    /// Its status and stable code.
    pub(super) fn kind(&self) -> (StatusCode, &'static str) {
        (self.0.status, self.0.audited())
    }

    /// As it is sent.
    pub(super) fn told(&self) -> serde_json::Value {
        serde_json::to_value(&*self.0).expect("a problem is plain data with text keys")
    }

    /// The stable code.
    #[cfg(test)]
    pub(super) fn code(&self) -> &'static str {
        self.0.code
    }

    /// What is wrong with which field.
    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.0.errors
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(told) = self;
        let mut response = (told.status, Json(&told)).into_response();
        response.extensions_mut().insert(Code(told.audited()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if let Some(after_s) = told.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after_s));
        }
        if told.code == UNSUPPORTED_ENCODING {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if told.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"andon\""));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Fields(errors) => Self::fields(errors),
            Refusal::NotFound { .. } => Self::not_there(detail),
            Refusal::Hidden { what, id } => Self::hidden(what, &id),
            Refusal::QueueEmpty(_) => {
                Self::new(StatusCode::NOT_FOUND, "queue-empty", "There is nothing to take", detail)
            }
            Refusal::Forbidden(_) => Self::forbidden(detail),
            Refusal::OutOfScope { .. } => Self::out_of_scope(detail),
            Refusal::Revision { now, .. } => {
                let title = "The ticket has changed";
                let mut problem =
                    Self::new(StatusCode::PRECONDITION_FAILED, "revision-changed", title, detail);
                problem.0.revision = Some(now);
                problem
            }
            Refusal::Conflict { code, ticket, status, .. } => {
                let mut problem =
                    Self::new(StatusCode::CONFLICT, code, "The desk does not do that now", detail);
                (problem.0.ticket, problem.0.ticket_status) = (ticket, status);
                problem
            }
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let detail = failure.to_string();
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::KeyReused => {
                let title = "The Idempotency-Key was used before";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", title, detail)
            }
            Failure::Storage { full: true, .. } => {
                Self::later("disk-full", "The disk is full", detail, RETRY_LATER_S)
            }
            Failure::Storage { full: false, .. } => {
                Self::later("storage-failed", "The disk fails", detail, RETRY_LATER_S)
            }
            Failure::BatchTooLong { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The batch is too long", detail)
            }
            Failure::Busy => Self::later("busy", "The desk is busy", detail, RETRY_BUSY_S),
            Failure::Stopping => Self::later("stopping", "The desk is stopping", detail, RETRY_LATER_S),
        }
    }
}

impl From<BadCommand> for Problem {
    fn from(bad: BadCommand) -> Self {
        match bad {
            BadCommand::UnknownVerb { .. } => Self::not_there(bad.to_string()),
            BadCommand::Fields(errors) => Self::fields(errors),
        }
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        log::error!("what happened could not be read: {}", chain(&error));
        match &error {
            HistoryError::Index { source: TicketsError::Damaged { .. }, .. }
            | HistoryError::PutAway(TicketsError::Damaged { .. }) => {
                Self::later("storage-failed", "A restart is needed", chain(&error), RETRY_LATER_S)
            }
            HistoryError::Index {
                source: TicketsError::Read { .. } | TicketsError::Closed { .. }, ..
            }
            | HistoryError::PutAway(TicketsError::Read { .. } | TicketsError::Closed { .. })
            | HistoryError::Archive { source: ArchiveError::Read { .. }, .. }
            | HistoryError::Archives(ArchiveError::Read { .. })
            | HistoryError::Ledger(LedgerError::Read { .. }) => {
                Self::later("storage-failed", "The disk fails", chain(&error), RETRY_LATER_S)
            }
            HistoryError::Lost { .. } => {
                Self::new(StatusCode::GONE, "entry-lost", "An entry of the ticket is lost", error.to_string())
            }
            HistoryError::Index { .. }
            | HistoryError::PutAway(_)
            | HistoryError::Archive { .. }
            | HistoryError::Story { .. }
            | HistoryError::Archives(_)
            | HistoryError::Ledger(_)
            | HistoryError::Entry { .. } => Self::internal(),
        }
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::not_there(format!("the path names nothing: {}", rejection.body_text()))
    }
}

/// For paths that lead nowhere.
pub(super) async fn no_such_path(uri: Uri) -> Problem {
    Problem::not_there(format!("there is nothing at `{}`; /openapi.json lists what there is", uri.path()))
}

/// For methods that a path does not have.
pub(super) async fn no_such_method(method: Method, uri: Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "The path has no such method",
        format!("`{}` has no {method}; the header Allow lists what it has", uri.path()),
    )
}

/// For handlers that panicked.
#[expect(clippy::needless_pass_by_value, reason = "the layer that catches panics gives it away")]
pub(super) fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let words = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no words");
    log::error!("a request ended in a panic: {words}");
    Problem::internal().into_response()
}
