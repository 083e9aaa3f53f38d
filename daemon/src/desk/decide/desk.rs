//! Commands about the desk itself: alarms, mute, tokens, parts of the box.

use calendars::Timestamp;

use super::{Decision, Wrong, need};
use crate::desk::actor::{Actor, Role};
use crate::desk::alarm::{Alarm, AlarmState, part_alarm};
use crate::desk::command::{DeskAct, Token};
use crate::desk::event::{Event, Fact};
use crate::desk::refusal::Refusal;
use crate::desk::state::Desk;

/// The longest mute, in milliseconds: a day.
const MUTE_MAX_MS: i64 = 86_400_000;
/// Names under which the box itself or the requester stands in the record.
const RESERVED: [&str; 6] = ["andonctl", "andond", "archive", "requester", "timer", "wall"];

pub(super) fn decide(desk: &Desk, act: &DeskAct, actor: &Actor, at: Timestamp) -> Result<Decision, Refusal> {
    let event = match act {
        DeskAct::AckAlarm(id) => return ack(desk, id, actor),
        DeskAct::Mute { for_ms } => {
            need(actor, Role::Agent, "muting the wall")?;
            if !(0..=MUTE_MAX_MS).contains(for_ms) {
                return Err(Refusal::field("for", "at most 24h; 0s ends the mute"));
            }
            Some(Event::Muted { until: at.plus_ms(*for_ms) })
        }
        DeskAct::AddToken(token) => {
            need(actor, Role::Admin, "adding a token")?;
            check_token(desk, token)?;
            Some(Event::TokenAdded { token: token.clone() })
        }
        DeskAct::RevokeToken(name) => {
            need(actor, Role::Admin, "revoking a token")?;
            if !desk.tokens().any(|token| token.name == name) {
                return Err(Refusal::NotFound { what: "token", id: name.clone() });
            }
            Some(Event::TokenRevoked { name: name.as_str().into() })
        }
        DeskAct::PartFailed { kind, part, text } => {
            let known = desk.part_alarms().find(|alarm| alarm.id == part_alarm(*kind, part));
            let new =
                known.is_none_or(|alarm| alarm.state == AlarmState::ClearedUnacked || alarm.text != *text);
            new.then(|| Event::PartFailed { kind: *kind, part: part.as_str().into(), text: text.clone() })
        }
        DeskAct::PartWorks { kind, part } => {
            let known = desk.part_alarms().find(|alarm| alarm.id == part_alarm(*kind, part));
            known
                .is_some_and(|alarm| alarm.state != AlarmState::ClearedUnacked)
                .then(|| Event::PartWorks { kind: *kind, part: part.as_str().into() })
        }
    };
    Ok(Decision {
        ticket: None,
        facts: event.into_iter().map(|event| Fact { ticket: None, event }).collect(),
    })
}

fn check_token(desk: &Desk, token: &Token) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let odd = |c: char| !(c.is_alphanumeric() || "-_.@".contains(c));
    if token.name.is_empty() || token.name.chars().count() > 64 || token.name.contains(odd) {
        wrong.add("name", "is required: 1 to 64 letters, digits, `-`, `_`, `.` or `@`");
    } else if RESERVED.contains(&token.name.as_str()) {
        wrong.add(
            "name",
            format!("`{}` is what the record calls a part of the box; take another name", token.name),
        );
    } else if desk.tokens().any(|known| known.name == token.name) {
        wrong.add(
            "name",
            format!("`{}` has a token already; revoke it first, or take another name", token.name),
        );
    }
    if token.hash.len() != 64 || !token.hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        wrong.add("hash", "must be a SHA-256 in hex");
    }
    wrong.done()
}

fn ack(desk: &Desk, id: &str, actor: &Actor) -> Result<Decision, Refusal> {
    need(actor, Role::Agent, "acknowledging an alarm")?;
    let alarm: &Alarm =
        desk.alarm(id).ok_or_else(|| Refusal::NotFound { what: "alarm", id: id.to_owned() })?;
    let facts = match alarm.state {
        AlarmState::Acked => Vec::new(),
        AlarmState::Unacked | AlarmState::ClearedUnacked => {
            vec![Fact { ticket: alarm.ticket, event: Event::AlarmAcked { alarm: alarm.id.clone() } }]
        }
    };
    Ok(Decision { ticket: alarm.ticket, facts })
}
