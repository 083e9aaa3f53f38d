//! `andonctl roster add|move|remove`: one shift.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Args;
use serde_json::json;

use super::Shift;
use crate::cli::Io;
use crate::cli::error::CliError;

/// Add one shift.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Who, by name
    #[arg(value_name = "AGENT")]
    agent: String,
    /// The day on which it begins, as 2026-11-23
    #[arg(value_name = "DATE")]
    date: NaiveDate,
    /// When it begins, as 09:00
    #[arg(value_name = "FROM")]
    from: String,
    /// When it ends, as 18:00; no later than FROM means on the next day
    #[arg(value_name = "TO")]
    to: String,
}

/// Give a shift another agent or other times; what is left out stays.
#[derive(Debug, Args)]
pub(crate) struct Move {
    /// Its number, as `andonctl roster list` tells it
    #[arg(value_name = "ID")]
    id: u64,
    /// Who, by name
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// The day on which it begins, as 2026-11-23
    #[arg(long, value_name = "DATE")]
    date: Option<NaiveDate>,
    /// When it begins, as 09:00
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// When it ends, as 18:00
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

/// Take one shift off the roster.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Its number, as `andonctl roster list` tells it
    #[arg(value_name = "ID")]
    id: u64,
}

impl Add {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self { agent, date, from, to } = self;
        let body = json!({"shifts": [{"agent": agent, "date": date, "from": from, "to": to}]});
        let answer = io.control.post("/v1/roster", &body)?;
        if io.json {
            return io.json(&answer.json);
        }
        writeln!(io.err, "{agent} works on {date} from {from} to {to}")?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Move {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/roster/{}", self.id);
        let known: Shift = io.control.get(&path)?.read(&path)?;
        let date = self.date.map_or(known.date, |date| date.to_string());
        let or = |new: &Option<String>, known: String| new.clone().unwrap_or(known);
        let body = json!({
            "agent": or(&self.agent, known.agent),
            "date": date,
            "from": or(&self.from, known.from),
            "to": or(&self.to, known.to),
        });
        let answer = io.control.put(&path, &body)?;
        if io.json {
            return io.json(&answer.json);
        }
        let Shift { agent, date, from, to, .. } = answer.read(&path)?;
        writeln!(io.err, "{agent} works on {date} from {from} to {to}")?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Remove {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        io.control.delete(&format!("/v1/roster/{}", self.id))?;
        writeln!(io.err, "shift {} is not on the roster any more", self.id)?;
        Ok(ExitCode::SUCCESS)
    }
}
