//! `andonctl alarm`: what needs a person.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::Io;
use super::board::length;
use super::control::encoded;
use super::error::CliError;
use super::text::{Table, age, when};

/// See and take what needs a person.
#[derive(Debug, Subcommand)]
pub(super) enum AlarmNoun {
    List(List),
    Ack(Ack),
    Shelve(Shelve),
    Unshelve(Unshelve),
}

/// List alarms, the worst first, what nobody has taken before what somebody has.
#[derive(Debug, Args)]
pub(super) struct List {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

/// Take an alarm: the wall shows who has it, and the buzzer stops for it.
#[derive(Debug, Args)]
pub(super) struct Ack {
    /// Its id, as list shows it: 1024-breach-resolution-1
    #[arg(value_name = "ID")]
    id: String,
}

/// Put an alarm aside for a time; then it calls anew by itself.
#[derive(Debug, Args)]
pub(super) struct Shelve {
    /// Its id, as list shows it: 1024-breach-resolution-1
    #[arg(value_name = "ID")]
    id: String,
    /// How long, such as 30m or 1h30m; 1m to 24h
    #[arg(value_name = "TIME", value_parser = length)]
    length: String,
    /// Why; required where the alarm is a critical one
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Take an alarm from the shelf: it calls anew.
#[derive(Debug, Args)]
pub(super) struct Unshelve {
    /// Its id, as list shows it: 1024-breach-resolution-1
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Deserialize)]
struct Alarm {
    id: String,
    kind: String,
    ticket: Option<u64>,
    text: String,
    since: String,
    state: String,
    acked_by: Option<String>,
    shelved: Option<Shelving>,
}

#[derive(Deserialize)]
struct Shelving {
    until: String,
    by: String,
}

#[derive(Deserialize)]
struct Acked {
    #[serde(default = "yes")]
    changed: bool,
}

fn yes() -> bool {
    true
}

impl AlarmNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List(list) => list.run(io),
            Self::Ack(ack) => ack.run(io),
            Self::Shelve(shelve) => shelve.run(io),
            Self::Unshelve(unshelve) => unshelve.run(io),
        }
    }
}

impl List {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/alarms?limit={}", self.limit);
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        let mut table = Table::new(["id", "kind", "since", "age", "state", "ticket", "text"]);
        for title in ["age", "ticket"] {
            table.align_right(title);
        }
        for alarm in answer.read::<Vec<Alarm>>(&path)? {
            let state = match (alarm.acked_by, alarm.shelved) {
                (_, Some(Shelving { until, by })) => {
                    format!("{} by {by} until {}", alarm.state, when(&until))
                }
                (Some(by), None) => format!("{} by {by}", alarm.state),
                (None, None) => alarm.state,
            };
            table.row([
                alarm.id,
                alarm.kind,
                when(&alarm.since),
                age(&alarm.since, io.now),
                state,
                alarm.ticket.map_or_else(|| "-".to_owned(), |ticket| ticket.to_string()),
                alarm.text,
            ]);
        }
        io.table(&table)
    }
}

impl Ack {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/alarms/{}/ack", encoded(&self.id));
        let answer = io.control.post(&path, &json!({}))?;
        if io.json {
            return io.json(&answer.json);
        }
        let Acked { changed } = answer.read(&path)?;
        let what = if changed { "is taken" } else { "had been taken already" };
        writeln!(io.err, "alarm {} {what}", self.id)?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Deserialize)]
struct Shelved {
    shelved_until: Option<String>,
    changed: bool,
}

impl Shelve {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/alarms/{}/shelve", encoded(&self.id));
        let answer = io.control.post(&path, &json!({"for": self.length, "reason": self.reason}))?;
        if io.json {
            return io.json(&answer.json);
        }
        if let Some(until) = answer.read::<Shelved>(&path)?.shelved_until {
            writeln!(io.err, "alarm {} is put aside; it calls anew at {}", self.id, when(&until))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Unshelve {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/alarms/{}/unshelve", encoded(&self.id));
        let answer = io.control.post(&path, &json!({}))?;
        if io.json {
            return io.json(&answer.json);
        }
        let what = if answer.read::<Shelved>(&path)?.changed { "calls anew" } else { "was on no shelf" };
        writeln!(io.err, "alarm {} {what}", self.id)?;
        Ok(ExitCode::SUCCESS)
    }
}
