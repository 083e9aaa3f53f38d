//! The marks: small pictures that say what an alarm is about by their shape, drawn here and not typed.
//!
//! Each is a function from a point of the unit square (y down) to whether it is ink, and is sampled 8x8 a pixel.

use crate::Glyph;

type Shape = fn(f32, f32) -> bool;

/// In the order of `Mark` in `src/marks.rs`, from U+E000 on.
const SHAPES: [Shape; 16] = [
    critical, breach, due_soon, mass, complaint, staffing, storage, clock, letter, panel, calendar, well,
    taken, muted, shelved, stopped,
];

/// The marks that are also needed poster-size: all is well, no picture, stopped.
pub(crate) const POSTER: [u16; 3] = [0xE009, 0xE00B, 0xE00F];

/// A sign of text that the font lacks, as high as a capital.
pub(crate) fn sign(char: char, cap_px: u16) -> Option<Glyph> {
    let shape: Shape = match char {
        '→' => |x, y| arrow(x, y),
        '←' => |x, y| arrow(1.0 - x, y),
        '↓' => |x, y| arrow(y, x),
        '↑' => |x, y| arrow(1.0 - y, x),
        '▲' => |x, y| (x - 0.5).abs() <= y * 0.5,
        '▼' => |x, y| (x - 0.5).abs() <= (1.0 - y) * 0.5,
        '●' => |x, y| disc(x, y, 0.5, 0.5, 0.42),
        '■' => |x, y| rect(x, y, 0.08, 0.08, 0.92, 0.92),
        '✓' => taken,
        _ => return None,
    };
    Some(Glyph {
        code: u16::try_from(u32::from(char)).ok()?,
        width: cap_px,
        height: cap_px,
        left: 1,
        top: i16::try_from(cap_px).ok()?,
        advance_64: (cap_px + 2) * 64,
        coverage: sample(shape, cap_px),
    })
}

pub(crate) fn glyphs(size_px: u16) -> Vec<Glyph> {
    (0xE000..)
        .zip(SHAPES)
        .map(|(code, shape)| Glyph {
            code,
            width: size_px,
            height: size_px,
            left: 0,
            top: i16::try_from(size_px).expect("marks are small"),
            advance_64: size_px * 64,
            coverage: sample(shape, size_px),
        })
        .collect()
}

fn sample(shape: Shape, size_px: u16) -> Vec<u8> {
    const STEPS: u16 = 8;
    let side = f32::from(size_px) * f32::from(STEPS);
    let at = |px: u16, step: u16| (f32::from(px) * f32::from(STEPS) + f32::from(step) + 0.5) / side;
    let mut coverage = Vec::new();
    for y in 0..size_px {
        for x in 0..size_px {
            let hits = (0..STEPS)
                .flat_map(|sy| (0..STEPS).map(move |sx| (sx, sy)))
                .filter(|(sx, sy)| shape(at(x, *sx), at(y, *sy)))
                .count();
            coverage.push(u8::try_from(hits * 255 / 64).expect("at most 255"));
        }
    }
    coverage
}

fn disc(x: f32, y: f32, cx: f32, cy: f32, r: f32) -> bool {
    (x - cx).hypot(y - cy) <= r
}

fn rect(x: f32, y: f32, left: f32, top: f32, right: f32, bottom: f32) -> bool {
    (left..=right).contains(&x) && (top..=bottom).contains(&y)
}

/// A rectangle with round corners.
fn slab(x: f32, y: f32, [left, top, right, bottom]: [f32; 4], r: f32) -> bool {
    let dx = (left + r - x).max(x - (right - r)).max(0.0);
    let dy = (top + r - y).max(y - (bottom - r)).max(0.0);
    dx.hypot(dy) <= r
}

/// A line with round ends.
fn stroke(x: f32, y: f32, [x1, y1, x2, y2]: [f32; 4], width: f32) -> bool {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let along = (((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (x - x1 - along * dx).hypot(y - y1 - along * dy) <= width / 2.0
}

fn exclamation(x: f32, y: f32, top: f32, bottom: f32) -> bool {
    let height = bottom - top;
    let half = 0.062 - 0.022 * ((y - top) / height).clamp(0.0, 1.0);
    (rect(x, y, 0.0, top, 1.0, top + height * 0.66) && (x - 0.5).abs() <= half)
        || disc(x, y, 0.5, bottom - 0.055, 0.064)
}

fn arrow(x: f32, y: f32) -> bool {
    let width = 0.15;
    stroke(x, y, [0.08, 0.5, 0.9, 0.5], width)
        || stroke(x, y, [0.9, 0.5, 0.58, 0.18], width)
        || stroke(x, y, [0.9, 0.5, 0.58, 0.82], width)
}

fn critical(x: f32, y: f32) -> bool {
    // A diamond with slightly blunt corners.
    let (dx, dy) = ((x - 0.5).abs(), (y - 0.5).abs());
    dx + dy <= 0.5 && dx <= 0.47 && dy <= 0.47 && !exclamation(x, y, 0.25, 0.77)
}

fn breach(x: f32, y: f32) -> bool {
    // A triangle: the rounded outline is the union of three strokes and the inside.
    let (top, left, right) = ((0.5, 0.1), (0.07, 0.86), (0.93, 0.86));
    let inside = y <= left.1 && y >= top.1 && (x - 0.5).abs() <= (y - top.1) / (left.1 - top.1) * 0.43;
    let edge = stroke(x, y, [top.0, top.1, left.0, left.1], 0.12)
        || stroke(x, y, [top.0, top.1, right.0, right.1], 0.12)
        || stroke(x, y, [left.0, left.1, right.0, right.1], 0.12);
    (inside || edge) && !exclamation(x, y, 0.32, 0.8)
}

fn due_soon(x: f32, y: f32) -> bool {
    let hands = stroke(x, y, [0.5, 0.5, 0.5, 0.2], 0.09) || stroke(x, y, [0.5, 0.5, 0.7, 0.62], 0.09);
    disc(x, y, 0.5, 0.5, 0.48) && !hands
}

fn mass(x: f32, y: f32) -> bool {
    // Sheets behind a sheet.
    let front = slab(x, y, [0.28, 0.34, 0.98, 0.96], 0.08);
    let gap = slab(x, y, [0.22, 0.28, 1.04, 1.02], 0.1);
    let middle = slab(x, y, [0.15, 0.19, 0.85, 0.81], 0.08);
    let middle_gap = slab(x, y, [0.09, 0.13, 0.91, 0.87], 0.1);
    let back = slab(x, y, [0.02, 0.04, 0.72, 0.66], 0.08);
    front || (middle && !gap) || (back && !middle_gap)
}

fn complaint(x: f32, y: f32) -> bool {
    let tail = (0.68..=0.98).contains(&y) && x >= 0.2 && x - 0.2 <= (0.98 - y) * 0.9;
    (slab(x, y, [0.03, 0.06, 0.97, 0.76], 0.14) || tail) && !exclamation(x, y, 0.17, 0.65)
}

fn staffing(x: f32, y: f32) -> bool {
    disc(x, y, 0.5, 0.27, 0.21) || (slab(x, y, [0.12, 0.54, 0.88, 1.3], 0.3) && y <= 0.95)
}

fn storage(x: f32, y: f32) -> bool {
    let oval = |cy: f32| ((x - 0.5) / 0.42).hypot((y - cy) / 0.15) <= 1.0;
    let ring = |cy: f32| {
        let r = ((x - 0.5) / 0.42).hypot((y - cy) / 0.15);
        y > cy && (1.0..=1.45).contains(&r) && r * 0.15 <= 0.215
    };
    let body = rect(x, y, 0.08, 0.18, 0.92, 0.82) || oval(0.18) || oval(0.82);
    body && !ring(0.18) && !ring(0.42)
}

fn clock(x: f32, y: f32) -> bool {
    // A dial with a question on it.
    let r = (x - 0.5).hypot(y - 0.5);
    let (qx, qy) = (x - 0.5, y - 0.37);
    let bow = (0.1..=0.2).contains(&qx.hypot(qy)) && !(qx < 0.0 && qy > 0.0);
    let stem = rect(x, y, 0.45, 0.47, 0.55, 0.64);
    r <= 0.48 && !(bow || stem || disc(x, y, 0.5, 0.77, 0.065))
}

fn letter(x: f32, y: f32) -> bool {
    let fold = stroke(x, y, [0.02, 0.2, 0.5, 0.58], 0.08) || stroke(x, y, [0.98, 0.2, 0.5, 0.58], 0.08);
    slab(x, y, [0.02, 0.14, 0.98, 0.86], 0.08) && !fold
}

fn panel(x: f32, y: f32) -> bool {
    let frame = slab(x, y, [0.02, 0.08, 0.98, 0.74], 0.08);
    let cross = stroke(x, y, [0.36, 0.27, 0.64, 0.55], 0.1) || stroke(x, y, [0.64, 0.27, 0.36, 0.55], 0.1);
    (frame && !cross) || rect(x, y, 0.42, 0.74, 0.58, 0.86) || slab(x, y, [0.24, 0.84, 0.76, 0.94], 0.05)
}

fn calendar(x: f32, y: f32) -> bool {
    let page = slab(x, y, [0.05, 0.12, 0.95, 0.95], 0.09);
    let rings = slab(x, y, [0.24, 0.02, 0.36, 0.22], 0.05) || slab(x, y, [0.64, 0.02, 0.76, 0.22], 0.05);
    let head = rect(x, y, 0.05, 0.3, 0.95, 0.37);
    let days = y > 0.4
        && y < 0.9
        && [0.2_f32, 0.43, 0.66].iter().any(|left| {
            rect(x, y, *left, 0.48, left + 0.14, 0.62) || rect(x, y, *left, 0.7, left + 0.14, 0.84)
        });
    (page || rings) && !head && !days
}

fn tick(x: f32, y: f32, width: f32) -> bool {
    stroke(x, y, [0.27, 0.53, 0.44, 0.69], width) || stroke(x, y, [0.44, 0.69, 0.75, 0.34], width)
}

fn well(x: f32, y: f32) -> bool {
    disc(x, y, 0.5, 0.5, 0.49) && !tick(x, y, 0.115)
}

fn taken(x: f32, y: f32) -> bool {
    stroke(x, y, [0.1, 0.52, 0.38, 0.8], 0.16) || stroke(x, y, [0.38, 0.8, 0.9, 0.22], 0.16)
}

fn muted(x: f32, y: f32) -> bool {
    let horn = rect(x, y, 0.04, 0.35, 0.3, 0.65)
        || ((0.25..=0.52).contains(&x) && (y - 0.5).abs() <= 0.15 + (x - 0.25) * 0.95);
    let cross = stroke(x, y, [0.66, 0.36, 0.94, 0.64], 0.1) || stroke(x, y, [0.94, 0.36, 0.66, 0.64], 0.1);
    horn || cross
}

fn shelved(x: f32, y: f32) -> bool {
    let bars = rect(x, y, 0.33, 0.28, 0.44, 0.72) || rect(x, y, 0.56, 0.28, 0.67, 0.72);
    disc(x, y, 0.5, 0.5, 0.48) && !bars
}

fn stopped(x: f32, y: f32) -> bool {
    slab(x, y, [0.06, 0.06, 0.94, 0.94], 0.08) && !rect(x, y, 0.3, 0.3, 0.7, 0.7)
}
