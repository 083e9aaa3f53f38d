//! `andonctl top`: the desk in a terminal, as over SSH.

use std::path::Path;
use std::process::Command;

use andon_tests::daemon::{Daemon, binary, eventually};
use andon_tests::terminal::{Terminal, ends_by_signals};
use serde_json::json;

use super::hasty_regulation;

fn top(state: &Path) -> Command {
    let mut command = Command::new(binary("andonctl"));
    command.arg("top").arg("--state-dir").arg(state).env_remove("NO_COLOR").env("TERM", "xterm");
    command
}

fn waits_for(terminal: &Terminal, words: &str) {
    eventually(words, || terminal.text().contains(words).then_some(()));
}

#[test]
fn an_alarm_is_seen_and_taken_by_a_key_and_a_daemon_that_went_is_waited_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let regulation = hasty_regulation(dir.path());
    let daemon = Daemon::start(&state, &["--regulation", &regulation]);
    let body =
        json!({"channel": "email", "type": "error", "priority": "critical", "subject": "Касса не печатает"});
    assert_eq!(daemon.post("/v1/tickets", &body).status, 201);
    let mut terminal = Terminal::new(80, 24);
    let before = terminal.settings();
    let mut child = terminal.run(&mut top(&state));

    waits_for(&terminal, "КРИТИЧНО 1");
    waits_for(&terminal, "ОЧЕРЕДЬ 1");
    eventually("the alarm, chosen", || {
        let text = terminal.text();
        text.lines().any(|line| line.starts_with(">!") && line.contains("Касса не печатает")).then_some(())
    });
    assert!(terminal.text().contains("q quit"), "the keys stand at the foot");
    assert!(!terminal.is_clean(), "it draws on a screen of its own");

    terminal.press(b"a");
    waits_for(&terminal, "is taken");
    waits_for(&terminal, "✓ andonctl");
    let alarms = daemon.get("/v1/alarms").json;
    assert!(
        alarms.as_array().is_some_and(|all| all.iter().any(|alarm| alarm["acked_by"] == "andonctl")),
        "{alarms}"
    );

    terminal.press(b"m");
    waits_for(&terminal, "muted for 30m");
    assert!(!daemon.get("/v1/board").json["muted_until"].is_null());

    terminal.resize(60, 12);
    eventually("the foot of the other size", || {
        terminal.text().lines().nth(11).is_some_and(|line| line.contains("Tab next list")).then_some(())
    });
    terminal.resize(100, 30);

    assert_eq!(daemon.stop().code(), Some(0));
    waits_for(&terminal, "no daemon at");
    let daemon = Daemon::start_again(&state, &["--regulation", &regulation]);
    eventually("the desk again", || {
        let text = terminal.text();
        (text.contains("КРИТИЧНО 1") && !text.contains("no daemon at")).then_some(())
    });

    terminal.press("й".as_bytes());
    terminal.assert_left(&mut child, &before, "q on a Russian keyboard");
    drop(daemon);
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_left_clean() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let _daemon = Daemon::start(&state, &[]);
    ends_by_signals(&mut top(&state), (80, 24), |terminal| terminal.text().contains("q quit"));
}

#[test]
fn where_there_is_no_terminal_it_is_refused_and_as_json_told_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    let refused = daemon.ctl(&["top"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("ssh -t"));
    let told = daemon.ctl(&["top", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert_eq!((told.status.code(), &document["board"]["level"]), (Some(0), &json!("normal")));
    assert_eq!(document["queue"], json!([]));
}

#[test]
fn a_terminal_that_nothing_can_be_drawn_on_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let _daemon = Daemon::start(&state, &[]);
    let terminal = Terminal::new(80, 24);
    let mut child = terminal.run(top(&state).env("TERM", "dumb"));
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    waits_for(&terminal, "TERM=dumb is none");
}

#[test]
fn a_daemon_that_is_not_there_is_told_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let terminal = Terminal::new(80, 24);
    let mut child = terminal.run(&mut top(&dir.path().join("nowhere")));
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    waits_for(&terminal, "no daemon at");
}
