//! PROFMAN ISS, clause by clause.
//!
//! Support works 09:00–18:00, nine hours a day. Reaction is measured in them and has no term; resolution is not promised.

mod apart;
mod closing;
mod complaint;
mod deferral;
mod intake;
mod mail;
mod queue;
mod times;

use andon_tests::World;
use serde_json::{Value, json};

/// A desk under the regulation, at a local time.
fn world(now: &str) -> World {
    World::shipped("profman-iss", now)
}

/// A registration with everything the regulation asks for or wishes.
pub(crate) fn request(channel: &str) -> Value {
    json!({
        "channel": channel,
        "type": "problem",
        "subject": "Не печатается накладная",
        "description": "После обновления кнопка печати не отвечает",
        "client": "ООО «Ромашка»",
        "requester": {
            "name": "Анна Петрова", "email": "petrova@example.ru", "phone": "+7 495 123-45-67", "login": "petrova",
        },
        "fields": {
            "platform-version": "8.3.24.1586",
            "product-version": "2.1-beta",
            "steps": ["Открыть накладную", "Нажать «Печать»"],
            "periodicity": "каждый раз",
        },
    })
}

/// The registration without what a JSON pointer leads to.
fn without(mut body: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("a parent");
    parent.remove(key).expect("it was there");
    body
}

/// The registration with something else where a JSON pointer leads.
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("a parent");
    parent.insert(key.to_owned(), value);
    body
}
