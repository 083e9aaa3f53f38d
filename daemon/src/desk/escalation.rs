//! Escalations: questions of a ticket to other departments, each with a term of its own (ZS-7).
//!
//! An escalation *is* its clock and what was said: the clock of metric `escalation` whose cycle is the escalation's
//! number. So several may be open at once, and each clock is counted, breached, corrected and proved as any other.

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::event::Event;

/// The most escalations of one ticket.
pub const ESCALATIONS_MAX: usize = 100;

/// What names an escalation among a ticket's, from 1: the cycle of its clock.
pub type EscalationNumber = u16;

/// Where an escalation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EscalationState {
    /// The department owes an answer.
    Open,
    /// It has answered.
    Answered,
    /// The ticket was closed before it answered: nobody waits for the answer any more.
    Withdrawn,
}

/// A question to a department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Its number on the ticket, and the cycle of its clock.
    pub id: EscalationNumber,
    /// What it is about, by the regulation's id.
    pub topic: SmolStr,
    /// Who is asked.
    pub department: SmolStr,
    /// The way it goes there.
    pub channel: SmolStr,
    /// The question.
    pub text: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Who asked.
    pub by: SmolStr,
    /// Where it stands.
    pub state: EscalationState,
    /// When it was answered or withdrawn.
    pub ended_at: Option<Timestamp>,
    /// What the department said.
    pub answer: Option<String>,
    /// Who passed that on.
    pub answered_by: Option<SmolStr>,
}

impl Escalation {
    /// Whether the department owes an answer.
    pub fn is_open(&self) -> bool {
        self.state == EscalationState::Open
    }
}

/// Takes in what happened to a ticket's escalations. Total: what is about another number changes nothing.
pub(crate) fn apply(escalations: &mut Vec<Escalation>, event: &Event, by: &str, at: Timestamp) {
    let of = |escalations: &mut Vec<Escalation>, id: EscalationNumber| {
        escalations.iter().position(|known| known.id == id && known.is_open())
    };
    match event {
        Event::Escalated { escalation, topic, department, channel, text } => {
            if escalations.iter().all(|known| known.id != *escalation) {
                escalations.push(Escalation {
                    id: *escalation,
                    topic: topic.clone(),
                    department: department.clone(),
                    channel: channel.clone(),
                    text: text.clone(),
                    asked_at: at,
                    by: by.into(),
                    state: EscalationState::Open,
                    ended_at: None,
                    answer: None,
                    answered_by: None,
                });
            }
        }
        Event::EscalationAnswered { escalation, text } => {
            if let Some(place) = of(escalations, *escalation) {
                let known = &mut escalations[place];
                known.state = EscalationState::Answered;
                known.ended_at = Some(at);
                known.answer = Some(text.clone());
                known.answered_by = Some(by.into());
            }
        }
        Event::EscalationWithdrawn { escalation } => {
            if let Some(place) = of(escalations, *escalation) {
                escalations[place].state = EscalationState::Withdrawn;
                escalations[place].ended_at = Some(at);
            }
        }
        _ => {}
    }
}
