//! What the desk looks up without looking at every ticket: what is due, what is worst, how many of what.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use calendars::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::alarm::{Alarm, AlarmKind, AlarmState};
use super::client::plain;
use super::clocks::{ClockState, Metric};
use super::event::Registered;
use super::letter::{Letter, LetterId, LetterWay};
use super::problem::ProblemNumber;
use super::ticket::{Stage, Ticket, TicketNumber};

/// How many tickets are what, now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// Somebody owes work or an answer.
    pub open: u32,
    /// Open, and the desk waits for somebody else.
    pub waiting: u32,
    /// Open and of the highest priority.
    pub critical: u32,
    /// Open, and a clock that still counts ran out.
    pub breached: u32,
    /// A clock runs out soon.
    pub due_soon: u32,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimerKind {
    /// The room is to be warned.
    Warn,
    /// The clock has run out.
    End,
}

/// The next thing that time brings about for one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    pub at: Timestamp,
    pub metric: Metric,
    pub cycle: u16,
    pub kind: TimerKind,
}

/// A promise that runs out, for the wall's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When.
    pub deadline: Timestamp,
    /// Whose.
    pub ticket: TicketNumber,
    /// Which.
    pub metric: Metric,
}

/// An alarm's place in the order of the wall: what nobody has taken before what somebody has, and that before what is
/// over; then the worst kind first, then the oldest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    state: AlarmState,
    kind: AlarmKind,
    since: Timestamp,
    ticket: Option<TicketNumber>,
    id: SmolStr,
}

impl Rank {
    fn of(alarm: &Alarm) -> Self {
        Self {
            state: alarm.state,
            kind: alarm.kind,
            since: alarm.since,
            ticket: alarm.ticket,
            id: alarm.id.clone(),
        }
    }
}

/// An alarm on the shelf.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shelved {
    pub until: Timestamp,
    pub ticket: Option<TicketNumber>,
    pub id: SmolStr,
}

/// How a ticket that is not closed belongs to a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It is suggested for it.
    Suggested,
    /// It is linked, and open.
    Open,
}

/// Everything that is looked up, kept in step with the tickets.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// When each ticket's next timer goes off.
    timers: BTreeSet<(Timestamp, TicketNumber)>,
    due: BTreeSet<Due>,
    ranks: BTreeSet<Rank>,
    /// Of alarms that call, how many of a kind do since which event.
    calls: BTreeMap<(AlarmKind, u64), u32>,
    /// When each shelved alarm calls anew.
    shelves: BTreeSet<Shelved>,
    counts: Counts,
    /// How many alarms of a kind are in a state.
    tally: Vec<(AlarmKind, AlarmState, u32)>,
    /// Tickets with a clock that counted by stamps which could not be trusted.
    unsynced: BTreeSet<TicketNumber>,
    /// How many tickets that are not closed work by which version of which regulation.
    versions: BTreeMap<(SmolStr, SmolStr), u32>,
    /// The tickets of each reference, by its source and key.
    references: BTreeSet<(SmolStr, SmolStr, TicketNumber)>,
    /// The open tickets of each group that nobody has.
    groups: BTreeMap<SmolStr, BTreeSet<TicketNumber>>,
    /// The open tickets that each assignee has.
    assignees: BTreeMap<SmolStr, BTreeSet<TicketNumber>>,
    /// The tickets of each problem for which it may do something.
    of_problems: BTreeSet<(ProblemNumber, Standing, TicketNumber)>,
    /// What is to be taken, by place and in order of arrival: numbers are given in that order.
    queue: BTreeMap<Place, BTreeSet<TicketNumber>>,
    /// What of it goes before the other tickets of its client.
    preferred: BTreeSet<TicketNumber>,
    /// Open tickets of clients.
    clients: BTreeSet<OfClient>,
    /// Letters that wait, each with its way, whether it is one to many, and when it is to be sent.
    letters: BTreeSet<(LetterWay, bool, Timestamp, LetterId)>,
}

/// A place in the queue: those of one place follow each other as they came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub regulation: SmolStr,
    pub priority: SmolStr,
    pub line: u8,
    pub group: Option<SmolStr>,
}

impl Place {
    /// Where a ticket stands; none where it is taken, waits or is answered.
    fn of(ticket: &Ticket) -> Option<Self> {
        let is_in_it = ticket.stage == Stage::Open && !ticket.waiting && ticket.assignee.is_none();
        is_in_it.then(|| Self {
            regulation: ticket.facts.regulation.clone(),
            priority: ticket.facts.priority.clone(),
            line: ticket.facts.line,
            group: ticket.group.clone(),
        })
    }
}

/// An open ticket of a client. What it stands in is hashed: there may be a hundred thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OfClient {
    client: u64,
    is_taken: bool,
    is_waiting: bool,
    status: u64,
    number: TicketNumber,
}

impl OfClient {
    fn of(ticket: &Ticket) -> Option<Self> {
        let client = client_key(&ticket.facts).filter(|_| ticket.stage == Stage::Open)?;
        Some(Self {
            client,
            is_taken: ticket.assignee.is_some(),
            is_waiting: ticket.waiting,
            status: hash(&ticket.facts.status),
            number: ticket.number,
        })
    }
}

/// What tells the name on a ticket from those of other clients of the same regulation, however it is written; none where
/// there is none.
fn client_key(facts: &Registered) -> Option<u64> {
    let name = plain(facts.client.as_deref()?);
    (!name.is_empty()).then(|| key_of_name(&facts.regulation, &name))
}

/// What tells a plain name from those of other clients of a regulation.
pub(super) fn key_of_name(regulation: &SmolStr, name: &str) -> u64 {
    hash(&(regulation, name))
}

fn hash<T: Hash>(value: &T) -> u64 {
    // Of fixed keys: the same in every run.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Index {
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// When the first timer goes off, and whose it is; of those at one instant the lowest number's.
    pub(super) fn first_timer(&self) -> Option<(Timestamp, TicketNumber)> {
        self.timers.first().copied()
    }

    /// The alarms on the shelf, the next to call anew first.
    pub(super) fn shelves(&self) -> impl Iterator<Item = &Shelved> {
        self.shelves.iter()
    }

    /// Of each kind with alarms that call, the event with which the newest of them began to.
    pub(super) fn calls(&self) -> impl Iterator<Item = (AlarmKind, u64)> + '_ {
        let calling = self.tally().filter(|(_, state, _)| *state == AlarmState::Unacked);
        calling.filter_map(|(kind, _, _)| {
            self.calls.range((kind, 0)..=(kind, u64::MAX)).next_back().map(|(call, _)| *call)
        })
    }

    /// Tickets with a clock that counted by stamps which could not be trusted.
    pub(super) fn unsynced(&self) -> impl Iterator<Item = TicketNumber> + '_ {
        self.unsynced.iter().copied()
    }

    /// The tickets for which time has brought something about before an instant, the earliest first.
    pub(super) fn with_timers_before(&self, before: Timestamp) -> impl Iterator<Item = TicketNumber> + '_ {
        self.timers.iter().take_while(move |(at, _)| *at < before).map(|(_, number)| *number)
    }

    pub(super) fn due(&self) -> impl Iterator<Item = &Due> {
        self.due.iter()
    }

    /// Ids of the alarms and their tickets, the worst first.
    pub(super) fn alarms(&self) -> impl Iterator<Item = (&SmolStr, Option<TicketNumber>)> {
        self.ranks.iter().map(|rank| (&rank.id, rank.ticket))
    }

    pub(super) fn alarms_total(&self) -> usize {
        self.ranks.len()
    }

    /// Each kind and state there is, with how many there are of it.
    pub(super) fn tally(&self) -> impl Iterator<Item = (AlarmKind, AlarmState, u32)> + '_ {
        self.tally.iter().copied().filter(|(_, _, count)| *count > 0)
    }

    /// Each regulation and version that tickets work by which are not closed, with how many do.
    pub(super) fn versions(&self) -> impl Iterator<Item = (&SmolStr, &SmolStr, u32)> {
        let with_tickets = self.versions.iter().filter(|(_, tickets)| **tickets > 0);
        with_tickets.map(|((regulation, version), tickets)| (regulation, version, *tickets))
    }

    pub(super) fn of_group(&self, group: &str) -> impl DoubleEndedIterator<Item = TicketNumber> + use<'_> {
        self.groups.get(group).into_iter().flatten().copied()
    }

    pub(super) fn of_group_total(&self, group: &str) -> usize {
        self.groups.get(group).map_or(0, BTreeSet::len)
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &SmolStr> {
        self.groups.keys()
    }

    pub(super) fn of_assignee(&self, agent: &str) -> impl DoubleEndedIterator<Item = TicketNumber> + use<'_> {
        self.assignees.get(agent).into_iter().flatten().copied()
    }

    pub(super) fn of_assignee_total(&self, agent: &str) -> usize {
        self.assignees.get(agent).map_or(0, BTreeSet::len)
    }

    /// Whose list an open ticket stands on.
    fn holders(
        &mut self,
        ticket: &Ticket,
    ) -> Option<(&mut BTreeMap<SmolStr, BTreeSet<TicketNumber>>, SmolStr)> {
        match (&ticket.assignee, &ticket.group) {
            _ if ticket.stage != Stage::Open => None,
            (Some(agent), _) => Some((&mut self.assignees, agent.clone())),
            (None, Some(group)) => Some((&mut self.groups, group.clone())),
            (None, None) => None,
        }
    }

    /// Letters that wait to go a way, those to many or the others, from an instant on and in the order of sending.
    pub(super) fn letters(
        &self,
        way: LetterWay,
        is_to_many: bool,
        from: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, LetterId)> + '_ {
        let first = (way, is_to_many, from, LetterId::FIRST);
        let theirs =
            self.letters.range(first..).take_while(move |(of, many, ..)| (*of, *many) == (way, is_to_many));
        theirs.map(|(.., due, id)| (*due, *id))
    }

    pub(super) fn letters_total(&self) -> usize {
        self.letters.len()
    }

    /// What is to be taken, by place.
    pub(super) fn queue(&self) -> impl Iterator<Item = (&Place, &BTreeSet<TicketNumber>)> {
        self.queue.iter()
    }

    /// What of the queue goes before the other tickets of its client.
    pub(super) fn preferred(&self) -> impl Iterator<Item = TicketNumber> + '_ {
        self.preferred.iter().copied()
    }

    /// Of each way in which open tickets under a client's name stand, the first that does, but for one ticket.
    pub(super) fn of_client(&self, client: u64, except: TicketNumber) -> Vec<TicketNumber> {
        let mut from =
            OfClient { client, is_taken: false, is_waiting: false, status: 0, number: TicketNumber(0) };
        let mut firsts = Vec::new();
        while let Some(next) = self.clients.range(from..).find(|next| next.number != except) {
            if next.client != client {
                break;
            }
            firsts.push(next.number);
            // On behind all that stand as this one does.
            from = OfClient { number: TicketNumber(u64::MAX), ..*next };
        }
        firsts
    }

    pub(super) fn add(&mut self, ticket: &Ticket) {
        self.count(ticket, true);
        if let Some((lists, holder)) = self.holders(ticket) {
            lists.entry(holder).or_default().insert(ticket.number);
        }
        if let Some(place) = Place::of(ticket) {
            self.queue.entry(place).or_default().insert(ticket.number);
            if ticket.preferred.is_some() {
                self.preferred.insert(ticket.number);
            }
        }
        self.clients.extend(OfClient::of(ticket));
        self.timers.extend(ticket.next_timer().map(|at| (at, ticket.number)));
        self.due.extend(dues(ticket));
        if ticket.is_unsynced() {
            self.unsynced.insert(ticket.number);
        }
        for alarm in &ticket.alarms {
            self.add_alarm(alarm);
        }
        self.letters.extend(waiting(ticket));
        self.references.extend(reference(ticket));
        self.of_problems.extend(of_problem(ticket));
    }

    pub(super) fn remove(&mut self, ticket: &Ticket) {
        self.count(ticket, false);
        if let Some((lists, holder)) = self.holders(ticket)
            && let Some(list) = lists.get_mut(&holder)
        {
            list.remove(&ticket.number);
            if list.is_empty() {
                lists.remove(&holder);
            }
        }
        if let Some(place) = Place::of(ticket)
            && let Some(numbers) = self.queue.get_mut(&place)
        {
            numbers.remove(&ticket.number);
            if numbers.is_empty() {
                self.queue.remove(&place);
            }
            self.preferred.remove(&ticket.number);
        }
        if let Some(of_client) = OfClient::of(ticket) {
            self.clients.remove(&of_client);
        }
        if let Some(at) = ticket.next_timer() {
            self.timers.remove(&(at, ticket.number));
        }
        for due in dues(ticket) {
            self.due.remove(&due);
        }
        if ticket.is_unsynced() {
            self.unsynced.remove(&ticket.number);
        }
        for alarm in &ticket.alarms {
            self.remove_alarm(alarm);
        }
        for letter in waiting(ticket) {
            self.letters.remove(&letter);
        }
        if let Some(of_problem) = of_problem(ticket) {
            self.of_problems.remove(&of_problem);
        }
        self.forget(ticket);
    }

    /// A ticket that is over is put away: of it there is nothing but its reference.
    pub(super) fn forget(&mut self, ticket: &Ticket) {
        if let Some(reference) = reference(ticket) {
            self.references.remove(&reference);
        }
    }

    /// The tickets of a reference, the newest first.
    pub(super) fn of_reference(
        &self,
        source: &str,
        key: &str,
    ) -> impl Iterator<Item = TicketNumber> + use<'_> {
        let at = |number| (SmolStr::from(source), SmolStr::from(key), TicketNumber(number));
        self.references.range(at(0)..=at(u64::MAX)).rev().map(|(_, _, number)| *number)
    }

    /// The tickets of a problem that stand so, above number `after`, by number.
    pub(super) fn of_problem(
        &self,
        problem: ProblemNumber,
        standing: Standing,
        after: TicketNumber,
    ) -> impl Iterator<Item = TicketNumber> + use<'_> {
        let first = (problem, standing, TicketNumber(after.0.saturating_add(1)));
        let last = (problem, standing, TicketNumber(u64::MAX));
        self.of_problems.range(first..=last).map(|(_, _, number)| *number)
    }

    pub(super) fn add_alarm(&mut self, alarm: &Alarm) {
        self.ranks.insert(Rank::of(alarm));
        self.shelves.extend(shelved(alarm));
        if alarm.state == AlarmState::Unacked {
            *self.calls.entry((alarm.kind, alarm.calls_since)).or_default() += 1;
        }
        *self.tally_of(alarm) += 1;
    }

    pub(super) fn remove_alarm(&mut self, alarm: &Alarm) {
        self.ranks.remove(&Rank::of(alarm));
        if let Some(shelved) = shelved(alarm) {
            self.shelves.remove(&shelved);
        }
        let call = (alarm.kind, alarm.calls_since);
        if alarm.state == AlarmState::Unacked
            && let Some(count) = self.calls.get_mut(&call)
        {
            *count -= 1;
            if *count == 0 {
                self.calls.remove(&call);
            }
        }
        *self.tally_of(alarm) -= 1;
    }

    fn tally_of(&mut self, alarm: &Alarm) -> &mut u32 {
        let at = self.tally.iter().position(|(kind, state, _)| (*kind, *state) == (alarm.kind, alarm.state));
        let at = at.unwrap_or_else(|| {
            self.tally.push((alarm.kind, alarm.state, 0));
            self.tally.len() - 1
        });
        &mut self.tally[at].2
    }

    fn count(&mut self, ticket: &Ticket, add: bool) {
        let change = |count: &mut u32, is: bool| {
            if is {
                *count = if add { *count + 1 } else { *count - 1 };
            }
        };
        let open = ticket.stage == Stage::Open;
        change(&mut self.counts.open, open);
        change(&mut self.counts.waiting, open && ticket.waiting);
        change(&mut self.counts.critical, open && ticket.facts.critical);
        change(&mut self.counts.breached, open && ticket.is_overdue());
        change(&mut self.counts.due_soon, ticket.alarms.iter().any(|alarm| alarm.kind == AlarmKind::DueSoon));
        if ticket.stage != Stage::Closed {
            let version = (ticket.facts.regulation.clone(), ticket.facts.version.clone());
            change(self.versions.entry(version).or_default(), true);
        }
    }
}

fn reference(ticket: &Ticket) -> Option<(SmolStr, SmolStr, TicketNumber)> {
    let reference = ticket.facts.reference.as_ref()?;
    Some((reference.source.clone(), reference.key.clone(), ticket.number))
}

/// The letters of a ticket that wait.
fn waiting(ticket: &Ticket) -> impl Iterator<Item = (LetterWay, bool, Timestamp, LetterId)> + '_ {
    let id = |letter| LetterId { ticket: ticket.number, letter };
    let place = move |letter: &Letter| {
        Some((letter.recipient.way(), letter.kind.is_to_many(), letter.due()?, id(letter.number)))
    };
    ticket.letters.iter().filter_map(place)
}

fn of_problem(ticket: &Ticket) -> Option<(ProblemNumber, Standing, TicketNumber)> {
    let problem = ticket.problem?;
    let standing = match (problem.suggested, ticket.stage) {
        (true, Stage::Open | Stage::Resolved) => Standing::Suggested,
        (false, Stage::Open) => Standing::Open,
        (false, Stage::Resolved) | (_, Stage::Closed) => return None,
    };
    Some((problem.number, standing, ticket.number))
}

fn shelved(alarm: &Alarm) -> Option<Shelved> {
    let until = alarm.shelf.as_ref()?.until;
    Some(Shelved { until, ticket: alarm.ticket, id: alarm.id.clone() })
}

/// What time will bring about for a ticket's clocks. A clock has run out when its deadline is past, so one
/// millisecond after it (R4: done at the deadline is done in time).
pub(super) fn timers(ticket: &Ticket) -> impl Iterator<Item = Timer> + '_ {
    ticket.clocks.iter().filter(|clock| clock.state == ClockState::Running && !clock.ran_out).flat_map(
        |clock| {
            let timer = |at, kind| Timer { at, metric: clock.metric, cycle: clock.cycle, kind };
            let end = clock.term.deadline.map(|deadline| timer(deadline.plus_ms(1), TimerKind::End));
            let warn = clock.term.warn_at.filter(|_| !clock.warned).map(|at| timer(at, TimerKind::Warn));
            warn.into_iter().chain(end)
        },
    )
}

/// Whether a ticket's clocks stand in the index.
pub(super) fn holds(ticket: &Ticket) -> bool {
    timers(ticket).next().is_some() || dues(ticket).next().is_some()
}

/// The promises of the desk that run out, for the wall; what the requester has to do by a time is no promise of ours.
fn dues(ticket: &Ticket) -> impl Iterator<Item = Due> + '_ {
    ticket
        .clocks
        .iter()
        .filter(|clock| !clock.ran_out && clock.metric.is_ours())
        .filter_map(|clock| Some(Due { deadline: clock.due()?, ticket: ticket.number, metric: clock.metric }))
}
