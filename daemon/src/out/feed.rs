//! The feed: events from a number on, each once and in order.
//!
//! What is kept comes from the ledger, what is new from the loop. The loop is listened to first and the ledger read then, so
//! that nothing falls between; what comes twice is told by its number and left out. Whoever falls behind so far that the
//! loop's channel forgets what they have not read goes back to the ledger, a slice at a time: no thread waits for a slow
//! reader. What is new is put into words once, however many are told of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use calendars::{Timestamp, Tz};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::event::EventView;
use super::filter::{About, Filter};
use crate::chain::chain;
use crate::desk::view::zone_of;
use crate::desk::{Entry, Ticket, TicketNumber};
use crate::run::Handle;
use crate::run::history::HistoryError;
use crate::store::LedgerError;

/// How much a stretch from the ledger has at most, in bytes of JSON; its last entry may go beyond.
const STRETCH_BYTES_MAX: usize = 64 << 10;
/// How many entries are read for one stretch at most, where few of them are wanted.
const STRETCH_ENTRIES_MAX: usize = 512;

/// How many of the newest entries are kept in words. Whoever is told of them later than that reads them anew.
const IN_WORDS: usize = 64;

/// An event as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its number.
    pub seq: u64,
    /// What it is about.
    pub about: About,
    /// When it was taken into the record.
    pub at: Timestamp,
    /// Its name.
    pub event: String,
    /// An [`EventView`] as JSON, in one line.
    pub json: String,
}

/// What comes next.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The events that are wanted; may be none.
    pub told: Vec<Arc<Told>>,
    /// Everything before this number was told, or was not wanted.
    pub next: u64,
}

/// Where feeds come from: the desk of a handle, and the newest entries in words.
pub struct Herald {
    handle: Handle,
    /// The site's zone, for what belongs to no ticket.
    zone: Tz,
    newest: Mutex<Newest>,
}

/// Tells the events from a number on.
pub struct Feed {
    next: u64,
    filter: Filter,
    herald: Arc<Herald>,
    news: Receiver<Arc<Entry>>,
    /// The ledger where it is being read, and the number at which that reading ends.
    kept: Option<(Kept, u64)>,
}

/// Entries in words, each by the number of its first event.
type Newest = VecDeque<(u64, Arc<[Arc<Told>]>)>;

/// Entries of the ledger, in order.
type Kept = Box<dyn Iterator<Item = Result<Entry, HistoryError>> + Send>;

/// What an entry is to somebody who is told `next` next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// All of it was told already.
    Known,
    /// It is told, at least in part.
    New,
    /// Something that was not told lies before it.
    Gap,
}

/// What an entry of the events `[first_seq, next_seq)` is.
fn step(next: u64, first_seq: u64, next_seq: u64) -> Step {
    if next_seq <= next {
        Step::Known
    } else if first_seq > next {
        Step::Gap
    } else {
        Step::New
    }
}

impl Feed {
    /// The number of the event that is told next, or after those that are not wanted.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// What comes next; none where the desk has ended or the ledger cannot be read. What it was about to tell is lost
    /// where this is given up: who does so makes another feed.
    pub async fn next(&mut self) -> Option<Stretch> {
        loop {
            if let Some((kept, end)) = self.kept.take() {
                return self.slice(kept, end).await;
            }
            match self.news.recv().await {
                Ok(entry) => match step(self.next, entry.first_seq, entry.next_seq()) {
                    Step::Known => {}
                    Step::New if self.herald.is_at_hand(&entry) => {
                        let all = self.herald.in_words(&entry);
                        let wanted = |told: &&Arc<Told>| {
                            told.seq >= self.next && self.filter.wants(&told.about, &told.event)
                        };
                        let told = all.iter().filter(wanted).cloned().collect();
                        self.next = entry.next_seq();
                        return Some(Stretch { told, next: self.next });
                    }
                    // The disk is asked, and that may take its time.
                    Step::New | Step::Gap => self.read_kept(),
                },
                Err(RecvError::Lagged(_)) => self.read_kept(),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn read_kept(&mut self) {
        let history = self.herald.handle.history();
        let end = history.next_seq();
        self.kept = Some((Box::new(history.since(self.next)), end));
    }

    /// Reads a stretch of the ledger, off the threads that serve.
    async fn slice(&mut self, kept: Kept, end: u64) -> Option<Stretch> {
        let (herald, filter, next) = (Arc::clone(&self.herald), self.filter.clone(), self.next);
        let read = tokio::task::spawn_blocking(move || herald.slice(kept, next, &filter));
        let (kept, mut stretch) = read.await.ok()??;
        match kept {
            Some(kept) => self.kept = Some((kept, end)),
            // What could not be read at the end is passed over, too.
            None => stretch.next = stretch.next.max(end),
        }
        self.next = stretch.next;
        Some(stretch)
    }
}

impl Herald {
    /// Tells what the desk of that handle does; `zone` is the site's.
    pub fn new(handle: Handle, zone: Tz) -> Arc<Self> {
        Arc::new(Self { handle, zone, newest: Mutex::default() })
    }

    /// The desk.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// A feed that begins with event `first`; none begins with what comes. A number behind the end is the end.
    pub fn feed(self: &Arc<Self>, filter: Filter, first: Option<u64>) -> Feed {
        let news = self.handle.subscribe();
        let end = self.handle.history().next_seq();
        let next = first.map_or(end, |first| first.clamp(1, end));
        let mut feed = Feed { next, filter, herald: Arc::clone(self), news, kept: None };
        if next < end {
            feed.read_kept();
        }
        feed
    }

    /// Whether all tickets of an entry can be had without the disk.
    fn is_at_hand(&self, entry: &Entry) -> bool {
        entry.tickets().iter().all(|number| self.handle.view().live(*number).is_some())
    }

    /// All events of a new entry. Whoever comes first puts them into words.
    fn in_words(&self, entry: &Entry) -> Arc<[Arc<Told>]> {
        let known = |newest: &Newest| {
            newest
                .iter()
                .rev()
                .find(|(first_seq, _)| *first_seq == entry.first_seq)
                .map(|(_, told)| Arc::clone(told))
        };
        if let Some(told) = known(&self.newest.lock().unwrap_or_else(PoisonError::into_inner)) {
            return told;
        }
        // Not under the lock: two may do the same, which harms nobody.
        let told: Arc<[Arc<Told>]> = self.tell(entry, entry.first_seq, &Filter::default()).into();
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.len() >= IN_WORDS {
            newest.pop_front();
        }
        newest.push_back((entry.first_seq, Arc::clone(&told)));
        told
    }

    /// The next entries of the ledger and what is left of it; none where the disk fails.
    fn slice(&self, mut kept: Kept, next: u64, filter: &Filter) -> Option<(Option<Kept>, Stretch)> {
        let mut stretch = Stretch { told: Vec::new(), next };
        let (mut bytes, mut entries) = (0, 0);
        while bytes < STRETCH_BYTES_MAX && entries < STRETCH_ENTRIES_MAX {
            let entry = match kept.next() {
                None => return Some((None, stretch)),
                Some(Ok(entry)) => entry,
                Some(Err(error @ HistoryError::Ledger(LedgerError::Damaged(_)))) => {
                    log::warn!("what cannot be read is not told: {error}");
                    self.handle.history().met_damage();
                    continue;
                }
                Some(Err(error)) => {
                    log::error!("events are not told, since the ledger cannot be read: {}", chain(&error));
                    return None;
                }
            };
            let told = self.tell(&entry, stretch.next, filter);
            bytes += told.iter().map(|told| told.json.len()).sum::<usize>();
            entries += 1;
            stretch.told.extend(told);
            stretch.next = stretch.next.max(entry.next_seq());
        }
        Some((Some(kept), stretch))
    }

    /// The wanted events of an entry from `from_seq` on. May wait for the disk.
    fn tell(&self, entry: &Entry, from_seq: u64, filter: &Filter) -> Vec<Arc<Told>> {
        let view = self.handle.view();
        // A ticket that cannot be read is told in the site's zone: the instants are the same.
        let read = |number: TicketNumber| view.ticket(number).ok().flatten();
        let mut known: Option<(TicketNumber, Option<Arc<Ticket>>)> = None;
        let mut told = Vec::new();
        for (seq, fact) in (entry.first_seq..).zip(&entry.facts).filter(|(seq, _)| *seq >= from_seq) {
            let ticket = fact.ticket.and_then(|number| {
                if known.as_ref().is_none_or(|(last, _)| *last != number) {
                    known = Some((number, read(number)));
                }
                known.as_ref().and_then(|(_, ticket)| ticket.clone())
            });
            let about = About::of(fact, ticket.as_deref());
            if !filter.covers(&about) {
                continue;
            }
            let zone = ticket.map_or(self.zone, |ticket| zone_of(&ticket, view.regulations()));
            let event = EventView::of(entry, seq, fact, zone);
            if filter.has_name(&event.event) {
                told.push(Arc::new(Told::new(event, about, entry.at)));
            }
        }
        told
    }

    /// The wanted events of one ticket, or of the desk where none is named, with numbers in `[from, to)`: the first ones, at
    /// most as much as a stretch. May wait for the disk.
    ///
    /// # Errors
    /// [`HistoryError`] where the disk fails. Events that are lost are left out.
    pub fn events_of(
        &self,
        filter: &Filter,
        ticket: Option<TicketNumber>,
        (from, to): (u64, u64),
    ) -> Result<Vec<Arc<Told>>, HistoryError> {
        let (mut found, mut bytes) = (Vec::new(), 0);
        for entry in self.entries_of(ticket, from)? {
            let entry = match entry {
                Ok(entry) => entry,
                Err(HistoryError::Ledger(LedgerError::Damaged(_))) => continue,
                Err(error) => return Err(error),
            };
            if entry.first_seq >= to || bytes >= STRETCH_BYTES_MAX {
                break;
            }
            if !entry.facts.iter().any(|fact| fact.ticket == ticket) {
                continue;
            }
            for told in self.tell(&entry, from, filter) {
                if told.about.ticket == ticket && told.seq < to {
                    bytes += told.json.len();
                    found.push(told);
                }
            }
        }
        Ok(found)
    }

    /// Entries that may be about a ticket, or the desk, from event `from` on.
    fn entries_of(&self, ticket: Option<TicketNumber>, from: u64) -> Result<Kept, HistoryError> {
        let history = self.handle.history();
        let Some(number) = ticket else { return Ok(Box::new(history.since(from))) };
        match history.of(number) {
            Ok(entries) => {
                Ok(Box::new(entries.into_iter().filter(move |entry| entry.next_seq() > from).map(Ok)))
            }
            // The ledger is gone through instead, past what is lost.
            Err(HistoryError::Lost { .. }) => Ok(Box::new(history.since(from))),
            Err(error) => Err(error),
        }
    }
}

impl Told {
    fn new(event: EventView, about: About, at: Timestamp) -> Self {
        let json = serde_json::to_string(&event).expect("an event is plain data with text keys");
        Self { seq: event.seq, about, at, event: event.event, json }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_told_once_and_from_where_the_listener_stands() {
        for (first_seq, next_seq, expected) in [
            (1, 3, Step::Known),
            (7, 10, Step::Known),
            (7, 11, Step::New),
            (10, 12, Step::New),
            (11, 12, Step::Gap),
        ] {
            assert_eq!(step(10, first_seq, next_seq), expected, "[{first_seq}, {next_seq})");
        }
    }
}
