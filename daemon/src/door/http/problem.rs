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
/// How long to wait where the loop is busy, in seconds.
const RETRY_BUSY_S: u32 = 1;
/// How long to wait where the daemon stops or its disk fails, in seconds.
const RETRY_LATER_S: u32 = 5;

/// Why a request was not carried out. Boxed, since it is the way out of nearly every function here.
#[derive(Debug)]
pub(super) struct Problem(Box<Told>);

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
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes by reference")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
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

    /// Nobody we know.
    pub(super) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A token is needed", detail)
    }

    /// Not for this role.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This token may not do that", detail)
    }

    /// There is no such thing.
    pub(super) fn not_found(what: &str, id: &str) -> Self {
        Self::not_there(format!("there is no {what} `{id}`"))
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
    pub(super) fn too_many_followers(max: usize) -> Self {
        let detail = format!("{max} follow the wall already; it is free again when one of them goes");
        Self::later("too-many-followers", "The wall is followed by as many as may", detail, RETRY_LATER_S)
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

    /// Says first what came before it.
    pub(super) fn with_before(mut self, words: &str) -> Self {
        self.0.detail = format!("{words}: {}", self.0.detail);
        self
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
    #[cfg(test)]
    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.0.errors
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(told) = self;
        let mut response = (told.status, Json(&told)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if let Some(after_s) = told.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after_s));
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
            Refusal::Forbidden(_) => Self::forbidden(detail),
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
