//! What holds for every command: revisions, roles, repetition, and time that does not go back.

use andon::desk::{Act, Refusal, Role, Stage, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use calendars::Timestamp;
use serde_json::json;

use crate::getmark::{high, medium};

/// `If-Match`: a ticket that has changed since the caller saw it is not changed blindly.
#[test]
fn a_command_for_another_revision_is_refused() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    assert_eq!(world.ticket(ticket).revision, 1);
    world.try_act_if(ticket, Some(1), "take", json!({})).unwrap();
    assert_eq!(world.ticket(ticket).revision, 2);
    let refusal = world.try_act_if(ticket, Some(1), "resolve", json!({ "text": "Сделано" })).unwrap_err();
    assert_eq!(refusal, Refusal::Revision { asked: 1, now: 2 });
    assert_eq!(refusal.to_string(), "the ticket is at revision 2, not 1; read it again");
    assert_eq!(world.ticket(ticket).stage, Stage::Open);
    // Time changes tickets as well: a breach that nobody has seen yet is a change.
    world.run_until("2026-11-25 12:00");
    let now = world.ticket(ticket).revision;
    assert!(now > 2);
    world.try_act_if(ticket, Some(now), "resolve", json!({ "text": "Сделано" })).unwrap();
}

/// A ticket that is not there.
#[test]
fn a_command_for_no_ticket_is_refused() {
    let mut world = World::getmark("2026-11-23 10:00");
    assert_eq!(
        world.refused(TicketNumber(7), "take", json!({})),
        Refusal::NotFound { what: "ticket", id: "7".to_owned() }
    );
}

/// A refusal changes nothing, not even the number of the next event.
#[test]
fn a_refused_command_leaves_no_trace() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("phone"));
    let (before, seq) = (world.ticket(ticket).clone(), world.desk().next_seq());
    world.refused(ticket, "route", json!({ "line": 3 }));
    world.refused(ticket, "resolve", json!({}));
    world.refused(ticket, "priority", json!({ "to": "critical" }));
    assert_eq!((world.ticket(ticket), world.desk().next_seq()), (&before, seq));
}

/// A viewer looks.
#[test]
fn a_viewer_changes_nothing() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("phone"));
    world.as_role("wall", Role::Viewer, &[]);
    assert_eq!(world.try_register(high("phone")).unwrap_err().code(), "forbidden");
    for verb in Act::VERBS {
        let body = match verb {
            "assign" => json!({ "agent": "x" }),
            "link" => json!({ "to": 1, "kind": "similar" }),
            _ => json!({}),
        };
        assert_eq!(world.refused(ticket, verb, body).code(), "forbidden", "{verb}");
    }
}

/// A closed ticket changes only by what belongs beside it: a note, a link.
#[test]
fn a_closed_ticket_is_closed() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("phone"));
    let other = world.register(medium("phone"));
    world.act(ticket, "close", json!({ "reason": "Дубликат" }));
    for (verb, body) in [
        ("reply", json!({ "text": "Ещё" })),
        ("ask", json!({ "text": "Ещё?" })),
        ("answer", json!({ "text": "Ещё" })),
        ("classify", json!({ "type": "error" })),
        ("priority", json!({ "to": "high", "reason": "Ещё" })),
        ("take", json!({})),
        ("assign", json!({ "agent": "ivanova" })),
        ("transfer", json!({ "agent": "ivanova", "reason": "Ещё" })),
        ("route", json!({ "line": 2 })),
        ("extend", json!({})),
        ("resolve", json!({ "text": "Ещё" })),
        ("confirm", json!({})),
        ("refuse", json!({ "reason": "Ещё" })),
        ("close", json!({ "reason": "Ещё" })),
        ("split", json!({ "subject": "Ещё" })),
        ("urgent", json!({ "text": "Ещё" })),
    ] {
        assert_eq!(world.refused(ticket, verb, body).code(), "closed", "{verb}");
    }
    world.act(ticket, "reply", json!({ "text": "Для памяти", "internal": true }));
    world.act(ticket, "link", json!({ "to": other, "kind": "duplicate" }));
    assert_eq!(world.ticket(ticket).stage, Stage::Closed);
}

/// A clock of the system that steps back does not take the record back with it.
#[test]
fn a_command_at_an_earlier_time_is_stamped_with_the_newest() {
    let mut world = World::getmark("2026-11-23 10:00");
    world.register(high("email"));
    let earlier = Timestamp::from_millis(world.now().millis() - 3_600_000);
    assert_eq!(local(world.desk().stamp(earlier)), "2026-11-23 10:00");
}

/// An entry that could not be kept is undone as if it had never been.
#[test]
fn going_back_leaves_the_desk_as_it_was() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 19:00");
    let mut desk = andon::desk::Desk::new(world.desk().regulations().clone());
    for entry in world.entries() {
        desk.apply(entry);
    }
    let look = |desk: &andon::desk::Desk| {
        let alarms: Vec<_> = desk.alarms().cloned().collect();
        let ticket = serde_json::to_string(desk.ticket(ticket).unwrap().as_ref()).unwrap();
        (ticket, desk.rest().clone(), desk.counts(), alarms, desk.next_deadline(), desk.tickets().count())
    };
    let before = look(&desk);
    desk.remember();
    let kept = world.entries().len();
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "Не работает ничего" }));
    world.register(medium("phone"));
    world.run_until("2026-11-25 12:00");
    for entry in &world.entries()[kept..] {
        desk.apply(entry);
    }
    assert_ne!(look(&desk), before);
    desk.go_back();
    assert_eq!(look(&desk), before);
}
