//! The room's figures and the clock.

use alloc::format;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use super::time_of_day;
use crate::face::Use;
use crate::{Rect, Scene};

const HEIGHT: u16 = 58;
/// The width of the clock's part.
const CLOCK: u16 = 130;

/// Where the figures begin on a wall of this height.
pub(super) fn top(height: u16) -> u16 {
    height - HEIGHT
}

/// Whether the clock is among the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Here,
    Elsewhere,
}

pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    clock: Clock,
) -> Result<(), D::Error> {
    let (width, height) = pen.size();
    pen.fill(Rect::new(0, top(height), width, HEIGHT), palette.plate)?;
    pen.fill(Rect::new(0, top(height), width, 1), palette.rule)?;
    let width = match clock {
        Clock::Here => i32::from(width - CLOCK),
        Clock::Elsewhere => i32::from(width),
    };
    figures(pen, palette, scene, width)?;
    if clock == Clock::Here {
        small_clock(pen, palette, scene)?;
    }
    Ok(())
}

fn figures<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    width: i32,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let top = i32::from(top(pen.size().1));
    let counts = scene.counts;
    let alert = |count: u32| if count > 0 { palette.red.ink } else { palette.faint };
    let shift = scene.staffing.map(|staffing| {
        let colour = if staffing.is_met() { palette.text } else { palette.amber.ink };
        let caption = if staffing.specialist { words.on_shift } else { words.no_specialist };
        (colour, format!("{}/{}", staffing.on_shift, staffing.required), caption)
    });
    let cells = [
        Some((palette.text, format!("{}", counts.open), words.open)),
        Some((palette.text, format!("{}", counts.waiting), words.waiting)),
        Some((alert(counts.critical), format!("{}", counts.critical), words.critical_short)),
        Some((alert(counts.breached), format!("{}", counts.breached), words.overdue_short)),
        shift,
    ];
    let count = if cells[4].is_some() { 5 } else { 4 };
    for (index, (colour, figure, caption)) in (0..).zip(cells.into_iter().flatten()) {
        let middle = 4 + (width - 4) * (2 * index + 1) / (2 * count);
        // A figure too long for its cell is drawn smaller, not cut.
        let r#use = if figure.len() <= 4 { Use::Figure } else { Use::Body };
        pen.text(Ink::new(r#use, colour, palette.plate), Hold::Middle, (middle, top + 30), &figure)?;
        pen.text(
            Ink::new(Use::Small, palette.faint, palette.plate),
            Hold::Middle,
            (middle, top + 49),
            caption,
        )?;
    }
    Ok(())
}

fn small_clock<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
) -> Result<(), D::Error> {
    let (width, height) = pen.size();
    let (left, top) = (width - CLOCK + 6, top(height));
    let right = pen.right();
    let (base, caption) = (i32::from(top) + 30, i32::from(top) + 49);
    let words = scene.language.words();
    pen.fill(Rect::new(left - 6, top + 9, 1, HEIGHT - 18), palette.rule)?;
    let ink = Ink::new(Use::Figure, clock_colour(palette, scene), palette.plate);
    pen.text(ink, Hold::Right, (right, base), &time_of_day(scene.at_text))?;
    heartbeat(pen, palette, scene, Rect::new(left, top + 33, 112, 2))?;
    let small = |colour| Ink::new(Use::Small, colour, palette.plate);
    pen.text(small(palette.faint), Hold::Right, (right, caption), &words.date_short(scene.at_text))?;
    if scene.quiet {
        pen.text(small(palette.blue.ink), Hold::Left, (left.into(), caption), words.quiet_short)?;
    }
    Ok(())
}

/// A clock that is not trusted does not look like one that is.
pub(super) fn clock_colour(palette: &Palette, scene: &Scene) -> Rgb565 {
    if scene.trusted { palette.text } else { palette.amber.ink }
}

/// A bar that grows with the seconds of the minute: whoever sees it grow sees that the picture lives.
pub(super) fn heartbeat<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    area: Rect,
) -> Result<(), D::Error> {
    let passed = u16::from(scene.at_text.ss.min(59)) + 1;
    pen.fill(area, palette.rule)?;
    pen.fill(Rect { width: area.width * passed / 60, ..area }, palette.blue.ink)
}
