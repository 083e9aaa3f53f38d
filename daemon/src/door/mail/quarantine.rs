//! The quarantine: mail that did not become what its sender wanted, kept as it came until an admin decides.
//!
//! It lies in `STATE/mail/quarantine`, two files for each: `ID.eml`, the mail to the byte, and `ID.json`, what is known of
//! it; the second makes the first one count. Some of it needs a person (it could not be read, the desk refused it, somebody
//! sent too much): that is an alarm on the wall, and is never removed to make room. The rest, written by programs and
//! belonging nowhere, is kept quietly, and the oldest of it makes room. Where there is none, mail stays on its server.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use calendars::Timestamp;
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use crate::store::{QUARANTINE_DIR, is_held_id, whole};

/// How many mails there are at most.
pub const MAILS_MAX: usize = 10_000;
/// How long what needs nobody is kept, in milliseconds: 30 days.
const QUIET_MS: i64 = 30 * 86_400_000;

/// Why a mail is held.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum HeldWhy {
    /// It is no mail, or would take too much to read.
    Unreadable,
    /// It is longer than the site takes; only its head is kept.
    TooLong,
    /// It does not say who writes.
    NoSender,
    /// Its sender has sent too many within the hour.
    TooMany,
    /// The desk does not take it.
    Refused,
    /// A report of another server that belongs to no ticket.
    Bounce,
    /// An answer of a program that belongs to no ticket.
    AutoReply,
    /// A program wrote it.
    Automatic,
    /// It comes from a mailing list.
    List,
    /// The desk wrote it itself, or another one.
    Loop,
    /// It was marked as spam.
    Spam,
}

impl From<Kind> for HeldWhy {
    fn from(kind: Kind) -> Self {
        match kind {
            // The desk is asked of each; only its refusal holds one.
            Kind::Letter => Self::Refused,
            Kind::Bounce => Self::Bounce,
            Kind::AutoReply => Self::AutoReply,
            Kind::Automatic => Self::Automatic,
            Kind::List => Self::List,
            Kind::Loop => Self::Loop,
            Kind::Spam => Self::Spam,
        }
    }
}

impl HeldWhy {
    /// Whether a person is to look at it.
    pub const fn needs_a_person(self) -> bool {
        match self {
            Self::Unreadable | Self::TooLong | Self::NoSender | Self::TooMany | Self::Refused => true,
            Self::Bounce | Self::AutoReply | Self::Automatic | Self::List | Self::Loop | Self::Spam => false,
        }
    }

    /// The id as it stands in JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::TooLong => "too-long",
            Self::NoSender => "no-sender",
            Self::TooMany => "too-many",
            Self::Refused => "refused",
            Self::Bounce => "bounce",
            Self::AutoReply => "auto-reply",
            Self::Automatic => "automatic",
            Self::List => "list",
            Self::Loop => "loop",
            Self::Spam => "spam",
        }
    }
}

/// What is known of a mail that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldMail {
    /// Its id: the first half of its sum, in hex.
    pub id: String,
    /// When it came.
    pub at: Timestamp,
    /// Why it is held.
    pub why: HeldWhy,
    /// The same in words.
    pub words: String,
    /// Who writes; empty where that is not known.
    pub from: String,
    /// The address of the desk that it came to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// How long it is, in bytes.
    pub bytes: u64,
}

/// Why a mail could not be held.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// There is no room.
    #[error(
        "the quarantine of mail is full: {mails} mails of {bytes} bytes; `andonctl mail list` shows them"
    )]
    Full {
        /// How many there are.
        mails: usize,
        /// How long they are together, in bytes.
        bytes: u64,
    },
    /// The system did not do it.
    #[error("cannot {what} {file}", file = file.display())]
    Io {
        /// write, read, remove, …
        what: &'static str,
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The mails that are held.
#[derive(Debug)]
pub(super) struct Quarantine {
    dir: PathBuf,
    max_bytes: u64,
    held: BTreeMap<String, HeldMail>,
    bytes: u64,
    /// How many read mails at their places, which stay there until they have.
    readers: usize,
    /// Mails that have been let go, and stay for the readers.
    gone: Vec<String>,
}

impl Quarantine {
    /// What is held below `mail_dir`; what a crash left half written is removed.
    pub(super) fn open(mail_dir: &Path, max_bytes: u64) -> Result<Self, QuarantineError> {
        let dir = mail_dir.join(QUARANTINE_DIR);
        let failed = |what, file: &Path| {
            let file = file.to_owned();
            move |source| QuarantineError::Io { what, file, source }
        };
        whole::make_dir(&dir).map_err(failed("make", &dir))?;
        let mut quarantine = Self {
            dir: dir.clone(),
            max_bytes,
            held: BTreeMap::new(),
            bytes: 0,
            readers: 0,
            gone: Vec::new(),
        };
        let mut mails = Vec::new();
        for entry in fs::read_dir(&dir).map_err(failed("read", &dir))? {
            let path = entry.map_err(failed("read", &dir))?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("json") => {
                    let text = fs::read(&path).map_err(failed("read", &path))?;
                    match serde_json::from_slice::<HeldMail>(&text) {
                        Ok(mail) if is_held_id(&mail.id) && quarantine.file(&mail.id, "json") == path => {
                            quarantine.bytes += mail.bytes;
                            quarantine.held.insert(mail.id.clone(), mail);
                        }
                        Ok(_) | Err(_) => log::error!(
                            "{} is none of the quarantine's files, it is left alone",
                            path.display()
                        ),
                    }
                }
                Some("eml") => mails.push(path),
                _ => {}
            }
        }
        for path in mails {
            let id = path.file_stem().and_then(|id| id.to_str()).unwrap_or_default();
            if !quarantine.held.contains_key(id) && !path.with_extension("json").exists() {
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        Ok(quarantine)
    }

    /// Holds so many bytes at most from here on; what is there stays.
    pub(super) fn hold_at_most(&mut self, max_bytes: u64) {
        self.max_bytes = max_bytes;
    }

    fn file(&self, id: &str, extension: &str) -> PathBuf {
        self.dir.join(format!("{id}.{extension}"))
    }

    /// All of them, the oldest first.
    pub(super) fn list(&self) -> Vec<HeldMail> {
        let mut all: Vec<HeldMail> = self.held.values().cloned().collect();
        all.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        all
    }

    /// One of them.
    pub(super) fn get(&self, id: &str) -> Option<&HeldMail> {
        self.held.get(id)
    }

    /// How many need a person.
    pub(super) fn calling(&self) -> usize {
        self.held.values().filter(|mail| mail.why.needs_a_person()).count()
    }

    /// How many there are, and how long they are together, in bytes.
    pub(super) fn size(&self) -> (usize, u64) {
        (self.held.len(), self.bytes)
    }

    /// A mail as it came.
    pub(super) fn read(&self, id: &str) -> Result<Vec<u8>, QuarantineError> {
        let file = self.file(id, "eml");
        fs::read(&file).map_err(|source| QuarantineError::Io { what: "read", file, source })
    }

    /// Holds a mail; durable when this returns. One that is held already is told anew.
    pub(super) fn hold(&mut self, mail: HeldMail, raw: &[u8]) -> Result<(), QuarantineError> {
        self.forget_old(mail.at)?;
        if let Some(known) = self.held.get(&mail.id) {
            self.bytes = self.bytes.saturating_sub(known.bytes);
        }
        let fits = |quarantine: &Self| {
            let count = quarantine.held.len() + usize::from(!quarantine.held.contains_key(&mail.id));
            count <= MAILS_MAX && quarantine.bytes + mail.bytes <= quarantine.max_bytes
        };
        while !fits(self) {
            let quiet =
                self.list().into_iter().find(|known| !known.why.needs_a_person() && known.id != mail.id);
            let Some(quiet) = quiet else {
                let bytes = self.bytes;
                self.bytes += self.held.get(&mail.id).map_or(0, |known| known.bytes);
                return Err(QuarantineError::Full { mails: self.held.len(), bytes });
            };
            self.remove(&quiet.id)?;
        }
        self.write(&mail.id, "eml", raw)?;
        let told = serde_json::to_vec(&mail).expect("it is plain data");
        self.write(&mail.id, "json", &told)?;
        self.bytes += mail.bytes;
        self.held.insert(mail.id.clone(), mail);
        Ok(())
    }

    fn write(&self, id: &str, extension: &str, bytes: &[u8]) -> Result<(), QuarantineError> {
        let file = self.file(id, extension);
        let written = whole::write(&file, &self.file(id, "new"), bytes);
        written.map_err(|source| QuarantineError::Io { what: "write", file, source })
    }

    /// Lets one go; false where it is not there.
    pub(super) fn remove(&mut self, id: &str) -> Result<bool, QuarantineError> {
        let Some(mail) = self.held.get(id) else { return Ok(false) };
        // What makes it count goes first; without it the next start removes the other.
        self.remove_file(id, "json")?;
        if self.readers == 0 {
            self.remove_file(id, "eml")?;
        } else {
            self.gone.push(id.to_owned());
        }
        self.bytes = self.bytes.saturating_sub(mail.bytes);
        self.held.remove(id);
        Ok(true)
    }

    fn remove_file(&self, id: &str, extension: &str) -> Result<(), QuarantineError> {
        let file = self.file(id, extension);
        match fs::remove_file(&file) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(QuarantineError::Io { what: "remove", file, source })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Somebody is going to read mails at their places.
    pub(super) fn begin_to_read(&mut self) {
        self.readers += 1;
    }

    /// They have.
    pub(super) fn end_to_read(&mut self) -> Result<(), QuarantineError> {
        self.readers = self.readers.saturating_sub(1);
        let gone = if self.readers == 0 { std::mem::take(&mut self.gone) } else { Vec::new() };
        // What came again meanwhile stays.
        gone.iter().filter(|id| !self.held.contains_key(*id)).try_for_each(|id| self.remove_file(id, "eml"))
    }

    /// Lets go of what needs nobody and has been here for long.
    fn forget_old(&mut self, now: Timestamp) -> Result<(), QuarantineError> {
        let is_old = |mail: &&HeldMail| !mail.why.needs_a_person() && now.ms_since(mail.at) > QUIET_MS;
        let old: Vec<String> = self.held.values().filter(is_old).map(|mail| mail.id.clone()).collect();
        for id in old {
            self.remove(&id)?;
        }
        Ok(())
    }
}
