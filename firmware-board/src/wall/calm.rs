//! All is well: big, calm, and a clock for the whole room.

use alloc::format;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use super::{footer, time_of_day};
use crate::face::Use;
use crate::marks::Mark;
use crate::{Rect, Scene};

/// Rows that band, clock and what is beside it need.
const ROWS: u16 = 262;
/// How many of them the band takes, and how many on a lower wall.
const BAND: (u16, u16) = (104, 80);
const TEXT: i32 = 116;
/// How far from the right the date and the next promise start.
const ASIDE: i32 = 168;
/// The width of the clock.
const CLOCK: u16 = 264;

pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    bottom: u16,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let tone = palette.green;
    let is_low = pen.size().1 < ROWS + 58;
    let band = if is_low { BAND.1 } else { BAND.0 };
    pen.fill(Rect::new(0, 0, pen.size().0, band), tone.fill)?;
    let (marks, at) = if is_low { (Use::MarksBand, (28, 12)) } else { (Use::MarksPoster, (12, 8)) };
    pen.mark(Ink::new(marks, tone.on_fill, tone.fill), at, Mark::Well)?;
    let middle = i32::from(band) / 2;
    let base = if scene.site.is_empty() { middle + 15 } else { middle + 6 };
    pen.text(Ink::new(Use::Title, tone.on_fill, tone.fill), Hold::Left, (TEXT, base), words.all_well)?;
    pen.text_within(
        Ink::new(Use::Small, tone.on_fill, tone.fill),
        Hold::Left,
        (TEXT, middle + 30),
        pen.right() - TEXT,
        &scene.site,
    )?;

    let middle = i32::from(band + bottom) / 2;
    let is_tight = bottom - band < 120;
    clock(pen, palette, scene, middle, is_tight)?;
    aside(pen, palette, scene, middle, is_tight)
}

fn clock<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    middle: i32,
    is_tight: bool,
) -> Result<(), D::Error> {
    let colour = footer::clock_colour(palette, scene);
    let time = time_of_day(scene.at_text);
    let left =
        u16::try_from(i32::from(pen.size().0) - ASIDE - 48).unwrap_or(0).saturating_sub(CLOCK) / 2 + 18;
    pen.text(
        Ink::new(Use::Clock, colour, palette.ground),
        Hold::Left,
        (i32::from(left) - 4, middle + 36),
        &time,
    )?;
    let y = u16::try_from(middle + if is_tight { 44 } else { 50 }).expect("within the panel");
    footer::heartbeat(pen, palette, scene, Rect::new(left, y, CLOCK, 4))
}

/// Where the date and the next promise start.
fn aside_left<D: DrawTarget<Color = Rgb565>>(pen: &Pen<'_, D>) -> i32 {
    i32::from(pen.size().0) - ASIDE
}

fn aside<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    middle: i32,
    is_tight: bool,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let strong = Ink::new(Use::Body, palette.text, palette.ground);
    let faint = Ink::new(Use::Small, palette.faint, palette.ground);
    let (aside, right) = (aside_left(pen), pen.right());
    let mut line = |ink, base, text: &str| {
        pen.text_within(ink, Hold::Left, (aside, middle + base), right - aside, text).map(drop)
    };
    line(strong, -33, &words.date(scene.at_text))?;
    let weekday = words.weekday(scene.at_text);
    if scene.quiet {
        line(faint, -14, &format!("{weekday} · {}", words.quiet))?;
    } else {
        line(faint, -14, weekday)?;
    }
    match scene.next.first() {
        None => line(faint, 24, words.nothing_due),
        Some(next) => {
            line(faint, 17, words.next_due)?;
            line(Ink::new(Use::Body, palette.blue.ink, palette.ground), 37, &words.left(next.in_s))?;
            if is_tight {
                return Ok(());
            }
            line(faint, 56, &format!("{}{} · {}", words.number_sign, next.number, next.metric))
        }
    }
}
