//! `andonctl mail`: mail that is held in the quarantine.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::Io;
use super::control::encoded;
use super::error::CliError;
use super::text::{Table, when};

/// See the mail that did not become a ticket, and decide what becomes of it.
#[derive(Debug, Subcommand)]
pub(super) enum MailNoun {
    /// List the mail that is held, the oldest first
    List,
    Show(Show),
    Retry(Retry),
    Drop(Drop),
}

/// Print a mail that is held, as it came.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The mail's id, as list has it
    #[arg(value_name = "ID")]
    id: String,
}

/// Take a mail for a person's letter, whatever it looks like: it becomes a ticket, or words on one.
#[derive(Debug, Args)]
pub(super) struct Retry {
    /// The mail's id, as list has it
    #[arg(value_name = "ID")]
    id: String,
}

/// Let a mail go, for good.
#[derive(Debug, Args)]
pub(super) struct Drop {
    /// The mail's id, as list has it
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Deserialize)]
struct Held {
    id: String,
    at: String,
    why: String,
    words: String,
    from: String,
    subject: String,
    bytes: u64,
}

#[derive(Deserialize)]
struct Whole {
    mail: String,
}

#[derive(Deserialize)]
struct LetOut {
    ticket: Option<u64>,
}

impl MailNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List => list(io),
            Self::Show(show) => show.run(io),
            Self::Retry(retry) => retry.run(io),
            Self::Drop(drop) => drop.run(io),
        }
    }
}

fn list(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = "/v1/quarantine";
    let answer = io.control.get(path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let mut table = Table::new(["id", "at", "why", "from", "subject", "bytes", "words"]);
    table.align_right("bytes");
    for held in answer.read::<Vec<Held>>(path)? {
        let Held { id, at, why, words, from, subject, bytes } = held;
        table.row([id, when(&at), why, from, subject, bytes.to_string(), words]);
    }
    io.table(&table)
}

impl Show {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/quarantine/{}", encoded(&self.id));
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        let Whole { mail } = answer.read(&path)?;
        // A terminal would carry out what a stranger wrote.
        let shown = |c: char| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c };
        writeln!(io.out, "{}", mail.replace("\r\n", "\n").chars().map(shown).collect::<String>().trim_end())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Retry {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/quarantine/{}/retry", encoded(&self.id));
        let answer = io.control.post(&path, &json!({}))?;
        if io.json {
            return io.json(&answer.json);
        }
        match answer.read::<LetOut>(&path)?.ticket {
            Some(ticket) => writeln!(io.err, "mail {}: it is on ticket {ticket} now", self.id)?,
            None => writeln!(io.err, "mail {}: it had come before, and is held no more", self.id)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Drop {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        io.control.delete(&format!("/v1/quarantine/{}", encoded(&self.id)))?;
        if !io.json {
            writeln!(io.err, "mail {}: gone", self.id)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
