//! Statuses, and time that stands still while somebody else is asked.

use andon::desk::clocks::ClockState;
use andon::desk::{Event, Metric, Refusal, Stage, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::{Value, json};

use super::{high, medium};

/// The ticket's statuses, from the first on.
fn statuses(world: &World, ticket: TicketNumber) -> Vec<String> {
    let mut all = Vec::new();
    for (_, event) in world.history(ticket) {
        match event {
            Event::Registered(facts) => all.push(facts.status.to_string()),
            Event::StatusChanged { to, .. } => all.push(to.to_string()),
            _ => {}
        }
    }
    all
}

/// A world on Monday 2026-11-23 10:00 with a ticket of line 2 in a status.
fn in_status(status: &str) -> (World, TicketNumber) {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    match status {
        "new" => {}
        "closed" => drop(world.act(ticket, "resolve", json!({ "text": "Сделано" }))),
        "refused" => drop(world.act(ticket, "refuse", json!({ "reason": "Не наша программа" }))),
        other => drop(world.act(ticket, "status", json!({ "to": other }))),
    }
    assert_eq!(world.status(ticket), status);
    (world, ticket)
}

/// GM-5.6: Регистрация lasts only until the number is given.
#[test]
fn gm_5_6_registration_passes_at_once() {
    let (world, ticket) = in_status("new");
    assert_eq!(statuses(&world, ticket), ["registration", "new"]);
    assert_eq!(world.entries().len(), 1, "in the same entry, so that nobody can ever see it in Регистрация");
}

/// GM-5.6: the status machine. Закрытое and Отказ are reached by their verbs alone, since an answer or a reason
/// belongs to them; Регистрация by none.
#[test]
fn gm_5_6_the_moves_between_statuses() {
    let open = ["new", "in-progress", "waiting-requester", "waiting-release"];
    let allowed =
        |from: &str, to: &str| from == to || (to != "new" && open.contains(&from) && open.contains(&to));
    for from in ["new", "in-progress", "waiting-requester", "waiting-release", "closed", "refused"] {
        for to in [
            "registration",
            "new",
            "in-progress",
            "waiting-requester",
            "waiting-release",
            "closed",
            "refused",
        ] {
            let (mut world, ticket) = in_status(from);
            let moved = world.try_act(ticket, "status", json!({ "to": to }));
            assert_eq!(moved.is_ok(), allowed(from, to), "{from} to {to}: {moved:?}");
            assert_eq!(world.status(ticket), if moved.is_ok() { to } else { from });
        }
    }
}

/// GM-5.6: a refused move says where the ticket may go instead.
#[test]
fn gm_5_6_a_refused_move_names_the_ways_out() {
    let (mut world, ticket) = in_status("in-progress");
    let refusal = world.refused(ticket, "status", json!({ "to": "closed" }));
    assert_eq!(
        refusal.to_string(),
        "from `in-progress` the verb `status` leads to waiting-requester, waiting-release, not to `closed`"
    );
    assert_eq!(refusal.code(), "move-not-allowed");
    assert_eq!(
        world.refused(ticket, "status", json!({ "to": "done" })),
        Refusal::field(
            "to",
            "unknown `done`; one of registration, new, waiting-requester, in-progress, waiting-release, closed, refused"
        )
    );
}

/// GM-5.6: taking a new ticket is beginning to work; taking a waiting one does not end the wait.
#[test]
fn gm_5_6_taking_a_new_ticket_begins_work() {
    let (mut world, ticket) = in_status("new");
    world.as_agent("ivanova", &[2]).act(ticket, "take", json!({}));
    assert_eq!(world.status(ticket), "in-progress");
    let (mut world, ticket) = in_status("waiting-requester");
    world.as_agent("ivanova", &[2]).act(ticket, "take", json!({}));
    assert_eq!(world.status(ticket), "waiting-requester");
    world.as_agent("sidorov", &[2]);
    assert_eq!(
        world.refused(ticket, "take", json!({})).to_string(),
        "ticket 1 is with ivanova already; `transfer` it with a reason"
    );
}

/// GM-5.6: Отказ, with its reason, is an end: its clocks stop, and it cannot be returned.
#[test]
fn gm_5_6_a_refusal_needs_a_reason_and_ends_the_ticket() {
    let (mut world, ticket) = in_status("new");
    assert_eq!(world.refused(ticket, "refuse", json!({})), Refusal::field("reason", "is required"));
    world.run_until("2026-11-23 11:00").act(ticket, "refuse", json!({ "reason": "Не наша программа" }));
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("refused", Stage::Closed));
    for metric in [Metric::Resolution, Metric::Line] {
        assert_eq!(
            (world.state(ticket, metric), world.used(ticket, metric)),
            (ClockState::Stopped, "1h".into())
        );
    }
    world.as_requester();
    assert_eq!(world.refused(ticket, "return", json!({ "reason": "Ваша" })).code(), "window-over");
}

/// GM-5.19: time stands still in Ожидает ответа пользователя.
#[test]
fn gm_5_19_time_stands_still_while_waiting_for_the_requester() {
    // Friday 16:00; asked at 17:00 with 1 h used, answered on Monday at 11:00.
    let mut world = World::getmark("2026-11-20 16:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-20 17:00").act(ticket, "ask", json!({ "text": "Какая версия?" }));
    for metric in [Metric::Resolution, Metric::Line] {
        assert_eq!(
            (world.state(ticket, metric), world.deadline(ticket, metric)),
            (ClockState::Paused, "none".into())
        );
    }
    assert_eq!(world.counts().waiting, 1);
    world.run_until("2026-11-23 11:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "1h");
    world.as_requester().act(ticket, "answer", json!({ "text": "2.3" }));
    assert_eq!(world.status(ticket), "in-progress");
    // 11 h of 12 are left: 7 h on Monday, 4 h on Tuesday. 7 h of line 2's 8 are left: Monday's, to the close.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 13:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-23 18:00");
    assert_eq!(world.counts().waiting, 0);
}

/// GM-5.19: and in Ожидается реализация, from one into the other without a moment between.
#[test]
fn gm_5_19_time_stands_still_while_waiting_for_a_release() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 12:00").act(ticket, "status", json!({ "to": "waiting-release" }));
    world.run_until("2026-12-07 12:00").act(ticket, "status", json!({ "to": "waiting-requester" }));
    world.run_until("2026-12-08 12:00").act(ticket, "status", json!({ "to": "waiting-release" }));
    world.run_until("2026-12-21 12:00").act(ticket, "status", json!({ "to": "in-progress" }));
    // 2 h used. 10 h are left from Monday 12:00: 6 h and 4 h on Tuesday; of line 2's term 6 h, Monday's.
    assert_eq!(world.used(ticket, Metric::Resolution), "2h");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-22 13:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-12-21 18:00");
    assert_eq!(world.counts().breached, 0);
}

/// GM-5.19: a ticket that waits and is routed waits on the other line, whose term has not begun to run.
#[test]
fn gm_5_19_a_ticket_routed_while_it_waits_goes_on_waiting() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("phone"));
    world.run_until("2026-11-23 12:00").act(ticket, "ask", json!({ "text": "Какая версия?" }));
    world.run_until("2026-11-23 16:00").act(ticket, "route", json!({ "line": 2 }));
    for metric in [Metric::Resolution, Metric::Line] {
        assert_eq!(
            (world.state(ticket, metric), world.deadline(ticket, metric)),
            (ClockState::Paused, "none".into())
        );
    }
    world.run_until("2026-11-24 12:00").act(ticket, "answer", json!({ "text": "2.3" }));
    // 10 h of 12 are left under line 2: 6 h on Tuesday, 4 h on Wednesday. Line 2 has all of its 8 h: 6 h and 2 h.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-25 13:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-25 11:00");
}

/// GM-5.21: missing or contradictory data: ask the user; the ask is recorded.
#[test]
fn gm_5_21_an_ask_is_recorded_and_waits() {
    let (mut world, ticket) = in_status("new");
    assert_eq!(world.refused(ticket, "ask", json!({ "text": " " })), Refusal::field("text", "is required"));
    assert_eq!(world.status(ticket), "new", "an ask without words asks nothing");
    world.act(ticket, "ask", json!({ "text": "В каком документе?" }));
    assert_eq!(world.status(ticket), "waiting-requester");
    assert!(world.history(ticket).any(|(entry, event)| {
        entry.by == "lead" && *event == Event::Asked { text: "В каком документе?".to_owned() }
    }));
}

/// GM-5.22: the user answers within 72 working hours, else the ticket is closed with the reason.
///
/// 72 h of line 2 from Monday 10:00: 8 + 36 + 27 by Wednesday 2 December, and 1 h on Thursday. Three working days, as
/// the text also says, would have ended on Thursday 26 November; the longer is used.
#[test]
fn gm_5_22_silence_for_72_working_hours_closes_the_ticket() {
    let (mut world, ticket) = in_status("new");
    world.act(ticket, "ask", json!({ "text": "В каком документе?" }));
    assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-12-03 10:00");
    world.run_until("2026-12-03 10:00");
    assert_eq!(world.ticket(ticket).stage, Stage::Open);
    world.run_until("2026-12-03 10:00:00.001");
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Closed));
    let (entry, closed) =
        world.history(ticket).find(|(_, event)| matches!(event, Event::Closed { .. })).expect("a closing");
    assert_eq!(*closed, Event::Closed { reason: "requester-silent".to_owned(), text: None });
    assert_eq!((entry.by.as_str(), local(entry.effective_at())), ("timer", "2026-12-03 10:00".to_owned()));
    assert!(
        world.clock(ticket, Metric::RequesterAnswer).ran_out,
        "the record says whose time it was that ran out"
    );
    assert_eq!(world.counts().open, 0);
    for metric in [Metric::Resolution, Metric::Line, Metric::RequesterAnswer] {
        assert_eq!(world.state(ticket, metric), ClockState::Stopped, "{metric}");
    }
    assert_eq!(world.alarms(), [""; 0], "what the requester did not do is no alarm");
}

/// GM-5.22: on line 1 the 72 h are line 1's: 11 h on Monday, 60 h until Monday the 30th, and 1 h.
#[test]
fn gm_5_22_the_requesters_time_is_counted_in_the_hours_of_the_line() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("phone"));
    world.act(ticket, "ask", json!({ "text": "В каком документе?" }));
    assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-12-01 10:00");
}

/// GM-5.22: an answer in the last moment is in time; a moment later it is not.
#[test]
fn gm_5_22_an_answer_in_the_last_moment_is_in_time() {
    let scene = |at: &str| -> (World, TicketNumber) {
        let (mut world, ticket) = in_status("new");
        world.act(ticket, "ask", json!({ "text": "В каком документе?" }));
        world.run_until(at).as_requester();
        (world, ticket)
    };
    let (mut world, ticket) = scene("2026-12-03 10:00");
    world.act(ticket, "answer", json!({ "text": "В седьмом" }));
    assert_eq!(world.status(ticket), "in-progress");
    assert_eq!(world.state(ticket, Metric::RequesterAnswer), ClockState::Stopped);
    let (mut world, ticket) = scene("2026-12-03 10:00:00.001");
    let refusal = world.refused(ticket, "answer", json!({ "text": "В седьмом" }));
    assert_eq!(refusal.to_string(), "ticket 1 is closed; register a new ticket that `follows` it");
}

/// GM-5.22: asked again after an answer, the requester has 72 h again.
#[test]
fn gm_5_22_a_second_ask_gives_the_time_anew() {
    let (mut world, ticket) = in_status("new");
    world.act(ticket, "ask", json!({ "text": "В каком документе?" }));
    world.run_until("2026-12-01 10:00").act(ticket, "answer", json!({ "text": "В седьмом" }));
    world.run_until("2026-12-02 10:00").act(ticket, "ask", json!({ "text": "Какого года?" }));
    // 8 h on Wednesday 2 December, 18 h by Friday, 45 h until Friday the 11th make 71, and 1 h on Monday the 14th.
    assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-12-14 10:00");
    assert_eq!(world.clock(ticket, Metric::RequesterAnswer).cycle, 2);
}

/// GM-5.21, GM-5.22: asked once more while the first question is open, the requester has 72 h for the newest.
///
/// Ambiguous: the clause does not say which ask counts. Counting from the first would close a ticket an hour after the
/// last question was put, which serves nobody.
#[test]
fn gm_5_22_another_ask_before_the_answer_gives_the_time_anew() {
    let (mut world, ticket) = in_status("new");
    world.act(ticket, "ask", json!({ "text": "В каком документе?" }));
    world.run_until("2026-12-02 10:00").act(ticket, "ask", json!({ "text": "И какого года?" }));
    assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-12-14 10:00");
    world.run_until("2026-12-04 10:00");
    assert_eq!(world.status(ticket), "waiting-requester");
    assert_eq!(world.used(ticket, Metric::Resolution), "0s", "it has waited all along");
}

/// GM-5.22: words that come in while nobody waits for them move nothing.
#[test]
fn gm_5_22_an_answer_nobody_asked_for_leaves_the_status() {
    for status in ["new", "in-progress", "waiting-release", "closed"] {
        let (mut world, ticket) = in_status(status);
        world.as_requester().act(ticket, "answer", json!({ "text": "И ещё вот что" }));
        assert_eq!(world.status(ticket), status);
    }
}

/// GM-5.22: whoever the requester is, the room works on: an agent who moves the ticket on stops the requester's time.
#[test]
fn gm_5_22_moving_on_without_an_answer_stops_the_requesters_time() {
    for to in ["in-progress", "waiting-release"] {
        let (mut world, ticket) = in_status("waiting-requester");
        world.run_until("2026-11-24 10:00").act(ticket, "status", json!({ "to": to }));
        assert_eq!(world.state(ticket, Metric::RequesterAnswer), ClockState::Stopped, "{to}");
        world.run_until("2026-12-25 18:00");
        assert_eq!(world.status(ticket), to);
    }
}

/// What the requester's side may do is no more than that.
#[test]
fn gm_5_21_the_requester_does_not_ask_itself() {
    let (mut world, ticket) = in_status("new");
    world.as_requester();
    let verbs: [(&str, Value); 4] = [
        ("ask", json!({ "text": "?" })),
        ("status", json!({ "to": "in-progress" })),
        ("resolve", json!({ "text": "Сам" })),
        ("close", json!({ "reason": "Сам" })),
    ];
    for (verb, body) in verbs {
        assert_eq!(world.refused(ticket, verb, body).code(), "forbidden", "{verb}");
    }
}
