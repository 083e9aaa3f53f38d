//! Clarifying questions: the client's two working days, and what happens when they are over.

use andon::desk::clocks::ClockState;
use andon::desk::event::Turn;
use andon::desk::{Event, Metric, Refusal, Stage, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::json;

use super::{replied, request, world};

/// A ticket whose client was asked at a time.
fn asked(now: &str) -> (World, TicketNumber) {
    let (mut world, ticket) = replied(now);
    world.act(ticket, "ask", json!({ "text": "На каком узле?" }));
    (world, ticket)
}

/// When the desk told that the client's time is over, each time: the clock's cycle and the instant.
fn told(world: &World, ticket: TicketNumber) -> Vec<(u16, String)> {
    world
        .history(ticket)
        .filter_map(|(entry, event)| match event {
            Event::Clock { metric: Metric::RequesterAnswer, cycle, turn: Turn::RanOut { at } } => {
                assert_eq!((entry.by.as_str(), entry.effective_at()), ("timer", *at));
                Some((*cycle, local(*at)))
            }
            _ => None,
        })
        .collect()
}

/// BC-7, R3: the client answers within 2 working days: to the close of the second one after the day of the question.
#[test]
fn bc_7_the_client_has_two_working_days() {
    for (asked_at, deadline) in [
        // Tuesday and Wednesday, whatever the hour of Monday.
        ("2026-11-23 08:30", "2026-11-25 17:30"),
        ("2026-11-23 17:29", "2026-11-25 17:30"),
        ("2026-11-23 23:59", "2026-11-25 17:30"),
        // Friday: Monday and Tuesday. Saturday: the same.
        ("2026-11-20 17:20", "2026-11-24 17:30"),
        ("2026-11-21 12:00", "2026-11-24 17:30"),
        // The eve of a holiday: Thursday and Friday.
        ("2026-11-03 12:00", "2026-11-06 17:30"),
        // Over New Year: Wednesday the 30th and Monday the 11th; Monday the 11th and Tuesday the 12th.
        ("2026-12-29 12:00", "2027-01-11 17:30"),
        ("2026-12-30 17:20", "2027-01-12 17:30"),
        // The Saturday is worked, Monday and Tuesday are off: Saturday and Wednesday.
        ("2027-02-19 16:00", "2027-02-24 17:30"),
    ] {
        let (world, ticket) = asked(asked_at);
        assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), deadline, "asked at {asked_at}");
    }
}

/// BC-7: a question has words, is recorded, and the ticket waits.
#[test]
fn bc_7_a_question_is_recorded_and_waits() {
    let (mut world, ticket) = replied("2026-11-23 10:00");
    assert_eq!(world.refused(ticket, "ask", json!({ "text": " " })), Refusal::field("text", "is required"));
    assert_eq!((world.status(ticket), world.counts().waiting), ("new", 0));
    world.act(ticket, "ask", json!({ "text": "На каком узле?" }));
    assert_eq!((world.status(ticket), world.counts().waiting), ("waiting-client", 1));
    assert!(
        world
            .history(ticket)
            .any(|(_, event)| { *event == Event::Asked { text: "На каком узле?".to_owned() } })
    );
}

/// BC-7, R4: run out it is told once, at its own time, and nothing else happens: no closing, no breach, no alarm.
///
/// Asked on Wednesday 30 December: until Tuesday 12 January 17:30.
#[test]
fn bc_7_run_out_it_is_told_once_and_the_ticket_stays() {
    for off in [false, true] {
        let (mut world, ticket) = asked("2026-12-30 17:20");
        world.run_until("2027-01-12 17:30");
        assert_eq!(told(&world, ticket), []);
        let until = "2027-03-01 12:00";
        if off {
            world.sleep_until(until)
        } else {
            world.run_until(until)
        };
        assert_eq!(told(&world, ticket), [(1, "2027-01-12 17:30".to_owned())]);
        assert!(world.clock(ticket, Metric::RequesterAnswer).ran_out);
        assert_eq!(world.breached(ticket, Metric::RequesterAnswer), "never");
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("waiting-client", Stage::Open));
        assert_eq!(world.alarms(), [""; 0]);
        let counts = world.counts();
        assert_eq!((counts.open, counts.waiting, counts.breached), (1, 1, 0));
        // Nor is it told again when something else about the ticket changes.
        world.act(ticket, "priority", json!({ "to": "low", "reason": "Терпит" }));
        world.act(ticket, "classify", json!({ "type": "consultation" })).run_until("2027-06-01 12:00");
        assert_eq!(told(&world, ticket).len(), 1);
    }
}

/// BC-7: then the agent may close or refuse it.
#[test]
fn bc_7_after_that_an_agent_closes_or_refuses() {
    for (verb, reason, status) in
        [("close", "Клиент не ответил", "closed"), ("refuse", "not-solvable", "refused")]
    {
        let (mut world, ticket) = asked("2026-11-20 17:20");
        world.run_until("2026-11-25 10:00").as_agent("ivanova", &[]);
        world.act(ticket, verb, json!({ "reason": reason }));
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), (status, Stage::Closed));
        for metric in [Metric::RequesterAnswer, Metric::Resolution] {
            assert_eq!(world.state(ticket, metric), ClockState::Stopped, "{verb}: {metric}");
        }
        assert_eq!(world.counts().open, 0);
    }
}

/// BC-7: an answer that comes late is an answer.
#[test]
fn bc_7_a_late_answer_is_taken() {
    let (mut world, ticket) = asked("2026-11-20 17:20");
    world.run_until("2026-12-01 10:00").as_requester().act(ticket, "answer", json!({ "text": "На втором" }));
    assert_eq!((world.status(ticket), world.counts().waiting), ("in-progress", 0));
    assert_eq!(world.state(ticket, Metric::RequesterAnswer), ClockState::Stopped);
}

/// BC-7: answered at the last instant, nothing is told.
#[test]
fn bc_7_an_answer_at_the_last_instant_is_in_time() {
    let (mut world, ticket) = asked("2026-11-20 17:20");
    world.run_until("2026-11-24 17:30").as_requester().act(ticket, "answer", json!({ "text": "На втором" }));
    world.run_until("2026-12-31 12:00");
    assert_eq!(told(&world, ticket), []);
}

/// BC-7: another question gives the two days anew, before the answer, after it, and after the time has run out; and
/// each time that runs out is told.
#[test]
fn bc_7_another_question_gives_the_time_anew() {
    let (mut world, ticket) = asked("2026-11-20 17:20");
    // Monday: to Wednesday.
    world.run_until("2026-11-23 10:00").act(ticket, "ask", json!({ "text": "И какой версии?" }));
    assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-11-25 17:30");
    // Answered, and asked again on Wednesday: to Friday.
    world.act(ticket, "answer", json!({ "text": "8.3" })).run_until("2026-11-25 10:00");
    world.act(ticket, "ask", json!({ "text": "А узел?" }));
    assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-11-27 17:30");
    // Run out, and asked again on Monday the 30th: to Wednesday.
    world.run_until("2026-11-30 10:00").act(ticket, "ask", json!({ "text": "Ау?" }));
    assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-12-02 17:30");
    world.run_until("2026-12-31 10:00");
    assert_eq!(
        told(&world, ticket),
        [(3, "2026-11-27 17:30".to_owned()), (4, "2026-12-02 17:30".to_owned())]
    );
    assert_eq!(world.status(ticket), "waiting-client");
}

/// BC-7: whoever goes on without the answer ends the client's time.
#[test]
fn bc_7_going_on_without_an_answer_ends_the_clients_time() {
    for (verb, body) in [
        ("status", json!({ "to": "in-progress" })),
        ("resolve", json!({ "text": "Исправлено", "source": "own-product" })),
    ] {
        let (mut world, ticket) = asked("2026-11-20 17:20");
        world.run_until("2026-11-23 10:00").act(ticket, verb, body);
        assert_eq!(world.state(ticket, Metric::RequesterAnswer), ClockState::Stopped, "{verb}");
        world.run_until("2026-12-31 10:00");
        assert_eq!(told(&world, ticket), [], "{verb}");
    }
}

/// BC-7: taking a ticket that waits does not answer the question.
#[test]
fn bc_7_a_taken_ticket_goes_on_waiting() {
    let (mut world, ticket) = asked("2026-11-20 17:20");
    world.as_agent("ivanova", &[]).act(ticket, "take", json!({}));
    assert_eq!(world.status(ticket), "waiting-client");
    assert_eq!(world.deadline(ticket, Metric::RequesterAnswer), "2026-11-24 17:30");
}

/// BC-7: words that come in while nobody waits for them move nothing.
#[test]
fn bc_7_words_nobody_asked_for_leave_the_status() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("low"));
    world.as_requester().act(ticket, "answer", json!({ "text": "И ещё вот что" }));
    assert_eq!(world.status(ticket), "new");
    assert!(world.ticket(ticket).clock(Metric::RequesterAnswer).is_none());
}

/// BC-7, BC-9, BC-10: the verb `status` goes to work and to waiting, from open statuses only; every end has its own verb.
#[test]
fn bc_7_the_verb_status_moves_between_open_statuses_only() {
    let ends = ["new", "in-progress", "waiting-client", "resolved", "closed", "refused"];
    for (verb, body, from, to) in [
        ("reply", json!({ "text": "Смотрим" }), "new", &["in-progress", "waiting-client"][..]),
        ("take", json!({}), "in-progress", &["waiting-client"]),
        ("ask", json!({ "text": "?" }), "waiting-client", &["in-progress"]),
        ("resolve", json!({ "text": "Готово", "source": "vendor" }), "resolved", &[]),
        ("close", json!({ "reason": "Дубликат" }), "closed", &[]),
        ("refuse", json!({ "reason": "not-solvable" }), "refused", &[]),
    ] {
        for end in ends.into_iter().filter(|end| *end != from) {
            let (mut world, ticket) = replied("2026-11-23 10:00");
            world.act(ticket, verb, body.clone());
            assert_eq!(world.status(ticket), from);
            let moved = world.try_act(ticket, "status", json!({ "to": end }));
            assert_eq!(moved.is_ok(), to.contains(&end), "{from} to {end}: {moved:?}");
        }
    }
}
