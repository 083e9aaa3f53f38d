//! A sixth regulation is a file: `sixth.toml` was written from `daemon/regulations/README.md` alone, and no line of
//! Rust knows of it but these.

use andon::desk::clocks::ClockState;
use andon::desk::regulation::{Language, explain};
use andon::desk::{Metric, Regulation, Stage, TicketNumber};
use andon_tests::World;
use serde_json::{Value, json};

fn school() -> Regulation {
    Regulation::parse("sixth.toml", include_str!("sixth.toml"))
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// The school's desk at a local time.
fn desk(now: &str) -> World {
    World::under(school(), now)
}

fn fault(channel: &str, when: &str) -> Value {
    json!({
        "channel": channel, "type": "fault", "subject": "Не включается проектор",
        "requester": { "name": "Анна Петрова" }, "fields": { "when": when, "room": 12 }
    })
}

#[test]
fn x_2_a_sixth_regulation_is_explained_in_both_languages() {
    let told = |language| {
        explain(&school(), language).split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let russian = told(Language::Russian);
    for words in [
        "Школа: служба ИТ",
        "база знаний: https://help.school.example/it",
        "Урок идёт, и без этого он не состоится",
        "Часы сетевого отдела network пн–пт 09:00–17:00 задаёт площадка",
        "пн–пт 08:00–16:00; сб 08:00–13:00",
        "круглосуточно",
        "по оценке сотрудника, до неё без срока",
        "в остальных случаях 4 ч задаёт площадка SC-13",
        "сотрудник, старший",
        "желательно",
        "Меняем и показываем, как надо",
    ] {
        assert!(russian.contains(words), "{words}\n{russian}");
    }
    let english = told(Language::English);
    for words in ["otherwise 4 h to be set by the site SC-13", "by an agent's estimate", "round the clock"] {
        assert!(english.contains(words), "{words}\n{english}");
    }
}

/// Working hours with a Saturday: 1 h on Friday from 15:00, and the rest from 08:00 on Saturday the 21st.
#[test]
fn x_2_the_sixth_desk_works_on_saturdays() {
    let mut world = desk("2026-11-20 15:00");
    let ticket = world.register(fault("portal", "later"));
    assert_eq!(world.priority(ticket), "normal");
    // 1 h and 3 h.
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-21 11:00");
    // 1 h, 5 h on Saturday, 8 h on Monday, 2 h on Tuesday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 10:00");
}

/// A lesson that runs now has 15 minutes to the first answer, and 2 hours in all.
#[test]
fn x_2_a_rule_of_the_sixth_desk_gives_the_priority() {
    let mut world = desk("2026-11-23 15:50");
    let ticket = world.register(fault("portal", "now"));
    assert_eq!(world.priority(ticket), "lesson");
    // 10 min until 16:00, 5 min on Tuesday from 08:00; 110 min on Tuesday.
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-24 08:05");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 09:50");
    world.run_until("2026-11-24 08:06");
    assert_eq!(world.breached(ticket, Metric::Reaction), "2026-11-24 08:05");
}

/// The emergency telephone is its own calendar: a Saturday night counts, and no field is asked for at night.
#[test]
fn x_2_the_emergency_channel_of_the_sixth_desk_never_sleeps() {
    let mut world = desk("2026-11-21 23:00");
    let ticket = world.register(json!({
        "channel": "emergency", "type": "fault", "subject": "Нет сети",
        "requester": { "login": "guard" }
    }));
    assert_eq!(world.ticket(ticket).facts.line, 2);
    assert!(!world.ticket(ticket).facts.incomplete);
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-21 23:30");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-22 05:00");
    // An outage is set by the network's people only; the channel's term stays.
    world.as_agent("engineer", &[1]);
    let outage = json!({ "to": "outage", "reason": "Вся школа" });
    assert_eq!(
        world.refused(ticket, "priority", outage.clone()).to_string(),
        "priority `outage` is set by agents of line 2 only (SC-6)"
    );
    world.as_agent("keeper", &[2]).act(ticket, "priority", outage);
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-22 05:00");
    assert_eq!(world.counts().open, 1);
}

/// A question stops the term; five working days of silence, Saturday among them, close the ticket.
#[test]
fn x_2_the_sixth_desk_waits_five_working_days_for_an_answer() {
    let mut world = desk("2026-11-23 10:00");
    let answered = world.register(fault("portal", "later"));
    let silent = world.register(fault("portal", "later"));
    world.run_until("2026-11-23 12:00");
    for ticket in [answered, silent] {
        world.act(ticket, "ask", json!({ "text": "В каком кабинете?" }));
        assert_eq!((world.status(ticket), world.used(ticket, Metric::Resolution)), ("asked", "2h".into()));
        // Tuesday to Saturday: the close of Saturday the 28th.
        assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-11-28 13:00");
    }
    world.run_until("2026-11-24 09:00").as_requester().act(answered, "answer", json!({ "text": "В 12-м" }));
    // 14 h are left: 7 h on Tuesday from 09:00, 7 h on Wednesday.
    assert_eq!(world.deadline(answered, Metric::Resolution), "2026-11-25 15:00");
    world.run_until("2026-11-28 13:00:00.001");
    assert_eq!((world.status(silent), world.ticket(silent).stage), ("over", Stage::Closed));
}

/// A purchase has no term until a lead estimates it; put off, it stands still; then it may be extended.
#[test]
fn x_2_a_purchase_of_the_sixth_desk_has_the_term_of_its_estimate() {
    let mut world = desk("2026-11-23 10:00");
    let purchase = |name: &str| json!({ "channel": "portal", "type": "purchase", "subject": name, "requester": { "name": "Завуч" } });
    let ticket = world.register(purchase("Десять мышей"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
    let estimate = json!({ "deadline": "2026-11-27T12:00:00+03:00" });
    world.as_agent("engineer", &[1]);
    assert_eq!(
        world.refused(ticket, "estimate", estimate.clone()).to_string(),
        "the verb `estimate` is for the roles lead, head only (SC-11); this token has agent"
    );
    world.as_lead().act(ticket, "estimate", estimate);
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-27 12:00");
    world.act(ticket, "defer", json!({ "reason": "no-part" }));
    assert_eq!(
        (world.status(ticket), world.state(ticket, Metric::Resolution)),
        ("supplier", ClockState::Paused)
    );
    // Off for all of Tuesday, 8 h: Friday 12:00 has 4 h left to its close, and Saturday from 08:00 takes the other 4.
    world.run_until("2026-11-24 10:00").act(ticket, "status", json!({ "to": "working" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-28 12:00");
    let extend =
        json!({ "deadline": "2026-12-01T12:00:00+03:00", "reason": "Поставщик", "text": "Во вторник" });
    world.act(ticket, "extend", extend);
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-01 12:00");
}

/// An answer names its source; three calendar days of silence accept it; a returned ticket goes on from its used time.
#[test]
fn x_2_an_answer_of_the_sixth_desk_is_confirmed_returned_or_left() {
    let mut world = desk("2026-11-23 10:00");
    let tickets: [TicketNumber; 3] = [(); 3].map(|()| world.register(fault("portal", "later")));
    world.run_until("2026-11-23 11:00");
    for ticket in tickets {
        assert_eq!(
            world.refused(ticket, "resolve", json!({ "text": "Заменили лампу" })).to_string(),
            "source: is required; one of wear, misuse"
        );
        world.act(ticket, "resolve", json!({ "text": "Заменили лампу", "source": "wear" }));
        // Tuesday, Wednesday, Thursday: the midnight after the 26th.
        assert_eq!(world.deadline(ticket, Metric::Confirmation), "2026-11-27 00:00");
    }
    let [confirmed, returned, left] = tickets;
    world.as_requester();
    world.act(confirmed, "confirm", json!({ "mark": "good" }));
    assert_eq!(world.ticket(confirmed).stage, Stage::Closed);
    world.run_until("2026-11-24 08:00").act(returned, "return", json!({ "reason": "Снова не горит" }));
    assert_eq!(world.status(returned), "working");
    // 15 h are left: 8 h on Tuesday, 7 h on Wednesday.
    assert_eq!(world.deadline(returned, Metric::Resolution), "2026-11-25 15:00");
    world.run_until("2026-11-27 00:00:00.001");
    assert_eq!((world.status(left), world.ticket(left).stage), ("over", Stage::Closed));
}
