//! Closed tickets are put away, and nobody outside can tell.

use andon_tests::daemon::{Answer, Daemon};
use serde_json::{Value, json};

use super::error_that_stops;

/// How many tickets there are; the odd ones are closed.
const TICKETS: u64 = 150;

/// Starts it on a state from before. A stop made a checkpoint, so the start does not read what is closed.
fn again(daemon: Daemon, state: &std::path::Path) -> Daemon {
    assert_eq!(daemon.stop().code(), Some(0));
    Daemon::start(state, &[])
}

/// A room with open and closed tickets.
fn room(state: &std::path::Path) -> Daemon {
    let daemon = Daemon::start(state, &[]);
    for n in 1..=TICKETS {
        assert_eq!(daemon.post("/v1/tickets", &error_that_stops(&format!("Ошибка {n}"))).status, 201);
        if n % 2 == 1 {
            let refused = daemon.post(&format!("/v1/tickets/{n}/refuse"), &json!({"reason": "Не наше"}));
            assert_eq!(refused.status, 200);
        }
    }
    daemon
}

/// Every page of a list, as the numbers on it.
fn numbers(daemon: &Daemon, query: &str) -> Vec<u64> {
    let mut all = Vec::new();
    let mut next = Some(format!("/v1/tickets?{query}"));
    while let Some(path) = next {
        let page = daemon.get(&path);
        assert_eq!(page.status, 200);
        let tickets = page.json.as_array().expect("a list").clone();
        all.extend(tickets.iter().map(|ticket| ticket["number"].as_u64().expect("a number")));
        next = page.header("link").map(|link| link[1..link.find('>').expect("a target")].to_owned());
    }
    all
}

/// An answer as far as it does not move with time.
fn told(mut answer: Answer) -> (u16, Option<String>, Value) {
    let etag = answer.header("etag").map(str::to_owned);
    if let Some(clocks) = answer.json.get_mut("clocks").and_then(Value::as_array_mut) {
        for clock in clocks {
            if clock["state"] == "running" {
                clock["used_seconds"] = Value::Null;
            }
        }
    }
    if let Some(at) = answer.json.get_mut("at") {
        *at = Value::Null;
    }
    (answer.status, etag, answer.json)
}

#[test]
fn closed_tickets_are_shown_listed_and_proved_as_before() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = room(dir.path());
    let look = |daemon: &Daemon| {
        let paths = ["", "/history", "/explain"].map(|what| format!("/v1/tickets/7{what}"));
        let one = paths.map(|path| told(daemon.get(&path)));
        let lists = ["limit=40", "stage=closed&limit=7", "q=7&limit=5", "stage=open", "status=refused"]
            .map(|query| numbers(daemon, query));
        (one, lists, daemon.get("/v1/status").json["tickets_total"].clone())
    };
    let before = look(&daemon);
    let all: Vec<_> = (1..=TICKETS).rev().collect();
    assert_eq!(before.1[0], all);
    assert_eq!(before.1[1], all.iter().copied().filter(|n| n % 2 == 1).collect::<Vec<_>>());
    let daemon = again(daemon, dir.path());
    assert_eq!(look(&daemon), before);
    assert_eq!(before.2, TICKETS);

    let known = daemon.get("/v1/tickets/7").header("etag").expect("a ticket has one").to_owned();
    let token = daemon.token().to_owned();
    let asked =
        daemon.request("GET", "/v1/tickets/7", Some(&token), None, &[("If-None-Match", known.as_str())]);
    assert_eq!(asked.status, 304);
    let metrics = daemon.get("/metrics");
    let metrics = String::from_utf8_lossy(&metrics.bytes);
    assert!(metrics.contains(&format!("is=\"kept\"}} {TICKETS}\n")), "{metrics}");
    for args in [vec!["ticket", "show", "7"], vec!["ticket", "explain", "7"]] {
        let out = daemon.ctl(&args);
        assert!(out.status.success() && !out.stdout.is_empty(), "{args:?}: {out:?}");
    }
    let out = daemon.ctl(&["ticket", "list", "--stage", "closed", "--limit", "500"]);
    assert_eq!(String::from_utf8_lossy(&out.stdout).matches("refused").count() as u64, TICKETS / 2);
}

#[test]
fn commands_about_closed_tickets_are_answered_as_before() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = room(dir.path());
    let refusals = |daemon: &Daemon| {
        [
            ("7/take", json!({})),
            ("7/return", json!({"reason": "Не согласен"})),
            ("7/reply", json!({"text": "Ещё вопрос"})),
            ("8/link", json!({"to": TICKETS + 1, "kind": "similar"})),
        ]
        .map(|(path, body)| told(daemon.post(&format!("/v1/tickets/{path}"), &body)))
    };
    let before = refusals(&daemon);
    assert_eq!(before.each_ref().map(|(status, ..)| *status), [409, 409, 409, 422]);
    let token = daemon.token().to_owned();
    let repeat = |daemon: &Daemon, number: u64, text: &str| {
        let body = json!({"text": text, "internal": true}).to_string();
        let path = format!("/v1/tickets/{number}/reply");
        let headers = [("Idempotency-Key", "same-key-1")];
        daemon.request("POST", &path, Some(&token), Some(&body), &headers)
    };
    let first = repeat(&daemon, 9, "Для нас");
    assert_eq!(first.status, 200);
    let daemon = again(daemon, dir.path());
    assert_eq!(refusals(&daemon), before);

    let second = repeat(&daemon, 9, "Для нас");
    assert_eq!((second.status, second.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(second.json, first.json);
    assert_eq!(daemon.post("/v1/tickets/7/reply", &json!({"text": "Для нас", "internal": true})).status, 200);
    assert_eq!(daemon.post("/v1/tickets/8/link", &json!({"to": 11, "kind": "similar"})).status, 200);
    let mut follower = error_that_stops("Опять");
    follower["follows"] = json!(13);
    assert_eq!(daemon.post("/v1/tickets", &follower).status, 201);

    let after = |daemon: &Daemon| [7, 8, 9, 11, 13].map(|n| told(daemon.get(&format!("/v1/tickets/{n}"))));
    let changed = after(&daemon);
    assert_eq!(changed[3].2["links"][0]["to"], 8);
    assert_eq!(changed[4].2["links"][0]["to"], TICKETS + 1);
    let daemon = again(daemon, dir.path());
    assert_eq!(after(&daemon), changed);

    // What was not in a checkpoint when the power went comes from the ledger, over tickets that are put away.
    assert_eq!(daemon.post("/v1/tickets/7/reply", &json!({"text": "И ещё", "internal": true})).status, 200);
    let changed = after(&daemon);
    daemon.kill();
    let daemon = Daemon::start(dir.path(), &[]);
    assert_eq!(after(&daemon), changed);
    assert_eq!(numbers(&daemon, "limit=200"), (1..=TICKETS + 1).rev().collect::<Vec<_>>());
}
