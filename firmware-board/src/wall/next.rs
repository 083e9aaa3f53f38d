//! What runs out next, soonest first.

use alloc::format;
use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use super::{LEFT, RIGHT};
use crate::face::{BODY, SMALL};
use crate::{NextLine, Rect, Scene};

const PITCH: u16 = 25;
const SPACE: u16 = 7;

/// Where the number and the promise start.
const NUMBER: i32 = 118;
const PROMISE: i32 = 192;

/// The rows that have to be left for it: one line, if there is any.
pub(super) fn least(scene: &Scene) -> u16 {
    if scene.next.is_empty() { 0 } else { SPACE + PITCH }
}

/// Draws as many lines as fit between `top` and `bottom`.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    (top, bottom): (u16, u16),
) -> Result<(), D::Error> {
    let rows = bottom.saturating_sub(top + SPACE) / PITCH;
    if rows == 0 {
        return Ok(());
    }
    if scene.next.is_empty() {
        let ink = Ink::new(SMALL, palette.faint, palette.ground);
        pen.text(ink, Hold::Left, (LEFT, i32::from(top) + 24), scene.language.words().nothing_due)?;
        return Ok(());
    }
    pen.fill(Rect::new(12, top + 3, 456, 1), palette.rule)?;
    for (line, row) in scene.next.iter().zip(0..rows) {
        draw_line(pen, palette, scene, line, i32::from(top + SPACE + row * PITCH) + 19)?;
    }
    Ok(())
}

fn draw_line<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    line: &NextLine,
    base: i32,
) -> Result<(), D::Error> {
    let left = scene.language.words().left(line.in_s);
    let strong = Ink::new(BODY, palette.text, palette.ground);
    let faint = Ink::new(SMALL, palette.faint, palette.ground);
    let time = Ink::new(BODY, palette.blue.ink, palette.ground);
    let time_px = pen.text(time, Hold::Left, (LEFT, base), &left)?;
    let number_left = NUMBER.max(LEFT + time_px + 10);
    let number_px = pen.text(strong, Hold::Left, (number_left, base), &format!("№{}", line.number))?;
    let promise_left = PROMISE.max(number_left + number_px + 10);
    pen.text_within(faint, Hold::Left, (promise_left, base), RIGHT - promise_left, &promise(line))?;
    Ok(())
}

/// What was promised, how urgent it is, and for what.
pub(super) fn promise(line: &NextLine) -> String {
    let mut parts = String::new();
    for part in [&line.metric, &line.priority, &line.subject] {
        if !part.is_empty() {
            parts.push_str(if parts.is_empty() { "" } else { " · " });
            parts.push_str(part);
        }
    }
    parts
}
