//! Andon Desk.

pub mod store;
