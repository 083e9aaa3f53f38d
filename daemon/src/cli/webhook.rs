//! `andonctl webhook`: what is posted to other systems.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::Io;
use super::control::encoded;
use super::error::CliError;
use super::text::{Table, when};

/// See whether events reach other systems, and deliver again what did not.
#[derive(Debug, Subcommand)]
pub(super) enum WebhookNoun {
    /// List the webhooks of the configuration and how they are
    List,
    Dead(Dead),
    Replay(Replay),
    Test(Test),
}

/// List what was tried for a day and not delivered, the oldest first.
#[derive(Debug, Args)]
pub(super) struct Dead {
    /// The webhook's name
    #[arg(value_name = "NAME")]
    name: String,
}

/// Deliver dead letters again, with the ids they always had.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The webhook's name
    #[arg(value_name = "NAME")]
    name: String,
    /// The event's number, as dead lists it
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    id: Option<u64>,
    /// All of them
    #[arg(long)]
    all: bool,
}

/// Post an event named `test`, once, and say what came of it.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// The webhook's name
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Deserialize)]
struct Webhook {
    name: String,
    url: String,
    state: String,
    last_delivered_at: Option<String>,
    lag_events: u64,
    held_tickets: usize,
    dead_letters: usize,
    last_error: Option<String>,
}

#[derive(Deserialize)]
struct Letter {
    id: u64,
    event: String,
    ticket: Option<u64>,
    at: String,
    tries: u32,
    error: String,
}

#[derive(Deserialize)]
struct Replayed {
    replayed: usize,
}

#[derive(Deserialize)]
struct Tested {
    status: Option<u16>,
    error: Option<String>,
}

impl WebhookNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List => list(io),
            Self::Dead(dead) => dead.run(io),
            Self::Replay(replay) => replay.run(io),
            Self::Test(test) => test.run(io),
        }
    }
}

fn list(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = "/v1/webhooks";
    let answer = io.control.get(path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let mut table = Table::new(["name", "url", "state", "last delivered", "lag", "held", "dead", "error"]);
    for title in ["lag", "held", "dead"] {
        table.align_right(title);
    }
    for webhook in answer.read::<Vec<Webhook>>(path)? {
        table.row([
            webhook.name,
            webhook.url,
            webhook.state,
            webhook.last_delivered_at.map_or_else(|| "-".to_owned(), |at| when(&at)),
            webhook.lag_events.to_string(),
            webhook.held_tickets.to_string(),
            webhook.dead_letters.to_string(),
            webhook.last_error.unwrap_or_default(),
        ]);
    }
    io.table(&table)
}

impl Dead {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/webhooks/{}/dead", encoded(&self.name));
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        let mut table = Table::new(["id", "event", "ticket", "at", "tries", "error"]);
        for title in ["id", "ticket", "tries"] {
            table.align_right(title);
        }
        for letter in answer.read::<Vec<Letter>>(&path)? {
            table.row([
                letter.id.to_string(),
                letter.event,
                letter.ticket.map_or_else(|| "-".to_owned(), |ticket| ticket.to_string()),
                when(&letter.at),
                letter.tries.to_string(),
                letter.error,
            ]);
        }
        io.table(&table)
    }
}

impl Replay {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let name = encoded(&self.name);
        let path = match self.id {
            Some(id) => format!("/v1/webhooks/{name}/dead/{id}/replay"),
            None => format!("/v1/webhooks/{name}/replay-dead"),
        };
        let answer = io.control.post(&path, &json!({}))?;
        if io.json {
            return io.json(&answer.json);
        }
        let Replayed { replayed } = answer.read(&path)?;
        writeln!(io.err, "webhook {}: {replayed} dead letters are delivered again", self.name)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Test {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/webhooks/{}/test", encoded(&self.name));
        let answer = io.control.post(&path, &json!({}))?;
        let Tested { status, error } = answer.read(&path)?;
        if io.json {
            io.json(&answer.json)?;
        } else if let Some(status) = status {
            writeln!(io.err, "webhook {}: the receiver took it ({status})", self.name)?;
        } else {
            let error = error.unwrap_or_default();
            writeln!(io.err, "webhook {}: the receiver did not take it: {error}", self.name)?;
        }
        Ok(if status.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
