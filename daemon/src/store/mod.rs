//! What the desk keeps, and the promise that it stays.
//!
//! - [`Ledger`]: every accepted command with its events, append-only. It is the truth: what [`Ledger::append`] has
//!   acknowledged survives a power cut, and what it refused is gone.
//! - [`Tickets`]: the desk as it stands, in a database. It saves the replay at start, and can be lost whole without
//!   losing a ticket. A [`Checkpoint`] of it is all or nothing.
//! - [`Archive`]: stories of tickets that are long over, compressed, a file for each year. It can be lost whole, too.
//! - [`search`]: which tickets have which terms, for lists. It can be lost whole, too.
//! - [`Attachments`]: the bytes of files that belong to tickets; the record says which. [`Sealed`]: access data, encrypted
//!   and erased when its ticket is closed.
//! - [`Keeper`]: writes the checkpoints, and compacts the database, in a thread of its own.
//! - [`StateLock`]: one process per state directory.
//! - [`Reserve`]: room held back for the day on which the disk is full.
//! - [`Disk`]: all that the ledger and the reserve do to files, so that a test may make up a disk.
//! - [`backup`] packs all that cannot be made again into one file, [`export`] tells it as JSON lines; new books take
//!   the place of old ones by way of [`staging`].
//! - [`keep_text`], [`kept_texts`]: the texts of regulations that tickets were opened under.
//!
//! At start: take the lock, open the ledger, open the archive and the tickets with the ledger's next event, and replay
//! [`Ledger::frames_from`] the tickets' position. The reports say what was cut off, damaged or set aside; they are for
//! the log and the wall. A failing card makes errors and no panics.
//!
//! On disk, below the state directory: `lock`, `format` (see [`format`](mod@format)), `reserve`, `ledger/`, `archive/`,
//! `quarantine/` (copies of bytes that were no frame or no member of an archive), `archive.bad/`, `attachments/`, `sealed/`,
//! `search/`, `page-key`, `sled/`, `sled.bad-N/`
//! (databases set aside; they may be deleted), while it is compacted `sled.new/` and `sled.old/`, `regulations/`, `webhooks/` (how far
//! each is: [`crate::out::webhooks`]), `mail/` (see [`MailBooks`]), and
//! `before-restore-N/` (desks that a restore set aside; they may be deleted, too).
//!
//! The store knows nothing of commands, events and tickets: it is handed bytes and numbers. It reads no clock.

pub mod archive;
pub mod attachments;
pub mod backup;
pub mod disk;
pub mod export;
pub mod format;
pub mod keeper;
pub mod ledger;
pub mod lock;
mod mail_books;
mod position;
pub mod regulations;
pub mod reserve;
pub mod sealed;
pub mod search;
pub mod staging;
pub mod tickets;
pub mod whole;

/// The key of requesters' links, below the state directory. A backup has it, so that links outlive the box.
pub const PAGE_KEY_FILE: &str = "page-key";

pub use archive::{Archive, ArchiveError, ArchiveReport};
pub use attachments::{AttachmentError, AttachmentLimits, AttachmentName, Attachments};
pub use disk::{Disk, DiskFile, RealDisk};
pub use keeper::{Keeper, KeeperPlace, Kept};
pub use ledger::{Frame, Ledger, LedgerError, LedgerReader, LedgerReport};
pub use lock::{LockError, StateLock};
pub use mail_books::{MAIL_DIR, MailBooks, PLACE_FILE, QUARANTINE_DIR, SEEN_FILE, is_held_id};
pub use position::Position;
pub use regulations::{TextKept, keep_text, kept_texts};
pub use reserve::Reserve;
pub use sealed::{BoxKey, KeyError, Sealed, SealedError, SealedHas, SealedName, Secret};
pub use tickets::{Checkpoint, DeadlineChange, Tickets, TicketsError};
