//! What can go wrong with the archive.

use std::io;
use std::path::PathBuf;

/// Why the archive did not do what it was asked. Nothing is lost by it: the ledger has everything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The archive's directory or its index could not be made, listed or read.
    #[error("cannot open the archive in {dir}", dir = dir.display())]
    Open {
        /// The archive's directory.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of the archive could not be read.
    #[error("cannot read the archive's file {file}", file = file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Tickets could not be added; the archive is as before.
    #[error("cannot add to the archive's file {file}; its tickets stay in the database", file = file.display())]
    Append {
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What holds the ticket is not as it was written.
    #[error("the archive is damaged: {0}")]
    Damaged(Damage),
    /// The ticket was in a part of the archive that was found damaged before.
    #[error(
        "ticket {number} was in a damaged part of the archive; restart andond to have it again from the ledger"
    )]
    GivenUp {
        /// The ticket's number.
        number: u64,
    },
}

/// A stretch of an archive that holds no readable tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The archive's file.
    pub file: PathBuf,
    /// The first bad byte of the file.
    pub from: u64,
    /// The first byte behind the stretch.
    pub to: u64,
    /// Where a copy of the bytes was put; `None` when it could not be written.
    pub kept: Option<PathBuf>,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, from, to, kept } = self;
        write!(f, "{}, bytes {from} to {to}, cannot be read", file.display())?;
        match kept {
            Some(kept) => write!(f, "; copied to {}", kept.display()),
            None => Ok(()),
        }
    }
}
