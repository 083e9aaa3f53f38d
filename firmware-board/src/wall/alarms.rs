//! The alarms, worst first, a line each.

use alloc::format;
use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use super::{NUMBER, RIGHT, TEXT, WIDTH, band, next};
use crate::face::{BODY, LINE, MARKS, SMALL};
use crate::marks::Mark;
use crate::{AlarmLine, AlarmState, Lamp, Phase, Rect, Scene};

const ROW: u16 = 32;
const PITCH: u16 = 33;
const MORE: u16 = 20;
/// Where the first line is.
const TOP: u16 = band::HEIGHT + 4;

/// Draws as many lines as leave room for what runs out next, then how many are not shown; says where it ended.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    phase: Phase,
    bottom: u16,
) -> Result<u16, D::Error> {
    let rows = rows(scene, bottom);
    let mut y = TOP;
    for alarm in &scene.alarms[..rows] {
        line(pen, palette, scene, alarm, phase, y)?;
        y += PITCH;
    }
    let hidden = hidden(scene, rows);
    if hidden > 0 {
        let more = format!("+{hidden} {}", scene.language.words().more);
        pen.text(
            Ink::new(BODY, palette.text, palette.ground),
            Hold::Left,
            (NUMBER, i32::from(y) + 17),
            &more,
        )?;
        y += MORE;
    }
    Ok(y)
}

/// How many alarms are shown above `bottom`.
pub(super) fn rows(scene: &Scene, bottom: u16) -> usize {
    shown(scene, bottom - TOP - next::least(scene))
}

/// How many lines fit: one line fewer is shown where the room is needed to say that there are more.
fn shown(scene: &Scene, room: u16) -> usize {
    let all = scene.alarms.len().min(usize::from(room / PITCH));
    if hidden(scene, all) == 0 { all } else { all.min(usize::from((room - MORE) / PITCH)) }
}

fn hidden(scene: &Scene, shown: usize) -> usize {
    let known = usize::try_from(scene.alarms_total).unwrap_or(usize::MAX);
    known.max(scene.alarms.len()) - shown
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
    pen.fill(Rect::new(0, y, WIDTH, ROW), ground)?;

    let lit = phase.lights(Lamp::from(alarm.state)) && alarm.state != AlarmState::Acked;
    let (tile, mark) = if lit { (tone.fill, tone.on_fill) } else { (ground, ink) };
    pen.fill(Rect::new(0, y, 36, ROW), tile)?;
    pen.mark(Ink::new(MARKS, mark, tile), (8, i32::from(y) + 4), Mark::from(alarm.kind))?;

    let number = match alarm.ticket {
        Some(number) => pen.text(
            Ink::new(BODY, text, ground),
            Hold::Left,
            (NUMBER, base),
            &format!("{}{number}", words.number_sign),
        )?,
        None => pen.text(
            Ink::new(SMALL, tone.ink, ground),
            Hold::Left,
            (NUMBER, base - 1),
            scene.language.kind(alarm.kind),
        )?,
    };

    let mut right = RIGHT;
    let age = match alarm.state {
        AlarmState::ClearedUnacked => String::from(words.cleared),
        AlarmState::Unacked | AlarmState::Acked | AlarmState::Shelved => words.age(alarm.age_s),
    };
    right -= pen.text(Ink::new(BODY, text, ground), Hold::Right, (right, base), &age)?;
    let state = match alarm.state {
        AlarmState::Acked => Some(Mark::Taken),
        AlarmState::Shelved => Some(Mark::Shelved),
        AlarmState::Unacked | AlarmState::ClearedUnacked => None,
    };
    if let Some(mark) = state {
        right -= 30;
        pen.mark(Ink::new(MARKS, palette.faint, ground), (right, i32::from(y) + 4), mark)?;
    }
    let left = TEXT.max(NUMBER + number + 10);
    pen.text_within(Ink::new(LINE, text, ground), Hold::Left, (left, base), right - 10 - left, &alarm.text)?;
    Ok(())
}
