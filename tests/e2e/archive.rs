//! Closed tickets leave for the archive, and nobody outside can tell: not by a start, a kill, or a lost archive.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use andon_tests::daemon::{Daemon, eventually};
use serde_json::{Value, json};

use super::error_that_stops;
use super::growth::{TICKETS, numbers, room, told};

/// The odd ones are closed.
const CLOSED: u64 = TICKETS / 2;

/// A room whose closed tickets are archived at each start. They leave the database with the checkpoint of a stop.
struct Room {
    dir: tempfile::TempDir,
    token: String,
}

impl Room {
    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn archive(&self) -> PathBuf {
        self.state().join("archive")
    }

    /// The year's file; a test may run over New Year.
    fn file(&self) -> PathBuf {
        let files = fs::read_dir(self.archive())
            .expect("there is an archive")
            .map(|file| file.expect("a file").path());
        let is_year = |file: &PathBuf| file.to_string_lossy().ends_with(".jsonl.gz");
        files
            .filter(is_year)
            .max_by_key(|file| file.metadata().expect("it is there").len())
            .expect("there is a year")
    }

    fn start(&self) -> Daemon {
        let config = self.dir.path().join("andon.toml");
        fs::write(&config, "[archive]\nclosed-for-days = 0\n").expect("a test's directory can be written");
        Daemon::start_with_config(&self.state(), &config.display().to_string(), &self.token)
    }

    /// Starts it and waits until all closed tickets are archived.
    fn start_archiving(&self) -> Daemon {
        let daemon = self.start();
        eventually("everything closed in the archive", || (archived(&daemon) == CLOSED).then_some(()));
        daemon
    }
}

fn archive_alarm(daemon: &Daemon) -> Option<Value> {
    let alarms = daemon.get("/v1/alarms").json;
    let alarms = alarms.as_array().expect("a list");
    alarms.iter().find(|alarm| alarm["id"] == "storage-archive").cloned()
}

fn archived(daemon: &Daemon) -> u64 {
    daemon.get("/v1/status").json["tickets_archived"].as_u64().expect("a number")
}

/// A room with its tickets as a daemon that archives nothing told them.
fn filled() -> (Room, Vec<Told>) {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = room(&state);
    let (before, token) = (look(&daemon), daemon.token().to_owned());
    assert_eq!(daemon.stop().code(), Some(0));
    assert!(!state.join("archive").exists(), "a month has not passed");
    (Room { dir, token }, before)
}

type Told = (u16, Option<String>, Value);

/// A ticket, what happened to it, and the proof of its terms.
fn story(daemon: &Daemon, number: u64) -> [Told; 3] {
    ["", "/history", "/explain"].map(|what| told(daemon.get(&format!("/v1/tickets/{number}{what}"))))
}

/// Fails with the first answer that is another.
fn same(answers: &[Told], before: &[Told], when: &str) {
    assert_eq!(answers.len(), before.len());
    for (n, (answer, before)) in answers.iter().zip(before).enumerate() {
        assert_eq!(answer, before, "answer {n}, {when}");
    }
}

/// Everything there is to see of some closed tickets, an open one, and the lists.
fn look(daemon: &Daemon) -> Vec<Told> {
    let mut seen: Vec<_> = [1, 7, TICKETS - 1].into_iter().flat_map(|n| story(daemon, n)).collect();
    seen.push(told(daemon.get("/v1/tickets/8")));
    for query in ["limit=40", "stage=closed&limit=7", "q=7&limit=5", "stage=open", "status=refused"] {
        seen.push((200, None, json!(numbers(daemon, query))));
    }
    seen.push((200, None, daemon.get("/v1/status").json["tickets_total"].clone()));
    seen
}

fn ctl(daemon: &Daemon, args: &[&str]) -> (Option<i32>, String, String) {
    let output = daemon.ctl(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn bad(state: &Path) -> usize {
    let entries = fs::read_dir(state).expect("a state").map(|entry| entry.expect("an entry").file_name());
    entries.filter(|name| name.to_string_lossy().starts_with("sled.bad-")).count()
}

#[test]
fn archived_tickets_are_shown_listed_and_proved_as_before_also_after_a_kill() {
    let (room, before) = filled();
    let daemon = room.start_archiving();
    same(&look(&daemon), &before, "in both");
    daemon.kill();
    let daemon = room.start_archiving();
    same(&look(&daemon), &before, "in both, after a kill");
    let bytes = fs::read(room.file()).expect("the archive");
    assert_eq!(daemon.stop().code(), Some(0));
    let daemon = room.start_archiving();
    same(&look(&daemon), &before, "in the archive only");
    daemon.kill();
    let daemon = room.start_archiving();
    same(&look(&daemon), &before, "in the archive only, after a kill");
    assert_eq!(fs::read(room.file()).expect("the archive"), bytes, "nothing is archived twice");

    let (code, list, _) = ctl(&daemon, &["archive", "list"]);
    assert!(code == Some(0) && list.contains(&format!(" {CLOSED} ")), "{list}");
    let (code, checked, _) = ctl(&daemon, &["archive", "check"]);
    assert!(code == Some(0) && checked.contains(&format!("{CLOSED} stories in ")), "{checked}");
    for args in [["ticket", "show", "7"], ["ticket", "explain", "7"]] {
        let (code, out, _) = ctl(&daemon, &args);
        assert!(code == Some(0) && !out.is_empty(), "{args:?}");
    }
    let (_, status, _) = ctl(&daemon, &["status"]);
    assert!(status.contains(&format!("{CLOSED} archived")) && status.contains("on disk"), "{status}");
    let metrics = daemon.get("/metrics");
    let metrics = String::from_utf8_lossy(&metrics.bytes);
    assert!(metrics.contains(&format!("is=\"archived\"}} {CLOSED}\n")), "{metrics}");
    assert!(metrics.contains("andon_store_bytes{part=\"archive\"}"), "{metrics}");
}

#[test]
fn commands_about_archived_tickets_are_answered_as_before_and_what_they_change_is_kept() {
    let (room, _) = filled();
    assert_eq!(room.start_archiving().stop().code(), Some(0));
    let daemon = room.start_archiving();
    let mark_of =
        |daemon: &Daemon| fs::metadata(room.file()).map(|file| file.len()).ok().zip(Some(archived(daemon)));
    let before = mark_of(&daemon);
    let refused = [
        ("7/take", json!({}), 409),
        ("7/return", json!({"reason": "Не согласен"}), 409),
        ("7/reply", json!({"text": "Ещё вопрос"}), 409),
        ("8/link", json!({"to": TICKETS + 1, "kind": "similar"}), 422),
    ];
    for (path, body, status) in refused {
        let answer = daemon.post(&format!("/v1/tickets/{path}"), &body);
        assert_eq!(answer.status, status, "{path}: {}", answer.json);
    }
    assert_eq!(mark_of(&daemon), before);

    assert_eq!(daemon.post("/v1/tickets/7/reply", &json!({"text": "Для нас", "internal": true})).status, 200);
    assert_eq!(daemon.post("/v1/tickets/8/link", &json!({"to": 11, "kind": "similar"})).status, 200);
    let mut follower = error_that_stops("Опять");
    follower["follows"] = json!(13);
    assert_eq!(daemon.post("/v1/tickets", &follower).status, 201);
    let after =
        |daemon: &Daemon| -> Vec<_> { [7, 11, 13].into_iter().flat_map(|n| story(daemon, n)).collect() };
    let changed = after(&daemon);
    assert_eq!(changed[3].2["links"][0]["to"], 8);
    assert_eq!(changed[6].2["links"][0]["to"], TICKETS + 1);
    let events = |story: &Value| story.as_array().expect("a story").len();
    assert!(events(&changed[1].2) > 2, "the archived part of the story and what is new: {}", changed[1].2);
    daemon.kill();
    let daemon = room.start_archiving();
    same(&after(&daemon), &changed, "after a kill");
    assert_eq!(daemon.stop().code(), Some(0));

    // They rest in the database now, and the next start archives them again.
    let daemon = room.start();
    eventually("them archived again", || (mark_of(&daemon) > before).then_some(()));
    assert_eq!(archived(&daemon), CLOSED);
    same(&after(&daemon), &changed, "archived again");
    assert_eq!(daemon.stop().code(), Some(0));
    let daemon = room.start();
    same(&after(&daemon), &changed, "in the archive only");
    assert_eq!(numbers(&daemon, "limit=200"), (1..=TICKETS + 1).rev().collect::<Vec<_>>());
    assert_eq!(bad(&room.state()), 0);
}

#[test]
fn a_lost_archive_is_made_again_from_the_ledger() {
    let (room, before) = filled();
    assert_eq!(room.start_archiving().stop().code(), Some(0));
    fs::remove_dir_all(room.archive()).expect("an archive");
    let daemon = room.start();
    assert_eq!(bad(&room.state()), 1, "the database lacks what it had archived");
    same(&look(&daemon), &before, "made again");
    assert_eq!(daemon.stop().code(), Some(0));
    assert_eq!(room.start_archiving().stop().code(), Some(0));
    let daemon = room.start();
    same(&look(&daemon), &before, "made again");

    // A lost database does no harm, either.
    daemon.kill();
    fs::remove_dir_all(room.state().join("sled")).expect("a database");
    let daemon = room.start_archiving();
    same(&look(&daemon), &before, "made again");
}

#[test]
fn a_damaged_archive_is_told_by_the_check_and_mended_by_the_next_start() {
    let (room, before) = filled();
    assert_eq!(room.start_archiving().stop().code(), Some(0));
    let file = fs::File::options().read(true).write(true).open(room.file()).expect("the archive");
    let mut byte = [0];
    file.read_exact_at(&mut byte, 200).expect("it is longer");
    file.write_all_at(&[byte[0] ^ 0x40], 200).expect("it can be written");
    let daemon = room.start_archiving();
    let (code, checked, err) = ctl(&daemon, &["archive", "check"]);
    assert_eq!(code, Some(1), "{checked}");
    assert!(checked.contains("damaged: ") && checked.contains("quarantine/archive-"), "{checked}");
    assert!(err.contains("tickets cannot be read; restart andond"), "{err}");
    assert_eq!(daemon.get("/v1/tickets/8").status, 200);
    let alarm = eventually("the wall to say so", || archive_alarm(&daemon));
    assert_eq!((&alarm["kind"], &alarm["state"]), (&json!("storage"), &json!("unacked")));
    assert_eq!(alarm["text"], "архив повреждён, перезапуск вернёт его заявки из журнала");
    let ack = daemon.post("/v1/alarms/storage-archive/ack", &json!({}));
    assert_eq!(ack.status, 200, "{}", ack.json);
    daemon.kill();
    let daemon = room.start();
    assert_eq!(bad(&room.state()), 1);
    eventually("the wall to be calm again", || archive_alarm(&daemon).is_none().then_some(()));
    same(&look(&daemon), &before, "made again");
    assert_eq!(daemon.stop().code(), Some(0));
    let daemon = room.start_archiving();
    let (code, ..) = ctl(&daemon, &["archive", "check"]);
    assert_eq!(code, Some(0));
}
