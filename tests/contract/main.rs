//! The daemon does what `/openapi.json` says: Schemathesis throws requests at it that fit the document, and requests
//! that do not, follows what the answers lead to, and looks at every answer.
//!
//! Where it is not there and cannot be installed these tests say so and prove nothing; tests/run installs it.

use std::path::PathBuf;
use std::process::Command;

use andon_tests::daemon::{Daemon, binary};
use andon_tests::needs::skipped;
use serde_json::json;

/// The same requests each time; the long form makes others.
const SEED: &str = "6";
/// How many requests of each kind for each operation.
const EXAMPLES: &str = "5";
/// How long the long form goes on, in seconds.
const LONG_S: &str = "900";
/// Operations that would end the run: a token that is revoked opens nothing any more.
const APART: [&str; 1] = ["revoke_token"];

/// Where tests/run installs it.
fn schemathesis() -> Option<PathBuf> {
    let target = binary("andond").ancestors().nth(2).expect("binaries are built in a directory").to_owned();
    let program = target.join("schemathesis/bin/schemathesis");
    if program.is_file() {
        return Some(program);
    }
    skipped("schemathesis", "tests/run installs it under target/");
    None
}

/// A daemon with a few tickets and alarms, so that something is found.
fn peopled(state: &std::path::Path) -> Daemon {
    let daemon = Daemon::start(state, &["--regulation", "getmark"]);
    for n in 0..5 {
        let registered = daemon.post("/v1/tickets", &error(n));
        assert_eq!(registered.status, 201, "{}", registered.json);
    }
    let critical = json!({"to": "critical", "reason": "всё стоит"});
    assert_eq!(daemon.post("/v1/tickets/1/priority", &critical).status, 200);
    daemon
}

fn error(n: u32) -> serde_json::Value {
    json!({
        "channel": "email", "type": "error", "subject": format!("Не печатаются этикетки {n}"),
        "requester": {"inn": "7707083893", "email": "anna@example.ru"},
        "fields": {"process": "Отгрузка", "steps": ["Открыть"], "impact": "stops-operations"},
    })
}

/// A new token of a role.
fn token(daemon: &Daemon, role: &str) -> String {
    let out = daemon.ctl(&["--json", "token", "add", "--name", &format!("thrown-{role}"), "--role", role]);
    let told: serde_json::Value = serde_json::from_slice(&out.stdout).expect("andonctl tells JSON");
    told["secret"].as_str().expect("a token has a secret").to_owned()
}

/// Throws at the daemon with a token of a role, and holds that nothing was found and that it was let in.
fn throw(role: &str, args: &[&str]) {
    let Some(program) = schemathesis() else { return };
    let dir = tempfile::tempdir().expect("a directory for a test");
    let daemon = peopled(dir.path());
    let secret = token(&daemon, role);
    let more = if role == "admin" { include_str!("admin.toml") } else { "" };
    let config = dir.path().join("schemathesis.toml");
    std::fs::write(&config, format!("{}\n{more}", include_str!("schemathesis.toml")))
        .expect("it can be written");
    let mut command = Command::new(program);
    command.current_dir(dir.path()).arg("--config-file").arg(config).args(["run", "--no-color"]);
    command.arg(format!("{}/openapi.json", daemon.base()));
    command.arg("-H").arg(format!("Authorization: Bearer {secret}"));
    if std::env::var_os("ANDON_TESTS_LONG").is_some() {
        command.args(["--max-time", LONG_S]);
    } else {
        command.args(["--seed", SEED, "--max-examples", EXAMPLES]);
        if !args.contains(&"--phases") {
            // To make up bodies of its own takes it most of the time.
            command.args(["--phases", "examples,coverage,stateful"]);
        }
    }
    let out = command.args(args).output().expect("schemathesis can be started");
    let told = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "as {role}: {told}");
    assert!(told.contains("Tested: "), "as {role} nothing was tested: {told}");
    // Whoever is not let in any more, or told to come later, learns nothing of the rest.
    let whoami = daemon.request("GET", "/v1/whoami", Some(&secret), None, &[]);
    assert_eq!(whoami.status, 200, "as {role}: {}", whoami.json);
    let metrics = daemon.get("/metrics");
    let text = String::from_utf8_lossy(&metrics.bytes);
    for status in ["429", "500", "503"] {
        let answered: Vec<_> =
            text.lines().filter(|line| line.contains(&format!("status=\"{status}\""))).collect();
        assert!(answered.is_empty(), "as {role}: {answered:?}");
    }
}

fn but(apart: &[&'static str]) -> Vec<&'static str> {
    apart.iter().flat_map(|operation| ["--exclude-operation-id", operation]).collect()
}

#[test]
fn the_daemon_does_what_its_document_says() {
    throw("admin", &but(&APART));
}

#[test]
fn what_would_end_the_run_is_thrown_at_alone() {
    let alone: Vec<_> = APART.iter().flat_map(|operation| ["--include-operation-id", operation]).collect();
    throw("admin", &[&alone[..], &["--phases", "examples,coverage,fuzzing"]].concat());
}

#[test]
fn roles_that_may_little_are_told_so_as_the_document_says() {
    for role in ["intake", "viewer"] {
        throw(role, &[&but(&APART)[..], &["--phases", "examples,coverage"]].concat());
    }
}
