//! A backup: everything of a state directory that cannot be made again, in one file that any admin can look into.
//!
//! It is a tar archive packed with gzip: `tar tzf FILE` lists it. Its first member is `manifest.json`, a [`Manifest`].
//! Then come the members that the manifest names, in its order: the ledger's segments as they were durable when the
//! backup was taken, byte by byte, the kept texts of regulations, the books of mail, and attachments. The tickets in sled are not in it: they are rebuilt
//! from the ledger. Of tokens it has what the ledger has, hashes.
//! Attachments that the ledger names are in it; access data never is: what was erased would live on in old backups.
//!
//! The last [`SEAL_BYTES`] are a seal: an empty gzip member, which every tool takes for nothing, whose comment is the
//! SHA-256 of all bytes before it. So one flipped bit anywhere, and every end cut off, is found before anything else.
//!
//! A ledger that is damaged is backed up as it is, and the manifest says so.

mod pack;
mod seal;
#[cfg(test)]
mod tests;
mod unpack;

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use pack::{Facts, pack};
pub use seal::{SEAL_BYTES, SealCheck};
pub use unpack::{manifest, unpack};

use super::LedgerError;
use super::format::FormatError;

/// The name of the first member.
const MANIFEST: &str = "manifest.json";
/// The longest manifest that is read, in bytes; a ledger of a terabyte has one of 10 MiB.
const MANIFEST_MAX_BYTES: u64 = 16 << 20;
/// What a manifest calls itself.
const WHAT: &str = "backup";

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// That this is a backup of Andon Desk: `backup`.
    pub andon: String,
    /// The format of the state directory it was made of; see [`format`](mod@super::format).
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// When it was made, RFC 3339.
    pub taken_at: String,
    /// How many events it holds; the next one has the number after it.
    pub events: u64,
    /// How many tickets they opened.
    pub tickets: u64,
    /// Events that could not be read any more when it was made.
    #[serde(default)]
    pub damage: Vec<Damage>,
    /// Attachments that were missing or damaged when it was made, by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments_lost: Vec<String>,
    /// What follows, in order.
    pub members: Vec<Member>,
}

/// Events that the ledger had lost when the backup was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// The first of them.
    pub first_event: u64,
    /// The event with which the ledger goes on.
    pub next_event: u64,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its path below the state directory.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
}

impl Manifest {
    /// Bytes of all that it names.
    pub fn bytes(&self) -> u64 {
        self.members.iter().fold(0, |sum, member| sum.saturating_add(member.bytes))
    }
}

/// Why a backup was not made, or is none to restore.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A file of the state directory cannot be read.
    #[error("cannot read {file}", file = file.display())]
    Source {
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of the state directory was another one when it was read again.
    #[error("{file} changed while it was backed up; try again", file = file.display())]
    Changed {
        /// Which.
        file: PathBuf,
    },
    /// The backup cannot be written.
    #[error("cannot write the backup")]
    Write(#[source] io::Error),
    /// The backup cannot be read.
    #[error("cannot read the backup {file}", file = file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is something else.
    #[error("{file} is no backup of Andon Desk: {why}", file = file.display())]
    Foreign {
        /// Which.
        file: PathBuf,
        /// What gives it away.
        why: &'static str,
    },
    /// The file has no seal, or its seal is not the one of its bytes.
    #[error("{file} is damaged or its end is cut off: its checksum is not the one of its bytes; take another backup", file = file.display())]
    Unsealed {
        /// Which.
        file: PathBuf,
    },
    /// The manifest or the members are not what they should be, though the checksum is right: somebody made it so.
    #[error("{file} is no backup to be trusted: {why}", file = file.display())]
    Wrong {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A newer version made it.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// It holds more than the disk takes.
    #[error("{file} unpacks to {bytes} bytes, and {dir} has room for {free}", file = file.display(), dir = dir.display())]
    NoRoom {
        /// Which.
        file: PathBuf,
        /// How much it holds.
        bytes: u64,
        /// Where it was to go.
        dir: PathBuf,
        /// How much fits there.
        free: u64,
    },
    /// What it holds cannot be written.
    #[error("cannot unpack to {file}", file = file.display())]
    Unpack {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
