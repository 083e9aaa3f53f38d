//! Terms: the nine figures under two calendars, and extending them.

use andon::desk::clocks::Planned;
use andon::desk::{Event, Metric, Refusal};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::{Value, json};

use super::{high, low, medium, request};

/// GM-5.9: line 1 works 09:00–21:00, lines 2 and 3 09:00–18:00 Moscow time, except weekends and official holidays.
#[test]
fn gm_5_9_each_line_counts_its_own_hours() {
    // What a clock has used a day after 2026-11-02 00:00, and so on: Monday, the eve, the holiday, Thursday, Friday,
    // the weekend.
    for (channel, a_day) in [("phone", 12), ("email", 9)] {
        let mut world = World::getmark("2026-11-02 00:00");
        let ticket = world.register(low(channel));
        let mut check = |until: &str, days: i64| {
            world.run_until(until);
            assert_eq!(
                world.used_ms(world.clock(ticket, Metric::Resolution)),
                days * a_day * 3_600_000,
                "{channel} by {until}"
            );
        };
        check("2026-11-02 09:00", 0);
        check("2026-11-03 00:00", 1);
        check("2026-11-04 00:00", 2);
        check("2026-11-05 00:00", 2);
        check("2026-11-06 00:00", 3);
        check("2026-11-07 00:00", 4);
        check("2026-11-09 09:00", 4);
    }
}

/// GM-5.9: line 3 works line 2's hours.
#[test]
fn gm_5_9_line_3_counts_to_18() {
    let mut world = World::getmark("2026-11-23 17:00");
    let ticket = world.register(high("email"));
    world.act(ticket, "route", json!({ "line": 3 }));
    world.run_until("2026-11-23 21:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "1h");
}

/// GM-5.9: opening and closing minute: half-open, so 17:59 counts and 18:00 does not.
#[test]
fn gm_5_9_the_minute_before_closing_counts_and_the_closing_minute_does_not() {
    let mut world = World::getmark("2026-11-23 17:59");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 18:01");
    assert_eq!(world.used(ticket, Metric::Resolution), "1m");
    world.run_until("2026-11-24 09:00:00.001");
    assert_eq!(world.used(ticket, Metric::Resolution), "1m1ms");
}

/// GM-5.17, total / line 1 / line 2 in working hours: high 12/4/8, medium 72/24/48, low 120/48/72.
///
/// All from Monday 2026-11-23 10:00.
/// Line 1 has 11 h on that Monday and 12 h on each day after: by the end of Tuesday 23, Wednesday 35, Thursday 47,
/// Friday 59, Monday the 30th 71, then 83, 95, 107, and by Friday 4 December 119.
/// Line 2 has 8 h on that Monday and 9 h on each day after: by the end of Tuesday 17, Wednesday 26, Thursday 35,
/// Friday 44, Monday the 30th 53, then 62, 71, 80, by Friday 4 December 89, then Monday the 7th 98, 107, 116.
#[test]
fn gm_5_17_the_nine_figures() {
    for (channel, body, total, line) in [
        // 12 = 11 + 1 on Tuesday; 4 on Monday.
        ("phone", high as fn(&str) -> Value, "2026-11-24 10:00", "2026-11-23 14:00"),
        // 72 = 71 + 1 on Tuesday the 1st; 24 = 23 + 1 on Wednesday.
        ("phone", medium, "2026-12-01 10:00", "2026-11-25 10:00"),
        // 120 = 119 + 1 on Monday the 7th; 48 = 47 + 1 on Friday.
        ("phone", low, "2026-12-07 10:00", "2026-11-27 10:00"),
        // 12 = 8 + 4 on Tuesday; 8 is all of Monday, to its close.
        ("email", high, "2026-11-24 13:00", "2026-11-23 18:00"),
        // 72 = 71 + 1 on Thursday the 3rd; 48 = 44 + 4 on Monday the 30th.
        ("email", medium, "2026-12-03 10:00", "2026-11-30 13:00"),
        // 120 = 116 + 4 on Thursday the 10th; 72 = 71 + 1 on Thursday the 3rd.
        ("email", low, "2026-12-10 13:00", "2026-12-03 10:00"),
    ] {
        let mut world = World::getmark("2026-11-23 10:00");
        let ticket = world.register(body(channel));
        let found = (world.deadline(ticket, Metric::Resolution), world.deadline(ticket, Metric::Line));
        assert_eq!(found, (total.to_owned(), line.to_owned()), "{} by {channel}", world.priority(ticket));
        world.run_until("2026-12-31 00:00");
        let found = (world.breached(ticket, Metric::Resolution), world.breached(ticket, Metric::Line));
        assert_eq!(found, (total.to_owned(), line.to_owned()), "breach of {}", world.priority(ticket));
    }
}

/// GM-5.17, GM-5.5: the figures of a type are those of its priority.
#[test]
fn gm_5_17_consultations_have_the_middle_term_and_corrections_the_long_one() {
    let mut world = World::getmark("2026-11-23 10:00");
    for (kind, total) in [("consultation", "2026-12-03 10:00"), ("data-correction", "2026-12-10 13:00")] {
        let ticket = world.register(request("whatsapp", kind, "none"));
        assert_eq!(world.deadline(ticket, Metric::Resolution), total, "{kind}");
    }
}

/// GM-5.11: one ticket, one problem: a second problem becomes a ticket of its own, linked, with its own clocks from the
/// moment of the split.
#[test]
fn gm_5_11_a_second_problem_becomes_a_ticket_of_its_own() {
    let mut world = World::getmark("2026-11-23 10:00");
    let first = world.register(high("email"));
    world.run_until("2026-11-23 15:00").act(first, "take", json!({}));
    let fields = json!({ "process": "Вывод из оборота", "steps": "Печать зависает", "impact": "hinders" });
    world.act(first, "split", json!({ "subject": "Не печатается этикетка", "fields": fields }));
    let second = world.ticket(first).links[0].to;
    assert_eq!(second.0, 2);
    assert_eq!(world.ticket(second).links[0].to, first);
    let ticket = world.ticket(second);
    assert_eq!(ticket.facts.subject, "Не печатается этикетка");
    assert_eq!(ticket.facts.fields["process"], "Вывод из оборота");
    assert_eq!(ticket.facts.requester.inn.as_deref(), Some("7707083893"), "the same person asks");
    assert_eq!((ticket.facts.status.as_str(), ticket.assignee.as_deref()), ("new", None));
    assert_eq!(local(ticket.registered_at), "2026-11-23 15:00");
    // It hinders only, so it is medium, 72 h and 48 h on line 2 from Monday 15:00: 3 h on Monday, 36 until Friday, 27
    // until 2 December make 66, and 6 h on Thursday; 39 by Friday, and 9 h of Monday the 30th, to its close.
    assert_eq!(world.priority(second), "medium");
    assert_eq!(world.deadline(second, Metric::Resolution), "2026-12-03 15:00");
    assert_eq!(world.deadline(second, Metric::Line), "2026-11-30 18:00");
    // The first keeps its own: 12 h from 10:00.
    assert_eq!(world.deadline(first, Metric::Resolution), "2026-11-24 13:00");
    assert_eq!(world.status(first), "in-progress");
}

/// GM-5.11: a second problem that lacks nothing is not incomplete because the first was.
#[test]
fn gm_5_11_a_split_ticket_is_as_complete_as_its_own_fields() {
    let mut world = World::getmark("2026-11-23 10:00");
    let mut body = medium("email");
    body["fields"].as_object_mut().unwrap().remove("process");
    body["incomplete"] = json!(true);
    let first = world.register(body);
    world.act(first, "split", json!({ "subject": "Второе", "fields": { "process": "Ввод в оборот" } }));
    world.act(first, "split", json!({ "subject": "Третье" }));
    let incomplete = [1, 2, 3].map(|n| world.ticket(andon::desk::TicketNumber(n)).facts.incomplete);
    assert_eq!(incomplete, [true, false, true]);
}

/// GM-5.11: it needs to be said what the second problem is.
#[test]
fn gm_5_11_a_split_without_a_subject_is_refused() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    assert_eq!(world.refused(ticket, "split", json!({})), Refusal::field("subject", "is required"));
    assert_eq!(world.desk().tickets().count(), 1);
}

fn extension(deadline: &str) -> Value {
    json!({ "deadline": deadline, "reason": "Нужна диагностика", "text": "Причина ищется; ответим в пятницу" })
}

/// GM-5.18: for an error the term may be extended for diagnosis, with a preliminary answer and a planned term.
///
/// Ambiguous: the clause says "the term". The total is what the requester was told, so the total moves; the line's own
/// term stays, and still shows who holds the ticket too long.
#[test]
fn gm_5_18_the_term_of_an_error_is_extended() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 15:00").act(ticket, "extend", extension("2026-11-27T18:00:00+03:00"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-27 18:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-23 18:00");
    assert_eq!(world.clock(ticket, Metric::Resolution).planned, Some(Planned::Extended));
    let told = world.history(ticket).any(|(_, event)| {
        matches!(event, Event::Extended { deadline, reason, text }
            if local(*deadline) == "2026-11-27 18:00" && reason == "Нужна диагностика" && !text.is_empty())
    });
    assert!(told, "new deadline, reason and preliminary answer stand in the history");
    world.run_until("2026-11-26 12:00");
    assert_eq!(
        world.breached(ticket, Metric::Resolution),
        "never",
        "the old deadline means nothing any more"
    );
    world.run_until("2026-11-27 18:00:00.001");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-27 18:00");
}

/// GM-5.18, GM-5.19: an extended term, too, stands still while the desk waits.
#[test]
fn gm_5_18_an_extended_term_is_paused_like_any_other() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    // 5 h used; Monday's 3 h and Tuesday to Friday's 36 h lie before the planned term: 44 h in all.
    world.run_until("2026-11-23 15:00").act(ticket, "extend", extension("2026-11-27T18:00:00+03:00"));
    world.run_until("2026-11-24 10:00").act(ticket, "ask", json!({ "text": "Какая версия?" }));
    world.run_until("2026-11-25 10:00").act(ticket, "answer", json!({ "text": "2.3" }));
    // 9 h used, 35 h left: Wednesday 8, Thursday 9, Friday 9, and 9 h of Monday, to its close.
    assert_eq!(world.used(ticket, Metric::Resolution), "9h");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-30 18:00");
}

/// GM-5.18: only for Ошибка ПО.
#[test]
fn gm_5_18_only_an_errors_term_is_extended() {
    let mut world = World::getmark("2026-11-23 10:00");
    for kind in ["consultation", "change-request", "data-correction"] {
        let ticket = world.register(request("email", kind, "none"));
        let refusal = world.refused(ticket, "extend", extension("2026-12-25T18:00:00+03:00"));
        assert_eq!(refusal.to_string(), "`extend` is for tickets of type error only (GM-5.18)", "{kind}");
        assert_eq!(refusal.code(), "not-for-type");
    }
}

/// GM-5.18: it needs a new deadline, a reason and a preliminary answer.
#[test]
fn gm_5_18_an_extension_without_deadline_reason_or_answer_is_refused() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    assert_eq!(
        world.refused(ticket, "extend", json!({})).to_string(),
        "deadline: is required, such as 2026-11-30T18:00:00+03:00; reason: is required; text: is required"
    );
    // A new term is later than the one there is, Tuesday 13:00, and lies ahead.
    assert_eq!(
        world.refused(ticket, "extend", extension("2026-11-24T13:00:00+03:00")),
        Refusal::field("deadline", "is not later than the present deadline 2026-11-24T13:00:00.000+03:00")
    );
    assert_eq!(
        world.refused(ticket, "extend", extension("2026-11-23T10:00:00+03:00")),
        Refusal::field("deadline", "is past; a planned term lies ahead")
    );
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 13:00");
}

/// GM-5.18, GM-5.27: what was promised outlasts an answer and its return.
#[test]
fn gm_5_18_an_extended_term_is_kept_over_a_return() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    // 5 h used and 39 h before the planned term: 44 h in all.
    world.run_until("2026-11-23 15:00").act(ticket, "extend", extension("2026-11-27T18:00:00+03:00"));
    world.run_until("2026-11-23 17:00").act(ticket, "resolve", json!({ "text": "Обновите страницу" }));
    world.run_until("2026-11-24 09:00").act(ticket, "return", json!({ "reason": "Не помогло" }));
    // 7 h used, 37 h left: Tuesday to Friday 36, and 1 h on Monday the 30th.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-30 10:00");
}

/// GM-5.18: an extension after the deadline does not unbreak the promise.
#[test]
fn gm_5_18_a_breach_stays_where_the_term_is_extended_too_late() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-25 10:00").act(ticket, "extend", extension("2026-11-27T18:00:00+03:00"));
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-24 13:00");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-27 18:00");
    world.run_until("2026-12-01 10:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-24 13:00", "one breach in one cycle");
}

/// GM-5.18: only an error's term is extended. A ticket that turns out to be a consultation has the consultation's term
/// again, also where the priority stays. Monday 23 November 2026 10:00 by phone (line 1, 09–21, 12 h a day), an error that
/// hinders is medium: 72 h. Whatever was promised meanwhile, 72 h from Monday 10:00 are 11 h on Monday, 12 h on each
/// of five more days (24, 25, 26, 27, 30 November) and 1 h on 1 December: 10:00.
#[test]
fn gm_5_18_an_extension_ends_with_the_type_it_was_given_for() {
    let mut world = World::getmark("2026-11-23 10:00");
    let mut body = high("phone");
    body["fields"]["impact"] = json!("hinders");
    let ticket = world.register(body);
    let extension =
        json!({ "deadline": "2026-12-30T18:00:00+03:00", "reason": "диагностика", "text": "Ищем" });
    world.act(ticket, "extend", extension);
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-30 18:00");
    world.act(ticket, "classify", json!({ "type": "consultation" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-01 10:00");
}
