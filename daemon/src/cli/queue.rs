//! `andonctl queue`: what is to be taken, in order.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;

use super::Io;
use super::control::encoded;
use super::error::CliError;
use super::text::{Table, age, short};

/// See what waits to be taken, and why it stands where it stands.
#[derive(Debug, Subcommand)]
pub(super) enum QueueNoun {
    List(List),
}

/// List the queue, the next to be taken first.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Of this regulation
    #[arg(long, value_name = "ID")]
    regulation: Option<String>,
    /// On this line
    #[arg(long, value_name = "L")]
    line: Option<u8>,
    /// Of this group
    #[arg(long, value_name = "ID")]
    group: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
}

/// How much of a subject is shown, in characters.
const SUBJECT_CHARS: usize = 40;

#[derive(Deserialize)]
struct Queued {
    position: u64,
    number: u64,
    priority: String,
    line: u8,
    client: Option<String>,
    subject: String,
    registered_at: String,
    reason: String,
    held_by: Option<u64>,
    held_because: Option<String>,
}

impl QueueNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self::List(list) = self;
        list.run(io)
    }
}

impl List {
    fn path(&self) -> String {
        let mut path = format!("/v1/queue?limit={}", self.limit);
        let line = self.line.map(|line| line.to_string());
        for (name, value) in [("regulation", &self.regulation), ("line", &line), ("group", &self.group)] {
            if let Some(value) = value {
                path.extend(["&", name, "=", &encoded(value)]);
            }
        }
        path
    }

    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = self.path();
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        let mut table = Table::new([
            "place",
            "no.",
            "priority",
            "line",
            "age",
            "because of",
            "held",
            "client",
            "subject",
        ]);
        for title in ["place", "no.", "line", "age"] {
            table.align_right(title);
        }
        for queued in answer.read::<Vec<Queued>>(&path)? {
            table.row(queued.row(io));
        }
        io.table(&table)
    }
}

impl Queued {
    fn row(self, io: &Io<'_>) -> [String; 9] {
        let held = match (&self.held_because, self.held_by) {
            (None, _) => "-".to_owned(),
            (Some(because), Some(by)) => format!("by {by}, {because}"),
            (Some(because), None) => because.clone(),
        };
        [
            self.position.to_string(),
            self.number.to_string(),
            self.priority,
            self.line.to_string(),
            age(&self.registered_at, io.now),
            self.reason,
            held,
            self.client.unwrap_or_default(),
            short(&self.subject, SUBJECT_CHARS),
        ]
    }
}
