//! Rectangles of whole pixels.

use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;

/// A rectangle of pixels; it is never empty where this crate hands one out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rect {
    /// The leftmost column.
    pub x: u16,
    /// The topmost row.
    pub y: u16,
    /// How many columns.
    pub width: u16,
    /// How many rows.
    pub height: u16,
}

impl Rect {
    /// A rectangle from its corner and size.
    pub const fn new(x: u16, y: u16, width: u16, height: u16) -> Self {
        Self { x, y, width, height }
    }

    /// How many pixels it has.
    pub fn area(self) -> u32 {
        u32::from(self.width) * u32::from(self.height)
    }

    /// The first column to the right of it.
    pub fn right(self) -> u16 {
        self.x + self.width
    }

    /// The first row below it.
    pub fn bottom(self) -> u16 {
        self.y + self.height
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let (right, bottom) = (self.right().max(other.right()), self.bottom().max(other.bottom()));
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// Whether the pixel is in it.
    pub fn contains(self, x: u16, y: u16) -> bool {
        (self.x..self.right()).contains(&x) && (self.y..self.bottom()).contains(&y)
    }
}

impl From<Rect> for Rectangle {
    fn from(rect: Rect) -> Self {
        Self::new(
            Point::new(i32::from(rect.x), i32::from(rect.y)),
            Size::new(u32::from(rect.width), u32::from(rect.height)),
        )
    }
}
