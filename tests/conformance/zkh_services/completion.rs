//! ZS-5b, ZS-5c: completion, in hours that run round the clock.

use andon::desk::clocks::ClockState;
use andon::desk::{Metric, Refusal};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::json;

use super::{consultation, error, request, world};

/// ZS-5b: 24 h for Консультация, round the clock: nights, weekends and holidays count.
#[test]
fn zs_5b_consultation_is_due_24_calendar_hours_later() {
    for (registered, deadline) in [
        ("2026-11-23 10:00", "2026-11-24 10:00"),
        // Friday evening: due on Saturday, when nobody works.
        ("2026-11-20 18:30", "2026-11-21 18:30"),
        ("2026-11-22 03:17", "2026-11-23 03:17"),
        // The eve of the holiday, and the last working day of the year.
        ("2026-11-03 18:59", "2026-11-04 18:59"),
        ("2026-12-30 12:00", "2026-12-31 12:00"),
        ("2027-02-20 18:00", "2027-02-21 18:00"),
    ] {
        let mut world = world(registered);
        let ticket = world.register(consultation());
        assert_eq!(world.deadline(ticket, Metric::Resolution), deadline, "registered {registered}");
    }
}

/// ZS-5b: whatever its criticality; the figure of ZS-5c alone depends on it.
#[test]
fn zs_5b_a_consultation_has_24_hours_whatever_its_criticality() {
    let mut world = world("2026-11-20 18:30");
    for priority in ["normal", "high", "critical"] {
        let mut body = consultation();
        body["priority"] = json!(priority);
        let ticket = world.register(body);
        assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-21 18:30", "{priority}");
    }
}

/// ZS-5b, R4: completed is closed; done at the deadline is done in time, and a breach bears the deadline's own time.
#[test]
fn zs_5b_a_consultation_closed_at_the_deadline_is_in_time() {
    for (at, off, breached) in [
        ("2026-11-21 18:30", false, "never"),
        ("2026-11-21 18:30:00.001", false, "2026-11-21 18:30"),
        ("2026-11-23 10:00", false, "2026-11-21 18:30"),
        ("2026-11-23 10:00", true, "2026-11-21 18:30"),
    ] {
        let mut world = world("2026-11-20 18:30");
        let ticket = world.register(consultation());
        if off {
            world.sleep_until(at)
        } else {
            world.run_until(at)
        };
        world.act(ticket, "close", json!({ "reason": "Ответили по телефону" }));
        assert_eq!(world.breached(ticket, Metric::Resolution), breached, "at {at}");
        assert_eq!(world.state(ticket, Metric::Resolution), ClockState::Stopped);
    }
}

/// ZS-5c: 336 h for Ошибка are 14 days; by criticality less: 72 h are three, 24 h one.
#[test]
fn zs_5c_an_error_is_due_by_its_criticality() {
    for (registered, priority, deadline) in [
        ("2026-11-20 18:30", "normal", "2026-12-04 18:30"),
        ("2026-11-20 18:30", "high", "2026-11-23 18:30"),
        ("2026-11-20 18:30", "critical", "2026-11-21 18:30"),
        // Over the holidays, of which the regulation takes no notice here.
        ("2026-12-30 12:00", "normal", "2027-01-13 12:00"),
        ("2026-12-30 12:00", "high", "2027-01-02 12:00"),
        ("2026-12-30 12:00", "critical", "2026-12-31 12:00"),
    ] {
        let mut world = world(registered);
        let ticket = world.register(error(priority));
        assert_eq!(world.deadline(ticket, Metric::Resolution), deadline, "{registered}, {priority}");
    }
}

/// ZS-5c: 336 h are the default and the ceiling: no criticality gives more, and without a word of it there are 336.
#[test]
fn zs_5c_336_hours_are_the_default_and_the_ceiling() {
    const CEILING_MS: i64 = 336 * 3_600_000;
    let mut world = world("2026-11-23 10:00");
    let target_ms = |world: &World, ticket| world.clock(ticket, Metric::Resolution).term.target_ms;
    let ticket = world.register(request("portal", "error"));
    assert_eq!(target_ms(&world, ticket), Some(CEILING_MS));
    for priority in ["normal", "high", "critical"] {
        let ticket = world.register(error(priority));
        assert!(target_ms(&world, ticket).is_some_and(|ms| ms <= CEILING_MS), "{priority}");
    }
}

/// ZS-5c, R4: broken a millisecond after the fourteen days.
#[test]
fn zs_5c_an_error_breaches_after_336_hours() {
    let mut world = world("2026-11-20 18:30");
    let ticket = world.register(error("normal"));
    world.act(ticket, "take", json!({})).run_until("2026-12-04 18:30");
    assert_eq!((world.used(ticket, Metric::Resolution), world.counts().breached), ("336h".into(), 0));
    world.run_until("2026-12-04 18:30:00.001");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-12-04 18:30");
    assert_eq!(world.alarms(), ["1-breach-resolution-1 unacked"]);
    assert_eq!(world.counts().breached, 1);
}

/// ZS-5c, X-4: the wall warns a quarter of the term before: 84 h, three days and a half, before Friday 18:30.
#[test]
fn zs_5c_the_wall_warns_a_quarter_of_the_term_before() {
    let mut world = world("2026-11-20 18:30");
    let ticket = world.register(error("normal"));
    world.act(ticket, "take", json!({})).run_until("2026-12-01 06:29:59.999");
    assert_eq!(world.alarms(), [""; 0]);
    world.run_until("2026-12-01 06:30");
    assert_eq!(world.alarms(), ["1-due-soon-resolution-1 unacked"]);
    // The client is asked: the warning of what does not run any more goes, and so does the line on the wall.
    world.act(ticket, "ask", json!({ "text": "Какой лицевой счёт?" }));
    assert_eq!((world.alarms().len(), world.desk().upcoming().count()), (0, 0));
}

/// X-4, ZS-5: the wall lists what breaches next, the earliest first, and leaves out what stands still.
#[test]
fn zs_5c_the_wall_lists_what_breaches_next() {
    let mut world = world("2026-11-20 18:30");
    let normal = world.register(error("normal"));
    let high = world.register(error("high"));
    let paused = world.register(error("critical"));
    let question = world.register(consultation());
    for ticket in [normal, high, paused, question] {
        world.act(ticket, "take", json!({}));
    }
    world.act(paused, "ask", json!({ "text": "Что на экране?" }));
    let next: Vec<_> =
        world.desk().upcoming().map(|due| (due.ticket, due.metric, local(due.deadline))).collect();
    assert_eq!(
        next,
        [
            (question, Metric::Resolution, "2026-11-21 18:30".into()),
            (high, Metric::Resolution, "2026-11-23 18:30".into()),
            (normal, Metric::Resolution, "2026-12-04 18:30".into()),
        ]
    );
}

/// ZS-5c, R6: raised after more than the new term has gone: broken by the change, at its time.
#[test]
fn zs_5c_a_criticality_raised_too_late_breaches_at_the_change() {
    // Friday 18:30 to Sunday 00:30: 30 h used.
    let scene = |to: &str| {
        let mut world = world("2026-11-20 18:30");
        let ticket = world.register(error("normal"));
        world.run_until("2026-11-22 00:30");
        world.act(ticket, "priority", json!({ "to": to, "reason": "Не платит весь дом" }));
        (world, ticket)
    };
    let (world, ticket) = scene("critical");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-22 00:30");
    let (mut world, ticket) = scene("high");
    assert_eq!(world.breached(ticket, Metric::Resolution), "never");
    // 42 h are left of 72.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-23 18:30");
    // And back: 306 h are left of 336.
    world.act(ticket, "priority", json!({ "to": "normal", "reason": "Одна квартира" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-04 18:30");
    let to_high = json!({ "to": "high" });
    assert_eq!(world.refused(ticket, "priority", to_high), Refusal::field("reason", "is required"));
}

/// ZS-5c, R6: raised in the very moment in which 24 h are used: done in that moment is in time, a millisecond later not.
#[test]
fn zs_5c_a_criticality_raised_with_nothing_left_is_due_at_once() {
    let mut world = world("2026-11-20 18:30");
    let ticket = world.register(error("normal"));
    world.run_until("2026-11-21 18:30");
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "Не платит весь дом" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-21 18:30");
    assert_eq!(world.breached(ticket, Metric::Resolution), "never");
    world.run_until("2026-11-21 18:30:00.001");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-21 18:30");
}

/// ZS-5b, ZS-5c, R6: an error that turns out to be a question has its 24 h, from registration.
#[test]
fn zs_5b_an_error_reclassified_as_a_consultation_has_24_hours() {
    let mut world = world("2026-11-20 18:30");
    let ticket = world.register(error("normal"));
    world.run_until("2026-11-21 10:30").act(ticket, "classify", json!({ "type": "consultation" }));
    // 16 h used, 8 h left.
    assert_eq!(world.used(ticket, Metric::Resolution), "16h");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-21 18:30");
    // And a question that turns out to be an error has all of its fourteen days.
    world.act(ticket, "classify", json!({ "type": "error" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-04 18:30");
}

/// ZS-5c, R6, R7: not while the client tries the solution; when it has come back, the shorter term has the used time.
#[test]
fn zs_5c_a_criticality_cannot_be_raised_in_verification() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(error("normal"));
    world.run_until("2026-11-23 16:00").act(ticket, "resolve", json!({ "text": "Платёж проведён" }));
    let raised = || json!({ "to": "critical", "reason": "Не платит весь дом" });
    assert_eq!(world.refused(ticket, "priority", raised()).code(), "not-open");
    world.run_until("2026-11-25 16:00").act(ticket, "return", json!({ "reason": "Не помогло" }));
    world.act(ticket, "priority", raised());
    // 6 h used of 24: 18 h from Wednesday 16:00.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-26 10:00");
}
