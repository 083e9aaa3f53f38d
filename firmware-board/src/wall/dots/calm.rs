//! All is well: a wall without an alarm.

use alloc::format;
use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::brush::{Brush, Type};
use super::foot::{clock, clock_width, first_fitting, muted, untrusted};
use super::head::trouble;
use super::{Plan, line_type, palette};
use crate::Scene;
use crate::marks::Mark;

/// All is well: the tick, the word and a clock as large as it can be.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    plan: Plan,
    scene: &Scene,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let tone = palette::DOTS.green;
    let times = if brush.height < 24 { (brush.height / 8).max(1) } else { plan.head_times };
    if brush.height < 24 {
        let r#type = Type::largest("00:00", brush.width - times * 9, brush.height - 1);
        let top = (brush.height - r#type.cap()) / 2;
        brush.mark(times, tone.ink, (0, (brush.height - times * 7) / 2), Mark::Well)?;
        let left = times * 8 + 1;
        let right = brush.width - clock_width(r#type);
        clock(brush, r#type, scene, (right, top))?;
        let room = right - left - 2;
        trouble(brush, scene, right - 2)?;
        if scene.trusted && scene.muted_min.is_none() && Type::small(1).fits(words.all_well, room) {
            let word = Type::largest(words.all_well, room, brush.height - 1);
            brush.text(word, tone.ink, (left, (brush.height - word.cap()) / 2), words.all_well)?;
        }
        return Ok(());
    }
    brush.fill((0, 0), (brush.width, plan.head - 1), tone.fill)?;
    brush.mark(times, palette::DOTS.text, (times / 2 + 1, times / 2), Mark::Well)?;
    let left = times * 8 + times + 1;
    let right = brush.width - 1 - trouble(brush, scene, brush.width - 1)?;
    let word = Type::largest(words.all_well, right - left, plan.head - 2);
    let text = if word.fits(words.all_well, right - left) { words.all_well } else { words.well_short };
    brush.text_within(
        word,
        palette::DOTS.text,
        (left, (plan.head - 1 - word.cap()) / 2),
        right - left,
        text,
    )?;
    let r#type = line_type(plan.bold);
    let foot = if plan.foot { r#type.pitch() } else { 0 };
    let room = brush.height - plan.head - foot;
    let large = Type::largest("00:00", brush.width - 2, room - 3);
    let top = plan.head + (room - large.cap()) / 2;
    clock(brush, large, scene, ((brush.width - clock_width(large)) / 2, top))?;
    if !plan.foot {
        return Ok(());
    }
    let top = brush.height - r#type.pitch() + (r#type.pitch() - r#type.cap()) / 2;
    let (colour, told) = if !scene.trusted {
        (palette::DOTS.amber.ink, untrusted(scene))
    } else if let Some(minutes) = scene.muted_min {
        (palette::DOTS.blue.ink, muted(scene, minutes))
    } else if scene.quiet {
        (palette::DOTS.blue.ink, alloc::vec![String::from(words.quiet)])
    } else {
        match scene.next.first() {
            Some(next) => {
                let left = words.left(next.in_s);
                let soonest = alloc::vec![format!("{}{} {left}", words.number_sign, next.number), left];
                (palette::DOTS.blue.ink, soonest)
            }
            None => (palette::DOTS.faint, alloc::vec![words.date_short(scene.at_text)]),
        }
    };
    let told = first_fitting(r#type, brush.width, told);
    let told = r#type.fit(&told, brush.width);
    let left = (brush.width - r#type.width(&told)) / 2;
    brush.text(r#type, colour, (left, top), &told).map(drop)
}
