//! The real daemon: under load, at its start, while it stops and while it writes checkpoints, the power goes.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use andon_tests::daemon::Daemon;
use andon_tests::disk::{Aim, Cut, Mounted};
use andon_tests::load::{Client, Door, Shown, post_all, token_for_clients};
use andon_tests::random::Random;
use tempfile::TempDir;

use super::{aloud, is_long, proof};

/// Terms of seconds, so that alarms are raised while the power goes.
const REGULATION: &str = include_str!("../e2e/hasty.toml");
/// How many post at once.
const CLIENTS: usize = 4;
/// How long the power may take to go; then it goes anyhow.
const PATIENCE: Duration = Duration::from_secs(20);

/// When the power goes, as seen by the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// While people post.
    Load,
    /// While it starts, or soon after.
    Start,
    /// While it writes its last checkpoint.
    Stop,
    /// While it writes a checkpoint and people post.
    Checkpoint,
}

/// What a life of a box came to, or several.
#[derive(Debug, Default)]
struct Figures {
    cuts: u64,
    /// Of those, how many went through the writing of a checkpoint.
    in_checkpoints: u64,
    acknowledged: u64,
    /// Of those, how many were acknowledged as a first answer given again.
    repeated: u64,
    lost: Vec<String>,
    wrong: Vec<String>,
    failed_opens: Vec<String>,
    /// Why the projection was rebuilt from the ledger, each time. Nothing is lost by that.
    rebuilt: Vec<String>,
    breaches: u64,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.in_checkpoints += other.in_checkpoints;
        self.acknowledged += other.acknowledged;
        self.repeated += other.repeated;
        self.lost.extend(other.lost);
        self.wrong.extend(other.wrong);
        self.failed_opens.extend(other.failed_opens);
        self.rebuilt.extend(other.rebuilt);
        self.breaches += other.breaches;
    }

    fn line(&self, cut: Cut) -> String {
        format!(
            "{}: {} cuts ({} in checkpoints), {} acknowledged ({} of them on repetition), {} lost, {} wrong, {} failed opens, {} rebuilt, {} alarms",
            cut.name(),
            self.cuts,
            self.in_checkpoints,
            self.acknowledged,
            self.repeated,
            self.lost.len(),
            self.wrong.len(),
            self.failed_opens.len(),
            self.rebuilt.len(),
            self.breaches,
        )
    }
}

/// A box with its disk, its daemon and the people who post to it.
pub(crate) struct Life {
    pub(crate) mounted: Mounted,
    /// What is not on the box's disk.
    beside: TempDir,
    random: Random,
    cut: Cut,
    pub(crate) clients: Vec<Client>,
    pub(crate) token: String,
    figures: Figures,
}

impl Life {
    pub(crate) fn new(mounted: Mounted, seed: u64, cut: Cut) -> Self {
        let mut random = Random::new(seed);
        let beside = tempfile::tempdir().expect("a directory");
        std::fs::write(beside.path().join("hasty.toml"), REGULATION).expect("a file");
        let clients = (0..CLIENTS).map(|n| Client::new(&format!("client-{n}"), random.split())).collect();
        Self { mounted, beside, random, cut, clients, token: String::new(), figures: Figures::default() }
    }

    /// Lives until the power has gone so many times, or something is amiss.
    fn live(mut self, cuts: u64, moments: &[Moment]) -> Figures {
        let Some(mut daemon) = self.start_whole() else { return self.figures };
        self.token = token_for_clients(&daemon);
        for moment in moments.iter().cycle() {
            if self.figures.cuts >= cuts {
                break;
            }
            match moment {
                Moment::Load => {
                    self.aim("", 800);
                    self.post_until_cut(daemon);
                }
                Moment::Checkpoint => {
                    self.aim("sled", 60);
                    let is_hit = self.post_until_cut(daemon);
                    self.figures.in_checkpoints += u64::from(is_hit);
                }
                Moment::Stop => {
                    self.post(&daemon, 60);
                    self.aim("sled", 6);
                    daemon.ask_to_stop();
                    while daemon.is_running() && !self.is_cut(Duration::from_millis(5)) {}
                    // One that has ended may have done so for want of its disk.
                    self.figures.in_checkpoints += u64::from(self.is_cut(Duration::ZERO));
                    self.end(daemon);
                }
                Moment::Start => {
                    self.post(&daemon, 60);
                    self.end(daemon);
                    self.aim("", 60);
                    if let Ok(daemon) = self.start() {
                        self.post_until_cut(daemon);
                    } else {
                        self.mounted.disk().power_off();
                        self.mounted.disk().cut(self.cut, &mut self.random);
                        self.figures.cuts += 1;
                    }
                }
            }
            let Some(next) = self.start_whole() else { break };
            daemon = next;
            if !self.is_as_acknowledged(&daemon) {
                break;
            }
        }
        self.figures
    }

    /// Has the power go with one of the next changes.
    fn aim(&mut self, under: &'static str, among: u64) {
        let aim = Aim { under, after: self.random.below(among), done: self.random.one_in(2) };
        self.mounted.disk().aim(aim);
    }

    fn is_cut(&self, patience: Duration) -> bool {
        self.mounted.disk().wait_for_cut(patience)
    }

    /// Everybody posts until the power goes; says whether it went as aimed.
    fn post_until_cut(&mut self, daemon: Daemon) -> bool {
        let (door, stop) = (Door::to(&daemon, &self.token), AtomicBool::new(false));
        let disk = self.mounted.disk().clone();
        let is_hit = std::thread::scope(|scope| {
            scope.spawn(|| post_all(&mut self.clients, &door, &stop));
            let is_hit = disk.wait_for_cut(PATIENCE);
            disk.power_off();
            stop.store(true, Ordering::Relaxed);
            daemon.kill();
            is_hit
        });
        self.end_of_power();
        is_hit
    }

    /// Everybody posts so many times.
    fn post(&mut self, daemon: &Daemon, times: usize) {
        let door = Door::to(daemon, &self.token);
        std::thread::scope(|scope| {
            for client in &mut self.clients {
                let door = door.clone();
                scope.spawn(move || {
                    for _ in 0..times {
                        assert_ne!(client.post(&door).expect("the daemon is there"), 503);
                    }
                });
            }
        });
    }

    /// The power goes now, if it has not.
    fn end(&mut self, daemon: Daemon) {
        self.mounted.disk().power_off();
        daemon.kill();
        self.end_of_power();
    }

    fn end_of_power(&mut self) {
        self.mounted.disk().cut(self.cut, &mut self.random);
        self.figures.cuts += 1;
    }

    fn log_path(&self) -> PathBuf {
        self.beside.path().join("andond.log")
    }

    pub(crate) fn start(&self) -> Result<Daemon, ExitStatus> {
        let log: File =
            OpenOptions::new().append(true).create(true).open(self.log_path()).expect("a file for the log");
        let regulation = self.beside.path().join("hasty.toml").display().to_string();
        Daemon::try_start(&self.mounted.join("state"), &["--regulation", &regulation], &self.token, log)
    }

    /// Starts it where nothing hinders it.
    fn start_whole(&mut self) -> Option<Daemon> {
        match self.start() {
            Ok(daemon) => Some(daemon),
            Err(status) => {
                let told = format!("cut {}: {status}: {}", self.figures.cuts, self.last_words());
                self.figures.failed_opens.push(told);
                None
            }
        }
    }

    pub(crate) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.log_path()).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Whoever has no answer asks again; then everything is looked at.
    fn is_as_acknowledged(&mut self, daemon: &Daemon) -> bool {
        let door = Door::to(daemon, &self.token);
        if door.get("/v1/whoami").is_none_or(|answer| answer.status != 200) {
            self.figures.lost.push("the clients' token".to_owned());
            return false;
        }
        for client in self.clients.iter_mut().filter(|client| client.is_waiting()) {
            assert_ne!(client.post(&door).expect("the daemon is there"), 503);
        }
        let shown = Shown::by(&door, &self.clients);
        let log = std::fs::read_to_string(self.log_path()).unwrap_or_default();
        let figures = &mut self.figures;
        figures.lost = shown.lost;
        figures.wrong = shown.wrong;
        // The database panics where the disk is gone under it; that is caught, and made an error.
        let panics = log.lines().filter(|line| line.contains("panicked at") && !line.contains("/sled-"));
        figures.wrong.extend(panics.map(str::to_owned));
        figures.acknowledged = shown.acknowledged;
        figures.repeated = self.clients.iter().map(Client::repeated).sum();
        figures.breaches = shown.breaches;
        let rebuilt = log.lines().filter(|line| line.contains("were set aside and rebuilt"));
        figures.rebuilt = rebuilt.map(str::to_owned).collect();
        figures.lost.is_empty() && figures.wrong.is_empty()
    }
}

/// Lives `lives` boxes of `cuts` cuts each, tells the figures, and fails where anything was amiss.
fn check(cut: Cut, lives: u64, cuts: u64, moments: &[Moment]) {
    let mut figures = Figures::default();
    for seed in 0..lives {
        let Some(mounted) = proof::mounted("the daemon's power cuts") else { return };
        let life = Life::new(mounted, seed * 3 + cut as u64, cut).live(cuts, moments);
        for what in life.lost.iter().chain(&life.wrong).chain(&life.failed_opens).take(5) {
            aloud(&format!("{}, seed {seed}, {} cuts: {what}", cut.name(), life.cuts));
        }
        if is_long() {
            life.rebuilt.iter().for_each(|why| aloud(&format!("{}, seed {seed}: {why}", cut.name())));
        }
        figures.add(life);
        if is_long() {
            aloud(&figures.line(cut));
        }
    }
    aloud(&format!("in all, {}", figures.line(cut)));
    assert!(figures.cuts > 0, "the power went");
    assert!(
        figures.lost.is_empty() && figures.wrong.is_empty() && figures.failed_opens.is_empty(),
        "{figures:#?}"
    );
    assert!(figures.acknowledged > 0, "people were told that something is done");
}

const SHORT: [Moment; 3] = [Moment::Stop, Moment::Load, Moment::Start];
const LONG: [Moment; 7] = [
    Moment::Load,
    Moment::Stop,
    Moment::Start,
    Moment::Load,
    Moment::Start,
    Moment::Stop,
    Moment::Checkpoint,
];

fn check_at_length(cut: Cut) {
    if is_long() {
        check(cut, 10, 10, &LONG);
    } else {
        check(cut, 1, 4, &SHORT);
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_all_that_was_not_synced_is() {
    check_at_length(Cut::LoseUnsynced);
}

#[test]
fn nothing_acknowledged_is_lost_when_what_was_not_synced_is_kept() {
    check_at_length(Cut::KeepUnsynced);
}

#[test]
fn nothing_acknowledged_is_lost_when_what_was_not_synced_is_torn() {
    check_at_length(Cut::Random);
}
