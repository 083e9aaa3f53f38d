//! Andon Desk.

pub mod cli;
