//! What a small OLED lights is what is drawn, moved and dimmed as it is spared.

mod common;

use std::cell::RefCell;

use common::{breach, critical, due_soon, storm, well};
use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::RgbColor;
use embedded_hal::delay::DelayNs;
use firmware_board::decode::OledDecoder;
use firmware_board::panel::{BRIGHT, Care, DIM, OLED_SIZE, Oled, SHIFT_MS, Sent, TftError};
use firmware_board::record::{Nowhere, Recorder, TraceEvent, Wire};
use firmware_board::{Frame, Layout, Phase, Scene};

struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _ns: u32) {}
}

/// Shows pictures on the real driver over a recording bus, and checks after each that the glass lights it.
fn check(upside_down: bool, frames: impl IntoIterator<Item = (Frame, Care)>) -> Vec<Sent> {
    let decoder = RefCell::new(OledDecoder::new());
    let transfers = RefCell::new(0_u32);
    let sink = |event: TraceEvent<'_>| {
        if let TraceEvent::Spi { bytes, .. } = event {
            assert!(!bytes.is_empty(), "nothing is never sent");
            *transfers.borrow_mut() += 1;
        }
        decoder.borrow_mut().take(event);
    };
    let recorder = Recorder::new(&sink);
    let (dc, reset) = (recorder.pin(Wire::Dc), recorder.pin(Wire::Reset));
    let mut oled = Oled::new(recorder.spi(), dc, reset, upside_down);
    oled.reinit(&mut NoDelay).expect("a recorder takes everything");
    assert!(decoder.borrow().is_visible(), "it is awake");
    assert_eq!(decoder.borrow().frame(), Frame::new(128, 64), "what power left there is dark");
    let sent = frames.into_iter().enumerate().map(|(step, (frame, care))| {
        *transfers.borrow_mut() = 0;
        let sent = oled.show(&frame, care).expect("a recorder takes everything");
        assert_eq!(*transfers.borrow(), sent.writes, "step {step}");
        let shown = decoder.borrow().frame();
        for (x, y) in (0..128_u16).flat_map(|x| (0..64_u16).map(move |y| (x, y))) {
            let (x, y) = if upside_down { (127 - x, 63 - y) } else { (x, y) };
            let seen = if upside_down { shown.is_lit(127 - x, 63 - y) } else { shown.is_lit(x, y) };
            let moved = x.checked_sub(care.shift.0).zip(y.checked_sub(care.shift.1));
            let wanted = moved.is_some_and(|(x, y)| frame.is_lit(x, y));
            assert_eq!(seen, wanted, "step {step}: ({x}, {y}), moved by {:?}", care.shift);
        }
        let decoder = decoder.borrow();
        assert_eq!(decoder.contrast(), if care.is_dim { DIM } else { BRIGHT }, "step {step}");
        assert_eq!((decoder.mistakes(), decoder.is_visible()), (0, true), "step {step}");
        sent
    });
    sent.collect()
}

fn drawn(scene: &Scene, t_ms: u64) -> Frame {
    let layout = Layout::of(OLED_SIZE.0, OLED_SIZE.1).expect("it is served");
    let mut frame = Frame::new(OLED_SIZE.0, OLED_SIZE.1);
    let Ok(()) = layout.draw(scene, Phase::at(t_ms), &mut frame);
    frame
}

/// A day of a room: scenes in a reproducible order, at times that only go forward.
fn day(seed: u64, steps: usize) -> impl Iterator<Item = (Frame, Care)> {
    let scenes = [well(), due_soon(), breach(), critical(), storm()];
    let (mut random, mut t_ms) = (seed, 0);
    (0..steps).map(move |_| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        t_ms += (random >> 33) % 60_000;
        let mut scene = scenes[usize::try_from(random >> 45).expect("it fits") % scenes.len()].clone();
        scene.at_text.mm = u8::try_from((random >> 40) % 60).expect("a minute");
        scene.counts.open = u32::try_from((random >> 38) % 3_000).expect("a few tickets");
        (drawn(&scene, t_ms), Care::at(t_ms, scene.alarms.is_empty()))
    })
}

#[test]
fn after_every_step_of_a_long_day_it_lights_the_picture() {
    for (upside_down, seed) in [(false, 20_261_122), (true, 7)] {
        check(upside_down, day(seed, 400));
    }
}

#[test]
fn only_columns_that_changed_are_sent() {
    let dark = Frame::new(128, 64);
    let with = |places: &[(u16, u16)]| {
        let mut frame = dark.clone();
        for (x, y) in places {
            frame.set(*x, *y, Rgb565::WHITE);
        }
        frame
    };
    let care = Care::default();
    let (dot, near, far) =
        (with(&[(40, 3)]), with(&[(40, 3), (45, 7)]), with(&[(40, 3), (45, 7), (127, 63)]));
    let sent = check(false, [dot.clone(), dot, near, far, dark.clone()].map(|frame| (frame, care)));
    let column = Sent { rects: 1, writes: 2, bytes: 7 };
    assert_eq!(sent[..4], [column, Sent::default(), column, column]);
    assert_eq!(sent[4], Sent { rects: 2, writes: 4, bytes: 6 + 6 + 6 + 1 });
    let dimmed = check(false, [(dark.clone(), Care { is_dim: true, ..care }), (dark, care)]);
    assert_eq!(dimmed, [Sent { rects: 0, writes: 1, bytes: 2 }; 2]);
}

#[test]
fn the_picture_goes_around_a_square_and_comes_back() {
    let shifts: Vec<_> = (0..5).map(|turn| Care::at(turn * SHIFT_MS, false).shift).collect();
    assert_eq!(shifts, [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]);
    assert_eq!(Care::at(SHIFT_MS - 1, false).shift, (0, 0), "it rests between");
    assert!(Care::at(0, true).is_dim && !Care::at(0, false).is_dim);
    Care::at(u64::MAX, true);
}

#[test]
fn a_frame_of_another_size_is_refused_and_harms_nothing() {
    let mut oled = Oled::new(Nowhere, Nowhere, Nowhere, false);
    let frame = Frame::new(128, 64);
    assert_eq!(oled.show(&frame, Care::default()), Err(TftError::NotInitialised));
    oled.reinit(&mut NoDelay).expect("nowhere takes everything");
    let wrong = oled.show(&Frame::new(64, 128), Care::default());
    assert_eq!(wrong, Err(TftError::WrongSize { given: (64, 128), wanted: (128, 64) }));
    assert!(oled.show(&frame, Care::default()).is_ok());
}
