//! Internal help desk of a company group (June 2023), clause by clause.
//!
//! The office works Monday to Friday 09:00–18:00 Moscow time, nine hours a day; what comes by the bot ДОК 24/7 counts
//! round the clock. These hours and all terms are the site's to set: what is proved here is how they are chosen and
//! counted, with the figures that ship.

mod answer;
mod assignment;
mod employees;
mod handing_back;
mod help;
mod intake;
mod lines;
mod problems;
mod roster;
mod terms;
mod trackers;
mod waiting;

use andon_tests::World;
use serde_json::{Value, json};

/// A desk under this regulation.
fn world(now: &str) -> World {
    World::shipped("group-helpdesk", now)
}

/// A registration as a bot sends it.
pub(crate) fn request(channel: &str, kind: &str) -> Value {
    json!({
        "channel": channel,
        "type": kind,
        "subject": "Не печатает принтер на третьем этаже",
        "requester": { "name": "Анна Петрова", "email": "petrova@group.example.ru", "login": "petrova" },
    })
}

/// A registration whose sender tells an urgency.
fn urgency(channel: &str, kind: &str, urgency: &str) -> Value {
    let mut body = request(channel, kind);
    body["urgency"] = json!(urgency);
    body
}
