//! Problems against the real binary: suspected, confirmed and closed over kills, with the wall, lists and `andonctl`.

use std::path::Path;

use andon_tests::daemon::{Daemon, eventually};
use serde_json::{Value, json};

/// The daemon of this state, after a kill.
fn killed(daemon: Daemon, state: &Path, token: &str) -> Daemon {
    daemon.kill();
    let daemon = Daemon::start_unready(state, token);
    eventually("the desk is there", || (daemon.get("/readyz").status == 200).then_some(()));
    daemon
}

fn register(daemon: &Daemon, subject: &str) -> Value {
    let answer = daemon.post(
        "/v1/tickets",
        &json!({
            "channel": "email", "type": "error", "subject": subject,
            "requester": {"inn": "7707083893", "email": "a@b.ru"},
            "fields": {"process": "Маркировка", "steps": ["Открыть заказ"], "impact": "hinders"},
        }),
    );
    assert_eq!(answer.status, 201, "{}", answer.json);
    answer.json
}

fn problem(daemon: &Daemon) -> Value {
    daemon.get("/v1/problems/1").json
}

#[test]
fn a_mass_problem_is_suspected_confirmed_and_closed_over_kills() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &[]);
    let token = daemon.token().to_owned();
    for _ in 0..3 {
        register(&daemon, "Не печатаются этикетки");
    }
    // What was registered and closed before a kill counts after it.
    let closed = daemon.post("/v1/tickets/1/close", &json!({"reason": "само прошло"}));
    assert_eq!(closed.status, 200, "{}", closed.json);
    let daemon = killed(daemon, &state, &token);
    let fourth = register(&daemon, "Этикетки не печатаются");
    let alike: Vec<_> =
        fourth["alike"].as_array().expect("a list").iter().map(|a| a["number"].clone()).collect();
    assert_eq!(alike, [json!(3), json!(2), json!(1)], "{}", fourth["alike"]);
    register(&daemon, "Не печатаются этикетки");
    let suspected = problem(&daemon);
    assert_eq!((&suspected["state"], &suspected["tickets"]["suggested"]), (&json!("suspected"), &json!(4)));
    let wall = daemon.get("/v1/board").json;
    let told: Vec<_> = wall["alarms"].as_array().expect("a list").iter().map(|a| a["kind"].clone()).collect();
    assert_eq!(told, [json!("mass-problem")]);
    let daemon = killed(daemon, &state, &token);
    assert_eq!(problem(&daemon), suspected, "a restart finds the same problem");
    assert_eq!(daemon.post("/v1/problems/1/confirm", &json!({})).status, 200);
    let listed = eventually("tickets are linked", || {
        let is_done = problem(&daemon)["working"] == json!(false);
        is_done.then(|| daemon.get("/v1/tickets?problem=1").json)
    });
    let numbers: Vec<_> = listed.as_array().expect("a list").iter().map(|t| t["number"].clone()).collect();
    assert_eq!(numbers, [json!(5), json!(4), json!(3), json!(2)]);
    let closed = daemon.post(
        "/v1/problems/1/close",
        &json!({"text": "Драйвер обновлён: напечатайте снова", "resolve": true}),
    );
    assert_eq!(closed.status, 200, "{}", closed.json);
    let daemon = killed(daemon, &state, &token);
    eventually("tickets are resolved after the kill", || {
        (problem(&daemon)["tickets"]["resolved"] == json!(4)).then_some(())
    });
    let open = daemon.get("/v1/tickets?problem=1&stage=open").json;
    assert_eq!(open, json!([]));
    let shown = daemon.ctl(&["problem", "list", "--all"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("closed") && shown.contains("Не печатаются этикетки"), "{shown}");
    assert_eq!(daemon.stop().code(), Some(0));
}
