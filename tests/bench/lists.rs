//! What a page of a list costs, by each filter: `bench lists --open N --closed N [--state DIR]`.

use std::path::Path;
use std::time::{Duration, Instant};

use andon_tests::daemon::{Daemon, eventually};
use andon_tests::load::Door;

use super::grown::{kib, ready};
use super::percentiles;

/// How often each page is asked for.
const TIMES: usize = 40;

/// What is asked for: a filter alone each, then some together, and what is found nowhere.
const QUERIES: [&str; 26] = [
    "",
    "status=in-progress",
    "status=closed",
    "priority=medium",
    "priority=high",
    "type=consultation",
    "line=1",
    "assignee=agent7",
    "assignee=none",
    "group=none",
    "client=ООО+«Ромашка+77»",
    "regulation=getmark",
    "channel=email",
    "stage=open",
    "stage=closed",
    "overdue=true",
    "overdue=false",
    "q=1234",
    "q=этикеток",
    "q=печатается+этикетки+77",
    "q=user77",
    "q=э",
    "stage=closed&assignee=agent7&q=накладной",
    "stage=closed&client=ООО+«Ромашка+77»&overdue=false&line=1&channel=email",
    "stage=closed&q=нигде",
    "q=годности+этикетки",
];

/// Time and tickets read for a page of 50 by each filter, from the newest on and from the middle.
pub(crate) fn lists(state: &Path) {
    let (daemon, took) = ready(state);
    let begun = Instant::now();
    let patience = Instant::now();
    while metric(&daemon, "andon_search_whole") == 0 && patience.elapsed() < Duration::from_secs(1_800) {
        std::thread::sleep(Duration::from_millis(200));
    }
    println!(
        "ready in {:.2} s, the index whole {:.1} s later with {} MiB in files: {} MiB resident, {} at most",
        took.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        metric(&daemon, "andon_store_bytes{part=\"search\"}") >> 20,
        kib(&daemon, "VmRSS:") / 1024,
        kib(&daemon, "VmHWM:") / 1024
    );
    let total = daemon.get("/v1/status").json["tickets_total"].as_u64().expect("a count");
    let door = Door::to(&daemon, daemon.token());
    println!("{:<72} {:>8} {:>8} {:>8} {:>6}", "a page of 50", "p50 ms", "p99 ms", "read", "found");
    for query in QUERIES {
        page(&daemon, &door, query);
    }
    for query in ["", "stage=closed", "assignee=agent7", "q=этикеток"] {
        page(&daemon, &door, &format!("{query}&cursor={}", total / 2));
    }
    println!("after these pages: {} MiB resident", kib(&daemon, "VmRSS:") / 1024);
    daemon.stop();
}

fn page(daemon: &Daemon, door: &Door, query: &str) {
    let path = format!("/v1/tickets?{}", encoded(query));
    let before = metric(daemon, "andon_search_tickets_read_total");
    let (mut found, mut times) = (0, Vec::new());
    for _ in 0..TIMES {
        let begun = Instant::now();
        let page = door.get(&path).expect("the daemon answers");
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        assert_eq!((page.status, page.header("andon-index")), (200, None), "{query}");
        found = page.json.as_array().map_or(0, Vec::len);
    }
    let read = (metric(daemon, "andon_search_tickets_read_total") - before) / TIMES as u64;
    times.sort_unstable_by(f64::total_cmp);
    let (p50, p99) = percentiles(&times);
    println!("{query:<72} {p50:>8.2} {p99:>8.2} {read:>8} {found:>6}");
}

/// A query with what is not ASCII as a URL has it.
fn encoded(query: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    query.bytes().map(byte).collect()
}

fn metric(daemon: &Daemon, name: &str) -> u64 {
    let metrics =
        eventually("metrics", || Some(daemon.get("/metrics")).filter(|answer| answer.status == 200));
    let text = String::from_utf8_lossy(&metrics.bytes).into_owned();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
    line.rsplit(' ').next().and_then(|count| count.parse().ok()).expect("a count")
}
