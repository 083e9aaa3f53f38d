//! What changed between two frames.
//!
//! A rectangle costs a panel about eleven bytes and five transfers before its first pixel, so rectangles close to one another are sent as one
//! while that wastes fewer pixels than [`WASTE_PX`].

use alloc::vec;
use alloc::vec::Vec;

use crate::{Frame, Rect};

/// A merge of two rectangles may add fewer unchanged pixels than this.
pub const WASTE_PX: u32 = 256;

/// Changed pixels of a row that are nearer than this belong to one span.
const GAP_PX: u16 = 8;

impl Frame {
    /// The rectangles in which this frame differs from `last`, which cover every changed pixel; none when they are equal.
    ///
    /// Frames of different sizes differ everywhere.
    pub fn diff(&self, last: &Self) -> Vec<Rect> {
        if (self.width(), self.height()) != (last.width(), last.height()) {
            return vec![self.bounds()];
        }
        let mut rects: Vec<Rect> = Vec::new();
        for y in 0..self.height() {
            if self.row(y) != last.row(y) {
                for span in changed_spans(self, last, y) {
                    absorb(&mut rects, span);
                }
            }
        }
        settle(rects)
    }
}

/// The changed pixels of one row, as rectangles one row high.
fn changed_spans(now: &Frame, last: &Frame, y: u16) -> Vec<Rect> {
    let mut spans: Vec<Rect> = Vec::new();
    let changed =
        (0..now.width()).zip(now.row(y).iter().zip(last.row(y))).filter(|(_, (now, last))| now != last);
    for (x, _) in changed {
        match spans.last_mut() {
            Some(span) if x < span.right() + GAP_PX => span.width = x + 1 - span.x,
            _ => spans.push(Rect::new(x, y, 1, 1)),
        }
    }
    spans
}

/// Merges `rect` into the rectangle that wastes least by it, or adds it.
fn absorb(rects: &mut Vec<Rect>, rect: Rect) {
    let near = rects.iter_mut().min_by_key(|other| waste(**other, rect));
    match near {
        Some(other) if waste(*other, rect) < i64::from(WASTE_PX) => *other = other.union(rect),
        _ => rects.push(rect),
    }
}

/// Merges until no two are worth it: a merge may have brought two others together.
fn settle(mut rects: Vec<Rect>) -> Vec<Rect> {
    loop {
        let before = rects.len();
        let mut settled = Vec::with_capacity(before);
        for rect in rects {
            absorb(&mut settled, rect);
        }
        if settled.len() == before {
            return settled;
        }
        rects = settled;
    }
}

/// How many pixels more both cost as one; less than nothing where they overlap.
fn waste(a: Rect, b: Rect) -> i64 {
    i64::from(a.union(b).area()) - i64::from(a.area()) - i64::from(b.area())
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::Rgb565;
    use embedded_graphics::prelude::{DrawTarget, RgbColor, WebColors};

    use super::*;

    fn with(rects: &[Rect]) -> Frame {
        let mut frame = Frame::new(480, 320);
        for rect in rects {
            frame.fill_solid(&(*rect).into(), Rgb565::CSS_ORANGE).expect("a frame takes every pixel");
        }
        frame
    }

    #[test]
    fn equal_frames_have_no_difference() {
        let frame = with(&[Rect::new(10, 10, 50, 50)]);
        assert_eq!(frame.diff(&frame.clone()), []);
    }

    #[test]
    fn a_changed_rectangle_is_found_exactly() {
        let rect = Rect::new(471, 311, 9, 9);
        assert_eq!(with(&[rect]).diff(&with(&[])), [rect]);
    }

    #[test]
    fn near_rectangles_are_one_and_far_ones_are_two() {
        let (a, near, far) =
            (Rect::new(10, 10, 20, 20), Rect::new(34, 10, 20, 20), Rect::new(300, 200, 20, 20));
        assert_eq!(with(&[a, near]).diff(&with(&[])), [a.union(near)]);
        assert_eq!(with(&[a, far]).diff(&with(&[])), [a, far]);
    }

    #[test]
    fn frames_of_another_size_differ_everywhere() {
        assert_eq!(Frame::new(480, 320).diff(&Frame::new(320, 480)), [Rect::new(0, 0, 480, 320)]);
    }

    #[test]
    fn every_changed_pixel_is_covered_however_they_lie() {
        let mut seed = 7_u32;
        let mut random = |below: u16| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u16::try_from((seed >> 16) % u32::from(below)).expect("below a u16")
        };
        for _ in 0..50 {
            let last = Frame::new(120, 80);
            let mut now = last.clone();
            for _ in 0..random(60) {
                now.set(random(120), random(80), Rgb565::WHITE);
            }
            let rects = now.diff(&last);
            for y in 0..80 {
                for x in 0..120 {
                    let changed = now.row(y)[usize::from(x)] != last.row(y)[usize::from(x)];
                    assert!(!changed || rects.iter().any(|rect| rect.contains(x, y)), "({x}, {y})");
                }
            }
        }
    }
}
