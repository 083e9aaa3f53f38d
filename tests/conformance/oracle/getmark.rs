//! GetMark's terms, as its file ships: 2026-11 to 2027-08, with extensions and several tickets side by side.

use std::fmt::Write as _;
use std::sync::LazyLock;

use andon::desk::clocks::{Clock, ClockState};
use andon::desk::{Metric, TicketNumber};
use andon_tests::World;
use andon_tests::time::instant;
use calendars::Timestamp;
use serde_json::{Value, json};

use super::{Dice, seed_asked_for, so_many};
use crate::getmark::request;

/// A minute since 2026-11-01 00:00 in Moscow, a Sunday.
type Minute = usize;

const DAY: Minute = 1_440;
/// The clerk's almanac ends on 2027-08-28.
const DAYS: usize = 300;
/// 72 h, in minutes: the requester's time to answer, and to confirm.
const PATIENCE: usize = 72 * 60;

/// Whether a line is at work, minute by minute.
struct Almanac {
    line_1: Vec<bool>,
    line_2: Vec<bool>,
}

impl Almanac {
    fn new() -> Self {
        // Days from 2026-11-01 to the first of each month.
        let (november, december, january, february) = (0, 30, 61, 92);
        let (march, may, june) = (120, 181, 212);
        let mut off = vec![november + 3, december + 30, february + 21, february + 22, march + 7];
        off.extend((1..=8).map(|day| january + day - 1));
        off.extend([may + 2, may + 9, june + 13]);
        let moved_saturday = february + 19;
        let works = |day: usize| match day % 7 {
            // 2026-11-01 was a Sunday.
            0 => false,
            6 => day == moved_saturday,
            _ => !off.contains(&day),
        };
        let line = |close: usize| {
            (0..DAYS * DAY)
                .map(|minute| works(minute / DAY) && (9 * 60..close * 60).contains(&(minute % DAY)))
                .collect()
        };
        Self { line_1: line(21), line_2: line(18) }
    }

    fn get() -> &'static Self {
        static ALMANAC: LazyLock<Almanac> = LazyLock::new(Almanac::new);
        &ALMANAC
    }

    fn at_work(&self, line: u8, minute: Minute) -> bool {
        if line == 1 { self.line_1[minute] } else { self.line_2[minute] }
    }
}

/// GM-5.17 in minutes: the total, or the term of a line.
fn figure(priority: &str, line: Option<u8>) -> Option<usize> {
    let (total, line_1, line_2) = match priority {
        "high" => (12, 4, 8),
        "medium" => (72, 24, 48),
        "low" => (120, 48, 72),
        _ => return None,
    };
    let hours = match line {
        None => total,
        Some(1) => line_1,
        Some(_) => line_2,
    };
    Some(hours * 60)
}

fn derived(kind: &str, impact: &str) -> &'static str {
    match (kind, impact) {
        ("error", "stops-operations") => "high",
        ("error" | "consultation", _) => "medium",
        _ => "low",
    }
}

/// A term that the clerk counts.
#[derive(Clone, Debug)]
struct Tally {
    target: Option<usize>,
    used: usize,
    state: ClockState,
    /// When it was used up, with the tally running.
    used_up: Option<Minute>,
    /// When the requester was told that it ends (GM-5.18); as long as nothing moves it.
    promised: Option<Minute>,
    extended: bool,
    breached: Option<Minute>,
}

impl Tally {
    fn new(target: Option<usize>, waiting: bool) -> Self {
        let state = if waiting { ClockState::Paused } else { ClockState::Running };
        Self { target, used: 0, state, used_up: None, promised: None, extended: false, breached: None }
    }

    fn end(&self) -> Option<Minute> {
        self.promised.or(self.used_up)
    }

    /// Something other than the passing of time has moved the end.
    fn look_again(&mut self, now: Minute) {
        self.promised = None;
        let ended = self.breached.filter(|at| *at < now).unwrap_or(now);
        self.used_up = self.target.filter(|target| self.used >= *target).map(|_| ended);
    }

    fn retarget(&mut self, target: Option<usize>, now: Minute) {
        if self.target.is_none() && target.is_none() {
            return;
        }
        self.target = target;
        self.extended = false;
        self.look_again(now);
        if target.is_some_and(|target| self.used > target) {
            self.breached.get_or_insert(now);
        }
    }

    fn set(&mut self, state: ClockState, now: Minute) {
        if self.state != state {
            self.state = state;
            self.look_again(now);
        }
    }

    /// What the moment `now` brings, once nothing more is done in it; and then the minute that follows.
    fn pass(&mut self, now: Minute, at_work: bool) {
        if self.state != ClockState::Running {
            return;
        }
        if let Some(end) = self.end().filter(|end| *end <= now) {
            self.breached.get_or_insert(end);
        }
        if at_work {
            self.used += 1;
            if self.target == Some(self.used) {
                self.used_up = Some(now + 1);
            }
        }
    }

    /// When it ends if nothing happens.
    fn deadline(&self, almanac: &Almanac, line: u8, now: Minute) -> Option<Minute> {
        self.would_end(almanac, line, now).filter(|_| self.state == ClockState::Running)
    }

    /// When it ends if it runs on from now, by counting on.
    fn would_end(&self, almanac: &Almanac, line: u8, now: Minute) -> Option<Minute> {
        let target = self.target?;
        if let Some(end) = self.end().filter(|_| self.state == ClockState::Running) {
            return Some(end);
        }
        let (mut used, mut minute) = (self.used, now);
        while used < target {
            used += usize::from(almanac.at_work(line, minute));
            minute += 1;
        }
        Some(minute)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Resolved,
    Closed,
}

/// A ticket as the clerk keeps it.
#[derive(Clone, Debug)]
struct Slip {
    kind: &'static str,
    impact: &'static str,
    priority: &'static str,
    line: u8,
    status: &'static str,
    stage: Stage,
    total: Tally,
    lines: Vec<Tally>,
    /// What the requester has used of the time to answer.
    silence: Option<usize>,
    /// What the requester has used of the time to confirm.
    window: Option<usize>,
}

/// What is done to a ticket.
#[derive(Clone, Debug)]
enum Move {
    Ask,
    Answer,
    Status(&'static str),
    Priority(&'static str),
    Kind(&'static str),
    Impact(&'static str),
    Route(u8),
    Extend(Minute),
    Resolve,
    Return,
    Confirm,
    Refuse,
    Close,
}

impl Slip {
    fn new(channel: &str, kind: &'static str, impact: &'static str) -> Self {
        let (line, priority) = (if channel == "phone" { 1 } else { 2 }, derived(kind, impact));
        Self {
            kind,
            impact,
            priority,
            line,
            status: "new",
            stage: Stage::Open,
            total: Tally::new(figure(priority, None), false),
            lines: vec![Tally::new(figure(priority, Some(line)), false)],
            silence: None,
            window: None,
        }
    }

    fn waits(&self) -> bool {
        self.status.starts_with("waiting")
    }

    fn tallies(&mut self) -> impl Iterator<Item = &mut Tally> {
        std::iter::once(&mut self.total).chain(self.lines.last_mut())
    }

    /// The moment passes, and the minute after it.
    fn pass(&mut self, almanac: &Almanac, now: Minute) {
        if self.stage == Stage::Closed {
            return;
        }
        if self.silence.is_some_and(|used| used >= PATIENCE)
            || self.window.is_some_and(|used| used >= PATIENCE)
        {
            self.end(Stage::Closed, "closed", now);
            return;
        }
        let at_work = almanac.at_work(self.line, now);
        for tally in self.tallies() {
            tally.pass(now, at_work);
        }
        for patience in [&mut self.silence, &mut self.window] {
            *patience = patience.map(|used| used + usize::from(at_work));
        }
    }

    fn end(&mut self, stage: Stage, status: &'static str, now: Minute) {
        (self.stage, self.status) = (stage, status);
        self.silence = None;
        self.window = (stage == Stage::Resolved).then_some(0);
        for tally in self.tallies() {
            tally.set(ClockState::Stopped, now);
        }
    }

    fn go_to(&mut self, status: &'static str, now: Minute) {
        if self.status == status {
            return;
        }
        self.status = status;
        self.silence = (status == "waiting-requester").then_some(0);
        let state = if self.waits() { ClockState::Paused } else { ClockState::Running };
        for tally in self.tallies().filter(|tally| tally.state != ClockState::Stopped) {
            tally.set(state, now);
        }
    }

    fn give_priority(&mut self, priority: &'static str, now: Minute) {
        if self.priority == priority {
            return;
        }
        self.priority = priority;
        let line = self.line;
        if self.total.state != ClockState::Stopped {
            self.total.retarget(figure(priority, None), now);
        }
        let last = self.lines.last_mut().filter(|tally| tally.state != ClockState::Stopped);
        if let Some(tally) = last {
            tally.retarget(figure(priority, Some(line)), now);
        }
    }

    fn reclassify(&mut self, kind: &'static str, impact: &'static str, now: Minute) {
        let followed = self.priority == derived(self.kind, self.impact);
        (self.kind, self.impact) = (kind, impact);
        if followed {
            self.give_priority(derived(kind, impact), now);
        }
        // GM-5.18: only an error's term is extended, so the extension goes with the type.
        if self.stage == Stage::Open && self.total.extended && kind != "error" {
            self.total.retarget(figure(self.priority, None), now);
        }
    }

    fn route(&mut self, line: u8, now: Minute) {
        let other_hours = (self.line == 1) != (line == 1);
        self.line = line;
        if other_hours {
            self.total.look_again(now);
        }
        if let Some(tally) = self.lines.last_mut() {
            tally.set(ClockState::Stopped, now);
        }
        if line != 3 {
            self.lines.push(Tally::new(figure(self.priority, Some(line)), self.waits()));
        }
    }

    fn reopen(&mut self, now: Minute) {
        (self.stage, self.status, self.window) = (Stage::Open, "in-progress", None);
        let (priority, line, is_error) = (self.priority, self.line, self.kind == "error");
        let again = |tally: &mut Tally, target| {
            tally.set(ClockState::Running, now);
            if !tally.extended || !is_error {
                tally.retarget(target, now);
            }
        };
        again(&mut self.total, figure(priority, None));
        if line != 3 {
            again(self.lines.last_mut().unwrap(), figure(priority, Some(line)));
        }
    }

    /// Carries it out, or says that it cannot be.
    fn take(&mut self, act: &Move, almanac: &Almanac, now: Minute) -> bool {
        let (open, resolved) = (self.stage == Stage::Open, self.stage == Stage::Resolved);
        let allowed = match act {
            Move::Ask | Move::Status(_) | Move::Priority(_) | Move::Resolve | Move::Refuse => open,
            Move::Answer | Move::Kind(_) | Move::Impact(_) | Move::Close => open || resolved,
            Move::Return | Move::Confirm => resolved,
            Move::Route(line) => open && (self.line, *line) != (1, 3),
            Move::Extend(to) => {
                let present = self.total.would_end(almanac, self.line, now);
                open && self.kind == "error" && *to > now && present.is_none_or(|end| *to > end)
            }
        };
        if !allowed {
            return false;
        }
        match *act {
            Move::Ask => {
                self.go_to("waiting-requester", now);
                self.silence = Some(0);
            }
            Move::Answer if self.status == "waiting-requester" => self.go_to("in-progress", now),
            Move::Answer => {}
            Move::Status(to) => self.go_to(to, now),
            Move::Priority(to) => self.give_priority(to, now),
            Move::Kind(kind) => self.reclassify(kind, self.impact, now),
            Move::Impact(impact) => self.reclassify(self.kind, impact, now),
            Move::Route(line) if line == self.line => {}
            Move::Route(line) => self.route(line, now),
            Move::Extend(to) => {
                let work = (now..to).filter(|minute| almanac.at_work(self.line, *minute)).count();
                self.total.target = Some(self.total.used + work);
                self.total.extended = true;
                self.total.look_again(now);
                self.total.promised = (self.total.state == ClockState::Running).then_some(to);
            }
            Move::Resolve => self.end(Stage::Resolved, "closed", now),
            Move::Return => self.reopen(now),
            Move::Confirm | Move::Close => self.end(Stage::Closed, "closed", now),
            Move::Refuse => self.end(Stage::Closed, "refused", now),
        }
        true
    }
}

fn instant_of(minute: Minute) -> Timestamp {
    instant("2026-11-01 00:00").plus_ms(i64::try_from(minute).unwrap() * 60_000)
}

fn minute_of(at: Timestamp) -> Minute {
    let ms = at.ms_since(instant("2026-11-01 00:00"));
    assert_eq!(ms % 60_000, 0, "everything happens at whole minutes");
    usize::try_from(ms / 60_000).unwrap()
}

/// The verb of a move and its JSON.
fn said(act: &Move) -> (&'static str, Value) {
    match act {
        Move::Ask => ("ask", json!({ "text": "?" })),
        Move::Answer => ("answer", json!({ "text": "!" })),
        Move::Status(to) => ("status", json!({ "to": to })),
        Move::Priority(to) => ("priority", json!({ "to": to, "reason": "r" })),
        Move::Kind(kind) => ("classify", json!({ "type": kind })),
        Move::Impact(impact) => ("classify", json!({ "fields": { "impact": impact } })),
        Move::Route(line) => ("route", json!({ "line": line })),
        Move::Extend(to) => {
            let deadline = instant_of(*to).to_rfc3339(andon_tests::time::ZONE);
            ("extend", json!({ "deadline": deadline, "reason": "r", "text": "t" }))
        }
        Move::Resolve => ("resolve", json!({ "text": "t" })),
        Move::Return => ("return", json!({ "reason": "r" })),
        Move::Confirm => ("confirm", json!({})),
        Move::Refuse => ("refuse", json!({ "reason": "r" })),
        Move::Close => ("close", json!({ "reason": "r" })),
    }
}

impl Dice {
    fn act(&mut self, now: Minute) -> Move {
        match self.below(40) {
            0..6 => Move::Ask,
            6..11 => Move::Answer,
            11..16 => Move::Status(self.one_of(&["in-progress", "waiting-requester", "waiting-release"])),
            16..21 => Move::Priority(self.one_of(&["low", "medium", "high", "high", "critical"])),
            21..23 => Move::Kind(self.one_of(&[
                "consultation",
                "error",
                "error",
                "change-request",
                "data-correction",
            ])),
            23..25 => Move::Impact(self.one_of(&["stops-operations", "hinders", "none"])),
            25..31 => Move::Route(self.one_of(&[1, 2, 3])),
            31..33 => Move::Extend(now + self.below(12 * DAY)),
            33..36 => Move::Resolve,
            36..39 => Move::Return,
            _ => self.one_of(&[0, 1, 2]).into(),
        }
    }
}

impl From<u8> for Move {
    fn from(end: u8) -> Self {
        [Move::Confirm, Move::Refuse, Move::Close][usize::from(end)].clone()
    }
}

/// The desk and the clerk side by side.
struct Match {
    world: World,
    almanac: &'static Almanac,
    slips: Vec<Slip>,
    now: Minute,
    off: bool,
    log: String,
}

impl Match {
    fn pass_until(&mut self, until: Minute) {
        for minute in self.now..until {
            for slip in &mut self.slips {
                slip.pass(self.almanac, minute);
            }
        }
        self.now = until;
        if self.off {
            self.world.sleep_to(instant_of(until));
        } else {
            self.world.run_to(instant_of(until));
        }
    }

    /// The next minute in which something may happen: now, soon, some day, or in the very moment in which a term ends.
    fn next_minute(&self, dice: &mut Dice) -> Minute {
        let wait = match dice.below(20) {
            0..3 => 0,
            3..8 => dice.below(120),
            8..13 => dice.below(720),
            13..16 => dice.below(4 * DAY),
            _ => {
                let slip = &self.slips[dice.below(self.slips.len())];
                let tally = if dice.below(2) == 0 { Some(&slip.total) } else { slip.lines.last() };
                let end = tally.and_then(|tally| tally.deadline(self.almanac, slip.line, self.now));
                end.unwrap_or(0).saturating_sub(self.now).min(10 * DAY) + dice.below(2)
            }
        };
        self.now + wait
    }

    fn register(&mut self, dice: &mut Dice) {
        let channel = dice.one_of(&["phone", "email"]);
        let kind = dice.one_of(&["error", "error", "consultation", "change-request"]);
        let impact = dice.one_of(&["stops-operations", "hinders"]);
        let number = self.world.register(request(channel, kind, impact));
        self.slips.push(Slip::new(channel, kind, impact));
        assert_eq!(number.0, self.slips.len() as u64);
        writeln!(self.log, "{} register {channel} {kind} {impact}", self.when()).unwrap();
    }

    fn when(&self) -> String {
        andon_tests::time::local(instant_of(self.now))
    }

    fn act(&mut self, dice: &mut Dice) {
        let at = dice.below(self.slips.len());
        let act = dice.act(self.now);
        let taken = self.slips[at].take(&act, self.almanac, self.now);
        let (verb, body) = said(&act);
        writeln!(self.log, "{} {} {verb} {body} {taken}", self.when(), at + 1).unwrap();
        let answer = self.world.try_act(TicketNumber(at as u64 + 1), verb, body);
        assert_eq!(answer.is_ok(), taken, "{answer:?}\n{}", self.log);
    }

    fn agree(&self) {
        for (slip, number) in self.slips.iter().zip(1..) {
            let ticket = self.world.ticket(TicketNumber(number));
            let context = || format!("ticket {number} at {}\n{}{slip:#?}", self.when(), self.log);
            let stage = match ticket.stage {
                andon::desk::Stage::Open => Stage::Open,
                andon::desk::Stage::Resolved => Stage::Resolved,
                andon::desk::Stage::Closed => Stage::Closed,
            };
            let facts = &ticket.facts;
            assert_eq!(
                (facts.status.as_str(), stage, facts.priority.as_str(), facts.line),
                (slip.status, slip.stage, slip.priority, slip.line),
                "{}",
                context()
            );
            let clocks = |metric| ticket.clocks.iter().filter(move |clock| clock.metric == metric);
            assert_eq!(clocks(Metric::Line).count(), slip.lines.len(), "{}", context());
            let pairs =
                clocks(Metric::Resolution).zip([&slip.total]).chain(clocks(Metric::Line).zip(&slip.lines));
            for (clock, tally) in pairs {
                self.agree_on(clock, tally, slip.line, &context);
            }
        }
    }

    fn agree_on(&self, clock: &Clock, tally: &Tally, line: u8, context: &dyn Fn() -> String) {
        let minutes = |ms: i64| usize::try_from(ms / 60_000).unwrap();
        let found = (
            clock.state,
            minutes(self.world.used_ms(clock)),
            clock.term.target_ms.map(minutes),
            clock.breached_at.map(minute_of),
            clock.due().map(minute_of),
        );
        // What a stopped term's target is, is seen when it runs again.
        let target = if tally.state == ClockState::Stopped { found.2 } else { tally.target };
        let deadline = tally.deadline(self.almanac, line, self.now);
        assert_eq!(
            found,
            (tally.state, tally.used, target, tally.breached, deadline),
            "{} {}: state, used, target, breached, deadline of {}",
            clock.metric,
            clock.cycle,
            context()
        );
    }
}

fn play(seed: u64) {
    let mut dice = Dice(seed);
    // Some minute of the 110 days from 2026-11-02; the moved Saturday and the New Year lie among them.
    let now = DAY + dice.below(110 * DAY);
    let mut game = Match {
        world: World::getmark(&instant_of(now).to_rfc3339(andon_tests::time::ZONE)),
        almanac: Almanac::get(),
        slips: Vec::new(),
        now,
        off: seed % 2 == 1,
        log: format!("seed {seed}\n"),
    };
    game.register(&mut dice);
    for _ in 0..30 {
        let next = game.next_minute(&mut dice);
        game.pass_until(next);
        if game.slips.len() < 3 && dice.below(8) == 0 {
            game.register(&mut dice);
        } else {
            game.act(&mut dice);
        }
        game.agree();
        if game.now > 230 * DAY {
            break;
        }
    }
    game.pass_until(game.now + 5 * DAY);
    game.agree();
}

#[test]
fn the_desk_and_a_slow_clerk_agree() {
    if let Some(seed) = seed_asked_for() {
        return play(seed);
    }
    (0..so_many(300)).for_each(play);
}
