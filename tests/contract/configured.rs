//! What a daemon has by its configuration only: alerts, access data, webhooks. Without it these operations answer that they are
//! not set up, whatever is thrown at them; here each of them is held to have done its work.

use std::path::Path;

use andon_tests::daemon::Daemon;
use serde_json::json;

/// The operations, and the route by which each answer is counted.
const OPERATIONS: [(&str, &str, &str); 8] = [
    ("take_alerts", "POST", "/v1/intake/alertmanager"),
    ("put_sealed", "PUT", "/v1/tickets/{number}/sealed/{field}"),
    ("show_sealed", "GET", "/v1/tickets/{number}/sealed/{field}"),
    ("erase_sealed", "DELETE", "/v1/tickets/{number}/sealed/{field}"),
    ("list_webhooks", "GET", "/v1/webhooks"),
    ("list_dead_letters", "GET", "/v1/webhooks/{name}/dead"),
    ("replay_dead_letters", "POST", "/v1/webhooks/{name}/replay-dead"),
    ("test_webhook", "POST", "/v1/webhooks/{name}/test"),
];
const PASSWORD: &str = "/v1/tickets/1/sealed/password";

#[test]
fn what_needs_a_configuration_does_its_work_as_the_document_says() {
    let Some(program) = super::schemathesis() else { return };
    let dir = tempfile::tempdir().expect("a directory for a test");
    let daemon = configured(dir.path());
    let secret = super::token(&daemon, "admin");
    let as_admin = |method: &str, path: &str, body: &serde_json::Value| {
        let answer = daemon.request(method, path, Some(&secret), Some(&body.to_string()), &[]);
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.json);
    };
    // Access data is shown to the assignee only, so they who throw have the ticket.
    as_admin("POST", "/v1/tickets", &incident());
    as_admin("POST", "/v1/tickets/1/take", &json!({}));
    as_admin("PUT", PASSWORD, &json!({"text": "временный пароль"}));
    let before: Vec<u64> = OPERATIONS.iter().map(|(_, method, route)| done(&daemon, method, route)).collect();
    let only: Vec<_> =
        OPERATIONS.iter().flat_map(|(operation, ..)| ["--include-operation-id", operation]).collect();
    let more = include_str!("configured.toml");
    let args = [&only[..], &["--phases", "examples,coverage"]].concat();
    super::throw_at(&program, dir.path(), &daemon, ("admin", &secret, more), &args);
    for ((operation, method, route), before) in OPERATIONS.iter().zip(before) {
        assert!(done(&daemon, method, route) > before, "{operation} never answered 2xx");
    }
}

/// A daemon under two regulations that takes alerts and access data, and posts to a webhook where nobody listens.
fn configured(dir: &Path) -> Daemon {
    let state = dir.join("state");
    let first = Daemon::start(&state, &[]);
    let token = first.token().to_owned();
    let key = dir.join("sealed.key");
    let made = first.ctl(&["sealed", "new-key", &key.display().to_string()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(first.stop().code(), Some(0));
    let secret = dir.join("webhook.secret");
    std::fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("it can be written");
    let (key, secret) = (key.display(), secret.display());
    let config = format!(
        "regulations = [\"getmark\", \"bpmsoft-care\"]\n\
         [clock]\ntrust = \"plausible\"\n\
         [limits]\nrequests-per-second-per-token = \"off\"\nrequests-per-second-per-address = \"off\"\n\
         [alertmanager]\nregulation = \"getmark\"\nchannel = \"email\"\ntype = \"error\"\n\
         [sealed]\nkey-file = \"{key}\"\n\
         [[webhook]]\nname = \"crm\"\nurl = \"http://127.0.0.1:9/\"\nsecret-file = \"{secret}\"\nallow-private = true\n"
    );
    let file = dir.join("andon.toml");
    std::fs::write(&file, config).expect("it can be written");
    Daemon::start_with_config(&state, &file.display().to_string(), &token)
}

fn incident() -> serde_json::Value {
    json!({
        "regulation": "bpmsoft-care", "channel": "email", "type": "incident", "priority": "high",
        "subject": "Не открывается раздел", "requester": {"name": "Анна", "email": "anna@client.ru"},
        "client": "ООО «Клиент»", "description": "Что делать?",
        "fields": {
            "address": "https://crm.client.ru", "steps": ["Открыть"], "database-servers": "один", "nodes": 1,
            "adjacent-software": "нет", "changes": "нет",
        },
    })
}

/// How often a route has answered 2xx.
fn done(daemon: &Daemon, method: &str, route: &str) -> u64 {
    let metrics = daemon.get("/metrics");
    let text = String::from_utf8_lossy(&metrics.bytes);
    let (method, route) = (format!("method=\"{method}\""), format!("route=\"{route}\""));
    let of_it = |line: &&str| {
        line.starts_with("andon_http_requests_total")
            && line.contains(&method)
            && line.contains(&route)
            && line.contains("status=\"2")
    };
    let count = |line: &str| line.rsplit(' ').next().and_then(|n| n.parse::<u64>().ok()).expect("a count");
    text.lines().filter(of_it).map(count).sum()
}
