//! The hours, and the reaction in them.

use andon::desk::Metric;
use andon::desk::clocks::ClockState;
use andon_tests::World;
use serde_json::{Value, json};

use super::{request, world};

/// The deadlines of a reaction, each from a registration at a time.
fn check(priority: &str, scenes: &[(&str, &str)]) {
    for (registered, deadline) in scenes {
        let mut world = world(registered);
        let ticket = world.register(request(priority));
        assert_eq!(world.deadline(ticket, Metric::Reaction), *deadline, "{priority} at {registered}");
    }
}

/// BC-1: critical: 30 minutes of working time.
#[test]
fn bc_1_critical_is_reacted_to_in_30_working_minutes() {
    check(
        "critical",
        &[
            ("2026-11-23 10:00", "2026-11-23 10:30"),
            // To the close itself, not to the next morning (R1).
            ("2026-11-23 17:00", "2026-11-23 17:30"),
            // 10 minutes on Friday, 20 on Monday.
            ("2026-11-20 17:20", "2026-11-23 08:50"),
            // 10 minutes on Tuesday, a short day that is not shortened; Wednesday is a holiday; 20 minutes on Thursday.
            ("2026-11-03 17:20", "2026-11-05 08:50"),
            // 10 minutes on the last working day of the year, 20 on the first of the next.
            ("2026-12-30 17:20", "2027-01-11 08:50"),
            // The Saturday is worked.
            ("2027-02-19 17:20", "2027-02-20 08:50"),
            // 10 minutes on that Saturday; Monday and Tuesday are off.
            ("2027-02-20 17:20", "2027-02-24 08:50"),
            // A Saturday night: all of it on Monday.
            ("2026-11-21 03:00", "2026-11-23 09:00"),
        ],
    );
}

/// BC-1: high: 2 hours.
#[test]
fn bc_1_high_is_reacted_to_in_2_working_hours() {
    check(
        "high",
        &[
            ("2026-11-23 10:00", "2026-11-23 12:00"),
            ("2026-11-23 15:30", "2026-11-23 17:30"),
            // 10 minutes, and 1 h 50 from 08:30.
            ("2026-11-20 17:20", "2026-11-23 10:20"),
            ("2026-12-30 16:30", "2027-01-11 09:30"),
            ("2027-02-19 17:20", "2027-02-20 10:20"),
        ],
    );
}

/// BC-1: middle and low: 4 hours.
#[test]
fn bc_1_medium_and_low_are_reacted_to_in_4_working_hours() {
    for priority in ["medium", "low"] {
        check(
            priority,
            &[
                ("2026-11-23 10:00", "2026-11-23 14:00"),
                ("2026-11-23 13:30", "2026-11-23 17:30"),
                // 10 minutes, and 3 h 50 from 08:30.
                ("2026-11-20 17:20", "2026-11-23 12:20"),
                ("2026-11-03 17:20", "2026-11-05 12:20"),
                ("2026-12-30 17:20", "2027-01-11 12:20"),
            ],
        );
    }
}

/// BC-1: the promise is for incidents and consultations alike.
#[test]
fn bc_1_the_type_makes_no_difference() {
    let mut world = world("2026-11-20 17:20");
    let mut body = request("high");
    body["type"] = json!("consultation");
    let ticket = world.register(body);
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 10:20");
}

/// BC-1, R4: broken when the time is over and not before; the breach bears the deadline's own time.
///
/// Critical on Friday at 17:20: until Monday 08:50.
#[test]
fn bc_1_a_late_reaction_is_a_breach_at_the_deadlines_own_time() {
    for off in [false, true] {
        let mut world = world("2026-11-20 17:20");
        let ticket = world.register(request("critical"));
        world.run_until("2026-11-23 08:50");
        assert_eq!(world.breached(ticket, Metric::Reaction), "never");
        assert_eq!(world.counts().breached, 0);
        let until = "2026-11-23 12:00";
        if off {
            world.sleep_until(until)
        } else {
            world.run_until(until)
        };
        assert_eq!(world.breached(ticket, Metric::Reaction), "2026-11-23 08:50");
        assert_eq!(world.alarms(), ["1-critical-1 unacked", "1-breach-reaction-1 unacked"]);
        assert_eq!(world.counts().breached, 1);
    }
}

/// BC-1: the room is warned when a quarter of the time is left: of 30 minutes, 7 and a half; of 4 hours, one.
#[test]
fn bc_1_the_room_is_warned_before_the_reaction_is_late() {
    let mut world = world("2026-11-23 10:00");
    world.register(request("critical"));
    world.register(request("low"));
    world.run_until("2026-11-23 10:22:29.999");
    assert_eq!(world.alarms(), ["1-critical-1 unacked"]);
    world.run_until("2026-11-23 10:22:30");
    assert_eq!(world.alarms(), ["1-critical-1 unacked", "1-due-soon-reaction-1 unacked"]);
    world.run_until("2026-11-23 13:00");
    assert_eq!(
        world.alarms(),
        ["1-critical-1 unacked", "1-breach-reaction-1 unacked", "2-due-soon-reaction-1 unacked"]
    );
}

/// BC-1: words to the client, work begun, an answer or a refusal are a reaction; what only the desk sees is none.
#[test]
fn bc_1_what_is_a_reaction() {
    let scene = |verb: &str, body: Value| -> (World, ClockState, String) {
        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(request("medium"));
        world.run_until("2026-11-23 11:15").act(ticket, verb, body);
        let (state, used) = (world.state(ticket, Metric::Reaction), world.used(ticket, Metric::Reaction));
        (world, state, used)
    };
    for (verb, body) in [
        ("reply", json!({ "text": "Смотрим" })),
        ("ask", json!({ "text": "На каком узле?" })),
        ("take", json!({})),
        ("status", json!({ "to": "in-progress" })),
        ("resolve", json!({ "text": "Очистите кэш", "source": "own-product" })),
        ("refuse", json!({ "reason": "client-hardware" })),
        ("close", json!({ "reason": "Дубликат" })),
    ] {
        let (mut world, state, used) = scene(verb, body);
        assert_eq!((state, used.as_str()), (ClockState::Stopped, "1h15m"), "{verb}");
        world.run_until("2026-11-23 17:30");
        assert_eq!(world.counts().breached, 0, "{verb}");
    }
    for (verb, body) in [
        ("reply", json!({ "text": "Кто возьмёт?", "internal": true })),
        ("assign", json!({ "agent": "ivanova" })),
        ("classify", json!({ "type": "consultation" })),
        ("answer", json!({ "text": "И ещё вот что" })),
    ] {
        let (mut world, state, _) = scene(verb, body);
        assert_eq!(state, ClockState::Running, "{verb}");
        world.run_until("2026-11-23 17:30");
        assert_eq!(world.counts().breached, 1, "{verb}");
    }
}

/// BC-1: a reaction is given once; a ticket that comes back does not ask for another.
#[test]
fn bc_1_a_returned_ticket_has_been_reacted_to() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("critical"));
    world.run_until("2026-11-23 10:30");
    world.act(ticket, "resolve", json!({ "text": "Готово", "source": "own-product" }));
    world.run_until("2026-11-24 10:00").as_requester().act(ticket, "return", json!({ "reason": "Нет" }));
    world.run_until("2026-11-25 17:30");
    assert_eq!(world.state(ticket, Metric::Reaction), ClockState::Stopped);
    assert_eq!(world.breached(ticket, Metric::Reaction), "never");
}

/// BC-1, R6: raised after more than its time, the reaction is late at once; lowered, it keeps what it has used.
#[test]
fn bc_1_another_priority_gives_another_time_of_which_the_used_is_used() {
    let mut raised = world("2026-11-23 10:00");
    let ticket = raised.register(request("medium"));
    raised.run_until("2026-11-23 11:00");
    raised.act(ticket, "priority", json!({ "to": "critical", "reason": "Никто не может войти" }));
    assert_eq!(raised.breached(ticket, Metric::Reaction), "2026-11-23 11:00");
    assert_eq!(raised.alarms(), ["1-critical-1 unacked", "1-breach-reaction-1 unacked"]);

    let mut lowered = world("2026-11-20 17:20");
    let ticket = lowered.register(request("critical"));
    // 10 minutes on Friday, 15 on Monday.
    lowered.run_until("2026-11-23 08:45");
    lowered.act(ticket, "priority", json!({ "to": "high", "reason": "Вход работает" }));
    assert_eq!(lowered.used(ticket, Metric::Reaction), "25m");
    // 1 h 35 from 08:45.
    assert_eq!(lowered.deadline(ticket, Metric::Reaction), "2026-11-23 10:20");
    assert_eq!(lowered.breached(ticket, Metric::Reaction), "never");
}

/// BC-2: Monday to Friday 08:30–17:30, Moscow time; holidays off, moved days worked.
#[test]
fn bc_2_nine_hours_are_counted_on_every_working_day() {
    let scenes: [(&str, &[(&str, i64)]); 3] = [
        // Monday, the eve (not shortened), the holiday, Thursday, Friday, the weekend.
        (
            "2026-11-02 00:00",
            &[
                ("2026-11-02 08:30", 0),
                ("2026-11-03 00:00", 9),
                ("2026-11-04 00:00", 18),
                ("2026-11-05 00:00", 18),
                ("2026-11-06 00:00", 27),
                ("2026-11-07 00:00", 36),
                ("2026-11-09 08:30", 36),
            ],
        ),
        // The last working day of 2026, and the first of 2027.
        ("2026-12-30 00:00", &[("2026-12-31 00:00", 9), ("2027-01-11 08:30", 9), ("2027-01-12 00:00", 18)]),
        // The worked Saturday, the Monday that is off for it, the holiday, Wednesday.
        ("2027-02-20 00:00", &[("2027-02-21 00:00", 9), ("2027-02-24 08:30", 9), ("2027-02-25 00:00", 18)]),
    ];
    for (registered, checks) in scenes {
        let mut world = world(registered);
        let ticket = world.register(request("low"));
        for (until, hours) in checks {
            world.run_until(until);
            let used_ms = world.used_ms(world.clock(ticket, Metric::Resolution));
            assert_eq!(used_ms, hours * 3_600_000, "by {until}");
        }
    }
}

/// BC-2: UTC+03:00: the minute before 17:30 counts, the minute after does not, and 08:30 in Moscow is 05:30 UTC.
#[test]
fn bc_2_the_hours_are_those_of_moscow() {
    let mut world = world("2026-11-23T14:29:00Z");
    let ticket = world.register(request("low"));
    world.run_until("2026-11-23T14:31:00Z");
    assert_eq!(world.used(ticket, Metric::Resolution), "1m");
    world.run_until("2026-11-24T05:30:00Z");
    assert_eq!(world.used(ticket, Metric::Resolution), "1m");
    world.run_until("2026-11-24T05:30:00.001Z");
    assert_eq!(world.used(ticket, Metric::Resolution), "1m1ms");
}
