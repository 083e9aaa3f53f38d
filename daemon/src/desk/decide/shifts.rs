//! What shifts bring about: somebody comes or goes, a shift is short or whole again, a ticket goes back to its group.

use std::sync::Arc;

use calendars::Timestamp;
use smol_str::SmolStr;

use super::assignment::{goes_back, handed_back};
use crate::desk::event::{AssignedWhy, Event, Fact};
use crate::desk::people::{People, Staffing};
use crate::desk::problem::LOT_TICKETS;
use crate::desk::regulation::Regulation;
use crate::desk::state::Desk;

/// How many tickets go back at once, as many as a problem changes; then those who wait are served, and then more of them.
const BACK_AT_ONCE_MAX: usize = LOT_TICKETS;

/// People in the making: as they become with each event, and the events.
pub(super) struct PeopleDraft<'a> {
    desk: &'a Desk,
    people: People,
    at: Timestamp,
    facts: Vec<Fact>,
}

impl<'a> PeopleDraft<'a> {
    pub(super) fn of(desk: &'a Desk, at: Timestamp) -> Self {
        Self { desk, people: desk.people().as_ref().clone(), at, facts: Vec::new() }
    }

    /// Records that something happened.
    pub(super) fn push(&mut self, event: Event) {
        self.people.apply(&event, self.at);
        self.facts.push(Fact { ticket: None, event });
    }

    /// Who is on shift and how the staffing stands follow from what happened.
    pub(super) fn finish(mut self) -> Vec<Fact> {
        self.shifts();
        self.staffing();
        self.facts
    }

    fn shifts(&mut self) {
        let (known, now) = (self.people.known_on_shift().clone(), self.people.on_shift_at(self.at));
        for agent in known.keys().filter(|agent| !now.contains_key(*agent)) {
            self.push(Event::ShiftEnded { agent: agent.clone() });
        }
        for (agent, until) in &now {
            // One that begins at this instant is told in any case: what is due is done.
            let begins = self.people.roster().beginning(self.at, self.at.plus_ms(1));
            let begins = begins.filter(|shift| shift.times.agent == *agent).count() > 0;
            if begins || known.get(agent) != Some(until) {
                self.push(Event::ShiftBegan { agent: agent.clone(), until: *until });
            }
        }
    }

    fn staffing(&mut self) {
        for (regulation, staffing) in changed(self.desk, &self.people, self.at) {
            self.push(Event::StaffingChanged { regulation, staffing });
        }
    }
}

/// How the staffing of regulations stands at an instant, where that is not as it was.
fn changed(desk: &Desk, people: &People, at: Timestamp) -> Vec<(SmolStr, Option<Staffing>)> {
    let regulations = desk.regulations();
    let mut changed = Vec::new();
    for id in regulations.ids() {
        let now = regulations.holding(id, at).filter(|_| people.keeps_roster());
        let now = now.and_then(|regulation| Staffing::at(regulation, people, at));
        if people.staffing_of(id) != now.as_ref() {
            changed.push((id.into(), now));
        }
    }
    let gone = people.staffing().filter(|(id, _)| !regulations.takes(id));
    changed.extend(gone.map(|(id, _)| (id.clone(), None)));
    changed
}

impl Desk {
    /// When people bring something about next.
    pub(in crate::desk) fn next_turn_of_people(&self) -> Option<Timestamp> {
        if asks_anew(self) { Some(self.known_at()) } else { self.people().next_turn() }
    }
}

/// Whether the desk runs other regulations that ask for people than those whose staffing is known: it has just started.
fn asks_anew(desk: &Desk) -> bool {
    let people = desk.people();
    if !people.keeps_roster() {
        return false;
    }
    let regulations = desk.regulations();
    let asks = |id: &str| {
        let holding = regulations.holding(id, desk.known_at());
        holding.is_some_and(|regulation| regulation.staffing.is_some())
    };
    regulations.ids().into_iter().any(|id| asks(id) != people.staffing_of(id).is_some())
        || people.staffing().any(|(id, _)| !regulations.takes(id))
}

/// What people bring about by `now`: the facts of the earliest instant that is due, and that instant.
pub(super) fn due(desk: &Desk, now: Timestamp) -> Option<(Timestamp, Vec<Fact>)> {
    let at = desk.next_turn_of_people().filter(|at| *at <= now)?;
    let back = going_back(desk, at);
    if !back.is_empty() {
        return Some((at, back));
    }
    let facts = PeopleDraft::of(desk, at).finish();
    debug_assert!(!facts.is_empty(), "what is due brings something about");
    (!facts.is_empty()).then_some((at, facts))
}

/// Some of the tickets that go back to their groups, since the shifts of those who have them end.
fn going_back(desk: &Desk, at: Timestamp) -> Vec<Fact> {
    let hands_back =
        |regulation: &Arc<Regulation>| regulation.assignment.as_ref().is_some_and(|rule| rule.hand_back);
    if !desk.regulations().iter().any(hands_back) {
        return Vec::new();
    }
    let people = desk.people();
    let there = people.on_shift_at(at);
    let leaving = people.known_on_shift().keys().filter(|agent| !there.contains_key(*agent));
    let theirs = leaving.flat_map(|agent| desk.of_assignee(agent)).filter(|number| goes_back(desk, *number));
    let back = theirs.filter_map(|number| handed_back(desk, number, AssignedWhy::ShiftEnded));
    back.take(BACK_AT_ONCE_MAX).collect()
}
