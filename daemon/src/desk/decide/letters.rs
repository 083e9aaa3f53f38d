//! Letters: which are queued for what was decided, and what becomes of them.
//!
//! Of the letters to the same people the first that matches is queued, in the order of the regulation's file: one entry
//! writes nobody twice about a ticket. Those for what people did come before the clocks take their turns, since a letter may
//! start a clock (GM-5.13); that a term is another one shows only after (R8).

use std::sync::Arc;

use calendars::Timestamp;

use super::{Decision, Draft, in_scope, need};
use crate::desk::actor::{Actor, Role};
use crate::desk::clocks::{Clock, ClockState};
use crate::desk::command::LetterAct;
use crate::desk::event::{Event, Fact, Turn};
use crate::desk::letter::{LetterId, LetterKind, Recipient, SkippedWhy};
use crate::desk::reference::Reference;
use crate::desk::refusal::Refusal;
use crate::desk::regulation::{LetterCause, LetterRule, LetterTo, Regulation, Trigger};
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket, TicketNumber};

/// Queues the letters for what was done; before the clocks take their turns.
pub(super) fn queue(draft: &mut Draft<'_>) {
    if draft.desk.reach().is_nobody() {
        return;
    }
    let regulation = draft.regulation.clone();
    for rule in &regulation.letters {
        if rule.on != LetterCause::TermChanged && happened(draft, &rule.on) {
            queue_one(draft, rule);
        }
    }
}

/// Queues a letter for each term that is another one now; after the clocks have taken their turns.
pub(super) fn queue_terms(draft: &mut Draft<'_>) {
    if draft.desk.reach().is_nobody() || !is_term_changed(draft) {
        return;
    }
    let regulation = draft.regulation.clone();
    for rule in regulation.letters.iter().filter(|rule| rule.on == LetterCause::TermChanged) {
        queue_one(draft, rule);
    }
}

fn happened(draft: &Draft<'_>, cause: &LetterCause) -> bool {
    let number = draft.ticket.number;
    let mut events = draft.facts.iter().filter(|fact| fact.ticket == Some(number)).map(|fact| &fact.event);
    match cause {
        LetterCause::Trigger(trigger) => draft.triggers.contains(trigger),
        LetterCause::StatusChanged => {
            // The status that follows the giving of a number is no change of it.
            draft.before.is_some() && events.any(|event| matches!(event, Event::StatusChanged { .. }))
        }
        LetterCause::Refused => events.any(|event| matches!(event, Event::Refused { .. })),
        LetterCause::Deferred => events.any(|event| matches!(event, Event::Deferred { .. })),
        LetterCause::Routed(line) => events.any(|event| matches!(event, Event::Routed { to, .. } if to == line)),
        LetterCause::TermChanged => is_term_changed(draft),
        LetterCause::RanOut(asked) => events.any(
            |event| matches!(event, Event::Clock { metric, turn: Turn::RanOut { .. }, .. } if metric == asked),
        ),
        LetterCause::Escalated(asked) => events.any(|event| {
            matches!(event, Event::Escalated { channel, .. } if asked.is_empty() || channel == asked)
        }),
        LetterCause::Urgent => {
            let was_critical = draft.before.as_ref().is_some_and(|before| is_critical(before));
            (is_critical(&draft.ticket) && !was_critical)
                || events.any(|event| matches!(event, Event::Urgent { .. }))
        }
        LetterCause::MassProblem => false,
        LetterCause::ProblemClosed => draft.is_with_problem,
    }
}

fn is_critical(ticket: &Ticket) -> bool {
    ticket.facts.critical && ticket.stage == Stage::Open
}

/// Whether a term that the requester was told is another one: one that had begun before.
fn is_term_changed(draft: &Draft<'_>) -> bool {
    let Some(before) = &draft.before else { return false };
    draft.ticket.clocks.iter().any(|clock| is_moved(before, clock))
}

/// Whether a clock's deadline is another one than it was, or is none any more.
pub(crate) fn is_moved(before: &Ticket, clock: &Clock) -> bool {
    let was = before.clocks.iter().find(|was| (was.metric, was.cycle) == (clock.metric, clock.cycle));
    was.is_some_and(|was| {
        clock.metric.is_told()
            && clock.state != ClockState::Stopped
            && was.term.deadline != clock.term.deadline
    })
}

fn queue_one(draft: &mut Draft<'_>, rule: &LetterRule) {
    if !rule.when.matches(&draft.ticket.facts) || is_written_to(draft, rule.to) {
        return;
    }
    let Some(recipient) = recipient(draft, rule) else {
        note_without_address(draft, rule);
        return;
    };
    if !draft.desk.reach().has(&recipient) {
        return;
    }
    let event = queued(&draft.regulation, &draft.ticket, rule, recipient, draft.at);
    draft.push(event);
    draft.triggers.push(Trigger::LetterQueued(rule.kind));
}

/// A letter of a ticket that is queued at an instant.
pub(super) fn queued(
    regulation: &Regulation,
    ticket: &Ticket,
    rule: &LetterRule,
    recipient: Recipient,
    at: Timestamp,
) -> Event {
    let hold_until = rule.hold.as_ref().and_then(|choice| {
        let calendar = regulation.chosen_calendar(choice, &ticket.facts);
        let opens = calendar.next_open(at)?;
        (opens > at).then_some(opens)
    });
    Event::LetterQueued { letter: ticket.letters_total + 1, kind: rule.kind, recipient, hold_until }
}

/// Whether this very entry writes to them about the ticket already.
fn is_written_to(draft: &Draft<'_>, to: LetterTo) -> bool {
    let number = draft.ticket.number;
    draft.facts.iter().filter(|fact| fact.ticket == Some(number)).any(|fact| match &fact.event {
        Event::LetterQueued { recipient, .. } => to_of(recipient) == to,
        Event::LetterSkipped { .. } => to == LetterTo::Requester,
        _ => false,
    })
}

fn to_of(recipient: &Recipient) -> LetterTo {
    match recipient {
        Recipient::Requester { .. } => LetterTo::Requester,
        Recipient::Contact { .. } => LetterTo::Contact,
        Recipient::Department { .. } => LetterTo::Department,
        Recipient::Chat { .. } => LetterTo::Chat,
    }
}

fn recipient(draft: &Draft<'_>, rule: &LetterRule) -> Option<Recipient> {
    match rule.to {
        LetterTo::Requester => requester(&draft.ticket),
        LetterTo::Contact => {
            let client = draft.desk.clients().named(draft.ticket.facts.client.as_deref()?)?;
            let address = client.contact()?.email.as_deref()?.trim();
            (!address.is_empty()).then(|| Recipient::Contact { address: address.to_owned() })
        }
        LetterTo::Department => draft.facts.iter().rev().find_map(|fact| match &fact.event {
            Event::Escalated { department, channel, .. } => {
                Some(Recipient::Department { department: department.clone(), channel: channel.clone() })
            }
            _ => None,
        }),
        LetterTo::Chat => {
            let chat = draft.regulation.urgent_channel.as_deref()?.into();
            Some(Recipient::Chat { chat })
        }
    }
}

/// The requester, where there is an address.
pub(super) fn requester(ticket: &Ticket) -> Option<Recipient> {
    let address = ticket.facts.requester.email.as_deref()?.trim();
    (!address.is_empty()).then(|| Recipient::Requester { address: address.to_owned() })
}

/// That a requester cannot be written to is noted once, where the first letter would have gone.
fn note_without_address(draft: &mut Draft<'_>, rule: &LetterRule) {
    let is_first = rule.to == LetterTo::Requester && draft.before.is_none();
    let is_of_alert = draft.ticket.facts.reference.as_deref().is_some_and(Reference::is_of_alert);
    if is_first && !is_of_alert && draft.desk.reach().mail {
        draft.push(Event::LetterSkipped { kind: rule.kind, why: SkippedWhy::NoAddress });
    }
}

/// Whether somebody is written to of mass problems under a regulation.
pub(super) fn tells_of_problems(desk: &Desk, regulation: &str, at: Timestamp) -> bool {
    let of_problems =
        |rule: &LetterRule| matches!(rule.on, LetterCause::MassProblem | LetterCause::ProblemClosed);
    let regulation = desk.regulations().holding(regulation, at);
    desk.reach().mail && regulation.is_some_and(|regulation| regulation.letters.iter().any(of_problems))
}

/// The letter that tells of a turn of a problem, for a ticket outside of a draft; none where nobody is to be told.
pub(super) fn of_problem(desk: &Desk, ticket: &Ticket, cause: &LetterCause, at: Timestamp) -> Option<Fact> {
    let regulation = desk.regulations().of(&ticket.facts)?;
    let rule = regulation.letters.iter().find(|rule| {
        rule.on == *cause && rule.to == LetterTo::Requester && rule.when.matches(&ticket.facts)
    })?;
    let recipient = requester(ticket).filter(|recipient| desk.reach().has(recipient))?;
    let event = queued(regulation, ticket, rule, recipient, at);
    Some(Fact { ticket: Some(ticket.number), event })
}

/// The letter that tells of terms which are others by these facts of a ticket, outside of a draft (R8); none where none is.
pub(super) fn of_terms(desk: &Desk, ticket: &Ticket, facts: &[Fact], at: Timestamp) -> Option<Fact> {
    let regulation = desk.regulations().of(&ticket.facts)?;
    let mut after = ticket.clone();
    for fact in facts {
        after.apply(&fact.event, "", at);
    }
    if !after.clocks.iter().any(|clock| is_moved(ticket, clock)) {
        return None;
    }
    let is_theirs = |rule: &&LetterRule| {
        (&rule.on, rule.to) == (&LetterCause::TermChanged, LetterTo::Requester)
            && rule.when.matches(&ticket.facts)
    };
    let rule = regulation.letters.iter().find(is_theirs)?;
    let recipient = requester(ticket).filter(|recipient| desk.reach().has(recipient))?;
    let event = queued(regulation, ticket, rule, recipient, at);
    Some(Fact { ticket: Some(ticket.number), event })
}

/// What becomes of a letter.
pub(super) fn decide(
    desk: &Desk,
    ticket: &Arc<Ticket>,
    id: LetterId,
    act: &LetterAct,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    let role = if matches!(act, LetterAct::Resend) { Role::Lead } else { Role::Admin };
    need(actor, role, "sending letters")?;
    in_scope(actor, ticket)?;
    let letter =
        ticket.letter(id.letter).ok_or_else(|| Refusal::NotFound { what: "letter", id: id.to_string() })?;
    match act {
        LetterAct::Sent => Ok(sent(desk, ticket, id, letter.kind, actor, at)),
        LetterAct::Failed(_) if letter.failed.is_some() => Ok(nothing(ticket.number)),
        LetterAct::Failed(reason) => {
            let event = Event::LetterFailed { letter: id.letter, reason: reason.clone() };
            Ok(Decision::of(ticket.number, event))
        }
        LetterAct::Resend if letter.failed.is_none() => Ok(nothing(ticket.number)),
        LetterAct::Resend => {
            let known = ticket.facts.requester.email.as_deref().map(str::trim);
            let other = match (&letter.recipient, known) {
                (Recipient::Requester { address }, Some(known)) if !known.is_empty() && known != address => {
                    Some(known.to_owned())
                }
                _ => None,
            };
            Ok(Decision::of(ticket.number, Event::LetterResent { letter: id.letter, address: other }))
        }
    }
}

fn nothing(ticket: TicketNumber) -> Decision {
    Decision { ticket: Some(ticket), facts: Vec::new() }
}

/// It is out, and what waits for that turns. A ticket whose regulation is not loaded has no clocks to turn.
fn sent(
    desk: &Desk,
    ticket: &Arc<Ticket>,
    id: LetterId,
    kind: LetterKind,
    actor: &Actor,
    at: Timestamp,
) -> Decision {
    let event = Event::LetterSent { letter: id.letter };
    match Draft::of(desk, ticket, &actor.name, at) {
        Ok(mut draft) => {
            draft.push(event);
            draft.triggers.push(Trigger::LetterSent(kind));
            draft.finish()
        }
        Err(_) => Decision::of(ticket.number, event),
    }
}
