//! Terms: rules over channel, urgency, service and type, of which the first that matches counts.

use andon::desk::Metric;
use andon_tests::time::local;
use serde_json::{Value, json};

use super::{request, urgency, world};

/// A registration of this channel, type, urgency and service; an empty word is none.
fn told(channel: &str, kind: &str, urgency: &str, service: &str) -> Value {
    let mut body = request(channel, kind);
    for (name, word) in [("urgency", urgency), ("service", service)] {
        if !word.is_empty() {
            body[name] = json!(word);
        }
    }
    body
}

/// When the answer and the solution of a registration are due.
fn due(now: &str, body: Value) -> (String, String) {
    let mut world = world(now);
    let ticket = world.register(body);
    (world.deadline(ticket, Metric::Reaction), world.deadline(ticket, Metric::Resolution))
}

/// Checks both terms of registrations on Monday 2026-11-23 at 10:00.
fn check(rows: &[(Value, &str, &str)]) {
    for (body, answer, solution) in rows {
        assert_eq!(due("2026-11-23 10:00", body.clone()), ((*answer).into(), (*solution).into()), "{body}");
    }
}

/// HD-4: every rule there is, from Monday 10:00.
///
/// The office has 8 h on that Monday and 9 h on each day after: by the end of Tuesday 17, Wednesday 26, Thursday 35,
/// Friday 44, Monday the 30th 53, then 62, 71, 80, and by Friday 4 December 89.
#[test]
fn hd_4_the_terms_that_ship() {
    check(&[
        // Round the clock: 15 min; 4 h.
        (told("dok-24-7", "question", "urgent", ""), "2026-11-23 10:15", "2026-11-23 14:00"),
        // 30 min; 8 h are all of Monday, to its close.
        (told("hm", "incident", "urgent", ""), "2026-11-23 10:30", "2026-11-23 18:00"),
        (told("hm", "problem", "urgent", ""), "2026-11-23 10:30", "2026-11-23 18:00"),
        // 45 min; 12 = 8 + 4 on Tuesday.
        (told("hm", "question", "urgent", "payroll"), "2026-11-23 10:45", "2026-11-24 13:00"),
        (told("hm", "question", "high", "payroll"), "2026-11-23 10:45", "2026-11-24 13:00"),
        // 1 h; 16 = 8 + 8 on Tuesday.
        (told("hm", "question", "urgent", ""), "2026-11-23 11:00", "2026-11-24 17:00"),
        // 2 h; 45 = 44 + 1 on Monday the 30th.
        (told("hm", "question", "high", ""), "2026-11-23 12:00", "2026-11-30 10:00"),
        // Round the clock: 3 h; 24 h.
        (told("dok-24-7", "question", "", ""), "2026-11-23 13:00", "2026-11-24 10:00"),
        // 9 = 8 + 1 on Tuesday; 90 = 89 + 1 on Monday 7 December.
        (told("hm", "suggestion", "", ""), "2026-11-24 10:00", "2026-12-07 10:00"),
        // 4 h; 27 = 26 + 1 on Thursday.
        (told("hm", "incident", "", ""), "2026-11-23 14:00", "2026-11-26 10:00"),
        // 4 h; 45 h: whatever is left.
        (told("hm", "question", "", ""), "2026-11-23 14:00", "2026-11-30 10:00"),
        (told("mpk", "task", "low", "1c"), "2026-11-23 14:00", "2026-11-30 10:00"),
    ]);
}

/// HD-4: two registrations that differ in one thing alone, each of the four in turn.
#[test]
fn hd_4_channel_urgency_service_and_type_each_decide() {
    let at = |channel, kind, urgency, service| due("2026-11-23 10:00", told(channel, kind, urgency, service));
    for (one, other) in [
        (at("hm", "question", "urgent", ""), at("dok-24-7", "question", "urgent", "")),
        (at("hm", "incident", "normal", ""), at("hm", "incident", "urgent", "")),
        (at("hm", "question", "high", ""), at("hm", "question", "high", "payroll")),
        (at("hm", "question", "urgent", ""), at("hm", "incident", "urgent", "")),
    ] {
        assert_ne!(one.0, other.0, "the answer's term");
        assert_ne!(one.1, other.1, "the solution's term");
    }
}

/// HD-4: where two rules match, the first counts, though a later one may be shorter or longer.
#[test]
fn hd_4_the_first_rule_that_matches_counts() {
    check(&[
        // An urgent incident by ДОК 24/7 of the payroll matches the first four: 15 min; 4 h.
        (told("dok-24-7", "incident", "urgent", "payroll"), "2026-11-23 10:15", "2026-11-23 14:00"),
        // An urgent incident of the payroll: the incident's, though the payroll's solution has longer.
        (told("hm", "incident", "urgent", "payroll"), "2026-11-23 10:30", "2026-11-23 18:00"),
        // An incident of the payroll that is not urgent: 4 h by the last rule; 12 h, not 27.
        (told("hm", "incident", "normal", "payroll"), "2026-11-23 14:00", "2026-11-24 13:00"),
        // A suggestion that is urgent: 1 h, not 9; 16 h, not 90.
        (told("hm", "suggestion", "urgent", ""), "2026-11-23 11:00", "2026-11-24 17:00"),
        // Urgent less than that by ДОК 24/7: 2 h, not 3; 24 h.
        (told("dok-24-7", "question", "high", ""), "2026-11-23 12:00", "2026-11-24 10:00"),
        // A suggestion by ДОК 24/7: its channel's 3 h and 24 h, not 9 and 90.
        (told("dok-24-7", "suggestion", "", ""), "2026-11-23 13:00", "2026-11-24 10:00"),
        // An incident by ДОК 24/7: 3 h by its channel; 27 h round the clock by its type, which stands first.
        (told("dok-24-7", "incident", "normal", ""), "2026-11-23 13:00", "2026-11-24 13:00"),
    ]);
}

/// HD-4: the office's hours over a weekend, a holiday, New Year and a worked Saturday: urgent, 1 h and 16 h.
#[test]
fn hd_4_terms_of_the_office_count_its_hours() {
    for (registered, answer, solution) in [
        // Friday 17:20: 40 min, and 20 min on Monday; 40 min, 9 h, and 6 h 20 on Tuesday.
        ("2026-11-20 17:20", "2026-11-23 09:20", "2026-11-24 15:20"),
        // The eve of the holiday, its hours full; then Thursday, Friday.
        ("2026-11-03 17:20", "2026-11-05 09:20", "2026-11-06 15:20"),
        // The last working day of 2026; then Monday the 11th, Tuesday the 12th.
        ("2026-12-30 17:20", "2027-01-11 09:20", "2027-01-12 15:20"),
        // In the holidays: Monday 1 h; Monday 9 h and Tuesday 7 h.
        ("2027-01-05 12:00", "2027-01-11 10:00", "2027-01-12 16:00"),
        // Friday; Saturday is worked; Monday and Tuesday are off; Wednesday.
        ("2027-02-19 17:20", "2027-02-20 09:20", "2027-02-24 15:20"),
    ] {
        let body = urgency("hm", "question", "urgent");
        assert_eq!(due(registered, body), (answer.into(), solution.into()), "{registered}");
    }
}

/// HD-3, HD-4: ДОК 24/7 counts every hour of every day: urgent, 15 min and 4 h.
#[test]
fn hd_3_the_bot_dok_24_7_counts_round_the_clock() {
    for (registered, answer, solution) in [
        ("2026-11-20 17:50", "2026-11-20 18:05", "2026-11-20 21:50"),
        ("2026-11-21 03:00", "2026-11-21 03:15", "2026-11-21 07:00"),
        ("2026-11-04 12:00", "2026-11-04 12:15", "2026-11-04 16:00"),
        ("2026-12-31 23:50", "2027-01-01 00:05", "2027-01-01 03:50"),
    ] {
        let body = urgency("dok-24-7", "question", "urgent");
        assert_eq!(due(registered, body), (answer.into(), solution.into()), "{registered}");
    }
    // The other four wait for Monday.
    for channel in ["hm", "dok", "zm", "mpk"] {
        let body = urgency(channel, "question", "urgent");
        assert_eq!(due("2026-11-21 03:00", body).0, "2026-11-23 10:00", "{channel}");
    }
}

/// HD-4, R4: late at the deadline's own time, warned before it when a quarter is left, on the wall until it is over.
///
/// Friday 17:20, urgent: 1 h until Monday 09:20, of which the last 15 minutes begin at 09:05.
#[test]
fn hd_4_a_late_answer_is_a_breach_at_the_deadlines_own_time() {
    for off in [false, true] {
        let mut world = world("2026-11-20 17:20");
        let ticket = world.register(urgency("hm", "question", "urgent"));
        world.run_until("2026-11-23 09:04:59.999");
        assert_eq!(world.alarms(), ["1-critical-1 unacked"]);
        world.run_until("2026-11-23 09:20");
        assert_eq!(world.alarms(), ["1-critical-1 unacked", "1-due-soon-reaction-1 unacked"]);
        assert_eq!(world.breached(ticket, Metric::Reaction), "never");
        let until = "2026-11-23 12:00";
        if off {
            world.sleep_until(until)
        } else {
            world.run_until(until)
        };
        assert_eq!(world.breached(ticket, Metric::Reaction), "2026-11-23 09:20");
        assert_eq!(world.alarms(), ["1-critical-1 unacked", "1-breach-reaction-1 unacked"]);
        assert_eq!(local(world.alarm("1-breach-reaction-1").since), "2026-11-23 09:20");
        assert_eq!(world.counts().breached, 1);
    }
}

/// HD-4: the solution has the same warning: of 8 h from Monday 09:00 the last two begin at 15:00.
#[test]
fn hd_4_the_room_is_warned_before_the_solution_is_late() {
    let mut world = world("2026-11-23 09:00");
    let ticket = world.register(urgency("hm", "incident", "urgent"));
    world.act(ticket, "reply", json!({ "text": "Смотрим" })).ack("1-critical-1");
    world.run_until("2026-11-23 14:59:59.999");
    assert_eq!(world.counts().due_soon, 0);
    world.run_until("2026-11-23 15:00");
    assert_eq!(world.alarms(), ["1-due-soon-resolution-1 unacked", "1-critical-1 acked"]);
    world.run_until("2026-11-23 18:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-23 17:00");
}

/// HD-4: service and type are set by agents: each time the terms are derived anew, and what was used stays used.
///
/// A question from Monday 10:00 has 45 h; an incident 27: 26 by Wednesday and 1 h on Thursday; the payroll's 12: 8 and 4
/// on Tuesday.
#[test]
fn hd_4_classifying_derives_the_terms_anew_and_keeps_what_was_used() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("hm", "question"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-30 10:00");
    world.run_until("2026-11-23 12:00").as_agent("ivanova", &[1]);
    world.act(ticket, "classify", json!({ "type": "incident" }));
    assert_eq!(world.used(ticket, Metric::Resolution), "2h");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-26 10:00");
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 14:00", "4 h for either");
    world.run_until("2026-11-23 13:00").act(ticket, "classify", json!({ "service": "payroll" }));
    assert_eq!(world.used(ticket, Metric::Resolution), "3h");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 13:00");
    assert_eq!(
        (world.priority(ticket), world.breached(ticket, Metric::Resolution)),
        ("normal", "never".into())
    );
}

/// HD-4, R6: classified when more is used than the new term has, the ticket is late from that moment.
///
/// By Wednesday 12:00 a question has used 8 + 9 + 3 = 20 h, more than the payroll's 12. A suggestion by 13:00 has used
/// 3 h of its 9; as a question it would have 4, until 14:00.
#[test]
fn hd_4_a_term_that_is_used_up_already_is_broken_at_the_change() {
    let mut world = world("2026-11-23 10:00");
    let question = world.register(request("hm", "question"));
    let suggestion = world.register(request("hm", "suggestion"));
    world.run_until("2026-11-23 13:00").act(suggestion, "classify", json!({ "type": "question" }));
    assert_eq!(world.deadline(suggestion, Metric::Reaction), "2026-11-23 14:00");
    world.act(question, "reply", json!({ "text": "Смотрим" }));
    world.run_until("2026-11-25 12:00").act(question, "classify", json!({ "service": "payroll" }));
    assert_eq!(world.breached(question, Metric::Resolution), "2026-11-25 12:00");
    assert_eq!(world.breached(suggestion, Metric::Reaction), "2026-11-23 14:00");
    assert_eq!(world.alarms(), ["2-breach-reaction-1 unacked", "1-breach-resolution-1 unacked"]);
}

/// HD-4: the term follows the urgency that the requester told; an agent's priority is for the wall and the order of work.
#[test]
fn hd_4_another_priority_leaves_the_terms() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(urgency("hm", "question", "low"));
    world.act(ticket, "priority", json!({ "to": "urgent", "reason": "Ждёт директор" }));
    assert_eq!(
        (world.deadline(ticket, Metric::Reaction), world.counts().critical),
        ("2026-11-23 14:00".into(), 1)
    );
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-30 10:00");
}
