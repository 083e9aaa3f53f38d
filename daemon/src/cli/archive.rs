//! `andonctl archive`: where tickets are that were closed long ago.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;

use super::Io;
use super::error::CliError;
use super::text::{Table, size, when};

/// How long a check may take, in seconds.
const CHECK_MAX_S: u64 = 3_600;

/// See what has been archived, and whether it can be read.
#[derive(Debug, Subcommand)]
pub(super) enum ArchiveNoun {
    List(List),
    Check(Check),
}

/// List the years: how many tickets, how large, when the first and the last were closed.
///
/// The files are `archive/YEAR.jsonl.gz` in the state directory, a line of JSON for each ticket; zcat reads them.
#[derive(Debug, Args)]
pub(super) struct List {}

/// Read all of it. What cannot be read is named and copied to the quarantine.
///
/// Ends with 1 when there are tickets that cannot be read; andond makes them again from the ledger when it is restarted.
#[derive(Debug, Args)]
pub(super) struct Check {}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the fields are the daemon's JSON")]
struct Year {
    year: u16,
    tickets: u64,
    bytes: u64,
    first_closed_at: String,
    last_closed_at: String,
}

#[derive(Deserialize)]
struct Checked {
    year: u16,
    members: u64,
    stories: u64,
    damage: Vec<String>,
    given_up: u64,
}

impl ArchiveNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List(List {}) => list(io),
            Self::Check(Check {}) => check(io),
        }
    }
}

fn list(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = "/v1/archive";
    let answer = io.control.get(path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let mut table = Table::new(["year", "tickets", "size", "first closed", "last closed"]);
    for title in ["tickets", "size"] {
        table.align_right(title);
    }
    for year in answer.read::<Vec<Year>>(path)? {
        table.row([
            year.year.to_string(),
            year.tickets.to_string(),
            size(year.bytes),
            when(&year.first_closed_at),
            when(&year.last_closed_at),
        ]);
    }
    io.table(&table)
}

fn check(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = "/v1/archive/check";
    let answer = io.control.get_within(path, CHECK_MAX_S)?;
    let checked: Vec<Checked> = answer.read(path)?;
    let given_up: u64 = checked.iter().map(|year| year.given_up).sum();
    if io.json {
        io.json(&answer.json)?;
    } else {
        for Checked { year, members, stories, damage, .. } in &checked {
            writeln!(io.out, "{year}: {stories} stories in {members} members can be read")?;
            for damage in damage {
                writeln!(io.out, "{year}: damaged: {damage}")?;
            }
        }
    }
    if given_up == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(io.err, "{given_up} tickets cannot be read; restart andond to have them again from the ledger")?;
    Ok(ExitCode::FAILURE)
}
