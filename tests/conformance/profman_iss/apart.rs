//! What is kept apart from a ticket: screenshots, and temporary access data.

use andon::desk::command::{AttachmentAct, SealedAct};
use andon::desk::{Attached, Command, Event, Refusal, Role, TicketNumber};
use andon_tests::World;
use serde_json::json;

use super::{request, world};

fn attach(ticket: TicketNumber, media_type: &str) -> Command {
    let file = Attached {
        id: format!("{:016x}", media_type.len()).into(),
        name: "Экран".to_owned(),
        media_type: media_type.into(),
        bytes: 10,
        sha256: "0".repeat(64).into(),
    };
    let act = AttachmentAct::Add { files: vec![file], ticket_max_bytes: 100 };
    Command::Attachments { number: ticket, act }
}

fn sealed(ticket: TicketNumber, act: SealedAct) -> Command {
    Command::Sealed { number: ticket, act }
}

fn put(id: &str) -> SealedAct {
    SealedAct::Put { field: "access".into(), id: id.into() }
}

fn look() -> SealedAct {
    SealedAct::Look { field: "access".into() }
}

fn looks(world: &World, ticket: TicketNumber) -> usize {
    world.history(ticket).filter(|(_, event)| matches!(event, Event::SealedLooked { .. })).count()
}

/// A ticket that ivanova works on, with access data.
fn taken() -> (World, TicketNumber) {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    world.as_role("form", Role::Intake, &[]).try_command(&sealed(ticket, put("aa"))).unwrap();
    world.as_agent("ivanova", &[]).act(ticket, "take", json!({}));
    (world, ticket)
}

/// PM-C3: screenshots are JPG, GIF, PNG; what a file is, its content has said.
#[test]
fn pm_c3_screenshots_are_of_three_kinds() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    for taken in ["image/jpeg", "image/gif", "image/png"] {
        world.try_command(&attach(ticket, taken)).unwrap();
    }
    assert_eq!(world.ticket(ticket).attachments.len(), 3);
    for refused in ["application/pdf", "text/plain; charset=utf-8", "image/svg+xml"] {
        let refusal = world.try_command(&attach(ticket, refused)).unwrap_err();
        assert_eq!(refusal.code(), "kind-not-taken");
        let told = refusal.to_string();
        assert!(told.ends_with("profman-iss takes jpg, gif, png only (PM-C3)"), "{told}");
    }
    assert_eq!(world.ticket(ticket).attachments.len(), 3);
}

/// PM-C7: access data stands nowhere in the ticket, and is shown to the assignee only, whatever the role of others.
#[test]
fn pm_c7_access_data_is_shown_to_the_assignee_only_and_each_look_is_recorded() {
    let (mut world, ticket) = taken();
    for (name, role) in
        [("petrov", Role::Agent), ("lead", Role::Lead), ("head", Role::Head), ("boss", Role::Admin)]
    {
        let refusal = world.as_role(name, role, &[]).try_command(&sealed(ticket, look())).unwrap_err();
        let Refusal::Forbidden(told) = refusal else { panic!("{role} is not to see it") };
        assert!(told.contains("ivanova") && told.contains("(PM-C7)"), "{told}");
    }
    assert_eq!(looks(&world, ticket), 0);
    world.as_agent("ivanova", &[]);
    for seen in 1..=2 {
        world.try_command(&sealed(ticket, look())).unwrap();
        assert_eq!(looks(&world, ticket), seen);
    }
    world.act(ticket, "transfer", json!({ "agent": "petrov", "reason": "Отпуск" }));
    assert_eq!(world.try_command(&sealed(ticket, look())).unwrap_err().code(), "forbidden");
    world.as_agent("petrov", &[]).try_command(&sealed(ticket, look())).unwrap();
}

/// PM-C7: it is erased at closing, however the ticket is closed, and does not come back.
#[test]
fn pm_c7_access_data_is_erased_at_closing() {
    for (verb, body) in [
        ("resolve", json!({ "text": "Исправлено" })),
        ("close", json!({ "reason": "Отозвано" })),
        ("refuse", json!({ "reason": "custom-code" })),
    ] {
        let (mut world, ticket) = taken();
        world.act(ticket, verb, body);
        let erased = Event::SealedErased { fields: vec!["access".into()] };
        assert!(world.history(ticket).any(|(_, event)| *event == erased), "{verb}");
        assert_eq!(world.ticket(ticket).sealed, [], "{verb}");
        assert_eq!(world.try_command(&sealed(ticket, look())).unwrap_err().code(), "not-found", "{verb}");
        assert_eq!(world.try_command(&sealed(ticket, put("ab"))).unwrap_err().code(), "closed", "{verb}");
    }
}

/// PM-C7: an agent may erase it before; what is put anew takes its place.
#[test]
fn pm_c7_access_data_is_one_at_a_time_and_may_be_erased_before() {
    let (mut world, ticket) = taken();
    world.try_command(&sealed(ticket, put("ab"))).unwrap();
    let ids: Vec<_> = world.ticket(ticket).sealed.iter().map(|sealed| sealed.id.to_string()).collect();
    assert_eq!(ids, ["ab"]);
    let erase = SealedAct::Erase { field: "access".into() };
    world.as_requester();
    assert_eq!(world.try_command(&sealed(ticket, erase.clone())).unwrap_err().code(), "forbidden");
    world.as_agent("petrov", &[]).try_command(&sealed(ticket, erase)).unwrap();
    assert_eq!(world.ticket(ticket).sealed, []);
}

/// PM-C7: only what the regulation calls access data is taken as such.
#[test]
fn pm_c7_only_a_sealed_field_takes_access_data() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    let other = SealedAct::Put { field: "platform-version".into(), id: "aa".into() };
    let told = world.try_command(&sealed(ticket, other)).unwrap_err().to_string();
    assert_eq!(told, "field: `platform-version` is no sealed field of profman-iss; one of access");
}
