//! The reading rules R1 to R7, which decide where a regulation is silent.

use andon::desk::clocks::ClockState;
use andon::desk::event::{TermReason, Turn};
use andon::desk::{Event, Metric, Regulation};
use andon_tests::World;
use andon_tests::time::local;
use andon_tests::world::shipped_text;
use serde_json::json;

use crate::getmark::{high, low, medium};

/// R1: a term ends at the earliest instant by which it has elapsed: at the close, not at the next opening.
#[test]
fn r1_a_term_that_runs_out_at_closing_ends_at_closing() {
    let mut world = World::getmark("2026-11-23 17:00");
    let phone = world.register(high("phone"));
    // 4 h of line 1 from 17:00 are the rest of its day.
    assert_eq!(world.deadline(phone, Metric::Line), "2026-11-23 21:00");
    world.run_until("2026-11-23 21:00:00.001");
    assert_eq!(world.breached(phone, Metric::Line), "2026-11-23 21:00", "and not on Tuesday at 09:00");
}

/// R1: `[open, close)`: what comes in at the closing instant begins with the next opening.
#[test]
fn r1_a_term_from_the_closing_instant_begins_at_the_next_opening() {
    let mut world = World::getmark("2026-11-20 18:00");
    let ticket = world.register(high("email"));
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-23 17:00");
    world.run_until("2026-11-23 09:00");
    assert_eq!(world.used(ticket, Metric::Line), "0s");
}

/// R2: weekends and official holidays are no working days; the eve of a holiday has its full hours.
#[test]
fn r2_a_holiday_does_not_count_and_its_eve_counts_in_full() {
    let mut world = World::getmark("2026-11-03 16:00");
    let ticket = world.register(high("email"));
    // 2 h on the eve until 18:00, nothing on Wednesday, 9 h on Thursday, 1 h on Friday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-06 10:00");
    // Had the eve been an hour shorter, line 2's 8 h would end at 16:00.
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-05 15:00");
}

/// R2: a Saturday that the state moved to be working is one, and the Monday it was taken from is not.
#[test]
fn r2_a_moved_saturday_is_worked() {
    let mut world = World::getmark("2027-02-19 17:00");
    let ticket = world.register(high("email"));
    // 1 h on Friday, 9 h on Saturday the 20th, Monday off, Tuesday a holiday, 2 h on Wednesday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2027-02-24 11:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2027-02-20 16:00");
}

/// R2: registered on 31 December, which 2026 has off.
#[test]
fn r2_a_ticket_of_31_december_counts_from_the_first_working_day_of_january() {
    let mut world = World::getmark("2026-12-31 10:00");
    let ticket = world.register(high("phone"));
    // 12 h of line 1 are all of Monday 11 January.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2027-01-11 21:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2027-01-11 13:00");
    world.run_until("2027-01-11 09:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "0s");
}

/// R2: a deadline beyond the years that a production calendar has facts for says that it may move.
#[test]
fn r2_a_deadline_in_a_year_without_facts_is_provisional() {
    let mut world = World::getmark("2027-12-27 10:00");
    let short = world.register(high("email"));
    let long = world.register(low("email"));
    assert!(!world.clock(short, Metric::Resolution).term.provisional);
    assert!(world.clock(long, Metric::Resolution).term.provisional, "facts end with 2027");
}

/// The regulation `itsm` with another confirmation term.
fn itsm(basis: &str, term: &str) -> Regulation {
    let text = shipped_text("itsm")
        .replace("basis = \"calendar-days\"", &format!("basis = \"{basis}\""))
        .replace("term = \"365\"", &format!("term = \"{term}\""));
    Regulation::parse("itsm.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// When the confirmation of a ticket answered at an hour ends, by a basis; its calendar has Mon–Fri 09:00–18:00 and no
/// holidays.
fn confirmation_ends(basis: &str, term: &str, resolved: &str) -> String {
    let mut world = World::under(itsm(basis, term), resolved);
    let ticket = world.register(json!({ "channel": "email", "type": "incident", "subject": "Принтер" }));
    world.act(ticket, "resolve", json!({ "text": "Включён" }));
    let deadline = world.deadline(ticket, Metric::Confirmation);
    world.run_until(&deadline);
    assert_eq!(world.status(ticket), "resolved", "at the deadline itself it is not over");
    world.run_until(&format!("{deadline}:00.001"));
    assert_eq!(world.status(ticket), "closed");
    deadline
}

/// R3: N working days end at the close of the N-th working day after the day of the event, whatever its hour.
#[test]
fn r3_working_days_end_at_the_close_of_the_last_one() {
    for (resolved, ends) in [
        ("2026-11-23 00:00", "2026-11-26 18:00"),
        ("2026-11-23 10:00", "2026-11-26 18:00"),
        ("2026-11-23 23:59", "2026-11-26 18:00"),
        // Friday: Monday, Tuesday, Wednesday.
        ("2026-11-20 17:59", "2026-11-25 18:00"),
        // A Saturday's three days begin on Monday, too.
        ("2026-11-21 12:00", "2026-11-25 18:00"),
    ] {
        assert_eq!(confirmation_ends("working-days", "3", resolved), ends, "{resolved}");
    }
}

/// R3: N calendar days end at local midnight after the N-th day after the day of the event.
#[test]
fn r3_calendar_days_end_at_the_midnight_after_the_last_one() {
    for (resolved, ends) in [
        ("2026-11-23 00:00", "2026-12-01 00:00"),
        ("2026-11-23 23:59", "2026-12-01 00:00"),
        ("2026-12-28 12:00", "2027-01-05 00:00"),
    ] {
        assert_eq!(confirmation_ends("calendar-days", "7", resolved), ends, "{resolved}");
    }
}

/// R3: N calendar hours run round the clock.
#[test]
fn r3_calendar_hours_run_round_the_clock() {
    assert_eq!(confirmation_ends("calendar-hours", "24h", "2026-11-20 17:00"), "2026-11-21 17:00");
}

/// R4: "not more than T": done at the deadline is met.
#[test]
fn r4_done_exactly_at_the_deadline_is_met() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-24 13:00").act(ticket, "resolve", json!({ "text": "Сделано" }));
    assert_eq!(world.used(ticket, Metric::Resolution), "12h");
    assert_eq!(world.breached(ticket, Metric::Resolution), "never");
    world.run_until("2026-12-03 12:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "never");
}

/// R4: breached after it, by a millisecond.
#[test]
fn r4_done_a_millisecond_after_the_deadline_is_a_breach() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-24 13:00:00.001").act(ticket, "resolve", json!({ "text": "Сделано" }));
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-24 13:00");
}

/// R4: a breach bears the deadline's own time, however late it is noticed.
#[test]
fn r4_a_breach_noticed_days_late_bears_the_deadlines_own_time() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.sleep_until("2026-11-27 08:00");
    assert_eq!(world.breached(ticket, Metric::Line), "2026-11-23 18:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-24 13:00");
    let found: Vec<_> = world
        .history(ticket)
        .filter(|(_, event)| matches!(event, Event::Clock { turn: Turn::Breached { .. }, .. }))
        .map(|(entry, _)| (local(entry.at), local(entry.effective_at())))
        .collect();
    assert_eq!(
        found,
        [
            ("2026-11-27 08:00".to_owned(), "2026-11-23 18:00".to_owned()),
            ("2026-11-27 08:00".to_owned(), "2026-11-24 13:00".to_owned()),
        ],
        "noticed at once when the daemon is back, the older first"
    );
    assert_eq!(local(world.alarm("1-breach-resolution-1").since), "2026-11-24 13:00");
}

/// R4: whether the daemon was awake or off makes no difference to any ticket.
#[test]
fn r4_a_daemon_that_was_off_comes_to_the_same_tickets() {
    let scene = |off: bool| {
        let mut world = World::getmark("2026-11-23 10:00");
        let overdue = world.register(high("phone"));
        let silent = world.register(medium("email"));
        world.act(silent, "ask", json!({ "text": "Что на экране?" }));
        let answered = world.register(low("email"));
        world.act(answered, "resolve", json!({ "text": "Сделано" }));
        if off {
            world.sleep_until("2026-12-21 12:00")
        } else {
            world.run_until("2026-12-21 12:00")
        };
        [overdue, silent, answered].map(|ticket| serde_json::to_string(world.ticket(ticket)).unwrap())
    };
    assert_eq!(scene(false), scene(true));
}

/// R5: a clock that moves to another calendar keeps the working time it has used; what is left runs on under the new.
#[test]
fn r5_routing_keeps_the_used_time_and_goes_on_under_the_other_calendar() {
    let mut world = World::getmark("2026-11-23 15:00");
    let ticket = world.register(high("phone"));
    // 12 h of line 1: 6 h on Monday, 6 h on Tuesday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 15:00");
    // At 20:00 5 h are used; line 2 is closed, and 7 h of it are Tuesday's from 09:00.
    world.run_until("2026-11-23 20:00").act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.used(ticket, Metric::Resolution), "5h");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 16:00");
    world.run_until("2026-11-24 09:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "5h", "line 2 was closed all night");
    assert!(world.history(ticket).any(|(_, event)| matches!(
        event,
        Event::Clock {
            metric: Metric::Resolution,
            turn: Turn::Retargeted { why: TermReason::Calendar, .. },
            ..
        }
    )));
    // Line 2's own clock began with its term; nothing has changed it, so nobody is told that it changed (R8).
    let line: Vec<_> = world
        .history(ticket)
        .filter_map(|(_, event)| match event {
            Event::Clock { metric: Metric::Line, cycle: 2, turn } => Some(turn),
            _ => None,
        })
        .collect();
    assert!(matches!(line[..], [Turn::Started { .. }]), "{line:?}");
    // And back: at 10:00 6 h are used; 6 h are left of line 1's day.
    world.run_until("2026-11-24 10:00").act(ticket, "route", json!({ "line": 1 }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 16:00");
    world.run_until("2026-11-24 12:00").act(ticket, "route", json!({ "line": 2 }));
    world.run_until("2026-11-24 19:00");
    // 8 h by noon, 6 h more of line 2's day; the twelfth of them ended at 16:00.
    assert_eq!(world.used(ticket, Metric::Resolution), "14h");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-24 16:00");
}

/// R5: registered a minute before line 1 closes, and moved to line 2 when that is long closed.
#[test]
fn r5_a_ticket_of_20_59_keeps_its_minute_on_line_2() {
    let mut world = World::getmark("2026-11-23 20:59");
    let ticket = world.register(high("phone"));
    world.run_until("2026-11-23 23:00").act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.used(ticket, Metric::Resolution), "1m");
    // 11:59 are left: 9 h on Tuesday, 2:59 on Wednesday. Line 2's 8 h are Tuesday's.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-25 11:59");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-24 17:00");
}

/// R5 across New Year 2026/27.
#[test]
fn r5_routing_over_new_year_keeps_the_used_time() {
    let mut world = World::getmark("2026-12-30 20:00");
    let ticket = world.register(high("phone"));
    // 1 h on the 30th; the 31st and all until 10 January are off.
    world.run_until("2026-12-31 12:00").act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.used(ticket, Metric::Resolution), "1h");
    // 11 h are left: 9 h on Monday 11 January, 2 h on Tuesday. Line 2's 8 h are Monday's.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2027-01-12 11:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2027-01-11 17:00");
    assert!(!world.clock(ticket, Metric::Resolution).term.provisional, "2027 has facts");
}

/// R5 on a Saturday that is worked: both lines have their own hours on it.
#[test]
fn r5_routing_on_a_moved_saturday_counts_it_on_both_lines() {
    let mut world = World::getmark("2027-02-19 20:00");
    let ticket = world.register(high("phone"));
    // 1 h on Friday until 21:00, 1 h on Saturday from 09:00.
    world.run_until("2027-02-20 10:00").act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.used(ticket, Metric::Resolution), "2h");
    // 10 h are left: 8 h on Saturday, Monday off, Tuesday a holiday, 2 h on Wednesday. Line 2's 8 h are Saturday's.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2027-02-24 11:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2027-02-20 18:00");
}

/// R6: a raised priority re-derives the target, and time used stays used: where that is too much, it is a breach at
/// once, at the time of the change.
#[test]
fn r6_a_priority_raised_too_late_breaches_at_the_time_of_the_change() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.run_until("2026-11-25 13:00");
    // 8 + 9 + 4 = 21 h used of 72, and of line 2's 48.
    assert_eq!(world.used(ticket, Metric::Resolution), "21h");
    assert_eq!(world.counts().breached, 0);
    world.act(ticket, "priority", json!({ "to": "high", "reason": "Отгрузка стоит" }));
    for metric in [Metric::Resolution, Metric::Line] {
        assert_eq!(world.breached(ticket, metric), "2026-11-25 13:00", "{metric}");
    }
    assert_eq!(world.alarms(), ["1-breach-line-1 unacked", "1-breach-resolution-1 unacked"]);
    assert_eq!(local(world.alarm("1-breach-resolution-1").since), "2026-11-25 13:00");
    // Lowered again, the promise was broken all the same, once.
    world.run_until("2026-11-25 14:00");
    world.act(ticket, "priority", json!({ "to": "low", "reason": "Отгрузка идёт" }));
    world.run_until("2026-11-25 15:00");
    world.act(ticket, "priority", json!({ "to": "high", "reason": "Опять стоит" }));
    world.run_until("2026-12-31 10:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-25 13:00");
    let breaches = world
        .history(ticket)
        .filter(|(_, event)| {
            matches!(event, Event::Clock { metric: Metric::Resolution, turn: Turn::Breached { .. }, .. })
        })
        .count();
    assert_eq!(breaches, 1);
}

/// R6: raised in time, what is left of the shorter term is what is not used yet; exactly used up is not broken yet (R4).
#[test]
fn r6_a_priority_raised_in_time_leaves_the_rest_of_the_shorter_term() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.run_until("2026-11-23 15:00");
    world.act(ticket, "priority", json!({ "to": "high", "reason": "Отгрузка стоит" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 13:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-23 18:00");
    // Raised in the very moment in which 12 h are used: done in that moment is still in time, for the total.
    for (wait, breached) in [("2026-11-24 13:00", "never"), ("2026-11-24 13:00:00.001", "2026-11-24 13:00")] {
        let mut world = World::getmark("2026-11-23 10:00");
        let ticket = world.register(medium("email"));
        world.run_until("2026-11-24 13:00");
        world.act(ticket, "priority", json!({ "to": "high", "reason": "Отгрузка стоит" }));
        world.run_until(wait).act(ticket, "resolve", json!({ "text": "Сделано" }));
        assert_eq!(world.breached(ticket, Metric::Resolution), breached);
        // Of line 2's 8 h, 12 were used: broken by the change itself.
        assert_eq!(world.breached(ticket, Metric::Line), "2026-11-24 13:00");
    }
}

/// R6: another type is another target as well.
#[test]
fn r6_reclassifying_re_derives_the_target() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(low("email"));
    world.run_until("2026-11-23 18:00");
    world.act(ticket, "classify", json!({ "type": "consultation", "reason": "Вопрос, а не пожелание" }));
    // 8 h used of 72 now, as if it had been a consultation from the start.
    assert_eq!(world.used(ticket, Metric::Resolution), "8h");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-03 10:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-30 13:00");
}

/// R7: a paused clock has no deadline; its used time stands still until it resumes.
#[test]
fn r7_a_paused_clock_has_no_deadline() {
    let mut world = World::getmark("2026-11-20 16:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-20 17:00").act(ticket, "status", json!({ "to": "waiting-release" }));
    for until in ["2026-11-20 17:00", "2026-11-22 12:00", "2026-12-31 23:59"] {
        world.run_until(until);
        for metric in [Metric::Resolution, Metric::Line] {
            assert_eq!(world.deadline(ticket, metric), "none", "{until}");
            assert_eq!(world.used(ticket, metric), "1h", "{until}");
            assert_eq!(world.state(ticket, metric), ClockState::Paused);
        }
    }
    assert_eq!(world.desk().upcoming().count(), 0, "nothing of it runs out, so the wall has nothing to list");
}

/// R7: also where the priority changes meanwhile; the new target holds from the resumption on (R6).
#[test]
fn r7_a_priority_changed_while_paused_gives_no_deadline_until_it_resumes() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.run_until("2026-11-23 12:00").act(ticket, "ask", json!({ "text": "Что на экране?" }));
    world.run_until("2026-11-24 12:00");
    world.act(ticket, "priority", json!({ "to": "high", "reason": "Отгрузка стоит" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
    let term = &world.clock(ticket, Metric::Resolution).term;
    assert_eq!((term.deadline, term.warn_at), (None, None), "nor is one in the record");
    assert_eq!(world.breached(ticket, Metric::Resolution), "never");
    world.run_until("2026-11-25 12:00").act(ticket, "answer", json!({ "text": "Ничего" }));
    // 2 h used of 12, and of line 2's 8: 10 h from Wednesday 12:00 are 6 h and 4 h on Thursday; 6 h are Wednesday's.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-26 13:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-25 18:00");
}

/// R7: a ticket paused on Friday does not age over the weekend, whichever way the time went by.
#[test]
fn r7_a_ticket_paused_on_friday_does_not_age_over_the_weekend() {
    for off in [false, true] {
        let mut world = World::getmark("2026-11-20 16:30");
        let ticket = world.register(high("phone"));
        world.run_until("2026-11-20 17:00").act(ticket, "ask", json!({ "text": "Что на экране?" }));
        if off {
            world.sleep_until("2026-11-23 09:30")
        } else {
            world.run_until("2026-11-23 09:30")
        };
        world.act(ticket, "answer", json!({ "text": "Ничего" }));
        assert_eq!(world.used(ticket, Metric::Line), "30m");
        // 3:30 are left on line 1.
        assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-23 13:00");
    }
}

/// R5 and R6 at once: what is used under one calendar counts against the target of the other line's ticket.
#[test]
fn r6_priority_and_line_change_one_after_the_other_in_the_same_moment() {
    let mut world = World::getmark("2026-11-23 15:00");
    let ticket = world.register(medium("phone"));
    world.run_until("2026-11-23 20:00");
    world.act(ticket, "priority", json!({ "to": "high", "reason": "Отгрузка стоит" }));
    // 5 h used, line 1 gives 4 h: broken by the change. The total has 7 h left.
    assert_eq!(world.breached(ticket, Metric::Line), "2026-11-23 20:00");
    world.act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.breached(ticket, Metric::Line), "never", "line 2 has broken nothing yet");
    assert_eq!(world.clock(ticket, Metric::Line).cycle, 2);
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 16:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-24 17:00");
}

/// R6 and GM-5.27: reclassified while it waited for confirmation, so that more is used than the new target gives: the
/// breach is at the time of the return, from which on the target holds.
#[test]
fn r6_a_ticket_that_returns_under_a_term_it_has_used_up_breaches_at_its_return() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    // 8 + 9 + 4 = 21 h used of 72, and of line 2's 48.
    world.run_until("2026-11-25 13:00").act(ticket, "resolve", json!({ "text": "Сделано" }));
    world.run_until("2026-11-25 15:00");
    world.act(ticket, "classify", json!({ "fields": { "impact": "stops-operations" } }));
    assert_eq!(world.breached(ticket, Metric::Resolution), "never", "an answered ticket owes nothing");
    world.run_until("2026-11-26 10:00").act(ticket, "return", json!({ "reason": "Всё стоит" }));
    for metric in [Metric::Resolution, Metric::Line] {
        assert_eq!(world.breached(ticket, metric), "2026-11-26 10:00", "{metric}");
    }
}

/// R6 for a clock that closes the ticket at its end: it is no promise of the desk, so it does not breach; a target that
/// is used up already ends it at the time of the change.
#[test]
fn r6_the_requesters_time_shortened_below_what_is_used_ends_at_the_change() {
    let text = shipped_text("getmark").replace(
        "end-reason = \"requester-silent\"",
        "end-reason = \"requester-silent\"\n[[clock.target]]\nwhen = { priority = \"high\" }\nterm = \"4h\"\n",
    );
    // The clause and note of that clock follow its new target in the file; they may.
    let regulation = Regulation::parse("getmark.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let mut world = World::under(regulation, "2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.act(ticket, "ask", json!({ "text": "Что на экране?" }));
    world.run_until("2026-11-23 16:00");
    world.act(ticket, "priority", json!({ "to": "high", "reason": "Отгрузка стоит" }));
    assert_eq!(world.alarms(), [""; 0]);
    assert_eq!(world.status(ticket), "waiting-requester");
    assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-11-23 16:00");
    world.run_until("2026-11-23 16:00:00.001");
    assert_eq!((world.status(ticket), world.alarms().len()), ("closed", 0));
}
