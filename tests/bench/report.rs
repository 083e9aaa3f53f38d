//! The report of a month with 25,000 tickets beside the same by SQL, and what counting costs as things happen.
//!
//! The real log goes over a year. Each case is moved by whole weeks, so that all of them are closed within three weeks of one
//! month; nothing else of it changes.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command as Process;
use std::time::{Duration, Instant};

use andon::cli::import_log::TimedCommand;
use andon::desk::command::{Command, Register};
use andon::desk::report::{Month, MonthFigures};
use andon::desk::{Act, Actor, Desk, Entry, Regulations, Role, TicketNumber};
use andon_tests::months::Rows;
use calendars::{Timestamp, Tz};
use serde_json::{Value, json};

const ZONE: Tz = Tz::Europe__Moscow;
const MONTH: &str = "2016-06";
/// Three weeks from the first Monday of the month.
const FROM: &str = "2016-06-06T00:00:00+03:00";
const WEEK_MS: i64 = 7 * 86_400_000;
/// How often what is short is done, the best counting.
const ROUNDS: usize = 200;

pub(crate) fn report() {
    let Some(log) = super::real_log() else { return };
    let commands = moved(super::commands(&log));
    let regulation = andon::config::regulation("itsm", Path::new(".")).expect("itsm is shipped");
    let month: Month = MONTH.parse().expect("a month");
    let plain = || Regulations::new(vec![regulation.clone()]);
    let (desk, entries) = told(&commands, plain().in_zone(ZONE));
    let rows = Rows::of(&entries);
    let sums = desk.tally().month(month).expect("tickets were closed in it");
    let (mut best, mut figures) = (Duration::MAX, MonthFigures::default());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        figures = MonthFigures::of(sums, desk.regulations());
        best = best.min(start.elapsed());
    }
    rows.hold(MONTH, ZONE, &figures);
    let whole = &figures.regulations[0].slices[0].quality;
    let slices: usize = figures.regulations.iter().map(|of| of.slices.len()).sum();
    println!(
        "{} tickets closed in {MONTH}, {} events; {slices} slices, each figure as the events come to",
        whole.closed,
        entries.iter().map(|entry| entry.facts.len()).sum::<usize>()
    );
    println!("  ours: {:.3} ms for all figures, the best of {ROUNDS}", best.as_secs_f64() * 1e3);
    let kept = serde_json::to_vec(desk.tally()).expect("the tally is JSON").len();
    let event = serde_json::to_vec(&figures).expect("figures are JSON").len();
    println!("  the tally as it is kept: {} kB; the month's event: {} kB", kept / 1_000, event / 1_000);
    by_sql(&rows, &figures, best);
    let with = || plain().in_zone(ZONE);
    let (bare, counted) = (replayed(&entries, &plain), replayed(&entries, &with));
    println!(
        "  a replay of all events: {:.2} s without months, {:.2} s with them, the best of 3: {:.1} µs for each closing",
        bare.as_secs_f64(),
        counted.as_secs_f64(),
        (counted.as_secs_f64() - bare.as_secs_f64()) * 1e6 / f64::from(whole.closed)
    );
}

/// Each case moved by whole weeks, so that it ends in the three weeks from [`FROM`] on.
fn moved(mut commands: Vec<TimedCommand>) -> Vec<TimedCommand> {
    let from = Timestamp::parse_rfc3339(FROM).expect("a time").millis();
    let mut ends: BTreeMap<String, i64> = BTreeMap::new();
    for command in &commands {
        let end = ends.entry(command.ticket.clone()).or_insert(command.at_ms);
        *end = (*end).max(command.at_ms);
    }
    for command in &mut commands {
        // One that is confirmed by time ends some days after its last command, within the month still.
        command.at_ms -= (ends[&command.ticket] - from).div_euclid(3 * WEEK_MS) * 3 * WEEK_MS;
    }
    commands.sort_by_key(|command| command.at_ms);
    commands
}

/// The desk that comes of the commands, and what happened.
fn told(commands: &[TimedCommand], regulations: Regulations) -> (Desk, Vec<Entry>) {
    let mut desk = Desk::new(regulations).lenient(true);
    let (mut entries, mut numbers) = (Vec::new(), BTreeMap::<&str, TicketNumber>::new());
    for line in commands {
        let now = Timestamp::from_millis(line.at_ms);
        while let Some((effective, facts)) = desk.due(now) {
            entries.push(desk.enter(facts, "timer", now, Some(effective), None, false));
        }
        let body = Value::Object(line.body.clone());
        let command = if line.verb == "register" {
            Register::from_json(body).map(Command::Register)
        } else {
            let Some(number) = numbers.get(line.ticket.as_str()) else { continue };
            Act::from_json(&line.verb, body).map(|act| Command::Ticket {
                number: *number,
                if_revision: None,
                act,
            })
        };
        let Ok(command) = command else { continue };
        let by = line.by.as_deref().unwrap_or("nobody");
        let actor = match line.verb.as_str() {
            "answer" | "confirm" | "return" if line.by.is_none() => Actor::requester(),
            _ => Actor::named(by, Role::Lead),
        };
        // Some commands of the log are refused, as `simulate` tells.
        let Ok(decision) = desk.decide(&command, &actor, now) else { continue };
        if decision.facts.is_empty() {
            continue;
        }
        if let (Command::Register(_), Some(number)) = (&command, decision.ticket) {
            numbers.insert(&line.ticket, number);
        }
        entries.push(desk.enter(decision.facts, &actor.name, now, None, None, false));
    }
    let end = Timestamp::parse_rfc3339("2016-06-30T23:00:00+03:00").expect("a time");
    while let Some((effective, facts)) = desk.due(end) {
        entries.push(desk.enter(facts, "timer", end, Some(effective), None, false));
    }
    (desk, entries)
}

fn replayed(entries: &[Entry], regulations: &dyn Fn() -> Regulations) -> Duration {
    let round = |_| {
        let mut desk = Desk::new(regulations());
        let start = Instant::now();
        for entry in entries {
            desk.apply(entry);
        }
        start.elapsed()
    };
    (0..3).map(round).min().expect("three rounds")
}

/// The same by SQL, in the `SQLite` of Python, over rows of the same month in memory.
fn by_sql(rows: &Rows, figures: &MonthFigures, ours: Duration) {
    let dir = tempfile::tempdir().expect("a directory can be made");
    let path = dir.path().join("rows.jsonl");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("a file can be made"));
    for row in &rows.closed {
        let facets = &row.facets;
        let clocks = row.clocks.iter().map(|clock| {
            json!({"metric": clock.metric, "target_ms": clock.target_ms, "used_ms": clock.used_ms,
                "elapsed_ms": clock.elapsed_ms, "paused_ms": clock.paused_ms, "breached": clock.breached})
        });
        let line = json!({"number": row.ticket, "month": &row.at.to_rfc3339(ZONE)[..7], "regulation": facets.regulation,
            "line": facets.line.to_string(), "agent": facets.agent, "service": facets.service,
            "source": facets.source, "priority": facets.priority, "returned": row.returned, "mark": row.mark,
            "clocks": clocks.collect::<Vec<_>>()});
        writeln!(file, "{line}").expect("the row can be written");
    }
    file.into_inner().expect("the rows can be written").sync_all().expect("the rows are written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/report.py");
    let said = match Process::new("python3").arg(script).arg(&path).arg(MONTH).output() {
        Ok(said) if said.status.success() => said,
        Ok(said) => return println!("  SQLite: {}", String::from_utf8_lossy(&said.stderr)),
        Err(error) => return println!("  SQLite: python3 does not start: {error}"),
    };
    let said: Value = serde_json::from_slice(&said.stdout).expect("the script answers in JSON");
    let is_same = |by: &str, id: Option<&str>, closed: u32| {
        let rows = said["quality"].as_array().expect("rows");
        rows.iter().any(|row| row[1] == by && row[2].as_str() == id && row[3] == closed)
    };
    let slices = figures.regulations.iter().flat_map(|of| &of.slices);
    let mut other = slices.filter(|slice| slice.quality.closed > 0).filter(|slice| {
        let by = json!(slice.by);
        !is_same(by.as_str().expect("a word"), slice.id.as_deref(), slice.quality.closed)
    });
    assert!(other.next().is_none(), "SQL counts the same closings in every slice");
    let seconds = said["seconds"].as_f64().expect("a time");
    println!(
        "  SQLite {}: {:.1} ms for the same, rows in memory with indexes, the best of 5: {:.0} times ours",
        said["sqlite"].as_str().unwrap_or_default(),
        seconds * 1e3,
        seconds / ours.as_secs_f64()
    );
}
