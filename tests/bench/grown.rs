//! Memory, start and lists of a desk that has grown: `bench memory|start|lists --open N --closed N [--state DIR]`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use andon_tests::daemon::{Daemon, eventually};
use serde_json::json;

use super::disk_mib;
use super::fill::{Size, fill};
use super::lists::lists;

/// How often a start is timed.
const STARTS: usize = 5;
/// How many pages of a list are turned before memory is read again.
const PAGES: usize = 200;
/// The daemon writes a checkpoint a minute after the first change; so long is waited for one, in seconds.
const CHECKPOINT_S: u64 = 75;

/// What was asked for with flags.
pub(crate) struct Asked {
    size: Size,
    /// Where the state is or is to be made; it stays. Left out, it is made anew and goes.
    state: Option<PathBuf>,
}

/// Reads the flags behind the part's name; none where there are none.
pub(crate) fn asked() -> Result<Option<Asked>, String> {
    let mut words = std::env::args().skip(2).peekable();
    if !words.peek().is_some_and(|word| word.starts_with("--")) {
        return Ok(None);
    }
    let (mut open, mut closed, mut state) = (None, None, None);
    let number = |word: Option<String>| word.and_then(|word| word.parse().ok()).ok_or("a number is wanted");
    while let Some(flag) = words.next() {
        match flag.as_str() {
            "--open" => open = Some(number(words.next())?),
            "--closed" => closed = Some(number(words.next())?),
            "--state" => state = Some(PathBuf::from(words.next().ok_or("a directory is wanted")?)),
            other => return Err(format!("unknown flag `{other}`; one of --open, --closed, --state")),
        }
    }
    match (open, closed) {
        (None, None) if state.is_none() => Ok(None),
        (Some(open), Some(closed)) => Ok(Some(Asked { size: Size { open, closed }, state })),
        (_, _) => Err("--open and --closed are wanted, both".to_owned()),
    }
}

impl Asked {
    /// Measures `what`.
    pub(crate) fn run(&self, what: &str) -> ExitCode {
        let measure: fn(&Path) = match what {
            "memory" => memory,
            "start" => start,
            "lists" => lists,
            _ => {
                eprintln!("bench: --open and --closed go with memory, start and lists");
                return ExitCode::from(2);
            }
        };
        println!("== {what}, {} open and {} closed tickets", self.size.open, self.size.closed);
        let own = tempfile::tempdir_in(".").expect("a directory on the disk of the project");
        let state = self.state.clone().unwrap_or_else(|| own.path().join("state"));
        fill(&state, self.size);
        if !state.join("sled").exists() {
            rebuild(&state);
        }
        measure(&state);
        ExitCode::SUCCESS
    }
}

/// Has the daemon make the projection from the ledger.
fn rebuild(state: &Path) {
    let (daemon, took) = ready(state);
    println!(
        "the projection rebuilt from the ledger in {:.0} s: {} MiB resident, {} at most",
        took.as_secs_f64(),
        kib(&daemon, "VmRSS:") / 1024,
        kib(&daemon, "VmHWM:") / 1024
    );
    daemon.stop();
    println!("{} MiB on disk", disk_mib(state));
}

/// Resident memory after a start, after a minute with its checkpoint, and after many pages of a list.
fn memory(state: &Path) {
    let (daemon, took) = ready(state);
    println!("ready in {:.2} s: {} MiB resident", took.as_secs_f64(), kib(&daemon, "VmRSS:") / 1024);
    for n in 0..100 {
        let reply =
            daemon.post(&format!("/v1/tickets/{}/reply", n + 1), &json!({"text": ".", "internal": true}));
        assert_eq!(reply.status, 200);
    }
    std::thread::sleep(Duration::from_secs(CHECKPOINT_S));
    println!("after 100 words about closed tickets and a checkpoint: {} MiB", kib(&daemon, "VmRSS:") / 1024);
    let begun = Instant::now();
    let (mut next, mut pages, mut tickets) = (Some("/v1/tickets?limit=200".to_owned()), 0, 0);
    while let Some(path) = next.take().filter(|_| pages < PAGES) {
        let page = daemon.get(&path);
        tickets += page.json.as_array().map_or(0, Vec::len);
        next = page.header("link").map(|link| link[1..link.find('>').expect("a target")].to_owned());
        pages += 1;
    }
    println!(
        "after {tickets} tickets on {pages} pages of a list ({:.1} ms a page): {} MiB",
        begun.elapsed().as_secs_f64() * 1e3 / f64::from(pages.max(1) as u32),
        kib(&daemon, "VmRSS:") / 1024
    );
    let begun = Instant::now();
    let page = daemon.get("/v1/tickets?stage=closed&q=nowhere-to-be-found");
    assert!(page.json.as_array().is_some_and(Vec::is_empty));
    println!("a page that looks in vain: {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    daemon.stop();
}

/// From starting the process to an answer that updates are taken, after kill -9 each time.
fn start(state: &Path) {
    let mut times = Vec::new();
    for _ in 0..=STARTS {
        let (daemon, took) = ready(state);
        times.push(took.as_secs_f64());
        daemon.kill();
    }
    // The first one reads what the others find in the page cache.
    let list: Vec<_> = times.iter().map(|took| format!("{took:.2}")).collect();
    times.sort_unstable_by(f64::total_cmp);
    println!(
        "start to ready after kill -9: {} s, the middle one {:.2} s",
        list.join(", "),
        times[times.len() / 2]
    );
}

pub(crate) fn ready(state: &Path) -> (Daemon, Duration) {
    let begun = Instant::now();
    let daemon = Daemon::start(state, &[]);
    eventually("readiness", || (daemon.get("/readyz").status == 200).then_some(()));
    (daemon, begun.elapsed())
}

pub(crate) fn kib(daemon: &Daemon, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("the daemon runs");
    let line = status.lines().find(|line| line.starts_with(what)).expect("Linux tells");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}
