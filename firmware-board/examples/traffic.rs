//! Counts what walls of every size send, event by event and over a busy hour, and what drawing them costs:
//! `cargo run --release -p firmware-board --example traffic`.
//!
//! Bytes and writes are those of a panel with windows over SPI: eleven bytes and five transfers a window, then its pixels, 4,096 bytes a transfer.
//! That is what the driver of an ST7796 sends; a matrix of MAX7219 or an OLED sends a bit a pixel instead of sixteen.

#[path = "../tests/common/mod.rs"]
mod common;

use std::convert::Infallible;
use std::time::Instant;

use common::{AT, alarm, breach, resignalled, storm, well};
use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Pixel, Point, Size};
use embedded_graphics::primitives::Rectangle;
use firmware_board::{AlarmKind, AlarmState, ClockText, Counts, Frame, Layout, Level, Phase, Scene};

const SIZES: [(u16, u16); 7] =
    [(320, 240), (480, 320), (800, 480), (1920, 1080), (128, 64), (128, 16), (64, 8)];

/// What was sent.
#[derive(Clone, Copy, Default)]
struct Sent {
    writes: u64,
    bytes: u64,
}

impl Sent {
    /// A window of so many pixels.
    fn window(&mut self, pixels: u64) {
        self.writes += 5 + (pixels * 2).div_ceil(4_096);
        self.bytes += 11 + pixels * 2;
    }

    fn add(&mut self, other: Self) {
        self.writes += other.writes;
        self.bytes += other.bytes;
    }
}

/// A panel that is drawn on directly: each area is a window, and each run of neighbouring pixels in a row is one.
struct Straight {
    size: (u16, u16),
    sent: Sent,
}

impl OriginDimensions for Straight {
    fn size(&self) -> Size {
        Size::new(self.size.0.into(), self.size.1.into())
    }
}

impl DrawTarget for Straight {
    type Color = Rgb565;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb565>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        let mut run: Option<(Point, u64)> = None;
        for Pixel(at, _) in pixels {
            run = match run {
                Some((end, length)) if end + Point::new(1, 0) == at => Some((at, length + 1)),
                Some((_, length)) => {
                    self.sent.window(length);
                    Some((at, 1))
                }
                None => Some((at, 1)),
            };
        }
        if let Some((_, length)) = run {
            self.sent.window(length);
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, _colour: Rgb565) -> Result<(), Infallible> {
        self.sent.window(u64::from(area.size.width) * u64::from(area.size.height));
        Ok(())
    }
}

/// A wall and what it shows.
struct Wall {
    layout: Layout,
    shown: Frame,
    pictures: u64,
    sent: Sent,
    straight: Sent,
}

impl Wall {
    fn new((width, height): (u16, u16)) -> Self {
        let layout = Layout::of(width, height).expect("it is served");
        Self {
            layout,
            shown: Frame::new(width, height),
            pictures: 0,
            sent: Sent::default(),
            straight: Sent::default(),
        }
    }

    fn show(&mut self, scene: &Scene, phase: Phase) -> Sent {
        let (width, height) = self.layout.size();
        let mut frame = Frame::new(width, height);
        let Ok(()) = self.layout.draw(scene, phase, &mut frame);
        let mut sent = Sent::default();
        for rect in frame.diff(&self.shown) {
            sent.window(rect.area().into());
        }
        self.shown = frame;
        self.pictures += 1;
        self.sent.add(sent);
        self.straight.add(self.drawn_straight(scene, phase));
        sent
    }

    fn drawn_straight(&self, scene: &Scene, phase: Phase) -> Sent {
        let mut panel = Straight { size: self.layout.size(), sent: Sent::default() };
        let Ok(()) = self.layout.draw(scene, phase, &mut panel);
        panel.sent
    }

    fn whole(&self) -> Sent {
        let mut sent = Sent::default();
        sent.window(u64::from(self.shown.bounds().area()));
        sent
    }
}

fn main() {
    for size in SIZES {
        let wall = Wall::new(size);
        println!("{}x{}", size.0, size.1);
        println!("  {:<38} {:>10} {:>12}", "", "writes", "bytes");
        row("a whole frame", wall.whole());
        row("drawn straight, two overdue", wall.drawn_straight(&breach(), Phase::LIT));
        row("a clock tick, all well", change(size, &well(), &later(&well(), 1)));
        row("a clock tick, two overdue", change(size, &breach(), &later(&breach(), 1)));
        row("a minute, two overdue", change(size, &later(&breach(), 39), &later(&breach(), 40)));
        row("a flash, two overdue", flash(size));
        row("a new alarm, the worst", change(size, &breach(), &worse()));
        row("a page turn", page_turn(size));
        busy_hour(size);
        render(size);
    }
}

fn row(what: &str, Sent { writes, bytes }: Sent) {
    println!("  {what:<38} {writes:>10} {bytes:>12}");
}

/// The scene so many seconds later.
fn later(scene: &Scene, seconds: u32) -> Scene {
    let total = u32::from(AT.mm) * 60 + u32::from(AT.ss) + seconds;
    let part = |number: u32| u8::try_from(number).expect("below 60");
    let hh = AT.hh + part(total / 3_600);
    let at_text = ClockText { hh, mm: part(total / 60 % 60), ss: part(total % 60), ..AT };
    let mut scene = Scene { at_text, ..scene.clone() };
    scene.alarms.iter_mut().for_each(|alarm| alarm.age_s += seconds);
    scene.next.iter_mut().for_each(|next| next.in_s -= i64::from(seconds));
    scene
}

fn worse() -> Scene {
    let mut scene = breach();
    scene.alarms.insert(0, alarm(AlarmKind::Breach, Some(1007), "Не уходит отчёт", 0, AlarmState::Unacked));
    scene.alarms_total += 1;
    scene.counts.breached += 1;
    scene
}

fn change(size: (u16, u16), before: &Scene, after: &Scene) -> Sent {
    let mut wall = Wall::new(size);
    wall.show(before, Phase::LIT);
    wall.show(after, Phase::LIT)
}

fn flash(size: (u16, u16)) -> Sent {
    let mut wall = Wall::new(size);
    wall.show(&breach(), Phase::LIT);
    wall.show(&breach(), Phase::DARK)
}

fn page_turn(size: (u16, u16)) -> Sent {
    let mut wall = Wall::new(size);
    wall.show(&storm(), Phase::LIT);
    wall.show(&storm(), Phase { turn: 1, ..Phase::LIT })
}

/// An hour with an alarm every 90 seconds, each taken after a minute and gone after ten: a picture each second, flash and turn of a page.
fn busy_hour(size: (u16, u16)) {
    const HOUR_MS: u64 = 3_600_000;
    let mut wall = Wall::new(size);
    wall.show(&hour(0), Phase::at(0));
    (wall.pictures, wall.sent, wall.straight) = (0, Sent::default(), Sent::default());
    let mut t_ms = 0;
    while t_ms < HOUR_MS {
        let scene = hour(t_ms / 1_000);
        let second = t_ms - t_ms % 1_000 + 1_000;
        t_ms = wall.layout.next_change(&scene, t_ms).map_or(second, |next| next.min(second));
        wall.show(&hour(t_ms / 1_000), Phase::at(t_ms));
    }
    let whole = wall.whole().bytes * wall.pictures;
    row("a busy hour", wall.sent);
    row("  the same drawn straight", wall.straight);
    println!(
        "  a busy hour: {} pictures; {} % of whole frames, {} % of drawing straight",
        wall.pictures,
        share(wall.sent.bytes, whole),
        share(wall.sent.bytes, wall.straight.bytes)
    );
}

/// So much of so much in per cent, to a thousandth.
fn share(part: u64, whole: u64) -> String {
    let thousandths = part * 100_000 / whole;
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

/// The room of the busy hour, so many seconds into it.
fn hour(second: u64) -> Scene {
    let mut alarms = Vec::new();
    for number in 0..=second / 90 {
        let age = second - number * 90;
        if age < 600 {
            let kind = if number % 7 == 3 { AlarmKind::Critical } else { AlarmKind::Breach };
            let state = if age < 60 { AlarmState::Unacked } else { AlarmState::Acked };
            let age_s = u32::try_from(age).expect("under an hour");
            alarms.push(alarm(kind, Some(1_100 + number), "Касса не принимает карты", age_s, state));
        }
    }
    alarms.sort_by_key(|alarm| (alarm.kind != AlarmKind::Critical, u32::MAX - alarm.age_s));
    let count =
        |kind| u32::try_from(alarms.iter().filter(|alarm| alarm.kind == kind).count()).expect("a few");
    let (critical, breached) = (count(AlarmKind::Critical), count(AlarmKind::Breach));
    let level = if critical > 0 { Level::Critical } else { Level::Breach };
    let counts = Counts { open: 60, waiting: 9, critical, breached, due_soon: 0 };
    let room = resignalled(common::room(level, counts, alarms));
    let seconds = u32::try_from(second).expect("an hour");
    let ages: Vec<u32> = room.alarms.iter().map(|alarm| alarm.age_s).collect();
    let mut scene = later(&room, seconds);
    scene.alarms.iter_mut().zip(ages).for_each(|(alarm, age_s)| alarm.age_s = age_s);
    scene
}

/// How long drawing takes, in times of filling the same frame with one colour; the least of many.
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement on the developer's machine, and only as a ratio"
)]
fn render((width, height): (u16, u16)) {
    let layout = Layout::of(width, height).expect("it is served");
    let mut frame = Frame::new(width, height);
    let mut least = |work: &mut dyn FnMut(&mut Frame)| {
        let times = (0..200).map(|_| {
            let start = Instant::now();
            work(&mut frame);
            start.elapsed()
        });
        times.min().expect("some rounds").as_secs_f64()
    };
    let fill = least(&mut |frame| {
        let Ok(()) = frame.clear(Rgb565::new(1, 2, 3));
        std::hint::black_box(frame);
    });
    for (what, scene) in [("all well", well()), ("a storm", storm())] {
        let draw = least(&mut |frame| {
            let Ok(()) = layout.draw(&scene, Phase::LIT, frame);
            std::hint::black_box(frame);
        });
        println!("  drawing {what}: {:.1} times a fill of the frame", draw / fill);
    }
}
