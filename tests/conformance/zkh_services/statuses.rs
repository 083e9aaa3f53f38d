//! The six statuses of the text and the one added, and which of them stop the time of completion.

use andon::desk::clocks::ClockState;
use andon::desk::{Metric, Refusal, Stage, TicketNumber};
use andon_tests::World;
use andon_tests::world::shipped;
use serde_json::json;

use super::{consultation, error, request, world};

const OPEN: [&str; 5] = ["request", "info-needed", "in-progress", "analysis", "payment"];

/// A world on Monday 2026-11-23 10:00 with an error in a status.
fn in_status(status: &str) -> (World, TicketNumber) {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(error("normal"));
    match status {
        "request" => {}
        "closed" => drop(world.act(ticket, "close", json!({ "reason": "Ошиблись номером" }))),
        other => drop(world.act(ticket, "status", json!({ "to": other }))),
    }
    assert_eq!(world.status(ticket), status);
    (world, ticket)
}

/// ZS-4: Запрос, Требуется информация, Процесс, Аналитика, Оплата, Проверка; a ticket begins in Запрос. The text names no
/// closed status: one is added.
#[test]
fn zs_4_six_statuses_and_one_added() {
    let regulation = shipped("zkh-services");
    let titles: Vec<_> = regulation.statuses.iter().map(|status| status.name.title.as_str()).collect();
    assert_eq!(
        titles,
        ["Запрос", "Требуется информация", "Процесс", "Аналитика", "Оплата", "Проверка", "Закрыто"]
    );
    let mut world = world("2026-11-21 03:17");
    let ticket = world.register(consultation());
    assert_eq!(world.status(ticket), "request");
}

/// ZS-4: the moves of the verb `status`: among the open ones each to each, only back into Запрос there is no way; to
/// Проверка from each of them; and Проверка ends in closing or back in Процесс.
#[test]
fn zs_4_the_moves_between_statuses() {
    let allowed = |from: &str, to: &str| match (from, to) {
        _ if from == to => true,
        ("verification", "in-progress" | "closed") => true,
        (from, "verification") => OPEN.contains(&from),
        (from, to) => to != "request" && OPEN.contains(&from) && OPEN.contains(&to),
    };
    let all = OPEN.iter().chain(&["verification", "closed"]);
    for from in all.clone() {
        for to in all.clone() {
            let (mut world, ticket) = in_status(from);
            let moved = world.try_act(ticket, "status", json!({ "to": to }));
            assert_eq!(moved.is_ok(), allowed(from, to), "{from} to {to}: {moved:?}");
            assert_eq!(world.status(ticket), if moved.is_ok() { *to } else { *from });
        }
    }
}

/// ZS-4: whoever takes a request begins the work; taking what waits does not end the wait.
#[test]
fn zs_4_taking_a_request_begins_work() {
    let (mut world, ticket) = in_status("request");
    world.as_agent("ivanova", &[1]).act(ticket, "take", json!({}));
    assert_eq!(world.status(ticket), "in-progress");
    for status in ["info-needed", "analysis", "payment"] {
        let (mut world, ticket) = in_status(status);
        world.act(ticket, "take", json!({}));
        assert_eq!(world.status(ticket), status);
    }
}

/// ZS-4, R7: Требуется информация, Оплата and Проверка wait for the client: completion stands still and has no deadline.
/// Запрос, Процесс and Аналитика are our own time.
#[test]
fn zs_4_three_statuses_pause_completion() {
    for (status, paused, waiting) in [
        ("request", false, 0),
        ("in-progress", false, 0),
        ("analysis", false, 0),
        ("info-needed", true, 1),
        ("payment", true, 1),
        // It waits, but it is answered, so it is not among the open ones that the wall counts.
        ("verification", true, 0),
    ] {
        let (mut world, ticket) = in_status(status);
        // 336 h are 14 days: Monday 7 December 10:00.
        let (state, deadline, used) = if paused {
            (ClockState::Paused, "none", "0s")
        } else {
            (ClockState::Running, "2026-12-07 10:00", "71h")
        };
        assert_eq!(world.state(ticket, Metric::Resolution), state, "{status}");
        assert_eq!(world.deadline(ticket, Metric::Resolution), deadline, "{status}");
        assert_eq!(world.counts().waiting, waiting, "{status}");
        world.run_until("2026-11-26 09:00");
        assert_eq!(world.used(ticket, Metric::Resolution), used, "{status}");
    }
}

/// ZS-4, R7: asked on a Friday evening, answered on Monday: the weekend does not count.
#[test]
fn zs_4_completion_stands_still_while_information_is_needed() {
    let mut world = world("2026-11-20 18:30");
    let ticket = world.register(error("high"));
    world.run_until("2026-11-20 19:30").act(ticket, "ask", json!({ "text": "Какой лицевой счёт?" }));
    assert_eq!(world.status(ticket), "info-needed");
    world.run_until("2026-11-23 10:30").as_requester();
    assert_eq!(world.used(ticket, Metric::Resolution), "1h");
    world.act(ticket, "answer", json!({ "text": "40817" }));
    assert_eq!(world.status(ticket), "in-progress");
    // 71 h of 72 are left: three days from Monday 10:30, less one hour.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-26 09:30");
    assert_eq!((world.counts().waiting, world.counts().breached), (0, 0));
}

/// ZS-4, R7: paid after the holidays: from one waiting status into another not a moment counts.
#[test]
fn zs_4_completion_stands_still_while_payment_is_awaited() {
    let mut world = world("2026-12-30 12:00");
    let ticket = world.register(error("normal"));
    world.run_until("2026-12-30 18:00").act(ticket, "ask", json!({ "text": "На кого счёт?" }));
    world.run_until("2026-12-30 18:30").act(ticket, "status", json!({ "to": "payment" }));
    world.run_until("2027-01-11 10:00").act(ticket, "status", json!({ "to": "in-progress" }));
    assert_eq!(world.used(ticket, Metric::Resolution), "6h");
    // 330 h of 336 are left: 13 days and 18 hours: 24 January 10:00, and 18 h.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2027-01-25 04:00");
}

/// ZS-4: the client's words bring a ticket back from where the desk waits for them, and from nowhere else.
#[test]
fn zs_4_an_answer_brings_a_waiting_ticket_back() {
    for (from, to) in [
        ("request", "request"),
        ("in-progress", "in-progress"),
        ("analysis", "analysis"),
        ("info-needed", "in-progress"),
        ("payment", "in-progress"),
        ("verification", "verification"),
    ] {
        let (mut world, ticket) = in_status(from);
        world.as_requester().act(ticket, "answer", json!({ "text": "Оплатили" }));
        assert_eq!(world.status(ticket), to, "from {from}");
    }
}

/// ZS-4: an answer puts the ticket into Проверка from each open status; it needs words.
#[test]
fn zs_4_a_solution_goes_into_verification() {
    for status in OPEN {
        let (mut world, ticket) = in_status(status);
        assert_eq!(world.refused(ticket, "resolve", json!({})), Refusal::field("text", "is required"));
        world.act(ticket, "resolve", json!({ "text": "Платёж проведён" }));
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("verification", Stage::Resolved));
        assert_eq!(world.counts().open, 0, "the desk owes nothing while the client tries it");
    }
}

/// ZS-4: Проверка ends in closing: by the client's word, by an agent's, by a move. Completion stops there.
#[test]
fn zs_4_verification_ends_in_closing() {
    for (verb, body) in [
        ("confirm", json!({ "mark": "5" })),
        ("close", json!({ "reason": "Клиент доволен" })),
        ("status", json!({ "to": "closed" })),
    ] {
        let (mut world, ticket) = in_status("request");
        world.run_until("2026-11-23 14:00").act(ticket, "resolve", json!({ "text": "Платёж проведён" }));
        world.run_until("2026-11-25 12:00").act(ticket, verb, body);
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Closed), "{verb}");
        assert_eq!(world.state(ticket, Metric::Resolution), ClockState::Stopped);
        assert_eq!(world.used(ticket, Metric::Resolution), "4h");
        world.as_requester();
        assert_eq!(world.refused(ticket, "return", json!({ "reason": "Нет" })).code(), "window-over");
    }
}

/// ZS-4, R7: or back in Процесс, and completion goes on from its used time.
#[test]
fn zs_4_verification_leads_back_into_work() {
    for (verb, body) in
        [("return", json!({ "reason": "Не помогло" })), ("status", json!({ "to": "in-progress" }))]
    {
        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(consultation());
        world.run_until("2026-11-23 15:00").act(ticket, "resolve", json!({ "text": "Обновите страницу" }));
        assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
        world.run_until("2026-11-25 10:00").act(ticket, verb, body);
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("in-progress", Stage::Open));
        // 5 h of 24 are used: 19 h from Wednesday 10:00.
        assert_eq!(world.used(ticket, Metric::Resolution), "5h");
        assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-26 05:00", "{verb}");
        world.run_until("2026-11-26 05:00:00.001");
        assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-26 05:00");
    }
}

/// ZS-4: the text gives the client no term to try it, so time alone does not end Проверка.
#[test]
fn zs_4_verification_does_not_end_by_itself() {
    let (mut world, ticket) = in_status("verification");
    world.run_until("2027-06-30 10:00");
    assert_eq!((world.status(ticket), world.alarms().len()), ("verification", 0));
    assert_eq!(world.breached(ticket, Metric::Resolution), "never");
}

/// ZS-4: what has no place among the statuses is no verb here: nothing is refused, put off or extended.
#[test]
fn zs_4_there_is_no_refusal_and_no_putting_off() {
    let (mut world, ticket) = in_status("in-progress");
    for (verb, body) in [
        ("refuse", json!({ "reason": "Не наше" })),
        ("defer", json!({ "reason": "Потом" })),
        (
            "extend",
            json!({ "deadline": "2027-01-20T10:00:00+03:00", "reason": "Сложно", "text": "Разбираемся" }),
        ),
    ] {
        assert_eq!(world.refused(ticket, verb, body).code(), "not-in-regulation", "{verb}");
    }
}

/// ZS-4: each type goes the same way.
#[test]
fn zs_4_every_type_has_the_same_statuses() {
    for kind in ["consultation", "error", "enhancement"] {
        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(request("employee", kind));
        for to in ["info-needed", "in-progress", "analysis", "payment", "verification", "in-progress"] {
            world.act(ticket, "status", json!({ "to": to }));
            assert_eq!(world.status(ticket), to, "{kind}");
        }
    }
}
