//! one box runs several regulations side by side, chosen at intake; lists and the wall say which.

use std::sync::Arc;

use andon::board::BoardState;
use andon::board::scene::{Room, scene};
use andon::desk::regulation::IntakeRule;
use andon::desk::{Metric, Refusal, Regulations};
use andon_tests::World;
use andon_tests::world::shipped;
use calendars::Tz;
use serde_json::{Value, json};

use crate::getmark::request;

/// GetMark and the service desk, with these intake rules, on a plain Monday morning.
fn both(rules: &[IntakeRule]) -> World {
    let all = ["getmark", "itsm"].map(|name| Arc::new(shipped(name)));
    let regulations = Regulations::new(all.to_vec()).with_intake(rules.to_vec());
    World::side_by_side(regulations, "2026-11-23 10:00")
}

/// A registration that names no regulation and that either could take.
fn by_email(client: Option<&str>, product: Option<&str>) -> Value {
    let mut body = request("email", "error", "hinders");
    body["client"] = json!(client);
    if let Some(product) = product {
        body["fields"]["product"] = json!(product);
    }
    body
}

fn rule(regulation: &str) -> IntakeRule {
    IntakeRule { regulation: regulation.into(), ..IntakeRule::default() }
}

fn chosen(world: &mut World, body: Value) -> String {
    let number = world.register(body);
    world.ticket(number).facts.regulation.to_string()
}

#[test]
fn x_1_a_registration_names_its_regulation() {
    let mut world = both(&[]);
    let mut body = by_email(None, None);
    body["regulation"] = json!("getmark");
    assert_eq!(chosen(&mut world, body), "getmark");
    let incident = json!({
        "regulation": "itsm", "channel": "email", "type": "incident", "subject": "Принтер не печатает", "priority": "p2",
    });
    assert_eq!(chosen(&mut world, incident), "itsm");
}

#[test]
fn x_1_where_nothing_chooses_the_registration_is_asked() {
    let mut world = both(&[]);
    let Err(Refusal::Fields(errors)) = world.try_register(by_email(None, None)) else {
        panic!("it was to be asked for its regulation")
    };
    assert_eq!(errors[0].field, "regulation");
    assert_eq!(
        errors[0].message,
        "is required here: this desk runs getmark, itsm, and no intake rule chooses by this channel, client or product"
    );
}

#[test]
fn x_1_intake_chooses_by_channel_client_or_product_and_the_first_match_wins() {
    let by_channel = IntakeRule { channel: Some("self-service".into()), ..rule("itsm") };
    let by_client = IntakeRule { client: Some("ООО «Ромашка»".into()), ..rule("getmark") };
    let by_product = IntakeRule { product: Some("marking".into()), ..rule("getmark") };
    let rules = [by_channel, by_client, by_product, rule("itsm")];
    let mut world = both(&rules);
    let incident = |channel: &str| json!({ "channel": channel, "type": "incident", "subject": "Принтер" });
    assert_eq!(chosen(&mut world, incident("self-service")), "itsm");
    assert_eq!(chosen(&mut world, by_email(Some("ООО «Ромашка»"), None)), "getmark");
    assert_eq!(chosen(&mut world, by_email(None, Some("marking"))), "getmark");
    // What no rule before it matches comes to the last, which looks at nothing.
    assert_eq!(chosen(&mut world, incident("phone")), "itsm");
    // The name said outright goes before every rule.
    let mut body = by_email(None, Some("other"));
    body["regulation"] = json!("getmark");
    assert_eq!(chosen(&mut world, body), "getmark");
}

#[test]
fn x_1_each_ticket_runs_by_its_own_regulation() {
    let mut world = both(&[]);
    let mut error = request("email", "error", "stops-operations");
    error["regulation"] = json!("getmark");
    let getmark = world.register(error);
    let incident = json!({
        "regulation": "itsm", "channel": "email", "type": "incident", "subject": "Сервер", "priority": "p1",
    });
    let itsm = world.register(incident);
    // GM-5.17: 12 h of 9 from Monday 10:00: 8 h to 18:00, 4 h more on Tuesday.
    assert_eq!(world.deadline(getmark, Metric::Resolution), "2026-11-24 13:00");
    // Its p1: 4 h from Monday 10:00.
    assert_eq!(world.deadline(itsm, Metric::Resolution), "2026-11-23 14:00");
}

#[test]
fn x_1_the_wall_says_which_regulation_where_there_are_several() {
    let incident = json!({
        "regulation": "itsm", "channel": "email", "type": "incident", "subject": "Сервер", "priority": "p1",
    });
    let mut two = both(&[]);
    two.register(incident.clone());
    let mut one = World::shipped("itsm", "2026-11-23 10:00");
    one.register(incident);
    let wall = |world: &World| BoardState::of(world.desk(), &[], world.now(), true, Tz::Europe__Moscow);
    let drawn = |world: &World| scene(&wall(world), &Room::default(), world.now());

    let view = serde_json::to_value(wall(&two).view(two.now())).unwrap();
    assert_eq!(view["alarms"][0]["regulation"], "itsm");
    assert_eq!(view["next"][0]["regulation"], "itsm");
    assert_eq!(view["next"][0]["subject"], "Сервер", "programs get the subject as it is");
    assert_eq!(drawn(&two).alarms[0].text, "itsm · Сервер");
    assert_eq!(drawn(&two).next[0].subject, "itsm · Сервер");
    // Where one regulation runs, there is nothing to tell apart, and the line has more room.
    assert_eq!(drawn(&one).alarms[0].text, "Сервер");
    assert_eq!(drawn(&one).next[0].subject, "Сервер");
}
