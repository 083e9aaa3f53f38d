//! Commands: what they answer, revisions, repeats.

use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn a_registration_answers_with_the_ticket_and_where_it_is() {
    let world = World::new().await;
    let answer = world.post("/v1/tickets", "intake", &error()).await.ok(201);
    assert_eq!(answer.header("location"), "/v1/tickets/1");
    assert_eq!(answer.header("etag"), "\"1\"");
    assert_eq!(answer.header("andon-changed"), "true");
    assert_eq!(answer.header("idempotent-replayed"), "");
    let ticket = answer.json();
    for (field, expected) in [
        ("number", json!(1)),
        ("status", json!("new")),
        ("priority", json!("high")),
        ("line", json!(2)),
        ("assignee", Value::Null),
        ("revision", json!(1)),
    ] {
        assert_eq!(ticket[field], expected, "{field}");
    }
    assert_eq!(ticket["clocks"][0]["target_seconds"], 43_200);
    let shown = world.get("/v1/tickets/1").await.ok(200);
    assert_eq!(shown.header("etag"), "\"1\"");
    assert_eq!(shown.json()["subject"], ticket["subject"]);
}

#[tokio::test]
async fn every_verb_answers_with_the_ticket_and_whether_it_changed() {
    let world = World::new().await;
    let number = world.register().await;
    let path = |verb: &str| format!("/v1/tickets/{number}/{verb}");
    let taken = world
        .send(ask(Method::POST, &path("take"), "agent").body(Body::empty()).expect("a request"))
        .await
        .ok(200);
    assert_eq!(taken.json()["assignee"], "agent");
    assert_eq!(taken.header("etag"), "\"2\"");
    let again = world.post(&path("take"), "agent", &json!({})).await.ok(200);
    assert_eq!((again.header("andon-changed"), again.header("etag")), ("false", "\"2\""));
    for (verb, body, status) in [
        ("reply", json!({"text": "Смотрим"}), "in-progress"),
        ("ask", json!({"text": "Какой принтер?"}), "waiting-requester"),
        ("answer", json!({"text": "Любой"}), "in-progress"),
        ("status", json!({"to": "waiting-release"}), "waiting-release"),
        ("classify", json!({"fields": {"impact": "hinders"}}), "waiting-release"),
        ("priority", json!({"to": "low", "reason": "обошли"}), "waiting-release"),
        ("assign", json!({"agent": "petrov"}), "waiting-release"),
        ("transfer", json!({"agent": "agent", "reason": "отпуск"}), "waiting-release"),
        ("urgent", json!({"text": "Ждут"}), "waiting-release"),
        ("complain", json!({"text": "Долго"}), "waiting-release"),
        ("split", json!({"subject": "Ещё одно"}), "waiting-release"),
        ("link", json!({"to": 2, "kind": "similar"}), "waiting-release"),
        ("route", json!({"line": 1}), "waiting-release"),
        ("resolve", json!({"text": "Обновите драйвер"}), "closed"),
        ("return", json!({"reason": "не помогло"}), "in-progress"),
        ("resolve", json!({"text": "Переустановите драйвер"}), "closed"),
        ("confirm", json!({}), "closed"),
    ] {
        let answer = world.post(&path(verb), "agent", &body).await.ok(200);
        assert_eq!(answer.json()["status"], status, "{verb}");
        assert_eq!(answer.header("andon-changed"), "true", "{verb}");
    }
    let closed = world.post(&path("reply"), "agent", &json!({"text": "Ещё"})).await;
    let problem = closed.problem(409, "closed").json();
    assert_eq!((&problem["ticket"], &problem["ticket_status"]), (&json!(number), &json!("closed")));
}

#[tokio::test]
async fn an_if_match_of_an_older_revision_changes_nothing() {
    let world = World::new().await;
    let path = format!("/v1/tickets/{}/reply", world.register().await);
    let reply = |tag: &str| {
        with_json(ask(Method::POST, &path, "agent").header("if-match", tag), &json!({"text": "Да"}))
    };
    world.send(reply("\"1\"")).await.ok(200);
    let problem = world.send(reply("\"1\"")).await.problem(412, "revision-changed");
    assert_eq!(problem.json()["revision"], 2);
    world.send(reply("\"1\", \"2\"")).await.ok(200);
    world.send(reply("*")).await.ok(200);
    assert_eq!(world.send(reply("seven")).await.problem(422, "invalid-fields").fields(), ["If-Match"]);
    assert_eq!(world.get("/v1/tickets/1").await.json()["revision"], 4);
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let world = World::new().await;
    world.register().await;
    let request = ask(Method::GET, "/v1/tickets/1", "viewer").header("if-none-match", "\"1\"");
    let answer = world.send(request.body(Body::empty()).expect("a request")).await.ok(304);
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("etag"), "\"1\"");
}

#[tokio::test]
async fn the_same_key_and_body_gets_the_first_answer_again_also_after_a_restart() {
    let world = World::new().await;
    let register = |who: &str, body: &Value| {
        with_json(ask(Method::POST, "/v1/tickets", who).header("idempotency-key", "order-17"), body)
    };
    let first = world.send(register("agent", &error())).await.ok(201);
    world.post("/v1/tickets/1/take", "lead", &json!({})).await.ok(200);
    let again = world.send(register("agent", &error())).await.ok(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json(), first.json());
    for header in ["location", "etag", "andon-changed"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    let world = world.restarted();
    let again = world.send(register("agent", &error())).await.ok(201);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
    let mut other = error();
    other["subject"] = json!("Другое");
    world.send(register("agent", &other)).await.problem(422, "idempotency-key-reused");
    // Keys of different tokens never meet.
    let others = world.send(register("lead", &other)).await.ok(201);
    assert_eq!(others.json()["number"], 2);
}

#[tokio::test]
async fn a_key_is_for_one_verb_of_one_ticket() {
    let world = World::new().await;
    let number = world.register().await;
    let text = json!({"text": "Слова"});
    let send = |verb: &str| {
        let request = ask(Method::POST, &format!("/v1/tickets/{number}/{verb}"), "agent");
        with_json(request.header("idempotency-key", "k"), &text)
    };
    world.send(send("reply")).await.ok(200);
    assert_eq!(world.send(send("reply")).await.ok(200).header("idempotent-replayed"), "true");
    world.send(send("ask")).await.problem(422, "idempotency-key-reused");
    assert_eq!(world.get("/v1/tickets/1").await.json()["revision"], 2);
}

#[tokio::test]
async fn the_key_of_a_request_that_changed_nothing_is_taken_for_no_other_either() {
    let world = World::new().await;
    let send = |path: &str, key: &str| {
        with_json(ask(Method::POST, path, "agent").header("idempotency-key", key), &json!({}))
    };
    let (first, second) = (world.register().await, world.register().await);
    let path = |ticket: u64| format!("/v1/tickets/{ticket}/take");
    world.post(&path(first), "agent", &json!({})).await.ok(200);
    let unchanged = world.send(send(&path(first), "k")).await.ok(200);
    assert_eq!(unchanged.header("andon-changed"), "false");
    world.send(send(&path(second), "k")).await.problem(422, "idempotency-key-reused");
    assert_eq!(world.get(&format!("/v1/tickets/{second}")).await.json()["assignee"], Value::Null);
    let batch = json!({"commands": [{"do": "take", "ticket": second}]});
    let with_batch =
        with_json(ask(Method::POST, "/v1/batch", "agent").header("idempotency-key", "k"), &batch);
    world.send(with_batch).await.problem(422, "idempotency-key-reused");
    // Whatever happened meanwhile, the first answer comes again.
    let more = json!({"text": "Смотрим"});
    world.post(&format!("/v1/tickets/{first}/reply"), "agent", &more).await.ok(200);
    let again = world.send(send(&path(first), "k")).await.ok(200);
    assert_eq!((again.header("andon-changed"), again.header("idempotent-replayed")), ("false", "true"));
    assert_eq!(again.json()["revision"], unchanged.json()["revision"]);
    // A batch of which nothing changed anything is known by its key, too.
    let batch = json!({"commands": [{"do": "take", "ticket": first}]});
    let send_batch =
        || with_json(ask(Method::POST, "/v1/batch", "agent").header("idempotency-key", "b"), &batch);
    assert_eq!(world.send(send_batch()).await.ok(200).json()["results"][0]["changed"], false);
    assert_eq!(world.send(send_batch()).await.ok(200).json()["results"][0]["status"], 200);
    world.send(send(&path(second), "b")).await.problem(422, "idempotency-key-reused");
    // A restart forgets it, and what changed nothing changes nothing again.
    let world = world.restarted();
    let anew = world.send(send(&path(first), "k")).await.ok(200);
    assert_eq!((anew.header("andon-changed"), anew.header("idempotent-replayed")), ("false", ""));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let world = World::new().await;
    for key in ["", "two words", "ключ", &"x".repeat(256)] {
        let request = ask(Method::POST, "/v1/tickets", "agent").header("idempotency-key", key.as_bytes());
        let answer = world.send(with_json(request, &error())).await.problem(422, "invalid-fields");
        assert_eq!(answer.fields(), ["Idempotency-Key"], "{key}");
    }
    let request = ask(Method::POST, "/v1/tickets", "agent").header("idempotency-key", "x".repeat(255));
    world.send(with_json(request, &error())).await.ok(201);
}

#[tokio::test]
async fn a_stopped_desk_says_when_to_come_back() {
    let mut world = World::new().await;
    world.handle.stop();
    world.thread.take().expect("the loop runs").join().expect("it ends");
    let answer = world.post("/v1/tickets", "agent", &error()).await.problem(503, "stopping");
    assert_eq!(answer.header("retry-after"), "5");
    world.get("/readyz").await.problem(503, "stopping");
    world.get("/healthz").await.ok(200);
}

#[tokio::test]
async fn a_preview_tells_the_clocks_and_keeps_nothing() {
    let world = World::new().await;
    let mut body = error();
    body["at"] = json!("2026-11-27T17:30:00+03:00");
    let preview = world.post("/v1/sla/preview", "viewer", &body).await.ok(200).json();
    for (field, expected) in [
        ("at", json!("2026-11-27T17:30:00.000+03:00")),
        ("regulation", json!("getmark")),
        ("type", json!("error")),
        ("priority", json!("high")),
        ("status", json!("new")),
        ("line", json!(2)),
        ("incomplete", json!(false)),
    ] {
        assert_eq!(preview[field], expected, "{field}");
    }
    // Half an hour of Friday, nine hours of Monday, and the rest on Tuesday.
    let resolution = &preview["clocks"][0];
    assert_eq!(resolution["metric"], "resolution");
    assert_eq!(resolution["deadline"], "2026-12-01T11:30:00.000+03:00");
    assert_eq!(world.get("/v1/tickets").await.json(), json!([]));
    // Left out, `at` is now; long ago is as good.
    world.post("/v1/sla/preview", "intake", &error()).await.ok(200);
    body["at"] = json!("2024-07-01T09:00:00Z");
    let preview = world.post("/v1/sla/preview", "agent", &body).await.ok(200).json();
    assert_eq!(preview["clocks"][0]["deadline"], "2024-07-02T15:00:00.000+03:00");
}

#[tokio::test]
async fn the_buzzer_is_muted_for_a_time_and_no_longer_than_a_day() {
    let world = World::new().await;
    let mute = async |length: &str| world.post("/v1/board/mute", "agent", &json!({"for": length})).await;
    assert!(mute("30m").await.ok(200).json()["muted_until"].is_string());
    assert!(world.get("/v1/board").await.json()["muted_until"].is_string());
    assert_eq!(mute("0s").await.ok(200).json()["muted_until"], Value::Null);
    for bad in ["25h", "half an hour", "", "30"] {
        assert_eq!(mute(bad).await.problem(422, "invalid-fields").fields(), ["for"], "{bad}");
    }
    world.post("/v1/board/mute", "agent", &json!({})).await.problem(422, "invalid-fields");
    world.post("/v1/board/mute", "viewer", &json!({"for": "30m"})).await.problem(403, "forbidden");
}

#[tokio::test]
async fn an_alarm_is_taken_once() {
    let world = World::new().await;
    world.register().await;
    let critical = json!({"to": "critical", "reason": "всё стоит"});
    world.post("/v1/tickets/1/priority", "agent", &critical).await.ok(200);
    let alarms = world.get("/v1/alarms").await.ok(200).json();
    assert_eq!((&alarms[0]["kind"], &alarms[0]["state"]), (&json!("critical"), &json!("unacked")));
    let id = alarms[0]["id"].as_str().expect("an alarm has an id");
    let path = format!("/v1/alarms/{id}/ack");
    world.post(&path, "viewer", &json!({})).await.problem(403, "forbidden");
    let taken = world.post(&path, "agent", &json!({})).await.ok(200).json();
    assert_eq!(taken, json!({"id": id, "changed": true}));
    assert_eq!(world.post(&path, "lead", &json!({})).await.ok(200).json()["changed"], false);
    assert_eq!(world.get("/v1/alarms").await.json()[0]["acked_by"], "agent");
    world.post("/v1/alarms/7-breach-line-1/ack", "agent", &json!({})).await.problem(404, "not-found");
    assert_eq!(
        world.post(&path, "agent", &json!({"by": "x"})).await.problem(422, "invalid-fields").fields(),
        ["by"]
    );
}

/// The secret of a token of that name, role and more, that is added now.
async fn add_token(world: &World, body: &Value) -> String {
    let added = world.post("/v1/tokens", "admin", body).await.ok(201).json();
    added["secret"].as_str().expect("the secret is shown").to_owned()
}

#[tokio::test]
async fn a_token_that_is_added_anew_under_a_name_gets_no_answers_of_the_one_before() {
    let world = World::new().await;
    let first = add_token(&world, &json!({"name": "bot", "role": "agent"})).await;
    let ticket = error();
    let send = |secret: &str, path: &str, body: &Value| {
        with_json(ask(Method::POST, path, secret).header("idempotency-key", "k"), body)
    };
    world.send(send(&first, "/v1/tickets", &ticket)).await.ok(201);
    let batch = json!({"commands": [{"do": "reply", "ticket": 1, "text": "x"}]});
    let keyed = |secret: &str| {
        with_json(ask(Method::POST, "/v1/batch", secret).header("idempotency-key", "b"), &batch)
    };
    world.send(keyed(&first)).await.ok(200);
    world.send(without_body(ask(Method::DELETE, "/v1/tokens/bot", "admin"))).await.ok(204);
    let second = add_token(&world, &json!({"name": "bot", "role": "viewer"})).await;
    world.send(send(&second, "/v1/tickets", &ticket)).await.problem(403, "forbidden");
    world.send(keyed(&second)).await.problem(403, "forbidden");
    world.send(without_body(ask(Method::DELETE, "/v1/tokens/bot", "admin"))).await.ok(204);
    // Nor does its key stand in the way of the next: that is another's.
    let third = add_token(&world, &json!({"name": "bot", "role": "agent", "channels": ["phone"]})).await;
    let mut other = error();
    other["channel"] = json!("phone");
    let answer = world.send(send(&third, "/v1/tickets", &other)).await.ok(201);
    assert_eq!((answer.header("idempotent-replayed"), &answer.json()["number"]), ("", &json!(2)));
    world.send(send(&third, "/v1/tickets", &ticket)).await.problem(422, "idempotency-key-reused");
    let told = world.send(keyed(&third)).await.ok(200);
    assert_eq!(
        (told.header("idempotent-replayed"), &told.json()["results"][0]["code"]),
        ("", &json!("not-found"))
    );
}

#[tokio::test]
async fn what_the_first_versions_remember_of_a_name_is_given_again_to_who_may_see_it() {
    let world = World::new().await;
    let body = error();
    let request = [&b"POST"[..], b"/v1/tickets", body.to_string().as_bytes()].join(&b'\n');
    let sum = secret::hash(&request).into();
    let old = crate::desk::event::Receipt { key: "bot:k".into(), request: sum, step: None, token: None };
    let register = crate::desk::command::Register::from_json(body.clone()).expect("a registration");
    let bot = Actor::named("bot", Role::Agent);
    world.handle.command(Command::Register(register), bot, Some(old)).await.expect("it is registered");
    let send = |secret: &str| {
        with_json(ask(Method::POST, "/v1/tickets", secret).header("idempotency-key", "k"), &body)
    };
    let same = add_token(&world, &json!({"name": "bot", "role": "agent"})).await;
    let again = world.send(send(&same)).await.ok(201);
    assert_eq!((again.header("idempotent-replayed"), &again.json()["number"]), ("true", &json!(1)));
    world.send(without_body(ask(Method::DELETE, "/v1/tokens/bot", "admin"))).await.ok(204);
    let other = add_token(&world, &json!({"name": "bot", "role": "agent", "channels": ["phone"]})).await;
    world.send(send(&other)).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_ticket_that_another_agent_has_is_assigned_with_a_reason_only() {
    let world = World::new().await;
    world.register().await;
    let send = |verb: &str, who: &str, body: Value| {
        let request = ask(Method::POST, &format!("/v1/tickets/1/{verb}"), who);
        world.send(with_json(request, &body))
    };
    send("assign", "agent", json!({"agent": "petrov"})).await.ok(200);
    for body in
        [json!({"agent": "ivanova"}), json!({"group": "print"}), json!({"agent": "lead", "reason": " "})]
    {
        for who in ["agent", "lead", "head"] {
            let told = send("assign", who, body.clone()).await.problem(409, "taken").json();
            assert_eq!(told["ticket"], 1, "{told}");
        }
    }
    send("take", "lead", json!({})).await.problem(409, "taken");
    send("assign", "agent", json!({"agent": "petrov"})).await.ok(200);
    send("assign", "lead", json!({"agent": "agent", "reason": "Петров в отпуске"})).await.ok(200);
    // Whoever has it may give it away.
    send("assign", "agent", json!({"group": "print"})).await.ok(200);
    send("assign", "lead", json!({"agent": "ivanova"})).await.ok(200);
}

#[tokio::test]
async fn a_weak_tag_matches_no_revision() {
    let world = World::new().await;
    world.register().await;
    let send = |tag: &str| {
        let request = ask(Method::POST, "/v1/tickets/1/reply", "agent").header("if-match", tag);
        world.send(with_json(request, &json!({"text": "Смотрим"})))
    };
    let told = send("W/\"1\"").await.problem(412, "revision-changed").json();
    assert_eq!(told["revision"], 1, "{told}");
    send("W/\"1\", \"1\"").await.ok(200);
}

#[tokio::test]
async fn a_body_that_is_packed_is_refused_with_what_is_taken() {
    let world = World::new().await;
    world.register().await;
    let path = "/v1/tickets/1/reply";
    for (encoding, is_taken) in
        [("identity", true), ("IDENTITY", true), ("gzip", false), ("identity, br", false), ("", false)]
    {
        let request = ask(Method::POST, path, "agent").header("content-encoding", encoding);
        let answer = world.send(with_json(request, &json!({"text": "Смотрим"}))).await;
        if is_taken {
            answer.ok(200);
        } else {
            assert_eq!(answer.problem(415, "unsupported-encoding").header("accept-encoding"), "identity");
        }
    }
    for (method, path) in
        [(Method::POST, "/v1/tickets/1/attachments"), (Method::PUT, "/v1/tickets/1/sealed/password")]
    {
        let request = ask(method, path, "agent").header("content-encoding", "gzip");
        world.send(with_json(request, &json!({"text": "x"}))).await.problem(415, "unsupported-encoding");
    }
}
