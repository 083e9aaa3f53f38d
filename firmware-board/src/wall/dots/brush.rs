//! What a wall of few pixels is drawn with: whole pixels, lit or dark, and letters that are as many pixels a dot as there is room for.

use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{DrawTarget, Point, Size};
use embedded_graphics::primitives::Rectangle;

use crate::face::{DOT, DOT_BOLD, Face, MARKS_DOT};
use crate::marks::Mark;
use crate::text;

/// A face of dots, each of so many pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    face: Face,
    pub(super) times: i32,
}

impl Type {
    /// The smallest that is read, so many times as large.
    pub(super) const fn small(times: i32) -> Self {
        Self { face: DOT, times }
    }

    /// A bolder and larger one, at its own size.
    pub(super) const BOLD: Self = Self { face: DOT_BOLD, times: 1 };

    /// The height of capitals.
    pub(super) fn cap(self) -> i32 {
        self.face.cap_px() * self.times
    }

    /// From one line to the next.
    pub(super) fn pitch(self) -> i32 {
        // Below the capitals there is the foot of Щ, and above them, where the face has it, the mark of Й.
        self.cap() + self.times * if self.face.cap_px() < DOT_BOLD.cap_px() { 2 } else { 5 }
    }

    pub(super) fn width(self, words: &str) -> i32 {
        text::width_px(self.face, words) * self.times
    }

    /// Whether a text is no wider than this.
    pub(super) fn fits(self, words: &str, max: i32) -> bool {
        let (head, is_whole) = text::head(words, max);
        is_whole && self.width(&text::clean(head)) <= max
    }

    /// As much of a text as fits, whole or with a mark that it is not.
    pub(super) fn fit(self, words: &str, max: i32) -> String {
        text::fit(self.face, words, max / self.times)
    }

    /// The most times that a text is drawn larger and still fits; at least once.
    pub(super) fn largest(words: &str, width: i32, height: i32) -> Self {
        let once = Self::small(1);
        let times = (width / once.width(words).max(1)).min(height / once.cap());
        Self::small(times.max(1))
    }
}

/// Draws on a target of so many columns and rows.
pub(super) struct Brush<'a, D> {
    target: &'a mut D,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl<'a, D: DrawTarget<Color = Rgb565>> Brush<'a, D> {
    pub(super) fn new(target: &'a mut D, (width, height): (u16, u16)) -> Self {
        Self { target, width: width.into(), height: height.into() }
    }

    /// Fills from a corner, so many columns and rows of what lies on the wall.
    pub(super) fn fill(
        &mut self,
        (x, y): (i32, i32),
        (width, height): (i32, i32),
        colour: Rgb565,
    ) -> Result<(), D::Error> {
        let size = |length: i32| u32::try_from(length).unwrap_or(0);
        let wall = Rectangle::new(Point::zero(), Size::new(size(self.width), size(self.height)));
        let area = Rectangle::new(Point::new(x, y), Size::new(size(width), size(height))).intersection(&wall);
        if area.is_zero_sized() { Ok(()) } else { self.target.fill_solid(&area, colour) }
    }

    /// Writes a text with the tops of its capitals at `top`; says how wide it came out.
    pub(super) fn text(
        &mut self,
        r#type: Type,
        colour: Rgb565,
        (left, top): (i32, i32),
        words: &str,
    ) -> Result<i32, D::Error> {
        self.written(r#type, colour, (left, top), &text::clean(words))
    }

    /// Writes as much of a text as fits.
    pub(super) fn text_within(
        &mut self,
        r#type: Type,
        colour: Rgb565,
        at: (i32, i32),
        max: i32,
        words: &str,
    ) -> Result<i32, D::Error> {
        self.written(r#type, colour, at, &r#type.fit(words, max))
    }

    /// Draws a mark, 7 dots wide and high, each of so many pixels.
    pub(super) fn mark(
        &mut self,
        times: i32,
        colour: Rgb565,
        at: (i32, i32),
        mark: Mark,
    ) -> Result<(), D::Error> {
        let mut code = [0; 4];
        let r#type = Type { face: MARKS_DOT, times };
        self.written(r#type, colour, at, mark.code().encode_utf8(&mut code)).map(drop)
    }

    fn written(
        &mut self,
        r#type: Type,
        colour: Rgb565,
        (left, top): (i32, i32),
        cleaned: &str,
    ) -> Result<i32, D::Error> {
        let Type { face, times } = r#type;
        let cap = face.cap_px();
        for (x, glyph) in text::glyphs(face, cleaned) {
            let at = |column: i32, row: i32| (left + (x + column) * times, top + (row + cap) * times);
            match glyph {
                Some(glyph) => {
                    for (column, row, _) in glyph.ink() {
                        self.fill(at(glyph.left + column, row - glyph.top), (times, times), colour)?;
                    }
                }
                None => {
                    self.missing(
                        at(0, -cap),
                        (text::box_width_px(face) * times, cap * times),
                        times,
                        colour,
                    )?;
                }
            }
        }
        Ok(r#type.width(cleaned))
    }

    /// The box that stands for a character without a glyph.
    fn missing(
        &mut self,
        (x, y): (i32, i32),
        (width, height): (i32, i32),
        thick: i32,
        colour: Rgb565,
    ) -> Result<(), D::Error> {
        self.fill((x, y), (width, thick), colour)?;
        self.fill((x, y + height - thick), (width, thick), colour)?;
        self.fill((x, y), (thick, height), colour)?;
        self.fill((x + width - thick, y), (thick, height), colour)
    }
}
