//! A flipped bit anywhere in the ticket database costs no ticket: the box starts, tells nothing false, and after one more
//! start at the latest everything reads as the ledger has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use andon::desk::command::Register;
use andon::desk::event::Receipt;
use andon::desk::{Act, Actor, Command, Desk, Entry, Regulations, Role, TicketNumber};
use andon::run::books::Books;
use andon::run::{Input, Loop, Settings};
use andon_tests::world::shipped;
use andon_tests::{Random, SimulatedBox, SimulatedClock};
use serde_json::json;

use super::books::{copy, registration};
use super::{Telling, seeds};

/// How many checkpoints there were; after one alone, what is written down beside the database heals all of it.
const CHECKPOINTS: usize = 3;
/// How many tickets come between two of them.
const TICKETS: usize = 60;

/// How many large ones come then, of a quarter of a megabyte each.
const LARGE: usize = 20;
/// What these are full of.
const FILLER: &str = "~";

/// What is kept between two starts.
const PARTS: [&str; 2] = ["ledger", "sled"];

/// What people see of a ticket: itself and its story, or why it cannot be read.
type Seen = Result<(String, String), String>;

fn seen(running: &Loop, number: TicketNumber) -> Seen {
    let ticket = running.view().ticket(number).map_err(|error| format!("{error:?}"))?;
    let story = running.history().of(number).map_err(|error| format!("{error:?}"))?;
    Ok((serde_json::to_string(&ticket.as_deref()).unwrap(), serde_json::to_string(&story).unwrap()))
}

fn all_seen(running: &Loop) -> BTreeMap<TicketNumber, Seen> {
    (1..=running.view().tickets_total()).map(TicketNumber).map(|n| (n, seen(running, n))).collect()
}

/// What the ledger tells of every ticket.
fn told(running: &Loop) -> BTreeMap<TicketNumber, Seen> {
    let entries: Vec<Entry> = running.history().since(1).map(|entry| entry.unwrap()).collect();
    let mut desk = Desk::new(regulations());
    for entry in &entries {
        desk.apply(entry);
    }
    let of = |number: TicketNumber| {
        let story: Vec<_> = entries.iter().filter(|entry| entry.tickets().contains(&number)).collect();
        let ticket = desk.ticket(number);
        Ok((serde_json::to_string(&ticket.as_deref()).unwrap(), serde_json::to_string(&story).unwrap()))
    };
    (1..desk.next_ticket().0).map(TicketNumber).map(|number| (number, of(number))).collect()
}

fn regulations() -> Regulations {
    Regulations::new(vec![shipped("getmark").into()])
}

/// Has a ticket registered, with a key under which the request may be repeated.
fn register(desk: &mut SimulatedBox, n: usize) -> TicketNumber {
    let command = Command::Register(Register::from_json(registration(n)).unwrap());
    let total = desk.running().view().tickets_total();
    let receipt =
        Receipt { key: format!("key {total}").into(), request: "the same".into(), step: None, token: None };
    let (input, mut answer) = Input::command(command, Actor::named("lead", Role::Lead), Some(receipt));
    desk.turn(Some(input));
    let done = answer.try_recv().expect("a turn answers").expect("it is taken");
    done.ticket.expect("a registration makes a ticket").number
}

/// A box after some checkpoints, most of whose tickets are closed.
struct Before {
    clock: SimulatedClock,
    settings: Settings,
    dir: tempfile::TempDir,
    /// Where the database has bytes that are neither zero nor filler.
    written: Vec<usize>,
}

impl Before {
    fn new() -> Self {
        let mut desk = SimulatedBox::at("2026-11-23 10:00");
        for _ in 0..CHECKPOINTS {
            for n in 0..TICKETS {
                let number = register(&mut desk, n);
                match n % 4 {
                    0 => desk.act(number, "take", json!({})),
                    _ => desk.act(number, "refuse", json!({"reason": "Не наше"})),
                };
            }
            // The database looks its newest part through at each start: what is older is read only when it is asked for.
            for _ in 0..LARGE {
                let mut body = registration(0);
                for field in 0..4 {
                    body["fields"][format!("f{field}")] = json!(FILLER.repeat(60_000));
                }
                let number = desk.register(body);
                desk.act(number, "refuse", json!({"reason": "Не наше"}));
            }
            desk.switch_off();
            desk.switch_on();
        }
        desk.switch_off();
        let dir = tempfile::tempdir().expect("a test has a directory");
        for part in PARTS {
            copy(&desk.settings().state_dir.join(part), &dir.path().join(part));
        }
        let database = fs::read(dir.path().join("sled/db")).unwrap();
        let written = (0..)
            .zip(&database)
            .filter(|(_, byte)| **byte != 0 && **byte != FILLER.as_bytes()[0])
            .map(|(at, _)| at)
            .collect();
        Self { clock: desk.clock().clone(), settings: desk.settings().clone(), dir, written }
    }

    /// A copy of it, with one bit of the database flipped.
    fn flipped(&self, random: &mut Random) -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().expect("a test has a directory");
        copy(self.dir.path(), dir.path());
        let at = *random.pick(&self.written);
        let bit = random.below(8);
        let path = dir.path().join("sled/db");
        let mut database = fs::read(&path).unwrap();
        database[at] ^= 1 << bit;
        fs::write(path, database).unwrap();
        (dir, format!("bit {bit} of byte {at} is flipped"))
    }

    fn open(&self, state_dir: &Path) -> (Loop, Option<String>) {
        let settings = Settings { state_dir: PathBuf::from(state_dir), ..self.settings.clone() };
        let opened = Books::open(state_dir, settings.regulations.clone(), |_| {}, |_, _| {});
        let (books, desk, report) = opened.unwrap_or_else(|error| panic!("it does not start: {error:?}"));
        assert!(report.damage.is_empty() && report.lost_events == 0, "{report:?}");
        (Loop::new(desk, books, Box::new(self.clock.clone()), &settings), report.set_aside)
    }
}

/// Has a word added to a ticket; whether it was.
fn reply(running: &mut Loop, number: TicketNumber) -> bool {
    let act = Act::from_json("reply", json!({"text": "Для нас", "internal": true})).unwrap();
    let command = Command::Ticket { number, if_revision: None, act };
    let (input, mut answer) = Input::command(command, Actor::named("lead", Role::Lead), None);
    running.turn([input]);
    answer.try_recv().expect("a turn answers").is_ok()
}

#[test]
fn a_flipped_bit_of_the_ticket_database_costs_no_ticket_and_at_most_a_restart() {
    let before = Before::new();
    for seed in seeds(16) {
        let _telling = Telling(seed);
        let mut random = Random::new(seed);
        let (dir, what) = before.flipped(&mut random);
        let (mut running, _) = before.open(dir.path());
        let in_truth = told(&running);
        for (number, seen) in all_seen(&running) {
            assert!(seen.is_err() || seen == in_truth[&number], "{what}: ticket {number} is {seen:?}");
        }
        for number in (1..=(CHECKPOINTS * TICKETS) as u64).step_by(29) {
            reply(&mut running, TicketNumber(number));
        }
        running.close();

        let (running, _) = before.open(dir.path());
        let in_truth = told(&running);
        for (number, seen) in all_seen(&running) {
            assert_eq!(seen, in_truth[&number], "{what}: ticket {number} after a restart");
        }
        running.close();
    }
}
