//! Lists: pages, order, filters.

use serde_json::json;

use super::*;

fn numbers(answer: &Answer) -> Vec<u64> {
    let tickets = answer.json();
    tickets.as_array().into_iter().flatten().filter_map(|ticket| ticket["number"].as_u64()).collect()
}

fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link").strip_suffix(">; rel=\"next\"")?;
    Some(link.strip_prefix('<').expect("a link stands in brackets").to_owned())
}

#[tokio::test]
async fn pages_are_stable_while_tickets_come_in() {
    let world = World::new().await;
    for _ in 0..7 {
        world.register().await;
    }
    let mut path = Some("/v1/tickets?limit=3&status=new".to_owned());
    let mut pages = Vec::new();
    while let Some(asked) = path {
        let page = world.get(&asked).await.ok(200);
        pages.push(numbers(&page));
        path = next(&page);
        world.register().await;
    }
    assert_eq!(pages, [vec![7, 6, 5], vec![4, 3, 2], vec![1]]);
}

#[tokio::test]
async fn a_page_that_holds_all_has_no_next() {
    let world = World::new().await;
    for _ in 0..2 {
        world.register().await;
    }
    let page = world.get("/v1/tickets?limit=2").await.ok(200);
    assert_eq!((numbers(&page), next(&page)), (vec![2, 1], None));
}

#[tokio::test]
async fn filters_find_what_they_name() {
    let world = World::new().await;
    world.register().await;
    let mut question = error();
    question["type"] = json!("consultation");
    question["channel"] = json!("phone");
    question["client"] = json!("ООО «Ромашка»");
    world.post("/v1/tickets", "agent", &question).await.ok(201);
    world.post("/v1/tickets/1/take", "agent", &json!({})).await.ok(200);
    for (query, expected) in [
        ("type=error", vec![1]),
        ("type=error,consultation", vec![2, 1]),
        ("line=1", vec![2]),
        ("assignee=agent", vec![1]),
        ("assignee=none", vec![2]),
        ("status=in-progress", vec![1]),
        ("priority=medium", vec![2]),
        ("stage=closed", vec![]),
        ("overdue=true", vec![]),
        ("regulation=getmark", vec![2, 1]),
        ("q=%D1%80%D0%BE%D0%BC%D0%B0%D1%88%D0%BA%D0%B0", vec![2]),
        ("q=a@b.ru", vec![2, 1]),
    ] {
        let page = world.get(&format!("/v1/tickets?{query}")).await.ok(200);
        assert_eq!(numbers(&page), expected, "{query}");
    }
}

#[tokio::test]
async fn a_ticket_tells_its_story_with_times_of_its_zone() {
    let world = World::new().await;
    world.register().await;
    world.post("/v1/tickets/1/reply", "agent", &json!({"text": "Смотрим"})).await.ok(200);
    let history = world.get("/v1/tickets/1/history").await.ok(200).json();
    let events: Vec<_> = history.as_array().into_iter().flatten().collect();
    assert_eq!((&events[0]["event"], &events[0]["by"]), (&json!("registered"), &json!("agent")));
    assert_eq!(events.last().map(|event| event["text"].clone()), Some(json!("Смотрим")));
    let seqs: Vec<_> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert!(seqs.is_sorted() && seqs.len() == events.len(), "{seqs:?}");
    assert!(events[0]["at"].as_str().is_some_and(|at| at.ends_with("+03:00")));
    let started = events.iter().find(|event| event["turn"] == "started").expect("a clock started");
    assert!(started["deadline"].as_str().is_some_and(|at| at.ends_with("+03:00")), "{started}");
    assert_eq!(started["target_seconds"], 43_200);
    let explanation = world.get("/v1/tickets/1/explain").await.ok(200).json();
    assert_eq!(explanation["number"], 1);
    assert!(explanation["clocks"].is_array());
}

/// A desk with tickets of nearly as much text as one may have.
async fn with_long_tickets(count: usize) -> World {
    let world = World::new().await;
    let mut body = error();
    for field in 0..4 {
        body["fields"][format!("f{field}")] = json!("x".repeat(60_000));
    }
    for _ in 0..count {
        world.post("/v1/tickets", "agent", &body).await.ok(201);
    }
    world
}

#[tokio::test]
async fn a_page_of_long_tickets_ends_before_its_limit_and_the_next_goes_on_behind_it() {
    let world = with_long_tickets(40).await;
    let mut path = Some("/v1/tickets?limit=200".to_owned());
    let mut pages = Vec::new();
    while let Some(asked) = path {
        let page = world.get(&asked).await.ok(200);
        assert!(page.body.len() < 5 << 20, "{} bytes", page.body.len());
        pages.push(numbers(&page));
        path = next(&page);
    }
    assert!(pages.len() >= 3, "{pages:?}");
    assert_eq!(pages.concat(), (1..=40).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_long_history_comes_in_pages_and_a_short_one_whole() {
    let world = World::new().await;
    world.register().await;
    let short = world.get("/v1/tickets/1/history").await.ok(200);
    assert_eq!(next(&short), None);
    for _ in 0..100 {
        world.post("/v1/tickets/1/reply", "agent", &json!({"text": "x".repeat(60_000)})).await.ok(200);
    }
    let mut path = Some("/v1/tickets/1/history".to_owned());
    let mut events = Vec::new();
    let mut pages = 0;
    while let Some(asked) = path {
        let page = world.get(&asked).await.ok(200);
        assert!(page.body.len() < 5 << 20, "{} bytes", page.body.len());
        events.extend(page.json().as_array().cloned().expect("a list"));
        path = next(&page);
        pages += 1;
    }
    assert_eq!(pages, 2, "about six megabytes");
    let names: Vec<_> = events.iter().filter(|event| event["event"] == "replied").collect();
    assert_eq!(names.len(), 100);
    let seqs: Vec<_> = events.iter().map(|event| event["seq"].as_u64().expect("a number")).collect();
    assert!(seqs.is_sorted_by(|one, next| one < next), "each once, the oldest first: {seqs:?}");
    assert_eq!(
        events[..short.json().as_array().map_or(0, Vec::len)],
        *short.json().as_array().expect("a list")
    );
    let wrong = world.get("/v1/tickets/1/history?cursor=x&limit=2").await.problem(422, "invalid-fields");
    assert_eq!(wrong.fields(), ["limit", "cursor"]);
}

#[tokio::test]
async fn pages_that_nobody_takes_hold_a_tokens_share_of_the_room_and_no_more() {
    let world = with_long_tickets(20).await;
    let mut waiting = Vec::new();
    let refused = loop {
        let request = without_body(ask(Method::GET, "/v1/tickets", "viewer"));
        let page = world.router.clone().oneshot(request).await.expect("a router answers");
        if page.status() != StatusCode::OK {
            break page;
        }
        waiting.push(page);
        assert!(waiting.len() < 100, "it ends");
    };
    assert_eq!(
        (refused.status(), waiting.len()),
        (StatusCode::SERVICE_UNAVAILABLE, 4),
        "four pages of 4 MiB"
    );
    world.get("/v1/tickets?limit=5").await.problem(503, "busy");
    world.get("/v1/whoami").await.ok(200);
    world.send(without_body(ask(Method::GET, "/v1/tickets", "agent"))).await.ok(200);
    waiting.pop();
    world.get("/v1/tickets").await.ok(200);
}
