//! What a panel shows to be looked at by whoever builds it in: whether all of it is there, upright, and of the right colours.

use alloc::format;
use alloc::vec::Vec;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{DrawTarget, RgbColor};

use crate::face::{DESK, DOT, Face, ROOM, TABLE, Use};
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
/// A panel of fewer columns or rows has no room for bars and alphabets.
const LARGE_FROM: u16 = 160;
/// A panel of fewer rows has no room for words.
const WORDS_FROM: u16 = 16;

/// Draws the card of a panel: bars, a border one pixel from each edge, a letter in each corner, the panel's name and size, the greys, the alphabet.
///
/// A small panel has a border at its edge, a block in its upper left corner, stripes that rise to the right, and its name where it is high enough.
pub fn test_card(name: &str, language: Language, frame: &mut Frame) {
    if frame.height() < LARGE_FROM || frame.width() < LARGE_FROM {
        small(name, frame);
    } else {
        large(name, language, frame);
    }
}

fn large(name: &str, language: Language, frame: &mut Frame) {
    let (width, height) = (frame.width(), frame.height());
    let face = match height {
        ..600 => DESK.of(Use::Body),
        600..1_000 => TABLE.of(Use::Body),
        _ => ROOM.of(Use::Body),
    };
    let cap = cap(face);
    fill(frame, frame.bounds(), Rgb565::BLACK);
    let of =
        |share: u16| u16::try_from(u32::from(height) * u32::from(share) / 32).expect("a part of the height");
    let middle = width / 2;
    write(frame, face, (middle, of(3)), Hold::Middle, name);
    write(frame, face, (middle, of(3) + cap * 7 / 4), Hold::Middle, &format!("{width}×{height}"));
    bars(frame, face, Rect::new(cap, of(7), width - 2 * cap, of(8)), language);
    greys(frame, Rect::new(cap, of(16), width - 2 * cap, of(3)));
    let room = i32::from(width - 4 * cap);
    let lines = ALPHABETS.iter().flat_map(|alphabet| wrapped(face, alphabet, room));
    let bases = (1..).map(|line: u16| of(19) + line * cap * 3 / 2);
    for (line, base) in lines.zip(bases).take_while(|(_, base)| base + cap / 3 < height - 2) {
        write(frame, face, (middle, base), Hold::Middle, line);
    }
    let (near, right, bottom) = (cap / 2, width - cap / 2, height - cap / 2);
    write(frame, face, (near, near + cap), Hold::Left, "A");
    write(frame, face, (right, near + cap), Hold::Right, "B");
    write(frame, face, (near, bottom), Hold::Left, "C");
    write(frame, face, (right, bottom), Hold::Right, "D");
    border(frame, Rect::new(1, 1, width - 2, height - 2));
}

/// The bars; on red, green and blue stands which they should be.
fn bars(frame: &mut Frame, face: Face, area: Rect, language: Language) {
    let each = area.width / 8;
    for (place, colour) in (0..).zip(BARS) {
        let bar = Rect::new(area.x + place * each, area.y, each, area.height);
        fill(frame, bar, colour);
        let at = (bar.x + each / 2, bar.y + u16::midpoint(bar.height, cap(face)));
        write(frame, face, at, Hold::Middle, word(colour, language));
    }
    border(frame, Rect::new(area.x, area.y, each * 8, area.height));
}

/// What stands on a bar; nothing on most.
fn word(colour: Rgb565, language: Language) -> &'static str {
    let words = match language {
        Language::Russian => ["К", "З", "С"],
        Language::English => ["R", "G", "B"],
    };
    let known = [Rgb565::RED, Rgb565::GREEN, Rgb565::BLUE].into_iter().zip(words);
    known.into_iter().find_map(|(known, word)| (known == colour).then_some(word)).unwrap_or_default()
}

/// From black at the left to white at the right.
fn greys(frame: &mut Frame, area: Rect) {
    let each = area.width / GREYS;
    for (place, level) in (0..GREYS).zip(0_u8..) {
        let colour = Rgb565::new(level, level * 2 + level / 16, level);
        fill(frame, Rect::new(area.x + place * each, area.y, each, area.height), colour);
    }
    border(frame, Rect::new(area.x, area.y, each * GREYS, area.height));
}

fn small(name: &str, frame: &mut Frame) {
    let (width, height) = (frame.width(), frame.height());
    fill(frame, frame.bounds(), Rgb565::BLACK);
    for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
        let is_inside = x > 1 && y > 1 && x + 2 < width && y + 2 < height;
        let is_corner = x < height / 2 && y < height / 2;
        if is_corner || (is_inside && x > height / 2 && (x + y) % 4 == 0) {
            frame.set(x, y, Rgb565::WHITE);
        }
    }
    border(frame, frame.bounds());
    if height >= WORDS_FROM {
        let room = i32::from(width.saturating_sub(height));
        let words = text::fit(DOT, name, room);
        let wide = u16::try_from(text::width_px(DOT, &words)).unwrap_or_default();
        let (left, base) = ((width + height / 2 - wide) / 2, u16::midpoint(height, cap(DOT)));
        let above = base - cap(DOT);
        fill(frame, Rect::new(left - 2, above - 1, wide + 4, cap(DOT) + 2), Rgb565::BLACK);
        write(frame, DOT, (left, base), Hold::Left, &words);
    }
}

/// Where a text is held.
#[derive(Clone, Copy)]
enum Hold {
    Left,
    Middle,
    Right,
}

/// Writes over what is there, black on what is light and white on what is dark.
fn write(frame: &mut Frame, face: Face, (x, base): (u16, u16), hold: Hold, words: &str) {
    let wide = text::width_px(face, words);
    let left = i32::from(x)
        - match hold {
            Hold::Left => 0,
            Hold::Middle => wide / 2,
            Hold::Right => wide,
        };
    for (glyph_x, glyph) in text::glyphs(face, words) {
        let Some(glyph) = glyph else { continue };
        for (column, row, coverage) in glyph.ink() {
            let (x, y) = (left + glyph_x + glyph.left + column, i32::from(base) - glyph.top + row);
            if let (Ok(x), Ok(y)) = (u16::try_from(x), u16::try_from(y)) {
                let on = frame.pixel(x, y);
                frame.set(x, y, mixed(on, contrast(on), coverage));
            }
        }
    }
}

/// The colour that is read on this one.
fn contrast(on: Rgb565) -> Rgb565 {
    let light = u16::from(on.r()) * 2 + u16::from(on.g()) * 2 + u16::from(on.b());
    if light > 120 { Rgb565::BLACK } else { Rgb565::WHITE }
}

/// A colour between two, by a coverage of `0..=15`.
fn mixed(from: Rgb565, to: Rgb565, coverage: u8) -> Rgb565 {
    let mix = |from: u8, to: u8| {
        let (from, to, coverage) = (u16::from(from), u16::from(to), u16::from(coverage.min(15)));
        u8::try_from((from * (15 - coverage) + to * coverage) / 15).expect("between two channels")
    };
    Rgb565::new(mix(from.r(), to.r()), mix(from.g(), to.g()), mix(from.b(), to.b()))
}

fn cap(face: Face) -> u16 {
    u16::try_from(face.cap_px()).expect("a capital has a height")
}

fn fill(frame: &mut Frame, area: Rect, colour: Rgb565) {
    let Ok(()) = frame.fill_solid(&area.into(), colour);
}

/// A white line along the inside of an area.
fn border(frame: &mut Frame, area: Rect) {
    let Rect { x, y, width, height } = area;
    for side in [
        Rect::new(x, y, width, 1),
        Rect::new(x, area.bottom() - 1, width, 1),
        Rect::new(x, y, 1, height),
        Rect::new(area.right() - 1, y, 1, height),
    ] {
        fill(frame, side, Rgb565::WHITE);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn card(width: u16, height: u16) -> Frame {
        let mut frame = Frame::new(width, height);
        test_card("door", Language::Russian, &mut frame);
        frame
    }

    /// Whether the rectangle's outermost pixels are all white.
    fn is_closed(frame: &Frame, area: Rect) -> bool {
        let columns = (area.x..area.right()).flat_map(|x| [(x, area.y), (x, area.bottom() - 1)]);
        let rows = (area.y..area.bottom()).flat_map(|y| [(area.x, y), (area.right() - 1, y)]);
        columns.chain(rows).all(|(x, y)| frame.pixel(x, y) == Rgb565::WHITE)
    }

    #[test]
    fn a_card_shows_whether_a_row_or_column_is_cut_off() {
        for (width, height) in [(480, 320), (320, 240), (800, 480), (1_920, 1_080)] {
            let frame = card(width, height);
            assert!(is_closed(&frame, Rect::new(1, 1, width - 2, height - 2)), "{width}x{height}");
            assert!((0..width).all(|x| frame.pixel(x, 0) == Rgb565::BLACK), "the outermost row is dark");
        }
        for (width, height) in [(64, 8), (128, 16), (128, 64), (8, 8)] {
            assert!(is_closed(&card(width, height), Rect::new(0, 0, width, height)), "{width}x{height}");
        }
    }

    #[test]
    fn a_card_shows_whether_it_is_turned_or_mirrored() {
        for (width, height) in [(480, 320), (320, 240), (64, 8), (128, 16), (128, 64)] {
            let frame = card(width, height);
            let differs = |other: fn(u16, u16, u16, u16) -> (u16, u16)| {
                (0..width).any(|x| {
                    (0..height).any(|y| {
                        let (x_there, y_there) = other(x, y, width, height);
                        frame.pixel(x, y) != frame.pixel(x_there, y_there)
                    })
                })
            };
            assert!(differs(|x, y, width, height| (width - 1 - x, height - 1 - y)), "by half a turn");
            assert!(differs(|x, y, width, _| (width - 1 - x, y)), "left and right");
            assert!(differs(|x, y, _, height| (x, height - 1 - y)), "up and down");
        }
    }

    #[test]
    fn every_letter_of_the_card_has_a_glyph() {
        let faces = [DESK.of(Use::Body), TABLE.of(Use::Body), ROOM.of(Use::Body)];
        for char in ALPHABETS.iter().flat_map(|alphabet| alphabet.chars()).chain("ABCDКЗСRGB×".chars()) {
            assert!(faces.iter().all(|face| face.glyph(char).is_some()), "{char:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_and_nothing_breaks() {
        for (width, height) in [(480, 320), (160, 160), (32, 16), (24, 16), (8, 16), (8, 8), (1_024, 8)] {
            let mut frame = Frame::new(width, height);
            test_card("a-name-of-thirty-two-letters-abc", Language::English, &mut frame);
            assert_ne!(frame, Frame::new(width, height));
        }
    }
}
