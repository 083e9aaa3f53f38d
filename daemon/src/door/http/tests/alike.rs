//! What looks alike, in the answers to agents (GM-5.10).

use serde_json::{Value, json};

use super::*;

/// A desk under getmark with two tickets on line 1 that say the same.
async fn world() -> World {
    let getmark = shipped::get("getmark").expect("it is shipped").expect("it is whole");
    let world = World::known(Regulations::new(vec![getmark])).await;
    for subject in ["Не печатаются этикетки", "Этикетки не печатаются"]
    {
        let body = json!({"channel": "phone", "type": "error", "subject": subject,
            "requester": {"inn": "7707083893", "email": "a@b.ru"},
            "fields": {"process": "Маркировка", "steps": ["Открыть"], "impact": "none"}});
        let answer = world.post("/v1/tickets", "intake", &body).await.ok(201).json();
        assert_eq!(answer["alike"], Value::Null, "what comes in by itself is not told of others' tickets");
    }
    world
}

fn numbers(ticket: &Value) -> Vec<u64> {
    let alike = ticket["alike"].as_array().expect("a list");
    alike.iter().map(|alike| alike["number"].as_u64().expect("a number")).collect()
}

#[tokio::test]
async fn an_agent_is_shown_what_looks_alike_as_they_take_a_ticket_and_as_it_goes_up() {
    let world = world().await;
    let taken = world.post("/v1/tickets/2/take", "agent", &json!({})).await.ok(200).json();
    assert_eq!(numbers(&taken), [1]);
    let replied =
        world.post("/v1/tickets/2/reply", "agent", &json!({"text": "Смотрим"})).await.ok(200).json();
    assert_eq!(replied["alike"], Value::Null, "nothing begins and nothing goes up");
    let routed = world.post("/v1/tickets/2/route", "agent", &json!({"line": 2, "reason": "Сложно"})).await;
    assert_eq!(numbers(&routed.ok(200).json()), [1]);
}

#[tokio::test]
async fn whoever_takes_the_next_ticket_is_shown_what_looks_alike() {
    let world = world().await;
    let taken = world.post("/v1/queue/take-next", "agent", &json!({})).await.ok(200).json();
    let other = 3 - taken["number"].as_u64().expect("a number");
    assert_eq!(numbers(&taken), [other]);
}
