//! A state directory of a grown desk, written through the library: what months of work would leave, in minutes.
//!
//! The ledger is written as the daemon would write it, command by command through the desk. The projection is not: the
//! daemon rebuilds it from the ledger at its first start, and `bench` tells how long that takes.

use std::path::Path;
use std::time::Instant;

use andon::clock;
use andon::config;
use andon::desk::command::Register;
use andon::desk::{Act, Actor, Command, Desk, Entry, Fact, Regulations, Role, TicketNumber};
use andon::store::{Frame, Ledger};
use calendars::Timestamp;
use serde_json::{Value, json};

/// How many entries are appended with one sync.
const BATCH_ENTRIES: usize = 2_048;
/// How far apart closed tickets came in, in milliseconds: about 5,000 in a day of 24 hours.
const CLOSED_APART_MS: i64 = 17_000;
/// How far apart open tickets came in, in milliseconds: 100,000 of them within 28 hours, so that few terms have run out.
const OPEN_APART_MS: i64 = 1_000;
/// The youngest ticket came in so long ago, in milliseconds.
const YOUNGEST_MS: i64 = 60_000;

const SUBJECTS: [&str; 5] = [
    "Не открывается форма отчёта о вводе в оборот",
    "Код маркировки не принимается при отгрузке",
    "Как списать остатки по истёкшему сроку годности?",
    "Не печатаются этикетки после обновления рабочего места",
    "Ошибка 500 при загрузке накладной",
];
const WORDS: &str = "Добрый день! С утра не получается провести документ: после нажатия кнопки появляется окно с \
    ошибкой, код 0x80070057. Перезагрузка не помогла, на соседнем рабочем месте то же самое. Прошу помочь, отгрузка стоит.";

/// How many tickets a state has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// That are open.
    pub(crate) open: u64,
    /// That were closed before the first of these came.
    pub(crate) closed: u64,
}

/// Fills `state`, unless it is there already.
pub(crate) fn fill(state: &Path, size: Size) {
    if state.join("ledger").exists() {
        println!("{} is there; it is taken as it is", state.display());
        return;
    }
    let start = Instant::now();
    let mut filler = Filler::open(state, size);
    for n in 0..size.closed {
        filler.closed(n);
    }
    for n in size.closed..size.closed + size.open {
        filler.open_one(n);
    }
    filler.flush();
    println!(
        "wrote {} closed and {} open tickets, {} events, in {:.0} s",
        size.closed,
        size.open,
        filler.desk.next_seq() - 1,
        start.elapsed().as_secs_f64()
    );
}

struct Filler {
    ledger: Ledger,
    desk: Desk,
    batch: Vec<Frame>,
    now: Timestamp,
}

impl Filler {
    fn open(state: &Path, size: Size) -> Self {
        std::fs::create_dir_all(state).expect("a directory on the disk of the project");
        let regulation = config::regulation("getmark", Path::new(".")).expect("getmark is shipped");
        let (ledger, _) = Ledger::open(state).expect("a fresh ledger opens");
        let span = |tickets: u64, apart_ms| i64::try_from(tickets).expect("there are not so many") * apart_ms;
        let span_ms = span(size.closed, CLOSED_APART_MS) + span(size.open, OPEN_APART_MS);
        let now = clock::now().plus_ms(-YOUNGEST_MS - span_ms);
        Self { ledger, desk: Desk::new(Regulations::new(vec![regulation])), batch: Vec::new(), now }
    }

    /// A ticket that was answered and confirmed.
    fn closed(&mut self, n: u64) {
        self.now = self.now.plus_ms(CLOSED_APART_MS);
        let number = self.register(n);
        self.act(number, "take", json!({}), n, 2_000);
        self.act(
            number,
            "resolve",
            json!({ "text": "Обновите рабочее место до 2.1.7 и повторите." }),
            n,
            3_000,
        );
        self.act(number, "confirm", json!({}), n, 4_000);
        assert!(self.desk.put_away(number), "ticket {number} is over");
    }

    /// A ticket that somebody works on.
    fn open_one(&mut self, n: u64) {
        self.now = self.now.plus_ms(OPEN_APART_MS);
        let number = self.register(n);
        self.act(number, "take", json!({}), n, 500);
    }

    fn register(&mut self, n: u64) -> TicketNumber {
        let subject = SUBJECTS[usize::try_from(n % 5).expect("below 5")];
        let body = json!({
            "channel": "email", "type": "consultation", "subject": format!("{subject}, рабочее место {}", n % 9_973),
            "description": WORDS,
            "requester": {"name": "Анна Петрова", "email": format!("user{}@example.ru", n % 20_011), "inn": "7707083893"},
            "client": format!("ООО «Ромашка {}»", n % 3_001),
            "fields": {"process": "Отгрузка", "steps": ["Открыть накладную", "Нажать «Провести»"], "impact": "none"},
        });
        let register = Register::from_json(body).expect("a registration's JSON");
        self.give(&Command::Register(register), &Actor::named("mail", Role::Intake), 0)
    }

    fn act(&mut self, number: TicketNumber, verb: &str, body: Value, n: u64, after_ms: i64) {
        let act = Act::from_json(verb, body).expect("a verb of the contract with its JSON");
        let agent = format!("agent{}", n % 40);
        let command = Command::Ticket { number, if_revision: None, act };
        self.give(&command, &Actor::named(&agent, Role::Agent), after_ms);
    }

    fn give(&mut self, command: &Command, actor: &Actor, after_ms: i64) -> TicketNumber {
        let at = self.now.plus_ms(after_ms);
        while let Some((effective, facts)) = self.desk.due(at) {
            self.enter(facts, "timer", at, Some(effective));
        }
        let decision = self.desk.decide(command, actor, at).unwrap_or_else(|refusal| panic!("{refusal}"));
        let number = decision.ticket.expect("it is about a ticket");
        self.enter(decision.facts, &actor.name, at, None);
        number
    }

    fn enter(&mut self, facts: Vec<Fact>, by: &str, at: Timestamp, effective: Option<Timestamp>) {
        let entry: Entry = self.desk.enter(facts, by, at, effective, None, false);
        self.batch.push(Frame {
            first_seq: entry.first_seq,
            count: u32::try_from(entry.facts.len()).expect("an entry has few events"),
            payload: serde_json::to_vec(&entry).expect("an entry is JSON"),
        });
        if self.batch.len() >= BATCH_ENTRIES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.ledger.append(&self.batch).expect("the disk takes it");
        self.batch.clear();
    }
}
