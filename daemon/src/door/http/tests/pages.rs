//! The daemon's own pages, and the wall in a browser.

use serde_json::json;

use super::*;

#[tokio::test]
async fn the_wall_is_open_to_all_and_a_picture_that_is_known_is_not_sent_again() {
    let world = World::new().await;
    let get = |path: &str| ask(Method::GET, path, "");
    let picture = world.send(get("/board.png").body(Body::empty()).expect("a request")).await.ok(200);
    assert_eq!((picture.header("content-type"), picture.body.as_slice()), ("image/png", PICTURE));
    let known = get("/board.png").header("if-none-match", picture.header("etag"));
    assert!(world.send(known.body(Body::empty()).expect("a request")).await.ok(304).body.is_empty());
    let page = world.send(get("/board").body(Body::empty()).expect("a request")).await.ok(200);
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("set-cookie"), "");
    let html = String::from_utf8_lossy(&page.body).into_owned();
    assert!(html.contains("НЕТ СВЯЗИ") && html.contains("NO LINK"), "the words are in it");
    assert!(!html.contains("{sum}") && !html.contains("{words}"), "every part is in its place");
    // The one address in it is the name of SVG.
    assert!(!html.replace("http://www.w3.org/2000/svg", "").contains("://"), "nothing is from elsewhere");
    for face in ["/board/bold.woff2", "/board/medium.woff2"] {
        let face = world.send(get(face).body(Body::empty()).expect("a request")).await.ok(200);
        assert_eq!((face.header("content-type"), &face.body[..4]), ("font/woff2", &b"wOF2"[..]));
    }
}

/// A colour means the same on the page and on the panels.
#[test]
fn the_page_has_the_colours_of_the_wall() {
    let palette = include_str!("../../../../../firmware-board/src/wall/palette.rs");
    let style = include_str!("../kiosk/page.css");
    let live = palette.split_once("const LIVE").and_then(|(_, rest)| rest.split_once("};")).expect("LIVE").0;
    let of_wall = live.split("rgb(0x").skip(1).map(|rest| rest[..8].replace('_', "").to_lowercase());
    let root = style.split_once(":root {").and_then(|(_, rest)| rest.split_once('}')).expect("a root").0;
    let of_page = root.split('#').skip(1).map(|rest| rest[..6].to_owned());
    let of_wall: Vec<_> = of_wall.collect();
    assert_eq!(of_wall.len(), 5 + 4 * 4);
    assert_eq!(of_page.collect::<Vec<_>>(), of_wall);
}

#[tokio::test]
async fn a_picture_that_cannot_be_drawn_is_a_fault_and_the_door_stays_open() {
    let world = World::new().await;
    let shared = Shared {
        handle: world.handle.clone(),
        png: Arc::new(|| panic!("no panel")),
        parts: world.shared.parts.clone(),
        access: Arc::clone(&world.shared.access),
        traffic: Arc::default(),
        apart: world.shared.apart.clone(),
        herald: Arc::clone(&world.shared.herald),
        webhooks: crate::out::webhooks::Webhooks::default(),
        links: None,
        letters: crate::out::letters::Letters::silent(&world.handle),
        mail: crate::door::mail::MailPlace::default(),
        started_us: 0,
        facts: world.shared.facts.clone(),
    };
    let broken = router(Arc::new(shared));
    for _ in 0..2 {
        let request = ask(Method::GET, "/board.png", "").body(Body::empty()).expect("a request");
        sent(&broken, request).await.problem(500, "internal");
    }
}

#[tokio::test]
async fn each_panel_has_its_picture_by_its_name() {
    let world = World::new().await;
    let picture = |query: &str| {
        ask(Method::GET, &format!("/board.png{query}"), "").body(Body::empty()).expect("a request")
    };
    let named = world.send(picture("?panel=simulated")).await.ok(200);
    assert_eq!(named.header("content-type"), "image/png");
    assert_ne!(named.body, PICTURE, "it is that panel's own");
    let problem = world.send(picture("?panel=door")).await.problem(404, "not-found");
    assert_eq!(problem.json()["detail"], "there is no panel `door`; GET /v1/board/parts lists them");
    world.send(picture("?panl=door")).await.problem(422, "invalid-fields");
}

#[tokio::test]
async fn the_walls_parts_are_listed() {
    let world = World::new().await;
    let parts = world.get("/v1/board/parts").await.ok(200).json();
    let panel = json!({"name": "simulated", "kind": "simulated", "width": 480, "height": 320});
    assert_eq!(parts, json!({"signals": false, "button": false, "panels": [panel]}));
}

#[tokio::test]
async fn the_wall_as_json_has_what_the_contract_names() {
    let world = World::new().await;
    world.register().await;
    let board = world.get("/v1/board").await.ok(200).json();
    for field in ["at", "level", "trusted", "counts", "alarms", "next", "staffing", "signals", "muted_until"]
    {
        assert!(board.get(field).is_some(), "{field} is missing in {board}");
    }
    assert_eq!(board["counts"]["open"], 1);
    assert_eq!(board["next"][0]["number"], 1);
}

#[tokio::test]
async fn the_daemon_tells_how_it_is() {
    let world = World::new().await;
    world.register().await;
    assert_eq!(world.get("/healthz").await.ok(200).json(), json!({"status": "ok"}));
    assert_eq!(world.get("/readyz").await.ok(200).json(), json!({"status": "ok"}));
    let status = world.get("/v1/status").await.ok(200).json();
    for (field, expected) in [
        ("version", json!("0.0.0-test")),
        ("regulations", json!(["getmark"])),
        ("tickets_total", json!(1)),
        ("alarms_total", json!(0)),
    ] {
        assert_eq!(status[field], expected, "{field}");
    }
    assert!(
        status["next_deadline"].is_string() && status["next_event"].as_u64().is_some_and(|next| next > 7)
    );
}

#[tokio::test]
async fn what_is_counted_can_be_scraped() {
    let world = World::new().await;
    world.register().await;
    world.get("/readyz").await.ok(200);
    world.get("/v1/tickets/abc").await.problem(404, "not-found");
    world.get("/made/up/path").await.problem(404, "not-found");
    let scraped = world.get("/metrics").await.ok(200);
    assert!(scraped.header("content-type").starts_with("application/openmetrics-text"));
    let text = String::from_utf8_lossy(&scraped.body).into_owned();
    for line in [
        "andon_tickets{is=\"open\"} 1",
        "andon_alarms 0",
        "andon_command_seconds_count 1",
        "andon_queue_limit 4096",
        "andon_http_requests_total{method=\"POST\",route=\"/v1/tickets\",status=\"201\"} 1",
        "andon_http_requests_total{method=\"GET\",route=\"/v1/tickets/{number}\",status=\"404\"} 1",
        "andon_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_form_can_be_filled_from_the_regulation() {
    let world = World::new().await;
    let request = ask(Method::GET, "/v1/regulations", "intake").body(Body::empty()).expect("a request");
    assert_eq!(world.send(request).await.ok(200).json()[0]["id"], "getmark");
    let regulation = world.get("/v1/regulations/getmark").await.ok(200).json();
    let impact = regulation["fields"].as_array().into_iter().flatten().find(|f| f["path"] == "fields.impact");
    let impact = impact.expect("getmark asks for the impact");
    assert_eq!((&impact["required"], &impact["kind"]), (&json!(true), &json!("enum")));
    assert_eq!(impact["values"][0]["id"], "stops-operations");
    for (list, count) in [("types", 4), ("priorities", 4), ("statuses", 7), ("channels", 4), ("lines", 3)] {
        assert_eq!(regulation[list].as_array().map(Vec::len), Some(count), "{list}");
    }
}

#[tokio::test]
async fn a_story_is_read_whole_within_a_bound_only_and_otherwise_an_entry_after_the_other() {
    let world = World::new().await;
    world.register().await;
    for _ in 0..3 {
        world.post("/v1/tickets/1/reply", "agent", &json!({"text": "x".repeat(60_000)})).await.ok(200);
    }
    let (history, number) = (world.handle.history(), crate::desk::TicketNumber(1));
    let told = |max_bytes| history.told(number, max_bytes).expect("it can be read").map(|told| told.len());
    assert_eq!((told(150_000), told(250_000)), (None, Some(4)));
    let mut seen = Vec::new();
    history.each_of(number, |entry| seen.push(entry.clone())).expect("it can be read");
    assert_eq!(seen, history.of(number).expect("it can be read"));
    let proof = world.get("/v1/tickets/1/explain").await.ok(200);
    assert_eq!((proof.header("link"), &proof.json()["number"]), ("", &json!(1)));
    let behind = world.get("/v1/tickets/1/explain?cursor=9").await.ok(200).json();
    assert_eq!(behind["clocks"], json!([]));
    let wrong = world.get("/v1/tickets/1/explain?cursor=x&y=1").await.problem(422, "invalid-fields");
    assert_eq!(wrong.fields(), ["y", "cursor"]);
}
