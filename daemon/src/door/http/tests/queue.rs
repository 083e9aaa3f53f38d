//! The queue: two who ask at once, a part of it, and why there is nothing.

use super::*;

/// How many rounds two agents take tickets at once.
const ROUNDS: usize = 10;

#[tokio::test]
async fn two_agents_who_take_the_next_at_once_get_different_tickets() {
    let world = World::new().await;
    for _ in 0..2 * ROUNDS {
        world.register().await;
    }
    let mut taken = Vec::new();
    for _ in 0..ROUNDS {
        let (nothing, part) = (json!({}), json!({"regulation": "getmark", "line": 2}));
        let (one, two) = tokio::join!(
            world.post("/v1/queue/take-next", "agent", &nothing),
            world.post("/v1/queue/take-next", "lead", &part)
        );
        for (answer, name) in [(one.ok(200), "agent"), (two.ok(200), "lead")] {
            assert_eq!(answer.json()["assignee"], name);
            assert_eq!(answer.header("andon-changed"), "true");
            taken.push(answer.json()["number"].as_u64().expect("a number"));
        }
    }
    taken.sort_unstable();
    assert_eq!(taken, (1..=2 * ROUNDS as u64).collect::<Vec<_>>(), "each ticket once");
    let empty = world.post("/v1/queue/take-next", "agent", &json!({})).await.problem(404, "queue-empty");
    assert_eq!(empty.json()["detail"], "nothing waits to be taken");
}

#[tokio::test]
async fn a_request_for_the_next_that_comes_again_takes_no_other() {
    let world = World::new().await;
    for _ in 0..2 {
        world.register().await;
    }
    let send = || {
        let request = ask(Method::POST, "/v1/queue/take-next", "agent").header("idempotency-key", "7");
        world.send(request.body(Body::empty()).expect("a request"))
    };
    assert_eq!(send().await.ok(200).json()["number"], 1);
    let again = send().await.ok(200);
    assert_eq!((&again.json()["number"], again.header("idempotent-replayed")), (&json!(1), "true"));
}

#[tokio::test]
async fn the_queue_tells_each_ticket_with_its_place_and_why_it_stands_there() {
    let world = World::new().await;
    let mut question = error();
    (question["type"], question["channel"]) = (json!("consultation"), json!("phone"));
    world.post("/v1/tickets", "agent", &question).await.ok(201);
    world.register().await;
    world.register().await;
    let queue = world.get("/v1/queue").await.ok(200).json();
    let told = |field: &str| {
        queue.as_array().map(|all| all.iter().map(|one| one[field].clone()).collect::<Vec<_>>())
    };
    assert_eq!(told("number"), Some(vec![json!(2), json!(3), json!(1)]));
    assert_eq!(told("position"), Some(vec![json!(1), json!(2), json!(3)]));
    assert_eq!(told("reason"), Some(vec![json!("priority"), json!("priority"), json!("arrival")]));
    assert_eq!(queue[2]["held_by"], Value::Null);
    for (query, numbers) in [("?line=1", vec![1]), ("?line=2&limit=1", vec![2]), ("?group=none-such", vec![])]
    {
        let part = world.get(&format!("/v1/queue{query}")).await.ok(200).json();
        let part: Vec<_> =
            part.as_array().into_iter().flatten().filter_map(|one| one["number"].as_u64()).collect();
        assert_eq!(part, numbers, "{query}");
    }
    let wrong =
        world.get("/v1/queue?regulation=none&line=x&limit=0&q=1").await.problem(422, "invalid-fields");
    assert_eq!(wrong.fields(), ["q", "limit", "regulation", "line"]);
}
