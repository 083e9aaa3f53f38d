//! Batches: a result for each command, one commit, and the same results again.

use serde_json::{Value, json};

use super::*;

fn with_do(verb: &str, body: Value) -> Value {
    let mut body = body;
    body["do"] = json!(verb);
    body
}

fn batch_of(commands: &[Value]) -> Value {
    json!({ "commands": commands })
}

fn statuses(answer: &Answer) -> Vec<u64> {
    let results = answer.json()["results"].as_array().cloned().unwrap_or_default();
    results.iter().map(|result| result["status"].as_u64().expect("each result has a status")).collect()
}

#[tokio::test]
async fn each_command_of_a_batch_has_its_result_and_names_what_was_opened_before_it() {
    let world = World::new().await;
    let number = world.register().await;
    let answer = world
        .post(
            "/v1/batch",
            "agent",
            &batch_of(&[
                with_do("register", error()),
                json!({"do": "take", "ticket": "@0"}),
                json!({"do": "take", "ticket": "@0"}),
                json!({"do": "resolve", "ticket": number}),
                json!({"do": "reply", "ticket": number, "if_revision": 1, "text": "Смотрим"}),
                json!({"do": "reply", "ticket": number, "if_revision": 1, "text": "Смотрим"}),
                json!({"do": "dance", "ticket": number}),
                json!({"do": "take", "ticket": 99}),
                json!({"do": "link", "ticket": number, "to": "@0", "kind": "similar"}),
                with_do("register", {
                    let mut body = error();
                    body["follows"] = json!("@0");
                    body
                }),
                json!({"do": "take", "ticket": "@1"}),
                json!(7),
            ]),
        )
        .await
        .ok(200);
    assert_eq!(statuses(&answer), [201, 200, 200, 422, 200, 412, 422, 404, 200, 201, 422, 422]);
    let results = answer.json()["results"].clone();
    assert_eq!(results[0]["ticket"], json!({"number": 2, "revision": 1}), "it is told whole at its last");
    assert_eq!(
        (&results[1]["ticket"], &results[1]["changed"]),
        (&json!({"number": 2, "revision": 2}), &json!(true))
    );
    assert_eq!((&results[2]["ticket"]["assignee"], &results[2]["changed"]), (&json!("agent"), &json!(false)));
    assert_eq!(
        (&results[3]["code"], &results[3]["errors"][0]["field"]),
        (&json!("invalid-fields"), &json!("text"))
    );
    assert_eq!((&results[5]["code"], &results[5]["revision"]), (&json!("revision-changed"), &json!(2)));
    assert_eq!(results[6]["errors"][0]["field"], "do");
    assert_eq!(results[8]["ticket"]["links"][0]["to"], 2);
    assert_eq!(results[9]["ticket"]["links"], json!([{"to": 2, "kind": "follow-up"}]));
    assert_eq!(results[10]["errors"][0]["message"], "command 1 of this batch opens no ticket and takes none");
    let shown = world.get("/v1/tickets/2").await.ok(200).json();
    assert_eq!(shown["assignee"], "agent");
}

#[tokio::test]
async fn a_batch_takes_the_next_of_the_queue_and_answers_it_under_its_place() {
    let world = World::new().await;
    let number = world.register().await;
    let batch = batch_of(&[
        json!({"do": "take-next", "regulation": "getmark"}),
        json!({"do": "reply", "ticket": "@0", "text": "Смотрим"}),
        json!({"do": "take-next"}),
        json!({"do": "reply", "ticket": "@2", "text": "Смотрим"}),
    ]);
    let send =
        || with_json(ask(Method::POST, "/v1/batch", "agent").header("idempotency-key", "next"), &batch);
    let answer = world.send(send()).await.ok(200);
    assert_eq!(statuses(&answer), [200, 200, 404, 422]);
    let results = answer.json()["results"].clone();
    assert_eq!(results[0]["ticket"], json!({"number": number, "revision": 2}));
    assert_eq!(
        (&results[1]["ticket"]["number"], &results[1]["ticket"]["revision"]),
        (&json!(number), &json!(3))
    );
    assert_eq!(results[1]["ticket"]["assignee"], "agent");
    assert_eq!(results[2]["code"], "queue-empty");
    assert_eq!(results[3]["errors"][0]["message"], "command 2 of this batch opened no ticket and took none");
    // What came since is not taken by a batch that comes again.
    let newer = world.register().await;
    let again = world.send(send()).await.ok(200);
    assert_eq!(statuses(&again)[..2], [200, 200]);
    assert_eq!(again.json()["results"][0]["ticket"]["number"], number);
    assert_eq!(again.json()["results"][2]["ticket"]["number"], newer, "what was refused is decided anew");
}

#[tokio::test]
async fn a_batch_that_stops_on_refusal_tells_what_it_did_not_try() {
    let world = World::new().await;
    let number = world.register().await;
    let mut batch = batch_of(&[
        json!({"do": "take", "ticket": number}),
        json!({"do": "resolve", "ticket": number}),
        json!({"do": "reply", "ticket": number, "text": "."}),
    ]);
    batch["stop_on_refusal"] = json!(true);
    let answer = world.post("/v1/batch", "agent", &batch).await.ok(200);
    assert_eq!(statuses(&answer), [200, 422, 424]);
    assert_eq!(answer.json()["results"][2]["code"], "not-tried");
    assert!(ERRORS.contains("| `not-tried` |"));
    assert_eq!(world.get("/v1/tickets/1").await.json()["revision"], 2, "what went before stays");
    batch["commands"][0] = json!({"do": "dance"});
    let answer = world.post("/v1/batch", "agent", &batch).await.ok(200);
    assert_eq!(statuses(&answer), [422, 424, 424], "what is no command is not carried out either");
}

#[tokio::test]
async fn what_is_no_batch_is_refused_as_a_whole() {
    let world = World::new().await;
    let take = json!({"do": "take", "ticket": 1});
    for (body, field) in [
        (json!({}), "commands"),
        (json!([take]), ""),
        (json!({"commands": []}), "commands"),
        (json!({"commands": 7}), "commands"),
        (json!({"commands": vec![&take; 1_001]}), "commands"),
        (json!({"commands": [take], "stop": true}), "stop"),
        (json!({"commands": [take], "stop_on_refusal": 1}), "stop_on_refusal"),
    ] {
        let problem = world.post("/v1/batch", "agent", &body).await.problem(422, "invalid-fields");
        assert_eq!(problem.fields(), [field], "{problem:?}");
    }
    let long = json!({"commands": [{"do": "reply", "ticket": 1, "text": "x".repeat(4 << 20)}]});
    world.post("/v1/batch", "agent", &long).await.problem(413, "too-large");
    world.post("/v1/batch", "", &batch_of(std::slice::from_ref(&take))).await.problem(401, "unauthorized");
    let answer = world.post("/v1/batch", "viewer", &batch_of(&[with_do("register", error())])).await;
    answer.problem(403, "forbidden");
    let escalate = json!({"do": "take-next"});
    let answer = world.post("/v1/batch", "intake", &batch_of(&[escalate])).await.ok(200);
    assert_eq!(answer.json()["results"][0]["code"], "forbidden");
}

#[tokio::test]
async fn a_batch_of_three_megabytes_and_a_thousand_commands_is_taken() {
    let world = World::new().await;
    let mut body = error();
    body["description"] = json!("x".repeat(3_000));
    let commands = vec![with_do("register", body); 1_000];
    let answer = world.post("/v1/batch", "intake", &batch_of(&commands)).await.ok(200);
    assert!(statuses(&answer).iter().all(|status| *status == 201));
    assert_eq!(answer.json()["results"][999]["ticket"]["number"], 1_000);
}

/// A registration of nearly as much text as a ticket may have.
fn long_error() -> Value {
    let mut body = error();
    for field in 0..4 {
        body["fields"][format!("f{field}")] = json!("x".repeat(60_000));
    }
    body["description"] = json!("x".repeat(60_000));
    body
}

#[tokio::test]
async fn a_short_batch_that_writes_too_much_ends_before_it_fills_the_memory() {
    let world = World::new().await;
    world.post("/v1/tickets", "agent", &long_error()).await.ok(201);
    let split = json!({"do": "split", "ticket": 1, "subject": "."});
    let answer = world.post("/v1/batch", "agent", &batch_of(&vec![split; 100])).await.ok(200);
    let taken = statuses(&answer).iter().filter(|status| **status == 200).count();
    assert!((40..80).contains(&taken), "{taken} of about 16 MiB were taken");
    assert_eq!(answer.json()["results"][99]["code"], "too-large");
    assert_eq!(statuses(&answer)[99], 413);
}

#[tokio::test]
async fn a_ticket_is_told_whole_once_however_many_commands_of_a_batch_are_about_it() {
    let world = World::new().await;
    world.post("/v1/tickets", "agent", &long_error()).await.ok(201);
    let batch = batch_of(&vec![json!({"do": "reply", "ticket": 1, "text": "."}); 100]);
    let send =
        || with_json(ask(Method::POST, "/v1/batch", "agent").header("idempotency-key", "replies"), &batch);
    let answer = world.send(send()).await.ok(200);
    let results = answer.json()["results"].clone();
    for (place, result) in results.as_array().expect("a list").iter().take(99).enumerate() {
        assert_eq!(result["ticket"], json!({"number": 1, "revision": place + 2}));
    }
    let ticket = &results[99]["ticket"];
    assert_eq!((&ticket["revision"], &ticket["type"]), (&json!(101), &json!("error")));
    assert!(answer.body.len() < 2 * ticket.to_string().len(), "{} bytes", answer.body.len());
    // The record tells the same when it comes again, also behind what came since.
    world.post("/v1/tickets/1/take", "agent", &json!({})).await.ok(200);
    assert_eq!(world.send(send()).await.ok(200).json(), answer.json());
}

#[tokio::test]
async fn an_answer_that_would_be_too_long_tells_the_rest_of_its_tickets_in_short() {
    let world = World::new().await;
    for _ in 0..40 {
        world.post("/v1/tickets", "agent", &long_error()).await.ok(201);
    }
    let takes: Vec<_> = (1..=40).map(|number| json!({"do": "take", "ticket": number})).collect();
    let answer = world.post("/v1/batch", "agent", &batch_of(&takes)).await.ok(200);
    assert!(answer.body.len() < 9 << 20, "{} bytes", answer.body.len());
    let results = answer.json()["results"].clone();
    let whole =
        results.as_array().expect("a list").iter().filter(|result| result["ticket"]["type"] == "error");
    assert!((20..40).contains(&whole.count()), "as many as there is room for");
    assert_eq!(results[39]["ticket"], json!({"number": 40, "revision": 2}));
}

#[tokio::test]
async fn batches_whose_answers_nobody_takes_are_counted_for_each_token() {
    let world = World::new().await;
    let batch = batch_of(&[with_do("register", error())]);
    let unread = async |who: &str| {
        let request = with_json(ask(Method::POST, "/v1/batch", who), &batch);
        let response = world.router.clone().oneshot(request).await.expect("a router answers");
        assert_eq!(response.status(), 200);
        response
    };
    let mut waiting = Vec::new();
    for _ in 0..super::super::batch::ANSWERED_EACH_MAX {
        waiting.push(unread("agent").await);
    }
    let refused = world.post("/v1/batch", "agent", &batch).await.problem(503, "busy");
    assert_eq!(refused.header("retry-after"), "1");
    world.post("/v1/batch", "intake", &batch).await.ok(200);
    waiting.pop();
    world.post("/v1/batch", "agent", &batch).await.ok(200);
}

#[tokio::test]
async fn the_same_batch_under_its_key_gets_the_same_results_again_also_after_a_restart() {
    let world = World::new().await;
    let batch = batch_of(&[
        with_do("register", error()),
        json!({"do": "resolve", "ticket": "@0"}),
        json!({"do": "take", "ticket": "@0"}),
        json!({"do": "reply", "ticket": 2, "text": "."}),
    ]);
    let send = |body: &Value| {
        with_json(ask(Method::POST, "/v1/batch", "agent").header("idempotency-key", "import-3"), body)
    };
    let first = world.send(send(&batch)).await.ok(200);
    assert_eq!(statuses(&first), [201, 422, 200, 404]);
    assert_eq!(first.header("idempotent-replayed"), "");
    let assign = json!({"agent": "petrov", "reason": "Так надо"});
    world.post("/v1/tickets/1/assign", "lead", &assign).await.ok(200);
    let again = world.send(send(&batch)).await.ok(200);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
    let world = world.restarted();
    let again = world.send(send(&batch)).await.ok(200);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
    // What was refused is decided anew, and what was carried out is not done again.
    assert_eq!(world.register().await, 2);
    let again = world.send(send(&batch)).await.ok(200);
    assert_eq!(statuses(&again), [201, 422, 200, 200]);
    assert_eq!(world.send(send(&batch)).await.json(), again.json());
    assert_eq!(world.get("/v1/tickets/2").await.json()["revision"], 2, "one reply");
}

#[tokio::test]
async fn a_key_is_of_one_request_whether_that_is_a_batch_or_a_command() {
    let world = World::new().await;
    let refused_first = [json!({"do": "take", "ticket": 9}), with_do("register", error())];
    let send = |path: &str, key: &str, body: &Value| {
        with_json(ask(Method::POST, path, "agent").header("idempotency-key", key), body)
    };
    world.send(send("/v1/batch", "a", &batch_of(&refused_first))).await.ok(200);
    let other = batch_of(&[with_do("register", error())]);
    world.send(send("/v1/batch", "a", &other)).await.problem(422, "idempotency-key-reused");
    world.send(send("/v1/tickets", "a", &error())).await.problem(422, "idempotency-key-reused");
    world.send(send("/v1/tickets", "b", &error())).await.ok(201);
    world.send(send("/v1/batch", "b", &other)).await.problem(422, "idempotency-key-reused");
    let world = world.restarted();
    world.send(send("/v1/batch", "a", &other)).await.problem(422, "idempotency-key-reused");
    world.send(send("/v1/tickets", "a", &error())).await.problem(422, "idempotency-key-reused");
    assert_eq!(world.get("/v1/tickets").await.json().as_array().map(Vec::len), Some(2));
}
