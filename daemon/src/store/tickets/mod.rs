//! Tickets: the desk as it stands, in sled, so that a start need not replay everything.
//!
//! This is a projection. All of it can be made again from the [`ledger`](crate::store::ledger), so nothing here is ever
//! the only copy, and a database that is of no use is set aside rather than mended. This is the only module that names
//! sled.
//!
//! The desk hands over a [`Checkpoint`] now and then: what changed, as whole values, and the event up to which it
//! stands. A checkpoint is all or nothing, which matters: a ticket that has seen an event may not see it again at
//! replay. sled alone does not promise that over a power cut, so each checkpoint is first written to a redo file beside
//! the database and synced, then applied, flushed, and synced through a second descriptor of the database's file, for
//! sled's flush is no fsync. At open a whole redo file is applied once more. That converges, for each change puts or
//! removes a whole record.
//!
//! sled's background flusher is off: an idle desk writes nothing. sled's errors and panics become errors of ours, and
//! since its errors are sticky, the database is closed and opened again after each.
//!
//! What is found damaged later is left as it is and marked: the next open makes the whole database again (`damage.rs`).
//!
//! Left to others: what the values mean, when to make a checkpoint, and the replay.

mod checkpoint;
mod compact;
mod damage;
mod error;
mod open;
mod record;
mod redo;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use checkpoint::{Change, history_entries, put, with_history};
pub use checkpoint::{Checkpoint, DeadlineChange};
pub use compact::{Compacted, Limits};
use damage::{Damage, is_damage, tells_of_the_system};
pub use error::TicketsError;
use open::{Database, Refused, guarded};
pub use open::{KEPT_ASIDE, Opened, SetAside, Unusable};
use record::{Kind, be_u64, continuation_key, continuations, deadline_of, may_be_long, unseal};

use crate::store::Position;
use crate::store::archive::Mark;

/// The projection, open; clones are the same one, for any thread.
#[derive(Clone, Debug)]
pub struct Tickets(Arc<Inner>);

/// A closed ticket's number and value, or no value where the record is not as it was written.
pub type ClosedTicket = (u64, Option<Vec<u8>>);

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    schema: u32,
    /// Held while a checkpoint is written, and while the database is compacted.
    checkpoints: Mutex<()>,
    /// A compaction failed or gained little; it is not tried again below this size, in bytes.
    no_compaction_below: AtomicU64,
    damage: Damage,
    state: RwLock<State>,
}

#[derive(Debug)]
enum State {
    Open(Database),
    /// It failed and could not be opened again.
    Closed {
        position: u64,
        reason: String,
    },
}

impl Tickets {
    fn new(dir: PathBuf, schema: u32, database: Database) -> Self {
        let (checkpoints, state) = (Mutex::new(()), RwLock::new(State::Open(database)));
        let no_compaction_below = AtomicU64::new(0);
        Self(Arc::new(Inner {
            dir,
            schema,
            checkpoints,
            no_compaction_below,
            damage: Damage::default(),
            state,
        }))
    }

    /// The events before this number are in; 0 for a fresh projection.
    pub fn position(&self) -> u64 {
        match &*self.state() {
            State::Open(database) => database.position(),
            State::Closed { position, .. } => *position,
        }
    }

    /// Makes `checkpoint` durable, all of it or nothing. Readers go on meanwhile, and may see some of it.
    ///
    /// After an error the projection stands where it stood, or, if only the last step failed, at the checkpoint: see
    /// [`position`](Self::position). The same checkpoint, or one merged with later ones, may be tried again.
    pub fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), TicketsError> {
        let _one_at_a_time = self.0.checkpoints.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = matches!(&*self.state(), State::Closed { .. });
        if closed {
            self.reopen();
        }
        let written = match &*self.state() {
            State::Open(database) => self.write(database, checkpoint),
            State::Closed { reason, .. } => Err(self.closed(reason)),
        };
        if matches!(written, Err(TicketsError::Checkpoint { .. })) {
            self.reopen();
        }
        written
    }

    fn write(&self, database: &Database, checkpoint: &Checkpoint) -> Result<(), TicketsError> {
        let (upto_seq, position) = (checkpoint.upto_seq, database.position());
        if upto_seq < position {
            return Err(TicketsError::Backwards { upto_seq, position });
        }
        let dir = || self.0.dir.clone();
        let changes = guarded(|| {
            // Before what is put: a ticket whose entries are indexed anew keeps these.
            let mut changes = removals(&database.db, checkpoint)?;
            changes.extend(checkpoint.changes());
            changes.extend(self.histories(&database.db, &checkpoint.history)?);
            changes.extend(references(&database.db, &checkpoint.references)?);
            as_needed(database, changes)
        });
        let changes = changes.map_err(|source| self.not_read(source))?;
        let redo = guarded(|| database.prepare(upto_seq, changes))
            .map_err(|source| TicketsError::Prepare { dir: dir(), source })?;
        guarded(|| database.carry_out(redo)).map_err(|source| {
            if is_damage(&source) {
                self.is_damaged(&source.to_string());
            }
            TicketsError::Checkpoint { dir: dir(), source }
        })
    }

    /// Calls `each` with the number and the value of every ticket that is not closed, in order of their numbers.
    pub fn each_ticket(&self, mut each: impl FnMut(u64, &[u8])) -> Result<(), TicketsError> {
        self.scan(&Kind::Ticket.key(&[]), |key, value| {
            each(be_u64(key, 1)?, value);
            Some(())
        })
    }

    /// The value of ticket `number`, closed or not.
    pub fn ticket(&self, number: u64) -> Result<Option<Vec<u8>>, TicketsError> {
        let key = |kind: Kind| kind.key(&[&number.to_be_bytes()]);
        // In this order: a checkpoint that closes a ticket puts it there before it takes it away here.
        match self.value(&key(Kind::Ticket))? {
            Some(value) => Ok(Some(value)),
            None => self.value(&key(Kind::Closed)),
        }
    }

    /// Closed tickets with numbers in `numbers`, the newest first, at most `limit`: number and value, or no value where
    /// the record is not as it was written.
    pub fn newest_closed(
        &self,
        numbers: Range<u64>,
        limit: usize,
    ) -> Result<Vec<ClosedTicket>, TicketsError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let key = |number: u64| Kind::Closed.key(&[&number.to_be_bytes()]);
        let found = self.read(|db| {
            let mut found: Vec<ClosedTicket> = Vec::new();
            for item in db.range(key(numbers.start)..key(numbers.end)).rev().take(limit) {
                let (key, record) = item?;
                touch(db, &key)?;
                let number = be_u64(&key, 1).ok_or_else(|| io::Error::other("a key is no ticket's"))?;
                found.push((number, whole(db, &key, &record)?));
            }
            Ok(Ok(found))
        })?;
        if let Some((number, _)) = found.iter().find(|(_, value)| value.is_none()) {
            self.is_damaged(&record_at(&key(*number)));
        }
        Ok(found)
    }

    /// Calls `each` with every deadline, an instant in UTC milliseconds and a ticket, the earliest first.
    pub fn each_deadline(&self, mut each: impl FnMut(i64, u64)) -> Result<(), TicketsError> {
        self.scan(&Kind::Deadline.key(&[]), |key, _| {
            deadline_of(key).map(|(at_ms, ticket)| each(at_ms, ticket))
        })
    }

    /// The entries that are about ticket `number`, in order: the first event of each, and where it is in the ledger.
    pub fn history(&self, number: u64) -> Result<Vec<(u64, Position)>, TicketsError> {
        let history = self.value(&history_key(number))?.unwrap_or_default();
        Ok(history_entries(&history).collect())
    }

    /// The newest ticket that `source` knows by `key`.
    pub fn newest_of(&self, source: &str, key: &str) -> Result<Option<u64>, TicketsError> {
        let number = self.value(&reference_key(source, key))?;
        Ok(number.and_then(|number| be_u64(&number, 0)))
    }

    /// The receipt at `key`.
    pub fn receipt(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TicketsError> {
        self.value(&Kind::Receipt.key(&[key]))
    }

    /// Calls `each` with every receipt, in order of their keys.
    pub fn each_receipt(&self, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), TicketsError> {
        self.scan(&Kind::Receipt.key(&[]), |key, value| {
            each(&key[1..], value);
            Some(())
        })
    }

    /// Everything of the desk that is not a ticket; `None` before the first checkpoint.
    pub fn desk(&self) -> Result<Option<Vec<u8>>, TicketsError> {
        self.value(&Kind::Desk.key(&[]))
    }

    /// The tally as it was kept last; `None` before the first.
    pub fn tally(&self) -> Result<Option<Vec<u8>>, TicketsError> {
        self.value(&Kind::Tally.key(&[]))
    }

    /// Calls `each` with the number and the value of every score that came on top of the tally, in order.
    pub fn each_score(&self, mut each: impl FnMut(u64, &[u8])) -> Result<(), TicketsError> {
        self.scan(&Kind::Score.key(&[]), |key, value| {
            each(be_u64(key, 1)?, value);
            Some(())
        })
    }

    /// How much the archive held when tickets last left for it; `None` when none ever did.
    pub fn archive_mark(&self) -> Result<Option<Mark>, TicketsError> {
        let mark = self.value(&Kind::Archive.key(&[]))?;
        Ok(mark.and_then(|mark| mark.try_into().ok()).map(Mark::from_bytes))
    }

    /// Whose projection it is, as [`Checkpoint::origin`] said last; `None` before the first checkpoint.
    pub fn origin(&self) -> Result<Option<u32>, TicketsError> {
        let origin = self.value(&Kind::Origin.key(&[]))?;
        Ok(origin.and_then(|origin| origin.try_into().ok()).map(u32::from_be_bytes))
    }

    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TicketsError> {
        self.read(|db| {
            let Some(record) = db.get(key)? else { return Ok(Ok(None)) };
            Ok(whole(db, key, &record)?.map(Some).ok_or_else(|| key.to_vec()))
        })
    }

    /// Calls `each` with the key and the value of every record whose key starts with `prefix`; `None` from it says that
    /// the record is not one of ours.
    fn scan(
        &self,
        prefix: &[u8],
        mut each: impl FnMut(&[u8], &[u8]) -> Option<()>,
    ) -> Result<(), TicketsError> {
        self.read(|db| {
            for item in db.scan_prefix(prefix) {
                let (key, record) = item?;
                touch(db, &key)?;
                let value = whole(db, &key, &record)?;
                if value.and_then(|value| each(&key, &value)).is_none() {
                    return Ok(Err(key.to_vec()));
                }
            }
            Ok(Ok(()))
        })
    }

    /// Lets `look` read the database; the inner error is the key of a damaged record.
    fn read<T>(
        &self,
        look: impl FnOnce(&sled::Db) -> io::Result<Result<T, Vec<u8>>>,
    ) -> Result<T, TicketsError> {
        let found = match &*self.state() {
            State::Open(database) => guarded(|| look(&database.db)),
            State::Closed { reason, .. } => return Err(self.closed(reason)),
        };
        found.map_err(|source| self.not_read(source))?.map_err(|key| {
            let what = record_at(&key);
            self.is_damaged(&what);
            TicketsError::Damaged { dir: self.0.dir.clone(), what }
        })
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the database and opens it again, which also ends a checkpoint that was cut short.
    fn reopen(&self) {
        let position = self.position();
        let mut state = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
        let reason = String::from("being opened again");
        let failed = std::mem::replace(&mut *state, State::Closed { position, reason });
        // The database writes when it is dropped, and may panic then; what it cannot write the redo file has.
        let _ = guarded(|| {
            drop(failed);
            Ok(())
        });
        *state = match Database::open(&self.0.dir, self.0.schema, u64::MAX) {
            Ok(database) => State::Open(database),
            Err(Refused::System(error)) => State::Closed { position, reason: error.to_string() },
            Err(Refused::Unusable(reason)) => {
                let reason = reason.to_string();
                if !tells_of_the_system(&reason) {
                    self.is_damaged(&reason);
                }
                State::Closed { position, reason }
            }
        };
    }

    /// The histories that these entries make longer. There is one record for a ticket: one for an entry made a database of
    /// four times as many pages, each of which costs memory as long as the database is open.
    fn histories(&self, db: &sled::Db, entries: &[(u64, u64, Position)]) -> io::Result<Vec<Change>> {
        let mut by_ticket: BTreeMap<u64, Vec<(u64, Position)>> = BTreeMap::new();
        for (ticket, first_seq, at) in entries {
            by_ticket.entry(*ticket).or_default().push((*first_seq, *at));
        }
        let mut changes = Vec::new();
        for (ticket, more) in by_ticket {
            let key = history_key(ticket);
            let known = match db.get(&key)? {
                Some(record) => whole(db, &key, &record)?,
                None => Some(Vec::new()),
            };
            match known {
                Some(known) => changes.extend(put(key, &with_history(known, &more))),
                // It stays as it is, so that whoever reads it is told.
                None => self.is_damaged(&record_at(&key)),
            }
        }
        Ok(changes)
    }

    fn closed(&self, reason: &str) -> TicketsError {
        let dir = self.0.dir.clone();
        match self.damage() {
            Some(what) => TicketsError::Damaged { dir, what },
            None => TicketsError::Closed { dir, reason: reason.to_owned() },
        }
    }
}

fn history_key(ticket: u64) -> Vec<u8> {
    Kind::History.key(&[&ticket.to_be_bytes()])
}

/// A source has no zero byte.
fn reference_key(source: &str, key: &str) -> Vec<u8> {
    Kind::Reference.key(&[source.as_bytes(), &[0], key.as_bytes()])
}

/// The references whose newest ticket is another one now. A record that is not as it was written is put right: what it
/// said is older.
fn references(db: &sled::Db, references: &[(String, String, u64)]) -> io::Result<Vec<Change>> {
    let mut newest: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for (source, key, number) in references {
        let known = newest.entry(reference_key(source, key)).or_default();
        *known = (*known).max(*number);
    }
    let mut changes = Vec::new();
    for (key, number) in newest {
        let known = match db.get(&key)? {
            Some(record) => whole(db, &key, &record)?.and_then(|value| be_u64(&value, 0)),
            None => None,
        };
        if known < Some(number) {
            changes.extend(put(key, &number.to_be_bytes()));
        }
    }
    Ok(changes)
}

/// Looks at a record that a scan has just read, so that the database lets go of the pages behind it.
///
/// It looks for pages to give back only after 64 accesses in each of its 256 shards, and a scan accesses a page once: a
/// hundred megabytes of pages stayed in memory whatever the cache's capacity was. So there is one access for each record.
fn touch(db: &sled::Db, key: &[u8]) -> io::Result<()> {
    Ok(db.get(key).map(drop)?)
}

/// The value of `record` at `key` with its continuations; `None` when it is not as it was written.
fn whole(db: &sled::Db, key: &[u8], record: &[u8]) -> io::Result<Option<Vec<u8>>> {
    unseal(key, record, |key| Ok(db.get(key)?.map(|record| record.to_vec())))
}

/// The removal of tickets that the archive has as they are here, and of the index of their entries.
fn removals(db: &sled::Db, checkpoint: &Checkpoint) -> io::Result<Vec<Change>> {
    let mut changes = Vec::new();
    for (number, archived) in checkpoint.leaving() {
        let number = number.to_be_bytes();
        let key = Kind::Closed.key(&[&number]);
        let Some(record) = db.get(&key)? else { continue };
        let value = whole(db, &key, &record)?;
        if value.is_some_and(|value| crc32c::crc32c(&value) == archived) {
            changes.extend([(key, None), (Kind::History.key(&[&number]), None)]);
        }
    }
    if checkpoint.tally.is_some() {
        for item in db.scan_prefix(Kind::Score.key(&[])) {
            changes.push((item?.0.to_vec(), None));
        }
    }
    Ok(changes)
}

/// What of `changes` is to be written: the later of two at one key, nothing that is there as it is, and the removal of
/// continuations that a value had and has no more. Each key is looked up once. How much the database then holds and the
/// position come last.
fn as_needed(database: &Database, changes: Vec<Change>) -> io::Result<Vec<Change>> {
    let db = &database.db;
    let mut latest: BTreeMap<Vec<u8>, Option<Vec<u8>>> = changes.into_iter().collect();
    let position = latest.remove_entry(Kind::Position.key(&[]).as_slice());
    let (mut needed, mut surplus) = (Vec::with_capacity(latest.len()), Vec::new());
    let mut live_bytes = database.live_bytes()?;
    let mut write = |key: Vec<u8>, record: Option<Vec<u8>>, old: Option<&[u8]>| {
        let bytes = |record: Option<&[u8]>| record.map_or(0, |record| (key.len() + record.len()) as u64);
        if old != record.as_deref() {
            live_bytes = (live_bytes + bytes(record.as_deref())).saturating_sub(bytes(old));
            needed.push((key, record));
        }
    };
    for (key, record) in latest {
        let old = db.get(&key)?;
        if may_be_long(&key) {
            let parts = |record: Option<&[u8]>| record.and_then(continuations).unwrap_or(0);
            let (has, had) = (parts(record.as_deref()), parts(old.as_deref()));
            surplus.extend((has + 1..=had).map(|part| continuation_key(&key, part)));
        }
        write(key, record, old.as_deref());
    }
    for key in surplus {
        let old = db.get(&key)?;
        write(key, None, old.as_deref());
    }
    needed.extend(put(Kind::Size.key(&[]), &live_bytes.to_be_bytes()));
    needed.extend(position);
    Ok(needed)
}

/// A record for a person, by its key: its kind and then hexadecimal digits.
fn record_at(key: &[u8]) -> String {
    let kind = key.iter().take(1).map(|kind| char::from(kind & 0x7f).to_string());
    let key: String = kind.chain(key.iter().skip(1).map(|byte| format!("{byte:02x}"))).collect();
    format!("record {key} is not as it was written")
}
