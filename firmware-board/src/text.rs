//! Text for the wall: made safe, measured, shortened.
//!
//! A subject comes from anywhere, so a text is cleaned before it is measured: white space becomes a space; what is invisible is dropped; a letter
//! and its mark written as two characters are one (й, ё), and where there is none such the letter stands alone; controls, marks of direction and
//! letters that are written from right to left are boxes, since they would reorder the line. Nothing is ever cut within a glyph.

use alloc::string::String;

use crate::face::{Face, Glyph};

/// What stands for a character that cannot or must not be shown.
const BOX: char = '\u{FFFD}';
const ELLIPSIS: char = '…';

/// The text as it is drawn: one character one glyph, in the order drawn; what cannot or must not be shown is a box.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            // A file system or a keyboard may write й and ё as two characters.
            '\u{0306}' | '\u{0308}' => {
                if let Some(base) = cleaned.pop() {
                    cleaned.push(compose(base, char));
                }
            }
            _ if is_left_out(char) => {}
            '\u{2010}' | '\u{2011}' => cleaned.push('-'),
            _ if char.is_whitespace() => cleaned.push(' '),
            _ if is_unsafe(char) => cleaned.push(BOX),
            _ => cleaned.push(char),
        }
    }
    cleaned
}

fn compose(base: char, accent: char) -> char {
    match (base, accent) {
        ('и', '\u{0306}') => 'й',
        ('И', '\u{0306}') => 'Й',
        ('у', '\u{0306}') => 'ў',
        ('У', '\u{0306}') => 'Ў',
        ('е', '\u{0308}') => 'ё',
        ('Е', '\u{0308}') => 'Ё',
        ('і', '\u{0308}') => 'ї',
        ('І', '\u{0308}') => 'Ї',
        ('a', '\u{0308}') => 'ä',
        ('o', '\u{0308}') => 'ö',
        ('u', '\u{0308}') => 'ü',
        _ => base,
    }
}

/// Other marks over, under and through a letter; and what is invisible and harmless: soft hyphen, zero-width spaces and joiners, variation
/// selectors, byte order mark.
fn is_left_out(char: char) -> bool {
    matches!(char,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}'
        | '\u{00AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Controls, marks of direction, and letters that are written from right to left.
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2061}'..='\u{206F}'
            | '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}')
}

/// Where each glyph of a cleaned text goes: pixels right of the start, and the glyph; `None` is drawn as a box.
pub(crate) fn glyphs(face: Face, text: &str) -> impl Iterator<Item = (i32, Option<Glyph>)> {
    let mut pen_64 = 0;
    text.chars().map(move |char| {
        let glyph = face.glyph(char);
        let x = to_px(pen_64);
        pen_64 += advance_64(face, glyph);
        (x, glyph)
    })
}

/// The width of a cleaned text in pixels.
pub(crate) fn width_px(face: Face, text: &str) -> i32 {
    to_px(text.chars().map(|char| advance_64(face, face.glyph(char))).sum())
}

/// The text in at most `max_px`: whole, or with an ellipsis after the last glyph that fits.
///
/// No more of a text is looked at than a line can hold, however long it is.
pub(crate) fn fit(face: Face, text: &str, max_px: i32) -> String {
    let (head, is_whole) = head(text, max_px);
    let mut text = clean(head);
    if is_whole && width_px(face, &text) <= max_px {
        return text;
    }
    let ellipsis_px = width_px(face, ELLIPSIS.encode_utf8(&mut [0; 4])) + 1;
    let fitting = glyphs(face, &text).take_while(|(x, _)| *x <= max_px - ellipsis_px).count();
    text.truncate(text.char_indices().nth(fitting).map_or(text.len(), |(at, _)| at));
    while text.pop().is_some() {
        text.truncate(
            text.trim_end_matches(|char: char| char.is_whitespace() || ",.:;-–—".contains(char)).len(),
        );
        text.push(ELLIPSIS);
        if width_px(face, &text) <= max_px {
            return text;
        }
        text.pop();
    }
    text
}

/// So much of a text as could be in a line of so many pixels, and whether that is all of it. The narrowest glyph is wider than a pixel; what is
/// invisible has no width, and of that no more is passed over than again as much and a little.
pub(crate) fn head(text: &str, max_px: i32) -> (&str, bool) {
    let chars = usize::try_from(max_px).unwrap_or(0) * 2 + 64;
    match text.char_indices().nth(chars) {
        Some((end, _)) => (&text[..end], false),
        None => (text, true),
    }
}

/// The width of the box that stands for a missing glyph, without its margins.
pub(crate) fn box_width_px(face: Face) -> i32 {
    face.cap_px() * 5 / 9
}

fn advance_64(face: Face, glyph: Option<Glyph>) -> i32 {
    glyph.map_or((box_width_px(face) + 2) * 64, |glyph| glyph.advance_64)
}

fn to_px(length_64: i32) -> i32 {
    (length_64 + 32) >> 6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::{DESK, Use};

    /// The faces that lines are measured with.
    fn body() -> Face {
        DESK.of(Use::Body)
    }

    fn small() -> Face {
        DESK.of(Use::Small)
    }

    #[test]
    fn a_text_that_fits_is_left_whole() {
        let width = width_px(body(), "Не печатает чек");
        assert_eq!(fit(body(), "Не печатает чек", width), "Не печатает чек");
    }

    #[test]
    fn a_text_one_pixel_too_wide_ends_with_an_ellipsis_and_fits() {
        let text = "Не открывается личный кабинет на портале";
        for max_px in 0..width_px(small(), text) {
            let shown = fit(small(), text, max_px);
            assert!(width_px(small(), &shown) <= max_px, "{shown:?} in {max_px}");
            assert!(shown.is_empty() || shown.ends_with(ELLIPSIS), "{shown:?}");
            assert!(text.starts_with(shown.trim_end_matches(ELLIPSIS)), "{shown:?}");
            assert!(!shown.ends_with(" …"), "{shown:?}");
        }
    }

    #[test]
    fn what_could_reorder_the_line_is_a_box() {
        assert_eq!(clean("счёт\u{202E}gpj.exe"), "счёт\u{FFFD}gpj.exe");
        assert_eq!(clean("שלום"), "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}");
        assert_eq!(clean("a\u{1b}[31mb\u{0}"), "a\u{FFFD}[31mb\u{FFFD}");
    }

    #[test]
    fn line_breaks_and_odd_spaces_are_spaces() {
        assert_eq!(clean("одна\r\nдве\tтри\u{A0}четыре"), "одна  две три четыре");
    }

    #[test]
    fn letters_written_as_two_characters_are_one() {
        assert_eq!(clean("и\u{306}од, е\u{308}лка"), "йод, ёлка");
    }

    #[test]
    fn a_mark_that_no_letter_has_leaves_the_letter() {
        assert_eq!(clean("\u{308}x\u{306}"), "x");
        assert_eq!(clean("за\u{301}мок, Z\u{351}\u{489}\u{20DD}"), "замок, Z");
    }

    #[test]
    fn what_is_invisible_takes_no_room() {
        assert_eq!(clean("ка\u{200B}с\u{AD}са\u{FEFF}\u{200D}"), "касса");
    }

    #[test]
    fn no_more_of_a_long_text_is_looked_at_than_a_line_holds() {
        let long = "Ы\u{200B}".repeat(10_000);
        assert_eq!(fit(body(), &long, 200), fit(body(), &long[..2_000], 200));
        assert!(head(&long, 200).0.chars().count() <= 464);
        let invisible = "\u{200B}".repeat(10_000);
        assert_eq!(fit(body(), &invisible, 200), "");
    }

    #[test]
    fn a_missing_glyph_takes_room() {
        assert!(width_px(body(), "字") >= box_width_px(body()));
    }
}
