//! All is well: big, calm, and a clock for the whole room.

use alloc::format;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use super::{RIGHT, WIDTH, footer, time_of_day};
use crate::face::{BODY, CLOCK, MARKS_POSTER, SMALL, TITLE};
use crate::marks::Mark;
use crate::{Rect, Scene};

const BAND: u16 = 104;
const TEXT: i32 = 116;
/// Where the date and the next promise start.
const ASIDE: i32 = 312;

pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    bottom: u16,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let tone = palette.green;
    pen.fill(Rect::new(0, 0, WIDTH, BAND), tone.fill)?;
    pen.mark(Ink::new(MARKS_POSTER, tone.on_fill, tone.fill), (12, 8), Mark::Well)?;
    let base = if scene.site.is_empty() { 67 } else { 58 };
    pen.text(Ink::new(TITLE, tone.on_fill, tone.fill), Hold::Left, (TEXT, base), words.all_well)?;
    pen.text_within(
        Ink::new(SMALL, tone.on_fill, tone.fill),
        Hold::Left,
        (TEXT, 82),
        RIGHT - TEXT,
        &scene.site,
    )?;

    let middle = i32::from(BAND + bottom) / 2;
    clock(pen, palette, scene, middle)?;
    aside(pen, palette, scene, middle)
}

fn clock<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    middle: i32,
) -> Result<(), D::Error> {
    let colour = footer::clock_colour(palette, scene);
    let time = time_of_day(scene.at_text);
    pen.text(Ink::new(CLOCK, colour, palette.ground), Hold::Left, (14, middle + 36), &time)?;
    let y = u16::try_from(middle + 50).expect("within the panel");
    footer::heartbeat(pen, palette, scene, Rect::new(18, y, 264, 4))
}

fn aside<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    middle: i32,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let strong = Ink::new(BODY, palette.text, palette.ground);
    let faint = Ink::new(SMALL, palette.faint, palette.ground);
    let mut line = |ink, base, text: &str| {
        pen.text_within(ink, Hold::Left, (ASIDE, middle + base), RIGHT - ASIDE, text).map(drop)
    };
    line(strong, -33, &words.date(scene.at_text))?;
    line(faint, -14, words.weekday(scene.at_text))?;
    match scene.next.first() {
        None => line(faint, 24, words.nothing_due),
        Some(next) => {
            line(faint, 17, words.next_due)?;
            line(Ink::new(BODY, palette.blue.ink, palette.ground), 37, &words.left(next.in_s))?;
            line(faint, 56, &format!("{}{} · {}", words.number_sign, next.number, next.metric))
        }
    }
}
