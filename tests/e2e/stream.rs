//! The stream of events, read across kills.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use andon_tests::daemon::Daemon;
use serde_json::Value;

use super::error_that_stops;

/// What a reader has seen: numbers and events.
type Seen = Arc<Mutex<Vec<(u64, Value)>>>;

/// Reads events behind the last that was seen, until the daemon is gone or event `end` came. Only what came whole counts.
fn read(base: &str, token: &str, seen: &Seen, end: u64) {
    let last = seen.lock().expect("no reader panics").last().map_or(0, |(id, _)| *id);
    let Ok(mut stream) = TcpStream::connect(base.trim_start_matches("http://")) else { return };
    let asked = write!(
        stream,
        "GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nLast-Event-ID: {last}\r\n\r\n"
    );
    if asked.is_err() || last >= end {
        return;
    }
    let (mut id, mut event) = (0, Value::Null);
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { return };
        if let Some(number) = line.strip_prefix("id: ") {
            id = number.parse().expect("an id is a number");
        } else if let Some(data) = line.strip_prefix("data: ") {
            event = serde_json::from_str(data).unwrap_or(Value::Null);
        } else if line.is_empty() && !event.is_null() {
            seen.lock().expect("no reader panics").push((id, std::mem::take(&mut event)));
            if id >= end {
                return;
            }
        }
    }
}

#[test]
fn a_reader_over_many_kills_sees_each_acknowledged_event_once_and_in_order() {
    let dir = tempfile::tempdir().expect("a directory");
    let seen = Seen::default();
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    for round in 0..4 {
        let daemon = Daemon::start(dir.path(), &[]);
        let (base, token) = (daemon.base().to_owned(), daemon.token().to_owned());
        let reader = {
            let (base, token, seen) = (base.clone(), token.clone(), Arc::clone(&seen));
            std::thread::spawn(move || read(&base, &token, &seen, u64::MAX))
        };
        std::thread::scope(|scope| {
            for writer in 0..3 {
                let (daemon, acknowledged) = (&daemon, Arc::clone(&acknowledged));
                let token = token.as_str();
                scope.spawn(move || {
                    for n in 0..40 {
                        let body = error_that_stops(&format!("{round}-{writer}-{n}")).to_string();
                        let Some(answer) =
                            daemon.try_request("POST", "/v1/tickets", Some(token), Some(&body), &[])
                        else {
                            return;
                        };
                        if answer.status == 201 {
                            let number = answer.json["number"].as_u64().expect("a number");
                            acknowledged.lock().expect("no writer panics").insert(number);
                        }
                        if n == 25 && writer == 0 {
                            // In the middle of the others' writing.
                            kill(daemon.pid());
                        }
                    }
                });
            }
        });
        drop(daemon);
        reader.join().expect("the reader ends with the daemon");
    }
    let daemon = Daemon::start(dir.path(), &[]);
    let end = newest(&daemon).expect("it is counted");
    read(daemon.base(), daemon.token(), &seen, end);
    let seen = seen.lock().expect("no reader panics");
    let ids: Vec<u64> = seen.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, (1..=end).collect::<Vec<_>>(), "each once, without a hole, in order");
    let registered = seen.iter().filter(|(_, event)| event["event"] == "registered");
    let registered: BTreeSet<u64> = registered.filter_map(|(_, event)| event["ticket"].as_u64()).collect();
    let acknowledged = acknowledged.lock().expect("no writer panics");
    assert!(acknowledged.len() > 150, "{} were taken", acknowledged.len());
    assert!(acknowledged.is_subset(&registered), "an acknowledged ticket was not told of");
}

/// The number of the newest event, as `/metrics` has it.
fn newest(daemon: &Daemon) -> Option<u64> {
    let text = String::from_utf8(daemon.get("/metrics").bytes).ok()?;
    text.lines().find_map(|line| line.strip_prefix("andon_events_total "))?.parse().ok()
}

fn kill(pid: u32) {
    let killed = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(killed.expect("kill is there").success());
}
