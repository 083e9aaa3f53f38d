//! The loop and its books on a disk that is full, fails or is read-only: updates are refused with the right word, the
//! wall goes on, and it ends by itself.

use std::collections::VecDeque;
use std::path::PathBuf;

use andon::board::QuietHours;
use andon::desk::command::Register;
use andon::desk::{Act, Actor, Alarm, AlarmKind, Command, DeskAct, Reach, Regulations, Role, TicketNumber};
use andon::run::books::{Books, Shelf};
use andon::run::time::Proof;
use andon::run::{Done, Failure, Input, Loop, Settings};
use andon::store::disk::{Access, Disk};
use andon::store::reserve::{RESERVE_BYTES, RESERVE_MARGIN_BYTES, RESERVE_NAME};
use andon::store::{Kept, TicketsError};
use andon_tests::clock::SimulatedClock;
use andon_tests::time::{ZONE, instant};
use andon_tests::world::shipped;
use andon_tests::{Fault, SimDisk};
use firmware_board::Language;
use serde_json::json;
use tempfile::TempDir;

const ALARM: &str = "storage-ledger";
/// The one alarm of breaches that were noticed late.
const BREACH_LATE: &str = "breach-late";

pub(super) fn registration(more: &[(String, String)]) -> Command {
    let mut body = json!({
        "channel": "email", "type": "error", "subject": "Не печатаются этикетки",
        "requester": {"inn": "7707083893", "email": "a@b.ru"},
        "fields": {"process": "Маркировка", "steps": ["Открыть"], "impact": "stops-operations"},
    });
    for (field, text) in more {
        body["fields"][field] = json!(text);
    }
    Command::Register(Register::from_json(body).expect("a registration's JSON"))
}

/// A box under `getmark` whose ledger and reserve are on a simulated disk.
pub(super) struct Desk {
    clock: SimulatedClock,
    pub(super) disk: SimDisk,
    settings: Settings,
    running: Option<Loop>,
    dir: TempDir,
}

impl Desk {
    pub(super) fn new(disk: SimDisk) -> Self {
        let dir = tempfile::tempdir().expect("a test has a directory");
        disk.create_dir_all(dir.path()).expect("the disk works yet");
        let settings = Settings {
            state_dir: dir.path().to_owned(),
            regulations: Regulations::new(vec![shipped("getmark").into()]),
            zone: ZONE,
            language: Language::English,
            quiet: QuietHours::default(),
            archiving: None,
            proof: Proof::Plausible,
            reach: Reach::default(),
        };
        let clock = SimulatedClock::at(instant("2026-11-23 10:00"));
        let mut new = Self { clock, disk, settings, running: None, dir };
        new.start();
        new
    }

    fn start(&mut self) {
        let (state, regulations) = (self.dir.path(), self.settings.regulations.clone());
        let on_disk = Shelf { disk: self.disk.handle(), ..Shelf::default() };
        let opened = Books::open_on(&on_disk, state, regulations, |_| {}, |_, _| {});
        let (books, desk, _) = opened.unwrap_or_else(|error| panic!("{error}"));
        let mut running = Loop::new(desk, books, Box::new(self.clock.clone()), &self.settings);
        running.turn(None);
        self.running = Some(running);
    }

    pub(super) fn restart(&mut self) {
        if let Some(running) = self.running.take() {
            running.close();
        }
        self.start();
    }

    pub(super) fn running(&mut self) -> &mut Loop {
        self.running.as_mut().expect("it runs")
    }

    pub(super) fn pass_s(&mut self, seconds: u64) {
        self.clock.pass_us(seconds * 1_000_000);
        self.running().turn(None);
    }

    fn command(&mut self, command: Command) -> Result<Done, Failure> {
        let (input, mut answer) = Input::command(command, Actor::named("head", Role::Head), None);
        self.running().turn([input]);
        answer.try_recv().expect("a turn answers")
    }

    pub(super) fn register(&mut self) -> Result<TicketNumber, Failure> {
        self.command(registration(&[])).map(|done| done.ticket.expect("a ticket").number)
    }

    /// The alarms of the disk: id and text.
    fn storage_alarms(&mut self) -> Vec<(String, String)> {
        let board = self.running().view().board();
        let storage = board.alarms.iter().filter(|(alarm, _)| alarm.kind == AlarmKind::Storage);
        storage.map(|(alarm, _)| (alarm.id.to_string(), alarm.text.clone())).collect()
    }

    fn reserve_bytes(&self) -> u64 {
        self.disk.length(&self.dir.path().join(RESERVE_NAME)).expect("the reserve's file is there")
    }

    /// Gives everything to the loop at once, and lets it turn until it has taken all.
    fn all_at_once(&mut self, commands: Vec<Command>) -> Vec<Result<Done, Failure>> {
        let (inputs, answers): (VecDeque<_>, Vec<_>) = commands
            .into_iter()
            .map(|command| Input::command(command, Actor::named("head", Role::Head), None))
            .unzip();
        let mut queue = Some(inputs);
        while let Some(inputs) = queue.take().filter(|inputs| !inputs.is_empty()) {
            let mut inputs = inputs;
            self.running().turn(std::iter::from_fn(|| inputs.pop_front()));
            queue = Some(inputs);
        }
        answers.into_iter().map(|mut answer| answer.try_recv().expect("it was taken")).collect()
    }

    fn filler(&self) -> PathBuf {
        self.dir.path().join("filler")
    }

    /// Fills the disk to the last byte.
    pub(super) fn fill(&self) {
        let filler = self.disk.open(&self.filler(), Access::Create).expect("a file can be made");
        filler.write_at(&vec![1; 64 << 20], 0).expect_err("the disk ends somewhere");
    }
}

#[track_caller]
fn refused(answer: Result<TicketNumber, Failure>, is_full: bool) {
    match answer {
        Err(Failure::Storage { full, .. }) => assert_eq!(full, is_full),
        other => panic!("the disk cannot keep it: {other:?}"),
    }
}

pub(super) fn disk_of(mib: u64) -> SimDisk {
    let disk = SimDisk::new(1);
    disk.set_room(Some(mib << 20));
    disk
}

#[test]
fn a_full_disk_refuses_updates_lets_its_reserve_go_and_takes_updates_again_when_there_is_room() {
    let mut desk = Desk::new(disk_of(40));
    assert_eq!((desk.register().unwrap(), desk.reserve_bytes()), (TicketNumber(1), RESERVE_BYTES));
    desk.fill();
    let mut taken = 1;
    let full = loop {
        match desk.register() {
            Ok(_) => taken += 1,
            Err(failure) => break failure,
        }
    };
    assert!(taken > 10, "the room that was written ahead is used up first");
    assert!(matches!(full, Failure::Storage { full: true, .. }), "{full:?}");
    assert_eq!(desk.reserve_bytes(), 0, "it was let go");
    let told = [(ALARM.to_owned(), "the disk is full, no updates are taken".to_owned())];
    assert_eq!(desk.storage_alarms(), told);
    refused(desk.register(), true);
    assert_eq!(desk.running().desk().tickets().count(), taken, "what was taken is there");

    desk.disk.remove(&desk.filler()).unwrap();
    refused(desk.register(), true);
    desk.pass_s(2);
    assert_eq!((desk.storage_alarms(), desk.reserve_bytes()), (vec![], RESERVE_BYTES));
    let next = TicketNumber(taken as u64 + 1);
    assert_eq!(desk.register().unwrap(), next, "no number was used up by a refusal");
    desk.restart();
    assert_eq!(desk.running().desk().tickets().count(), taken + 1);
}

#[test]
fn on_a_full_disk_breaches_are_still_kept_and_the_room_can_take_their_alarms() {
    let mut desk = Desk::new(disk_of(40));
    let number = desk.register().unwrap();
    desk.fill();
    while desk.register().is_ok() {}
    desk.pass_s(3 * 24 * 3_600);
    let breach = format!("{number}-breach-resolution-1");
    let ack = Command::Desk(DeskAct::AckAlarm(BREACH_LATE.to_owned()));
    assert!(desk.command(ack).unwrap().changed, "promises broke while nobody looked, and one alarm says so");
    desk.restart();
    let acked = |alarm: &Alarm| alarm.id == breach.as_str() && alarm.acked_by.as_deref() == Some(BREACH_LATE);
    assert!(desk.running().desk().alarms().any(acked), "what was written in the reserve's room is kept");
    assert!(!desk.running().desk().alarms().any(|alarm| alarm.id == BREACH_LATE), "the acknowledgement, too");
    assert_eq!(desk.storage_alarms().len(), 1, "a start on a full disk refuses updates, too");
    refused(desk.register(), true);
    let add = json!({"text": "Перезагрузите"});
    let reply = Act::from_json("reply", add).expect("a reply's JSON");
    let reply = desk.command(Command::Ticket { number, if_revision: None, act: reply });
    assert!(matches!(reply, Err(Failure::Storage { full: true, .. })), "{reply:?}");
}

#[test]
fn updates_do_not_come_and_go_on_a_disk_at_its_brim() {
    let mut desk = Desk::new(disk_of(40));
    desk.register().unwrap();
    desk.fill();
    while desk.register().is_ok() {}
    let filler = desk.disk.open(&desk.filler(), Access::Write).unwrap();
    let length = filler.length().unwrap();
    filler.set_length(length - RESERVE_MARGIN_BYTES / 2).unwrap();
    desk.pass_s(10);
    refused(desk.register(), true);
    filler.set_length(length - RESERVE_MARGIN_BYTES - (1 << 20)).unwrap();
    desk.pass_s(2);
    desk.register().unwrap();
}

#[test]
fn a_disk_that_takes_no_writes_refuses_updates_until_it_does_and_the_reserve_stays() {
    for fault in [Fault::Io, Fault::ReadOnly] {
        let mut desk = Desk::new(SimDisk::new(2));
        desk.register().unwrap();
        for _ in 0..3 {
            desk.disk.fail_next(u32::MAX, fault);
            for _ in 0..5 {
                refused(desk.register(), false);
                desk.pass_s(1);
            }
            let told = [(ALARM.to_owned(), "the disk takes no writes, no updates are taken".to_owned())];
            assert_eq!(desk.storage_alarms(), told, "{fault:?}");
            assert_eq!(desk.running().view().tickets_total(), 1, "readers go on");
            desk.disk.heal();
            desk.pass_s(2);
            assert_eq!(desk.storage_alarms(), [], "{fault:?}");
        }
        assert_eq!(desk.register().unwrap(), TicketNumber(2));
        assert_eq!(desk.reserve_bytes(), RESERVE_BYTES);
    }
}

#[test]
fn a_remount_to_read_only_is_told_and_ends_with_it() {
    let mut desk = Desk::new(SimDisk::new(3));
    desk.disk.set_read_only(true);
    refused(desk.register(), false);
    desk.pass_s(60);
    refused(desk.register(), false);
    desk.disk.set_read_only(false);
    desk.pass_s(2);
    desk.register().unwrap();
}

#[test]
fn a_disk_too_small_for_the_reserve_takes_no_updates_and_one_with_room_does() {
    let mut desk = Desk::new(disk_of(12));
    refused(desk.register(), true);
    assert_eq!(desk.storage_alarms().len(), 1);
    desk.disk.set_room(Some(40 << 20));
    desk.pass_s(2);
    desk.register().unwrap();
}

#[test]
fn a_checkpoint_that_fails_is_an_alarm_and_refuses_nothing_until_one_is_written() {
    let mut desk = Desk::new(SimDisk::new(4));
    for upto_seq in 1..4 {
        let error = TicketsError::Prepare { dir: "sled".into(), source: Fault::NoSpace.into() };
        desk.running().turn([Input::Kept(Kept::Failed { upto_seq, error })]);
        let told = [(
            "storage-tickets".to_owned(),
            "the ticket database takes no writes, the ledger does".to_owned(),
        )];
        assert_eq!(desk.storage_alarms(), told);
        desk.register().unwrap();
        desk.pass_s(10);
    }
    assert_eq!(desk.reserve_bytes(), RESERVE_BYTES);
    desk.running().turn([Input::Kept(Kept::Done { upto_seq: 3 })]);
    assert_eq!(desk.storage_alarms(), []);
}

#[test]
fn letters_as_long_as_are_taken_all_at_once_are_no_fault_of_the_disk() {
    let mut desk = Desk::new(SimDisk::new(7));
    // 640 of 240 KB are more than the ledger takes in one piece.
    let long: Vec<_> = (0..4).map(|n| (format!("page-{n}"), "я".repeat(30_000))).collect();
    let answers = desk.all_at_once(vec![registration(&long); 640]);
    for (n, answer) in answers.iter().enumerate() {
        assert!(answer.is_ok(), "the {n}th of 640: {answer:?}");
    }
    assert_eq!(desk.storage_alarms(), []);
}

#[test]
fn a_disk_that_promises_room_and_takes_no_sync_is_not_told_to_work_until_it_does() {
    let mut desk = Desk::new(SimDisk::new(8));
    desk.register().expect("the disk works");
    desk.disk.fail_syncs();
    for _ in 0..5 {
        refused(desk.register(), true);
        desk.pass_s(1);
        assert_eq!(desk.storage_alarms().len(), 1, "the alarm stays");
    }
    desk.disk.heal();
    desk.pass_s(2);
    assert_eq!(desk.storage_alarms(), []);
    desk.register().expect("the disk works again");
}
