//! What the page does as the daemon lives, stops and comes back.

use std::net::TcpListener;
use std::path::Path;

use andon_tests::daemon::Daemon;
use serde_json::{Value, json};

use super::browser;

/// A regulation with a critical priority, whose reaction term is one second.
fn hasty(dir: &Path) -> String {
    let path = dir.join("hasty.toml");
    std::fs::write(&path, include_str!("../e2e/hasty.toml")).expect("a test's directory can be written");
    path.display().to_string()
}

/// An address that nobody listens at: a daemon that is started again has it again.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").to_string()
}

fn register_critical(daemon: &Daemon) -> u64 {
    let body = json!({"channel": "email", "type": "error", "priority": "critical", "subject": "Касса <b>не</b> печатает"});
    let answer = daemon.post("/v1/tickets", &body);
    assert_eq!(answer.status, 201, "{}", answer.json);
    answer.json["number"].as_u64().expect("a ticket has a number")
}

/// What the page says of a connection that fails is the network's doing, and of nothing else.
fn only_of_connections(complaints: &[String]) -> bool {
    complaints.iter().all(|complaint| complaint.starts_with("network: ") && complaint.contains("net::ERR_"))
}

#[test]
fn the_page_connects_shows_an_event_and_loads_nothing_from_elsewhere() {
    let Some(mut browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &["--regulation", &hasty(dir.path())]);
    browser.go(&format!("{}/board", daemon.base()));
    browser.wait_for("document.body.innerText.includes('ВСЁ В ПОРЯДКЕ') && lost.hidden");

    let number = register_critical(&daemon);
    browser.wait_for("document.body.innerText.includes('КРИТИЧНО')");
    let text = browser.text();
    assert!(text.contains(&format!("№{number}")), "{text}");
    assert!(text.contains("Касса <b>не</b> печатает"), "a subject is text and no markup: {text}");
    let title = browser.run("document.title");
    assert!(title.as_str().is_some_and(|title| title.starts_with("КРИТИЧНО")), "{title}");
    browser.wait_for(
        "document.fonts.size === 2 && [...document.fonts].every((face) => face.status === 'loaded')",
    );

    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:?}");
    let mut paths = Vec::new();
    for address in browser.requested() {
        match address.strip_prefix(daemon.base()) {
            Some(path) => paths.push(path.to_owned()),
            None => assert_eq!(address, "data:,", "this came from elsewhere"),
        }
    }
    paths.sort();
    paths.dedup();
    assert_eq!(paths, ["/board", "/board/bold.woff2", "/board/medium.woff2", "/board/stream"]);
    assert_eq!(browser.run("document.cookie"), "");
    assert_eq!(browser.run("localStorage.length + sessionStorage.length"), 0, "nothing is kept");
}

#[test]
fn a_daemon_that_stops_is_told_at_once_then_as_no_link_and_the_page_recovers_by_itself() {
    let Some(mut browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let (state, address, regulation) = (dir.path().join("state"), free_address(), hasty(dir.path()));
    let args = ["--listen", address.as_str(), "--regulation", regulation.as_str()];
    let daemon = Daemon::start(&state, &args);
    let number = register_critical(&daemon);
    browser.go(&format!("http://{address}/board"));
    browser.wait_for(&format!("document.body.innerText.includes('№{number}') && lost.hidden"));
    browser.run("window.kept = 'the same page'");

    assert_eq!(daemon.stop().code(), Some(0));
    browser.wait_for("document.body.innerText.includes('ОСТАНОВЛЕНО')");
    browser.wait_for("!lost.hidden && document.body.innerText.includes('НЕТ СВЯЗИ')");
    browser.wait_for("veil.classList.contains('old')");
    let age = "Number(document.querySelector('#lost .age').textContent.split(' ')[0])";
    let first = browser.run(age).as_u64().expect("it says how old");
    assert!(first >= 5, "{first}");
    browser.wait_for(&format!("{age} > {first}"));

    let daemon = Daemon::start_again(&state, &args);
    browser.wait_for(&format!("lost.hidden && document.body.innerText.includes('№{number}')"));
    assert_eq!(browser.run("window.kept"), "the same page", "it did not load itself anew");
    let complaints = browser.complaints();
    assert!(only_of_connections(&complaints), "{complaints:?}");
    drop(daemon);
}

#[test]
fn a_daemon_that_is_killed_is_told_within_seconds() {
    let Some(mut browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    browser.go(&format!("{}/board", daemon.base()));
    browser.wait_for("lost.hidden");
    daemon.kill();
    browser.wait_for("!lost.hidden && wall.classList.contains('old')");
    let silent = browser.run("silence()").as_f64().expect("it counts");
    assert!(silent >= 5_000.0, "it is told after five seconds of silence and not before: {silent}");
}

#[test]
fn a_page_of_another_version_loads_itself_anew_and_only_once() {
    let Some(mut browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    browser.go(&format!("{}/board", daemon.base()));
    browser.wait_for("lost.hidden");
    browser.run("window.kept = 1; reloadFor(PAGE)");
    assert_eq!(browser.run("window.kept"), 1, "the version it has is no reason");
    browser.run("reloadFor('another')");
    browser.wait_for("window.kept === undefined && typeof lost === 'object' && lost.hidden");
    browser.run("window.kept = 2; reloadFor('another')");
    browser.run("new Promise((done) => setTimeout(done, 300))");
    assert_eq!(browser.run("window.kept"), 2, "a proxy that serves the old page is not asked for ever");
}

#[test]
fn it_flashes_when_the_wall_does() {
    let Some(mut browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &["--regulation", &hasty(dir.path())]);
    register_critical(&daemon);
    browser.go(&format!("{}/board", daemon.base()));
    browser.wait_for("lost.hidden && document.querySelector('.alarm.unacked') !== null");
    let dark = "(() => { flash(); return [Math.floor(now()), root.classList.contains('fast-dark'), root.classList.contains('slow-dark')]; })()";
    for _ in 0..20 {
        let seen = browser.run(dark);
        let t_ms = seen[0].as_u64().expect("a time");
        let phase = firmware_board::Phase::at(t_ms);
        assert_eq!(seen[1], Value::Bool(!phase.fast), "fast at {t_ms}");
        assert_eq!(seen[2], Value::Bool(!phase.slow), "slow at {t_ms}");
        browser.run("new Promise((done) => setTimeout(done, 70))");
    }
    browser.ask_for_little_motion();
    for _ in 0..6 {
        assert_eq!(browser.run(dark)[1], Value::Bool(false), "steady where little motion is asked for");
        browser.run("new Promise((done) => setTimeout(done, 90))");
    }
    browser.wait_for("document.querySelector('.alarm.unacked use[href=\"#waits\"]') !== null");
}
