//! `andonctl ledger`: whether everything that happened can still be read.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Io;
use super::books::instead;
use super::error::CliError;
use crate::run::books::BooksError;
use crate::run::checking::{LedgerCheck, LedgerDamage};

/// How long a check may take, in seconds.
const CHECK_MAX_S: u64 = 3_600;
/// Where the daemon does it.
const PATH: &str = "/v1/ledger/check";

/// See whether everything that happened can be read.
#[derive(Debug, Subcommand)]
pub(super) enum LedgerNoun {
    Check(Check),
}

/// Read all of the ledger. What cannot be read is named and copied to the quarantine.
///
/// andond does so by itself some minutes after its start, and daily. Tickets stand as they are where an entry is lost, but
/// their histories lack it; a backup may have it. A daemon that is stopped is done without, where --state-dir says whose
/// ledger it is. Ends with 1 when something is lost or damaged.
#[derive(Debug, Args)]
pub(super) struct Check {}

impl LedgerNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::Check(Check {}) => check(io),
        }
    }
}

fn check(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let checked: LedgerCheck = match io.control.get_within(PATH, CHECK_MAX_S) {
        Ok(answer) => answer.read(PATH)?,
        Err(error) => {
            let books = instead(error, io.state_dir.as_deref(), io.err)?;
            LedgerCheck::from(&books.ledger.reader().check().map_err(BooksError::Ledger)?)
        }
    };
    if io.json {
        io.json(&checked)?;
    } else {
        tell(io, &checked)?;
    }
    let is_whole = checked.damage.is_empty() && checked.bad_headers.is_empty();
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(io: &mut Io<'_>, checked: &LedgerCheck) -> Result<(), CliError> {
    let LedgerCheck { segments, events, damage, bad_headers } = checked;
    writeln!(io.out, "{events} events in {segments} files were read")?;
    for LedgerDamage { file, from_byte, to_byte, first_event, next_event, kept } in damage {
        let last_event = next_event - 1;
        writeln!(
            io.out,
            "{file}: bytes {from_byte} to {to_byte}: events {first_event} to {last_event} are lost"
        )?;
        if let Some(kept) = kept {
            writeln!(io.out, "{file}: a copy of these bytes is {kept}")?;
        }
    }
    for file in bad_headers {
        writeln!(io.out, "{file}: its header is damaged, its events are whole")?;
    }
    if !damage.is_empty() {
        writeln!(
            io.err,
            "the tickets stand as they are, but their histories lack these events; an older backup may have them (andonctl restore --dry-run FILE)"
        )?;
    }
    Ok(())
}
