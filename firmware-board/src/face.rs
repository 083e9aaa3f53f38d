//! Anti-aliased faces, read from tables.
//!
//! A table is `FACE`, the height of its capitals in pixels, a zero, the number of glyphs (u16), then twelve bytes a glyph in order of code point:
//! code (u16), width, height, left bearing (i8), top above the base line (i8), advance in 1/64 pixel (u16), start of its coverage (u32);
//! then the coverage, four bits a pixel, row by row, each glyph starting on a byte. Numbers are little-endian.
//! `examples/make-faces` writes them.

/// One face at one size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Face {
    table: &'static [u8],
}

/// Labels and captions, capitals 12 px high. Nothing on the wall is smaller.
pub(crate) const SMALL: Face = Face::new(include_bytes!("faces/small.face"));
/// Subjects, 14 px.
pub(crate) const LINE: Face = Face::new(include_bytes!("faces/line.face"));
/// Numbers and times of lines, 15 px.
pub(crate) const BODY: Face = Face::new(include_bytes!("faces/body.face"));
/// The room's figures, 24 px; numerals only.
pub(crate) const FIGURE: Face = Face::new(include_bytes!("faces/figure.face"));
/// Words read from the doorway, 30 px; capitals and numerals only.
pub(crate) const TITLE: Face = Face::new(include_bytes!("faces/title.face"));
/// The one largest number, 52 px; numerals only.
pub(crate) const HUGE: Face = Face::new(include_bytes!("faces/huge.face"));
/// The clock of a calm wall, 84 px; numerals only.
pub(crate) const CLOCK: Face = Face::new(include_bytes!("faces/clock.face"));
/// Marks in a line, 24 px.
pub(crate) const MARKS: Face = Face::new(include_bytes!("faces/marks.face"));
/// Marks in the band, 56 px.
pub(crate) const MARKS_BAND: Face = Face::new(include_bytes!("faces/marks-band.face"));
/// Marks that fill a wall, 88 px; a few of them only.
pub(crate) const MARKS_POSTER: Face = Face::new(include_bytes!("faces/marks-poster.face"));

const HEADER: usize = 8;
const ENTRY: usize = 12;

/// One glyph of a face.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glyph {
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// From the pen to the left edge of the bitmap.
    pub(crate) left: i32,
    /// From the base line up to the top edge of the bitmap.
    pub(crate) top: i32,
    /// How far the pen moves, in 1/64 pixel.
    pub(crate) advance_64: i32,
    nibbles: &'static [u8],
}

impl Face {
    const fn new(table: &'static [u8]) -> Self {
        assert!(matches!(table, [b'F', b'A', b'C', b'E', ..]));
        Self { table }
    }

    /// The height of capitals in pixels.
    pub(crate) fn cap_px(self) -> i32 {
        i32::from(self.table[4])
    }

    /// The glyph of `char`; `None` when the face has none.
    pub(crate) fn glyph(self, char: char) -> Option<Glyph> {
        let code = u16::try_from(u32::from(char)).ok()?;
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let entry = self.entry(middle);
            match code_of(entry).cmp(&code) {
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
                core::cmp::Ordering::Equal => return Some(self.read(entry)),
            }
        }
        None
    }

    fn len(self) -> usize {
        usize::from(u16::from_le_bytes([self.table[6], self.table[7]]))
    }

    fn entry(self, index: usize) -> &'static [u8; ENTRY] {
        self.table[HEADER + index * ENTRY..].first_chunk().expect("the table has as many glyphs as it says")
    }

    fn read(self, entry: &'static [u8; ENTRY]) -> Glyph {
        let [_, _, width, height, left, top, advance_lo, advance_hi, a, b, c, d] = *entry;
        let (width, height) = (i32::from(width), i32::from(height));
        let start = HEADER + self.len() * ENTRY + u32::from_le_bytes([a, b, c, d]) as usize;
        Glyph {
            width,
            height,
            left: i32::from(left.cast_signed()),
            top: i32::from(top.cast_signed()),
            advance_64: i32::from(u16::from_le_bytes([advance_lo, advance_hi])),
            nibbles: &self.table[start..],
        }
    }
}

fn code_of(entry: &[u8; ENTRY]) -> u16 {
    u16::from_le_bytes([entry[0], entry[1]])
}

impl Glyph {
    /// The pixels with any ink: column, row, and coverage `1..=15`.
    pub(crate) fn ink(self) -> impl Iterator<Item = (i32, i32, u8)> {
        let cells = (0..self.height).flat_map(move |row| (0..self.width).map(move |column| (column, row)));
        cells.enumerate().filter_map(move |(index, (column, row))| {
            let pair = self.nibbles[index / 2];
            let coverage = if index % 2 == 0 { pair >> 4 } else { pair & 0x0f };
            (coverage > 0).then_some((column, row, coverage))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_and_sign_that_a_subject_may_hold_has_a_glyph() {
        let russian = ('А'..='я').chain(['Ё', 'ё']);
        let latin = (' '..='~').chain("№«»—–…°+−:·×→▲●✓".chars());
        for char in russian.chain(latin) {
            for face in [SMALL, LINE, BODY] {
                assert!(face.glyph(char).is_some(), "{char:?} at {} px", face.cap_px());
            }
        }
    }

    #[test]
    fn digits_are_equally_wide_so_that_figures_do_not_jump() {
        for face in [SMALL, LINE, BODY, FIGURE, TITLE, HUGE, CLOCK] {
            let widths = ('0'..='9').map(|digit| face.glyph(digit).expect("a digit").advance_64);
            let first = face.glyph('0').expect("a digit").advance_64;
            assert!(widths.into_iter().all(|width| width == first), "{} px", face.cap_px());
        }
    }

    #[test]
    fn a_capital_is_as_high_as_its_face_says() {
        for face in [SMALL, LINE, BODY, TITLE] {
            let glyph = face.glyph('H').expect("a capital");
            assert_eq!((glyph.top, glyph.height), (face.cap_px(), face.cap_px()));
        }
    }

    #[test]
    fn an_unknown_character_has_no_glyph() {
        assert!(BODY.glyph('字').is_none());
        assert!(BODY.glyph('😀').is_none());
        assert!(FIGURE.glyph('A').is_none());
    }
}
