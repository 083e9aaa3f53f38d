//! The door while the books are being opened, and after.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Method;

use super::super::{Gate, router};
use super::{Answer, PICTURE, World, ask, error, sent, with_json};
use crate::board::Live;
use crate::run::Opening;

#[tokio::test]
async fn before_the_desk_is_there_the_door_lives_shows_the_wall_and_says_when_to_come_again() {
    let (gate, opening) = (Gate::default(), Opening::default());
    let door = gate.router(opening, Arc::new(|| PICTURE.to_vec()), Live::default());
    let get = |path: &'static str| {
        let door = door.clone();
        async move { sent(&door, ask(Method::GET, path, "viewer").body(Body::empty()).expect("a request")).await }
    };
    get("/healthz").await.ok(200);
    get("/board").await.ok(200);
    assert_eq!(get("/board.png").await.ok(200).body, PICTURE);
    assert_eq!(get("/board/bold.woff2").await.ok(200).header("content-type"), "font/woff2");
    let starting = |answer: Answer| {
        let answer = answer.problem(503, "starting");
        assert_eq!(answer.header("retry-after"), "5");
        assert_eq!(answer.json()["detail"], "the books are being opened");
    };
    for path in ["/readyz", "/metrics", "/v1/tickets", "/v1/whoami", "/nowhere"] {
        starting(get(path).await);
    }
    starting(sent(&door, with_json(ask(Method::POST, "/v1/tickets", "agent"), &error())).await);

    let world = World::new().await;
    gate.open(router(Arc::clone(&world.shared)));
    get("/readyz").await.ok(200);
    sent(&door, with_json(ask(Method::POST, "/v1/tickets", "agent"), &error())).await.ok(201);
    get("/nowhere").await.problem(404, "not-found");
}
