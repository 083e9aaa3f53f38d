//! Priorities: what they follow from, who may set which, and what the highest one does.

use andon::desk::{Metric, Refusal, Role};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::json;

use super::{high, low, medium, request};

/// GM-5.16, GM-5.17: high is an error that stops the user's operations; medium are other errors and consultations; low
/// are change requests and the rest. Only an error is made high by its influence.
#[test]
fn gm_5_17_the_priority_follows_from_type_and_influence() {
    let mut world = World::getmark("2026-11-23 10:00");
    for (kind, impact, priority) in [
        ("error", "stops-operations", "high"),
        ("error", "hinders", "medium"),
        ("error", "none", "medium"),
        ("consultation", "stops-operations", "medium"),
        ("consultation", "none", "medium"),
        ("change-request", "stops-operations", "low"),
        ("change-request", "none", "low"),
        ("data-correction", "hinders", "low"),
    ] {
        let ticket = world.register(request("email", kind, impact));
        assert_eq!(world.priority(ticket), priority, "{kind}, {impact}");
    }
}

/// GM-5.17: a priority that followed from the classification follows it on; one that an agent set stays (GM-5.20).
#[test]
fn gm_5_17_reclassifying_derives_the_priority_anew_unless_an_agent_set_it() {
    let mut world = World::getmark("2026-11-23 10:00");
    let derived = world.register(medium("email"));
    world.act(derived, "classify", json!({ "fields": { "impact": "stops-operations" } }));
    assert_eq!(world.priority(derived), "high");
    // 12 h from Monday 10:00, as if it had been high from the start: 8 h on Monday, 4 h on Tuesday.
    assert_eq!(world.deadline(derived, Metric::Resolution), "2026-11-24 13:00");
    let set = world.register(low("email"));
    world.act(set, "priority", json!({ "to": "high", "reason": "Отгрузка сегодня" }));
    world.act(set, "classify", json!({ "type": "consultation" }));
    assert_eq!(world.priority(set), "high");
}

/// GM-5.16: Критический is set by staff of line 1 or 2, with a reason.
#[test]
fn gm_5_16_critical_is_set_by_an_agent_of_line_1_or_2() {
    for lines in [&[1][..], &[2], &[1, 2], &[2, 3]] {
        let mut world = World::getmark("2026-11-23 10:00");
        let ticket = world.register(high("phone"));
        world.as_agent("ivanova", lines);
        world.act(ticket, "priority", json!({ "to": "critical", "reason": "Не работает ничего" }));
        assert_eq!(world.priority(ticket), "critical", "{lines:?}");
    }
}

/// GM-5.16: not by line 3, nor by the requester, nor by an intake channel.
#[test]
fn gm_5_16_critical_is_not_set_by_line_3_the_requester_or_intake() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("phone"));
    let critical = || json!({ "to": "critical", "reason": "Не работает ничего" });
    world.as_agent("petrov", &[3]);
    assert_eq!(
        world.refused(ticket, "priority", critical()),
        Refusal::Forbidden("priority `critical` is set by agents of line 1 or 2 only (GM-5.16)".to_owned())
    );
    world.as_role("petrov", Role::Lead, &[3]);
    assert_eq!(world.refused(ticket, "priority", critical()).code(), "forbidden");
    world.as_requester();
    assert_eq!(world.refused(ticket, "priority", critical()).code(), "forbidden");
    world.as_role("form", Role::Intake, &[]);
    assert_eq!(world.refused(ticket, "priority", critical()).code(), "forbidden");
    assert_eq!(world.priority(ticket), "high");
}

/// GM-5.16: a registration brings no priority of its own, whoever sends it.
#[test]
fn gm_5_16_a_registration_cannot_set_a_priority() {
    let mut world = World::getmark("2026-11-23 10:00");
    for role in [Role::Intake, Role::Agent, Role::Admin] {
        world.as_role("somebody", role, &[]);
        let mut body = high("email");
        body["priority"] = json!("critical");
        let refusal = world.try_register(body).unwrap_err();
        assert_eq!(
            refusal,
            Refusal::field(
                "priority",
                "`critical` cannot be set here: it follows from the rules of getmark; change it afterwards with \
                 the verb `priority` and a reason"
            )
        );
    }
}

/// GM-5.16, GM-5.20: with a reason.
#[test]
fn gm_5_20_a_priority_without_a_reason_is_refused() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(low("phone"));
    for body in [json!({ "to": "critical" }), json!({ "to": "high", "reason": "  " })] {
        assert_eq!(world.refused(ticket, "priority", body), Refusal::field("reason", "is required"));
    }
    assert_eq!(
        world.refused(ticket, "priority", json!({})).to_string(),
        "to: is required; one of low, medium, high, critical; reason: is required"
    );
}

/// GM-5.17: Критический: least possible time. No figure, but an alarm from its first second until resolved.
#[test]
fn gm_5_17_critical_alarms_from_its_first_second_until_resolved() {
    let mut world = World::getmark("2026-11-22 04:05:06.789");
    let ticket = world.register(high("phone"));
    assert_eq!((world.counts().critical, world.alarms().len()), (0, 0));
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "Не работает ничего" }));
    // A Sunday night: the alarm does not wait for anybody's working hours.
    let id = "1-critical-1";
    assert_eq!(world.alarms(), [format!("{id} unacked")]);
    assert_eq!(local(world.alarm(id).since), "2026-11-22 04:05:06.789");
    assert_eq!(world.counts().critical, 1);
    for metric in [Metric::Resolution, Metric::Line] {
        assert_eq!(world.deadline(ticket, metric), "none");
    }
    // Neither working on it, nor waiting for the requester, nor days ends the alarm; its terms cannot breach.
    world.act(ticket, "take", json!({})).act(ticket, "ask", json!({ "text": "Что на экране?" }));
    world.run_until("2026-11-25 12:00");
    assert_eq!(world.alarms(), [format!("{id} unacked")]);
    assert_eq!((world.counts().critical, world.counts().breached), (1, 0));
    world.ack(id);
    assert_eq!(world.alarms(), [format!("{id} acked")]);
    world.act(ticket, "resolve", json!({ "text": "Сервер перезапущен" }));
    assert_eq!(world.alarms(), [""; 0]);
    assert_eq!(world.counts().critical, 0);
}

/// GM-5.17: a critical ticket that is returned is critical again, which is another alarm than the one taken before.
#[test]
fn gm_5_17_a_returned_critical_ticket_alarms_anew() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("phone"));
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "Не работает ничего" }));
    let first = "1-critical-1";
    world.ack(first).act(ticket, "resolve", json!({ "text": "Сервер перезапущен" }));
    world.run_until("2026-11-23 11:00");
    world.act(ticket, "return", json!({ "reason": "Опять не работает" }));
    let second = "1-critical-2";
    assert_ne!(first, second);
    assert_eq!(world.alarms(), [format!("{second} unacked")]);
}

/// GM-5.20: any line may change the priority when new information comes up; only up to critical not (GM-5.16).
#[test]
fn gm_5_20_an_agent_of_any_line_changes_the_priority() {
    for line in [1, 2, 3] {
        let mut world = World::getmark("2026-11-23 10:00");
        let ticket = world.register(medium("email"));
        world.as_agent("ivanova", &[line]);
        for to in ["high", "low", "medium"] {
            world.act(ticket, "priority", json!({ "to": to, "reason": "Новые сведения" }));
            assert_eq!(world.priority(ticket), to, "line {line}");
        }
        world.as_requester();
        let refusal = world.refused(ticket, "priority", json!({ "to": "high", "reason": "Хочу быстрее" }));
        assert_eq!(refusal.code(), "forbidden");
    }
}

/// GM-5.20: to the priority it has is no change.
#[test]
fn gm_5_20_the_same_priority_again_changes_nothing() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.act(ticket, "priority", json!({ "to": "medium", "reason": "Так и есть" }));
    assert_eq!(world.entries().len(), 1);
    assert_eq!(world.ticket(ticket).revision, 1);
}

/// GM-5.20, R6: from critical down to high the time used before counts.
#[test]
fn gm_5_20_time_used_while_critical_counts_afterwards() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "Не работает ничего" }));
    world.run_until("2026-11-23 15:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "5h");
    world.act(ticket, "priority", json!({ "to": "high", "reason": "Работает частично" }));
    // 7 h of 12 are left: 3 h on Monday, 4 h on Tuesday. 3 h of line 2's 8 are left: Monday's.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 13:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-23 18:00");
    assert_eq!(world.counts().critical, 0);
}
