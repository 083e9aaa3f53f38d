//! Care for BPMSoft-based systems, clause by clause.
//!
//! The service works Monday to Friday 08:30–17:30 Moscow time, nine hours a day.

mod answer;
mod apart;
mod clients;
mod estimate;
mod extend;
mod intake;
mod mail;
mod one_by_one;
mod priority;
mod reaction;
mod refusal;
mod waiting;

use andon::desk::TicketNumber;
use andon_tests::World;
use serde_json::{Value, json};

/// A desk under this regulation.
fn world(now: &str) -> World {
    World::shipped("bpmsoft-care", now)
}

/// A registration with everything the regulation asks for.
pub(crate) fn request(priority: &str) -> Value {
    json!({
        "channel": "portal",
        "type": "incident",
        "subject": "Не открывается карточка договора",
        "description": "Почему карточка договора пуста и как её открыть?",
        "priority": priority,
        "client": "ООО «Ромашка»",
        "requester": { "name": "Анна Петрова", "email": "petrova@romashka.example.ru" },
        "fields": {
            "address": "https://crm.romashka.example.ru",
            "steps": ["Войти", "Открыть договор № 7"],
            "database-servers": "PostgreSQL 15, один",
            "nodes": 2,
            "adjacent-software": "1С:ERP",
            "changes": "Обновление 20 ноября",
        },
    })
}

/// A ticket of medium priority that was answered at once, so that nothing but its solution is still owed.
fn replied(now: &str) -> (World, TicketNumber) {
    let mut world = world(now);
    let ticket = world.register(request("medium"));
    world.act(ticket, "reply", json!({ "text": "Смотрим" }));
    (world, ticket)
}
