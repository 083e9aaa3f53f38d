//! The queue: open tickets that nobody has taken and that wait for nobody, in the order they are to be taken.
//!
//! Who jumps the queue, and whether a client's tickets are worked on one after another, is the regulation's to say
//! (PM-C5, BC-8): the version that holds now, for the queue is the desk's and not the ticket's. Where nothing is said, the
//! order is that of arrival. A client may agree to another order of its own tickets: then those that jump the queue alike
//! change places among themselves, and nobody else's place changes. What is critical is not put behind others' by it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use calendars::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::client::plain;
use super::decide::no_group;
use super::event::Registered;
use super::index::{Place, key_of_name};
use super::refusal::FieldError;
use super::regulation::Regulation;
use super::scope::Scope;
use super::state::Desk;
use super::ticket::{Stage, Ticket, TicketNumber};

/// Which part of the queue is meant; what is absent leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueuePart {
    /// A regulation's id.
    pub regulation: Option<SmolStr>,
    /// A line.
    pub line: Option<u8>,
    /// A group.
    pub group: Option<SmolStr>,
    /// The lines of whom it is for; empty means every one.
    pub lines: Vec<u8>,
    /// The tickets of whom it is for.
    pub scope: Scope,
}

impl QueuePart {
    /// What is wrong with its group: where groups are known, it is none.
    pub fn wrong_group(&self, desk: &Desk) -> Option<FieldError> {
        let group = self.group.as_deref().filter(|group| desk.knows_groups() && !desk.has_group(group))?;
        Some(FieldError::new("group", &no_group(group)))
    }

    fn has(&self, place: &Place) -> bool {
        self.regulation.as_ref().is_none_or(|regulation| *regulation == place.regulation)
            && self.line.is_none_or(|line| line == place.line)
            && (self.lines.is_empty() || self.lines.contains(&place.line))
            && self.scope.covers_regulation(&place.regulation)
            && self.group.as_ref().is_none_or(|group| Some(group) == place.group.as_ref())
    }
}

/// Why a ticket stands where it stands in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QueueReason {
    /// Its priority jumps the queue.
    Priority,
    /// It came before those behind it.
    Arrival,
    /// Its client agreed to another order of its tickets.
    Agreed,
}

/// Why a ticket of a client is not to be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeldBecause {
    /// Another ticket of the client is in work.
    InWork,
    /// Another ticket of the client was begun and waits for the client.
    WaitsForClient,
}

/// The ticket of the same client that stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Which.
    pub number: TicketNumber,
    /// What it does there.
    pub because: HeldBecause,
}

/// A ticket in the queue.
#[derive(Clone, Debug)]
pub struct Queued {
    /// The ticket.
    pub ticket: Arc<Ticket>,
    /// Why it stands where it stands.
    pub reason: QueueReason,
    /// What keeps it from being taken; none where nothing does.
    pub held: Option<Holder>,
}

/// What a ticket of one client is to the others: whether it was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begun {
    /// It is as it was registered.
    Not,
    /// It waits for the client, and no agent has it.
    Waits,
    /// It is in a status of work, and no agent has it.
    Moved,
    /// An agent has it.
    Taken,
}

impl Begun {
    fn of(ticket: &Ticket, regulation: &Regulation) -> Self {
        if ticket.assignee.is_some() {
            Begun::Taken
        } else if regulation.is_beginning(&ticket.facts.status) {
            Begun::Not
        } else if ticket.waiting {
            Begun::Waits
        } else {
            Begun::Moved
        }
    }
}

/// Whether work on a ticket begins as it becomes `after`: an agent has it now, it came to a status of work, or it was
/// `solved` at once. Words of the requester begin nothing, and neither does a question to them.
pub(super) fn begins(before: &Ticket, after: &Ticket, regulation: &Regulation, solved: bool) -> bool {
    let (was, is) = (Begun::of(before, regulation), Begun::of(after, regulation));
    let is_moved = was != Begun::Moved && is == Begun::Moved;
    before.stage == Stage::Open
        && was != Begun::Taken
        && (solved || (after.stage == Stage::Open && (is == Begun::Taken || is_moved)))
}

impl Desk {
    /// What keeps work on an open ticket from beginning: another of its client, where the regulation has them worked on one
    /// after another and no other order was agreed (BC-8). A ticket in work holds every other; one that was only asked
    /// about holds those that came later; of two that were moved into work and never taken, neither holds the other.
    pub fn holder(&self, ticket: &Ticket, regulation: &Regulation) -> Option<Holder> {
        if !regulation.queue.one_by_one || ticket.preferred.is_some() {
            return None;
        }
        let names = self.client_names(&ticket.facts)?;
        let was = Begun::of(ticket, regulation);
        let key = |name: &String| key_of_name(&ticket.facts.regulation, name);
        let others = names.iter().flat_map(|name| self.index().of_client(key(name), ticket.number));
        let others = others.filter_map(|number| self.ticket(number));
        let of_same = others.filter(|other| {
            let name = other.facts.client.as_deref().map(plain);
            other.facts.regulation == ticket.facts.regulation
                && name.is_some_and(|name| names.contains(&name))
        });
        let holding = of_same.filter(|other| match Begun::of(other, regulation) {
            Begun::Not => false,
            Begun::Taken => true,
            Begun::Moved => was != Begun::Moved,
            Begun::Waits => was != Begun::Moved && other.number < ticket.number,
        });
        let first = holding.min_by_key(|other| other.number)?;
        let because = if first.waiting { HeldBecause::WaitsForClient } else { HeldBecause::InWork };
        Some(Holder { number: first.number, because })
    }

    /// The plain names that tickets of the same client may bear, the one that stands for it first: a client of the register
    /// may have had others. None where the ticket names no client.
    fn client_names(&self, facts: &Registered) -> Option<Vec<String>> {
        let name = facts.client.as_deref().filter(|name| !plain(name).is_empty())?;
        Some(self.clients().names_of(name))
    }

    /// What tells the client of a ticket from others; none where it names none.
    pub(super) fn client_of(&self, facts: &Registered) -> Option<u64> {
        let names = self.client_names(facts)?;
        names.first().map(|name| key_of_name(&facts.regulation, name))
    }

    /// A part of the queue as it stands at `now`, the next to be taken first.
    pub fn queue<'a>(&'a self, part: &QueuePart, now: Timestamp) -> impl Iterator<Item = Queued> + use<'a> {
        let mut order = Order::of(self, part, now);
        let scope = part.scope.clone();
        let places = std::iter::from_fn(move || order.next());
        let theirs = places.filter(move |(ticket, _, _)| scope.covers_ticket(ticket));
        theirs.map(|(ticket, regulation, reason)| {
            let held = self.holder(&ticket, &regulation);
            Queued { ticket, reason, held }
        })
    }
}

/// The tickets of one place, as far as they are not told yet.
struct Cursor<'a> {
    rank: usize,
    regulation: Arc<Regulation>,
    numbers: std::collections::btree_set::Iter<'a, TicketNumber>,
}

/// The queue, told from its head.
struct Order<'a> {
    desk: &'a Desk,
    cursors: Vec<Cursor<'a>>,
    heads: BinaryHeap<Reverse<(usize, TicketNumber, usize)>>,
    /// What is in this part of the queue and goes before the others of its client, with its rank.
    preferred: BTreeMap<TicketNumber, usize>,
    /// Of each client that agreed to another order, and each rank: its tickets that are still to be told, those that go
    /// first, and those whose place another took.
    agreed: HashMap<(u64, usize), (VecDeque<TicketNumber>, VecDeque<TicketNumber>)>,
}

impl<'a> Order<'a> {
    fn of(desk: &'a Desk, part: &QueuePart, now: Timestamp) -> Self {
        let mut cursors = Vec::new();
        let mut preferred = BTreeMap::new();
        for (place, numbers) in desk.index().queue().filter(|(place, _)| part.has(place)) {
            let Some(regulation) = desk.regulations().holding(&place.regulation, now) else { continue };
            let first = &regulation.queue.first;
            let rank = first.iter().position(|id| *id == place.priority).unwrap_or(first.len());
            // After those of every regulation that jump.
            let rank = if rank == first.len() { usize::MAX } else { rank };
            if regulation.queue.one_by_one {
                let here = desk.index().preferred().filter(|number| numbers.contains(number));
                preferred.extend(here.map(|number| (number, rank)));
            }
            cursors.push(Cursor { rank, regulation: Arc::clone(regulation), numbers: numbers.iter() });
        }
        let mut order = Self { desk, cursors, heads: BinaryHeap::new(), preferred, agreed: HashMap::new() };
        for at in 0..order.cursors.len() {
            order.advance(at);
        }
        for (number, rank) in &order.preferred {
            let client = desk.ticket(*number).and_then(|ticket| desk.client_of(&ticket.facts));
            if let Some(client) = client {
                order.agreed.entry((client, *rank)).or_default().0.push_back(*number);
            }
        }
        order
    }

    fn advance(&mut self, at: usize) {
        let cursor = &mut self.cursors[at];
        if let Some(number) = cursor.numbers.next() {
            self.heads.push(Reverse((cursor.rank, *number, at)));
        }
    }

    fn next(&mut self) -> Option<(Arc<Ticket>, Arc<Regulation>, QueueReason)> {
        let Reverse((rank, number, at)) = self.heads.pop()?;
        self.advance(at);
        let regulation = Arc::clone(&self.cursors[at].regulation);
        let by_rank = if rank == usize::MAX { QueueReason::Arrival } else { QueueReason::Priority };
        let ticket = self.desk.ticket(number)?;
        let agreed = if self.agreed.is_empty() || !regulation.queue.one_by_one {
            None
        } else {
            self.desk.client_of(&ticket.facts).and_then(|client| self.agreed.get_mut(&(client, rank)))
        };
        let Some((first, put_back)) = agreed else { return Some((ticket, regulation, by_rank)) };
        // It is its client's turn: whoever the client agreed on has this place.
        if !self.preferred.contains_key(&number) {
            put_back.push_back(number);
        }
        let stands_here = first.pop_front().or_else(|| put_back.pop_front())?;
        let reason = if stands_here == number { by_rank } else { QueueReason::Agreed };
        Some((self.desk.ticket(stands_here)?, regulation, reason))
    }
}
