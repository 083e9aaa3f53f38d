//! The stream of events: nothing twice, nothing missing.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::*;

/// A listener that reads events one by one.
struct Listener {
    stream: BodyDataStream,
    text: String,
}

/// One event as it came over the wire.
#[derive(Debug)]
struct Heard {
    id: u64,
    name: String,
    data: Value,
}

impl Listener {
    async fn open(world: &World, query: &str, last_event_id: Option<u64>) -> Self {
        let mut request = ask(Method::GET, &format!("/v1/events{query}"), "viewer");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = world.router.clone().oneshot(request).await.expect("a router answers");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { stream: response.into_body().into_data_stream(), text: String::new() }
    }

    async fn next(&mut self) -> Heard {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
                let heard = Heard {
                    id: field("id").expect("an event has an id").parse().expect("a number"),
                    name: field("event").expect("an event has a name").to_owned(),
                    data: serde_json::from_str(field("data").expect("an event has data"))
                        .expect("it is JSON"),
                };
                self.text = rest.to_owned();
                return heard;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.stream.next());
            let chunk = chunk.await.expect("an event comes").expect("the stream goes on").expect("a chunk");
            self.text.push_str(std::str::from_utf8(&chunk).expect("it is text"));
        }
    }

    async fn until(&mut self, last: u64) -> Vec<u64> {
        let mut ids = Vec::new();
        while ids.last() != Some(&last) {
            let heard = self.next().await;
            assert_eq!(heard.data["seq"], heard.id);
            assert_eq!(heard.data["event"], heard.name);
            ids.push(heard.id);
        }
        ids
    }
}

fn last(world: &World) -> u64 {
    world.handle.history().next_seq() - 1
}

#[tokio::test]
async fn a_stream_without_a_number_begins_now() {
    let world = World::new().await;
    world.register().await;
    let before = last(&world);
    let mut listener = Listener::open(&world, "", None).await;
    world.post("/v1/tickets/1/reply", "agent", &json!({"text": "Смотрим"})).await.ok(200);
    let heard = listener.next().await;
    assert_eq!((heard.id, heard.name.as_str()), (before + 1, "replied"));
    for (field, expected) in [
        ("ticket", json!(1)),
        ("by", json!("agent")),
        ("text", json!("Смотрим")),
        ("event", json!("replied")),
    ] {
        assert_eq!(heard.data[field], expected, "{field}");
    }
}

#[tokio::test]
async fn a_stream_resumes_in_the_middle_of_an_entry() {
    let world = World::new().await;
    let before = last(&world);
    world.register().await;
    let end = last(&world);
    assert!(end > before + 2, "a registration is one entry of several events");
    for seen in before..end {
        let expected: Vec<u64> = (seen + 1..=end).collect();
        let mut by_header = Listener::open(&world, "", Some(seen)).await;
        assert_eq!(by_header.until(end).await, expected);
        let mut by_query = Listener::open(&world, &format!("?last_event_id={seen}"), None).await;
        assert_eq!(by_query.until(end).await, expected);
    }
}

#[tokio::test]
async fn a_stream_that_is_resumed_again_and_again_misses_nothing_and_repeats_nothing() {
    let world = World::new().await;
    let router = world.router.clone();
    let writer = tokio::spawn(async move {
        for _ in 0..60 {
            let request = with_json(ask(Method::POST, "/v1/tickets", "agent"), &error());
            sent(&router, request).await.ok(201);
        }
    });
    let mut seen = 0;
    let mut ids = Vec::new();
    while !writer.is_finished() {
        let mut listener = Listener::open(&world, "", Some(seen)).await;
        for _ in 0..5 {
            if seen == last(&world) && writer.is_finished() {
                break;
            }
            seen = listener.next().await.id;
            ids.push(seen);
        }
    }
    writer.await.expect("everything was registered");
    let end = last(&world);
    if seen < end {
        ids.extend(Listener::open(&world, "", Some(seen)).await.until(end).await);
    }
    assert_eq!(ids, (1..=end).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_listener_who_reads_nothing_for_long_loses_nothing() {
    let world = World::new().await;
    let before = last(&world);
    let mut listener = Listener::open(&world, "", None).await;
    // More entries than the loop's channel remembers.
    let body = error();
    let tickets: Vec<_> = (0..5_000).map(|_| world.post("/v1/tickets", "agent", &body)).collect();
    futures_util::stream::iter(tickets)
        .buffer_unordered(150)
        .for_each(|answer| async {
            answer.ok(201);
        })
        .await;
    let end = last(&world);
    assert_eq!(listener.until(end).await, (before + 1..=end).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_number_that_is_not_there_yet_begins_now() {
    let world = World::new().await;
    let mut listener = Listener::open(&world, "", Some(1_000_000)).await;
    let before = last(&world);
    world.register().await;
    assert_eq!(listener.next().await.id, before + 1);
}

#[tokio::test]
async fn a_secret_does_not_go_over_the_stream_nor_its_hash() {
    let world = World::new().await;
    let mut listener = Listener::open(&world, "", Some(0)).await;
    let heard = listener.next().await;
    assert_eq!((heard.name.as_str(), &heard.data["token"]["name"]), ("token-added", &json!("viewer")));
    assert_eq!(heard.data["token"].get("hash"), None);
}
