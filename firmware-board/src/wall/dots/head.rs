//! The level, with what holds for the whole wall beside it.

use alloc::format;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::brush::{Brush, Type};
use super::{MARK_ROOM, Plan, band, palette};
use crate::marks::Mark;
use crate::wall::palette::Tone;
use crate::{Phase, Scene, headline};

/// The level: mark, number, word, and below the word what is to be done.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    plan: Plan,
    scene: &Scene,
    phase: Phase,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let tone = palette::DOTS.level(scene.level);
    let times = plan.head_times;
    brush.fill((0, 0), (brush.width, plan.head - 1), tone.fill)?;
    let mut left = tile(brush, times, tone, band::sign(scene), phase.lights(band::lamp(scene)))? + times + 1;
    let word = headline::word(scene, words);
    let mut right = brush.width - 1;
    if let Some(number) = headline::number(scene) {
        let figure = format!("{number}");
        let wanted = Type::small(times);
        let r#type = if wanted.fits(&figure, right - left) {
            wanted
        } else {
            Type::largest(&figure, right - left, plan.head - 1)
        };
        left +=
            brush.text(r#type, palette::DOTS.text, (left, (plan.head - 1 - r#type.cap()) / 2), &figure)?
                + 2 * times;
    }
    right -= trouble(brush, scene, right)?;
    let room = right - left;
    let caption = (times >= 3).then(|| headline::taken(scene, words));
    let caption = caption.filter(|caption| Type::small(1).fits(caption, room));
    let below = if caption.is_some() { Type::small(1).pitch() } else { 0 };
    let r#type = Type::largest(word, room, plan.head - 2 - below);
    let word = if r#type.fits(word, room) { word } else { headline::word_short(scene, words) };
    if r#type.fits(word, room) {
        let top = (plan.head - 1 - below - r#type.cap()) / 2;
        brush.text(r#type, palette::DOTS.text, (left, top.max(1)), word)?;
    }
    if let Some(caption) = caption {
        brush.text(
            Type::small(1),
            palette::DOTS.text,
            (left, plan.head - 3 - Type::small(1).cap()),
            &caption,
        )?;
    }
    Ok(())
}

/// The mark's tile; says where it ends.
pub(super) fn tile<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    times: i32,
    tone: Tone,
    mark: Mark,
    is_lit: bool,
) -> Result<i32, D::Error> {
    let side = times * 8;
    let (ground, ink) =
        if is_lit { (tone.ink, palette::DOTS.ground) } else { (palette::DOTS.ground, tone.ink) };
    brush.fill((0, 0), (side + (times + 1) / 2, side), ground)?;
    brush.mark(times, ink, (times.div_euclid(2).max(1), times / 2), mark)?;
    Ok(side + (times + 1) / 2)
}

/// A small mark at the right for what holds for the whole wall; says how wide.
pub(super) fn trouble<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    scene: &Scene,
    right: i32,
) -> Result<i32, D::Error> {
    let Some((mark, tone)) = trouble_of(scene) else { return Ok(0) };
    brush.mark(1, tone.ink, (right - 7, 0), mark)?;
    Ok(MARK_ROOM)
}

pub(super) fn trouble_of(scene: &Scene) -> Option<(Mark, Tone)> {
    match (scene.trusted, scene.muted_min) {
        (false, _) => Some((Mark::Clock, palette::DOTS.amber)),
        (true, Some(_)) => Some((Mark::Muted, palette::DOTS.blue)),
        (true, None) => None,
    }
}
