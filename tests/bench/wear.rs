//! What the card is made to write: bytes per update, and bytes while nothing happens.
//!
//! The block device is asked, not the process: what Linux accounts to a process is whole folios of the page cache, of
//! which the device gets only the blocks that changed. So nothing else may write to that device meanwhile; a second
//! argument names a directory on one of its own, such as a loop mount.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
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
    let place = std::env::args().nth(2).unwrap_or_else(|| ".".to_owned());
    let dir = tempfile::tempdir_in(place).expect("a directory on the disk of the project, or the one named");
    let device = device(dir.path());
    for clients in [1, 8] {
        let state = dir.path().join(format!("state-{clients}"));
        let daemon = Daemon::start(&state, &[]);
        let before = written(&device);
        let updates = lives(&daemon, clients);
        // The last checkpoint is part of the price.
        std::thread::sleep(QUIET);
        let after = written(&device);
        println!(
            "{clients} clients: {updates} updates, {:.2} KiB written for each",
            (after - before) as f64 / updates as f64 / 1024.0
        );
        std::thread::sleep(QUIET);
        println!("idle for {} s: {} bytes written", QUIET.as_secs(), written(&device) - after);
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

/// What the kernel counts of the device that `dir` is on.
fn device(dir: &Path) -> String {
    let device = std::fs::metadata(dir).expect("it is there").dev();
    format!("/sys/dev/block/{}:{}/stat", rustix::fs::major(device), rustix::fs::minor(device))
}

/// Bytes that were ever written to the device.
fn written(device: &str) -> u64 {
    let counts = std::fs::read_to_string(device).expect("the directory is on a block device");
    let sectors = counts.split_whitespace().nth(6).and_then(|count| count.parse::<u64>().ok());
    sectors.expect("Linux counts the sectors written") * 512
}
