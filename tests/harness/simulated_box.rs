//! A whole box in one thread: the daemon's own loop over real books in a directory of its own, under a clock that a test
//! sets.

use andon::board::QuietHours;
use andon::clock::Clock;
use andon::desk::command::Register;
use andon::desk::{Act, Actor, Command, Desk, DeskAct, Entry, Reach, Regulations, Role, TicketNumber};
use andon::run::books::Books;
use andon::run::time::Proof;
use andon::run::{Done, Failure, Input, Loop, Settings};
use calendars::Timestamp;
use firmware_board::Language;
use serde_json::Value;
use tempfile::TempDir;

use crate::clock::SimulatedClock;
use crate::time::{ZONE, instant};
use crate::world::shipped;

/// A box under a regulation that ships, `getmark` where nothing is said. It can be switched off and on again.
pub struct SimulatedBox {
    clock: SimulatedClock,
    settings: Settings,
    running: Option<Loop>,
    /// Kept as long as the box is.
    _dir: TempDir,
}

impl SimulatedBox {
    /// A new box, switched on at a time.
    pub fn at(now: &str) -> Self {
        Self::under("getmark", now)
    }

    /// A new box under a regulation that ships, switched on at a time.
    pub fn under(regulation: &str, now: &str) -> Self {
        let dir = TempDir::new().expect("a test has a directory");
        let settings = Settings {
            state_dir: dir.path().to_owned(),
            regulations: Regulations::new(vec![shipped(regulation).into()]),
            zone: ZONE,
            language: Language::Russian,
            quiet: QuietHours::default(),
            proof: Proof::Synchronised,
            archiving: None,
            reach: Reach::default(),
        };
        let clock = SimulatedClock::at(instant(now));
        let mut it = Self { clock, settings, running: None, _dir: dir };
        it.switch_on();
        it
    }

    /// What it is told at its next start.
    pub fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Its clocks.
    pub fn clock(&self) -> &SimulatedClock {
        &self.clock
    }

    /// The loop.
    pub fn running(&self) -> &Loop {
        self.running.as_ref().expect("the box is on")
    }

    /// The desk, as it is durable.
    pub fn desk(&self) -> &Desk {
        self.running().desk()
    }

    /// Ends the daemon in good order.
    pub fn switch_off(&mut self) -> &mut Self {
        if let Some(running) = self.running.take() {
            running.close();
        }
        self
    }

    /// Kills the daemon: its last checkpoint is not written.
    pub fn kill(&mut self) -> &mut Self {
        self.running = None;
        self
    }

    /// Starts the daemon; the clocks show what they do.
    ///
    /// # Panics
    /// Where the books cannot be opened.
    pub fn switch_on(&mut self) -> &mut Self {
        let regulations = self.settings.regulations.clone().in_zone(self.settings.zone);
        let opened = Books::open(&self.settings.state_dir, regulations, |_| {}, |_, _| {});
        let (books, desk, _) = opened.unwrap_or_else(|error| panic!("{error}"));
        self.running = Some(Loop::new(desk, books, Box::new(self.clock.clone()), &self.settings));
        self.turn(None);
        self
    }

    /// One turn of the loop, with an input or without.
    pub fn turn(&mut self, input: Option<Input>) -> &mut Self {
        self.running.as_mut().expect("the box is on").turn(input);
        self
    }

    /// Lets time pass, in milliseconds; the loop has its turns when it asked for them.
    ///
    /// # Panics
    /// Where the loop turns without end.
    pub fn pass_ms(&mut self, ms: i64) -> &mut Self {
        let mut left_us = u64::try_from(ms).expect("time goes forward") * 1_000;
        let mut turns_in_vain = 0;
        loop {
            let wake_us = self.running().wake_at_us().map(|at| at.saturating_sub(self.clock.monotonic_us()));
            let Some(step_us) = wake_us.filter(|wake_us| *wake_us <= left_us) else { break };
            self.clock.pass_us(step_us);
            left_us -= step_us;
            turns_in_vain = if step_us == 0 { turns_in_vain + 1 } else { 0 };
            assert!(turns_in_vain < 100, "the loop wants its turn again and again");
            self.turn(None);
        }
        self.clock.pass_us(left_us);
        self.turn(None)
    }

    /// Lets time pass until the system clock shows a local time.
    pub fn pass_until(&mut self, until: &str) -> &mut Self {
        self.pass_ms(instant(until).ms_since(self.clock.system_now()))
    }

    /// Has a command carried out by a lead of every line.
    pub fn command(&mut self, command: Command) -> Result<Done, Failure> {
        self.command_as(command, Actor::named("lead", Role::Lead))
    }

    /// Has a command carried out.
    pub fn command_as(&mut self, command: Command, actor: Actor) -> Result<Done, Failure> {
        let (input, mut answer) = Input::command(command, actor, None);
        self.turn(Some(input));
        answer.try_recv().expect("a turn answers")
    }

    /// Registers a ticket.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn register(&mut self, body: Value) -> TicketNumber {
        let register = Register::from_json(body).expect("a registration's JSON");
        let done = self.command(Command::Register(register)).unwrap_or_else(|failure| panic!("{failure}"));
        done.ticket.expect("a registration makes a ticket").number
    }

    /// Acts on a ticket.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn act(&mut self, number: TicketNumber, verb: &str, body: Value) -> &mut Self {
        let act = Act::from_json(verb, body).expect("a verb of the contract with its JSON");
        let command = Command::Ticket { number, if_revision: None, act };
        self.command(command).unwrap_or_else(|failure| panic!("{verb} on {number}: {failure}"));
        self
    }

    /// An admin says that the system clock is right; tells whether that changed anything.
    pub fn trust(&mut self, back: bool) -> Result<bool, Failure> {
        let (input, mut answer) = Input::trust_time(back, Actor::named("keeper", Role::Admin));
        self.turn(Some(input));
        let done = answer.try_recv().expect("a turn answers");
        // The loop asks for another turn, to correct what is to be corrected.
        self.pass_ms(0);
        done.map(|done| done.changed)
    }

    /// Acknowledges an alarm.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn ack(&mut self, alarm: &str) -> &mut Self {
        let command = Command::Desk(DeskAct::AckAlarm(alarm.to_owned()));
        self.command(command).unwrap_or_else(|failure| panic!("ack {alarm}: {failure}"));
        self
    }

    /// The alarms on the wall, the worst first, each as its id and state: `1-breach-resolution-1 unacked`.
    pub fn wall(&self) -> Vec<String> {
        let board = self.running().view().board();
        let state = |state| serde_json::to_value(state).expect("a state is a word");
        let line = |alarm: &andon::desk::Alarm| {
            format!("{} {}", alarm.id, state(alarm.state).as_str().unwrap_or_default())
        };
        board.alarms.iter().map(|(alarm, _)| line(alarm)).collect()
    }

    /// Everything that happened, as the ledger has it.
    ///
    /// # Panics
    /// Where it cannot be read.
    pub fn entries(&self) -> Vec<Entry> {
        let entries = self.running().history().since(1).collect::<Result<_, _>>();
        entries.unwrap_or_else(|error| panic!("{error}"))
    }

    /// What the system clock shows.
    pub fn now(&self) -> Timestamp {
        self.clock.system_now()
    }
}
