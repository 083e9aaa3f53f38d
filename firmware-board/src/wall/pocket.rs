//! The wall of a 320x240 panel, which is hardly wider than a hand.
//!
//! From afar it is a colour, a mark and one number as high as a third of it; everything else is for who stands before it. So there are two alarms
//! and not more, each with its subject on a line of its own: the worst, and the others in turn.

use alloc::format;
use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::pages::{self, Lines, Page};
use super::palette::{LIVE, Palette, Tone};
use super::pen::{Hold, Ink, Pen};
use super::{band, footer, time_of_day};
use crate::face::Use;
use crate::marks::Mark;
use crate::{AlarmLine, AlarmState, Lamp, Level, Link, Phase, Rect, Scene, headline};

/// The panel's columns and rows.
pub(super) const SIZE: (u16, u16) = (320, 240);

const BAND: u16 = 124;
const ROW: u16 = 43;
const FOOT: u16 = 213;
const LEFT: i32 = 8;
const RIGHT: i32 = 312;
const MIDDLE: i32 = 160;

/// The page of alarms.
pub(super) fn page(scene: &Scene, turn: u64) -> Page {
    let lines = 2 - usize::from(pages::banner(scene).is_some());
    Page::of(scene, Lines { whole: lines, paged: lines }, turn)
}

pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    scene: &Scene,
    phase: Phase,
) -> Result<(), D::Error> {
    let wall = pen.wall();
    pen.fill(wall, LIVE.ground)?;
    match scene.link {
        Link::Live if scene.level == Level::Normal && scene.alarms.is_empty() => calm(pen, scene),
        Link::Live => alarmed(pen, scene, phase),
        Link::Starting { .. } | Link::Blocked { .. } | Link::Stale { .. } | Link::Stopped => {
            not_live(pen, scene, phase)
        }
    }
}

fn alarmed<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    scene: &Scene,
    phase: Phase,
) -> Result<(), D::Error> {
    let page = page(scene, phase.turn);
    head(pen, scene, &page, phase)?;
    let mut y = BAND + 2;
    if let Some(index) = page.banner {
        row(pen, scene, &scene.alarms[index], phase, y)?;
        y += ROW + 1;
    }
    for index in &page.lines {
        row(pen, scene, &scene.alarms[*index], phase, y)?;
        y += ROW + 1;
    }
    foot(pen, scene)?;
    if scene.level == Level::Critical {
        let wall = pen.wall();
        pen.border(wall, 3, LIVE.red.fill)?;
    }
    Ok(())
}

/// The mark's tile and the number, below them the word and what is to be done.
fn head<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    scene: &Scene,
    page: &Page,
    phase: Phase,
) -> Result<(), D::Error> {
    const TILE: u16 = 84;
    let words = scene.language.words();
    let tone = LIVE.level(scene.level);
    pen.fill(Rect::new(0, 0, SIZE.0, BAND), tone.fill)?;
    let is_lit = phase.lights(band::lamp(scene));
    let (tile, mark) = if is_lit { (tone.on_fill, tone.fill) } else { (tone.fill, tone.on_fill) };
    pen.fill(Rect::new(0, 0, TILE, TILE), tile)?;
    pen.mark(Ink::new(Use::MarksBand, mark, tile), (14, 14), band::sign(scene))?;
    let ink = |r#use| Ink::new(r#use, tone.on_fill, tone.fill);
    if let Some(number) = headline::number(scene) {
        let figure = format!("{number}");
        let room = RIGHT - i32::from(TILE) - 12;
        let sizes = [(Use::Clock, 90), (Use::Huge, 74), (Use::Figure, 60)];
        let fits = sizes.into_iter().find(|(r#use, _)| pen.width(*r#use, &figure) <= room);
        let (r#use, base) = fits.unwrap_or((Use::Body, 60));
        pen.text(ink(r#use), Hold::Right, (RIGHT, base), &figure)?;
    }
    let word_px = pen.text(ink(Use::Title), Hold::Left, (LEFT, 116), headline::word(scene, words))?;
    let taken = headline::taken(scene, words);
    let caption = if page.of > 1 { format!("{taken}  ·  {}/{}", page.number, page.of) } else { taken };
    let room = RIGHT - LEFT - word_px - 10;
    // The number of the page is the last to go.
    let short = format!("{}/{}", page.number, page.of);
    let told = if pen.fits(Use::Small, &caption, room) || page.of == 1 { &caption } else { &short };
    pen.text_within(ink(Use::Small), Hold::Right, (RIGHT, 116), room, told)?;
    Ok(())
}

/// An alarm on two lines: which and how long, then what it is about.
fn row<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    scene: &Scene,
    alarm: &AlarmLine,
    phase: Phase,
    y: u16,
) -> Result<(), D::Error> {
    const TILE: u16 = 34;
    let words = scene.language.words();
    let palette = &LIVE;
    let is_banner = alarm.kind == crate::AlarmKind::MassProblem;
    let tone = palette.kind(alarm.kind);
    let (ground, text, faint) = match alarm.state {
        AlarmState::Unacked | AlarmState::Acked if is_banner => (tone.fill, tone.on_fill, tone.on_fill),
        AlarmState::Unacked => (tone.shade, palette.text, palette.text),
        AlarmState::Acked => (palette.plate, palette.text, palette.text),
        AlarmState::ClearedUnacked | AlarmState::Shelved => (palette.ground, palette.faint, palette.faint),
    };
    pen.fill(Rect::new(0, y, SIZE.0, ROW), ground)?;
    let is_lit = phase.lights(Lamp::from(alarm.state)) && alarm.state != AlarmState::Acked;
    let (tile, mark) = match (is_lit, is_banner) {
        (true, true) => (tone.on_fill, tone.fill),
        (true, false) => (tone.fill, tone.on_fill),
        (false, true) => (ground, text),
        (false, false) => (ground, tone.ink),
    };
    let top = i32::from(y);
    pen.fill(Rect::new(0, y, TILE, ROW), tile)?;
    pen.mark(Ink::new(Use::Marks, mark, tile), (6, top + 9), Mark::from(alarm.kind))?;
    let left = i32::from(TILE) + 6;
    let (first, second) = (top + 18, top + 37);
    let strong = Ink::new(Use::Body, text, ground);
    match alarm.ticket {
        Some(number) => {
            pen.text(strong, Hold::Left, (left, first), &format!("{}{number}", words.number_sign))?
        }
        None if is_banner => pen.text(strong, Hold::Left, (left, first), words.mass_problem)?,
        None => pen.text(
            Ink::new(Use::Body, tone.ink, ground),
            Hold::Left,
            (left, first),
            scene.language.kind(alarm.kind),
        )?,
    };
    let age = match alarm.state {
        AlarmState::ClearedUnacked => String::from(words.cleared),
        AlarmState::Unacked | AlarmState::Acked | AlarmState::Shelved => words.age(alarm.age_s),
    };
    let age_px = pen.text(strong, Hold::Right, (RIGHT, first), &age)?;
    let state = match alarm.state {
        AlarmState::Acked => Some(Mark::Taken),
        AlarmState::Shelved => Some(Mark::Shelved),
        AlarmState::Unacked | AlarmState::ClearedUnacked => None,
    };
    if let Some(state) = state {
        let ink = if is_banner { text } else { palette.faint };
        pen.mark(Ink::new(Use::Marks, ink, ground), (RIGHT - age_px - 30, top), state)?;
    }
    pen.text_within(
        Ink::new(Use::Line, faint, ground),
        Hold::Left,
        (left, second),
        RIGHT - left,
        &alarm.text,
    )?;
    Ok(())
}

/// What holds for the whole wall, or the figures; and the time.
fn foot<D: DrawTarget<Color = Rgb565>>(pen: &mut Pen<'_, D>, scene: &Scene) -> Result<(), D::Error> {
    let palette = &LIVE;
    let (ground, colour) = if scene.trusted {
        (palette.plate, palette.text)
    } else {
        (palette.amber.fill, palette.amber.on_fill)
    };
    pen.fill(Rect::new(0, FOOT, SIZE.0, SIZE.1 - FOOT), ground)?;
    let base = i32::from(FOOT) + 20;
    let time_px = pen.text(
        Ink::new(Use::Body, colour, ground),
        Hold::Right,
        (RIGHT, base),
        &time_of_day(scene.at_text),
    )?;
    // A pixel a second at least, so that it never stands still.
    let beat = u16::try_from(time_px).unwrap_or(0).max(60);
    footer::heartbeat(pen, palette, scene, Rect::new(SIZE.0 - 8 - beat, SIZE.1 - 4, beat, 2))?;
    let (r#use, colour, told) = foot_text(scene, colour);
    pen.text_within(
        Ink::new(r#use, colour, ground),
        Hold::Left,
        (LEFT, base),
        RIGHT - time_px - 12 - LEFT,
        &told,
    )?;
    Ok(())
}

fn foot_text(scene: &Scene, colour: Rgb565) -> (Use, Rgb565, String) {
    let words = scene.language.words();
    let counts = scene.counts;
    if !scene.trusted {
        return (Use::Body, colour, String::from(words.time_not_trusted));
    }
    if let Some(minutes) = scene.muted_min {
        let left = words.age(u32::from(minutes) * 60);
        return (Use::Body, LIVE.blue.ink, format!("{} {left}", words.muted));
    }
    let mut told = format!("{} {} · {} {}", words.open, counts.open, words.waiting, counts.waiting);
    if let Some(staffing) = scene.staffing.filter(|_| !scene.quiet) {
        told = format!("{told} · {} {}/{}", words.on_shift, staffing.on_shift, staffing.required);
    }
    if scene.quiet {
        told = format!("{} · {told}", words.quiet_short);
    }
    let is_short = scene.staffing.is_some_and(|staffing| !staffing.is_met());
    (Use::Small, if is_short { LIVE.amber.ink } else { LIVE.faint }, told)
}

/// All is well: the tick, the word and the time.
fn calm<D: DrawTarget<Color = Rgb565>>(pen: &mut Pen<'_, D>, scene: &Scene) -> Result<(), D::Error> {
    const BAND: u16 = 76;
    let words = scene.language.words();
    let tone = LIVE.green;
    pen.fill(Rect::new(0, 0, SIZE.0, BAND), tone.fill)?;
    let ink = |r#use| Ink::new(r#use, tone.on_fill, tone.fill);
    pen.mark(ink(Use::MarksBand), (10, 10), Mark::Well)?;
    let base = if scene.site.is_empty() { 48 } else { 38 };
    pen.text(ink(Use::Title), Hold::Left, (78, base), words.all_well)?;
    pen.text_within(ink(Use::Small), Hold::Left, (78, 61), RIGHT - 78, &scene.site)?;

    let colour = footer::clock_colour(&LIVE, scene);
    let clock = Ink::new(Use::Clock, colour, LIVE.ground);
    pen.text(clock, Hold::Middle, (MIDDLE, 174), &time_of_day(scene.at_text))?;
    footer::heartbeat(pen, &LIVE, scene, Rect::new(28, 182, 264, 3))?;
    let faint = Ink::new(Use::Small, LIVE.faint, LIVE.ground);
    pen.text(faint, Hold::Left, (LEFT, 204), &words.date_short(scene.at_text))?;
    match scene.next.first() {
        None => pen.text(faint, Hold::Right, (RIGHT, 204), words.nothing_due)?,
        Some(next) => {
            let time = Ink::new(Use::Body, LIVE.blue.ink, LIVE.ground);
            let left_px = pen.text(time, Hold::Right, (RIGHT, 205), &words.left(next.in_s))?;
            let number = format!("{}{}", words.number_sign, next.number);
            pen.text_within(faint, Hold::Right, (RIGHT - left_px - 8, 204), 100, &number)?
        }
    };
    foot(pen, scene)
}

/// No picture is live: what is the matter, and what is to be done.
fn not_live<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    scene: &Scene,
    phase: Phase,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let palette = &LIVE;
    let progress = |told: &str| String::from(told);
    let (tone, mark, word, told, detail) = match scene.link {
        Link::Starting { progress: Some(so_far) } => {
            (palette.blue, None, words.starting, format!("{}%", so_far.percent()), words.so_far(so_far))
        }
        Link::Starting { progress: None } => {
            (palette.blue, None, words.starting, String::new(), progress(words.reading))
        }
        Link::Blocked { by } => (
            palette.red,
            Some(Mark::Storage),
            words.not_started,
            progress(words.disk(by)),
            progress(words.tried_again),
        ),
        Link::Stale { since_s } => (
            palette.blue,
            Some(Mark::Panel),
            words.no_link,
            words.span(since_s),
            progress(words.nothing_watched),
        ),
        Link::Live | Link::Stopped => {
            (palette.blue, Some(Mark::Stopped), words.stopped, progress(words.nothing_watched), String::new())
        }
    };
    veil(pen, tone, scene, phase, (mark, word, &told, &detail))
}

fn veil<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    tone: Tone,
    scene: &Scene,
    phase: Phase,
    (mark, word, told, detail): (Option<Mark>, &str, &str, &str),
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let palette: &Palette = &LIVE;
    let wall = pen.wall();
    let text = |r#use, colour| Ink::new(r#use, colour, palette.ground);
    let calls = matches!(scene.link, Link::Stale { .. } | Link::Blocked { .. });
    if mark.is_some() {
        pen.border(wall, 6, if calls && !phase.slow { palette.text } else { tone.fill })?;
    }
    if let Some(mark) = mark {
        pen.mark(text(Use::MarksBand, tone.ink), (MIDDLE - 28, 24), mark)?;
    }
    pen.text(text(Use::Title, palette.text), Hold::Middle, (MIDDLE, 116), word)?;
    let (r#use, colour) = if mark.is_none() { (Use::Figure, palette.text) } else { (Use::Body, tone.ink) };
    pen.text(text(r#use, colour), Hold::Middle, (MIDDLE, 150), told)?;
    pen.text_within(text(Use::Small, palette.faint), Hold::Middle, (MIDDLE, 176), 296, detail)?;
    if mark.is_some() {
        pen.text(text(Use::Body, palette.text), Hold::Middle, (MIDDLE, 202), words.call_admin)?;
    } else {
        footer::heartbeat(pen, palette, scene, Rect::new(60, 190, 200, 4))?;
    }
    pen.text_within(text(Use::Small, palette.faint), Hold::Middle, (MIDDLE, 226), 290, &scene.site)?;
    Ok(())
}
