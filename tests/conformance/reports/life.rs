//! Three months of a desk's life by dice, and its figures held against rows that were told again from the events.

use andon::desk::{Regulations, Stage, TicketNumber};
use andon_tests::months::Rows;
use andon_tests::time::{ZONE, local};
use andon_tests::world::shipped;
use andon_tests::{Random, World};
use serde_json::{Value, json};

use super::{closed, confirmed, incident, question, running};

const AGENTS: [&str; 4] = ["ivanova", "petrov", "sidorova", "kim"];
const STEPS: usize = 1_500;

fn body(dice: &mut Random) -> Value {
    let service = *dice.pick(&["Печать", "Почта", ""]);
    let (regulation, mut body) = match dice.below(3) {
        0 => ("zkh-services", question()),
        1 => ("group-helpdesk", incident()),
        _ => {
            let body = json!({ "channel": *dice.pick(&["phone", "email"]), "type": "error", "subject": "Не открывается",
                "requester": { "name": "Анна", "email": "a@example.ru", "inn": "7707083893" },
                "fields": { "process": "Ввод", "steps": ["Открыть"], "impact": *dice.pick(&["none", "stops-operations"]) } });
            ("getmark", body)
        }
    };
    body["regulation"] = json!(regulation);
    if !service.is_empty() {
        body["service"] = json!(service);
    }
    body
}

/// Something that somebody may want of a ticket; the desk refuses what does not go.
fn act(world: &mut World, dice: &mut Random, ticket: TicketNumber) {
    let getmark = world.ticket(ticket).facts.regulation == "getmark";
    let mark = *dice.pick(if getmark { &["satisfactory", "unsatisfactory"] } else { &["2", "4", "5"] });
    let agent = *dice.pick(&AGENTS);
    let (verb, words) = match dice.below(13) {
        0 | 1 => ("take", json!({})),
        2 => ("reply", json!({ "text": "Смотрим" })),
        3 => ("ask", json!({ "text": "Что на экране?" })),
        4 => ("answer", json!({ "text": "Ошибка 5" })),
        5 => ("route", json!({ "line": 1 + dice.below(2), "reason": "Не наше" })),
        6 | 7 => ("resolve", json!({ "text": "Сделайте так" })),
        8 => ("return", json!({ "reason": "Не помогло" })),
        9 => {
            ("priority", json!({ "to": if getmark { "critical" } else { "high" }, "reason": "Стоит работа" }))
        }
        10 => ("close", json!({ "reason": "Само прошло" })),
        11 => ("merge", json!({ "into": ticket.0.saturating_sub(1) })),
        _ if dice.one_in(2) => ("confirm", json!({ "mark": mark })),
        _ => ("confirm", json!({})),
    };
    if matches!(verb, "answer" | "return" | "confirm") {
        world.as_requester();
    } else if verb == "priority" {
        world.as_lead();
    } else {
        world.as_agent(agent, &[]);
    }
    // A refusal is an answer, too.
    let _ = world.try_act(ticket, verb, words);
}

#[test]
fn the_figures_of_three_lived_months_are_those_that_the_events_come_to() {
    for seed in [1, 2] {
        let mut dice = Random::new(seed);
        let regulations = ["zkh-services", "group-helpdesk", "getmark"].map(|name| shipped(name).into());
        let regulations = Regulations::new(regulations.to_vec()).in_zone(ZONE);
        let mut world = World::side_by_side(regulations, "2026-11-02 10:00");
        let mut tickets: Vec<TicketNumber> = Vec::new();
        for _ in 0..STEPS {
            let minutes = i64::try_from(dice.below(180)).expect("small");
            let to = world.now().plus_ms(minutes * 60_000);
            if dice.one_in(4) {
                world.sleep_to(to)
            } else {
                world.run_to(to)
            };
            if tickets.len() < 4 || dice.one_in(5) {
                let wish = body(&mut dice);
                tickets.extend(world.as_lead().try_register(wish));
                continue;
            }
            // Mostly the newest; now and then one that is closed long ago, which may still be marked.
            let newest = tickets.len().min(12);
            let at = if dice.one_in(6) {
                dice.index(tickets.len())
            } else {
                tickets.len() - 1 - dice.index(newest)
            };
            act(&mut world, &mut dice, tickets[at]);
        }
        // The month that runs has something, however short it is yet.
        let mut last = question();
        last["regulation"] = json!("zkh-services");
        confirmed(&mut world, last, "kim", Some("4"));
        let rows = Rows::of(world.entries());
        let months = closed(&world);
        assert!(months.len() >= 2, "the story goes to {}", local(world.now()));
        for (month, figures) in &months {
            rows.hold(month, ZONE, figures);
        }
        let now = local(world.now());
        rows.hold(&now[..7], ZONE, &running(&world, &now[..7]));
        // A story in which nothing of the kind happens would prove nothing.
        let is_closed = |ticket: &&TicketNumber| world.ticket(**ticket).stage == Stage::Closed;
        assert!(tickets.iter().filter(is_closed).count() > 50);
        assert!(rows.closed.iter().any(|row| row.merged));
        assert!(
            rows.closed.iter().any(|row| row.returned) && rows.closed.iter().any(|row| row.mark.is_some())
        );
        assert!(
            rows.closed.iter().flat_map(|row| &row.clocks).any(|clock| clock.breached && clock.paused_ms > 0)
        );
        assert!(
            !rows.marks.is_empty() && rows.breaches.len() > 20,
            "{} marks, {} breaches",
            rows.marks.len(),
            rows.breaches.len()
        );
    }
}
