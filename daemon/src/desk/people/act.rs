//! What can be done about people and their shifts.

use calendars::Timestamp;
use smol_str::SmolStr;

use super::{AgentCard, Presence, PresenceFor, ShiftTimes};

/// A wish about people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeopleAct {
    /// Adds an agent, or writes down anew what is known of one. Precondition: a lead; the lines are those of a regulation.
    PutAgent(AgentCard),
    /// Removes an agent with the shifts they have. Precondition: a lead; no open ticket is theirs, or they are handed back.
    RemoveAgent {
        /// Who.
        name: SmolStr,
        /// Whether their open tickets go back to their channels' groups.
        hands_back: bool,
    },
    /// Says whether an agent is there. Precondition: it is the actor, or the actor is a lead.
    SetPresence {
        /// Who.
        name: SmolStr,
        /// For what, and whether they are; what is not named stays.
        presences: Vec<(PresenceFor, Presence)>,
    },
    /// Adds shifts, all or none. Precondition: a lead; the agents are known, and no two shifts of one overlap.
    AddShifts {
        /// The shifts.
        shifts: Vec<ShiftTimes>,
        /// These go before.
        instead_of: Option<Stretch>,
    },
    /// Gives a shift another agent or other times. Precondition: as of adding; the shift is there.
    ReplaceShift {
        /// Which.
        id: u64,
        /// Who, and when.
        times: ShiftTimes,
    },
    /// Takes a shift off the roster. Precondition: a lead; it is there.
    RemoveShift {
        /// Which.
        id: u64,
    },
    /// The actor takes the open tickets of a group that nobody has, the oldest first, at most [`TAKE_MAX`]. Precondition: the
    /// actor is an agent of the group, and on shift (HD-10). Of a client whose tickets are worked on one after another, the
    /// first is taken, and none while another is in work (BC-8).
    TakeGroup {
        /// Which.
        group: SmolStr,
    },
}

/// How many tickets of a group are taken at once.
pub const TAKE_MAX: usize = 500;

/// Shifts that begin in `[from, until)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after.
    pub until: Timestamp,
    /// Of these agents only; empty: of all.
    pub agents: Vec<SmolStr>,
}

impl Stretch {
    /// Whether it is about that agent.
    pub fn is_of(&self, agent: &str) -> bool {
        self.agents.is_empty() || self.agents.iter().any(|known| known == agent)
    }
}
