//! What the desk keeps, and the promise that it stays.
//!
//! - [`Ledger`]: every accepted command with its events, append-only. It is the truth: what
//!   [`Ledger::append`] has acknowledged survives a power cut.

pub mod ledger;
mod position;

pub use ledger::{Frame, Ledger, LedgerError, LedgerReader, LedgerReport};
pub use position::Position;
