//! Staging: new books for a state directory are made whole beside the old ones, and take their place at once.
//!
//! They are made in `STATE/incoming`. While that is there under this name, nothing has happened yet: a power cut leaves
//! the old state, and what was half made is removed by whoever opens the directory next ([`settle`]). Renaming it is the
//! moment from which the new books count; what is then left to do is done again after a power cut:
//!
//! 1. `incoming.N`: everything old moves to `before-restore-N`;
//! 2. `incoming.new`: everything new moves up, and the directory that is empty now goes.
//!
//! Nothing old is ever deleted.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::{LockError, StateLock};

/// New books while they are made.
const MAKING: &str = "incoming";
/// Where books are looked at that are not to stay.
const SCRATCH: &str = "incoming.scratch";
/// New books while the old ones move aside; behind it the number of the directory they move to.
const ASIDE: &str = "incoming.";
/// New books while they move up.
const UP: &str = "incoming.new";
/// Where old books go; behind it a number.
const BEFORE: &str = "before-restore-";
/// What is no part of any books: it stays where it is. Of sealed texts the next start erases those that no ticket of the
/// new books has; set aside, they would never be erased.
const NO_BOOKS: [&str; 4] = ["lock", "control.sock", "lost+found", "sealed"];

/// New books for a state directory, which is locked meanwhile. Dropped before [`put_in_place`](Self::put_in_place),
/// nothing of them is left.
#[derive(Debug)]
pub struct Staging {
    lock: StateLock,
    dir: PathBuf,
    /// Whether the directory was made for this.
    made_state: bool,
    done: bool,
}

/// Why no new books could be put in place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StagingError {
    /// The state directory could not be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The directory has data.
    #[error("{dir} holds a desk already; --replace sets that aside as {aside}, nothing of it is deleted", dir = dir.display(), aside = aside.display())]
    Occupied {
        /// The state directory.
        dir: PathBuf,
        /// Where the data would go.
        aside: PathBuf,
    },
    /// The new books could not be made or moved.
    #[error("cannot put new books into {dir}", dir = dir.display())]
    Io {
        /// The state directory.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Staging {
    /// Locks the state directory `state`, which is made if it is not there, and begins new books for it.
    pub fn begin(state: &Path) -> Result<Self, StagingError> {
        let made_state = !state.exists();
        let lock = StateLock::take(state)?;
        let dir = state.join(MAKING);
        let staging = Self { lock, dir, made_state, done: false };
        let begun = settle(state).and_then(|()| DirBuilder::new().mode(0o700).create(&staging.dir));
        begun.map_err(|source| staging.error(source))?;
        Ok(staging)
    }

    /// Where the new books are made.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Refuses a directory that has data, before any work is done for it.
    pub fn check_free(&self) -> Result<(), StagingError> {
        let state = self.lock.dir();
        if holds_data(state).map_err(|source| self.error(source))? { Err(occupied(state)) } else { Ok(()) }
    }

    /// Puts the new books into place, durably. Where the directory has data, that is set aside if it may be `replace`d;
    /// tells where to.
    pub fn put_in_place(mut self, replace: bool) -> Result<Option<PathBuf>, StagingError> {
        let state = self.lock.dir().to_owned();
        let failed = |source| StagingError::Io { dir: state.clone(), source };
        let number = free_number(&state).map_err(failed)?;
        let aside = state.join(format!("{BEFORE}{number}"));
        let is_occupied = holds_data(&state).map_err(failed)?;
        if is_occupied && !replace {
            return Err(occupied(&state));
        }
        let moved = (|| {
            give_to_owner(&state)?;
            sync_tree(&self.dir)?;
            fs::rename(&self.dir, state.join(format!("{ASIDE}{number}")))?;
            self.done = true;
            sync(&state)?;
            settle(&state)
        })();
        moved.map_err(failed)?;
        Ok(is_occupied.then_some(aside))
    }

    fn error(&self, source: io::Error) -> StagingError {
        StagingError::Io { dir: self.lock.dir().to_owned(), source }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        // What cannot be removed now is removed by whoever opens the directory next.
        let _ = fs::remove_dir_all(&self.dir);
        if self.made_state {
            let _ = fs::remove_file(self.lock.dir().join("lock"));
            let _ = fs::remove_dir(self.lock.dir());
        }
    }
}

/// A directory for books that are only looked at, on the disk that a state directory is on. Dropped, it is gone.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one in the state directory `state`, or where that is to be made.
    pub fn near(state: &Path) -> Result<Self, StagingError> {
        let above = state.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("."));
        let dir = above.join(SCRATCH);
        let made = remove(&dir).and_then(|()| DirBuilder::new().mode(0o700).create(&dir));
        made.map_err(|source| StagingError::Io { dir: above.to_owned(), source })?;
        Ok(Self(dir))
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is removed by whoever opens the directory next.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// That a state directory has data, with the way out.
pub fn occupied(state: &Path) -> StagingError {
    let number = free_number(state).unwrap_or(1);
    StagingError::Occupied { dir: state.to_owned(), aside: state.join(format!("{BEFORE}{number}")) }
}

/// Whether a state directory holds anything of a desk's. One that is not there holds nothing.
pub fn holds_data(state: &Path) -> io::Result<bool> {
    match names(state) {
        Ok(names) => Ok(names.iter().any(|name| is_books(name))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Ends what a power cut interrupted: new books that were whole get into place, others go.
///
/// Whoever opens a state directory calls this first, holding its lock.
pub fn settle(state: &Path) -> io::Result<()> {
    for name in names(state)? {
        if name == MAKING || name == SCRATCH {
            fs::remove_dir_all(state.join(name))?;
        } else if name == UP {
            move_up(state)?;
        } else if let Some(number) = name.strip_prefix(ASIDE).and_then(|number| number.parse::<u32>().ok()) {
            move_aside(state, number)?;
            fs::rename(state.join(name), state.join(UP))?;
            sync(state)?;
            move_up(state)?;
        }
    }
    Ok(())
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn move_aside(state: &Path, number: u32) -> io::Result<()> {
    let aside = state.join(format!("{BEFORE}{number}"));
    let old: Vec<_> = names(state)?.into_iter().filter(|name| is_books(name)).collect();
    if old.is_empty() {
        return Ok(());
    }
    if !aside.is_dir() {
        DirBuilder::new().mode(0o700).create(&aside)?;
        chown_like(state, &aside)?;
    }
    for name in old {
        fs::rename(state.join(&name), aside.join(&name))?;
    }
    sync(&aside)?;
    sync(state)
}

fn move_up(state: &Path) -> io::Result<()> {
    let new = state.join(UP);
    for name in names(&new)? {
        fs::rename(new.join(&name), state.join(&name))?;
    }
    sync(state)?;
    fs::remove_dir(&new)?;
    sync(state)
}

/// The names in a directory; one that is no text is no name of ours, and stays as it is.
fn names(dir: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir)? {
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}

fn is_books(name: &str) -> bool {
    !NO_BOOKS.contains(&name)
        && name != MAKING
        && !name.starts_with(ASIDE)
        && name.strip_prefix(BEFORE).is_none_or(|number| number.parse::<u32>().is_err())
}

/// The number that the next books set aside get.
fn free_number(state: &Path) -> io::Result<u32> {
    let used = names(state)?;
    let used = used.iter().filter_map(|name| name.strip_prefix(BEFORE)?.parse::<u32>().ok());
    Ok(used.max().map_or(1, |number| number.saturating_add(1)))
}

/// What root makes in the desk's directory becomes the desk's, or the daemon could not open it.
fn give_to_owner(state: &Path) -> io::Result<()> {
    for name in [MAKING, "lock"] {
        give_tree(state, &state.join(name))?;
    }
    Ok(())
}

fn give_tree(like: &Path, path: &Path) -> io::Result<()> {
    chown_like(like, path)?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            give_tree(like, &entry?.path())?;
        }
    }
    Ok(())
}

fn chown_like(like: &Path, path: &Path) -> io::Result<()> {
    let (like, is) = (fs::metadata(like)?, fs::metadata(path)?);
    if (like.uid(), like.gid()) == (is.uid(), is.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(path, Some(like.uid()), Some(like.gid()))
}

fn sync_tree(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            sync_tree(&entry?.path())?;
        }
    }
    sync(path)
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A state directory with old books.
    fn old_books() -> TempDir {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("ledger")).unwrap();
        fs::write(dir.path().join("ledger/1"), "old").unwrap();
        fs::write(dir.path().join("first-token"), "old").unwrap();
        dir
    }

    fn make_new(staging: &Staging) {
        fs::create_dir(staging.dir().join("ledger")).unwrap();
        fs::write(staging.dir().join("ledger/1"), "new").unwrap();
        fs::write(staging.dir().join("format"), "new").unwrap();
    }

    fn text(dir: &TempDir, name: &str) -> Option<String> {
        fs::read_to_string(dir.path().join(name)).ok()
    }

    fn listing(dir: &TempDir) -> Vec<String> {
        names(dir.path()).unwrap().into_iter().collect()
    }

    #[test]
    fn new_books_take_an_empty_directory_and_leave_nothing_beside() {
        let dir = TempDir::new().unwrap();
        let state = dir.path().join("state");
        let staging = Staging::begin(&state).unwrap();
        make_new(&staging);
        assert_eq!(staging.put_in_place(false).unwrap(), None);
        let found: Vec<_> = names(&state).unwrap().into_iter().collect();
        assert_eq!(found, ["format", "ledger", "lock"]);
        assert_eq!(fs::read_to_string(state.join("ledger/1")).unwrap(), "new");
    }

    #[test]
    fn old_books_are_set_aside_whole_and_only_when_that_is_meant() {
        let dir = old_books();
        let staging = Staging::begin(dir.path()).unwrap();
        make_new(&staging);
        let told = staging.put_in_place(false).unwrap_err().to_string();
        assert!(told.contains("--replace") && told.contains("before-restore-1"), "{told}");
        assert_eq!(listing(&dir), ["first-token", "ledger", "lock"], "nothing has changed");
        for number in 1..=2 {
            let staging = Staging::begin(dir.path()).unwrap();
            make_new(&staging);
            let aside = dir.path().join(format!("before-restore-{number}"));
            assert_eq!(staging.put_in_place(true).unwrap(), Some(aside));
        }
        assert_eq!(listing(&dir), ["before-restore-1", "before-restore-2", "format", "ledger", "lock"]);
        assert_eq!(text(&dir, "ledger/1").as_deref(), Some("new"));
        assert_eq!(text(&dir, "before-restore-1/ledger/1").as_deref(), Some("old"));
        assert_eq!(text(&dir, "before-restore-1/first-token").as_deref(), Some("old"));
        assert_eq!(text(&dir, "before-restore-2/ledger/1").as_deref(), Some("new"));
    }

    #[test]
    fn what_is_given_up_leaves_nothing_not_even_the_directory_it_made() {
        let dir = TempDir::new().unwrap();
        drop(Staging::begin(&dir.path().join("state")).unwrap());
        assert_eq!(listing(&dir), [] as [&str; 0]);
    }

    #[test]
    fn a_cut_before_the_new_books_count_leaves_the_old_and_one_after_it_the_new() {
        let whole = |dir: &TempDir| {
            let staging = Staging::begin(dir.path()).unwrap();
            make_new(&staging);
            let kept = dir.path().join("kept");
            fs::rename(staging.dir(), &kept).unwrap();
            drop(staging);
            kept
        };
        let in_place = ["before-restore-4", "format", "ledger", "lock"];

        let dir = old_books();
        fs::rename(whole(&dir), dir.path().join("incoming")).unwrap();
        settle(dir.path()).unwrap();
        assert_eq!(listing(&dir), ["first-token", "ledger", "lock"]);
        assert_eq!(text(&dir, "ledger/1").as_deref(), Some("old"));

        // Cut at every rename of the way: before any, with some of the old moved, with some of the new up.
        for cut in 0..4 {
            let dir = old_books();
            fs::rename(whole(&dir), dir.path().join("incoming.4")).unwrap();
            let aside = dir.path().join("before-restore-4");
            if cut >= 1 {
                fs::create_dir(&aside).unwrap();
                fs::rename(dir.path().join("ledger"), aside.join("ledger")).unwrap();
            }
            if cut >= 2 {
                fs::rename(dir.path().join("first-token"), aside.join("first-token")).unwrap();
                fs::rename(dir.path().join("incoming.4"), dir.path().join("incoming.new")).unwrap();
            }
            if cut >= 3 {
                fs::rename(dir.path().join("incoming.new/ledger"), dir.path().join("ledger")).unwrap();
            }
            settle(dir.path()).unwrap();
            assert_eq!(listing(&dir), in_place, "cut {cut}");
            assert_eq!(text(&dir, "ledger/1").as_deref(), Some("new"), "cut {cut}");
            assert_eq!(text(&dir, "before-restore-4/ledger/1").as_deref(), Some("old"), "cut {cut}");
            assert_eq!(text(&dir, "before-restore-4/first-token").as_deref(), Some("old"), "cut {cut}");
            settle(dir.path()).unwrap();
            assert_eq!(listing(&dir), in_place, "cut {cut}: once is enough");
        }
    }
}
