//! How a ticket ends, and what follows when it ended too early.

use andon::desk::clocks::ClockState;
use andon::desk::command::LinkKind;
use andon::desk::{Event, Metric, Refusal, Role, Stage, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::json;

use super::{request, with, world};

/// A high ticket of Monday 2026-11-23 10:00, answered at 14:00.
fn answered() -> (World, TicketNumber) {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(with(request("email"), "/priority", json!("high")));
    world.run_until("2026-11-23 14:00").act(ticket, "resolve", json!({ "text": "Исправлено в 2.2" }));
    (world, ticket)
}

/// PM-B6: what support does not do: third-party software, programming lessons, custom code. A refusal names one of them.
#[test]
fn pm_b6_a_refusal_names_what_support_does_not_do() {
    for reason in ["third-party-software", "programming-lessons", "custom-code"] {
        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(request("email"));
        world.run_until("2026-11-23 11:00").act(ticket, "refuse", json!({ "reason": reason }));
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("refused", Stage::Closed));
        assert_eq!(world.state(ticket, Metric::Reaction), ClockState::Stopped);
        let refused = Event::Refused { reason: reason.to_owned(), text: None };
        assert!(world.history(ticket).any(|(_, event)| *event == refused));
    }
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    let three = "third-party-software, programming-lessons, custom-code";
    for (body, told) in [
        (json!({}), format!("is required; one of {three}")),
        (json!({ "reason": "Не хотим" }), format!("unknown `Не хотим`; one of {three}")),
        // Out of scope is a reason to put off (PM-C6).
        (json!({ "reason": "out-of-scope" }), format!("unknown `out-of-scope`; one of {three}")),
    ] {
        assert_eq!(world.refused(ticket, "refuse", body), Refusal::field("reason", told));
    }
    assert_eq!(world.status(ticket), "new");
}

/// PM-C8: the closing tells the results, so there are words; and it is the end, for the alarm too.
#[test]
fn pm_c8_an_answer_closes_and_tells_the_results() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(with(request("email"), "/priority", json!("high")));
    assert_eq!(
        world.refused(ticket, "resolve", json!({ "text": " " })),
        Refusal::field("text", "is required")
    );
    assert_eq!((world.counts().open, world.counts().critical), (1, 1));
    world.act(ticket, "resolve", json!({ "text": "Исправлено в 2.2" }));
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Closed));
    assert_eq!((world.counts().open, world.counts().critical, world.alarms().len()), (0, 0, 0));
}

/// PM-C8: closed without a solution, that has a reason.
#[test]
fn pm_c8_closing_without_a_solution_needs_a_reason() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    assert_eq!(world.refused(ticket, "close", json!({})), Refusal::field("reason", "is required"));
    world.act(ticket, "close", json!({ "reason": "Клиент отозвал обращение" }));
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Closed));
}

/// PM-C8: closed too early, the client asks again; the ticket itself does not come back, and says what to do instead.
#[test]
fn pm_c8_a_closed_ticket_is_not_returned() {
    for at in ["2026-11-23 14:00", "2026-11-23 14:01", "2027-01-11 10:00"] {
        let (mut world, ticket) = answered();
        world.run_until(at).as_requester();
        let refusal = world.refused(ticket, "return", json!({ "reason": "Не печатает" }));
        assert_eq!(refusal.code(), "window-over");
        assert_eq!(
            refusal.to_string(),
            "ticket 1 is closed for good and cannot be returned; register a new ticket that `follows` it"
        );
        for (verb, body) in [("confirm", json!({})), ("answer", json!({ "text": "Не печатает" }))] {
            assert_eq!(world.refused(ticket, verb, body).code(), "closed", "{verb}");
        }
    }
}

/// PM-C8: nor is an open one: there is nothing to return yet.
#[test]
fn pm_c8_an_open_ticket_is_not_returned() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    world.as_requester();
    assert_eq!(world.refused(ticket, "return", json!({ "reason": "Долго" })).code(), "not-resolved");
}

/// PM-C8: asked again, it is a new ticket that follows the first: linked both ways, and its own time from now.
#[test]
fn pm_c8_asking_again_is_a_new_ticket_linked_both_ways() {
    let (mut world, first) = answered();
    world.run_until("2026-11-27 17:00").as_role("gateway", Role::Intake, &[]);
    let second = world.register(with(request("email"), "/follows", json!(first)));
    let links = |world: &World, ticket| -> Vec<(TicketNumber, LinkKind, bool)> {
        world.ticket(ticket).links.iter().map(|link| (link.to, link.kind, link.back)).collect()
    };
    assert_eq!(links(&world, second), [(first, LinkKind::FollowUp, false)]);
    assert_eq!(links(&world, first), [(second, LinkKind::FollowUp, true)]);
    assert_eq!((world.status(first), world.status(second)), ("closed", "new"));
    assert_eq!(local(world.ticket(second).registered_at), "2026-11-27 17:00");
    // Friday 17:00 to Monday 10:00: two hours; the first one's four stand.
    world.run_until("2026-11-30 10:00");
    assert_eq!(world.used(second, Metric::Reaction), "2h");
    assert_eq!(world.used(first, Metric::Reaction), "4h");
}

/// PM-C8: a ticket follows one that there is; a refused registration leaves no link.
#[test]
fn pm_c8_a_ticket_follows_one_that_there_is() {
    let (mut world, first) = answered();
    let refusal = world.try_register(with(request("email"), "/follows", json!(77))).unwrap_err();
    assert_eq!(refusal, Refusal::field("follows", "there is no ticket 77"));
    assert_eq!(world.ticket(first).links, []);
    assert_eq!(world.desk().tickets().count(), 1);
}
