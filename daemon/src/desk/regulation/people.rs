//! What a regulation says about people: who is given a new ticket, and how many a shift has.

use smol_str::SmolStr;

use super::AssignmentMode;

/// Who is given a new ticket (HD-6, HD-7).
#[derive(Debug, Clone)]
pub struct AssignmentRule {
    /// How.
    pub mode: AssignmentMode,
    /// The channels whose tickets are assigned; empty: every one with a group.
    pub channels: Vec<SmolStr>,
    /// Whether what an agent has goes back to the group when their shift ends.
    pub hand_back: bool,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

impl AssignmentRule {
    /// Whether tickets of the channel are assigned.
    pub fn covers(&self, channel: &str) -> bool {
        self.channels.is_empty() || self.channels.iter().any(|known| known == channel)
    }
}

/// How many people a shift has (ZS-2b).
#[derive(Debug, Clone)]
pub struct StaffingRule {
    /// How many at least.
    pub at_least: u32,
    /// The calendar in whose hours they are asked for.
    pub calendar: SmolStr,
    /// Skills that some of them have.
    pub with: Vec<SkillRule>,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// A skill that some of a shift have.
#[derive(Debug, Clone)]
pub struct SkillRule {
    /// Its id, as agents have it.
    pub skill: SmolStr,
    /// What people call it.
    pub title: String,
    /// How many at least.
    pub at_least: u32,
}

impl StaffingRule {
    /// Somebody is there.
    pub(in crate::desk) fn one() -> Self {
        Self { at_least: 1, calendar: SmolStr::default(), with: Vec::new(), clause: None, note: None }
    }
}
