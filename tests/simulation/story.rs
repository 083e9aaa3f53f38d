//! A story: weeks of a desk from one seed. People ask, time passes, and things go wrong.

use std::collections::VecDeque;

use andon::clock::Clock as _;
use andon::desk::{Actor, Role};
use andon::run::Input;
use andon::run::time::STEP_MS;
use andon::store::{Kept, TicketsError};
use andon_tests::time::{local, span};
use andon_tests::{Fault, Random};
use calendars::Timestamp;

use crate::machine::{Machine, SledFate};
use crate::people::{Ask, People};
use crate::rules::regulations;
use crate::tally::Tally;
use crate::witness::{Conditions, Violation, Witness, hold};

/// How long a story is, in milliseconds: six weeks.
pub(crate) const STORY_MS: i64 = 42 * DAY_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const MINUTE_MS: i64 = 60_000;
/// How many of its last steps a story that fails tells.
const TOLD: usize = 12;
/// So many looks at the clocks are taken before the rest is left out: a minute's, also while they are looked at every ten
/// seconds, so that what waits for a checkpoint gets it.
const LOOKS: u32 = 7;
/// After so many steps the whole record is told again.
const WHOLE_STEPS: u64 = 50;
/// The first day on which a story may begin: 2026-11-23, a Monday, in UTC milliseconds.
const FIRST_DAY_MS: i64 = 1_795_392_000_000;

/// A story that is being told.
pub(crate) struct Story {
    random: Random,
    people: People,
    machine: Machine,
    witness: Witness,
    /// The disk fails now and then, for so many steps more.
    trouble_steps: u64,
    /// The system clock is off, for so many steps more.
    wrong_clock_steps: u64,
    /// Whether the kernel says, or said since the clock was last set, that its clock is right.
    is_proved: bool,
    /// Whether it said so of a clock that was wrong.
    kernel_erred: bool,
    told: VecDeque<String>,
    is_told_whole: bool,
    steps: u64,
    tally: Tally,
}

impl Story {
    /// The story of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let day = i64::try_from(random.below(560)).expect("few days");
        let now = Timestamp::from_millis(FIRST_DAY_MS + day * DAY_MS + 6 * HOUR_MS);
        let machine = Machine::new(random.any(), now, regulations());
        Self {
            people: People::new(random.any()),
            witness: Witness::new(regulations(), machine.clock()),
            machine,
            is_proved: true,
            kernel_erred: false,
            random,
            trouble_steps: 0,
            wrong_clock_steps: 0,
            told: VecDeque::new(),
            is_told_whole: std::env::var_os("ANDON_SIM_TELL").is_some(),
            steps: 0,
            tally: Tally::default(),
        }
    }

    /// Tells the story to its end, or to the first thing that does not hold; and how often what was in it.
    pub(crate) fn tell(&mut self) -> Result<Tally, Violation> {
        let begun = self.machine.true_now();
        self.start()?;
        while self.machine.true_now().ms_since(begun) < STORY_MS {
            self.step()?;
        }
        self.heal()?;
        self.witness.whole(self.machine.running())?;
        self.restart()?;
        self.witness.whole_to_the_byte(self.machine.running())?;
        let days = self.machine.true_now().ms_since(begun) / DAY_MS;
        self.tally.add("days", days.unsigned_abs());
        self.tally.add("steps", self.steps);
        self.tally.add("tickets", self.witness.desk().next_ticket().0 - 1);
        self.tally.add_all(self.witness.seen());
        Ok(std::mem::take(&mut self.tally))
    }

    /// The last steps, in words.
    pub(crate) fn last_words(&self) -> String {
        let words: Vec<&str> = self.told.iter().map(String::as_str).collect();
        format!("step {}, the last of them:\n  {}", self.steps, words.join("\n  "))
    }

    fn say(&mut self, words: &str) {
        let (now, off) = (self.machine.true_now(), self.machine.clock_off_ms());
        let shown = if off == 0 { String::new() } else { format!(" (the box: {})", local(now.plus_ms(off))) };
        let words = format!("{}{shown} {words}", local(now));
        if self.is_told_whole {
            println!("{words}");
        }
        if self.told.len() == TOLD {
            self.told.pop_front();
        }
        self.told.push_back(words);
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    fn under(&self) -> Conditions {
        Conditions {
            true_now: self.machine.true_now(),
            disk_may_fail: self.trouble_steps > 0 || self.machine.disk().is_off(),
            power_is_off: self.machine.disk().is_off(),
            is_proved: self.is_proved,
            kernel_erred: self.kernel_erred,
        }
    }

    // Steps.

    fn step(&mut self) -> Result<(), Violation> {
        self.steps += 1;
        self.let_time_pass()?;
        match self.random.below(100) {
            0..=74 => self.people_ask()?,
            75..=79 => self.disk_begins_to_fail(),
            80..=82 => self.kill()?,
            83..=84 => self.restart()?,
            85..=88 => self.power_goes()?,
            89..=92 => self.clock_steps()?,
            93 => self.checkpoint_fails()?,
            94..=95 => self.machine.copy_sled(),
            96..=97 => self.admin_trusts_the_clock()?,
            _ => {}
        }
        self.trouble_wears_off()?;
        self.clock_comes_right()?;
        if self.steps.is_multiple_of(WHOLE_STEPS) {
            self.witness.whole(self.machine.running())?;
        }
        Ok(())
    }

    fn people_ask(&mut self) -> Result<(), Violation> {
        let count = match self.random.below(10) {
            0..=5 => 1,
            6..=8 => 2 + self.random.below(3),
            _ => 6 + self.random.below(8),
        };
        let now = self.witness.now();
        let asks: Vec<Ask> = (0..count).map(|_| self.people.ask(self.witness.desk(), now)).collect();
        self.turn(&asks, Vec::new())
    }

    fn turn(&mut self, asks: &[Ask], more: Vec<Input>) -> Result<(), Violation> {
        self.turn_with(asks, more, None)
    }

    fn turn_with(
        &mut self,
        asks: &[Ask],
        more: Vec<Input>,
        trusted_by: Option<Actor>,
    ) -> Result<(), Violation> {
        for ask in asks {
            self.say(&ask.words());
        }
        self.tally.add("turns", 1);
        self.tally.add("asks", asks.len() as u64);
        let turned = self.machine.turn(asks, more, trusted_by);
        let under = self.under();
        let lost_before = self.witness.seen().of("batches lost");
        self.witness.turned(asks, &turned, self.machine.running(), under)?;
        if self.witness.seen().of("batches lost") > lost_before {
            self.say("the batch is lost");
        }
        if let Some(entry) = turned.entries.last()
            && let Some(number) = entry.tickets().first()
            && self.random.one_in(20)
        {
            self.story_of(*number)?;
        }
        if under.power_is_off {
            self.power_comes_back()?;
            self.somebody_tries_again(asks)?;
        }
        Ok(())
    }

    /// The first of those who got no answer asks once more, and the daemon does not live long after it: what is left of
    /// the torn batch behind the new one must not count.
    fn somebody_tries_again(&mut self, asks: &[Ask]) -> Result<(), Violation> {
        if asks.len() < 2 || self.random.one_in(3) {
            return Ok(());
        }
        self.turn(&asks[..1], Vec::new())?;
        if self.random.one_in(2) { self.kill() } else { Ok(()) }
    }

    /// What is told of a ticket; a disk that fails now may not tell it.
    fn story_of(&self, number: andon::desk::TicketNumber) -> Result<(), Violation> {
        if self.trouble_steps > 0 {
            return Ok(());
        }
        self.witness.story_of(number, self.machine.running())
    }

    // Time.

    fn let_time_pass(&mut self) -> Result<(), Violation> {
        if self.trouble_steps > 0 {
            // While the disk fails the loop tries it every second; nobody waits for long.
            let ms = 100 * i64::try_from(self.random.below(80)).expect("few");
            return self.pass(ms);
        }
        let some = |random: &mut Random, limit_ms: i64| {
            i64::try_from(random.below(limit_ms.unsigned_abs())).expect("a span of time")
        };
        let ms = match self.random.below(100) {
            0..=9 => some(&mut self.random, 2_000),
            10..=49 => some(&mut self.random, 40 * MINUTE_MS),
            50..=69 => some(&mut self.random, 5 * HOUR_MS),
            70..=84 => self.machine.wants_turn_in().unwrap_or(HOUR_MS).min(3 * DAY_MS),
            85..=95 => 8 * HOUR_MS + some(&mut self.random, 10 * HOUR_MS),
            _ => DAY_MS + some(&mut self.random, 2 * DAY_MS),
        };
        self.pass(ms)
    }

    /// Lets time pass; the loop has its turns when it asked for them.
    ///
    /// It looks at the clocks every minute, and nothing comes of it as long as nobody sets them: after the first few
    /// looks it sleeps until time brings something about, as on a box that is too busy to wake it. It must have asked
    /// for its turn by then.
    fn pass(&mut self, ms: i64) -> Result<(), Violation> {
        let mut left = ms;
        let (mut looks, mut in_vain) = (0, 0);
        loop {
            let (Some(wait), may_sleep) = (self.machine.wants_turn_in(), self.witness.may_sleep()) else {
                return Err("the loop never looks at its clocks".to_owned());
            };
            let is_calm = self.trouble_steps == 0 && Witness::recovered(self.machine.running()).is_ok();
            hold!(
                wait <= may_sleep || !is_calm,
                "the loop sleeps for {}, and something comes in {}",
                span(wait),
                span(may_sleep)
            );
            let due = self.witness.due_in().unwrap_or(i64::MAX);
            let wait = if looks < LOOKS || !is_calm { wait } else { wait.max(due) };
            if wait > left {
                break;
            }
            self.machine.pass(wait);
            left -= wait;
            looks = if wait == due { 0 } else { looks + 1 };
            in_vain = if wait == 0 { in_vain + 1 } else { 0 };
            hold!(
                in_vain < 100,
                "the loop wants its turn again and again at {}",
                local(self.machine.clock_now())
            );
            self.turn(&[], Vec::new())?;
        }
        self.machine.pass(left);
        Ok(())
    }

    /// Somebody sets the clock, or the machine sleeps.
    fn clock_steps(&mut self) -> Result<(), Violation> {
        self.tally.add("clock steps", 1);
        let minutes = i64::try_from(self.random.below(180)).expect("few");
        if self.chance(25) {
            let ms = minutes * MINUTE_MS;
            self.machine.sleep(ms);
            self.is_proved &= ms <= STEP_MS || self.kernel_says_so();
            self.say(&format!("the machine has slept for {}", span(ms)));
        } else {
            let off_ms = match self.random.below(4) {
                0 => -minutes * MINUTE_MS,
                1 => -DAY_MS,
                2 => minutes * if self.chance(50) { 1_000 } else { MINUTE_MS },
                _ => -365 * DAY_MS,
            };
            // A machine that sleeps keeps its clock; one whose clock is set by hand may be synchronised or not.
            let synchronised = self.chance(50);
            self.machine.clock().synchronise(Some(synchronised));
            self.set_clock(off_ms);
        }
        self.witness.disturbed();
        self.turn(&[], vec![Input::ClockStepped])
    }

    /// An admin looks at the clock, finds it right, and says so.
    fn admin_trusts_the_clock(&mut self) -> Result<(), Violation> {
        if self.machine.clock_off_ms() != 0 {
            return Ok(());
        }
        self.say("an admin says that the clock is right");
        self.is_proved = true;
        self.turn_with(&[], Vec::new(), Some(Actor::named("keeper", Role::Admin)))
    }

    fn set_clock(&mut self, off_ms: i64) {
        let by_ms = off_ms - self.machine.clock_off_ms();
        self.machine.set_clock(off_ms);
        self.is_proved &= by_ms.abs() <= STEP_MS;
        self.is_proved |= self.kernel_says_so();
        self.kernel_erred |= self.is_proved && off_ms.abs() > STEP_MS;
        self.wrong_clock_steps = if off_ms == 0 { 0 } else { 1 + self.random.below(8) };
        self.say("the clock is set");
    }

    /// What was recorded ahead of the true time stays ahead of it, and held time runs on from there.
    fn ran_ahead(&self) -> bool {
        self.witness.desk().known_at() > self.machine.true_now()
    }

    fn kernel_says_so(&self) -> bool {
        self.machine.clock().kernel_synchronised() == Some(true)
    }

    fn clock_comes_right(&mut self) -> Result<(), Violation> {
        if self.wrong_clock_steps == 0 {
            return Ok(());
        }
        self.wrong_clock_steps -= 1;
        if self.wrong_clock_steps > 0 {
            return Ok(());
        }
        // The kernel need not know that it is.
        let synchronised = self.chance(70);
        self.machine.clock().synchronise(Some(synchronised));
        self.set_clock(0);
        self.witness.disturbed();
        self.turn(&[], vec![Input::ClockStepped])?;
        self.kernel_erred &= !self.kernel_says_so() || self.ran_ahead();
        // Time may be held still: the record ran ahead, or the kernel says nothing.
        let is_held = self.machine.clock_off_ms() == 0 && !self.witness.trusts_time();
        if is_held && self.chance(60) { self.admin_trusts_the_clock() } else { Ok(()) }
    }

    // The disk.

    fn disk_begins_to_fail(&mut self) {
        const ALL: [Fault; 3] = [Fault::NoSpace, Fault::Io, Fault::ReadOnly];
        self.tally.add("disk troubles", 1);
        self.trouble_steps = 2 + self.random.below(5);
        let fault = ALL[self.random.index(ALL.len())];
        let how = match self.random.below(4) {
            0 => {
                let changes = u32::try_from(1 + self.random.below(6)).expect("few");
                self.machine.disk().fail_next(changes, fault);
                format!("the next {changes} changes fail: {fault:?}")
            }
            1 => {
                self.machine.disk().fail_one_in(2);
                "every other change fails".to_owned()
            }
            2 => {
                self.machine.disk().set_read_only(true);
                "the disk is read-only".to_owned()
            }
            _ => {
                self.machine.disk().fail_next(u32::MAX, fault);
                format!("every change fails: {fault:?}")
            }
        };
        self.say(&how);
    }

    fn trouble_wears_off(&mut self) -> Result<(), Violation> {
        if self.trouble_steps == 0 {
            return Ok(());
        }
        self.trouble_steps -= 1;
        if self.trouble_steps > 0 {
            return Ok(());
        }
        self.heal()
    }

    /// The disk works again: within two seconds the daemon has noticed, and takes what it is asked for.
    fn heal(&mut self) -> Result<(), Violation> {
        self.machine.disk().heal();
        self.machine.disk().set_read_only(false);
        self.trouble_steps = 0;
        self.say("the disk works");
        self.pass(2_000)?;
        Witness::recovered(self.machine.running())?;
        let retried: Vec<Ask> = (0..self.random.below(4)).filter_map(|_| self.people.again()).collect();
        self.turn(&retried, Vec::new())
    }

    /// sled could not take a checkpoint.
    fn checkpoint_fails(&mut self) -> Result<(), Violation> {
        let error = TicketsError::Closed { dir: "sled".into(), reason: "a test says so".to_owned() };
        let upto_seq = self.witness.desk().next_seq();
        self.say("a checkpoint fails");
        self.trouble_steps = self.trouble_steps.max(1);
        self.turn(&[], vec![Input::Kept(Kept::Failed { upto_seq, error })])
    }

    // Restarts.

    fn kill(&mut self) -> Result<(), Violation> {
        self.tally.add("kills", 1);
        self.say("the daemon is killed");
        self.machine.kill();
        self.start_later()
    }

    fn restart(&mut self) -> Result<(), Violation> {
        self.say("the daemon is restarted");
        self.turn(&[], vec![Input::Stop])?;
        self.machine.stop();
        self.start_later()
    }

    /// The power goes now, or in the midst of the next change.
    fn power_goes(&mut self) -> Result<(), Violation> {
        if self.random.one_in(3) {
            return self.power_comes_back();
        }
        let changes = self.random.below(4);
        self.say(&format!("the power goes after {changes} changes more"));
        // What people ask for may change nothing, and so the disk neither: then it goes later.
        self.machine.disk().power_off_after(changes);
        self.people_ask()
    }

    fn power_comes_back(&mut self) -> Result<(), Violation> {
        self.tally.add("power cuts", 1);
        let fate = match self.random.below(10) {
            0..=5 => SledFate::Stays,
            6 => SledFate::IsGone,
            7..=8 => SledFate::IsOlder,
            _ => SledFate::IsTorn,
        };
        self.say(&format!("the power was gone; sled: {fate:?}"));
        let mut random = Random::new(self.random.any());
        self.machine.cut_power(&mut random, fate);
        self.machine.disk().set_read_only(false);
        self.trouble_steps = 0;
        let wrong = match self.random.below(8) {
            0 => Some(-self.machine.true_now().millis()),
            1 => Some(-365 * DAY_MS),
            2 => Some(-HOUR_MS),
            3 => Some(DAY_MS),
            _ => None,
        };
        self.wrong_clock_steps = 0;
        if let Some(off_ms) = wrong {
            self.machine.clock().synchronise(Some(false));
            self.set_clock(off_ms);
        }
        self.start_later()
    }

    fn start_later(&mut self) -> Result<(), Violation> {
        let ms = match self.random.below(6) {
            0..=3 => 5_000,
            4 => HOUR_MS,
            _ => 14 * HOUR_MS,
        };
        self.machine.pass(ms);
        self.start()
    }

    /// Starts the daemon; while the disk fails it is started again, as systemd does.
    fn start(&mut self) -> Result<(), Violation> {
        self.tally.add("restarts", 1);
        loop {
            match self.machine.start() {
                Ok(report) => {
                    self.tally.add("rebuilds", u64::from(report.set_aside.is_some()));
                    self.tally.add("torn tails", u64::from(report.torn_tail.is_some()));
                    hold!(report.damage.is_empty(), "3: the ledger is damaged: {:?}", report.damage);
                    hold!(report.lost_events == 0, "3: {} events are lost", report.lost_events);
                    break;
                }
                Err(error) => {
                    let words = andon::chain::chain(&error);
                    if self.machine.disk().is_off() {
                        self.say("the power goes while the daemon starts");
                        self.tally.add("power cuts", 1);
                        let mut random = Random::new(self.random.any());
                        self.machine.cut_power(&mut random, SledFate::Stays);
                        continue;
                    }
                    hold!(self.trouble_steps > 0, "6: the daemon does not start: {words}");
                    self.say(&format!("the daemon does not start: {words}"));
                    self.tally.add("failed starts", 1);
                    self.trouble_steps -= 1;
                    if self.trouble_steps == 0 {
                        self.machine.disk().heal();
                        self.machine.disk().set_read_only(false);
                    }
                    self.machine.pass(5_000);
                }
            }
        }
        self.say("the daemon is started");
        self.is_proved = self.kernel_says_so();
        self.kernel_erred =
            self.ran_ahead() || (self.is_proved && self.machine.clock_off_ms().abs() > STEP_MS);
        let under = self.under();
        self.witness.started(self.machine.running(), self.machine.clock(), under)?;
        self.turn(&[], Vec::new())
    }
}
