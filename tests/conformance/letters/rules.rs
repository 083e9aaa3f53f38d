//! What holds for letters under any regulation.

use andon::desk::command::LetterAct;
use andon::desk::letter::DEAD_LETTERS_MAX;
use andon::desk::{Command, LetterId, Regulation, Role, TicketNumber};
use andon_tests::World;
use andon_tests::world::shipped_text;
use serde_json::json;

use super::waiting;
use crate::getmark::medium;

fn letter(world: &mut World, id: (u64, u32), act: LetterAct) -> Result<(), andon::desk::Refusal> {
    let id = LetterId { ticket: TicketNumber(id.0), letter: id.1 };
    world.as_role("andond", Role::Admin, &[]);
    let done = world.try_command(&Command::Letter { id, act });
    world.as_lead();
    done
}

fn dead(world: &World) -> Vec<String> {
    world.desk().dead_letters().iter().map(LetterId::to_string).collect()
}

#[test]
fn a_site_without_mail_queues_nothing_and_notes_nothing() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.act(ticket, "take", json!({}));
    let of_letters = world.entries().iter().flat_map(|entry| &entry.facts).filter(|fact| {
        serde_json::to_value(&fact.event).unwrap()["event"].as_str().unwrap().starts_with("letter")
    });
    assert_eq!(of_letters.count(), 0);
}

#[test]
fn a_letter_that_is_given_up_is_dead_until_somebody_sends_it_again() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    let ticket = world.register(medium("email"));
    letter(&mut world, (1, 1), LetterAct::Failed("550 no such user".to_owned())).unwrap();
    assert_eq!(dead(&world), ["1-1"]);
    assert_eq!(world.desk().letters_due(world.now()).count(), 0);
    assert_eq!(waiting(&world, ticket)[0].failed.as_ref().unwrap().reason, "550 no such user");
    letter(&mut world, (1, 1), LetterAct::Resend).unwrap();
    assert_eq!(dead(&world), [] as [&str; 0]);
    assert_eq!(world.desk().letters_due(world.now()).count(), 1);
    letter(&mut world, (1, 1), LetterAct::Sent).unwrap();
    assert!(waiting(&world, ticket).is_empty());
    assert_eq!(letter(&mut world, (1, 1), LetterAct::Resend).unwrap_err().code(), "not-found");
}

#[test]
fn a_letter_that_is_sent_again_goes_to_the_address_that_the_requester_has_by_now() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    let ticket = world.register(medium("email"));
    letter(&mut world, (1, 1), LetterAct::Failed("550".to_owned())).unwrap();
    world.act(ticket, "classify", json!({ "requester": { "email": "anna@example.ru" } }));
    letter(&mut world, (1, 1), LetterAct::Resend).unwrap();
    let Some(again) = world.ticket(ticket).letter(1) else { panic!("it waits") };
    let expected = andon::desk::Recipient::Requester { address: "anna@example.ru".to_owned() };
    assert_eq!(again.recipient, expected);
}

#[test]
fn only_a_lead_sends_again_and_only_the_daemon_says_that_a_letter_is_out() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    world.register(medium("email"));
    let id = LetterId { ticket: TicketNumber(1), letter: 1 };
    world.as_agent("ivanova", &[]);
    for act in [LetterAct::Resend, LetterAct::Sent, LetterAct::Failed(String::new())] {
        let refusal = world.try_command(&Command::Letter { id, act }).unwrap_err();
        assert_eq!(refusal.code(), "forbidden");
    }
}

#[test]
fn a_closed_ticket_with_a_letter_that_waits_is_not_over_and_one_with_a_dead_letter_is() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    let ticket = world.register(medium("email"));
    world.act(ticket, "refuse", json!({ "reason": "Не наше" }));
    world.run_until("2026-11-23 10:10");
    assert!(!world.ticket(ticket).is_over(), "its letters wait");
    for number in [1, 2] {
        letter(&mut world, (1, number), LetterAct::Failed("550".to_owned())).unwrap();
    }
    assert!(world.ticket(ticket).is_over());
}

#[test]
fn only_so_many_dead_letters_are_remembered() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters().unproven();
    world.register(medium("email"));
    for number in 1..=u32::try_from(DEAD_LETTERS_MAX).unwrap() + 1 {
        letter(&mut world, (1, number), LetterAct::Failed("550".to_owned())).unwrap();
        world.act(TicketNumber(1), "reply", json!({ "text": "Смотрим" }));
    }
    assert_eq!(dead(&world).len(), DEAD_LETTERS_MAX);
    assert_eq!(dead(&world)[0], "1-2");
}

#[test]
fn the_first_letter_that_matches_goes_and_one_for_some_tickets_only_for_those() {
    let text = shipped_text("getmark").replace(
        "[[letter]]\nkind = \"registered\"",
        "[[letter]]\nkind = \"status-changed\"\non = \"registered\"\nto = \"requester\"\nwhen = { type = \"consultation\" }\n\n[[letter]]\nkind = \"registered\"",
    );
    let regulation = Regulation::parse("changed.toml", &text).unwrap();
    let mut world = World::under(regulation, "2026-11-23 10:00").with_letters();
    let error = world.register(medium("email"));
    let mut body = medium("email");
    body["type"] = json!("consultation");
    let consultation = world.register(body);
    assert_eq!(world.letter_kinds(error), ["registered"]);
    assert_eq!(world.letter_kinds(consultation), ["status-changed"]);
}

#[test]
fn what_is_wrong_with_a_letter_is_told_by_line_and_way_out() {
    let whole = shipped_text("getmark");
    let problem = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        Regulation::parse("g", &whole.replacen(from, to, 1)).unwrap_err().problems.remove(0)
    };
    for (from, to, key, message) in [
        (
            "kind = \"refused\"",
            "kind = \"refusd\"",
            "letter.kind",
            "unknown kind of letter `refusd`; did you mean `refused`?",
        ),
        ("on = \"asked\"", "on = \"askd\"", "letter.on", "unknown cause `askd`; did you mean `asked`?"),
        ("on = \"routed:3\"", "on = \"routed:4\"", "letter.on", "unknown line 4; one of 1, 2, 3"),
        ("on = \"asked\"", "on = \"letter-sent:asked\"", "letter.on", "no letter is written for a letter"),
        ("to = \"chat\"", "to = \"chatt\"", "letter.to", "unknown recipient `chatt`; did you mean `chat`?"),
        (
            "urgent-channel = \"urgent\"\n",
            "",
            "letter.to",
            "the file names no chat; give it an `urgent-channel`",
        ),
        (
            "stops = [\"letter-sent:registered\", \"closed\"]",
            "stops = [\"letter-sent:replid\", \"closed\"]",
            "clock registration-letter",
            "unknown kind of letter `replid`; did you mean `replied`?",
        ),
    ] {
        let told = problem(from, to);
        assert_eq!(told.key, key, "{to}");
        assert!(told.message.starts_with(message), "{to}: {}", told.message);
        assert!(told.line > 0, "{to}");
    }
}
