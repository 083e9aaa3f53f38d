//! Bytes of the ledger that are no frame: what they were to be, and the copy kept of them.

use std::io;
use std::path::{Path, PathBuf};

use crate::store::disk::{self, Access, Disk, read_exact_at};

/// How many cut-off tails are kept; a box that loses power daily must not fill its card with them.
pub const KEPT_TAILS: usize = 32;

const TAIL_PREFIX: &str = "tail-";

/// A stretch of a segment that holds no readable frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The segment's file.
    pub file: PathBuf,
    /// The first bad byte of the file.
    pub from: u32,
    /// The first byte of the file behind the stretch. Equal to `from` when events are missing between whole frames.
    pub to: u32,
    /// The first event that is missing.
    pub first_seq: u64,
    /// The event with which the ledger goes on; `None` when nothing readable follows in this segment.
    pub next_seq: Option<u64>,
    /// Where a copy of the bytes was put; `None` when there was nothing to copy or it could not be written.
    pub kept: Option<PathBuf>,
}

impl std::fmt::Display for Stretch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, from, to, first_seq, next_seq, kept } = self;
        write!(f, "{}, bytes {from} to {to}, where event {first_seq} was expected", file.display())?;
        match next_seq {
            Some(next_seq) => write!(f, " and {next_seq} follows")?,
            None => write!(f, " and none follows")?,
        }
        match kept {
            Some(kept) => write!(f, "; copied to {}", kept.display()),
            None => Ok(()),
        }
    }
}

/// Why a stretch is copied; each has its own file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It was durable once, and stays in the segment as it is.
    Damage,
    /// It is the end of the ledger, never acknowledged, and is about to be cut off.
    TornTail,
}

/// Copies `stretch` to the quarantine of the state directory `state`, which is made if need be.
///
/// A stretch copied before is not copied again.
pub(super) fn keep(disk: &dyn Disk, state: &Path, stretch: &Stretch, cause: Cause) -> io::Result<PathBuf> {
    let dir = &state.join("quarantine");
    let segment = stretch.file.file_stem().unwrap_or_default().display();
    let prefix = match cause {
        Cause::Damage => "damage-",
        Cause::TornTail => TAIL_PREFIX,
    };
    let path = dir.join(format!("{prefix}{segment}-{:010}-{:010}", stretch.from, stretch.to));
    let mut bytes = vec![0; (stretch.to - stretch.from) as usize];
    let damaged = disk.open(&stretch.file, Access::Read)?;
    read_exact_at(damaged.as_ref(), &mut bytes, u64::from(stretch.from))?;
    if disk::read(disk, &path).is_ok_and(|kept| kept == bytes) {
        return Ok(path);
    }
    disk.create_dir_all(dir)?;
    let copy = disk.open(&path, Access::Create)?;
    copy.write_at(&bytes, 0)?;
    copy.sync()?;
    disk.sync_dir(dir)?;
    if cause == Cause::TornTail {
        drop_oldest_tails(disk, dir)?;
    }
    Ok(path)
}

fn drop_oldest_tails(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    let mut tails = Vec::new();
    for name in disk.list(dir)? {
        if name.to_str().is_some_and(|name| name.starts_with(TAIL_PREFIX)) {
            tails.push(dir.join(name));
        }
    }
    tails.sort_unstable();
    let surplus = tails.len().saturating_sub(KEPT_TAILS);
    tails.iter().take(surplus).try_for_each(|tail| disk.remove(tail))
}
