//! Files of tickets, and access data.

use std::fs;

use super::*;
use crate::store::attachments::ATTACHMENTS_DIR;

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0....\0\0\0\0IEND\xae\x42\x60\x82";

/// A form as curl sends it.
fn form(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, bytes) in files {
        let head = format!(
            "--------x1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--------x1--\r\n");
    body
}

fn upload(who: &str, ticket: u64, body: Vec<u8>) -> Request<Body> {
    ask(Method::POST, &format!("/v1/tickets/{ticket}/attachments"), who)
        .header("content-type", "multipart/form-data; boundary=------x1")
        .body(Body::from(body))
        .expect("a request")
}

fn with_key(mut request: Request<Body>, key: &str) -> Request<Body> {
    request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
    request
}

impl World {
    async fn attach(&self, ticket: u64, files: &[(&str, &[u8])]) -> Answer {
        self.send(upload("agent", ticket, form(files))).await
    }

    async fn call(&self, method: Method, path: &str, who: &str) -> Answer {
        self.send(ask(method, path, who).body(Body::empty()).expect("a request")).await
    }

    fn kept(&self) -> Vec<String> {
        let dir = self.shared.facts.state_dir.join(ATTACHMENTS_DIR);
        let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
        entries.map(|entry| entry.expect("a file").file_name().into_string().expect("text")).collect()
    }
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_with_headers_that_let_nothing_run() {
    let world = World::new().await;
    let ticket = world.register().await;
    let added = world.attach(ticket, &[("C:\\Снимки\\Экран 1.png", PNG)]).await.ok(201);
    let file = &added.json()[0];
    assert_eq!((&file["name"], &file["media_type"]), (&json!("Экран 1.png"), &json!("image/png")));
    assert_eq!((&file["bytes"], &file["by"]), (&json!(PNG.len()), &json!("agent")));
    let path = added.header("location").to_owned();
    assert_eq!(path, format!("/v1/tickets/{ticket}/attachments/{}", file["id"].as_str().expect("an id")));
    let given = world.get(&path).await.ok(200);
    assert_eq!(given.body, PNG);
    for (header, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "private, no-cache"),
        (
            "content-disposition",
            "attachment; filename=\"_____ 1.png\"; filename*=UTF-8''%D0%AD%D0%BA%D1%80%D0%B0%D0%BD%201.png",
        ),
    ] {
        assert_eq!(given.header(header), value, "{header}");
    }
    assert_eq!(given.header("etag"), format!("\"{}\"", file["sha256"].as_str().expect("a sum")));
    let known = ask(Method::GET, &path, "viewer").header("if-none-match", given.header("etag"));
    world.send(known.body(Body::empty()).expect("a request")).await.ok(304);
    let shown = world.get(&format!("/v1/tickets/{ticket}")).await.ok(200).json();
    assert_eq!(&shown["attachments"][0], file);
    assert_eq!(world.get(&format!("/v1/tickets/{ticket}/attachments")).await.json()[0], *file);
    assert_eq!(world.restarted().get(&path).await.ok(200).body, PNG);
}

#[tokio::test]
async fn a_form_brings_all_of_its_files_or_none() {
    let world = World::new().await;
    let ticket = world.register().await;
    let bad: &[u8] = b"MZ\x90\0\x03\0\0\0";
    let refused = world.attach(ticket, &[("a.png", PNG), ("b.png", bad)]).await;
    let told = refused.problem(415, "unsupported-attachment").json()["detail"].to_string();
    assert!(told.contains("portable-executable") && told.contains("jpg, gif, png, pdf, text"), "{told}");
    assert_eq!(world.kept(), Vec::<String>::new());
    let added =
        world.attach(ticket, &[("a.png", PNG), ("b.log", "строка\n".as_bytes())]).await.ok(201).json();
    assert_eq!(added.as_array().map(Vec::len), Some(2));
    assert_eq!(world.kept().len(), 2);
}

#[tokio::test]
async fn what_is_no_form_or_brings_nothing_is_refused_with_the_way_out() {
    let world = World::new().await;
    let ticket = world.register().await;
    let path = format!("/v1/tickets/{ticket}/attachments");
    world.post(&path, "agent", &json!({})).await.problem(415, "unsupported-media-type");
    world.attach(ticket, &[]).await.problem(422, "invalid-fields");
    world.attach(ticket, &[("empty.log", b"")]).await.problem(422, "invalid-fields");
    let no_file =
        b"--------x1\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n--------x1--\r\n";
    let told = world.send(upload("agent", ticket, no_file.to_vec())).await.problem(422, "invalid-fields");
    assert_eq!(told.fields(), ["note"]);
    let cut = form(&[("a.png", PNG)]);
    world.send(upload("agent", ticket, cut[..cut.len() - 20].to_vec())).await.problem(400, "incomplete-body");
    world.send(upload("agent", ticket, vec![b'x'; 300_000])).await.problem(400, "incomplete-body");
    world.send(upload("viewer", ticket, form(&[("a.png", PNG)]))).await.problem(403, "forbidden");
    world.attach(99, &[("a.png", PNG)]).await.problem(404, "not-found");
    assert_eq!(world.kept(), Vec::<String>::new());
}

#[tokio::test]
async fn room_is_bounded_by_file_form_and_ticket() {
    let world = World::new().await;
    let ticket = world.register().await;
    let long = vec![b'a'; (1 << 20) + 1];
    world.attach(ticket, &[("a.log", &long)]).await.problem(413, "too-large");
    let mega = &long[..1 << 20];
    world.attach(ticket, &[("a", mega), ("b", mega), ("c", mega)]).await.problem(413, "too-large");
    world.attach(ticket, &[("a", mega), ("b", mega)]).await.ok(201);
    world.attach(ticket, &[("c.png", PNG)]).await.problem(409, "too-many-attachments");
    assert_eq!(world.kept().len(), 2);
    let status = world.get("/v1/status").await.ok(200).json();
    assert_eq!((&status["attachments"], &status["sizes"]["attachments"]), (&json!(2), &json!(2 << 20)));
}

#[tokio::test]
async fn the_same_form_under_a_key_is_taken_once_whatever_is_between_its_parts() {
    let world = World::new().await;
    let ticket = world.register().await;
    let first = world.send(with_key(upload("agent", ticket, form(&[("a.png", PNG)])), "k1")).await.ok(201);
    let path = format!("/v1/tickets/{ticket}/attachments");
    let other = String::from_utf8_lossy(&form(&[("a.png", b"#")])).replace("------x1", "------y2");
    let (head, tail) = other.split_once('#').expect("a place for the file");
    let again = ask(Method::POST, &path, "agent")
        .header("content-type", "multipart/form-data; boundary=------y2")
        .header("idempotency-key", "k1")
        .body(Body::from([head.as_bytes(), PNG, tail.as_bytes()].concat()))
        .expect("a request");
    let again = world.send(again).await.ok(201);
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(world.kept().len(), 1);
    let another = with_key(upload("agent", ticket, form(&[("b.png", PNG)])), "k1");
    world.send(another).await.problem(422, "idempotency-key-reused");
    assert_eq!(world.kept().len(), 1);
}

#[tokio::test]
async fn a_lead_removes_a_file_with_a_reason_and_the_event_stays() {
    let world = World::new().await;
    let ticket = world.register().await;
    let path = world.attach(ticket, &[("a.png", PNG)]).await.ok(201).header("location").to_owned();
    world.call(Method::DELETE, &format!("{path}?reason=x"), "agent").await.problem(403, "forbidden");
    assert_eq!(
        world.call(Method::DELETE, &path, "lead").await.problem(422, "invalid-fields").fields(),
        ["reason"]
    );
    world.call(Method::DELETE, &format!("{path}?reason=other%20data"), "lead").await.ok(204);
    world.get(&path).await.problem(404, "not-found");
    world.call(Method::DELETE, &format!("{path}?reason=x"), "lead").await.problem(404, "not-found");
    assert_eq!(world.kept(), Vec::<String>::new());
    let history = world.get(&format!("/v1/tickets/{ticket}/history")).await.json().to_string();
    assert!(
        history.contains("\"event\":\"attachment-removed\"") && history.contains("other data"),
        "{history}"
    );
}

#[tokio::test]
async fn a_file_that_is_lost_is_told_and_is_told_no_more_when_it_is_back() {
    let world = World::new().await;
    let ticket = world.register().await;
    let path = world.attach(ticket, &[("a.png", PNG)]).await.ok(201).header("location").to_owned();
    let file = world.shared.facts.state_dir.join(ATTACHMENTS_DIR).join(&world.kept()[0]);
    let alarms = async || world.get("/v1/alarms").await.json().to_string();
    fs::write(&file, b"other").expect("it can be spoilt");
    world.get(&path).await.problem(410, "attachment-lost");
    assert!(alarms().await.contains("storage-attachments"));
    fs::remove_file(&file).expect("it can be removed");
    world.get(&path).await.problem(410, "attachment-lost");
    fs::write(&file, PNG).expect("it can be brought back");
    world.get(&path).await.ok(200);
    world.get("/v1/status").await.ok(200);
    let alarms = world.get("/v1/alarms").await.json();
    let left = alarms.as_array().expect("a list").iter().filter(|alarm| alarm["id"] == "storage-attachments");
    assert!(left.into_iter().all(|alarm| alarm["state"] == "cleared-unacked"), "{alarms}");
}

#[tokio::test]
async fn a_closed_ticket_takes_no_more_files_and_keeps_those_it_has() {
    let world = World::new().await;
    let ticket = world.register().await;
    let path = world.attach(ticket, &[("a.png", PNG)]).await.ok(201).header("location").to_owned();
    let close = json!({"reason": "Отозвано"});
    world.post(&format!("/v1/tickets/{ticket}/close"), "agent", &close).await.ok(200);
    world.attach(ticket, &[("b.png", PNG)]).await.problem(409, "closed");
    assert_eq!(world.kept().len(), 1);
    world.get(&path).await.ok(200);
    world.call(Method::DELETE, &format!("{path}?reason=x"), "lead").await.ok(204);
}

/// A desk under a regulation with sealed fields.
async fn care() -> World {
    let dir = tempfile::tempdir().expect("a directory for tests can be made");
    let regulation = shipped::get("bpmsoft-care").expect("it is shipped").expect("it is whole");
    let state = dir.path().join("state");
    fs::create_dir(&state).expect("a directory");
    let mut world = World::under(&state, Regulations::new(vec![regulation]));
    world.dir = Some(dir);
    for (name, role) in
        [("ivanova", Role::Agent), ("petrov", Role::Agent), ("boss", Role::Admin), ("form", Role::Intake)]
    {
        let token = Token::named(name, role, &secret::hash(name.as_bytes()));
        let add = Command::Desk(DeskAct::AddToken(token));
        world.handle.command(add, Actor::named("test", Role::Admin), None).await.expect("it can be added");
    }
    let incident = json!({
        "channel": "email", "type": "incident", "priority": "high", "subject": "Не открывается раздел",
        "requester": {"name": "Анна", "email": "anna@client.ru"}, "client": "ООО «Клиент»", "description": "Что делать?",
        "fields": {
            "address": "https://crm.client.ru", "steps": ["Открыть"], "database-servers": "один", "nodes": 1,
            "adjacent-software": "нет", "changes": "нет",
        },
    });
    let register = world.post("/v1/tickets", "ivanova", &incident).await;
    assert_eq!(register.status.as_u16(), 201, "{}", String::from_utf8_lossy(&register.body));
    world
}

fn put(who: &str, path: &str, body: &Value) -> Request<Body> {
    with_json(ask(Method::PUT, path, who), body)
}

const PASSWORD: &str = "/v1/tickets/1/sealed/password";

#[tokio::test]
async fn access_data_is_shown_to_the_assignee_only_and_each_look_is_an_event() {
    let world = care().await;
    let text = json!({"text": "пароль-Qwerty"});
    assert_eq!(world.send(put("form", PASSWORD, &text)).await.ok(200).json()["field"], "password");
    world.call(Method::GET, PASSWORD, "ivanova").await.problem(403, "forbidden");
    world.post("/v1/tickets/1/take", "ivanova", &json!({})).await.ok(200);
    for who in ["petrov", "boss", "form"] {
        let told = world.call(Method::GET, PASSWORD, who).await.problem(403, "forbidden").json();
        assert!(told["detail"].as_str().is_some_and(|told| told.contains("ivanova")), "{told}");
    }
    for _ in 0..2 {
        let shown = world.call(Method::GET, PASSWORD, "ivanova").await.ok(200);
        assert_eq!(shown.header("cache-control"), "no-store");
        assert_eq!((&shown.json()["text"], &shown.json()["by"]), (&json!("пароль-Qwerty"), &json!("form")));
    }
    let history = world.call(Method::GET, "/v1/tickets/1/history", "ivanova").await.json();
    let events = history.as_array().expect("a list").iter();
    let looks: Vec<_> = events.filter(|event| event["event"] == "sealed-looked").collect();
    assert!(looks.len() == 2 && looks.iter().all(|look| look["by"] == "ivanova"), "{looks:?}");
    assert!(!history.to_string().contains("Qwerty"));
    let ticket = world.call(Method::GET, "/v1/tickets/1", "petrov").await.json();
    assert_eq!(ticket["sealed"][0]["field"], "password");
    assert!(!ticket.to_string().contains("Qwerty"));
}

#[tokio::test]
async fn what_is_no_access_data_is_refused_without_a_word_of_it() {
    let world = care().await;
    let text = json!({"text": "Qwerty"});
    let told =
        world.send(put("form", "/v1/tickets/1/sealed/pin", &text)).await.problem(422, "invalid-fields");
    assert!(
        told.json()["detail"].as_str().is_some_and(|told| told.contains("account, password")),
        "{told:?}"
    );
    world
        .send(put("form", PASSWORD, &json!({"text": "Qwerty".repeat(1_000)})))
        .await
        .problem(422, "invalid-fields");
    world.send(put("form", PASSWORD, &json!({"Qwerty": 1}))).await.problem(422, "invalid-fields");
    let told = world.send(with_key(put("form", PASSWORD, &text), "k1")).await.problem(422, "invalid-fields");
    assert_eq!(told.fields(), ["Idempotency-Key"]);
    world.send(put("form", "/v1/tickets/7/sealed/password", &text)).await.problem(404, "not-found");
    world.call(Method::GET, PASSWORD, "ivanova").await.problem(403, "forbidden");
    world.post("/v1/tickets/1/refuse", "ivanova", &json!({"reason": "not-solvable"})).await.ok(200);
    world.send(put("form", PASSWORD, &text)).await.problem(409, "closed");
    let dir = world.shared.facts.state_dir.join("sealed");
    assert!(!dir.exists(), "the disk was asked for nothing of what is refused");
}

#[tokio::test]
async fn no_more_bring_access_data_or_files_at_once_than_may() {
    let world = care().await;
    let endless = |who: &str| {
        let request = ask(Method::PUT, PASSWORD, who).header("content-type", "application/json");
        let body = futures_util::stream::pending::<Result<axum::body::Bytes, std::convert::Infallible>>();
        let request = request.body(Body::from_stream(body)).expect("a request");
        tokio::spawn(world.router.clone().oneshot(request))
    };
    let text = json!({"text": "Qwerty"});
    let mut held = Vec::new();
    // Half of the eight places is one token's share; what is left is for others.
    for who in ["form", "ivanova"] {
        let before = held.len();
        while world.send(put(who, PASSWORD, &text)).await.status == 200 {
            held.push(endless(who));
            // It takes its place before the next one is sent.
            tokio::task::yield_now().await;
        }
        assert_eq!(held.len() - before, 4, "{who}");
    }
    let busy = world.send(put("form", PASSWORD, &text)).await.problem(503, "busy");
    assert_eq!(busy.header("retry-after"), "1");
    world.send(upload("petrov", 1, form(&[("a.png", PNG)]))).await.problem(503, "busy");
    for held in held {
        held.abort();
        let _ = held.await;
    }
    world.send(put("form", PASSWORD, &text)).await.ok(200);
}

#[tokio::test]
async fn a_gateway_that_is_bound_to_channels_passes_on_files_and_no_access_data() {
    let world = care().await;
    let token = Token::named("post", Role::Intake, &secret::hash(b"post"));
    let token = Token { channels: vec!["email".into()], ..token };
    let add = Command::Desk(DeskAct::AddToken(token));
    world.handle.command(add, Actor::named("test", Role::Admin), None).await.expect("it can be added");
    world.send(upload("post", 1, form(&[("a.png", PNG)]))).await.ok(201);
    let told = world.send(put("post", PASSWORD, &json!({"text": "Qwerty"}))).await.problem(403, "forbidden");
    let detail = told.json()["detail"].to_string();
    assert!(detail.contains("register, answer and attach files only"), "{detail}");
    world.send(put("form", PASSWORD, &json!({"text": "Qwerty"}))).await.ok(200);
}

#[tokio::test]
async fn access_data_is_erased_by_delete_by_another_and_at_closing() {
    let world = care().await;
    let watching = tokio::spawn(world.shared.apart.clone().watch(world.handle.clone(), true));
    let dir = world.shared.facts.state_dir.join("sealed");
    let left = || fs::read_dir(&dir).map_or(0, Iterator::count);
    let text = json!({"text": "Qwerty"});
    world.post("/v1/tickets/1/take", "ivanova", &json!({})).await.ok(200);
    world.send(put("form", PASSWORD, &text)).await.ok(200);
    world.call(Method::DELETE, PASSWORD, "form").await.problem(403, "forbidden");
    world.call(Method::DELETE, PASSWORD, "petrov").await.ok(204);
    assert_eq!(left(), 0, "it is gone when that is answered");
    world.call(Method::GET, PASSWORD, "ivanova").await.problem(404, "not-found");
    world.send(put("form", PASSWORD, &text)).await.ok(200);
    world.send(put("form", PASSWORD, &json!({"text": "another"}))).await.ok(200);
    assert_eq!(world.call(Method::GET, PASSWORD, "ivanova").await.ok(200).json()["text"], "another");
    world.post("/v1/tickets/1/refuse", "ivanova", &json!({"reason": "not-solvable"})).await.ok(200);
    for _ in 0..1_000 {
        if left() == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(left(), 0, "closing erases both");
    world.call(Method::GET, PASSWORD, "ivanova").await.problem(404, "not-found");
    world.send(put("form", PASSWORD, &text)).await.problem(409, "closed");
    let history = world.call(Method::GET, "/v1/tickets/1/history", "ivanova").await.json().to_string();
    assert_eq!(history.matches("sealed-erased").count(), 2, "{history}");
    watching.abort();
}

#[tokio::test]
async fn erasing_access_data_again_and_again_alarms_nobody() {
    let world = care().await;
    let watching = tokio::spawn(world.shared.apart.clone().watch(world.handle.clone(), true));
    for _ in 0..40 {
        world.send(put("form", PASSWORD, &json!({"text": "Qwerty"}))).await.ok(200);
        world.call(Method::DELETE, PASSWORD, "petrov").await.ok(204);
    }
    watching.abort();
    let alarms = world.call(Method::GET, "/v1/alarms", "boss").await.ok(200).json();
    assert!(!alarms.to_string().contains("storage-sealed"), "{alarms}");
}

#[tokio::test]
async fn a_box_without_a_key_takes_no_access_data_and_says_how_to_make_one() {
    let world = care().await;
    let shared = Shared {
        apart: Apart::open(
            &world.shared.facts.state_dir,
            Attachments::default().limits(),
            Ok(None),
            firmware_board::Language::Russian,
        ),
        ..world.shared.as_ref().clone()
    };
    let keyless = router(Arc::new(shared));
    let told = sent(&keyless, put("form", PASSWORD, &json!({"text": "Qwerty"}))).await;
    let told = told.problem(409, "sealed-not-set-up").json()["detail"].to_string();
    assert!(told.contains("andonctl sealed new-key FILE") && !told.contains("Qwerty"), "{told}");
}
