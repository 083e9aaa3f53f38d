//! A wall of a single line: the mark, the number and one alarm, in pieces that take turns.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::brush::{Brush, Type};
use super::head::{tile, trouble, trouble_of};
use super::lines::{age, name};
use super::{BEAT_ROOM, MARK_ROOM, NARROW, band, page, pages, palette};
use crate::{AlarmLine, AlarmState, Phase, Scene, headline};

/// A single line: the mark, the number, and one alarm.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    scene: &Scene,
    size: (u16, u16),
    phase: Phase,
) -> Result<(), D::Error> {
    let once = Type::small(1);
    let tone = palette::DOTS.level(scene.level);
    // On the narrowest there is no room for two marks beside a number: they take turns.
    let is_narrow = brush.width < NARROW;
    let sign = trouble_of(scene).filter(|_| is_narrow && !phase.turn.is_multiple_of(2));
    let (sign, tone) = sign.unwrap_or((band::sign(scene), tone));
    tile(brush, 1, tone, sign, phase.lights(band::lamp(scene)))?;
    let top = (brush.height - once.cap()) / 2;
    let mut left = MARK_ROOM + 1;
    if let Some(number) = headline::number(scene).filter(|_| brush.width >= NARROW) {
        left += brush.text(once, tone.ink, (left, top), &format!("{number}"))? + 3;
    }
    let right = brush.width - if is_narrow { 0 } else { trouble(brush, scene, brush.width)? };
    let page = page(scene, size, phase.turn);
    let Some(alarm) = page.shown().next().and_then(|index| scene.alarms.get(index)) else {
        let words = scene.language.words();
        let word = [headline::word(scene, words), headline::word_short(scene, words)];
        let word = word.into_iter().find(|word| once.fits(word, right - left)).unwrap_or_default();
        return brush.text(once, tone.ink, (left, top), word).map(drop);
    };
    let colour = match alarm.state {
        AlarmState::Unacked => palette::DOTS.text,
        AlarmState::Acked | AlarmState::ClearedUnacked | AlarmState::Shelved => palette::DOTS.faint,
    };
    let pieces = said(scene, alarm, brush.width);
    let turn = phase.turn % pieces_of_alarms(scene, brush.width);
    let piece = usize::try_from(turn).unwrap_or(0).min(pieces.len() - 1);
    brush.text_within(once, colour, (left, top), right - left, &pieces[piece]).map(drop)
}

/// How many pieces an alarm of this scene is told in on a single line.
pub(super) fn pieces_of_alarms(scene: &Scene, width: i32) -> u64 {
    let alarms = scene.alarms.iter().take(pages::LOOKED_AT);
    alarms.map(|alarm| said(scene, alarm, width).len() as u64).max().unwrap_or(1)
}

/// An alarm on a single line: whole, or its name and then its age.
fn said(scene: &Scene, alarm: &AlarmLine, width: i32) -> Vec<String> {
    let once = Type::small(1);
    let figure = headline::number(scene)
        .filter(|_| width >= NARROW)
        .map_or(0, |number| once.width(&format!("{number}")) + 3);
    let aside = trouble_of(scene).map_or(BEAT_ROOM, |_| MARK_ROOM + BEAT_ROOM);
    let room = width - MARK_ROOM - 1 - figure - if width < NARROW { 0 } else { aside };
    let name = match alarm.ticket {
        Some(number) if width < NARROW => format!("{number}"),
        Some(_) | None => name(scene, alarm),
    };
    // Where there is hardly any room, in its largest unit alone.
    let in_short = || scene.language.words().age(alarm.age_s).split(' ').take(2).collect();
    let age = age(scene, alarm, once, room).unwrap_or_else(in_short);
    let whole = format!("{name} {age}");
    if !once.fits(&whole, room) {
        return alloc::vec![name, age];
    }
    // The subject where there is room for some of it.
    if room - once.width(&whole) >= 30 {
        alloc::vec![format!("{whole} {}", once.fit(&alarm.text, room))]
    } else {
        alloc::vec![whole]
    }
}
