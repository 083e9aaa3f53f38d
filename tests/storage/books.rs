//! Whatever becomes of the ticket database, opening the books gives the desk that the ledger tells of, and the report
//! says what was wrong.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use andon::desk::{Desk, Regulations};
use andon::run::books::{Books, BooksReport};
use andon_tests::SimulatedBox;
use andon_tests::world::shipped;
use serde_json::json;

/// What a desk holds, to the byte.
fn told(desk: &Desk) -> (Vec<String>, String) {
    let mut tickets: Vec<_> = desk.tickets().collect();
    tickets.sort_by_key(|ticket| ticket.number);
    let text = |value: serde_json::Result<String>| value.expect("what is kept is plain data");
    let tickets = tickets.into_iter().map(|ticket| text(serde_json::to_string(ticket.as_ref()))).collect();
    (tickets, text(serde_json::to_string(desk.rest())))
}

pub(super) fn registration(n: usize) -> serde_json::Value {
    json!({
        "channel": "email", "type": "error", "subject": format!("Ошибка {n}"),
        "requester": {"inn": "7707083893", "email": "a@b.ru"},
        "fields": {"process": "Отгрузка", "steps": ["Открыть"], "impact": "hinders"},
    })
}

/// A state directory with two checkpoints, the older of which is kept as `older`, and the desk it must give.
struct Before {
    dir: tempfile::TempDir,
    desk: (Vec<String>, String),
    next_seq: u64,
}

impl Before {
    fn new() -> Self {
        let mut desk = SimulatedBox::at("2026-11-23 10:00");
        for n in 0..20 {
            let number = desk.register(registration(n));
            desk.act(number, "take", json!({}));
        }
        desk.switch_off();
        let dir = tempfile::tempdir().expect("a test has a directory");
        copy(&desk.settings().state_dir.join("sled"), &dir.path().join("older"));
        desk.switch_on();
        for n in 20..40 {
            let number = desk.register(registration(n));
            desk.act(number, "ask", json!({"text": "Какая версия?"}));
        }
        let mut replayed = Desk::new(regulations());
        desk.entries().iter().for_each(|entry| replayed.apply(entry));
        assert_eq!(told(&replayed), told(desk.desk()), "replaying gives the same desk");
        let next_seq = desk.desk().next_seq();
        desk.switch_off();
        let state = desk.settings().state_dir.clone();
        for part in ["sled", "ledger"] {
            copy(&state.join(part), &dir.path().join(part));
        }
        Self { dir, desk: told(&replayed), next_seq }
    }

    /// A copy of the directory whose database was spoilt, opened.
    fn spoilt(&self, spoil: impl FnOnce(&Path)) -> (tempfile::TempDir, Desk, BooksReport) {
        let dir = tempfile::tempdir().expect("a test has a directory");
        copy(self.dir.path(), dir.path());
        spoil(dir.path());
        let opened = Books::open(dir.path(), regulations(), |_| {}, |_, _| {});
        let (_, desk, report) = opened.unwrap_or_else(|error| panic!("{error}"));
        (dir, desk, report)
    }

    /// Holds that a spoilt database costs nothing, and that the report says `why` it was set aside and where it is.
    fn check(&self, why: &str, spoil: impl FnOnce(&Path)) {
        let (dir, desk, report) = self.spoilt(spoil);
        assert!(told(&desk) == self.desk, "{why}: another desk");
        assert_eq!((report.replayed, report.tickets, report.lost_events), (self.next_seq - 1, 0, 0));
        let set_aside = report.set_aside.expect(why);
        assert!(set_aside.contains(why), "{set_aside}");
        let kept = dir.path().join("sled.bad-1");
        assert!(kept.exists() && set_aside.contains(&kept.display().to_string()), "{set_aside}");
    }
}

fn regulations() -> Regulations {
    Regulations::new(vec![shipped("getmark").into()])
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_database_as_it_was_left_saves_the_replay() {
    let before = Before::new();
    let (_dir, desk, report) = before.spoilt(|_| {});
    assert!(told(&desk) == before.desk);
    assert_eq!((report.set_aside, report.replayed, report.tickets), (None, 0, 40));
}

#[test]
fn a_missing_database_is_rebuilt() {
    let before = Before::new();
    let (_dir, desk, report) = before.spoilt(|dir| fs::remove_dir_all(dir.join("sled")).unwrap());
    assert!(told(&desk) == before.desk);
    assert_eq!((report.set_aside, report.replayed), (None, before.next_seq - 1));
}

#[test]
fn an_empty_database_is_set_aside_and_rebuilt() {
    Before::new().check("it is empty, or not ours", |dir| {
        fs::remove_dir_all(dir.join("sled")).unwrap();
        fs::create_dir(dir.join("sled")).unwrap();
    });
}

#[test]
fn a_torn_database_is_set_aside_and_rebuilt() {
    let before = Before::new();
    before.check("it does not open", |dir| {
        change(&dir.join("sled/db"), |bytes| bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x55));
    });
    before.check("it does not open", |dir| fs::write(dir.join("sled/conf"), "torn and more").unwrap());
    let mut set_aside = 0;
    for length in [0, 100, 4096, 20_000, 60_000, 1 << 20, 4 << 20] {
        let (dir, desk, report) =
            before.spoilt(|dir| change(&dir.join("sled/db"), |bytes| bytes.truncate(length)));
        assert!(told(&desk) == before.desk, "cut to {length}");
        assert_eq!(report.set_aside.is_some(), dir.path().join("sled.bad-1").exists(), "cut to {length}");
        set_aside += usize::from(report.set_aside.is_some());
    }
    assert!(set_aside > 0, "what is torn is noticed");
}

#[test]
fn a_database_with_files_in_its_blobs_is_set_aside_and_rebuilt() {
    Before::new().check("it holds values in its blobs directory", |dir| {
        fs::create_dir_all(dir.join("sled/blobs")).unwrap();
        fs::write(dir.join("sled/blobs/7"), "a value").unwrap();
    });
}

#[test]
fn a_database_older_than_the_ledger_is_brought_up_from_where_it_stands() {
    let before = Before::new();
    let (_dir, desk, report) = before.spoilt(|dir| {
        fs::remove_dir_all(dir.join("sled")).unwrap();
        fs::rename(dir.join("older"), dir.join("sled")).unwrap();
    });
    assert!(told(&desk) == before.desk);
    assert_eq!((report.set_aside, report.tickets), (None, 20));
    assert!(report.replayed > 0 && report.replayed < before.next_seq - 1, "{}", report.replayed);
}

#[test]
fn another_desks_database_is_set_aside_though_its_position_fits() {
    Before::new().check("it belongs to another desk's ledger", |dir| {
        let mut other = SimulatedBox::at("2026-11-23 10:05");
        other.register(registration(7));
        other.switch_off();
        fs::remove_dir_all(dir.join("sled")).unwrap();
        copy(&other.settings().state_dir.join("sled"), &dir.join("sled"));
    });
}

#[test]
fn a_database_newer_than_the_ledger_is_set_aside_and_what_is_lost_is_told() {
    let before = Before::new();
    let (dir, desk, report) = before.spoilt(|dir| {
        change(&dir.join("ledger/0000000000000001.ledger"), |bytes| {
            let data = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
            bytes.truncate(data - 30);
        });
    });
    let set_aside = report.set_aside.expect("it is of no use");
    assert!(set_aside.contains("but the ledger ends before"), "{set_aside}");
    assert!(dir.path().join("sled.bad-1").exists());
    assert_eq!(report.lost_events, before.next_seq - desk.next_seq());
    assert!(report.lost_events > 0 && report.torn_tail.is_some());
}

#[test]
fn a_database_that_panics_when_it_is_opened_is_set_aside_and_rebuilt() {
    Before::new().check("the database panicked", |dir| {
        // It clears old snapshots away, and takes it for granted that their names are text.
        fs::write(dir.join("sled").join(OsStr::from_bytes(b"snap.\x01\xff")), "").unwrap();
    });
}
