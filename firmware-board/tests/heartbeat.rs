//! A picture that is live moves each second, so that one painted by a process that froze is seen to stand still.

mod common;

use firmware_board::{ClockText, Frame, Layout, Link, Phase, Scene};

/// A size of each layout.
const SIZES: [(u16, u16); 7] =
    [(320, 240), (480, 320), (800, 480), (1_920, 1_080), (32, 8), (64, 8), (128, 16)];

fn drawn(layout: Layout, scene: &Scene) -> Frame {
    let (width, height) = layout.size();
    let mut frame = Frame::new(width, height);
    let Ok(()) = layout.draw(scene, Phase::LIT, &mut frame);
    frame
}

#[test]
fn every_live_picture_is_another_one_in_the_next_second_whatever_it_shows() {
    for (width, height) in SIZES {
        let layout = Layout::of(width, height).expect("it is served");
        for (name, scene) in common::states() {
            if scene.link != Link::Live {
                continue;
            }
            let at =
                |mm: u8, ss: u8| Scene { at_text: ClockText { mm, ss, ..scene.at_text }, ..scene.clone() };
            let mut seconds: Vec<_> = (0..60).map(|ss| at(10, ss)).collect();
            seconds.push(at(11, 0));
            for two in seconds.windows(2) {
                let same = drawn(layout, &two[0]) == drawn(layout, &two[1]);
                assert!(!same, "{width}x{height}, {name}: second {} stands still", two[1].at_text.ss);
            }
        }
    }
}
