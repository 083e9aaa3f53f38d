//! GetMark: a letter at every turn, and the registration's within half an hour.

use andon::desk::clocks::ClockState;
use andon::desk::{AlarmKind, Metric};
use andon_tests::World;
use serde_json::json;

use super::waiting;
use crate::getmark::{high, medium};

fn world(now: &str) -> World {
    World::getmark(now).with_letters()
}

#[test]
fn gm_5_4_a_registration_is_answered_by_letter_at_any_hour() {
    // Sunday night: nobody is there, and the letter goes all the same.
    let mut world = world("2026-11-22 23:40");
    let ticket = world.register(high("email"));
    assert_eq!(world.letters(), [(1, "registered".to_owned(), "petrova@example.ru".to_owned())]);
    assert_eq!(waiting(&world, ticket)[0].hold_until, None);
    assert_eq!(world.desk().letters_due(world.now()).count(), 1);
}

#[test]
fn gm_5_4_a_registration_without_an_address_is_noted_and_no_letter_goes() {
    let mut world = world("2026-11-23 10:00");
    let mut body = high("phone");
    body["requester"].as_object_mut().unwrap().remove("email");
    let ticket = world.register(body);
    world.act(ticket, "take", json!({}));
    world.act(ticket, "reply", json!({ "text": "Смотрим" }));
    assert!(world.letters().is_empty());
    let skipped =
        world.history(ticket).filter(|(_, event)| matches!(event, andon::desk::Event::LetterSkipped { .. }));
    assert_eq!(skipped.count(), 1, "noted once, not at every turn");
    assert!(world.ticket(ticket).clock(Metric::RegistrationLetter).is_none(), "nobody waits for a letter");
}

#[test]
fn gm_5_7_each_change_of_status_is_a_letter_and_never_two_for_one_thing() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.act(ticket, "take", json!({}));
    world.act(ticket, "ask", json!({ "text": "Номер отчёта?" }));
    world.as_requester().act(ticket, "answer", json!({ "text": "17" }));
    world.as_lead().act(ticket, "status", json!({ "to": "waiting-release" }));
    world.act(ticket, "status", json!({ "to": "in-progress" }));
    world.act(ticket, "resolve", json!({ "text": "Обновите страницу. Готово." }));
    world.as_requester().act(ticket, "confirm", json!({}));
    assert_eq!(
        world.letter_kinds(ticket),
        [
            "registered",
            "status-changed",
            "asked",
            "status-changed",
            "change-needed",
            "status-changed",
            "resolved",
            "closed"
        ]
    );
}

#[test]
fn gm_5_7_what_agents_say_to_each_other_is_no_letter() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.act(ticket, "reply", json!({ "text": "Клиент сложный", "internal": true }));
    world.act(ticket, "assign", json!({ "agent": "ivanova" }));
    assert_eq!(world.letter_kinds(ticket), ["registered"]);
}

#[test]
fn gm_5_13_a_letter_that_is_not_out_within_thirty_minutes_is_an_alarm_that_names_the_ticket() {
    let mut world = world("2026-11-22 23:40");
    let ticket = world.register(high("email"));
    // Calendar time: the user waits at night, too. Not more than thirty minutes: met at the minute itself (R4).
    assert_eq!(world.deadline(ticket, Metric::RegistrationLetter), "2026-11-23 00:10");
    world.run_until("2026-11-23 00:10");
    assert_eq!(world.breached(ticket, Metric::RegistrationLetter), "never");
    world.run_until("2026-11-23 00:11");
    assert_eq!(world.breached(ticket, Metric::RegistrationLetter), "2026-11-23 00:10");
    let alarm = world.alarm("1-breach-registration-letter-1");
    assert_eq!((alarm.kind, alarm.ticket), (AlarmKind::Breach, Some(ticket)));
}

#[test]
fn gm_5_13_a_letter_that_is_out_in_time_stops_the_clock() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 10:20").deliver_letters();
    assert_eq!(world.state(ticket, Metric::RegistrationLetter), ClockState::Stopped);
    assert_eq!(world.used(ticket, Metric::RegistrationLetter), "20m");
    world.run_until("2026-11-23 11:00");
    assert_eq!(world.breached(ticket, Metric::RegistrationLetter), "never");
    assert!(waiting(&world, ticket).is_empty());
}

#[test]
fn gm_5_13_another_letter_does_not_stop_it() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.act(ticket, "take", json!({}));
    let second = andon::desk::LetterId { ticket, letter: 2 };
    let sent = andon::desk::Command::Letter { id: second, act: andon::desk::command::LetterAct::Sent };
    world.as_role("andond", andon::desk::Role::Admin, &[]).try_command(&sent).unwrap();
    assert_eq!(world.state(ticket, Metric::RegistrationLetter), ClockState::Running);
}

#[test]
fn gm_5_21_the_question_is_a_letter_of_its_own() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.act(ticket, "ask", json!({ "text": "Номер отчёта?" }));
    world.act(ticket, "ask", json!({ "text": "И дата?" }));
    assert_eq!(world.letter_kinds(ticket), ["registered", "asked", "asked"]);
}

#[test]
fn gm_5_22_who_does_not_answer_is_told_that_the_ticket_is_closed() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.act(ticket, "ask", json!({ "text": "Номер отчёта?" }));
    // 72 working hours of nine a day are eight days: from Monday 10:00 to Thursday of next week, 10:00.
    assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-12-03 10:00");
    world.run_until("2026-12-03 10:01");
    assert_eq!(world.letter_kinds(ticket), ["registered", "asked", "closed"]);
}

#[test]
fn gm_a1_each_of_the_seven_letters_goes_for_its_cause() {
    let mut world = world("2026-11-23 10:00");
    // Registered, handed to developers, product change needed, refused.
    let first = world.register(medium("email"));
    world.act(first, "route", json!({ "line": 3 }));
    world.act(first, "status", json!({ "to": "waiting-release" }));
    world.act(first, "refuse", json!({ "reason": "Не входит в поддержку" }));
    assert_eq!(world.letter_kinds(first), ["registered", "handed-over", "change-needed", "refused"]);
    // More information asked, term changed, answer given.
    let second = world.register(medium("email"));
    world.act(second, "ask", json!({ "text": "Номер отчёта?" }));
    world.as_requester().act(second, "answer", json!({ "text": "17" }));
    world.as_lead().act(
        second,
        "extend",
        json!({ "deadline": "2026-12-21T18:00:00+03:00", "reason": "диагностика", "text": "Ищем причину" }),
    );
    world.act(second, "resolve", json!({ "text": "Обновите страницу. Готово." }));
    assert_eq!(
        world.letter_kinds(second),
        ["registered", "asked", "status-changed", "term-changed", "resolved"]
    );
}

#[test]
fn gm_a2_what_is_critical_or_urgent_goes_to_the_chat_once() {
    let chat = |world: &World| {
        world
            .letters()
            .into_iter()
            .filter(|(_, _, to)| to == "chat urgent")
            .map(|(_, kind, _)| kind)
            .collect::<Vec<_>>()
    };
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    assert!(chat(&world).is_empty());
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "ПО недоступно" }));
    assert_eq!(chat(&world), ["urgent"]);
    // It is critical still: nothing new.
    world.act(ticket, "take", json!({}));
    assert_eq!(chat(&world).len(), 1);
    let other = world.register(medium("email"));
    world.act(other, "urgent", json!({ "text": "Отгрузка стоит" }));
    assert_eq!(chat(&world).len(), 2);
}

#[test]
fn gm_a2_a_site_without_that_chat_writes_nobody() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.act(ticket, "urgent", json!({ "text": "Отгрузка стоит" }));
    assert!(world.letters().is_empty());
}
