//! Tickets of who is not there any more: flagged, or handed back to the group.

use andon::desk::people::PeopleAct;
use andon::desk::{Refusal, Regulation, TicketNumber, view};
use andon_tests::World;
use serde_json::json;

use super::{request, world};

const MONDAY: &str = "2026-11-23";

fn is_away(world: &World, ticket: TicketNumber) -> bool {
    let view = view::ticket(world.ticket(ticket), world.desk().regulations(), world.now());
    view.among(world.desk().people()).assignee_away
}

/// HD-9: a ticket whose assignee's shift is over is flagged, and stays theirs.
#[test]
fn hd_9_a_ticket_of_who_went_home_is_flagged() {
    let mut world = world("2026-11-23 10:00");
    world.on_duty("anna", &["hm"], MONDAY, "09:00", "18:00");
    let ticket = world.register(request("hm", "question"));
    let other = world.register(request("hm", "question"));
    world.act(other, "assign", json!({ "group": "zm", "reason": "Не наше" }));
    assert!(!is_away(&world, ticket) && !is_away(&world, other));
    world.run_until("2026-11-23 18:00");
    assert!(is_away(&world, ticket) && !is_away(&world, other));
    assert_eq!(world.holder(ticket), "anna");
}

/// HD-9: by setting what they have goes back to the group at that instant: open tickets, theirs only.
#[test]
fn hd_9_by_setting_tickets_go_back_to_the_group_when_the_shift_ends() {
    let text =
        andon_tests::world::shipped_text("group-helpdesk").replace("hand-back = false", "hand-back = true");
    let regulation = Regulation::parse("back.toml", &text).unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut world = World::under(regulation, "2026-11-23 10:00");
    world.on_duty("anna", &["hm"], MONDAY, "09:00", "18:00");
    let tickets: Vec<_> = (0..600).map(|_| world.register(request("hm", "question"))).collect();
    world.act(tickets[0], "resolve", json!({ "text": "Готово" }));
    world.on_duty("boris", &["hm"], MONDAY, "09:00", "20:00");
    let of_boris = world.register(request("hm", "question"));
    world.run_until("2026-11-23 18:00");
    assert_eq!(world.holder(tickets[0]), "anna", "what is answered waits for nobody of the desk");
    for ticket in &tickets[1..] {
        assert_eq!(
            (world.holder(*ticket).as_str(), world.holds_since(*ticket)),
            ("group:hm", Some("shift-ended"))
        );
    }
    assert_eq!(world.holder(of_boris), "boris");
    let back = world.history(tickets[1]).last().map(|(entry, _)| entry.effective_at());
    assert_eq!(back, Some(world.now()));
}

/// HD-9: what comes back to somebody who went home goes to the group by the same setting; to somebody on shift it comes back.
#[test]
fn hd_9_what_is_returned_after_the_shift_goes_back_to_the_group() {
    for (setting, holder, why) in
        [("hand-back = true", "group:hm", Some("shift-ended")), ("hand-back = false", "anna", Some("turn"))]
    {
        let text = andon_tests::world::shipped_text("group-helpdesk").replace("hand-back = false", setting);
        let regulation = Regulation::parse("back.toml", &text).unwrap_or_else(|wrong| panic!("{wrong}"));
        let mut world = World::under(regulation, "2026-11-23 17:00");
        world.on_duty("anna", &["hm"], MONDAY, "09:00", "18:00");
        let tickets = [(); 2].map(|()| world.register(request("hm", "question")));
        for ticket in tickets {
            world.act(ticket, "resolve", json!({ "text": "Готово" }));
        }
        let returned = json!({ "reason": "Не помогло" });
        world.as_requester().act(tickets[0], "return", returned.clone());
        assert_eq!(world.holder(tickets[0]), "anna", "she is on shift");
        world.as_lead().act(tickets[0], "resolve", json!({ "text": "Готово" }));
        world.run_until("2026-11-23 18:30").as_requester().act(tickets[1], "return", returned);
        assert_eq!((world.holder(tickets[1]).as_str(), world.holds_since(tickets[1])), (holder, why));
    }
}

/// What is returned to somebody who is no agent any more, and has no token, is the group's: it would be nobody's otherwise.
#[test]
fn hd_9_what_is_returned_to_nobody_goes_back_to_the_group() {
    let mut world = world("2026-11-23 10:00");
    world.on_duty("anna", &["hm"], MONDAY, "09:00", "18:00");
    let ticket = world.register(request("hm", "question"));
    assert_eq!(world.holder(ticket), "anna");
    world.act(ticket, "resolve", json!({ "text": "Готово" }));
    world.agent("boris", &["hm"]);
    world.people(PeopleAct::RemoveAgent { name: "anna".into(), hands_back: true });
    assert_eq!(world.holder(ticket), "anna", "she answered it");
    world.as_requester().act(ticket, "return", json!({ "reason": "Не помогло" }));
    assert_eq!(
        (world.holder(ticket).as_str(), world.holds_since(ticket)),
        ("group:hm", Some("agent-removed"))
    );
    assert_eq!(world.queue(), ["1 arrival"]);
}

/// An agent who has open tickets is removed only with them handed back; the shifts go with them.
#[test]
fn hd_9_an_agent_with_open_tickets_is_not_simply_removed() {
    let mut world = world("2026-11-23 10:00");
    world.on_duty("anna", &["hm"], MONDAY, "09:00", "18:00");
    let ticket = world.register(request("hm", "question"));
    let remove = |hands_back| PeopleAct::RemoveAgent { name: "anna".into(), hands_back };
    let Err(Refusal::Conflict { code, ticket: with, message, .. }) = world.try_people(remove(false)) else {
        panic!("it was to be refused");
    };
    assert_eq!((code, with), ("agent-has-tickets", Some(ticket)));
    assert!(message.starts_with("1 open ticket is with anna; `transfer` them"), "{message}");
    world.people(remove(true));
    assert_eq!(
        (world.holder(ticket).as_str(), world.holds_since(ticket)),
        ("group:hm", Some("agent-removed"))
    );
    assert!(world.desk().people().is_empty() && world.desk().people().roster().is_empty());
    assert_eq!(world.desk().people().on_shift(), 0);
}
