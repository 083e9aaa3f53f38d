//! HD-13: escalation to a product team makes a request in its tracker, and what becomes of it there is seen here.

use andon::desk::command::Token;
use andon::desk::{ClockState, DeskAct, Metric, Role, Stage, TicketNumber};
use andon_tests::World;
use serde_json::json;

use super::{request, world};

const FIRST: TicketNumber = TicketNumber(1);

/// A ticket with petrov, for which the product team is asked; petrov acts.
fn asked() -> World {
    let mut world = world("2026-11-23 10:00");
    world.register(request("hm", "incident"));
    world.as_agent("petrov", &[]).act(FIRST, "take", json!({}));
    world.act(FIRST, "issue", json!({ "tracker": "product", "text": "Отчёт падает на больших данных" }));
    world
}

/// HD-13: the request is on the ticket from the moment it is wanted; its key comes when it is there.
#[test]
fn hd_13_the_trackers_request_is_shown_on_the_ticket() {
    let mut world = asked();
    let issue = world.ticket(FIRST).issues[0].clone();
    assert_eq!((issue.id, issue.tracker.as_str(), issue.key, issue.done), (1, "product", None, false));
    world.run_until("2026-11-23 10:05");
    world.as_role("gateway", Role::Intake, &[]);
    let told =
        json!({ "issue": 1, "key": "CRM-7", "url": "https://tracker.example.ru/CRM-7", "status": "Open" });
    world.act(FIRST, "issue-status", told.clone());
    let issue = world.ticket(FIRST).issues[0].clone();
    assert_eq!((issue.key.as_deref(), issue.status.as_deref()), (Some("CRM-7"), Some("Open")));
    let seq = world.desk().next_seq();
    world.act(FIRST, "issue-status", told);
    assert_eq!(world.desk().next_seq(), seq, "what is known already is no event");
    world.act(FIRST, "issue-status", json!({ "issue": 1, "status": "Released", "done": true }));
    let issue = world.ticket(FIRST).issues[0].clone();
    assert_eq!(
        (issue.key.as_deref(), issue.status.as_deref(), issue.done),
        (Some("CRM-7"), Some("Released"), true)
    );
    world.replay();
}

/// HD-13, HD-12: the clocks run on while the product team works: only waiting for the requester does not count.
#[test]
fn hd_13_the_clocks_run_on_meanwhile() {
    let mut world = asked();
    let deadline = world.deadline(FIRST, Metric::Resolution);
    world.run_until("2026-11-23 15:00");
    world.act(FIRST, "issue-status", json!({ "issue": 1, "status": "In progress" }));
    assert_eq!(world.state(FIRST, Metric::Resolution), ClockState::Running);
    assert_eq!(world.used(FIRST, Metric::Resolution), "5h");
    assert_eq!(world.deadline(FIRST, Metric::Resolution), deadline);
    assert_eq!(world.status(FIRST), "in-progress");
}

/// HD-13: a tracker answers when it answers, also of a ticket that is closed; no new request is made for one.
#[test]
fn hd_13_a_tracker_tells_of_a_closed_ticket_too() {
    let mut world = asked();
    world.act(FIRST, "close", json!({ "reason": "Проблема решена" }));
    assert_eq!(world.ticket(FIRST).stage, Stage::Closed);
    let wanted = json!({ "tracker": "product", "text": "Ещё" });
    assert_eq!(world.refused(FIRST, "issue", wanted).code(), "closed");
    world.act(FIRST, "issue-status", json!({ "issue": 1, "done": true }));
    assert!(world.ticket(FIRST).issues[0].done);
}

/// HD-13: what is wrong is told with what would be right; one key is one request.
#[test]
fn hd_13_a_wrong_request_is_refused_with_what_would_be_right() {
    let mut world = asked();
    let refusal = world.refused(FIRST, "issue", json!({ "tracker": "jira", "url": "CRM-8" }));
    let message = refusal.to_string();
    for part in ["unknown `jira`; one of product", "is no address", "text"] {
        assert!(message.contains(part), "{message}");
    }
    let keyed = json!({ "tracker": "product", "key": "CRM-9", "text": "Медленно" });
    world.act(FIRST, "issue", keyed.clone());
    assert_eq!(world.refused(FIRST, "issue", keyed).code(), "issue-known");
    let message = world.refused(FIRST, "issue-status", json!({ "issue": 3, "status": "x" })).to_string();
    assert!(message.contains("ticket 1 has no issue 3; it has 1, 2"), "{message}");
    let message = world.refused(FIRST, "issue-status", json!({ "issue": 2 })).to_string();
    assert!(message.contains("nothing is told"), "{message}");
    for n in 3..=20 {
        world.act(FIRST, "issue", json!({ "tracker": "product", "text": format!("№ {n}") }));
    }
    let more = json!({ "tracker": "product", "text": "Ещё" });
    assert_eq!(world.refused(FIRST, "issue", more).code(), "too-many-issues");
    let mut other = World::getmark("2026-11-23 10:00");
    let ticket = other.register(crate::getmark::high("phone"));
    let wanted = json!({ "tracker": "product", "text": "Ещё" });
    assert_eq!(other.refused(ticket, "issue", wanted).code(), "not-in-regulation");
}

/// HD-13: a gateway that is bound to channels passes on words, and tells nothing of trackers; nor of tickets outside its scope.
#[test]
fn hd_13_who_tells_of_a_tracker_is_bound_to_no_channel() {
    let mut world = asked();
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let token = Token { channels: vec!["hm".into()], ..Token::named("bot", Role::Intake, hash) };
    let actor = token.actor();
    world.as_role("keeper", Role::Admin, &[]).try_desk(DeskAct::AddToken(token)).expect("it is added");
    let act = andon::desk::Act::from_json("issue-status", json!({ "issue": 1, "done": true }))
        .expect("its JSON is right");
    let command = andon::desk::Command::Ticket { number: FIRST, if_revision: None, act };
    let refusal = world.desk().decide(&command, &actor, world.now()).expect_err("it is bound");
    assert_eq!(refusal.code(), "forbidden");
}
