//! The room's figures and the clock.

use alloc::format;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use super::{HEIGHT, RIGHT, WIDTH, time_of_day};
use crate::face::{BODY, FIGURE, SMALL};
use crate::{Rect, Scene};

pub(super) const TOP: u16 = 262;

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
    pen.fill(Rect::new(0, TOP, WIDTH, HEIGHT - TOP), palette.plate)?;
    pen.fill(Rect::new(0, TOP, WIDTH, 1), palette.rule)?;
    let width = match clock {
        Clock::Here => 350,
        Clock::Elsewhere => i32::from(WIDTH),
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
        let face = if figure.len() <= 4 { FIGURE } else { BODY };
        pen.text(Ink::new(face, colour, palette.plate), Hold::Middle, (middle, 292), &figure)?;
        pen.text(Ink::new(SMALL, palette.faint, palette.plate), Hold::Middle, (middle, 311), caption)?;
    }
    Ok(())
}

fn small_clock<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
) -> Result<(), D::Error> {
    const LEFT: u16 = 356;
    pen.fill(Rect::new(LEFT - 6, TOP + 9, 1, HEIGHT - TOP - 18), palette.rule)?;
    let ink = Ink::new(FIGURE, clock_colour(palette, scene), palette.plate);
    pen.text(ink, Hold::Right, (RIGHT, 292), &time_of_day(scene.at_text))?;
    heartbeat(pen, palette, scene, Rect::new(LEFT, 295, 112, 2))?;
    let date = scene.language.words().date_short(scene.at_text);
    pen.text(Ink::new(SMALL, palette.faint, palette.plate), Hold::Right, (RIGHT, 311), &date)?;
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
