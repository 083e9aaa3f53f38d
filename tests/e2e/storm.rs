//! A storm of kills: the daemon is killed again and again, under load and while it starts, and people post on.
//!
//! What they were told is there once; what they were not told is there once after they asked again with the same key.
//! Events have no hole, and an alarm is raised once however often the daemon starts.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use andon_tests::Random;
use andon_tests::daemon::Daemon;
use andon_tests::load::{Client, Door, Shown, post_all, token_for_clients};

use super::hasty_regulation;

/// How many post at once.
const CLIENTS: u64 = 6;

/// How the daemon ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Killed while people post.
    Kill,
    /// Killed while it starts, and then once more while people post.
    KillAtStart,
    /// Asked to stop while people post.
    Stop,
}

#[test]
fn a_storm_of_kills_loses_nothing_and_does_nothing_twice() {
    let is_long = std::env::var_os("ANDON_TESTS_LONG").is_some();
    let (rounds, looks_each) = if is_long { (150, 15) } else { (8, 4) };
    let dir = tempfile::tempdir().expect("a directory");
    let mut random = Random::new(20_261_122);
    let mut clients: Vec<_> =
        (0..CLIENTS).map(|n| Client::new(&format!("client-{n}"), random.split())).collect();
    let mut daemon = start(dir.path(), "").expect("a fresh daemon starts");
    let token = token_for_clients(&daemon);
    let (mut asked_again, mut kills) = (0, 0);
    for round in 1..=rounds {
        let end = *random.pick(&[End::Kill, End::Kill, End::KillAtStart, End::Stop]);
        if matches!(end, End::KillAtStart) {
            daemon.kill();
            kills += 1 + kill_at_start(dir.path(), Duration::from_millis(random.below(60)));
            daemon = start(dir.path(), &token).expect("it starts after a kill at its start");
        }
        post_until_it_ends(daemon, &token, &mut clients, end, Duration::from_millis(50 + random.below(300)));
        kills += u64::from(!matches!(end, End::Stop));
        asked_again += clients.iter().filter(|client| client.is_waiting()).count();
        daemon = start(dir.path(), &token).unwrap_or_else(|()| panic!("it does not start in round {round}"));
        if round % looks_each == 0 || round == rounds {
            let shown = look(&daemon, &token, &mut clients);
            assert!(shown.lost.is_empty() && shown.wrong.is_empty(), "round {round}: {shown:#?}");
            let repeated: u64 = clients.iter().map(Client::repeated).sum();
            println!(
                "{round} ends, {kills} of them kills: {} acknowledged, {asked_again} asked again, {repeated} of them done before, 0 lost, 0 twice, {} alarms",
                shown.acknowledged, shown.breaches
            );
            assert!(shown.acknowledged > round && asked_again > 0, "the storm met people");
        }
    }
}

fn start(dir: &Path, token: &str) -> Result<Daemon, ()> {
    let log = OpenOptions::new().append(true).create(true).open(dir.join("andond.log")).expect("a log");
    let regulation = hasty_regulation(dir);
    Daemon::try_start(&dir.join("state"), &["--regulation", &regulation], token, log).map_err(drop)
}

/// Starts a daemon and kills it so much later, wherever it is by then; says how many were killed.
fn kill_at_start(dir: &Path, after: Duration) -> u64 {
    let regulation = hasty_regulation(dir);
    let mut child = std::process::Command::new(andon_tests::daemon::binary("andond"))
        .args(["--listen", "127.0.0.1:0", "--regulation", &regulation, "--state-dir"])
        .arg(dir.join("state"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("andond can be started");
    std::thread::sleep(after);
    child.kill().expect("a child can be killed");
    child.wait().expect("a child ends");
    1
}

fn post_until_it_ends(mut daemon: Daemon, token: &str, clients: &mut [Client], end: End, after: Duration) {
    let (door, stop) = (Door::to(&daemon, token), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| post_all(clients, &door, &stop));
        std::thread::sleep(after);
        match end {
            End::Kill | End::KillAtStart => daemon.kill(),
            End::Stop => {
                daemon.ask_to_stop();
                while daemon.is_running() {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// Whoever has no answer asks again; then everything is looked at.
fn look(daemon: &Daemon, token: &str, clients: &mut [Client]) -> Shown {
    let door = Door::to(daemon, token);
    for client in clients.iter_mut().filter(|client| client.is_waiting()) {
        assert_eq!(client.post(&door).map(|status| status < 300), Some(true), "who asks again is answered");
    }
    Shown::by(&door, clients)
}
