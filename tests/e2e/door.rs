//! The door, as an agent's script sees it.

use andon_tests::daemon::Daemon;
use serde_json::json;

use super::error_that_stops;

#[test]
fn an_agent_takes_a_ticket_from_registration_to_confirmation() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(dir.path(), &[]);
    let registered = daemon.post("/v1/tickets", &error_that_stops("Не проводится накладная"));
    assert_eq!(registered.status, 201);
    assert_eq!(registered.header("location"), Some("/v1/tickets/1"));
    let ticket = &registered.json;
    assert_eq!(ticket["number"], 1);
    assert_eq!(ticket["regulation"], "getmark");
    assert_eq!(
        (&ticket["priority"], &ticket["status"], &ticket["line"]),
        (&json!("high"), &json!("new"), &json!(2))
    );
    let metrics: Vec<_> =
        ticket["clocks"].as_array().expect("clocks").iter().map(|c| c["metric"].clone()).collect();
    assert_eq!(metrics, ["resolution", "line"]);

    for (verb, body, status) in [
        ("take", json!({}), "in-progress"),
        ("ask", json!({"text": "Пришлите снимок экрана"}), "waiting-requester"),
        ("answer", json!({"text": "Вот он"}), "in-progress"),
        ("route", json!({"line": 3, "reason": "нужен разработчик"}), "in-progress"),
        ("resolve", json!({"text": "Исправлено в 2.1: обновите программу"}), "closed"),
        ("confirm", json!({"mark": "satisfactory"}), "closed"),
    ] {
        let answer = daemon.post(&format!("/v1/tickets/1/{verb}"), &body);
        assert_eq!(answer.status, 200, "{verb}: {}", answer.json);
        assert_eq!(answer.json["status"], status, "{verb}");
    }
    let ticket = daemon.get("/v1/tickets/1").json;
    assert_eq!((&ticket["stage"], &ticket["mark"]), (&json!("closed"), &json!("satisfactory")));
    let again = daemon.post("/v1/tickets/1/return", &json!({"reason": "не помогло"}));
    assert_eq!((again.status, &again.json["code"]), (409, &json!("window-over")));
    assert!(daemon.get("/v1/tickets/1/explain").bytes.len() > 100);
    assert_eq!(daemon.get("/v1/tickets?stage=closed").json.as_array().map(Vec::len), Some(1));
    assert_eq!(daemon.get("/v1/tickets?stage=open").json.as_array().map(Vec::len), Some(0));
}

#[test]
fn the_same_request_with_the_same_key_is_carried_out_once_across_a_kill() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(dir.path(), &[]);
    let body = error_that_stops("Один раз").to_string();
    let key = [("Idempotency-Key", "a-1")];
    let token = daemon.token().to_owned();
    let first = daemon.request("POST", "/v1/tickets", Some(&token), Some(&body), &key);
    assert_eq!(first.status, 201);
    daemon.kill();
    let daemon = Daemon::start(dir.path(), &[]);
    let second = daemon.request("POST", "/v1/tickets", Some(&token), Some(&body), &key);
    assert_eq!((second.status, &second.json["number"]), (201, &first.json["number"]));
    let other = error_that_stops("Другое").to_string();
    let third = daemon.request("POST", "/v1/tickets", Some(&token), Some(&other), &key);
    assert_eq!(third.status, 422, "{}", third.json);
    assert_eq!(daemon.get("/v1/tickets").json.as_array().map(Vec::len), Some(1));
}

#[test]
fn andonctl_talks_to_the_daemon_over_its_socket() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(dir.path(), &[]);
    daemon.post("/v1/tickets", &error_that_stops("Для администратора"));
    let status = daemon.ctl(&["status"]);
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    let list = daemon.ctl(&["--json", "ticket", "list"]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("Для администратора"));
    let added = daemon.ctl(&["--json", "token", "add", "--name", "watcher", "--role", "viewer"]);
    let secret: serde_json::Value = serde_json::from_slice(&added.stdout).expect("JSON on stdout");
    let secret = secret["secret"].as_str().expect("the secret, once").to_owned();
    let seen = daemon.request("GET", "/v1/tickets/1", Some(&secret), None, &[]);
    assert_eq!(seen.status, 200);
    let refused = daemon.request("POST", "/v1/tickets/1/take", Some(&secret), Some("{}"), &[]);
    assert_eq!((refused.status, &refused.json["code"]), (403, &json!("forbidden")));
    assert!(daemon.ctl(&["token", "revoke", "watcher"]).status.success());
    assert_eq!(daemon.request("GET", "/v1/tickets/1", Some(&secret), None, &[]).status, 401);
    let unknown = daemon.ctl(&["ticket", "show", "99"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("99"));
}
