//! What runs out next, soonest first.

use alloc::format;
use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use super::{LEFT, NUMBER, TEXT};
use crate::face::Use;
use crate::{NextLine, Rect, Scene};

const PITCH: u16 = 25;
const SPACE: u16 = 7;

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
        let ink = Ink::new(Use::Small, palette.faint, palette.ground);
        pen.text(ink, Hold::Left, (LEFT, i32::from(top) + 24), scene.language.words().nothing_due)?;
        return Ok(());
    }
    pen.fill(Rect::new(12, top + 3, pen.size().0 - 24, 1), palette.rule)?;
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
    let words = scene.language.words();
    let time = Ink::new(Use::Body, palette.blue.ink, palette.ground);
    let strong = Ink::new(Use::Body, palette.text, palette.ground);
    let faint = Ink::new(Use::Small, palette.faint, palette.ground);
    let right = pen.right();
    let time_px = pen.text(time, Hold::Right, (right, base), &words.left(line.in_s))?;
    let number_px =
        pen.text(strong, Hold::Left, (NUMBER, base), &format!("{}{}", words.number_sign, line.number))?;
    let left = TEXT.max(NUMBER + number_px + 10);
    let room = right - time_px - 10 - left;
    pen.text_within(faint, Hold::Left, (left, base - 1), room, &promise(pen, line, room))?;
    Ok(())
}

/// What was promised, how urgent it is, and for what; the urgency only where the subject stays whole beside it.
fn promise<D: DrawTarget<Color = Rgb565>>(pen: &Pen<'_, D>, line: &NextLine, room: i32) -> String {
    let whole = joined(&[&line.metric, &line.priority, &line.subject]);
    if pen.fits(Use::Small, &whole, room) { whole } else { joined(&[&line.metric, &line.subject]) }
}

fn joined(parts: &[&str]) -> String {
    let mut joined = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        joined.push_str(if joined.is_empty() { "" } else { " · " });
        joined.push_str(part);
    }
    joined
}
