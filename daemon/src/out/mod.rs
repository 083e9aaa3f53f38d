//! Ways out: what the desk tells other systems of itself, after it is durable.
//!
//! The ledger is the outbox: events are numbered without a hole, so whoever tells them keeps a number and no copy. A
//! [`Feed`] tells the events from a number on, each once and in order; the stream of the HTTP door and each
//! [webhook](webhooks) has one of its own, and neither ever makes the desk wait: what is slow falls behind and reads the
//! ledger. What a delivery does when it fails is in [`retry`], for whatever is delivered.

pub mod event;
pub mod feed;
pub mod filter;
pub mod letters;
pub mod retry;
pub mod webhooks;

pub use event::EventView;
pub use feed::{Feed, Herald, Stretch, Told};
pub use filter::{About, Filter, event_names};
