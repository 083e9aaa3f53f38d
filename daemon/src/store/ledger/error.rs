//! What can go wrong with the ledger.

use std::io;
use std::path::PathBuf;

use super::quarantine::Stretch;
use crate::store::Position;

/// Why the ledger did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The ledger's directory could not be made, listed or synced.
    #[error("cannot open the ledger in {dir}", dir = dir.display())]
    Open {
        /// The ledger's directory.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A segment could not be read.
    #[error("cannot read the ledger's segment {file}", file = file.display())]
    Read {
        /// The segment's file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A segment was written by a newer version of Andon Desk; it was left as it is.
    #[error("the ledger's segment {file} has format {found}, this version reads up to {known}; install the newer version again", file = file.display())]
    Newer {
        /// The segment's file.
        file: PathBuf,
        /// The format it says it has.
        found: u32,
        /// The newest format that this build reads.
        known: u32,
    },
    /// A new segment could not be started; nothing of the batch was written.
    #[error("cannot start the ledger's segment {file}", file = file.display())]
    Roll {
        /// The segment's file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The batch could not be made durable, and nothing of it is left: the ledger is as before.
    #[error("cannot append to the ledger's segment {file}; nothing of the batch was kept", file = file.display())]
    Append {
        /// The segment's file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What a failed append left behind could not be cut off, so nothing can be appended until that works. If the
    /// machine stops now, whole frames of that batch may be found at the next open, though they were refused.
    #[error("cannot cut a failed append off the ledger's segment {file}; no update is taken until that works", file = file.display())]
    CutBack {
        /// The segment's file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Somebody removed the newest segment's file while it was in use; what is written to it would be lost.
    #[error("the ledger's segment {file} was removed while it was in use; put the state directory back from a backup and restart andond", file = file.display())]
    Removed {
        /// The segment's file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A frame does not continue the ledger's numbering; nothing of the batch was written.
    #[error("the next event of the ledger is {expected}, not {found}")]
    Sequence {
        /// The number that the next event must have.
        expected: u64,
        /// The number that it had.
        found: u64,
    },
    /// A frame holds no event; nothing of the batch was written.
    #[error("the entry at event {first_seq} holds no event")]
    NoEvent {
        /// The number that its first event would have had.
        first_seq: u64,
    },
    /// An entry or a batch is longer than the ledger takes; nothing of the batch was written.
    #[error("{bytes} bytes at event {first_seq} are more than the {limit} that the ledger takes at once")]
    TooLong {
        /// The first event of what is too long.
        first_seq: u64,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// No durable frame starts at the position.
    #[error("no frame of the ledger starts at {at}")]
    NoFrame {
        /// The position that was asked for.
        at: Position,
    },
    /// Bytes of the ledger that were durable once are no longer readable, or whole events are missing.
    #[error("the ledger is damaged: {0}")]
    Damaged(Stretch),
}
