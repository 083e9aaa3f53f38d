//! Following the wall: who is let in, what they are told, and how it ends.

use std::time::Duration;

use axum::Extension;
use axum::body::BodyDataStream;
use axum::http::StatusCode;
use firmware_board::{Level, Link, Scene};
use futures_util::StreamExt;

use super::super::live::scenes;
use super::super::serving::HangUp;
use super::*;
use crate::board::live::FOLLOWERS_MAX;

/// Follows without a token, as a television does.
async fn follow(world: &World) -> (StatusCode, BodyDataStream) {
    let request = Request::get("/board/stream").body(Body::empty()).expect("a request");
    let response = world.router.clone().oneshot(request).await.expect("a router answers");
    (response.status(), response.into_body().into_data_stream())
}

async fn next(stream: &mut BodyDataStream) -> String {
    let chunk = tokio::time::timeout(Duration::from_secs(10), stream.next());
    let chunk = chunk.await.expect("an event comes").expect("the stream goes on").expect("a chunk");
    String::from_utf8(chunk.to_vec()).expect("it is text")
}

fn show(world: &World, level: Level) {
    let scene = Scene { level, link: Link::Live, ..Scene::default() };
    world.shared.parts.live.show(&scene, clock::monotonic_us() / 1_000);
}

#[tokio::test]
async fn whoever_follows_is_told_the_page_s_version_and_then_each_scene_without_a_token() {
    let world = World::new().await;
    let (status, mut stream) = follow(&world).await;
    assert_eq!(status, 200);
    let page = next(&mut stream).await;
    assert!(page.starts_with("event: page\ndata: "), "{page}");
    show(&world, Level::Breach);
    let scene = next(&mut stream).await;
    let data = scene.strip_prefix("event: scene\ndata: ").expect("a scene").trim();
    let told: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!((&told["scene"]["level"], &told["scene"]["link"]), (&json!("breach"), &json!("live")));
    assert!(told["rhythm_ms"].is_u64());
    let html = world.get("/board").await.ok(200).body;
    let version = page.trim().rsplit(' ').next().expect("a version");
    assert!(String::from_utf8_lossy(&html).contains(&format!("data-page=\"{version}\"")));
}

#[tokio::test]
async fn so_many_follow_and_the_next_is_told_to_come_again() {
    let world = World::new().await;
    let mut streams = Vec::new();
    for _ in 0..FOLLOWERS_MAX {
        let (status, stream) = follow(&world).await;
        assert_eq!(status, 200);
        streams.push(stream);
    }
    let refused = world.get("/board/stream").await.problem(503, "too-many-followers");
    assert_eq!(refused.header("retry-after"), "5");
    drop(streams);
    // Those who went are noticed by the one who tells them.
    let start = clock::monotonic_us();
    while world.shared.parts.live.followers() > 0 {
        assert!(clock::monotonic_us() < start + 10_000_000, "places are given back");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn who_takes_nothing_is_let_go_and_their_connection_ended() {
    let (live, hang_up) = (Live::default(), HangUp::default());
    let asleep = scenes(&live, None, Some(Extension(hang_up.clone())), None)
        .unwrap_or_else(|_| panic!("there is room"));
    assert_eq!(live.followers(), 1);
    for n in 0..3 {
        let scene = Scene { site: n.to_string(), ..Scene::default() };
        live.show(&scene, clock::monotonic_us() / 1_000);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    tokio::time::timeout(Duration::from_secs(60), hang_up.told()).await.expect("it is hung up");
    assert_eq!(live.followers(), 0);
    drop(asleep);
}
