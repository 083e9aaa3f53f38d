//! «ЖКХ-сервисы», user support, version 2.0, clause by clause.
//!
//! Support works 10:00–19:00, nine hours a day. A reaction counts those hours; completion counts round the clock.

mod completion;
mod departments;
mod estimate;
mod intake;
mod reaction;
mod staffing;
mod statuses;

use andon_tests::World;
use serde_json::{Value, json};

/// A desk under the regulation, at a local time.
fn world(now: &str) -> World {
    World::shipped("zkh-services", now)
}

/// A registration; the regulation asks for no fields.
pub(crate) fn request(channel: &str, kind: &str) -> Value {
    json!({ "channel": channel, "type": kind, "subject": "Не проходит платёж", "requester": { "name": "Анна Петрова" } })
}

/// An error of this criticality, by e-mail.
pub(crate) fn error(priority: &str) -> Value {
    let mut body = request("email", "error");
    body["priority"] = json!(priority);
    body
}

/// A consultation by phone.
fn consultation() -> Value {
    request("phone", "consultation")
}

/// An enhancement by the feedback form.
fn enhancement() -> Value {
    request("feedback-form", "enhancement")
}
