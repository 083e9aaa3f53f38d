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
use super::command::Token;
use super::event::{Entry, Event, Fact, Receipt, Turn};
use super::index::{Counts, Due, Index};
use super::packed::{Held, Packed};
use super::regulation::Regulations;
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
        }
    }
}

/// How the desk was before some entries, to go back to when they could not be kept.
#[derive(Debug)]
pub struct Undo {
    rest: Rest,
    tickets: HashMap<TicketNumber, Option<Held>>,
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
    undo: Option<Undo>,
    lenient: bool,
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

    /// Takes registrations with fields missing; for replaying logs that never had them.
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }

    pub(super) fn is_lenient(&self) -> bool {
        self.lenient
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

    /// How many tickets alerts have opened of late.
    pub(super) fn alert_window(&self) -> &AlertWindow {
        &self.rest.alerts
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
        timer.into_iter().chain(returns).min()
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
                self.rest.next_ticket = self.rest.next_ticket.max(TicketNumber(number.0 + 1));
                self.put(ticket);
            }
        }
        for fact in entry.facts.iter().filter(|fact| fact.ticket.is_none()) {
            self.apply_rest(&fact.event, entry, at);
        }
    }

    fn breached_late(&mut self, deadline: Timestamp, first_seq: u64) {
        let known = self.take_part(BREACH_LATE);
        self.put_part(Alarm::late(known, deadline), first_seq);
    }

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
            }
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
        self.tickets.insert(ticket.number, Held::Whole(ticket));
    }

    /// From here on the desk remembers how it was, until [`Desk::forget`] or [`Desk::go_back`].
    pub fn remember(&mut self) {
        self.undo = Some(Undo { rest: self.rest.clone(), tickets: HashMap::new() });
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
        for alarm in self.rest.parts.values() {
            self.index.add_alarm(alarm);
        }
        for (number, old) in undo.tickets {
            self.take(number);
            if let Some(old) = old {
                self.index.add(&old.ticket());
                self.tickets.insert(number, old);
            }
        }
    }
}
