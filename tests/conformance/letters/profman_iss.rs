//! PROFMAN ISS: a confirmation at once, everything else in open hours.

use andon::desk::letter::LetterWay;
use andon_tests::World;
use andon_tests::time::local;
use serde_json::json;

use super::waiting;
use crate::profman_iss::request;

fn world(now: &str) -> World {
    World::shipped("profman-iss", now).with_letters()
}

#[test]
fn pm_c2_each_request_is_confirmed_by_letter_at_once() {
    let mut world = world("2026-11-21 15:00");
    let ticket = world.register(request("email"));
    assert_eq!(world.letter_kinds(ticket), ["registered"]);
    assert_eq!(waiting(&world, ticket)[0].hold_until, None, "Saturday: the confirmation waits for nobody");
}

#[test]
fn pm_c4a_an_answer_is_held_until_open_hours() {
    // Friday 19:30 is after 18:00: the next open hour is Monday's nine o'clock.
    let mut world = world("2026-11-20 19:30");
    let ticket = world.register(request("email"));
    world.act(ticket, "reply", json!({ "text": "Смотрим" }));
    let held = waiting(&world, ticket)[1].hold_until.map(local);
    assert_eq!(held.as_deref(), Some("2026-11-23 09:00"));
    assert_eq!(world.desk().letters_due(world.now()).count(), 1, "only the confirmation goes");
    let next = world.desk().next_letter_by(LetterWay::Mail, world.now()).map(local);
    assert_eq!(next.as_deref(), Some("2026-11-23 09:00"));
    world.run_until("2026-11-23 08:59");
    assert_eq!(world.desk().letters_due(world.now()).count(), 1);
    world.run_until("2026-11-23 09:00");
    assert_eq!(world.desk().letters_due(world.now()).count(), 2);
}

#[test]
fn pm_c4a_an_answer_in_open_hours_goes_at_once_and_one_at_closing_time_does_not() {
    let mut world = world("2026-11-20 17:59");
    let ticket = world.register(request("email"));
    world.act(ticket, "reply", json!({ "text": "Смотрим" }));
    assert_eq!(waiting(&world, ticket)[1].hold_until, None);
    // The hours are half-open: at 18:00 the day is over (R1).
    world.run_until("2026-11-20 18:00");
    world.act(ticket, "reply", json!({ "text": "Ещё смотрим" }));
    assert_eq!(waiting(&world, ticket)[2].hold_until.map(local).as_deref(), Some("2026-11-23 09:00"));
}

#[test]
fn pm_c8_the_closing_is_one_letter_with_the_result() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    world.act(ticket, "take", json!({}));
    world.act(ticket, "resolve", json!({ "text": "Переустановите шрифт. Готово." }));
    assert_eq!(world.letter_kinds(ticket), ["registered", "closed"]);
}

#[test]
fn pm_c6_putting_off_is_told() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    world.act(ticket, "take", json!({}));
    world.act(ticket, "defer", json!({ "reason": "needs-development" }));
    assert_eq!(world.letter_kinds(ticket), ["registered", "deferred"]);
}
