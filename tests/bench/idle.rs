//! What the wall costs while nothing changes: the time its threads are on a core, as the kernel counts it.

use std::path::Path;
use std::time::{Duration, Instant};

use andon_tests::daemon::Daemon;
use serde_json::json;

/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(60);

/// A minute of a quiet wall: with nothing, with a button to be looked at, and with an alarm that flashes and sounds.
pub(crate) fn idle() {
    for (what, with_button, with_alarm) in [
        ("nothing", false, false),
        ("a button", true, false),
        ("a button and an alarm that calls", true, true),
    ] {
        let dir = tempfile::tempdir_in(".").expect("a directory on the disk of the project");
        let button = dir.path().join("button");
        std::fs::write(&button, "0").expect("a file");
        let (button, regulation) = (button.display().to_string(), dir.path().join("bench.toml"));
        std::fs::write(&regulation, include_str!("bench.toml")).expect("a file");
        let regulation = regulation.display().to_string();
        let mut args = vec!["--regulation", regulation.as_str()];
        if with_button {
            args.extend(["--board-button", button.as_str()]);
        }
        let daemon = Daemon::start(&dir.path().join("state"), &args);
        if with_alarm {
            let ticket = json!({"channel": "fast", "type": "error", "subject": "Срок истёк"});
            assert_eq!(daemon.post("/v1/tickets", &ticket).status, 201);
        }
        std::thread::sleep(Duration::from_secs(3));
        let (before, start) = (on_core(daemon.pid()), Instant::now());
        std::thread::sleep(WATCHED);
        let took_ns = start.elapsed().as_nanos();
        let mut threads = on_core(daemon.pid());
        for (name, ns) in &mut threads {
            *ns -= before.iter().find(|(known, _)| known == name).map_or(0, |(_, ns)| *ns);
        }
        threads.sort_by_key(|(_, ns)| std::cmp::Reverse(*ns));
        let share = |ns: u64| ns as f64 * 100.0 / took_ns as f64;
        let all: u64 = threads.iter().map(|(_, ns)| ns).sum();
        let named = threads.iter().filter(|(_, ns)| share(*ns) >= 0.001);
        let named = named.map(|(name, ns)| format!("{name} {:.3}", share(*ns)));
        println!("{what}: {:.3}% of a core ({})", share(all), named.collect::<Vec<_>>().join(", "));
    }
}

/// How long each kind of thread of a process has been on a core, in nanoseconds.
fn on_core(pid: u32) -> Vec<(String, u64)> {
    let mut all: Vec<(String, u64)> = Vec::new();
    let tasks = format!("/proc/{pid}/task");
    for task in std::fs::read_dir(Path::new(&tasks)).expect("Linux tells").flatten() {
        let read = |name| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
        let ns = read("schedstat").split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
        let name = read("comm").trim().to_owned();
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += ns,
            None => all.push((name, ns)),
        }
    }
    all
}
