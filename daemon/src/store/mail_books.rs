//! What is kept of mail beside the record, as files: their names, and a hold on them for a backup.
//!
//! What stands in them is for the door of mail to say. Here they are files that no other record has: which mail was handled,
//! how far a mailbox was read, and the mail that waits for an admin.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::backup::BackupError;

/// The directory of what is kept of mail, in the state directory.
pub const MAIL_DIR: &str = "mail";
/// Which mail was handled, in that directory.
pub const SEEN_FILE: &str = "seen";
/// How far the mailbox was read, in that directory.
pub const PLACE_FILE: &str = "imap";
/// The mail that is held, in that directory.
pub const QUARANTINE_DIR: &str = "quarantine";
/// The files of a mail that is held.
const HELD: [&str; 2] = ["json", "eml"];

/// The books of mail as they are, for a backup. Take them before the ledger's end: what they call handled is in it then.
#[derive(Debug, Default)]
pub struct MailBooks {
    /// Open, since they are written anew at times; each up to the length that it had.
    pub(super) open: Vec<(PathBuf, File, u64)>,
    /// What is known of each mail that is held, as it was: it may be told anew, or go.
    pub(super) known: Vec<(PathBuf, Vec<u8>)>,
    /// The mails themselves. Whoever takes a backup sees to it that none goes before it is packed.
    pub(super) mails: Vec<(PathBuf, u64)>,
}

impl MailBooks {
    /// Those of the state directory; none where no mail ever came in.
    ///
    /// # Errors
    /// [`BackupError::Source`].
    pub fn of(state_dir: &Path) -> Result<Self, BackupError> {
        let dir = state_dir.join(MAIL_DIR);
        let mut books = Self::default();
        for name in [SEEN_FILE, PLACE_FILE] {
            let path = dir.join(name);
            match File::open(&path).and_then(|file| file.metadata().map(|found| (file, found.len()))) {
                Ok((file, bytes)) => books.open.push((path, file, bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(BackupError::Source { file: path, source }),
            }
        }
        books.hold(&dir.join(QUARANTINE_DIR))?;
        Ok(books)
    }

    /// Notes the files of mail that is held: only whole ones count.
    fn hold(&mut self, dir: &Path) -> Result<(), BackupError> {
        for id in ids(dir)? {
            let [known, mail] = HELD.map(|extension| dir.join(format!("{id}.{extension}")));
            let read = fs::read(&known).and_then(|text| mail.metadata().map(|found| (text, found.len())));
            match read {
                Ok((text, bytes)) => {
                    self.known.push((known, text));
                    self.mails.push((mail, bytes));
                }
                // It went meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(BackupError::Source { file: known, source }),
            }
        }
        Ok(())
    }
}

/// The mails that are held, by their ids.
fn ids(dir: &Path) -> Result<Vec<String>, BackupError> {
    let unreadable = |source| BackupError::Source { file: dir.to_owned(), source };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".json")).map(str::to_owned);
        ids.extend(id.filter(|id| is_held_id(id)));
    }
    ids.sort_unstable();
    Ok(ids)
}

/// Whether a name is one of a mail that is held, and no path.
pub fn is_held_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a path below the directory of mail is one of its books.
pub(super) fn is_book(path: &str) -> bool {
    match path.split_once('/') {
        None => path == SEEN_FILE || path == PLACE_FILE,
        Some((QUARANTINE_DIR, file)) => {
            file.split_once('.').is_some_and(|(id, extension)| is_held_id(id) && HELD.contains(&extension))
        }
        Some(_) => false,
    }
}
