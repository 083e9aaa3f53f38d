//! Commands about the desk itself: alarms, mute, tokens, parts of the box.

use calendars::Timestamp;
use smol_str::SmolStr;

use super::{Decision, Wrong, need, whole_desk};
use crate::desk::actor::{Actor, Role};
use crate::desk::alarm::{Alarm, AlarmKind, AlarmState, part_alarm};
use crate::desk::command::{DeskAct, Token};
use crate::desk::event::{Event, Fact};
use crate::desk::people::{Presence, PresenceFor};
use crate::desk::refusal::{FieldError, Refusal};
use crate::desk::state::Desk;

/// The longest mute, in milliseconds: a day.
const MUTE_MAX_MS: i64 = 86_400_000;
/// Names under which the box itself or the requester stands in the record.
pub(super) const RESERVED: [&str; 8] =
    ["andonctl", "andond", "archive", "button", "requester", "timer", "wall", "mail"];
/// The shortest time on the shelf, in milliseconds: a minute.
const SHELF_MIN_MS: i64 = 60_000;
/// The longest: a day, so that nothing is put aside for good.
const SHELF_MAX_MS: i64 = 86_400_000;

pub(super) fn decide(desk: &Desk, act: &DeskAct, actor: &Actor, at: Timestamp) -> Result<Decision, Refusal> {
    let event = match act {
        DeskAct::People(act) => return super::people::decide(desk, act, actor, at),
        DeskAct::AckAlarm(id) => return ack(desk, id, actor),
        DeskAct::ShelveAlarm { id, for_ms, reason } => {
            return shelve(desk, id, *for_ms, reason.as_ref(), actor, at);
        }
        DeskAct::UnshelveAlarm(id) => return unshelve(desk, id, actor),
        DeskAct::Silence { before, taking } => return silence(desk, *before, taking, actor),
        DeskAct::Mute { for_ms } => {
            need(actor, Role::Agent, "muting the wall")?;
            whole_desk(actor, "muting the wall")?;
            if !(0..=MUTE_MAX_MS).contains(for_ms) {
                return Err(Refusal::field("for", "at most 24h; 0s ends the mute"));
            }
            Some(Event::Muted { until: at.plus_ms(*for_ms) })
        }
        DeskAct::AddToken(token) => {
            need(actor, Role::Admin, "adding a token")?;
            check_token(desk, token, at)?;
            Some(Event::TokenAdded { token: token.clone() })
        }
        DeskAct::RevokeToken(name) => {
            need(actor, Role::Admin, "revoking a token")?;
            if !desk.tokens().any(|token| token.name == name) {
                return Err(Refusal::NotFound { what: "token", id: name.clone() });
            }
            return Ok(revoked(desk, name));
        }
        DeskAct::Client(act) => return super::clients::decide(desk, act, actor),
        DeskAct::Employee(act) => return super::employees::decide(desk, act, actor),
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

/// A token is revoked; an agent of its name cannot be reached any more, and is there for nothing.
fn revoked(desk: &Desk, name: &str) -> Decision {
    let agent = desk.people().agent(name);
    let there = [PresenceFor::Chat, PresenceFor::Requests].into_iter();
    let there = there.filter(|to| agent.is_some_and(|agent| agent.presence(*to) == Presence::Online));
    let left = there.map(|to| Event::PresenceChanged { agent: name.into(), to, presence: Presence::Offline });
    let events = std::iter::once(Event::TokenRevoked { name: name.into() }).chain(left);
    Decision { ticket: None, facts: events.map(|event| Fact { ticket: None, event }).collect() }
}

fn check_token(desk: &Desk, token: &Token, at: Timestamp) -> Result<(), Refusal> {
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
    if token.is_expired(at) {
        wrong.add("expires", "is over already; name a time to come");
    }
    check_scope(desk, token, &mut wrong);
    wrong.done()
}

/// A scope names what the desk has; who keeps the whole box has none.
fn check_scope(desk: &Desk, token: &Token, wrong: &mut Wrong) {
    let scope = token.scope();
    for (field, named) in [("regulations", &scope.regulations), ("channels", &scope.channels)] {
        if token.role == Role::Admin && !named.is_empty() {
            wrong.add(field, "an admin keeps the whole box; leave it out, or take another role");
        }
    }
    for FieldError { field, message } in scope.wrong(desk.regulations()) {
        wrong.add(&field, message);
    }
}

fn ack(desk: &Desk, id: &str, actor: &Actor) -> Result<Decision, Refusal> {
    need(actor, Role::Agent, "acknowledging an alarm")?;
    let alarm = known(desk, id, actor)?;
    need(actor, alarm.taken_by(), &format!("taking the alarm {id}"))?;
    let facts = match alarm.state {
        AlarmState::Acked => Vec::new(),
        AlarmState::Unacked | AlarmState::ClearedUnacked | AlarmState::Shelved => vec![acked(alarm)],
    };
    Ok(Decision { ticket: alarm.ticket, facts })
}

fn shelve(
    desk: &Desk,
    id: &str,
    for_ms: i64,
    reason: Option<&String>,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    need(actor, Role::Agent, "shelving an alarm")?;
    let alarm = known(desk, id, actor)?;
    need(actor, alarm.taken_by(), &format!("shelving the alarm {id}"))?;
    let mut wrong = Wrong::default();
    if !(SHELF_MIN_MS..=SHELF_MAX_MS).contains(&for_ms) {
        wrong.add("for", "1m to 24h; then the alarm calls anew");
    }
    let reason = wrong.optional_text("reason", reason);
    if alarm.kind == AlarmKind::Critical && reason.is_none() {
        wrong.add("reason", "is required where a critical alarm is put aside");
    }
    wrong.done()?;
    if alarm.state == AlarmState::ClearedUnacked {
        return Err(Refusal::conflict(
            "alarm-over",
            format!("the cause of {id} is over, there is nothing to put aside; acknowledge it"),
        ));
    }
    let event = Event::AlarmShelved { alarm: alarm.id.clone(), until: at.plus_ms(for_ms), reason };
    Ok(Decision { ticket: alarm.ticket, facts: vec![Fact { ticket: alarm.ticket, event }] })
}

fn unshelve(desk: &Desk, id: &str, actor: &Actor) -> Result<Decision, Refusal> {
    need(actor, Role::Agent, "taking an alarm from the shelf")?;
    let alarm = known(desk, id, actor)?;
    let event = || Event::AlarmUnshelved { alarm: alarm.id.clone() };
    let facts = (alarm.state == AlarmState::Shelved).then(|| Fact { ticket: alarm.ticket, event: event() });
    Ok(Decision { ticket: alarm.ticket, facts: facts.into_iter().collect() })
}

/// What is silenced is what calls and was heard; what is taken, what is seen and still there.
fn silence(desk: &Desk, before: u64, taking: &[SmolStr], actor: &Actor) -> Result<Decision, Refusal> {
    need(actor, Role::Agent, "silencing the wall")?;
    whole_desk(actor, "silencing the wall")?;
    // What is still to come cannot have been heard.
    let before = before.min(desk.next_seq());
    let silenced =
        (before > desk.silenced_before()).then_some(Fact { ticket: None, event: Event::Silenced { before } });
    // What is for somebody above stays for them: it is silent, and not taken.
    let seen = taking.iter().filter_map(|id| desk.alarm(id)).filter(|alarm| actor.role >= alarm.taken_by());
    let seen = seen.filter(|alarm| match alarm.state {
        AlarmState::Unacked | AlarmState::ClearedUnacked => true,
        AlarmState::Acked | AlarmState::Shelved => false,
    });
    Ok(Decision { ticket: None, facts: silenced.into_iter().chain(seen.map(acked)).collect() })
}

/// The alarm, where it is in the actor's scope.
fn known<'a>(desk: &'a Desk, id: &str, actor: &Actor) -> Result<&'a Alarm, Refusal> {
    let alarm = desk.alarm(id).ok_or_else(|| Refusal::NotFound { what: "alarm", id: id.to_owned() })?;
    let is_theirs = match alarm.ticket.and_then(|number| desk.ticket(number)) {
        Some(ticket) => actor.scope.covers_ticket(&ticket),
        None => match desk.problem_of_alarm(alarm) {
            Some(problem) => actor.scope.covers_problem(&problem.regulation),
            None => actor.scope.is_whole(),
        },
    };
    if is_theirs { Ok(alarm) } else { Err(Refusal::Hidden { what: "alarm", id: id.to_owned() }) }
}

fn acked(alarm: &Alarm) -> Fact {
    Fact { ticket: alarm.ticket, event: Event::AlarmAcked { alarm: alarm.id.clone() } }
}
