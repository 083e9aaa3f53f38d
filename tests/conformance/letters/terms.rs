//! What was told and is another one is told again, with why (R8).

use andon_tests::World;
use serde_json::json;

use crate::getmark::{high, medium};

#[test]
fn r8_a_term_that_another_priority_moves_is_told_again() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    let ticket = world.register(medium("email"));
    world.act(ticket, "priority", json!({ "to": "high", "reason": "Стоит отгрузка" }));
    assert_eq!(world.letter_kinds(ticket), ["registered", "term-changed"]);
}

#[test]
fn r8_a_term_that_another_lines_hours_move_is_told_again_and_one_that_stays_is_not() {
    // By phone the ticket stands on line 1, open until 21:00: 12 h from Monday 10:00 end on Tuesday at 10:00. Line 2 is open
    // until 18:00: they end on Tuesday at 13:00.
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    let ticket = world.register(high("phone"));
    world.act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.letter_kinds(ticket), ["registered", "term-changed"]);
    // Line 3 keeps line 2's hours: nothing that was told has moved, and what is told is that it was handed over.
    world.act(ticket, "route", json!({ "line": 3 }));
    assert_eq!(world.letter_kinds(ticket), ["registered", "term-changed", "handed-over"]);
}

#[test]
fn r8_what_no_clock_measures_for_the_requester_is_not_told() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    let ticket = world.register(medium("email"));
    // The line's own clock starts anew; the total term stays.
    world.act(ticket, "route", json!({ "line": 3 }));
    world.act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.letter_kinds(ticket), ["registered", "handed-over"]);
}

#[test]
fn r8_the_same_is_said_in_the_letter_of_the_status_and_not_in_a_second_one() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    let ticket = world.register(medium("email"));
    world.act(ticket, "ask", json!({ "text": "Номер?" }));
    world.run_until("2026-11-24 10:00");
    world.as_requester().act(ticket, "answer", json!({ "text": "17" }));
    assert_eq!(world.letter_kinds(ticket), ["registered", "asked", "status-changed"]);
}
