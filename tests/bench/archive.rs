//! What closed tickets cost in the database and in the archive, and what compaction costs those who work meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use andon_tests::daemon::Daemon;
use serde_json::{Value, json};

use super::{RawDoor, disk_mib, percentiles, raw_post, resident_mib};

/// How many tickets are closed.
const TICKETS: u64 = 100_000;
/// Who closes them, at once.
const CLIENTS: u64 = 8;
/// How many archived tickets are looked up.
const LOOKUPS: u64 = 2_000;
/// How long the archivist may take.
const ARCHIVED_WITHIN: Duration = Duration::from_secs(1_800);
/// How long the rate around a compaction is measured at most.
const WATCH: Duration = Duration::from_secs(180);

/// Sizes, memory and lookups of closed tickets before and after they are archived.
pub(super) fn archive() {
    let dir = tempfile::tempdir_in(".").expect("a directory on the disk of the project");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &[]);
    let token = daemon.token().to_owned();
    let start = Instant::now();
    close_many(&daemon, TICKETS);
    println!("{TICKETS} tickets registered and refused in {:.1} s", start.elapsed().as_secs_f64());
    daemon.stop();
    let with = |closed_for_days: &str| {
        let config = dir.path().join("andon.toml");
        let limits =
            "[limits]\nrequests-per-second-per-token = \"off\"\nrequests-per-second-per-address = \"off\"";
        let text = format!("[archive]\nclosed-for-days = {closed_for_days}\n{limits}\n");
        std::fs::write(&config, text).expect("a file");
        let start = Instant::now();
        let daemon = Daemon::start_with_config(&state, &config.display().to_string(), &token);
        println!(
            "started in {:.2} s, {} MiB resident",
            start.elapsed().as_secs_f64(),
            resident_mib(daemon.pid())
        );
        daemon
    };
    let daemon = with("\"never\"");
    tell(&daemon, dir.path());
    lookups("in the database", &daemon);
    daemon.stop();
    let daemon = with("0");
    let start = Instant::now();
    while archived(&daemon) < TICKETS && start.elapsed() < ARCHIVED_WITHIN {
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(archived(&daemon), TICKETS, "all are archived within {ARCHIVED_WITHIN:?}");
    println!(
        "archived in {:.1} s, {} MiB resident",
        start.elapsed().as_secs_f64(),
        resident_mib(daemon.pid())
    );
    daemon.stop();
    let daemon = with("\"never\"");
    tell(&daemon, dir.path());
    lookups("in the archive", &daemon);
    println!("{} MiB resident after the lookups", resident_mib(daemon.pid()));
    compaction(&daemon, &state);
    tell(&daemon, dir.path());
    println!("{} MiB resident", resident_mib(daemon.pid()));
}

fn archived(daemon: &Daemon) -> u64 {
    daemon.get("/v1/status").json["tickets_archived"].as_u64().expect("a number")
}

fn tell(daemon: &Daemon, dir: &Path) {
    let sizes = &daemon.get("/v1/status").json["sizes"];
    let part = |name: &str| sizes[name].as_f64().unwrap_or_default();
    println!(
        "on disk {} MiB: {}",
        disk_mib(dir),
        ["ledger", "tickets", "archive"]
            .map(|name| format!(
                "{name} {:.1} MB, {:.0} bytes a ticket",
                part(name) / 1e6,
                part(name) / TICKETS as f64
            ))
            .join("; ")
    );
}

/// Registers and refuses so many tickets.
fn close_many(daemon: &Daemon, tickets: u64) {
    std::thread::scope(|threads| {
        for _ in 0..CLIENTS {
            threads.spawn(|| {
                let mut door = RawDoor::open(daemon);
                for n in 0..tickets / CLIENTS {
                    assert_eq!(door.send(&raw_post(daemon, "/v1/tickets", &body(n).to_string())), 201);
                    let path =
                        format!("{}/refuse", door.location.take().expect("a registration tells where"));
                    assert_eq!(
                        door.send(&raw_post(daemon, &path, r#"{"reason":"Не наше: другая система"}"#)),
                        200
                    );
                }
            });
        }
    });
}

fn body(n: u64) -> Value {
    json!({
        "channel": "email", "type": "error", "subject": format!("Не проводится накладная {}", n * 7_919 % 100_003),
        "description": format!("При проведении документа {n} программа отвечает ошибкой {} и закрывается.", n * 31 % 977),
        "requester": {"name": "Анна", "email": format!("user{}@example.ru", n * 13 % 5_003), "inn": "7707083893"},
        "fields": {"process": "Отгрузка", "steps": ["Открыть накладную"], "impact": "stops-operations"},
    })
}

fn lookups(what: &str, daemon: &Daemon) {
    let mut door = RawDoor::open(daemon);
    let host = daemon.base().trim_start_matches("http://");
    let mut times: Vec<f64> = (0..LOOKUPS)
        .map(|n| {
            let number = n * 48_611 % TICKETS + 1;
            let request = format!(
                "GET /v1/tickets/{number} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\r\n",
                daemon.token()
            );
            let start = Instant::now();
            assert_eq!(door.send(request.as_bytes()), 200);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    let (p50, p99) = percentiles(&times);
    println!("{LOOKUPS} lookups of a ticket {what}: p50 {p50:.2} ms, p99 {p99:.2} ms");
}

/// The rate of registrations while the database is compacted, and beside that.
fn compaction(daemon: &Daemon, state: &Path) {
    let is_compacting = || state.join("sled.new").exists() || state.join("sled.old").exists();
    let (is_over, request) = (AtomicBool::new(false), raw_post(daemon, "/v1/tickets", &body(1).to_string()));
    // Milliseconds of each registration, by whether it met the compaction.
    let (mut beside, mut during) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    let mut spent = Duration::ZERO;
    std::thread::scope(|threads| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                threads.spawn(|| {
                    let (mut door, mut own) = (RawDoor::open(daemon), Vec::new());
                    while !is_over.load(Ordering::Relaxed) {
                        let was = is_compacting();
                        let start = Instant::now();
                        assert_eq!(door.send(&request), 201);
                        own.push((was, start.elapsed().as_secs_f64() * 1e3));
                    }
                    own
                })
            })
            .collect();
        while begun.elapsed() < WATCH && !is_compacting() {
            std::thread::sleep(Duration::from_millis(2));
        }
        let start = Instant::now();
        while begun.elapsed() < WATCH && is_compacting() {
            std::thread::sleep(Duration::from_millis(2));
        }
        spent = start.elapsed();
        std::thread::sleep(Duration::from_secs(2));
        is_over.store(true, Ordering::Relaxed);
        for client in clients {
            for (met, ms) in client.join().expect("no client panics") {
                if met { during.push(ms) } else { beside.push(ms) }
            }
        }
    });
    let beside_s = begun.elapsed().saturating_sub(spent).as_secs_f64();
    for (what, mut times, seconds) in [("beside", beside, beside_s), ("during", during, spent.as_secs_f64())]
    {
        times.sort_unstable_by(f64::total_cmp);
        if times.is_empty() {
            println!("no registration {what} a compaction");
            continue;
        }
        let (p50, p99) = percentiles(&times);
        let (count, longest) = (times.len() as f64, times.last().copied().unwrap_or_default());
        println!(
            "{what} a compaction of {seconds:.2} s: {:.0} registrations/s, p50 {p50:.2} ms, p99 {p99:.2} ms, longest {longest:.0} ms",
            count / seconds
        );
    }
}
