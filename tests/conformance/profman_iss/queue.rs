//! PM-C5: requests are worked on in order of arrival; high criticality may jump the queue.

use andon::desk::{Refusal, Role, TicketNumber};
use andon_tests::World;
use serde_json::{Value, json};

use super::{request, with, world};

/// A registration of this criticality.
fn of(priority: &str) -> Value {
    with(request("email"), "/priority", json!(priority))
}

/// Normal, high, normal, high.
fn four() -> World {
    let mut world = world("2026-11-23 10:00");
    for priority in ["normal", "high", "normal", "high"] {
        world.register(of(priority));
    }
    world
}

/// PM-C5: high criticality first, else as they came; each says why it stands where it stands.
#[test]
fn pm_c5_high_criticality_jumps_the_queue() {
    let mut world = four();
    assert_eq!(world.queue(), ["2 priority", "4 priority", "1 arrival", "3 arrival"]);
    world.act(TicketNumber(3), "priority", json!({ "to": "high", "reason": "Встали" }));
    assert_eq!(
        world.queue(),
        ["2 priority", "3 priority", "4 priority", "1 arrival"],
        "as they came among their like"
    );
}

/// PM-C5: "take next" follows the queue, and takes what nobody has taken.
#[test]
fn pm_c5_take_next_follows_the_queue() {
    let mut world = four();
    world.act(TicketNumber(2), "assign", json!({ "agent": "petrov" }));
    for (agent, expected) in [("ivanova", 4), ("sidorov", 1), ("ivanova", 3)] {
        let taken = world.as_agent(agent, &[]).try_take_next(json!({}));
        assert_eq!(taken, Ok(TicketNumber(expected)));
        let ticket = world.ticket(TicketNumber(expected));
        assert_eq!((ticket.assignee.as_deref(), ticket.facts.status.as_str()), (Some(agent), "in-progress"));
    }
    let refusal = world.try_take_next(json!({})).expect_err("all are taken");
    assert_eq!((refusal.code(), refusal.to_string().as_str()), ("queue-empty", "nothing waits to be taken"));
}

/// PM-C5: what waits for the client, is put off, answered or taken is not in the queue; what comes back is at its old place.
#[test]
fn pm_c5_what_waits_for_somebody_else_is_not_in_the_queue() {
    let mut world = four();
    world.act(TicketNumber(1), "ask", json!({ "text": "Какая версия?" }));
    world.act(TicketNumber(2), "resolve", json!({ "text": "Обновите драйвер" }));
    world.act(TicketNumber(4), "defer", json!({ "reason": "needs-development" }));
    assert_eq!(world.queue(), ["3 arrival"]);
    world.as_requester().act(TicketNumber(1), "answer", json!({ "text": "8.3.24" }));
    assert_eq!(world.queue(), ["1 arrival", "3 arrival"]);
}

/// PM-C5: a part of the queue is asked for by ids that there are; nobody below an agent takes.
#[test]
fn pm_c5_a_part_of_the_queue_is_taken_from() {
    let mut world = four();
    world.act(TicketNumber(3), "assign", json!({ "group": "printers" }));
    let refusal =
        world.try_take_next(json!({ "regulation": "none", "line": 7 })).expect_err("neither is there");
    let Refusal::Fields(errors) = refusal else { panic!("fields are wrong") };
    assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["regulation", "line"]);
    world.as_role("form", Role::Intake, &[]);
    assert_eq!(world.try_take_next(json!({})).expect_err("it is no agent").code(), "forbidden");
    world.as_agent("ivanova", &[2]);
    assert_eq!(world.try_take_next(json!({})).expect_err("not on line 1").code(), "queue-empty");
    world.as_agent("ivanova", &[1]);
    let part = json!({ "regulation": "profman-iss", "line": 1, "group": "printers" });
    assert_eq!(world.try_take_next(part), Ok(TicketNumber(3)));
}
