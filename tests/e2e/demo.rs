//! The demo: somebody else's working day, on the wall.

use andon_tests::daemon::{Daemon, binary, eventually};

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

#[test]
fn a_demo_and_a_real_desk_never_share_books() {
    let dir = tempfile::tempdir().expect("a directory");
    let (real, demo) = (dir.path().join("real"), dir.path().join("demo"));
    let log = concat!(env!("CARGO_MANIFEST_DIR"), "/../daemon/demo/small.jsonl");
    let args = ["--demo", "--demo-log", log];
    Daemon::start(&real, &[]).stop();
    Daemon::start(&demo, &args).stop();
    let complaint = |state: &std::path::Path, args: &[&str]| {
        let state = state.display().to_string();
        let all = [&["--listen", "127.0.0.1:0", "--state-dir", &state], args].concat();
        let output =
            std::process::Command::new(binary("andond")).args(all).output().expect("andond can be started");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).expect("messages are text")
    };
    assert!(complaint(&real, &args).contains("holds a real desk"));
    assert!(complaint(&demo, &[]).contains("holds a demo's desk"));
    let again = Daemon::start(&demo, &args);
    assert_eq!(again.get("/v1/board").json["trusted"], true, "a demo begins anew");
}
