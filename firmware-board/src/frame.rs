//! A picture in memory.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::convert::Infallible;

use embedded_graphics::pixelcolor::raw::RawU16;
use embedded_graphics::pixelcolor::{Rgb565, Rgb888};
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Pixel, Point, RgbColor, Size};
use embedded_graphics::primitives::Rectangle;

use crate::Rect;

/// A picture in memory, RGB565, black at first.
///
/// It lives on the heap: a large frame as an array overflows a thread's stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    width: u16,
    height: u16,
    pixels: Box<[Rgb565]>,
}

impl Frame {
    /// A black frame.
    pub fn new(width: u16, height: u16) -> Self {
        let pixels = vec![Rgb565::BLACK; usize::from(width) * usize::from(height)].into_boxed_slice();
        Self { width, height, pixels }
    }

    /// Columns.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u16 {
        self.height
    }

    /// The rectangle of all pixels.
    pub fn bounds(&self) -> Rect {
        Rect::new(0, 0, self.width, self.height)
    }

    /// One row of pixels, top to bottom.
    pub fn row(&self, y: u16) -> &[Rgb565] {
        let start = usize::from(y) * usize::from(self.width);
        &self.pixels[start..start + usize::from(self.width)]
    }

    /// The pixels of a rectangle, row by row.
    pub fn pixels_in(&self, rect: Rect) -> impl Iterator<Item = Rgb565> {
        let columns = usize::from(rect.x)..usize::from(rect.right());
        (rect.y..rect.bottom()).flat_map(move |y| self.row(y)[columns.clone()].iter().copied())
    }

    /// One pixel, black outside the frame.
    pub fn pixel(&self, x: u16, y: u16) -> Rgb565 {
        if x < self.width && y < self.height { self.row(y)[usize::from(x)] } else { Rgb565::BLACK }
    }

    /// Whether a pixel is lit where there is only light or none: its strongest colour is at half or more, so that plain red is. Outside the frame
    /// nothing is.
    pub fn is_lit(&self, x: u16, y: u16) -> bool {
        let colour = self.pixel(x, y);
        colour.r() > Rgb565::MAX_R / 2 || colour.g() > Rgb565::MAX_G / 2 || colour.b() > Rgb565::MAX_B / 2
    }

    /// The frame as rows of red, green and blue bytes, for a PNG.
    pub fn rgb888(&self) -> Vec<u8> {
        self.rgb888_in(self.bounds()).flatten().collect()
    }

    /// Red, green and blue of the pixels of a rectangle, row by row.
    pub fn rgb888_in(&self, rect: Rect) -> impl Iterator<Item = [u8; 3]> {
        self.pixels_in(rect).map(Rgb888::from).map(|colour| [colour.r(), colour.g(), colour.b()])
    }

    /// Sets one pixel; outside the frame it does nothing.
    pub fn set(&mut self, x: u16, y: u16, colour: Rgb565) {
        if x < self.width && y < self.height {
            self.pixels[usize::from(y) * usize::from(self.width) + usize::from(x)] = colour;
        }
    }

    /// Sets one pixel from its raw 16 bits.
    pub(crate) fn set_raw(&mut self, x: u16, y: u16, raw: u16) {
        self.set(x, y, RawU16::new(raw).into());
    }
}

impl OriginDimensions for Frame {
    fn size(&self) -> Size {
        Size::new(u32::from(self.width), u32::from(self.height))
    }
}

impl DrawTarget for Frame {
    type Color = Rgb565;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb565>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(Point { x, y }, colour) in pixels {
            if let (Ok(x), Ok(y)) = (u16::try_from(x), u16::try_from(y)) {
                self.set(x, y, colour);
            }
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb565) -> Result<(), Infallible> {
        let clamp =
            |value: i32, max: u16| usize::try_from(value.clamp(0, i32::from(max))).expect("clamped from 0");
        let end = |start: i32, length: u32| start.saturating_add(i32::try_from(length).unwrap_or(i32::MAX));
        let left = clamp(area.top_left.x, self.width);
        let right = clamp(end(area.top_left.x, area.size.width), self.width);
        let top = clamp(area.top_left.y, self.height);
        let bottom = clamp(end(area.top_left.y, area.size.height), self.height);
        let width = usize::from(self.width);
        for y in top..bottom {
            self.pixels[y * width + left..y * width + right.max(left)].fill(colour);
        }
        Ok(())
    }
}
