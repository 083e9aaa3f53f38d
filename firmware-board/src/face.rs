//! Anti-aliased faces, read from tables.
//!
//! A table is `FACE`, the height of its capitals in pixels (u16), the number of glyphs (u16), then sixteen bytes a glyph in order of code point:
//! code, width, height (u16), left bearing, top above the base line (i16), advance in 1/64 pixel (u16), start of its runs (u32); then the runs.
//! A run is a byte: how many pixels less one in the upper four bits, their coverage in the lower. Pixels go row by row, and a run may go on in
//! the next row. Numbers are little-endian. `examples/make-faces` writes them.

/// One face at one size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Face {
    table: &'static [u8],
}

/// What a text is for. Each set of faces has one for each use; the heights are those of capitals in units of the wall's grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Labels and captions, 12. Nothing on the wall is smaller.
    Small,
    /// Subjects, 14.
    Line,
    /// Numbers and times of lines, 15.
    Body,
    /// The room's figures, 24; numerals only.
    Figure,
    /// Words read from the doorway, 30; capitals and numerals only.
    Title,
    /// The one largest number, 52; numerals only.
    Huge,
    /// The clock of a calm wall, 84; numerals only.
    Clock,
    /// Marks in a line, 24.
    Marks,
    /// Marks in the band, 56.
    MarksBand,
    /// Marks that fill a wall, 88; a few of them only.
    MarksPoster,
}

/// A face for each use, at one scale of the grid.
#[derive(Debug)]
pub(crate) struct Faces([Face; 10]);

macro_rules! faces {
    ($folder:literal) => {
        Faces([
            Face::new(include_bytes!(concat!("faces/", $folder, "/small.face"))),
            Face::new(include_bytes!(concat!("faces/", $folder, "/line.face"))),
            Face::new(include_bytes!(concat!("faces/", $folder, "/body.face"))),
            Face::new(include_bytes!(concat!("faces/", $folder, "/figure.face"))),
            Face::new(include_bytes!(concat!("faces/", $folder, "/title.face"))),
            Face::new(include_bytes!(concat!("faces/", $folder, "/huge.face"))),
            Face::new(include_bytes!(concat!("faces/", $folder, "/clock.face"))),
            Face::new(include_bytes!(concat!("faces/", $folder, "/marks.face"))),
            Face::new(include_bytes!(concat!("faces/", $folder, "/marks-band.face"))),
            Face::new(include_bytes!(concat!("faces/", $folder, "/marks-poster.face"))),
        ])
    };
}

/// Read at a desk's distance: a pixel a unit.
pub(crate) static DESK: Faces = faces!("desk");
/// Read across a table: three pixels are two units.
pub(crate) static TABLE: Faces = faces!("table");
/// Read across a room: four pixels a unit.
pub(crate) static ROOM: Faces = faces!("room");
/// Held in a hand: as at a desk, but for words, which are 20 px high.
pub(crate) static POCKET: Faces = {
    let Faces(mut faces) = faces!("desk");
    faces[Use::Title as usize] = Face::new(include_bytes!("faces/word.face"));
    Faces(faces)
};
/// Whole pixels, capitals 6 px high: the smallest that is read.
pub(crate) const DOT: Face = Face::new(include_bytes!("faces/dot.face"));
/// Whole pixels, capitals 10 px high.
pub(crate) const DOT_BOLD: Face = Face::new(include_bytes!("faces/dot-bold.face"));
/// Marks of whole pixels, 7 px.
pub(crate) const MARKS_DOT: Face = Face::new(include_bytes!("faces/marks-dot.face"));

impl Faces {
    /// The face for a use.
    pub(crate) fn of(&self, r#use: Use) -> Face {
        self.0[r#use as usize]
    }
}

const HEADER: usize = 8;
const ENTRY: usize = 16;

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
    runs: &'static [u8],
}

impl Face {
    const fn new(table: &'static [u8]) -> Self {
        assert!(matches!(table, [b'F', b'A', b'C', b'E', ..]));
        Self { table }
    }

    /// The height of capitals in pixels.
    pub(crate) fn cap_px(self) -> i32 {
        i32::from(u16::from_le_bytes([self.table[4], self.table[5]]))
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
        let number = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
        let start = u32::from_le_bytes([entry[12], entry[13], entry[14], entry[15]]) as usize;
        Glyph {
            width: i32::from(number(2)),
            height: i32::from(number(4)),
            left: i32::from(number(6).cast_signed()),
            top: i32::from(number(8).cast_signed()),
            advance_64: i32::from(number(10)),
            runs: &self.table[HEADER + self.len() * ENTRY + start..],
        }
    }
}

fn code_of(entry: &[u8; ENTRY]) -> u16 {
    u16::from_le_bytes([entry[0], entry[1]])
}

impl Glyph {
    /// The pixels with any ink: column, row, and coverage `1..=15`.
    pub(crate) fn ink(self) -> impl Iterator<Item = (i32, i32, u8)> {
        let end = self.width * self.height;
        let runs = self.runs.iter().scan(0, move |start, run| {
            let from = *start;
            *start += i32::from(run >> 4) + 1;
            (from < end).then_some((from, *start, run & 0x0f))
        });
        runs.filter(|(_, _, coverage)| *coverage > 0).flat_map(move |(from, to, coverage)| {
            (from..to).map(move |index| (index % self.width, index / self.width, coverage))
        })
    }
}

#[cfg(test)]
const SCALES: [&Faces; 3] = [&DESK, &TABLE, &ROOM];

/// Every face that a subject is written with.
#[cfg(test)]
pub(crate) fn for_text() -> impl Iterator<Item = Face> {
    let text = [Use::Small, Use::Line, Use::Body];
    SCALES.into_iter().flat_map(move |faces| text.map(|r#use| faces.of(r#use))).chain([DOT, DOT_BOLD])
}

/// Every face that the words read from the doorway are written with.
#[cfg(test)]
pub(crate) fn for_titles() -> impl Iterator<Item = Face> {
    SCALES.into_iter().chain([&POCKET]).map(|faces| faces.of(Use::Title)).chain([DOT])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_and_sign_that_a_subject_may_hold_has_a_glyph() {
        let russian = ('А'..='я').chain(['Ё', 'ё']);
        let latin = (' '..='~').chain("№«»—–…°%+−:·×→▲●✓".chars());
        for char in russian.chain(latin) {
            for face in for_text() {
                assert!(face.glyph(char).is_some(), "{char:?} at {} px", face.cap_px());
            }
        }
    }

    #[test]
    fn digits_are_equally_wide_so_that_figures_do_not_jump() {
        let figures = [Use::Figure, Use::Title, Use::Huge, Use::Clock];
        let figures = SCALES.iter().flat_map(|faces| figures.map(|r#use| faces.of(r#use)));
        for face in for_text().chain(figures).chain([POCKET.of(Use::Title)]) {
            let widths = ('0'..='9').map(|digit| face.glyph(digit).expect("a digit").advance_64);
            let first = face.glyph('0').expect("a digit").advance_64;
            assert!(widths.into_iter().all(|width| width == first), "{} px", face.cap_px());
        }
    }

    #[test]
    fn a_capital_is_as_high_as_its_face_says() {
        for face in for_text().chain(for_titles()) {
            let glyph = face.glyph('H').expect("a capital");
            assert_eq!((glyph.top, glyph.height), (face.cap_px(), face.cap_px()));
        }
    }

    #[test]
    fn every_use_of_a_set_is_as_high_as_the_grid_asks() {
        let units = [12, 14, 15, 24, 30, 52, 84, 24, 56, 88];
        let uses = [
            Use::Small,
            Use::Line,
            Use::Body,
            Use::Figure,
            Use::Title,
            Use::Huge,
            Use::Clock,
            Use::Marks,
            Use::MarksBand,
            Use::MarksPoster,
        ];
        for (faces, of, by) in [(&DESK, 1, 1), (&TABLE, 3, 2), (&ROOM, 4, 1)] {
            for (r#use, units) in uses.into_iter().zip(units) {
                assert_eq!(faces.of(r#use).cap_px(), units * of / by, "{use:?}", r#use = r#use);
            }
        }
    }

    #[test]
    fn a_glyph_has_as_many_pixels_as_its_size_says() {
        for face in for_text() {
            for char in ('А'..='я').chain(' '..='~') {
                let glyph = face.glyph(char).expect("it has one");
                assert!(glyph.ink().all(|(column, row, coverage)| {
                    (0..glyph.width).contains(&column) && (0..glyph.height).contains(&row) && coverage <= 15
                }));
                assert!(char == ' ' || glyph.ink().count() > 0, "{char:?}");
            }
        }
    }

    #[test]
    fn an_unknown_character_has_no_glyph() {
        assert!(DESK.of(Use::Body).glyph('字').is_none());
        assert!(DESK.of(Use::Body).glyph('😀').is_none());
        assert!(DESK.of(Use::Figure).glyph('A').is_none());
    }
}
