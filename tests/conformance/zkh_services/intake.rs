//! When support works, what comes in and by which way, what it is marked with.

use andon::desk::{FieldError, Metric, Refusal, Role};
use serde_json::{Value, json};

use super::{consultation, enhancement, error, request, world};

/// What is wrong with a registration, field by field.
fn faults(body: Value) -> Vec<FieldError> {
    match world("2026-11-23 10:00").try_register(body) {
        Err(Refusal::Fields(faults)) => faults,
        other => panic!("was to be refused for its fields: {other:?}"),
    }
}

/// ZS-2a: support works daily 10:00–19:00 except holidays and weekends: nine hours on each working day.
#[test]
fn zs_2a_support_counts_nine_hours_on_each_working_day() {
    // The days and what they come to: Monday, the eve, the holiday, Thursday, Friday, the weekend; the last two working
    // days of the year, eleven days off, the first of the next; the moved Saturday, the Sunday, its Monday off, the
    // holiday, Wednesday.
    for (from, days) in [
        (
            "2026-11-02 00:00",
            &[
                ("2026-11-02 10:00", 0),
                ("2026-11-03 00:00", 9),
                ("2026-11-04 00:00", 18),
                ("2026-11-05 00:00", 18),
                ("2026-11-06 00:00", 27),
                ("2026-11-07 00:00", 36),
                ("2026-11-09 10:00", 36),
            ][..],
        ),
        (
            "2026-12-29 00:00",
            &[
                ("2026-12-30 00:00", 9),
                ("2026-12-31 00:00", 18),
                ("2027-01-11 10:00", 18),
                ("2027-01-12 00:00", 27),
            ],
        ),
        (
            "2027-02-20 00:00",
            &[
                ("2027-02-20 10:00", 0),
                ("2027-02-21 00:00", 9),
                ("2027-02-24 10:00", 9),
                ("2027-02-25 00:00", 18),
            ],
        ),
    ] {
        let mut world = world(from);
        let ticket = world.register(consultation());
        for (until, hours) in days {
            world.run_until(until);
            let used_ms = world.used_ms(world.clock(ticket, Metric::Reaction));
            assert_eq!(used_ms, hours * 3_600_000, "by {until}");
        }
    }
}

/// ZS-2a: half-open: 18:59 counts, 19:00 does not, 10:00 does.
#[test]
fn zs_2a_the_minute_before_closing_counts_and_the_closing_minute_does_not() {
    let mut world = world("2026-11-20 18:59");
    let ticket = world.register(consultation());
    world.run_until("2026-11-20 19:01");
    assert_eq!(world.used(ticket, Metric::Reaction), "1m");
    world.run_until("2026-11-23 10:00:00.001");
    assert_eq!(world.used(ticket, Metric::Reaction), "1m1ms");
}

/// ZS-3: Консультация, Ошибка, Доработка.
#[test]
fn zs_3_the_three_types_are_taken_and_no_other() {
    let mut world = world("2026-11-23 10:00");
    for kind in ["consultation", "error", "enhancement"] {
        let ticket = world.register(request("employee", kind));
        assert_eq!(world.ticket(ticket).facts.kind, kind);
    }
    assert_eq!(
        faults(request("employee", "incident")),
        [FieldError::new("type", "unknown `incident`; one of consultation, error, enhancement")]
    );
}

/// ZS-3: Доработка comes by the feedback form or through an employee; the other types come by every way in.
#[test]
fn zs_3_an_enhancement_comes_by_the_form_or_an_employee_only() {
    for channel in ["email", "phone", "portal", "feedback-form", "employee"] {
        for kind in ["consultation", "error", "enhancement"] {
            let mut world = world("2026-11-23 10:00");
            let taken = world.try_register(request(channel, kind));
            let right = kind != "enhancement" || ["feedback-form", "employee"].contains(&channel);
            assert_eq!(taken.is_ok(), right, "{kind} by {channel}: {taken:?}");
        }
    }
    for channel in ["email", "phone", "portal"] {
        let told = format!("`{channel}` takes consultation, error only (ZS-3)");
        assert_eq!(faults(request(channel, "enhancement")), [FieldError::new("channel", &told)]);
    }
    assert_eq!(
        faults(request("fax", "error")),
        [FieldError::new("channel", "unknown `fax`; one of email, phone, portal, feedback-form, employee")]
    );
}

/// ZS-3: what came by e-mail and is found to be a wish for a change, an employee classifies so: then it has come through
/// an employee. The requester does not.
#[test]
fn zs_3_an_employee_may_find_an_enhancement_in_a_letter() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email", "consultation"));
    let enhancement = || json!({ "type": "enhancement", "reason": "Просят новый отчёт" });
    world.as_requester();
    assert_eq!(world.refused(ticket, "classify", enhancement()).code(), "forbidden");
    world.as_role("form", Role::Intake, &[]);
    assert_eq!(world.refused(ticket, "classify", enhancement()).code(), "forbidden");
    world.as_agent("ivanova", &[1]).act(ticket, "classify", enhancement());
    let facts = &world.ticket(ticket).facts;
    assert_eq!((facts.kind.as_str(), facts.channel.as_str()), ("enhancement", "email"));
}

/// ZS-5c: completion depends on criticality, and the requester says which; without a word it is the least.
#[test]
fn zs_5c_the_requester_names_the_criticality() {
    let mut world = world("2026-11-23 10:00");
    for priority in ["normal", "high", "critical"] {
        let ticket = world.register(error(priority));
        assert_eq!(world.priority(ticket), priority);
    }
    for body in [request("email", "error"), consultation(), enhancement()] {
        let ticket = world.register(body);
        assert_eq!(world.priority(ticket), "normal");
    }
    assert_eq!(
        faults(error("urgent")),
        [FieldError::new("priority", "unknown `urgent`; one of normal, high, critical")]
    );
}

/// X-4, ZS-5c: a critical ticket is an alarm as long as somebody owes work on it: from its first second, on a Sunday
/// night too, until it is in Проверка; and again when it comes back.
#[test]
fn zs_5c_a_critical_ticket_alarms_until_it_is_in_verification() {
    let mut world = world("2026-11-22 04:05:06.789");
    let ticket = world.register(error("critical"));
    assert_eq!(world.alarms(), ["1-critical-1 unacked"]);
    assert_eq!(world.counts().critical, 1);
    world.ack("1-critical-1").act(ticket, "ask", json!({ "text": "Что на экране?" }));
    assert_eq!((world.alarms(), world.counts().critical), (vec!["1-critical-1 acked".to_owned()], 1));
    world.act(ticket, "resolve", json!({ "text": "Сервер перезапущен" }));
    assert_eq!((world.alarms().len(), world.counts().critical), (0, 0));
    world.as_requester().act(ticket, "return", json!({ "reason": "Опять" }));
    assert_eq!(world.alarms(), ["1-critical-2 unacked"]);
    assert_eq!(world.counts().critical, 1);
}

/// ZS-6b: marks are 1–5.
#[test]
fn zs_6b_a_mark_is_one_to_five() {
    for mark in ["1", "2", "3", "4", "5"] {
        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(consultation());
        world.act(ticket, "resolve", json!({ "text": "В личном кабинете" })).as_requester();
        world.act(ticket, "confirm", json!({ "mark": mark }));
        assert_eq!(world.ticket(ticket).mark.as_deref(), Some(mark));
    }
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(consultation());
    world.act(ticket, "resolve", json!({ "text": "В личном кабинете" })).as_requester();
    for mark in ["0", "6", "4.5"] {
        let told = format!("unknown `{mark}`; one of 1, 2, 3, 4, 5");
        assert_eq!(world.refused(ticket, "confirm", json!({ "mark": mark })), Refusal::field("mark", told));
    }
    // Nobody gives a mark in the requester's place.
    world.act(ticket, "confirm", json!({}));
    assert_eq!(world.ticket(ticket).mark, None);
}
