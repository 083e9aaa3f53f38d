//! ZS-7, ZS-8: departments are asked by topic, and have working days of their own to answer.
//!
//! Support works 10:00–19:00; N working days end at the close of the N-th working day after the day of asking (R3).

use andon::desk::clocks::ClockState;
use andon::desk::explain::explain;
use andon::desk::{EscalationState, Event, Metric, Refusal, Stage, TicketNumber, view};
use andon_tests::time::{instant, local};
use andon_tests::{SimulatedBox, World};
use serde_json::{Value, json};

use super::{consultation, error, world};

/// Each topic with its department, its working days and its channels.
const TOPICS: [(&str, &str, u32, &[&str]); 8] = [
    ("legal", "legal", 3, &["mattermost", "email"]),
    ("settlements", "finance", 5, &["mattermost", "email"]),
    ("promotion", "marketing", 3, &["mattermost"]),
    ("product-development", "product-it", 5, &["mattermost"]),
    ("system-errors", "it", 1, &["mattermost"]),
    ("data-editing", "it", 1, &["mattermost"]),
    ("joint-events", "marketing", 3, &["mattermost"]),
    ("joint-pr", "marketing", 3, &["mattermost"]),
];

fn about(topic: &str) -> Value {
    json!({ "topic": topic, "channel": "mattermost", "text": "Как быть?" })
}

fn answer(escalation: u16) -> Value {
    json!({ "escalation": escalation, "text": "Вот так" })
}

/// A ticket of a local time that asks a department at once.
fn asked(now: &str, topic: &str) -> (World, TicketNumber) {
    let mut world = world(now);
    let ticket = world.register(error("normal"));
    world.act(ticket, "reply", json!({ "text": "Смотрим" })).act(ticket, "escalate", about(topic));
    (world, ticket)
}

/// Until when the department answers, in local time.
fn until(world: &World, ticket: TicketNumber, escalation: u16) -> String {
    let clock = world.ticket(ticket).escalation_clock(escalation).expect("its clock");
    clock.due().map_or_else(|| "none".to_owned(), local)
}

fn state(world: &World, ticket: TicketNumber, escalation: u16) -> EscalationState {
    world.ticket(ticket).escalation(escalation).expect("the escalation").state
}

/// ZS-7: the terms of all eight topics, asked on Monday 2026-11-23: 1 day ends on Tuesday, 3 on Thursday, 5 on the next
/// Monday, each at 19:00.
#[test]
fn zs_7_each_topic_has_its_department_and_its_working_days() {
    for (topic, department, days, _) in TOPICS {
        let (world, ticket) = asked("2026-11-23 11:00", topic);
        let deadline = match days {
            1 => "2026-11-24 19:00",
            3 => "2026-11-26 19:00",
            _ => "2026-11-30 19:00",
        };
        assert_eq!(until(&world, ticket, 1), deadline, "{topic}");
        let escalation = world.ticket(ticket).escalation(1).expect("the escalation");
        assert_eq!(escalation.department, department, "{topic}");
        let clock = world.clock(ticket, Metric::Escalation);
        assert_eq!((clock.term.days, clock.term.clause.as_deref()), (Some(days), Some("ZS-7")), "{topic}");
        assert_eq!(clock.term.calendar, "zkh-services/zkh");
    }
}

/// ZS-7, R3: the day of asking does not count, nor do days off; a moved Saturday does.
#[test]
fn zs_7_working_days_pass_over_days_off() {
    for (now, topic, deadline) in [
        // Friday evening: Monday is the first.
        ("2026-11-20 18:30", "system-errors", "2026-11-23 19:00"),
        // Saturday, when nobody works: Monday is the first.
        ("2026-11-21 12:00", "data-editing", "2026-11-23 19:00"),
        // Tuesday; Wednesday the 4th is a holiday.
        ("2026-11-03 11:00", "system-errors", "2026-11-05 19:00"),
        // Tuesday; Wednesday the 30th, then the 11th and 12th of January.
        ("2026-12-29 11:00", "legal", "2027-01-12 19:00"),
        // Friday; Saturday the 20th is worked.
        ("2027-02-19 11:00", "data-editing", "2027-02-20 19:00"),
    ] {
        let (world, ticket) = asked(now, topic);
        assert_eq!(until(&world, ticket, 1), deadline, "{now}");
    }
}

/// ZS-7: the ticket's own clocks run on.
#[test]
fn zs_7_the_tickets_own_clocks_run_on() {
    let mut with = world("2026-11-23 11:00");
    let mut without = world("2026-11-23 11:00");
    for world in [&mut with, &mut without] {
        world.register(consultation());
    }
    let ticket = TicketNumber(1);
    with.act(ticket, "escalate", about("legal"));
    for now in ["2026-11-23 11:30", "2026-11-24 11:00:00.001", "2026-12-01 10:00"] {
        with.run_until(now);
        without.run_until(now);
        for metric in [Metric::Reaction, Metric::Resolution] {
            assert_eq!(with.clock(ticket, metric), without.clock(ticket, metric), "{metric} at {now}");
        }
    }
    assert_eq!(with.status(ticket), without.status(ticket), "asking moves nothing");
}

/// ZS-7: several departments at once, each with its own clock; answers come in any order.
#[test]
fn zs_7_several_departments_are_asked_at_once() {
    let (mut world, ticket) = asked("2026-11-23 11:00", "legal");
    world.run_until("2026-11-24 12:00").act(ticket, "escalate", about("system-errors"));
    world.act(ticket, "escalate", about("settlements"));
    let all = [1, 2, 3].map(|escalation| until(&world, ticket, escalation));
    assert_eq!(all, ["2026-11-26 19:00", "2026-11-25 19:00", "2026-12-01 19:00"]);
    world.run_until("2026-11-25 15:00").act(ticket, "escalation-answer", answer(3));
    let states = [1, 2, 3].map(|escalation| state(&world, ticket, escalation));
    assert_eq!(states, [EscalationState::Open, EscalationState::Open, EscalationState::Answered]);
    // Tuesday 7 h, Wednesday 5 h.
    let third = world.ticket(ticket).escalation_clock(3).expect("its clock");
    assert_eq!((third.state, third.used_ms), (ClockState::Stopped, 12 * 3_600_000));
    world.run_until("2026-11-25 19:00:00.001");
    assert_eq!(world.alarms(), ["1-breach-escalation-2 unacked"], "of the second, and of no other");
    world.run_until("2026-11-26 19:00:00.001");
    assert_eq!(world.alarms(), ["1-breach-escalation-2 unacked", "1-breach-escalation-1 unacked"]);
    world.act(ticket, "escalation-answer", answer(2));
    assert_eq!(world.alarms(), ["1-breach-escalation-1 unacked", "1-breach-escalation-2 cleared-unacked"]);
}

/// ZS-7, R4: an answer at the deadline is in time; after it the department is late, which the wall shows and counts.
#[test]
fn zs_7_a_department_that_is_late_is_an_alarm() {
    let (mut world, ticket) = asked("2026-11-23 11:00", "system-errors");
    let next: Vec<_> = world.desk().upcoming().map(|due| (due.metric, local(due.deadline))).collect();
    assert_eq!(next[0], (Metric::Escalation, "2026-11-24 19:00".to_owned()), "the wall's list has it");
    // 8 h of Monday and 9 of Tuesday; a quarter of 17 h before the end: Tuesday 14:45.
    world.run_until("2026-11-24 14:45");
    assert_eq!(world.alarms(), ["1-due-soon-escalation-1 unacked"]);
    world.run_until("2026-11-24 19:00");
    assert_eq!(world.breached(ticket, Metric::Escalation), "never");
    world.run_until("2026-11-24 19:00:00.001");
    assert_eq!(world.alarms(), ["1-breach-escalation-1 unacked"]);
    assert_eq!(world.counts().breached, 1);
    world.run_until("2026-11-25 10:00").act(ticket, "escalation-answer", answer(1));
    assert_eq!(world.counts().breached, 0);
    let shown = view::ticket(world.ticket(ticket), world.desk().regulations(), world.now());
    let shown = serde_json::to_value(&shown.escalations).expect("JSON");
    let expected = json!([{
        "id": 1, "topic": "system-errors", "department": "it", "channel": "mattermost", "text": "Как быть?",
        "asked_at": "2026-11-23T11:00:00.000+03:00", "by": "lead", "state": "answered",
        "deadline": "2026-11-24T19:00:00.000+03:00", "answered_at": "2026-11-25T10:00:00.000+03:00",
        "answer": "Вот так", "answered_by": "lead", "withdrawn_at": null,
        "breached": true, "breached_at": "2026-11-24T19:00:00.000+03:00",
    }]);
    assert_eq!(shown, expected);

    let (mut world, ticket) = asked("2026-11-23 11:00", "system-errors");
    world.run_until("2026-11-24 19:00").act(ticket, "escalation-answer", answer(1));
    world.run_until("2026-11-30 10:00");
    assert_eq!(world.breached(ticket, Metric::Escalation), "never");
}

/// ZS-7: a topic that waits for its answer is not asked again; once it is answered it may be, with a clock of its own.
#[test]
fn zs_7_a_topic_is_not_asked_twice_at_once() {
    let (mut world, ticket) = asked("2026-11-23 11:00", "legal");
    let Refusal::Conflict { code, message, .. } = world.refused(ticket, "escalate", about("legal")) else {
        panic!("a conflict")
    };
    assert_eq!(code, "already-asked");
    assert!(message.contains("escalation 1"), "{message}");
    world.act(ticket, "escalation-answer", answer(1));
    assert_eq!(world.refused(ticket, "escalation-answer", answer(1)).code(), "escalation-over");
    world.run_until("2026-11-24 11:00").act(ticket, "escalate", about("legal"));
    assert_eq!(until(&world, ticket, 2), "2026-11-27 19:00");
    let shown = view::ticket(world.ticket(ticket), world.desk().regulations(), world.now());
    let cycles = |clocks: &[view::ClockView]| -> Vec<u16> {
        clocks.iter().filter(|clock| clock.metric == Metric::Escalation).map(|clock| clock.cycle).collect()
    };
    assert_eq!((cycles(&shown.clocks), cycles(&shown.past_clocks)), (vec![1, 2], vec![]));
}

/// ZS-7: an answer is of an escalation of that ticket, and has words; all that is wrong is told at once.
#[test]
fn zs_7_an_answer_names_its_escalation() {
    let (mut world, ticket) = asked("2026-11-23 11:00", "legal");
    for (body, fields) in [
        (json!({}), vec!["escalation", "text"]),
        (json!({ "escalation": 2, "text": " " }), vec!["escalation", "text"]),
        (json!({ "escalation": 0, "text": "Вот" }), vec!["escalation"]),
    ] {
        let Refusal::Fields(errors) = world.refused(ticket, "escalation-answer", body) else {
            panic!("fields are wrong")
        };
        assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), fields);
        assert!(errors[0].message.contains("open is 1"), "{}", errors[0].message);
    }
}

/// ZS-7: closing a ticket withdraws what is open, by whomever; an answered ticket keeps it.
#[test]
fn zs_7_a_closed_ticket_asks_nobody_any_more() {
    let (mut world, ticket) = asked("2026-11-23 11:00", "legal");
    world.act(ticket, "resolve", json!({ "text": "Обновите страницу" }));
    assert_eq!(state(&world, ticket, 1), EscalationState::Open, "it may be returned");
    assert_eq!(until(&world, ticket, 1), "2026-11-26 19:00");
    assert_eq!(world.refused(ticket, "escalate", about("promotion")).code(), "not-open");
    world.run_until("2026-11-26 19:00:00.001");
    assert_eq!(world.alarms(), ["1-breach-escalation-1 unacked"]);
    world.act(ticket, "confirm", json!({}));
    assert_eq!(state(&world, ticket, 1), EscalationState::Withdrawn);
    assert_eq!(world.clock(ticket, Metric::Escalation).state, ClockState::Stopped);
    assert_eq!(world.alarms(), [""; 0]);
    assert!(world.ticket(ticket).is_over());
    assert_eq!(world.refused(ticket, "escalation-answer", answer(1)).code(), "closed");
    assert_eq!(world.refused(ticket, "escalate", about("promotion")).code(), "closed");
}

/// ZS-7: another priority or type changes the ticket's terms and not the department's.
#[test]
fn zs_7_what_becomes_of_the_ticket_does_not_move_the_departments_term() {
    let (mut world, ticket) = asked("2026-11-23 11:00", "legal");
    let before = world.clock(ticket, Metric::Escalation).clone();
    world.run_until("2026-11-23 12:00");
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "Встали" }));
    world.act(ticket, "classify", json!({ "type": "consultation" }));
    world.act(ticket, "ask", json!({ "text": "Что на экране?" }));
    assert_eq!(world.clock(ticket, Metric::Escalation), &before, "nor does waiting for the client");
}

/// ZS-7: the deadline can be proved like any other.
#[test]
fn zs_7_the_departments_deadline_is_proved_step_by_step() {
    let (mut world, ticket) = asked("2026-11-23 11:00", "system-errors");
    world.run_until("2026-11-25 11:00").act(ticket, "escalation-answer", answer(1));
    let proofs = explain(ticket, world.entries(), world.desk().regulations(), world.now());
    let proof = proofs.iter().find(|proof| proof.metric == Metric::Escalation).expect("its proof");
    let steps: Vec<_> = proof.steps.iter().map(|step| (step.turn.as_str(), step.used_seconds)).collect();
    // Monday 8 h; Tuesday to 14:45, then to 19:00; Wednesday 1 h.
    let hours = |hours: f64| hours * 3_600.0;
    assert_eq!(
        steps,
        [("started", 0.0), ("warned", hours(12.75)), ("breached", hours(17.0)), ("stopped", hours(18.0))]
    );
    assert_eq!(proof.steps[0].why, ["escalation 1: a department was asked, Ошибки системы, by mattermost"]);
    assert_eq!(proof.steps[3].why, ["escalation 1 was answered"]);
}

/// ZS-7: a question that was asked while the box did not know the time counts from the true time once it does.
#[test]
fn zs_7_a_question_by_an_untrusted_clock_is_corrected() {
    let mut desk = SimulatedBox::under("zkh-services", "2026-11-23 10:00");
    let ticket = desk.register(error("normal"));
    desk.switch_off();
    desk.clock().synchronise(Some(false));
    desk.clock().set(instant("1970-01-01T00:00:07Z"));
    desk.switch_on();
    desk.act(ticket, "escalate", about("system-errors"));
    let due = |desk: &SimulatedBox| {
        let ticket = desk.desk().ticket(ticket).expect("the ticket");
        local(ticket.escalation_clock(1).and_then(andon::desk::Clock::due).expect("a deadline"))
    };
    assert_eq!(due(&desk), "2026-11-24 19:00", "held time is Monday 10:00");
    desk.clock().set(instant("2026-11-25 12:00:00"));
    desk.clock().synchronise(Some(true));
    desk.pass_ms(1);
    assert_eq!(due(&desk), "2026-11-26 19:00", "it is Wednesday");
}

/// ZS-7: a regulation without topics asks no department.
#[test]
fn zs_7_departments_are_those_of_the_regulation() {
    let mut world = World::getmark("2026-11-23 11:00");
    let ticket = world.register(crate::getmark::high("email"));
    assert_eq!(world.refused(ticket, "escalate", about("legal")).code(), "not-in-regulation");
}

/// ZS-8: Mattermost for all; e-mail besides for legal questions and settlements only.
#[test]
fn zs_8_each_topic_is_asked_by_its_channels_only() {
    for (topic, _, _, channels) in TOPICS {
        for channel in ["mattermost", "email", "phone"] {
            let mut world = world("2026-11-23 11:00");
            let ticket = world.register(error("normal"));
            let body = json!({ "topic": topic, "channel": channel, "text": "Как быть?" });
            if channels.contains(&channel) {
                world.act(ticket, "escalate", body);
                let asked = world
                    .history(ticket)
                    .any(|(_, event)| matches!(event, Event::Escalated { channel: by, .. } if by == channel));
                assert!(asked, "the event names the channel, for whatever delivers it");
                continue;
            }
            let Refusal::Fields(errors) = world.refused(ticket, "escalate", body) else {
                panic!("the channel is wrong")
            };
            assert_eq!((errors.len(), errors[0].field.as_str()), (1, "channel"), "{topic} {channel}");
            let list = format!("one of {} (ZS-8)", channels.join(", "));
            assert!(errors[0].message.ends_with(&list), "{}", errors[0].message);
        }
    }
}

/// ZS-8: a question names topic, channel and words; what is wrong is told with what would go.
#[test]
fn zs_8_what_a_question_lacks_is_told_at_once() {
    let mut world = world("2026-11-23 11:00");
    let ticket = world.register(error("normal"));
    for (body, fields) in [
        (json!({}), vec!["topic", "channel", "text"]),
        (json!({ "topic": "taxes", "channel": "email" }), vec!["topic", "text"]),
        (json!({ "topic": "legal", "text": "Как быть?" }), vec!["channel"]),
    ] {
        let Refusal::Fields(errors) = world.refused(ticket, "escalate", body) else {
            panic!("fields are wrong")
        };
        assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), fields);
    }
}

/// ZS-7: a version that gives a department another term gives it to what is open, when it is applied; one that does not
/// know the topic does not fit.
#[test]
fn zs_7_an_applied_version_gives_its_own_terms() {
    let text = andon_tests::world::shipped_text("zkh-services");
    let version = |name: &str, changes: &[(&str, &str)]| {
        let text = text.replace("version = \"2.0\"", &format!("version = \"{name}\""));
        let text = changes.iter().fold(text, |text, (from, to)| text.replacen(from, to, 1));
        std::sync::Arc::new(andon::desk::Regulation::parse("zkh.toml", &text).expect("it is right"))
    };
    let legal = "department = \"legal\"\nterm = \"3\"";
    assert!(text.contains(legal));
    let all = vec![
        version("2.0", &[]),
        version("2.1", &[("2020-01-01", "2030-01-01"), (legal, "department = \"legal\"\nterm = \"1\"")]),
        version(
            "2.2",
            &[
                ("2020-01-01", "2031-01-01"),
                ("id = \"legal\"\ntitle = \"Юридические", "id = \"law\"\ntitle = \"Юридические"),
            ],
        ),
    ];
    let mut world = World::side_by_side(andon::desk::Regulations::new(all), "2026-11-23 11:00");
    let ticket = world.register(error("normal"));
    world.act(ticket, "escalate", about("legal")).act(ticket, "escalate", about("promotion"));
    assert_eq!(world.try_apply(ticket, "2.1"), Ok(true));
    assert_eq!(until(&world, ticket, 1), "2026-11-24 19:00");
    assert_eq!(until(&world, ticket, 2), "2026-11-26 19:00", "the other topic's term is as it was");
    assert_eq!(world.try_apply(ticket, "2.1"), Ok(false), "applied twice, nothing changes");
    let refusal = world.try_apply(ticket, "2.2").expect_err("it does not fit");
    assert_eq!(refusal.code(), "does-not-fit");
    assert!(refusal.to_string().contains("no topic `legal`"), "{refusal}");
    world.act(ticket, "escalation-answer", answer(1));
    assert_eq!(world.try_apply(ticket, "2.2"), Ok(true), "what was answered needs no topic");
}

/// What all texts of a ticket come to has a bound, though each of them and how many there are has its own; one that is full is
/// still worked on and closed.
#[test]
fn a_ticket_that_is_full_asks_nobody_more_and_is_still_closed() {
    let (mut world, ticket) = asked("2026-11-23 11:00", "legal");
    let long = "ж".repeat(30_000);
    let mut asked = 1;
    let refusal = loop {
        let words = json!({ "escalation": asked, "text": long });
        if let Err(refusal) = world.try_act(ticket, "escalation-answer", words) {
            break refusal;
        }
        asked += 1;
        assert!(asked < 100, "it ends before there are as many as there may be");
        world.act(ticket, "escalate", about("legal"));
    };
    assert_eq!(refusal.code(), "ticket-full");
    assert!(world.ticket(ticket).texts_bytes() <= 1 << 20);
    assert!(world.ticket(ticket).texts_bytes() + long.len() > 1 << 20, "and not sooner");
    let said = refusal.to_string();
    assert!(said.contains("at most 1048576") && said.contains("`follows`"), "{said}");
    world.act(ticket, "escalation-answer", answer(asked)).act(ticket, "reply", json!({ "text": long }));
    world.act(ticket, "close", json!({ "reason": "Всё" }));
    assert_eq!(world.ticket(ticket).stage, Stage::Closed);
}
