//! Account and password: access data, kept apart.

use andon::desk::command::SealedAct;
use andon::desk::{Command, Event, Stage};
use serde_json::json;

use super::{request, world};

/// BC-6: account and password are access data only; silence after the solution erases them with the ticket.
#[test]
fn bc_6_account_and_password_are_sealed_and_erased_when_silence_closes_the_ticket() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("medium"));
    for (field, id) in [("account", "aa"), ("password", "ab")] {
        let act = SealedAct::Put { field: field.into(), id: id.into() };
        world.try_command(&Command::Sealed { number: ticket, act }).unwrap();
    }
    world.act(ticket, "take", json!({}));
    world.act(ticket, "resolve", json!({ "text": "Обновите", "source": "own-product" }));
    assert_eq!(world.ticket(ticket).sealed.len(), 2, "answered is not closed");
    // The acceptance is seven calendar days (BC-9).
    world.run_until("2026-12-02 10:00");
    assert_eq!(world.ticket(ticket).stage, Stage::Closed);
    let erased = Event::SealedErased { fields: vec!["account".into(), "password".into()] };
    assert!(world.history(ticket).any(|(_, event)| *event == erased));
    assert_eq!(world.ticket(ticket).sealed, []);
}
