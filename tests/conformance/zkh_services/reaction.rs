//! ZS-5a: at most 60 minutes of support hours from registration to the first reaction.

use andon::desk::clocks::ClockState;
use andon::desk::{Metric, Role};
use andon_tests::time::local;
use serde_json::json;

use super::{consultation, error, request, world};

/// ZS-5a, R1, R2: where 60 minutes of support hours end.
#[test]
fn zs_5a_reaction_is_due_60_support_minutes_later() {
    for (registered, deadline) in [
        ("2026-11-23 10:00", "2026-11-23 11:00"),
        // Runs out exactly at the close: then, and not on Monday morning (R1).
        ("2026-11-20 18:00", "2026-11-20 19:00"),
        // One millisecond of it is Monday's.
        ("2026-11-20 18:00:00.001", "2026-11-23 10:00:00.001"),
        // A Friday evening: half an hour then, half an hour on Monday.
        ("2026-11-20 18:30", "2026-11-23 10:30"),
        // Before opening, and on a Sunday night.
        ("2026-11-23 07:00", "2026-11-23 11:00"),
        ("2026-11-22 03:00", "2026-11-23 11:00"),
        // The eve of a holiday closes at 19:00 (R2): a quarter then, three on Thursday; and on the holiday itself.
        ("2026-11-03 18:45", "2026-11-05 10:45"),
        ("2026-11-04 12:00", "2026-11-05 11:00"),
        // The last half hour of the year goes on on 11 January.
        ("2026-12-30 18:30", "2027-01-11 10:30"),
        ("2027-01-03 04:00", "2027-01-11 11:00"),
        // The moved Saturday is worked: Friday's rest is Saturday's, Saturday's is Wednesday's.
        ("2027-02-19 18:30", "2027-02-20 10:30"),
        ("2027-02-20 18:30", "2027-02-24 10:30"),
    ] {
        let mut world = world(registered);
        let ticket = world.register(consultation());
        assert_eq!(world.deadline(ticket, Metric::Reaction), deadline, "registered {registered}");
    }
}

/// ZS-5a: the reaction to any type, of any criticality, by any way in.
#[test]
fn zs_5a_every_type_has_the_same_60_minutes() {
    let mut world = world("2026-11-20 18:30");
    for channel in ["email", "phone", "portal", "feedback-form", "employee"] {
        for priority in ["normal", "high", "critical"] {
            let mut body = request(channel, "error");
            body["priority"] = json!(priority);
            let ticket = world.register(body);
            assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 10:30", "{channel}, {priority}");
        }
    }
    for kind in ["consultation", "enhancement"] {
        let ticket = world.register(request("employee", kind));
        assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 10:30", "{kind}");
    }
}

/// ZS-5a, R4: met at the deadline, broken a millisecond later, at the deadline's own time, also where the daemon was off.
#[test]
fn zs_5a_a_reaction_at_the_deadline_is_in_time() {
    for (at, off, breached) in [
        ("2026-11-23 10:30", false, "never"),
        ("2026-11-23 10:30", true, "never"),
        ("2026-11-23 10:30:00.001", false, "2026-11-23 10:30"),
        ("2026-11-23 12:00", false, "2026-11-23 10:30"),
        ("2026-11-24 12:00", true, "2026-11-23 10:30"),
    ] {
        let mut world = world("2026-11-20 18:30");
        let ticket = world.register(error("normal"));
        if off {
            world.sleep_until(at)
        } else {
            world.run_until(at)
        };
        world.act(ticket, "reply", json!({ "text": "Смотрим" }));
        assert_eq!(world.breached(ticket, Metric::Reaction), breached, "at {at}");
        assert_eq!(world.state(ticket, Metric::Reaction), ClockState::Stopped);
    }
}

/// ZS-5a, X-4: the wall warns a quarter of an hour before, in support hours, and then shows what was broken.
#[test]
fn zs_5a_the_wall_warns_and_shows_the_breach() {
    let mut world = world("2026-11-20 18:30");
    let ticket = world.register(error("normal"));
    // 45 minutes: 30 on Friday, 15 on Monday.
    world.run_until("2026-11-23 10:14:59.999");
    assert_eq!(world.alarms(), [""; 0]);
    world.run_until("2026-11-23 10:15");
    assert_eq!(world.alarms(), ["1-due-soon-reaction-1 unacked"]);
    assert_eq!((world.counts().due_soon, world.counts().breached), (1, 0));
    world.run_until("2026-11-23 10:30:00.001");
    assert_eq!(world.alarms(), ["1-breach-reaction-1 unacked"]);
    assert_eq!((world.counts().due_soon, world.counts().breached), (0, 1));
    assert_eq!(local(world.alarm("1-breach-reaction-1").since), "2026-11-23 10:30");
    world.ack("1-breach-reaction-1").act(ticket, "take", json!({}));
    assert_eq!((world.alarms().len(), world.counts().breached), (0, 0));
}

/// ZS-5a: to the first public reply or the leaving of Запрос, whatever it is by.
#[test]
fn zs_5a_what_a_reaction_is() {
    for (verb, body) in [
        ("reply", json!({ "text": "Смотрим" })),
        ("ask", json!({ "text": "Какой лицевой счёт?" })),
        ("take", json!({})),
        ("status", json!({ "to": "analysis" })),
        ("status", json!({ "to": "payment" })),
        ("resolve", json!({ "text": "Обновите страницу" })),
        ("close", json!({ "reason": "Ошиблись номером" })),
    ] {
        let mut world = world("2026-11-20 18:30");
        let ticket = world.register(error("normal"));
        world.run_until("2026-11-23 10:10").act(ticket, verb, body);
        assert_eq!(world.state(ticket, Metric::Reaction), ClockState::Stopped, "{verb}");
        // 30 minutes on Friday, 10 on Monday.
        assert_eq!(world.used(ticket, Metric::Reaction), "40m", "{verb}");
        world.run_until("2026-11-23 12:00");
        assert_eq!(world.breached(ticket, Metric::Reaction), "never", "{verb}");
    }
}

/// ZS-5a: what the client does not see is no reaction to them, nor is what they say themselves.
#[test]
fn zs_5a_what_no_reaction_is() {
    for (verb, body) in [
        ("reply", json!({ "text": "Похоже на вчерашнее", "internal": true })),
        ("assign", json!({ "agent": "ivanova" })),
        ("classify", json!({ "type": "consultation" })),
        ("priority", json!({ "to": "high", "reason": "Много жалоб" })),
        ("answer", json!({ "text": "Ну что там?" })),
        ("urgent", json!({ "text": "Срочно" })),
    ] {
        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(error("normal"));
        world.run_until("2026-11-23 10:10").act(ticket, verb, body);
        assert_eq!(world.state(ticket, Metric::Reaction), ClockState::Running, "{verb}");
        assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 11:00", "{verb}");
    }
}

/// ZS-5a: it is measured once: what comes back from Проверка has had its reaction.
#[test]
fn zs_5a_a_returned_ticket_owes_no_second_reaction() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(consultation());
    world.run_until("2026-11-23 10:20").act(ticket, "resolve", json!({ "text": "Обновите страницу" }));
    world.run_until("2026-11-23 18:00").as_requester();
    world.act(ticket, "return", json!({ "reason": "Не помогло" }));
    world.run_until("2026-11-24 09:00");
    assert_eq!(world.used(ticket, Metric::Reaction), "20m");
    assert_eq!(
        (world.state(ticket, Metric::Reaction), world.breached(ticket, Metric::Reaction)),
        (ClockState::Stopped, "never".into())
    );
}

/// ZS-5a: the minutes run from registration, also where a form or a bot registers at night.
#[test]
fn zs_5a_the_night_before_costs_no_minute() {
    let mut world = world("2026-11-24 19:00");
    world.as_role("form", Role::Intake, &[]);
    let ticket = world.register(request("feedback-form", "enhancement"));
    world.run_until("2026-11-25 10:00");
    assert_eq!(world.used(ticket, Metric::Reaction), "0s");
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-25 11:00");
}
