//! The reserve: room on the disk that is held back, so that a box whose disk is full can still write its last words and
//! be cleaned.
//!
//! It is the file `STATE/reserve`, [`RESERVE_BYTES`] long and really allocated; what is in it means nothing. When the
//! disk is full it is let go: what the desk must write about itself, checkpoints and the ticket database then have that
//! room, while updates are refused. It is taken again only when the disk has [`RESERVE_MARGIN_BYTES`] besides, so that a
//! disk at its brim does not make the desk take and refuse updates in turn.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{Access, Disk, DiskFile};

/// The reserve's file in the state directory.
pub const RESERVE_NAME: &str = "reserve";

/// How much is held back, in bytes: 8 MiB, some thousands of updates.
pub const RESERVE_BYTES: u64 = 8 << 20;

/// How much must be free besides when the reserve is taken, in bytes: 8 MiB.
pub const RESERVE_MARGIN_BYTES: u64 = 8 << 20;

/// The reserve of one state directory.
#[derive(Debug)]
pub struct Reserve {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    is_held: bool,
}

impl Reserve {
    /// The reserve of the state directory `state`; nothing is held yet.
    pub fn of(state: &Path, disk: Arc<dyn Disk>) -> Self {
        Self { disk, path: state.join(RESERVE_NAME), is_held: false }
    }

    /// Whether the room is held.
    pub fn is_held(&self) -> bool {
        self.is_held
    }

    /// Holds the room, if the disk has it. One that was held when the daemon ended needs no margin.
    ///
    /// # Errors
    /// What the system said; nothing is held then.
    pub fn take(&mut self) -> io::Result<()> {
        if self.is_held {
            return Ok(());
        }
        let file = self.open()?;
        let has = file.length()?;
        let taken = hold(file.as_ref(), has == RESERVE_BYTES);
        if taken.is_err() {
            // What was given of it before the disk was full must not stay away from those who need it.
            file.set_length(0)?;
        }
        taken?;
        self.is_held = true;
        Ok(())
    }

    /// Gives the room back; does nothing when none is held.
    ///
    /// # Errors
    /// What the system said; the room is held then as before.
    pub fn release(&mut self) -> io::Result<()> {
        if self.is_held {
            let file = self.open()?;
            file.set_length(0)?;
            file.sync()?;
            self.is_held = false;
        }
        Ok(())
    }

    fn open(&self) -> io::Result<Arc<dyn DiskFile>> {
        match self.disk.open(&self.path, Access::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.disk.open(&self.path, Access::Create)
            }
            opened => opened,
        }
    }
}

fn hold(file: &dyn DiskFile, was_held: bool) -> io::Result<()> {
    if was_held {
        return file.allocate(RESERVE_BYTES);
    }
    file.allocate(RESERVE_BYTES + RESERVE_MARGIN_BYTES)?;
    file.set_length(RESERVE_BYTES)?;
    file.sync()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use tempfile::TempDir;

    use super::*;
    use crate::store::RealDisk;

    #[test]
    fn the_room_is_really_held_given_back_and_held_again() {
        let dir = TempDir::new().unwrap();
        let taken = || std::fs::metadata(dir.path().join(RESERVE_NAME)).unwrap().blocks() * 512;
        let mut reserve = Reserve::of(dir.path(), Arc::new(RealDisk));
        for _ in 0..2 {
            reserve.take().unwrap();
            assert!(reserve.is_held() && taken() >= RESERVE_BYTES, "{}", taken());
            reserve.release().unwrap();
            assert!(!reserve.is_held() && taken() == 0, "{}", taken());
        }
    }
}
