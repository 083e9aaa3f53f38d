//! Mail in and letters out through real servers: a Postfix between the desk and its people, and a Dovecot where mail is fetched.

mod burst;
mod encrypted;
mod killed;
mod restored;
mod round;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use andon_tests::daemon::Daemon;
use andon_tests::mail_server::Letter;
use andon_tests::needs::skipped;
use andon_tests::postfix::{Besides, Desk, Postfix, free_port};
use serde_json::Value;

/// The desk's address.
const DESK: &str = "support@desk.example";
/// How requesters would reach the box; the tests take the path behind it.
const PAGES: &str = "https://help.example.ru";

/// How long letters that are under way are waited for: thousands are no matter of a minute.
const PATIENCE: Duration = Duration::from_secs(600);

/// A desk, and the Postfix that carries its mail.
struct Site {
    desk: andon_tests::Site,
    /// Postfix and Dovecot are no roots: they need a directory that lets them through.
    _servers: tempfile::TempDir,
    postfix: Postfix,
}

impl Site {
    /// One whose mail comes by LMTP; nothing, and aloud, where there is no Postfix. `mail_in` is what `[mail-in]` says.
    fn by_lmtp(mail_in: &str) -> Option<Self> {
        Self::by_lmtp_with(mail_in, &Besides::default())
    }

    fn by_lmtp_with(mail_in: &str, besides: &Besides<'_>) -> Option<Self> {
        let lmtp = format!("127.0.0.1:{}", free_port());
        let more = format!("[lmtp]\nlisten = \"{lmtp}\"\n[mail-in]\n{mail_in}\n");
        let servers = tempfile::tempdir().expect("a directory");
        let postfix = postfix(servers.path(), &Desk::Lmtp(format!("inet:{lmtp}")), besides)?;
        let mail = format!("port = {}\ntls = \"none\"", postfix.port());
        Some(Self::new(servers, postfix, &mail, &more))
    }

    /// One whose mail comes by LMTP over a Unix socket, which its Postfix is let into as an admin would: by its group.
    fn by_socket() -> Option<Self> {
        let servers = tempfile::tempdir().expect("a directory");
        let socket = servers.path().join("andon/lmtp.sock");
        let postfix =
            postfix(servers.path(), &Desk::Lmtp(format!("unix:{}", socket.display())), &Besides::default())?;
        postfix.let_into(&servers.path().join("andon"));
        let mail = format!("port = {}\ntls = \"none\"", postfix.port());
        let more = format!("[lmtp]\nlisten = \"{}\"\n", socket.display());
        Some(Self::new(servers, postfix, &mail, &more))
    }

    fn new(servers: tempfile::TempDir, postfix: Postfix, mail: &str, more: &str) -> Self {
        let desk = andon_tests::Site::new(&format!(
            "[mail]\nhost = \"127.0.0.1\"\n{mail}\nper-minute = 6000\nfrom = \"Поддержка <{DESK}>\"\n\n\
             [[mail-address]]\naddress = \"{DESK}\"\ntype = \"error\"\n\n[requester-page]\nurl = \"{PAGES}\"\n\n{more}"
        ));
        Self { desk, _servers: servers, postfix }
    }

    fn start(&self) -> Daemon {
        self.desk.start()
    }

    /// Waits until nothing is under way: no mail, no letter.
    fn settle(&self, daemon: &Daemon) {
        let start = Instant::now();
        self.postfix.wait_until_empty();
        while !letters(daemon, "waiting").is_empty() {
            assert!(start.elapsed() < PATIENCE, "letters wait: {:?}", letters(daemon, "waiting"));
            std::thread::sleep(Duration::from_millis(50));
        }
        self.postfix.wait_until_empty();
    }

    /// The letter to somebody that comes next after so many.
    fn letter(&self, address: &str, after: usize) -> Letter {
        let start = Instant::now();
        loop {
            if let Some(letter) = self.postfix.letters_to(address).into_iter().nth(after) {
                return letter;
            }
            assert!(start.elapsed() < PATIENCE, "the letter does not come; Postfix: {}", self.postfix.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A Postfix; nothing, and aloud, where there is none.
fn postfix(dir: &std::path::Path, desk: &Desk, besides: &Besides<'_>) -> Option<Postfix> {
    if let Some(why) = Postfix::missing() {
        skipped("postfix", why);
        return None;
    }
    Some(Postfix::start_with(dir, desk, besides))
}

/// A mail of somebody to the desk.
fn mail(from: &str, id: &str, subject: &str, body: &str) -> String {
    format!(
        "From: {from}\r\nTo: {DESK}\r\nDate: Fri, 20 Nov 2026 14:02:11 +0300\r\nMessage-ID: <{id}@example.ru>\r\n\
         Subject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n"
    )
}

/// An answer to a letter as people's programs write one: their words above, the letter quoted below.
fn answer(letter: &Letter, id: &str, words: &str) -> String {
    let quoted: Vec<String> = letter.text().lines().map(|line| format!("> {line}")).collect();
    let body = format!("{words}\r\n\r\n20.11.2026 14:05, Поддержка пишет:\r\n{}", quoted.join("\r\n"));
    let of = letter.header("Message-ID");
    mail(&letter.to, id, &format!("Re: {}", letter.subject()), &body).replacen(
        "Subject:",
        &format!("In-Reply-To: <{of}>\r\nReferences: <{of}>\r\nSubject:"),
        1,
    )
}

/// How many tickets there are of each subject.
fn subjects(daemon: &Daemon) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut path = Some("/v1/tickets?limit=200".to_owned());
    while let Some(page) = path {
        let listed = daemon.get(&page);
        assert_eq!(listed.status, 200, "{}", listed.json);
        for ticket in listed.json.as_array().expect("a list") {
            *counts.entry(ticket["subject"].as_str().expect("a subject").to_owned()).or_default() += 1;
        }
        path = listed.header("link").and_then(|link| {
            let (next, _) = link.strip_prefix('<')?.split_once(">; rel=\"next\"")?;
            Some(next.to_owned())
        });
    }
    counts
}

/// The letters that wait for their server, or are dead.
fn letters(daemon: &Daemon, state: &str) -> Vec<Value> {
    let listed = daemon.get(&format!("/v1/letters?state={state}"));
    assert_eq!(listed.status, 200, "{}", listed.json);
    listed.json.as_array().expect("a list").clone()
}

/// The mail that is held, each by why.
fn held(daemon: &Daemon) -> Vec<Value> {
    let out = daemon.ctl(&["--json", "mail", "list"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice::<Value>(&out.stdout).expect("JSON").as_array().expect("a list").clone()
}

/// What was said of a ticket, event by event.
fn events(daemon: &Daemon, number: u64) -> Vec<Value> {
    daemon.get(&format!("/v1/tickets/{number}/history")).json.as_array().expect("a list").clone()
}

/// The state of a ticket's clock, the last of that metric.
fn clock(ticket: &Value, metric: &str) -> Option<String> {
    let clocks = ticket["clocks"].as_array().expect("a list");
    let of = clocks.iter().rfind(|clock| clock["metric"] == metric)?;
    of["state"].as_str().map(str::to_owned)
}
