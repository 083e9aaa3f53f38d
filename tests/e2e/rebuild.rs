//! A rebuild takes its time on a grown desk: the wall, the door and the journal say how far it is.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use andon::store::{Frame, Ledger};
use andon_tests::World;
use andon_tests::daemon::{binary, eventually};
use serde_json::{Value, json};

/// So many tickets make enough events that a rebuild has something to tell more than once.
const TICKETS: usize = 6_000;

/// Writes a ledger as the daemon would, with no ticket database beside it; how many events.
fn grown(state: &Path) -> u64 {
    let mut world = World::getmark("2026-11-16 10:00").unproven();
    for n in 0..TICKETS {
        let number = world.register(super::error_that_stops(&format!("Ошибка {n}")));
        world.act(number, "take", json!({}));
    }
    fs::create_dir_all(state).expect("a directory");
    let (mut ledger, _) = Ledger::open(state).expect("a fresh ledger opens");
    let frames: Vec<_> = world
        .entries()
        .iter()
        .map(|entry| Frame {
            first_seq: entry.first_seq,
            count: u32::try_from(entry.facts.len()).expect("an entry has few events"),
            payload: serde_json::to_vec(entry).expect("an entry is JSON"),
        })
        .collect();
    for batch in frames.chunks(1_000) {
        ledger.append(batch).expect("the disk takes it");
    }
    ledger.next_seq() - 1
}

/// Killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is at `path`: its status and its bytes; `None` while nobody listens.
fn get(base: &str, path: &str) -> Option<(u16, Vec<u8>)> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let answer = agent.get(format!("{base}{path}")).call().ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.into_body().read_to_vec().ok()?))
}

/// How far a detail says that it is: of how many events how many.
fn progress(problem: &Value) -> Option<(u64, u64)> {
    let told = problem["detail"].as_str()?.strip_prefix("the ledger is being read: ")?;
    let (done, of) = told.strip_suffix(" events")?.split_once(" of ")?;
    Some((done.parse().ok()?, of.parse().ok()?))
}

#[test]
fn a_rebuild_tells_the_wall_the_door_and_the_journal_how_far_it_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let events = grown(&state);
    assert!(events > 30_000, "{events} events are too few to be told of");
    // The address is said when the desk is there, and this is about what is before.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|free| free.local_addr())
        .expect("a port")
        .port();
    let (listen, base) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"));
    let log = dir.path().join("log");
    let mut andond = Command::new(binary("andond"));
    andond.args(["--listen", &listen, "--state-dir"]).arg(&state).stdout(Stdio::null());
    let _running =
        Running(andond.stderr(fs::File::create(&log).expect("a log")).spawn().expect("andond starts"));

    let (mut told, mut pictures) = (Vec::new(), Vec::new());
    eventually("the desk", || {
        let (status, body) = get(&base, "/readyz")?;
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        if let Some(progress) = progress(&problem) {
            assert_eq!((status, problem["code"].as_str()), (503, Some("starting")));
            told.push(progress);
            pictures.extend(get(&base, "/board.png").map(|(_, picture)| picture));
        }
        (status == 200).then_some(())
    });
    assert!(!told.is_empty(), "the door says how far it is");
    assert!(
        told.is_sorted() && told.iter().all(|(done, of)| *done < *of && *of == events),
        "{told:?} of {events}"
    );
    let ready = get(&base, "/board.png").expect("the wall").1;
    assert!(ready.starts_with(b"\x89PNG"));
    assert!(pictures.first().is_some_and(|starting| starting.starts_with(b"\x89PNG") && *starting != ready));
    let log = fs::read_to_string(log).expect("a log");
    let steps: Vec<_> =
        log.lines().filter(|line| line.contains("replayed 1") && line.contains(" of ")).collect();
    assert!(
        !steps.is_empty() && steps.iter().all(|line| line.ends_with(&format!(" of {events} events"))),
        "{log}"
    );
    assert!(log.contains(&format!("0 tickets opened, {events} events replayed")), "{log}");
}
