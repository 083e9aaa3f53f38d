//! Whatever a scene holds, a wall is drawn, and drawing it is a bounded amount of work.

mod common;

use std::convert::Infallible;

use common::{alarm, breach, states, storm};
use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Pixel, Size};
use embedded_graphics::primitives::Rectangle;
use firmware_board::{AlarmKind, AlarmState, ClockText, Frame, Layout, Level, PAGE_MS, Phase, Scene};

/// A size of each design.
const SIZES: [(u16, u16); 9] =
    [(1920, 1080), (800, 480), (480, 320), (320, 240), (200, 100), (128, 64), (64, 32), (64, 8), (32, 8)];

/// Counts what it is told to draw, and whether that lies on the wall.
struct Counter {
    size: (u16, u16),
    calls: u64,
    pixels: u64,
    outside: u64,
}

impl OriginDimensions for Counter {
    fn size(&self) -> Size {
        Size::new(self.size.0.into(), self.size.1.into())
    }
}

impl DrawTarget for Counter {
    type Color = Rgb565;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb565>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        self.calls += 1;
        for Pixel(at, _) in pixels {
            self.pixels += 1;
            let (width, height) = (i32::from(self.size.0), i32::from(self.size.1));
            self.outside += u64::from(!(0..width).contains(&at.x) || !(0..height).contains(&at.y));
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, _colour: Rgb565) -> Result<(), Infallible> {
        self.calls += 1;
        self.pixels += u64::from(area.size.width) * u64::from(area.size.height);
        Ok(())
    }
}

fn drawn(size: (u16, u16), scene: &Scene, phase: Phase) -> Counter {
    let mut counter = Counter { size, calls: 0, pixels: 0, outside: 0 };
    let Ok(()) = Layout::of(size.0, size.1).expect("it is served").draw(scene, phase, &mut counter);
    counter
}

/// A scene of ten thousand alarms with subjects of ten thousand characters.
fn flood() -> Scene {
    let subject = "Ж\u{301}\u{202E}\u{200B}ש\u{7}字 ".repeat(1_250);
    let mut scene = storm();
    scene.alarms =
        vec![alarm(AlarmKind::Critical, Some(u64::MAX), &subject, 60, AlarmState::Unacked); 10_000];
    scene.alarms_total = u32::MAX;
    for next in &mut scene.next {
        next.subject.clone_from(&subject);
        next.metric.clone_from(&subject);
    }
    scene.site = subject;
    scene
}

#[test]
fn ten_thousand_alarms_of_ten_thousand_characters_cost_no_more_than_a_wall_full_of_them() {
    let flood = flood();
    for size in SIZES {
        let (usual, most) = (drawn(size, &storm(), Phase::LIT), drawn(size, &flood, Phase::LIT));
        assert!(most.pixels <= usual.pixels * 2, "{size:?}: {} pixels for {}", most.pixels, usual.pixels);
        assert!(most.calls <= usual.calls * 4, "{size:?}: {} calls for {}", most.calls, usual.calls);
    }
}

#[test]
fn no_state_draws_beyond_the_edge_of_the_wall() {
    for size in
        SIZES.into_iter().chain([(1024, 600), (1366, 768), (481, 271), (33, 9), (479, 1_000), (31 * 8, 17)])
    {
        for (name, scene) in states() {
            for turn in 0..3 {
                let counter = drawn(size, &scene, Phase { turn, ..Phase::LIT });
                assert_eq!(counter.outside, 0, "{name} on {size:?}, page {turn}");
            }
        }
    }
}

#[test]
fn time_that_goes_back_draws_what_was_drawn_then() {
    let then = breach();
    let later = Scene { at_text: ClockText { hh: 15, mm: 2, ..then.at_text }, ..then.clone() };
    for (width, height) in SIZES {
        let layout = Layout::of(width, height).expect("it is served");
        let [first, between, again] = [&then, &later, &then].map(|scene| {
            let mut frame = Frame::new(width, height);
            let Ok(()) = layout.draw(scene, Phase::LIT, &mut frame);
            frame
        });
        assert!(first == again);
        // A single line has no room for the time.
        assert!(height < 16 || height < 40 || first != between, "{width}x{height}");
    }
}

#[test]
fn the_next_change_is_always_ahead_and_before_it_nothing_changes() {
    for size in SIZES {
        let layout = Layout::of(size.0, size.1).expect("it is served");
        for (name, scene) in states() {
            for t_ms in [0, 1_010, PAGE_MS - 1, PAGE_MS, 7 * PAGE_MS + 3_333] {
                let at = |t_ms| {
                    let mut frame = Frame::new(size.0, size.1);
                    let Ok(()) = layout.draw(&scene, Phase::at(t_ms), &mut frame);
                    frame
                };
                match layout.next_change(&scene, t_ms) {
                    Some(next_ms) => {
                        assert!(next_ms > t_ms, "{name} on {size:?}");
                        assert!(at(t_ms) == at(next_ms - 1), "{name} on {size:?} at {t_ms}");
                    }
                    None => assert!(at(t_ms) == at(t_ms + 3 * PAGE_MS), "{name} on {size:?}"),
                }
            }
            let _ = layout.next_change(&scene, u64::MAX);
        }
    }
}

#[test]
fn in_turn_every_alarm_of_a_storm_is_shown_and_the_worst_never_leaves_a_wall_of_lines() {
    let storm = storm();
    for (width, height) in SIZES {
        let layout = Layout::of(width, height).expect("it is served");
        let pages: Vec<Vec<usize>> =
            (0..64).map(|turn| layout.shown(&storm, Phase { turn, ..Phase::LIT }).collect()).collect();
        for index in 0..storm.alarms.len() {
            assert!(pages.iter().any(|page| page.contains(&index)), "alarm {index} on {width}x{height}");
        }
        let most = pages.iter().map(Vec::len).max().unwrap();
        let with_worst = pages.iter().filter(|page| page.contains(&0)).count();
        assert!(if most > 1 { with_worst == 64 } else { with_worst >= 32 }, "{width}x{height}");
    }
}

#[test]
fn a_new_alarm_is_on_every_page_with_the_acknowledged_ones() {
    let mut scene = storm();
    scene.alarms.iter_mut().for_each(|alarm| alarm.state = AlarmState::Acked);
    scene.alarms[7].state = AlarmState::Unacked;
    for (width, height) in [(1920, 1080), (800, 480), (480, 320), (200, 100), (128, 64)] {
        let layout = Layout::of(width, height).expect("it is served");
        for turn in 0..20 {
            let page: Vec<usize> = layout.shown(&scene, Phase { turn, ..Phase::LIT }).collect();
            assert_eq!(page[..2], [0, 7], "{width}x{height}");
        }
    }
}

#[test]
fn every_size_from_the_least_on_is_drawn() {
    let mut scene = flood();
    for width in (32..520).step_by(37) {
        for height in (8..330).step_by(29) {
            for level in [Level::Normal, Level::Critical] {
                scene.level = level;
                let counter = drawn((width, height), &scene, Phase::DARK);
                assert!(counter.pixels >= u64::from(width) * u64::from(height), "{width}x{height}");
                assert_eq!(counter.outside, 0, "{width}x{height}");
            }
        }
    }
}
