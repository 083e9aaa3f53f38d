//! What the desk keeps, and the promise that it stays.
//!
//! - [`Ledger`]: every accepted command with its events, append-only. It is the truth: what
//!   [`Ledger::append`] has acknowledged survives a power cut.
//! - [`Tickets`]: the desk as it stands, in a database. It saves the replay at start, and can be lost whole without
//!   losing a ticket.

pub mod keeper;
pub mod ledger;
pub mod lock;
mod position;
pub mod tickets;

pub use keeper::{Keeper, Kept};
pub use ledger::{Frame, Ledger, LedgerError, LedgerReader, LedgerReport};
pub use lock::{LockError, StateLock};
pub use position::Position;
pub use tickets::{Checkpoint, DeadlineChange, Tickets, TicketsError};
