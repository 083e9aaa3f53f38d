//! People: agents, the roster, and what follows from both: who is on shift, whether that is enough, whose turn it is.
//!
//! It changes only by events. Who is on shift is a fact of the record, too: a shift that begins or ends is an event of its
//! instant, so that the wall, the distribution and whoever follows the events say the same.

mod act;
mod agent;
mod coverage;
mod roster;
mod rotation;
mod staffing;

use std::collections::BTreeMap;
use std::sync::Arc;

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

pub use self::act::{PeopleAct, Stretch, TAKE_MAX};
pub use self::agent::{Agent, AgentCard, Presence, PresenceFor};
pub use self::coverage::{COVERAGE_MAX_DAYS, Cover, Gap, Place, coverage};
pub use self::roster::{Roster, SHIFT_KEPT_MS, SHIFT_MAX_MS, Shift, ShiftTimes};
pub use self::rotation::Rotation;
pub use self::staffing::{Lack, Staffing};
use super::event::Event;

/// How many agents a desk knows.
pub const AGENTS_MAX: usize = 500;
/// How many shifts it keeps, those of the last quarter among them.
pub const SHIFTS_MAX: usize = 20_000;
/// How long before a shift somebody may say that they are there for it, in milliseconds: an hour.
const EARLY_MS: i64 = 3_600_000;
/// How many shifts are added at once.
pub const SHIFTS_AT_ONCE_MAX: usize = 5_000;

/// The agents and their shifts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct People {
    agents: BTreeMap<SmolStr, Agent>,
    #[serde(with = "shared")]
    roster: Arc<Roster>,
    /// Who is on shift, and until when.
    on_shift: BTreeMap<SmolStr, Timestamp>,
    /// Up to when shifts that began are known to have begun.
    begun_until: Timestamp,
    /// How the staffing of each regulation stands that asks for people.
    staffing: BTreeMap<SmolStr, Staffing>,
}

impl People {
    /// The agents, by name.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// How many agents there are.
    pub fn len(&self) -> usize {
        self.agents.len()
    }

    /// Whether no agent is known.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty()
    }

    /// The agent of that name.
    pub fn agent(&self, name: &str) -> Option<&Agent> {
        self.agents.get(name)
    }

    /// The shifts.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Whether a roster is kept: there was a shift. Before that nobody is missed, and nobody is away.
    pub fn keeps_roster(&self) -> bool {
        self.roster.last_id() > 0 && !self.agents.is_empty()
    }

    /// Whether an agent is on shift.
    pub fn is_on_shift(&self, name: &str) -> bool {
        self.on_shift.contains_key(name)
    }

    /// Whether an agent counts as on shift: they are, or no roster is kept, since a desk of three people needs none.
    pub fn counts_as_on_shift(&self, name: &str) -> bool {
        self.agents.contains_key(name) && (!self.keeps_roster() || self.is_on_shift(name))
    }

    /// Until when an agent is on shift; none where they are not.
    pub fn on_shift_until(&self, name: &str) -> Option<Timestamp> {
        self.on_shift.get(name).copied()
    }

    /// How many agents are on shift.
    pub fn on_shift(&self) -> usize {
        self.on_shift.len()
    }

    /// The agents on shift, by name.
    pub(crate) fn cards_on_shift(&self) -> impl Iterator<Item = &AgentCard> + Clone {
        self.on_shift.keys().filter_map(|name| Some(&self.agents.get(name)?.card))
    }

    /// Whether somebody who has a ticket is an agent that is not on shift.
    pub fn is_away(&self, assignee: &str) -> bool {
        self.keeps_roster() && self.agents.contains_key(assignee) && !self.is_on_shift(assignee)
    }

    /// How the staffing of each regulation stands that asks for people, by its id.
    pub fn staffing(&self) -> impl Iterator<Item = (&SmolStr, &Staffing)> {
        self.staffing.iter()
    }

    /// How a regulation's staffing stands; none where it asks for nobody.
    pub fn staffing_of(&self, regulation: &str) -> Option<&Staffing> {
        self.staffing.get(regulation)
    }

    /// When a shift begins or ends next, or working time does where people are asked for.
    pub(crate) fn next_turn(&self) -> Option<Timestamp> {
        let ends = self.on_shift.values().copied();
        let asked = self.staffing.values().filter_map(|staffing| staffing.until);
        ends.chain(asked).chain(self.roster.next_start(self.begun_until)).min()
    }

    /// Who is on shift at an instant, by the roster, and until when.
    pub(crate) fn on_shift_at(&self, at: Timestamp) -> BTreeMap<SmolStr, Timestamp> {
        let mut there = BTreeMap::new();
        for Shift { times, .. } in
            self.roster.at(at).filter(|shift| self.agents.contains_key(&shift.times.agent))
        {
            let until = there.entry(times.agent.clone()).or_insert(times.ends);
            *until = (*until).max(times.ends);
        }
        there
    }

    /// Who was on shift before.
    pub(crate) fn known_on_shift(&self) -> &BTreeMap<SmolStr, Timestamp> {
        &self.on_shift
    }

    /// The box's time is `at`: what was held to have begun later has not.
    pub(crate) fn time_is(&mut self, at: Timestamp) {
        self.begun_until = self.begun_until.min(at);
    }

    /// A shift of an agent has begun: what they said long before, at home, does not count for it.
    fn comes(&mut self, agent: &str, at: Timestamp) {
        let theirs = self.roster.at(at).filter(|shift| shift.times.agent == agent);
        let starts = theirs.map(|shift| shift.times.starts).min().unwrap_or(at);
        let Some(agent) = self.agents.get_mut(agent) else { return };
        if agent.said_at.is_some_and(|said| said < starts.plus_ms(-EARLY_MS)) {
            agent.leave();
        }
    }

    /// Takes in what happened at `at`. Total.
    #[expect(clippy::too_many_lines, reason = "an arm for each event, none of them long")]
    pub(crate) fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::AgentPut { agent } => {
                let card = agent.as_ref().clone();
                match self.agents.get_mut(&card.name) {
                    Some(known) => known.card = card,
                    None => drop(self.agents.insert(card.name.clone(), Agent::new(card))),
                }
            }
            Event::AgentRemoved { name } => {
                self.agents.remove(name);
                self.on_shift.remove(name);
                Arc::make_mut(&mut self.roster).remove_of(name);
            }
            Event::PresenceChanged { agent, to, presence } => {
                if let Some(agent) = self.agents.get_mut(agent) {
                    agent.set(*to, *presence, at);
                }
            }
            Event::RosterChanged { removed, added } => {
                if !self.keeps_roster() {
                    // Until now they counted as on shift.
                    self.agents.values_mut().for_each(|agent| agent.said_at = Some(at));
                }
                let roster = Arc::make_mut(&mut self.roster);
                for id in removed {
                    roster.remove(*id);
                }
                for shift in added {
                    roster.add(shift.clone());
                }
                roster.forget_before(at);
                self.begun_until = self.begun_until.max(at);
            }
            Event::ShiftBegan { agent, until } => {
                self.begun_until = self.begun_until.max(at);
                if !self.is_on_shift(agent) {
                    self.comes(agent, at);
                }
                self.on_shift.insert(agent.clone(), *until);
            }
            Event::ShiftEnded { agent } => {
                self.begun_until = self.begun_until.max(at);
                self.on_shift.remove(agent);
                // Who goes home is there for nothing; who comes says so.
                if let Some(agent) = self.agents.get_mut(agent) {
                    agent.leave();
                }
            }
            Event::StaffingChanged { regulation, staffing } => match staffing {
                Some(staffing) => drop(self.staffing.insert(regulation.clone(), staffing.clone())),
                None => drop(self.staffing.remove(regulation)),
            },
            Event::Registered(_)
            | Event::Replied { .. }
            | Event::Asked { .. }
            | Event::Answered { .. }
            | Event::StatusChanged { .. }
            | Event::Classified { .. }
            | Event::PriorityChanged { .. }
            | Event::Assigned { .. }
            | Event::Routed { .. }
            | Event::Estimated { .. }
            | Event::Extended { .. }
            | Event::Deferred { .. }
            | Event::Resolved { .. }
            | Event::Confirmed { .. }
            | Event::Returned { .. }
            | Event::Refused { .. }
            | Event::Closed { .. }
            | Event::Linked { .. }
            | Event::Urgent { .. }
            | Event::RegulationApplied { .. }
            | Event::Clock { .. }
            | Event::AlarmAcked { .. }
            | Event::AlarmShelved { .. }
            | Event::AlarmUnshelved { .. }
            | Event::Silenced { .. }
            | Event::PartFailed { .. }
            | Event::PartWorks { .. }
            | Event::TimeTrusted { .. }
            | Event::Muted { .. }
            | Event::TokenAdded { .. }
            | Event::TokenRevoked { .. }
            | Event::Alerted { .. }
            | Event::AlertsCounted { .. }
            | Event::Attached(_)
            | Event::AttachmentRemoved { .. }
            | Event::SealedSet { .. }
            | Event::SealedLooked { .. }
            | Event::SealedErased { .. }
            | Event::Escalated { .. }
            | Event::EscalationAnswered { .. }
            | Event::EscalationWithdrawn { .. }
            | Event::Complained { .. }
            | Event::LetterQueued { .. }
            | Event::LetterSkipped { .. }
            | Event::LetterSent { .. }
            | Event::LetterFailed { .. }
            | Event::LetterResent { .. }
            | Event::Preferred { .. }
            | Event::MonthClosed { .. }
            | Event::Problem { .. }
            | Event::ClientSet(_)
            | Event::ContactAppointed(_)
            | Event::ClientRemoved { .. }
            | Event::EmployeesChanged { .. }
            | Event::IssueOpened { .. }
            | Event::IssueChanged { .. }
            | Event::LeadAsked { .. }
            | Event::LeadAnswered { .. }
            | Event::Cited { .. } => {}
        }
    }
}

/// What is shared is kept as it is.
pub(crate) mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<T: Serialize, S: Serializer>(value: &Arc<T>, to: S) -> Result<S::Ok, S::Error> {
        value.as_ref().serialize(to)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(from).map(Arc::new)
    }
}
