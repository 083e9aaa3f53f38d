//! The service may be refused, for three reasons.

use andon::desk::clocks::ClockState;
use andon::desk::{Event, Metric, Refusal, Stage};
use serde_json::json;

use super::{replied, request, world};

const REASONS: &str = "not-solvable, not-authorised, client-hardware";

/// BC-10: not solvable, not the authorised person, the client's hardware: each ends the ticket, with its words.
#[test]
fn bc_10_the_service_is_refused_for_three_reasons() {
    for reason in REASONS.split(", ") {
        let (mut world, ticket) = replied("2026-11-23 10:00");
        world.run_until("2026-11-23 11:00").as_agent("ivanova", &[]);
        world.act(ticket, "refuse", json!({ "reason": reason, "text": "К сожалению, нет" }));
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("refused", Stage::Closed));
        let refused = Event::Refused {
            reason: reason.to_owned(), text: Some("К сожалению, нет".to_owned())
        };
        assert!(world.history(ticket).any(|(entry, event)| entry.by == "ivanova" && *event == refused));
        assert_eq!(world.state(ticket, Metric::Resolution), ClockState::Stopped);
        assert_eq!(world.used(ticket, Metric::Resolution), "1h");
        assert!(world.ticket(ticket).clock(Metric::Acceptance).is_none(), "there is nothing to accept");
    }
}

/// BC-10: for no other reason, and never without one.
#[test]
fn bc_10_another_reason_is_refused_with_the_list() {
    let (mut world, ticket) = replied("2026-11-23 10:00");
    assert_eq!(
        world.refused(ticket, "refuse", json!({ "reason": "Не хочется" })),
        Refusal::field("reason", format!("unknown `Не хочется`; one of {REASONS}"))
    );
    assert_eq!(
        world.refused(ticket, "refuse", json!({ "text": "Нет" })),
        Refusal::field("reason", format!("is required; one of {REASONS}"))
    );
    assert_eq!(world.ticket(ticket).stage, Stage::Open);
}

/// BC-10, BC-4: whoever was not named by the client is told so, and comes back with a new ticket; the refusal is their
/// reaction.
#[test]
fn bc_10_somebody_who_is_not_authorised_is_refused_for_good() {
    let mut world = world("2026-11-20 17:20");
    let mut body = request("critical");
    body["incomplete"] = json!(true);
    body.as_object_mut().unwrap().remove("fields");
    let ticket = world.register(body);
    assert_eq!(world.alarms(), ["1-critical-1 unacked"]);
    world.run_until("2026-11-23 08:45").act(ticket, "refuse", json!({ "reason": "not-authorised" }));
    assert_eq!(world.alarms(), [""; 0]);
    assert_eq!(world.used(ticket, Metric::Reaction), "25m");
    world.run_until("2026-11-30 17:30");
    assert_eq!(world.breached(ticket, Metric::Reaction), "never");
    world.as_requester();
    assert_eq!(world.refused(ticket, "return", json!({ "reason": "Меня назначили" })).code(), "window-over");
}

/// BC-10: a refusal ends what waits for the client, too; one that was solved is the client's to return, not the
/// desk's to refuse.
#[test]
fn bc_10_an_open_ticket_is_refused_from_any_status() {
    for (verb, body) in
        [("take", json!({})), ("ask", json!({ "text": "?" })), ("status", json!({ "to": "in-progress" }))]
    {
        let (mut world, ticket) = replied("2026-11-23 10:00");
        world.act(ticket, verb, body).act(ticket, "refuse", json!({ "reason": "client-hardware" }));
        assert_eq!(world.status(ticket), "refused", "{verb}");
    }
    let (mut world, ticket) = replied("2026-11-23 10:00");
    world.act(ticket, "resolve", json!({ "text": "Сделано", "source": "vendor" }));
    assert_eq!(world.refused(ticket, "refuse", json!({ "reason": "not-solvable" })).code(), "not-open");
}

/// BC-10: the client's side refuses nothing.
#[test]
fn bc_10_the_client_does_not_refuse() {
    let (mut world, ticket) = replied("2026-11-23 10:00");
    world.as_requester();
    assert_eq!(world.refused(ticket, "refuse", json!({ "reason": "not-solvable" })).code(), "forbidden");
}
