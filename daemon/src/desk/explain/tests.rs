//! That a proof adds up, on many stories; and that it reads well, on a few.

use std::sync::Arc;

use calendars::Timestamp;
use serde_json::{Value, json};

use super::{ClockProof, INTERVALS_MAX, explain};
use crate::desk::command::Register;
use crate::desk::regulation::shipped;
use crate::desk::{Act, Actor, Command, Desk, Entry, Regulation, Regulations, Role, TicketNumber};

const ONE: TicketNumber = TicketNumber(1);

/// A desk, and everything that happened on it.
struct World {
    desk: Desk,
    entries: Vec<Entry>,
}

impl World {
    fn new(regulation: &str) -> Self {
        let regulation = shipped::get(regulation).unwrap().unwrap();
        Self { desk: Desk::new(Regulations::new(vec![regulation])).lenient(true), entries: Vec::new() }
    }

    fn settle(&mut self, now: Timestamp) {
        while let Some((effective, facts)) = self.desk.due(now) {
            let entry = self.desk.enter(facts, "timer", now, Some(effective), None, false);
            self.entries.push(entry);
        }
    }

    /// Gives a command; a refusal changes nothing.
    fn give(&mut self, at: Timestamp, command: &Command, by: &str) -> bool {
        self.settle(at);
        let Ok(decision) = self.desk.decide(command, &Actor::named(by, Role::Lead), at) else { return false };
        if !decision.facts.is_empty() {
            let entry = self.desk.enter(decision.facts, by, at, None, None, false);
            self.entries.push(entry);
        }
        true
    }

    fn register(&mut self, at: &str, body: Value) {
        let command = Command::Register(Register::from_json(body).unwrap());
        assert!(self.give(time(at), &command, "ivanova"));
    }

    #[track_caller]
    fn act(&mut self, at: &str, verb: &str, body: Value) {
        assert!(self.give(time(at), &act(verb, body), "ivanova"), "{verb}");
    }

    fn proofs(&self, now: Timestamp) -> Vec<ClockProof> {
        let entries: Vec<_> =
            self.entries.iter().filter(|entry| entry.tickets().contains(&ONE)).cloned().collect();
        explain(ONE, &entries, self.desk.regulations(), now)
    }
}

fn act(verb: &str, body: Value) -> Command {
    Command::Ticket { number: ONE, if_revision: None, act: Act::from_json(verb, body).unwrap() }
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// Everything that must hold between a ticket and the proofs of its clocks.
#[track_caller]
#[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "whole milliseconds far below 2^53")]
fn check_adds_up(world: &World, now: Timestamp) {
    let ticket = world.desk.ticket(ONE).unwrap();
    let proofs = world.proofs(now);
    assert_eq!(proofs.len(), ticket.clocks.len());
    for (proof, clock) in proofs.iter().zip(&ticket.clocks) {
        let calendar = world.desk.regulations().calendar(&clock.term.calendar).unwrap();
        let used = clock.used_at(calendar, now);
        let counted = proof.steps.iter().flat_map(|step| &step.counted).map(|counted| counted.seconds);
        let counted_ms = (counted.sum::<f64>() * 1000.0).round();
        assert_eq!(counted_ms, used as f64, "{proof:#?}");
        assert_eq!(proof.used_seconds, used as f64 / 1000.0, "{proof:#?}");
        assert_eq!((proof.metric, proof.cycle, proof.state), (clock.metric, clock.cycle, clock.state));
        let zone = crate::desk::view::zone_of(&ticket, world.desk.regulations());
        assert_eq!(proof.deadline, clock.term.deadline.map(|at| at.to_rfc3339(zone)));
        assert_eq!(proof.breached_at, clock.breached_at.map(|at| at.to_rfc3339(zone)));
        assert!(proof.steps.iter().all(|step| step.note.is_none()), "{proof:#?}");
        assert!(proof.steps.windows(2).all(|pair| pair[0].at <= pair[1].at), "{proof:#?}");
    }
}

/// A small generator, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap()]
    }
}

fn random_act(dice: &mut Dice, at: Timestamp) -> Command {
    let priorities = ["low", "medium", "high", "critical"];
    let statuses = ["in-progress", "waiting-requester", "waiting-release"];
    let types = ["consultation", "error", "change-request", "data-correction"];
    let days = i64::try_from(dice.below(40)).unwrap();
    let later = at.plus_ms(days * 86_400_000).to_rfc3339(calendars::Tz::Europe__Moscow);
    match dice.below(11) {
        0 => act("ask", json!({"text": "?"})),
        1 => act("answer", json!({"text": "!"})),
        2 | 3 => act("priority", json!({"to": dice.one_of(&priorities), "reason": "x"})),
        4 | 5 => act("status", json!({"to": dice.one_of(&statuses)})),
        6 => act("classify", json!({"type": dice.one_of(&types)})),
        7 => act("route", json!({"line": 1 + dice.below(3)})),
        8 => act("extend", json!({"deadline": later, "reason": "x", "text": "y"})),
        9 => act("resolve", json!({"text": "done"})),
        _ => act("return", json!({"reason": "not done"})),
    }
}

#[test]
fn what_the_steps_count_is_what_is_used() {
    for seed in 1..=120_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut world = World::new("getmark");
        let channel = dice.one_of(&["phone", "email"]);
        let mut at =
            time("2026-04-20T09:00:00+03:00").plus_ms(i64::try_from(dice.below(900_000_000)).unwrap());
        let body = json!({"channel": channel, "type": "error", "subject": "x"});
        let register = Command::Register(Register::from_json(body).unwrap());
        assert!(world.give(at, &register, "ivanova"));
        for _ in 0..14 {
            at = at.plus_ms(i64::try_from(dice.below(250_000_000)).unwrap());
            let command = random_act(&mut dice, at);
            world.give(at, &command, "ivanova");
            check_adds_up(&world, at);
        }
        let later = at.plus_ms(i64::try_from(dice.below(3_000_000_000)).unwrap());
        world.settle(later);
        check_adds_up(&world, later);
    }
}

#[test]
fn a_clock_of_calendar_days_counts_one_interval() {
    let mut world = World::new("itsm");
    world.register(
        "2026-11-23T10:00:00+03:00",
        json!({"channel": "phone", "type": "incident", "priority": "p3", "subject": "x"}),
    );
    world.act("2026-11-23T11:00:00+03:00", "resolve", json!({"text": "done"}));
    let now = time("2026-12-01T10:00:00+03:00");
    check_adds_up(&world, now);
    let proofs = world.proofs(now);
    let confirmation = proofs.iter().find(|proof| proof.metric.id() == "confirmation").unwrap();
    let now = confirmation.steps.last().unwrap();
    assert_eq!((now.turn.as_str(), now.counted.len(), now.counted[0].seconds), ("now", 1, 687_600.0));
}

/// A scene on one line each: when, turn, by, why, what was counted, the deadline from here on.
fn lines(proof: &ClockProof) -> Vec<String> {
    let step = |step: &super::ProofStep| {
        let counted: Vec<_> =
            step.counted.iter().map(|c| format!("{}–{}", &c.from[5..16], &c.to[5..16])).collect();
        let deadline = step.deadline.as_deref().map_or("-", |deadline| &deadline[5..16]);
        format!(
            "{} {} {}: {} [{}] {}",
            &step.at[5..16],
            step.turn,
            step.by,
            step.why.join("; "),
            counted.join(" "),
            deadline
        )
    };
    proof.steps.iter().map(step).collect()
}

#[test]
fn a_proof_says_who_why_and_what_was_counted() {
    let mut world = World::new("getmark");
    world.register(
        "2026-11-20T16:00:00+03:00",
        json!({"channel": "email", "type": "error", "subject": "x", "fields": {"impact": "stops-operations"}}),
    );
    world.act("2026-11-20T17:00:00+03:00", "ask", json!({"text": "?"}));
    world.act("2026-11-23T10:00:00+03:00", "answer", json!({"text": "!"}));
    world.act("2026-11-23T11:00:00+03:00", "priority", json!({"to": "medium", "reason": "обошли"}));
    world.act("2026-11-23T12:00:00+03:00", "route", json!({"line": 1}));
    let now = time("2026-11-24T10:00:00+03:00");
    check_adds_up(&world, now);
    assert_eq!(
        lines(&world.proofs(now)[0]),
        [
            "11-20T16:00 started ivanova: registered: Ошибка ПО, Высокий, line 2, by Электронная почта; status Регистрация → Новый [] 11-24T10:00",
            "11-20T17:00 paused ivanova: the requester was asked; status Новый → Ожидает ответа пользователя [11-20T16:00–11-20T17:00] -",
            "11-23T10:00 resumed ivanova: the requester answered; status Ожидает ответа пользователя → В работе [] 11-24T12:00",
            "11-23T11:00 retargeted ivanova: the regulation gives another target now; priority Высокий → Средний (обошли) [11-23T10:00–11-23T11:00] 12-02T18:00",
            "11-23T12:00 retargeted ivanova: another calendar counts now; line 2 → 1 [11-23T11:00–11-23T12:00] 11-30T21:00",
            "11-24T10:00 now :  [11-23T12:00–11-23T21:00 11-24T09:00–11-24T10:00] 11-30T21:00",
        ]
    );
}

#[test]
fn what_closes_a_ticket_by_time_is_named() {
    let mut world = World::new("getmark");
    world.register("2026-11-23T10:00:00+03:00", json!({"channel": "email", "type": "error", "subject": "x"}));
    world.act("2026-11-23T12:00:00+03:00", "ask", json!({"text": "?"}));
    let now = time("2026-12-10T10:00:00+03:00");
    world.settle(now);
    let proofs = world.proofs(now);
    assert_eq!(
        lines(&proofs[0]).last().unwrap(),
        "12-03T12:00 stopped timer: Ответ пользователя ran out; closed (requester-silent); status Ожидает ответа пользователя → Закрытое (requester-silent) [] -"
    );
}

#[test]
fn years_of_stretches_are_told_by_month() {
    let mut world = World::new("getmark");
    world.register("2024-01-09T10:00:00+03:00", json!({"channel": "email", "type": "error", "subject": "x"}));
    let now = time("2026-11-20T18:00:00+03:00");
    world.settle(now);
    let proofs = world.proofs(now);
    let last = proofs[0].steps.last().unwrap();
    assert_eq!(last.counted.len(), 35, "January 2024 to November 2026");
    let stretches: usize = last.counted.iter().map(|counted| counted.stretches).sum();
    assert!(stretches > INTERVALS_MAX);
    assert_eq!(last.note.as_deref(), Some(format!("{stretches} open stretches, told by month").as_str()));
    let counted: f64 =
        proofs[0].steps.iter().flat_map(|step| &step.counted).map(|counted| counted.seconds).sum();
    assert!((counted - proofs[0].used_seconds).abs() < 0.001);
}

#[test]
fn facts_of_a_calendar_that_has_changed_are_not_told_as_todays() {
    let mut world = World::new("getmark");
    world.register("2026-11-23T10:00:00+03:00", json!({"channel": "email", "type": "error", "subject": "x"}));
    world.act("2026-11-23T17:00:00+03:00", "ask", json!({"text": "?"}));
    let text = shipped::text("getmark").unwrap().replace("close = \"18:00\"", "close = \"16:00\"");
    let changed = Regulations::new(vec![Arc::new(Regulation::parse("getmark.toml", &text).unwrap())]);
    let proofs = explain(ONE, &world.entries, &changed, time("2026-11-24T10:00:00+03:00"));
    let paused = &proofs[0].steps[1];
    assert_eq!((paused.turn.as_str(), paused.counted.len()), ("paused", 0));
    assert!((paused.used_seconds - 25_200.0).abs() < 0.001, "the record's seven hours, not today's six");
    assert!(paused.note.as_deref().unwrap().starts_with("it was promised under revision"));
    // Without the regulation the record still tells what happened.
    let proofs = explain(ONE, &world.entries, &Regulations::default(), time("2026-11-24T10:00:00+03:00"));
    assert!((proofs[0].steps[1].used_seconds - 25_200.0).abs() < 0.001);
    assert!(proofs[0].steps[1].note.as_deref().unwrap().contains("is not loaded now"));
}

/// A term that has just begun is proved as well: what is still to be counted leads to the deadline. Friday
/// 27 November 2026 17:00, line 2 (09–18), 12 h: one hour on Friday, nine on Monday, two on Tuesday.
#[test]
fn what_is_ahead_leads_to_the_deadline() {
    let mut world = World::new("getmark");
    let body = json!({ "channel": "email", "type": "error", "subject": "Касса", "fields": { "impact": "stops-operations" } });
    world.register("2026-11-27T17:00:00+03:00", body);
    let proofs = world.proofs(time("2026-11-27T17:00:00+03:00"));
    let resolution = &proofs[0];
    let told: Vec<_> = resolution.ahead.iter().map(|a| (&a.from[..16], &a.to[..16], a.seconds)).collect();
    assert_eq!(
        told,
        [
            ("2026-11-27T17:00", "2026-11-27T18:00", 3_600.0),
            ("2026-11-30T09:00", "2026-11-30T18:00", 32_400.0),
            ("2026-12-01T09:00", "2026-12-01T11:00", 7_200.0),
        ]
    );
    assert_eq!(resolution.deadline.as_deref(), Some("2026-12-01T11:00:00.000+03:00"));
}
