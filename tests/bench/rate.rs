//! Durable registrations per second over HTTP, beside what the disk and the HTTP library do alone in the same run.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use andon_tests::daemon::Daemon;

use super::alike::body;
use super::door::{RawDoor, raw_post};
use super::percentiles;

/// How long a rate is measured.
const SPAN: Duration = Duration::from_secs(5);
/// How many clients ask at once, one run after the other.
pub(crate) const CLIENTS: [usize; 3] = [1, 8, 64];
/// How many registrations differ before they begin anew.
const SUBJECTS: u64 = 4_096;
/// In what the kernel counts a process's time, in microseconds, whatever its own clock ticks by.
const TICK_US: u64 = 10_000;
/// The hidden part of this program that serves a handler which does nothing.
pub(crate) const BARE: &str = "bare-handler";

/// What some clients saw.
pub(crate) struct Rate {
    pub(crate) per_s: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// What each answer took of a processor in the server, in microseconds: the figure that does not depend on what
    /// clients leave of the processors they share with it.
    pub(crate) cpu_us: f64,
}

/// The rates at 1, 8 and 64 clients, each beside a bare handler's.
pub(crate) fn register() {
    let dir = tempfile::tempdir_in(".").expect("a directory on the disk of the project");
    println!("the disk alone, 1 KiB appended and fdatasync: {:.0}/s", sync_rate(dir.path()));
    let mut bare = Bare::start();
    for clients in CLIENTS {
        let bare_rate = bare.rate(clients);
        let state = dir.path().join(format!("state-{clients}"));
        let daemon = Daemon::start(&state, &[]);
        let Rate { per_s, p50_ms, p99_ms, cpu_us } =
            rate(daemon.base(), daemon.pid(), &registrations(&daemon), clients);
        println!(
            "{clients:>2} clients: {per_s:.0} durable registrations/s, p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, \
             {cpu_us:.0} us of the daemon's CPU each; a bare handler {:.0}/s, p50 {:.2} ms, {:.0} us: {:.0} %",
            bare_rate.per_s,
            bare_rate.p50_ms,
            bare_rate.cpu_us,
            per_s / bare_rate.per_s * 100.0
        );
    }
    bare.stop();
    println!("the disk alone, again: {:.0}/s", sync_rate(dir.path()));
}

fn sync_rate(dir: &Path) -> f64 {
    let mut file = File::create(dir.join("sync-rate")).expect("a file");
    let block = [7_u8; 1024];
    // Written over, not grown: as the ledger does within the room it has made.
    file.write_all(&vec![0; 64 << 20]).and_then(|()| file.sync_all()).expect("the disk takes 64 MiB");
    let (start, mut count) = (Instant::now(), 0_u32);
    std::io::Seek::rewind(&mut file).expect("a file can be rewound");
    while start.elapsed() < SPAN / 2 && count < 60_000 {
        file.write_all(&block).and_then(|()| file.sync_data()).expect("the disk takes 1 KiB");
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// A request as bytes, and the status of its answer.
pub(crate) type Asked = (Vec<u8>, u16);

/// Registrations of many subjects: each is looked for among the alike ones that there are.
pub(crate) fn registrations(daemon: &Daemon) -> Vec<Asked> {
    (0..SUBJECTS).map(|n| (raw_post(daemon, "/v1/tickets", &body(n).to_string()), 201)).collect()
}

/// What `clients` see that send `requests` in turn, one after another, each on a connection of its own and each beginning
/// elsewhere among them, to the server that is process `pid`.
pub(crate) fn rate(base: &str, pid: u32, requests: &[Asked], clients: usize) -> Rate {
    let cpu_before_us = cpu_us(pid);
    let start = Instant::now();
    let mut times = std::thread::scope(|scope| {
        let client = move |first: usize| {
            let (mut door, mut own) = (RawDoor::open_at(base), Vec::new());
            for (request, expected) in requests.iter().cycle().skip(first) {
                let sent = Instant::now();
                assert_eq!(door.send(request), *expected);
                own.push(sent.elapsed().as_secs_f64() * 1e3);
                if start.elapsed() >= SPAN {
                    break;
                }
            }
            own
        };
        let threads: Vec<_> =
            (0..clients).map(|n| scope.spawn(move || client(n * requests.len() / clients))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no client panics")).collect::<Vec<_>>()
    });
    let took = start.elapsed().as_secs_f64();
    let cpu_us = (cpu_us(pid) - cpu_before_us) as f64 / times.len() as f64;
    times.sort_unstable_by(f64::total_cmp);
    let (p50_ms, p99_ms) = percentiles(&times);
    Rate { per_s: times.len() as f64 / took, p50_ms, p99_ms, cpu_us }
}

/// What a process has taken of the processors, in user and system mode, in microseconds.
fn cpu_us(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the server runs");
    // Behind the name, which may have anything in it; of what follows, the 12th and 13th are user and system time.
    let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
    let ticks =
        fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number"));
    ticks.sum::<u64>() * TICK_US
}

/// A process of its own, as the daemon is, that answers and does nothing else.
pub(crate) struct Bare {
    child: std::process::Child,
    base: String,
}

impl Bare {
    /// What so many clients see of it.
    pub(crate) fn rate(&self, clients: usize) -> Rate {
        rate(&self.base, self.child.id(), &[(bare_request(&self.base), 200)], clients)
    }

    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("a program knows where it is");
        let child = Command::new(program).arg(BARE).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("this program can be started");
        let mut base = String::new();
        let told = child.stdout.take().expect("stdout is piped");
        BufReader::new(told).read_line(&mut base).expect("it tells where it listens");
        Self { child, base: base.trim().to_owned() }
    }

    pub(crate) fn stop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        ended.expect("a child can be killed");
    }
}

fn bare_request(base: &str) -> Vec<u8> {
    let host = base.trim_start_matches("http://");
    format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

/// Serves a handler that does nothing, with as many threads as the daemon has.
pub(crate) fn serve_bare() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let router = axum::Router::new().route("/", axum::routing::post(|| async { "ok" }));
        axum::serve(listener, router).await.expect("it serves until it is killed");
    });
    ExitCode::SUCCESS
}
