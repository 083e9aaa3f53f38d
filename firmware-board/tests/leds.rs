//! What a matrix of LED modules lights is what is drawn.

use std::cell::RefCell;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{RgbColor, WebColors};
use firmware_board::Frame;
use firmware_board::decode::LedDecoder;
use firmware_board::panel::{Leds, LedsError, Modules, Sent, Turn};
use firmware_board::record::{Nowhere, Recorder, TraceEvent};

const STRIP: Modules = Modules { columns: 8, rows: 1, upside_down: false, turn: Turn::Not };

/// Shows pictures on the real driver over a recording bus, and checks after each that the modules light it.
fn check(modules: Modules, frames: impl IntoIterator<Item = Frame>) -> Vec<Sent> {
    let decoder = RefCell::new(LedDecoder::new(modules));
    let transfers = RefCell::new(0_u32);
    let sink = |event: TraceEvent<'_>| {
        *transfers.borrow_mut() += 1;
        decoder.borrow_mut().take(event);
    };
    let recorder = Recorder::new(&sink);
    let mut leds = Leds::new(recorder.spi(), modules, 5);
    leds.reinit().expect("a recorder takes everything");
    assert!(decoder.borrow().is_visible(), "the modules are awake");
    assert_eq!(decoder.borrow().brightness(), Some(5));
    let (width, height) = modules.size();
    assert_eq!(decoder.borrow().frame(), Frame::new(width, height), "what power left there is dark");
    let sent = frames.into_iter().map(|frame| {
        *transfers.borrow_mut() = 0;
        let sent = leds.show(&frame).expect("a recorder takes everything");
        assert_eq!(*transfers.borrow(), sent.writes);
        let shown = decoder.borrow().frame();
        for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
            assert_eq!(shown.is_lit(x, y), frame.is_lit(x, y), "{modules:?} at {x}, {y}");
        }
        assert_eq!(decoder.borrow().mistakes(), 0);
        sent
    });
    sent.collect()
}

#[test]
fn a_matrix_that_is_dimmed_goes_on_showing_what_it_shows() {
    let decoder = RefCell::new(LedDecoder::new(STRIP));
    let transfers = RefCell::new(0_u32);
    let sink = |event: TraceEvent<'_>| {
        *transfers.borrow_mut() += 1;
        decoder.borrow_mut().take(event);
    };
    let recorder = Recorder::new(&sink);
    let mut leds = Leds::new(recorder.spi(), STRIP, 5);
    assert_eq!(leds.dim(1), Err(LedsError::NotInitialised));
    leds.reinit().expect("a recorder takes everything");
    assert_eq!(decoder.borrow().brightness(), Some(1), "what was asked for holds from the start");
    leds.show(&picture(STRIP, 1)).expect("a recorder takes everything");
    let shown = decoder.borrow().frame();
    for (asked, then) in [(9, 9), (200, 15)] {
        leds.dim(asked).expect("a recorder takes everything");
        assert_eq!(decoder.borrow().brightness(), Some(then));
        assert_eq!(decoder.borrow().frame(), shown);
    }
    *transfers.borrow_mut() = 0;
    leds.dim(15).expect("nothing is to be sent");
    leds.show(&picture(STRIP, 1)).expect("nothing is to be sent");
    assert_eq!(*transfers.borrow(), 0);
}

/// A picture without two equal rows or columns.
fn picture(modules: Modules, seed: u32) -> Frame {
    let (width, height) = modules.size();
    let mut frame = Frame::new(width, height);
    let mut random = seed;
    for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if random >> 30 == 0 {
            frame.set(x, y, Rgb565::WHITE);
        }
    }
    frame
}

#[test]
fn however_the_modules_are_chained_and_turned_they_light_the_frame() {
    for (columns, rows) in [(1, 1), (4, 1), (8, 1), (16, 2), (3, 4), (128, 1)] {
        for turn in Turn::ALL {
            for upside_down in [false, true] {
                let modules = Modules { columns, rows, upside_down, turn };
                check(modules, (1..4).map(|seed| picture(modules, seed)));
            }
        }
    }
}

#[test]
fn only_lines_that_changed_are_sent() {
    let dark = Frame::new(64, 8);
    let mut dot = dark.clone();
    dot.set(40, 3, Rgb565::WHITE);
    let sent = check(STRIP, [dot.clone(), dot, dark.clone(), picture(STRIP, 1), picture(STRIP, 1)]);
    let line = Sent { rects: 1, writes: 1, bytes: 16 };
    assert_eq!(sent[..3], [line, Sent::default(), line]);
    assert_eq!(sent[3], Sent { rects: 8, writes: 8, bytes: 128 });
    assert_eq!(sent[4], Sent::default());
}

#[test]
fn a_pixel_is_lit_when_its_strongest_colour_is() {
    let mut frame = Frame::new(64, 8);
    let colours = [Rgb565::RED, Rgb565::CSS_ORANGE, Rgb565::BLUE, Rgb565::BLACK, Rgb565::new(8, 16, 8)];
    for (x, colour) in (0..).zip(colours) {
        frame.set(x, 0, colour);
    }
    let lit: Vec<_> = (0..5).map(|x| frame.is_lit(x, 0)).collect();
    assert_eq!(lit, [true, true, true, false, false]);
    assert!(!frame.is_lit(64, 0) && !frame.is_lit(0, 8), "outside nothing is");
}

#[test]
fn a_frame_of_another_size_is_refused_and_harms_nothing() {
    let mut leds = Leds::new(Nowhere, STRIP, 99);
    let frame = picture(STRIP, 2);
    assert_eq!(leds.show(&frame), Err(LedsError::NotInitialised));
    leds.reinit().expect("nowhere takes everything");
    let wrong = leds.show(&Frame::new(8, 64));
    assert_eq!(wrong, Err(LedsError::WrongSize { given: (8, 64), wanted: (64, 8) }));
    assert!(leds.show(&frame).is_ok());
}
