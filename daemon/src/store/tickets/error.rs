//! What can go wrong with the projection.

use std::io;
use std::path::PathBuf;

/// Why the projection did not do what it was asked. Nothing is lost by it: the ledger has everything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TicketsError {
    /// The database is there and may be whole, but the system does not let us at it.
    #[error("cannot open the ticket database {dir}", dir = dir.display())]
    Open {
        /// The database's directory.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A database that is of no use could not be moved out of the way.
    #[error("cannot set the ticket database {dir} aside; move it away by hand", dir = dir.display())]
    SetAside {
        /// The database's directory.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The database could not be read.
    #[error("cannot read the ticket database {dir}", dir = dir.display())]
    Read {
        /// The database's directory.
        dir: PathBuf,
        /// What the system or the database said.
        #[source]
        source: io::Error,
    },
    /// A checkpoint could not be written down beside the database, which was not touched and goes on.
    #[error("cannot write a checkpoint beside the ticket database {dir}; it is tried again with the next", dir = dir.display())]
    Prepare {
        /// The database's directory.
        dir: PathBuf,
        /// What the system or the database said.
        #[source]
        source: io::Error,
    },
    /// A checkpoint was written down, but could not be brought into the database, which was closed and opened again.
    #[error("cannot write a checkpoint to the ticket database {dir}", dir = dir.display())]
    Checkpoint {
        /// The database's directory.
        dir: PathBuf,
        /// What the system or the database said.
        #[source]
        source: io::Error,
    },
    /// The database could not be copied into a fresh one, and goes on as it is.
    #[error("cannot compact the ticket database {dir}; it goes on as it is", dir = dir.display())]
    Compact {
        /// The database's directory.
        dir: PathBuf,
        /// What the system or the database said.
        #[source]
        source: io::Error,
    },
    /// A checkpoint stands for fewer events than the one before.
    #[error("a checkpoint up to event {upto_seq} came after one up to {position}")]
    Backwards {
        /// Where the checkpoint would have ended.
        upto_seq: u64,
        /// Where the projection stands.
        position: u64,
    },
    /// What it holds is not as it was written. It is marked, so that the next open makes it again.
    #[error("the ticket database {dir} is damaged ({what}); a restart of andond rebuilds it from the ledger", dir = dir.display())]
    Damaged {
        /// The database's directory.
        dir: PathBuf,
        /// What was met: a record by its key, its kind and then hexadecimal digits, or what the database said.
        what: String,
    },
    /// The database failed earlier and could not be opened again; the next checkpoint tries once more.
    #[error("the ticket database {dir} is closed after a failure: {reason}", dir = dir.display())]
    Closed {
        /// The database's directory.
        dir: PathBuf,
        /// Why it could not be opened again.
        reason: String,
    },
}
