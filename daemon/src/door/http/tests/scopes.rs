//! Tokens that are for some tickets only.

use calendars::Timestamp;
use serde_json::{Value, json};

use super::*;

/// Words of a ticket that no scoped token may see.
const FOREIGN: &str = "Секретный принтер";

impl World {
    /// Adds a token over HTTP and gives its secret.
    async fn token(&self, body: &Value) -> String {
        let added = self.post("/v1/tokens", "admin", body).await.ok(201).json();
        added["secret"].as_str().expect("the secret is shown").to_owned()
    }

    async fn get_as(&self, path: &str, secret: &str) -> Answer {
        self.send(without_body(ask(Method::GET, path, secret))).await
    }
}

/// A registration by a channel of getmark.
fn by(channel: &str, subject: &str) -> Value {
    let mut body = error();
    body["channel"] = channel.into();
    body["subject"] = subject.into();
    body
}

/// A desk under two regulations with ticket 1 by e-mail, 2 by telephone, and 3 of the other regulation by telephone.
async fn world() -> World {
    let dir = tempfile::tempdir().expect("a directory for tests can be made");
    let shipped = |id| shipped::get(id).expect("it is shipped").expect("it is whole");
    let regulations = Regulations::new(vec![shipped("getmark"), shipped("itsm")]);
    let world = World::under(dir.path(), regulations).kept_in(dir).await;
    let incident = json!({"regulation": "itsm", "channel": "phone", "type": "incident", "priority": "p1",
        "subject": FOREIGN, "requester": {"name": "Ольга"}, "fields": {"category": "business-apps", "subcategory": "1c"}});
    let mut tickets = vec![by("email", "Письмо"), by("phone", FOREIGN)];
    for ticket in &mut tickets {
        ticket["regulation"] = "getmark".into();
    }
    for body in tickets.into_iter().chain([incident]) {
        world.post("/v1/tickets", "agent", &body).await.ok(201);
    }
    world
}

fn email_of_getmark(role: &str) -> Value {
    json!({"name": format!("mail-{role}"), "role": role, "regulations": ["getmark"], "channels": ["email"]})
}

#[tokio::test]
async fn a_scoped_token_reads_what_its_scope_covers_and_the_rest_is_not_there() {
    let world = world().await;
    let secret = world.token(&email_of_getmark("viewer")).await;
    let numbers = |answer: Answer| -> Vec<u64> {
        let list = answer.ok(200).json();
        list.as_array().expect("a list").iter().filter_map(|ticket| ticket["number"].as_u64()).collect()
    };
    assert_eq!(numbers(world.get_as("/v1/tickets", &secret).await), [1]);
    assert_eq!(numbers(world.get("/v1/tickets").await), [3, 2, 1]);
    for path in ["", "/history", "/explain"] {
        world.get_as(&format!("/v1/tickets/1{path}"), &secret).await.ok(200);
        for other in [2, 3] {
            let there = world.get_as(&format!("/v1/tickets/{other}{path}"), &secret).await;
            let absent =
                world.get_as(&format!("/v1/tickets/99{path}"), &secret).await.problem(404, "not-found");
            let told = there.problem(404, "not-found").json()["detail"].to_string();
            assert_eq!(told.replace(&other.to_string(), "99"), absent.json()["detail"].to_string());
        }
    }
    let told = world.get_as("/v1/board", &secret).await.problem(403, "out-of-scope").json();
    assert_eq!(
        told["detail"],
        "the wall is not among what this token is for: regulation getmark; channel email"
    );
    for (path, what) in [("/v1/status", "how the whole desk is"), ("/v1/archive", "the archive")] {
        let told = world.get_as(path, &secret).await.problem(403, "out-of-scope").json();
        assert!(told["detail"].as_str().is_some_and(|told| told.starts_with(what)), "{path}: {told}");
        world.get(path).await.ok(200);
    }
}

#[tokio::test]
async fn nothing_that_a_scoped_token_gets_anywhere_speaks_of_other_tickets() {
    let world = world().await;
    let secret = world.token(&email_of_getmark("head")).await;
    let document = world.get("/openapi.json").await.ok(200).json();
    for path in document["paths"].as_object().expect("the document has paths").keys() {
        if !path.starts_with("/v1/") || path == "/v1/events" {
            continue;
        }
        let path = path.replace("{number}", "2").replace("{id}", "getmark").replace("{name}", "x");
        let answer = world.get_as(&path, &secret).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!text.contains(FOREIGN), "GET {path}: {text}");
    }
}

#[tokio::test]
async fn the_stream_tells_a_scoped_token_of_its_own_tickets_only() {
    let world = world().await;
    let secret = world.token(&email_of_getmark("viewer")).await;
    let request = ask(Method::GET, "/v1/events?last_event_id=0", &secret);
    let response = world.router.clone().oneshot(without_body(request)).await.expect("a router answers");
    let mut body = response.into_body().into_data_stream();
    // The last of what is told from the record is an event of ticket 1: a reply that comes after everything else.
    world.post("/v1/tickets/2/reply", "agent", &json!({"text": "чужое"})).await.ok(200);
    world.post("/v1/tickets/1/reply", "agent", &json!({"text": "конец"})).await.ok(200);
    let mut told = Vec::new();
    while !String::from_utf8_lossy(&told).contains("конец") {
        let chunk = futures_util::StreamExt::next(&mut body).await.expect("it goes on").expect("it is whole");
        told.extend_from_slice(&chunk);
    }
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(told.contains("Письмо") && told.contains("\"ticket\":1"), "{told}");
    for foreign in [FOREIGN, "чужое", "\"ticket\":2", "\"ticket\":3", "\"ticket\":null", "token-added"] {
        assert!(!told.contains(foreign), "{foreign}: {told}");
    }
}

#[tokio::test]
async fn alarms_are_told_by_the_scope_and_taken_by_it() {
    let world = world().await;
    let priority = json!({"to": "critical", "reason": "Касса стоит"});
    for number in [1, 2] {
        world.post(&format!("/v1/tickets/{number}/priority"), "agent", &priority).await.ok(200);
    }
    let secret = world.token(&email_of_getmark("agent")).await;
    let alarms = world.get_as("/v1/alarms", &secret).await.ok(200).json();
    let alarms: Vec<_> =
        alarms.as_array().expect("a list").iter().map(|alarm| alarm["ticket"].clone()).collect();
    assert_eq!(alarms, [1]);
    let all = world.get("/v1/alarms").await.ok(200).json();
    let id_of = |ticket: u64| {
        let all = all.as_array().expect("a list").iter();
        let of = all.clone().find(|alarm| alarm["ticket"] == ticket).expect("it calls");
        of["id"].as_str().expect("it has an id").to_owned()
    };
    for (ticket, verb, body) in [
        (2, "ack", json!({})),
        (2, "shelve", json!({"for": "5m", "reason": "x"})),
        (2, "unshelve", json!({})),
    ] {
        let path = format!("/v1/alarms/{}/{verb}", id_of(ticket));
        let told = world.post(&path, &secret, &body).await.problem(404, "not-found").json();
        let absent = world.post(&format!("/v1/alarms/none/{verb}"), &secret, &body).await;
        let absent = absent.problem(404, "not-found").json();
        assert_eq!(told["detail"].to_string().replace(&id_of(ticket), "none"), absent["detail"].to_string());
    }
    world.post(&format!("/v1/alarms/{}/ack", id_of(1)), &secret, &json!({})).await.ok(200);
    for (path, body) in [("/v1/board/mute", json!({"for": "5m"})), ("/v1/board/silence", json!({}))] {
        world.post(path, &secret, &body).await.problem(403, "out-of-scope");
    }
}

#[tokio::test]
async fn a_scoped_token_changes_nothing_outside_its_scope_by_any_verb() {
    let world = world().await;
    let secret = world.token(&email_of_getmark("head")).await;
    for number in [2, 3] {
        let before = world.get(&format!("/v1/tickets/{number}")).await.json();
        for verb in crate::desk::Act::VERBS {
            let path = format!("/v1/tickets/{number}/{verb}");
            let body = if verb == "link" { json!({"to": 1, "kind": "similar"}) } else { json!({}) };
            let absent = world.post(&format!("/v1/tickets/99/{verb}"), &secret, &body).await;
            let absent = String::from_utf8(absent.body).expect("JSON").replace("99", &number.to_string());
            let told = world.post(&path, &secret, &body).await;
            assert_eq!(String::from_utf8(told.body).expect("JSON"), absent, "{verb}");
            // Nor does a wrong revision tell which is right.
            let request = ask(Method::POST, &path, &secret).header("if-match", "\"77\"");
            let told = world.send(with_json(request, &body)).await;
            assert_eq!(String::from_utf8(told.body).expect("JSON"), absent, "{verb}");
        }
        assert_eq!(world.get(&format!("/v1/tickets/{number}")).await.json()["revision"], before["revision"]);
    }
    world.post("/v1/tickets/1/reply", &secret, &json!({"text": "Смотрим"})).await.ok(200);
    for (path, body, field) in [
        ("/v1/tickets/1/link", json!({"to": 2, "kind": "similar"}), "to"),
        ("/v1/tickets", json!({"follows": 2}), "follows"),
    ] {
        let mut body = body;
        if path == "/v1/tickets" {
            body = by("email", "Ещё раз");
            body["regulation"] = "getmark".into();
            body["follows"] = 2.into();
        }
        let told = world.post(path, &secret, &body).await.problem(422, "invalid-fields").json();
        assert_eq!(told["errors"], json!([{"field": field, "message": "there is no ticket 2"}]));
    }
}

/// An answer's text without the number of the ticket that was asked for.
fn unnumbered(body: Vec<u8>, number: u64) -> String {
    let text = String::from_utf8(body).expect("JSON");
    text.replace(&format!("`{number}`"), "`N`").replace(&format!("ticket {number}"), "ticket N")
}

/// Every way in by which a ticket is named answers of one outside the scope what it answers of none, to the byte.
#[tokio::test]
async fn what_lies_outside_the_scope_and_what_is_not_there_cannot_be_told_apart() {
    let world = world().await;
    for role in ["viewer", "intake", "agent", "head"] {
        let secret = world.token(&email_of_getmark(role)).await;
        for (method, path, body) in [
            (Method::GET, "", None),
            (Method::GET, "/history", None),
            (Method::GET, "/explain", None),
            (Method::GET, "/alike", None),
            (Method::GET, "/attachments", None),
            (Method::GET, "/attachments/x", None),
            (Method::DELETE, "/attachments/x?reason=y", None),
            (Method::GET, "/sealed/password", None),
            (Method::PUT, "/sealed/password", Some(json!({"text": "x"}))),
            (Method::DELETE, "/sealed/password", None),
            (Method::POST, "/answer", Some(json!({"text": "x"}))),
            (Method::POST, "/reply", Some(json!({"text": "x"}))),
            (Method::POST, "/link", Some(json!({"to": 1, "kind": "similar"}))),
        ] {
            let mut told = Vec::new();
            for number in [2, 3, 99] {
                let path = format!("/v1/tickets/{number}{path}");
                let request = ask(method.clone(), &path, &secret);
                let answer = match &body {
                    Some(body) => world.send(with_json(request, body)).await,
                    None => world.send(without_body(request)).await,
                };
                told.push((answer.status, unnumbered(answer.body, number)));
            }
            assert_eq!((&told[0], &told[1]), (&told[2], &told[2]), "{role} {method} {path}");
        }
        let batch = |number: u64| json!({"commands": [{"do": "answer", "ticket": number, "text": "x"}, {"do": "link", "ticket": 1, "to": number, "kind": "similar"}]});
        let mut told = Vec::new();
        for number in [2, 3, 99] {
            let answer = world.post("/v1/batch", &secret, &batch(number)).await;
            told.push(unnumbered(answer.body, number));
        }
        assert_eq!((&told[0], &told[1]), (&told[2], &told[2]), "{role}: batch");
    }
}

#[tokio::test]
async fn whoever_keeps_the_box_is_told_of_calls_for_what_lies_outside_a_scope() {
    let world = world().await;
    let secret = world.token(&email_of_getmark("agent")).await;
    for number in [2, 99] {
        world.get_as(&format!("/v1/tickets/{number}"), &secret).await.problem(404, "not-found");
        let batch = json!({"commands": [{"do": "take", "ticket": number}]});
        world.post("/v1/batch", &secret, &batch).await.ok(200);
    }
    let denials = world.get_as("/v1/denials", "admin").await.ok(200).json();
    let told: Vec<_> = denials.as_array().expect("a list").iter().map(|denial| &denial["code"]).collect();
    assert_eq!((told, &denials[0]["count"]), (vec![&json!("out-of-scope")], &json!(2)), "{denials}");
}

#[tokio::test]
async fn a_problem_that_is_worked_on_as_a_ticket_outside_the_scope_is_told_without_its_number() {
    let world = world().await;
    let link = json!({"to": 2, "kind": "problem"});
    world.post("/v1/tickets/1/link", "agent", &link).await.ok(200);
    let secret = world.token(&email_of_getmark("agent")).await;
    let up = json!({"line": 3, "reason": "Выше"});
    let told = world.post("/v1/tickets/1/route", &secret, &up).await.problem(409, "already-worked-on").json();
    assert_eq!(
        (&told["ticket"], told["detail"].to_string().contains("ticket 2")),
        (&Value::Null, false),
        "{told}"
    );
    let told = world.post("/v1/tickets/1/route", "agent", &up).await.problem(409, "already-worked-on").json();
    assert_eq!(
        (&told["ticket"], told["detail"].to_string().contains("ticket 2")),
        (&json!(2), true),
        "{told}"
    );
}

#[tokio::test]
async fn a_scoped_token_registers_and_previews_within_its_scope_only() {
    let world = world().await;
    let secret = world.token(&email_of_getmark("intake")).await;
    let body = |regulation: &str, channel: &str| {
        let mut body = by(channel, "Проба");
        body["regulation"] = regulation.into();
        body
    };
    for path in ["/v1/tickets", "/v1/sla/preview"] {
        for (regulation, channel, what) in [
            ("getmark", "phone", "registering by the channel `phone`"),
            ("itsm", "email", "registering under `itsm`"),
        ] {
            let told =
                world.post(path, &secret, &body(regulation, channel)).await.problem(403, "out-of-scope");
            let expected =
                format!("{what} is not among what this token is for: regulation getmark; channel email");
            assert_eq!(told.json()["detail"], expected, "{path}");
        }
    }
    world.post("/v1/sla/preview", &secret, &body("getmark", "email")).await.ok(200);
    world.post("/v1/tickets", &secret, &body("getmark", "email")).await.ok(201);
}

#[tokio::test]
async fn an_intake_token_that_is_bound_to_channels_registers_answers_and_attaches_only() {
    let world = world().await;
    let bound = world.token(&json!({"name": "post", "role": "intake", "channels": ["email"]})).await;
    world.post("/v1/tickets/1/answer", &bound, &json!({"text": "Да"})).await.ok(200);
    for (verb, body) in [("confirm", json!({})), ("return", json!({"reason": "нет"}))] {
        let path = format!("/v1/tickets/1/{verb}");
        let told = world.post(&path, &bound, &body).await.problem(403, "forbidden").json();
        assert!(
            told["detail"]
                .as_str()
                .is_some_and(|told| told.contains("may register, answer and attach files only")),
            "{told}"
        );
        // A portal's is bound to none: what stands in its way is the ticket.
        world.post(&path, "intake", &body).await.problem(409, "not-resolved");
    }
}

#[tokio::test]
async fn a_scope_that_names_what_is_not_there_is_refused_all_at_once() {
    let world = world().await;
    for (body, fields) in [
        (json!({"name": "a", "role": "agent", "regulations": ["getmarc"]}), vec!["regulations[0]"]),
        (json!({"name": "a", "role": "agent", "channels": ["email", "fax"]}), vec!["channels[1]"]),
        (
            json!({"name": "a", "role": "agent", "regulations": ["itsm"], "channels": ["telegram"]}),
            vec!["channels[0]"],
        ),
        (json!({"name": "a", "role": "agent", "channels": ["email", "email"]}), vec!["channels[1]"]),
        (
            json!({"name": "a", "role": "admin", "channels": ["email"], "regulations": ["itsm"]}),
            vec!["regulations", "channels"],
        ),
        (
            json!({"name": "a", "role": "boss", "expires": "soon", "lines": [9], "regulations": ["x", "itsm"], "channels": ["fax"]}),
            vec!["role", "lines", "expires", "regulations[0]", "channels[0]"],
        ),
        (json!({"name": "a", "role": "agent", "expires": "2020-01-01"}), vec!["expires"]),
        (json!({"name": "a", "role": "agent", "expires": "0d"}), vec!["expires"]),
        (json!({"name": "a", "role": "agent", "channel": "email"}), vec!["channel"]),
    ] {
        let refused = world.post("/v1/tokens", "admin", &body).await.problem(422, "invalid-fields");
        assert_eq!(refused.fields(), fields, "{body}");
    }
}

#[tokio::test]
async fn a_token_lets_in_until_its_time_is_over_and_then_nobody() {
    let world = World::new().await;
    let end = Timestamp::from_millis(world.handle.view().now().millis() + 500);
    let hash = secret::hash(b"short");
    let token = Token { expires_at: Some(end), ..Token::named("short", Role::Viewer, &hash) };
    let add = Command::Desk(DeskAct::AddToken(token));
    world.handle.command(add, Actor::named("test", Role::Admin), None).await.expect("it can be added");
    loop {
        let before = world.handle.view().now();
        let answer = world.get_as("/v1/whoami", "short").await;
        let after = world.handle.view().now();
        // What the desk's time is between the two looks is not known; on either side of the end it is.
        if after < end {
            answer.ok(200);
        } else if before >= end {
            let told = answer.problem(401, "token-expired").json();
            assert!(
                told["detail"].as_str().is_some_and(|told| told.starts_with("the token `short` held until"))
            );
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let list = world.get_as("/v1/tokens", "admin").await.ok(200).json();
    let short =
        list.as_array().expect("a list").iter().find(|token| token["name"] == "short").expect("it is listed");
    assert_eq!(short["expired"], true, "{short}");
}

#[test]
fn a_token_ends_at_the_instant_that_was_said_and_not_a_millisecond_sooner() {
    let token =
        Token { expires_at: Some(Timestamp::from_millis(1_000)), ..Token::named("a", Role::Viewer, "") };
    let ended = [0, 999, 1_000, 1_001].map(|ms| token.is_expired(Timestamp::from_millis(ms)));
    assert_eq!(ended, [false, false, true, true]);
    let for_good = Token::named("a", Role::Viewer, "");
    assert!(!for_good.is_expired(Timestamp::from_millis(i64::MAX)));
}

#[tokio::test]
async fn the_queue_is_told_by_the_scope_and_the_next_is_taken_within_it() {
    let world = world().await;
    let secret = world.token(&email_of_getmark("agent")).await;
    let queue = world.get_as("/v1/queue", &secret).await.ok(200).json();
    let places: Vec<_> =
        queue.as_array().expect("a list").iter().map(|one| (&one["position"], &one["number"])).collect();
    assert_eq!(places, [(&json!(1), &json!(1))]);
    let all = world.get("/v1/queue").await.ok(200).json();
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    let taken = world.post("/v1/queue/take-next", &secret, &json!({})).await.ok(200).json();
    assert_eq!((&taken["number"], &taken["assignee"]), (&json!(1), &json!("mail-agent")));
    let empty = world.post("/v1/queue/take-next", &secret, &json!({})).await.problem(404, "queue-empty");
    assert_eq!(empty.json()["detail"], "nothing waits to be taken");
}

#[tokio::test]
async fn what_is_held_by_a_ticket_outside_the_scope_is_told_without_its_number() {
    let regulation = shipped::get("bpmsoft-care").expect("it is shipped").expect("it is whole");
    let world = World::known(Regulations::new(vec![regulation])).await;
    for channel in ["phone", "email"] {
        let ticket = json!({"channel": channel, "type": "incident", "priority": "high", "subject": channel,
            "client": "ООО «Клиент»", "incomplete": true});
        world.post("/v1/tickets", "agent", &ticket).await.ok(201);
    }
    world.post("/v1/tickets/1/take", "agent", &json!({})).await.ok(200);
    let secret = world.token(&json!({"name": "post", "role": "agent", "channels": ["email"]})).await;
    let queue = world.get_as("/v1/queue", &secret).await.ok(200).json();
    let told = |queue: &Value| {
        (queue[0]["number"].clone(), queue[0]["held_by"].clone(), queue[0]["held_because"].clone())
    };
    assert_eq!(told(&queue), (json!(2), Value::Null, json!("in-work")));
    assert_eq!(told(&world.get("/v1/queue").await.json()), (json!(2), json!(1), json!("in-work")));
    let next =
        world.post("/v1/queue/take-next", &secret, &json!({})).await.problem(404, "queue-empty").json();
    assert_eq!(
        next["detail"],
        "nothing may be taken now: 1 wait for another of their client: 2 for another, which is in work"
    );
    let take =
        world.post("/v1/tickets/2/take", &secret, &json!({})).await.problem(409, "client-in-work").json();
    assert_eq!((&take["ticket"], &take["ticket_status"]), (&Value::Null, &Value::Null));
    let detail = take["detail"].as_str().unwrap_or_default();
    assert!(detail.starts_with("another ticket of the same client is in work"), "{detail}");
    let take =
        world.post("/v1/tickets/2/take", "agent", &json!({})).await.problem(409, "client-in-work").json();
    assert_eq!((&take["ticket"], &take["ticket_status"]), (&json!(1), &json!("in-progress")));
}
