//! A hostile host on the network, and one good client: it is served every time, and the daemon's memory stays bounded.
//!
//! The long form (`tests/run --long`) holds a thousand connections open, tries ten thousand tokens and sends whole gigabytes,
//! and holds the good client's p99 to five times what it was before, in the same run.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use andon_tests::daemon::Daemon;
use andon_tests::raw::Raw;

use super::error_that_stops;

/// How much memory a whole attack may add, in KiB. What it sends is hundreds of times that.
const GROWTH_MAX_KIB: u64 = 96 << 10;
/// How often the good client asks.
const PAUSE: Duration = Duration::from_millis(10);
/// How many brackets a deep body has.
const BRACKETS: usize = 100_000;
/// How often the same attack may slow the good client, in the long form.
const SLOWER_MAX: f64 = 5.0;

/// How much of everything.
struct Scale {
    half_open: usize,
    bad_tokens: usize,
    /// In MiB.
    body: usize,
    heads: usize,
    slow_bodies: usize,
    slow_readers: usize,
    is_long: bool,
}

impl Scale {
    fn of_this_run() -> Self {
        if std::env::var_os("ANDON_TESTS_LONG").is_some() {
            Self {
                half_open: 1_000,
                bad_tokens: 10_000,
                body: 1_024,
                heads: 200,
                slow_bodies: 200,
                slow_readers: 100,
                is_long: true,
            }
        } else {
            Self {
                half_open: 300,
                bad_tokens: 500,
                body: 48,
                heads: 20,
                slow_bodies: 40,
                slow_readers: 20,
                is_long: false,
            }
        }
    }
}

/// Somebody who means harm.
type Attack = fn(&Daemon, &Scale);

#[test]
fn one_good_client_is_served_while_a_hostile_one_does_what_it_can() {
    let scale = Scale::of_this_run();
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(dir.path(), &[]);
    assert_eq!(daemon.post("/v1/tickets", &error_that_stops("Первая")).status, 201);
    let mut good = GoodClient::new(&daemon);
    let quiet = p99(&mut (0..300).map(|_| good.ask()).collect::<Vec<_>>());
    let before_kib = memory_kib(&daemon, "VmRSS:");
    let attacks: [(&str, Attack); 7] = [
        ("half-open connections", half_open),
        ("bad tokens", bad_tokens),
        ("bodies without end", large_bodies),
        ("deep JSON", deep_json),
        ("heads without end", heads),
        ("bodies of a byte", slow_bodies),
        ("readers of nothing", slow_readers),
    ];
    for (name, attack) in attacks {
        let is_over = AtomicBool::new(false);
        let mut took = std::thread::scope(|scope| {
            let client = scope.spawn(|| {
                let mut took = Vec::new();
                while !is_over.load(Ordering::Relaxed) || took.len() < 100 {
                    took.push(good.ask());
                }
                took
            });
            // The admin's door is another one.
            let admin = scope.spawn(|| {
                let mut served = 0;
                while !is_over.load(Ordering::Relaxed) || served == 0 {
                    let status = daemon.ctl(&["status"]);
                    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
                    served += 1;
                    std::thread::sleep(PAUSE * 20);
                }
                served
            });
            // Told before the client is waited for, also where the attack fails.
            let attacked = std::panic::catch_unwind(|| attack(&daemon, &scale));
            is_over.store(true, Ordering::Relaxed);
            let took =
                client.join().unwrap_or_else(|_| panic!("the good client was not served during {name}"));
            let served = admin.join().unwrap_or_else(|_| panic!("andonctl was not served during {name}"));
            assert!(served > 0, "{name}");
            attacked.unwrap_or_else(|_| panic!("{name}: not as it should be"));
            took
        });
        let (served, slow, kib) = (took.len(), p99(&mut took), memory_kib(&daemon, "VmHWM:"));
        println!("{name}: {served} times served, p99 {slow:.1} ms (quiet {quiet:.1} ms), at most {kib} KiB");
        let grown = kib.saturating_sub(before_kib);
        assert!(grown < GROWTH_MAX_KIB, "{name}: {grown} KiB more than the {before_kib} of before");
        if scale.is_long {
            assert!(slow <= quiet * SLOWER_MAX, "{name}: p99 {slow:.2} ms, quiet {quiet:.2} ms");
        }
    }
}

/// Somebody who reads and writes, on one connection, from an address of its own.
struct GoodClient {
    door: Raw,
    requests: Vec<(String, u16)>,
    asked: usize,
}

impl GoodClient {
    fn new(daemon: &Daemon) -> Self {
        let auth = format!("host: desk\r\nauthorization: Bearer {}\r\n", daemon.token());
        let body = error_that_stops("Ещё одна").to_string();
        let requests = vec![
            (format!("GET /v1/tickets?limit=20 HTTP/1.1\r\n{auth}\r\n"), 200),
            (format!("GET /v1/tickets/1 HTTP/1.1\r\n{auth}\r\n"), 200),
            (post("/v1/tickets", &auth, &body), 201),
            ("GET /board.png HTTP/1.1\r\nhost: desk\r\n\r\n".to_owned(), 200),
        ];
        Self { door: Raw::connect(daemon.address(), 1).expect("it is let in"), requests, asked: 0 }
    }

    /// Asks the next thing; how long the answer took, in milliseconds.
    fn ask(&mut self) -> f64 {
        std::thread::sleep(PAUSE);
        let (request, expected) = &self.requests[self.asked % self.requests.len()];
        self.asked += 1;
        let begun = Instant::now();
        self.door.send(request.as_bytes()).expect("the connection is kept");
        let status = self.door.status().expect("it is answered");
        assert_eq!(status, *expected, "{request}");
        begun.elapsed().as_secs_f64() * 1e3
    }
}

fn post(path: &str, auth: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\n{auth}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// The header lines of somebody who has a token.
fn auth(daemon: &Daemon) -> String {
    format!("host: desk\r\nauthorization: Bearer {}\r\n", daemon.token())
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "few samples"
)]
fn p99(took: &mut [f64]) -> f64 {
    took.sort_unstable_by(f64::total_cmp);
    took[((took.len() as f64 * 0.99) as usize).min(took.len() - 1)]
}

fn memory_kib(daemon: &Daemon, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("the daemon runs");
    let line = status.lines().find(|line| line.starts_with(what)).expect("Linux tells");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

/// More connections than one address may have, from several, which say nothing or half a head.
fn half_open(daemon: &Daemon, scale: &Scale) {
    let mut held = Vec::new();
    for n in 0..scale.half_open {
        let source = if n < 300 { 2 } else { u8::try_from(3 + n % 4).expect("few") };
        let Ok(mut raw) = Raw::connect(daemon.address(), source) else { continue };
        if n % 2 == 0 {
            // Whoever is hung up already says nothing.
            let _ = raw.send(b"GET /v1/tickets HTTP/1.1\r\nhost: de");
        }
        held.push(raw);
    }
    let is_hung_up = |raw: &mut Raw| {
        raw.stream.set_nonblocking(true).expect("a socket can be asked");
        let read = raw.stream.read(&mut [0]);
        !matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    };
    std::thread::sleep(PAUSE * 50);
    let hung_up = held.iter_mut().map(is_hung_up).filter(|is| *is).count();
    assert!(hung_up >= 300 - 256, "one address had its share only: {hung_up} were hung up");
}

/// Secrets that nobody was given.
fn bad_tokens(daemon: &Daemon, scale: &Scale) {
    let mut raw = Raw::connect(daemon.address(), 10).expect("it is let in");
    let (mut unknown, mut too_often) = (0, 0);
    for n in 0..scale.bad_tokens {
        let asked =
            format!("GET /v1/tickets HTTP/1.1\r\nhost: desk\r\nauthorization: Bearer andon_{n:064}\r\n\r\n");
        let Ok(status) = raw.send(asked.as_bytes()).and_then(|()| raw.status()) else {
            // Hung up, as somebody may be who tries so many; but they may come again.
            raw = Raw::connect(daemon.address(), 10).expect("it is let in again");
            continue;
        };
        match status {
            401 => unknown += 1,
            429 => too_often += 1,
            status => panic!("try {n}: {status}"),
        }
    }
    assert!(unknown >= 10, "the first ten are looked up: {unknown}");
    let tried = scale.bad_tokens;
    assert!(too_often * 2 > tried, "{too_often} of {tried} were told to wait, {unknown} were looked up");
}

/// Gigabytes, announced and not, by somebody with a token.
fn large_bodies(daemon: &Daemon, scale: &Scale) {
    let head = |length: &str| {
        format!(
            "POST /v1/tickets HTTP/1.1\r\n{}content-type: application/json\r\n{length}\r\n\r\n",
            auth(daemon)
        )
    };
    let chunk = [&b"100000\r\n"[..], &vec![b' '; 1 << 20], b"\r\n"].concat();
    for announced in [true, false] {
        let mut raw = Raw::connect(daemon.address(), 11).expect("it is let in");
        let length = if announced {
            format!("content-length: {}", scale.body << 20)
        } else {
            "transfer-encoding: chunked".into()
        };
        raw.send(head(&length).as_bytes()).expect("the head is taken");
        let sent = (0..scale.body).take_while(|_| raw.send(&chunk).is_ok()).count();
        assert!(sent < scale.body, "nobody reads all of it: {sent} of {} MiB", scale.body);
        // The answer may be lost with the connection; where it is not, it says why.
        if let Ok(status) = raw.status() {
            assert_eq!(status, 413);
        }
    }
}

/// JSON that is deeper than any stack.
fn deep_json(daemon: &Daemon, scale: &Scale) {
    for body in
        ["[".repeat(BRACKETS), "{\"a\":".repeat(BRACKETS), format!("{{\"fields\":{}", "[".repeat(BRACKETS))]
    {
        for _ in 0..scale.heads {
            let mut raw = Raw::connect(daemon.address(), 12).expect("it is let in");
            raw.send(post("/v1/tickets", &auth(daemon), &body).as_bytes()).expect("it is read");
            let status = raw.status().expect("it is answered");
            assert!(matches!(status, 400 | 422 | 429), "{status}");
        }
    }
}

/// Headers without end: many, and one that is long.
fn heads(daemon: &Daemon, scale: &Scale) {
    for n in 0..scale.heads {
        let mut raw = Raw::connect(daemon.address(), 13).expect("it is let in");
        raw.send(b"GET /v1/tickets HTTP/1.1\r\nhost: desk\r\n").expect("it is taken");
        let line = if n % 2 == 0 { format!("x-{n}: {}\r\n", "a".repeat(100)) } else { "a".repeat(1_000) };
        let sent = (0..10_000).take_while(|_| raw.send(line.as_bytes()).is_ok()).count();
        assert!(sent < 10_000, "nobody reads a megabyte of head");
        if let Ok(status) = raw.status() {
            assert_eq!(status, 431);
        }
    }
}

/// Bodies that begin and do not go on.
fn slow_bodies(daemon: &Daemon, scale: &Scale) {
    let head = format!(
        "POST /v1/tickets HTTP/1.1\r\n{}content-type: application/json\r\ncontent-length: 1000\r\n\r\n{{",
        auth(daemon)
    );
    let mut senders: Vec<_> = (0..scale.slow_bodies)
        .filter_map(|_| {
            let mut raw = Raw::connect(daemon.address(), 14).ok()?;
            raw.send(head.as_bytes()).ok()?;
            Some(raw)
        })
        .collect();
    let mut timed_out = 0;
    for raw in &mut senders {
        match raw.status().expect("it is told before it is cut") {
            408 => timed_out += 1,
            429 | 503 => {}
            status => panic!("{status}"),
        }
    }
    let sent = senders.len();
    assert!(timed_out > 0 && sent > 0, "none of {sent} was told that it takes too long");
}

/// Answers that nobody reads: they fill what is between, and no more of them are made.
fn slow_readers(daemon: &Daemon, scale: &Scale) {
    const ASKS: usize = 100;
    let asks = "GET /openapi.json HTTP/1.1\r\nhost: desk\r\n\r\n".repeat(ASKS);
    let before = documents(daemon);
    let mut held: Vec<_> = (0..scale.slow_readers)
        .filter_map(|_| {
            let mut raw = Raw::connect(daemon.address(), 15).ok()?;
            raw.send(asks.as_bytes()).ok()?;
            Some(raw)
        })
        .collect();
    std::thread::sleep(PAUSE * 100);
    let (made, asked) = (documents(daemon) - before, held.len() * ASKS);
    assert!(made > 0 && made < asked / 2, "{made} of {asked} answers that nobody reads were made");
    let is_there = |raw: &mut Raw| raw.status().is_ok_and(|status| status == 200);
    let there = held.iter_mut().map(is_there).filter(|is| *is).count();
    assert!(there > 0, "the first answer waits for who reads at last");
}

/// How many documents were answered.
fn documents(daemon: &Daemon) -> usize {
    let metrics = daemon.get("/metrics");
    let text = String::from_utf8_lossy(&metrics.bytes);
    let of_it = |line: &&str| line.contains("route=\"/openapi.json\"") && line.contains("status=\"200\"");
    let counts = text.lines().filter(|line| line.starts_with("andon_http_requests_total")).filter(of_it);
    counts.map(|line| line.rsplit(' ').next().and_then(|n| n.parse::<usize>().ok()).expect("a count")).sum()
}
