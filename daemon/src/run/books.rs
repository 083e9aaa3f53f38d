//! The desk's books: opening them brings the desk back, and each entry is written before anybody hears of it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use calendars::{Timestamp, Tz};
use serde::{Deserialize, Serialize};

use super::history::{History, HistoryError, decode, encode};
use super::versions::{self, VersionsReport};
use crate::chain::chain;
use crate::clock;
use crate::desk::event::Receipt;
use crate::desk::{Desk, Entry, Regulations, Ticket, TicketNumber};
use crate::store::format::{self, FormatError};
use crate::store::staging;
use crate::store::tickets::Unusable;
use crate::store::{
    Checkpoint, DeadlineChange, Keeper, Kept, Ledger, LedgerError, LockError, StateLock, Tickets,
    TicketsError,
};

/// The form of tickets and desk in the projection; a projection in another form is set aside and rebuilt.
const SCHEMA: u32 = 2;
/// How long the answer to an `Idempotency-Key` is given again, in milliseconds: a day.
const RECEIPT_MS: i64 = 86_400_000;
/// What a disk must take to count as working again: what the ledger writes ahead, twice.
const PROBE_BYTES: usize = 512 * 1024;
/// How many entries are replayed between two words about it.
const REPLAY_STEP: u64 = 10_000;

/// Why the books could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// Another daemon has the state directory, or it cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The directory has a format that this version cannot work with.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// New books that were being put in place when the power went could not be.
    #[error("cannot end what a restore began in {dir}", dir = dir.display())]
    Settle {
        /// The state directory.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The ledger could not be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The projection could not be opened, nor a fresh one made.
    #[error(transparent)]
    Tickets(#[from] TicketsError),
    /// The ledger could not be replayed.
    #[error(transparent)]
    Replay(#[from] HistoryError),
    /// The keeper's thread could not be started.
    #[error("cannot start the thread that keeps checkpoints")]
    Keeper(#[source] std::io::Error),
}

/// What was found when the books were opened.
#[derive(Debug)]
pub struct BooksReport {
    /// What the last write before a crash left half done, and was cut off: nothing of it was acknowledged.
    pub torn_tail: Option<String>,
    /// Stretches of the ledger that cannot be read; what they held is lost unless the projection has it.
    pub damage: Vec<String>,
    /// Why the projection was set aside, if it was.
    pub set_aside: Option<String>,
    /// Events that were acknowledged and are in the ledger no more: the projection, now set aside, stood for them.
    pub lost_events: u64,
    /// How many tickets the projection had.
    pub tickets: u64,
    /// How many events were replayed on top of it.
    pub replayed: u64,
    /// What was found of the regulations' versions.
    pub versions: VersionsReport,
}

/// A request that was carried out, for its repetition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Carried {
    /// SHA-256 of method, path and body.
    pub request: String,
    /// The ticket it was about.
    pub ticket: Option<TicketNumber>,
    /// The entry that carried it out, by its first event.
    pub first_seq: u64,
    /// When.
    pub at: Timestamp,
}

/// The books.
#[derive(Debug)]
pub struct Books {
    ledger: Ledger,
    history: Arc<History>,
    keeper: Option<Keeper>,
    pending: Pending,
    receipts: HashMap<String, Carried>,
    /// Receipts by age, to forget them after a day.
    receipts_by_age: VecDeque<(Timestamp, String)>,
    /// The next deadline of each ticket, as the projection's index has it.
    deadlines: HashMap<TicketNumber, Timestamp>,
    /// Held as long as the books are open.
    lock: StateLock,
}

/// What the next checkpoint will hold.
#[derive(Debug, Default)]
struct Pending {
    tickets: HashSet<TicketNumber>,
    history: Vec<(u64, u64, crate::store::Position)>,
    receipts: Vec<(String, Carried)>,
    receipts_removed: Vec<String>,
    since: Option<Timestamp>,
}

impl Books {
    /// Opens the books in `dir` and brings the desk back: from the projection, and from the ledger what it lacks. It
    /// works by `regulations`, and by the versions that were kept of them before.
    /// `progress` is told how many events of how many have been replayed.
    ///
    /// # Errors
    /// [`BooksError`]; the books of another process, a directory that cannot be written, a ledger of a newer version.
    pub fn open(
        dir: &Path,
        regulations: Regulations,
        kept: impl FnMut(Kept) + Send + 'static,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(Self, Desk, BooksReport), BooksError> {
        let lock = StateLock::take(dir)?;
        make_ready(dir)?;
        let (regulations, mut versions) = versions::with_kept(dir, regulations);
        let (ledger, ledger_report) = Ledger::open(dir)?;
        let mut opened = Tickets::open(dir, SCHEMA, ledger.next_seq())?;
        let desk = restore(&opened.tickets, regulations.clone());
        if desk.is_none() && opened.tickets.position() > 0 {
            opened = opened.tickets.start_anew(dir, SCHEMA)?;
        }
        let tickets = opened.tickets;
        let lost_events = opened.set_aside.as_ref().map_or(0, |aside| match aside.reason {
            Unusable::AheadOfLedger { position, next_seq } => position.saturating_sub(next_seq),
            _ => 0,
        });
        let set_aside =
            opened.set_aside.map(|aside| format!("{}; it is kept as {}", aside.reason, aside.dir.display()));
        let from = tickets.position().max(1);
        let mut desk = desk.unwrap_or_else(|| Desk::new(regulations));
        let found = desk.tickets().count() as u64;
        let history = Arc::new(History::new(ledger.reader(), tickets.clone()));
        let mut books = Self {
            keeper: Some(Keeper::start(tickets.clone(), kept).map_err(BooksError::Keeper)?),
            ledger,
            history,
            pending: Pending::default(),
            receipts: HashMap::new(),
            receipts_by_age: VecDeque::new(),
            deadlines: desk
                .tickets()
                .filter_map(|ticket| Some((ticket.number, ticket.next_timer()?)))
                .collect(),
            lock,
        };
        books.load_receipts(&tickets)?;
        let mut damage = ledger_report.damage.iter().map(ToString::to_string).collect();
        let replayed = books.replay(&mut desk, from, &mut damage, &mut progress)?;
        let torn_tail = ledger_report.torn_tail.map(|stretch| stretch.to_string());
        versions.missing = versions::missing(&desk);
        let report =
            BooksReport { torn_tail, damage, set_aside, lost_events, tickets: found, replayed, versions };
        Ok((books, desk, report))
    }

    /// What reads what happened.
    pub fn history(&self) -> &Arc<History> {
        &self.history
    }

    fn load_receipts(&mut self, tickets: &Tickets) -> Result<(), TicketsError> {
        let mut all: Vec<(String, Carried)> = Vec::new();
        tickets.each_receipt(|key, value| {
            if let (Ok(key), Ok(carried)) = (std::str::from_utf8(key), serde_json::from_slice(value)) {
                all.push((key.to_owned(), carried));
            }
        })?;
        all.sort_by_key(|(_, carried)| carried.at);
        for (key, carried) in all {
            self.receipts_by_age.push_back((carried.at, key.clone()));
            self.receipts.insert(key, carried);
        }
        Ok(())
    }

    /// Applies what the ledger has from an event on. A damaged stretch is told and passed over: what it held is lost,
    /// what comes after it is not.
    fn replay(
        &mut self,
        desk: &mut Desk,
        from: u64,
        damage: &mut Vec<String>,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<u64, HistoryError> {
        let end = self.ledger.next_seq();
        let mut told = from;
        for frame in self.ledger.frames_from(from) {
            let (position, frame) = match frame {
                Ok(frame) => frame,
                Err(LedgerError::Damaged(stretch)) => {
                    let told = stretch.to_string();
                    if !damage.contains(&told) {
                        damage.push(told);
                    }
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let entry = decode(&frame)?;
            desk.apply(&entry);
            self.note(&[entry], &[position]);
            if frame.first_seq >= told + REPLAY_STEP {
                told = frame.first_seq;
                progress(told - from, end - from);
                // So that a long replay is not to be done again, and its changes do not pile up in memory.
                self.checkpoint(desk, desk.last_at());
            }
        }
        Ok(end - from)
    }

    /// Writes entries down, with one sync of the disk for all.
    ///
    /// # Errors
    /// [`LedgerError`]: none of them was kept.
    pub(super) fn append(&mut self, entries: &[Entry]) -> Result<(), LedgerError> {
        let frames: Vec<_> = entries.iter().map(encode).collect();
        let positions = self.ledger.append(&frames)?;
        self.note(entries, &positions);
        Ok(())
    }

    /// Tries whether the disk takes writes again, and makes the ledger usable.
    pub(super) fn recover(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        self.ledger.recover()?;
        let probe = self.lock.dir().join("probe");
        let tried = File::create(&probe).and_then(|mut file| {
            file.write_all(&vec![0; PROBE_BYTES])?;
            file.sync_all()
        });
        std::fs::remove_file(&probe)?;
        Ok(tried?)
    }

    fn note(&mut self, entries: &[Entry], positions: &[crate::store::Position]) {
        let mut recent = Vec::with_capacity(entries.len());
        for (entry, position) in entries.iter().zip(positions) {
            let tickets = entry.tickets();
            self.pending.since.get_or_insert(entry.at);
            self.pending.tickets.extend(&tickets);
            self.pending.history.extend(tickets.iter().map(|ticket| (ticket.0, entry.first_seq, *position)));
            if let Some(Receipt { key, request }) = &entry.receipt {
                let carried = Carried {
                    request: request.to_string(),
                    ticket: tickets.first().copied(),
                    first_seq: entry.first_seq,
                    at: entry.at,
                };
                self.receipts.insert(key.to_string(), carried.clone());
                self.receipts_by_age.push_back((entry.at, key.to_string()));
                self.pending.receipts.push((key.to_string(), carried));
            }
            recent.push((tickets, entry.first_seq, *position));
        }
        self.history.note(&recent);
    }

    /// The request that was carried out under this key within the last day.
    pub(super) fn carried(&self, key: &str) -> Option<&Carried> {
        self.receipts.get(key)
    }

    /// The ticket as an entry left it: its story up to there, told again.
    pub(super) fn ticket_after(&self, carried: &Carried, desk: &Desk) -> Option<Arc<Ticket>> {
        let number = carried.ticket?;
        let mut then = Desk::new(desk.regulations().clone());
        for entry in
            self.history.of(number).ok()?.iter().take_while(|entry| entry.first_seq <= carried.first_seq)
        {
            then.apply(entry);
        }
        then.ticket(number).cloned()
    }

    fn forget_old_receipts(&mut self, now: Timestamp) {
        while let Some((at, key)) = self.receipts_by_age.front() {
            if now.ms_since(*at) < RECEIPT_MS {
                return;
            }
            self.receipts.remove(key);
            self.pending.receipts_removed.push(key.clone());
            self.receipts_by_age.pop_front();
        }
    }

    /// How many tickets the next checkpoint will hold.
    pub(super) fn dirty(&self) -> usize {
        self.pending.tickets.len()
    }

    /// Since when something waits for a checkpoint.
    pub(super) fn dirty_since(&self) -> Option<Timestamp> {
        self.pending.since
    }

    /// Hands what changed to the keeper; returns at once.
    pub(super) fn checkpoint(&mut self, desk: &Desk, now: Timestamp) {
        if self.pending.since.is_none() {
            return;
        }
        self.forget_old_receipts(now);
        let pending = std::mem::take(&mut self.pending);
        let ticket =
            |number: TicketNumber| desk.ticket(number).map(|ticket| (number.0, to_json(ticket.as_ref())));
        let deadlines =
            pending.tickets.iter().flat_map(|number| self.index_deadline(*number, desk)).collect();
        let checkpoint = Checkpoint {
            upto_seq: desk.next_seq(),
            tickets: pending.tickets.into_iter().filter_map(ticket).collect(),
            history: pending.history,
            receipts: pending
                .receipts
                .into_iter()
                .map(|(key, carried)| (key.into_bytes(), to_json(&carried)))
                .collect(),
            receipts_removed: pending.receipts_removed.into_iter().map(String::into_bytes).collect(),
            desk: to_json(desk.rest()),
            deadlines,
        };
        if let Some(keeper) = &self.keeper {
            keeper.submit(checkpoint);
        }
    }

    /// What changes in the projection's index of deadlines for a ticket.
    fn index_deadline(&mut self, number: TicketNumber, desk: &Desk) -> Vec<DeadlineChange> {
        let next = desk.ticket(number).and_then(|ticket| ticket.next_timer());
        let old = match next {
            Some(next) => self.deadlines.insert(number, next),
            None => self.deadlines.remove(&number),
        };
        if old == next {
            return Vec::new();
        }
        let ticket = number.0;
        let remove = old.map(|at| DeadlineChange::Remove { at_ms: at.millis(), ticket });
        let put = next.map(|at| DeadlineChange::Put { at_ms: at.millis(), ticket });
        remove.into_iter().chain(put).collect()
    }

    /// The last checkpoint, waited for.
    pub(super) fn close(mut self, desk: &Desk, now: Timestamp) {
        self.checkpoint(desk, now);
        if let Some(keeper) = self.keeper.take() {
            keeper.close();
        }
    }
}

/// Sees to it that a state directory, whose lock is held, is whole and of today's format.
///
/// # Errors
/// [`BooksError::Settle`], [`BooksError::Format`].
pub fn make_ready(dir: &Path) -> Result<(), BooksError> {
    staging::settle(dir).map_err(|source| BooksError::Settle { dir: dir.to_owned(), source })?;
    let opened = format::open(dir, env!("CARGO_PKG_VERSION"), &clock::now().to_rfc3339(Tz::UTC))?;
    for step in &opened.steps {
        log::warn!("{} had format {} and was migrated: {step}", dir.display(), opened.from);
    }
    if let Some(error) = opened.not_written {
        log::warn!("it is tried again at the next start: {}", chain(&error));
    }
    Ok(())
}

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("what is kept is plain data with text keys")
}

/// The desk as the projection has it; `None` where it has none that this version can read.
fn restore(tickets: &Tickets, regulations: Regulations) -> Option<Desk> {
    let rest = serde_json::from_slice(&tickets.desk().ok()??).ok()?;
    let mut all = Vec::new();
    let mut whole = true;
    tickets
        .each_ticket(|_, bytes| match serde_json::from_slice::<Ticket>(bytes) {
            Ok(ticket) => all.push(ticket),
            Err(_) => whole = false,
        })
        .ok()?;
    // The index of deadlines was written with the tickets: where the two disagree, neither is to be believed.
    let mut indexed = HashMap::new();
    tickets
        .each_deadline(|at_ms, ticket| {
            indexed.insert(TicketNumber(ticket), at_ms);
        })
        .ok()?;
    let expected = all.iter().filter_map(|ticket| Some((ticket.number, ticket.next_timer()?.millis())));
    whole &= expected.collect::<HashMap<_, _>>() == indexed;
    whole.then(|| Desk::restore(regulations, rest, all.into_iter()))
}
