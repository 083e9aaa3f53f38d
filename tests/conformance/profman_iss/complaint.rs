//! PM-C8: a client whose request was closed too early may write to the head of support.

use andon::desk::{DeskAct, Refusal, Role, TicketNumber};
use andon_tests::World;
use serde_json::json;

use super::{request, world};

/// A ticket that was answered, and so closed, on Monday at 11:00.
fn closed() -> (World, TicketNumber) {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    world.run_until("2026-11-23 11:00").act(ticket, "resolve", json!({ "text": "Обновите драйвер" }));
    (world, ticket)
}

fn complain(world: &mut World, ticket: TicketNumber) {
    world.as_requester().act(ticket, "complain", json!({ "text": "Закрыли, а не печатает" })).as_lead();
}

/// PM-C8: the words reach the head as an alarm, also of a ticket that is closed for good.
#[test]
fn pm_c8_a_complaint_about_a_closed_ticket_is_an_alarm() {
    let (mut world, ticket) = closed();
    world.run_until("2026-11-24 10:00");
    assert!(world.ticket(ticket).is_over());
    complain(&mut world, ticket);
    assert_eq!(world.alarms(), ["1-complaint-1 unacked"]);
    assert_eq!(world.ticket(ticket).complaints, 1);
    assert!(!world.ticket(ticket).is_over(), "somebody has to look");
    assert_eq!(world.status(ticket), "closed", "a complaint opens nothing; to ask again is another ticket");
}

/// PM-C8: it is for the head: nobody below takes it, not with the wall's button either; who is silenced stays lit.
#[test]
fn pm_c8_only_the_head_takes_a_complaint() {
    let (mut world, ticket) = closed();
    complain(&mut world, ticket);
    for role in [Role::Agent, Role::Lead] {
        world.as_role("ivanova", role, &[]);
        let refusal = world.try_desk(DeskAct::AckAlarm("1-complaint-1".to_owned())).expect_err("not theirs");
        assert!(
            matches!(&refusal, Refusal::Forbidden(why) if why.contains("needs the role head")),
            "{refusal}"
        );
        let shelve = DeskAct::ShelveAlarm { id: "1-complaint-1".to_owned(), for_ms: 3_600_000, reason: None };
        assert_eq!(world.try_desk(shelve).expect_err("nor is it theirs to put aside").code(), "forbidden");
        let taking = vec!["1-complaint-1".into()];
        world.try_desk(DeskAct::Silence { before: u64::MAX, taking }).expect("it is silenced");
        assert_eq!(world.alarms(), ["1-complaint-1 unacked"], "{role}");
    }
    world.as_role("boss", Role::Head, &[]).ack("1-complaint-1");
    assert_eq!(world.alarms(), [""; 0], "the head has heard it, so it is over");
    assert!(world.ticket(ticket).is_over());
}

/// PM-C8: closing the ticket does not make a complaint go away.
#[test]
fn pm_c8_a_complaint_outlives_the_closing() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    complain(&mut world, ticket);
    world.act(ticket, "resolve", json!({ "text": "Обновите драйвер" }));
    assert_eq!(world.alarms(), ["1-complaint-1 unacked"]);
    world.as_role("boss", Role::Admin, &[]).ack("1-complaint-1");
    assert_eq!(world.alarms(), [""; 0]);
}

/// PM-C8: who complains twice before the head has looked is one alarm; who complains again later is another.
#[test]
fn pm_c8_one_alarm_stands_for_what_the_head_has_not_heard() {
    let (mut world, ticket) = closed();
    complain(&mut world, ticket);
    complain(&mut world, ticket);
    assert_eq!(world.alarms(), ["1-complaint-1 unacked"]);
    world.as_role("boss", Role::Head, &[]).ack("1-complaint-1");
    complain(&mut world, ticket);
    assert_eq!(world.alarms(), ["1-complaint-3 unacked"]);
    assert_eq!(world.ticket(ticket).complaints, 3);
}

/// PM-C8: a complaint has words, and an agent may pass them on; a viewer may not.
#[test]
fn pm_c8_a_complaint_has_words_and_may_be_passed_on() {
    let (mut world, ticket) = closed();
    let Refusal::Fields(errors) = world.refused(ticket, "complain", json!({ "text": "" })) else {
        panic!("a field is wrong")
    };
    assert_eq!(errors[0].field, "text");
    world.as_role("wall", Role::Viewer, &[]);
    assert_eq!(world.refused(ticket, "complain", json!({ "text": "Плохо" })).code(), "forbidden");
    world.as_agent("ivanova", &[]).act(ticket, "complain", json!({ "text": "Звонил: недоволен" }));
    assert_eq!(world.alarms(), ["1-complaint-1 unacked"]);
}
