//! `andonctl config`: the configuration file, read as the daemon reads it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::Io;
use super::error::CliError;
use crate::chain::chain;
use crate::config::Config;

/// Check the daemon's configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigNoun {
    Check(Check),
}

/// Check a configuration file by the daemon's own reader, with the regulations it names.
///
/// Ends with 0 when the file is whole, with 1 when it is not.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The file
    #[arg(value_name = "FILE", default_value = "/etc/andon/andon.toml")]
    file: PathBuf,
}

impl ConfigNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self::Check(Check { file }) = self;
        let problem = Config::read(file).err().map(|error| chain(&error));
        if io.json {
            io.json(&json!({ "whole": problem.is_none(), "problem": problem }))?;
        } else if let Some(problem) = &problem {
            writeln!(io.err, "{problem}")?;
        } else {
            writeln!(io.out, "{} is whole", file.display())?;
        }
        Ok(if problem.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
