//! The figures of a month outlive restarts, kills and a lost database, and a closed month is closed once.

use andon::desk::report::{Month, MonthFigures, Tally};
use andon::desk::{Desk, Event, Fact, Regulations};
use andon_tests::SimulatedBox;
use andon_tests::time::ZONE;
use andon_tests::world::shipped;
use serde_json::json;

use super::books::registration;

fn regulations() -> Regulations {
    Regulations::new(vec![shipped("getmark").into()]).in_zone(ZONE)
}

/// Registers so many, and has them solved and confirmed.
fn close(desk: &mut SimulatedBox, count: usize) {
    for n in 0..count {
        let number = desk.register(registration(n));
        desk.act(number, "take", json!({}));
        desk.act(number, "resolve", json!({"text": "Обновите"}));
        desk.act(number, "confirm", json!({"mark": "satisfactory"}));
    }
}

/// The tally that the record comes to.
fn told(desk: &SimulatedBox) -> Tally {
    let mut replayed = Desk::new(regulations());
    desk.entries().iter().for_each(|entry| replayed.apply(entry));
    replayed.tally().clone()
}

fn months(desk: &SimulatedBox) -> Vec<(Month, u32)> {
    let closed = |figures: &MonthFigures| figures.regulations[0].slices[0].quality.closed;
    let facts = desk.entries().into_iter().flat_map(|entry| entry.facts);
    let of = |fact: Fact| match fact.event {
        Event::MonthClosed { month, figures } => Some((month, closed(&figures))),
        _ => None,
    };
    facts.filter_map(of).collect()
}

#[test]
fn figures_are_there_again_after_a_stop_a_kill_and_a_lost_database() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    close(&mut desk, 3);
    assert_eq!(desk.desk().tally(), &told(&desk));
    desk.switch_off().switch_on();
    assert_eq!(desk.desk().tally(), &told(&desk), "after a stop");
    close(&mut desk, 2);
    desk.pass_until("2026-11-23 10:05");
    close(&mut desk, 1);
    // The loop is gone without its last checkpoint: the ledger has what is missing.
    desk.kill();
    desk.switch_on();
    assert_eq!(desk.desk().tally(), &told(&desk), "after a kill");
    desk.switch_off();
    std::fs::remove_dir_all(desk.settings().state_dir.join("sled")).expect("the database is there");
    desk.switch_on();
    let tally = desk.desk().tally().clone();
    assert_eq!(tally, told(&desk), "from the ledger alone");
    let sums = tally.month("2026-11".parse().expect("a month")).expect("it has tickets");
    let whole = &MonthFigures::of(sums, desk.desk().regulations()).regulations[0].slices[0].quality;
    assert_eq!((whole.closed, whole.positive), (6, Some(6)));
}

#[test]
fn a_month_that_ended_while_the_box_was_off_is_closed_once() {
    let mut desk = SimulatedBox::at("2026-11-30 20:00");
    close(&mut desk, 4);
    desk.switch_off();
    desk.clock().pass_us(86_400_000_000);
    desk.switch_on().pass_ms(0);
    let november = ("2026-11".parse().expect("a month"), 4);
    assert_eq!(months(&desk), [november]);
    close(&mut desk, 1);
    for _ in 0..2 {
        desk.switch_off().switch_on().pass_ms(0);
        assert_eq!(months(&desk), [november], "a restart closes nothing again");
        assert_eq!(desk.desk().tally(), &told(&desk));
    }
    assert_eq!(desk.desk().tally().newest_closed(), Some(november.0));
}

#[test]
fn no_month_ends_by_a_time_that_is_not_trusted() {
    let mut desk = SimulatedBox::at("2026-11-30 20:00");
    desk.pass_ms(0);
    close(&mut desk, 1);
    desk.switch_off();
    desk.clock().synchronise(Some(false));
    desk.switch_on().pass_ms(86_400_000);
    close(&mut desk, 1);
    assert_eq!(months(&desk), [], "nobody knows that it is December");
    desk.clock().synchronise(Some(true));
    desk.pass_ms(60_000);
    assert_eq!(months(&desk), [("2026-11".parse().expect("a month"), 1)]);
    assert_eq!(desk.desk().tally(), &told(&desk));
}
