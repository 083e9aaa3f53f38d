//! Alerts of a monitoring system: one ticket for each that fires, and a note where it says something new.
//!
//! | the newest ticket of the fingerprint | it fires | it is resolved |
//! | --- | --- | --- |
//! | none, or closed | opens a ticket, which follows the closed one | nothing |
//! | answered, may yet be returned | returns it; where the regulation does not have that, as if it were closed | a note, once |
//! | open | a note where it fires again or shows something else, nothing where it is as before | a note, once |
//!
//! Who tells it may be late: what is older than what is known says nothing.

use std::sync::Arc;

use calendars::Timestamp;

use super::{Decision, Draft, acts, need, register};
use crate::desk::actor::{Actor, Role};
use crate::desk::alarm::{AlarmKind, AlarmState, part_alarm};
use crate::desk::alert::{self, Alert, AlertState, AlertsOverLimit, NOTES_MAX, Note};
use crate::desk::command::{Act, Register, Return};
use crate::desk::event::{Event, Fact, Registered};
use crate::desk::reference::{ALERTS, OVER_LIMIT, Reference};
use crate::desk::refusal::{FieldError, Refusal};
use crate::desk::regulation::Regulation;
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket};

/// How often what does not fit is taken out of a registration: each time something is left out, and there is only so much.
const TRIES_MAX: usize = 8;

pub(super) fn decide(desk: &Desk, alert: &Alert, actor: &Actor, at: Timestamp) -> Result<Decision, Refusal> {
    need(actor, Role::Intake, "passing on an alert")?;
    // Whoever may not open its ticket has no say in it either.
    let regulation = register::choose(desk, &alert.register, at)?;
    register::may_register(&regulation, &alert.register, actor)?;
    let mut decision = match (newest(desk, &alert.fingerprint, actor), alert.firing) {
        (Some(ticket), firing) if ticket.stage != Stage::Closed => {
            if firing {
                fires_on(desk, &ticket, alert, actor, at)?
            } else {
                resolved(desk, &ticket, alert, actor, at)?
            }
        }
        (known, true) => opens(desk, alert, known.as_deref(), actor, at)?,
        (known, false) => nothing(known.as_deref()),
    };
    decision.facts.extend(limit_is_over(desk, alert, at));
    Ok(decision)
}

/// The newest ticket of a fingerprint that is not closed, else the newest that is. A ticket that the sender has nothing to do
/// with is none to them: the alert opens one that they may have a say in, and is not lost.
fn newest(desk: &Desk, key: &str, actor: &Actor) -> Option<Arc<Ticket>> {
    let of_key = || desk.of_reference(ALERTS, key).filter(|ticket| actor.scope.covers_ticket(ticket));
    of_key().find(|ticket| ticket.stage != Stage::Closed).or_else(|| of_key().next())
}

fn nothing(ticket: Option<&Ticket>) -> Decision {
    Decision { ticket: ticket.map(|ticket| ticket.number), facts: Vec::new() }
}

fn state_of(ticket: &Ticket) -> AlertState {
    ticket.alert.as_deref().cloned().unwrap_or_default()
}

/// It fires, and there is a ticket that is not closed.
fn fires_on(
    desk: &Desk,
    ticket: &Arc<Ticket>,
    alert: &Alert,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    let known = state_of(ticket);
    if ticket.stage == Stage::Resolved {
        return returns(desk, ticket, alert, actor, at);
    }
    let note = match known.firing {
        _ if is_before(alert.since, known.since) => return Ok(nothing(Some(ticket))),
        false => Note::Again,
        true if is_before(known.since, alert.since) => Note::Again,
        true if alert.content != known.content => Note::Changed,
        true => return Ok(nothing(Some(ticket))),
    };
    Ok(noted(Draft::of(desk, ticket, &actor.name, at)?, alert, note))
}

/// Whether one firing began before another, as far as both were told.
fn is_before(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one < other)
}

/// It is resolved, and there is a ticket that is not closed.
fn resolved(
    desk: &Desk,
    ticket: &Arc<Ticket>,
    alert: &Alert,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    let known = state_of(ticket);
    if !known.firing || is_before(alert.since, known.since) {
        return Ok(nothing(Some(ticket)));
    }
    Ok(noted(Draft::of(desk, ticket, &actor.name, at)?, alert, Note::Resolved))
}

/// The desk has answered, and it still fires: the requester would return the ticket.
fn returns(
    desk: &Desk,
    ticket: &Arc<Ticket>,
    alert: &Alert,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    let reason = Some(alert::still_fires(alert.language).to_owned());
    match acts::draft(desk, ticket, &Act::Return(Return { reason }), actor, at) {
        Ok(draft) => Ok(noted(draft, alert, Note::Again)),
        Err(_) => opens(desk, alert, Some(ticket), actor, at),
    }
}

/// Notes how the alert stands, in words as well, unless that was done very often already.
fn noted(mut draft: Draft<'_>, alert: &Alert, note: Note) -> Decision {
    let notes = state_of(&draft.ticket).notes;
    if notes < NOTES_MAX {
        let note = if notes + 1 == NOTES_MAX { Note::Last } else { note };
        let words = note.words(alert.language);
        let text = match note {
            Note::Changed | Note::Again => format!("{words}\n\n{}", alert.text),
            Note::Resolved | Note::Last => words.to_owned(),
        };
        draft.push(Event::Replied { text, internal: true });
        draft.push(alerted(alert));
    }
    draft.finish()
}

fn alerted(alert: &Alert) -> Event {
    Event::Alerted { firing: alert.firing, since: alert.since, content: alert.content.clone() }
}

/// It fires, and nobody works on it.
fn opens(
    desk: &Desk,
    alert: &Alert,
    before: Option<&Ticket>,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    if desk.alert_window().opened(at) >= alert.open_at_most {
        let message =
            format!("alerts have opened {} tickets within the hour; this one is counted", alert.open_at_most);
        return Err(Refusal::conflict("alerts-over-limit", message));
    }
    let reference = Reference::alert(&alert.fingerprint, alert.url.clone());
    let mut draft = opened(desk, &alert.register, reference, before, actor, at)?;
    draft.push(alerted(alert));
    Ok(draft.finish())
}

/// A new ticket of alerts.
fn opened<'a>(
    desk: &'a Desk,
    register: &Register,
    reference: Reference,
    before: Option<&Ticket>,
    actor: &Actor,
    at: Timestamp,
) -> Result<Draft<'a>, Refusal> {
    let regulation = register::choose(desk, register, at)?;
    register::may_register(&regulation, register, actor)?;
    let mut facts = fitting(&regulation, register, actor)?;
    facts.reference = Some(Box::new(reference));
    let mut draft = register::open(desk, regulation, facts, &actor.name, at);
    if let Some(before) = before.filter(|before| actor.scope.covers_ticket(before)) {
        register::follow(&mut draft, before.number, actor)?;
    }
    Ok(draft)
}

/// What the ticket begins with. Labels are nobody's words, so what does not fit is left out rather than refused.
fn fitting(regulation: &Regulation, register: &Register, actor: &Actor) -> Result<Registered, Refusal> {
    let mut register = Register { incomplete: true, ..register.clone() };
    let mut facts = register::facts(regulation, &register, actor, false);
    for _ in 0..TRIES_MAX {
        match &facts {
            Err(Refusal::Fields(errors)) if left_out(&mut register, errors) => {
                facts = register::facts(regulation, &register, actor, false);
            }
            _ => break,
        }
    }
    facts
}

/// Takes out what does not fit; true where there was something.
fn left_out(register: &mut Register, errors: &[FieldError]) -> bool {
    errors.iter().fold(false, |is_changed, error| {
        let mut requester = register.requester.as_mut();
        let mut of_requester = |field: fn(&mut crate::desk::command::Requester) -> &mut Option<String>| {
            requester.as_deref_mut().and_then(|requester| field(requester).take()).is_some()
        };
        let is_out = match error.field.as_str() {
            "priority" => register.priority.take().is_some(),
            "client" => register.client.take().is_some(),
            "service" => register.service.take().is_some(),
            "urgency" => register.urgency.take().is_some(),
            "description" => register.description.take().is_some(),
            "requester.name" => of_requester(|requester| &mut requester.name),
            "requester.email" => of_requester(|requester| &mut requester.email),
            "requester.phone" => of_requester(|requester| &mut requester.phone),
            "requester.inn" => of_requester(|requester| &mut requester.inn),
            "requester.login" => of_requester(|requester| &mut requester.login),
            field => field.strip_prefix("fields.").is_some_and(|name| register.fields.remove(name).is_some()),
        };
        is_changed | is_out
    })
}

/// Alerts that opened no ticket are counted on one, each once an hour, and the room is told.
pub(super) fn over_limit(
    desk: &Desk,
    over: &AlertsOverLimit,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    need(actor, Role::Intake, "passing on alerts")?;
    let regulation = register::choose(desk, &over.register, at)?;
    register::may_register(&regulation, &over.register, actor)?;
    let known = newest(desk, OVER_LIMIT, actor);
    let new = desk.alert_window().new_of(&over.fingerprints, at);
    if new.is_empty() {
        return Ok(nothing(known.as_deref()));
    }
    let mut draft = match &known {
        Some(ticket) if ticket.stage == Stage::Open => Draft::of(desk, ticket, &actor.name, at)?,
        known => {
            let reference = Reference::alert(&OVER_LIMIT.into(), None);
            opened(desk, &over.register, reference, known.as_deref(), actor, at)?
        }
    };
    let more = new.len();
    let count = u32::try_from(more).unwrap_or(u32::MAX);
    draft.push(Event::AlertsCounted { count, fingerprints: new });
    let AlertState { counted, notes, .. } = state_of(&draft.ticket);
    if notes < NOTES_MAX {
        let text = alert::counted(over.language, more, counted);
        draft.push(Event::Replied { text, internal: true });
    }
    let mut decision = draft.finish();
    let text = alert::over_limit(over.language).to_owned();
    if !is_told(desk) {
        let event = Event::PartFailed { kind: AlarmKind::MassProblem, part: alert::PART.into(), text };
        decision.facts.push(Fact { ticket: None, event });
    }
    Ok(decision)
}

/// Whether the room is told that alerts have no tickets of their own.
fn is_told(desk: &Desk) -> bool {
    let alarm = desk.alarm(&part_alarm(AlarmKind::MassProblem, alert::PART));
    alarm.is_some_and(|alarm| alarm.state != AlarmState::ClearedUnacked)
}

/// The alarm ends when alerts open tickets again.
fn limit_is_over(desk: &Desk, alert: &Alert, at: Timestamp) -> Option<Fact> {
    let is_over = desk.alert_window().opened(at) < alert.open_at_most;
    let event = || Event::PartWorks { kind: AlarmKind::MassProblem, part: alert::PART.into() };
    (is_over && is_told(desk)).then(|| Fact { ticket: None, event: event() })
}
