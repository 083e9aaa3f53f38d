//! `andonctl sealed`: the key of access data.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Io;
use super::error::CliError;
use crate::chain::chain;
use crate::store::BoxKey;

/// Make the key that access data is sealed with.
#[derive(Debug, Subcommand)]
pub(super) enum SealedNoun {
    NewKey(NewKey),
}

/// Make a new key in a file that is not there yet, for its owner alone.
///
/// Name it as `key-file` under [sealed] in andon.toml, or hand it to andond as systemd's credential
/// `andon-sealed-key` (LoadCredential=andon-sealed-key:FILE), and restart andond. Keep it out of the state directory and
/// of its backups: who has both reads what is sealed. What was sealed by another key does not open any more; it is asked
/// for again.
#[derive(Debug, Args)]
pub(super) struct NewKey {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl SealedNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self::NewKey(NewKey { file }) = self;
        BoxKey::make(file).map_err(|error| CliError::Refused(chain(&error)))?;
        writeln!(
            io.err,
            "{}: name it as key-file under [sealed] in andon.toml, readable for andond alone",
            file.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
