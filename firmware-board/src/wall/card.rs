//! What a panel shows to be looked at by whoever builds it in: whether all of it is there, upright, and of the right colours.

use alloc::format;
use alloc::vec::Vec;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{DrawTarget, RgbColor};

use super::pen::{Hold, Ink, Pen};
use crate::face::{BODY, Face, SMALL};
use crate::{Frame, Language, Rect, text};

/// Bars from left to right.
const BARS: [Rgb565; 8] = [
    Rgb565::WHITE,
    Rgb565::YELLOW,
    Rgb565::CYAN,
    Rgb565::GREEN,
    Rgb565::MAGENTA,
    Rgb565::RED,
    Rgb565::BLUE,
    Rgb565::BLACK,
];
/// Greys that RGB565 has.
const GREYS: u16 = 32;
/// All that the wall is written in.
const ALPHABETS: [&str; 3] = [
    "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "0123456789 № « » — – … ° % + −",
];
/// Rows below which there is no room for words.
const WORDS_FROM: u16 = 100;

/// Draws the card of a panel: bars, a border one pixel from each edge, a letter in each corner, the panel's name and size, the greys, the alphabet.
///
/// A panel of few rows has the border, a mark in its upper left corner, and stripes.
pub fn test_card(name: &str, language: Language, frame: &mut Frame) {
    let Ok(()) = drawn(name, language, frame);
}

fn drawn(name: &str, language: Language, frame: &mut Frame) -> Result<(), core::convert::Infallible> {
    let (width, height) = (frame.width(), frame.height());
    if height < WORDS_FROM || width < WORDS_FROM {
        small(frame);
        return Ok(());
    }
    let pen = &mut Pen::new(frame);
    let whole = Rect::new(0, 0, width, height);
    pen.fill(whole, Rgb565::BLACK)?;
    let size = format!("{width}×{height}");
    let of = |share: u16| height / 32 * share;
    words(pen, SMALL, Hold::Middle, (width / 2, of(3)), name)?;
    words(pen, BODY, Hold::Middle, (width / 2, of(5)), &size)?;
    bars(pen, Rect::new(12, of(7), width - 24, of(8)), language)?;
    greys(pen, Rect::new(12, of(16), width - 24, of(3)))?;
    let mut base = i32::from(of(19)) + BODY.cap_px() + 8;
    for line in ALPHABETS.iter().flat_map(|alphabet| wrapped(BODY, alphabet, i32::from(width) - 56)) {
        if base < i32::from(height) - 4 {
            let ink = Ink::new(BODY, Rgb565::WHITE, Rgb565::BLACK);
            pen.text(ink, Hold::Middle, (i32::from(width / 2), base), line)?;
        }
        base += BODY.cap_px() + 8;
    }
    corners(pen, width, height)?;
    pen.border(Rect::new(1, 1, width - 2, height - 2), 1, Rgb565::WHITE)
}

fn words<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    face: Face,
    hold: Hold,
    (x, base): (u16, u16),
    words: &str,
) -> Result<(), D::Error> {
    let ink = Ink::new(face, Rgb565::WHITE, Rgb565::BLACK);
    pen.text(ink, hold, (x.into(), base.into()), words).map(drop)
}

/// Letters in the order in which a page is read.
fn corners<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    width: u16,
    height: u16,
) -> Result<(), D::Error> {
    let cap = u16::try_from(BODY.cap_px()).expect("a capital is lower than a panel");
    let (right, bottom, top) = (width - 8, height - 8, 8 + cap);
    words(pen, BODY, Hold::Left, (8, top), "A")?;
    words(pen, BODY, Hold::Right, (right, top), "B")?;
    words(pen, BODY, Hold::Left, (8, bottom), "C")?;
    words(pen, BODY, Hold::Right, (right, bottom), "D")
}

/// The bars; on red, green and blue stands which they should be.
fn bars<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    area: Rect,
    language: Language,
) -> Result<(), D::Error> {
    let each = area.width / 8;
    let base = i32::from(area.y + area.height / 2) + SMALL.cap_px() / 2;
    for (place, colour) in (0..).zip(BARS) {
        let x = area.x + place * each;
        pen.fill(Rect::new(x, area.y, each, area.height), colour)?;
        if let Some(word) = word(colour, language) {
            let on_dark = colour == Rgb565::BLUE || colour == Rgb565::RED;
            let ink = Ink::new(SMALL, if on_dark { Rgb565::WHITE } else { Rgb565::BLACK }, colour);
            pen.text_within(ink, Hold::Middle, (i32::from(x + each / 2), base), each.into(), word)?;
        }
    }
    pen.border(area, 1, Rgb565::WHITE)
}

fn word(colour: Rgb565, language: Language) -> Option<&'static str> {
    let words = match language {
        Language::Russian => ["крас", "зел", "син"],
        Language::English => ["red", "green", "blue"],
    };
    [Rgb565::RED, Rgb565::GREEN, Rgb565::BLUE]
        .into_iter()
        .zip(words)
        .find_map(|(known, word)| (known == colour).then_some(word))
}

/// From black at the left to white at the right.
fn greys<D: DrawTarget<Color = Rgb565>>(pen: &mut Pen<'_, D>, area: Rect) -> Result<(), D::Error> {
    for step in 0..GREYS {
        let at = |step: u16| area.x + step * (area.width / 8) / 4;
        let level = u8::try_from(step).expect("there are fewer greys than that");
        let colour = Rgb565::new(level, level * 2 + level / 16, level);
        pen.fill(Rect::new(at(step), area.y, at(step + 1) - at(step), area.height), colour)?;
    }
    pen.border(area, 1, Rgb565::WHITE)
}

/// A text in lines of at most `max_px`, broken between any two characters.
fn wrapped(face: Face, words: &str, max_px: i32) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let ends = rest.char_indices().map(|(at, char)| at + char.len_utf8());
        let fits = ends.take_while(|end| text::width_px(face, &rest[..*end]) <= max_px).last();
        let one = rest.chars().next().map_or(0, char::len_utf8);
        let (line, after) = rest.split_at(fits.unwrap_or(one));
        lines.push(line.trim());
        rest = after;
    }
    lines
}

/// The border at the very edge, a block in the upper left corner, and stripes that lean to the right going up.
fn small(frame: &mut Frame) {
    let (width, height) = (frame.width(), frame.height());
    for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
        let is_edge = x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        let is_beside = x == 1 || y == 1 || x + 2 == width || y + 2 == height;
        let is_corner = x < height / 2 && y < height / 2;
        let is_stripe = !is_beside && x >= height / 2 + 2 && (x + y) % 4 == 0;
        let is_lit = is_edge || is_corner || is_stripe;
        frame.set(x, y, if is_lit { Rgb565::WHITE } else { Rgb565::BLACK });
    }
}
