//! The level: read from the doorway.

use alloc::format;
use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use crate::face::Use;
use crate::marks::Mark;
use crate::words::Words;
use crate::{Lamp, Level, Phase, Rect, Scene, headline};

pub(super) const HEIGHT: u16 = 72;

/// The mark's tile, the word with what is to be done under it, and the number.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    phase: Phase,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let tone = palette.level(scene.level);
    pen.fill(Rect::new(0, 0, pen.size().0, HEIGHT), tone.fill)?;

    let (tile, mark) =
        if phase.lights(lamp(scene)) { (tone.on_fill, tone.fill) } else { (tone.fill, tone.on_fill) };
    pen.fill(Rect::new(0, 0, HEIGHT, HEIGHT), tile)?;
    pen.mark(Ink::new(Use::MarksBand, mark, tile), (8, 8), sign(scene))?;

    let left = i32::from(HEIGHT) + 14;
    let ink = |r#use| Ink::new(r#use, tone.on_fill, tone.fill);
    let word_px = pen.text(ink(Use::Title), Hold::Left, (left, 41), headline::word(scene, words))?;
    let wall_right = pen.right();
    let mut right = wall_right;
    if let Some(number) = headline::number(scene) {
        let figure = format!("{number}");
        // The word is never shortened for the number: a number too long for its size is drawn smaller.
        let fits = pen.width(Use::Huge, &figure) <= right - left - word_px - 12;
        let (r#use, base) = if fits { (Use::Huge, 62) } else { (Use::Title, 41) };
        right -= pen.text(ink(r#use), Hold::Right, (wall_right, base), &figure)? + 12;
    }
    let caption = caption(scene, words);
    pen.text_within(
        Ink::new(Use::Small, tone.on_fill, tone.fill),
        Hold::Left,
        (left, 63),
        right - left,
        &caption,
    )?;
    Ok(())
}

/// The lamp that has this level's colour: the tile does as it does.
pub(super) fn lamp(scene: &Scene) -> Lamp {
    match scene.level {
        Level::Normal => Lamp::Off,
        Level::DueSoon => scene.signals.amber,
        Level::Breach | Level::Critical => scene.signals.red,
    }
}

/// The level's mark; where no term is near, that of the worst alarm.
pub(super) fn sign(scene: &Scene) -> Mark {
    match scene.alarms.first() {
        Some(alarm) if scene.level == Level::DueSoon && scene.counts.due_soon == 0 => alarm.kind.into(),
        _ => scene.level.into(),
    }
}

fn caption(scene: &Scene, words: &Words) -> String {
    let taken = headline::taken(scene, words);
    match (taken.as_str(), scene.site.as_str()) {
        ("", site) => String::from(site),
        (taken, "") => String::from(taken),
        (taken, site) => format!("{taken}  ·  {site}"),
    }
}
