//! What is kept and not in memory: a ticket's story and everything since an event, read from the ledger, and tickets that
//! are put away, read from the projection.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use crate::desk::{Desk, Entry, Ticket, TicketNumber};
use crate::store::{Frame, LedgerError, LedgerReader, Position, Tickets, TicketsError};

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
    /// The ledger could not be read.
    #[error("cannot read the ledger")]
    Ledger(#[from] LedgerError),
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
    /// Entries that no checkpoint has indexed yet, by ticket.
    recent: RwLock<HashMap<TicketNumber, Vec<(u64, Position)>>>,
}

impl History {
    pub(super) fn new(ledger: LedgerReader, tickets: Tickets) -> Self {
        Self { ledger, tickets, recent: RwLock::default() }
    }

    /// Every entry about a ticket, the oldest first.
    ///
    /// # Errors
    /// [`HistoryError`] where the disk or a record fails.
    pub fn of(&self, ticket: TicketNumber) -> Result<Vec<Entry>, HistoryError> {
        let kept = self.tickets.history(ticket.0).map_err(|source| HistoryError::Index { ticket, source })?;
        let mut at: BTreeMap<u64, Position> = kept.into_iter().collect();
        if let Some(recent) = self.recent.read().unwrap_or_else(PoisonError::into_inner).get(&ticket) {
            at.extend(recent.iter().copied());
        }
        at.into_values().map(|position| decode(&self.ledger.read(position)?)).collect()
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
        for entry in self.of(number)?.iter().take_while(|entry| entry.first_seq < before_seq) {
            then.apply(entry);
        }
        Ok(then.ticket(number).cloned())
    }

    /// A ticket that is put away. One whose record is not as it was written is told again from the ledger.
    ///
    /// # Errors
    /// [`HistoryError`] where the disk or both records fail.
    pub(super) fn put_away(&self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, HistoryError> {
        match self.tickets.ticket(number.0) {
            Ok(None) => Ok(None),
            Ok(Some(value)) => self.read_or_tell(number, Some(&value)),
            Err(TicketsError::Damaged { .. }) => self.read_or_tell(number, None),
            Err(error) => Err(HistoryError::PutAway(error)),
        }
    }

    /// Tickets that are put away, with numbers in `numbers`, the newest first, at most `limit`.
    ///
    /// # Errors
    /// As for one of them.
    pub(super) fn newest_put_away(
        &self,
        numbers: Range<TicketNumber>,
        limit: usize,
    ) -> Result<Vec<Arc<Ticket>>, HistoryError> {
        let values = self.tickets.newest_closed(numbers.start.0..numbers.end.0, limit);
        let values = values.map_err(HistoryError::PutAway)?;
        let tickets = values
            .into_iter()
            .map(|(number, value)| self.read_or_tell(TicketNumber(number), value.as_deref()));
        tickets.filter_map(Result::transpose).collect()
    }

    fn read_or_tell(
        &self,
        number: TicketNumber,
        value: Option<&[u8]>,
    ) -> Result<Option<Arc<Ticket>>, HistoryError> {
        match value.and_then(|value| serde_json::from_slice(value).ok()) {
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

/// An entry as the ledger holds it.
pub(super) fn decode(frame: &Frame) -> Result<Entry, HistoryError> {
    serde_json::from_slice(&frame.payload)
        .map_err(|source| HistoryError::Entry { first_seq: frame.first_seq, source })
}

/// An entry for the ledger.
pub(super) fn encode(entry: &Entry) -> Frame {
    Frame {
        first_seq: entry.first_seq,
        count: u32::try_from(entry.facts.len()).expect("an entry has far fewer than 2^32 events"),
        payload: serde_json::to_vec(entry).expect("an entry is plain data with text keys"),
    }
}
