//! The figures of the README, each made by this command: `cargo run --release -p andon-tests --bin bench -- WHAT`.
//!
//! Rates stand beside the disk's own in the same run, since machines differ and are noisy. Nothing here passes or
//! fails.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the figures of a bench are far below 2^53"
)]

mod alike;
mod archive;
mod assignment;
mod door;
mod fill;
mod grown;
mod idle;
mod lists;
mod rate;
mod report;
mod serving;
mod wear;

use std::fs::File;
use std::io::{BufReader, Cursor};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use andon::cli::{import_log, simulate};
use andon::config;
use andon::desk::Regulations;
use andon_tests::daemon::{Daemon, eventually};
use calendars::Timestamp;
use serde_json::{Map, Value, json};

use self::door::{RawDoor, raw_post};

/// The real log, from the root of the project.
const LOG: &str = "../shared/data/uci-incident-event-log.csv.xz";

fn main() -> ExitCode {
    let what = std::env::args().nth(1).unwrap_or_else(|| "all".to_owned());
    if what == "door" {
        println!("== door");
        serving::door();
        return ExitCode::SUCCESS;
    }
    match grown::asked() {
        Ok(None) => {}
        Ok(Some(asked)) => return asked.run(&what),
        Err(wrong) => {
            eprintln!("bench: {wrong}");
            return ExitCode::from(2);
        }
    }
    if what == rate::BARE {
        return rate::serve_bare();
    }
    let parts: [(&str, fn()); 11] = [
        ("simulate", replay),
        ("register", rate::register),
        ("door", serving::door),
        ("wear", wear::wear),
        ("memory", memory),
        ("delay", delay),
        ("idle", idle::idle),
        ("archive", archive::archive),
        ("assignment", assignment::assignment),
        ("report", report::report),
        ("alike", alike::alike),
    ];
    let chosen: Vec<_> = parts.iter().filter(|(name, _)| what == "all" || what == *name).collect();
    if chosen.is_empty() {
        eprintln!(
            "bench: unknown part `{what}`; one of all, simulate, register, door [--requests N], wear, memory, delay, idle, archive, assignment, report, alike, or with --open N --closed N [--state DIR] memory, start or lists"
        );
        return ExitCode::from(2);
    }
    for (name, part) in chosen {
        println!("== {name}");
        part();
    }
    ExitCode::SUCCESS
}

fn real_log() -> Option<PathBuf> {
    let path = PathBuf::from(LOG);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {LOG} is not there (run from the project's root)");
    None
}

fn commands(path: &Path) -> Vec<import_log::TimedCommand> {
    let file = BufReader::new(File::open(path).expect("the log can be opened"));
    let options = import_log::Options::default();
    import_log::commands(file, &options, &mut |_| ()).expect("the log can be imported").0
}

/// State events per second of `simulate` over the whole log, on one core.
fn replay() {
    let Some(path) = real_log() else { return };
    let mut lines = Vec::new();
    import_log::write_jsonl(commands(&path), calendars::Tz::Europe__Moscow, &mut lines)
        .expect("memory takes it");
    let rows = lines.split(|byte| *byte == b'\n').count() - 1;
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        let regulation = config::regulation("itsm", Path::new(".")).expect("itsm is shipped");
        let regulations = Regulations::new(vec![regulation]);
        let options = simulate::Options { lenient: true, summary: true, ..simulate::Options::default() };
        simulate::simulate(regulations, &options, Cursor::new(&lines), &mut std::io::sink(), &mut |_| ())
            .expect("the log can be simulated");
        best = best.min(start.elapsed());
    }
    let rate = rows as f64 / best.as_secs_f64();
    println!(
        "{rows} commands (141,712 state events) in {:.2} s, the best of 3: {rate:.0} commands/s, {:.0} state events/s",
        best.as_secs_f64(),
        141_712.0 / best.as_secs_f64()
    );
}

fn percentiles(sorted: &[f64]) -> (f64, f64) {
    let at = |part: f64| {
        sorted.get((sorted.len() as f64 * part) as usize).or(sorted.last()).copied().unwrap_or(f64::NAN)
    };
    (at(0.50), at(0.99))
}

/// A ticket's name, a verb and its body.
type Order = (String, String, Map<String, Value>);

/// Resident memory and books on disk after the whole log came in through the HTTP door.
fn memory() {
    let Some(path) = real_log() else { return };
    let all = commands(&path);
    let dir = tempfile::tempdir_in(".").expect("a directory on the disk of the project");
    let daemon = Daemon::start(&dir.path().join("state"), &["--regulation", "itsm"]);
    println!("empty: {} MiB resident", resident_mib(daemon.pid()));
    let numbers: Arc<Mutex<std::collections::HashMap<String, u64>>> = Arc::default();
    let (clients, refused) = (16, Arc::new(AtomicU64::new(0)));
    let mut shares: Vec<Vec<Order>> = vec![Vec::new(); clients];
    let mut share_of = std::collections::HashMap::new();
    for command in all {
        let next = share_of.len() % clients;
        let share = *share_of.entry(command.ticket.clone()).or_insert(next);
        shares[share].push((command.ticket, command.verb, command.body));
    }
    let (start, total) = (Instant::now(), shares.iter().map(Vec::len).sum::<usize>());
    std::thread::scope(|scope| {
        for share in shares {
            let (numbers, refused, daemon) = (Arc::clone(&numbers), Arc::clone(&refused), &daemon);
            scope.spawn(move || {
                let mut door = RawDoor::open(daemon);
                for (ticket, verb, body) in share {
                    let number = numbers.lock().expect("no client panics").get(&ticket).copied();
                    let path = match number {
                        Some(number) => format!("/v1/tickets/{number}/{verb}"),
                        None => "/v1/tickets".to_owned(),
                    };
                    let status = door.send(&raw_post(daemon, &path, &Value::Object(body).to_string()));
                    if status == 201 {
                        let location = door.location.take().expect("a registration tells where");
                        let number =
                            location.rsplit('/').next().and_then(|n| n.parse().ok()).expect("a number");
                        numbers.lock().expect("no client panics").insert(ticket, number);
                    } else if status != 200 {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let took = start.elapsed().as_secs_f64();
    println!(
        "{total} commands in {took:.1} s ({:.0}/s), {} refused",
        total as f64 / took,
        refused.load(Ordering::Relaxed)
    );
    std::thread::sleep(Duration::from_secs(7));
    let count = numbers.lock().expect("no client panics").len();
    println!(
        "{count} tickets: {} MiB resident, {} MiB on disk",
        resident_mib(daemon.pid()),
        disk_mib(dir.path())
    );
    daemon.stop();
    let start = Instant::now();
    let daemon = Daemon::start(&dir.path().join("state"), &["--regulation", "itsm"]);
    println!(
        "started again in {:.2} s: {} MiB resident",
        start.elapsed().as_secs_f64(),
        resident_mib(daemon.pid())
    );
}

fn resident_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the daemon runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux tells");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number");
    kib / 1024
}

fn disk_mib(dir: &Path) -> String {
    let out = Command::new("du").args(["-sm"]).arg(dir).output().expect("du is there");
    String::from_utf8_lossy(&out.stdout).split_whitespace().next().unwrap_or("?").to_owned()
}

/// From a deadline to the buzzer's pin and the panel's wire, with 100,000 open tickets.
fn delay() {
    const OPEN: usize = 100_000;
    const CLIENTS: usize = 16;
    const SAMPLES: usize = 100;
    let dir = tempfile::tempdir_in(".").expect("a directory on the disk of the project");
    let regulation = dir.path().join("bench.toml");
    std::fs::write(&regulation, include_str!("bench.toml")).expect("a file");
    let (trace, name) = (dir.path().join("trace.jsonl"), regulation.display().to_string());
    let trace_name = trace.display().to_string();
    let daemon =
        Daemon::start(&dir.path().join("state"), &["--regulation", &name, "--board-trace", &trace_name]);
    let slow = raw_post(&daemon, "/v1/tickets", r#"{"channel":"slow","type":"error","subject":"Открыто"}"#);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut door = RawDoor::open(&daemon);
                for _ in 0..OPEN / CLIENTS {
                    assert_eq!(door.send(&slow), 201);
                }
            });
        }
    });
    let mut deadlines = Vec::new();
    let fast = json!({"channel": "fast", "type": "error", "subject": "Срок истёк"});
    for _ in 0..SAMPLES {
        let ticket = daemon.post("/v1/tickets", &fast).json;
        let deadline = ticket["clocks"][0]["deadline"].as_str().expect("a deadline").to_owned();
        deadlines.push(Timestamp::parse_rfc3339(&deadline).expect("RFC 3339").millis());
        let alarm = eventually("the breach", || {
            daemon.get("/v1/board").json["alarms"][0]["id"].as_str().map(str::to_owned)
        });
        assert_eq!(daemon.post(&format!("/v1/alarms/{alarm}/ack"), &json!({})).status, 200);
        let number = ticket["number"].as_u64().expect("a number");
        assert_eq!(
            daemon.post(&format!("/v1/tickets/{number}/resolve"), &json!({"text": "Готово"})).status,
            200
        );
        std::thread::sleep(Duration::from_millis(30));
    }
    let offset_us = clock_offset_us(&daemon);
    daemon.stop();
    let events = trace_events(&trace);
    let (mut pin, mut spi) = (Vec::new(), Vec::new());
    for deadline_ms in deadlines {
        let due = deadline_ms * 1_000 - offset_us;
        let first = |from: i64, is_pin: bool| {
            events
                .iter()
                .map(|(us, buzzer)| (*us, *buzzer))
                .find(|(us, buzzer)| *us >= from && *buzzer == is_pin)
        };
        let Some((pin_us, _)) = first(due, true) else { continue };
        pin.push((pin_us - due) as f64 / 1e3);
        // The panel comes after the pins; a write before them is the tick of a second.
        spi.extend(first(pin_us, false).map(|(us, _)| (us - due) as f64 / 1e3));
    }
    for (what, mut delays) in [("buzzer's pin", pin), ("panel's wire", spi)] {
        delays.sort_unstable_by(f64::total_cmp);
        let (p50, p99) = percentiles(&delays);
        println!(
            "deadline -> {what}, {OPEN} open tickets, {} samples: p50 {p50:.1} ms, p99 {p99:.1} ms",
            delays.len()
        );
    }
}

/// What to add to the trace's monotonic microseconds to get the time of day, from several readings of both.
fn clock_offset_us(daemon: &Daemon) -> i64 {
    (0..20)
        .map(|_| {
            let status = daemon.get("/v1/status").json;
            let at = status["at"].as_str().expect("the daemon tells the time");
            let at_us = Timestamp::parse_rfc3339(at).expect("RFC 3339").millis() * 1_000;
            at_us - status["monotonic_us"].as_i64().expect("and the monotonic time")
        })
        .max()
        .expect("there were readings")
}

/// The times at which the buzzer was switched on (true) and the panel was written to (false).
fn trace_events(path: &Path) -> Vec<(i64, bool)> {
    let text = std::fs::read_to_string(path).expect("the trace is there");
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter_map(|line| {
            let us = line["us"].as_i64()?;
            match line["pin"].as_str() {
                Some("buzzer") if line["level"] == 1 => Some((us, true)),
                Some(_) => None,
                None => Some((us, false)),
            }
        })
        .collect()
}
