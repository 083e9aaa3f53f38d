//! Time that can be trusted, and time that cannot: the daemon's own loop under a clock that the test sets.

use andon::desk::Metric;
use andon_tests::SimulatedBox;
use andon_tests::time::local;

use crate::getmark::high;

#[test]
fn the_loop_asks_for_its_turn_when_a_deadline_passes() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    let ticket = desk.register(high("phone"));
    // Line 1 has 4 h of 09:00–21:00: until 14:00, and is late a millisecond after that (R4).
    let deadline = desk.desk().ticket(ticket).unwrap().clock(Metric::Line).unwrap().due().unwrap();
    assert_eq!(local(deadline), "2026-11-23 14:00");
    desk.pass_until("2026-11-23 14:00");
    let alarm = format!("{ticket}-breach-line-1 unacked");
    assert!(!desk.wall().contains(&alarm), "{:?}", desk.wall());
    desk.pass_ms(1);
    assert!(desk.wall().contains(&alarm), "{:?}", desk.wall());
}
