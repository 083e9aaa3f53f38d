//! The ways in. Every door turns what it hears into a [`Command`](crate::desk::Command) and has no private way to the desk.

mod alertmanager;
pub mod content;
pub mod http;
pub mod mail;
pub mod secret;
pub mod tls;
