//! What the card is made to write: bytes per update, and bytes while nothing happens.

use std::time::Duration;

use andon_tests::daemon::Daemon;
use serde_json::{Value, json};

use super::door::{RawDoor, raw_post};

/// How many tickets go through their whole life.
const TICKETS: usize = 2_000;
/// Longer than what changed may wait for a checkpoint.
const QUIET: Duration = Duration::from_secs(75);

/// Bytes per update at 1 and 8 clients, checkpoints and shutdown included; then those of an idle desk.
pub(crate) fn wear() {
    let dir = tempfile::tempdir_in(".").expect("a directory on the disk of the project");
    for clients in [1, 8] {
        let state = dir.path().join(format!("state-{clients}"));
        let daemon = Daemon::start(&state, &[]);
        let before = written(daemon.pid());
        let updates = lives(&daemon, clients);
        // The last checkpoint is part of the price.
        std::thread::sleep(QUIET);
        let after = written(daemon.pid());
        println!(
            "{clients} clients: {updates} updates, {:.2} KiB written for each",
            (after - before) as f64 / updates as f64 / 1024.0
        );
        std::thread::sleep(QUIET);
        println!("idle for {} s: {} bytes written", QUIET.as_secs(), written(daemon.pid()) - after);
    }
}

/// Lets tickets live their lives, from registration to confirmation; how many updates that took.
fn lives(daemon: &Daemon, clients: usize) -> usize {
    let register = json!({
        "channel": "email", "type": "error", "subject": "Не проводится накладная",
        "requester": {"name": "Анна", "email": "anna@example.ru", "inn": "7707083893"},
        "fields": {"process": "Отгрузка", "steps": ["Открыть накладную"], "impact": "stops-operations"},
    });
    let verbs: [(&str, Value); 5] = [
        ("take", json!({})),
        ("reply", json!({"text": "Смотрим, что с накладной"})),
        ("ask", json!({"text": "Пришлите, пожалуйста, номер накладной и снимок экрана"})),
        ("answer", json!({"text": "Накладная 4512, снимок приложен"})),
        ("resolve", json!({"text": "Дата была вне открытого периода, период открыт"})),
    ];
    let register = raw_post(daemon, "/v1/tickets", &register.to_string());
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut door = RawDoor::open(daemon);
                for _ in 0..TICKETS / clients {
                    assert_eq!(door.send(&register), 201);
                    let ticket = door.location.take().expect("a registration tells where");
                    for (verb, body) in &verbs {
                        let request = raw_post(daemon, &format!("{ticket}/{verb}"), &body.to_string());
                        assert_eq!(door.send(&request), 200, "{verb}");
                    }
                }
            });
        }
    });
    TICKETS / clients * clients * (1 + verbs.len())
}

/// Bytes that the process has had written to storage.
fn written(pid: u32) -> u64 {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).expect("the daemon runs, and is ours");
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).expect("Linux tells");
    line.trim().parse().expect("a number")
}
