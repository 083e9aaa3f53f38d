//! Commands with their times, and the JSON lines they are written as.

use std::borrow::Borrow;
use std::io::Write;

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::{Map, Value};

use super::ImportLogError;

/// One command of a log, at its time.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedCommand {
    /// When it was done, in milliseconds of UTC.
    pub at_ms: i64,
    /// The log's own name of the ticket.
    pub ticket: String,
    /// What was done: a verb of the command interface.
    pub verb: String,
    /// The id of the agent who did it, where the log says so.
    pub by: Option<String>,
    /// The verb's own fields.
    pub body: Map<String, Value>,
    /// The line of the log it came from. Not written.
    pub line: u64,
}

#[derive(Serialize)]
struct JsonLine<'a> {
    at: String,
    ticket: &'a str,
    r#do: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(flatten)]
    body: &'a Map<String, Value>,
}

/// Writes commands as the JSON lines that `simulate` reads, with times in the offset that `zone` had then.
pub fn write_jsonl(
    commands: impl IntoIterator<Item = impl Borrow<TimedCommand>>,
    zone: Tz,
    out: &mut impl Write,
) -> Result<(), ImportLogError> {
    for command in commands {
        let command: &TimedCommand = command.borrow();
        let line = JsonLine {
            at: rfc3339(command.at_ms, zone),
            ticket: &command.ticket,
            r#do: &command.verb,
            by: command.by.as_deref(),
            body: &command.body,
        };
        serde_json::to_writer(&mut *out, &line).map_err(|error| ImportLogError::Write(error.into()))?;
        out.write_all(b"\n").map_err(ImportLogError::Write)?;
    }
    out.flush().map_err(ImportLogError::Write)
}

fn rfc3339(at_ms: i64, zone: Tz) -> String {
    let utc = DateTime::from_timestamp_millis(at_ms).expect("years up to 2199 are within chrono's range");
    utc.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Millis, false)
}
