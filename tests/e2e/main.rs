//! End to end: the real binary, over loopback, stopped, killed and started again.

mod abuse;
mod admin;
mod alerts;
mod apart;
mod archive;
mod backup;
mod books;
mod commands;
mod configured;
mod damage;
mod demo;
mod disk;
mod door;
mod faults;
mod golden_store;
mod growth;
mod guard;
mod letters;
mod lists;
mod mail;
mod mail_round;
mod parts;
mod people;
mod problems;
mod rebuild;
mod signals;
mod storm;
mod stream;
mod systemd;
mod time;
mod tls;
mod top;
mod versions;
mod wall;
mod watch;
mod webhooks;

use serde_json::{Value, json};

/// A body that registers an error which stops the user's operations.
fn error_that_stops(subject: &str) -> Value {
    json!({
        "channel": "email", "type": "error", "subject": subject,
        "requester": {"name": "Анна", "email": "anna@example.ru", "inn": "7707083893"},
        "fields": {"process": "Отгрузка", "steps": ["Открыть накладную"], "impact": "stops-operations"},
    })
}

/// A regulation whose reaction term is one second and whose resolution takes an hour, round the clock.
fn hasty_regulation(dir: &std::path::Path) -> String {
    let path = dir.join("hasty.toml");
    std::fs::write(&path, include_str!("hasty.toml")).expect("a test's directory can be written");
    path.display().to_string()
}
