//! Events as people and programs see them: times with an offset, lengths in seconds, nothing that belongs to us alone.

use calendars::{Timestamp, Tz};
use serde::Serialize;
use serde_json::{Map, Value};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::desk::{Entry, Fact, TicketNumber};

/// Something that happened. Besides these fields it has what the event itself says: `from` and `to`, `text`,
/// `reason`, `metric`, `deadline` and so on.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct EventView {
    /// The event's number; numbers have no holes.
    pub seq: u64,
    /// When it was taken into the record.
    at: String,
    /// When it took effect, where that was earlier: a deadline that was noticed late.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<String>,
    /// Who.
    #[schema(value_type = String)]
    by: SmolStr,
    /// True where the box's time could not be trusted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    unsynced: bool,
    /// The ticket it is about; null for what concerns the desk.
    #[schema(value_type = Option<u64>)]
    pub ticket: Option<TicketNumber>,
    /// What: `registered`, `replied`, `status-changed`, `clock`, …
    #[schema(example = "status-changed")]
    pub event: String,
    /// What the event itself says.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    rest: Map<String, Value>,
}

impl EventView {
    /// The events of an entry, each in its ticket's zone.
    pub(super) fn all(entry: &Entry, zone_of: impl Fn(Option<TicketNumber>) -> Tz) -> Vec<Self> {
        let numbered = (entry.first_seq..).zip(&entry.facts);
        numbered.map(|(seq, fact)| Self::of(entry, seq, fact, zone_of(fact.ticket))).collect()
    }

    fn of(entry: &Entry, seq: u64, fact: &Fact, zone: Tz) -> Self {
        let mut rest = match serde_json::to_value(&fact.event) {
            Ok(Value::Object(rest)) => rest,
            Ok(_) | Err(_) => unreachable!("an event is an object with text keys"),
        };
        let event = match rest.remove("event") {
            Some(Value::String(event)) => event,
            Some(_) | None => unreachable!("an event is tagged with its name"),
        };
        Self {
            seq,
            at: entry.at.to_rfc3339(zone),
            effective: entry.effective.map(|at| at.to_rfc3339(zone)),
            by: entry.by.clone(),
            unsynced: entry.unsynced,
            ticket: fact.ticket,
            event,
            rest: rest.into_iter().filter_map(|(key, value)| outward(&key, value, zone)).collect(),
        }
    }
}

/// What a field of an event is outside.
fn outward(key: &str, value: Value, zone: Tz) -> Option<(String, Value)> {
    let time = |value: &Value| {
        value.as_i64().map_or(Value::Null, |ms| Timestamp::from_millis(ms).to_rfc3339(zone).into())
    };
    Some(match key {
        // When a clock ran out; the entry has an `at` of its own.
        "at" => ("ran_out_at".to_owned(), time(&value)),
        "deadline" | "warn_at" | "until" => (key.to_owned(), time(&value)),
        "target_ms" => ("target_seconds".to_owned(), seconds(&value)),
        "used_ms" => ("used_seconds".to_owned(), seconds(&value)),
        "token" => (key.to_owned(), without_hash(value)),
        _ => (key.to_owned(), value),
    })
}

#[expect(clippy::cast_precision_loss, reason = "terms are far below 2^53 ms")]
fn seconds(value: &Value) -> Value {
    value.as_i64().map_or(Value::Null, |ms| (ms as f64 / 1000.0).into())
}

/// What is kept of a secret stays with us.
fn without_hash(mut token: Value) -> Value {
    if let Value::Object(fields) = &mut token {
        fields.remove("hash");
    }
    token
}
