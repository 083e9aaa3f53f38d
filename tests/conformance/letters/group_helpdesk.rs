//! The help desk of a company group: the form after completion comes with the solution's letter.

use andon_tests::World;
use serde_json::json;

use crate::group_helpdesk::request;

#[test]
fn hd_5_the_solution_and_the_closing_are_letters() {
    let mut world = World::shipped("group-helpdesk", "2026-11-23 10:00").with_letters();
    let ticket = world.register(request("hm", "incident"));
    world.act(ticket, "take", json!({}));
    world.act(ticket, "resolve", json!({ "text": "Заменили картридж." }));
    world.as_requester().act(ticket, "confirm", json!({ "mark": "5" }));
    assert_eq!(world.letter_kinds(ticket), ["registered", "resolved", "closed"]);
}
