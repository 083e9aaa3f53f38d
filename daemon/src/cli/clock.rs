//! `andonctl clock`: what time the desk has, and whether it can be trusted.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::Io;
use super::error::CliError;
use super::text::when;

/// See and trust the box's clock.
#[derive(Debug, Subcommand)]
pub(super) enum ClockNoun {
    /// Show what time the desk has, and whether it can be trusted
    Show,
    Trust(Trust),
}

/// Trust the system clock as it is, until it is set again or the daemon starts anew.
///
/// While the time is not trusted nothing runs out and nothing is closed by itself. Look at the clock first: `date`.
#[derive(Debug, Args)]
pub(super) struct Trust {
    /// It is right though it is behind the newest event: the box had run ahead
    #[arg(long)]
    yes: bool,
}

#[derive(Deserialize)]
struct Clock {
    at: String,
    trusted: bool,
    distrust: Option<String>,
    system: String,
    newest: String,
    proof: String,
    #[serde(default)]
    changed: bool,
}

impl ClockNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::Show => show(io),
            Self::Trust(Trust { yes }) => trust(io, *yes),
        }
    }
}

fn show(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = "/v1/clock";
    let answer = io.control.get(path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let clock: Clock = answer.read(path)?;
    let trusted = if clock.trusted { "yes" } else { "NO: nothing runs out until it is" };
    let mut rows = vec![
        ("time", when(&clock.at)),
        ("trusted", trusted.to_owned()),
        ("system clock", when(&clock.system)),
        ("newest event", when(&clock.newest)),
        ("proof", clock.proof),
    ];
    if let Some(why) = clock.distrust {
        rows.insert(2, ("because", reason(&why).to_owned()));
    }
    io.pairs(&rows)
}

fn trust(io: &mut Io<'_>, yes: bool) -> Result<ExitCode, CliError> {
    let path = "/v1/clock/trust";
    let answer = io.control.post(path, &json!({ "yes": yes }))?;
    if io.json {
        return io.json(&answer.json);
    }
    let clock: Clock = answer.read(path)?;
    let since = if clock.changed { "is trusted" } else { "was trusted already" };
    writeln!(io.err, "the time {since}: {}", when(&clock.at))?;
    Ok(ExitCode::SUCCESS)
}

/// Why the time is not trusted, and the way out.
pub(super) fn reason(distrust: &str) -> &str {
    match distrust {
        "never-set" => "the system clock was never set; set it",
        "behind" => {
            "the system clock is behind the newest event; set it, or `andonctl clock trust --yes` if it is right"
        }
        "stepped" => {
            "somebody set the clock, and the kernel does not say since that it is synchronised; `andonctl clock trust` if it is right"
        }
        "unsynchronised" => {
            "the kernel does not say that the clock is synchronised; `andonctl clock trust` if it is right, or trust = \"plausible\" under [clock]"
        }
        // What a newer daemon says.
        other => other,
    }
}
