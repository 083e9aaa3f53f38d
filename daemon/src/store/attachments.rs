//! Attachments: the bytes of files that belong to tickets, in `STATE/attachments`.
//!
//! A file is written under a name of ours, never the sender's: `TICKET-ID.part` while it comes in, and
//! `TICKET-ID-SHA256` once all of it is durable. Only then does the desk take it into the record; so what the record
//! names is there, and what a crash left behind is not named by it ([`Attachments::sweep`] removes that). What a file
//! should hold is in its name: whether it still does can be told without the record.
//!
//! Room is bounded three times: by file, by all files together, and by what the disk must keep free for the ledger. The
//! store knows nothing of tickets but their numbers, and looks into no file.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::whole;
use crate::hex::hex;

/// The directory below the state directory.
pub const ATTACHMENTS_DIR: &str = "attachments";
/// What a file's name ends with while it comes in.
const PART: &str = ".part";
/// How much is written between two looks at how much the disk has, in bytes.
const LOOK_BYTES: u64 = 1 << 20;
/// How much is read at once, in bytes.
const STEP_BYTES: usize = 64 << 10;

/// How much room attachments may take, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttachmentLimits {
    /// The longest file.
    pub file_max_bytes: u64,
    /// All files of a ticket together; the desk holds it.
    pub ticket_max_bytes: u64,
    /// All files together.
    pub total_max_bytes: u64,
    /// What the disk keeps free of them, besides the ledger's reserve.
    pub keep_free_bytes: u64,
}

/// Why a file could not be taken in or had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachmentError {
    /// It is too long.
    #[error("a file is at most {limit} bytes")]
    TooLong {
        /// In bytes.
        limit: u64,
    },
    /// All files together would be too much.
    #[error("attachments may take {limit} bytes together, and {held} are taken")]
    Full {
        /// In bytes.
        limit: u64,
        /// In bytes.
        held: u64,
    },
    /// The disk would have too little left for the ledger.
    #[error("the disk has {free} bytes free, and {keep_free} are kept for the ledger")]
    NoRoom {
        /// In bytes.
        free: u64,
        /// In bytes.
        keep_free: u64,
    },
    /// It is not there any more.
    #[error("{file} is not there", file = file.display())]
    Missing {
        /// Where it was.
        file: PathBuf,
    },
    /// It is not what came in.
    #[error("{file} is damaged: its checksum is not the one in its name", file = file.display())]
    Damaged {
        /// Which.
        file: PathBuf,
    },
    /// The system did not do it.
    #[error("cannot {what} {file}", file = file.display())]
    Io {
        /// write, sync, read, …
        what: &'static str,
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What a file is called on the disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttachmentName {
    /// The ticket's number.
    pub ticket: u64,
    /// Its id: lower-case hex.
    pub id: String,
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
}

impl AttachmentName {
    /// The file of that name; none where it is no name of ours.
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split('-');
        let (ticket, id, sha256) = (parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let parsed = Self { ticket: ticket.parse().ok()?, id: id.to_owned(), sha256: sha256.to_owned() };
        let is_ours = is_hex(id) && is_hex(sha256) && !id.is_empty() && id.len() <= 64 && sha256.len() == 64;
        // A name that this program would write otherwise is somebody else's.
        (parts.next().is_none() && is_ours && parsed.to_string() == name).then_some(parsed)
    }
}

impl std::fmt::Display for AttachmentName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}-{}", self.ticket, self.id, self.sha256)
    }
}

/// The files of one state directory; clones are the same one.
#[derive(Clone, Debug)]
pub struct Attachments(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    limits: AttachmentLimits,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    files: u64,
    bytes: u64,
    /// Files that are written or durable, and that the record may not name yet.
    coming: HashSet<String>,
    /// How many read all files just now; none goes meanwhile.
    readers: usize,
    /// What is to go when nobody reads all files any more.
    leaving: Vec<PathBuf>,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that no ticket has, and that are gone now.
    pub removed: u64,
    /// Files of tickets that could not be read.
    pub unknown: u64,
}

impl Attachments {
    /// The files below `state_dir`; nothing is looked at yet.
    pub fn new(state_dir: &Path, limits: AttachmentLimits) -> Self {
        let dir = state_dir.join(ATTACHMENTS_DIR);
        Self(Arc::new(Inner { dir, limits, held: Mutex::default() }))
    }

    /// [`Attachments::new`] and [`Attachments::count`].
    pub fn open(state_dir: &Path, limits: AttachmentLimits) -> Result<Self, AttachmentError> {
        let attachments = Self::new(state_dir, limits);
        attachments.count()?;
        Ok(attachments)
    }

    /// Counts what there is, before anything comes in; what was coming in when the daemon ended is removed.
    pub fn count(&self) -> Result<(), AttachmentError> {
        let dir = &self.0.dir;
        let failed = |what, file: &Path| {
            let file = file.to_owned();
            move |source| AttachmentError::Io { what, file, source }
        };
        whole::make_dir(dir).map_err(failed("make", dir))?;
        let mut held = Held::default();
        for entry in fs::read_dir(dir).map_err(failed("read", dir))? {
            let entry = entry.map_err(failed("read", dir))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(PART) {
                fs::remove_file(entry.path()).map_err(failed("remove", &entry.path()))?;
            } else if AttachmentName::parse(&name).is_some() {
                held.files += 1;
                held.bytes += entry.metadata().map_err(failed("read", &entry.path()))?.len();
            }
        }
        *self.0.lock() = held;
        Ok(())
    }

    /// How much room they may take.
    pub fn limits(&self) -> AttachmentLimits {
        self.0.limits
    }

    /// How many there are, and how long they are together, in bytes.
    pub fn held(&self) -> (u64, u64) {
        let held = self.0.lock();
        (held.files, held.bytes)
    }

    /// Begins to take a file in. Dropped before it is kept, nothing of it is left.
    pub fn begin(&self, ticket: u64, id: &str) -> Result<Incoming, AttachmentError> {
        if !self.0.dir.is_dir() {
            let failed = |source| AttachmentError::Io { what: "make", file: self.0.dir.clone(), source };
            whole::make_dir(&self.0.dir).map_err(failed)?;
        }
        let path = self.0.dir.join(format!("{ticket}-{id}{PART}"));
        let mut held = self.0.lock();
        held.coming.insert(id.to_owned());
        held.files += 1;
        drop(held);
        let incoming = Incoming {
            inner: Arc::clone(&self.0),
            path,
            ticket,
            id: id.to_owned(),
            file: None,
            sum: Sha256::new(),
            bytes: 0,
            looked_at: None,
            is_kept: false,
        };
        incoming.opened()
    }

    /// A file to be read from its start, after all of it was held against its name.
    pub fn read(&self, name: &AttachmentName) -> Result<File, AttachmentError> {
        let path = self.0.dir.join(name.to_string());
        let failed = |source| AttachmentError::Io { what: "read", file: path.clone(), source };
        let mut file = File::open(&path).map_err(|source| {
            if source.kind() == io::ErrorKind::NotFound {
                AttachmentError::Missing { file: path.clone() }
            } else {
                failed(source)
            }
        })?;
        if sum_of(&mut file).map_err(failed)? != name.sha256 {
            return Err(AttachmentError::Damaged { file: path });
        }
        io::Seek::rewind(&mut file).map_err(failed)?;
        Ok(file)
    }

    /// Removes a file; one that is gone already is no error. While all files are read it goes when that has ended.
    pub fn remove(&self, name: &AttachmentName) -> Result<(), AttachmentError> {
        let path = self.0.dir.join(name.to_string());
        self.0.remove(&path)
    }

    /// Keeps all files where they are, as long as what this gives is there.
    pub fn hold(&self) -> Hold {
        self.0.lock().readers += 1;
        Hold(Arc::clone(&self.0))
    }

    /// Removes each file that no ticket has: what came in when the daemon ended, and what was to go then. `has` says
    /// whether the ticket has the file of that id; nothing where that cannot be said, and then it stays.
    pub fn sweep(&self, has: impl Fn(u64, &str) -> Option<bool>) -> Result<Swept, AttachmentError> {
        let failed = |source| AttachmentError::Io { what: "read", file: self.0.dir.clone(), source };
        let mut swept = Swept::default();
        for entry in fs::read_dir(&self.0.dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some(name) = name.to_str().and_then(AttachmentName::parse) else { continue };
            // Before it is asked for: what has come in meanwhile is in the record then.
            if self.0.lock().coming.contains(&name.id) {
                continue;
            }
            match has(name.ticket, &name.id) {
                Some(true) => {}
                Some(false) => {
                    self.remove(&name)?;
                    swept.removed += 1;
                }
                None => swept.unknown += 1,
            }
        }
        Ok(swept)
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, path: &Path) -> Result<(), AttachmentError> {
        let mut held = self.lock();
        if held.readers > 0 {
            held.leaving.push(path.to_owned());
            return Ok(());
        }
        drop(held);
        let failed = |source| AttachmentError::Io { what: "remove", file: path.to_owned(), source };
        let bytes = match fs::metadata(path) {
            Ok(meta) => meta.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        fs::remove_file(path).map_err(failed)?;
        let mut held = self.lock();
        held.files = held.files.saturating_sub(1);
        held.bytes = held.bytes.saturating_sub(bytes);
        drop(held);
        sync_dir(&self.dir)
    }
}

fn sync_dir(dir: &Path) -> Result<(), AttachmentError> {
    whole::sync_dir(dir).map_err(|source| AttachmentError::Io { what: "sync", file: dir.to_owned(), source })
}

/// SHA-256 of what is left of a file, in lower-case hex.
pub fn sum_of(file: &mut impl Read) -> io::Result<String> {
    let (mut sum, mut buffer) = (Sha256::new(), vec![0; STEP_BYTES]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex(&sum.finalize())),
            Ok(read) => sum.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// While this is there, no file goes.
#[derive(Debug)]
pub struct Hold(Arc<Inner>);

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.0.lock();
        held.readers -= 1;
        if held.readers > 0 {
            return;
        }
        let leaving = std::mem::take(&mut held.leaving);
        drop(held);
        for path in leaving {
            if let Err(error) = self.0.remove(&path) {
                // The next start removes it.
                log::error!("an attachment that was removed is still there: {}", crate::chain::chain(&error));
            }
        }
    }
}

/// A file that comes in.
#[derive(Debug)]
pub struct Incoming {
    inner: Arc<Inner>,
    path: PathBuf,
    ticket: u64,
    id: String,
    file: Option<File>,
    sum: Sha256,
    bytes: u64,
    /// At how many bytes the disk was last looked at.
    looked_at: Option<u64>,
    is_kept: bool,
}

impl Incoming {
    fn opened(mut self) -> Result<Self, AttachmentError> {
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path);
        self.file = Some(opened.map_err(|source| self.failed("write", source))?);
        Ok(self)
    }

    /// How much has come in, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes what comes next.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), AttachmentError> {
        let (limits, piece_bytes) = (self.inner.limits, piece.len() as u64);
        if self.bytes + piece_bytes > limits.file_max_bytes {
            return Err(AttachmentError::TooLong { limit: limits.file_max_bytes });
        }
        self.look_at_disk(piece_bytes)?;
        let mut held = self.inner.lock();
        if held.bytes + piece_bytes > limits.total_max_bytes {
            return Err(AttachmentError::Full { limit: limits.total_max_bytes, held: held.bytes });
        }
        held.bytes += piece_bytes;
        drop(held);
        self.bytes += piece_bytes;
        self.sum.update(piece);
        let file = self.file.as_mut().expect("it is open while it is written");
        file.write_all(piece).map_err(|source| self.failed("write", source))
    }

    /// Whether the disk has enough for the ledger besides; looked at now and then.
    fn look_at_disk(&mut self, more: u64) -> Result<(), AttachmentError> {
        if self.looked_at.is_some_and(|at| self.bytes + more < at + LOOK_BYTES) {
            return Ok(());
        }
        self.looked_at = Some(self.bytes);
        let disk =
            rustix::fs::statvfs(&self.inner.dir).map_err(|source| self.failed("look at", source.into()))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let keep_free = self.inner.limits.keep_free_bytes;
        if free < keep_free.saturating_add(more).saturating_add(LOOK_BYTES) {
            return Err(AttachmentError::NoRoom { free, keep_free });
        }
        Ok(())
    }

    /// All of it has come in: makes it durable under its own name. It is still removed where it is dropped before
    /// [`Incoming::keep`].
    pub fn make_durable(&mut self) -> Result<AttachmentName, AttachmentError> {
        let file = self.file.take().expect("it is made durable once");
        file.sync_all().map_err(|source| self.failed("sync", source))?;
        let sha256 = hex(&self.sum.clone().finalize());
        let name = AttachmentName { ticket: self.ticket, id: self.id.clone(), sha256 };
        let path = self.inner.dir.join(name.to_string());
        fs::rename(&self.path, &path).map_err(|source| self.failed("rename", source))?;
        self.path = path;
        sync_dir(&self.inner.dir)?;
        Ok(name)
    }

    /// The record names it, or may name it: it stays.
    pub fn keep(mut self) {
        self.is_kept = true;
    }

    fn failed(&self, what: &'static str, source: io::Error) -> AttachmentError {
        AttachmentError::Io { what, file: self.path.clone(), source }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.is_kept {
            // What cannot be removed now is removed at the next start.
            let removed = fs::remove_file(&self.path);
            let mut held = self.inner.lock();
            held.bytes = held.bytes.saturating_sub(self.bytes);
            held.files = held.files.saturating_sub(1);
            drop(held);
            if let Err(error) = removed.or_else(unless_gone) {
                log::warn!(
                    "what is left of an upload could not be removed: {}: {error}",
                    self.path.display()
                );
            }
        }
        self.inner.lock().coming.remove(&self.id);
    }
}

fn unless_gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const LIMITS: AttachmentLimits = AttachmentLimits {
        file_max_bytes: 100,
        ticket_max_bytes: 1_000,
        total_max_bytes: 150,
        keep_free_bytes: 0,
    };

    fn names(dir: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(dir.path().join(ATTACHMENTS_DIR)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn kept(attachments: &Attachments, ticket: u64, id: &str, bytes: &[u8]) -> AttachmentName {
        let mut incoming = attachments.begin(ticket, id).unwrap();
        incoming.write(bytes).unwrap();
        let name = incoming.make_durable().unwrap();
        incoming.keep();
        name
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let dir = TempDir::new().unwrap();
        let attachments = Attachments::open(dir.path(), LIMITS).unwrap();
        let mut cut = attachments.begin(7, "aa").unwrap();
        cut.write(b"half").unwrap();
        assert_eq!(names(&dir), ["7-aa.part"]);
        drop(cut);
        let mut refused = attachments.begin(7, "ab").unwrap();
        refused.write(b"whole").unwrap();
        refused.make_durable().unwrap();
        drop(refused);
        assert_eq!((names(&dir).len(), attachments.held()), (0, (0, 0)));
        let name = kept(&attachments, 7, "ac", b"whole");
        assert_eq!((names(&dir), attachments.held()), (vec![name.to_string()], (1, 5)));
        let mut text = String::new();
        attachments.read(&name).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "whole");
    }

    #[test]
    fn room_is_bounded_by_file_together_and_by_what_the_disk_keeps() {
        let dir = TempDir::new().unwrap();
        let attachments = Attachments::open(dir.path(), LIMITS).unwrap();
        let mut first = attachments.begin(1, "aa").unwrap();
        first.write(&[1; 100]).unwrap();
        assert!(matches!(first.write(&[1]), Err(AttachmentError::TooLong { limit: 100 })));
        let mut second = attachments.begin(1, "ab").unwrap();
        second.write(&[1; 50]).unwrap();
        assert!(matches!(second.write(&[1]), Err(AttachmentError::Full { limit: 150, held: 150 })));
        drop(first);
        second.write(&[1]).unwrap();
        let greedy = AttachmentLimits { keep_free_bytes: u64::MAX / 2, ..LIMITS };
        let attachments = Attachments::open(dir.path(), greedy).unwrap();
        let mut third = attachments.begin(1, "ac").unwrap();
        assert!(matches!(third.write(&[1]), Err(AttachmentError::NoRoom { .. })));
    }

    #[test]
    fn what_was_left_by_a_crash_is_gone_after_a_start_and_what_comes_in_stays() {
        let dir = TempDir::new().unwrap();
        let attachments = Attachments::open(dir.path(), LIMITS).unwrap();
        let (known, orphan) = (kept(&attachments, 1, "aa", b"1"), kept(&attachments, 2, "ab", b"2"));
        let unread = kept(&attachments, 3, "ad", b"3");
        fs::write(dir.path().join("attachments/9-ae.part"), "half").unwrap();
        fs::write(dir.path().join("attachments/notes.txt"), "an admin's").unwrap();
        let attachments = Attachments::open(dir.path(), LIMITS).unwrap();
        assert_eq!(attachments.held(), (3, 3));
        let mut coming = attachments.begin(4, "ac").unwrap();
        coming.write(b"4").unwrap();
        let new = coming.make_durable().unwrap();
        let has = |ticket: u64, id: &str| (ticket != 3).then_some((ticket, id) == (1, "aa"));
        assert_eq!(attachments.sweep(has).unwrap(), Swept { removed: 1, unknown: 1 });
        coming.keep();
        let left = [known.to_string(), unread.to_string(), new.to_string(), "notes.txt".to_owned()];
        assert_eq!(names(&dir), left);
        assert!(matches!(attachments.read(&orphan), Err(AttachmentError::Missing { .. })));
    }

    #[test]
    fn a_file_that_is_not_what_its_name_says_is_not_given() {
        let dir = TempDir::new().unwrap();
        let attachments = Attachments::open(dir.path(), LIMITS).unwrap();
        let name = kept(&attachments, 1, "aa", b"what came in");
        fs::write(dir.path().join("attachments").join(name.to_string()), "what came on").unwrap();
        assert!(matches!(attachments.read(&name), Err(AttachmentError::Damaged { .. })));
    }

    #[test]
    fn nothing_goes_while_all_is_read() {
        let dir = TempDir::new().unwrap();
        let attachments = Attachments::open(dir.path(), LIMITS).unwrap();
        let name = kept(&attachments, 1, "aa", b"1");
        let (first, second) = (attachments.hold(), attachments.hold());
        attachments.remove(&name).unwrap();
        drop(first);
        assert!(attachments.read(&name).is_ok());
        drop(second);
        assert_eq!((names(&dir).len(), attachments.held()), (0, (0, 0)));
        attachments.remove(&name).expect("it is gone already");
    }

    #[test]
    fn a_name_is_ours_or_nobodys() {
        let sum = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
        let name = format!("1024-9f86d081-{sum}");
        assert_eq!(AttachmentName::parse(&name).map(|name| name.to_string()), Some(name.clone()));
        for other in ["", "1024-9f", "../7-aa-bb", "01024-9f86d081-", "1024-9F86D081-"] {
            assert_eq!(AttachmentName::parse(&format!("{other}{sum}")), None, "{other}");
        }
        for behind in [".part", "-1", "/x"] {
            assert_eq!(AttachmentName::parse(&format!("{name}{behind}")), None, "{behind}");
        }
    }
}
