//! Events as people and programs see them: times with an offset, lengths in whole seconds, nothing that belongs to us alone.

use calendars::{Timestamp, Tz};
use serde::Serialize;
use serde_json::{Map, Value};
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::desk::{Entry, Fact, TicketNumber};

/// Something that happened. Besides these fields it has what the event itself says: `from` and `to`, `text`,
/// `reason`, `metric`, `deadline` and so on.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EventView {
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
    pub fn all(entry: &Entry, zone_of: impl Fn(Option<TicketNumber>) -> Tz) -> Vec<Self> {
        let numbered = (entry.first_seq..).zip(&entry.facts);
        numbered.map(|(seq, fact)| Self::of(entry, seq, fact, zone_of(fact.ticket))).collect()
    }

    /// One event of an entry, in its ticket's zone.
    pub(super) fn of(entry: &Entry, seq: u64, fact: &Fact, zone: Tz) -> Self {
        let Ok(Value::Object(mut rest)) = serde_json::to_value(&fact.event) else {
            unreachable!("an event is an object with text keys")
        };
        let Some(Value::String(event)) = rest.remove("event") else {
            unreachable!("an event is tagged with its name")
        };
        Self {
            seq,
            at: entry.at.to_rfc3339(zone),
            effective: entry.effective.map(|at| at.to_rfc3339(zone)),
            by: entry.by.clone(),
            unsynced: entry.unsynced,
            ticket: fact.ticket,
            event,
            rest: rest.into_iter().map(|(key, value)| outward(key, value, zone)).collect(),
        }
    }
}

/// What a field of an event is outside.
fn outward(key: String, value: Value, zone: Tz) -> (String, Value) {
    let time = |value: &Value| {
        value.as_i64().map_or(Value::Null, |ms| Timestamp::from_millis(ms).to_rfc3339(zone).into())
    };
    match key.as_str() {
        // When a clock ran out; the entry has an `at` of its own.
        "at" => ("ran_out_at".to_owned(), time(&value)),
        "deadline" | "warn_at" | "until" | "began_at" | "since" => (key, time(&value)),
        "target_ms" => ("target_seconds".to_owned(), seconds(&value)),
        "behind_ms" => ("behind_seconds".to_owned(), seconds(&value)),
        "used_ms" => ("used_seconds".to_owned(), seconds(&value)),
        "token" => (key, shown_token(value, zone)),
        "added" => (key, shown_shifts(value, zone)),
        "staffing" => (key, shown_times(value, &["until"], zone)),
        _ => (key, value),
    }
}

/// Milliseconds as whole seconds, as everywhere outside.
fn seconds(value: &Value) -> Value {
    value.as_i64().map_or(Value::Null, |ms| ms.div_euclid(1_000).into())
}

/// Shifts of the roster, with their times.
fn shown_shifts(shifts: Value, zone: Tz) -> Value {
    let Value::Array(shifts) = shifts else { return shifts };
    shifts.into_iter().map(|shift| shown_times(shift, &["starts", "ends"], zone)).collect()
}

/// An object whose times are these fields.
fn shown_times(mut object: Value, times: &[&str], zone: Tz) -> Value {
    for time in times {
        if let Some(ms) = object.get(*time).and_then(Value::as_i64) {
            object[*time] = Timestamp::from_millis(ms).to_rfc3339(zone).into();
        }
    }
    object
}

/// What is kept of a secret stays with us.
fn shown_token(mut token: Value, zone: Tz) -> Value {
    if let Value::Object(fields) = &mut token {
        fields.remove("hash");
        if let Some(ms) = fields.get("expires_at").and_then(Value::as_i64) {
            let at = Timestamp::from_millis(ms).to_rfc3339(zone);
            fields.insert("expires_at".to_owned(), at.into());
        }
    }
    token
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An event of the ledger, as it goes out in Moscow.
    fn outside(event: &Value) -> Value {
        let entry = json!({"first_seq": 7, "at": 1_795_400_000_000_i64, "by": "timer", "facts": [event]});
        let entry: Entry = serde_json::from_value(entry).expect("an entry of the ledger");
        let views = EventView::all(&entry, |_| Tz::Europe__Moscow);
        serde_json::to_value(&views[0]).expect("an event is plain data")
    }

    #[test]
    fn times_have_an_offset_and_lengths_are_seconds() {
        let started = json!({"ticket": 1, "event": "clock", "metric": "resolution", "cycle": 1, "turn": "started",
            "basis": "working-hours", "target_ms": 43_200_000, "calendar": "getmark/line-2", "revision": "r",
            "deadline": 1_795_443_200_000_i64, "warn_at": 1_795_436_000_000_i64});
        assert_eq!(
            outside(&started),
            json!({"seq": 7, "at": "2026-11-23T05:13:20.000+03:00", "by": "timer", "ticket": 1, "event": "clock",
                "metric": "resolution", "cycle": 1, "turn": "started", "basis": "working-hours",
                "target_seconds": 43_200, "calendar": "getmark/line-2", "revision": "r",
                "deadline": "2026-11-23T17:13:20.000+03:00", "warn_at": "2026-11-23T15:13:20.000+03:00"})
        );
    }

    #[test]
    fn when_a_clock_ran_out_is_told_beside_when_that_was_taken_down() {
        let breached = json!({"ticket": 1, "event": "clock", "metric": "line", "cycle": 1, "turn": "breached",
            "at": 1_795_399_999_000_i64});
        let event = outside(&breached);
        assert_eq!(event["ran_out_at"], "2026-11-23T05:13:19.000+03:00");
        assert_eq!(event["at"], "2026-11-23T05:13:20.000+03:00");
    }

    #[test]
    fn a_token_is_told_without_what_is_kept_of_its_secret_and_with_its_end() {
        let added = outside(&json!({"event": "token-added", "token": {"name": "bot", "role": "intake",
            "channels": ["email"], "expires_at": 1_795_400_000_000_i64, "hash": "9f86"}}));
        let expected = json!({"name": "bot", "role": "intake", "channels": ["email"],
            "expires_at": "2026-11-23T05:13:20.000+03:00"});
        assert_eq!(added["token"], expected);
    }

    #[test]
    fn what_belongs_to_the_desk_has_no_ticket() {
        let muted = outside(&json!({"event": "muted", "until": 1_795_401_800_000_i64}));
        assert_eq!(
            (&muted["ticket"], &muted["until"]),
            (&Value::Null, &json!("2026-11-23T05:43:20.000+03:00"))
        );
    }
}
