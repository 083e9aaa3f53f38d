//! The button: what people mean by it, however its contacts bounce.

use firmware_board::ButtonEvent::{Freed, Held, Pressed, Stuck};
use firmware_board::{Button, ButtonEvent};

const HOLD_MS: u64 = 2_000;

/// What comes of a button that is down in these spans, `[from, to)` in milliseconds, looked at every 10 ms.
fn meant(down: &[(u64, u64)], until_ms: u64) -> Vec<(ButtonEvent, u64)> {
    let mut button = Button::new(HOLD_MS);
    (0..=until_ms)
        .step_by(10)
        .filter_map(|t_ms| {
            let is_down = down.iter().any(|(from, to)| (*from..*to).contains(&t_ms));
            button.look(is_down, t_ms).map(|event| (event, t_ms))
        })
        .collect()
}

#[test]
fn a_press_acts_once_when_it_is_let_go() {
    assert_eq!(meant(&[(100, 250)], 10_000), [(Pressed, 280)]);
    assert_eq!(meant(&[(100, 250), (1_000, 1_900)], 10_000), [(Pressed, 280), (Pressed, 1_930)]);
}

#[test]
fn a_hold_acts_once_while_it_is_down_and_is_no_press_as_well() {
    assert_eq!(meant(&[(100, 5_000)], 10_000), [(Held, 2_100)]);
    assert_eq!(meant(&[(100, 2_090)], 10_000), [(Pressed, 2_120)], "not quite a hold is a press");
}

#[test]
fn contacts_that_bounce_make_one_press() {
    let bounces = [(100, 110), (120, 130), (140, 300), (310, 320), (330, 340)];
    assert_eq!(meant(&bounces, 10_000), [(Pressed, 370)]);
    let in_a_hold = [(100, 110), (120, 1_000), (1_010, 1_020), (1_030, 4_000)];
    assert_eq!(
        meant(&in_a_hold, 10_000),
        [(Held, 2_120)],
        "a contact that opens for a moment lets nothing go"
    );
}

#[test]
fn what_is_shorter_than_a_finger_is_nothing() {
    assert_eq!(meant(&[(100, 130)], 10_000), []);
    let crackle: Vec<_> = (10..900).map(|n| (n * 20, n * 20 + 10)).collect();
    assert_eq!(meant(&crackle, 20_000), []);
}

#[test]
fn a_button_that_does_not_come_up_is_told_once_and_does_nothing_more() {
    assert_eq!(meant(&[(100, 700_000)], 700_500), [(Held, 2_100), (Stuck, 30_100), (Freed, 700_030)]);
    let again = [(100, 40_000), (50_000, 50_200)];
    assert_eq!(meant(&again, 60_000), [(Held, 2_100), (Stuck, 30_100), (Freed, 40_030), (Pressed, 50_230)]);
}

/// A wrong pull or polarity, or a jammed button at every restart, must not mute the wall.
#[test]
fn a_button_that_is_down_from_the_beginning_is_no_press_and_no_hold() {
    assert_eq!(meant(&[(0, 10_000)], 20_000), []);
    assert_eq!(meant(&[(0, 60_000)], 70_000), [(Stuck, 30_000), (Freed, 60_030)]);
    assert_eq!(meant(&[(0, 500), (1_000, 1_200)], 5_000), [(Pressed, 1_230)]);
}

#[test]
fn time_that_stands_still_or_goes_back_means_nothing() {
    let mut button = Button::new(HOLD_MS);
    let looks =
        [(false, 5_000), (true, 5_100), (true, 5_130), (true, 5_130), (true, 10), (true, 0), (false, 0)];
    assert_eq!(looks.map(|(is_down, t_ms)| button.look(is_down, t_ms)), [None; 7]);
    assert_eq!(button.look(false, 5_200), Some(Pressed), "it goes on where time does");
}
