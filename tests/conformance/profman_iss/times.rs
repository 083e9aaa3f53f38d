//! When support works, what it measures in that time, and what it does not promise.

use andon::desk::clocks::ClockState;
use andon::desk::{Metric, Regulation, Role};
use andon_tests::World;
use andon_tests::time::local;
use andon_tests::world::{shipped, shipped_text};
use serde_json::json;

use super::{request, with, world};

/// PM-C4a: working days, 9:00–18:00 Moscow time: nine hours on each.
#[test]
fn pm_c4a_support_counts_nine_hours_on_each_working_day() {
    for (from, days) in [
        (
            // Monday, the eve, the holiday, Thursday, Friday, the weekend.
            "2026-11-02 00:00",
            &[
                ("2026-11-02 09:00", 0),
                ("2026-11-03 00:00", 9),
                ("2026-11-04 00:00", 18),
                ("2026-11-05 00:00", 18),
                ("2026-11-06 00:00", 27),
                ("2026-11-07 00:00", 36),
                ("2026-11-09 09:00", 36),
            ][..],
        ),
        // The last working day of the year, and the first of the next.
        ("2026-12-30 00:00", &[("2026-12-31 00:00", 9), ("2027-01-11 09:00", 9), ("2027-01-12 00:00", 18)]),
        // The moved Saturday; its Monday and the holiday are off.
        ("2027-02-20 00:00", &[("2027-02-21 00:00", 9), ("2027-02-24 09:00", 9), ("2027-02-25 00:00", 18)]),
    ] {
        let mut world = world(from);
        let ticket = world.register(request("email"));
        for (until, hours) in days {
            world.run_until(until);
            let used_ms = world.used_ms(world.clock(ticket, Metric::Reaction));
            assert_eq!(used_ms, hours * 3_600_000, "by {until}");
        }
    }
}

/// PM-C4a: half-open: 17:59 counts, 18:00 does not, 09:00 does.
#[test]
fn pm_c4a_the_minute_before_closing_counts_and_the_closing_minute_does_not() {
    let mut world = world("2026-11-20 17:59");
    let ticket = world.register(request("email"));
    world.run_until("2026-11-20 18:01");
    assert_eq!(world.used(ticket, Metric::Reaction), "1m");
    world.run_until("2026-11-23 09:00:00.001");
    assert_eq!(world.used(ticket, Metric::Reaction), "1m1ms");
}

/// PM-C4a: what comes in by itself at night is registered at night; it is taken when support opens.
#[test]
fn pm_c4a_a_request_of_the_night_counts_from_the_morning() {
    let mut world = world("2026-11-21 03:17");
    let ticket = world.as_role("gateway", Role::Intake, &[]).register(request("email"));
    assert_eq!(local(world.ticket(ticket).registered_at), "2026-11-21 03:17");
    world.run_until("2026-11-23 09:00");
    assert_eq!(world.used(ticket, Metric::Reaction), "0s");
}

/// PM-C4b: reaction time counts working time only: not the weekend, not the holidays.
#[test]
fn pm_c4b_reaction_counts_working_time_only() {
    for (registered, replied, used) in [
        // Friday's last hour and a half, Monday's first hour.
        ("2026-11-20 16:30", "2026-11-23 10:00", "2h30m"),
        // The eve's last hour, nothing of the holiday, Thursday's half hour.
        ("2026-11-03 17:00", "2026-11-05 09:30", "1h30m"),
        // Half an hour of 30 December, half an hour of 11 January.
        ("2026-12-30 17:30", "2027-01-11 09:30", "1h"),
        // An hour of Friday, all of the moved Saturday, an hour of Wednesday.
        ("2027-02-19 17:00", "2027-02-24 10:00", "11h"),
        // On a day off altogether.
        ("2026-11-21 12:00", "2026-11-22 12:00", "0s"),
    ] {
        let mut world = world(registered);
        let ticket = world.register(request("email"));
        world.run_until(replied).act(ticket, "reply", json!({ "text": "Разбираемся" }));
        assert_eq!(world.used(ticket, Metric::Reaction), used, "from {registered}");
        assert_eq!(world.state(ticket, Metric::Reaction), ClockState::Stopped);
        world.run_until("2027-03-01 12:00");
        assert_eq!(world.used(ticket, Metric::Reaction), used, "and no more");
    }
}

/// PM-C4b: a reaction is the first words to the client or the leaving of «Новое»; what the client does not see is none.
#[test]
fn pm_c4b_what_a_reaction_is() {
    for (verb, body, stops) in [
        ("reply", json!({ "text": "Разбираемся" }), true),
        ("ask", json!({ "text": "Какая версия?" }), true),
        ("take", json!({}), true),
        ("status", json!({ "to": "in-progress" }), true),
        ("defer", json!({ "reason": "badly-put" }), true),
        ("resolve", json!({ "text": "Обновите" }), true),
        ("refuse", json!({ "reason": "custom-code" }), true),
        ("close", json!({ "reason": "Дубль" }), true),
        ("reply", json!({ "text": "Похоже на вчерашнее", "internal": true }), false),
        ("assign", json!({ "agent": "ivanova" }), false),
        ("priority", json!({ "to": "high", "reason": "Склад стоит" }), false),
        ("answer", json!({ "text": "Ну что там?" }), false),
    ] {
        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(request("email"));
        world.run_until("2026-11-23 11:00").act(ticket, verb, body.clone());
        world.run_until("2026-11-23 12:00");
        let used = if stops { "1h" } else { "2h" };
        assert_eq!(world.used(ticket, Metric::Reaction), used, "{verb} {body}");
    }
}

/// PM-C4b: the regulation gives the reaction no figure: it is measured, and nothing can be broken; the file says that the
/// figure is the site's.
#[test]
fn pm_c4b_no_reaction_is_promised() {
    let mut world = world("2026-11-20 16:30");
    let ticket = world.register(with(request("email"), "/priority", json!("high")));
    world.ack("1-critical-1").run_until("2027-06-30 10:00");
    assert_eq!(world.deadline(ticket, Metric::Reaction), "none");
    assert_eq!(world.breached(ticket, Metric::Reaction), "never");
    assert_eq!((world.counts().breached, world.counts().due_soon), (0, 0));
    assert_eq!(world.desk().upcoming().count(), 0);
    let regulation = shipped("profman-iss");
    let reaction = regulation.clock(Metric::Reaction).expect("the clock");
    assert!(reaction.targets.iter().all(|target| target.site));
}

/// PM-C4b: a site that promises a reaction writes its figure in, and that counts working time.
#[test]
fn pm_c4b_a_site_may_promise_a_reaction() {
    let text = shipped_text("profman-iss");
    assert_eq!(text.matches("term = \"none\"").count(), 1);
    let text = text.replace("term = \"none\"", "term = \"4h\"");
    let regulation = Regulation::parse("ours.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let mut world = World::under(regulation, "2026-11-20 16:30");
    let ticket = world.register(request("email"));
    // An hour and a half on Friday, two and a half on Monday.
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 11:30");
    world.run_until("2026-11-23 11:30:00.001");
    assert_eq!(world.breached(ticket, Metric::Reaction), "2026-11-23 11:30");
    assert_eq!(world.alarms(), ["1-breach-reaction-1 unacked"]);
}

/// PM-C4b: resolution is not promised: whatever happens there is no clock of it, and nothing to estimate or extend. The
/// ticket shows since when it is there.
#[test]
fn pm_c4b_no_resolution_is_ever_promised() {
    let mut world = world("2026-11-20 16:30");
    let ticket = world.register(with(request("email"), "/priority", json!("high")));
    for (verb, body) in [
        ("take", json!({})),
        ("ask", json!({ "text": "Какая версия?" })),
        ("answer", json!({ "text": "2.1" })),
        ("priority", json!({ "to": "normal", "reason": "Есть обходной путь" })),
        ("classify", json!({ "type": "suggestion" })),
        ("defer", json!({ "reason": "needs-development" })),
        ("take", json!({})),
    ] {
        world.act(ticket, verb, body);
        let view = andon::desk::view::ticket(world.ticket(ticket), world.desk().regulations(), world.now());
        let metrics: Vec<_> = view.clocks.iter().map(|clock| clock.metric).collect();
        assert_eq!(metrics, [Metric::Reaction], "after {verb}");
        assert_eq!(view.registered_at, "2026-11-20T16:30:00.000+03:00");
    }
    let deadline = "2026-12-14T18:00:00+03:00";
    assert_eq!(world.refused(ticket, "estimate", json!({ "deadline": deadline })).code(), "no-estimate");
    let longer = json!({ "deadline": deadline, "reason": "Сложно", "text": "Разбираемся" });
    assert_eq!(world.refused(ticket, "extend", longer).code(), "not-in-regulation");
    world.run_until("2027-11-20 16:30");
    assert_eq!((world.counts().breached, world.desk().upcoming().count()), (0, 0));
}
