//! «В ожидании»: time that is the requester's is not counted.

use andon::desk::clocks::ClockState;
use andon::desk::{Event, Metric, Refusal, Stage};
use serde_json::{Value, json};

use super::{request, urgency, world};

/// HD-12: the SLA does not count waiting for the requester, over a weekend.
///
/// A question of Friday 17:20 is asked back at 17:50 (30 min used) and answered on Monday at 09:20; 44 h 30 are left:
/// 8 h 40 on Monday, 36 h until Friday make 44 h 40, so they end ten minutes before Friday's close.
#[test]
fn hd_12_the_solutions_time_stands_still_while_waiting_for_the_requester() {
    let mut world = world("2026-11-20 17:20");
    let ticket = world.register(request("hm", "question"));
    world.run_until("2026-11-20 17:50").act(ticket, "ask", json!({ "text": "Какой этаж?" }));
    assert_eq!((world.status(ticket), world.counts().waiting), ("waiting", 1));
    assert_eq!(
        (world.state(ticket, Metric::Resolution), world.deadline(ticket, Metric::Resolution)),
        (ClockState::Paused, "none".into())
    );
    world.run_until("2026-11-23 09:20");
    assert_eq!(world.used(ticket, Metric::Resolution), "30m");
    world.as_requester().act(ticket, "answer", json!({ "text": "Третий" }));
    assert_eq!((world.status(ticket), world.counts().waiting), ("in-progress", 0));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-27 17:50");
}

/// HD-12: and over New Year: 40 min used on 30 December, asked at the close, answered on the 12th at 10:00.
///
/// Of 16 h 15 h 20 are left: 8 h on Tuesday the 12th, 7 h 20 on Wednesday.
#[test]
fn hd_12_holidays_in_between_change_nothing() {
    let mut world = world("2026-12-30 17:20");
    let ticket = world.register(urgency("zm", "question", "urgent"));
    world.run_until("2026-12-30 18:00").act(ticket, "ask", json!({ "text": "Какой этаж?" }));
    world.run_until("2027-01-12 10:00").as_requester().act(ticket, "answer", json!({ "text": "Третий" }));
    assert_eq!(world.used(ticket, Metric::Resolution), "40m");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2027-01-13 16:20");
}

/// HD-12: round the clock it stands still as well: 10 of 240 minutes are used on Saturday at 03:10, and the rest runs
/// from Sunday 22:00.
#[test]
fn hd_12_a_ticket_of_dok_24_7_waits_too() {
    let mut world = world("2026-11-21 03:00");
    let ticket = world.register(urgency("dok-24-7", "incident", "urgent"));
    world.run_until("2026-11-21 03:10").act(ticket, "ask", json!({ "text": "Какой этаж?" }));
    world.run_until("2026-11-22 22:00").act(ticket, "answer", json!({ "text": "Третий" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-23 01:50");
}

/// HD-12: the answer's time stands still as well, where a ticket waits though nobody was answered yet: by telephone.
///
/// 1 of 4 h used on Monday at 11:00; the other 3 h run from Tuesday 10:00.
#[test]
fn hd_12_the_answers_time_stands_still_too() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("hm", "question"));
    world.run_until("2026-11-23 11:00").act(ticket, "status", json!({ "to": "waiting" }));
    assert_eq!(world.state(ticket, Metric::Reaction), ClockState::Paused);
    world.run_until("2026-11-24 10:00").act(ticket, "status", json!({ "to": "in-progress" }));
    assert_eq!(world.used(ticket, Metric::Reaction), "1h");
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-24 13:00");
    world.run_until("2026-11-24 17:00");
    assert_eq!(world.breached(ticket, Metric::Reaction), "2026-11-24 13:00");
}

/// HD-12: however long it waits, nothing is late, nothing alarms, and nobody closes it.
#[test]
fn hd_12_a_waiting_ticket_is_never_late() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("hm", "incident"));
    world.run_until("2026-11-23 11:00").act(ticket, "ask", json!({ "text": "Какой этаж?" }));
    world.run_until("2027-06-01 12:00");
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("waiting", Stage::Open));
    assert_eq!((world.counts().breached, world.counts().due_soon, world.counts().waiting), (0, 0, 1));
    assert_eq!(world.alarms(), [""; 0]);
    assert_eq!(world.used(ticket, Metric::Resolution), "1h");
}

/// HD-12: what had run out before the waiting stays broken.
#[test]
fn hd_12_waiting_does_not_mend_what_is_late() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(urgency("hm", "incident", "urgent"));
    // 8 h are over at 18:00.
    world.run_until("2026-11-24 10:00").act(ticket, "ask", json!({ "text": "Какой этаж?" }));
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-23 18:00");
    assert_eq!((world.counts().breached, world.counts().waiting), (1, 1));
}

/// HD-12, HD-4: classified while it waits, it goes on with its new term less what it has used: 1 of the incident's 27 h.
///
/// 26 h from Wednesday 10:00: 8, 9 on Thursday and 9 on Friday, to its close.
#[test]
fn hd_12_a_ticket_classified_while_it_waits_resumes_under_its_new_term() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("hm", "question"));
    world.run_until("2026-11-23 11:00").act(ticket, "ask", json!({ "text": "Какой этаж?" }));
    world.run_until("2026-11-24 10:00").act(ticket, "classify", json!({ "type": "incident" }));
    assert_eq!(world.state(ticket, Metric::Resolution), ClockState::Paused);
    world.run_until("2026-11-25 10:00").act(ticket, "answer", json!({ "text": "Третий" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-27 18:00");
}

/// HD-12: a question has words, and stands in the history.
#[test]
fn hd_12_a_question_is_recorded() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("hm", "question"));
    assert_eq!(world.refused(ticket, "ask", json!({})), Refusal::field("text", "is required"));
    world.act(ticket, "ask", json!({ "text": "Какой этаж?" }));
    assert!(
        world.history(ticket).any(|(_, event)| *event == Event::Asked { text: "Какой этаж?".to_owned() })
    );
}

/// HD-4: only words to the requester are an answer, a question among them; work begun is none, nor words among agents.
#[test]
fn hd_4_what_is_an_answer() {
    let state = |verb: &str, body: Value| {
        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(request("hm", "question"));
        world.run_until("2026-11-23 11:00").act(ticket, verb, body);
        world.state(ticket, Metric::Reaction)
    };
    for (verb, body) in [
        ("reply", json!({ "text": "Смотрим" })),
        ("ask", json!({ "text": "Какой этаж?" })),
        ("resolve", json!({ "text": "Картридж заменён" })),
        ("refuse", json!({ "reason": "Не сотрудник" })),
        ("close", json!({ "reason": "Дубликат" })),
    ] {
        assert_eq!(state(verb, body), ClockState::Stopped, "{verb}");
    }
    for (verb, body) in [
        ("take", json!({})),
        ("reply", json!({ "text": "Кто возьмёт?", "internal": true })),
        ("route", json!({ "line": 2 })),
        ("assign", json!({ "group": "dok" })),
        ("answer", json!({ "text": "И ещё" })),
    ] {
        assert_eq!(state(verb, body), ClockState::Running, "{verb}");
    }
}

/// HD-12: only an answer to what was asked ends the waiting; taking the ticket does not, nor do words nobody asked for
/// begin the work.
#[test]
fn hd_12_the_waiting_ends_with_the_answer() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("hm", "question"));
    world.act(ticket, "answer", json!({ "text": "И ещё" }));
    assert_eq!(world.status(ticket), "new");
    world.act(ticket, "ask", json!({ "text": "Какой этаж?" })).act(ticket, "take", json!({}));
    assert_eq!(world.status(ticket), "waiting");
    world.act(ticket, "answer", json!({ "text": "Третий" }));
    assert_eq!(world.status(ticket), "in-progress");
}

/// HD-12: the verb `status` goes to work and to waiting, from open statuses only; every end has its own verb.
#[test]
fn hd_12_the_verb_status_moves_between_open_statuses_only() {
    let ends = ["new", "in-progress", "waiting", "resolved", "closed", "refused"];
    for (verb, body, from, to) in [
        ("reply", json!({ "text": "Смотрим" }), "new", &["in-progress", "waiting"][..]),
        ("take", json!({}), "in-progress", &["waiting"]),
        ("ask", json!({ "text": "?" }), "waiting", &["in-progress"]),
        ("resolve", json!({ "text": "Готово" }), "resolved", &[]),
        ("close", json!({ "reason": "Дубликат" }), "closed", &[]),
        ("refuse", json!({ "reason": "Не сотрудник" }), "refused", &[]),
    ] {
        for end in ends.into_iter().filter(|end| *end != from) {
            let mut world = world("2026-11-23 10:00");
            let ticket = world.register(request("hm", "question"));
            world.act(ticket, verb, body.clone());
            assert_eq!(world.status(ticket), from);
            let moved = world.try_act(ticket, "status", json!({ "to": end }));
            assert_eq!(moved.is_ok(), to.contains(&end), "{from} to {end}: {moved:?}");
        }
    }
}
