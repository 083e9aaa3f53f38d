//! The desk's books: opening them brings the desk back, and each entry is written before anybody hears of it.
//!
//! The desk holds the tickets that are not over and those that changed since the last durable checkpoint; the projection
//! has the others, and [`Books::recall`] fetches one that is named.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use calendars::{Timestamp, Tz};
use serde::{Deserialize, Serialize};

use super::archiving::Archived;
use super::checking::Losses;
use super::faults::is_full;
use super::history::{History, HistoryError, decode};
use super::versions::{self, VersionsReport};
use crate::chain::chain;
use crate::clock;
use crate::desk::alike::RECENT_MAX;
use crate::desk::event::Receipt;
use crate::desk::packed::{pack, unpack};
use crate::desk::report::{Score, Tally};
use crate::desk::{Desk, Entry, Held, Regulations, Stage, Ticket, TicketNumber};
use crate::store::archive::Mark;
use crate::store::disk::Access;
use crate::store::format::{self, FormatError};
use crate::store::ledger::{SEGMENT_BYTES, Stretch};
use crate::store::staging;
use crate::store::tickets::{Opened, Unusable};
use crate::store::{
    Archive, ArchiveError, ArchiveReport, Checkpoint, DeadlineChange, Disk, Frame, Keeper, KeeperPlace, Kept,
    Ledger, LedgerError, LockError, RealDisk, Reserve, StateLock, Tickets, TicketsError,
};

/// The form of tickets and desk in the projection; a projection in another form is set aside and rebuilt.
const SCHEMA: u32 = 8;
/// How long the answer to an `Idempotency-Key` is given again, in milliseconds: a day.
const RECEIPT_MS: i64 = 86_400_000;
/// So many scores are kept one by one on top of a tally; then the tally is kept anew.
const SCORES_MAX: usize = 5_000;
/// What a disk that failed must take to count as working again, in bytes.
const PROBE_BYTES: usize = 4096;
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
    /// A projection that was just begun anew is of no use either.
    #[error("a fresh ticket database is of no use either")]
    Fresh(#[source] Unusable),
    /// The ledger could not be replayed.
    #[error(transparent)]
    Replay(#[from] HistoryError),
    /// The archive could not be opened.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The keeper's thread could not be started.
    #[error("cannot start the thread that keeps checkpoints")]
    Keeper(#[source] std::io::Error),
}

/// What the books stand on: the box's disk by default, one that a simulation made up otherwise.
///
/// The projection, the lock and the regulations' texts lie on the box's disk in any case: sled knows no other.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// The disk that the ledger is on, with the quarantine, the reserve and what tries whether it takes writes.
    pub disk: Arc<dyn Disk>,
    /// A segment of the ledger is about so long, in bytes; at most [`SEGMENT_BYTES`].
    pub segment_bytes: u32,
    /// Where checkpoints are written.
    pub keeper: KeeperPlace,
}

impl Default for Shelf {
    fn default() -> Self {
        Self { disk: Arc::new(RealDisk), segment_bytes: SEGMENT_BYTES, keeper: KeeperPlace::Thread }
    }
}

/// What was found when the books were opened.
#[derive(Debug)]
pub struct BooksReport {
    /// What the last write before a crash left half done, and was cut off: nothing of it was acknowledged.
    pub torn_tail: Option<String>,
    /// Stretches of the ledger that cannot be read; what they held is lost unless the projection has it. Older parts of the
    /// ledger were not read.
    pub damage: Vec<Stretch>,
    /// Segments whose header cannot be read, though their frames can.
    pub bad_headers: Vec<PathBuf>,
    /// Why the projection was set aside, if it was.
    pub set_aside: Option<String>,
    /// Events that were acknowledged and are in the ledger no more: the projection, now set aside, stood for them.
    pub lost_events: u64,
    /// What was found of the archive.
    pub archive: ArchiveReport,
    /// How many tickets the projection had, closed ones among them.
    pub tickets: u64,
    /// How many events were replayed on top of it.
    pub replayed: u64,
    /// What was found of the regulations' versions.
    pub versions: VersionsReport,
}

impl BooksReport {
    /// What of the ledger was found damaged.
    pub fn losses(&self) -> Losses {
        let (damage, bad_headers) = (self.damage.clone(), self.bad_headers.clone());
        Losses { damage, bad_headers, behind_end: self.lost_events }
    }
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
    /// When; a time that could not be trusted is taken for the one at which it could be again.
    pub at: Timestamp,
    /// Whether it cannot be trusted yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsynced: bool,
}

/// The books.
#[derive(Debug)]
pub struct Books {
    ledger: Ledger,
    /// What tells this ledger from others, once it has an entry; see [`Checkpoint::origin`].
    origin: Option<u32>,
    history: Arc<History>,
    keeper: Option<Keeper>,
    pending: Pending,
    /// Tickets that are over, in a checkpoint that is not durable yet, with the event before which it ends.
    leaving: HashMap<TicketNumber, u64>,
    receipts: HashMap<String, Carried>,
    /// Whether some of them came while time was not trusted, and are to be dated when it is.
    has_undated: bool,
    /// Receipts by age, to forget them after a day.
    receipts_by_age: VecDeque<(Timestamp, String)>,
    /// The scores that the projection has on top of its tally.
    scores: ScoresKept,
    /// The next deadline of each ticket, as the projection's index has it.
    deadlines: HashMap<TicketNumber, Timestamp>,
    tickets: Tickets,
    files: Arc<dyn Disk>,
    reserve: Reserve,
    /// Held as long as the books are open.
    lock: StateLock,
}

/// A score as it is kept, with its number.
type NumberedScore = (u64, Vec<u8>);

/// The scores that the projection has on top of its tally.
#[derive(Clone, Copy, Debug, Default)]
struct ScoresKept {
    count: usize,
    /// The number of the next one.
    next: u64,
}

/// What of the books outlives a projection that is of no use.
struct Room {
    ledger: Ledger,
    /// See [`Books::origin`].
    origin: Option<u32>,
    lock: StateLock,
    reserve: Reserve,
}

/// What the next checkpoint will hold.
#[derive(Debug, Default)]
struct Pending {
    tickets: HashSet<TicketNumber>,
    history: Vec<(u64, u64, crate::store::Position)>,
    receipts: Vec<(String, Carried)>,
    receipts_removed: Vec<String>,
    archived: Vec<(u64, u32)>,
    archive: Option<Mark>,
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
        kept: impl FnMut(Kept) + Clone + Send + 'static,
        progress: impl FnMut(u64, u64),
    ) -> Result<(Self, Desk, BooksReport), BooksError> {
        Self::open_on(&Shelf::default(), dir, regulations, kept, progress)
    }

    /// [`Books::open`] on any shelf.
    ///
    /// # Errors
    /// As [`Books::open`].
    pub fn open_on(
        shelf: &Shelf,
        dir: &Path,
        regulations: Regulations,
        kept: impl FnMut(Kept) + Clone + Send + 'static,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(Self, Desk, BooksReport), BooksError> {
        let lock = StateLock::take(dir)?;
        make_ready(dir)?;
        let mut reserve = Reserve::of(dir, Arc::clone(&shelf.disk));
        // Where it cannot be had the loop says so, and tries again.
        let _ = reserve.take();
        let (regulations, mut versions) = versions::with_kept(dir, regulations);
        let ledger = || Ok(Ledger::open_on(dir, Arc::clone(&shelf.disk), shelf.segment_bytes)?);
        let (ledger, ledger_report) = with_room(&mut reserve, ledger)?;
        let next_seq = ledger.next_seq();
        let (archive, archive_report) = with_room(&mut reserve, || Ok(Archive::open(dir, next_seq)?))?;
        let Opened { mut tickets, mut set_aside } =
            with_room(&mut reserve, || Ok(Tickets::open(dir, SCHEMA, next_seq)?))?;
        let mut damage = ledger_report.damage;
        let mut room = Room { origin: ledger.reader().origin(), ledger, lock, reserve };
        let mut is_fresh = false;
        let (books, mut desk, found, replayed) = loop {
            let misfit = match restore(room.origin, &tickets, &archive, &regulations) {
                Ok(Restored { mut desk, deadlines, receipts, scores }) => {
                    let found = desk.tickets_total();
                    let stores = (tickets, archive.clone());
                    let mut books = Self::over(shelf, room, stores, kept.clone(), deadlines)?;
                    books.take_receipts(receipts);
                    books.scores = scores;
                    match books.replay(&mut desk, &mut damage, &mut progress) {
                        Ok(replayed) => break (books, desk, found, replayed),
                        Err(error) => {
                            (room, tickets) = books.let_go();
                            Misfit::from(error)
                        }
                    }
                }
                Err(misfit) => misfit,
            };
            let why = match misfit {
                Misfit::Unusable(why) if is_fresh => return Err(BooksError::Fresh(why)),
                Misfit::Unusable(why) => why,
                Misfit::Failed(error) => return Err(error),
            };
            Opened { tickets, set_aside } = tickets.start_anew(dir, SCHEMA, why)?;
            is_fresh = true;
        };
        remember_recent(&books.history, &mut desk);
        let lost_events = set_aside.as_ref().map_or(0, |aside| match aside.reason {
            Unusable::AheadOfLedger { position, next_seq } => position.saturating_sub(next_seq),
            _ => 0,
        });
        let set_aside =
            set_aside.map(|aside| format!("{}; it is kept as {}", aside.reason, aside.dir.display()));
        let torn_tail = ledger_report.torn_tail.map(|stretch| stretch.to_string());
        versions.missing = versions::missing(&desk);
        let report = BooksReport {
            torn_tail,
            damage,
            bad_headers: ledger_report.bad_headers,
            set_aside,
            lost_events,
            archive: archive_report,
            tickets: found,
            replayed,
            versions,
        };
        Ok((books, desk, report))
    }

    /// The books over a projection whose index has these deadlines.
    fn over(
        shelf: &Shelf,
        Room { ledger, origin, lock, reserve }: Room,
        (tickets, archive): (Tickets, Archive),
        kept: impl FnMut(Kept) + Clone + Send + 'static,
        deadlines: HashMap<TicketNumber, Timestamp>,
    ) -> Result<Self, BooksError> {
        let mut tell = kept.clone();
        tickets.when_damaged(move || tell(Kept::Damaged));
        let books = Self {
            keeper: Some(Keeper::start(shelf.keeper, tickets.clone(), kept).map_err(BooksError::Keeper)?),
            history: Arc::new(History::new(ledger.reader(), tickets.clone(), archive)),
            ledger,
            origin,
            pending: Pending::default(),
            leaving: HashMap::new(),
            receipts: HashMap::new(),
            has_undated: false,
            receipts_by_age: VecDeque::new(),
            scores: ScoresKept::default(),
            deadlines,
            tickets,
            files: Arc::clone(&shelf.disk),
            reserve,
            lock,
        };
        Ok(books)
    }

    /// What the books were opened with. A checkpoint that waits is written first.
    fn let_go(mut self) -> (Room, Tickets) {
        if let Some(keeper) = self.keeper.take() {
            keeper.close();
        }
        let room = Room { ledger: self.ledger, origin: self.origin, lock: self.lock, reserve: self.reserve };
        (room, self.tickets)
    }

    /// What reads what happened.
    pub fn history(&self) -> &Arc<History> {
        &self.history
    }

    fn take_receipts(&mut self, mut receipts: Vec<(String, Carried)>) {
        receipts.sort_by_key(|(_, carried)| carried.at);
        for (key, carried) in receipts {
            self.receipts_by_age.push_back((carried.at, key.clone()));
            self.has_undated |= carried.unsynced;
            self.receipts.insert(key, carried);
        }
    }

    /// What of the projection was found damaged while it is in use, for people; the next start makes all of it again.
    pub(super) fn tickets_damage(&self) -> Option<String> {
        self.tickets.damage()
    }

    /// Applies what the ledger has that the projection has not. A damaged stretch is copied, told and passed over: what it held is lost,
    /// what comes after it is not.
    fn replay(
        &mut self,
        desk: &mut Desk,
        damage: &mut Vec<Stretch>,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<u64, HistoryError> {
        let (from, end) = (self.tickets.position().max(1), self.ledger.next_seq());
        let mut told = from;
        for frame in self.ledger.frames_from(from) {
            let (position, frame) = match frame {
                Ok(frame) => frame,
                Err(LedgerError::Damaged(stretch)) => {
                    let is_known =
                        |known: &Stretch| (&known.file, known.from) == (&stretch.file, stretch.from);
                    if !damage.iter().any(is_known) {
                        damage.push(self.history.ledger().quarantined(stretch));
                    }
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let entry = decode(&frame)?;
            for number in entry.tickets() {
                self.recall(number, desk)?;
            }
            desk.apply(&entry);
            self.note(&[entry], &[position]);
            if frame.first_seq >= told + REPLAY_STEP {
                told = frame.first_seq;
                progress(told - from, end - from);
                // So that a long replay is not to be done again, and what it brings does not pile up in memory.
                if let Some(keeper) = &self.keeper {
                    keeper.wait();
                }
                self.kept(self.tickets.position(), desk);
                self.checkpoint(desk, desk.last_at());
            }
        }
        Ok(end - from)
    }

    /// Writes entries down, each as its frame, with one sync of the disk for all.
    ///
    /// # Errors
    /// [`LedgerError`]: none of them was kept.
    pub(super) fn append(&mut self, entries: &[Entry], frames: &[Frame]) -> Result<(), LedgerError> {
        let positions = self.ledger.append(frames)?;
        self.note(entries, &positions);
        Ok(())
    }

    /// Makes the ledger usable after a failed append.
    pub(super) fn recover(&mut self) -> Result<(), LedgerError> {
        self.ledger.recover()
    }

    /// Tries whether the disk takes writes.
    pub(super) fn probe(&self) -> std::io::Result<()> {
        let path = self.lock.dir().join("probe");
        let probe = self.files.open(&path, Access::Create)?;
        let tried = probe.write_at(&[0; PROBE_BYTES], 0).and_then(|()| probe.sync());
        self.files.remove(&path)?;
        tried
    }

    /// The room that is held back for a full disk.
    pub(super) fn reserve(&mut self) -> &mut Reserve {
        &mut self.reserve
    }

    fn note(&mut self, entries: &[Entry], positions: &[crate::store::Position]) {
        let mut recent = Vec::with_capacity(entries.len());
        for (entry, position) in entries.iter().zip(positions) {
            let tickets = entry.tickets();
            self.pending.since.get_or_insert(entry.at);
            self.pending.tickets.extend(&tickets);
            self.pending.history.extend(tickets.iter().map(|ticket| (ticket.0, entry.first_seq, *position)));
            if let Some(receipt) = &entry.receipt {
                let carried = Carried {
                    request: receipt.request.to_string(),
                    ticket: entry.about(),
                    first_seq: entry.first_seq,
                    at: entry.at,
                    unsynced: entry.unsynced,
                };
                self.has_undated |= carried.unsynced;
                // The key of a batch stands by itself, too, for whoever comes with it and another request.
                let whole = receipt.of_request().id();
                if receipt.step.is_some() && !self.receipts.contains_key(whole.as_str()) {
                    self.take_receipt(whole.to_string(), Carried { ticket: None, ..carried.clone() });
                }
                self.take_receipt(receipt.id().to_string(), carried);
            }
            if self.has_undated && !entry.unsynced {
                self.date_receipts(entry.at);
            }
            recent.push((tickets, entry.first_seq, *position));
        }
        self.history.note(&recent);
    }

    fn take_receipt(&mut self, id: String, carried: Carried) {
        self.receipts_by_age.push_back((carried.at, id.clone()));
        self.receipts.insert(id.clone(), carried.clone());
        self.pending.receipts.push((id, carried));
    }

    /// The time is known: what was carried out while it was not is no older than that. Its stamps are older than it is,
    /// and would let it be forgotten within the day.
    fn date_receipts(&mut self, at: Timestamp) {
        for (key, carried) in self.receipts.iter_mut().filter(|(_, carried)| carried.unsynced) {
            (carried.at, carried.unsynced) = (at.max(carried.at), false);
            self.pending.receipts.push((key.clone(), carried.clone()));
        }
        let mut by_age: Vec<_> =
            self.receipts.iter().map(|(key, carried)| (carried.at, key.clone())).collect();
        by_age.sort_unstable();
        self.receipts_by_age = by_age.into();
        self.has_undated = false;
    }

    /// The request that was carried out under this receipt within the last day. What the first versions wrote does not
    /// say with which token of that name.
    pub(super) fn carried(&self, receipt: &Receipt) -> Option<&Carried> {
        let of = |receipt: &Receipt| self.receipts.get(receipt.id().as_str());
        of(receipt).or_else(|| of(&receipt.of_any_token()))
    }

    /// The ticket as an entry left it.
    pub(super) fn ticket_after(&self, carried: &Carried) -> Option<Arc<Ticket>> {
        self.ticket_before(carried.ticket?, carried.first_seq + 1)
    }

    /// The ticket as it was before an entry that begins with that event, or later.
    pub(super) fn ticket_before(&self, number: TicketNumber, seq: u64) -> Option<Arc<Ticket>> {
        self.history.ticket_before(number, seq).ok()?
    }

    /// The newest ticket of a reference that is in the projection, where the desk has none of it that is open: then nobody
    /// asks for one that is closed.
    ///
    /// # Errors
    /// [`HistoryError`]: whether there is one cannot be said.
    pub(super) fn newest_of(
        &self,
        source: &str,
        key: &str,
        desk: &Desk,
    ) -> Result<Option<TicketNumber>, HistoryError> {
        if desk.of_reference(source, key).any(|ticket| ticket.stage != Stage::Closed) {
            return Ok(None);
        }
        let number = self.tickets.newest_of(source, key).map_err(HistoryError::PutAway)?;
        Ok(number.map(TicketNumber))
    }

    /// Fetches a ticket for the desk, where it is put away; true where it was.
    ///
    /// # Errors
    /// [`HistoryError`]: whether there is such a ticket cannot be said.
    pub(super) fn recall(&self, number: TicketNumber, desk: &mut Desk) -> Result<bool, HistoryError> {
        if !desk.may_be_put_away(number) {
            return Ok(false);
        }
        let ticket = self.history.put_away(number)?;
        let is_there = ticket.is_some();
        if let Some(ticket) = ticket {
            desk.recall(ticket);
        }
        Ok(is_there)
    }

    /// Puts a ticket away again that was recalled; it stays where it has changed.
    pub(super) fn put_back(&self, number: TicketNumber, desk: &mut Desk) {
        if !self.pending.tickets.contains(&number) && !self.leaving.contains_key(&number) {
            desk.put_away(number);
        }
    }

    /// A checkpoint is durable: of the tickets in it that have not changed since, those that are over are put away. Tells
    /// which. Called between turns: nothing that is decided may yet be undone.
    pub(super) fn kept(&mut self, upto_seq: u64, desk: &mut Desk) -> Vec<TicketNumber> {
        self.history.indexed(upto_seq);
        let pending = &self.pending.tickets;
        let mut away = Vec::new();
        self.leaving.retain(|number, upto| {
            let is_durable = *upto <= upto_seq;
            if is_durable && !pending.contains(number) && desk.put_away(*number) {
                away.push(*number);
            }
            !is_durable
        });
        away
    }

    fn forget_old_receipts(&mut self, now: Timestamp) {
        while let Some((at, key)) = self.receipts_by_age.front() {
            // One whose time is not known yet has no age.
            let is_undated = self.receipts.get(key).is_some_and(|carried| carried.unsynced);
            if is_undated || now.ms_since(*at) < RECEIPT_MS {
                return;
            }
            self.receipts.remove(key);
            self.pending.receipts_removed.push(key.clone());
            self.receipts_by_age.pop_front();
        }
    }

    /// Closed tickets are in the archive: the next checkpoint takes them out of the projection.
    pub(super) fn archived(&mut self, archived: Archived, now: Timestamp) {
        self.pending.archived.extend(archived.tickets);
        self.pending.archive = Some(archived.mark);
        self.pending.since.get_or_insert(now);
    }

    /// How many tickets the next checkpoint will hold, or take out.
    pub(super) fn dirty(&self) -> usize {
        self.pending.tickets.len() + self.pending.archived.len()
    }

    /// Since when something waits for a checkpoint.
    pub(super) fn dirty_since(&self) -> Option<Timestamp> {
        self.pending.since
    }

    /// Hands what changed to the keeper; returns at once. The desk holds what is not over as bytes from here on; tells
    /// which tickets, and as what. Called between turns, as [`Books::kept`].
    pub(super) fn checkpoint(&mut self, desk: &mut Desk, now: Timestamp) -> Vec<(TicketNumber, Held)> {
        if self.pending.since.is_none() {
            return Vec::new();
        }
        self.forget_old_receipts(now);
        self.origin = self.origin.or_else(|| self.ledger.reader().origin());
        let pending = std::mem::take(&mut self.pending);
        let upto_seq = desk.next_seq();
        let (mut tickets, mut closed, mut deadlines) = (Vec::new(), Vec::new(), Vec::new());
        let (mut calm, mut references) = (Vec::new(), Vec::new());
        // In order, as the projection wants its keys.
        let mut numbers: Vec<_> = pending.tickets.into_iter().collect();
        numbers.sort_unstable();
        for number in numbers {
            let Some(ticket) = desk.ticket(number) else { continue };
            deadlines.extend(self.index_deadline(&ticket));
            if let Some(reference) = &ticket.facts.reference {
                references.push((reference.source.to_string(), reference.key.to_string(), number.0));
            }
            if ticket.is_over() {
                self.leaving.insert(number, upto_seq);
                closed.push((number.0, pack(&ticket)));
                continue;
            }
            self.leaving.remove(&number);
            desk.pack(number);
            match desk.held(number) {
                Some(held @ Held::Packed(packed)) => {
                    tickets.push((number.0, packed.as_bytes().to_vec()));
                    calm.push((number, held.clone()));
                }
                Some(Held::Whole(_)) | None => tickets.push((number.0, pack(&ticket))),
            }
        }
        let (scores, tally) = self.keep_scores(desk);
        let checkpoint = Checkpoint {
            upto_seq,
            tickets,
            closed,
            scores,
            tally,
            references,
            history: pending.history,
            receipts: pending
                .receipts
                .into_iter()
                .map(|(key, carried)| (key.into_bytes(), to_json(&carried)))
                .collect(),
            receipts_removed: pending.receipts_removed.into_iter().map(String::into_bytes).collect(),
            archived: pending.archived,
            archive: pending.archive,
            origin: self.origin,
            desk: to_json(desk.rest()),
            deadlines,
        };
        if let Some(keeper) = &self.keeper {
            keeper.submit(checkpoint);
        }
        calm
    }

    /// What a checkpoint keeps of the months' figures: what was added, or now and then all of it. A month that ended leaves.
    fn keep_scores(&mut self, desk: &mut Desk) -> (Vec<NumberedScore>, Option<Vec<u8>>) {
        let scores = desk.take_scores();
        let has_ended = scores.iter().any(|score| matches!(score, Score::MonthClosed { .. }));
        if has_ended || self.scores.count + scores.len() > SCORES_MAX {
            self.scores.count = 0;
            return (Vec::new(), Some(to_json(desk.tally())));
        }
        let first = self.scores.next;
        self.scores.count += scores.len();
        self.scores.next += scores.len() as u64;
        ((first..).zip(scores.iter().map(to_json)).collect(), None)
    }

    /// What changes in the projection's index of deadlines for a ticket.
    fn index_deadline(&mut self, ticket: &Ticket) -> impl Iterator<Item = DeadlineChange> + use<> {
        let next = ticket.next_timer();
        let old = match next {
            Some(next) => self.deadlines.insert(ticket.number, next),
            None => self.deadlines.remove(&ticket.number),
        };
        let (is_other, ticket) = (old != next, ticket.number.0);
        let remove = old.map(|at| DeadlineChange::Remove { at_ms: at.millis(), ticket });
        let put = next.map(|at| DeadlineChange::Put { at_ms: at.millis(), ticket });
        remove.into_iter().chain(put).filter(move |_| is_other)
    }

    /// The last checkpoint, waited for.
    pub(super) fn close(mut self, desk: &mut Desk, now: Timestamp) {
        self.checkpoint(desk, now);
        if let Some(keeper) = self.keeper.take() {
            keeper.close();
        }
    }
}

/// Opens a part of the books; where the disk is full, with the room of the reserve.
fn with_room<T>(
    reserve: &mut Reserve,
    mut open: impl FnMut() -> Result<T, BooksError>,
) -> Result<T, BooksError> {
    match open() {
        Err(error) if is_full(&error) && reserve.is_held() => {
            log::error!("the disk is full; its reserve is given to opening the books: {}", chain(&error));
            if let Err(error) = reserve.release() {
                log::error!("the reserve cannot be given back: {error}");
            }
            open()
        }
        opened => opened,
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

/// What the projection has.
struct Restored {
    /// The desk, without the tickets that are over.
    desk: Desk,
    /// When each ticket's next timer goes off.
    deadlines: HashMap<TicketNumber, Timestamp>,
    receipts: Vec<(String, Carried)>,
    scores: ScoresKept,
}

/// Why the desk was not brought back over a projection.
enum Misfit {
    /// The projection is of no use: from the ledger all of it can be made again.
    Unusable(Unusable),
    /// The disk, or the ledger.
    Failed(BooksError),
}

impl From<TicketsError> for Misfit {
    fn from(error: TicketsError) -> Self {
        match error {
            TicketsError::Damaged { what: why, .. } | TicketsError::Closed { reason: why, .. } => {
                Self::Unusable(Unusable::Damaged(why))
            }
            error => Self::Failed(error.into()),
        }
    }
}

impl From<HistoryError> for Misfit {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::PutAway(source) | HistoryError::Index { source, .. } => source.into(),
            // From the ledger they can be read.
            HistoryError::Archive { .. } | HistoryError::Story { .. } => {
                Self::Unusable(Unusable::NotUnderstood)
            }
            error @ (HistoryError::Archives(_)
            | HistoryError::Ledger(_)
            | HistoryError::Lost { .. }
            | HistoryError::Entry { .. }) => Self::Failed(error.into()),
        }
    }
}

/// The desk remembers the subjects of recent tickets that are put away. Those that cannot be read are not suggested, and a
/// list tells what is wrong with them.
fn remember_recent(history: &History, desk: &mut Desk) {
    let limit = usize::try_from(RECENT_MAX).unwrap_or(usize::MAX);
    match history.closed_below(desk.next_ticket(), limit) {
        Ok(closed) => {
            let tickets = closed.into_iter().filter_map(|(_, bytes)| unpack(&bytes?));
            tickets.for_each(|ticket| desk.remember_subject(&ticket));
        }
        Err(error) => log::warn!("recent tickets are not suggested: {}", crate::chain::chain(&error)),
    }
}

/// Reads the desk from the projection; a projection of no event has an empty one. `origin` is that of the ledger.
fn restore(
    origin: Option<u32>,
    tickets: &Tickets,
    archive: &Archive,
    regulations: &Regulations,
) -> Result<Restored, Misfit> {
    let not_understood = || Misfit::Unusable(Unusable::NotUnderstood);
    if let (Some(made_from), Some(this)) = (tickets.origin()?, origin)
        && made_from != this
    {
        return Err(Misfit::Unusable(Unusable::OtherLedger));
    }
    if tickets.archive_mark()?.is_some_and(|mark| !archive.still_has(mark)) {
        return Err(Misfit::Unusable(Unusable::ArchiveLost));
    }
    let mut deadlines = HashMap::new();
    let Some(rest) = tickets.desk()? else {
        if tickets.position() > 0 {
            return Err(not_understood());
        }
        let mut desk = Desk::new(regulations.clone());
        desk.collect_scores();
        return Ok(Restored { desk, deadlines, receipts: Vec::new(), scores: ScoresKept::default() });
    };
    let rest = serde_json::from_slice(&rest).map_err(|_| not_understood())?;
    tickets.each_deadline(|at_ms, ticket| {
        deadlines.insert(TicketNumber(ticket), Timestamp::from_millis(at_ms));
    })?;
    let mut desk = Desk::restore(regulations.clone(), rest, std::iter::empty());
    let (mut whole, mut timed) = (true, 0);
    tickets.each_ticket(|_, bytes| match unpack(bytes) {
        Some(ticket) => {
            // The index of deadlines was written with the tickets: where the two disagree, neither is to be believed.
            let next = ticket.next_timer();
            timed += usize::from(next.is_some());
            whole &= deadlines.get(&ticket.number).copied() == next;
            desk.take_in(ticket);
        }
        None => whole = false,
    })?;
    if !whole || timed != deadlines.len() {
        return Err(not_understood());
    }
    let mut receipts: Vec<(String, Carried)> = Vec::new();
    tickets.each_receipt(|key, value| {
        if let (Ok(key), Ok(carried)) = (std::str::from_utf8(key), serde_json::from_slice(value)) {
            receipts.push((key.to_owned(), carried));
        }
    })?;
    let scores = restore_tally(tickets, &mut desk)?;
    Ok(Restored { desk, deadlines, receipts, scores })
}

/// The figures of the months that are not closed: the tally as it was kept, and what was added since.
fn restore_tally(tickets: &Tickets, desk: &mut Desk) -> Result<ScoresKept, Misfit> {
    let not_understood = || Misfit::Unusable(Unusable::NotUnderstood);
    let tally = match tickets.tally()? {
        Some(tally) => serde_json::from_slice(&tally).map_err(|_| not_understood())?,
        None => Tally::default(),
    };
    let (mut kept, mut scores, mut whole) = (ScoresKept::default(), Vec::new(), true);
    tickets.each_score(|number, value| match serde_json::from_slice(value) {
        Ok(score) => {
            scores.push(score);
            kept = ScoresKept { count: scores.len(), next: number + 1 };
        }
        Err(_) => whole = false,
    })?;
    if !whole {
        return Err(not_understood());
    }
    desk.restore_tally(tally, scores);
    desk.collect_scores();
    Ok(kept)
}
