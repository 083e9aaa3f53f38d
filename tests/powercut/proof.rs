//! The disk is tried before it is believed: it must catch stores that are known to lose what they acknowledged, and let
//! a good one pass every cut.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use andon_tests::disk::{Aim, Cut, Disk, Mounted};
use andon_tests::needs::skipped;
use andon_tests::random::Random;

use super::aloud;

/// Within so many cuts a bad store must be caught.
const CAUGHT_WITHIN: u64 = 20;
/// So many cuts of each kind the good store must survive.
const SURVIVED: u64 = 15;
/// How long a store may take to the point where the power goes; then it goes anyhow.
const PATIENCE: Duration = Duration::from_secs(10);

/// A disk of this machine, or why there is none: then whoever asks is skipped, and says so.
///
/// # Panics
/// Where the disk is not to be believed.
pub(crate) fn mounted(test: &str) -> Option<Mounted> {
    let disk = Disk::new();
    match Mounted::new(&disk) {
        Ok(mounted) => {
            believed();
            Some(mounted)
        }
        Err(why) => {
            skipped("mount", &format!("{test}: this machine cannot mount the disk of the test: {}", why.0));
            None
        }
    }
}

/// Tries the disk, once for all tests.
fn believed() {
    static TRIED: OnceLock<()> = OnceLock::new();
    TRIED.get_or_init(|| {
        for bad in ["unsynced", "unnamed"] {
            let caught = (0..CAUGHT_WITHIN).find(|n| lost_in_one_cut(bad, *n, Cut::Random).is_some());
            let caught = caught.unwrap_or_else(|| panic!("the disk lets a store pass that is {bad}"));
            assert!(lost_in_one_cut(bad, 1, Cut::LoseUnsynced).is_some(), "{bad}: nothing unsynced is kept");
            assert_eq!(lost_in_one_cut(bad, 1, Cut::KeepUnsynced), None, "{bad}: everything is kept");
            aloud(&format!("the disk catches a store that is {bad} in cut {}", caught + 1));
        }
        let mut acknowledged = 0;
        for cut in Cut::ALL {
            acknowledged += survives("synced", cut);
        }
        let cuts = SURVIVED * Cut::ALL.len() as u64;
        aloud(&format!(
            "the disk lets a store pass that is synced: {cuts} cuts, {acknowledged} acknowledged, 0 lost"
        ));
    });
}

/// Cuts the power on one and the same store many times; says how many records it acknowledged.
fn survives(how: &str, cut: Cut) -> u64 {
    let disk = Disk::new();
    let mounted = Mounted::new(&disk).expect("it could be mounted before");
    let mut random = Random::new(7);
    let mut acknowledged = 0;
    for n in 0..SURVIVED {
        let (found, now) = run(&mounted, how, &mut random);
        assert!(found >= acknowledged, "cut {n}, {}: {acknowledged} acknowledged, {found} found", cut.name());
        acknowledged = now.max(acknowledged);
        disk.cut(cut, &mut random);
    }
    let (found, _) = run(&mounted, how, &mut random);
    assert!(found >= acknowledged, "after all, {}: {acknowledged} acknowledged, {found} found", cut.name());
    acknowledged
}

/// How many records of a fresh store are lost by one cut; none where all are there.
fn lost_in_one_cut(how: &str, n: u64, cut: Cut) -> Option<u64> {
    let disk = Disk::new();
    let mounted = Mounted::new(&disk).expect("it could be mounted before");
    let mut random = Random::new(n);
    let (_, acknowledged) = run(&mounted, how, &mut random);
    disk.cut(cut, &mut random);
    let (found, _) = run(&mounted, how, &mut random);
    acknowledged.checked_sub(found).filter(|lost| *lost > 0)
}

/// Runs the store until the power goes at some change: how many records it found, and how many there were at last by
/// what it acknowledged.
fn run(mounted: &Mounted, how: &str, random: &mut Random) -> (u64, u64) {
    // Not in the first changes, which are of the start.
    let aim = Aim { under: "", after: 8 + random.below(400), done: random.one_in(2) };
    mounted.disk().aim(aim);
    let mut child = Command::new(env!("CARGO_BIN_EXE_appender"))
        .arg(mounted.join("records"))
        .arg(how)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the store can be started");
    let lines = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let reader = std::thread::spawn(move || {
        let numbers: Vec<u64> =
            lines.lines().map_while(Result::ok).filter_map(|line| line.parse().ok()).collect();
        (numbers.first().copied().unwrap_or(0), numbers.last().copied().unwrap_or(0))
    });
    assert!(mounted.disk().wait_for_cut(PATIENCE), "the store writes");
    child.kill().expect("a child can be killed");
    child.wait().expect("a child ends");
    reader.join().expect("the reader does not panic")
}

#[test]
fn the_disk_catches_bad_stores_and_lets_a_good_one_pass() {
    drop(mounted("the disk's own trial"));
}
