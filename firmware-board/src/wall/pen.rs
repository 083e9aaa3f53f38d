//! What all parts of a wall draw with: areas, text and marks, placed on the wall's grid.
//!
//! The parts know units, not pixels. A unit is a pixel on a panel at a desk; on a panel that is read from farther away it is more of them, and
//! the faces are that much larger. What a larger panel has besides is more room, and the parts use it.

use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{DrawTarget, Pixel, Point, PointsIter, RgbColor, Size};
use embedded_graphics::primitives::Rectangle;

use super::MARGIN;
use crate::Rect;
use crate::face::{DESK, Face, Faces, POCKET, ROOM, TABLE, Use};
use crate::marks::Mark;
use crate::text;

/// How large a unit is, by the distance from which the panel is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Grid {
    /// A pixel a unit, and smaller words.
    Pocket,
    /// A pixel a unit.
    Desk,
    /// Three pixels are two units.
    Table,
    /// Four pixels a unit.
    Room,
}

impl Grid {
    /// Pixels, and the units that they are.
    fn ratio(self) -> (i32, i32) {
        match self {
            Self::Pocket | Self::Desk => (1, 1),
            Self::Table => (3, 2),
            Self::Room => (4, 1),
        }
    }

    fn faces(self) -> &'static Faces {
        match self {
            Self::Pocket => &POCKET,
            Self::Desk => &DESK,
            Self::Table => &TABLE,
            Self::Room => &ROOM,
        }
    }

    /// So many units in pixels.
    fn px(self, units: i32) -> i32 {
        let (px, per) = self.ratio();
        units * px / per
    }

    /// Columns and rows in units.
    pub(crate) fn size(self, (width, height): (u16, u16)) -> (u16, u16) {
        let units = |px: u16| u16::try_from(self.units(px.into())).expect("no more units than pixels");
        (units(width), units(height))
    }

    /// The units that so many pixels take, the last of them whole.
    fn units(self, px: i32) -> i32 {
        let (of, per) = self.ratio();
        (px * per + of - 1) / of
    }
}

/// Draws on a target. Text is blended against the colour that is known to be behind it, since a target cannot be read.
pub(crate) struct Pen<'a, D> {
    target: &'a mut D,
    grid: Grid,
    size_px: (u16, u16),
}

/// A face in a colour, on a colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ink {
    pub(crate) r#use: Use,
    pub(crate) colour: Rgb565,
    pub(crate) on: Rgb565,
}

/// Where a text is held.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hold {
    Left,
    Middle,
    Right,
}

impl Ink {
    pub(crate) const fn new(r#use: Use, colour: Rgb565, on: Rgb565) -> Self {
        Self { r#use, colour, on }
    }

    /// The colour of a pixel by its coverage, `0..=15`.
    fn steps(self) -> [Rgb565; 16] {
        let mix = |from: u8, to: u8, step: u16| {
            let (from, to) = (u16::from(from), u16::from(to));
            u8::try_from((from * (15 - step) + to * step + 7) / 15).expect("between two channels")
        };
        let mut steps = [self.on; 16];
        for (step, colour) in (0..).zip(&mut steps) {
            *colour = Rgb565::new(
                mix(self.on.r(), self.colour.r(), step),
                mix(self.on.g(), self.colour.g(), step),
                mix(self.on.b(), self.colour.b(), step),
            );
        }
        steps
    }
}

impl<'a, D: DrawTarget<Color = Rgb565>> Pen<'a, D> {
    /// A pen for a target of so many columns and rows.
    pub(crate) fn new(target: &'a mut D, grid: Grid, size_px: (u16, u16)) -> Self {
        Self { target, grid, size_px }
    }

    /// The wall's columns and rows in units; what is left of a unit at the right and at the bottom counts as one.
    pub(crate) fn size(&self) -> (u16, u16) {
        self.grid.size(self.size_px)
    }

    /// Where the margin at the right begins.
    pub(crate) fn right(&self) -> i32 {
        i32::from(self.size().0) - MARGIN
    }

    /// The whole wall.
    pub(crate) fn wall(&self) -> Rect {
        let (width, height) = self.size();
        Rect::new(0, 0, width, height)
    }

    /// Whether a text is no wider than so many units; no more of it is looked at than that.
    pub(crate) fn fits(&self, r#use: Use, words: &str, max: i32) -> bool {
        let max_px = self.grid.px(max);
        let (head, is_whole) = text::head(words, max_px);
        is_whole && text::width_px(self.face(r#use), &text::clean(head)) <= max_px
    }

    /// The width of a text in units.
    pub(crate) fn width(&self, r#use: Use, words: &str) -> i32 {
        self.grid.units(text::width_px(self.face(r#use), &text::clean(words)))
    }

    fn face(&self, r#use: Use) -> Face {
        self.grid.faces().of(r#use)
    }

    fn px(&self, area: Rect) -> Rectangle {
        let [left, top, right, bottom] =
            [area.x, area.y, area.right(), area.bottom()].map(|units| self.grid.px(units.into()));
        let size = Size::new((right - left).unsigned_abs(), (bottom - top).unsigned_abs());
        let wall = Size::new(self.size_px.0.into(), self.size_px.1.into());
        // What is left of a unit at the right and at the bottom may lie beyond the panel.
        Rectangle::new(Point::new(left, top), size).intersection(&Rectangle::new(Point::zero(), wall))
    }

    pub(crate) fn fill(&mut self, area: Rect, colour: Rgb565) -> Result<(), D::Error> {
        let area = self.px(area);
        self.target.fill_solid(&area, colour)
    }

    /// A frame of `thickness` units along the inside of `area`.
    pub(crate) fn border(&mut self, area: Rect, thickness: u16, colour: Rgb565) -> Result<(), D::Error> {
        let Rect { x, y, width, height } = area;
        self.fill(Rect::new(x, y, width, thickness), colour)?;
        self.fill(Rect::new(x, area.bottom() - thickness, width, thickness), colour)?;
        self.fill(Rect::new(x, y, thickness, height), colour)?;
        self.fill(Rect::new(area.right() - thickness, y, thickness, height), colour)
    }

    /// Slanting lines over an area, as on what is out of service.
    pub(crate) fn hatch(&mut self, area: Rect, pitch: u16, colour: Rgb565) -> Result<(), D::Error> {
        let (width, pitch) = (self.grid.px(2), self.grid.px(pitch.into()));
        let area = self.px(area);
        let inked = area.points().filter(|point| (point.x + point.y) % pitch < width);
        self.target.draw_iter(inked.map(|point| Pixel(point, colour)))
    }

    /// Writes a text at a base line, and says how wide it came out.
    pub(crate) fn text(
        &mut self,
        ink: Ink,
        hold: Hold,
        at: (i32, i32),
        words: &str,
    ) -> Result<i32, D::Error> {
        self.written(ink, hold, at, &text::clean(words))
    }

    /// Writes as much of a text as fits `max` units.
    pub(crate) fn text_within(
        &mut self,
        ink: Ink,
        hold: Hold,
        at: (i32, i32),
        max: i32,
        words: &str,
    ) -> Result<i32, D::Error> {
        let fitting: String = text::fit(self.face(ink.r#use), words, self.grid.px(max));
        self.written(ink, hold, at, &fitting)
    }

    /// Draws a mark with its top left corner at `at`.
    pub(crate) fn mark(&mut self, ink: Ink, at: (i32, i32), mark: Mark) -> Result<(), D::Error> {
        let mut code = [0; 4];
        let code: &str = mark.code().encode_utf8(&mut code);
        let (left, top) = (self.grid.px(at.0), self.grid.px(at.1));
        self.written_px(ink, Hold::Left, (left, top + self.face(ink.r#use).cap_px()), code).map(drop)
    }

    fn written(&mut self, ink: Ink, hold: Hold, at: (i32, i32), cleaned: &str) -> Result<i32, D::Error> {
        let at = (self.grid.px(at.0), self.grid.px(at.1));
        let width_px = self.written_px(ink, hold, at, cleaned)?;
        Ok(self.grid.units(width_px))
    }

    fn written_px(&mut self, ink: Ink, hold: Hold, at: (i32, i32), cleaned: &str) -> Result<i32, D::Error> {
        let face = self.face(ink.r#use);
        let width = text::width_px(face, cleaned);
        let left = match hold {
            Hold::Left => at.0,
            Hold::Middle => at.0 - width / 2,
            Hold::Right => at.0 - width,
        };
        let steps = ink.steps();
        for (x, glyph) in text::glyphs(face, cleaned) {
            match glyph {
                Some(glyph) => {
                    let (x, y) = (left + x + glyph.left, at.1 - glyph.top);
                    self.target.draw_iter(glyph.ink().map(|(column, row, coverage)| {
                        Pixel(Point::new(x + column, y + row), steps[usize::from(coverage)])
                    }))?;
                }
                None => self.missing(face, ink.colour, (left + x + 1, at.1))?,
            }
        }
        Ok(width)
    }

    /// The box that stands for a character without a glyph.
    fn missing(&mut self, face: Face, colour: Rgb565, (left, base): (i32, i32)) -> Result<(), D::Error> {
        let (width, height) = (text::box_width_px(face), face.cap_px());
        let thick = (height / 12).max(1);
        let edge = move |x: i32, y: i32| x < thick || y < thick || x >= width - thick || y >= height - thick;
        let pixels = (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)));
        self.target.draw_iter(
            pixels
                .filter(move |(x, y)| edge(*x, *y))
                .map(|(x, y)| Pixel(Point::new(left + x, base - height + y), colour)),
        )
    }
}
