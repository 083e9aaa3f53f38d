//! What assignment adds to a registration, at 100,000 open tickets of one group.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use andon::desk::people::{AgentCard, PeopleAct, Presence, PresenceFor, ShiftTimes};
use andon::desk::{Actor, Command, Desk, DeskAct, Regulation, Regulations, Role};
use calendars::{Timestamp, Tz};
use serde_json::json;

/// How many tickets are open before.
const OPEN: usize = 100_000;
/// How many registrations are timed at once …
const TIMED: usize = 20_000;
/// … and how often, in turn with those without.
const ROUNDS: usize = 5;
/// How many agents the group has.
const AGENTS: usize = 50;

/// Registrations with and without assignment, on one core, decided and applied; no disk.
pub(super) fn assignment() {
    let text = andon_tests::world::shipped_text("group-helpdesk");
    let start = text.find("[assignment]").expect("it has one");
    let end = start + text[start..].find("# What a registration has").expect("it goes on");
    let without = format!("{}{}", &text[..start], &text[end..]);
    let (mut with, mut without) = (Room::new(&text), Room::new(&without));
    let mut best = [f64::MAX; 2];
    for _ in 0..ROUNDS {
        for (room, best) in [&mut with, &mut without].into_iter().zip(&mut best) {
            *best = best.min(room.timed_us());
        }
    }
    let [with, without] = best;
    println!(
        "registration at {OPEN} open tickets, {AGENTS} agents on shift: {with:.2} us with assignment, {without:.2} us without, ratio {:.3}",
        with / without
    );
}

struct Room {
    desk: Desk,
    now: Timestamp,
    register: Command,
}

impl Room {
    fn new(text: &str) -> Self {
        let regulation = Regulation::parse("bench.toml", text).unwrap_or_else(|wrong| panic!("{wrong}"));
        let desk = Desk::new(Regulations::new(vec![Arc::new(regulation)]));
        let now = Timestamp::parse_rfc3339("2026-11-23T10:00:00+03:00").expect("a time");
        let body = json!({"channel": "hm", "type": "question", "subject": "Не печатает принтер", "urgency": "high",
            "requester": {"name": "Анна Петрова"}});
        let register = andon::desk::command::Register::from_json(body).expect("a registration");
        let mut room = Self { desk, now, register: Command::Register(register) };
        for agent in 0..AGENTS {
            let card = AgentCard {
                name: format!("agent-{agent}").into(),
                title: None,
                lines: Vec::new(),
                groups: vec!["hm".into()],
                skills: Vec::new(),
            };
            let name = card.name.clone();
            let shift = ShiftTimes::local(&name, "2026-11-23", "09:00", "18:00", Tz::Europe__Moscow);
            for act in [
                PeopleAct::PutAgent(card),
                PeopleAct::AddShifts { shifts: vec![shift.expect("a shift")], instead_of: None },
                PeopleAct::SetPresence { name, presences: vec![(PresenceFor::Requests, Presence::Online)] },
            ] {
                room.give(&Command::Desk(DeskAct::People(act)), &Actor::named("lead", Role::Lead));
            }
        }
        for _ in 0..OPEN {
            room.register();
        }
        room
    }

    fn give(&mut self, command: &Command, actor: &Actor) {
        let decision = self.desk.decide(command, actor, self.now).expect("it is carried out");
        self.desk.enter(decision.facts, &actor.name, self.now, None, None, false);
    }

    fn register(&mut self) {
        let command = self.register.clone();
        let number = self.desk.next_ticket();
        self.give(&command, &Actor::named("bot", Role::Intake));
        // As the daemon holds it once it is written down.
        self.desk.pack(number);
    }

    /// Microseconds of one registration.
    fn timed_us(&mut self) -> f64 {
        let start = Instant::now();
        for _ in 0..TIMED {
            self.register();
        }
        black_box(&self.desk);
        start.elapsed().as_secs_f64() * 1e6 / TIMED as f64
    }
}
