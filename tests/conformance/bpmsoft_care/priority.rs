//! Priorities: the client's word, their criteria, and what the highest one does.

use andon::desk::{Refusal, Role};
use andon_tests::world::shipped;
use serde_json::json;

use super::{request, world};

/// BC-11: the client says the priority; who says none has planned work.
#[test]
fn bc_11_the_priority_is_the_clients() {
    let mut world = world("2026-11-23 10:00");
    for priority in ["low", "medium", "high", "critical"] {
        let ticket = world.register(request(priority));
        assert_eq!(world.priority(ticket), priority);
    }
    let mut body = request("high");
    body.as_object_mut().unwrap().remove("priority");
    let ticket = world.register(body);
    assert_eq!(world.priority(ticket), "medium");
    assert_eq!(
        world.try_register(request("urgent")),
        Err(Refusal::field("priority", "unknown `urgent`; one of low, medium, high, critical"))
    );
}

/// BC-11: every priority has its criteria, for whoever chooses one; from the least to the greatest.
#[test]
fn bc_11_every_priority_says_when_it_is_the_right_one() {
    let regulation = shipped("bpmsoft-care");
    let priorities: Vec<_> = regulation
        .priorities
        .iter()
        .map(|priority| {
            (priority.name.id.as_str(), priority.name.title.as_str(), priority.criteria.as_deref())
        })
        .collect();
    for (place, (id, title, word)) in [
        ("low", "Низкий", "маски ввода"),
        ("medium", "Средний", "запланировать"),
        ("high", "Высокий", "закона"),
        ("critical", "Критичный", "страница входа"),
    ]
    .into_iter()
    .enumerate()
    {
        let (known, known_title, criteria) = priorities[place];
        assert_eq!((known, known_title), (id, title));
        assert!(criteria.is_some_and(|words| words.contains(word)), "{id}: {criteria:?}");
    }
    assert_eq!(priorities.len(), 4);
}

/// BC-11, X-4: a critical ticket is on the wall from its first second until it is resolved; no other is.
#[test]
fn bc_11_a_critical_ticket_alarms_from_its_first_second() {
    let mut world = world("2026-11-21 03:00");
    let ticket = world.register(request("critical"));
    for priority in ["low", "medium", "high"] {
        world.register(request(priority));
    }
    assert_eq!(world.alarms(), ["1-critical-1 unacked"]);
    assert_eq!((world.counts().critical, world.counts().open), (1, 4));
    world.ack("1-critical-1");
    world.act(ticket, "resolve", json!({ "text": "Служба запущена", "source": "infrastructure" }));
    assert_eq!(world.alarms(), [""; 0]);
    assert_eq!((world.counts().critical, world.counts().open), (0, 3));
}

/// BC-11: afterwards the priority is changed by an agent, with a reason; not by the client's side.
#[test]
fn bc_11_an_agent_changes_the_priority_with_a_reason() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("critical"));
    world.as_role("portal", Role::Intake, &[]);
    let low = || json!({ "to": "low", "reason": "Переименовать поле" });
    assert_eq!(world.refused(ticket, "priority", low()).code(), "forbidden");
    world.as_agent("ivanova", &[]);
    assert_eq!(
        world.refused(ticket, "priority", json!({ "to": "low" })),
        Refusal::field("reason", "is required")
    );
    world.act(ticket, "priority", low());
    assert_eq!((world.priority(ticket), world.counts().critical), ("low", 0));
    assert_eq!(world.alarms(), ["1-critical-1 cleared-unacked"]);
}
