//! The desk's state: tickets, and the little that is no ticket. It changes only by [`Desk::apply`].
//!
//! A desk need not hold every ticket. One that is over ([`Ticket::is_over`]) asks for nothing and waits for nothing, so
//! whoever keeps it may have it put away, and gives it back with [`Desk::recall`] before a command or an entry that names
//! it. A desk with tickets put away then decides as one that has them all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::alarm::{Alarm, AlarmKind, AlarmState, BREACH_LATE, Shelving, part_alarm};
use super::alert::AlertWindow;
use super::alike::{Found, Kin, SUGGESTED_MIN, Subjects};
use super::client::Clients;
use super::command::Token;
use super::employee::Directory;
use super::event::{AssignedWhy, Entry, Event, Fact, Receipt, Turn};
use super::index::{Counts, Due, Index};
use super::letter::{DEAD_LETTERS_MAX, LetterId, LetterWay, Reach};
use super::packed::{Held, Packed};
use super::people::{People, Rotation, Staffing, shared};
use super::problem::{Problem, ProblemNumber, ProblemTurn, Problems};
use super::regulation::Regulations;
use super::report::{Month, Score, Tally};
use super::ticket::{Ticket, TicketNumber};

/// Everything of the desk that is no ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    next_seq: u64,
    next_ticket: TicketNumber,
    /// How many tickets were registered.
    tickets_total: u64,
    /// When the newest entry was taken.
    last_at: Timestamp,
    /// The newest instant that is known to have come: that of the newest entry, but where an admin said that the box had
    /// run ahead, so that entries bear times that are still to come.
    known_at: Timestamp,
    /// How far the time was held behind the true one when it was trusted again; none since it was not trusted anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    behind_ms: Option<i64>,
    muted_until: Option<Timestamp>,
    /// What had begun to call before the event of this number is silent.
    #[serde(default)]
    silenced_before: u64,
    tokens: Vec<Token>,
    /// Alarms of parts of the box, by id.
    parts: BTreeMap<SmolStr, Alarm>,
    /// How many tickets alerts have opened of late.
    #[serde(default)]
    alerts: AlertWindow,
    /// Agents and their shifts; shared, since it changes seldom and is remembered at each turn of the loop.
    #[serde(default, with = "shared")]
    people: Arc<People>,
    /// Whose turn it is to be given a ticket.
    #[serde(default, with = "shared")]
    rotation: Arc<Rotation>,
    /// The months that are closed, each with the event that has its figures.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    months: BTreeMap<Month, u64>,
    /// One cause of many tickets.
    #[serde(default, skip_serializing_if = "Problems::is_empty")]
    problems: Problems,
    /// The register of clients.
    #[serde(default)]
    clients: Clients,
    /// The directory of employees.
    #[serde(default, skip_serializing_if = "Directory::is_empty")]
    employees: Directory,
    /// Letters that were given up, the newest last; at most [`DEAD_LETTERS_MAX`].
    #[serde(default, with = "shared")]
    dead_letters: Arc<Vec<LetterId>>,
}

impl Default for Rest {
    fn default() -> Self {
        Self {
            next_seq: 1,
            next_ticket: TicketNumber(1),
            tickets_total: 0,
            last_at: Timestamp::from_millis(0),
            known_at: Timestamp::from_millis(0),
            behind_ms: None,
            muted_until: None,
            silenced_before: 0,
            tokens: Vec::new(),
            parts: BTreeMap::new(),
            alerts: AlertWindow::default(),
            people: Arc::default(),
            rotation: Arc::default(),
            months: BTreeMap::new(),
            problems: Problems::default(),
            clients: Clients::default(),
            employees: Directory::default(),
            dead_letters: Arc::default(),
        }
    }
}

/// How the desk was before some entries, to go back to when they could not be kept.
#[derive(Debug)]
pub struct Undo {
    rest: Rest,
    tickets: HashMap<TicketNumber, Option<Held>>,
    tally: Tally,
    /// How many scores waited to be kept.
    scores: usize,
}

impl Undo {
    /// The tickets that changed since.
    pub fn touched(&self) -> impl Iterator<Item = TicketNumber> + '_ {
        self.tickets.keys().copied()
    }
}

/// The desk.
#[derive(Debug, Default)]
pub struct Desk {
    regulations: Regulations,
    tickets: HashMap<TicketNumber, Held>,
    rest: Rest,
    index: Index,
    subjects: Subjects,
    undo: Option<Undo>,
    lenient: bool,
    /// The sums of the months that are not closed.
    tally: Tally,
    /// Scores that are in the tally and wait to be kept; none where nobody keeps them.
    scores: Option<Vec<Score>>,
    /// Whom the site can write to.
    reach: Reach,
}

impl Desk {
    /// An empty desk under these regulations.
    pub fn new(regulations: Regulations) -> Self {
        Self { regulations, ..Self::default() }
    }

    /// A desk as it was kept: its tickets, all of them or those that are not put away, and the rest.
    pub fn restore(regulations: Regulations, rest: Rest, tickets: impl Iterator<Item = Ticket>) -> Self {
        let mut desk = Self { regulations, rest, ..Self::default() };
        for alarm in desk.rest.parts.values() {
            desk.index.add_alarm(alarm);
        }
        tickets.for_each(|ticket| desk.take_in(ticket));
        desk
    }

    /// Takes in a ticket as it was kept.
    pub fn take_in(&mut self, ticket: Ticket) {
        let number = ticket.number;
        self.put(Arc::new(ticket));
        self.pack(number);
    }

    /// Has scores collected from here on, for whoever keeps them: see [`Desk::take_scores`].
    pub fn collect_scores(&mut self) {
        self.scores.get_or_insert_default();
    }

    /// The scores since the last call, in order. Called between turns.
    pub fn take_scores(&mut self) -> Vec<Score> {
        self.scores.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes the tally back as it was kept, with the scores since.
    pub fn restore_tally(&mut self, tally: Tally, scores: impl IntoIterator<Item = Score>) {
        self.tally = tally;
        if let Some(zone) = self.regulations.zone() {
            scores.into_iter().for_each(|score| self.tally.take(&score, zone));
        }
    }

    /// The sums of the months that are not closed; empty where the site's zone is not known.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The event that has the figures of a closed month.
    pub fn closed_month(&self, month: Month) -> Option<u64> {
        self.rest.months.get(&month).copied()
    }

    /// The first month that is not closed and has something, with its end.
    pub(super) fn month_end(&self) -> Option<(Month, Timestamp)> {
        let zone = self.regulations.zone()?;
        let month = self.tally.first_open()?;
        Some((month, month.ends(zone)))
    }

    fn score(&mut self, score: Score) {
        let Some(zone) = self.regulations.zone() else { return };
        self.tally.take(&score, zone);
        if let Some(scores) = &mut self.scores {
            scores.push(score);
        }
    }

    /// Takes registrations with fields missing; for replaying logs that never had them.
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }

    pub(super) fn is_lenient(&self) -> bool {
        self.lenient
    }

    /// From here on letters are queued for those whom the site can write to.
    pub fn write_to(&mut self, reach: Reach) {
        self.reach = reach;
    }

    /// Whom the site can write to.
    pub(super) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Letters that are to go a way by `at`, in the order in which they are to be sent: those to many of the same thing after
    /// all others, so that a mass problem holds up nobody's confirmation (GM-5.13).
    pub fn letters_due_by(&self, way: LetterWay, at: Timestamp) -> impl Iterator<Item = LetterId> + '_ {
        let due = move |is_to_many| {
            let theirs = self.index.letters(way, is_to_many, Timestamp::from_millis(i64::MIN));
            theirs.take_while(move |(due, _)| *due <= at).map(|(_, id)| id)
        };
        due(false).chain(due(true))
    }

    /// When the next letter that is held until after `at` is to go a way.
    pub fn next_letter_by(&self, way: LetterWay, at: Timestamp) -> Option<Timestamp> {
        let next = |is_to_many| self.index.letters(way, is_to_many, at.plus_ms(1)).next();
        [next(false), next(true)].into_iter().flatten().map(|(due, _)| due).min()
    }

    /// Letters that wait, by whatever way, each with when it is to be sent.
    pub fn letters_waiting(&self) -> impl Iterator<Item = (Timestamp, LetterId)> + '_ {
        let ways = [LetterWay::Mail, LetterWay::Chat].into_iter().flat_map(|way| [(way, false), (way, true)]);
        ways.flat_map(|(way, is_to_many)| {
            self.index.letters(way, is_to_many, Timestamp::from_millis(i64::MIN))
        })
    }

    /// How many letters wait to go a way.
    pub fn letters_waiting_by(&self, way: LetterWay) -> usize {
        let of = |is_to_many| self.index.letters(way, is_to_many, Timestamp::from_millis(i64::MIN)).count();
        of(false) + of(true)
    }

    /// Letters that are to be sent by `at`.
    pub fn letters_due(&self, at: Timestamp) -> impl Iterator<Item = LetterId> + '_ {
        self.letters_waiting().filter(move |(due, _)| *due <= at).map(|(_, id)| id)
    }

    /// How many letters wait.
    pub fn letters_waiting_total(&self) -> usize {
        self.index.letters_total()
    }

    /// Letters that were given up, the oldest first.
    pub fn dead_letters(&self) -> &[LetterId] {
        &self.rest.dead_letters
    }

    /// The register of clients.
    pub fn clients(&self) -> &Clients {
        &self.rest.clients
    }

    /// The directory of employees.
    pub fn employees(&self) -> &Directory {
        &self.rest.employees
    }

    /// The regulations it works by.
    pub fn regulations(&self) -> &Regulations {
        &self.regulations
    }

    /// The ticket of that number; none where it is put away.
    pub fn ticket(&self, number: TicketNumber) -> Option<Arc<Ticket>> {
        self.tickets.get(&number).map(Held::ticket)
    }

    /// The ticket of that number, if it is held as a value.
    pub fn whole(&self, number: TicketNumber) -> Option<&Arc<Ticket>> {
        match self.tickets.get(&number)? {
            Held::Whole(ticket) => Some(ticket),
            Held::Packed(_) => None,
        }
    }

    /// The ticket of that number as it is held.
    pub fn held(&self, number: TicketNumber) -> Option<&Held> {
        self.tickets.get(&number)
    }

    /// Every ticket that is not put away, as it is held, in no order.
    pub fn all_held(&self) -> impl Iterator<Item = (TicketNumber, &Held)> {
        self.tickets.iter().map(|(number, held)| (*number, held))
    }

    /// Every ticket that is not put away, in no order.
    pub fn tickets(&self) -> impl Iterator<Item = Arc<Ticket>> {
        self.tickets.values().map(Held::ticket)
    }

    /// The tickets of a reference that are not put away, the newest first.
    pub fn of_reference(&self, source: &str, key: &str) -> impl Iterator<Item = Arc<Ticket>> + use<'_> {
        self.index.of_reference(source, key).filter_map(|number| self.ticket(number))
    }

    /// The agents and their shifts.
    pub fn people(&self) -> &Arc<People> {
        &self.rest.people
    }

    /// Whose turn it is to be given a ticket.
    pub(super) fn rotation(&self) -> &Rotation {
        &self.rest.rotation
    }

    /// The open tickets of a group that nobody has, the oldest first.
    pub fn of_group(&self, group: &str) -> impl DoubleEndedIterator<Item = TicketNumber> + use<'_> {
        self.index.of_group(group)
    }

    /// How many open tickets of a group nobody has.
    pub fn of_group_total(&self, group: &str) -> usize {
        self.index.of_group_total(group)
    }

    /// The groups that have open tickets.
    pub fn groups_with_tickets(&self) -> impl Iterator<Item = &SmolStr> {
        self.index.groups()
    }

    /// Whether there is a group of that name: a channel's, one that agents belong to, or one that has tickets.
    pub fn has_group(&self, group: &str) -> bool {
        self.of_group_total(group) > 0
            || self.people().agents().any(|agent| agent.card.is_in(group))
            || self.regulations.iter().any(|regulation| regulation.has_group(group))
    }

    /// Whether any group is known, so that a name which is none is mistyped.
    pub fn knows_groups(&self) -> bool {
        self.groups_with_tickets().next().is_some()
            || self.people().agents().any(|agent| !agent.card.groups.is_empty())
            || self.regulations.iter().any(|regulation| regulation.channels.iter().any(|c| c.group.is_some()))
    }

    /// The open tickets that somebody has, the oldest first.
    pub fn of_assignee(&self, agent: &str) -> impl DoubleEndedIterator<Item = TicketNumber> + use<'_> {
        self.index.of_assignee(agent)
    }

    /// How many open tickets somebody has.
    pub fn of_assignee_total(&self, agent: &str) -> usize {
        self.index.of_assignee_total(agent)
    }

    /// How many tickets alerts have opened of late.
    pub(super) fn alert_window(&self) -> &AlertWindow {
        &self.rest.alerts
    }

    /// The problem of that number; none where it is over for so long that it is forgotten.
    pub fn problem(&self, number: ProblemNumber) -> Option<&Arc<Problem>> {
        self.rest.problems.get(number)
    }

    /// The problems, the newest first.
    pub fn problems(&self) -> impl Iterator<Item = &Arc<Problem>> {
        self.rest.problems.newest()
    }

    /// The number the next problem gets.
    pub(super) fn next_problem(&self) -> ProblemNumber {
        self.rest.problems.next()
    }

    /// The first problem for which tickets are still to be changed.
    pub(super) fn working_problem(&self) -> Option<&Arc<Problem>> {
        self.rest.problems.working()
    }

    /// The problem whose alarm has that id.
    pub fn problem_of_alarm(&self, alarm: &Alarm) -> Option<&Arc<Problem>> {
        let number = alarm.id.strip_prefix(AlarmKind::MassProblem.id())?.strip_prefix('-')?.parse().ok()?;
        self.problem(ProblemNumber(number)).filter(|_| alarm.ticket.is_none())
    }

    /// Tickets whose subjects are at least `least` alike to that of this one, of the same regulation.
    pub fn alike(&self, ticket: &Ticket, least: u16) -> Found {
        let kin = Kin::of(&ticket.facts, &self.regulations);
        self.subjects.find(&ticket.facts.subject, kin, ticket.number, least)
    }

    /// Tickets that are suggested for this one: open or recent, of the same type and the like before others.
    pub fn suggested(&self, ticket: &Ticket, most: usize) -> Found {
        let mut found = self.alike(ticket, SUGGESTED_MIN);
        found.alike.sort_by_key(|alike| std::cmp::Reverse((alike.is_kin, alike.score, alike.number)));
        found.alike.truncate(most);
        found
    }

    /// How many subjects are remembered.
    pub fn subjects(&self) -> usize {
        self.subjects.count()
    }

    /// Remembers the subject of a ticket that is put away.
    pub fn remember_subject(&mut self, ticket: &Ticket) {
        if !self.tickets.contains_key(&ticket.number) {
            self.subjects.put(ticket, Kin::of(&ticket.facts, &self.regulations));
        }
    }

    /// How many tickets were registered, those that are put away among them.
    pub fn tickets_total(&self) -> u64 {
        self.rest.tickets_total
    }

    /// Whether a ticket of that number may be put away: it is not here, and the number was given.
    pub fn may_be_put_away(&self, number: TicketNumber) -> bool {
        (TicketNumber(1)..self.rest.next_ticket).contains(&number) && !self.tickets.contains_key(&number)
    }

    /// Takes back a ticket that was put away, as it was.
    pub fn recall(&mut self, ticket: Arc<Ticket>) {
        if !self.tickets.contains_key(&ticket.number) {
            self.put(ticket);
        }
    }

    /// Lets a ticket go that is kept elsewhere as it is. False where it stays: it is not over, or it may yet be what it was
    /// before, by [`Desk::go_back`].
    pub fn put_away(&mut self, number: TicketNumber) -> bool {
        let may_go_back = self.undo.as_ref().is_some_and(|undo| undo.tickets.contains_key(&number));
        let Some(ticket) = self.ticket(number).filter(|ticket| ticket.is_over() && !may_go_back) else {
            return false;
        };
        self.index.forget(&ticket);
        self.tickets.remove(&number);
        true
    }

    /// Holds a ticket as bytes from here on, until it changes. One with alarms stays a value: the wall looks at them.
    pub fn pack(&mut self, number: TicketNumber) {
        if let Some(held) = self.tickets.get_mut(&number)
            && let Held::Whole(ticket) = held
            && ticket.alarms.is_empty()
        {
            *held = Held::Packed(Packed::of(ticket));
        }
    }

    /// The number the next ticket gets.
    pub fn next_ticket(&self) -> TicketNumber {
        self.rest.next_ticket
    }

    /// The number the next event gets.
    pub fn next_seq(&self) -> u64 {
        self.rest.next_seq
    }

    /// When the newest entry was taken.
    pub fn last_at(&self) -> Timestamp {
        self.rest.last_at
    }

    /// Everything that is no ticket.
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    /// The tokens that are not revoked.
    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.rest.tokens.iter()
    }

    /// Until when the buzzer is silent.
    pub fn muted_until(&self) -> Option<Timestamp> {
        self.rest.muted_until
    }

    /// What had begun to call before the event of this number is silent.
    pub fn silenced_before(&self) -> u64 {
        self.rest.silenced_before
    }

    /// Of each kind with alarms that call, the event with which the newest of them began to.
    pub fn calls(&self) -> impl Iterator<Item = (AlarmKind, u64)> + '_ {
        self.index.calls()
    }

    /// How many tickets are what.
    pub fn counts(&self) -> Counts {
        self.index.counts()
    }

    /// Each regulation and version that tickets work by which are not closed, with how many do.
    pub fn versions(&self) -> impl Iterator<Item = (&SmolStr, &SmolStr, u32)> {
        self.index.versions()
    }

    /// The desk's promises that run out, the next first.
    pub fn upcoming(&self) -> impl Iterator<Item = &Due> {
        self.index.due()
    }

    /// The alarms, the worst first.
    pub fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.index.alarms().filter_map(|(id, ticket)| self.alarm_of(id, ticket))
    }

    /// How many alarms there are.
    pub fn alarms_total(&self) -> usize {
        self.index.alarms_total()
    }

    /// Each kind and state of alarm there is, with how many there are.
    pub fn alarm_tally(&self) -> impl Iterator<Item = (AlarmKind, AlarmState, u32)> + '_ {
        self.index.tally()
    }

    /// The alarm of that id.
    pub fn alarm(&self, id: &str) -> Option<&Alarm> {
        let ticket = id.split('-').next().and_then(|number| number.parse().ok()).map(TicketNumber);
        self.alarm_of(id, ticket)
    }

    fn alarm_of(&self, id: &str, ticket: Option<TicketNumber>) -> Option<&Alarm> {
        match ticket {
            // One that is held as bytes has no alarms.
            Some(number) => self.whole(number)?.alarms.iter().find(|alarm| alarm.id == id),
            None => self.rest.parts.get(id),
        }
    }

    pub(super) fn part_alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.rest.parts.values()
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// The newest instant that is known to have come. An entry's [`Entry::at`] may be later, where the box ran ahead
    /// until an admin said so.
    pub fn known_at(&self) -> Timestamp {
        self.rest.known_at
    }

    /// The time to reckon with: `now`, but never before the newest instant that is known to have come.
    pub fn stamp(&self, now: Timestamp) -> Timestamp {
        now.max(self.rest.known_at)
    }

    /// Whether clocks counted by stamps that could not be trusted, and are to be corrected when the time can be.
    pub fn is_unsynced(&self) -> bool {
        self.index.unsynced().next().is_some()
    }

    /// How far the time was held behind the true one when it was trusted again; none since it was not trusted anew.
    pub fn behind_ms(&self) -> Option<i64> {
        self.rest.behind_ms
    }

    /// The alarm that stands for breaches which were noticed late.
    pub(super) fn late_alarm(&self) -> Option<&Alarm> {
        self.rest.parts.get(BREACH_LATE)
    }

    /// When [`Desk::due`] has something next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let timer = self.index.first_timer().map(|(at, _)| at);
        let returns = self.index.shelves().next().map(|shelved| shelved.until);
        let month = self.month_end().map(|(_, end)| end);
        timer.into_iter().chain(returns).chain(month).chain(self.next_turn_of_people()).min()
    }

    /// Numbers facts as an entry and applies it.
    pub fn enter(
        &mut self,
        facts: Vec<Fact>,
        by: &str,
        now: Timestamp,
        effective: Option<Timestamp>,
        receipt: Option<Receipt>,
        unsynced: bool,
    ) -> Entry {
        let at = now.max(self.rest.last_at);
        let effective =
            Some(effective.unwrap_or_else(|| self.stamp(now))).filter(|effective| *effective != at);
        let entry =
            Entry { first_seq: self.rest.next_seq, at, effective, by: by.into(), unsynced, receipt, facts };
        self.apply(&entry);
        entry
    }

    /// Takes in what happened. Total: needs no regulation, calendar or clock, so that a replay gives the same desk.
    pub fn apply(&mut self, entry: &Entry) {
        self.rest.next_seq = entry.next_seq();
        let at = entry.effective_at();
        // Where the record had run ahead, its own time says nothing.
        let known_at = if entry.at > self.rest.last_at { entry.at } else { at };
        self.rest.known_at = self.rest.known_at.max(known_at);
        self.rest.last_at = self.rest.last_at.max(entry.at);
        if entry.unsynced {
            self.rest.behind_ms = None;
        }
        for number in entry.tickets() {
            let mut ticket = self.take(number);
            let before = ticket.as_ref().map(|ticket| ticket.stage);
            for fact in entry.facts.iter().filter(|fact| fact.ticket == Some(number)) {
                match (&mut ticket, &fact.event) {
                    (None, Event::Registered(registered)) => {
                        ticket = Some(Arc::new(Ticket::new(number, registered, at)));
                        self.rest.tickets_total += 1;
                        if registered.reference.as_ref().is_some_and(|reference| reference.is_of_alert()) {
                            self.rest.alerts.note(at);
                        }
                    }
                    (Some(ticket), event) => {
                        if let Some(breach) = Score::of_breach(ticket, event, entry) {
                            self.score(breach);
                        }
                        if let Event::AlertsCounted { fingerprints, .. } = event {
                            self.rest.alerts.note_counted(fingerprints, at);
                        }
                        let ticket = Arc::make_mut(ticket);
                        ticket.apply(event, &entry.by, at);
                        if entry.unsynced {
                            ticket.note_unsynced(event, at);
                        }
                        if let Event::Clock { turn: Turn::Breached { at, late: true }, .. } = event {
                            self.breached_late(*at, entry.first_seq);
                        }
                    }
                    // An event of a ticket that is not there says nothing.
                    (None, _) => {}
                }
            }
            if let Some(mut ticket) = ticket {
                let changed = Arc::make_mut(&mut ticket);
                changed.revision += 1;
                changed.alarms.iter_mut().for_each(|alarm| alarm.note_call(entry.first_seq));
                for letter in changed.letters.iter_mut().filter(|letter| letter.seq == 0) {
                    letter.seq = entry.first_seq;
                }
                self.rest.next_ticket = self.rest.next_ticket.max(TicketNumber(number.0 + 1));
                if let Some(ending) = Score::of_ending(&ticket, before, entry) {
                    self.score(ending);
                }
                self.put(ticket);
            }
        }
        for fact in entry.facts.iter().filter(|fact| fact.ticket.is_none()) {
            self.apply_rest(&fact.event, entry, at);
        }
        // A problem is there before tickets are counted on it.
        for fact in entry.facts.iter().filter(|fact| fact.ticket.is_some()) {
            if let Event::Problem { problem, turn } = &fact.event {
                self.rest.problems.note(*problem, turn, &entry.by, at);
            }
        }
        self.note_turns(entry);
        self.note_dead(entry);
    }

    /// Which letters were given up, and which are so no more.
    fn note_dead(&mut self, entry: &Entry) {
        for fact in &entry.facts {
            let Some(ticket) = fact.ticket else { continue };
            match &fact.event {
                Event::LetterFailed { letter, .. } => {
                    let dead = Arc::make_mut(&mut self.rest.dead_letters);
                    dead.push(LetterId { ticket, letter: *letter });
                    if dead.len() > DEAD_LETTERS_MAX {
                        dead.remove(0);
                    }
                }
                Event::LetterSent { letter } | Event::LetterResent { letter, .. } => {
                    let id = LetterId { ticket, letter: *letter };
                    if self.rest.dead_letters.contains(&id) {
                        Arc::make_mut(&mut self.rest.dead_letters).retain(|known| *known != id);
                    }
                }
                _ => {}
            }
        }
    }

    /// Who was given a ticket in turn comes last from here on.
    fn note_turns(&mut self, entry: &Entry) {
        for fact in &entry.facts {
            if let Event::Assigned {
                agent: Some(agent),
                group: Some(group),
                why: Some(AssignedWhy::Turn),
                ..
            } = &fact.event
            {
                Arc::make_mut(&mut self.rest.rotation).note(group, agent, entry.first_seq);
            }
        }
    }

    fn apply_people(&mut self, event: &Event, at: Timestamp, first_seq: u64) {
        Arc::make_mut(&mut self.rest.people).apply(event, at);
        if let Event::AgentRemoved { name } = event {
            Arc::make_mut(&mut self.rest.rotation).forget(name);
        }
        if let Event::StaffingChanged { regulation, staffing } = event {
            // A shift that is whole again, or over, needs nobody.
            let known = self.take_part(&part_alarm(AlarmKind::Staffing, regulation));
            if staffing.as_ref().is_some_and(Staffing::is_short) {
                let new = || Alarm::part(AlarmKind::Staffing, regulation, "", at);
                self.put_part(known.unwrap_or_else(new), first_seq);
            }
        }
    }

    /// A problem by itself took a turn.
    fn apply_problem(&mut self, number: ProblemNumber, turn: &ProblemTurn, entry: &Entry, at: Timestamp) {
        self.rest.problems.note(number, turn, &entry.by, at);
        let Some(problem) = self.rest.problems.get(number).map(Arc::clone) else { return };
        let known = self.take_part(&problem.alarm_id());
        let alarm = match turn {
            ProblemTurn::Opened { suspected: true, .. } => Some(problem.alarm(at)),
            ProblemTurn::Mass => {
                let raised = || problem.alarm(at);
                Some(known.map_or_else(raised, |known| Alarm { text: problem.on_wall(), ..known }))
            }
            ProblemTurn::Confirmed { .. } => known.map(|known| Alarm { text: problem.on_wall(), ..known }),
            ProblemTurn::Dismissed { .. } | ProblemTurn::Closed { .. } => {
                known.and_then(|mut alarm| alarm.clear().then_some(alarm))
            }
            ProblemTurn::Opened { .. }
            | ProblemTurn::Suggested { .. }
            | ProblemTurn::Linked { .. }
            | ProblemTurn::Unlinked { .. }
            | ProblemTurn::LinkedAll
            | ProblemTurn::Resolved
            | ProblemTurn::LeftOpen { .. }
            | ProblemTurn::ResolvedUpto { .. }
            | ProblemTurn::ResolvedAll
            | ProblemTurn::ToTell
            | ProblemTurn::ToldUpto { .. }
            | ProblemTurn::ToldAll => known,
        };
        if let Some(alarm) = alarm {
            self.put_part(alarm, entry.first_seq);
        }
    }

    fn breached_late(&mut self, deadline: Timestamp, first_seq: u64) {
        let known = self.take_part(BREACH_LATE);
        self.put_part(Alarm::late(known, deadline), first_seq);
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each event there is")]
    fn apply_rest(&mut self, event: &Event, entry: &Entry, at: Timestamp) {
        let (by, first_seq) = (entry.by.as_str(), entry.first_seq);
        match event {
            Event::Silenced { before } => {
                self.rest.silenced_before = self.rest.silenced_before.max(*before);
            }
            Event::Muted { until } => self.rest.muted_until = Some(*until).filter(|until| *until > at),
            Event::TimeTrusted { behind_ms } => {
                // A mute that would last for longer than anybody asked for ends: rather loud than unheard.
                if *behind_ms < 0 {
                    self.rest.muted_until = None;
                }
                self.rest.known_at = at;
                self.rest.behind_ms = Some(*behind_ms);
                Arc::make_mut(&mut self.rest.people).time_is(at);
            }
            Event::MonthClosed { month, .. } => {
                self.rest.months.insert(*month, first_seq);
                self.score(Score::MonthClosed { month: *month });
            }
            Event::ClientSet(terms) => self.rest.clients.set(terms),
            Event::ContactAppointed(appointment) => self.rest.clients.appoint(appointment, by, at),
            Event::ClientRemoved { client } => self.rest.clients.remove(client),
            Event::EmployeesChanged { put, removed } => self.rest.employees.change(put, removed),
            Event::TokenAdded { token } => self.rest.tokens.push(token.clone()),
            Event::TokenRevoked { name } => self.rest.tokens.retain(|token| token.name != *name),
            Event::PartFailed { kind, part, text } => {
                let id = part_alarm(*kind, part);
                let alarm = match self.take_part(&id) {
                    Some(known) if known.state != AlarmState::ClearedUnacked => {
                        Alarm { text: text.clone(), ..known }
                    }
                    Some(_) | None => Alarm::part(*kind, part, text, at),
                };
                self.put_part(alarm, first_seq);
            }
            Event::PartWorks { kind, part } => {
                let cleared = self.take_part(&part_alarm(*kind, part));
                if let Some(alarm) = cleared.and_then(|mut alarm| alarm.clear().then_some(alarm)) {
                    self.put_part(alarm, first_seq);
                }
            }
            Event::AlarmAcked { alarm } => {
                let taken = self.take_part(alarm);
                // What stands for others is over when somebody has seen it.
                let taken = taken.filter(|alarm| alarm.late.is_none());
                if let Some(alarm) = taken.and_then(|mut alarm| alarm.acknowledge(by).then_some(alarm)) {
                    self.put_part(alarm, first_seq);
                }
            }
            Event::AlarmShelved { alarm, until, reason } => {
                if let Some(mut alarm) = self.take_part(alarm) {
                    alarm.shelve(Shelving { until: *until, by: by.into(), reason: reason.clone() });
                    self.put_part(alarm, first_seq);
                }
            }
            Event::AlarmUnshelved { alarm } => {
                if let Some(mut alarm) = self.take_part(alarm) {
                    alarm.unshelve();
                    self.put_part(alarm, first_seq);
                }
            }
            Event::AgentPut { .. }
            | Event::AgentRemoved { .. }
            | Event::PresenceChanged { .. }
            | Event::RosterChanged { .. }
            | Event::ShiftBegan { .. }
            | Event::ShiftEnded { .. }
            | Event::StaffingChanged { .. } => self.apply_people(event, at, first_seq),
            Event::Problem { problem, turn } => self.apply_problem(*problem, turn, entry, at),
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
            | Event::Preferred { .. }
            | Event::IssueOpened { .. }
            | Event::IssueChanged { .. }
            | Event::LeadAsked { .. }
            | Event::LeadAnswered { .. }
            | Event::Cited { .. }
            | Event::LetterQueued { .. }
            | Event::LetterSkipped { .. }
            | Event::LetterSent { .. }
            | Event::LetterFailed { .. }
            | Event::LetterResent { .. }
            | Event::Clock { .. } => {}
        }
    }

    fn take_part(&mut self, id: &str) -> Option<Alarm> {
        let alarm = self.rest.parts.remove(id)?;
        self.index.remove_alarm(&alarm);
        Some(alarm)
    }

    fn put_part(&mut self, mut alarm: Alarm, first_seq: u64) {
        alarm.note_call(first_seq);
        self.index.add_alarm(&alarm);
        self.rest.parts.insert(alarm.id.clone(), alarm);
    }

    /// Takes a ticket out, to be changed and put back.
    fn take(&mut self, number: TicketNumber) -> Option<Arc<Ticket>> {
        let held = self.tickets.remove(&number);
        let ticket = held.as_ref().map(Held::ticket);
        if let Some(ticket) = &ticket {
            self.index.remove(ticket);
        }
        if let Some(undo) = &mut self.undo {
            undo.tickets.entry(number).or_insert(held);
        }
        ticket
    }

    /// Puts a ticket in whose number is free.
    fn put(&mut self, ticket: Arc<Ticket>) {
        self.index.add(&ticket);
        self.subjects.put(&ticket, Kin::of(&ticket.facts, &self.regulations));
        self.tickets.insert(ticket.number, Held::Whole(ticket));
    }

    /// From here on the desk remembers how it was, until [`Desk::forget`] or [`Desk::go_back`].
    pub fn remember(&mut self) {
        self.undo = Some(Undo {
            rest: self.rest.clone(),
            tickets: HashMap::new(),
            tally: self.tally.clone(),
            scores: self.scores.as_ref().map_or(0, Vec::len),
        });
    }

    /// What was entered since [`Desk::remember`] is kept: forgets how it was before, and tells what changed.
    pub fn forget(&mut self) -> Option<Undo> {
        self.undo.take()
    }

    /// What was entered since [`Desk::remember`] could not be kept: goes back.
    pub fn go_back(&mut self) {
        let Some(undo) = self.undo.take() else { return };
        for alarm in std::mem::take(&mut self.rest.parts).into_values() {
            self.index.remove_alarm(&alarm);
        }
        self.rest = undo.rest;
        self.tally = undo.tally;
        if let Some(scores) = &mut self.scores {
            scores.truncate(undo.scores);
        }
        for alarm in self.rest.parts.values() {
            self.index.add_alarm(alarm);
        }
        for (number, old) in undo.tickets {
            self.take(number);
            if let Some(old) = old {
                let ticket = old.ticket();
                self.index.add(&ticket);
                self.subjects.put(&ticket, Kin::of(&ticket.facts, &self.regulations));
                self.tickets.insert(number, old);
            } else {
                self.subjects.forget(number);
            }
        }
    }
}
