//! «ЖКХ-сервисы»: departments are asked by the channel that was named.

use andon::desk::letter::Recipient;
use andon_tests::World;
use serde_json::json;

use super::waiting;
use crate::zkh_services::error;

fn asked(world: &mut World, channel: &str) -> Vec<String> {
    let ticket = world.register(error("normal"));
    world.act(
        ticket,
        "escalate",
        json!({ "topic": "legal", "channel": channel, "text": "Можно ли вернуть?" }),
    );
    let letters =
        world.letters().into_iter().filter(|(of, kind, _)| *of == ticket.0 && kind == "department-asked");
    letters.map(|(_, _, to)| to).collect()
}

#[test]
fn zs_8_a_department_is_asked_by_mail_or_chat_as_the_escalation_says() {
    let mut world = World::shipped("zkh-services", "2026-11-23 11:00").with_letters();
    assert_eq!(asked(&mut world, "mattermost"), ["legal by mattermost"]);
    assert_eq!(asked(&mut world, "email"), ["legal by email"]);
}

#[test]
fn zs_8_the_question_of_a_requester_without_an_address_goes_to_the_department_all_the_same() {
    let mut world = World::shipped("zkh-services", "2026-11-23 11:00").with_letters();
    let ticket = world.register(error("normal"));
    world.act(ticket, "escalate", json!({ "topic": "legal", "channel": "email", "text": "Можно ли?" }));
    let [letter] = waiting(&world, ticket) else { panic!("one letter waits") };
    let expected = Recipient::Department { department: "legal".into(), channel: "email".into() };
    assert_eq!(letter.recipient, expected);
}

#[test]
fn zs_8_where_the_site_has_no_way_to_a_department_nothing_waits_for_one() {
    let mut world = World::shipped("zkh-services", "2026-11-23 11:00");
    assert!(asked(&mut world, "mattermost").is_empty());
}
