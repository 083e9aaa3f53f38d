//! Who may what.

use axum::http::HeaderValue;
use serde_json::{Value, json};

use super::*;

/// Every operation behind a token, from the document, with something in the place of each parameter.
async fn guarded(world: &World) -> Vec<(Method, String)> {
    let document = world.get("/openapi.json").await.ok(200).json();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("the document has paths") {
        for method in
            item.as_object().expect("a path has methods").keys().filter(|_| path.starts_with("/v1/"))
        {
            let method = method.to_uppercase().parse().expect("a method");
            let path = path.replace("{number}", "1").replace("{id}", "x").replace("{name}", "x");
            operations.push((method, path));
        }
    }
    assert!(operations.len() > 30, "{operations:?}");
    operations
}

#[tokio::test]
async fn nothing_behind_the_guard_is_given_without_a_token() {
    let world = World::new().await;
    world.register().await;
    for (method, path) in guarded(&world).await {
        for authorization in
            ["", "Bearer", "Bearer ", "Bearer nobody", "Basic YWdlbnQ6", "agent", "Bearer agentx"]
        {
            let request = Request::builder().method(method.clone()).uri(&path);
            let request = if authorization.is_empty() {
                request
            } else {
                request.header("authorization", authorization)
            };
            let answer = world.send(request.body(Body::empty()).expect("a request")).await;
            let answer = answer.problem(401, "unauthorized");
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{method} {path}");
        }
    }
}

/// All roles; all that read; and each role with those above it.
const ANY: [Role; 6] = Role::ALL;
const READERS: [Role; 5] = [Role::Viewer, Role::Agent, Role::Lead, Role::Head, Role::Admin];
const INTAKE: [Role; 5] = [Role::Intake, Role::Agent, Role::Lead, Role::Head, Role::Admin];
const AGENTS: [Role; 4] = [Role::Agent, Role::Lead, Role::Head, Role::Admin];
const LEADS: [Role; 3] = [Role::Lead, Role::Head, Role::Admin];
const ADMIN: [Role; 1] = [Role::Admin];

/// Who may what, by hand: method, path, something to send, and the roles that are not refused.
///
/// A new operation is red here until somebody has said for whom it is.
#[expect(clippy::too_many_lines, reason = "a row for each operation")]
fn table() -> Vec<(&'static str, &'static str, Value, &'static [Role])> {
    let nothing = || json!({});
    let mut table: Vec<(_, _, _, &[Role])> = vec![
        ("GET", "/v1/alarms", nothing(), &READERS),
        ("POST", "/v1/alarms/{id}/ack", nothing(), &AGENTS),
        ("POST", "/v1/alarms/{id}/shelve", json!({"for": "30m"}), &AGENTS),
        ("POST", "/v1/alarms/{id}/unshelve", nothing(), &AGENTS),
        ("GET", "/v1/archive", nothing(), &READERS),
        ("GET", "/v1/archive/check", nothing(), &ADMIN),
        // Each command of a batch is judged by itself; whoever may bring none is told before it is read.
        ("POST", "/v1/batch", nothing(), &INTAKE),
        ("GET", "/v1/board", nothing(), &READERS),
        ("POST", "/v1/board/mute", json!({"for": "0s"}), &AGENTS),
        ("GET", "/v1/board/parts", nothing(), &READERS),
        ("POST", "/v1/board/silence", nothing(), &AGENTS),
        ("POST", "/v1/board/test", json!({"step": "x"}), &ADMIN),
        ("GET", "/v1/clients", nothing(), &READERS),
        ("GET", "/v1/clients/{id}", nothing(), &READERS),
        ("PUT", "/v1/clients/{id}", json!({"name": "ООО «Ромашка»"}), &LEADS),
        ("DELETE", "/v1/clients/{id}", nothing(), &LEADS),
        ("POST", "/v1/clients/{id}/contact", nothing(), &LEADS),
        ("GET", "/v1/clock", nothing(), &READERS),
        ("POST", "/v1/clock/trust", nothing(), &ADMIN),
        ("GET", "/v1/denials", nothing(), &ADMIN),
        ("GET", "/v1/events", nothing(), &READERS),
        ("POST", "/v1/intake/alertmanager", nothing(), &INTAKE),
        ("GET", "/v1/ledger/check", nothing(), &ADMIN),
        ("GET", "/v1/queue", nothing(), &READERS),
        // Of a part of the queue where nothing waits: nobody is to have a ticket below.
        ("POST", "/v1/queue/take-next", json!({"line": 3}), &AGENTS),
        ("GET", "/v1/reports/quality", nothing(), &LEADS),
        ("GET", "/v1/reports/sla", nothing(), &LEADS),
        ("GET", "/v1/problems", nothing(), &READERS),
        ("POST", "/v1/problems", nothing(), &AGENTS),
        ("GET", "/v1/problems/{number}", nothing(), &READERS),
        ("POST", "/v1/problems/{number}/link", nothing(), &AGENTS),
        ("POST", "/v1/problems/{number}/unlink", nothing(), &AGENTS),
        ("POST", "/v1/problems/{number}/confirm", nothing(), &AGENTS),
        ("POST", "/v1/problems/{number}/dismiss", nothing(), &AGENTS),
        ("POST", "/v1/problems/{number}/close", nothing(), &AGENTS),
        ("GET", "/v1/regulations", nothing(), &ANY),
        ("GET", "/v1/regulations/{id}", nothing(), &ANY),
        ("POST", "/v1/regulations/{id}/preview", nothing(), &ADMIN),
        ("POST", "/v1/regulations/{id}/apply", nothing(), &ADMIN),
        ("POST", "/v1/sla/preview", error(), &ANY),
        ("GET", "/v1/status", nothing(), &READERS),
        ("GET", "/v1/tickets", nothing(), &READERS),
        ("POST", "/v1/tickets", error(), &INTAKE),
        ("GET", "/v1/tickets/{number}", nothing(), &READERS),
        ("GET", "/v1/tickets/{number}/history", nothing(), &READERS),
        ("GET", "/v1/tickets/{number}/explain", nothing(), &READERS),
        ("GET", "/v1/tickets/{number}/requester-link", nothing(), &AGENTS),
        ("GET", "/v1/tickets/{number}/alike", nothing(), &READERS),
        ("POST", "/v1/tickets/{number}/answer", json!({"text": "Да"}), &INTAKE),
        ("GET", "/v1/tickets/{number}/attachments", nothing(), &READERS),
        ("POST", "/v1/tickets/{number}/attachments", nothing(), &INTAKE),
        ("GET", "/v1/tickets/{number}/attachments/{id}", nothing(), &READERS),
        ("DELETE", "/v1/tickets/{number}/attachments/{id}", nothing(), &LEADS),
        // The assignee's alone, and nobody has the ticket.
        ("GET", "/v1/tickets/{number}/sealed/{field}", nothing(), &[]),
        ("PUT", "/v1/tickets/{number}/sealed/{field}", json!({"text": "x"}), &INTAKE),
        ("DELETE", "/v1/tickets/{number}/sealed/{field}", nothing(), &AGENTS),
        ("POST", "/v1/tickets/{number}/complain", json!({"text": "Долго"}), &INTAKE),
        ("POST", "/v1/tickets/{number}/confirm", nothing(), &INTAKE),
        ("POST", "/v1/tickets/{number}/return", nothing(), &INTAKE),
        ("POST", "/v1/tickets/{number}/link", json!({"to": 1, "kind": "similar"}), &AGENTS),
        ("GET", "/v1/tokens", nothing(), &ADMIN),
        ("POST", "/v1/tokens", nothing(), &ADMIN),
        ("DELETE", "/v1/tokens/{name}", nothing(), &ADMIN),
        ("GET", "/v1/webhooks", nothing(), &ADMIN),
        ("GET", "/v1/webhooks/{name}/dead", nothing(), &ADMIN),
        ("POST", "/v1/webhooks/{name}/dead/{id}/replay", nothing(), &ADMIN),
        ("POST", "/v1/webhooks/{name}/replay-dead", nothing(), &ADMIN),
        ("POST", "/v1/webhooks/{name}/test", nothing(), &ADMIN),
        ("GET", "/v1/letters", nothing(), &READERS),
        ("GET", "/v1/letters/preview", nothing(), &READERS),
        ("GET", "/v1/letters/{id}", nothing(), &READERS),
        ("POST", "/v1/letters/{id}/resend", nothing(), &LEADS),
        ("GET", "/v1/quarantine", nothing(), &ADMIN),
        ("GET", "/v1/quarantine/{id}", nothing(), &ADMIN),
        ("POST", "/v1/quarantine/{id}/retry", nothing(), &ADMIN),
        ("DELETE", "/v1/quarantine/{id}", nothing(), &ADMIN),
        ("GET", "/v1/whoami", nothing(), &ANY),
        ("GET", "/v1/agents", nothing(), &READERS),
        ("GET", "/v1/agents/{name}", nothing(), &READERS),
        ("PUT", "/v1/agents/{name}", nothing(), &LEADS),
        ("DELETE", "/v1/agents/{name}", nothing(), &LEADS),
        // One's own by anybody, and nobody is called x.
        ("PUT", "/v1/agents/{name}/presence", json!({"chat": "online"}), &LEADS),
        ("GET", "/v1/groups", nothing(), &READERS),
        // For agents of the group, and nobody is.
        ("POST", "/v1/groups/{name}/take", nothing(), &[]),
        ("GET", "/v1/roster", nothing(), &READERS),
        ("POST", "/v1/roster", nothing(), &LEADS),
        ("PUT", "/v1/roster/{id}", nothing(), &LEADS),
        ("DELETE", "/v1/roster/{id}", nothing(), &LEADS),
        ("GET", "/v1/roster/coverage", nothing(), &READERS),
        ("GET", "/v1/employees", nothing(), &READERS),
        ("POST", "/v1/employees", nothing(), &LEADS),
        ("GET", "/v1/employees/{id}", nothing(), &READERS),
        ("PUT", "/v1/employees/{id}", json!({"name": "Анна"}), &LEADS),
        ("DELETE", "/v1/employees/{id}", nothing(), &LEADS),
        ("POST", "/v1/tickets/{number}/issue-status", nothing(), &INTAKE),
        ("POST", "/v1/tickets/{number}/lead-answer", nothing(), &LEADS),
        ("GET", "/v1/roster/{id}", nothing(), &READERS),
    ];
    for path in [
        "/v1/tickets/{number}/reply",
        "/v1/tickets/{number}/ask",
        "/v1/tickets/{number}/status",
        "/v1/tickets/{number}/classify",
        "/v1/tickets/{number}/priority",
        "/v1/tickets/{number}/take",
        "/v1/tickets/{number}/assign",
        "/v1/tickets/{number}/transfer",
        "/v1/tickets/{number}/route",
        "/v1/tickets/{number}/estimate",
        "/v1/tickets/{number}/extend",
        "/v1/tickets/{number}/defer",
        "/v1/tickets/{number}/resolve",
        "/v1/tickets/{number}/refuse",
        "/v1/tickets/{number}/close",
        "/v1/tickets/{number}/split",
        "/v1/tickets/{number}/urgent",
        "/v1/tickets/{number}/escalate",
        "/v1/tickets/{number}/escalation-answer",
        "/v1/tickets/{number}/prefer",
        "/v1/tickets/{number}/merge",
        "/v1/tickets/{number}/issue",
        "/v1/tickets/{number}/ask-lead",
        "/v1/tickets/{number}/cite",
    ] {
        table.push(("POST", path, nothing(), &AGENTS));
    }
    table
}

#[tokio::test]
async fn each_role_gets_what_the_table_says_of_every_operation_in_the_document() {
    let world = World::new().await;
    world.register().await;
    let table = table();
    let document = world.get("/openapi.json").await.ok(200).json();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().expect("the document has paths") {
        for method in item.as_object().expect("a path has methods").keys().map(|method| method.to_uppercase())
        {
            if !path.starts_with("/v1/") {
                continue;
            }
            let row = table.iter().find(|row| row.0 == method && row.1 == path);
            let (_, _, body, roles) =
                row.unwrap_or_else(|| panic!("{method} {path}: the table says nothing of it"));
            let path = path.replace("{number}", "1").replace("{id}", "x").replace("{name}", "x");
            let path = path.replace("{field}", "x");
            let asks_why = method == "DELETE" && path.contains("/attachments/");
            let path = if asks_why { format!("{path}?reason=x") } else { path };
            for role in Role::ALL {
                let request = ask(method.parse().expect("a method"), &path, role.id());
                let request = if method == "POST" || method == "PUT" {
                    with_json(request, body)
                } else {
                    without_body(request)
                };
                // Not read to its end: the stream of events has none.
                let status = world.router.clone().oneshot(request).await.expect("a router answers").status();
                assert_ne!(status, StatusCode::UNAUTHORIZED, "{method} {path} as {role}");
                let is_let_in = status != StatusCode::FORBIDDEN;
                assert_eq!(is_let_in, roles.contains(&role), "{method} {path} as {role}: {status}");
            }
            operations += 1;
        }
    }
    assert_eq!(operations, table.len(), "the table has operations that are not there any more");
}

#[tokio::test]
async fn no_answer_sets_a_cookie_or_lets_another_site_read_it_and_every_one_may_be_framed_by_nobody() {
    let world = World::new().await;
    let document = world.get("/openapi.json").await.ok(200).json();
    let paths = document["paths"].as_object().expect("the document has paths").keys();
    let paths = paths.map(|path| path.replace("{number}", "1").replace("{id}", "x").replace("{name}", "x"));
    for path in paths.chain(["/nowhere".to_owned(), "/board/bold.woff2".to_owned()]) {
        for (method, who) in
            [(Method::GET, ""), (Method::GET, "intake"), (Method::OPTIONS, ""), (Method::POST, "viewer")]
        {
            let request = ask(method.clone(), &path, who)
                .header("origin", "https://elsewhere.example")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization");
            let response =
                world.router.clone().oneshot(without_body(request)).await.expect("a router answers");
            let headers = response.headers();
            let is_foreign = |name: &str| name == "set-cookie" || name.starts_with("access-control-");
            assert_eq!(headers.keys().find(|name| is_foreign(name.as_str())), None, "{method} {path}");
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(
                    headers.get(name).map(HeaderValue::as_bytes),
                    Some(value.as_bytes()),
                    "{method} {path}: {name}"
                );
            }
            let policy = headers.get("content-security-policy").expect("a policy").to_str().expect("ASCII");
            assert!(policy.starts_with("default-src 'none'"), "{method} {path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{method} {path}: {policy}");
            if method == Method::OPTIONS {
                assert!([404, 405].contains(&response.status().as_u16()), "{path}: a preflight is refused");
            }
        }
    }
}

#[tokio::test]
async fn intake_reads_nothing_but_its_own_answers() {
    let world = World::new().await;
    world.register().await;
    let open_to_all = ["/v1/whoami", "/v1/regulations", "/v1/regulations/x"];
    for (method, path) in guarded(&world).await {
        if method == Method::GET && !open_to_all.contains(&path.as_str()) {
            let request = ask(method, &path, "intake").body(Body::empty()).expect("a request");
            world.send(request).await.problem(403, "forbidden");
        }
    }
    let answered = world.post("/v1/tickets/1/answer", "intake", &json!({"text": "Да"})).await.ok(200);
    assert_eq!(answered.json()["number"], 1);
    world.post("/v1/tickets/1/reply", "intake", &json!({"text": "Да"})).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_viewer_changes_nothing() {
    let world = World::new().await;
    world.register().await;
    world.post("/v1/tickets", "viewer", &error()).await.problem(403, "forbidden");
    for verb in crate::desk::Act::VERBS {
        let body = match verb {
            "link" => json!({"to": 1, "kind": "similar"}),
            _ => json!({}),
        };
        world.post(&format!("/v1/tickets/1/{verb}"), "viewer", &body).await.problem(403, "forbidden");
    }
    assert_eq!(world.get("/v1/tickets/1").await.json()["revision"], 1);
}

#[tokio::test]
async fn tokens_are_for_admins_and_a_secret_is_shown_once() {
    let world = World::new().await;
    let body = json!({"name": "ivanova", "role": "agent", "lines": [1, 2]});
    for who in ["viewer", "intake", "agent", "lead", "head"] {
        world.post("/v1/tokens", who, &body).await.problem(403, "forbidden");
        let list = ask(Method::GET, "/v1/tokens", who).body(Body::empty()).expect("a request");
        world.send(list).await.problem(403, "forbidden");
        let revoke = ask(Method::DELETE, "/v1/tokens/agent", who).body(Body::empty()).expect("a request");
        world.send(revoke).await.problem(403, "forbidden");
    }
    let request =
        || with_json(ask(Method::POST, "/v1/tokens", "admin").header("idempotency-key", "t"), &body);
    let added = world.send(request()).await.ok(201);
    assert_eq!(added.header("cache-control"), "no-store");
    let secret = added.json()["secret"].as_str().expect("the secret is shown").to_owned();
    world.send(request()).await.problem(409, "secret-shown-once");
    let whoami =
        |secret: &str| ask(Method::GET, "/v1/whoami", secret).body(Body::empty()).expect("a request");
    let me = world.send(whoami(&secret)).await.ok(200).json();
    let ivanova = json!({"name": "ivanova", "role": "agent", "lines": [1, 2], "regulations": [], "channels": [], "expires_at": null});
    assert_eq!(me, ivanova);
    let list =
        world.send(ask(Method::GET, "/v1/tokens", "admin").body(Body::empty()).expect("a request")).await;
    let text = String::from_utf8_lossy(&list.body).into_owned();
    assert!(text.contains("ivanova") && !text.contains("hash") && !text.contains(&secret), "{text}");
    let revoke =
        || ask(Method::DELETE, "/v1/tokens/ivanova", "admin").body(Body::empty()).expect("a request");
    world.send(revoke()).await.ok(204);
    world.send(revoke()).await.problem(404, "not-found");
    world.send(whoami(&secret)).await.problem(401, "unauthorized");
}
