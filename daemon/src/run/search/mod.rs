//! Search: finding the tickets of a list without reading the others.
//!
//! The loop tells which tickets changed; a thread of its own ([`feeder`]) reads them and adds their terms to the
//! [index](crate::store::search). Until it has, they *wait*: a list looks at each ticket that waits, so that what was just
//! registered or changed is found at once. Whatever the index names is read and compared with the filter once more, so a
//! list never shows what it was not asked for, however old the index is.
//!
//! A block of numbers that the index lacks, or that cannot be read, is walked through ticket by ticket, which is slow and
//! bounded, and is made again meanwhile.

mod feeder;
pub mod filter;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

pub(super) use self::feeder::Feeder;
use self::feeder::LOT_EVENTS;
pub use self::filter::{Facet, Filter};
use super::background::Told;
use super::history::HistoryError;
use super::view::{Looked, View};
use crate::chain::chain;
use crate::desk::{Ticket, TicketNumber};
use crate::store::search::{Published, block_of, numbers_of};

/// The thread is called when so many tickets wait: a list looks at each of them.
pub const WAITING_MAX: usize = 256;

/// What lists and the thread that feeds the index share.
#[derive(Debug, Default)]
pub struct Search {
    /// None before the index is open, or where there is no thread, as in a simulation.
    index: OnceLock<Published>,
    waiting: Mutex<Waiting>,
    /// Blocks that could not be read, with what was wrong.
    damaged: Mutex<BTreeMap<u32, String>>,
    /// No ticket has a higher number.
    last: AtomicU64,
    /// Whether the disk has room for more than the desk's own last words.
    may_write: AtomicBool,
    /// How many tickets were read for lists.
    tickets_read: AtomicU64,
    /// Its news: so many wait, or something is damaged.
    told: Arc<Told>,
}

/// Tickets that changed and are not in the index as they are.
#[derive(Debug, Default)]
struct Waiting {
    /// By number, each with the change that it waits for last.
    numbers: BTreeMap<u64, u64>,
    changes: u64,
    /// All events before this number are in the index but for those of the tickets that wait.
    upto_seq: u64,
    /// As that was when the thread took them last.
    taken_seq: u64,
    /// Whether there is a thread that takes them.
    is_fed: bool,
}

/// How long the texts of a page's tickets are together, in bytes; one ticket may be longer. Their JSON is about as long.
pub const PAGE_MAX_BYTES: usize = 4 << 20;

/// A page of a list.
#[derive(Debug, Default)]
pub struct Page {
    /// The tickets, the newest first.
    pub tickets: Vec<Arc<Ticket>>,
    /// Where to go on: below this number. None at the end.
    pub next: Option<TicketNumber>,
    /// Whether tickets were walked through, since the index lacks some: such a page may be short.
    pub is_walked: bool,
}

/// How the index is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchState {
    /// How many tickets are in it.
    pub tickets: u64,
    /// How many tickets wait to be.
    pub waiting: u64,
    /// How many blocks of 65,536 numbers it lacks.
    pub missing_blocks: u64,
    /// Whether lists need no walk.
    pub is_whole: bool,
    /// How large its files are, in bytes.
    pub bytes: u64,
    /// How many tickets were read for lists since the start.
    pub tickets_read: u64,
}

impl Search {
    /// How the index is.
    pub fn state(&self) -> SearchState {
        let blocks = self.index.get().map(Published::blocks).unwrap_or_default();
        SearchState {
            tickets: blocks.tickets(),
            waiting: self.waiting().numbers.len() as u64,
            missing_blocks: blocks.missing() as u64,
            is_whole: blocks.all_whole(),
            bytes: blocks.file_bytes(),
            tickets_read: self.tickets_read.load(Ordering::Relaxed),
        }
    }

    /// Tickets up to `last` are published, up to event `next_seq`; from here on each change is told.
    pub(super) fn begin(&self, last: u64, next_seq: u64) {
        self.last.fetch_max(last, Ordering::Relaxed);
        let mut waiting = self.waiting();
        (waiting.upto_seq, waiting.taken_seq, waiting.is_fed) = (next_seq, next_seq, true);
    }

    /// These tickets have changed, and are published as they are after all events before `next_seq`.
    pub(super) fn changed(&self, tickets: &[TicketNumber], next_seq: u64) {
        let last = tickets.iter().max().map_or(0, |number| number.0);
        self.last.fetch_max(last, Ordering::Relaxed);
        let mut waiting = self.waiting();
        if !waiting.is_fed {
            return;
        }
        waiting.changes += 1;
        let change = waiting.changes;
        waiting.numbers.extend(tickets.iter().map(|number| (number.0, change)));
        waiting.upto_seq = next_seq;
        let events = next_seq.saturating_sub(waiting.taken_seq);
        let is_time = waiting.numbers.len() >= WAITING_MAX || events >= LOT_EVENTS;
        drop(waiting);
        if is_time {
            self.told.news();
        }
    }

    /// Whether the disk has room for more than the desk's own last words.
    pub(super) fn may_write(&self, may: bool) {
        self.may_write.store(may, Ordering::Relaxed);
    }

    /// The newest tickets below number `before` that `filter` asks for, at most `limit`, and of texts of at most
    /// [`PAGE_MAX_BYTES`]. May wait for the disk.
    ///
    /// # Errors
    /// [`HistoryError`] where one that is put away cannot be read.
    pub fn page(
        &self,
        view: &View,
        filter: &Filter,
        before: Option<TicketNumber>,
        limit: usize,
    ) -> Result<Page, HistoryError> {
        // In this order: a ticket that stops waiting meanwhile is in the index that is looked at later.
        let waiting: Vec<u64> = self.waiting().numbers.keys().copied().collect();
        let last = self.last.load(Ordering::Relaxed).max(view.last().0);
        let end = before.map_or(u64::MAX, |number| number.0).min(last.saturating_add(1));
        let mut finding =
            Finding { search: self, view, filter, waiting, limit, bytes: 0, page: Page::default() };
        for block in (0..=block_of(end.saturating_sub(1))).rev() {
            if finding.block(block, end)?.is_break() {
                break;
            }
        }
        Ok(finding.page)
    }

    fn met_damage(&self, block: u32, what: String) {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).entry(block).or_insert(what);
        self.told.news();
    }

    fn take_damage(&self) -> BTreeMap<u32, String> {
        std::mem::take(&mut *self.damaged.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page that is being found.
struct Finding<'a> {
    search: &'a Search,
    view: &'a View,
    filter: &'a Filter,
    /// Tickets that wait, by number.
    waiting: Vec<u64>,
    limit: usize,
    /// How long the texts of the page are.
    bytes: usize,
    page: Page,
}

impl Finding<'_> {
    /// Looks through a block, below `end`; breaks where the page ends.
    fn block(&mut self, block: u32, end: u64) -> Result<ControlFlow<()>, HistoryError> {
        let numbers = numbers_of(block);
        let end = end.min(numbers.end);
        let blocks = self.search.index.get().map(Published::blocks).filter(|blocks| blocks.is_whole(block));
        let Some(blocks) = blocks else { return self.walk(numbers.start, end) };
        let mut found = match blocks.find(block, end, &self.filter.asked()) {
            Ok(found) => found,
            Err(error) => {
                self.search.met_damage(block, chain(&error));
                return self.walk(numbers.start, end);
            }
        };
        let from = self.waiting.partition_point(|number| *number < numbers.start);
        let to = self.waiting.partition_point(|number| *number < end);
        self.waiting[from..to].iter().for_each(|number| found.insert(*number));
        for number in found.newest() {
            self.search.tickets_read.fetch_add(1, Ordering::Relaxed);
            if let Some(ticket) = self.view.ticket(TicketNumber(number))?
                && self.offer(ticket).is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Looks at one ticket after the other.
    fn walk(&mut self, start: u64, end: u64) -> Result<ControlFlow<()>, HistoryError> {
        self.page.is_walked = true;
        let view = self.view;
        let looked = view.newest(
            TicketNumber(start)..TicketNumber(end),
            self.filter.wants_closed(),
            &mut |ticket: Arc<Ticket>| {
                self.search.tickets_read.fetch_add(1, Ordering::Relaxed);
                self.offer(ticket)
            },
        )?;
        Ok(match looked {
            Looked::AtAll => ControlFlow::Continue(()),
            Looked::Enough => ControlFlow::Break(()),
            Looked::Until(number) => {
                self.page.next = Some(number);
                ControlFlow::Break(())
            }
        })
    }

    /// Puts a ticket on the page if it is asked for. Breaks where the page is full and there is one more.
    fn offer(&mut self, ticket: Arc<Ticket>) -> ControlFlow<()> {
        if !self.filter.matches(&ticket) {
            return ControlFlow::Continue(());
        }
        let tickets = &mut self.page.tickets;
        self.bytes += ticket.texts_bytes();
        if tickets.len() == self.limit || (!tickets.is_empty() && self.bytes > PAGE_MAX_BYTES) {
            self.page.next = tickets.last().map(|last| last.number);
            return ControlFlow::Break(());
        }
        tickets.push(ticket);
        ControlFlow::Continue(())
    }
}
