//! One line of a log: whose ticket, what, when, by whom; or why it is no command.

use calendars::{Timestamp, TimestampError};
use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::{LINE_MAX_BYTES, Unfit, Why};
use crate::desk::Act;

/// A command of the log.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub at: Timestamp,
    /// The log's own name of the ticket.
    pub ticket: SmolStr,
    pub verb: String,
    /// The agent.
    pub by: Option<String>,
    /// The verb's own fields.
    pub body: Value,
}

/// What is wrong with a log's line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Longer than a line may be.
    #[error("the line is longer than {LINE_MAX_BYTES} bytes")]
    TooLong,
    /// No JSON, or no object.
    #[error("not a JSON object: {0}")]
    NotJson(String),
    /// Something every line has is missing or of another type.
    #[error("`{field}` {message}")]
    Field {
        /// Which member.
        field: &'static str,
        /// What it must be.
        message: &'static str,
    },
    /// The time is none, or says no offset.
    #[error("`at`: {0}")]
    Time(#[from] TimestampError),
    /// Older than the line before it.
    #[error("older than a line before it; a log is in order of time")]
    OutOfOrder,
    /// No such verb.
    #[error("unknown verb `{0}`; a verb is one of register, {known}", known = Act::VERBS.join(", "))]
    UnknownVerb(String),
    /// No line before registers the ticket.
    #[error("no line before this one registers the ticket")]
    UnknownTicket,
    /// The name has a ticket already.
    #[error("the log has registered a ticket of this name already")]
    RegisteredTwice,
}

impl Fault {
    /// The stable code that scripts look at.
    pub const fn code(&self) -> &'static str {
        match self {
            Fault::TooLong => "line-too-long",
            Fault::NotJson(_) => "not-json",
            Fault::Field { .. } => "bad-line",
            Fault::Time(_) => "bad-time",
            Fault::OutOfOrder => "out-of-order",
            Fault::UnknownVerb(_) => "unknown-verb",
            Fault::UnknownTicket => "unknown-ticket",
            Fault::RegisteredTwice => "registered-twice",
        }
    }
}

impl Line {
    pub(super) fn read(text: &[u8]) -> Result<Self, Box<Unfit>> {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let mut body: Map<String, Value> = serde_json::from_slice(text)
            .map_err(|error| Box::new(Unfit::of(Fault::NotJson(json_error(&error)))))?;
        let ticket = name(body.remove("ticket"));
        let verb = match body.remove("do") {
            Some(Value::String(verb)) => Some(verb),
            _ => None,
        };
        let at = body.remove("at");
        let by = body.remove("by");
        let unfit = |why| {
            let (ticket, verb) = (ticket.as_deref().map(str::to_owned), verb.clone());
            Box::new(Unfit { ticket, verb, why: Why::Fault(why) })
        };
        let field = |field, message| unfit(Fault::Field { field, message });
        let at = match &at {
            Some(Value::String(at)) => Timestamp::parse_rfc3339(at).map_err(|error| unfit(error.into()))?,
            _ => return Err(field("at", "is required: a time such as \"2026-11-23T10:02:11+03:00\"")),
        };
        let by = match by {
            None | Some(Value::Null) => None,
            Some(Value::String(by)) if !by.is_empty() => Some(by),
            Some(_) => return Err(field("by", "must be an agent's name, or left out")),
        };
        match (ticket.clone(), verb.clone()) {
            (Some(ticket), Some(verb)) => Ok(Self { at, ticket, verb, by, body: Value::Object(body) }),
            (None, _) => Err(field("ticket", "is required: any name")),
            (_, None) => Err(field("do", "is required: a verb such as \"register\"")),
        }
    }
}

/// What is wrong and in which column; "line 1" would be taken for the log's.
fn json_error(error: &serde_json::Error) -> String {
    let (text, place) = (error.to_string(), format!(" at line {} column {}", error.line(), error.column()));
    match (text.strip_suffix(&place), error.column()) {
        (Some(what), 0) => what.to_owned(),
        (Some(what), column) => format!("{what} at column {column}"),
        (None, _) => text,
    }
}

/// A ticket's name; a number is one too.
fn name(value: Option<Value>) -> Option<SmolStr> {
    match value? {
        Value::String(name) if !name.is_empty() => Some(name.into()),
        Value::Number(number) => Some(smol_str::format_smolstr!("{number}")),
        _ => None,
    }
}
