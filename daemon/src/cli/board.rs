//! `andonctl board`: the wall.

mod watch;

use std::process::ExitCode;

use calendars::parse_duration_ms;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::Io;
use super::error::CliError;
use super::text::when;

/// Watch the wall, and tell it what to do.
#[derive(Debug, Subcommand)]
pub(super) enum BoardNoun {
    Watch(watch::Watch),
    Mute(Mute),
}

/// Silence the buzzer for a time; the lamps stay.
#[derive(Debug, Args)]
pub(super) struct Mute {
    /// How long, such as 30m or 1h30m; at most 24h. 0s ends the mute
    #[arg(value_name = "TIME", value_parser = length)]
    length: String,
}

fn length(text: &str) -> Result<String, String> {
    parse_duration_ms(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
struct Muted {
    muted_until: Option<String>,
}

impl BoardNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::Watch(watch) => watch.run(io),
            Self::Mute(mute) => mute.run(io),
        }
    }
}

impl Mute {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let length = &self.length;
        let path = "/v1/board/mute";
        let answer = io.control.post(path, &json!({"for": length}))?;
        if io.json {
            return io.json(&answer.json);
        }
        match answer.read::<Muted>(path)?.muted_until {
            Some(until) => writeln!(io.err, "the buzzer is silent until {}", when(&until))?,
            None => writeln!(io.err, "the buzzer sounds again")?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
