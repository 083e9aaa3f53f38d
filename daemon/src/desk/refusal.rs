//! Refusals: answers that carry what a person needs to know to go on.

use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::scope::Scope;
use super::ticket::TicketNumber;

/// One field of a command that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where, as a path: `requester.inn`. Empty for the body as a whole.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl FieldError {
    /// A field and what is wrong with it.
    pub fn new(field: &str, message: &str) -> Self {
        Self { field: field.to_owned(), message: message.to_owned() }
    }
}

/// Why the desk does not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The command's fields are wrong or missing.
    #[error("{}", list(.0))]
    Fields(Vec<FieldError>),
    /// There is no such thing.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// ticket, alarm, token
        what: &'static str,
        /// By which name or number.
        id: String,
    },
    /// There is such a thing, and the actor's scope does not have it: they are told what they would be told if there were
    /// none.
    #[error("there is no {what} `{id}`")]
    Hidden {
        /// As of what is not there.
        what: &'static str,
        /// By which name or number.
        id: String,
    },
    /// The actor's role or lines do not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// The actor has to do with other tickets only. Of a ticket, alarm or problem it is [`Refusal::Hidden`].
    #[error("{what} is not among what this token is for: {scope}")]
    OutOfScope {
        /// registering under `getmark`, the wall, …
        what: String,
        /// What it is for.
        scope: Scope,
    },
    /// The ticket has changed since the caller saw it.
    #[error("the ticket is at revision {now}, not {}; read it again", revision(*asked))]
    Revision {
        /// What the caller saw; 0 where what they sent names no revision.
        asked: u64,
        /// What it is.
        now: u64,
    },
    /// Nothing is to be taken from that part of the queue.
    #[error("{0}")]
    QueueEmpty(String),
    /// The regulation or the ticket's state does not allow it now.
    #[error("{message}")]
    Conflict {
        /// Stable code.
        code: &'static str,
        /// What stands in the way, and the way out.
        message: String,
        /// The ticket it conflicts with.
        ticket: Option<TicketNumber>,
        /// Where the ticket stands.
        status: Option<SmolStr>,
    },
}

/// A revision in words. The first is 1.
fn revision(asked: u64) -> String {
    match asked {
        0 => "at what was sent, which names none (nor does a weak tag such as W/\"7\")".to_owned(),
        asked => asked.to_string(),
    }
}

pub(super) fn list(errors: &[FieldError]) -> String {
    errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("; ")
}

impl Refusal {
    /// The stable code that scripts look at.
    pub const fn code(&self) -> &'static str {
        match self {
            Refusal::Fields(_) => "invalid-fields",
            Refusal::NotFound { .. } | Refusal::Hidden { .. } => "not-found",
            Refusal::Forbidden(_) => "forbidden",
            Refusal::OutOfScope { .. } => "out-of-scope",
            Refusal::Revision { .. } => "revision-changed",
            Refusal::QueueEmpty(_) => "queue-empty",
            Refusal::Conflict { code, .. } => code,
        }
    }

    /// There is such a ticket, and it is not in the actor's scope.
    pub fn hidden_ticket(number: TicketNumber) -> Self {
        Refusal::Hidden { what: "ticket", id: number.to_string() }
    }

    /// One wrong field.
    pub fn field(field: &str, message: impl AsRef<str>) -> Self {
        Refusal::Fields(vec![FieldError::new(field, message.as_ref())])
    }

    /// The state of things stands in the way.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Refusal::Conflict { code, message: message.into(), ticket: None, status: None }
    }
}
