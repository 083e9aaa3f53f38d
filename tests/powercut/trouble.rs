//! The disk fails, at any change of it, and works again: the daemon goes on, refuses what it cannot keep, and takes
//! updates again by itself.

use andon_tests::daemon::{Daemon, eventually};
use andon_tests::disk::{Cut, Fault};
use andon_tests::load::{Door, Shown};
use andon_tests::random::Random;
use fuser::Errno;
use serde_json::{Value, json};

use super::daemon::Life;
use super::{aloud, is_long, proof};

/// How the disk fails, and what the daemon calls it.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    name: &'static str,
    error: Errno,
    code: &'static str,
}

const FULL: Trouble = Trouble { name: "full", error: Errno::ENOSPC, code: "disk-full" };
const BROKEN: Trouble = Trouble { name: "broken", error: Errno::EIO, code: "storage-failed" };
const READ_ONLY: Trouble = Trouble { name: "read-only", error: Errno::EROFS, code: "storage-failed" };

/// Posts something that is sent once only; the answer's code where it is refused.
fn post_once(door: &Door, text: &str) -> Option<String> {
    let body = json!({"channel": "email", "type": "error", "subject": text}).to_string();
    let answer = door.post("/v1/tickets", &body, text).expect("the daemon is there");
    if answer.status == 201 {
        return None;
    }
    assert_eq!(answer.status, 503, "{}", answer.json);
    assert!(answer.header("retry-after").is_some(), "{}", answer.json);
    Some(answer.json["code"].as_str().expect("a problem has a code").to_owned())
}

fn storage_alarm(door: &Door) -> Option<Value> {
    let board = door.get("/v1/board").expect("the daemon is there").json;
    board["alarms"].as_array()?.iter().find(|alarm| alarm["kind"] == "storage").cloned()
}

/// Lets the disk fail with every change after so many, until it is mended; then the power goes, too.
fn check(trouble: Trouble, after: u64) {
    let Some(mounted) = proof::mounted("the failing disk") else { return };
    let what = format!("{}, change {after}", trouble.name);
    let mut life = Life::new(mounted, after, Cut::Random);
    let mut daemon = life.start().unwrap_or_else(|_| panic!("{what}: {}", life.last_words()));
    life.token = andon_tests::load::token_for_clients(&daemon);
    let door = Door::to(&daemon, &life.token);
    for client in &mut life.clients {
        (0..5).for_each(|_| assert_ne!(client.post(&door), Some(503), "{what}: all is well yet"));
    }
    let disk = life.mounted.disk().clone();
    disk.fail(Fault { error: trouble.error, of: Vec::new(), after, times: u64::MAX });
    let refused = refuses(&what, trouble, &door, &mut life);
    goes_on(&what, &mut daemon, &door);

    disk.heal();
    eventually(&format!("{what}: an update is taken again"), || {
        post_once(&door, "<taken-again>").is_none().then_some(())
    });
    eventually(&format!("{what}: the alarm ends"), || storage_alarm(&door).is_none().then_some(()));
    for client in &mut life.clients {
        assert!(client.post(&door).is_some_and(|status| status < 300), "{what}: who asks again is answered");
    }
    is_right(&format!("{what}, mended"), &door, &life, &refused);

    disk.power_off();
    daemon.kill();
    disk.cut(Cut::Random, &mut Random::new(after));
    let daemon = life.start().unwrap_or_else(|_| panic!("{what}, after a cut: {}", life.last_words()));
    is_right(&format!("{what}, after a cut"), &Door::to(&daemon, &life.token), &life, &refused);
    assert!(!life.last_words().contains("panicked"), "{what}: {}", life.last_words());
}

/// Posts until updates are refused, and some more; says what was refused and never sent again.
fn refuses(what: &str, trouble: Trouble, door: &Door, life: &mut Life) -> Vec<String> {
    let mut n = 0;
    let mut refused = Vec::new();
    eventually(&format!("{what}: an update is refused"), || {
        for client in &mut life.clients {
            client.post(door).expect("the daemon is there");
        }
        n += 1;
        let text = format!("<refused-{n}>");
        let code = post_once(door, &text)?;
        assert_eq!(code, trouble.code, "{what}");
        refused.push(text);
        (refused.len() > 3).then_some(())
    });
    refused
}

/// Who only looks notices nothing but the alarm.
fn goes_on(what: &str, daemon: &mut Daemon, door: &Door) {
    let alarm = storage_alarm(door).unwrap_or_else(|| panic!("{what}: no alarm on the wall"));
    assert_eq!(alarm["state"], "unacked", "{what}");
    for path in
        ["/healthz", "/v1/tickets", "/v1/tickets/1", "/v1/tickets/1/history", "/v1/alarms", "/board.png"]
    {
        assert_eq!(door.get(path).map(|answer| answer.status), Some(200), "{what}: {path}");
    }
    assert!(daemon.is_running(), "{what}");
}

fn is_right(what: &str, door: &Door, life: &Life, refused: &[String]) {
    let shown = Shown::by(door, &life.clients);
    assert!(shown.lost.is_empty() && shown.wrong.is_empty(), "{what}: {shown:#?}");
    let end =
        door.get("/v1/status").expect("the daemon is there").json["next_event"].as_u64().expect("a number");
    let events = Value::Array(door.events(end)).to_string();
    for text in refused {
        assert!(!events.contains(text.as_str()), "{what}: {text} was refused and is there");
    }
}

fn check_all(trouble: Trouble) {
    let changes: Vec<u64> = if is_long() { (0..40).collect() } else { vec![0, 1, 2, 7] };
    for after in &changes {
        check(trouble, *after);
    }
    aloud(&format!(
        "{}: {} places, updates refused and taken again at each, 0 lost",
        trouble.name,
        changes.len()
    ));
}

#[test]
fn a_full_disk_refuses_updates_and_loses_nothing() {
    check_all(FULL);
}

#[test]
fn a_broken_disk_refuses_updates_and_loses_nothing() {
    check_all(BROKEN);
}

#[test]
fn a_read_only_disk_refuses_updates_and_loses_nothing() {
    check_all(READ_ONLY);
}

/// One change fails, once: a write, a sync, whatever it is. Whoever was refused asks again and is answered.
#[test]
fn a_disk_that_fails_once_refuses_at_most_for_a_moment() {
    let changes: Vec<u64> = if is_long() { (0..60).collect() } else { (0..6).collect() };
    let Some(mounted) = proof::mounted("the disk that fails once") else { return };
    let mut life = Life::new(mounted, 1, Cut::Random);
    let mut daemon = life.start().unwrap_or_else(|_| panic!("{}", life.last_words()));
    life.token = andon_tests::load::token_for_clients(&daemon);
    let door = Door::to(&daemon, &life.token);
    for (n, after) in changes.iter().enumerate() {
        let error = *[Errno::EIO, Errno::ENOSPC, Errno::EROFS].get(n % 3).expect("there are three");
        let failures = life.mounted.disk().failures();
        life.mounted.disk().fail(Fault { error, of: Vec::new(), after: *after, times: 1 });
        eventually("the change that fails", || {
            for client in &mut life.clients {
                client.post(&door).expect("the daemon is there");
            }
            (life.mounted.disk().failures() > failures).then_some(())
        });
        for client in &mut life.clients {
            eventually("an answer", || client.post(&door).is_some_and(|status| status < 300).then_some(()));
        }
    }
    eventually("the end of the alarm", || storage_alarm(&door).is_none().then_some(()));
    is_right("a disk that fails once", &door, &life, &[]);
    assert!(daemon.is_running());
}
