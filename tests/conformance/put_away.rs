//! A desk whose closed tickets are put away answers as one that keeps them all.
//!
//! Two desks are given the same random commands. One keeps everything; of the other every ticket that is over is put away,
//! as the text a store would keep, and fetched when a command or an entry names it. Now and then what was entered could
//! not be kept, and both go back.

use std::collections::BTreeMap;
use std::sync::Arc;

use andon::desk::command::Register;
use andon::desk::{
    Act, Actor, Alert, AlertsOverLimit, Command, Desk, DeskAct, Entry, Regulation, Regulations, Role, Ticket,
    TicketNumber,
};
use andon_tests::time::instant;
use andon_tests::world::shipped_text;
use calendars::Timestamp;
use firmware_board::Language;
use serde_json::json;

use crate::getmark::request;
use crate::oracle::{Dice, seed_asked_for, so_many};

/// How many commands a desk is given.
const COMMANDS: usize = 400;

/// A desk that keeps all, and one that puts away what is over.
struct Pair {
    all: Desk,
    lean: Desk,
    away: BTreeMap<TicketNumber, String>,
    /// The newest ticket of each reference, as a store knows it.
    newest: BTreeMap<(String, String), TicketNumber>,
    entries: Vec<Entry>,
    now: Timestamp,
    dice: Dice,
    /// How often a ticket was fetched, and how often one was refused as closed.
    fetched: u32,
    closed: u32,
}

impl Pair {
    fn new(seed: u64, regulations: &Regulations) -> Self {
        Self {
            all: Desk::new(regulations.clone()),
            lean: Desk::new(regulations.clone()),
            away: BTreeMap::new(),
            newest: BTreeMap::new(),
            entries: Vec::new(),
            now: instant("2026-11-23 10:00"),
            dice: Dice(seed),
            fetched: 0,
            closed: 0,
        }
    }

    fn fetch(&mut self, number: TicketNumber) {
        if self.lean.may_be_put_away(number) {
            let kept = self.away.get(&number).unwrap_or_else(|| panic!("ticket {number} is nowhere"));
            self.lean.recall(Arc::new(serde_json::from_str(kept).expect("a written ticket is read again")));
            self.fetched += 1;
        }
    }

    /// An alert of a few that there are; they may open few tickets an hour.
    fn alert(&mut self) -> Command {
        let body = request("email", "error", "none");
        let register = Register::from_json(body).expect("a registration's JSON");
        if self.dice.percent(10) {
            let fingerprints = ["0a", "0b", "0c"].map(Into::into).to_vec();
            let over = AlertsOverLimit { fingerprints, register, language: Language::Russian };
            return Command::AlertsOverLimit(Box::new(over));
        }
        let since = self.dice.one_of(&["2026-11-23 09:00", "2026-11-23 09:30"]);
        Command::Alert(Box::new(Alert {
            fingerprint: self.dice.one_of(&["0a", "0b", "0c"]).into(),
            url: None,
            firing: self.dice.percent(70),
            since: Some(instant(since)),
            content: self.dice.one_of(&["one", "other"]).into(),
            register,
            text: "text".to_owned(),
            language: Language::Russian,
            open_at_most: 3,
        }))
    }

    /// A batch of commands, kept or not.
    fn batch(&mut self) {
        let before = self.entries.len();
        self.all.remember();
        self.lean.remember();
        for _ in 0..=self.dice.below(3) {
            self.now = self.now.plus_ms(self.dice.one_of(&[0, 60_000, 3_600_000, 40_000_000]));
            self.settle();
            self.give();
            self.put_away();
        }
        if self.dice.percent(20) {
            self.all.go_back();
            self.lean.go_back();
            self.entries.truncate(before);
        } else {
            self.all.forget();
            self.lean.forget();
            self.write();
        }
        self.compare();
        self.put_away();
        self.compare();
    }

    fn settle(&mut self) {
        loop {
            let due = self.all.due(self.now);
            assert_eq!(self.lean.due(self.now), due);
            let Some((effective, facts)) = due else { return };
            self.enter(facts, "timer", Some(effective));
        }
    }

    fn give(&mut self) {
        let command = self.command();
        let role = self.dice.one_of(&[Role::Intake, Role::Agent, Role::Lead, Role::Lead, Role::Admin]);
        let actor = Actor::named("somebody", role);
        let of_key =
            |(source, key): (&str, &str)| self.newest.get(&(source.to_owned(), key.to_owned())).copied();
        let newest = command.reference().and_then(of_key);
        for number in command.tickets().chain(newest) {
            self.fetch(number);
        }
        let decided = self.all.decide(&command, &actor, self.now);
        let by_lean = self.lean.decide(&command, &actor, self.now);
        assert_eq!(format!("{by_lean:?}"), format!("{decided:?}"), "{command:?}");
        match decided {
            Ok(decision) if !decision.facts.is_empty() => self.enter(decision.facts, "somebody", None),
            Ok(_) => {}
            Err(refusal) => self.closed += u32::from(refusal.code() == "closed"),
        }
    }

    fn enter(&mut self, facts: Vec<andon::desk::Fact>, by: &str, effective: Option<Timestamp>) {
        let entry = self.all.enter(facts.clone(), by, self.now, effective, None, false);
        assert_eq!(self.lean.enter(facts, by, self.now, effective, None, false), entry);
        self.entries.push(entry);
    }

    /// Any ticket, and now and then one that is not there.
    fn number(&mut self) -> TicketNumber {
        let given = usize::try_from(self.all.next_ticket().0).expect("there are few");
        TicketNumber(self.dice.below(given + 1) as u64)
    }

    fn command(&mut self) -> Command {
        if self.dice.percent(15) {
            return self.alert();
        }
        if self.dice.percent(25) {
            let (kind, impact) = self.dice.one_of(&[
                ("error", "stops-operations"),
                ("consultation", "none"),
                ("change-request", "none"),
            ]);
            let mut body = request("email", kind, impact);
            if self.dice.percent(40) {
                body["follows"] = json!(self.number());
            }
            return Command::Register(Register::from_json(body).expect("a registration's JSON"));
        }
        let number = self.number();
        if self.dice.percent(5) {
            return Command::ApplyRegulation { number, version: "2024-06-14".into() };
        }
        if self.dice.percent(5) {
            let alarm = self.all.alarms().nth(self.dice.below(3)).map(|alarm| alarm.id.to_string());
            let any = format!("{number}-breach-resolution-1");
            return Command::Desk(DeskAct::AckAlarm(alarm.unwrap_or(any)));
        }
        let other = self.number();
        let kind = self.dice.one_of(&["similar", "problem", "follow-up"]);
        let (verb, body) = match self.dice.below(16) {
            0 => ("reply", json!({ "text": "." })),
            1 => ("reply", json!({ "text": ".", "internal": true })),
            2 => ("ask", json!({ "text": "?" })),
            3 => ("answer", json!({ "text": "!" })),
            4 => ("status", json!({ "to": self.dice.one_of(&["in-progress", "waiting-release"]) })),
            5 => ("classify", json!({ "fields": { "impact": "stops-operations" } })),
            6 => ("priority", json!({ "to": self.dice.one_of(&["critical", "low"]), "reason": "r" })),
            7 => ("take", json!({})),
            8 => ("route", json!({ "line": self.dice.one_of(&[1, 2]) })),
            9 | 10 => ("resolve", json!({ "text": "t" })),
            11 => ("confirm", json!({})),
            12 => ("return", json!({ "reason": "r" })),
            13 => ("refuse", json!({ "reason": "r" })),
            14 => ("close", json!({ "reason": "r" })),
            _ => ("link", json!({ "to": other, "kind": kind })),
        };
        let act = Act::from_json(verb, body).expect("a verb of the contract with its JSON");
        let if_revision = self.dice.percent(10).then_some(self.dice.below(6) as u64);
        Command::Ticket { number, if_revision, act }
    }

    /// Keeps what is over as it is now.
    fn write(&mut self) {
        for ticket in self.lean.tickets().filter(|ticket| ticket.is_over()) {
            let kept = serde_json::to_string(ticket.as_ref()).expect("a ticket is JSON");
            self.away.insert(ticket.number, kept);
            if let Some(reference) = &ticket.facts.reference {
                let newest =
                    self.newest.entry((reference.source.to_string(), reference.key.to_string())).or_default();
                *newest = ticket.number.max(*newest);
            }
        }
    }

    /// Puts away what is over and kept; now and then somewhat later. What may yet go back stays.
    fn put_away(&mut self) {
        let over = self.lean.tickets().filter(|ticket| ticket.is_over()).map(|ticket| ticket.number);
        let over: Vec<_> = over.filter(|number| self.away.contains_key(number)).collect();
        for number in over {
            if self.dice.percent(80) {
                self.lean.put_away(number);
            }
        }
        // What nobody is changing may be held as bytes.
        let held: Vec<_> = self.lean.all_held().map(|(number, _)| number).collect();
        for number in held {
            if self.dice.percent(50) {
                self.lean.pack(number);
            }
        }
    }

    /// What can be seen of a desk besides its tickets is the same, and each ticket is the same wherever it is.
    fn compare(&self) {
        assert_eq!(seen(&self.lean), seen(&self.all));
        for ticket in self.all.tickets() {
            let number = ticket.number;
            if let Some(known) = self.lean.ticket(number) {
                assert_eq!(known, ticket);
            } else {
                let away: Ticket = serde_json::from_str(&self.away[&number]).expect("it is JSON");
                assert_eq!(&away, ticket.as_ref());
            }
        }
    }
}

/// What can be seen of a desk besides its tickets.
fn seen(desk: &Desk) -> impl PartialEq + std::fmt::Debug {
    let alarms: Vec<_> = desk.alarms().cloned().collect();
    let mut tally: Vec<_> = desk.alarm_tally().collect();
    tally.sort();
    let versions: Vec<_> = desk.versions().map(|(id, version, n)| format!("{id} {version} {n}")).collect();
    let upcoming: Vec<_> = desk.upcoming().copied().collect();
    (desk.rest().clone(), desk.counts(), alarms, tally, versions, upcoming, desk.next_deadline())
}

/// `getmark`, but a closed ticket may be taken up again.
fn regulation() -> Arc<Regulation> {
    let text =
        shipped_text("getmark").replace("id = \"closed\"\n", "id = \"closed\"\nmoves = [\"in-progress\"]\n");
    Arc::new(Regulation::parse("getmark.toml", &text).unwrap_or_else(|problems| panic!("{problems}")))
}

#[test]
fn a_desk_with_tickets_put_away_answers_as_one_that_keeps_all() {
    let regulations = Regulations::new(vec![regulation()]);
    let (mut fetched, mut closed, mut away) = (0, 0, 0);
    for seed in seed_asked_for().map_or(0..so_many(20), |seed| seed..seed + 1) {
        println!("seed {seed}");
        let mut pair = Pair::new(seed, &regulations);
        for _ in 0..COMMANDS / 2 {
            pair.batch();
        }
        (fetched, closed) = (fetched + pair.fetched, closed + pair.closed);
        away += pair.away.len();

        // A replay fetches what an entry names, and comes to the same desk.
        let mut replayed = Pair::new(seed, &regulations);
        for entry in &pair.entries {
            for number in entry.tickets() {
                replayed.fetch(number);
            }
            replayed.all.apply(entry);
            replayed.lean.apply(entry);
            replayed.write();
            replayed.put_away();
        }
        replayed.compare();
        assert_eq!(replayed.all.rest(), pair.all.rest());

        // A start reads only what is not over.
        let open =
            pair.all.tickets().filter(|ticket| !ticket.is_over()).map(|ticket| ticket.as_ref().clone());
        let restored = Desk::restore(regulations.clone(), pair.all.rest().clone(), open);
        assert_eq!(seen(&restored), seen(&pair.all));
    }
    assert!(fetched > 100 && closed > 100 && away > 100, "{fetched} {closed} {away}: the scenes met it all");
}
