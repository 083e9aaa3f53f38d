//! The solution, the form that follows it, and the marks in it.

use andon::desk::clocks::ClockState;
use andon::desk::{Event, Metric, Refusal, Stage, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::json;

use super::{request, world};

/// A question that was answered four hours of the office after it came.
fn solved(registered: &str, solved: &str) -> (World, TicketNumber) {
    let mut world = world(registered);
    let ticket = world.register(request("hm", "question"));
    world.run_until(solved).as_agent("ivanova", &[1]).act(ticket, "take", json!({}));
    world.act(ticket, "resolve", json!({ "text": "Картридж заменён" })).as_requester();
    (world, ticket)
}

/// HD-5: after completion the requester has three working days for the form, to the close of the third.
#[test]
fn hd_5_the_form_is_open_for_three_working_days() {
    for (at, deadline) in [
        ("2026-11-23 14:00", "2026-11-26 18:00"),
        // Friday: Monday, Tuesday, Wednesday. Saturday: the same.
        ("2026-11-20 17:20", "2026-11-25 18:00"),
        ("2026-11-21 12:00", "2026-11-25 18:00"),
        // The eve of a holiday: Thursday, Friday, Monday.
        ("2026-11-03 12:00", "2026-11-09 18:00"),
        // Monday the 11th, Tuesday, Wednesday.
        ("2026-12-30 17:20", "2027-01-13 18:00"),
        // The worked Saturday, Wednesday, Thursday.
        ("2027-02-19 17:20", "2027-02-25 18:00"),
    ] {
        let (world, ticket) = solved(at, at);
        assert_eq!(world.deadline(ticket, Metric::Confirmation), deadline, "{at}");
    }
}

/// HD-5: the days are the office's, also for what came by the bot that works round the clock.
#[test]
fn hd_5_the_form_of_dok_24_7_has_working_days_as_well() {
    let mut world = world("2026-11-21 03:00");
    let ticket = world.register(request("dok-24-7", "question"));
    world.act(ticket, "resolve", json!({ "text": "Готово" }));
    assert_eq!(world.deadline(ticket, Metric::Confirmation), "2026-11-25 18:00");
}

/// HD-5, R4: silence closes the ticket, without a mark, at the time's own end.
#[test]
fn hd_5_silence_closes_without_a_mark() {
    for off in [false, true] {
        let (mut world, ticket) = solved("2026-12-30 09:00", "2026-12-30 17:20");
        world.run_until("2027-01-13 18:00");
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("resolved", Stage::Resolved));
        let until = "2027-01-20 10:00";
        if off {
            world.sleep_until(until)
        } else {
            world.run_until(until)
        };
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Closed));
        assert_eq!(world.ticket(ticket).mark, None);
        let (entry, event) = world
            .history(ticket)
            .find(|(_, event)| matches!(event, Event::Closed { .. }))
            .expect("a closing");
        assert_eq!(*event, Event::Closed { reason: "not-confirmed".to_owned(), text: None });
        assert_eq!((entry.by.as_str(), local(entry.effective_at())), ("timer", "2027-01-13 18:00".into()));
    }
}

/// HD-5: marks are one to five; without one nothing is assumed.
#[test]
fn hd_5_the_requester_marks_from_one_to_five() {
    for mark in ["1", "2", "3", "4", "5"] {
        let (mut world, ticket) = solved("2026-11-23 10:00", "2026-11-23 14:00");
        world.act(ticket, "confirm", json!({ "mark": mark, "comment": "Быстро" }));
        assert_eq!(world.ticket(ticket).mark.as_deref(), Some(mark));
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Closed));
        assert_eq!(world.state(ticket, Metric::Confirmation), ClockState::Stopped);
    }
    let (mut world, ticket) = solved("2026-11-23 10:00", "2026-11-23 14:00");
    for mark in ["0", "6", "хорошо"] {
        assert_eq!(
            world.refused(ticket, "confirm", json!({ "mark": mark })),
            Refusal::field("mark", format!("unknown `{mark}`; one of 1, 2, 3, 4, 5"))
        );
    }
    world.act(ticket, "confirm", json!({}));
    assert_eq!((world.ticket(ticket).mark.clone(), world.status(ticket)), (None, "closed"));
}

/// HD-5: not content, the requester returns it within the three days; the term goes on from its used time.
///
/// 4 of 45 h were used by Monday 14:00. From Wednesday 10:00 41 h are left: 8, 17, 26 by Friday, 35 by Monday the 30th,
/// and 6 h on Tuesday.
#[test]
fn hd_5_a_returned_ticket_goes_on_from_its_used_time() {
    let (mut world, ticket) = solved("2026-11-23 10:00", "2026-11-23 14:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "4h");
    world.run_until("2026-11-25 10:00");
    assert_eq!(world.refused(ticket, "return", json!({})), Refusal::field("reason", "is required"));
    world.act(ticket, "return", json!({ "reason": "Опять не печатает" }));
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("in-progress", Stage::Open));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-01 15:00");
    assert_eq!(world.state(ticket, Metric::Confirmation), ClockState::Stopped);
    assert_eq!(world.ticket(ticket).assignee.as_deref(), Some("ivanova"));
}

/// HD-5: after the three days it is closed for good.
#[test]
fn hd_5_after_the_three_days_it_is_not_returned() {
    let (mut world, ticket) = solved("2026-11-23 10:00", "2026-11-23 14:00");
    world.run_until("2026-11-26 18:00:00.001");
    assert_eq!(world.refused(ticket, "return", json!({ "reason": "Опять" })).code(), "window-over");
}

/// HD-4: the text has no way to prolong a term.
#[test]
fn hd_4_a_term_is_not_prolonged() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("hm", "question"));
    let later = "2026-12-30T12:00:00+03:00";
    let extend = json!({ "deadline": later, "reason": "Сложно", "text": "Позже" });
    assert_eq!(world.refused(ticket, "extend", extend).code(), "not-in-regulation");
    assert_eq!(world.refused(ticket, "estimate", json!({ "deadline": later })).code(), "no-estimate");
}
