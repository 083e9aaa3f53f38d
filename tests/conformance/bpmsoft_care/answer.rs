//! The solution: where its source lay, and the client's seven days to accept it.

use andon::desk::clocks::ClockState;
use andon::desk::{Event, Metric, Refusal, Stage, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use andon_tests::world::shipped;
use serde_json::json;

use super::replied;

const SOURCES: &str = "own-project, own-project-undesigned, own-product, other-contractor, client-team, \
                       infrastructure, vendor";

/// A ticket that was solved at a time.
fn solved(now: &str) -> (World, TicketNumber) {
    let (mut world, ticket) = replied(now);
    world.as_agent("ivanova", &[]).act(ticket, "take", json!({}));
    world.act(ticket, "resolve", json!({ "text": "Очистите кэш узла", "source": "own-product" }));
    (world, ticket)
}

/// BC-9: after Решено the client has 7 calendar days: to the midnight after the seventh.
#[test]
fn bc_9_acceptance_lasts_seven_calendar_days() {
    for (solved_at, deadline) in [
        // The seventh day after Monday the 23rd is Monday the 30th, whatever the hour.
        ("2026-11-23 14:00", "2026-12-01 00:00"),
        ("2026-11-23 00:00", "2026-12-01 00:00"),
        ("2026-11-23 23:59:59.999", "2026-12-01 00:00"),
        ("2026-11-24 00:00", "2026-12-02 00:00"),
        // A Friday evening.
        ("2026-11-20 17:20", "2026-11-28 00:00"),
        // Holidays count: the seventh day after 30 December is 6 January.
        ("2026-12-30 17:20", "2027-01-07 00:00"),
        ("2027-02-20 12:00", "2027-02-28 00:00"),
    ] {
        let (world, ticket) = solved(solved_at);
        assert_eq!(world.deadline(ticket, Metric::Acceptance), deadline, "solved at {solved_at}");
    }
}

/// BC-9: a solved ticket is Решено; the desk owes nothing meanwhile.
#[test]
fn bc_9_a_solved_ticket_waits_for_acceptance() {
    let (world, ticket) = solved("2026-11-23 14:00");
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("resolved", Stage::Resolved));
    assert_eq!(world.state(ticket, Metric::Resolution), ClockState::Stopped);
    assert_eq!(world.state(ticket, Metric::Acceptance), ClockState::Running);
    assert_eq!((world.counts().open, world.counts().waiting), (0, 0));
}

/// BC-9, R4: silence closes, at the time's own end, also where the daemon was off.
#[test]
fn bc_9_silence_closes() {
    for off in [false, true] {
        let (mut world, ticket) = solved("2026-12-30 17:20");
        world.run_until("2027-01-07 00:00");
        assert_eq!(world.ticket(ticket).stage, Stage::Resolved);
        let until = "2027-01-11 10:00";
        if off {
            world.sleep_until(until)
        } else {
            world.run_until(until)
        };
        assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Closed));
        let (entry, event) = world
            .history(ticket)
            .find(|(_, event)| matches!(event, Event::Closed { .. }))
            .expect("a closing");
        assert_eq!(*event, Event::Closed { reason: "accepted-by-silence".to_owned(), text: None });
        assert_eq!((entry.by.as_str(), local(entry.effective_at())), ("timer", "2027-01-07 00:00".into()));
        assert_eq!(world.state(ticket, Metric::Acceptance), ClockState::Stopped);
        assert_eq!(world.alarms(), [""; 0]);
    }
}

/// BC-9: the client may accept before that.
#[test]
fn bc_9_the_client_accepts() {
    let (mut world, ticket) = solved("2026-11-23 14:00");
    world.run_until("2026-11-25 10:00").as_requester();
    world.act(ticket, "confirm", json!({ "comment": "Работает" }));
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("closed", Stage::Closed));
    assert_eq!(world.state(ticket, Metric::Acceptance), ClockState::Stopped);
    assert_eq!(world.ticket(ticket).mark, None);
}

/// BC-9: this regulation has no marks, and says so to whoever gives one.
#[test]
fn bc_9_a_mark_is_refused_where_there_are_none() {
    let (mut world, ticket) = solved("2026-11-23 14:00");
    world.as_requester();
    assert_eq!(
        world.refused(ticket, "confirm", json!({ "mark": "5" })),
        Refusal::field("mark", "regulation bpmsoft-care has no marks; leave it out")
    );
    assert_eq!(world.ticket(ticket).stage, Stage::Resolved);
}

/// BC-9: the client may return it, with a reason; it is back in work, with whom it was.
#[test]
fn bc_9_the_client_returns_it_with_a_reason() {
    let (mut world, ticket) = solved("2026-11-23 14:00");
    world.run_until("2026-11-30 23:59").as_requester();
    assert_eq!(world.refused(ticket, "return", json!({})), Refusal::field("reason", "is required"));
    world.act(ticket, "return", json!({ "reason": "Карточка снова пуста" }));
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("in-progress", Stage::Open));
    assert_eq!(world.state(ticket, Metric::Acceptance), ClockState::Stopped);
    assert_eq!(world.state(ticket, Metric::Resolution), ClockState::Running);
    assert_eq!(world.ticket(ticket).assignee.as_deref(), Some("ivanova"));
    world.run_until("2026-12-31 10:00");
    assert_eq!(world.ticket(ticket).stage, Stage::Open, "a window that was used closes nothing");
}

/// BC-9: at the end of the seventh day still, a millisecond later not any more.
#[test]
fn bc_9_the_last_moment_to_return_is_the_end_of_the_seventh_day() {
    let (mut world, ticket) = solved("2026-11-23 14:00");
    world.run_until("2026-12-01 00:00").act(ticket, "return", json!({ "reason": "Нет" }));
    assert_eq!(world.status(ticket), "in-progress");
    let (mut world, ticket) = solved("2026-11-23 14:00");
    world.run_until("2026-12-01 00:00:00.001");
    assert_eq!(world.refused(ticket, "return", json!({ "reason": "Нет" })).code(), "window-over");
}

/// BC-9: each solution has seven days of its own.
#[test]
fn bc_9_every_solution_is_accepted_anew() {
    let (mut world, ticket) = solved("2026-11-23 14:00");
    world.run_until("2026-11-27 10:00").act(ticket, "return", json!({ "reason": "Нет" }));
    world.run_until("2026-12-30 10:00");
    world.act(ticket, "resolve", json!({ "text": "Исправлено", "source": "own-product" }));
    assert_eq!(world.deadline(ticket, Metric::Acceptance), "2027-01-07 00:00");
    assert_eq!(world.clock(ticket, Metric::Acceptance).cycle, 2);
}

/// BC-12: a solution names where the source of the problem lay.
#[test]
fn bc_12_a_solution_without_a_source_is_refused_with_the_list() {
    let (mut world, ticket) = replied("2026-11-23 10:00");
    let text = "Очистите кэш узла";
    assert_eq!(
        world.refused(ticket, "resolve", json!({ "text": text })),
        Refusal::field("source", format!("is required; one of {SOURCES}"))
    );
    assert_eq!(
        world.refused(ticket, "resolve", json!({ "text": text, "source": "own-hands" })),
        Refusal::field("source", format!("unknown `own-hands`; one of {SOURCES}"))
    );
    assert_eq!(
        world.refused(ticket, "resolve", json!({ "source": "vendor" })),
        Refusal::field("text", "is required")
    );
    assert_eq!((world.status(ticket), world.ticket(ticket).stage), ("new", Stage::Open));
}

/// BC-12: the source stands in the history, with the solution.
#[test]
fn bc_12_each_source_is_kept_with_the_solution() {
    for source in SOURCES.split(", ") {
        let (mut world, ticket) = replied("2026-11-23 10:00");
        world.act(ticket, "resolve", json!({ "text": "Сделано", "source": source }));
        let kept = world.history(ticket).find_map(|(_, event)| match event {
            Event::Resolved { source, text, .. } => Some((source.clone(), text.clone())),
            _ => None,
        });
        assert_eq!(kept, Some((Some(source.into()), "Сделано".to_owned())));
    }
}

/// BC-12: what is done follows from the source.
#[test]
fn bc_12_every_source_says_what_is_done() {
    let regulation = shipped("bpmsoft-care");
    let outcomes: Vec<_> =
        regulation.sources.iter().map(|source| (source.name.id.as_str(), source.outcome.as_str())).collect();
    for (place, (id, words)) in [
        ("own-project", &["Исправляем"][..]),
        ("own-project-undesigned", &["платную"]),
        ("own-product", &["Исправляем"]),
        ("other-contractor", &["Консультируем", "платную"]),
        ("client-team", &["Консультируем", "платную"]),
        ("infrastructure", &["Консультируем", "кто за неё отвечает"]),
        ("vendor", &["поставщику"]),
    ]
    .into_iter()
    .enumerate()
    {
        let (known, outcome) = outcomes[place];
        assert_eq!(known, id);
        assert!(words.iter().all(|word| outcome.contains(word)), "{id}: {outcome}");
    }
    assert_eq!(outcomes.len(), 7);
}
