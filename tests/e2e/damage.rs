//! What the card has spoilt is noticed, told and made again as far as it can be; the box starts and works meanwhile.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use andon_tests::daemon::{Daemon, binary, eventually};
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
fn start(state: &Path) -> Daemon {
    let log = fs::File::options().create(true).append(true).open(state.with_extension("log"));
    Daemon::try_start(state, &[], "", log.expect("a log")).expect("it starts")
}

fn logged(state: &Path) -> String {
    fs::read_to_string(state.with_extension("log")).expect("a log")
}

/// Refuses a ticket, so that it is closed and read only when somebody asks for it.
fn closed(daemon: &Daemon, subject: &str) -> u64 {
    refuse(daemon, &error_that_stops(subject))
}

fn refuse(daemon: &Daemon, registration: &Value) -> u64 {
    let ticket = daemon.post("/v1/tickets", registration);
    let number = ticket.json["number"].as_u64().expect("a ticket");
    let refused = daemon.post(&format!("/v1/tickets/{number}/refuse"), &json!({"reason": "Не наше"}));
    assert_eq!(refused.status, 200);
    number
}

#[test]
fn a_spoilt_page_of_the_ticket_database_is_told_on_the_wall_and_a_restart_mends_it() {
    // Where the database puts a page is its own matter: now and then the page lies where a start reads it.
    let met_in_use = (0..6).any(|_| met_in_use_a_spoilt_page_is_told_and_mended());
    assert!(met_in_use, "each time the start met the page before anybody asked for it");
}

/// Whether the page was met by whoever asked for its ticket. Where the start met it, the start has mended it.
fn met_in_use_a_spoilt_page_is_told_and_mended() -> bool {
    let dir = TempDir::new().expect("a directory");
    let state = dir.path().join("state");
    let daemon = start(&state);
    // It lies amid others, on a page that no start reads, in a part of the file that none looks through again.
    for n in 0..60 {
        closed(&daemon, &format!("before {n}"));
    }
    let number = closed(&daemon, "a subject that the card spoils");
    for n in 0..60 {
        closed(&daemon, &format!("after {n}"));
    }
    for _ in 0..10 {
        large(&daemon);
    }
    let paths = ["", "/history"].map(|what| format!("/v1/tickets/{number}{what}"));
    let look =
        |daemon: &Daemon| paths.each_ref().map(|path| daemon.get(path)).map(|got| (got.status, got.json));
    let before = look(&daemon);
    assert_eq!(daemon.stop().code(), Some(0));
    // The checkpoint is followed by another one, so that nothing is written again at the start.
    let daemon = start(&state);
    closed(&daemon, "another");
    assert_eq!(look(&daemon), before);
    assert_eq!(daemon.stop().code(), Some(0));
    assert!(spoil(&state.join("sled/db"), "a subject that the card spoils") > 0);

    let daemon = start(&state);
    let seen = look(&daemon);
    if logged(&state).contains("set aside") {
        assert_eq!(seen, before);
        return false;
    }
    for (seen, before) in seen.iter().zip(&before) {
        let names_the_way_out = seen.1["detail"].as_str().is_some_and(|detail| detail.contains("a restart"));
        assert!(seen == before || (seen.0 == 503 && names_the_way_out), "{seen:?}");
    }
    let alarm =
        ("storage-tickets".to_owned(), "база заявок повреждена, перезапуск построит её заново".to_owned());
    eventually("the alarm", || storage_alarms(&daemon).contains(&alarm).then_some(()));
    // Nothing else stops: it is taken, and stays.
    let more = closed(&daemon, "taken meanwhile");
    let taken = daemon.get(&format!("/v1/tickets/{more}")).json;
    // Not even a stop in good order is needed.
    daemon.kill();
    assert!(logged(&state).contains("the ticket database is damaged; nothing is lost, restart andond"));
    assert!(!logged(&state).contains("set aside"));

    let daemon = start(&state);
    assert_eq!(look(&daemon), before);
    assert_eq!(daemon.get(&format!("/v1/tickets/{more}")).json, taken);
    assert!(!storage_alarms(&daemon).contains(&alarm));
    assert!(
        logged(&state)
            .contains("the tickets were set aside and rebuilt from what the ledger has: it is damaged")
    );
    assert!(state.join("sled.bad-1").is_dir());
    assert_eq!(daemon.stop().code(), Some(0));
    let daemon = start(&state);
    assert_eq!(look(&daemon), before);
    assert_eq!(logged(&state).matches("set aside").count(), 1, "once is enough");
    drop(daemon);
    true
}

/// The ledger's files, oldest first.
fn segments(state: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(state.join("ledger")).expect("a ledger");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

fn flip(path: &Path, at: u64) {
    let file = fs::File::options().read(true).write(true).open(path).expect("the file is there");
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("it is as long");
    file.write_all_at(&[byte[0] ^ 1], at).expect("it can be written");
}

/// Tickets of nearly a megabyte together, closed.
fn large(daemon: &Daemon) {
    let mut body = error_that_stops("большая");
    for n in 0..4 {
        body["fields"][format!("f{n}")] = json!("x".repeat(60_000));
    }
    for _ in 0..4 {
        refuse(daemon, &body);
    }
}

/// A stopped desk whose ledger has a flipped bit in the first of its two files, which this is.
fn damaged_long_ago(state: &Path) -> PathBuf {
    let daemon = start(state);
    for _ in 0..20 {
        large(&daemon);
    }
    assert_eq!(daemon.stop().code(), Some(0));
    let mut files = segments(state);
    assert_eq!(files.len(), 2);
    flip(&files[0], 3_000_000);
    files.remove(0)
}

/// `andonctl` on the books of a daemon that is stopped.
fn ctl(state: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    told(
        Command::new(binary("andonctl"))
            .arg("--state-dir")
            .arg(state)
            .args(args)
            .output()
            .expect("andonctl starts"),
    )
}

fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn damage_in_an_old_part_of_the_ledger_is_named_copied_and_told_until_it_is_gone() {
    let dir = TempDir::new().expect("a directory");
    let state = dir.path().join("state");
    let oldest = damaged_long_ago(&state);

    // The start reads the newest part only. Whoever meets the damage is told which entry is lost, and so is the wall.
    let daemon = start(&state);
    assert_eq!(storage_alarms(&daemon), []);
    let stories = (1..=20).map(|n| daemon.get(&format!("/v1/tickets/{n}/history"))).collect::<Vec<_>>();
    let lost: Vec<_> = stories.iter().filter(|story| story.status != 200).collect();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!((lost[0].status, &lost[0].json["code"]), (410, &json!("entry-lost")), "{}", lost[0].json);
    let number = stories.iter().position(|story| story.status == 410).expect("there is one") + 1;
    let detail = lost[0].json["detail"].as_str().expect("a detail");
    assert!(detail.contains(&format!("about ticket {number} is lost")), "{detail}");
    assert_eq!(daemon.get(&format!("/v1/tickets/{number}")).status, 200, "the ticket stands");
    let alarms =
        eventually("the alarm", || Some(storage_alarms(&daemon)).filter(|alarms| !alarms.is_empty()));
    assert_eq!(alarms[0].0, "storage-ledger-damage");
    assert!(alarms[0].1.starts_with("журнал повреждён, нет событий: "), "{alarms:?}");
    let damage = || fs::read_dir(state.join("quarantine")).expect("a copy of it").count();
    assert_eq!(damage(), 1);
    assert!(
        logged(&state).contains("the ledger is damaged; a backup may have what it lacks: events are lost: ")
    );

    // A restart does not end it, nor does a backup, which tells, too.
    assert_eq!(daemon.stop().code(), Some(0));
    let (code, out, _) = ctl(&state, &["ledger", "check"]);
    assert!(code == Some(1) && out.contains(&format!("{}: bytes ", oldest.display())), "{out}");
    let daemon = start(&state);
    assert_eq!(storage_alarms(&daemon), alarms);
    let (code, out, err) = told(daemon.ctl(&["ledger", "check"]));
    assert!(code == Some(1) && out.contains(" are lost\n") && out.contains("/quarantine/damage-"), "{out}");
    assert!(err.contains("the tickets stand as they are"), "{err}");
    let (code, _, err) = told(daemon.ctl(&["backup", &dir.path().join("b.tar.gz").display().to_string()]));
    assert!(code == Some(1) && err.contains("the backup lacks events"), "{err}");
    assert_eq!((storage_alarms(&daemon), damage()), (alarms, 1));

    // Whole again, as after a restore.
    assert_eq!(daemon.stop().code(), Some(0));
    flip(&oldest, 3_000_000);
    let daemon = start(&state);
    assert_eq!(daemon.post("/v1/alarms/storage-ledger-damage/ack", &json!({})).status, 200);
    let (code, out, err) = told(daemon.ctl(&["ledger", "check"]));
    assert!(code == Some(0) && err.is_empty() && !out.contains("lost"), "{out}{err}");
    eventually("the end of the alarm", || storage_alarms(&daemon).is_empty().then_some(()));
    assert_eq!(daemon.get(&format!("/v1/tickets/{number}/history")).status, 200);
}

#[test]
fn a_backup_tells_the_wall_of_a_damaged_ledger() {
    let dir = TempDir::new().expect("a directory");
    let state = dir.path().join("state");
    damaged_long_ago(&state);
    let daemon = start(&state);
    assert_eq!(storage_alarms(&daemon), []);
    assert_eq!(
        daemon.ctl(&["backup", &dir.path().join("b.tar.gz").display().to_string()]).status.code(),
        Some(1)
    );
    eventually("the alarm", || (!storage_alarms(&daemon).is_empty()).then_some(()));
}

#[test]
fn what_a_command_cuts_off_a_stopped_desk_is_told() {
    let dir = TempDir::new().expect("a directory");
    let state = dir.path().join("state");
    let daemon = start(&state);
    closed(&daemon, "one");
    daemon.kill();
    let newest = segments(&state).pop().expect("a segment");
    let end =
        fs::read(&newest).expect("it can be read").iter().rposition(|byte| *byte != 0).expect("events") + 1;
    let file = fs::File::options().write(true).open(&newest).expect("it can be written");
    file.write_all_at(b"half of a write", end as u64).expect("it can be written");
    let to = dir.path().join("export.jsonl").display().to_string();
    let (code, _, err) = ctl(&state, &["export", &to]);
    assert!(code == Some(0) && err.contains("the last write before the daemon ended was cut off"), "{err}");
    let (code, out, err) = ctl(&state, &["ledger", "check"]);
    assert!(code == Some(0) && err.is_empty() && out.contains(" events in 1 files were read"), "{out}{err}");
}
