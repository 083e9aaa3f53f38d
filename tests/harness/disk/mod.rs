//! A disk whose power can be cut: a file system in memory, mounted by FUSE, that knows what was synced.
//!
//! Of each file it keeps what programs see and what is durable: content and length as of the last `fsync` or
//! `fdatasync` of it. A name is durable only after `fsync` of its directory. Nothing else makes anything durable:
//! closing does not, nor `sync_file_range`, nor a sync of another file (ext4's journal would do more; POSIX promises
//! no more). Files are opened for direct IO, so that each write reaches this disk in the order in which it was made.
//!
//! [`Disk::cut`] is the power cut. What was not synced is lost, or kept, or, by seed: each sector of 512 bytes is as it
//! was, or as any of the writes since left it, or torn within; the length is the old one, the new one or any between
//! with zeros where nothing was written; in each directory some of the first changes are done and the others are not,
//! and each change, a rename too, wholly or not at all. What was synced is never touched: no software helps against a
//! card that loses that.
//!
//! It can also fail like a disk does: [`Disk::fail`], [`Disk::limit`]. After a failed sync the pages it was to write
//! count as clean and are not written by a later one, as on Linux.

mod file;
mod mount;
mod tree;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fuser::Errno;

pub use self::mount::{Mounted, NotMounted};
use self::tree::Tree;
use crate::random::Random;

/// What a power cut does to what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// All of it is lost.
    LoseUnsynced,
    /// All of it is kept, as when only the program was killed.
    KeepUnsynced,
    /// Some is lost, some kept, some torn.
    Random,
}

impl Cut {
    /// All three.
    pub const ALL: [Self; 3] = [Self::LoseUnsynced, Self::KeepUnsynced, Self::Random];

    /// A short name, for figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoseUnsynced => "lose",
            Self::KeepUnsynced => "keep",
            Self::Random => "random",
        }
    }
}

/// How a program changes a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Bytes are written, or room for them is set aside.
    Write,
    /// A file is made longer or shorter.
    Length,
    /// A file or a directory is synced.
    Sync,
    /// A file, directory or socket is made.
    Make,
    /// A name is removed.
    Remove,
    /// A name is changed.
    Rename,
}

/// When the power goes.
#[derive(Clone, Debug)]
pub struct Aim {
    /// Only changes of what lies under this name count; any where it is empty.
    pub under: &'static str,
    /// The power goes with the change after so many.
    pub after: u64,
    /// Whether that change itself had got through, though nobody was told.
    pub done: bool,
}

/// How the disk fails.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What programs are told.
    pub error: Errno,
    /// What fails; all changes where it is empty.
    pub of: Vec<Change>,
    /// How many such changes go well before.
    pub after: u64,
    /// How many fail then.
    pub times: u64,
}

/// The disk; clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    tree: Tree,
    is_on: bool,
    aim: Option<Aim>,
    fault: Option<Fault>,
    limit: Option<u64>,
    changes: u64,
    syncs: u64,
    failures: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            tree: Tree::new(),
            is_on: true,
            aim: None,
            fault: None,
            limit: None,
            changes: 0,
            syncs: 0,
            failures: 0,
        }
    }
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has the power go in the midst of what a program does; instead of an earlier aim.
    pub fn aim(&self, aim: Aim) {
        self.state().aim = Some(aim);
    }

    /// Waits until the power is gone by [`Disk::aim`], but not longer than `patience`; tells whether it is.
    pub fn wait_for_cut(&self, patience: Duration) -> bool {
        let on = |state: &mut State| state.is_on;
        let waited = self.0.changed.wait_timeout_while(self.state(), patience, on);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_on
    }

    /// Takes the power away now: nothing that programs still do has any effect.
    pub fn power_off(&self) {
        self.state().is_on = false;
        self.0.changed.notify_all();
    }

    /// Brings the power back after a cut. All programs that used the disk must have ended.
    pub fn cut(&self, cut: Cut, random: &mut Random) {
        let mut state = self.state();
        state.tree = state.tree.cut(cut, random);
        (state.is_on, state.aim) = (true, None);
    }

    /// Has the disk fail from now on; instead of an earlier fault.
    pub fn fail(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    /// Ends what [`Disk::fail`] and [`Disk::limit`] began.
    pub fn heal(&self) {
        let mut state = self.state();
        (state.fault, state.limit) = (None, None);
    }

    /// The disk takes no more than so many bytes in all.
    pub fn limit(&self, bytes: u64) {
        self.state().limit = Some(bytes);
    }

    /// Bytes that the files take.
    pub fn used(&self) -> u64 {
        self.state().tree.used()
    }

    /// How many changes programs made, or tried to.
    pub fn changes(&self) -> u64 {
        self.state().changes
    }

    /// How many changes failed by [`Disk::fail`] or [`Disk::limit`].
    pub fn failures(&self) -> u64 {
        self.state().failures
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Carries out a change, as far as power, faults and room let it.
    fn change<T>(
        &mut self,
        shared: &Condvar,
        change: Change,
        node: u64,
        act: impl FnOnce(&mut Self) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        if !self.is_on {
            return Err(Errno::EIO);
        }
        self.changes += 1;
        if let Some(done) = self.is_hit(node) {
            self.is_on = false;
            shared.notify_all();
            if done {
                // The program learns nothing of it any more, well or not.
                let _ = act(self);
            }
            return Err(Errno::EIO);
        }
        if let Some(error) = self.is_failing(change) {
            if change == Change::Sync
                && let Ok(file) = self.tree.file_mut(node)
            {
                file.fail_sync();
            }
            return Err(error);
        }
        act(self)
    }

    /// Whether the power goes with this change, and whether the change is still done.
    fn is_hit(&mut self, node: u64) -> Option<bool> {
        let aim = self.aim.as_mut()?;
        if !aim.under.is_empty() && !self.tree.is_under(node, aim.under) {
            return None;
        }
        if aim.after == 0 {
            return self.aim.take().map(|aim| aim.done);
        }
        aim.after -= 1;
        None
    }

    fn is_failing(&mut self, change: Change) -> Option<Errno> {
        let fault = self.fault.as_mut()?;
        if !fault.of.is_empty() && !fault.of.contains(&change) {
            return None;
        }
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times = fault.times.checked_sub(1)?;
        self.failures += 1;
        Some(fault.error)
    }

    /// How many of `bytes` there is room for.
    fn room_for(&mut self, bytes: u64) -> Result<u64, Errno> {
        let Some(limit) = self.limit else { return Ok(bytes) };
        let room = limit.saturating_sub(self.tree.used()).min(bytes);
        if room < bytes {
            self.failures += 1;
        }
        if room == 0 && bytes > 0 { Err(Errno::ENOSPC) } else { Ok(room) }
    }
}
