//! Who may what.

use serde_json::json;

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
    assert_eq!(me, json!({"name": "ivanova", "role": "agent", "lines": [1, 2]}));
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
