//! Proofs: how a clock's deadline came about, step by step, so that anybody can reckon it again.

use calendars::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::clocks::{Basis, ClockState, Metric};
use super::event::Entry;
use super::regulation::Regulations;
use super::ticket::TicketNumber;

/// How one clock came to be as it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockProof {
    /// What it measures.
    pub metric: Metric,
    /// How often a clock of this metric had started, from 1.
    pub cycle: u16,
    /// What it counts.
    pub basis: Basis,
    /// Whether it runs.
    pub state: ClockState,
    /// What is given, in seconds.
    pub target_seconds: Option<f64>,
    /// What is used: the sum of what the steps counted.
    pub used_seconds: f64,
    /// When it runs out.
    pub deadline: Option<String>,
    /// When it was breached.
    pub breached_at: Option<String>,
    /// What happened to it, in order.
    pub steps: Vec<ProofStep>,
}

/// One turn of a clock, and what was counted up to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProofStep {
    /// When.
    pub at: String,
    /// started, paused, resumed, retargeted, warned, breached, ran-out, stopped; or now.
    pub turn: String,
    /// Who brought it about.
    pub by: String,
    /// What brought it about: the other events of the same command, in words.
    pub why: Vec<String>,
    /// The calendar that counts from here on.
    pub calendar: String,
    /// Its revision.
    pub revision: String,
    /// The time counted since the step before.
    pub counted: Vec<CountedInterval>,
    /// What was used by then, in seconds.
    pub used_seconds: f64,
    /// The target from here on, in seconds.
    pub target_seconds: Option<f64>,
    /// The deadline from here on.
    pub deadline: Option<String>,
}

/// An interval that was counted, `[from, to)`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CountedInterval {
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// How long, in seconds.
    pub seconds: f64,
}

/// How each clock of a ticket came about, from every entry about it.
pub fn explain(
    _number: TicketNumber,
    _entries: &[Entry],
    _regulations: &Regulations,
    _now: Timestamp,
) -> Vec<ClockProof> {
    Vec::new()
}
