//! `andonctl status`: whether all is well, and how the daemon is.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Io;
use super::control::{Control, ControlError};
use super::error::CliError;
use super::paint::Paint;
use super::text::{length, one_line, size, when};
use crate::chain::chain;

const STATUS: &str = "/v1/status";
const ALARMS: &str = "/v1/alarms?limit=1000";
/// How many alarms are told one by one.
const TOLD_MAX: usize = 5;
/// With --watch it is asked so often, in milliseconds.
const WATCHED_EVERY_MS: u64 = 2_000;
/// Writes over what stands on the terminal.
const ANEW: &str = "\x1b[H\x1b[2J";

/// Tell whether all is well, and how the daemon is: version, time, tickets, alarms, the next deadline.
///
/// The first line answers; where it is not well it says why, and the alarms follow. All of it fits one screen. It ends with
/// 0 whenever the daemon answers: scripts ask `--json` for `well`.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Tell it anew every two seconds, until Ctrl-C; with --json a line each
    #[arg(long)]
    watch: bool,
}

#[derive(Deserialize)]
struct Told {
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

/// An alarm as the daemon lists it.
#[derive(Deserialize)]
pub(super) struct Alarm {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) text: String,
    state: String,
}

impl Alarm {
    /// All that there are.
    pub(super) fn all(control: &Control) -> Result<Vec<Self>, ControlError> {
        control.get(ALARMS)?.read(ALARMS)
    }

    /// Whether its cause is still there.
    pub(super) fn stands(&self) -> bool {
        matches!(self.state.as_str(), "unacked" | "acked" | "shelved")
    }

    fn is_untaken(&self) -> bool {
        self.state == "unacked"
    }

    /// Whether a part of the box fails: somebody who took it has not mended it yet.
    fn is_of_the_box(&self) -> bool {
        self.stands() && matches!(self.kind.as_str(), "storage" | "clock" | "calendar" | "panel" | "letter")
    }
}

impl Status {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        if self.watch {
            return watch(io);
        }
        let asked = Asked::of(&io.control)?;
        if io.json {
            return io.json(&asked.document);
        }
        asked.tell(io)
    }
}

/// Tells it until somebody ends this; a daemon that is away is told, and waited for.
fn watch(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    // Who names a wrong socket is told so at once; a daemon that goes later is waited for.
    let mut asked = Ok(Asked::of(&io.control)?);
    loop {
        if io.is_terminal && !io.json {
            write!(io.out, "{ANEW}")?;
        }
        match &asked {
            Ok(asked) if io.json => writeln!(io.out, "{}", asked.document)?,
            Ok(asked) => drop(asked.tell(io)?),
            Err(error) if io.json => writeln!(io.err, "andonctl: {}", chain(error))?,
            Err(error) => writeln!(io.out, "{}", io.paint(Paint::Bad, &chain(error)))?,
        }
        io.out.flush()?;
        std::thread::sleep(Duration::from_millis(WATCHED_EVERY_MS));
        asked = Asked::of(&io.control);
    }
}

/// What the daemon answered, and why it is not well.
struct Asked {
    told: Told,
    alarms: Vec<Alarm>,
    /// Nothing where it is well.
    needs: Vec<String>,
    /// The daemon's own document, with the answer.
    document: Value,
}

impl Asked {
    fn of(control: &Control) -> Result<Self, CliError> {
        let answer = control.get(STATUS)?;
        let told: Told = answer.read(STATUS)?;
        let alarms = Alarm::all(control)?;
        let needs = needs(&told, &alarms);
        let mut document = json!({ "well": needs.is_empty(), "needs": needs });
        if let (Value::Object(document), Value::Object(of_daemon)) = (&mut document, answer.json) {
            document.extend(of_daemon);
        }
        Ok(Self { told, alarms, needs, document })
    }

    fn tell(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let rows = rows(&self.told);
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let well = if self.needs.is_empty() {
            io.paint(Paint::Good, "yes")
        } else {
            io.paint(Paint::Bad, &format!("NO: {}", self.needs.join(", ")))
        };
        writeln!(io.out, "{:width$}  {well}", "well")?;
        for Alarm { id, kind, text, state } in self.alarms.iter().take(TOLD_MAX) {
            let line = one_line(&format!("{state} {kind} {id}: {text}"));
            writeln!(io.out, "{:width$}  {line}", "")?;
        }
        if let Some(more @ 1..) = self.alarms.len().checked_sub(TOLD_MAX) {
            writeln!(io.out, "{:width$}  and {more} more; andonctl alarm list", "")?;
        }
        io.pairs(&rows)
    }
}

/// Why the desk is not well; nothing where it is.
fn needs(told: &Told, alarms: &[Alarm]) -> Vec<String> {
    let mut needs = Vec::new();
    if !told.trusted {
        needs.push("the time is not trusted".to_owned());
    }
    for (count, what) in [(told.counts.critical, "critical"), (told.counts.breached, "breached")] {
        if count > 0 {
            needs.push(format!("{count} {what}"));
        }
    }
    let untaken = alarms.iter().filter(|alarm| alarm.is_untaken()).count();
    if untaken > 0 {
        needs.push(format!("{untaken} of {} alarms taken by nobody", told.alarms_total));
    }
    let parts = alarms.iter().filter(|alarm| alarm.is_of_the_box());
    needs.extend(parts.map(|alarm| one_line(&alarm.id)));
    needs
}

/// What is told besides.
fn rows(status: &Told) -> Vec<(&'static str, String)> {
    let Counts { open, waiting, critical, breached, due_soon } = status.counts;
    let Sizes { ledger, tickets, archive, attachments } = status.sizes;
    let trusted = match &status.distrust {
        None if status.trusted => "trusted".to_owned(),
        None => "NOT TRUSTED: nothing breaches until it is".to_owned(),
        Some(why) => format!("NOT TRUSTED, nothing breaches until it is: {}", super::clock::reason(why)),
    };
    let mut rows = vec![
        ("version", status.version.clone()),
        ("up", length(status.uptime_seconds.saturating_mul(1_000))),
        ("state", status.state_dir.clone()),
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
    if let Some(search) = &status.search {
        rows.push(("lists", lists(search)));
    }
    if let Some(roster) = status.roster.as_ref().filter(|roster| roster.agents > 0) {
        rows.push(("roster", people(roster)));
    }
    if let Some(until) = &status.muted_until {
        rows.push(("muted until", when(until)));
    }
    rows
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(changes: &Value) -> Told {
        let mut document = json!({
            "version": "1", "at": "2026-11-23T10:00:00+03:00", "uptime_seconds": 1, "state_dir": "/x", "trusted": true,
            "counts": {"open": 3, "waiting": 1, "critical": 0, "breached": 0, "due_soon": 1}, "tickets_total": 3,
            "alarms_total": 1, "next_deadline": null, "muted_until": null,
        });
        for (key, value) in changes.as_object().expect("an object") {
            document[key] = value.clone();
        }
        serde_json::from_value(document).expect("a status")
    }

    fn alarm(kind: &str, state: &str) -> Alarm {
        Alarm {
            id: format!("{kind}-1"),
            kind: kind.to_owned(),
            text: "x".to_owned(),
            state: state.to_owned(),
        }
    }

    #[test]
    fn it_is_well_while_nobody_is_needed() {
        assert!(needs(&told(&json!({})), &[]).is_empty());
        assert!(needs(&told(&json!({})), &[alarm("due-soon", "acked")]).is_empty(), "somebody has it");
    }

    #[test]
    fn what_needs_somebody_is_told() {
        let counts = json!({"open": 3, "waiting": 1, "critical": 1, "breached": 2, "due_soon": 1});
        let told = told(&json!({ "trusted": false, "counts": counts }));
        let alarms =
            [alarm("breach", "unacked"), alarm("storage", "acked"), alarm("panel", "cleared-unacked")];
        assert_eq!(
            needs(&told, &alarms),
            [
                "the time is not trusted",
                "1 critical",
                "2 breached",
                "1 of 1 alarms taken by nobody",
                "storage-1"
            ]
        );
    }
}
