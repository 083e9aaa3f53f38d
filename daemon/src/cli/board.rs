//! `andonctl board`: the wall.

mod test;
pub(super) mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use calendars::parse_duration_ms;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::error::CliError;
use super::text::when;
use super::{Io, running};
use crate::board::{Trace, leave_safe};
use crate::config::{self, Config};
use crate::run::books::BooksError;
use crate::store::{LockError, StateLock};

/// Watch the wall, and tell it what to do.
#[derive(Debug, Subcommand)]
pub(super) enum BoardNoun {
    Watch(watch::Watch),
    Mute(Mute),
    Test(test::Test),
    Silence(Silence),
    Safe(Safe),
}

/// Silence the buzzer for a time; the lamps stay.
#[derive(Debug, Args)]
pub(super) struct Mute {
    /// How long, such as 30m or 1h30m; at most 24h. 0s ends the mute
    #[arg(value_name = "TIME", value_parser = length)]
    length: String,
}

/// Silence what calls now, without taking it; what calls later sounds, the lamps stay.
#[derive(Debug, Args)]
pub(super) struct Silence {}

/// Leave the wall safe after the daemon was killed: panels say that it has stopped, amber is lit, the buzzer is silent.
///
/// The unit does so by itself (`ExecStopPost`). Refused while a daemon has the state directory: the wall is its own.
#[derive(Debug, Args)]
pub(super) struct Safe {
    /// Read this configuration instead of that of the daemon that was killed, or /etc/andon/andon.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Append every pin change and SPI transfer to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    board_trace: Option<PathBuf>,
}

/// A length of time, checked before it is sent.
pub(super) fn length(text: &str) -> Result<String, String> {
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
            Self::Test(test) => test.run(io),
            Self::Silence(silence) => silence.run(io),
            Self::Safe(safe) => safe.run(io),
        }
    }
}

impl Safe {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let config = match (self.config.as_deref().or_else(|| config::installed()), running::read()) {
            (_, Some(config)) if self.config.is_none() => config,
            (Some(path), _) => Config::read(path)?,
            (None, _) => Config::default(),
        };
        let state_dir = io.state_dir.as_deref().unwrap_or(&config.state_dir);
        // A state directory that cannot be locked is no reason to leave the wall as it was: the disk may be what failed.
        let lock = state_dir.is_dir().then(|| StateLock::take(state_dir)).transpose();
        if let Err(in_use @ LockError::InUse { .. }) = lock {
            return Err(BooksError::from(in_use).into());
        }
        let trace = match &self.board_trace {
            Some(path) => {
                Trace::to_file(path).map_err(|source| CliError::WriteFile { path: path.clone(), source })?
            }
            None => Trace::default(),
        };
        let failed = leave_safe(&config.board, config.zone, &trace)?;
        for (part, text) in &failed {
            writeln!(io.err, "{part}: {text}")?;
        }
        if failed.is_empty() {
            writeln!(io.err, "the wall says that the desk has stopped")?;
            return Ok(ExitCode::SUCCESS);
        }
        Ok(ExitCode::FAILURE)
    }
}

#[derive(Deserialize)]
struct Silenced {
    changed: bool,
}

impl Silence {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self {} = self;
        let path = "/v1/board/silence";
        let answer = io.control.post(path, &json!({}))?;
        if io.json {
            return io.json(&answer.json);
        }
        let changed = answer.read::<Silenced>(path)?.changed;
        writeln!(io.err, "{}", if changed { "what called is silent" } else { "nothing called" })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Mute {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self { length } = self;
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
