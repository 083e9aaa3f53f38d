//! Events in the journal: each a line with fields, by which `journalctl` finds them.
//!
//! `TICKET`, `REGULATION`, `EVENT` (its name, as in `GET /v1/events`), `SEQ` (its number), `CLOCK` (the metric) and `ALARM` (its
//! id) where it is about one, `BY`, `REQUEST_ID` and `CLIENT_ADDR` of the request that asked for it, and `MESSAGE_ID` where an
//! admin has to react.

use log::kv::{Error, Key, Source, ToValue, Value, VisitSource};
use log::{Level, Record};
use smol_str::{SmolStr, ToSmolStr};

use super::request::RequestMark;
use super::{headline, message};
use crate::desk::alarm::{clock_alarm, part_alarm};
use crate::desk::event::Turn;
use crate::desk::{AlarmKind, Entry, Event, Fact, TicketNumber};

/// Writes the events of an entry that a request asked for, or time; `regulation_of` knows the regulation of a ticket.
pub fn tell(
    entry: &Entry,
    request: Option<&RequestMark>,
    regulation_of: impl Fn(TicketNumber) -> Option<SmolStr>,
) {
    for (seq, fact) in (entry.first_seq..).zip(&entry.facts) {
        let (level, what) = headline(&fact.event);
        if level > log::max_level() {
            continue;
        }
        let regulation = fact.ticket.and_then(&regulation_of);
        let fields = Fields::of(entry, request, seq, fact, regulation);
        match fact.ticket {
            Some(ticket) => write(level, &fields, format_args!("ticket {ticket}: {what}")),
            None => write(level, &fields, format_args!("{what}")),
        }
    }
}

fn write(level: Level, fields: &Fields, args: std::fmt::Arguments<'_>) {
    let record = Record::builder()
        .level(level)
        .target(module_path!())
        .module_path_static(Some(module_path!()))
        .file_static(Some(file!()))
        .line(Some(line!()))
        .key_values(fields)
        .args(args)
        .build();
    log::logger().log(&record);
}

/// The fields of a line.
#[derive(Debug, PartialEq, Eq)]
struct Fields(Vec<(&'static str, SmolStr)>);

impl Fields {
    fn of(
        entry: &Entry,
        request: Option<&RequestMark>,
        seq: u64,
        fact: &Fact,
        regulation: Option<SmolStr>,
    ) -> Self {
        let number = |number: u64| smol_str::format_smolstr!("{number}");
        let event = &fact.event;
        let clock = if let Event::Clock { metric, .. } = event { Some(metric.id().into()) } else { None };
        let fields = [
            ("TICKET", fact.ticket.map(|ticket| number(ticket.0))),
            ("REGULATION", regulation),
            ("EVENT", Some(SmolStr::new_static(event.name()))),
            ("SEQ", Some(number(seq))),
            ("CLOCK", clock),
            ("ALARM", alarm(fact)),
            ("BY", Some(entry.by.clone())),
            ("REQUEST_ID", request.map(|request| request.id.clone())),
            ("CLIENT_ADDR", request.and_then(|request| request.from).map(|from| from.to_smolstr())),
            ("MESSAGE_ID", message::of(event).map(SmolStr::new_static)),
        ];
        Self(fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}

/// The id of the alarm that an event is about.
fn alarm(fact: &Fact) -> Option<SmolStr> {
    let event = &fact.event;
    if let Event::AlarmAcked { alarm } | Event::AlarmShelved { alarm, .. } | Event::AlarmUnshelved { alarm } =
        event
    {
        return Some(alarm.clone());
    }
    if let Event::PartFailed { kind, part, .. } | Event::PartWorks { kind, part } = event {
        return Some(part_alarm(*kind, part));
    }
    let Event::Clock { metric, cycle, turn } = event else { return None };
    let kind = if let Turn::Breached { .. } = turn {
        AlarmKind::Breach
    } else if let Turn::Warned { .. } = turn {
        AlarmKind::DueSoon
    } else {
        return None;
    };
    Some(clock_alarm(kind, fact.ticket?, *metric, *cycle))
}

impl Source for Fields {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        let mut pairs = self.0.iter();
        pairs.try_for_each(|(name, value)| visitor.visit_pair(Key::from_str(name), value.as_str().to_value()))
    }

    fn get(&self, key: Key<'_>) -> Option<Value<'_>> {
        self.0.iter().find(|(name, _)| *name == key.as_str()).map(|(_, value)| value.as_str().to_value())
    }
}

#[cfg(test)]
mod tests {
    use calendars::Timestamp;
    use serde_json::{Value as Json, json};

    use super::*;

    fn fields(ticket: Option<u64>, event: Json) -> Vec<(&'static str, SmolStr)> {
        fields_asked_for(None, ticket, event)
    }

    fn fields_asked_for(
        request: Option<&RequestMark>,
        ticket: Option<u64>,
        event: Json,
    ) -> Vec<(&'static str, SmolStr)> {
        let mut fact = event;
        if let Some(ticket) = ticket {
            fact["ticket"] = json!(ticket);
        }
        let event: Event = serde_json::from_value(fact).expect("an event");
        let fact = Fact { ticket: ticket.map(TicketNumber), event };
        let entry = Entry {
            first_seq: 40,
            at: Timestamp::from_millis(0),
            effective: None,
            by: "ivanova".into(),
            unsynced: false,
            receipt: None,
            facts: vec![fact],
        };
        let Fields(fields) =
            Fields::of(&entry, request, 40, &entry.facts[0], ticket.map(|_| "getmark".into()));
        fields
    }

    #[test]
    fn a_breach_is_found_by_its_ticket_its_clock_and_its_alarm() {
        let breach = json!({"event": "clock", "metric": "resolution", "cycle": 1, "turn": "breached", "at": 0, "late": false});
        let expected = [
            ("TICKET", "1024"),
            ("REGULATION", "getmark"),
            ("EVENT", "clock"),
            ("SEQ", "40"),
            ("CLOCK", "resolution"),
            ("ALARM", "1024-breach-resolution-1"),
            ("BY", "ivanova"),
        ];
        assert_eq!(fields(Some(1024), breach), expected.map(|(name, value)| (name, SmolStr::from(value))));
    }

    #[test]
    fn an_event_bears_the_request_that_asked_for_it() {
        let request = RequestMark::new(Some(std::net::Ipv4Addr::LOCALHOST.into()));
        let told = fields_asked_for(Some(&request), Some(1024), json!({"event": "replied", "text": "x"}));
        assert!(told.contains(&("REQUEST_ID", request.id.clone())), "{told:?}");
        assert!(told.contains(&("CLIENT_ADDR", "127.0.0.1".into())), "{told:?}");
        let of_andonctl = RequestMark::new(None);
        let told = fields_asked_for(Some(&of_andonctl), None, json!({"event": "muted", "until": 0}));
        assert!(told.contains(&("REQUEST_ID", of_andonctl.id)), "{told:?}");
        assert!(told.iter().all(|(name, _)| *name != "CLIENT_ADDR"), "{told:?}");
    }

    #[test]
    fn what_an_admin_has_to_react_to_bears_its_message() {
        let failed = |kind: &str| {
            fields(None, json!({"event": "part-failed", "kind": kind, "part": "x", "text": "y"}))
        };
        assert!(failed("panel").contains(&("MESSAGE_ID", message::WALL_FAILS.into())));
        assert!(failed("panel").contains(&("ALARM", "panel-x".into())));
        assert!(failed("calendar").contains(&("MESSAGE_ID", message::CALENDAR_ENDS.into())));
        let muted = fields(None, json!({"event": "muted", "until": 0}));
        assert!(
            muted.iter().all(|(name, _)| !matches!(*name, "MESSAGE_ID" | "ALARM" | "TICKET" | "CLOCK")),
            "{muted:?}"
        );
    }

    /// What people write stays out of the journal, whatever field it would be in.
    #[test]
    fn no_field_has_a_word_of_a_person() {
        for event in [
            json!({"event": "replied", "text": "secret"}),
            json!({"event": "complained", "text": "secret"}),
            json!({"event": "answered", "text": "secret"}),
            json!({"event": "alarm-shelved", "alarm": "1-critical-1", "until": 0, "reason": "secret"}),
        ] {
            let told = fields(Some(1), event.clone());
            assert!(told.iter().all(|(_, value)| !value.contains("secret")), "{event}: {told:?}");
        }
    }

    #[test]
    fn an_event_has_the_name_that_it_has_on_the_wire() {
        use strum::VariantNames as _;
        assert_eq!(Event::VARIANTS, crate::out::event_names());
    }
}
