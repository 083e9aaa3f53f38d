//! The demo: somebody else's working day, on the wall.

use andon_tests::daemon::{Daemon, eventually};

#[test]
fn the_demo_brings_waiting_due_soon_breached_and_critical_tickets_to_the_wall() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = concat!(env!("CARGO_MANIFEST_DIR"), "/../daemon/demo/small.jsonl");
    let daemon =
        Daemon::start(&dir.path().join("state"), &["--demo", "--demo-log", log, "--demo-speed", "6000"]);
    let mut seen = [false; 4];
    eventually("a wall with everything on it", || {
        let counts = daemon.get("/v1/board").json["counts"].clone();
        for (seen, what) in seen.iter_mut().zip(["waiting", "due_soon", "breached", "critical"]) {
            *seen |= counts[what].as_u64().is_some_and(|count| count > 0);
        }
        seen.iter().all(|seen| *seen).then_some(())
    });
}
