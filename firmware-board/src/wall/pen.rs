//! What all parts of a wall draw with: areas, text and marks.

use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{DrawTarget, Pixel, Point, RgbColor};

use crate::Rect;
use crate::face::Face;
use crate::marks::Mark;
use crate::text;

/// Draws on a target. Text is blended against the colour that is known to be behind it, since a target cannot be read.
pub(crate) struct Pen<'a, D> {
    target: &'a mut D,
}

/// A face in a colour, on a colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ink {
    pub(crate) face: Face,
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
    pub(crate) const fn new(face: Face, colour: Rgb565, on: Rgb565) -> Self {
        Self { face, colour, on }
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
    pub(crate) fn new(target: &'a mut D) -> Self {
        Self { target }
    }

    pub(crate) fn fill(&mut self, area: Rect, colour: Rgb565) -> Result<(), D::Error> {
        self.target.fill_solid(&area.into(), colour)
    }

    /// A frame of `thickness` pixels along the inside of `area`.
    pub(crate) fn border(&mut self, area: Rect, thickness: u16, colour: Rgb565) -> Result<(), D::Error> {
        let Rect { x, y, width, height } = area;
        self.fill(Rect::new(x, y, width, thickness), colour)?;
        self.fill(Rect::new(x, area.bottom() - thickness, width, thickness), colour)?;
        self.fill(Rect::new(x, y, thickness, height), colour)?;
        self.fill(Rect::new(area.right() - thickness, y, thickness, height), colour)
    }

    /// Slanting lines over an area, as on what is out of service.
    pub(crate) fn hatch(&mut self, area: Rect, pitch: u16, colour: Rgb565) -> Result<(), D::Error> {
        let lines = (area.y..area.bottom()).flat_map(|y| (area.x..area.right()).map(move |x| (x, y)));
        let inked = lines.filter(|(x, y)| (x + y) % pitch < 2);
        self.target.draw_iter(inked.map(|(x, y)| Pixel(Point::new(x.into(), y.into()), colour)))
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

    /// Writes as much of a text as fits `max_px`.
    pub(crate) fn text_within(
        &mut self,
        ink: Ink,
        hold: Hold,
        at: (i32, i32),
        max_px: i32,
        words: &str,
    ) -> Result<i32, D::Error> {
        let fitting: String = text::fit(ink.face, words, max_px);
        self.written(ink, hold, at, &fitting)
    }

    /// Draws a mark with its top left corner at `at`.
    pub(crate) fn mark(&mut self, ink: Ink, at: (i32, i32), mark: Mark) -> Result<(), D::Error> {
        let mut code = [0; 4];
        let code: &str = mark.code().encode_utf8(&mut code);
        self.written(ink, Hold::Left, (at.0, at.1 + ink.face.cap_px()), code).map(drop)
    }

    fn written(&mut self, ink: Ink, hold: Hold, at: (i32, i32), cleaned: &str) -> Result<i32, D::Error> {
        let width = text::width_px(ink.face, cleaned);
        let left = match hold {
            Hold::Left => at.0,
            Hold::Middle => at.0 - width / 2,
            Hold::Right => at.0 - width,
        };
        let steps = ink.steps();
        for (x, glyph) in text::glyphs(ink.face, cleaned) {
            match glyph {
                Some(glyph) => {
                    let (x, y) = (left + x + glyph.left, at.1 - glyph.top);
                    self.target.draw_iter(glyph.ink().map(|(column, row, coverage)| {
                        Pixel(Point::new(x + column, y + row), steps[usize::from(coverage)])
                    }))?;
                }
                None => self.missing(ink, left + x + 1, at.1)?,
            }
        }
        Ok(width)
    }

    /// The box that stands for a character without a glyph.
    fn missing(&mut self, ink: Ink, left: i32, base: i32) -> Result<(), D::Error> {
        let (width, height) = (text::box_width_px(ink.face), ink.face.cap_px());
        let edge = move |x: i32, y: i32| x == 0 || y == 0 || x == width - 1 || y == height - 1;
        let pixels = (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)));
        self.target.draw_iter(
            pixels
                .filter(move |(x, y)| edge(*x, *y))
                .map(|(x, y)| Pixel(Point::new(left + x, base - height + y), ink.colour)),
        )
    }
}
