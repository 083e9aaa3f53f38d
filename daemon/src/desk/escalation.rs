//! Escalations: questions of a ticket to other departments, each with a term of its own (ZS-7).
//!
//! An escalation *is* its clock and what was said: the clock of metric `escalation` whose cycle is the escalation's
//! number. So several may be open at once, and each clock is counted, breached, corrected and proved as any other.

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

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

    /// The department has answered; `by` passed it on.
    pub(crate) fn answer(&mut self, text: &str, by: &str, at: Timestamp) {
        self.end(EscalationState::Answered, at);
        self.answer = Some(text.to_owned());
        self.answered_by = Some(by.into());
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn withdraw(&mut self, at: Timestamp) {
        self.end(EscalationState::Withdrawn, at);
    }

    fn end(&mut self, state: EscalationState, at: Timestamp) {
        self.state = state;
        self.ended_at = Some(at);
    }
}
