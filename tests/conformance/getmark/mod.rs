//! «GetMark», participants' interaction in technical support (14.06.2024), clause by clause.
//!
//! Line 1 works 09:00–21:00, twelve hours a day; lines 2 and 3 work 09:00–18:00, nine hours a day.

mod answer;
mod intake;
mod lines;
mod mail;
mod priority;
mod problems;
mod terms;
mod waiting;

use serde_json::{Value, json};

/// A registration with everything the regulation asks for.
pub(crate) fn request(channel: &str, kind: &str, impact: &str) -> Value {
    json!({
        "channel": channel,
        "type": kind,
        "subject": "Не открывается форма отчёта",
        "requester": { "name": "Анна Петрова", "email": "petrova@example.ru", "inn": "7707083893" },
        "fields": { "process": "Ввод в оборот", "steps": ["Открыть отчёт", "Нажать «Сформировать»"], "impact": impact },
    })
}

/// An error that stops the user's operations: high, 12 h in all, 4 h on line 1, 8 h on line 2.
pub(crate) fn high(channel: &str) -> Value {
    request(channel, "error", "stops-operations")
}

/// An error that does not: medium, 72 h in all, 24 h on line 1, 48 h on line 2.
pub(crate) fn medium(channel: &str) -> Value {
    request(channel, "error", "hinders")
}

/// A change request: low, 120 h in all, 48 h on line 1, 72 h on line 2.
pub(crate) fn low(channel: &str) -> Value {
    request(channel, "change-request", "none")
}
