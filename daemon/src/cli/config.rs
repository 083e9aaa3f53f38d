//! `andonctl config`: the configuration file, read as the daemon reads it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::error::CliError;
use super::{Io, certificate};
use crate::chain::chain;
use crate::clock;
use crate::config::Config;
use crate::door::tls::{IdentityState, TlsError};

/// Check the daemon's configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigNoun {
    Check(Check),
}

/// Check a configuration file by the daemon's own reader, with the regulations and the certificate it names.
///
/// A certificate that is a credential of the unit is the daemon's alone to see, and is left out. Ends with 0 when the file is whole, with 1 when it is not.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The file
    #[arg(value_name = "FILE", default_value = "/etc/andon/andon.toml")]
    file: PathBuf,
}

impl ConfigNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self::Check(Check { file }) = self;
        let checked = check(file);
        let (problem, note) = match &checked {
            Ok(note) => (None, note.as_ref()),
            Err(problem) => (Some(problem), None),
        };
        if io.json {
            io.json(&json!({ "whole": problem.is_none(), "problem": problem }))?;
        } else if let Some(problem) = problem {
            writeln!(io.err, "{problem}")?;
        } else {
            writeln!(io.out, "{} is whole", file.display())?;
        }
        if let Some(note) = note {
            writeln!(io.err, "{note}")?;
        }
        Ok(if problem.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// What is wrong with a configuration and what it names; where nothing is, what is to be known.
fn check(file: &Path) -> Result<Option<String>, String> {
    let config = Config::read(file).map_err(|error| chain(&error))?;
    let base = file.parent().unwrap_or(Path::new("."));
    let exposed = config.is_exposed().then(|| {
        "insecure-lan: whoever hears the network reads tokens and tickets; [tls] mends it".to_owned()
    });
    let said = |message: &str| format!("{}: [tls]: {message}", file.display());
    match certificate::read(&config, base) {
        Ok(None) => Ok(exposed),
        Ok(Some(identities)) => match identities.current().state(clock::now()) {
            IdentityState::Fine { .. } => Ok(None),
            soon @ IdentityState::EndsSoon { .. } => Ok(Some(said(&soon.to_string()))),
            refused @ (IdentityState::Ended { .. } | IdentityState::NotYet { .. }) => {
                Err(said(&refused.to_string()))
            }
        },
        Err(error @ TlsError::OnlyInUnit { .. }) => Ok(Some(said(&error.to_string()))),
        Err(error) => Err(said(&chain(&error))),
    }
}
