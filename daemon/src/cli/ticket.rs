//! `andonctl ticket`: tickets, to look at. They change over HTTP, by whoever works on them.

mod explain;
mod list;
mod show;

use std::process::ExitCode;

use calendars::Timestamp;
use clap::{Args, Subcommand};
use serde::Deserialize;

use self::list::List;
use super::Io;
use super::error::CliError;
use super::text::{length, when};

/// Look at tickets.
#[derive(Debug, Subcommand)]
pub(super) enum TicketNoun {
    List(Box<List>),
    /// Show a ticket: what it is, its clocks, links and alarms
    Show(Number),
    /// Prove a ticket's deadlines, step by step
    Explain(Number),
}

/// One ticket.
#[derive(Debug, Args)]
pub(super) struct Number {
    /// The ticket's number
    #[arg(value_name = "N")]
    number: u64,
}

/// A clock, as far as it is shown.
#[derive(Deserialize)]
struct Clock {
    metric: String,
    calendar: String,
    target_seconds: Option<f64>,
    used_seconds: f64,
    state: String,
    deadline: Option<String>,
    stopped_at: Option<String>,
    breached: bool,
    breached_at: Option<String>,
    provisional: bool,
    cycle: u16,
}

impl TicketNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List(list) => list.run(io),
            Self::Show(Number { number }) => show::run(*number, io),
            Self::Explain(Number { number }) => explain::run(*number, io),
        }
    }
}

/// Seconds as a person reads them.
#[expect(clippy::cast_possible_truncation, reason = "terms are far below 2^63 ms")]
fn span(seconds: f64) -> String {
    length((seconds * 1_000.0) as i64)
}

fn given(target: Option<f64>) -> String {
    target.map_or_else(|| "no term".to_owned(), span)
}

/// How long until a deadline, or since.
fn left(deadline: &str, now: Timestamp) -> String {
    match Timestamp::parse_rfc3339(deadline) {
        Ok(deadline) if deadline < now => format!("{} over", length(now.ms_since(deadline))),
        Ok(deadline) => format!("in {}", length(deadline.ms_since(now))),
        Err(_) => when(deadline),
    }
}
