//! Agents and shifts of a [`World`], in local times of Moscow.

use andon::desk::people::{AgentCard, PeopleAct, Presence, PresenceFor, ShiftTimes};
use andon::desk::{DeskAct, Event, Refusal, TicketNumber};
use calendars::Tz;

use crate::World;

/// An agent of these groups.
pub fn card(name: &str, groups: &[&str]) -> AgentCard {
    AgentCard {
        name: name.into(),
        title: None,
        lines: Vec::new(),
        groups: groups.iter().copied().map(Into::into).collect(),
        skills: Vec::new(),
    }
}

/// A shift by local times of Moscow.
///
/// # Panics
/// Where it is none.
pub fn shift(agent: &str, date: &str, from: &str, to: &str) -> ShiftTimes {
    ShiftTimes::local(agent, date, from, to, Tz::Europe__Moscow).expect("a shift")
}

impl World {
    /// Does something about people, or tells why not.
    pub fn try_people(&mut self, act: PeopleAct) -> Result<(), Refusal> {
        self.try_desk(DeskAct::People(act))
    }

    /// Does something about people.
    ///
    /// # Panics
    /// Where the desk refuses it.
    pub fn people(&mut self, act: PeopleAct) -> &mut Self {
        let wish = format!("{act:?}");
        self.try_people(act).unwrap_or_else(|refusal| panic!("{wish}: {refusal}"));
        self
    }

    /// Adds an agent of these groups.
    pub fn agent(&mut self, name: &str, groups: &[&str]) -> &mut Self {
        self.people(PeopleAct::PutAgent(card(name, groups)))
    }

    /// Adds a shift.
    pub fn shift(&mut self, agent: &str, date: &str, from: &str, to: &str) -> &mut Self {
        let shifts = vec![shift(agent, date, from, to)];
        self.people(PeopleAct::AddShifts { shifts, instead_of: None })
    }

    /// An agent comes, or goes: for requests.
    pub fn presence(&mut self, name: &str, presence: Presence) -> &mut Self {
        let presences = vec![(PresenceFor::Requests, presence)];
        self.people(PeopleAct::SetPresence { name: name.into(), presences })
    }

    /// An agent of these groups, on shift on a day and online for requests.
    pub fn on_duty(&mut self, name: &str, groups: &[&str], date: &str, from: &str, to: &str) -> &mut Self {
        self.agent(name, groups).shift(name, date, from, to).presence(name, Presence::Online)
    }

    /// Who has a ticket: an agent, or `group:ID`, or nobody.
    pub fn holder(&self, ticket: TicketNumber) -> String {
        let ticket = self.ticket(ticket);
        match (&ticket.assignee, &ticket.group) {
            (Some(agent), _) => agent.to_string(),
            (None, Some(group)) => format!("group:{group}"),
            (None, None) => "nobody".to_owned(),
        }
    }

    /// Why a ticket was last given to whoever has it, where the desk did so by itself.
    pub fn holds_since(&self, ticket: TicketNumber) -> Option<&'static str> {
        let assigned = self.history(ticket).filter_map(|(_, event)| match event {
            Event::Assigned { why, .. } => Some(why.map(andon::desk::event::AssignedWhy::id)),
            _ => None,
        });
        assigned.last().flatten()
    }
}
