//! `andonctl roster`: who works when, and the gaps of what is open.

mod csv;
mod ical;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Io;
use super::agent::Agent;
use super::error::CliError;
use super::table_file::{text, wrong_file};
use super::text::{Table, length, minute};

/// See and plan who works when.
#[derive(Debug, Subcommand)]
pub(super) enum RosterNoun {
    List(Stretch),
    /// List the hours of some days that nobody on the roster covers
    Coverage(Stretch),
    Import(Import),
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

/// Put the shifts of a file on the roster, instead of what is there in these days.
///
/// FILE is CSV with the columns agent, date, from and to (`ivanova,2026-11-23,09:00,18:00`; a comma or a semicolon between them),
/// or iCalendar (.ics), whose events bear the agent's name or title as their summary; recurring ones are understood. Only what
/// begins in the days is taken. Importing the same file again changes nothing.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file: .csv or .ics
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The first day, as 2026-11-23 [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// How many days: 1 to 400
    #[arg(long, value_name = "N", default_value_t = 92, value_parser = clap::value_parser!(u32).range(1..=400))]
    days: u32,
    /// All shifts of the file are this agent's, and only theirs are replaced
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Leave the shifts that are on the roster already
    #[arg(long)]
    add: bool,
}

/// A shift as the daemon takes it, in local times of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Planned {
    agent: String,
    date: NaiveDate,
    from: String,
    to: String,
}

/// Shifts of a file with where each stands in it, or all that is wrong with the file, each with its place.
type Read = Result<Vec<(String, Planned)>, Vec<String>>;

#[derive(Deserialize)]
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

#[derive(Deserialize)]
struct Changed {
    changed: bool,
    shifts_total: u64,
}

#[derive(Deserialize)]
struct Status {
    at: String,
    roster: RosterStatus,
}

#[derive(Deserialize)]
struct RosterStatus {
    zone: String,
}

impl RosterNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List(days) => list(io, days),
            Self::Coverage(days) => coverage(io, days),
            Self::Import(import) => import.run(io),
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

impl Import {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let name = self.file.display().to_string();
        let text = text(&self.file)?;
        let path = "/v1/status";
        let Status { at, roster } = io.control.get(path)?.read(path)?;
        let zone: Tz = roster.zone.parse().map_err(|_| {
            CliError::Refused(format!("the daemon's zone `{}` is unknown to this andonctl", roster.zone))
        })?;
        let today = at.get(..10).and_then(|day| day.parse().ok());
        let from = self.from.or(today).ok_or_else(|| CliError::Usage("--from is required".to_owned()))?;
        let until = from.checked_add_days(Days::new(u64::from(self.days)));
        let until = until.ok_or_else(|| CliError::Usage(format!("--from {from} is too far away")))?;
        let is_ical = text.trim_start_matches('\u{feff}').trim_start().starts_with("BEGIN:VCALENDAR");
        let read = if is_ical {
            ical::read(&text, self.agent.as_deref(), zone, until)
        } else {
            csv::read(&text, self.agent.as_deref())
        };
        let shifts = read.and_then(|shifts| named(shifts, io, self.agent.is_some()).unwrap_or_else(Err));
        let shifts = shifts.map_err(|wrong| wrong_file(&name, &wrong))?;
        let shifts: Vec<_> = shifts
            .into_iter()
            .map(|(_, shift)| shift)
            .filter(|shift| (from..until).contains(&shift.date))
            .collect();
        if shifts.is_empty() {
            let message = format!("no shift of {name} begins from {from} on within {} days", self.days);
            return Err(CliError::Refused(message));
        }
        let agents: Vec<&String> = self.agent.iter().collect();
        let instead_of = (!self.add).then(|| json!({"from": from, "days": self.days, "agents": agents}));
        let body = json!({"shifts": shifts, "instead_of": instead_of});
        let path = "/v1/roster";
        let answer = io.control.post(path, &body)?;
        if io.json {
            return io.json(&answer.json);
        }
        let Changed { changed, shifts_total } = answer.read(path)?;
        let what = if changed { "are on the roster" } else { "were on the roster already" };
        writeln!(io.err, "{} shifts {what}, {shifts_total} in all", shifts.len())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The shifts under the names of agents: a file may have their titles.
fn named(shifts: Vec<(String, Planned)>, io: &Io<'_>, is_named: bool) -> Result<Read, Vec<String>> {
    if is_named {
        return Ok(Ok(shifts));
    }
    let path = "/v1/agents";
    let known = io.control.get(path).and_then(|answer| answer.read::<Vec<Agent>>(path));
    let known = known.map_err(|error| vec![crate::chain::chain(&error)])?;
    let mut names = BTreeMap::new();
    for agent in &known {
        names.extend(agent.title.as_ref().map(|title| (title.to_lowercase(), agent.name.as_str())));
    }
    names.extend(known.iter().map(|agent| (agent.name.to_lowercase(), agent.name.as_str())));
    let mut wrong = Vec::new();
    let mut found = Vec::with_capacity(shifts.len());
    for (place, shift) in shifts {
        match names.get(&shift.agent.to_lowercase()) {
            Some(name) => found.push((place, Planned { agent: (*name).to_owned(), ..shift })),
            None => wrong.push(format!(
                "{place}: there is no agent `{}`, by name or title; add them with `andonctl agent put`",
                shift.agent
            )),
        }
    }
    Ok(if wrong.is_empty() { Ok(found) } else { Err(wrong) })
}
