//! What goes over the wire is what is drawn.

mod common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use common::{AT, alarm, breach, critical, layout, storm, well};
use embedded_graphics::pixelcolor::raw::RawU16;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::{self, ErrorKind, Operation, SpiDevice};
use firmware_board::decode::{Decoder, LedDecoder};
use firmware_board::panel::{BUS_LIMIT, Chip, Leds, Modules, Mounting, Sent, Tft, TftError, Turn};
use firmware_board::record::{Nowhere, Recorder, TraceEvent, Wire};
use firmware_board::{
    AlarmKind, AlarmState, Frame, Language, Level, Link, Phase, Progress, Scene, signals, wall,
};

struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _ns: u32) {}
}

/// Draws into a new frame.
fn drawn(scene: &Scene, phase: Phase) -> Frame {
    let mut frame = Frame::new(wall::WIDTH, wall::HEIGHT);
    let Ok(()) = layout().draw(scene, phase, &mut frame);
    frame
}

/// Shows pictures on the real driver over a recording bus, and checks after each that the panel's memory is the picture.
fn check(mounting: Mounting, reset_pin: bool, frames: impl IntoIterator<Item = Frame>) -> Vec<Sent> {
    let decoder = RefCell::new(Decoder::of(mounting.chip));
    let sink = |event: TraceEvent<'_>| decoder.borrow_mut().take(event);
    let recorder = Recorder::new(&sink);
    let reset = reset_pin.then(|| recorder.pin(Wire::Reset));
    let mut tft = Tft::new(recorder.spi(), recorder.pin(Wire::Dc), reset, mounting);
    tft.reinit(&mut NoDelay).unwrap();
    let sent = frames.into_iter().enumerate().map(|(step, frame)| {
        let sent = tft.show(&frame).unwrap();
        assert!(decoder.borrow().frame() == frame, "step {step}: the panel shows another picture");
        assert_eq!(decoder.borrow().mistakes(), 0, "step {step}");
        assert!(decoder.borrow().is_visible(), "step {step}");
        sent
    });
    sent.collect()
}

/// A reproducible sequence of numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        let index = self.below(of.len() as u64);
        of[usize::try_from(index).unwrap()].clone()
    }

    fn small(&mut self, limit: u64) -> u32 {
        u32::try_from(self.below(limit)).unwrap()
    }

    /// Changes one thing, as an event in a room would.
    fn change(&mut self, scene: &mut Scene) {
        match self.below(12) {
            0 => scene.level = self.one(&[Level::Normal, Level::DueSoon, Level::Breach, Level::Critical]),
            1 => scene.counts.open = self.small(3_000),
            2 => scene.trusted = !scene.trusted,
            3 => scene.muted_min = self.one(&[None, Some(30)]),
            4 => {
                let kind = self.one(&AlarmKind::ALL);
                let ticket = self.one(&[None, Some(1_024), Some(77)]);
                scene
                    .alarms
                    .insert(0, alarm(kind, ticket, "Новая заявка: касса № 4", 0, AlarmState::Unacked));
            }
            5 => drop(scene.alarms.pop()),
            6 => scene.language = self.one(&[Language::Russian, Language::English]),
            7 if !scene.next.is_empty() => drop(scene.next.remove(0)),
            8 => {
                let links = [
                    Link::Live,
                    Link::Live,
                    Link::Stale { since_s: 90 },
                    Link::Starting { progress: Some(Progress { done: 2, of: 5 }) },
                    Link::Starting { progress: None },
                    Link::Stopped,
                ];
                scene.link = self.one(&links);
            }
            9 => *scene = self.one(&[well(), breach(), critical(), storm()]),
            _ => {
                scene.at_text.ss = (scene.at_text.ss + 1) % 60;
                for alarm in &mut scene.alarms {
                    alarm.age_s += 1;
                    alarm.state = self.one(&AlarmState::ALL);
                }
            }
        }
        scene.alarms_total = u32::try_from(scene.alarms.len()).unwrap() + self.small(2);
        scene.signals = signals(scene.alarms.iter().map(|line| (line.kind, line.state)), false);
    }
}

#[test]
fn after_any_sequence_of_scenes_the_panel_shows_the_frame_pixel_by_pixel() {
    check(Mounting::default(), true, day(20_261_121, 400));
    for chip in [Chip::Ili9341, Chip::St7789] {
        let mounting = Mounting { chip, ..Mounting::default() };
        check(mounting, true, day(20_261_122, 150).map(|frame| corner(&frame, mounting.size())));
    }
}

#[test]
fn after_any_sequence_of_scenes_the_modules_light_the_frame() {
    let modules = Modules { columns: 16, rows: 2, upside_down: false, turn: Turn::Not };
    let decoder = RefCell::new(LedDecoder::new(modules));
    let sink = |event: TraceEvent<'_>| decoder.borrow_mut().take(event);
    let mut leds = Leds::new(Recorder::new(&sink).spi(), modules, 3);
    leds.reinit().unwrap();
    let (width, height) = modules.size();
    for (step, frame) in day(20_261_123, 300).enumerate() {
        let frame = corner(&frame, (width, height));
        leds.show(&frame).unwrap();
        let shown = decoder.borrow().frame();
        let is_same = (0..height).all(|y| (0..width).all(|x| shown.is_lit(x, y) == frame.is_lit(x, y)));
        assert!(is_same && decoder.borrow().mistakes() == 0, "step {step}: the modules show another picture");
    }
}

/// What a wall shows while a room lives: every level, link, language and phase, and pages that turn.
fn day(seed: u64, steps: usize) -> impl Iterator<Item = Frame> {
    let (mut random, mut scene) = (Random(seed), well());
    (0..steps).map(move |_| {
        random.change(&mut scene);
        let turn = random.below(5);
        let phase = random.one(&[Phase::LIT, Phase::DARK, Phase { fast: true, ..Phase::DARK }]);
        drawn(&scene, Phase { turn, ..phase })
    })
}

/// The upper left of a picture, for a panel that is smaller.
fn corner(frame: &Frame, (width, height): (u16, u16)) -> Frame {
    let mut corner = Frame::new(width, height);
    for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
        corner.set(x, y, frame.pixel(x, y));
    }
    corner
}

#[test]
fn however_it_is_mounted_the_panel_shows_the_frame() {
    for turn in [Turn::Quarter, Turn::ThreeQuarters] {
        let half = turn == Turn::Quarter;
        let mounting = Mounting { turn, blue_first: half, inverted: !half, ..Mounting::default() };
        for reset_pin in [false, true] {
            check(mounting, reset_pin, [drawn(&well(), Phase::LIT), drawn(&storm(), Phase::LIT)]);
        }
    }
}

/// What a panel of another shape is shown: no two rows or columns are alike, so that nothing turned or mirrored passes.
fn uneven(width: u16, height: u16, seed: u64) -> Frame {
    let (mut frame, mut random) = (Frame::new(width, height), Random(seed));
    for _ in 0..40 {
        let (x, y) = (random.below(width.into()), random.below(height.into()));
        let (x, y) = (u16::try_from(x).unwrap(), u16::try_from(y).unwrap());
        let raw = u16::try_from(random.below(65_536)).unwrap();
        for (dx, dy) in (0..9).flat_map(|dx| (0..5).map(move |dy| (dx, dy))) {
            frame.set(x + dx, y + dy, RawU16::new(raw).into());
        }
    }
    frame
}

#[test]
fn every_chip_shows_the_frame_however_it_is_turned() {
    for chip in [Chip::St7796, Chip::Ili9341, Chip::St7789] {
        for turn in Turn::ALL {
            let mounting = Mounting { chip, turn, ..Mounting::default() };
            let (width, height) = mounting.size();
            check(mounting, true, (1..5).map(|seed| uneven(width, height, seed)));
        }
    }
}

#[test]
fn an_equal_frame_sends_nothing() {
    let sent = check(Mounting::default(), true, [drawn(&well(), Phase::LIT), drawn(&well(), Phase::DARK)]);
    assert_eq!(sent[1], Sent::default());
}

#[test]
fn no_transfer_is_empty_or_beyond_the_limit_of_the_bus() {
    let lengths = RefCell::new(Vec::new());
    let sink = |event: TraceEvent<'_>| {
        if let TraceEvent::Spi { bytes, .. } = event {
            lengths.borrow_mut().push(bytes.len());
        }
    };
    let recorder = Recorder::new(&sink);
    let mut tft = Tft::new(
        recorder.spi(),
        recorder.pin(Wire::Dc),
        Some(recorder.pin(Wire::Reset)),
        Mounting::default(),
    );
    tft.reinit(&mut NoDelay).unwrap();
    for scene in [well(), breach(), storm(), well()] {
        tft.show(&drawn(&scene, Phase::LIT)).unwrap();
    }
    assert!(lengths.borrow().iter().all(|length| (1..=BUS_LIMIT).contains(length)));
}

#[test]
fn a_tick_of_the_clock_costs_a_thousandth_of_a_whole_frame() {
    let tick = Scene { at_text: firmware_board::ClockText { ss: AT.ss + 1, ..AT }, ..breach() };
    let sent = check(Mounting::default(), true, [drawn(&breach(), Phase::LIT), drawn(&tick, Phase::LIT)]);
    assert!(sent[0].bytes >= 480 * 320 * 2, "{:?}", sent[0]);
    assert!(sent[1].bytes * 1_000 <= sent[0].bytes, "{:?}", sent[1]);
    assert_eq!(sent[1].rects, 1);
}

/// A bus that fails while it is told to.
struct Flaky {
    fails: Rc<Cell<bool>>,
}

impl spi::ErrorType for Flaky {
    type Error = ErrorKind;
}

impl SpiDevice for Flaky {
    fn transaction(&mut self, _operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        if self.fails.get() { Err(ErrorKind::Other) } else { Ok(()) }
    }
}

#[test]
fn after_an_error_the_panel_is_initialised_anew_and_painted_in_full() {
    let fails = Rc::new(Cell::new(false));
    let mut tft = Tft::new(Flaky { fails: Rc::clone(&fails) }, Nowhere, Some(Nowhere), Mounting::default());
    let (calm, storm) = (drawn(&well(), Phase::LIT), drawn(&storm(), Phase::LIT));
    assert_eq!(tft.show(&calm), Err(TftError::NotInitialised));

    fails.set(true);
    assert!(matches!(tft.reinit(&mut NoDelay), Err(TftError::Bus(_))));
    fails.set(false);
    tft.reinit(&mut NoDelay).unwrap();
    let full = tft.show(&calm).unwrap();

    fails.set(true);
    assert!(matches!(tft.show(&storm), Err(TftError::Bus(_))));
    fails.set(false);
    assert_eq!(tft.show(&storm), Err(TftError::NotInitialised), "what it shows is unknown");
    tft.reinit(&mut NoDelay).unwrap();
    assert_eq!(tft.show(&storm).unwrap().bytes, full.bytes);
}

#[test]
fn a_frame_of_another_size_is_refused_and_harms_nothing() {
    let mut tft = Tft::new(Nowhere, Nowhere, None::<Nowhere>, Mounting::default());
    tft.reinit(&mut NoDelay).unwrap();
    assert_eq!(
        tft.show(&Frame::new(320, 480)),
        Err(TftError::WrongSize { given: (320, 480), wanted: (480, 320) })
    );
    assert!(tft.show(&drawn(&well(), Phase::LIT)).is_ok());
}

#[test]
fn a_recorder_passes_everything_on() {
    let events = RefCell::new(Vec::new());
    let sink = |event: TraceEvent<'_>| events.borrow_mut().push(format!("{event:?}"));
    let inner = Recorder::new(&sink);
    let outer = Recorder::new(|_: TraceEvent<'_>| {});
    let mut dc = outer.pin_over(Wire::Dc, inner.pin(Wire::Dc));
    let mut spi = outer.spi_over(inner.spi());
    dc.set_high().unwrap();
    spi.write(&[1, 2]).unwrap();
    assert_eq!(*events.borrow(), ["Pin { pin: Dc, level: true }", "Spi { dc: true, bytes: [1, 2] }"]);
}
