//! Opening the projection: whole, or set aside and started anew. It never stops the desk for what the ledger can mend.

use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::checkpoint::{Change, put, put_position};
use super::compact::clear_away;
use super::damage::marked;
use super::record::{Kind, be_u64, unseal};
use super::redo::Redo;
use super::{Tickets, TicketsError};
use crate::store::whole::sync_dir;

/// How many databases that were set aside are kept, as `sled.bad-N`; the oldest go first.
pub const KEPT_ASIDE: usize = 2;

/// How much of the database is kept in memory, in bytes. It is divided among 256 shards, and a page is counted as the next
/// power of two: with half of this a leaf of 16 tickets does not fit into its shard, and is read again as it is written.
const CACHE_BYTES: u64 = 4 << 20;

/// The size of the database's own segments, in bytes, fixed when it is made: with shorter ones power cuts broke it.
const SEGMENT_BYTES: usize = 4 << 20;

/// Changes are handed to the database in lots of about so many bytes, so that readers wait for no more than one.
const LOT_BYTES: usize = 1 << 20;

/// … or of so many changes: what a change replaces stays in memory until its lot is in, and that is a page each time.
const LOT_CHANGES: usize = 256;

/// How often, and how long each time, an earlier handle's lock is waited for: five seconds in all.
const RELEASE_TRIES: u32 = 250;
const RELEASE_WAIT: Duration = Duration::from_millis(20);

/// In the sentinel, in front of the schema.
const SENTINEL: &[u8] = b"andon tickets";

/// The projection, and what opening it found.
#[derive(Debug)]
pub struct Opened {
    /// The projection. Its position says from which event on the ledger is to be replayed over it.
    pub tickets: Tickets,
    /// The database that was there and is of no use: why, and where it is now.
    pub set_aside: Option<SetAside>,
}

/// A database that was moved out of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Why it is of no use.
    pub reason: Unusable,
    /// Where it is now.
    pub dir: PathBuf,
}

/// Why a database is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// It does not open.
    #[error("it does not open: {0}")]
    DoesNotOpen(String),
    /// It opens, but what every one of ours holds is not in it.
    #[error("it is empty, or not ours")]
    Empty,
    /// What it holds is not as it was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Its records are whole, but their contents do not fit together or cannot be read.
    #[error("its tickets cannot be read or do not fit together")]
    NotUnderstood,
    /// Tickets left it for an archive that has not all of them any more.
    #[error("the archive has lost tickets that it lacks")]
    ArchiveLost,
    /// It was made from another ledger.
    #[error("it belongs to another desk's ledger")]
    OtherLedger,
    /// It was written by another version of Andon Desk.
    #[error("it has schema {found}, this version uses {expected}")]
    OtherSchema {
        /// The schema that it has.
        found: u32,
        /// The schema that was asked for.
        expected: u32,
    },
    /// It stands for events that the ledger does not have.
    #[error("it stands for the events before {position}, but the ledger ends before {next_seq}")]
    AheadOfLedger {
        /// The events for which it stands.
        position: u64,
        /// The next event of the ledger.
        next_seq: u64,
    },
    /// The checkpoint that was being written does not belong to it.
    #[error("it stands for the events before {position}, but the last checkpoint led from {from} to {upto}")]
    Disagrees {
        /// The events for which it stands.
        position: u64,
        /// Where the checkpoint starts.
        from: u64,
        /// Where the checkpoint ends.
        upto: u64,
    },
    /// It holds values in files that are never synced.
    #[error("it holds values in its blobs directory")]
    Blobs,
}

/// The database with the descriptors that make it durable.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) db: sled::Db,
    /// A second descriptor of the database's file: its own flush is no fsync.
    file: File,
    pub(super) redo: File,
    position: AtomicU64,
}

/// Why a database was not opened.
pub(super) enum Refused {
    /// It is of no use.
    Unusable(Unusable),
    /// It may be whole, but the system does not let us at it.
    System(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let locked = error.to_string().contains("could not acquire lock");
        match error.kind() {
            PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull => Self::System(error),
            _ if locked => Self::System(error),
            _ => Self::Unusable(Unusable::DoesNotOpen(error.to_string())),
        }
    }
}

impl Tickets {
    /// Opens the projection of the state directory `state`, or starts one.
    ///
    /// `schema` is the version of what the caller keeps in it, `next_seq` the ledger's next event. A database that does
    /// not open, was found damaged, is empty, has another schema or disagrees with the ledger is renamed to `sled.bad-N`, and a fresh one
    /// is started at position 0. The caller holds the directory's [`StateLock`](crate::store::StateLock).
    pub fn open(state: &Path, schema: u32, next_seq: u64) -> Result<Opened, TicketsError> {
        let dir = state.join("sled");
        let fail = |source| TicketsError::Open { dir: dir.clone(), source };
        clear_away(state).map_err(fail)?;
        let was_there = dir.try_exists().map_err(fail)?;
        if was_there {
            let is_good = not_marked(&dir);
            match is_good.and_then(|()| Database::open(&dir, schema, next_seq)) {
                Ok(database) => {
                    return Ok(Opened { tickets: Self::new(dir, schema, database), set_aside: None });
                }
                Err(Refused::System(source)) => return Err(TicketsError::Open { dir, source }),
                Err(Refused::Unusable(reason)) => {
                    let moved = set_aside(state, &dir);
                    let moved =
                        moved.map_err(|source| TicketsError::SetAside { dir: dir.clone(), source })?;
                    let tickets = Self::fresh(state, dir, schema)?;
                    return Ok(Opened { tickets, set_aside: Some(SetAside { reason, dir: moved }) });
                }
            }
        }
        Ok(Opened { tickets: Self::fresh(state, dir, schema)?, set_aside: None })
    }

    /// Sets this database aside, for the `reason` that the caller has, and starts a fresh one at position 0.
    ///
    /// Nobody else may hold a handle of it.
    pub fn start_anew(self, state: &Path, schema: u32, reason: Unusable) -> Result<Opened, TicketsError> {
        drop(self);
        let dir = state.join("sled");
        let moved =
            set_aside(state, &dir).map_err(|source| TicketsError::SetAside { dir: dir.clone(), source })?;
        let tickets = Self::fresh(state, dir, schema)?;
        Ok(Opened { tickets, set_aside: Some(SetAside { reason, dir: moved }) })
    }

    fn fresh(state: &Path, dir: PathBuf, schema: u32) -> Result<Self, TicketsError> {
        match guarded(|| Database::create(state, &dir, schema)) {
            Ok(database) => Ok(Self::new(dir, schema, database)),
            Err(source) => Err(TicketsError::Open { dir, source }),
        }
    }
}

/// Refuses a database that was found damaged while it was in use.
fn not_marked(dir: &Path) -> Result<(), Refused> {
    marked(dir)?.map_or(Ok(()), |reason| Err(Refused::Unusable(Unusable::Damaged(reason))))
}

/// Opens the database as soon as an earlier handle of this process has let go of its lock: its own threads may hold it a
/// moment longer than the handle lived. No other process can have it, since the caller holds the directory's
/// [`StateLock`](crate::store::StateLock).
fn open_once_released(config: &sled::Config) -> io::Result<sled::Db> {
    for _ in 0..RELEASE_TRIES {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
                thread::sleep(RELEASE_WAIT);
            }
            opened => return Ok(opened?),
        }
    }
    Ok(config.open()?)
}

impl Database {
    /// Opens the database in `dir` and ends the checkpoint that was being written to it.
    pub(super) fn open(dir: &Path, schema: u32, next_seq: u64) -> Result<Self, Refused> {
        remove_torn_snapshots(dir)?;
        if fs::read_dir(dir.join("blobs")).is_ok_and(|mut blobs| blobs.next().is_some()) {
            return Err(Refused::Unusable(Unusable::Blobs));
        }
        let database = guarded(|| Self::open_files(dir))?;
        guarded(|| Ok(database.check(dir, schema, next_seq)))??;
        Ok(database)
    }

    fn create(state: &Path, dir: &Path, schema: u32) -> io::Result<Self> {
        let database = Self::open_files(dir)?;
        let sentinel = put(Kind::Sentinel.key(&[]), &[SENTINEL, &schema.to_be_bytes()].concat());
        let empty = put(Kind::Size.key(&[]), &0_u64.to_be_bytes());
        database.apply(sentinel.chain(empty).chain(put_position(0)))?;
        database.sync()?;
        sync_dir(dir)?;
        sync_dir(state)?;
        Ok(database)
    }

    /// Opens or makes the files of a database.
    pub(super) fn open_files(dir: &Path) -> io::Result<Self> {
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).segment_size(SEGMENT_BYTES);
        let db = open_once_released(&config.flush_every_ms(None))?;
        let file = File::open(dir.join("db"))?;
        let redo = Redo::open(&dir.join("redo"))?;
        Ok(Self { db, file, redo, position: AtomicU64::new(0) })
    }

    fn check(&self, dir: &Path, schema: u32, next_seq: u64) -> Result<(), Refused> {
        let unusable = |reason| Err(Refused::Unusable(reason));
        let sentinel = self.value(&Kind::Sentinel.key(&[]))?;
        let Some(found) = sentinel.as_deref().and_then(|value| value.strip_prefix(SENTINEL)) else {
            return unusable(Unusable::Empty);
        };
        let found = found.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        if found != schema {
            return unusable(Unusable::OtherSchema { found, expected: schema });
        }
        let Some(position) = self.take_position()? else { return unusable(Unusable::Empty) };
        if let Some(redo) = Redo::read(&dir.join("redo"))? {
            let (from, upto) = (redo.from, redo.upto);
            if position != from && position != upto {
                return unusable(Unusable::Disagrees { position, from, upto });
            }
            self.carry_out(redo)?;
        }
        let position = self.position();
        if position > next_seq {
            return unusable(Unusable::AheadOfLedger { position, next_seq });
        }
        Ok(())
    }

    /// Stands where its record says that it does; `None` where there is none.
    pub(super) fn take_position(&self) -> io::Result<Option<u64>> {
        let position = self.value(&Kind::Position.key(&[]))?.and_then(|value| be_u64(&value, 0));
        if let Some(position) = position {
            self.position.store(position, Ordering::Release);
        }
        Ok(position)
    }

    /// Writes down that the database is to stand for the events before `upto`, with `changes`. Nothing of it is touched.
    pub(super) fn prepare(&self, upto: u64, changes: Vec<Change>) -> io::Result<Redo> {
        let redo = Redo { from: self.position(), upto, changes };
        redo.write(&self.redo)?;
        Ok(redo)
    }

    /// Does what was prepared, and makes it durable.
    pub(super) fn carry_out(&self, redo: Redo) -> io::Result<()> {
        self.apply(redo.changes.into_iter())?;
        self.sync()?;
        self.position.store(redo.upto, Ordering::Release);
        Ok(())
    }

    /// The events before this number are in.
    pub(super) fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    /// The value at `key`; one that is not as it was written counts as missing.
    pub(super) fn value(&self, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let Some(record) = self.db.get(key)? else { return Ok(None) };
        unseal(key, &record, |key| Ok(self.db.get(key)?.map(|record| record.to_vec())))
    }

    /// Hands `changes` to the database in lots, in order.
    pub(super) fn apply(&self, changes: impl Iterator<Item = Change>) -> io::Result<()> {
        let (mut lot, mut bytes) = (sled::Batch::default(), 0);
        for (n, (key, record)) in (1_usize..).zip(changes) {
            bytes += key.len() + record.as_ref().map_or(0, Vec::len);
            match record {
                Some(record) => lot.insert(key, record),
                None => lot.remove(key),
            }
            if bytes >= LOT_BYTES || n.is_multiple_of(LOT_CHANGES) {
                self.db.apply_batch(std::mem::take(&mut lot))?;
                bytes = 0;
            }
        }
        Ok(self.db.apply_batch(lot)?)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.db.flush()?;
        Ok(rustix::fs::fdatasync(&self.file)?)
    }
}

/// Does `work`, and makes an error of a panic: the database panics where it does not know what to do.
pub(super) fn guarded<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
        Err(io::Error::other(format!("the database panicked: {text}")))
    })
}

/// A snapshot that was being written when the power went keeps the database from opening for ever.
fn remove_torn_snapshots(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with("snap.") && name.ends_with(".generating")) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Renames the database in `dir` to the next `sled.bad-N`, and removes the oldest of them.
fn set_aside(state: &Path, dir: &Path) -> io::Result<PathBuf> {
    let mut aside = Vec::new();
    for entry in fs::read_dir(state)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("sled.bad-"));
        aside.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    aside.sort_unstable();
    let path = |number: u64| state.join(format!("sled.bad-{number}"));
    let moved = path(aside.last().map_or(1, |last| last + 1));
    fs::rename(dir, &moved)?;
    let surplus = (aside.len() + 1).saturating_sub(KEPT_ASIDE);
    for number in aside.iter().take(surplus) {
        // One that cannot be removed only takes room.
        let _ = fs::remove_dir_all(path(*number)).or_else(|_| fs::remove_file(path(*number)));
    }
    sync_dir(state)?;
    Ok(moved)
}
