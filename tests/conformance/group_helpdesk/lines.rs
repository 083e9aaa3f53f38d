//! The two lines, passing a ticket on, and problems behind incidents.

use andon::desk::clocks::ClockState;
use andon::desk::command::LinkKind;
use andon::desk::{Event, Metric, Refusal, Stage, TicketNumber};
use andon_tests::World;
use serde_json::json;

use super::{request, urgency, world};

/// A ticket of Friday 17:20 that an agent of line 1 has taken at once.
fn taken() -> (World, TicketNumber) {
    let mut world = world("2026-11-20 17:20");
    let ticket = world.register(urgency("hm", "question", "urgent"));
    world.as_agent("ivanova", &[1]).act(ticket, "take", json!({}));
    (world, ticket)
}

/// HD-11: out of one's competence: passed to a responsible person, with a reason, which stands in the history.
#[test]
fn hd_11_a_ticket_is_passed_on_with_a_reason() {
    let (mut world, ticket) = taken();
    assert_eq!(
        world.refused(ticket, "transfer", json!({ "agent": "sidorov" })),
        Refusal::field("reason", "is required")
    );
    assert_eq!(
        world.refused(ticket, "transfer", json!({ "reason": "Сеть" })),
        Refusal::field("agent", "is required")
    );
    world.act(ticket, "transfer", json!({ "agent": "sidorov", "reason": "Сеть — не моё" }));
    assert_eq!(world.ticket(ticket).assignee.as_deref(), Some("sidorov"));
    let passed = Event::Assigned {
        agent: Some("sidorov".into()),
        group: None,
        reason: Some("Сеть — не моё".to_owned()),
        why: None,
    };
    assert!(world.history(ticket).any(|(entry, event)| entry.by == "ivanova" && *event == passed));
}

/// HD-11: the clocks go on: neither terms nor used time nor breaches change with the person.
///
/// 1 h and 16 h from Friday 17:20: Monday 09:20, Tuesday 15:20.
#[test]
fn hd_11_the_clocks_go_on() {
    let (mut world, ticket) = taken();
    world.run_until("2026-11-23 09:10");
    world.act(ticket, "transfer", json!({ "agent": "sidorov", "reason": "Сеть" }));
    assert_eq!(world.used(ticket, Metric::Reaction), "50m");
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 09:20");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 15:20");
    assert_eq!(world.status(ticket), "in-progress");
    world.run_until("2026-11-24 16:00");
    assert_eq!(world.breached(ticket, Metric::Reaction), "2026-11-23 09:20");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-24 15:20");
    world.as_agent("sidorov", &[2]);
    world.act(ticket, "transfer", json!({ "agent": "orlov", "reason": "Отпуск" }));
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-24 15:20");
}

/// HD-11: what somebody has is not taken away without a word.
#[test]
fn hd_11_a_ticket_of_somebody_is_not_taken_over() {
    let (mut world, ticket) = taken();
    world.as_agent("sidorov", &[1]);
    assert_eq!(
        world.refused(ticket, "take", json!({})).to_string(),
        "ticket 1 is with ivanova already; `transfer` it with a reason"
    );
}

/// HD-16: two lines; what the bots bring starts on the first.
#[test]
fn hd_16_every_ticket_starts_on_the_first_of_two_lines() {
    let mut world = world("2026-11-23 10:00");
    let lines: Vec<_> = world
        .desk()
        .regulations()
        .iter()
        .flat_map(|regulation| regulation.lines.iter())
        .map(|line| line.id)
        .collect();
    assert_eq!(lines, [1, 2]);
    for channel in ["hm", "dok", "dok-24-7", "zm", "mpk"] {
        let ticket = world.register(request(channel, "question"));
        assert_eq!(world.ticket(ticket).facts.line, 1, "{channel}");
    }
}

/// HD-16: up to the second line and back; there is no third.
#[test]
fn hd_16_a_ticket_goes_up_and_back() {
    let (mut world, ticket) = taken();
    world.act(ticket, "route", json!({ "line": 2, "reason": "Нужен администратор сети" }));
    assert_eq!((world.ticket(ticket).facts.line, world.ticket(ticket).assignee.clone()), (2, None));
    world.as_agent("sidorov", &[2]).act(ticket, "take", json!({}));
    world.act(ticket, "route", json!({ "line": 1 }));
    assert_eq!(world.ticket(ticket).facts.line, 1);
    assert_eq!(
        world.refused(ticket, "route", json!({ "line": 3 })),
        Refusal::field("line", "unknown 3; one of 1, 2")
    );
}

/// HD-16, R5: the terms are the ticket's, not the line's; what came by ДОК 24/7 counts round the clock on either.
#[test]
fn hd_16_the_terms_go_with_the_ticket() {
    let (mut world, ticket) = taken();
    world.run_until("2026-11-23 09:10").act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 09:20");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 15:20");

    let mut world = self::world("2026-11-21 03:00");
    let ticket = world.register(urgency("dok-24-7", "question", "urgent"));
    world.run_until("2026-11-21 03:10").act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-21 03:15");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-21 07:00");
    world.run_until("2026-11-21 04:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "1h");
}

/// HD-14: incidents link to the problem that causes them, and the problem shows them.
#[test]
fn hd_14_incidents_link_to_their_problem() {
    let mut world = world("2026-11-23 10:00");
    let problem = world.register(request("hm", "problem"));
    let incidents = [world.register(request("dok", "incident")), world.register(request("zm", "incident"))];
    for incident in incidents {
        world.act(incident, "link", json!({ "to": problem, "kind": "problem" }));
        let link = world.ticket(incident).links[0];
        assert_eq!((link.to, link.kind, link.back), (problem, LinkKind::Problem, false));
    }
    let shown: Vec<_> =
        world.ticket(problem).links.iter().map(|link| (link.to, link.kind, link.back)).collect();
    assert_eq!(shown, incidents.map(|incident| (incident, LinkKind::Problem, true)));
    // Each has its own time, and its own end.
    world.act(problem, "resolve", json!({ "text": "Сервер печати перезапущен" }));
    assert_eq!(world.counts().open, 2);
}

/// HD-14: what needs no answer any more is closed with a reason, such as an incident whose problem is solved; refused, too,
/// it owes nothing.
#[test]
fn hd_14_an_incident_is_closed_with_its_reason() {
    for (verb, status) in [("close", "closed"), ("refuse", "refused")] {
        let (mut world, ticket) = taken();
        world.run_until("2026-11-23 10:00");
        assert_eq!(world.refused(ticket, verb, json!({})), Refusal::field("reason", "is required"));
        world.act(ticket, verb, json!({ "reason": "Проблема решена" }));
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), (status, Stage::Closed));
        // 40 min on Friday, 1 h on Monday.
        assert_eq!(world.state(ticket, Metric::Resolution), ClockState::Stopped);
        assert_eq!(world.used(ticket, Metric::Resolution), "1h40m");
        assert_eq!((world.counts().open, world.alarms()), (0, vec![]));
    }
}
