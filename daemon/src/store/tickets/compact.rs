//! Compaction: the database's file does not shrink by itself, so it is copied into a fresh one now and then.
//!
//! The database reuses what it freed, but gives nothing back: a fresh one is about twice as large as what it holds, and
//! under updates, or when tickets leave for the archive, it becomes several times that. Each checkpoint notes how much
//! the database holds. When its files are far larger, all records are copied to `sled.new` beside it, a lot at a time,
//! each synced, so that the ledger's own syncs wait for no more than one. The copy is closed, opened again and counted
//! before it is believed. Then `sled` becomes `sled.old`, `sled.new` becomes `sled`,
//! and the old one is removed. Both hold the same, for no checkpoint is written meanwhile; readers go on, and wait only
//! for one handle to take the place of the other.
//!
//! What a crash leaves behind is cleared away at the next open: a copy that was not in place yet is dropped, and a
//! database that had just been moved out of the way for it comes back.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::damage::is_damage;
use super::open::{Database, guarded};
use super::record::{Kind, be_u64};
use super::{State, Tickets, TicketsError, touch};
use crate::store::whole::sync_dir;

/// How much is copied between two syncs, in bytes.
const LOT_BYTES: usize = 1 << 20;

/// When to compact, and how much room to leave.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The database may be so many times as large as what it holds …
    pub factor: u64,
    /// … and so many bytes besides.
    pub floor_bytes: u64,
    /// So many bytes of the disk stay free while the copy is made; the ledger needs room, too.
    pub reserve_bytes: u64,
}

impl Limits {
    /// What the desk runs by.
    pub const DESK: Self = Self { factor: 4, floor_bytes: 32 << 20, reserve_bytes: 64 << 20 };
}

/// What a compaction has gained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// The database's size on disk before, in bytes.
    pub before_bytes: u64,
    /// And after.
    pub after_bytes: u64,
}

impl Tickets {
    /// The database's size on disk, in bytes; without the redo file, whose size is bounded.
    ///
    /// # Errors
    /// What the system said.
    pub fn size_bytes(&self) -> io::Result<u64> {
        size_of(&self.0.dir)
    }

    /// Compacts the database if it has grown beyond `limits`; `None` when it has not, or when `is_wanted` said in the
    /// midst of it that it is to end.
    ///
    /// After an error the database is as it was. The next attempt comes when it has grown by a floor, or doubled after one
    /// that succeeded: should a copy be as large as what was copied, copying does not go on for ever.
    ///
    /// # Errors
    /// [`TicketsError::Compact`]: no room for the copy, or the disk or the database failed.
    pub fn compact_if_grown(
        &self,
        limits: Limits,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Option<Compacted>, TicketsError> {
        let _no_checkpoint = self.0.checkpoints.lock().unwrap_or_else(PoisonError::into_inner);
        let fail = |source| TicketsError::Compact { dir: self.0.dir.clone(), source };
        if self.damage().is_some() {
            // The next start makes it anew. A copy would not have the mark.
            return Ok(None);
        }
        let before_bytes = size_of(&self.0.dir).map_err(fail)?;
        if before_bytes < self.0.no_compaction_below.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let live_bytes = match &*self.state() {
            State::Open(database) => {
                guarded(|| database.live_bytes()).map_err(|source| self.not_compacted(source))?
            }
            // There is nothing to copy; the next checkpoint tries to open it.
            State::Closed { .. } => return Ok(None),
        };
        if before_bytes <= live_bytes.saturating_mul(limits.factor).saturating_add(limits.floor_bytes) {
            return Ok(None);
        }
        let compacted = self.compact(limits, is_wanted);
        let later = match &compacted {
            Ok(Some(after_bytes)) => after_bytes.saturating_mul(2),
            Ok(None) => 0,
            Err(_) => before_bytes.saturating_add(limits.floor_bytes),
        };
        self.0.no_compaction_below.store(later, Ordering::Relaxed);
        let after_bytes = compacted.map_err(|source| self.not_compacted(source))?;
        Ok(after_bytes.map(|after_bytes| Compacted { before_bytes, after_bytes }))
    }

    fn not_compacted(&self, source: io::Error) -> TicketsError {
        if is_damage(&source) {
            self.is_damaged(&source.to_string());
        }
        TicketsError::Compact { dir: self.0.dir.clone(), source }
    }

    /// Makes the copy and puts it in the database's place. The caller keeps checkpoints away.
    fn compact(&self, limits: Limits, is_wanted: &dyn Fn() -> bool) -> io::Result<Option<u64>> {
        let new_dir = self.0.dir.with_extension("new");
        remove_if_there(&new_dir)?;
        let copied = match &*self.state() {
            State::Open(database) => guarded(|| copy(database, &new_dir, limits.reserve_bytes, is_wanted)),
            State::Closed { reason, .. } => Err(io::Error::other(reason.clone())),
        };
        let put_in_place = copied.and_then(|fresh| match fresh {
            Some(fresh) => self.swap(fresh, &new_dir).map(Some),
            None => Ok(None),
        });
        if !matches!(put_in_place, Ok(Some(_))) {
            // Else it is removed at the next start, or before the next copy.
            let _ = remove_if_there(&new_dir);
        }
        put_in_place
    }

    /// Puts the database `fresh` in `new_dir` in the place of the one in use; its size.
    fn swap(&self, fresh: Database, new_dir: &Path) -> io::Result<u64> {
        let (dir, old_dir) = (&self.0.dir, self.0.dir.with_extension("old"));
        remove_if_there(&old_dir)?;
        fs::rename(dir, &old_dir)?;
        if let Err(error) = fs::rename(new_dir, dir) {
            // Where that fails, too, the next open brings it back.
            let _ = fs::rename(&old_dir, dir);
            return Err(error);
        }
        // Handles are open files, whatever their directories are called, so this is all that readers wait for.
        let fresh = State::Open(fresh);
        let old =
            std::mem::replace(&mut *self.0.state.write().unwrap_or_else(PoisonError::into_inner), fresh);
        let _ = guarded(|| {
            drop(old);
            Ok(())
        });
        // Should the new names not be durable, the old database is there after a power cut: it is removed behind them.
        sync_parent(dir)?;
        // One that cannot be removed now is removed at the next start.
        let _ = remove_if_there(&old_dir);
        size_of(dir)
    }
}

impl Database {
    /// How much the database holds, in bytes, as the last checkpoint noted it.
    pub(super) fn live_bytes(&self) -> io::Result<u64> {
        let noted = self.value(&Kind::Size.key(&[]))?.and_then(|value| be_u64(&value, 0));
        if let Some(live_bytes) = noted {
            return Ok(live_bytes);
        }
        let mut live_bytes = 0;
        for record in self.db.iter() {
            let (key, record) = record?;
            touch(&self.db, &key)?;
            live_bytes += (key.len() + record.len()) as u64;
        }
        Ok(live_bytes)
    }
}

/// Clears away what a compaction that was cut short left in the state directory `state`.
pub(super) fn clear_away(state: &Path) -> io::Result<()> {
    let (dir, old_dir) = (state.join("sled"), state.join("sled.old"));
    if !dir.try_exists()? && old_dir.try_exists()? {
        fs::rename(&old_dir, &dir)?;
        sync_dir(state)?;
    }
    // What cannot be removed only takes room.
    let _ = remove_if_there(&old_dir);
    let _ = remove_if_there(&state.join("sled.new"));
    Ok(())
}

/// Copies all records of `from` into a fresh database in `new_dir`, durable and open; `None` when that is not wanted any
/// more.
fn copy(
    from: &Database,
    new_dir: &Path,
    reserve_bytes: u64,
    is_wanted: &dyn Fn() -> bool,
) -> io::Result<Option<Database>> {
    let fresh = Database::open_files(new_dir)?;
    let mut records = from.db.iter();
    let mut copied = 0;
    loop {
        if !is_wanted() {
            return Ok(None);
        }
        leave_room(new_dir, reserve_bytes)?;
        let mut lot = Vec::new();
        let mut bytes = 0;
        while bytes < LOT_BYTES {
            let Some(record) = records.next() else { break };
            let (key, record) = record?;
            touch(&from.db, &key)?;
            bytes += key.len() + record.len();
            lot.push((key.to_vec(), Some(record.to_vec())));
        }
        if lot.is_empty() {
            break;
        }
        copied += lot.len();
        let keys: Vec<_> = lot.iter().map(|(key, _)| key.clone()).collect();
        fresh.apply(lot.into_iter())?;
        fresh.sync()?;
        for key in keys {
            touch(&fresh.db, &key)?;
        }
    }
    drop(fresh);
    // Opened again it has its snapshot, too, from which the next start is quick.
    let fresh = Database::open_files(new_dir)?;
    let mut found = 0;
    for record in fresh.db.iter() {
        touch(&fresh.db, &record?.0)?;
        found += 1;
    }
    if found != copied {
        return Err(io::Error::other(format!("of {copied} records {found} were copied")));
    }
    fresh.take_position()?;
    for entry in fs::read_dir(new_dir)? {
        rustix::fs::fsync(File::open(entry?.path())?)?;
    }
    sync_dir(new_dir)?;
    Ok(Some(fresh))
}

fn leave_room(dir: &Path, reserve_bytes: u64) -> io::Result<()> {
    let disk = rustix::fs::statvfs(dir)?;
    let free_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free_bytes < reserve_bytes {
        let told = format!("{free_bytes} bytes are free on its disk, {reserve_bytes} are to stay free");
        return Err(io::Error::new(io::ErrorKind::StorageFull, told));
    }
    Ok(())
}

fn size_of(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name() != "redo" {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

fn remove_if_there(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn sync_parent(dir: &Path) -> io::Result<()> {
    sync_dir(dir.parent().expect("the database lies in the state directory"))
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use tempfile::TempDir;

    use super::super::tests::{SCHEMA, copy_dir};
    use super::*;
    use crate::store::{Checkpoint, Position};

    const TICKETS: u64 = 2_000;
    /// Compacts whatever is there, and leaves no room.
    const ALWAYS: Limits = Limits { factor: 0, floor_bytes: 0, reserve_bytes: 0 };

    fn open(state: &Path) -> Tickets {
        let opened = Tickets::open(state, SCHEMA, u64::MAX).unwrap();
        assert_eq!(opened.set_aside, None);
        opened.tickets
    }

    fn text(number: u64, seen: u64) -> Vec<u8> {
        format!("{number} has seen {seen} ").repeat(60).into_bytes()
    }

    /// A database in which every ticket was written `rounds` times.
    fn updated(state: &Path, rounds: u64) -> Tickets {
        let tickets = open(state);
        for upto_seq in 1..=rounds {
            let at = Position { segment: 1, offset: 24 };
            let checkpoint = Checkpoint {
                upto_seq,
                tickets: (1..=TICKETS).map(|number| (number, text(number, upto_seq))).collect(),
                history: (1..=TICKETS).map(|number| (number, upto_seq, at)).collect(),
                desk: vec![7; 100_000],
                ..Checkpoint::default()
            };
            tickets.checkpoint(&checkpoint).unwrap();
        }
        tickets
    }

    fn is_whole(tickets: &Tickets) -> bool {
        let (mut numbers, position) = (0, tickets.position());
        tickets.each_ticket(|number, value| numbers += u64::from(value == text(number, position))).unwrap();
        let history = tickets.history(TICKETS).unwrap().len() as u64;
        numbers == TICKETS && history == position && tickets.desk().unwrap() == Some(vec![7; 100_000])
    }

    fn names(state: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(state)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_database_that_was_written_over_and_over_shrinks_and_keeps_everything() {
        let dir = TempDir::new().unwrap();
        let tickets = updated(dir.path(), 20);
        let reader = tickets.clone();
        let compacted = tickets.compact_if_grown(ALWAYS, &|| true).unwrap().expect("it was wanted");
        assert_eq!(compacted.after_bytes, reader.size_bytes().unwrap());
        assert!(compacted.after_bytes < compacted.before_bytes / 4 * 3, "{compacted:?}");
        assert!(is_whole(&reader));
        assert_eq!(names(dir.path()), ["sled"]);
        // It stays compact and goes on: the next checkpoint is there after the next start.
        assert_eq!(tickets.compact_if_grown(ALWAYS, &|| true).unwrap(), None, "it has not doubled");
        let more = Checkpoint { upto_seq: 40, desk: b"more".to_vec(), ..Checkpoint::default() };
        tickets.checkpoint(&more).unwrap();
        drop((tickets, reader));
        let again = open(dir.path());
        assert_eq!((again.position(), again.desk().unwrap()), (40, Some(b"more".to_vec())));
        assert_eq!(again.history(TICKETS).unwrap().len(), 20);
    }

    #[test]
    fn a_database_is_compacted_only_when_it_is_far_larger_than_what_it_holds() {
        let dir = TempDir::new().unwrap();
        let tickets = updated(dir.path(), 3);
        let (size, live) = (tickets.size_bytes().unwrap(), noted(&tickets));
        let limits = |floor_bytes| Limits { factor: 1, floor_bytes, reserve_bytes: 0 };
        assert_eq!(tickets.compact_if_grown(limits(size - live), &|| true).unwrap(), None);
        assert!(tickets.compact_if_grown(limits(size - live - 1), &|| true).unwrap().is_some());
    }

    #[test]
    fn what_the_database_holds_is_noted_with_each_checkpoint() {
        let dir = TempDir::new().unwrap();
        let tickets = open(dir.path());
        let counted = |tickets: &Tickets| {
            let State::Open(database) = &*tickets.state() else { panic!("it is open") };
            let records = database.db.iter().map(|record| record.unwrap());
            // What is there before the first checkpoint, and the note itself, are not counted.
            let ours = records.filter(|(key, _)| !b"spz".contains(&key[0]));
            ours.map(|(key, record)| (key.len() + record.len()) as u64).sum::<u64>()
        };
        for (upto_seq, length) in (1..).zip([100, 100_000, 40_000, 0, 70_000]) {
            let value = vec![7; length];
            let receipt = (b"key".to_vec(), value.clone());
            let removed = if length == 0 { vec![b"key".to_vec()] } else { Vec::new() };
            let checkpoint = Checkpoint {
                upto_seq,
                tickets: vec![(1, value.clone()), (upto_seq, value)],
                receipts: if length == 0 { Vec::new() } else { vec![receipt] },
                receipts_removed: removed,
                desk: b"desk".to_vec(),
                ..Checkpoint::default()
            };
            tickets.checkpoint(&checkpoint).unwrap();
            assert_eq!(noted(&tickets), counted(&tickets), "after {length}");
        }
    }

    fn noted(tickets: &Tickets) -> u64 {
        let State::Open(database) = &*tickets.state() else { panic!("it is open") };
        let value = database.value(&Kind::Size.key(&[])).unwrap().expect("a checkpoint notes it");
        be_u64(&value, 0).unwrap()
    }

    #[test]
    fn without_room_for_a_copy_it_goes_on_as_it_is_and_does_not_try_at_every_checkpoint() {
        let dir = TempDir::new().unwrap();
        let tickets = updated(dir.path(), 3);
        let no_room = Limits { reserve_bytes: u64::MAX, floor_bytes: 1 << 20, factor: 0 };
        let error = tickets.compact_if_grown(no_room, &|| true).unwrap_err();
        assert!(
            matches!(&error, TicketsError::Compact { source, .. } if source.kind() == io::ErrorKind::StorageFull)
        );
        assert_eq!(names(dir.path()), ["sled"]);
        assert!(is_whole(&tickets));
        assert_eq!(tickets.compact_if_grown(no_room, &|| true).unwrap(), None);
        assert_eq!(tickets.compact_if_grown(ALWAYS, &|| true).unwrap(), None);
    }

    #[test]
    fn a_daemon_that_is_to_end_does_not_wait_for_the_copy() {
        let dir = TempDir::new().unwrap();
        let tickets = updated(dir.path(), 2);
        let asked = Cell::new(0);
        let is_wanted = || {
            asked.set(asked.get() + 1);
            asked.get() < 3
        };
        assert_eq!(tickets.compact_if_grown(ALWAYS, &is_wanted).unwrap(), None);
        assert_eq!((asked.get(), names(dir.path())), (3, vec!["sled".to_owned()]));
        assert!(is_whole(&tickets));
    }

    #[test]
    fn cut_short_anywhere_in_the_copy_it_opens_whole() {
        let dir = TempDir::new().unwrap();
        let tickets = updated(dir.path(), 2);
        // What a power cut would leave, before each lot.
        let images = RefCell::new(Vec::new());
        let is_wanted = || {
            let image = TempDir::new().unwrap();
            copy_dir(dir.path(), image.path());
            images.borrow_mut().push(image);
            true
        };
        tickets.compact_if_grown(ALWAYS, &is_wanted).unwrap().expect("it was wanted");
        let images = images.into_inner();
        assert!(images.len() > 3, "{} lots", images.len());
        for image in images {
            assert_eq!(names(image.path()), ["sled", "sled.new"]);
            assert!(is_whole(&open(image.path())));
            assert_eq!(names(image.path()), ["sled"]);
        }
    }

    #[test]
    fn cut_short_between_the_renames_or_before_the_old_one_is_gone_it_opens_whole() {
        let dir = TempDir::new().unwrap();
        drop(updated(dir.path(), 2));
        let part = |image: &TempDir, name: &str| copy_dir(&dir.path().join("sled"), &image.path().join(name));
        for left in [["sled.old", "sled.new"], ["sled", "sled.old"], ["sled", "sled.new"]] {
            let image = TempDir::new().unwrap();
            for name in left {
                part(&image, name);
            }
            // Whatever is to be dropped is of no use, so that it is seen which one is taken.
            let dropped = image.path().join(if left.contains(&"sled.new") { "sled.new" } else { "sled.old" });
            fs::write(dropped.join("db"), b"torn").unwrap();
            assert!(is_whole(&open(image.path())), "{left:?}");
            assert_eq!(names(image.path()), ["sled"], "{left:?}");
        }
    }
}
