//! The golden store: a state directory as version 0.1 left it, which every later version must open.
//!
//! `tests/golden/store-1.tar.gz` is a whole state directory of format 1, sled included; beside it is what it exports.
//! They are made once for each format, by
//! `cargo test -p andon-tests --test e2e -- --ignored the_golden_store_is_made`, and never changed then.

use std::path::{Path, PathBuf};
use std::process::Command;

use andon_tests::daemon::{Daemon, binary, eventually};
use serde_json::{Value, json};

use super::{error_that_stops, hasty_regulation};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

fn tar(args: &[&std::ffi::OsStr]) {
    assert!(Command::new("tar").args(args).status().expect("tar is there").success(), "{args:?}");
}

fn export(state: &Path) -> String {
    let said = Command::new(binary("andonctl")).arg("--state-dir").arg(state).arg("export").output();
    let said = said.expect("andonctl can be started");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).expect("an export is text")
}

const REGULATIONS: [&str; 6] =
    ["--regulation", "getmark", "--regulation", "zkh-services", "--regulation", "itsm"];

#[test]
#[ignore = "makes the golden store anew, which is done once for each format"]
fn the_golden_store_is_made() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let hasty = hasty_regulation(dir.path());
    let daemon = Daemon::start(&state, &[&REGULATIONS[..], &["--regulation", &hasty]].concat());
    let added = daemon.ctl(&["token", "add", "--name", "petrova", "--role", "head", "--line", "1"]);
    assert!(added.status.success());
    let secret = String::from_utf8(added.stdout).expect("a secret is text");
    let post = |path: &str, body: Value| {
        let headers = [("Idempotency-Key", path)];
        let answer =
            daemon.request("POST", path, Some(secret.trim()), Some(&body.to_string()), &headers[..1]);
        assert!(answer.status < 300, "{path}: {}", answer.json);
    };
    let register = |body: Value| {
        let answer = daemon.request("POST", "/v1/tickets", Some(secret.trim()), Some(&body.to_string()), &[]);
        assert_eq!(answer.status, 201, "{}", answer.json);
    };
    let mut error = error_that_stops("Не открывается накладная");
    error["regulation"] = json!("getmark");
    register(error.clone());
    post("/v1/tickets/1/take", json!({}));
    post("/v1/tickets/1/ask", json!({"text": "Какая версия?\nИ какой браузер?"}));
    post("/v1/tickets/1/answer", json!({"text": "2.1"}));
    post("/v1/tickets/1/resolve", json!({"text": "Обновите до 2.2"}));
    post("/v1/tickets/1/confirm", json!({}));
    register(json!({"regulation": "zkh-services", "channel": "phone", "type": "consultation",
        "subject": "Как подать показания", "requester": {"name": "Олег", "login": "oleg",
        "email": "oleg@example.ru", "phone": "+7 900 000-00-00"}}));
    post("/v1/tickets/2/resolve", json!({"text": "В личном кабинете"}));
    post("/v1/tickets/2/close", json!({"reason": "ответ дан"}));
    register(json!({"regulation": "itsm", "channel": "phone", "type": "incident", "subject": "Нет сети",
        "priority": "p2"}));
    register(json!({"regulation": "hasty", "channel": "email", "type": "error", "subject": "Быстро"}));
    register(error);
    post("/v1/tickets/5/take", json!({}));
    post("/v1/tickets/5/link", json!({"to": 1, "kind": "similar"}));
    let id = "4-breach-reaction-1";
    eventually("the alarm", || daemon.get("/v1/alarms").json.to_string().contains(id).then_some(()));
    post(&format!("/v1/alarms/{id}/ack"), json!({}));
    post("/v1/board/mute", json!({"for": "30m"}));
    assert!(daemon.ctl(&["token", "add", "--name", "old", "--role", "viewer"]).status.success());
    assert!(daemon.ctl(&["token", "revoke", "old"]).status.success());
    assert_eq!(daemon.stop().code(), Some(0));
    std::fs::remove_file(state.join("lock")).expect("a desk leaves its lock");
    let archive = golden("store-1.tar.gz");
    let args = ["--owner=0", "--group=0", "--sort=name", "--exclude=control.sock", "-czf"].map(AsRef::as_ref);
    tar(&[&args[..], &[archive.as_os_str(), "-C".as_ref(), state.as_os_str(), ".".as_ref()]].concat());
    std::fs::write(golden("store-1.jsonl"), export(&state)).expect("the golden directory can be written");
}

/// A copy of the golden store.
fn copy(dir: &Path) -> PathBuf {
    let state = dir.join("state");
    std::fs::create_dir(&state).expect("a test's directory can be written");
    let archive = golden("store-1.tar.gz");
    tar(&["-xzf".as_ref(), archive.as_os_str(), "-C".as_ref(), state.as_os_str()]);
    state
}

/// The header, and the lines that must stay as they are for ever.
fn split(export: &str) -> (Value, &str) {
    let (header, lines) = export.split_once('\n').expect("an export has a header");
    (serde_json::from_str(header).expect("a header is JSON"), lines)
}

#[test]
fn the_golden_store_exports_what_it_always_did() {
    let dir = tempfile::tempdir().expect("a directory");
    let now = export(&copy(dir.path()));
    let then = std::fs::read_to_string(golden("store-1.jsonl")).expect("the golden export is there");
    let ((header, lines), (header_then, lines_then)) = (split(&now), split(&then));
    assert!(lines == lines_then, "an old store is told otherwise:\n{lines}\n--- golden\n{lines_then}");
    assert_eq!(header["next_event"], header_then["next_event"]);
    assert_eq!(header["andon"], header_then["andon"]);
}

#[test]
fn the_desk_goes_on_with_the_golden_store() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = copy(dir.path());
    // Of a box that has lost its projection there is the same desk.
    let anew = dir.path().join("anew");
    tar(&[
        "-C".as_ref(),
        dir.path().as_os_str(),
        "-cf".as_ref(),
        dir.path().join("copy.tar").as_os_str(),
        "state".as_ref(),
    ]);
    std::fs::create_dir(&anew).expect("a test's directory can be written");
    tar(&[
        "-C".as_ref(),
        anew.as_os_str(),
        "--strip-components=1".as_ref(),
        "-xf".as_ref(),
        dir.path().join("copy.tar").as_os_str(),
    ]);
    std::fs::remove_dir_all(anew.join("sled")).expect("the projection is there");
    for state in [&state, &anew] {
        let daemon = Daemon::start(state, &REGULATIONS);
        let list = daemon.get("/v1/tickets?limit=200").json;
        let mut found: Vec<_> = list
            .as_array()
            .expect("a list of tickets")
            .iter()
            .map(|ticket| json!([ticket["number"], ticket["regulation"], ticket["status"], ticket["stage"]]))
            .collect();
        found.sort_by_key(|ticket| ticket[0].as_u64());
        assert_eq!(
            found,
            [
                json!([1, "getmark", "closed", "closed"]),
                json!([2, "zkh-services", "closed", "closed"]),
                json!([3, "itsm", "new", "open"]),
                json!([4, "hasty", "new", "open"]),
                json!([5, "getmark", "in-progress", "open"]),
            ]
        );
        assert_eq!(daemon.get("/v1/tickets/5").json["links"][0]["to"], 1);
        let alarms = daemon.get("/v1/alarms").json;
        let alarm =
            alarms.as_array().expect("alarms").iter().find(|alarm| alarm["id"] == "4-breach-reaction-1");
        assert_eq!(alarm.expect("the alarm is there")["acked_by"], "petrova");
        let mut error = error_that_stops("Ещё одна");
        error["regulation"] = json!("getmark");
        assert_eq!(daemon.post("/v1/tickets", &error).json["number"], 6);
        assert_eq!(daemon.stop().code(), Some(0));
        let (now, then) = (export(state), std::fs::read_to_string(golden("store-1.jsonl")));
        let then = then.expect("the golden export is there");
        let entries = |text: &str| -> Vec<String> {
            text.lines().filter(|line| line.starts_with("{\"first_seq\"")).map(str::to_owned).collect()
        };
        assert!(entries(&now).starts_with(&entries(&then)), "what happened before stays");
    }
}
