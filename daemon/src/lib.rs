//! Andon Desk: keeps a support desk's tickets, knows the terms its regulation promised, and lights the wall before
//! and when a promise breaks.
//!
//! The core is [`desk`], pure; everything around it brings commands in and carries effects out.

pub mod board;
pub mod chain;
pub mod cli;
pub mod clock;
pub mod config;
mod dates;
pub mod desk;
pub mod door;
#[cfg(test)]
mod golden;
mod hex;
pub mod links;
pub mod mail;
pub mod observe;
pub mod out;
pub mod run;
pub mod store;
mod toml_problem;
