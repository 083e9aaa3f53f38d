//! The real binary on a real file system that is full, read-only, or both in turn.
//!
//! It takes a mount of its own. Where this process may not mount, the tests say so and pass; `storage` has the same on a
//! simulated disk, for everybody.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use andon_tests::daemon::{Answer, Daemon, eventually};

use super::error_that_stops;

/// A file system in memory, unmounted when dropped.
pub(super) struct Mounted {
    dir: tempfile::TempDir,
}

impl Mounted {
    /// One of `mib` MiB; none where this process may not mount.
    pub(super) fn new(mib: u32) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a directory");
        let size = format!("size={mib}m");
        let mounted = mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], dir.path());
        if !mounted {
            println!("skipped: this process may not mount a tmpfs");
        }
        mounted.then_some(Self { dir })
    }

    pub(super) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn filler(&self, n: u32) -> PathBuf {
        self.dir.path().join(format!("filler-{n}"))
    }

    /// Fills it to the last block.
    fn fill(&self, n: u32) {
        let mut filler = fs::File::create(self.filler(n)).expect("a file");
        let block = vec![1; 64 << 10];
        while filler.write_all(&block).is_ok() {}
        while filler.write_all(&[1; 512]).is_ok() {}
    }

    fn remount(&self, how: &str) {
        assert!(mount(&["-o", &format!("remount,{how}")], self.dir.path()), "remount {how}");
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A daemon that a failed test left behind must not keep it for ever.
        let _ = Command::new("umount").arg("-l").arg(self.dir.path()).status();
    }
}

fn mount(args: &[&str], dir: &Path) -> bool {
    let mount = Command::new("mount").args(args).arg(dir).stderr(std::process::Stdio::null()).status();
    mount.is_ok_and(|status| status.success())
}

fn register(daemon: &Daemon) -> Answer {
    daemon.post("/v1/tickets", &error_that_stops("Не проводится накладная"))
}

#[track_caller]
fn refused(answer: &Answer, code: &str) {
    assert_eq!((answer.status, answer.json["code"].as_str()), (503, Some(code)), "{}", answer.json);
    assert!(answer.header("retry-after").is_some(), "it says when to come again");
}

fn picture(daemon: &Daemon) -> Vec<u8> {
    let picture = daemon.request("GET", "/board.png", None, None, &[]);
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")));
    picture.bytes
}

/// Reads, the wall and the figures go on, and the wall says what is wrong.
fn goes_on(daemon: &Daemon, tickets: usize) {
    assert_eq!(daemon.get("/v1/tickets?limit=200").json.as_array().map(Vec::len), Some(tickets));
    assert_eq!(daemon.get("/v1/tickets/1/history").status, 200);
    assert_eq!(daemon.request("GET", "/metrics", None, None, &[]).status, 200);
    assert_eq!(daemon.request("GET", "/healthz", None, None, &[]).status, 200);
    assert_eq!(daemon.request("GET", "/readyz", None, None, &[]).status, 503);
    picture(daemon);
    let board = daemon.get("/v1/board").json;
    let alarms = board["alarms"].as_array().expect("alarms");
    assert!(alarms.iter().any(|alarm| alarm["id"] == "storage-ledger"), "{board}");
}

#[test]
fn a_full_disk_refuses_updates_until_it_has_room_and_the_rest_goes_on_also_over_a_restart() {
    let Some(mounted) = Mounted::new(64) else { return };
    let daemon = Daemon::start(&mounted.state(), &[]);
    let mut tickets = 0;
    mounted.fill(1);
    let full = eventually("the disk's end", || {
        let answer = register(&daemon);
        tickets += usize::from(answer.status == 201);
        (answer.status != 201).then_some(answer)
    });
    refused(&full, "disk-full");
    goes_on(&daemon, tickets.min(200));
    let token = daemon.token().to_owned();
    daemon.kill();

    let daemon = Daemon::start(&mounted.state(), &[]);
    assert_eq!(daemon.token(), token);
    goes_on(&daemon, tickets.min(200));
    refused(&register(&daemon), "disk-full");
    fs::remove_file(mounted.filler(1)).expect("the filler is there");
    let answer =
        eventually("updates again", || Some(register(&daemon)).filter(|answer| answer.status == 201));
    assert_eq!(answer.json["number"], tickets + 1, "nothing was lost, and no number");
    let board = daemon.get("/v1/board").json;
    assert_eq!(
        board["alarms"]
            .as_array()
            .map(|alarms| { alarms.iter().filter(|alarm| alarm["kind"] == "storage").count() }),
        Some(0),
        "{board}"
    );
    assert_eq!(daemon.stop().code(), Some(0));
}

#[test]
fn a_start_without_a_byte_of_room_shows_the_wall_and_opens_by_itself_when_there_is_some() {
    let Some(mounted) = Mounted::new(64) else { return };
    let daemon = Daemon::start(&mounted.state(), &[]);
    assert_eq!(register(&daemon).status, 201);
    let token = daemon.token().to_owned();
    daemon.kill();
    // Neither the reserve nor the database is there any more, and others have the room.
    fs::remove_file(mounted.state().join("reserve")).expect("the reserve was held");
    fs::remove_dir_all(mounted.state().join("sled")).expect("the database is there");
    mounted.fill(1);
    waits_and_opens(&mounted, &token, "No space left on device", || {
        fs::remove_file(mounted.filler(1)).expect("the filler is there");
    });
}

#[test]
fn a_read_only_disk_is_told_on_the_wall_and_the_desk_opens_when_it_is_writable() {
    let Some(mounted) = Mounted::new(64) else { return };
    let daemon = Daemon::start(&mounted.state(), &[]);
    assert_eq!(register(&daemon).status, 201);
    let token = daemon.token().to_owned();
    assert_eq!(daemon.stop().code(), Some(0));
    mounted.remount("ro");
    waits_and_opens(&mounted, &token, "Read-only file system", || mounted.remount("rw"));
}

/// A daemon that cannot open its books shows the wall, tells why, and opens them after `mend`.
fn waits_and_opens(mounted: &Mounted, token: &str, why: &str, mend: impl FnOnce()) {
    let mut daemon = Daemon::start_unready(&mounted.state(), token);
    let ready = eventually("the reason", || {
        let ready = daemon.request("GET", "/readyz", None, None, &[]);
        refused(&ready, "starting");
        ready.json["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("cannot be opened"))
            .then_some(ready)
    });
    let detail = ready.json["detail"].to_string();
    assert!(detail.to_lowercase().contains(&why.to_lowercase()), "{detail}");
    refused(&register(&daemon), "starting");
    assert_eq!(daemon.request("GET", "/healthz", None, None, &[]).status, 200);
    assert_eq!(daemon.request("GET", "/board", None, None, &[]).status, 200);
    let before = picture(&daemon);
    if let Some(dir) = std::env::var_os("ANDON_TESTS_PICTURES") {
        fs::write(Path::new(&dir).join(format!("{}.png", why.replace(' ', "-"))), &before).expect("a file");
    }
    mend();
    daemon.wait_for_token();
    assert_eq!(daemon.token(), token);
    assert_eq!(daemon.get("/v1/tickets/1").status, 200);
    assert_eq!(register(&daemon).status, 201);
    eventually("the desk's own picture", || (picture(&daemon) != before).then_some(()));
    assert_eq!(daemon.stop().code(), Some(0));
}

#[test]
fn a_ledger_that_somebody_removes_is_told_at_once_and_nothing_more_is_acknowledged() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &[]);
    assert_eq!(register(&daemon).status, 201);
    fs::remove_dir_all(state.join("ledger")).expect("a ledger");
    refused(&register(&daemon), "storage-failed");
    // It does not go away by itself: whatever is written from here on would be lost.
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    refused(&register(&daemon), "storage-failed");
    let alarms = daemon.get("/v1/alarms").json;
    assert_eq!(alarms[0]["id"], "storage-ledger", "{alarms}");
    assert_eq!(daemon.get("/v1/tickets/1").status, 200, "what is known is shown");
}
