//! `andonctl status`: how the daemon is.

use std::process::ExitCode;

use serde::Deserialize;

use super::Io;
use super::error::CliError;
use super::text::{length, size, when};

#[derive(Deserialize)]
struct Status {
    version: String,
    at: String,
    uptime_seconds: i64,
    state_dir: String,
    #[serde(default)]
    versions: Vec<Tally>,
    trusted: bool,
    #[serde(default)]
    distrust: Option<String>,
    counts: Counts,
    tickets_total: u64,
    #[serde(default)]
    tickets_archived: u64,
    #[serde(default)]
    attachments: u64,
    #[serde(default)]
    sizes: Sizes,
    #[serde(default)]
    search: Option<Search>,
    alarms_total: u64,
    next_deadline: Option<String>,
    muted_until: Option<String>,
    /// None of a daemon that knows no roster yet.
    #[serde(default)]
    roster: Option<Roster>,
}

#[derive(Deserialize)]
struct Roster {
    agents: u64,
    on_shift: u64,
    shifts: u64,
    gaps: Option<u64>,
    first_gap_at: Option<String>,
}

#[derive(Deserialize)]
struct Tally {
    regulation: String,
    version: String,
    holds_from: Option<String>,
    registers: bool,
    tickets: u64,
}

#[derive(Default, Deserialize)]
struct Sizes {
    ledger: u64,
    tickets: u64,
    archive: u64,
    #[serde(default)]
    attachments: u64,
}

#[derive(Deserialize)]
struct Search {
    whole: bool,
    tickets: u64,
    missing_blocks: u64,
    bytes: u64,
}

#[derive(Deserialize)]
struct Counts {
    open: u64,
    waiting: u64,
    critical: u64,
    breached: u64,
    due_soon: u64,
}

/// Shows how the daemon is.
pub(super) fn run(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = "/v1/status";
    let answer = io.control.get(path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let status: Status = answer.read(path)?;
    let Counts { open, waiting, critical, breached, due_soon } = status.counts;
    let Sizes { ledger, tickets, archive, attachments } = status.sizes;
    let trusted = match &status.distrust {
        None if status.trusted => "trusted".to_owned(),
        None => "NOT TRUSTED: nothing breaches until it is".to_owned(),
        Some(why) => format!("NOT TRUSTED, nothing breaches until it is: {}", super::clock::reason(why)),
    };
    let mut rows = vec![
        ("version", status.version),
        ("up", length(status.uptime_seconds.saturating_mul(1_000))),
        ("state", status.state_dir),
        ("regulations", regulations(&status.versions, &status.at)),
        ("time", format!("{}, {trusted}", when(&status.at))),
        (
            "tickets",
            format!(
                "{}: {open} open, {waiting} waiting, {critical} critical, {breached} breached, {due_soon} due soon, {} archived",
                status.tickets_total, status.tickets_archived
            ),
        ),
        (
            "on disk",
            format!(
                "ledger {}, tickets {}, archive {}, {} attachments {}",
                size(ledger),
                size(tickets),
                size(archive),
                status.attachments,
                size(attachments)
            ),
        ),
        ("alarms", status.alarms_total.to_string()),
        ("next deadline", status.next_deadline.as_deref().map_or_else(|| "-".to_owned(), when)),
    ];
    if let Some(search) = status.search {
        rows.push(("lists", lists(&search)));
    }
    if let Some(roster) = status.roster.filter(|roster| roster.agents > 0) {
        rows.push(("roster", people(&roster)));
    }
    if let Some(until) = status.muted_until {
        rows.push(("muted until", when(&until)));
    }
    io.pairs(&rows)
}

/// Who is there, and where nobody will be.
fn people(roster: &Roster) -> String {
    let Roster { agents, on_shift, shifts, gaps, first_gap_at } = roster;
    let gaps = match (gaps, first_gap_at) {
        (Some(0), _) => ", no gap within a week".to_owned(),
        (Some(gaps), Some(first)) => format!(", {gaps} gaps within a week, the first at {}", when(first)),
        (_, _) => String::new(),
    };
    format!("{on_shift} of {agents} agents on shift, {shifts} shifts{gaps}")
}

/// By what lists find tickets.
fn lists(search: &Search) -> String {
    let Search { whole, tickets, missing_blocks, bytes } = search;
    let index = format!("an index of {tickets} tickets, {}", size(*bytes));
    if *whole { index } else { format!("slow: {index}, lacks {missing_blocks} blocks and is being made") }
}

/// The versions that take tickets, have some, or will take them.
fn regulations(versions: &[Tally], at: &str) -> String {
    let told = versions.iter().filter_map(|version| {
        let Tally { regulation, version, holds_from, registers, tickets } = version;
        let about = match holds_from {
            None => format!("{tickets} open, and it is not there"),
            Some(_) if *registers => format!("{tickets} open"),
            // Both begin with the date.
            Some(day) if at < day.as_str() => format!("{tickets} open, holds from {day}"),
            Some(_) if *tickets > 0 => format!("{tickets} open, takes no new ones"),
            Some(_) => return None,
        };
        Some(format!("{regulation} {version} ({about})"))
    });
    told.collect::<Vec<_>>().join(", ")
}
