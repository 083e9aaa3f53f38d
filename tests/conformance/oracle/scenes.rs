//! Random scenes under random regulations: the desk and the clerk side by side, all four bases, 2022-12 to 2028-02.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use andon::desk::clocks::{Clock, ClockState, Metric};
use andon::desk::{Regulation, TicketNumber};
use andon_tests::World;
use andon_tests::time::ZONE;
use calendars::Timestamp;
use serde_json::{Value, json};

use super::almanac::{Almanac, DAY, HOUR, Minute, SHEETS, day_of};
use super::clerk::{Move, Slip, Stage, Tally};
use super::rules::{BASES, End, KINDS, PRIORITIES, Rules};
use super::{Dice, seed_asked_for, so_many};

/// How many scenes in a row play under one regulation.
const SCENES_PER_REGULATION: u64 = 64;
/// Every so manyth world proves its record.
const PROVEN: u64 = 50;

/// Days around which something is special: years end, holidays run together, Saturdays are worked, February has 29
/// days, Berlin's clocks change.
const SPECIAL: [&str; 27] = [
    "2022-12-31",
    "2023-12-31",
    "2024-12-31",
    "2025-12-31",
    "2026-12-31",
    "2027-12-31",
    "2023-05-01",
    "2023-05-09",
    "2024-05-01",
    "2024-05-09",
    "2025-05-01",
    "2025-05-08",
    "2026-05-01",
    "2026-05-09",
    "2027-05-01",
    "2027-05-10",
    "2024-04-27",
    "2024-11-02",
    "2024-12-28",
    "2025-11-01",
    "2027-02-20",
    "2024-02-29",
    "2023-02-23",
    "2024-03-31",
    "2025-10-26",
    "2026-03-29",
    "2027-10-31",
];

static SPECIAL_DAYS: LazyLock<Vec<usize>> =
    LazyLock::new(|| SPECIAL.iter().map(|date| day_of(date)).collect());

fn instant_of(minute: Minute) -> Timestamp {
    // 2022-12-01T00:00:00Z.
    Timestamp::from_millis(1_669_852_800_000 + i64::try_from(minute).unwrap() * 60_000)
}

fn minute_of(at: Timestamp) -> Minute {
    let ms = at.ms_since(instant_of(0));
    assert_eq!(ms % 60_000, 0, "everything happens at whole minutes");
    usize::try_from(ms / 60_000).unwrap()
}

fn minutes(ms: i64) -> Minute {
    assert_eq!(ms % 60_000, 0, "everything takes whole minutes");
    usize::try_from(ms / 60_000).unwrap()
}

fn written(minute: Minute) -> String {
    andon_tests::time::local(instant_of(minute))
}

/// The verb of a move and its JSON.
fn said(act: Move) -> (&'static str, Value) {
    match act {
        Move::Reply => ("reply", json!({ "text": "." })),
        Move::Ask => ("ask", json!({ "text": "?" })),
        Move::Answer => ("answer", json!({ "text": "!" })),
        Move::Take => ("take", json!({})),
        Move::Status(to) => ("status", json!({ "to": to })),
        Move::Priority(to) => ("priority", json!({ "to": to, "reason": "r" })),
        Move::Kind(kind) => ("classify", json!({ "type": kind })),
        Move::Route(line) => ("route", json!({ "line": line })),
        Move::Resolve => ("resolve", json!({ "text": "t" })),
        Move::Return => ("return", json!({ "reason": "r" })),
        Move::Confirm => ("confirm", json!({})),
        Move::Refuse => ("refuse", json!({ "reason": "r" })),
        Move::Close => ("close", json!({ "reason": "r" })),
    }
}

/// How often what was seen in the scenes: a comparison that never met a case says nothing of it.
type Seen = BTreeMap<String, u64>;

/// What a story is told of afterwards, if it has to be.
enum Step {
    Register { kind: &'static str, priority: &'static str, line: u8 },
    Act { ticket: usize, act: Move, taken: bool },
}

/// The desk and the clerk side by side.
struct Scene<'a> {
    seed: u64,
    rules: &'a Rules,
    world: World,
    slips: Vec<Slip>,
    now: Minute,
    /// Whether the daemon is off between commands.
    asleep: bool,
    story: Vec<(Minute, Step)>,
}

impl<'a> Scene<'a> {
    fn begin(seed: u64, dice: &mut Dice, rules: &'a Rules, regulation: &Arc<Regulation>) -> Self {
        let day = if dice.percent(75) {
            dice.one_of(&SPECIAL_DAYS) + dice.below(6) - 4
        } else {
            day_of("2023-01-01") + dice.below(5 * 365)
        };
        let now = day * DAY + time_of_day(dice);
        let world = World::under_shared(Arc::clone(regulation), &instant_of(now).to_rfc3339(ZONE));
        let world = if seed.is_multiple_of(PROVEN) { world } else { world.unproven() };
        Self { seed, rules, world, slips: Vec::new(), now, asleep: dice.percent(50), story: Vec::new() }
    }

    fn register(&mut self, dice: &mut Dice) {
        let (kind, priority) = (dice.one_of(&KINDS), dice.one_of(&PRIORITIES));
        let line = u8::try_from(dice.below(self.rules.lines.len()) + 1).unwrap();
        self.story.push((self.now, Step::Register { kind, priority, line }));
        let channel = format!("c{line}");
        let body = json!({ "channel": channel, "type": kind, "priority": priority, "subject": "s" });
        self.world.register(body);
        self.slips.push(Slip::new(self.rules, kind, priority, line, self.now));
    }

    fn act(&mut self, dice: &mut Dice) {
        let ticket = dice.below(self.slips.len());
        let slip = &mut self.slips[ticket];
        let act = some_move(dice, slip, self.rules);
        let taken = slip.take(self.rules, act, self.now);
        self.story.push((self.now, Step::Act { ticket, act, taken }));
        let (verb, body) = said(act);
        let answer = self.world.try_act(TicketNumber(ticket as u64 + 1), verb, body);
        assert_eq!(answer.is_ok(), taken, "{answer:?}");
    }

    fn pass_until(&mut self, until: Minute) {
        let almanac = Almanac::get();
        for slip in &mut self.slips {
            for minute in self.now..until {
                if slip.stage == Stage::Closed {
                    break;
                }
                slip.pass(self.rules, almanac, minute);
            }
        }
        self.now = until;
        if self.asleep {
            self.world.sleep_to(instant_of(until));
        } else {
            self.world.run_to(instant_of(until));
        }
    }

    /// The next minute in which something may happen: now, soon, some day, at an hour at which lines open and close, or
    /// in the very moment in which a term ends.
    fn next_minute(&self, dice: &mut Dice) -> Minute {
        let wait = match dice.below(20) {
            0..2 => 0,
            2..6 => dice.below(2 * HOUR),
            6..10 => dice.below(12 * HOUR),
            10..12 => dice.below(4 * DAY),
            12..15 => {
                let today = self.now - self.now % DAY;
                (today + dice.below(3) * DAY + time_of_day(dice)).saturating_sub(self.now)
            }
            _ => {
                let slip = &self.slips[dice.below(self.slips.len())];
                let ends: Vec<Minute> = slip.tallies.iter().filter_map(|tally| tally.end).collect();
                let end = if ends.is_empty() { 0 } else { dice.one_of(&ends) };
                end.saturating_sub(self.now).min(12 * DAY) + dice.below(2)
            }
        };
        self.now + wait
    }

    /// Compares all that a room would look at.
    fn agree(&self) {
        for (slip, number) in self.slips.iter().zip(1..) {
            let ticket = self.world.ticket(TicketNumber(number));
            let stage = match ticket.stage {
                andon::desk::Stage::Open => Stage::Open,
                andon::desk::Stage::Resolved => Stage::Resolved,
                andon::desk::Stage::Closed => Stage::Closed,
            };
            let facts = &ticket.facts;
            assert_eq!(
                (facts.status.as_str(), stage, facts.kind.as_str(), facts.priority.as_str(), facts.line),
                (slip.status, slip.stage, slip.kind, slip.priority, slip.line),
                "ticket {number}"
            );
            assert_eq!(ticket.clocks.len(), slip.tallies.len(), "clocks of ticket {number}");
            for (clock, tally) in ticket.clocks.iter().zip(&slip.tallies) {
                self.agree_on(number, clock, tally);
            }
        }
    }

    fn agree_on(&self, number: u64, clock: &Clock, tally: &Tally) {
        let rule = &self.rules.clocks[tally.rule];
        // What a stopped clock was to end at stays in the record; a paused one has no deadline even there (R7).
        let counts = tally.state != ClockState::Stopped;
        assert_eq!(
            clock.due(),
            clock.term.deadline.filter(|_| counts),
            "what people are shown of ticket {number}"
        );
        let found = Facts {
            metric: clock.metric,
            state: clock.state,
            calendar: clock.calendar_id(),
            used: minutes(self.world.used_ms(clock)),
            target: clock.term.target_ms.map(minutes),
            deadline: clock.term.deadline.filter(|_| counts).map(minute_of),
            warning: clock.term.warn_at.filter(|_| counts).map(minute_of),
            is_provisional: clock.term.provisional && tally.state == ClockState::Running,
            started: minute_of(clock.started_at),
            stopped: clock.stopped_at.map(minute_of),
            breached: clock.breached_at.map(minute_of),
            is_over: clock.ran_out,
        };
        let expected = Facts {
            metric: rule.metric,
            state: tally.state,
            calendar: SHEETS[tally.sheet].id,
            used: tally.used,
            target: tally.target,
            deadline: tally.end,
            warning: tally.warn,
            is_provisional: tally.provisional,
            started: tally.started,
            stopped: tally.stopped,
            breached: tally.breached,
            is_over: tally.over,
        };
        assert!(
            found == expected,
            "ticket {number}, {} {}: the desk has\n{found:?}\nand the clerk\n{expected:?}\nwhere the deadlines are {:?} and {:?}",
            clock.metric,
            clock.cycle,
            found.deadline.map(written),
            expected.deadline.map(written),
        );
    }

    /// Compares the warnings that are to be seen once time has passed: one for each clock that runs and is nearly over.
    fn agree_on_warnings(&self) {
        for (slip, number) in self.slips.iter().zip(1..) {
            let ticket = self.world.ticket(TicketNumber(number));
            let shown = |tally: &&Tally| {
                tally.state == ClockState::Running
                    && !tally.over
                    && tally.warn.is_some_and(|at| at <= self.now)
            };
            let expected: Vec<Metric> =
                slip.tallies.iter().filter(shown).map(|tally| self.rules.clocks[tally.rule].metric).collect();
            for clock in &ticket.clocks {
                let id = format!("{number}-due-soon-{}-{}", clock.metric, clock.cycle);
                let is_shown = ticket.alarms.iter().any(|alarm| alarm.id == id);
                let is_latest = ticket.clock(clock.metric) == Some(clock);
                assert_eq!(is_shown, is_latest && expected.contains(&clock.metric), "warning {id}");
            }
        }
    }

    fn note(&self, seen: &mut Seen) {
        let mut note = |what: String| *seen.entry(what).or_default() += 1;
        for (date, day) in SPECIAL.iter().zip(SPECIAL_DAYS.iter().copied()) {
            if self.story[0].0 / DAY <= day && day <= self.now / DAY {
                note(format!("a scene over {date}"));
            }
        }
        for tally in self.slips.iter().flat_map(|slip| &slip.tallies) {
            let rule = &self.rules.clocks[tally.rule];
            let (_, basis) = BASES.iter().find(|(basis, _)| *basis == rule.basis).unwrap();
            if tally.breached.is_some() {
                note(format!("{basis} breached"));
            }
            match rule.end {
                End::Close(_) if tally.over => note(format!("{basis} closed a ticket")),
                End::Tell if tally.over => note(format!("{basis} told")),
                End::Breach | End::Close(_) | End::Tell => {}
            }
            if tally.provisional {
                note("a provisional deadline".to_owned());
            }
        }
    }
}

/// What is compared of a clock, in minutes.
#[derive(Debug, PartialEq)]
struct Facts<'a> {
    metric: Metric,
    state: ClockState,
    calendar: &'a str,
    used: Minute,
    target: Option<Minute>,
    deadline: Option<Minute>,
    warning: Option<Minute>,
    is_provisional: bool,
    started: Minute,
    stopped: Option<Minute>,
    breached: Option<Minute>,
    is_over: bool,
}

/// A failure tells its story, wherever in it the desk or the comparison gave up.
impl Drop for Scene<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        eprintln!(
            "seed {}, {}:\n{}",
            self.seed,
            if self.asleep { "asleep between commands" } else { "awake" },
            self.rules.file()
        );
        for (at, step) in &self.story {
            match step {
                Step::Register { kind, priority, line } => {
                    eprintln!("{} register {kind} {priority} on line {line}", written(*at));
                }
                Step::Act { ticket, act, taken } => {
                    let refused = if *taken { "" } else { ", refused" };
                    eprintln!("{} ticket {}: {act:?}{refused}", written(*at), ticket + 1);
                }
            }
        }
        eprintln!("{} now; play it again with ANDON_SEED={}", written(self.now), self.seed);
    }
}

/// Any minute, or one at which something opens or closes or a day ends, in Moscow; in UTC.
fn time_of_day(dice: &mut Dice) -> Minute {
    if dice.percent(50) {
        return dice.below(DAY);
    }
    let hour = dice.one_of(&[6, 9, 13, 14, 16, 18, 21, 22, 24]);
    (hour * HOUR + dice.below(3) - 1 + DAY - 3 * HOUR) % DAY
}

fn some_move(dice: &mut Dice, slip: &Slip, rules: &Rules) -> Move {
    let ask_back = slip.stage == Stage::Resolved && dice.percent(50);
    match dice.below(40) {
        _ if ask_back => Move::Return,
        0..5 => Move::Ask,
        5..9 => Move::Answer,
        9..11 => Move::Reply,
        11..13 => Move::Take,
        13..20 => Move::Status(dice.one_of(&["working", "waiting", "parked"])),
        20..24 => Move::Priority(dice.one_of(&PRIORITIES)),
        24..26 => Move::Kind(dice.one_of(&KINDS)),
        26..32 => Move::Route(u8::try_from(dice.below(rules.lines.len()) + 1).unwrap()),
        32..36 => Move::Resolve,
        36..38 => Move::Return,
        _ => dice.one_of(&[Move::Confirm, Move::Refuse, Move::Close]),
    }
}

/// The regulation that the scenes of these seeds play under.
fn regulation_of(seed: u64) -> (Rules, Arc<Regulation>) {
    let number = seed / SCENES_PER_REGULATION;
    let rules = Rules::made_up(&mut Dice(number.wrapping_mul(0x5851_f42d_4c95_7f2d)));
    let file = rules.file();
    let regulation = Regulation::parse("made-up.toml", &file)
        .unwrap_or_else(|problems| panic!("regulation {number}: {problems}\n{file}"));
    (rules, Arc::new(regulation))
}

fn play(seed: u64, (rules, regulation): &(Rules, Arc<Regulation>), met: &mut Seen) {
    let mut dice = Dice(seed);
    let mut scene = Scene::begin(seed, &mut dice, rules, regulation);
    scene.register(&mut dice);
    scene.agree();
    for _ in 0..5 + dice.below(11) {
        let next = scene.next_minute(&mut dice);
        scene.pass_until(next);
        if scene.slips.len() < 2 && dice.percent(5) {
            scene.register(&mut dice);
        } else {
            scene.act(&mut dice);
        }
        scene.agree();
        if scene.slips.iter().all(|slip| slip.stage == Stage::Closed) {
            break;
        }
    }
    scene.pass_until(scene.now + 1 + dice.below(5 * DAY));
    scene.agree();
    scene.agree_on_warnings();
    scene.note(met);
}

/// Plays scenes on as many threads as there are processors; tells what was seen in them.
fn play_all(scenes: u64) -> Seen {
    let next = AtomicU64::new(0);
    let all_seen = Mutex::new(Seen::new());
    let player = || {
        let mut seen = Seen::new();
        loop {
            let first = next.fetch_add(SCENES_PER_REGULATION, Ordering::Relaxed);
            if first >= scenes {
                break;
            }
            let regulation = regulation_of(first);
            for seed in first..scenes.min(first + SCENES_PER_REGULATION) {
                play(seed, &regulation, &mut seen);
            }
        }
        let mut all_seen = all_seen.lock().unwrap();
        for (what, count) in seen {
            *all_seen.entry(what).or_default() += count;
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, |threads| threads.get().min(4));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(player);
        }
    });
    all_seen.into_inner().unwrap()
}

#[test]
fn the_desk_and_a_slow_clerk_agree_on_every_basis() {
    if let Some(seed) = seed_asked_for() {
        return play(seed, &regulation_of(seed), &mut Seen::new());
    }
    let seen = play_all(so_many(20_480));
    let met = |what: String| {
        let times = seen.get(&what).copied().unwrap_or_default();
        assert!(times >= 100, "{what}: {times} times in {seen:#?}");
    };
    for date in SPECIAL {
        met(format!("a scene over {date}"));
    }
    met("a provisional deadline".to_owned());
    for (_, basis) in BASES {
        for end in ["breached", "closed a ticket", "told"] {
            met(format!("{basis} {end}"));
        }
    }
}
