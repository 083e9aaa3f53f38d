//! People who post, remember every answer, and do not give up: whoever was told that something is done can be shown
//! afterwards that it is there, once.
//!
//! Each request has an `Idempotency-Key` and a text that no other has. A request without an answer is sent again, with
//! its key, before any other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::daemon::{Answer, Daemon};
use crate::random::Random;

/// How long an answer is waited for. No test passes or fails by less.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many of their open tickets a client still has in mind.
const IN_MIND: usize = 8;

/// The way to a daemon that may be gone the next moment, kept open.
#[derive(Clone, Debug)]
pub struct Door {
    base: String,
    token: String,
    agent: ureq::Agent,
}

impl Door {
    /// The way to this daemon with this token.
    pub fn to(daemon: &Daemon, token: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        Self { base: daemon.base().to_owned(), token: token.to_owned(), agent: config.build().into() }
    }

    /// GET; `None` where the daemon is gone.
    pub fn get(&self, path: &str) -> Option<Answer> {
        let request = self.agent.get(format!("{}{path}", self.base));
        Answer::read(request.header("Authorization", format!("Bearer {}", self.token)).call().ok()?)
    }

    /// POST with a key; `None` where the daemon is gone before it answers.
    pub fn post(&self, path: &str, body: &str, key: &str) -> Option<Answer> {
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key);
        Answer::read(request.send(body).ok()?)
    }

    /// Every event from the first to the one before `end`.
    ///
    /// # Panics
    /// Where the stream breaks off.
    pub fn events(&self, end: u64) -> Vec<Value> {
        let request = self.agent.get(format!("{}/v1/events?last_event_id=0", self.base));
        let answer = request.header("Authorization", format!("Bearer {}", self.token)).call();
        let body = answer.expect("the daemon answers").into_body().into_reader();
        let mut events: Vec<Value> = Vec::new();
        for line in BufReader::new(body).lines() {
            let line = line.expect("the stream goes on");
            let Some(data) = line.strip_prefix("data: ") else { continue };
            let event: Value = serde_json::from_str(data).expect("an event is JSON");
            let is_last = event["seq"].as_u64().is_some_and(|seq| seq + 1 >= end);
            events.push(event);
            if is_last {
                break;
            }
        }
        events
    }
}

/// What somebody wants.
#[derive(Clone, Debug)]
struct Request {
    wish: Wish,
    path: String,
    body: String,
    key: String,
    /// Is in the event that carries it out, and in no other.
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Register,
    Reply,
    Resolve,
    Ack,
}

/// What somebody was told is done.
#[derive(Clone, Debug)]
struct Told {
    wish: Wish,
    text: String,
    ticket: Option<u64>,
    revision: u64,
}

/// Somebody who posts one request after the other.
#[derive(Debug)]
pub struct Client {
    name: String,
    random: Random,
    sent: u64,
    waiting: Option<Request>,
    tickets: Vec<u64>,
    told: Vec<Told>,
    repeated: u64,
}

impl Client {
    /// Somebody of this name; the same name and randomness want the same things in the same order, as far as answers do.
    pub fn new(name: &str, random: Random) -> Self {
        Self {
            name: name.to_owned(),
            random,
            sent: 0,
            waiting: None,
            tickets: Vec::new(),
            told: Vec::new(),
            repeated: 0,
        }
    }

    /// How many requests were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.told.len() as u64
    }

    /// How many answers were a first answer given again.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Whether a request has no answer yet.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Posts until the daemon is gone or `stop` is set.
    pub fn post_until(&mut self, door: &Door, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) && self.post(door).is_some_and(|status| status != 503) {}
    }

    /// Posts what has no answer yet, or something new; says the status, or nothing where the daemon is gone.
    ///
    /// # Panics
    /// Where the answer is a refusal: nobody asks for what cannot be.
    pub fn post(&mut self, door: &Door) -> Option<u16> {
        let request = match self.waiting.take() {
            Some(request) => request,
            None => self.next(door)?,
        };
        let answer = door.post(&request.path, &request.body, &request.key);
        match answer {
            Some(answer) if matches!(answer.status, 200 | 201) => {
                self.remember(request, &answer);
                Some(answer.status)
            }
            None => {
                self.waiting = Some(request);
                None
            }
            Some(answer) if answer.status == 503 => {
                self.waiting = Some(request);
                assert!(
                    answer.header("retry-after").is_some(),
                    "503 says when to come back: {}",
                    answer.json
                );
                Some(503)
            }
            Some(answer) => panic!("{request:?} is refused: {} {}", answer.status, answer.json),
        }
    }

    fn next(&mut self, door: &Door) -> Option<Request> {
        self.sent += 1;
        let key = format!("{}-{}", self.name, self.sent);
        let text = format!("<{key}>");
        let request = |wish, path: String, body: Value, text| {
            Some(Request { wish, path, body: body.to_string(), key: key.clone(), text })
        };
        if self.random.one_in(16)
            && let Some(alarm) = self.alarm(door)?
        {
            return request(Wish::Ack, format!("/v1/alarms/{alarm}/ack"), json!({}), alarm);
        }
        if self.tickets.is_empty() || self.random.one_in(2) {
            let body = json!({"channel": "email", "type": "error", "subject": text});
            return request(Wish::Register, "/v1/tickets".into(), body, text);
        }
        let (wish, verb) =
            if self.random.one_in(4) { (Wish::Resolve, "resolve") } else { (Wish::Reply, "reply") };
        let ticket = self.random.index(self.tickets.len());
        let number = if wish == Wish::Resolve { self.tickets.remove(ticket) } else { self.tickets[ticket] };
        request(wish, format!("/v1/tickets/{number}/{verb}"), json!({"text": text}), text)
    }

    /// The id of an alarm about one of their tickets that nobody took; the outer `None` says that the daemon is gone.
    #[expect(clippy::option_option, reason = "the two are told apart by one `?`")]
    fn alarm(&self, door: &Door) -> Option<Option<String>> {
        let alarms = door.get("/v1/alarms?limit=100")?.json;
        let own = |alarm: &&Value| {
            alarm["state"] == "unacked" && alarm["ticket"].as_u64().is_some_and(|t| self.tickets.contains(&t))
        };
        let alarm = alarms.as_array().into_iter().flatten().find(own);
        Some(alarm.and_then(|alarm| alarm["id"].as_str()).map(str::to_owned))
    }

    fn remember(&mut self, request: Request, answer: &Answer) {
        self.repeated += u64::from(answer.header("idempotent-replayed").is_some());
        let ticket = answer.json["number"].as_u64();
        if request.wish == Wish::Register {
            self.tickets.extend(ticket);
            if self.tickets.len() > IN_MIND {
                self.tickets.remove(0);
            }
        }
        let revision = answer.json["revision"].as_u64().unwrap_or(0);
        self.told.push(Told { wish: request.wish, text: request.text, ticket, revision });
    }
}

/// What a daemon has of what it acknowledged.
#[derive(Debug, Default)]
pub struct Shown {
    /// How many requests were acknowledged in all.
    pub acknowledged: u64,
    /// What was acknowledged and is not there, or not as it was acknowledged.
    pub lost: Vec<String>,
    /// What is there and should not be: twice, or with a hole before it.
    pub wrong: Vec<String>,
    /// How many alarms were raised by clocks that ran out.
    pub breaches: u64,
}

impl Shown {
    /// Compares everything that `clients` were told with everything that the daemon has: the events from the first on,
    /// and the tickets as they stand.
    ///
    /// # Panics
    /// Where the daemon does not answer.
    pub fn by(door: &Door, clients: &[Client]) -> Self {
        let get = |path: &str| door.get(path).expect("the daemon answers").json;
        let end = get("/v1/status")["next_event"].as_u64().expect("the number of the next event");
        let record = Record::of(&door.events(end));
        let mut shown = Self { wrong: record.wrong.clone(), breaches: record.breaches, ..Self::default() };
        let tickets = all_tickets(door);
        for told in clients.iter().flat_map(|client| &client.told) {
            shown.acknowledged += 1;
            shown.check(told, &record, &tickets);
        }
        let alarms = get("/v1/alarms?limit=1000");
        let mut ids = BTreeSet::new();
        for alarm in alarms.as_array().expect("a list of alarms") {
            let id = alarm["id"].as_str().expect("an alarm has an id");
            if !ids.insert(id.to_owned()) {
                shown.wrong.push(format!("alarm {id} stands there twice"));
            }
            if alarm["kind"] == "storage" {
                shown.wrong.push(format!("the daemon says of its disk: {}", alarm["text"]));
            }
            if record.acked.contains_key(id) && alarm["state"] != "acked" {
                shown.lost.push(format!("alarm {id} was taken and is {}", alarm["state"]));
            }
        }
        shown
    }

    fn check(&mut self, told: &Told, record: &Record, tickets: &HashMap<u64, Value>) {
        if told.wish == Wish::Ack {
            match record.acked.get(&told.text) {
                Some(1) => {}
                Some(_) => self.wrong.push(format!("alarm {} was taken twice", told.text)),
                None => self.lost.push(format!("the taking of alarm {}", told.text)),
            }
            return;
        }
        let number = told.ticket.expect("an answer about a ticket has its number");
        let name = format!("{:?} {} of ticket {number}", told.wish, told.text);
        match record.done.get(&told.text).map(Vec::as_slice) {
            Some([(ticket, _)]) if *ticket == number => {}
            Some([(ticket, _)]) => self.wrong.push(format!("{name} was done to ticket {ticket}")),
            Some(_) => self.wrong.push(format!("{name} was done several times")),
            None => self.lost.push(format!("{name}: no event")),
        }
        match tickets.get(&number) {
            None => self.lost.push(format!("{name}: no ticket")),
            Some(ticket) => {
                if told.wish == Wish::Register && ticket["subject"] != *told.text {
                    self.lost.push(format!("{name}: its subject is {}", ticket["subject"]));
                }
                if told.wish == Wish::Resolve && ticket["status"] != "closed" {
                    self.lost.push(format!("{name}: it is {}", ticket["status"]));
                }
                if ticket["revision"].as_u64().is_none_or(|revision| revision < told.revision) {
                    let now = &ticket["revision"];
                    self.lost.push(format!("{name}: was at revision {}, is at {now}", told.revision));
                }
            }
        }
    }
}

/// What the events say.
#[derive(Debug, Default)]
struct Record {
    /// Text of a request to where it was carried out: ticket and event.
    done: HashMap<String, Vec<(u64, u64)>>,
    /// Alarms that were taken, how often.
    acked: BTreeMap<String, u64>,
    breaches: u64,
    wrong: Vec<String>,
}

impl Record {
    fn of(events: &[Value]) -> Self {
        let mut record = Self::default();
        let mut registered = BTreeSet::new();
        let mut turned = BTreeSet::new();
        for (expected, event) in (1..).zip(events) {
            let seq = event["seq"].as_u64().expect("an event has a number");
            if seq != expected {
                record.wrong.push(format!("event {expected} has number {seq}"));
            }
            let ticket = event["ticket"].as_u64().unwrap_or(0);
            let name = event["event"].as_str().expect("an event has a name");
            match name {
                "registered" if !registered.insert(ticket) => {
                    record.wrong.push(format!("number {ticket} was given twice"));
                }
                "clock" if event["turn"] == "breached" => {
                    record.breaches += 1;
                    let cause = format!("{ticket}-breach-{}-{}", event["metric"], event["cycle"]);
                    if !turned.insert(cause.clone()) {
                        record.wrong.push(format!("alarm {cause} was raised twice"));
                    }
                }
                "alarm-acked" => {
                    let alarm = event["alarm"].as_str().expect("an alarm that was taken has an id");
                    *record.acked.entry(alarm.to_owned()).or_default() += 1;
                }
                _ => {}
            }
            let text = if name == "registered" { &event["subject"] } else { &event["text"] };
            if let Some(text) = text.as_str().filter(|text| text.starts_with('<')) {
                record.done.entry(text.to_owned()).or_default().push((ticket, seq));
            }
        }
        let several = record.done.iter().filter(|(_, places)| places.len() > 1);
        let several: Vec<_> =
            several.map(|(text, places)| format!("{text} was done at {places:?}")).collect();
        record.wrong.extend(several);
        record
    }
}

fn all_tickets(door: &Door) -> HashMap<u64, Value> {
    let mut all = HashMap::new();
    let mut path = "/v1/tickets?limit=200".to_owned();
    loop {
        let page = door.get(&path).expect("the daemon answers");
        for ticket in page.json.as_array().expect("a list of tickets") {
            all.insert(ticket["number"].as_u64().expect("a ticket has a number"), ticket.clone());
        }
        let Some(link) = page.header("link") else { return all };
        let next = link.strip_prefix('<').and_then(|link| link.split_once('>'));
        next.expect("a link is in brackets").0.clone_into(&mut path);
    }
}

/// Lets `clients` post at once, each in a thread, until the daemon is gone or `stop` is set.
pub fn post_all(clients: &mut [Client], door: &Door, stop: &AtomicBool) {
    std::thread::scope(|scope| {
        for client in clients {
            // A connection each.
            let door = door.clone();
            scope.spawn(move || client.post_until(&door, stop));
        }
    });
}

/// A token for those who post, made by the daemon's admin.
///
/// # Panics
/// Where it is not made.
pub fn token_for_clients(daemon: &Daemon) -> String {
    let added = daemon.ctl(&["--json", "token", "add", "--name", "clients", "--role", "agent"]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let secret: Value = serde_json::from_slice(&added.stdout).expect("JSON on stdout");
    secret["secret"].as_str().expect("the secret, once").to_owned()
}
