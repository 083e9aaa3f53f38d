//! `andonctl roster`: who works when, and the gaps of what is open.

mod csv;
mod ical;
mod import;
mod one;

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use self::import::Import;
use self::one::{Add, Move, Remove};
use super::Io;
use super::error::CliError;
use super::text::{Table, length, minute};

/// See and plan who works when.
#[derive(Debug, Subcommand)]
pub(super) enum RosterNoun {
    List(Stretch),
    /// List the hours of some days that nobody on the roster covers
    Coverage(Stretch),
    Import(Import),
    Add(Add),
    Move(Move),
    Remove(Remove),
}

/// List the shifts of some days.
#[derive(Debug, Args)]
pub(super) struct Stretch {
    /// The first day, as 2026-11-23 [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// How many days: 1 to 92
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=92))]
    days: u32,
}

/// A shift as the daemon takes it, in local times of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Planned {
    agent: String,
    date: NaiveDate,
    from: String,
    to: String,
}

/// A shift of a file.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    /// Where it stands in the file.
    place: String,
    /// Whether it is written as a whole day.
    is_day: bool,
    shift: Planned,
}

/// What a file has.
#[derive(Debug, Default)]
struct Shifts {
    shifts: Vec<Written>,
    /// What is no shift, each with its place and why.
    passed_over: Vec<String>,
}

/// What a file has, or all that is wrong with it, each with its place.
type Read = Result<Shifts, Vec<String>>;

#[derive(Clone, Deserialize)]
struct Shift {
    id: u64,
    agent: String,
    date: String,
    from: String,
    to: String,
}

#[derive(Deserialize)]
struct Cover {
    regulation: String,
    place: String,
    id: Option<String>,
    open_seconds: i64,
    gap_seconds: i64,
    gaps: Vec<Gap>,
}

#[derive(Deserialize)]
struct Gap {
    starts_at: String,
    ends_at: String,
    on_shift: u32,
    required: u32,
    lacks: Vec<Lack>,
}

#[derive(Deserialize)]
struct Lack {
    skill: String,
}

impl RosterNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List(days) => list(io, days),
            Self::Coverage(days) => coverage(io, days),
            Self::Import(import) => import.run(io),
            Self::Add(add) => add.run(io),
            Self::Move(moved) => moved.run(io),
            Self::Remove(remove) => remove.run(io),
        }
    }
}

impl Stretch {
    fn path(&self, path: &str) -> String {
        let from = self.from.map_or_else(String::new, |from| format!("&from={from}"));
        format!("{path}?days={}{from}", self.days)
    }
}

fn list(io: &mut Io<'_>, days: &Stretch) -> Result<ExitCode, CliError> {
    let path = days.path("/v1/roster");
    let answer = io.control.get(&path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let mut table = Table::new(["id", "agent", "date", "from", "to"]);
    table.align_right("id");
    for Shift { id, agent, date, from, to } in answer.read::<Vec<Shift>>(&path)? {
        table.row([id.to_string(), agent, date, from, to]);
    }
    io.table(&table)
}

fn coverage(io: &mut Io<'_>, days: &Stretch) -> Result<ExitCode, CliError> {
    let path = days.path("/v1/roster/coverage");
    let answer = io.control.get(&path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let mut table = Table::new(["regulation", "what", "open", "gap from", "until", "long", "on shift"]);
    for title in ["open", "long", "on shift"] {
        table.align_right(title);
    }
    for cover in answer.read::<Vec<Cover>>(&path)? {
        let what = cover.id.map_or_else(|| cover.place.clone(), |id| format!("{} {id}", cover.place));
        let (regulation, open) = (cover.regulation, length(cover.open_seconds * 1_000));
        if cover.gaps.is_empty() {
            table.row([
                regulation,
                what,
                open,
                "none".to_owned(),
                String::new(),
                String::new(),
                String::new(),
            ]);
            continue;
        }
        let total = length(cover.gap_seconds * 1_000);
        let gaps = format!("gaps: {}", cover.gaps.len());
        table.row([regulation.clone(), what.clone(), open, gaps, String::new(), total, String::new()]);
        for Gap { starts_at, ends_at, on_shift, required, lacks } in cover.gaps {
            let lacks: Vec<_> = lacks.into_iter().map(|lack| format!(", no {}", lack.skill)).collect();
            let there = format!("{on_shift}/{required}{}", lacks.concat());
            let (from, until) = (minute(&starts_at), minute(&ends_at));
            table.row([regulation.clone(), what.clone(), String::new(), from, until, String::new(), there]);
        }
    }
    io.table(&table)
}
