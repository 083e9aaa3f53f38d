//! Deliveries over loopback, to receivers of every kind.

mod tls;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex as Shared, PoisonError};

use futures_util::future::BoxFuture;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::post::Trouble;
use super::*;
use crate::desk::command::Token;
use crate::desk::regulation::shipped;
use crate::desk::{Actor, Command, DeskAct, Regulations, Role};
use crate::run::{Handle, Settings};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OK: &str = "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n";

/// A receiver: what it was sent, and what it says.
#[derive(Clone)]
struct Receiver {
    address: SocketAddr,
    got: Arc<Shared<Vec<String>>>,
}

/// What a receiver does with a request.
enum Says {
    /// Answers so.
    This(&'static str),
    /// Answers for ever.
    Floods,
    /// Says nothing.
    Hangs,
    /// Closes the connection.
    Closes,
}

impl Receiver {
    /// One that says, request by request, what `says` tells of the request's number and text.
    async fn new(says: impl Fn(usize, &str) -> Says + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let receiver = Self { address: listener.local_addr().expect("an address"), got: Arc::default() };
        let got = Arc::clone(&receiver.got);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&got), says.clone()));
            }
        });
        receiver
    }

    fn got(&self) -> Vec<String> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The bodies as JSON.
    fn events(&self) -> Vec<Value> {
        let body = |text: &String| text.split_once("\r\n\r\n").expect("a body").1.to_owned();
        self.got().iter().map(|text| serde_json::from_str(&body(text)).expect("it is JSON")).collect()
    }
}

async fn serve(mut stream: TcpStream, got: Arc<Shared<Vec<String>>>, says: impl Fn(usize, &str) -> Says) {
    let mut text = Vec::new();
    let request = loop {
        let mut bytes = [0; 4096];
        let read = stream.read(&mut bytes).await.unwrap_or(0);
        text.extend_from_slice(&bytes[..read]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let length = header(&whole, "content-length").and_then(|length| length.parse::<usize>().ok());
        let body = whole.split_once("\r\n\r\n").map(|(_, body)| body.len());
        if body.is_some() && body >= length {
            break whole;
        }
        if read == 0 {
            return;
        }
    };
    let number = {
        let mut got = got.lock().unwrap_or_else(PoisonError::into_inner);
        got.push(request.clone());
        got.len() - 1
    };
    match says(number, &request) {
        Says::This(answer) => drop(stream.write_all(answer.as_bytes()).await),
        Says::Floods => {
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n";
            let mut goes_on = stream.write_all(head.as_bytes()).await.is_ok();
            let some = vec![b'x'; 65_536];
            while goes_on {
                goes_on = stream.write_all(&some).await.is_ok();
            }
        }
        Says::Hangs => std::future::pending().await,
        Says::Closes => {}
    }
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let lines = request.lines().take_while(|line| !line.is_empty());
    lines
        .filter_map(|line| line.split_once(": "))
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, v)| v)
}

/// A resolver whose answers change from question to question; the last stays.
struct Changing {
    answers: Shared<VecDeque<Vec<SocketAddr>>>,
    asked: AtomicU64,
}

impl Changing {
    fn new(answers: impl Into<VecDeque<Vec<SocketAddr>>>) -> Arc<Self> {
        Arc::new(Self { answers: Shared::new(answers.into()), asked: AtomicU64::new(0) })
    }
}

impl Resolve for Changing {
    fn resolve(&self, _: String, _: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { Ok(answer.unwrap_or_default()) })
    }
}

/// The way to `url`, with a secret that is there.
fn poster(dir: &TempDir, url: &str, allow_private: bool, resolver: Arc<dyn Resolve>) -> Poster {
    let secret_file = dir.path().join("secret");
    std::fs::write(&secret_file, SECRET).expect("it can be written");
    let url = Url::parse(url).expect("a URL");
    Poster { url, secret_file: Some(secret_file), allow_private, resolver, tls: Arc::default() }
}

fn letter() -> Letter {
    Letter { id: "7-1".to_owned(), timestamp_s: 1_795_400_000, body: "{\"seq\":7}".to_owned() }
}

async fn posted(receiver: &Receiver, path: &str) -> Result<u16, Trouble> {
    let dir = TempDir::new().expect("a directory");
    let url = format!("http://{}{path}", receiver.address);
    poster(&dir, &url, true, Arc::new(SystemResolver)).post(letter()).await.map(|status| status.as_u16())
}

#[tokio::test]
async fn a_delivery_is_signed_and_says_what_it_is() {
    let receiver = Receiver::new(|_, _| Says::This(OK)).await;
    assert_eq!(posted(&receiver, "/hook?key=1").await.expect("it is taken"), 204);
    let got = receiver.got();
    let [request] = &got[..] else { panic!("it comes once: {got:?}") };
    assert!(request.starts_with("POST /hook?key=1 HTTP/1.1\r\n"), "{request}");
    let host = receiver.address.to_string();
    for (name, value) in [
        ("host", host.as_str()),
        ("content-type", "application/json"),
        ("webhook-id", "7-1"),
        ("webhook-timestamp", "1795400000"),
    ] {
        assert_eq!(header(request, name), Some(value), "{name}");
    }
    let signed = sign::Secret::parse(SECRET).expect("a secret").sign("7-1", 1_795_400_000, "{\"seq\":7}");
    assert_eq!(header(request, "webhook-signature"), Some(signed.as_str()));
    assert!(request.ends_with("{\"seq\":7}"));
}

#[tokio::test]
async fn only_a_2xx_counts_and_a_redirect_is_not_followed() {
    let other = Receiver::new(|_, _| Says::This(OK)).await;
    let target: &'static str = Box::leak(
        format!("HTTP/1.1 302 Found\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n", other.address)
            .into(),
    );
    let receiver = Receiver::new(move |number, _| {
        Says::This(match number {
            0 => target,
            1 => "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n",
            2 => "HTTP/1.1 503 Later\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n",
            3 => "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12",
            _ => "nonsense\r\n\r\n",
        })
    })
    .await;
    let error = posted(&receiver, "/").await.unwrap_err();
    assert!(matches!(error, Trouble::Redirect { .. }), "{error}");
    assert!(other.got().is_empty());
    assert!(matches!(posted(&receiver, "/").await.unwrap_err(), Trouble::Gone));
    let later = posted(&receiver, "/").await.unwrap_err();
    assert!(matches!(later, Trouble::Refused { after_ms: 120_000, .. }), "{later}");
    assert_eq!(posted(&receiver, "/").await.expect("who breaks off in the body has answered"), 200);
    assert!(matches!(posted(&receiver, "/").await.unwrap_err(), Trouble::Broken(_)));
}

#[tokio::test]
async fn who_floods_hangs_or_closes_does_no_harm() {
    let receiver = Receiver::new(|number, _| match number {
        0 => Says::Floods,
        1 => Says::Hangs,
        _ => Says::Closes,
    })
    .await;
    assert_eq!(posted(&receiver, "/").await.expect("its status is a good one"), 200);
    assert!(matches!(posted(&receiver, "/").await.unwrap_err(), Trouble::AnswerTime));
    assert!(matches!(posted(&receiver, "/").await.unwrap_err(), Trouble::Broken(_)));
}

#[tokio::test]
async fn an_address_of_the_house_is_not_knocked_at_unless_that_is_said() {
    let dir = TempDir::new().expect("a directory");
    let receiver = Receiver::new(|_, _| Says::This(OK)).await;
    let port = receiver.address.port();
    let public: SocketAddr = "8.8.8.8:443".parse().expect("an address");
    let mixed = || Changing::new([vec![public, receiver.address]]) as Arc<dyn Resolve>;
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://crm.example:{port}/"),
    ] {
        let refused = poster(&dir, &url, false, mixed()).post(letter()).await.unwrap_err();
        assert!(matches!(refused, Trouble::Private { .. }), "{url}: {refused}");
    }
    assert!(receiver.got().is_empty());
    let local = Changing::new([vec![receiver.address]]);
    let url = format!("http://crm.example:{port}/");
    poster(&dir, &url, true, local).post(letter()).await.expect("it is taken");
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test]
async fn a_name_that_is_rebound_after_it_was_looked_at_leads_nowhere_else() {
    let dir = TempDir::new().expect("a directory");
    let first = Receiver::new(|_, _| Says::This(OK)).await;
    let second = Receiver::new(|_, _| Says::This(OK)).await;
    let resolver = Changing::new([vec![first.address], vec![second.address]]);
    let url = format!("http://crm.example:{}/", first.address.port());
    poster(&dir, &url, true, Arc::clone(&resolver) as Arc<dyn Resolve>).post(letter()).await.expect("taken");
    assert_eq!((first.got().len(), second.got().len()), (1, 0));
    assert_eq!(resolver.asked.load(Ordering::Relaxed), 1, "the name is asked for once a delivery");
    // Public when the first is delivered, of the house for the next: each is looked at.
    let resolver =
        Changing::new([vec!["[2001:db8::1]:80".parse().expect("an address")], vec![second.address]]);
    for _ in 0..2 {
        let way = Arc::clone(&resolver) as Arc<dyn Resolve>;
        let refused = poster(&dir, "http://crm.example/", false, way).post(letter()).await.unwrap_err();
        assert!(matches!(refused, Trouble::Private { .. }), "{refused}");
    }
    assert!(second.got().is_empty());
}

#[tokio::test]
async fn a_secret_that_is_missing_or_wrong_is_told_and_never_shown() {
    let dir = TempDir::new().expect("a directory");
    let receiver = Receiver::new(|_, _| Says::This(OK)).await;
    let way = poster(&dir, &format!("http://{}/", receiver.address), true, Arc::new(SystemResolver));
    let secret_file = way.secret_file.clone().expect("it signs");
    std::fs::write(&secret_file, "not the secret").expect("it can be written");
    let told = chain(&way.post(letter()).await.unwrap_err());
    assert!(told.contains("is no secret: it must be `whsec_`") && !told.contains("not the secret"), "{told}");
    std::fs::remove_file(&secret_file).expect("it can be removed");
    assert!(matches!(way.post(letter()).await.unwrap_err(), Trouble::ReadSecret { .. }));
    std::fs::write(&secret_file, SECRET).expect("it can be written");
    way.post(letter()).await.expect("a new one needs no restart");
    assert_eq!(receiver.got().len(), 1);
}

/// A desk with webhooks.
struct World {
    dir: TempDir,
    handle: Handle,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl World {
    fn new() -> Self {
        let dir = TempDir::new().expect("a directory");
        std::fs::write(dir.path().join("secret"), SECRET).expect("it can be written");
        let getmark = shipped::get("getmark").expect("it is shipped").expect("it is whole");
        let settings = Settings {
            regulations: Regulations::new(vec![getmark]),
            ..Settings::plain(dir.path().join("state"))
        };
        let (handle, thread, _) = crate::run::start(&settings, |_, _| {}).expect("a fresh desk opens");
        Self { dir, handle, thread: Some(thread) }
    }

    fn webhook(&self, name: &str, receiver: &Receiver, more: &str) -> Webhook {
        let secret = self.dir.path().join("secret");
        let text = format!(
            "name = \"{name}\"\nurl = \"http://{}/\"\nsecret-file = {secret:?}\nallow-private = true\n{more}",
            receiver.address
        );
        toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn start(&self, webhooks: &[Webhook]) -> (Webhooks, Running) {
        let state = self.dir.path().join("state");
        let herald = Herald::new(self.handle.clone(), Tz::Europe__Moscow);
        start(webhooks, &herald, &state, Language::Russian)
    }

    async fn act(&self, act: DeskAct) {
        let admin = Actor::named("admin", Role::Admin);
        self.handle.command(Command::Desk(act), admin, None).await.expect("it is done");
    }

    async fn register(&self, channel: &str) -> u64 {
        let body = json!({
            "channel": channel, "type": "error", "subject": "Не печатаются этикетки",
            "requester": {"inn": "7707083893", "email": "a@b.ru", "phone": "+7 495 000-00-00"},
            "fields": {"process": "Маркировка", "steps": ["Открыть"], "impact": "stops-operations"}});
        let register = Command::Register(serde_json::from_value(body).expect("a registration"));
        let agent = Actor::named("ivanova", Role::Agent);
        let done = self.handle.command(register, agent, None).await.expect("it is registered");
        done.ticket.expect("a ticket").number.0
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

async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("{what} does not come"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_whose_file_cannot_be_read_waits_for_it_and_goes_on_where_it_was() {
    let world = World::new();
    let receiver = Receiver::new(|_, _| Says::This(OK)).await;
    let crm = world.webhook("crm", &receiver, "");
    let (_, running) = world.start(std::slice::from_ref(&crm));
    running.stop().await;
    let ticket = world.register("email").await;
    // Nobody reads a directory as a file, not root either.
    let file = world.dir.path().join("state/webhooks/crm.json");
    let aside = world.dir.path().join("aside");
    std::fs::rename(&file, &aside).expect("it is there");
    std::fs::create_dir(&file).expect("it can be made");
    let (webhooks, running) = world.start(std::slice::from_ref(&crm));
    let alarm = "storage-webhook-crm";
    let is_alarm = async || {
        let look = |desk: &crate::desk::Desk, _| {
            desk.alarm(alarm).is_some_and(|alarm| alarm.state == crate::desk::AlarmState::Unacked)
        };
        world.handle.look(look).await.expect("the desk is there")
    };
    while !is_alarm().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let state = webhooks.list().await.remove(0);
    let told = state.failing.expect("it fails").1;
    assert!(told.starts_with("how far it was cannot be read: "), "{told}");
    assert_eq!((webhooks.dead("crm").await, webhooks.is_unread("crm")), (None, true));
    assert!(receiver.got().is_empty() && file.is_dir(), "nothing is delivered, and nothing written over");
    std::fs::remove_dir(&file).expect("it can be removed");
    std::fs::rename(&aside, &file).expect("it is back");
    let registered = || receiver.events().into_iter().find(|event| event["event"] == "registered");
    while registered().is_none() || is_alarm().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(registered().expect("it came")["ticket"], ticket, "it goes on where it was");
    assert!(!webhooks.is_unread("crm"));
    running.stop().await;
}

#[tokio::test]
async fn each_webhook_is_told_what_it_asks_for_from_when_it_is_new_and_goes_on_where_it_was() {
    let world = World::new();
    world.register("email").await;
    let receiver = Receiver::new(|_, _| Says::This(OK)).await;
    let all = world.webhook("all", &receiver, "");
    let phone = Receiver::new(|_, _| Says::This(OK)).await;
    let phones = world.webhook("phones", &phone, "channels = [\"phone\"]\nevents = [\"registered\"]");
    let (webhooks, running) = world.start(&[all.clone(), phones.clone()]);
    let first = world.handle.history().next_seq();
    assert_eq!((world.register("email").await, world.register("phone").await), (2, 3));
    let end = world.handle.history().next_seq();
    eventually("everything", async || webhooks.list().await.iter().all(|state| state.lag_events == 0)).await;
    let seqs = |events: Vec<Value>| {
        let mut seqs: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
        seqs.sort_unstable();
        seqs
    };
    assert_eq!(seqs(receiver.events()), (first..end).collect::<Vec<_>>());
    let told = phone.events();
    assert_eq!((told.len(), &told[0]["ticket"], &told[0]["event"]), (1, &json!(3), &json!("registered")));
    running.stop().await;
    let before = world.handle.history().next_seq();
    world.register("phone").await;
    let (webhooks, running) = world.start(&[all, phones]);
    eventually("the rest", async || webhooks.list().await.iter().all(|state| state.lag_events == 0)).await;
    let end = world.handle.history().next_seq();
    assert_eq!(seqs(receiver.events()), (first..before).chain(before..end).collect::<Vec<_>>());
    assert_eq!(phone.events().len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn what_is_kept_of_a_tokens_secret_is_posted_to_nobody() {
    let world = World::new();
    let receiver = Receiver::new(|_, _| Says::This(OK)).await;
    let (webhooks, running) = world.start(&[world.webhook("all", &receiver, "")]);
    let hash = crate::door::secret::hash(b"andon_secret");
    world.act(DeskAct::AddToken(Token::named("script", Role::Agent, &hash))).await;
    eventually("it", async || webhooks.list().await[0].lag_events == 0).await;
    let got = receiver.got().concat();
    assert!(got.contains("\"token-added\"") && got.contains("script"), "{got}");
    assert!(!got.contains(&hash) && !got.contains(SECRET), "{got}");
    running.stop().await;
}

#[tokio::test]
async fn a_receiver_that_hangs_keeps_neither_the_desk_nor_another_webhook_waiting() {
    let world = World::new();
    let hung = Receiver::new(|_, _| Says::Hangs).await;
    let well = Receiver::new(|_, _| Says::This(OK)).await;
    let both = [world.webhook("hung", &hung, ""), world.webhook("well", &well, "")];
    let (webhooks, running) = world.start(&both);
    let first = world.handle.history().next_seq();
    for _ in 0..50 {
        world.register("email").await;
    }
    let end = world.handle.history().next_seq();
    eventually("all of the other's", async || {
        webhooks.list().await.iter().any(|state| state.name == "well" && state.lag_events == 0)
    })
    .await;
    assert_eq!(well.got().len() as u64, end - first);
    eventually("the failure", async || {
        webhooks.list().await.iter().any(|state| state.name == "hung" && state.failing.is_some())
    })
    .await;
    let state = webhooks.list().await.remove(0);
    assert_eq!(state.lag_events, end - first, "nothing of it is lost");
    running.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_an_alarm_and_a_test_that_succeeds_ends_it() {
    let world = World::new();
    let receiver = Receiver::new(|number, _| match number {
        0 => Says::This("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"),
        _ => Says::This(OK),
    })
    .await;
    let (webhooks, running) = world.start(&[world.webhook("crm", &receiver, "events = [\"registered\"]")]);
    world.register("email").await;
    let alarm = async || {
        world.handle.look(|desk, _| desk.alarm("letter-webhook-crm").is_some()).await.expect("it looks")
    };
    eventually("the alarm", async || alarm().await).await;
    assert!(webhooks.list().await[0].is_gone);
    let tested = webhooks.test("crm", "andonctl", Tz::UTC).await.expect("there is one");
    assert_eq!(tested, Ok(204));
    eventually("its event", async || webhooks.list().await[0].lag_events == 0 && receiver.got().len() == 3)
        .await;
    eventually("the end of the alarm", async || {
        let state =
            world.handle.look(|desk, _| desk.alarm("letter-webhook-crm").map(|alarm| alarm.state)).await;
        state.expect("it looks") != Some(crate::desk::AlarmState::Unacked)
    })
    .await;
    let events: Vec<_> = receiver.events().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(events, ["registered", "test", "registered"]);
    running.stop().await;
}
