//! The real binary under a clock that somebody sets: Debian's `faketime`, preloaded, with the monotonic clock left alone.
//!
//! Where libfaketime is not there (`tests/run` installs it) these tests say so and prove nothing.

use std::path::{Path, PathBuf};

use andon::clock::{Clock, SystemClock};
use andon_tests::daemon::eventually;
use andon_tests::needs::skipped;
use andon_tests::{Daemon, Site};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A clock in a file, which a daemon's system calls are shown.
struct FakeClock {
    library: PathBuf,
    file: PathBuf,
}

impl FakeClock {
    /// None where faketime is not installed.
    fn in_dir(dir: &Path) -> Option<Self> {
        let Some(library) = library() else {
            skipped("faketime", "libfaketime is not installed; `apt-get install faketime`");
            return None;
        };
        Some(Self { library, file: dir.join("clock") })
    }

    /// The clock shows this from here on: `@2026-11-23 10:00:00` runs from there, `+1d` is a day ahead.
    fn set(&self, time: &str) {
        // In one step, since the daemon may read it at any time.
        let fresh = self.file.with_extension("new");
        std::fs::write(&fresh, format!("{time}\n")).unwrap();
        std::fs::rename(fresh, &self.file).unwrap();
    }

    fn start(&self, state: &Path, args: &[&str]) -> Daemon {
        let (library, file) = (self.library.to_string_lossy(), self.file.to_string_lossy());
        let env = [
            ("LD_PRELOAD", library.as_ref()),
            ("FAKETIME_TIMESTAMP_FILE", file.as_ref()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("TZ", "UTC"),
        ];
        Daemon::start_in(state, args, &env)
    }
}

fn library() -> Option<PathBuf> {
    let dirs = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    dirs.map(|dir| dir.join("faketime/libfaketimeMT.so.1")).find(|path| path.exists())
}

fn request() -> Value {
    json!({
        "channel": "phone", "type": "error", "subject": "Не открывается форма отчёта",
        "requester": { "name": "Анна Петрова", "email": "petrova@example.ru", "inn": "7707083893" },
        "fields": { "process": "Ввод в оборот", "steps": ["Открыть отчёт"], "impact": "stops-operations" },
    })
}

fn register(daemon: &Daemon) -> Value {
    let answer = daemon.post("/v1/tickets", &request());
    assert_eq!(answer.status, 201, "{}", answer.json);
    answer.json
}

fn clock(daemon: &Daemon) -> Value {
    daemon.get("/v1/clock").json
}

fn alarms(daemon: &Daemon) -> Vec<String> {
    let board = daemon.get("/v1/board").json;
    let alarms = board["alarms"].as_array().expect("a list").clone();
    alarms
        .iter()
        .map(|alarm| format!("{} {}", alarm["id"].as_str().unwrap(), alarm["state"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_daemon_that_boots_in_1970_takes_updates_and_raises_nothing_until_its_clock_is_set() {
    let dir = TempDir::new().unwrap();
    let Some(fake) = FakeClock::in_dir(dir.path()) else { return };
    let state = dir.path().join("state");
    // Monday 10:00 in Moscow: the deadline on line 1 is at 14:00.
    fake.set("@2026-11-23 07:00:00");
    let daemon = fake.start(&state, &[]);
    let first = register(&daemon)["number"].as_u64().unwrap();
    daemon.kill();

    fake.set("@1970-01-01 00:00:10");
    let daemon = fake.start(&state, &[]);
    assert_eq!(clock(&daemon)["distrust"], "never-set");
    assert_eq!(daemon.get("/v1/status").json["trusted"], false);
    let ticket = register(&daemon);
    assert!(ticket["registered_at"].as_str().unwrap().starts_with("2026-11-23T10:0"), "{ticket}");
    let refused = daemon.ctl(&["clock", "trust"]);
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("set it first"), "{told}");
    let shown = String::from_utf8(daemon.ctl(&["status"]).stdout).unwrap();
    assert!(shown.contains("NOT TRUSTED") && shown.contains("never set"), "{shown}");

    // It is set to Tuesday; the first ticket was late on Monday, the second begins now.
    fake.set("@2026-11-24 07:00:00");
    let number = ticket["number"].as_u64().unwrap();
    let breached = |number: u64, metric: &str| {
        let ticket = daemon.get(&format!("/v1/tickets/{number}")).json;
        let clocks = ticket["clocks"].as_array().unwrap().clone();
        let found = clocks.iter().find(|clock| clock["metric"] == metric).cloned();
        found.unwrap_or_else(|| panic!("{ticket}"))
    };
    eventually("trust", || {
        register(&daemon);
        (clock(&daemon)["trusted"] == true).then_some(())
    });
    let first = breached(first, "line");
    assert!(first["breached_at"].as_str().unwrap().starts_with("2026-11-23T14:0"), "{first}");
    let line = breached(number, "line");
    assert!(line["deadline"].as_str().unwrap().starts_with("2026-11-24T1"), "{line}");
    assert_eq!(line["breached"], false);
}

#[test]
fn a_step_back_behind_the_record_is_not_followed_until_an_admin_says_so() {
    let dir = TempDir::new().unwrap();
    let Some(fake) = FakeClock::in_dir(dir.path()) else { return };
    fake.set("@2026-11-25 07:00:00");
    let daemon = fake.start(&dir.path().join("state"), &[]);
    register(&daemon);
    fake.set("@2026-11-24 07:00:00");
    register(&daemon);
    assert_eq!(clock(&daemon)["distrust"], "behind");
    assert!(alarms(&daemon).contains(&"clock-time unacked".to_owned()), "{:?}", alarms(&daemon));
    let refused = daemon.ctl(&["clock", "trust"]);
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("1d") || told.contains("23h"), "it tells by how much: {told}");
    let trusted = daemon.ctl(&["clock", "trust", "--yes"]);
    assert!(trusted.status.success(), "{}", String::from_utf8_lossy(&trusted.stderr));
    let told = String::from_utf8_lossy(&trusted.stderr).into_owned();
    assert!(told.contains("2026-11-24 10:0"), "it tells what time it trusts: {told}");
    assert_eq!(clock(&daemon)["trusted"], true);
    let ticket = register(&daemon);
    let line = ticket["clocks"].as_array().unwrap().iter().find(|clock| clock["metric"] == "line").cloned();
    assert!(line.unwrap()["deadline"].as_str().unwrap().starts_with("2026-11-24T14:0"), "{ticket}");
}

#[test]
fn a_step_forward_over_deadlines_is_one_alarm() {
    let dir = TempDir::new().unwrap();
    let Some(fake) = FakeClock::in_dir(dir.path()) else { return };
    fake.set("@2026-11-23 07:00:00");
    let daemon = fake.start(&dir.path().join("state"), &[]);
    let numbers = [(); 3].map(|()| register(&daemon)["number"].as_u64().unwrap());
    fake.set("@2026-11-23 16:00:00");
    register(&daemon);
    let alarms = alarms(&daemon);
    assert!(alarms.contains(&"breach-late unacked".to_owned()), "{alarms:?}");
    for number in numbers {
        assert!(alarms.contains(&format!("{number}-breach-line-1 acked")), "{alarms:?}");
    }
}

#[test]
fn trust_by_the_kernel_is_what_this_kernel_says() {
    let site = Site::new("[clock]\ntrust = \"synchronised\"\n");
    let daemon = site.start();
    // The kernel may change its mind meanwhile, so it is asked before and after.
    eventually("one answer of the kernel", || {
        let kernel = SystemClock.kernel_synchronised() == Some(true);
        let shown = daemon.ctl(&["--json", "clock", "show"]);
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        if kernel != (SystemClock.kernel_synchronised() == Some(true)) {
            return None;
        }
        let distrust = (!kernel).then_some("unsynchronised");
        assert_eq!((&shown["trusted"], shown["distrust"].as_str()), (&json!(kernel), distrust), "{shown}");
        assert_eq!(shown["proof"], "synchronised");
        Some(())
    });
    let told = String::from_utf8(daemon.ctl(&["clock", "show"]).stdout).unwrap();
    let trusted = clock(&daemon)["trusted"] == true;
    assert_eq!(told.contains("the kernel does not say that the clock is synchronised"), !trusted, "{told}");
    assert_eq!(daemon.get("/v1/board").json["trusted"], trusted);
}
