//! Bad input of every kind: told by its name, with what would be right, and nothing happens.

use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn a_body_that_is_no_json_is_told_where() {
    let world = World::new().await;
    let send = async |body: &'static [u8]| {
        let request = ask(Method::POST, "/v1/tickets", "agent").header("content-type", "application/json");
        world.send(request.body(Body::from(body)).expect("a request")).await
    };
    for body in
        [&b"{"[..], b"", b"subject=x", b"{} {}", b"{\"a\":1e999}", b"\xff\xfe", b"{\"subject\":\"\xd0\"}"]
    {
        send(body).await.problem(400, "not-json");
    }
    let deep = "[".repeat(100_000);
    let request = ask(Method::POST, "/v1/tickets", "agent").header("content-type", "application/json");
    world.send(request.body(Body::from(deep)).expect("a request")).await.problem(400, "not-json");
    for body in [&b"[]"[..], b"null", b"7", b"\"text\""] {
        send(body).await.problem(422, "invalid-fields");
    }
    let detail = send(b"{\"a\":\n x}").await.json()["detail"].to_string();
    assert!(detail.contains("line 2 column"), "{detail}");
}

#[tokio::test]
async fn everything_that_is_missing_is_named_at_once() {
    let world = World::new().await;
    let answer = world.post("/v1/tickets", "agent", &json!({})).await.problem(422, "invalid-fields");
    let fields = answer.fields();
    for field in
        ["channel", "type", "subject", "requester.inn", "fields.process", "fields.steps", "fields.impact"]
    {
        assert!(fields.iter().any(|known| known == field), "{field} is not among {fields:?}");
    }
    let complete = json!({"channel": "email", "type": "error", "subject": "x", "incomplete": true});
    assert_eq!(world.post("/v1/tickets", "agent", &complete).await.ok(201).json()["incomplete"], true);
}

#[tokio::test]
async fn a_wrong_field_is_named_with_what_would_be_right() {
    let world = World::new().await;
    for (field, value, message) in [
        ("channel", json!("pigeon"), "one of phone, email, telegram, whatsapp"),
        ("type", json!("bug"), "one of consultation, error, change-request, data-correction"),
        ("priority", json!("high"), "cannot be set here"),
        ("regulation", json!("nope"), "this desk runs getmark"),
        ("subject", json!("  "), "is required"),
        ("subject", json!("x".repeat(1_001)), "at most 1000"),
        ("subject", json!(7), "must be a text, not 7"),
        ("requester.inn", json!({"inn": "7707083894"}), "check digits"),
        ("requester.inn", json!({"inn": "12"}), "10 digits"),
        ("requester.name", json!({"name": ["x"]}), "must be a text, not a list"),
        ("requester", json!(["Анна"]), "must be an object, not a list"),
        ("requester.telegram", json!({"telegram": "@x"}), "is unknown; a field is one of name, email"),
        ("fields.impact", json!({"impact": "huge"}), "one of stops-operations, hinders, none"),
        ("sbuject", json!("x"), "did you mean `subject`?"),
        ("description", json!("x".repeat(65_537)), "at most 65536"),
    ] {
        let mut body = error();
        let top = field.split('.').next().expect("a path has a beginning");
        body[top] = value;
        let answer = world.post("/v1/tickets", "agent", &body).await.problem(422, "invalid-fields");
        let errors = answer.json()["errors"].clone();
        let found = errors.as_array().into_iter().flatten().find(|error| error["field"] == field);
        let told = found.and_then(|error| error["message"].as_str()).unwrap_or_default();
        assert!(told.contains(message), "{field}: {errors}");
    }
    assert_eq!(world.get("/v1/tickets").await.json(), json!([]));
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_body_is_told_at_once() {
    let world = World::new().await;
    let body = json!({"channel": 7, "sbuject": "x", "type": "bug", "requester": {"name": 1, "inn": "12", "telegram": "@x"},
        "fields": {"impact": "huge", "process": "x"}, "incomplete": "no"});
    let mut fields = world.post("/v1/tickets", "agent", &body).await.problem(422, "invalid-fields").fields();
    fields.sort();
    // What the desk says of the type and the regulation's fields stands beside what did not even fit.
    let expected = [
        "channel",
        "fields.impact",
        "fields.steps",
        "incomplete",
        "requester.inn",
        "requester.name",
        "requester.telegram",
        "sbuject",
        "subject",
        "type",
    ];
    assert_eq!(fields, expected);
    let mut preview = body;
    preview["at"] = json!("tomorrow");
    let fields =
        world.post("/v1/sla/preview", "agent", &preview).await.problem(422, "invalid-fields").fields();
    assert_eq!((fields.len(), fields[0].as_str()), (expected.len() + 1, "at"));
    let number = world.register().await;
    let body = json!({"reason": 1, "too": "x"});
    let answer = world.post(&format!("/v1/tickets/{number}/priority"), "agent", &body).await;
    let mut fields = answer.problem(422, "invalid-fields").fields();
    fields.sort();
    assert_eq!(fields, ["reason", "to", "too"]);
}

#[tokio::test]
async fn json_that_means_two_things_is_refused() {
    let world = World::new().await;
    let send = async |kind: &str, body: &'static str| {
        let request = ask(Method::POST, "/v1/sla/preview", "agent").header("content-type", kind);
        world.send(request.body(Body::from(body)).expect("a request")).await
    };
    let json = "application/json";
    let twice =
        send(json, r#"{"subject": "a", "requester": {"inn": "1", "inn": "2"}, "subject": "b"}"#).await;
    assert_eq!(twice.problem(422, "invalid-fields").fields(), ["requester.inn", "subject"]);
    let rounded = send(json, r#"{"fields": {"article": 123456789012345678901}}"#).await;
    assert_eq!(rounded.problem(422, "invalid-fields").fields(), ["fields.article"]);
    let marked = send(json, "\u{feff}{}").await.problem(400, "not-json").json();
    assert_eq!(marked["detail"], "the body begins with a byte order mark; send it without");
    send(json, r#"{"subject": "\ud800"}"#).await.problem(400, "not-json");
    send("application/json; charset=windows-1251", "{}").await.problem(415, "unsupported-media-type");
    send("application/json; charset=\"UTF-8\"", "{}").await.problem(422, "invalid-fields");
}

#[tokio::test]
async fn an_unknown_verb_is_told_the_known_ones() {
    let world = World::new().await;
    let number = world.register().await;
    let answer = world.post(&format!("/v1/tickets/{number}/reopen"), "agent", &json!({})).await;
    let detail = answer.problem(404, "not-found").json()["detail"].to_string();
    assert!(detail.contains("`reopen`") && detail.contains("return, refuse, close"), "{detail}");
}

#[tokio::test]
async fn verbs_name_the_field_that_does_not_fit() {
    let world = World::new().await;
    let number = world.register().await;
    for (verb, body, field) in [
        ("reply", json!({}), "text"),
        ("reply", json!({"text": "x", "inernal": true}), "inernal"),
        ("reply", json!({"text": "x", "internal": "yes"}), "internal"),
        ("take", json!({"agent": "x"}), "agent"),
        ("status", json!({"to": "nwe"}), "to"),
        ("priority", json!({"to": "urgent", "reason": "x"}), "to"),
        ("route", json!({"line": 9}), "line"),
        ("route", json!({"line": 300}), "line"),
        ("link", json!({"to": 1, "kind": "twin"}), "kind"),
        ("extend", json!({"deadline": "2026-12-30T18:00:00", "reason": "x", "text": "x"}), "deadline"),
        ("extend", json!({"deadline": "tomorrow", "reason": "x", "text": "x"}), "deadline"),
    ] {
        let path = format!("/v1/tickets/{number}/{verb}");
        let answer = world.post(&path, "agent", &body).await.problem(422, "invalid-fields");
        assert_eq!(answer.fields(), [field], "{verb} {body}");
    }
    let both = world.post("/v1/tickets/1/priority", "agent", &json!({})).await.problem(422, "invalid-fields");
    assert_eq!(both.fields(), ["to", "reason"]);
    assert_eq!(world.get("/v1/tickets/1").await.json()["revision"], 1);
}

#[tokio::test]
async fn what_the_regulation_does_not_allow_is_a_conflict() {
    let world = World::new().await;
    world.register().await;
    let answer = world.post("/v1/tickets/1/status", "agent", &json!({"to": "closed"})).await;
    let problem = answer.problem(409, "move-not-allowed").json();
    assert_eq!((&problem["ticket"], &problem["ticket_status"]), (&json!(1), &json!("new")));
    world.post("/v1/tickets/1/confirm", "agent", &json!({})).await.problem(409, "not-resolved");
}

#[tokio::test]
async fn a_time_without_a_zone_is_refused_in_a_preview_together_with_the_rest() {
    let world = World::new().await;
    for at in [json!("2026-11-27T17:30:00"), json!("tomorrow"), json!(1_795_400_000)] {
        let mut body = error();
        body["at"] = at;
        let answer = world.post("/v1/sla/preview", "agent", &body).await.problem(422, "invalid-fields");
        assert_eq!(answer.fields(), ["at"]);
    }
    let mut body = error();
    body["at"] = json!("2026-11-27T17:30:00");
    body["type"] = json!("bug");
    let answer = world.post("/v1/sla/preview", "agent", &body).await.problem(422, "invalid-fields");
    assert_eq!(answer.fields(), ["at", "type"]);
}

#[tokio::test]
async fn a_preview_far_from_any_calendar_is_answered() {
    let world = World::new().await;
    for at in ["0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z"] {
        let mut body = error();
        body["at"] = json!(at);
        world.post("/v1/sla/preview", "agent", &body).await.ok(200);
    }
}

#[tokio::test]
async fn a_body_of_two_megabytes_is_too_large_and_one_within_the_limit_is_not() {
    let world = World::new().await;
    let mut body = error();
    body["description"] = json!("x".repeat(2 << 20));
    world.post("/v1/tickets", "agent", &body).await.problem(413, "too-large");
    // The length of a stream is known only at its end.
    let chunks = (0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 16]));
    let request = ask(Method::POST, "/v1/tickets", "agent").header("content-type", "application/json");
    let stream = Body::from_stream(futures_util::stream::iter(chunks));
    world.send(request.body(stream).expect("a request")).await.problem(413, "too-large");
    body["description"] = Value::Null;
    let padded = format!("{body}{}", " ".repeat((1 << 20) - body.to_string().len()));
    let request = ask(Method::POST, "/v1/tickets", "agent").header("content-type", "application/json");
    world.send(request.body(Body::from(padded)).expect("a request")).await.ok(201);
}

#[tokio::test]
async fn a_body_of_another_type_is_told_which_is_right() {
    let world = World::new().await;
    let send = async |kind: &str| {
        let request = ask(Method::POST, "/v1/tickets", "agent");
        let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
        world.send(request.body(Body::from(error().to_string())).expect("a request")).await
    };
    for kind in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"] {
        send(kind).await.problem(415, "unsupported-media-type");
    }
    for kind in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"] {
        send(kind).await.ok(201);
    }
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_problems_too() {
    let world = World::new().await;
    world.register().await;
    for path in ["/", "/v1", "/v1/nothing", "/v1/tickets/", "/v1/tickets/1/", "/nothing"] {
        world.get(path).await.problem(404, "not-found");
    }
    for path in [
        "/v1/tickets/2",
        "/v1/tickets/abc",
        "/v1/tickets/-1",
        "/v1/tickets/%FF",
        "/v1/tickets/99999999999999999999",
    ] {
        world.get(path).await.problem(404, "not-found");
        world.get(&format!("{path}/history")).await.problem(404, "not-found");
        world.post(&format!("{path}/reply"), "agent", &json!({"text": "x"})).await.problem(404, "not-found");
    }
    world.get("/v1/regulations/nope").await.problem(404, "not-found");
    let answer =
        world.send(ask(Method::PUT, "/v1/tickets", "agent").body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.problem(405, "method-not-allowed").header("allow"), "GET,HEAD,POST");
    world.post("/healthz", "agent", &json!({})).await.problem(405, "method-not-allowed");
    world.get("/v1/tickets/1/reply").await.problem(405, "method-not-allowed");
}

#[tokio::test]
async fn a_query_is_read_strictly() {
    let world = World::new().await;
    for (query, fields) in [
        ("limit=0", vec!["limit"]),
        ("limit=201", vec!["limit"]),
        ("limit=ten", vec!["limit"]),
        ("cursor=x", vec!["cursor"]),
        ("q=%FF", vec!["q"]),
        ("status=nwe&priority=urgent", vec!["status", "priority"]),
        ("overdue=maybe", vec!["overdue"]),
        ("page=2&limit=500", vec!["page", "limit"]),
    ] {
        let answer = world.get(&format!("/v1/tickets?{query}")).await.problem(422, "invalid-fields");
        assert_eq!(answer.fields(), fields, "{query}");
    }
    for path in ["/v1/alarms?limit=0", "/v1/alarms?kind=x", "/v1/events?last_event_id=x"] {
        world.get(path).await.problem(422, "invalid-fields");
    }
}

#[tokio::test]
async fn a_token_is_asked_for_with_everything_it_needs() {
    let world = World::new().await;
    for (body, fields) in [
        (json!({}), vec!["name", "role"]),
        (json!({"name": "x", "role": "boss"}), vec!["role"]),
        (json!({"name": "x", "role": "agent", "lines": [9]}), vec!["lines"]),
        (json!({"name": "two words", "role": "agent"}), vec!["name"]),
        (json!({"name": "agent", "role": "agent"}), vec!["name"]),
        (json!({"name": "x", "role": "agent", "secret": "mine"}), vec!["secret"]),
        (json!({"name": "x", "role": "agent", "lines": ["1"]}), vec!["lines[0]"]),
    ] {
        let answer = world.post("/v1/tokens", "admin", &body).await.problem(422, "invalid-fields");
        assert_eq!(answer.fields(), fields, "{body}");
    }
}
