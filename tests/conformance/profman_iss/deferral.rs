//! PM-C6: a solution may be put off, for one of five reasons.

use andon::desk::{Event, Refusal, Role, Stage, TicketNumber};
use andon_tests::World;
use serde_json::json;

use super::{request, world};

const REASONS: [&str; 5] =
    ["client-input-missing", "needs-development", "requirements-broken", "out-of-scope", "badly-put"];
const OPEN: [&str; 4] = ["new", "in-progress", "waiting-client", "deferred"];

/// A world on Monday 2026-11-23 10:00 with a ticket in a status.
fn in_status(status: &str) -> (World, TicketNumber) {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    match status {
        "new" => {}
        "deferred" => drop(world.act(ticket, "defer", json!({ "reason": "badly-put" }))),
        "closed" => drop(world.act(ticket, "resolve", json!({ "text": "Обновите" }))),
        "refused" => drop(world.act(ticket, "refuse", json!({ "reason": "custom-code" }))),
        other => drop(world.act(ticket, "status", json!({ "to": other }))),
    }
    assert_eq!(world.status(ticket), status);
    (world, ticket)
}

/// Why the ticket was put off, each time.
fn put_off(world: &World, ticket: TicketNumber) -> Vec<String> {
    let reason = |event: &Event| match event {
        Event::Deferred { reason } => Some(reason.clone()),
        _ => None,
    };
    world.history(ticket).filter_map(|(_, event)| reason(event)).collect()
}

/// PM-C6: each of the five reasons puts off, from each open status, and the record keeps which.
#[test]
fn pm_c6_a_ticket_is_put_off_for_one_of_five_reasons() {
    for from in ["new", "in-progress", "waiting-client"] {
        for reason in REASONS {
            let (mut world, ticket) = in_status(from);
            world.act(ticket, "defer", json!({ "reason": reason }));
            assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("deferred", Stage::Open));
            assert_eq!(put_off(&world, ticket), [reason]);
        }
    }
}

/// PM-C6: there is no other reason, and none at all is none.
#[test]
fn pm_c6_another_reason_is_refused_with_the_five() {
    let (mut world, ticket) = in_status("in-progress");
    let five = "client-input-missing, needs-development, requirements-broken, out-of-scope, badly-put";
    for (body, told) in [
        (json!({}), format!("is required; one of {five}")),
        (json!({ "reason": "" }), format!("unknown ``; one of {five}")),
        (json!({ "reason": "later" }), format!("unknown `later`; one of {five}")),
        // A reason of another verb.
        (json!({ "reason": "custom-code" }), format!("unknown `custom-code`; one of {five}")),
    ] {
        assert_eq!(world.refused(ticket, "defer", body), Refusal::field("reason", told));
    }
    assert_eq!(world.status(ticket), "in-progress");
}

/// PM-C6: who waits for what was put off waits for somebody else, as the wall counts; nothing of it runs out.
#[test]
fn pm_c6_what_is_put_off_waits() {
    let (mut world, ticket) = in_status("deferred");
    assert_eq!((world.counts().open, world.counts().waiting), (1, 1));
    world.run_until("2027-06-30 10:00");
    assert_eq!((world.status(ticket), world.alarms().len()), ("deferred", 0));
    world.act(ticket, "take", json!({}));
    assert_eq!((world.counts().open, world.counts().waiting), (1, 0));
}

/// PM-C6: Отложено is reached with a reason alone, so by no move; the moves that there are.
#[test]
fn pm_c6_no_move_leads_to_putting_off() {
    let allowed = |from: &str, to: &str| {
        from == to
            || matches!(
                (from, to),
                ("new" | "in-progress" | "deferred", "waiting-client")
                    | ("new" | "waiting-client" | "deferred", "in-progress")
            )
    };
    for from in OPEN.iter().chain(&["closed", "refused"]) {
        for to in OPEN.iter().chain(&["closed", "refused"]) {
            let (mut world, ticket) = in_status(from);
            let moved = world.try_act(ticket, "status", json!({ "to": to }));
            assert_eq!(moved.is_ok(), allowed(from, to), "{from} to {to}: {moved:?}");
        }
    }
}

/// PM-C6: it is taken up again by an agent, by a move or by taking it, and by the client's words.
#[test]
fn pm_c6_what_was_put_off_is_taken_up_again() {
    for (verb, body, to) in [
        ("status", json!({ "to": "in-progress" }), "in-progress"),
        ("take", json!({}), "in-progress"),
        ("answer", json!({ "text": "Версия 2.1" }), "in-progress"),
        ("ask", json!({ "text": "Какая версия?" }), "waiting-client"),
        ("resolve", json!({ "text": "Исправлено в 2.2" }), "closed"),
        ("refuse", json!({ "reason": "third-party-software" }), "refused"),
    ] {
        let (mut world, ticket) = in_status("deferred");
        world.run_until("2026-11-30 10:00").act(ticket, verb, body);
        assert_eq!(world.status(ticket), to, "{verb}");
    }
}

/// PM-C6: put off for another reason: still put off, and both stand in the record.
#[test]
fn pm_c6_a_second_reason_is_recorded_too() {
    let (mut world, ticket) = in_status("deferred");
    world.run_until("2026-11-30 10:00").act(ticket, "defer", json!({ "reason": "needs-development" }));
    assert_eq!(world.status(ticket), "deferred");
    assert_eq!(put_off(&world, ticket), ["badly-put", "needs-development"]);
}

/// PM-C6: support puts off, not the client nor what comes in by itself; and not what is over.
#[test]
fn pm_c6_who_puts_off_and_what() {
    let reason = || json!({ "reason": "out-of-scope" });
    let (mut world, ticket) = in_status("in-progress");
    world.as_requester();
    assert_eq!(world.refused(ticket, "defer", reason()).code(), "forbidden");
    world.as_role("gateway", Role::Intake, &[]);
    assert_eq!(world.refused(ticket, "defer", reason()).code(), "forbidden");
    world.as_agent("ivanova", &[1]).act(ticket, "defer", reason());
    for status in ["closed", "refused"] {
        let (mut world, ticket) = in_status(status);
        assert_eq!(world.refused(ticket, "defer", reason()).code(), "closed");
    }
}

/// PM-C6: the client is asked for what is missing, and their answer brings the ticket back.
#[test]
fn pm_c6_an_answer_brings_a_waiting_ticket_back() {
    for (from, to) in [
        ("new", "new"),
        ("in-progress", "in-progress"),
        ("waiting-client", "in-progress"),
        ("deferred", "in-progress"),
    ] {
        let (mut world, ticket) = in_status(from);
        world.as_requester().act(ticket, "answer", json!({ "text": "Версия 2.1" }));
        assert_eq!(world.status(ticket), to, "from {from}");
    }
}
