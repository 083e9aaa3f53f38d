//! `escalate`, `escalation-answer`: a department is asked, and answers (ZS-7, ZS-8).
//!
//! Each escalation has its own clock, by the topic's term; the ticket's own clocks run on. Closing the ticket withdraws
//! what is still open, for nobody waits for it any more; an answered ticket keeps it, for it may be returned.

use super::clocks::{retarget, start_with, stop};
use super::{Draft, Wrong, in_brackets};
use crate::desk::clocks::{ClockState, Metric};
use crate::desk::command::{Escalate, EscalationAnswer};
use crate::desk::escalation::{ESCALATIONS_MAX, Escalation, EscalationNumber, EscalationState};
use crate::desk::event::Event;
use crate::desk::refusal::Refusal;
use crate::desk::regulation::{ClockRule, Regulation, Topic};
use crate::desk::ticket::Stage;

pub(super) fn escalate(draft: &mut Draft<'_>, question: &Escalate) -> Result<(), Refusal> {
    let regulation = draft.regulation.clone();
    let Some(rule) = regulation.escalation() else {
        return Err(Refusal::conflict(
            "not-in-regulation",
            format!("regulation {} names no topics on which departments are asked", regulation.id),
        ));
    };
    let mut wrong = Wrong::default();
    let topics = regulation.topics.iter().map(|topic| topic.name.id.as_str());
    let topic = regulation.topic(&wrong.one_of("topic", question.topic.as_ref(), topics));
    channel(topic, question.channel.as_ref(), &mut wrong);
    let text = wrong.text("text", question.text.as_ref());
    wrong.done()?;
    let (Some(topic), Some(channel)) = (topic, question.channel.as_deref()) else { return Ok(()) };
    let conflict = |code, message| Refusal::Conflict {
        code,
        message,
        ticket: Some(draft.ticket.number),
        status: Some(draft.ticket.facts.status.clone()),
    };
    let is_same = |known: &&Escalation| known.is_open() && known.topic == topic.name.id;
    if let Some(known) = draft.ticket.escalations.iter().find(is_same) {
        return Err(conflict(
            "already-asked",
            format!(
                "{} is asked about `{}` already, as escalation {}; `escalation-answer` ends that first",
                known.department, known.topic, known.id
            ),
        ));
    }
    if draft.ticket.escalations.len() >= ESCALATIONS_MAX {
        return Err(conflict(
            "too-many-escalations",
            format!(
                "ticket {} has {ESCALATIONS_MAX} escalations, and no ticket has more",
                draft.ticket.number
            ),
        ));
    }
    let escalation = next_number(draft);
    draft.push(Event::Escalated {
        escalation,
        topic: topic.name.id.clone(),
        department: topic.department.clone(),
        channel: channel.into(),
        text,
    });
    start_with(draft, &regulation, rule, &topic.target, escalation);
    Ok(())
}

/// The channel must be one that the topic lists (ZS-8).
fn channel(topic: Option<&Topic>, given: Option<&String>, wrong: &mut Wrong) {
    match (topic, given) {
        (None, Some(_)) => {}
        (None, None) => wrong.add("channel", "is required: one that the topic lists"),
        (Some(topic), given) => {
            let list = topic.channels.join(", ");
            let clause = in_brackets(topic.channels_clause.as_ref());
            match given {
                None => wrong.add("channel", format!("is required; one of {list}")),
                Some(given) if !topic.channels.iter().any(|known| known == given) => wrong.add(
                    "channel",
                    format!("`{given}` is no way to ask about `{}`; one of {list}{clause}", topic.name.id),
                ),
                Some(_) => {}
            }
        }
    }
}

/// A number that no escalation of the ticket has had, nor a clock of that metric.
fn next_number(draft: &Draft<'_>) -> EscalationNumber {
    let clocks = draft.ticket.clocks.iter().filter(|clock| clock.metric == Metric::Escalation);
    let cycles = clocks.map(|clock| clock.cycle);
    let known = draft.ticket.escalations.iter().map(|escalation| escalation.id).chain(cycles);
    known.max().unwrap_or_default() + 1
}

pub(super) fn escalation_answer(draft: &mut Draft<'_>, words: &EscalationAnswer) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let known = words.escalation.and_then(|id| draft.ticket.escalation(id));
    if known.is_none() {
        let open = draft.ticket.escalations.iter().filter(|escalation| escalation.is_open());
        let open = open.map(|escalation| escalation.id.to_string()).collect::<Vec<_>>().join(", ");
        let open = if open.is_empty() { "none is open".to_owned() } else { format!("open is {open}") };
        wrong.add(
            "escalation",
            words.escalation.map_or_else(
                || format!("is required: the number of an escalation; {open}"),
                |id| format!("ticket {} has no escalation {id}; {open}", draft.ticket.number),
            ),
        );
    }
    let text = wrong.text("text", words.text.as_ref());
    let known = known.map(|escalation| (escalation.id, escalation.state));
    wrong.done()?;
    let Some((escalation, state)) = known else { return Ok(()) };
    let over = match state {
        EscalationState::Open => None,
        EscalationState::Answered => Some("is answered already"),
        EscalationState::Withdrawn => Some("was withdrawn when the ticket was closed"),
    };
    if let Some(over) = over {
        return Err(Refusal::Conflict {
            code: "escalation-over",
            message: format!("escalation {escalation} {over}; `escalate` asks anew"),
            ticket: Some(draft.ticket.number),
            status: Some(draft.ticket.facts.status.clone()),
        });
    }
    draft.push(Event::EscalationAnswered { escalation, text });
    let regulation = draft.regulation.clone();
    stop_clock(draft, &regulation, escalation);
    Ok(())
}

/// A ticket that is closed asks nobody any more.
pub(super) fn withdraw(draft: &mut Draft<'_>, regulation: &Regulation) {
    if draft.ticket.stage != Stage::Closed {
        return;
    }
    for escalation in open(draft) {
        draft.push(Event::EscalationWithdrawn { escalation });
        stop_clock(draft, regulation, escalation);
    }
}

/// The clocks of what is open: another calendar may count, where the ticket stands on another line (R5).
pub(super) fn turn(draft: &mut Draft<'_>, regulation: &Regulation, rule: &ClockRule) {
    for escalation in open(draft) {
        if let Some(clock) = draft.ticket.escalation_clock(escalation).cloned() {
            retarget(draft, regulation, rule, &clock);
        }
    }
}

fn open(draft: &Draft<'_>) -> Vec<EscalationNumber> {
    let open = draft.ticket.escalations.iter().filter(|escalation| escalation.is_open());
    open.map(|escalation| escalation.id).collect()
}

fn stop_clock(draft: &mut Draft<'_>, regulation: &Regulation, escalation: EscalationNumber) {
    let clock = draft.ticket.escalation_clock(escalation).filter(|clock| clock.state != ClockState::Stopped);
    if let Some(clock) = clock.cloned() {
        stop(draft, regulation, &clock);
    }
}
