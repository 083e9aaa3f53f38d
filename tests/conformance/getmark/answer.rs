//! The answer, its confirmation, and its return.

use andon::desk::clocks::ClockState;
use andon::desk::{Event, Metric, Refusal, Stage, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::json;

use super::{high, medium};

/// A high ticket of line 2, registered on Monday 2026-11-23 10:00 and answered at 14:00.
///
/// 72 h of line 2 from then: 4 h on Monday, 36 until Friday, 27 until Wednesday 2 December make 67, and 5 h on Thursday:
/// until 2026-12-03 14:00.
fn answered() -> (World, TicketNumber) {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 14:00").as_agent("ivanova", &[2]).act(ticket, "take", json!({}));
    world.act(ticket, "resolve", json!({ "text": "Обновите страницу: Ctrl+F5" })).as_requester();
    (world, ticket)
}

/// GM-5.23, GM-5.24: the answer carries the solution and the steps.
#[test]
fn gm_5_23_an_answer_without_words_is_refused() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    for body in [json!({}), json!({ "text": "" }), json!({ "text": " \n\t" })] {
        assert_eq!(world.refused(ticket, "resolve", body), Refusal::field("text", "is required"));
    }
    assert_eq!(world.status(ticket), "new");
}

/// GM-5.24: what was answered stands in the history, by whom.
#[test]
fn gm_5_24_the_solution_stands_in_the_history() {
    let (world, ticket) = answered();
    assert!(world.history(ticket).any(|(entry, event)| {
        entry.by == "ivanova"
            && matches!(event, Event::Resolved { text, .. } if text == "Обновите страницу: Ctrl+F5")
    }));
}

/// GM-5.25: no redirecting to another service: a forbidden phrase is a warning that the agent overrides by name.
#[test]
fn gm_5_25_a_forbidden_phrase_is_overridden_by_name_only() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    let text = "Это не к нам. ОБРАТИТЕСЬ в другую службу.";
    let refusal = world.refused(ticket, "resolve", json!({ "text": text }));
    assert_eq!(
        refusal.to_string(),
        "the answer says «обратитесь в другую службу», which the regulation forbids; write it otherwise, or name the \
         phrase in `despite`"
    );
    assert_eq!(refusal.code(), "forbidden-phrase");
    let other = json!({ "text": text, "despite": ["что-то другое"] });
    assert_eq!(world.refused(ticket, "resolve", other).code(), "forbidden-phrase");
    world.act(ticket, "resolve", json!({ "text": text, "despite": ["обратитесь в другую службу"] }));
    assert_eq!(world.ticket(ticket).stage, Stage::Resolved);
}

/// GM-5.26: answering sets Закрытое, awaiting confirmation; the desk's clocks stop.
#[test]
fn gm_5_26_an_answered_ticket_is_closed_and_awaits_confirmation() {
    let (world, ticket) = answered();
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Resolved));
    for metric in [Metric::Resolution, Metric::Line] {
        assert_eq!(
            (world.state(ticket, metric), world.used(ticket, metric)),
            (ClockState::Stopped, "4h".into())
        );
        assert_eq!(world.breached(ticket, metric), "never");
    }
    assert_eq!(world.deadline(ticket, Metric::Confirmation), "2026-12-03 14:00");
    assert_eq!(world.counts().open, 0);
}

/// GM-5.26: a ticket may be answered out of any open status, also while it waits.
#[test]
fn gm_5_26_a_waiting_ticket_can_be_answered() {
    for status in ["waiting-requester", "waiting-release"] {
        let mut world = World::getmark("2026-11-23 10:00");
        let ticket = world.register(high("email"));
        world.run_until("2026-11-23 11:00").act(ticket, "status", json!({ "to": status }));
        world.run_until("2026-11-25 11:00").act(ticket, "resolve", json!({ "text": "Выпущено в 2.4" }));
        assert_eq!(world.used(ticket, Metric::Resolution), "1h", "{status}");
        // 7 h on Wednesday, 18 by Friday, 45 in the week after make 70, and 2 h on Monday the 7th.
        assert_eq!(world.deadline(ticket, Metric::Confirmation), "2026-12-07 11:00");
        world.run_until("2026-12-07 11:00:00.001");
        assert_eq!(world.ticket(ticket).stage, Stage::Closed);
    }
}

/// GM-5.26: the user may confirm, and mark it Удовлетворительно or Неудовлетворительно.
#[test]
fn gm_5_26_the_requester_confirms_with_a_mark() {
    for mark in ["satisfactory", "unsatisfactory"] {
        let (mut world, ticket) = answered();
        world.run_until("2026-11-23 15:00");
        world.act(ticket, "confirm", json!({ "mark": mark, "comment": "Быстро" }));
        assert_eq!(world.ticket(ticket).mark.as_deref(), Some(mark));
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Closed));
        assert_eq!(world.state(ticket, Metric::Confirmation), ClockState::Stopped);
    }
}

/// GM-5.26: there are two marks.
#[test]
fn gm_5_26_another_mark_is_refused() {
    let (mut world, ticket) = answered();
    assert_eq!(
        world.refused(ticket, "confirm", json!({ "mark": "5" })),
        Refusal::field("mark", "unknown `5`; one of satisfactory, unsatisfactory")
    );
    assert_eq!(world.ticket(ticket).stage, Stage::Resolved);
}

/// GM-5.26: confirmed without a mark counts as Удовлетворительно.
#[test]
fn gm_5_26_confirmed_without_a_mark_counts_as_satisfactory() {
    let (mut world, ticket) = answered();
    world.act(ticket, "confirm", json!({}));
    assert_eq!(world.ticket(ticket).mark.as_deref(), Some("satisfactory"));
}

/// GM-5.26: no answer within 72 working hours: closed.
///
/// Ambiguous: whether silence, too, counts as Удовлетворительно. The clause says so of a confirmation only, so a ticket
/// closed by time bears no mark, and the report of GM-6 does not praise itself for silence.
#[test]
fn gm_5_26_silence_for_72_working_hours_closes_without_a_mark() {
    let (mut world, ticket) = answered();
    world.run_until("2026-12-03 14:00");
    assert_eq!(world.ticket(ticket).stage, Stage::Resolved);
    world.run_until("2026-12-03 14:00:00.001");
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Closed));
    assert_eq!(world.ticket(ticket).mark, None);
    let (entry, event) =
        world.history(ticket).find(|(_, event)| matches!(event, Event::Closed { .. })).expect("a closing");
    assert_eq!(*event, Event::Closed { reason: "not-confirmed".to_owned(), text: None });
    assert_eq!(local(entry.effective_at()), "2026-12-03 14:00");
    assert_eq!(world.alarms(), [""; 0]);
}

/// GM-5.26: there is nothing to confirm before there is an answer, nor twice.
#[test]
fn gm_5_26_only_an_answered_ticket_is_confirmed() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.as_requester();
    assert_eq!(
        world.refused(ticket, "confirm", json!({})).to_string(),
        "ticket 1 has no answer yet that could be confirmed or returned"
    );
    let (mut world, ticket) = answered();
    world.act(ticket, "confirm", json!({ "mark": "unsatisfactory" }));
    assert_eq!(world.refused(ticket, "confirm", json!({ "mark": "satisfactory" })).code(), "closed");
    assert_eq!(world.ticket(ticket).mark.as_deref(), Some("unsatisfactory"));
}

/// GM-5.27: the user may return it, with a reason: back to В работе, and the term goes on from its used time.
#[test]
fn gm_5_27_a_returned_ticket_goes_on_from_its_used_time() {
    let (mut world, ticket) = answered();
    world.run_until("2026-11-25 10:00");
    assert_eq!(world.refused(ticket, "return", json!({})), Refusal::field("reason", "is required"));
    world.act(ticket, "return", json!({ "reason": "Не помогло" }));
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("in-progress", Stage::Open));
    // 4 h used; 8 h of 12 and 4 h of line 2's 8 are left, from Wednesday 10:00.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-25 18:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-25 14:00");
    assert_eq!(world.state(ticket, Metric::Confirmation), ClockState::Stopped);
    assert_eq!(world.ticket(ticket).assignee.as_deref(), Some("ivanova"), "who answered it has it again");
    assert_eq!((world.counts().open, world.clock(ticket, Metric::Resolution).cycle), (1, 1));
}

/// GM-5.27: within those 72 working hours: in the last moment still, one millisecond later not any more.
#[test]
fn gm_5_27_the_last_moment_to_return_is_the_deadline_itself() {
    let (mut world, ticket) = answered();
    world.run_until("2026-12-03 14:00").act(ticket, "return", json!({ "reason": "Не помогло" }));
    assert_eq!(world.status(ticket), "in-progress");
    let (mut world, ticket) = answered();
    world.run_until("2026-12-03 14:00:00.001");
    let refusal = world.refused(ticket, "return", json!({ "reason": "Не помогло" }));
    assert_eq!(
        refusal.to_string(),
        "ticket 1 is closed for good and cannot be returned; register a new ticket that `follows` it"
    );
    assert_eq!(refusal.code(), "window-over");
}

/// GM-5.27, R4: the window is over at its own time, also where the daemon was off and had nobody to close the ticket.
#[test]
fn gm_5_27_a_return_after_the_window_is_refused_though_the_daemon_was_off() {
    let (mut world, ticket) = answered();
    world.sleep_until("2026-12-07 12:00");
    assert_eq!(world.refused(ticket, "return", json!({ "reason": "Не помогло" })).code(), "window-over");
    let closed =
        world.history(ticket).find(|(_, event)| matches!(event, Event::Closed { .. })).expect("a closing");
    assert_eq!(
        (local(closed.0.at), local(closed.0.effective_at())),
        ("2026-12-07 12:00".into(), "2026-12-03 14:00".into())
    );
}

/// GM-5.27: later than that: a new ticket, linked.
#[test]
fn gm_5_27_after_the_window_a_new_ticket_follows_up() {
    let (mut world, ticket) = answered();
    world.run_until("2026-12-04 10:00");
    let second = world.register(high("email"));
    world.as_lead().act(second, "link", json!({ "to": ticket, "kind": "follow-up" }));
    assert_eq!(world.ticket(ticket).links[0].to, second);
    assert_eq!(world.used(second, Metric::Resolution), "0s");
}

/// GM-5.27: returned, answered and returned again, the used time adds up and the window is given anew.
#[test]
fn gm_5_27_every_answer_opens_a_window_of_its_own() {
    let (mut world, ticket) = answered();
    world.run_until("2026-11-25 10:00").act(ticket, "return", json!({ "reason": "Не помогло" }));
    world.run_until("2026-11-25 12:00").as_lead();
    world.act(ticket, "resolve", json!({ "text": "Очистите кэш" }));
    assert_eq!(world.used(ticket, Metric::Resolution), "6h");
    // 6 h on Wednesday, 18 by Friday, 45 until Friday 4 December make 69, and 3 h on Monday the 7th.
    assert_eq!(world.deadline(ticket, Metric::Confirmation), "2026-12-07 12:00");
    assert_eq!(world.clock(ticket, Metric::Confirmation).cycle, 2);
    world.run_until("2026-12-07 12:00").as_requester();
    world.act(ticket, "return", json!({ "reason": "Опять" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-07 18:00");
}

/// GM-5.27, R6: a ticket reclassified while it waited for confirmation comes back with the terms it has now.
#[test]
fn gm_5_27_a_ticket_reclassified_while_answered_returns_under_its_new_terms() {
    let (mut world, ticket) = answered();
    world.as_lead().act(ticket, "classify", json!({ "fields": { "impact": "hinders" } }));
    assert_eq!(world.priority(ticket), "medium");
    world.run_until("2026-11-23 15:00").as_requester();
    world.act(ticket, "return", json!({ "reason": "Не помогло" }));
    // 4 h used of 72: 68 h left from Monday 15:00: 3 + 36 + 27 = 66 by Wednesday 2 December, and 2 h on Thursday.
    // 4 h used of line 2's 48: 44 h left: 39 by Friday, and 5 h on Monday the 30th.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-03 11:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-30 14:00");
}

/// GM-5.27, R4: an answer that came too late is a broken promise; returning the ticket does not mend it.
#[test]
fn gm_5_27_a_breach_stays_over_a_return() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-25 10:00").act(ticket, "resolve", json!({ "text": "Обновите страницу" }));
    assert_eq!(world.counts().breached, 0, "nothing is owed while the requester looks at it");
    world.run_until("2026-11-25 12:00").act(ticket, "return", json!({ "reason": "Не помогло" }));
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-24 13:00");
    assert_eq!(world.counts().breached, 1);
}

/// GM-6: marks are collected automatically: each stays with its ticket, the agent who answered, and the line.
#[test]
fn gm_6_a_mark_stays_with_ticket_agent_and_line() {
    let (mut world, ticket) = answered();
    world.act(ticket, "confirm", json!({ "mark": "unsatisfactory", "comment": "Долго" }));
    world.run_until("2026-12-31 10:00");
    let ticket = world.ticket(ticket);
    assert_eq!(
        (ticket.mark.as_deref(), ticket.assignee.as_deref(), ticket.facts.line),
        (Some("unsatisfactory"), Some("ivanova"), 2)
    );
    assert!(world.history(ticket.number).any(|(entry, event)| {
        local(entry.at) == "2026-11-23 14:00"
            && matches!(event, Event::Confirmed { comment: Some(words), .. } if words == "Долго")
    }));
}
