//! What holds for the whole wall: the time is not trusted, the sound is off.

use alloc::format;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::LEFT;
use super::footer;
use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use crate::face::Use;
use crate::marks::Mark;
use crate::{Rect, Scene};

const STRIP: u16 = 28;

/// How high the strip is: nothing where there is nothing to say.
pub(super) fn height(scene: &Scene) -> u16 {
    if scene.trusted && scene.muted_min.is_none() { 0 } else { STRIP }
}

/// Draws the strip above the figures if there is something to say.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
) -> Result<(), D::Error> {
    if height(scene) == 0 {
        return Ok(());
    }
    let words = scene.language.words();
    let top = footer::top(pen.size().1) - STRIP;
    let right = pen.right();
    let base = i32::from(top) + 21;
    let ground = if scene.trusted { palette.blue.shade } else { palette.amber.fill };
    let colour = if scene.trusted { palette.blue.ink } else { palette.amber.on_fill };
    let (text, mark) = (Ink::new(Use::Body, colour, ground), Ink::new(Use::Marks, colour, ground));
    pen.fill(Rect::new(0, top, pen.size().0, STRIP), ground)?;
    if !scene.trusted {
        pen.mark(mark, (LEFT - 4, i32::from(top) + 2), Mark::Clock)?;
        pen.text(text, Hold::Left, (LEFT + 28, base), words.time_not_trusted)?;
    }
    if let Some(minutes) = scene.muted_min {
        let left = words.age(u32::from(minutes) * 60);
        let width = pen.text(text, Hold::Right, (right, base), &format!("{} {left}", words.muted))?;
        pen.mark(mark, (right - width - 32, i32::from(top) + 2), Mark::Muted)?;
    }
    Ok(())
}
