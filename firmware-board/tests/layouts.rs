//! Every state on every kind of panel as a picture. A picture that changed is a decision: look at it, then `UPDATE_GOLDEN=1`.

mod common;

use common::golden::check_on;
use common::{states, storm};
use firmware_board::{Phase, Scene};

/// Checks the states of these names; all of them where none is named.
fn check(size: (u16, u16), names: &[&str]) {
    let states = states();
    assert!(names.iter().all(|name| states.iter().any(|(known, _)| known == name)), "{names:?}");
    let wanted = states.into_iter().filter(|(name, _)| names.is_empty() || names.contains(name));
    for (name, scene) in wanted {
        check_on(size, name, &scene, Phase::LIT);
    }
}

/// Two pages of many alarms: the worst is on both.
fn check_pages(size: (u16, u16), scene: &Scene) {
    for (turn, name) in [(1, "storm-page-2"), (2, "storm-page-3")] {
        check_on(size, name, scene, Phase { turn, ..Phase::LIT });
    }
}

#[test]
fn at_a_desk() {
    check(
        (480, 320),
        &[
            "well-quiet",
            "due-soon-quiet",
            "storm",
            "critical-twice",
            "mass-problem",
            "understaffed",
            "parts-failed",
            "no-calendar",
            "blocked",
        ],
    );
    check_pages((480, 320), &storm());
}

#[test]
fn across_a_table() {
    check((800, 480), &[]);
    check_pages((800, 480), &storm());
}

#[test]
fn across_a_room() {
    check((1920, 1080), &[]);
    check_pages((1920, 1080), &storm());
}

#[test]
fn in_the_hand() {
    check((320, 240), &[]);
    check_pages((320, 240), &storm());
}

#[test]
fn on_panels_of_few_pixels() {
    for size in [(64, 8), (128, 16), (64, 32), (128, 64), (256, 64), (80, 44), (200, 100), (32, 8)] {
        check(size, &[]);
        check_pages(size, &storm());
    }
}

#[test]
fn on_other_screens() {
    for size in [(1280, 720), (1024, 600)] {
        check(size, &["well", "storm"]);
    }
}
