//! The alarms, worst first, a line each, and a page of them where there are more.

use alloc::format;
use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::pages::{self, Lines, Page};
use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use super::{NUMBER, TEXT, band, next};
use crate::face::Use;
use crate::marks::Mark;
use crate::{AlarmLine, AlarmState, Lamp, Phase, Rect, Scene};

const ROW: u16 = 32;
const PITCH: u16 = 33;
const MORE: u16 = 20;
/// Where the first line is.
const TOP: u16 = band::HEIGHT + 4;

/// How many lines fit above `bottom`.
pub(super) fn lines(scene: &Scene, bottom: u16) -> Lines {
    let banner = if pages::banner(scene).is_some() { PITCH } else { 0 };
    let above = bottom.saturating_sub(TOP + banner);
    let room = above.saturating_sub(next::least(scene));
    let fitting = |room: u16| usize::from(room / PITCH);
    // What runs out next gives way where it would leave hardly any room for what already has.
    let paged = fitting(room.saturating_sub(MORE)).max(fitting(above.saturating_sub(MORE)).min(3));
    Lines { whole: fitting(room), paged }
}

/// Draws a page of them above `bottom`, then how many are not on it; says where it ended.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    phase: Phase,
    bottom: u16,
) -> Result<u16, D::Error> {
    let page = Page::of(scene, lines(scene, bottom), phase.turn);
    let mut y = TOP;
    if let Some(index) = page.banner {
        banner(pen, palette, scene, &scene.alarms[index], phase, y)?;
        y += PITCH;
    }
    for index in &page.lines {
        line(pen, palette, scene, &scene.alarms[*index], phase, y)?;
        y += PITCH;
    }
    if page.hidden > 0 {
        let base = i32::from(y) + 17;
        let ink = Ink::new(Use::Body, palette.text, palette.ground);
        pen.text(
            ink,
            Hold::Left,
            (NUMBER, base),
            &format!("+{} {}", page.hidden, scene.language.words().more),
        )?;
        if page.of > 1 {
            let number = format!("{}/{}", page.number, page.of);
            pen.text(ink, Hold::Right, (pen.right(), base), &number)?;
        }
        y += MORE;
    }
    Ok(y)
}

/// A mass problem, across the wall: whoever takes a ticket has to know of it first.
fn banner<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    alarm: &AlarmLine,
    phase: Phase,
    y: u16,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let tone = palette.amber;
    let (width, _) = pen.size();
    let base = i32::from(y) + 23;
    pen.fill(Rect::new(0, y, width, ROW), tone.fill)?;
    let is_dark = alarm.state == AlarmState::Unacked && phase.lights(Lamp::from(alarm.state));
    let (tile, mark) = if is_dark { (tone.on_fill, tone.fill) } else { (tone.fill, tone.on_fill) };
    sign(pen, Mark::MassProblem, mark, tile, y)?;
    let ink = |r#use| Ink::new(r#use, tone.on_fill, tone.fill);
    let right = pen.right();
    let age_px = pen.text(ink(Use::Body), Hold::Right, (right, base), &words.age(alarm.age_s))?;
    let left = NUMBER + pen.text(ink(Use::Body), Hold::Left, (NUMBER, base), words.mass_problem)? + 10;
    pen.text_within(ink(Use::Line), Hold::Left, (left, base), right - age_px - 10 - left, &alarm.text)?;
    Ok(())
}

/// The mark on its tile, at the left of a line.
fn sign<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    mark: Mark,
    ink: Rgb565,
    tile: Rgb565,
    y: u16,
) -> Result<(), D::Error> {
    pen.fill(Rect::new(0, y, 36, ROW), tile)?;
    pen.mark(Ink::new(Use::Marks, ink, tile), (8, i32::from(y) + 4), mark)
}

fn line<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    alarm: &AlarmLine,
    phase: Phase,
    y: u16,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let tone = palette.kind(alarm.kind);
    let (ground, text, ink) = match alarm.state {
        AlarmState::Unacked => (tone.shade, palette.text, tone.ink),
        AlarmState::Acked => (palette.plate, palette.text, tone.ink),
        AlarmState::ClearedUnacked => (palette.ground, palette.faint, tone.ink),
        AlarmState::Shelved => (palette.ground, palette.faint, palette.faint),
    };
    let base = i32::from(y) + 23;
    pen.fill(Rect::new(0, y, pen.size().0, ROW), ground)?;

    let lit = phase.lights(Lamp::from(alarm.state)) && alarm.state != AlarmState::Acked;
    let (tile, mark) = if lit { (tone.fill, tone.on_fill) } else { (ground, ink) };
    sign(pen, Mark::from(alarm.kind), mark, tile, y)?;

    let number = match alarm.ticket {
        Some(number) => pen.text(
            Ink::new(Use::Body, text, ground),
            Hold::Left,
            (NUMBER, base),
            &format!("{}{number}", words.number_sign),
        )?,
        None => pen.text(
            Ink::new(Use::Small, tone.ink, ground),
            Hold::Left,
            (NUMBER, base - 1),
            scene.language.kind(alarm.kind),
        )?,
    };

    let mut right = pen.right();
    let age = match alarm.state {
        AlarmState::ClearedUnacked => String::from(words.cleared),
        AlarmState::Unacked | AlarmState::Acked | AlarmState::Shelved => words.age(alarm.age_s),
    };
    right -= pen.text(Ink::new(Use::Body, text, ground), Hold::Right, (right, base), &age)?;
    let state = match alarm.state {
        AlarmState::Acked => Some(Mark::Taken),
        AlarmState::Shelved => Some(Mark::Shelved),
        AlarmState::Unacked | AlarmState::ClearedUnacked => None,
    };
    if let Some(mark) = state {
        right -= 30;
        pen.mark(Ink::new(Use::Marks, palette.faint, ground), (right, i32::from(y) + 4), mark)?;
    }
    let left = TEXT.max(NUMBER + number + 10);
    pen.text_within(
        Ink::new(Use::Line, text, ground),
        Hold::Left,
        (left, base),
        right - 10 - left,
        &alarm.text,
    )?;
    Ok(())
}
