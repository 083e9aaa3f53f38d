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
    /// How far the stream said to be, without an event.
    here: u64,
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
        Self::of(response)
    }

    fn of(response: axum::response::Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { stream: response.into_body().into_data_stream(), text: String::new(), here: 0 }
    }

    async fn next(&mut self) -> Heard {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                if block.starts_with(':') {
                    let id = block.lines().find_map(|line| line.strip_prefix("id: "));
                    self.here = id.expect("it says how far it is").parse().expect("a number");
                    self.text = rest.to_owned();
                    continue;
                }
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
    let mut ids = Vec::new();
    while ids.last() != Some(&end) {
        let heard = listener.next().await;
        if heard.name == "cut" {
            listener = Listener::open(&world, "", Some(heard.id)).await;
        } else {
            ids.push(heard.id);
        }
    }
    assert_eq!(ids, (before + 1..=end).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_number_that_no_event_has_is_refused_and_the_newest_is_not() {
    let world = World::new().await;
    let newest = last(&world);
    let refused = world.get(&format!("/v1/events?last_event_id={}", newest + 1)).await;
    let refused = refused.problem(409, "no-such-event").json();
    let detail = refused["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(&format!("follow from {newest} on")), "{detail}");
    let mut listener = Listener::open(&world, "", Some(newest)).await;
    world.register().await;
    assert_eq!(listener.next().await.id, newest + 1);
    assert_eq!(listener.here, newest, "whoever breaks off before the first event knows where to resume");
}

#[tokio::test]
async fn filters_leave_out_what_is_not_asked_for_in_what_is_kept_and_in_what_comes() {
    let world = World::new().await;
    for _ in 0..3 {
        world.register().await;
    }
    let mut of_two = Listener::open(&world, "?ticket=2&event=replied,registered", Some(0)).await;
    let mut of_desk = Listener::open(&world, "?event=muted", None).await;
    let heard = of_two.next().await;
    assert_eq!((heard.name.as_str(), &heard.data["ticket"]), ("registered", &json!(2)));
    for number in [1, 2, 3] {
        let path = format!("/v1/tickets/{number}/reply");
        world.post(&path, "agent", &json!({"text": "Смотрим"})).await.ok(200);
    }
    let heard = of_two.next().await;
    assert_eq!((heard.name.as_str(), &heard.data["ticket"]), ("replied", &json!(2)));
    world.post("/v1/board/mute", "agent", &json!({"for": "10m"})).await.ok(200);
    let heard = of_desk.next().await;
    assert_eq!((heard.name.as_str(), &heard.data["ticket"]), ("muted", &Value::Null));
}

#[tokio::test]
async fn filters_and_parameters_that_nobody_knows_are_refused_together() {
    let world = World::new().await;
    let answer = world.get("/v1/events?ticket=x&channel=fax&event=exploded&from=1&last_event_id=y").await;
    let refused = answer.problem(422, "invalid-fields");
    assert_eq!(refused.fields(), ["from", "last_event_id", "ticket", "channel", "event"]);
}

#[tokio::test]
async fn a_token_for_some_channels_hears_of_no_other_ticket_nor_of_the_desk() {
    let world = World::new().await;
    let token = Token::named("phones", Role::Viewer, &secret::hash(b"phones"));
    let token = Token { channels: vec!["phone".into()], ..token };
    let add = Command::Desk(DeskAct::AddToken(token));
    world.handle.command(add, Actor::named("test", Role::Admin), None).await.expect("it can be added");
    world.register().await;
    let mut by_phone = error();
    by_phone["channel"] = json!("phone");
    world.post("/v1/tickets", "agent", &by_phone).await.ok(201);
    let request =
        ask(Method::GET, "/v1/events?last_event_id=0", "phones").body(Body::empty()).expect("a request");
    let mut listener = Listener::of(world.router.clone().oneshot(request).await.expect("a router answers"));
    let heard = listener.next().await;
    assert_eq!((heard.name.as_str(), &heard.data["ticket"]), ("registered", &json!(2)));
}

#[tokio::test]
async fn who_takes_nothing_is_cut_off_with_the_number_to_resume_from() {
    let world = World::new().await;
    let mut listener = Listener::open(&world, "", None).await;
    let before = last(&world);
    // More than may wait for a listener.
    let text = "Смотрим. ".repeat(4_000);
    world.register().await;
    for _ in 0..8 {
        world.post("/v1/tickets/1/reply", "agent", &json!({"text": text})).await.ok(200);
    }
    let end = last(&world);
    while scraped(&world, "andon_event_streams_cut_total").await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut ids = Vec::new();
    let cut = loop {
        let heard = listener.next().await;
        if heard.name == "cut" {
            break heard;
        }
        ids.push(heard.id);
    };
    let told = *ids.last().expect("some events waited");
    assert!(told < end, "not everything fits");
    assert_eq!(ids, (before + 1..=told).collect::<Vec<_>>());
    assert_eq!((cut.id, &cut.data["resume_from"]), (told, &json!(told)));
    assert_eq!(cut.data["reason"], "too-slow");
    assert!(listener.stream.next().await.is_none(), "the marker is the last");
    let mut again = Listener::open(&world, "", Some(cut.id)).await;
    assert_eq!(again.until(end).await, (told + 1..=end).collect::<Vec<_>>());
}

async fn add_token(world: &World, token: Token) {
    let add = Command::Desk(DeskAct::AddToken(token));
    world.handle.command(add, Actor::named("test", Role::Admin), None).await.expect("it can be added");
}

/// Whoever shows that secret follows what the query asks for.
async fn follow(world: &World, secret: &str, query: &str) -> Listener {
    let request = ask(Method::GET, &format!("/v1/events{query}"), secret).body(Body::empty());
    let response = world.router.clone().oneshot(request.expect("a request")).await;
    Listener::of(response.expect("a router answers"))
}

#[tokio::test]
async fn whose_token_is_revoked_hears_of_nothing_that_happens_after_it() {
    let world = World::new().await;
    add_token(&world, Token::named("bridge", Role::Viewer, &secret::hash(b"bridge"))).await;
    let mut listener = follow(&world, "bridge", "?event=registered,replied").await;
    let mut other = Listener::open(&world, "?event=registered", None).await;
    world.register().await;
    assert_eq!(listener.next().await.name, "registered");
    let told = other.next().await.id;
    let revoke = Command::Desk(DeskAct::RevokeToken("bridge".into()));
    world.handle.command(revoke, Actor::named("test", Role::Admin), None).await.expect("it is revoked");
    // One of the same name is another token.
    add_token(&world, Token::named("bridge", Role::Viewer, &secret::hash(b"another"))).await;
    world.register().await;
    let cut = listener.next().await;
    assert_eq!((cut.name.as_str(), &cut.data["reason"]), ("cut", &json!("token-revoked")), "{cut:?}");
    assert!(listener.stream.next().await.is_none(), "the marker is the last");
    let heard = other.next().await;
    assert!(cut.data["resume_from"].as_u64().is_some_and(|from| (told..heard.id).contains(&from)), "{cut:?}");
    assert_eq!(scraped(&world, "andon_event_streams_cut_total").await, 0, "that counts the slow ones");
    let mut again = follow(&world, "another", &format!("?event=registered&last_event_id={}", cut.id)).await;
    assert_eq!(again.next().await.id, heard.id, "another token goes on there");
}

#[tokio::test]
async fn a_stream_that_nothing_comes_over_ends_with_its_token_too() {
    let world = World::new().await;
    let now = world.handle.view().now();
    let token = Token::named("guest", Role::Viewer, &secret::hash(b"guest"));
    add_token(&world, Token { expires_at: Some(now.plus_ms(1_500)), ..token }).await;
    let mut listener = follow(&world, "guest", "?event=muted").await;
    let cut = listener.next().await;
    assert_eq!((cut.name.as_str(), &cut.data["reason"]), ("cut", &json!("token-expired")), "{cut:?}");
    assert!(listener.stream.next().await.is_none(), "the marker is the last");
}

#[tokio::test]
async fn no_more_follow_than_may_and_a_place_that_is_left_is_free() {
    let world = World::new().await;
    let mut listeners = Vec::new();
    for _ in 0..super::super::streams::STREAMS_EACH_MAX {
        listeners.push(Listener::open(&world, "", None).await);
    }
    let refused = world.get("/v1/events").await.problem(503, "too-many-streams");
    assert!(!refused.header("retry-after").is_empty());
    let other = without_body(ask(Method::GET, "/v1/events", "agent"));
    let other = world.router.clone().oneshot(other).await.expect("a router answers");
    assert_eq!(other.status(), 200, "another token has a share of its own");
    drop(other);
    while scraped(&world, "andon_event_streams").await > listeners.len() as u64 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(scraped(&world, "andon_event_streams").await, listeners.len() as u64);
    listeners.pop();
    while scraped(&world, "andon_event_streams").await == listeners.len() as u64 + 1 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(Listener::open(&world, "", None).await);
}

/// A figure of `/metrics` without labels.
pub(super) async fn scraped(world: &World, name: &str) -> u64 {
    let text = String::from_utf8(world.get("/metrics").await.ok(200).body).expect("it is text");
    let value = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    value.unwrap_or_else(|| panic!("{name} is not in {text}")).parse().expect("a number")
}

#[tokio::test]
async fn a_secret_does_not_go_over_the_stream_nor_its_hash() {
    let world = World::new().await;
    let mut listener = Listener::open(&world, "", Some(0)).await;
    let heard = listener.next().await;
    assert_eq!((heard.name.as_str(), &heard.data["token"]["name"]), ("token-added", &json!("viewer")));
    assert_eq!(heard.data["token"].get("hash"), None);
}
