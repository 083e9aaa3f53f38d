//! What is kept and not in memory: a ticket's story and everything since an event, read from the ledger, and tickets that
//! are put away, read from the projection, or from the archive once they have left it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::batch::Revisions;
use crate::desk::packed::unpack;
use crate::desk::{Desk, Entry, Event, Ticket, TicketNumber};
use crate::store::tickets::ClosedTicket;
use crate::store::{
    Archive, ArchiveError, Frame, LedgerError, LedgerReader, Position, Tickets, TicketsError,
};

/// Most entries fit into so many bytes, so that they are written without being moved to where there is more room.
const ENTRY_BYTES: usize = 2048;

/// Why the story could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The index of a ticket's entries could not be read.
    #[error("cannot look up the entries of ticket {ticket}")]
    Index {
        /// Which ticket.
        ticket: TicketNumber,
        /// What the store said.
        #[source]
        source: TicketsError,
    },
    /// A ticket that is put away could not be read.
    #[error("cannot read tickets that are put away")]
    PutAway(#[source] TicketsError),
    /// An archived ticket could not be read.
    #[error("cannot read ticket {ticket} in the archive")]
    Archive {
        /// Which ticket.
        ticket: TicketNumber,
        /// What the store said.
        #[source]
        source: ArchiveError,
    },
    /// An archived story is not what this version writes or reads.
    #[error("the archived story of ticket {ticket} cannot be read")]
    Story {
        /// Which ticket.
        ticket: TicketNumber,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The archive could not be looked through.
    #[error("cannot look through the archive")]
    Archives(#[source] ArchiveError),
    /// The ledger could not be read.
    #[error("cannot read the ledger")]
    Ledger(#[from] LedgerError),
    /// An entry about a ticket is in the ledger no more.
    #[error(
        "the entry at event {first_seq} about ticket {ticket} is lost: the ledger is damaged there; a backup may have it"
    )]
    Lost {
        /// Which ticket.
        ticket: TicketNumber,
        /// The entry's first event.
        first_seq: u64,
        /// What the ledger said.
        #[source]
        source: LedgerError,
    },
    /// An entry is not what this version writes or reads.
    #[error("the entry at event {first_seq} cannot be read")]
    Entry {
        /// Its first event.
        first_seq: u64,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// Reads what happened; shared by all doors.
#[derive(Debug)]
pub struct History {
    ledger: LedgerReader,
    tickets: Tickets,
    archive: Archive,
    /// Entries that no checkpoint has indexed yet, by ticket.
    recent: RwLock<HashMap<TicketNumber, Vec<(u64, Position)>>>,
    bell: Bell,
}

/// Rung when somebody meets a damaged entry of the ledger.
#[derive(Default)]
struct Bell(OnceLock<Box<dyn Fn() + Send + Sync>>);

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bell").finish_non_exhaustive()
    }
}

impl History {
    pub(super) fn new(ledger: LedgerReader, tickets: Tickets, archive: Archive) -> Self {
        Self { ledger, tickets, archive, recent: RwLock::default(), bell: Bell::default() }
    }

    /// Where tickets are that were closed long ago.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// How large what is kept is on disk.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            ledger_bytes: self.ledger.bytes(),
            // It is no figure to fail a request for.
            tickets_bytes: self.tickets.size_bytes().unwrap_or(0),
            archive_bytes: self.archive.size_bytes(),
        }
    }

    /// What reads the ledger, for what takes it as bytes.
    pub fn ledger(&self) -> &LedgerReader {
        &self.ledger
    }

    /// Has `tell` called whenever somebody meets a damaged entry of the ledger. Only the first call counts.
    pub(super) fn when_damaged(&self, tell: impl Fn() + Send + Sync + 'static) {
        self.bell.0.get_or_init(|| Box::new(tell));
    }

    /// Somebody met a damaged entry of the ledger.
    pub fn met_damage(&self) {
        if let Some(tell) = self.bell.0.get() {
            tell();
        }
    }

    /// Every entry about a ticket, the oldest first.
    ///
    /// # Errors
    /// [`HistoryError`] where the disk or a record fails, or an entry is lost.
    pub fn of(&self, ticket: TicketNumber) -> Result<Vec<Entry>, HistoryError> {
        let mut entries = Vec::new();
        self.each_told(ticket, 0, |entry, _| {
            entries.push(entry);
            ControlFlow::Continue(())
        })?;
        Ok(entries)
    }

    /// Shows `each` every entry about a ticket, the oldest first; one is held at a time.
    ///
    /// # Errors
    /// As [`History::of`].
    pub fn each_of(&self, ticket: TicketNumber, mut each: impl FnMut(&Entry)) -> Result<(), HistoryError> {
        self.each_told(ticket, 0, |entry, _| {
            each(&entry);
            ControlFlow::Continue(())
        })
    }

    /// The entries about a ticket behind event `after_seq`, the oldest first: one at least where there is one, and no more
    /// than the ledger has in `max_bytes`.
    ///
    /// # Errors
    /// As [`History::of`].
    pub fn stretch(
        &self,
        ticket: TicketNumber,
        after_seq: u64,
        max_bytes: usize,
    ) -> Result<Stretch, HistoryError> {
        let mut stretch = Stretch::default();
        let mut bytes = 0;
        self.each_told(ticket, after_seq, |entry, kept| {
            bytes += kept.len();
            if bytes > max_bytes
                && let Some(last) = stretch.entries.last()
            {
                stretch.next = Some(last.next_seq() - 1);
                return ControlFlow::Break(());
            }
            stretch.entries.push(entry);
            ControlFlow::Continue(())
        })?;
        Ok(stretch)
    }

    /// The revision that each entry about a ticket brought it to.
    ///
    /// # Errors
    /// As [`History::of`].
    pub fn revisions(&self, ticket: TicketNumber) -> Result<Revisions, HistoryError> {
        // Each entry is one revision.
        let mut revisions = Revisions::new();
        self.each_of(ticket, |entry| {
            let revision = revisions.len() as u64 + 1;
            revisions.insert(entry.first_seq, revision);
        })?;
        Ok(revisions)
    }

    /// Every entry about a ticket, the oldest first, each with the bytes that the ledger has of it; none where they are
    /// longer than `max_bytes` together.
    ///
    /// # Errors
    /// As [`History::of`].
    pub fn told(&self, ticket: TicketNumber, max_bytes: usize) -> Result<Option<Told>, HistoryError> {
        let (mut told, mut bytes) = (Vec::new(), 0);
        self.each_told(ticket, 0, |entry, kept| {
            bytes += kept.len();
            if bytes > max_bytes {
                return ControlFlow::Break(());
            }
            told.push((entry, kept));
            ControlFlow::Continue(())
        })?;
        Ok((bytes <= max_bytes).then_some(told))
    }

    /// Shows `each` every entry about a ticket behind event `after_seq`, until it breaks off: nothing is read that it does
    /// not want.
    fn each_told(
        &self,
        ticket: TicketNumber,
        after_seq: u64,
        mut each: impl FnMut(Entry, Vec<u8>) -> ControlFlow<()>,
    ) -> Result<(), HistoryError> {
        // First what is not in the index yet: a checkpoint in between moves it there, and it must be seen in one of both.
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner).get(&ticket).cloned();
        let kept = self.tickets.history(ticket.0).map_err(|source| HistoryError::Index { ticket, source })?;
        let at: BTreeMap<u64, Position> = kept.into_iter().chain(recent.into_iter().flatten()).collect();
        let mut first = None;
        let mut indexed = at.into_iter();
        if let Some((first_seq, position)) = indexed.next() {
            first = Some(self.read_entry(ticket, first_seq, position)?);
        }
        // One that was archived and has changed since has only what is new in the index.
        if !first.as_ref().is_some_and(|(entry, _)| registers(entry, ticket))
            && let Some(line) = self.archived(ticket)?
        {
            let new_from = first.as_ref().map_or(u64::MAX, |(entry, _)| entry.first_seq);
            for raw in ArchivedStory::read(ticket, &line)?.entries {
                let entry: Entry = serde_json::from_str(raw.get())
                    .map_err(|source| HistoryError::Story { ticket, source })?;
                let is_wanted = entry.first_seq < new_from && entry.first_seq > after_seq;
                if is_wanted && each(entry, raw.get().as_bytes().to_vec()).is_break() {
                    return Ok(());
                }
            }
        }
        if let Some((entry, kept)) = first.filter(|(entry, _)| entry.first_seq > after_seq)
            && each(entry, kept).is_break()
        {
            return Ok(());
        }
        for (first_seq, position) in indexed.filter(|(first_seq, _)| *first_seq > after_seq) {
            let (entry, kept) = self.read_entry(ticket, first_seq, position)?;
            if each(entry, kept).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn read_entry(
        &self,
        ticket: TicketNumber,
        first_seq: u64,
        position: Position,
    ) -> Result<(Entry, Vec<u8>), HistoryError> {
        let frame = self.ledger.read(position).map_err(|error| match error {
            source @ LedgerError::NoFrame { .. } => {
                self.met_damage();
                HistoryError::Lost { ticket, first_seq, source }
            }
            error => error.into(),
        })?;
        Ok((decode(&frame)?, frame.payload))
    }

    fn archived(&self, ticket: TicketNumber) -> Result<Option<Vec<u8>>, HistoryError> {
        self.archive.get(ticket.0).map_err(|source| HistoryError::Archive { ticket, source })
    }

    /// Whether there are entries about a ticket that no checkpoint has indexed yet.
    pub(super) fn is_changing(&self, ticket: TicketNumber) -> bool {
        self.recent.read().unwrap_or_else(PoisonError::into_inner).contains_key(&ticket)
    }

    /// The ticket as its entries before event `before_seq` made it: its story up to there, told again.
    ///
    /// # Errors
    /// As [`History::of`].
    pub(super) fn ticket_before(
        &self,
        number: TicketNumber,
        before_seq: u64,
    ) -> Result<Option<Arc<Ticket>>, HistoryError> {
        let mut then = Desk::default();
        self.each_told(number, 0, |entry, _| {
            if entry.first_seq >= before_seq {
                return ControlFlow::Break(());
            }
            then.apply(&entry);
            ControlFlow::Continue(())
        })?;
        Ok(then.ticket(number))
    }

    /// A ticket that is put away. One whose record is not as it was written is told again from the ledger.
    ///
    /// # Errors
    /// [`HistoryError`] where the disk or both records fail.
    pub(super) fn put_away(&self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, HistoryError> {
        match self.tickets.ticket(number.0) {
            Ok(None) => self.archived(number)?.map_or(Ok(None), |line| self.read_archived(number, &line)),
            Ok(Some(value)) => self.read_or_tell(number, Some(&value)),
            Err(TicketsError::Damaged { .. }) => self.read_or_tell(number, None),
            Err(error) => Err(HistoryError::PutAway(error)),
        }
    }

    /// Closed tickets that are not archived, with numbers below one, the newest first, at most `limit`: number and value,
    /// or no value where the record is not as it was written.
    ///
    /// # Errors
    /// [`HistoryError::PutAway`].
    pub(super) fn closed_below(
        &self,
        below: TicketNumber,
        limit: usize,
    ) -> Result<Vec<ClosedTicket>, HistoryError> {
        self.tickets.newest_closed(0..below.0, limit).map_err(HistoryError::PutAway)
    }

    /// Tickets that are put away, with numbers in `numbers`, the newest first, at most `limit`. Archived ones that cannot
    /// be read are left out.
    ///
    /// # Errors
    /// As for one of them.
    pub(super) fn newest_put_away(
        &self,
        numbers: Range<TicketNumber>,
        limit: usize,
    ) -> Result<Vec<Arc<Ticket>>, HistoryError> {
        let (first, end) = (numbers.start.0, numbers.end.0);
        // In this order: a ticket that leaves meanwhile is found in the archive, and one that is in both counts here.
        let closed = self.tickets.newest_closed(first..end, limit).map_err(HistoryError::PutAway)?;
        let lowest = closed.get(limit.saturating_sub(1)).map_or(first, |(number, _)| *number);
        let archived = self.archive.newest(lowest..end, limit).map_err(HistoryError::Archives)?;
        let mut found: BTreeMap<_, _> =
            archived.into_iter().map(|(number, line)| (number, PutAway::Archived(line))).collect();
        found.extend(closed.into_iter().map(|(number, value)| (number, PutAway::Closed(value))));
        let tickets = found.into_iter().rev().take(limit).map(|(number, put_away)| match put_away {
            PutAway::Closed(value) => self.read_or_tell(TicketNumber(number), value.as_deref()),
            PutAway::Archived(line) => self.read_archived(TicketNumber(number), &line),
        });
        tickets.filter_map(Result::transpose).collect()
    }

    /// The ticket of an archived story. One of another version of Andon Desk is told again from its entries.
    fn read_archived(&self, number: TicketNumber, line: &[u8]) -> Result<Option<Arc<Ticket>>, HistoryError> {
        let story = ArchivedStory::read(number, line)?;
        match serde_json::from_str(story.ticket.get()) {
            Ok(ticket) => Ok(Some(Arc::new(ticket))),
            Err(_) => self.ticket_before(number, u64::MAX),
        }
    }

    fn read_or_tell(
        &self,
        number: TicketNumber,
        value: Option<&[u8]>,
    ) -> Result<Option<Arc<Ticket>>, HistoryError> {
        match value.and_then(unpack) {
            Some(ticket) => Ok(Some(Arc::new(ticket))),
            None => self.ticket_before(number, u64::MAX),
        }
    }

    /// Every entry from the one that holds event `first_seq` on, the oldest first.
    pub fn since(&self, first_seq: u64) -> impl Iterator<Item = Result<Entry, HistoryError>> + use<> {
        self.ledger.frames_from(first_seq).map(|frame| decode(&frame?.1))
    }

    /// The number the next event will have, as far as the ledger is durable.
    pub fn next_seq(&self) -> u64 {
        self.ledger.next_seq()
    }

    pub(super) fn note(&self, entries: &[(Vec<TicketNumber>, u64, Position)]) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        for (tickets, first_seq, position) in entries {
            for ticket in tickets {
                recent.entry(*ticket).or_default().push((*first_seq, *position));
            }
        }
    }

    /// A checkpoint has indexed everything before `upto_seq`.
    pub(super) fn indexed(&self, upto_seq: u64) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|_, entries| {
            entries.retain(|(first_seq, _)| *first_seq >= upto_seq);
            !entries.is_empty()
        });
    }
}

/// Entries, each with the bytes that the ledger has of it.
pub type Told = Vec<(Entry, Vec<u8>)>;

/// A part of a ticket's story.
#[derive(Debug, Default)]
pub struct Stretch {
    /// What happened, the oldest first.
    pub entries: Vec<Entry>,
    /// Where there is more: the last event of these.
    pub next: Option<u64>,
}

/// How large what is kept is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The ledger, in bytes.
    pub ledger_bytes: u64,
    /// The tickets' database, in bytes.
    pub tickets_bytes: u64,
    /// The archive with its index, in bytes.
    pub archive_bytes: u64,
}

/// A ticket that is put away, as it is kept.
enum PutAway {
    Closed(Option<Vec<u8>>),
    Archived(Vec<u8>),
}

/// A line of the archive.
#[derive(Deserialize)]
struct ArchivedStory<'a> {
    #[serde(borrow)]
    ticket: &'a RawValue,
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
}

impl<'a> ArchivedStory<'a> {
    fn read(ticket: TicketNumber, line: &'a [u8]) -> Result<Self, HistoryError> {
        serde_json::from_slice(line).map_err(|source| HistoryError::Story { ticket, source })
    }
}

/// Whether an entry registered the ticket, and so is the first about it.
fn registers(entry: &Entry, number: TicketNumber) -> bool {
    let registered = |event: &Event| matches!(event, Event::Registered(_));
    entry.facts.iter().any(|fact| fact.ticket == Some(number) && registered(&fact.event))
}

/// An entry as the ledger holds it.
pub(super) fn decode(frame: &Frame) -> Result<Entry, HistoryError> {
    serde_json::from_slice(&frame.payload)
        .map_err(|source| HistoryError::Entry { first_seq: frame.first_seq, source })
}

/// An entry for the ledger.
pub(crate) fn encode(entry: &Entry) -> Frame {
    let mut payload = Vec::with_capacity(ENTRY_BYTES);
    serde_json::to_writer(&mut payload, entry).expect("an entry is plain data with text keys");
    Frame {
        first_seq: entry.first_seq,
        count: u32::try_from(entry.facts.len()).expect("an entry has far fewer than 2^32 events"),
        payload,
    }
}
