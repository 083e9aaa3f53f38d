//! HD-17: the knowledge base and the team lead help.

use andon::desk::{Event, Metric, TicketNumber};
use andon_tests::World;
use serde_json::json;

use super::{request, world};

const FIRST: TicketNumber = TicketNumber(1);

/// A ticket with petrov, who acts.
fn taken() -> World {
    let mut world = world("2026-11-23 10:00");
    world.register(request("hm", "question"));
    world.as_agent("petrov", &[]).act(FIRST, "take", json!({}));
    world
}

/// HD-17: asking the lead is on record with the answer, and changes neither status nor terms.
#[test]
fn hd_17_asking_the_lead_is_recorded_and_answered() {
    let mut world = taken();
    let before = (world.status(FIRST).to_owned(), world.deadline(FIRST, Metric::Resolution));
    world.act(FIRST, "ask-lead", json!({ "text": "Можно ли дать доступ?" }));
    world.act(FIRST, "ask-lead", json!({ "text": "И второму?" }));
    let asked = world
        .history(FIRST)
        .filter(|(entry, event)| matches!(event, Event::LeadAsked { .. }) && entry.by == "petrov");
    assert_eq!(asked.count(), 2);
    world.run_until("2026-11-23 10:30").as_lead().act(
        FIRST,
        "lead-answer",
        json!({ "question": 2, "text": "Да" }),
    );
    let questions = &world.ticket(FIRST).lead_questions;
    assert_eq!(
        (questions[0].id, questions[0].by.as_str(), questions[0].answer.as_deref()),
        (1, "petrov", None)
    );
    assert_eq!((questions[1].id, questions[1].answer.as_deref()), (2, Some("Да")));
    assert_eq!((world.status(FIRST).to_owned(), world.deadline(FIRST, Metric::Resolution)), before);
    assert_eq!(
        world.refused(FIRST, "lead-answer", json!({ "question": 2, "text": "Нет" })).code(),
        "question-answered"
    );
    let message = world.refused(FIRST, "lead-answer", json!({ "question": 3, "text": "Нет" })).to_string();
    assert!(message.contains("ticket 1 has no question 3; open is 1"), "{message}");
    world.replay();
}

/// HD-17: the lead answers, and no agent in the lead's place; no requester asks the lead.
#[test]
fn hd_17_the_lead_answers_and_no_agent() {
    let mut world = taken();
    world.act(FIRST, "ask-lead", json!({ "text": "Можно ли?" }));
    assert_eq!(
        world.refused(FIRST, "lead-answer", json!({ "question": 1, "text": "Да" })).code(),
        "forbidden"
    );
    world.as_requester();
    assert_eq!(world.refused(FIRST, "ask-lead", json!({ "text": "Когда?" })).code(), "forbidden");
}

/// HD-17: a ticket names articles of the knowledge base, each once; a better title takes the place of the one before.
#[test]
fn hd_17_a_ticket_names_articles_of_the_knowledge_base() {
    let mut world = taken();
    world.act(FIRST, "cite", json!({ "url": "https://kb.example.ru/vpn" }));
    world.act(FIRST, "cite", json!({ "url": "https://kb.example.ru/print", "title": "Печать" }));
    let seq = world.desk().next_seq();
    world.act(FIRST, "cite", json!({ "url": "https://kb.example.ru/vpn" }));
    assert_eq!(world.desk().next_seq(), seq, "it is named already");
    world.act(FIRST, "cite", json!({ "url": "https://kb.example.ru/vpn", "title": "VPN дома" }));
    let named = world.ticket(FIRST).articles.iter();
    let named: Vec<_> = named.map(|article| (article.url.as_str(), article.title.as_deref())).collect();
    assert_eq!(
        named,
        [("https://kb.example.ru/print", Some("Печать")), ("https://kb.example.ru/vpn", Some("VPN дома"))]
    );
    assert_eq!(world.refused(FIRST, "cite", json!({ "url": "vpn" })).code(), "invalid-fields");
    world.as_lead().act(FIRST, "close", json!({ "reason": "Решено" }));
    assert_eq!(world.refused(FIRST, "cite", json!({ "url": "https://kb.example.ru/x" })).code(), "closed");
    world.replay();
}
