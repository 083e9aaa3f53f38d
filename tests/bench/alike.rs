//! What it costs to look for alike tickets at each registration: `bench alike`.
//!
//! Two desks have 100,000 open tickets and are given the same registrations. One runs getmark as it ships and suggests
//! alike tickets with each, as the loop does for an agent; the other runs getmark without mass problems and suggests none.
//! No disk, no door: only the desk, so that the ratio shows the most that it can be.

use std::sync::Arc;
use std::time::Instant;

use andon::desk::alike::SUGGESTED_MAX;
use andon::desk::command::Register;
use andon::desk::{Actor, Command, Desk, Regulation, Regulations, Role};
use andon_tests::world::shipped_text;
use calendars::Timestamp;
use serde_json::{Value, json};

use super::percentiles;

/// How many open tickets there are.
const OPEN: u64 = 100_000;
/// How many are registered and measured.
const MEASURED: u64 = 5_000;
/// A working day in 2026, and so far apart.
const BEGIN_MS: i64 = 1_795_417_200_000;
const APART_MS: i64 = 500;

const WHAT: [&str; 12] = [
    "Не печатаются",
    "Не загружаются",
    "Не открываются",
    "Пропали",
    "Задвоились",
    "Не приходят",
    "Не проводятся",
    "Долго грузятся",
    "Неверно считаются",
    "Не отправляются",
    "Как исправить",
    "Где посмотреть",
];
const OF_WHAT: [&str; 16] = [
    "этикетки",
    "накладные",
    "коды маркировки",
    "отчёты",
    "остатки",
    "заказы",
    "чеки",
    "документы",
    "письма",
    "уведомления",
    "настройки",
    "справочники",
    "сертификаты",
    "ценники",
    "акты",
    "счета",
];
const WHERE: [&str; 14] = [
    "на складе",
    "в магазине",
    "в личном кабинете",
    "после обновления",
    "у бухгалтерии",
    "при отгрузке",
    "в архиве",
    "при входе",
    "с утра",
    "на кассе",
    "в мобильном приложении",
    "по доверенности",
    "для филиала",
    "при инвентаризации",
];

/// Prints what a registration takes, with and without.
pub(crate) fn alike() {
    let text = shipped_text("getmark");
    let first = text.find("[mass-problem]").expect("getmark has mass problems");
    let end = first + text[first..].find("\n\n").expect("something follows");
    let without = format!("{}{}", &text[..first], &text[end..]);
    let mut medians = Vec::new();
    for (what, text, suggests) in [("without", &without, false), ("with", &text, true)] {
        let regulation =
            Regulation::parse("getmark.toml", text).unwrap_or_else(|problems| panic!("{problems}"));
        let mut desk = Desk::new(Regulations::new(vec![Arc::new(regulation)]));
        let begun = Instant::now();
        for n in 0..OPEN {
            register(&mut desk, n, suggests);
        }
        let filled = begun.elapsed();
        let (mut times_us, mut compared): (Vec<f64>, usize) = (Vec::new(), 0);
        for n in OPEN..OPEN + MEASURED {
            let begun = Instant::now();
            compared += register(&mut desk, n, suggests);
            times_us.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        times_us.sort_by(f64::total_cmp);
        let (p50, p99) = percentiles(&times_us);
        println!(
            "{what:>8} alike tickets: {:>7.1} us p50, {:>7.1} us p99 a registration; {} compared on average, {} problems, {} subjects, filled in {:.1} s",
            p50,
            p99,
            compared as u64 / MEASURED,
            desk.problems().count(),
            desk.subjects(),
            filled.as_secs_f64()
        );
        medians.push(p50);
    }
    println!("with them a registration takes {:.2} times as long", medians[1] / medians[0]);
}

/// A registration under getmark as a room has them: many subjects, few of them about the same things.
pub(crate) fn body(n: u64) -> Value {
    let at = |list: &[&'static str], by: u64| list[(n.wrapping_mul(by) >> 7) as usize % list.len()];
    let (what, of, place) = (at(&WHAT, 0x9e37_79b9), at(&OF_WHAT, 0x85eb_ca6b), at(&WHERE, 0xc2b2_ae35));
    json!({
        "channel": "email", "type": "error", "subject": format!("{what} {of} {place} {}", n % 997),
        "requester": { "name": "Анна Петрова", "email": "petrova@example.ru", "inn": "7707083893" },
        "fields": { "process": format!("Процесс {}", n % 40), "steps": ["Открыть"], "impact": "hinders" },
    })
}

/// Registers a ticket; how many tickets were compared for a suggestion.
fn register(desk: &mut Desk, n: u64, suggests: bool) -> usize {
    let command = Command::Register(Register::from_json(body(n)).expect("a registration"));
    let now = Timestamp::from_millis(BEGIN_MS + i64::try_from(n).expect("few") * APART_MS);
    let actor = Actor::named("ivanova", Role::Agent);
    let decision = desk.decide(&command, &actor, now).unwrap_or_else(|refusal| panic!("{refusal}"));
    let number = decision.ticket.expect("a registration makes a ticket");
    desk.enter(decision.facts, &actor.name, now, None, None, false);
    let found = suggests.then(|| desk.suggested(&desk.ticket(number).expect("it is there"), SUGGESTED_MAX));
    desk.pack(number);
    found.map_or(0, |found| found.compared)
}
