//! Alarms: raised once for their cause, there until somebody took them or they are over.

use andon::desk::{AlarmKind, DeskAct, Metric, Refusal, Role};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::json;

use crate::getmark::{high, medium};

/// The room is warned an hour before a line's term ends and two before the total does.
///
/// High, line 2, Monday 10:00: the line's term ends at 18:00, the total on Tuesday at 13:00.
#[test]
fn a_warning_comes_before_the_deadline_and_goes_with_the_breach() {
    let mut world = World::getmark("2026-11-23 10:00");
    world.register(high("email"));
    world.run_until("2026-11-23 16:59:59.999");
    assert_eq!(world.alarms(), [""; 0]);
    world.run_until("2026-11-23 17:00");
    assert_eq!(world.alarms(), ["1-due-soon-line-1 unacked"]);
    assert_eq!((world.counts().due_soon, world.counts().breached), (1, 0));
    world.run_until("2026-11-23 18:00");
    assert_eq!(
        world.alarms(),
        ["1-due-soon-line-1 unacked"],
        "at the deadline itself nothing is broken (R4)"
    );
    world.run_until("2026-11-23 18:00:00.001");
    assert_eq!(world.alarms(), ["1-breach-line-1 unacked"]);
    assert_eq!((world.counts().due_soon, world.counts().breached), (0, 1));
    world.run_until("2026-11-24 11:00");
    assert_eq!(world.alarms(), ["1-breach-line-1 unacked", "1-due-soon-resolution-1 unacked"]);
    world.run_until("2026-11-24 13:00:00.001");
    assert_eq!(world.alarms(), ["1-breach-line-1 unacked", "1-breach-resolution-1 unacked"]);
    assert_eq!(world.counts().breached, 1, "one ticket, however many of its clocks");
}

/// A warning of something that did not come about needs nobody.
#[test]
fn a_warning_goes_when_the_ticket_is_answered_or_waits() {
    for (verb, body) in [
        ("resolve", json!({ "text": "Сделано" })),
        ("ask", json!({ "text": "Что на экране?" })),
        ("route", json!({ "line": 3 })),
        ("priority", json!({ "to": "low", "reason": "Терпит" })),
    ] {
        let mut world = World::getmark("2026-11-23 10:00");
        let ticket = world.register(high("email"));
        world.run_until("2026-11-23 17:30").act(ticket, verb, body);
        assert_eq!(world.alarms(), [""; 0], "{verb}");
        assert_eq!(world.counts().due_soon, 0);
    }
}

/// A clock that runs on with less left than the warning warns again, under the same id.
#[test]
fn a_clock_that_resumes_shortly_before_its_end_warns_at_once() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 17:30").act(ticket, "ask", json!({ "text": "Что на экране?" }));
    world.run_until("2026-11-24 09:00").act(ticket, "answer", json!({ "text": "Ничего" }));
    world.run_until("2026-11-24 09:00");
    assert_eq!(world.alarms(), ["1-due-soon-line-1 unacked"]);
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-24 09:30");
}

/// Acknowledged, and then its cause is over: gone.
#[test]
fn an_acknowledged_alarm_goes_with_its_cause() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 19:00").as_agent("ivanova", &[2]).ack("1-breach-line-1");
    assert_eq!(world.alarms(), ["1-breach-line-1 acked"]);
    assert_eq!(world.alarm("1-breach-line-1").acked_by.as_deref(), Some("ivanova"));
    world.run_until("2026-11-24 10:00").act(ticket, "route", json!({ "line": 3 }));
    assert_eq!(world.alarms(), [""; 0]);
}

/// Over without anybody having taken it: it stays to be seen until somebody has.
#[test]
fn an_alarm_that_nobody_took_stays_until_somebody_does() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 19:00").act(ticket, "route", json!({ "line": 3 }));
    assert_eq!(world.alarms(), ["1-breach-line-1 cleared-unacked"]);
    assert_eq!(world.counts().breached, 0, "line 2 owes nothing any more");
    world.ack("1-breach-line-1");
    assert_eq!(world.alarms(), [""; 0]);
}

/// A closed ticket needs nobody: its alarms go with it, also those that nobody took.
#[test]
fn an_alarm_that_nobody_took_goes_with_the_closed_ticket() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-25 12:00").act(ticket, "resolve", json!({ "text": "Сделано" }));
    assert_eq!(world.alarms(), ["1-breach-line-1 cleared-unacked", "1-breach-resolution-1 cleared-unacked"]);
    world.act(ticket, "confirm", json!({}));
    assert_eq!(world.alarms(), [""; 0]);
    assert_eq!(world.desk().alarms_total(), 0);
}

/// What nobody has taken stands before what somebody has; the worst first, then the oldest.
#[test]
fn the_alarms_of_the_wall_are_in_order_of_urgency() {
    let mut world = World::getmark("2026-11-23 10:00");
    world.register(high("email"));
    world.run_until("2026-11-23 11:00");
    let second = world.register(high("phone"));
    world.run_until("2026-11-23 19:00");
    // Line 1's 4 h of the second ended at 15:00, line 2's 8 h of the first at 18:00.
    assert_eq!(world.alarms(), ["2-breach-line-1 unacked", "1-breach-line-1 unacked"]);
    world.act(second, "priority", json!({ "to": "critical", "reason": "Не работает ничего" }));
    let critical = format!("2-critical-{}", world.now().millis());
    world.ack("2-breach-line-1");
    assert_eq!(
        world.alarms(),
        [format!("{critical} unacked"), "1-breach-line-1 unacked".into(), "2-breach-line-1 acked".into()]
    );
}

/// The same millisecond ends two clocks of one ticket: two breaches, each of its own clock.
///
/// High by phone on Monday at 10:00, to line 2 at 14:00: 4 h used, and of both the total and line 2's term 8 h are left.
#[test]
fn two_clocks_that_end_in_the_same_millisecond_are_two_breaches() {
    for off in [false, true] {
        let mut world = World::getmark("2026-11-23 10:00");
        let ticket = world.register(high("phone"));
        world.run_until("2026-11-23 14:00").act(ticket, "route", json!({ "line": 2 }));
        assert_eq!(world.breached(ticket, Metric::Line), "never", "routed at the line's own deadline: met");
        // 4 h on Monday, 4 h on Tuesday.
        assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 13:00");
        assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-24 13:00");
        let until = "2026-11-24 13:00:00.001";
        if off {
            world.sleep_until(until)
        } else {
            world.run_until(until)
        };
        assert_eq!(world.alarms(), ["1-breach-line-2 unacked", "1-breach-resolution-1 unacked"]);
        for id in ["1-breach-line-2", "1-breach-resolution-1"] {
            assert_eq!(local(world.alarm(id).since), "2026-11-24 13:00");
        }
    }
}

/// Settling when nothing is due, or twice, does nothing.
#[test]
fn an_alarm_is_raised_once_however_often_the_desk_is_asked() {
    let mut world = World::getmark("2026-11-23 10:00");
    world.register(high("email"));
    world.run_until("2026-11-25 12:00");
    let before = world.entries().len();
    for _ in 0..3 {
        assert_eq!(world.desk().due(world.now()), None);
        world.run_until("2026-11-25 12:00").sleep_until("2026-11-25 12:00");
    }
    assert_eq!(world.entries().len(), before);
    world.sleep_until("2026-12-25 12:00");
    assert_eq!(world.entries().len(), before, "a breached clock has nothing more to come");
}

/// An acknowledgement is an agent's, of an alarm there is; a second one changes nothing.
#[test]
fn acknowledging_is_for_agents_and_changes_an_alarm_once() {
    let mut world = World::getmark("2026-11-23 10:00");
    world.register(high("email"));
    world.run_until("2026-11-23 19:00");
    let ack = || DeskAct::AckAlarm("1-breach-line-1".to_owned());
    world.as_requester();
    assert_eq!(world.try_desk(ack()).unwrap_err().code(), "forbidden");
    world.as_role("wall", Role::Viewer, &[]);
    assert_eq!(world.try_desk(ack()).unwrap_err().code(), "forbidden");
    world.as_agent("ivanova", &[2]).ack("1-breach-line-1");
    let before = world.entries().len();
    world.as_agent("sidorov", &[2]).ack("1-breach-line-1");
    assert_eq!(world.entries().len(), before);
    assert_eq!(world.alarm("1-breach-line-1").acked_by.as_deref(), Some("ivanova"));
    assert_eq!(
        world.try_desk(DeskAct::AckAlarm("9-breach-line-1".to_owned())),
        Err(Refusal::NotFound { what: "alarm", id: "9-breach-line-1".to_owned() })
    );
}

/// A part of the box that fails is an alarm of its own, once for its cause, however often it is told.
#[test]
fn a_part_that_fails_is_one_alarm_until_it_works_again() {
    let failed = |text: &str| DeskAct::PartFailed {
        kind: AlarmKind::Panel,
        part: "spi0".to_owned(),
        text: text.to_owned(),
    };
    let works = || DeskAct::PartWorks { kind: AlarmKind::Panel, part: "spi0".to_owned() };
    let mut world = World::getmark("2026-11-23 10:00");
    world.try_desk(works()).unwrap();
    assert_eq!(world.entries().len(), 0, "what never failed does not come back");
    for _ in 0..3 {
        world.try_desk(failed("no answer")).unwrap();
    }
    assert_eq!((world.alarms(), world.entries().len()), (vec!["panel-spi0 unacked".to_owned()], 1));
    world.run_until("2026-11-23 11:00").try_desk(works()).unwrap();
    assert_eq!(world.alarms(), ["panel-spi0 cleared-unacked"]);
    world.try_desk(failed("no answer")).unwrap();
    assert_eq!(world.alarms(), ["panel-spi0 unacked"]);
    assert_eq!(local(world.alarm("panel-spi0").since), "2026-11-23 11:00", "it failed anew");
    world.ack("panel-spi0").try_desk(works()).unwrap();
    assert_eq!(world.alarms(), [""; 0]);
}

/// A medium ticket's warning of the total comes two working hours before, over a night.
#[test]
fn a_warning_counts_back_in_working_hours() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    // It ends on Thursday 3 December at 10:00, an hour into the day; two hours before that is Wednesday 17:00.
    world.run_until("2026-12-02 16:59");
    assert!(!world.clock(ticket, Metric::Resolution).warned);
    world.run_until("2026-12-02 17:00");
    assert!(world.clock(ticket, Metric::Resolution).warned);
}
