//! What the card has spoilt is noticed, told and made again as far as it can be; the box starts and works meanwhile.

use std::fs;
use std::path::Path;

use andon_tests::daemon::{Daemon, eventually};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::error_that_stops;

/// Flips a bit in each of the places where `path` holds `text`; how many.
fn spoil(path: &Path, text: &str) -> usize {
    let mut bytes = fs::read(path).expect("the file is there");
    let places: Vec<_> =
        bytes.windows(text.len()).enumerate().filter(|(_, seen)| *seen == text.as_bytes()).collect();
    let places: Vec<_> = places.into_iter().map(|(at, _)| at).collect();
    for at in &places {
        bytes[*at] ^= 1;
    }
    fs::write(path, bytes).expect("the file can be written");
    places.len()
}

/// The alarms of storage on the wall: part and text.
fn storage_alarms(daemon: &Daemon) -> Vec<(String, String)> {
    let board = daemon.get("/v1/board").json;
    let alarms = board["alarms"].as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let storage = alarms.iter().filter(|alarm| alarm["kind"] == "storage");
    storage.map(|alarm| (text(&alarm["id"]), text(&alarm["text"]))).collect()
}

/// A daemon on `state`, whose log goes to a file beside it.
fn start(state: &Path, token: &str) -> Daemon {
    let log = fs::File::options().create(true).append(true).open(state.with_extension("log"));
    Daemon::try_start(state, &[], token, log.expect("a log")).expect("it starts")
}

fn logged(state: &Path) -> String {
    fs::read_to_string(state.with_extension("log")).expect("a log")
}

/// Refuses a ticket, so that it is closed and read only when somebody asks for it.
fn closed(daemon: &Daemon, subject: &str) -> u64 {
    let ticket = daemon.post("/v1/tickets", &error_that_stops(subject));
    let number = ticket.json["number"].as_u64().expect("a ticket");
    let refused = daemon.post(&format!("/v1/tickets/{number}/refuse"), &json!({"reason": "Не наше"}));
    assert_eq!(refused.status, 200);
    number
}

#[test]
fn a_spoilt_page_of_the_ticket_database_is_told_on_the_wall_and_a_restart_mends_it() {
    let dir = TempDir::new().expect("a directory");
    let state = dir.path().join("state");
    let daemon = start(&state, "");
    let token = daemon.token().to_owned();
    let number = closed(&daemon, "a subject that the card spoils");
    let paths = ["", "/history"].map(|what| format!("/v1/tickets/{number}{what}"));
    let look =
        |daemon: &Daemon| paths.each_ref().map(|path| daemon.get(path)).map(|got| (got.status, got.json));
    let before = look(&daemon);
    assert_eq!(daemon.stop().code(), Some(0));
    // The checkpoint is followed by another one, so that nothing is written again at the start.
    let daemon = start(&state, &token);
    closed(&daemon, "another");
    assert_eq!(daemon.stop().code(), Some(0));
    assert!(spoil(&state.join("sled/db"), "a subject that the card spoils") > 0);

    let daemon = start(&state, &token);
    assert_eq!(storage_alarms(&daemon), [], "nobody has read the page yet");
    let seen = look(&daemon);
    for (seen, before) in seen.iter().zip(&before) {
        let names_the_way_out = seen.1["detail"].as_str().is_some_and(|detail| detail.contains("a restart"));
        assert!(seen == before || (seen.0 == 503 && names_the_way_out), "{seen:?}");
    }
    let alarms =
        eventually("the alarm", || Some(storage_alarms(&daemon)).filter(|alarms| !alarms.is_empty()));
    let text = "база заявок повреждена, перезапуск построит её заново";
    assert_eq!(alarms, [("storage-tickets".to_owned(), text.to_owned())]);
    // Nothing else stops: it is taken, and stays.
    let more = closed(&daemon, "taken meanwhile");
    let taken = daemon.get(&format!("/v1/tickets/{more}")).json;
    // Not even a stop in good order is needed.
    daemon.kill();
    assert!(logged(&state).contains("the ticket database is damaged; nothing is lost, restart andond"));
    assert!(!logged(&state).contains("set aside"));

    let daemon = start(&state, &token);
    assert_eq!(look(&daemon), before);
    assert_eq!(daemon.get(&format!("/v1/tickets/{more}")).json, taken);
    assert_eq!(storage_alarms(&daemon), []);
    assert!(
        logged(&state)
            .contains("the tickets were set aside and rebuilt from what the ledger has: it is damaged")
    );
    assert!(state.join("sled.bad-1").is_dir());
    assert_eq!(daemon.stop().code(), Some(0));
    let daemon = start(&state, &token);
    assert_eq!(look(&daemon), before);
    assert_eq!(logged(&state).matches("set aside").count(), 1, "once is enough");
    drop(daemon);
}
