//! Damage that is found while the database is in use.
//!
//! The database reads a page when it is asked for, so one that the card has spoilt may be met long after the start, and
//! after the next one again. So a mark is left beside the database's files, durably: the next open sets the database
//! aside, the mark with it, and all of it is made again from the ledger.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Tickets, TicketsError};
use crate::store::whole::sync_dir;

/// The mark, in the database's directory. What is in it is for people.
const MARK: &str = "unusable";
/// The system's number for a device that does not do what it is told.
const EIO: i32 = 5;

/// What was found since the database was opened.
#[derive(Default)]
pub(super) struct Damage(Mutex<Found>);

#[derive(Default)]
struct Found {
    reason: Option<String>,
    is_marked: bool,
    tell: Option<Box<dyn FnOnce() + Send>>,
}

impl fmt::Debug for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Damage").field(&self.lock().reason).finish()
    }
}

impl Damage {
    fn lock(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tickets {
    /// What of the database was found damaged since it was opened, for people. What else it holds can be read; the next
    /// open makes all of it again.
    pub fn damage(&self) -> Option<String> {
        self.0.damage.lock().reason.clone()
    }

    /// Has `tell` called when damage is found, once, by whoever finds it.
    pub fn when_damaged(&self, tell: impl FnOnce() + Send + 'static) {
        self.0.damage.lock().tell = Some(Box::new(tell));
    }

    /// Keeps in mind that the database is damaged, and leaves the mark.
    pub(super) fn is_damaged(&self, what: &str) {
        let mut found = self.0.damage.lock();
        let reason = found.reason.get_or_insert_with(|| what.to_owned()).clone();
        // A disk that is full or fails takes no mark; whoever meets the damage next tries again.
        found.is_marked = found.is_marked || leave_mark(&self.0.dir, &reason).is_ok();
        let tell = found.tell.take();
        drop(found);
        if let Some(tell) = tell {
            tell();
        }
    }

    /// Why nothing could be read: the disk fails, or what is on it is not what was written.
    pub(super) fn not_read(&self, source: io::Error) -> TicketsError {
        let dir = self.0.dir.clone();
        // A sector that cannot be read will not be read the next time either; a fresh database does not lie on it.
        if is_damage(&source) || source.raw_os_error() == Some(EIO) {
            let what = source.to_string();
            self.is_damaged(&what);
            return TicketsError::Damaged { dir, what };
        }
        TicketsError::Read { dir, source }
    }
}

/// Whether an error is about what the database holds, and not about the system under it.
pub(super) fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let is_systems =
        matches!(error.kind(), PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull);
    !is_systems && error.raw_os_error().is_none() && !tells_of_the_system(&error.to_string())
}

/// Whether a text, of a panic or of an error that the database has copied, tells of an error of the system.
pub(super) fn tells_of_the_system(text: &str) -> bool {
    text.contains("os error ") || text.contains("Os {")
}

/// Why the database in `dir` was marked; `None` where it was not.
pub(super) fn marked(dir: &Path) -> io::Result<Option<String>> {
    match fs::read(dir.join(MARK)) {
        Ok(reason) => Ok(Some(String::from_utf8_lossy(&reason).trim_end().to_owned())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn leave_mark(dir: &Path, reason: &str) -> io::Result<()> {
    let mut mark = File::create(dir.join(MARK))?;
    writeln!(mark, "{reason}")?;
    rustix::fs::fsync(&mark)?;
    sync_dir(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_no_damage() {
        for number in [5, 13, 28, 30] {
            assert!(!is_damage(&io::Error::from_raw_os_error(number)), "{number}");
        }
        let copied = r#"the database panicked: Io(Os { code: 5, kind: Uncategorized, message: "" })"#;
        assert!(!is_damage(&io::Error::other(copied)));
        assert!(!is_damage(&io::Error::new(io::ErrorKind::StorageFull, "no room")));
        assert!(is_damage(&io::Error::new(io::ErrorKind::InvalidData, "corruption encountered")));
        assert!(is_damage(&io::Error::other("the database panicked: index out of bounds")));
    }
}
