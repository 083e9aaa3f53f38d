//! The solution: no term but an agent's estimate.

use andon::desk::clocks::{Basis, ClockState, Planned};
use andon::desk::event::{TermReason, Turn};
use andon::desk::{Event, Metric, Refusal, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::{Value, json};

use super::{replied, request, world};

pub(super) const TERM: &str = "2026-11-25T12:00:00+03:00";

pub(super) fn term(deadline: &str) -> Value {
    json!({ "deadline": deadline })
}

/// A medium ticket, registered and answered on Monday 2026-11-23 at 10:00 and estimated to be solved on Wednesday at 12:00:
/// 7 h 30 of Monday, 9 h of Tuesday, 3 h 30 of Wednesday: 20 h.
pub(super) fn estimated() -> (World, TicketNumber) {
    let (mut world, ticket) = replied("2026-11-23 10:00");
    world.as_agent("ivanova", &[]).act(ticket, "take", json!({}));
    world.act(ticket, "estimate", term(TERM));
    (world, ticket)
}

/// What a ticket's history tells of its planned terms: which event, the deadline, the reason.
pub(super) fn plans(world: &World, ticket: TicketNumber) -> Vec<(&'static str, String, Option<String>)> {
    world
        .history(ticket)
        .filter_map(|(_, event)| match event {
            Event::Estimated { deadline, reason } => Some(("estimated", local(*deadline), reason.clone())),
            Event::Extended { deadline, reason, .. } => {
                Some(("extended", local(*deadline), Some(reason.clone())))
            }
            _ => None,
        })
        .collect()
}

/// BC-3: else as fast as possible: without an estimate there is no term, and nothing is ever late; its age is counted.
#[test]
fn bc_3_without_an_estimate_there_is_no_deadline() {
    for priority in ["low", "medium", "high", "critical"] {
        for kind in ["incident", "consultation"] {
            let mut world = world("2026-12-30 16:30");
            let mut body = request(priority);
            body["type"] = json!(kind);
            let ticket = world.register(body);
            world.act(ticket, "take", json!({}));
            assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
            // An hour on the last day of the year, and on Monday the 11th nine.
            world.run_until("2027-01-12 00:00");
            assert_eq!(world.used(ticket, Metric::Resolution), "10h");
            world.run_until("2027-12-31 00:00");
            assert_eq!(world.state(ticket, Metric::Resolution), ClockState::Running);
            assert_eq!(world.breached(ticket, Metric::Resolution), "never");
            assert_eq!((world.counts().breached, world.counts().due_soon), (0, 0));
        }
    }
}

/// BC-3: an estimate is given: from then on it is the deadline.
#[test]
fn bc_3_the_estimate_is_the_deadline() {
    let (world, ticket) = estimated();
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-25 12:00");
    let clock = world.clock(ticket, Metric::Resolution);
    assert_eq!(clock.term.target_ms, Some(20 * 3_600_000));
    assert_eq!(clock.basis, Basis::WorkingHours);
    assert_eq!((clock.planned, clock.term.clause.as_deref()), (Some(Planned::Estimated), Some("BC-3")));
    assert_eq!(plans(&world, ticket), [("estimated", "2026-11-25 12:00".to_owned(), None)]);
    assert!(world.history(ticket).any(|(entry, event)| {
        entry.by == "ivanova"
            && matches!(event, Event::Clock { metric: Metric::Resolution, turn: Turn::Retargeted { why, .. }, .. }
                if *why == TermReason::Estimated)
    }));
}

/// BC-3: an estimate that comes late counts what was used before it.
///
/// Registered on Wednesday 30 December at 16:30, estimated on Tuesday 12 January at 10:00 until 12:00: 1 h, 9 h and
/// 1 h 30 are used, and 2 h are given more.
#[test]
fn bc_3_an_estimate_counts_from_the_registration() {
    let (mut world, ticket) = replied("2026-12-30 16:30");
    world.run_until("2027-01-12 10:00").act(ticket, "estimate", term("2027-01-12T12:00:00+03:00"));
    assert_eq!(world.used(ticket, Metric::Resolution), "11h30m");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2027-01-12 12:00");
    let target_ms = 13 * 3_600_000 + 30 * 60_000;
    assert_eq!(world.clock(ticket, Metric::Resolution).term.target_ms, Some(target_ms));
}

/// BC-3, R4: late at the estimated instant, and not before; also where the daemon was off.
#[test]
fn bc_3_a_missed_estimate_is_a_breach_at_the_estimated_instant() {
    for off in [false, true] {
        let (mut world, ticket) = estimated();
        world.run_until("2026-11-25 09:59:59.999");
        assert_eq!(world.alarms(), [""; 0]);
        // Two hours before, the room is warned.
        world.run_until("2026-11-25 10:00");
        assert_eq!(world.alarms(), ["1-due-soon-resolution-1 unacked"]);
        world.run_until("2026-11-25 12:00");
        assert_eq!(world.breached(ticket, Metric::Resolution), "never");
        let until = "2026-11-27 12:00";
        if off {
            world.sleep_until(until)
        } else {
            world.run_until(until)
        };
        assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-25 12:00");
        assert_eq!(world.alarms(), ["1-breach-resolution-1 unacked"]);
        assert_eq!((world.counts().breached, world.counts().due_soon), (1, 0));
        assert_eq!(local(world.alarm("1-breach-resolution-1").since), "2026-11-25 12:00");
    }
}

/// BC-3, R4: solved at the estimated instant is solved in time.
#[test]
fn bc_3_solved_at_the_estimated_instant_is_in_time() {
    let (mut world, ticket) = estimated();
    world.run_until("2026-11-25 12:00");
    world.act(ticket, "resolve", json!({ "text": "Исправлено", "source": "own-product" }));
    world.run_until("2026-11-30 12:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "never");
    assert_eq!(world.used(ticket, Metric::Resolution), "20h");
    assert_eq!(world.alarms(), [""; 0]);
}

/// BC-3: the client was told an instant; where it lies outside working hours it stays that instant.
#[test]
fn bc_3_an_estimate_outside_working_hours_stays_the_told_instant() {
    for (now, told, deadline) in [
        // A Saturday at noon, a working day's evening, a day of the New Year's holidays.
        ("2026-11-23 10:00", "2026-11-28T12:00:00+03:00", "2026-11-28 12:00"),
        ("2026-11-23 10:00", "2026-11-24T21:00:00+03:00", "2026-11-24 21:00"),
        ("2026-12-30 17:20", "2027-01-05T12:00:00+03:00", "2027-01-05 12:00"),
        // Told in another offset: 23:30 at UTC+5 is 21:30 in Moscow.
        ("2026-11-23 10:00", "2026-11-24T23:30:00+05:00", "2026-11-24 21:30"),
    ] {
        let (mut world, ticket) = replied(now);
        world.act(ticket, "estimate", term(told));
        assert_eq!(world.deadline(ticket, Metric::Resolution), deadline);
        world.run_until("2027-01-11 12:00");
        assert_eq!(world.breached(ticket, Metric::Resolution), deadline);
    }
}

/// BC-3: an estimate outside working hours is kept until then.
#[test]
fn bc_3_solved_on_the_estimated_saturday_is_in_time() {
    let (mut world, ticket) = replied("2026-11-23 10:00");
    world.act(ticket, "estimate", term("2026-11-28T12:00:00+03:00"));
    world.run_until("2026-11-28 12:00");
    world.act(ticket, "resolve", json!({ "text": "Исправлено", "source": "own-project" }));
    world.run_until("2026-12-01 00:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "never");
}

/// BC-3: a second estimate, later or earlier, needs a reason; each is an event that bears it.
#[test]
fn bc_3_a_second_estimate_needs_a_reason() {
    let (mut world, ticket) = estimated();
    world.run_until("2026-11-24 10:00");
    for reason in [json!(null), json!(""), json!("  ")] {
        let body = json!({ "deadline": "2026-11-30T12:00:00+03:00", "reason": reason });
        assert_eq!(world.refused(ticket, "estimate", body), Refusal::field("reason", "is required"));
    }
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-25 12:00");
    for (deadline, reason, local) in [
        ("2026-11-30T12:00:00+03:00", "Нужна сборка", "2026-11-30 12:00"),
        ("2026-11-24T17:30:00+03:00", "Сборка готова", "2026-11-24 17:30"),
    ] {
        world.act(ticket, "estimate", json!({ "deadline": deadline, "reason": reason }));
        assert_eq!(world.deadline(ticket, Metric::Resolution), local);
    }
    assert_eq!(
        plans(&world, ticket),
        [
            ("estimated", "2026-11-25 12:00".to_owned(), None),
            ("estimated", "2026-11-30 12:00".to_owned(), Some("Нужна сборка".to_owned())),
            ("estimated", "2026-11-24 17:30".to_owned(), Some("Сборка готова".to_owned())),
        ]
    );
    world.run_until("2026-11-25 12:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-24 17:30");
}

/// BC-3: an estimate says when, and that lies ahead.
#[test]
fn bc_3_an_estimate_is_an_instant_ahead() {
    let (mut world, ticket) = replied("2026-11-23 10:00");
    assert_eq!(
        world.refused(ticket, "estimate", json!({})),
        Refusal::field("deadline", "is required, such as 2026-11-30T18:00:00+03:00")
    );
    for past in ["2026-11-23T10:00:00+03:00", "2026-11-20T17:00:00+03:00"] {
        assert_eq!(
            world.refused(ticket, "estimate", term(past)),
            Refusal::field("deadline", "is past; a planned term lies ahead")
        );
    }
    world.as_requester();
    assert_eq!(world.refused(ticket, "estimate", term(TERM)).code(), "forbidden");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
}

/// BC-3: the text names no pause: while the client is asked the estimate stands, until it is prolonged.
#[test]
fn bc_3_waiting_for_the_client_does_not_stop_the_time() {
    let (mut world, ticket) = estimated();
    world.run_until("2026-11-23 11:00").act(ticket, "ask", json!({ "text": "На каком узле?" }));
    assert_eq!(world.state(ticket, Metric::Resolution), ClockState::Running);
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-25 12:00");
    world.run_until("2026-11-25 11:00");
    // 7 h 30, 9 h, 2 h 30.
    assert_eq!(world.used(ticket, Metric::Resolution), "19h");
    let body =
        json!({ "deadline": "2026-11-27T12:00:00+03:00", "reason": "Ждём клиента", "text": "Ответьте" });
    world.act(ticket, "extend", body);
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-27 12:00");
    assert_eq!(world.status(ticket), "waiting-client");
}

/// BC-3, R6: another priority or type leaves the estimate as it is.
#[test]
fn bc_3_another_priority_or_type_leaves_the_estimate() {
    let (mut world, ticket) = estimated();
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "Никто не может войти" }));
    world.act(ticket, "classify", json!({ "type": "consultation" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-25 12:00");
    assert_eq!(world.clock(ticket, Metric::Resolution).planned, Some(Planned::Estimated));
}

/// BC-3, BC-9: a ticket that the client returns has left what was left of its estimate.
///
/// Solved on Tuesday at 10:00: 7 h 30 and 1 h 30 of 20 h are used. Returned on Friday at 10:00: 7 h 30 of Friday and
/// 3 h 30 of Monday are left.
#[test]
fn bc_3_a_returned_ticket_goes_on_with_what_is_left_of_the_estimate() {
    let (mut world, ticket) = estimated();
    world.run_until("2026-11-24 10:00");
    world.act(ticket, "resolve", json!({ "text": "Исправлено", "source": "own-product" }));
    assert_eq!(world.used(ticket, Metric::Resolution), "9h");
    world.run_until("2026-11-27 10:00").as_requester();
    world.act(ticket, "return", json!({ "reason": "Карточка снова пуста" }));
    assert_eq!(world.used(ticket, Metric::Resolution), "9h");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-30 12:00");
    // It has been promised once, so another term wants a reason.
    world.as_lead();
    assert_eq!(
        world.refused(ticket, "estimate", term("2026-12-04T12:00:00+03:00")),
        Refusal::field("reason", "is required")
    );
}

/// BC-3: a ticket that was solved without an estimate comes back without one.
#[test]
fn bc_3_a_returned_ticket_without_an_estimate_has_none() {
    let (mut world, ticket) = replied("2026-11-23 10:00");
    world.run_until("2026-11-23 12:00");
    world.act(ticket, "resolve", json!({ "text": "Исправлено", "source": "own-product" }));
    world.run_until("2026-11-24 10:00").as_requester();
    world.act(ticket, "return", json!({ "reason": "Нет" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
    world.run_until("2026-11-24 11:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "3h");
}
