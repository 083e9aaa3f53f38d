//! From a frame into the memory that a graphics card scans.

use firmware_board::{Frame, Rect};

/// Bytes of a pixel: blue, green, red, and one that means nothing.
pub(super) const PIXEL: usize = 4;

/// Writes a rectangle of the frame, and nothing beside it, into memory with `pitch` bytes a row, in which the frame's first
/// pixel is at `left`, `top`. The memory is only written to: reading it is slow.
pub(super) fn paint(frame: &Frame, rect: Rect, memory: &mut [u8], pitch: usize, (left, top): (u16, u16)) {
    let start = (usize::from(left) + usize::from(rect.x)) * PIXEL;
    let row_bytes = usize::from(rect.width) * PIXEL;
    let rows = memory.chunks_mut(pitch).skip(usize::from(top) + usize::from(rect.y));
    for (y, row) in (rect.y..rect.bottom()).zip(rows) {
        let pixels = frame.rgb888_in(Rect::new(rect.x, y, rect.width, 1));
        let places = row[start..start + row_bytes].chunks_exact_mut(PIXEL);
        for (place, [red, green, blue]) in places.zip(pixels) {
            place.copy_from_slice(&[blue, green, red, 0]);
        }
    }
}
