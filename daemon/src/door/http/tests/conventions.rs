//! What holds for every path: methods, parameters, conditions.

use serde_json::json;

use super::*;

#[tokio::test]
async fn head_is_get_without_the_body() {
    let world = World::new().await;
    world.register().await;
    for path in
        ["/healthz", "/openapi.json", "/docs", "/v1/tickets", "/v1/tickets/1", "/v1/regulations/getmark"]
    {
        let get = world.get(path).await.ok(200);
        let head = world
            .send(ask(Method::HEAD, path, "viewer").body(Body::empty()).expect("a request"))
            .await
            .ok(200);
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
        for header in ["content-type", "content-length", "etag"] {
            assert_eq!(head.header(header), get.header(header), "{path} {header}");
        }
    }
    world
        .send(ask(Method::HEAD, "/v1/tickets/9", "viewer").body(Body::empty()).expect("a request"))
        .await
        .ok(404);
}

#[tokio::test]
async fn a_method_that_a_path_has_not_is_told_those_it_has() {
    let world = World::new().await;
    for (method, path, allow) in [
        (Method::OPTIONS, "/v1/tickets", "GET,HEAD,POST"),
        (Method::PATCH, "/v1/tickets/1", "GET,HEAD"),
        (Method::GET, "/v1/tickets/1/reply", "POST"),
        (Method::POST, "/docs", "GET,HEAD"),
        (Method::GET, "/v1/tokens/x", "DELETE"),
    ] {
        let request = ask(method.clone(), path, "admin").header("origin", "http://elsewhere.example");
        let request = request.header("access-control-request-method", "POST").body(Body::empty());
        let answer = world.send(request.expect("a request")).await.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
        assert!(
            answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_parameter_where_none_is_taken_is_refused() {
    let world = World::new().await;
    let number = world.register().await;
    for path in ["/v1/tickets/1?expand=all", "/v1/whoami?x", "/v1/board?at=now&b=1"] {
        let answer = world.get(path).await.problem(422, "invalid-fields");
        let message = answer.json()["errors"][0]["message"].clone();
        assert_eq!(message, "is unknown; this path takes no parameters", "{path}");
    }
    let reply = world
        .post(&format!("/v1/tickets/{number}/reply?internal=true"), "agent", &json!({"text": "x"}))
        .await;
    assert_eq!(reply.problem(422, "invalid-fields").fields(), ["internal"]);
    assert_eq!(world.get("/v1/tickets/1?").await.ok(200).json()["revision"], 1);
}

#[tokio::test]
async fn what_a_client_would_take_is_not_asked() {
    let world = World::new().await;
    let request = ask(Method::GET, "/v1/whoami", "viewer").header("accept", "application/xml");
    let answer = world.send(request.body(Body::empty()).expect("a request")).await.ok(200);
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn every_path_that_changes_a_ticket_heeds_if_match() {
    let world = World::new().await;
    let number = world.register().await;
    for verb in crate::desk::Act::VERBS {
        let request =
            ask(Method::POST, &format!("/v1/tickets/{number}/{verb}"), "lead").header("if-match", "\"7\"");
        // What else is wrong with the body is told when the ticket is the one that was seen.
        let body = match verb {
            "link" => json!({"to": 1, "kind": "similar"}),
            "route" => json!({"line": 1}),
            _ => json!({}),
        };
        world.send(with_json(request, &body)).await.problem(412, "revision-changed");
    }
    assert_eq!(world.get("/v1/tickets/1").await.json()["revision"], 1);
}
