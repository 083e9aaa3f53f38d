//! The router before a real loop: what goes in over HTTP, and what comes back.

mod alertmanager;
mod alike;
mod apart;
mod batch;
mod codes;
mod commands;
mod conventions;
mod docs;
mod examples;
mod inputs;
mod limits;
mod lists;
mod live;
mod opening;
mod pages;
mod people;
mod properties;
mod queue;
mod registers;
mod reports;
mod requester;
mod roles;
mod scopes;
mod shed;
mod sockets;
mod stream;
mod time;
mod tls;
mod versions;
mod webhooks;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use calendars::Tz;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::serving::Peer;
use super::{Access, ServerFacts, Shared, control_router, router};
use crate::board::Live;
use crate::clock;
use crate::config::Attachments;
use crate::config::Limits;
use crate::desk::command::Token;
use crate::desk::regulation::shipped;
use crate::desk::{Actor, Command, DeskAct, Regulations, Role};
use crate::door::secret;
use crate::links::Links;
use crate::run::{Apart, Handle, Settings, start};
use crate::store::BoxKey;

/// What users are told of errors.
const ERRORS: &str = include_str!("../../../../docs/errors.md");
/// The picture the tests' panel shows.
const PICTURE: &[u8] = b"\x89PNG not really";

/// A daemon without sockets.
struct World {
    handle: Handle,
    shared: Arc<Shared>,
    router: Router,
    thread: Option<JoinHandle<()>>,
    dir: Option<tempfile::TempDir>,
}

/// Links of a box that requesters reach by that name.
fn links(state_dir: &Path) -> Arc<Links> {
    let url = "https://help.example.ru/".parse().expect("it is a URL");
    Arc::new(Links::open(state_dir, &url, firmware_board::Language::Russian).expect("a key can be made"))
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII here"))
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The fields that a problem names.
    fn fields(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Holds that this is a whole problem of that status and code.
    #[track_caller]
    fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("urn:andon:problem:{code}"));
        assert!(ERRORS.contains(&format!("| `{code}` |")), "{code} is not in daemon/docs/errors.md");
        for text in ["title", "detail"] {
            assert!(problem[text].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        self
    }

    #[track_caller]
    fn ok(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

impl World {
    /// A desk under getmark with a token for each role, whose secret is the role's name.
    async fn new() -> Self {
        let getmark = shipped::get("getmark").expect("it is shipped").expect("it is whole");
        Self::known(Regulations::new(vec![getmark])).await
    }

    /// A desk under these, with a token for each role.
    async fn known(regulations: Regulations) -> Self {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let world = Self::under(dir.path(), regulations);
        world.kept_in(dir).await
    }

    /// The same in this directory.
    async fn kept_in(mut self, dir: tempfile::TempDir) -> Self {
        self.dir = Some(dir);
        self.add_tokens().await;
        self
    }

    /// A token for each role, whose secret is the role's name.
    async fn add_tokens(&self) {
        for role in Role::ALL {
            let token = Token::named(role.id(), role, &secret::hash(role.id().as_bytes()));
            let add = Command::Desk(DeskAct::AddToken(token));
            self.handle.command(add, Actor::named("test", Role::Admin), None).await.expect("it can be added");
        }
    }

    fn at(state_dir: &Path) -> Self {
        let getmark = shipped::get("getmark").expect("it is shipped").expect("it is whole");
        Self::under(state_dir, Regulations::new(vec![getmark]))
    }

    fn under(state_dir: &Path, regulations: Regulations) -> Self {
        Self::limited(state_dir, regulations, Limits::off())
    }

    fn limited(state_dir: &Path, regulations: Regulations, limits: Limits) -> Self {
        let zone = Tz::Europe__Moscow;
        let settings = Settings { regulations, zone, ..Settings::plain(state_dir.to_owned()) };
        let (handle, thread, _) = start(&settings, |_, _| {}).expect("a fresh desk opens");
        let shared = Arc::new(Shared {
            handle: handle.clone(),
            png: Arc::new(|| PICTURE.to_vec()),
            parts: crate::board::Parts {
                live: crate::board::Live::default(),
                pictures: crate::board::Pictures::dark(&[crate::config::Panel::simulated()]),
                test: crate::board::PartsTest::default(),
                has_signals: false,
                has_button: false,
                brightness: crate::board::Brightness::default(),
            },
            access: Access::open(&limits, state_dir),
            traffic: Arc::default(),
            apart: apart(state_dir),
            herald: crate::out::Herald::new(handle.clone(), zone),
            webhooks: crate::out::webhooks::Webhooks::default(),
            links: Some(links(state_dir)),
            letters: crate::out::letters::Letters::silent(&handle),
            mail: crate::door::mail::MailPlace::default(),
            started_us: clock::monotonic_us(),
            facts: ServerFacts {
                version: "0.0.0-test".into(),
                regulations: vec!["getmark".into()],
                state_dir: state_dir.to_owned(),
                zone,
                language: firmware_board::Language::Russian,
                proof: crate::run::time::Proof::Plausible,
                alertmanager: None,
            },
        });
        let router = router(Arc::clone(&shared));
        Self { handle, shared, router, thread: Some(thread), dir: None }
    }

    /// The same daemon, set up for alerts.
    fn with_alertmanager(mut self, alertmanager: crate::config::Alertmanager) -> Self {
        let alertmanager = Some(Arc::new(alertmanager));
        let facts = ServerFacts { alertmanager, ..self.shared.facts.clone() };
        self.shared = Arc::new(Shared { facts, ..self.shared.as_ref().clone() });
        self.router = router(Arc::clone(&self.shared));
        self
    }

    /// The same state directory under another daemon.
    fn restarted(mut self) -> Self {
        let dir = self.dir.take().expect("a world has its directory");
        drop(self);
        let mut world = Self::at(dir.path());
        world.dir = Some(dir);
        world
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        sent(&self.router, request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(ask(Method::GET, path, "viewer").body(Body::empty()).expect("a request")).await
    }

    async fn post(&self, path: &str, who: &str, body: &Value) -> Answer {
        self.send(with_json(ask(Method::POST, path, who), body)).await
    }

    /// Registers a ticket and gives its number.
    async fn register(&self) -> u64 {
        let answer = self.post("/v1/tickets", "agent", &error()).await.ok(201);
        answer.json()["number"].as_u64().expect("a ticket has a number")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What is kept apart in `state_dir`, with a key beside it.
fn apart(state_dir: &Path) -> Apart {
    let file = state_dir.with_extension("key");
    if !file.exists() {
        BoxKey::make(&file).expect("a key can be made");
    }
    let limits =
        Attachments { max_file: 1 << 20, max_ticket: 2 << 20, max_total: 8 << 20, keep_free: 0 }.limits();
    let key = BoxKey::read(&file, state_dir).map(Some);
    Apart::open(state_dir, limits, key, firmware_board::Language::Russian)
}

async fn sent(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("a router answers");
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("the answer is whole").to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A request with the token of a role; `""` sends none.
fn ask(method: Method, path: &str, who: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    if who.is_empty() { request } else { request.header("authorization", format!("Bearer {who}")) }
}

/// The same from an address of the network.
fn from(address: &str, mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(Peer(Some(address.parse().expect("an address"))));
    request
}

fn without_body(request: axum::http::request::Builder) -> Request<Body> {
    request.body(Body::empty()).expect("a request")
}

fn with_json(request: axum::http::request::Builder, body: &Value) -> Request<Body> {
    request.header("content-type", "application/json").body(Body::from(body.to_string())).expect("a request")
}

/// A registration that getmark takes: an error that stops the work.
fn error() -> Value {
    json!({
        "channel": "email", "type": "error", "subject": "Не печатаются этикетки",
        "requester": {"inn": "7707083893", "email": "a@b.ru"},
        "fields": {"process": "Маркировка", "steps": ["Открыть", "Напечатать"], "impact": "stops-operations"}
    })
}

#[tokio::test]
async fn the_socket_of_andonctl_is_the_same_router_with_an_admin_before_it() {
    let world = World::new().await;
    let control = control_router(Arc::clone(&world.shared));
    let whoami = ask(Method::GET, "/v1/whoami", "").body(Body::empty()).expect("a request");
    let answer = sent(&control, whoami).await.ok(200);
    let andonctl = json!({"name": "andonctl", "role": "admin", "lines": [], "regulations": [], "channels": [], "expires_at": null});
    assert_eq!(answer.json(), andonctl);
    let register = with_json(ask(Method::POST, "/v1/tickets", ""), &error());
    sent(&control, register).await.ok(201);
}
