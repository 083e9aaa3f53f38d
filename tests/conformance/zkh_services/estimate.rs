//! ZS-5d: the term of Доработка follows from the effort estimate.

use andon::desk::clocks::{ClockState, Planned};
use andon::desk::view;
use andon::desk::{Event, Metric, Refusal, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::{Value, json};

use super::{enhancement, error, request, world};

/// An enhancement of Friday 2026-11-20 18:30, taken at once.
fn taken() -> (World, TicketNumber) {
    let mut world = world("2026-11-20 18:30");
    let ticket = world.register(enhancement());
    world.act(ticket, "take", json!({}));
    (world, ticket)
}

/// An estimate of a local time, `2026-12-14T19:00`.
fn until(deadline: &str) -> Value {
    json!({ "deadline": format!("{deadline}:00+03:00") })
}

/// ZS-5d: until there is an estimate, there is a clock without a term, which no time makes overdue.
#[test]
fn zs_5d_without_an_estimate_it_is_never_overdue() {
    let (mut world, ticket) = taken();
    assert_eq!(world.state(ticket, Metric::Resolution), ClockState::Running);
    for until in ["2026-11-20 18:30", "2026-12-04 18:30", "2027-11-20 18:30"] {
        world.run_until(until);
        assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
        assert_eq!(world.breached(ticket, Metric::Resolution), "never");
        assert_eq!((world.counts().breached, world.counts().due_soon), (0, 0));
        assert_eq!(world.alarms(), [""; 0]);
        assert_eq!(world.desk().upcoming().count(), 0, "nor does the wall list it");
    }
    // 365 days of 24 h: it shows its age all the same.
    assert_eq!(world.used(ticket, Metric::Resolution), "8760h");
}

/// ZS-5d: on the list it has no term, which is null and not some far day.
#[test]
fn zs_5d_without_an_estimate_it_shows_no_term() {
    let (world, ticket) = taken();
    let view = view::ticket(world.ticket(ticket), world.desk().regulations(), world.now());
    let clock = view.clocks.iter().find(|clock| clock.metric == Metric::Resolution).expect("the clock");
    assert_eq!((clock.target_seconds, clock.deadline.as_deref(), clock.breached), (None, None, false));
    assert_eq!(clock.clause.as_deref(), Some("ZS-5d"));
}

/// ZS-5d: then that: the instant that the agent gave is the deadline.
#[test]
fn zs_5d_the_estimate_is_the_deadline() {
    let (mut world, ticket) = taken();
    world.run_until("2026-11-23 11:00").act(ticket, "estimate", until("2026-12-14T19:00"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-14 19:00");
    let clock = world.clock(ticket, Metric::Resolution);
    // From registration: 24 days and half an hour.
    assert_eq!(clock.term.target_ms, Some(34_590 * 60_000));
    assert_eq!((clock.planned, clock.term.clause.as_deref()), (Some(Planned::Estimated), Some("ZS-5d")));
    // Friday 18:30 to Monday 11:00.
    assert_eq!(world.used(ticket, Metric::Resolution), "64h30m");
    let next: Vec<_> = world.desk().upcoming().map(|due| (due.ticket, local(due.deadline))).collect();
    assert_eq!(next, [(ticket, "2026-12-14 19:00".to_owned())]);
}

/// ZS-5d: the hours run round the clock, so any instant ahead can be the term: a Sunday night, a holiday.
#[test]
fn zs_5d_an_estimate_may_end_on_a_day_off() {
    for (given, deadline) in
        [("2026-11-22T03:00", "2026-11-22 03:00"), ("2027-01-05T12:00", "2027-01-05 12:00")]
    {
        let (mut world, ticket) = taken();
        world.act(ticket, "estimate", until(given));
        assert_eq!(world.deadline(ticket, Metric::Resolution), deadline);
        world.run_until("2027-01-11 10:00");
        assert_eq!(world.breached(ticket, Metric::Resolution), deadline);
    }
}

/// ZS-5d, R4: it breaches at the estimate, whenever that is noticed.
#[test]
fn zs_5d_an_estimate_that_passes_is_a_breach() {
    for off in [false, true] {
        let (mut world, ticket) = taken();
        world.run_until("2026-11-23 11:00").act(ticket, "estimate", until("2026-12-14T19:00"));
        world.run_until("2026-12-14 19:00");
        assert_eq!(
            (world.breached(ticket, Metric::Resolution), world.counts().breached),
            ("never".into(), 0)
        );
        if off {
            world.sleep_until("2026-12-16 10:00")
        } else {
            world.run_until("2026-12-14 19:00:00.001")
        };
        assert_eq!(world.breached(ticket, Metric::Resolution), "2026-12-14 19:00");
        assert_eq!(world.alarms(), ["1-breach-resolution-1 unacked"]);
        assert_eq!(local(world.alarm("1-breach-resolution-1").since), "2026-12-14 19:00");
        assert_eq!(world.counts().breached, 1);
    }
}

/// ZS-5d, X-4: a quarter of the term before its end the wall warns. 576.5 h make 144 h and 7½ minutes.
#[test]
fn zs_5d_the_wall_warns_of_an_estimate() {
    let (mut world, ticket) = taken();
    world.run_until("2026-11-23 11:00").act(ticket, "estimate", until("2026-12-14T19:00"));
    // 14 December 19:00 less six days, less 7:30.
    world.run_until("2026-12-08 18:52:29.999");
    assert_eq!(world.alarms(), [""; 0]);
    world.run_until("2026-12-08 18:52:30");
    assert_eq!(world.alarms(), ["1-due-soon-resolution-1 unacked"]);
}

/// ZS-5d, R8: another estimate is another promise: it needs a reason, which the record keeps; it may be later or sooner.
#[test]
fn zs_5d_a_second_estimate_needs_a_reason() {
    for (given, deadline) in
        [("2026-12-28T19:00", "2026-12-28 19:00"), ("2026-11-30T19:00", "2026-11-30 19:00")]
    {
        let (mut world, ticket) = taken();
        world.act(ticket, "estimate", until("2026-12-14T19:00"));
        world.run_until("2026-11-24 10:00");
        assert_eq!(world.refused(ticket, "estimate", until(given)), Refusal::field("reason", "is required"));
        assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-14 19:00");
        let mut body = until(given);
        body["reason"] = json!("Уточнили объём");
        world.act(ticket, "estimate", body);
        assert_eq!(world.deadline(ticket, Metric::Resolution), deadline);
        let reasons: Vec<_> = world
            .history(ticket)
            .filter_map(|(_, event)| match event {
                Event::Estimated { reason, .. } => Some(reason.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(reasons, [None, Some("Уточнили объём".to_owned())]);
    }
}

/// ZS-5d, R7: while it waits for the client the estimate stands still with the clock.
#[test]
fn zs_5d_an_estimate_moves_by_the_time_waited() {
    let (mut world, ticket) = taken();
    world.run_until("2026-11-23 11:00").act(ticket, "estimate", until("2026-12-14T19:00"));
    world.run_until("2026-11-24 11:00").act(ticket, "status", json!({ "to": "payment" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
    world.run_until("2026-11-27 11:00").act(ticket, "status", json!({ "to": "in-progress" }));
    // Three days.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-17 19:00");
}

/// ZS-5d, R7: estimated while it waits, it has that term from when the work goes on.
#[test]
fn zs_5d_an_estimate_given_while_waiting_begins_with_the_work() {
    let (mut world, ticket) = taken();
    world.run_until("2026-11-23 11:00").act(ticket, "ask", json!({ "text": "Какой отчёт?" }));
    world.run_until("2026-11-23 12:00").act(ticket, "estimate", until("2026-12-14T19:00"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
    assert_eq!(world.desk().upcoming().count(), 0);
    world.run_until("2026-11-24 12:00").as_requester();
    world.act(ticket, "answer", json!({ "text": "По домам" }));
    // One day after the estimate was given.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-15 19:00");
}

/// ZS-5d: only where the term follows from an estimate is there one to give.
#[test]
fn zs_5d_no_other_type_is_estimated() {
    let mut world = world("2026-11-23 10:00");
    for (kind, title) in [("error", "error"), ("consultation", "consultation")] {
        let ticket = world.register(request("employee", kind));
        let deadline = world.deadline(ticket, Metric::Resolution);
        let refusal = world.refused(ticket, "estimate", until("2026-12-14T19:00"));
        assert_eq!(refusal.code(), "no-estimate");
        assert_eq!(
            refusal.to_string(),
            format!(
                "the term of a ticket of type `{title}` does not follow from an estimate in regulation zkh-services"
            )
        );
        assert_eq!(world.deadline(ticket, Metric::Resolution), deadline);
    }
}

/// ZS-5d: an estimate lies ahead, and says when.
#[test]
fn zs_5d_an_estimate_in_the_past_is_refused() {
    let (mut world, ticket) = taken();
    world.run_until("2026-11-23 11:00");
    let past = || Refusal::field("deadline", "is past; a planned term lies ahead");
    assert_eq!(world.refused(ticket, "estimate", until("2026-11-23T10:59")), past());
    assert_eq!(world.refused(ticket, "estimate", until("2026-11-23T11:00")), past());
    assert_eq!(
        world.refused(ticket, "estimate", json!({})),
        Refusal::field("deadline", "is required, such as 2026-11-30T18:00:00+03:00")
    );
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
    world.act(ticket, "estimate", until("2026-11-23T11:01"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-23 11:01");
}

/// ZS-5d: by an agent, and while there is work to estimate.
#[test]
fn zs_5d_who_estimates_and_when() {
    let (mut world, ticket) = taken();
    world.as_requester();
    assert_eq!(world.refused(ticket, "estimate", until("2026-12-14T19:00")).code(), "forbidden");
    world.as_agent("ivanova", &[1]).act(ticket, "resolve", json!({ "text": "Отчёт добавлен" }));
    assert_eq!(world.refused(ticket, "estimate", until("2026-12-14T19:00")).code(), "not-open");
    world.act(ticket, "close", json!({ "reason": "Принято" }));
    assert_eq!(world.refused(ticket, "estimate", until("2026-12-14T19:00")).code(), "closed");
}

/// ZS-5c, ZS-5d, R6: what turns out to be an error has 336 h, from registration; an estimate given before is void.
#[test]
fn zs_5d_an_enhancement_reclassified_as_an_error_has_its_336_hours() {
    for estimated in [false, true] {
        let (mut world, ticket) = taken();
        if estimated {
            world.act(ticket, "estimate", until("2027-02-20T19:00"));
        }
        world.run_until("2026-11-25 18:30").act(ticket, "classify", json!({ "type": "error" }));
        // 5 days, 120 h, are used of 14 days.
        assert_eq!(world.used(ticket, Metric::Resolution), "120h");
        assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-04 18:30");
        let clock = world.clock(ticket, Metric::Resolution);
        assert_eq!((clock.cycle, clock.planned, clock.term.clause.as_deref()), (1, None, Some("ZS-5c")));
        assert_eq!(world.breached(ticket, Metric::Resolution), "never");
    }
}

/// ZS-5b, ZS-5d, R6: and where more is used than the other type gives, it is broken at the change.
#[test]
fn zs_5d_an_old_enhancement_reclassified_as_a_consultation_breaches_at_the_change() {
    let (mut world, ticket) = taken();
    world.run_until("2026-11-25 18:30").act(ticket, "classify", json!({ "type": "consultation" }));
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-25 18:30");
}

/// ZS-5d, R6: an error that turns out to be a wish loses its deadline, in its last moment still, until it is estimated.
#[test]
fn zs_5d_an_error_reclassified_as_an_enhancement_has_no_term_until_estimated() {
    let mut world = world("2026-11-20 18:30");
    let ticket = world.register(error("high"));
    // 72 h end on Monday 18:30.
    world.act(ticket, "take", json!({})).run_until("2026-11-23 18:30");
    assert_eq!(world.alarms(), ["1-due-soon-resolution-1 unacked"]);
    world.act(ticket, "classify", json!({ "type": "enhancement", "reason": "Так и задумано" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
    assert_eq!((world.alarms().len(), world.desk().upcoming().count()), (0, 0));
    world.run_until("2026-12-04 18:30");
    assert_eq!((world.breached(ticket, Metric::Resolution), world.alarms().len()), ("never".into(), 0));
    world.act(ticket, "estimate", until("2026-12-14T19:00"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-14 19:00");
}

/// ZS-5d, R6: to an error and back: the estimate is void, and the next is a first one, which needs no reason.
#[test]
fn zs_5d_an_estimate_does_not_outlive_the_type() {
    let (mut world, ticket) = taken();
    world.act(ticket, "estimate", until("2026-12-14T19:00"));
    world.act(ticket, "classify", json!({ "type": "error" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-04 18:30");
    world.act(ticket, "classify", json!({ "type": "enhancement" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
    world.act(ticket, "estimate", until("2026-12-21T19:00"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-21 19:00");
}

/// ZS-5d: criticality gives a Доработка no term, nor takes its estimate away.
#[test]
fn zs_5d_a_criticality_gives_an_enhancement_no_term() {
    let (mut world, ticket) = taken();
    let priority = |to: &str| json!({ "to": to, "reason": "Просит министерство" });
    world.act(ticket, "priority", priority("critical"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
    world.act(ticket, "estimate", until("2026-12-14T19:00")).act(ticket, "priority", priority("high"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-14 19:00");
}
