//! What a wall shows that has no live picture. It must be unmistakable from across the room.

use alloc::format;
use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use super::time_of_day;
use crate::face::Use;
use crate::marks::Mark;
use crate::{DiskFault, Phase, Progress, Rect, Scene};

/// The rows that these pictures are laid out for; on fewer or more they stand in the middle.
const ROWS: i32 = 320;

/// The middle of the wall, and how far below the top of it these pictures begin.
fn place<D: DrawTarget<Color = Rgb565>>(pen: &Pen<'_, D>) -> (i32, i32) {
    let (width, height) = pen.size();
    (i32::from(width) / 2, (i32::from(height) - ROWS) / 2)
}

/// The base line of what stands at the foot.
fn foot_base<D: DrawTarget<Color = Rgb565>>(pen: &Pen<'_, D>) -> i32 {
    i32::from(pen.size().1) - 20
}

/// A place on the wall.
fn at(units: i32) -> u16 {
    u16::try_from(units).expect("a wall is high and wide enough for what is laid out on it")
}

/// Covers an old picture: how old it is counts up, and the border calls for somebody.
pub(super) fn stale<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    since_s: u32,
    phase: Phase,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let tone = palette.blue;
    let (middle, down) = place(pen);
    let wall = pen.wall();
    let slab = Rect::new(at(middle - 204), at(72 + down), 408, 176);
    pen.hatch(wall, 16, palette.rule)?;
    pen.border(wall, 8, if phase.slow { tone.fill } else { palette.text })?;
    pen.fill(slab, palette.ground)?;
    pen.border(slab, 4, if phase.slow { palette.text } else { tone.fill })?;
    let text = |r#use, colour| Ink::new(r#use, colour, palette.ground);
    pen.mark(text(Use::MarksPoster, tone.ink), (middle - 184, 92 + down), Mark::Panel)?;
    pen.text(text(Use::Title, palette.text), Hold::Left, (middle - 72, 132 + down), words.no_link)?;
    pen.text(text(Use::Body, palette.text), Hold::Left, (middle - 72, 166 + down), words.picture_is_old)?;
    let age = words.span(since_s);
    pen.text(text(Use::Body, tone.ink), Hold::Left, (middle - 72, 190 + down), &age)?;
    pen.text_within(
        text(Use::Small, palette.faint),
        Hold::Middle,
        (middle, 228 + down),
        380,
        words.not_live,
    )?;
    Ok(())
}

/// Nothing is known yet: how far the reading got.
pub(super) fn starting<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    progress: Option<Progress>,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let text = |r#use, colour| Ink::new(r#use, colour, palette.ground);
    let ((middle, down), wall, foot) = (place(pen), pen.wall(), foot_base(pen));
    let bar = Rect::new(at(middle - 160), at(176 + down), 320, 16);
    pen.fill(wall, palette.ground)?;
    pen.text(text(Use::Title, palette.text), Hold::Middle, (middle, 122 + down), words.starting)?;
    let told = match progress {
        Some(progress) => words.so_far(progress),
        None => String::from(words.reading),
    };
    pen.text(text(Use::Body, palette.faint), Hold::Middle, (middle, 154 + down), &told)?;
    pen.border(bar, 2, palette.faint)?;
    let full = bar.width - 8;
    let (start, length) = match progress {
        Some(progress) => (0, full * u16::from(progress.percent()) / 100),
        None => (u16::from(scene.at_text.ss % 8) * (full / 8), full / 8),
    };
    if length > 0 {
        pen.fill(Rect::new(bar.x + 4 + start, bar.y + 4, length, bar.height - 8), palette.blue.ink)?;
    }
    if let Some(progress) = progress {
        let percent = format!("{}%", progress.percent());
        pen.text(text(Use::Figure, palette.text), Hold::Middle, (middle, 230 + down), &percent)?;
    }
    pen.text_within(text(Use::Small, palette.faint), Hold::Middle, (middle, foot), 440, &scene.site)?;
    Ok(())
}

/// The desk cannot be had for the disk's sake: what is wrong, and that somebody must see to it.
pub(super) fn blocked<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    by: DiskFault,
    phase: Phase,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let ((middle, down), wall, foot) = (place(pen), pen.wall(), foot_base(pen));
    let band = Rect::new(0, 0, wall.width, at(136 + down / 2));
    let tone = palette.red;
    let text = |r#use, colour| Ink::new(r#use, colour, palette.ground);
    let on_band = |r#use| Ink::new(r#use, tone.on_fill, tone.fill);
    pen.fill(wall, palette.ground)?;
    pen.fill(band, tone.fill)?;
    if phase.slow {
        pen.mark(on_band(Use::MarksPoster), (24, 24 + down / 4), Mark::Stopped)?;
    }
    pen.text(on_band(Use::Title), Hold::Left, (132, 62 + down / 4), words.not_started)?;
    pen.text(on_band(Use::Body), Hold::Left, (132, 98 + down / 4), words.disk(by))?;
    pen.text(text(Use::Body, palette.text), Hold::Middle, (middle, 178 + down), words.nothing_watched)?;
    pen.text(text(Use::Body, palette.text), Hold::Middle, (middle, 208 + down), words.tried_again)?;
    pen.text(text(Use::Body, tone.ink), Hold::Middle, (middle, 246 + down), words.call_admin)?;
    pen.text_within(text(Use::Small, palette.faint), Hold::Middle, (middle, foot), 440, &foot_text(scene))?;
    Ok(())
}

/// Nobody watches: not a colour of the levels, and what to do.
pub(super) fn stopped<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let text = |r#use, colour| Ink::new(r#use, colour, palette.ground);
    let ((middle, down), wall, foot) = (place(pen), pen.wall(), foot_base(pen));
    pen.fill(wall, palette.ground)?;
    pen.border(wall, 8, palette.blue.fill)?;
    pen.mark(text(Use::MarksPoster, palette.blue.ink), (middle - 44, 40 + down), Mark::Stopped)?;
    pen.text(text(Use::Title, palette.text), Hold::Middle, (middle, 178 + down), words.stopped)?;
    pen.text(text(Use::Body, palette.text), Hold::Middle, (middle, 214 + down), words.nothing_watched)?;
    pen.text(text(Use::Body, palette.blue.ink), Hold::Middle, (middle, 242 + down), words.call_admin)?;
    pen.text_within(
        text(Use::Small, palette.faint),
        Hold::Middle,
        (middle, foot - 10),
        440,
        &foot_text(scene),
    )?;
    Ok(())
}

/// Where, and when.
fn foot_text(scene: &Scene) -> String {
    let date = scene.language.words().date_short(scene.at_text);
    let since = format!("{date}, {}", time_of_day(scene.at_text));
    if scene.site.is_empty() { since } else { format!("{}  ·  {since}", scene.site) }
}
