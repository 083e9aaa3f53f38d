//! What a wall shows that has no live picture. It must be unmistakable from across the room.

use alloc::format;
use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::palette::Palette;
use super::pen::{Hold, Ink, Pen};
use super::{HEIGHT, WIDTH, time_of_day};
use crate::face::{BODY, FIGURE, MARKS_POSTER, SMALL, TITLE};
use crate::marks::Mark;
use crate::{DiskFault, Phase, Progress, Rect, Scene};

const WALL: Rect = Rect::new(0, 0, WIDTH, HEIGHT);
const MIDDLE: i32 = 240;

/// Covers an old picture: how old it is counts up, and the border calls for somebody.
pub(super) fn stale<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    since_s: u32,
    phase: Phase,
) -> Result<(), D::Error> {
    const BOX: Rect = Rect::new(36, 72, 408, 176);
    let words = scene.language.words();
    let tone = palette.blue;
    pen.hatch(WALL, 16, palette.rule)?;
    pen.border(WALL, 8, if phase.slow { tone.fill } else { palette.text })?;
    pen.fill(BOX, palette.ground)?;
    pen.border(BOX, 4, if phase.slow { palette.text } else { tone.fill })?;
    let text = |face, colour| Ink::new(face, colour, palette.ground);
    pen.mark(text(MARKS_POSTER, tone.ink), (56, 92), Mark::Panel)?;
    pen.text(text(TITLE, palette.text), Hold::Left, (168, 132), words.no_link)?;
    pen.text(text(BODY, palette.text), Hold::Left, (168, 166), words.picture_is_old)?;
    let age = words.span(since_s);
    pen.text(text(BODY, tone.ink), Hold::Left, (168, 190), &age)?;
    pen.text_within(text(SMALL, palette.faint), Hold::Middle, (MIDDLE, 228), 380, words.not_live)?;
    Ok(())
}

/// Nothing is known yet: how far the reading got.
pub(super) fn starting<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    progress: Option<Progress>,
) -> Result<(), D::Error> {
    const BAR: Rect = Rect::new(80, 176, 320, 16);
    let words = scene.language.words();
    let text = |face, colour| Ink::new(face, colour, palette.ground);
    pen.fill(WALL, palette.ground)?;
    pen.text(text(TITLE, palette.text), Hold::Middle, (MIDDLE, 122), words.starting)?;
    let told = match progress {
        Some(progress) => words.so_far(progress),
        None => String::from(words.reading),
    };
    pen.text(text(BODY, palette.faint), Hold::Middle, (MIDDLE, 154), &told)?;
    pen.border(BAR, 2, palette.faint)?;
    let full = BAR.width - 8;
    let (start, length) = match progress {
        Some(progress) => (0, full * u16::from(progress.percent()) / 100),
        None => (u16::from(scene.at_text.ss % 8) * (full / 8), full / 8),
    };
    if length > 0 {
        pen.fill(Rect::new(BAR.x + 4 + start, BAR.y + 4, length, BAR.height - 8), palette.blue.ink)?;
    }
    if let Some(progress) = progress {
        let percent = format!("{}%", progress.percent());
        pen.text(text(FIGURE, palette.text), Hold::Middle, (MIDDLE, 230), &percent)?;
    }
    pen.text_within(text(SMALL, palette.faint), Hold::Middle, (MIDDLE, 300), 440, &scene.site)?;
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
    const BAND: Rect = Rect::new(0, 0, WIDTH, 136);
    let words = scene.language.words();
    let tone = palette.red;
    let text = |face, colour| Ink::new(face, colour, palette.ground);
    let on_band = |face| Ink::new(face, tone.on_fill, tone.fill);
    pen.fill(WALL, palette.ground)?;
    pen.fill(BAND, tone.fill)?;
    if phase.slow {
        pen.mark(on_band(MARKS_POSTER), (24, 24), Mark::Stopped)?;
    }
    pen.text(on_band(TITLE), Hold::Left, (132, 62), words.not_started)?;
    pen.text(on_band(BODY), Hold::Left, (132, 98), words.disk(by))?;
    pen.text(text(BODY, palette.text), Hold::Middle, (MIDDLE, 178), words.nothing_watched)?;
    pen.text(text(BODY, palette.text), Hold::Middle, (MIDDLE, 208), words.tried_again)?;
    pen.text(text(BODY, tone.ink), Hold::Middle, (MIDDLE, 246), words.call_admin)?;
    pen.text_within(text(SMALL, palette.faint), Hold::Middle, (MIDDLE, 300), 440, &foot(scene))?;
    Ok(())
}

/// Nobody watches: not a colour of the levels, and what to do.
pub(super) fn stopped<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let text = |face, colour| Ink::new(face, colour, palette.ground);
    pen.fill(WALL, palette.ground)?;
    pen.border(WALL, 8, palette.blue.fill)?;
    pen.mark(text(MARKS_POSTER, palette.blue.ink), (MIDDLE - 44, 40), Mark::Stopped)?;
    pen.text(text(TITLE, palette.text), Hold::Middle, (MIDDLE, 178), words.stopped)?;
    pen.text(text(BODY, palette.text), Hold::Middle, (MIDDLE, 214), words.nothing_watched)?;
    pen.text(text(BODY, palette.blue.ink), Hold::Middle, (MIDDLE, 242), words.call_admin)?;
    pen.text_within(text(SMALL, palette.faint), Hold::Middle, (MIDDLE, 290), 440, &foot(scene))?;
    Ok(())
}

/// Where, and when.
fn foot(scene: &Scene) -> String {
    let date = scene.language.words().date_short(scene.at_text);
    let since = format!("{date}, {}", time_of_day(scene.at_text));
    if scene.site.is_empty() { since } else { format!("{}  ·  {since}", scene.site) }
}
