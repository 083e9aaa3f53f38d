//! The last line: what holds for the whole wall, or the figures; and the time.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::brush::{Brush, Type};
use super::{Page, Plan, line_type, palette};
use crate::{ClockText, Scene};

/// What holds for the whole wall, or the figures; and the time.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    plan: Plan,
    scene: &Scene,
    page: &Page,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let r#type = line_type(plan.bold);
    let top = brush.height - r#type.pitch() + (r#type.pitch() - r#type.cap()) / 2;
    let right = brush.width - clock_width(r#type);
    clock(brush, r#type, scene, (right, top))?;
    let faint = palette::DOTS.faint;
    let (colour, told) = if !scene.trusted {
        (palette::DOTS.amber.ink, untrusted(scene))
    } else if page.of > 1 {
        let number = format!("{}/{}", page.number, page.of);
        let more = alloc::vec![
            format!("+{} {}  {number}", page.hidden, words.more),
            format!("+{}  {number}", page.hidden),
            number,
        ];
        (palette::DOTS.text, more)
    } else if let Some(minutes) = scene.muted_min {
        (palette::DOTS.blue.ink, muted(scene, minutes))
    } else if scene.quiet {
        (palette::DOTS.blue.ink, alloc::vec![String::from(words.quiet), String::from(words.quiet_short)])
    } else {
        let open = format!("{} {}", words.open, scene.counts.open);
        (faint, alloc::vec![format!("{open} · {} {}", words.waiting, scene.counts.waiting), open])
    };
    let told = first_fitting(r#type, right - 4, told);
    brush.text_within(r#type, colour, (0, top), right - 4, &told).map(drop)
}

pub(super) fn untrusted(scene: &Scene) -> Vec<String> {
    let words = scene.language.words();
    alloc::vec![String::from(words.time_not_trusted), String::from(words.time_short)]
}

pub(super) fn muted(scene: &Scene, minutes: u16) -> Vec<String> {
    let words = scene.language.words();
    let left = words.age(u32::from(minutes) * 60);
    alloc::vec![format!("{} {left}", words.muted), String::from(words.muted)]
}

/// The first of these texts that fits; the last, if none does.
pub(super) fn first_fitting(r#type: Type, room: i32, texts: Vec<String>) -> String {
    let fitting =
        texts.iter().position(|text| r#type.fits(text, room)).unwrap_or(texts.len().saturating_sub(1));
    texts.into_iter().nth(fitting).unwrap_or_default()
}

/// Writes the time; the colon keeps its room when it is dark.
pub(super) fn clock<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    r#type: Type,
    scene: &Scene,
    at: (i32, i32),
) -> Result<(), D::Error> {
    let colour = if scene.trusted { palette::DOTS.text } else { palette::DOTS.amber.ink };
    let lit = time(scene.at_text);
    let (hours, minutes) = (lit.get(..2).unwrap_or("??"), lit.get(lit.len() - 2..).unwrap_or("??"));
    let colon = at.0 + r#type.width(hours);
    brush.text(r#type, colour, at, hours)?;
    if lit.contains(':') {
        brush.text(r#type, colour, (colon, at.1), ":")?;
    }
    brush.text(r#type, colour, (colon + r#type.width(":"), at.1), minutes).map(drop)
}

pub(super) fn clock_width(r#type: Type) -> i32 {
    r#type.width("00:00")
}

/// «14:37», with a colon that beats each second.
fn time(at: ClockText) -> String {
    let colon = if at.ss.is_multiple_of(2) { ':' } else { ' ' };
    format!("{:02}{colon}{:02}", at.hh, at.mm)
}

/// A dot in the corner that beats each second: whoever sees it beat sees that the picture lives.
pub(super) fn heartbeat<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    scene: &Scene,
) -> Result<(), D::Error> {
    let colour = if scene.at_text.ss.is_multiple_of(2) { palette::DOTS.text } else { palette::DOTS.ground };
    brush.fill((brush.width - 1, brush.height - 1), (1, 1), colour)
}
