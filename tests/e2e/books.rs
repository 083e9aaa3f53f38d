//! What was acknowledged is there again: after a stop, a kill, a lost projection; and time goes on while it is off.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use andon_tests::daemon::{Daemon, eventually};
use serde_json::{Value, json};

use super::{error_that_stops, hasty_regulation};

/// A ticket without what moves by itself: the time used so far.
fn still(mut ticket: Value) -> Value {
    for clock in ticket["clocks"].as_array_mut().expect("a ticket has clocks") {
        clock["used_seconds"] = Value::Null;
    }
    ticket
}

fn all(daemon: &Daemon) -> Vec<Value> {
    let list = daemon.get("/v1/tickets?limit=200").json;
    list.as_array().expect("a list of tickets").iter().cloned().map(still).collect()
}

fn history(daemon: &Daemon, number: u64) -> Value {
    daemon.get(&format!("/v1/tickets/{number}/history")).json
}

#[test]
fn a_stopped_daemon_brings_everything_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(dir.path(), &[]);
    for n in 0..5 {
        assert_eq!(daemon.post("/v1/tickets", &error_that_stops(&format!("Ошибка {n}"))).status, 201);
    }
    assert_eq!(daemon.post("/v1/tickets/2/take", &json!({})).status, 200);
    assert_eq!(daemon.post("/v1/tickets/2/ask", &json!({"text": "Какая версия?"})).status, 200);
    assert_eq!(daemon.post("/v1/tickets/3/resolve", &json!({"text": "Обновите до 2.1"})).status, 200);
    let (before, story) = (all(&daemon), history(&daemon, 2));
    assert_eq!(before.len(), 5);
    assert_eq!(daemon.stop().code(), Some(0), "SIGTERM ends with 0");

    let daemon = Daemon::start(dir.path(), &[]);
    assert_eq!(all(&daemon), before);
    assert_eq!(history(&daemon, 2), story);
    let next = daemon.post("/v1/tickets", &error_that_stops("Ещё одна")).json;
    assert_eq!(next["number"], 6, "numbers go on");
}

#[test]
fn a_lost_projection_is_rebuilt_from_the_ledger() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(dir.path(), &[]);
    for n in 0..20 {
        daemon.post("/v1/tickets", &error_that_stops(&format!("Ошибка {n}")));
        daemon.post(&format!("/v1/tickets/{}/take", n + 1), &json!({}));
    }
    let (before, story) = (all(&daemon), history(&daemon, 7));
    daemon.stop();
    std::fs::remove_dir_all(dir.path().join("sled")).expect("the projection is there");

    let daemon = Daemon::start(dir.path(), &[]);
    assert_eq!(all(&daemon), before);
    assert_eq!(history(&daemon, 7), story);
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let acknowledged: Arc<Mutex<Vec<(u64, String)>>> = Arc::default();
    for round in 0..3 {
        let daemon = Arc::new(Daemon::start(dir.path(), &[]));
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (daemon, stop, acknowledged) =
                    (Arc::clone(&daemon), Arc::clone(&stop), Arc::clone(&acknowledged));
                std::thread::spawn(move || {
                    let mut n = 0;
                    while !stop.load(Ordering::Relaxed) {
                        n += 1;
                        let subject = format!("Раунд {round}, клиент {client}, обращение {n}");
                        let body = error_that_stops(&subject).to_string();
                        let token = daemon.token().to_owned();
                        let answer =
                            daemon.try_request("POST", "/v1/tickets", Some(&token), Some(&body), &[]);
                        let Some(answer) = answer else { return };
                        assert_eq!(answer.status, 201);
                        let number = answer.json["number"].as_u64().expect("a ticket has a number");
                        acknowledged.lock().expect("no client panics").push((number, subject));
                    }
                })
            })
            .collect();
        eventually("the first hundred of a round", || {
            (acknowledged.lock().expect("no client panics").len() >= (round + 1) * 100).then_some(())
        });
        let pid = daemon.pid().to_string();
        let killed =
            std::process::Command::new("kill").args(["-KILL", &pid]).status().expect("kill is there");
        assert!(killed.success());
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().expect("a client does not panic");
        }
    }
    let daemon = Daemon::start(dir.path(), &[]);
    let acknowledged = acknowledged.lock().expect("no client panics");
    for (number, subject) in acknowledged.iter() {
        let ticket = daemon.get(&format!("/v1/tickets/{number}"));
        assert_eq!(ticket.json["subject"], *subject, "ticket {number}");
    }
    let mut numbers: Vec<_> = acknowledged.iter().map(|(number, _)| number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), acknowledged.len(), "no number was given twice");
}

#[test]
fn a_deadline_that_ran_out_while_off_is_settled_once_with_its_own_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let regulation = hasty_regulation(dir.path());
    let args = ["--regulation", regulation.as_str()];
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &args);
    let ticket =
        daemon.post("/v1/tickets", &json!({"channel": "email", "type": "error", "subject": "Быстро"})).json;
    let reaction = |ticket: &Value| ticket["clocks"][0].clone();
    assert_eq!(reaction(&ticket)["metric"], "reaction");
    let deadline = reaction(&ticket)["deadline"].clone();
    assert!(deadline.is_string());
    daemon.kill();
    std::thread::sleep(std::time::Duration::from_millis(1_500));

    for start in 0..2 {
        let daemon = Daemon::start(&state, &args);
        let ticket = eventually("the breach", || {
            let ticket = daemon.get("/v1/tickets/1").json;
            (reaction(&ticket)["breached"] == true).then_some(ticket)
        });
        assert_eq!(reaction(&ticket)["breached_at"], deadline, "start {start}");
        let alarms = daemon.get("/v1/alarms").json;
        let ids: Vec<_> = alarms.as_array().expect("alarms").iter().map(|a| a["id"].clone()).collect();
        assert_eq!(ids, ["1-breach-reaction-1"], "start {start}");
        let story = history(&daemon, 1).to_string();
        assert_eq!(story.matches("\"breached\"").count(), 1, "start {start}: {story}");
        daemon.kill();
    }
}

/// Cuts the last bytes off the ledger's data, as no power cut does: what was synced is gone.
fn cut_ledger(state: &std::path::Path) {
    let ledger = std::fs::read_dir(state.join("ledger"))
        .expect("a ledger")
        .next()
        .expect("a segment")
        .expect("a file");
    let bytes = std::fs::read(ledger.path()).expect("a segment");
    let data = bytes.iter().rposition(|byte| *byte != 0).expect("it is not empty") + 1;
    std::fs::write(ledger.path(), &bytes[..data - 30]).expect("a segment");
}

#[test]
fn acknowledged_events_that_are_missing_are_an_alarm_and_not_a_quiet_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(dir.path(), &[]);
    for n in 0..3 {
        daemon.post("/v1/tickets", &error_that_stops(&format!("Ошибка {n}")));
    }
    daemon.stop();
    cut_ledger(dir.path());
    let daemon = Daemon::start(dir.path(), &[]);
    let board = eventually("the alarm", || {
        let board = daemon.get("/v1/board").json;
        board["alarms"].as_array()?.iter().any(|alarm| alarm["kind"] == "storage").then_some(board)
    });
    assert_eq!(board["level"], "due-soon", "not all is well");
    assert_eq!(all(&daemon).len(), 2, "what the ledger has is there");
    let id = board["alarms"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(daemon.post(&format!("/v1/alarms/{id}/ack"), &json!({})).status, 200);
}
