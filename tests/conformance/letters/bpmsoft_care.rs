//! Care for `BPMSoft`: each term that is given or changed is told; a stranger is refused by letter.

use andon::desk::client::{Appointment, ClientAct, ClientTerms};
use andon::desk::command::Requester;
use andon::desk::{DeskAct, Role};
use andon_tests::World;
use serde_json::json;

use crate::bpmsoft_care::request;

fn world(now: &str) -> World {
    World::shipped("bpmsoft-care", now).with_letters()
}

#[test]
fn bc_3_an_estimate_is_told_and_so_is_its_extension() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("medium"));
    world.act(ticket, "estimate", json!({ "deadline": "2026-11-27T17:30:00+03:00" }));
    assert_eq!(world.letter_kinds(ticket), ["registered", "term-changed"]);
    world.act(
        ticket,
        "extend",
        json!({ "deadline": "2026-12-04T17:30:00+03:00", "reason": "ждём вендора", "text": "Вендор подтвердил ошибку" }),
    );
    assert_eq!(world.letter_kinds(ticket), ["registered", "term-changed", "term-changed"]);
}

#[test]
fn bc_4_who_does_not_speak_for_the_client_is_refused_by_one_letter_to_them() {
    let mut world = world("2026-11-23 10:00");
    world.as_role("head", Role::Head, &[]);
    let terms = ClientTerms {
        id: "romashka".into(),
        name: "ООО «Ромашка»".to_owned(),
        domains: vec!["romashka.example.ru".into()],
        ..ClientTerms::default()
    };
    world.try_desk(DeskAct::Client(ClientAct::Set(terms))).unwrap();
    let contact = Requester {
        name: Some("Анна Петрова".to_owned()),
        email: Some("boss@romashka.example.ru".to_owned()),
        ..Requester::default()
    };
    let appointment = Appointment { client: "romashka".into(), contact, notice: "письмо 7".to_owned() };
    world.try_desk(DeskAct::Client(ClientAct::Appoint(Box::new(appointment)))).unwrap();
    world.as_lead();
    let ticket = world.register(request("medium"));
    assert_eq!(world.status(ticket), "refused");
    assert_eq!(world.letters(), [(1, "refused".to_owned(), "petrova@romashka.example.ru".to_owned())]);
}

#[test]
fn bc_7_that_the_time_to_answer_is_over_is_told_once() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("medium"));
    world.act(ticket, "ask", json!({ "text": "Какая база?" }));
    // Two working days after Monday end with Wednesday's hours, at 17:30.
    world.run_until("2026-11-25 17:30");
    assert_eq!(world.letter_kinds(ticket), ["registered", "asked"]);
    world.run_until("2026-12-02 12:00");
    assert_eq!(world.letter_kinds(ticket), ["registered", "asked", "answer-overdue"]);
    assert_eq!(world.status(ticket), "waiting-client", "not closed by itself");
}

#[test]
fn bc_9_the_solution_is_a_letter_and_so_is_the_closing_by_silence() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("medium"));
    world.act(ticket, "take", json!({}));
    world.act(ticket, "resolve", json!({ "text": "Исправили карточку.", "source": "own-project" }));
    world.run_until("2026-12-02 12:00");
    assert_eq!(world.letter_kinds(ticket), ["registered", "resolved", "closed"]);
}
