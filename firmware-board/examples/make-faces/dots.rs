//! Faces of whole pixels, for panels that have few: read from BDF files, and marks drawn here.
//!
//! A letter's empty columns are left out, so that a line takes a quarter more of them; digits keep one width.

use std::error::Error;
use std::path::Path;

use crate::{Glyph, Table};

/// Empty columns after a glyph.
const SPACE: u16 = 1;

/// The glyphs of a BDF file that are asked for.
pub(crate) fn face(path: &Path, wanted: &str) -> Result<Table, Box<dyn Error>> {
    let text = std::fs::read(path).map_err(|error| format!("read {}: {error}", path.display()))?;
    let text = String::from_utf8_lossy(&text);
    let mut known: Vec<Glyph> = text.split("STARTCHAR ").skip(1).filter_map(glyph).collect();
    let cap_px = known.iter().find(|glyph| glyph.code == u16::from(b'H')).ok_or("no H")?.height;
    if cap_px == OWN_CAP_PX {
        for glyph in own() {
            known.retain(|other| other.code != glyph.code);
            known.push(glyph);
        }
    }
    let widest =
        known.iter().filter(|glyph| is_digit(glyph)).map(|glyph| glyph.width).max().ok_or("no digit")?;
    for digit in known.iter_mut().filter(|glyph| is_digit(glyph)) {
        digit.left = i16::try_from((widest - digit.width).div_ceil(2))?;
        digit.advance_64 = (widest + SPACE) * 64;
    }
    let mut glyphs = Vec::new();
    for char in wanted.chars() {
        let code = u16::try_from(u32::from(char))?;
        match known.iter().position(|glyph| glyph.code == code) {
            Some(index) => glyphs.push(known.swap_remove(index)),
            None => glyphs.extend(crate::marks::sign(char, cap_px).map(sharp)),
        }
    }
    Ok(Table { cap_px, glyphs })
}

/// The height of capitals of the face that has letters of ours.
const OWN_CAP_PX: u16 = 6;

/// Letters of ours, where four columns do not tell them apart: М from Н, and № from Ъ.
const OWN: [(char, &[&str]); 5] = [
    ('М', &["#...#", "##.##", "#.#.#", "#.#.#", "#...#", "#...#"]),
    ('M', &["#...#", "##.##", "#.#.#", "#.#.#", "#...#", "#...#"]),
    ('м', &["#...#", "##.##", "#.#.#", "#...#"]),
    ('m', &["####.", "#.#.#", "#.#.#", "#.#.#"]),
    ('№', &["#..#..#.", "##.#.#.#", "##.#.#.#", "#.##..#.", "#.##....", "#..#.###"]),
];

fn own() -> impl Iterator<Item = Glyph> {
    OWN.into_iter().filter_map(|(char, rows)| {
        let (width, height) = (u16::try_from(rows.first()?.len()).ok()?, u16::try_from(rows.len()).ok()?);
        Some(Glyph {
            code: u16::try_from(u32::from(char)).ok()?,
            width,
            height,
            left: 0,
            top: i16::try_from(height).ok()?,
            advance_64: (width + SPACE) * 64,
            coverage: drawn(rows),
        })
    })
}

/// A drawing in coverage.
fn drawn(rows: &[&str]) -> Vec<u8> {
    rows.concat().bytes().map(|dot| if dot == b'#' { 255 } else { 0 }).collect()
}

fn is_digit(glyph: &Glyph) -> bool {
    (u16::from(b'0')..=u16::from(b'9')).contains(&glyph.code)
}

/// A glyph of the font's other kind, with no pixel half lit.
fn sharp(mut glyph: Glyph) -> Glyph {
    for coverage in &mut glyph.coverage {
        *coverage = if *coverage >= 128 { 255 } else { 0 };
    }
    glyph
}

/// One character of the file, cut to its ink.
fn glyph(text: &str) -> Option<Glyph> {
    let (head, bitmap) = text.split_once("BITMAP")?;
    let numbers = |key: &str| -> Option<Vec<i16>> {
        let line = head.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().map(|number| number.parse().ok()).collect()
    };
    let code = u16::try_from(*numbers("ENCODING ")?.first()?).ok()?;
    let [_, height, _, below] = numbers("BBX ")?.try_into().ok()?;
    let advance = u16::try_from(*numbers("DWIDTH ")?.first()?).ok()?;
    let rows: Vec<u16> = bitmap
        .lines()
        .map(str::trim)
        .take_while(|line| *line != "ENDCHAR")
        .filter(|line| !line.is_empty())
        .map(|line| u16::from_str_radix(&format!("{line:0<4}"), 16).ok())
        .collect::<Option<_>>()?;
    let all = rows.iter().fold(0, |all, row| all | row);
    if all == 0 {
        let advance_64 = (advance / 2 + 1) * 64;
        return Some(Glyph { code, width: 0, height: 0, left: 0, top: 0, advance_64, coverage: Vec::new() });
    }
    let first = u16::try_from(all.leading_zeros()).ok()?;
    let width = 16 - first - u16::try_from(all.trailing_zeros()).ok()?;
    let empty = rows.iter().take_while(|row| **row == 0).count();
    let inked: Vec<u16> = {
        let end = rows.len() - rows.iter().rev().take_while(|row| **row == 0).count();
        rows[empty..end].to_vec()
    };
    let lit = |row: &u16, column: u16| if row << (first + column) & 0x8000 == 0 { 0 } else { 255 };
    Some(Glyph {
        code,
        width,
        height: u16::try_from(inked.len()).ok()?,
        left: 0,
        top: height + below - i16::try_from(empty).ok()?,
        advance_64: (width + SPACE) * 64,
        coverage: inked.iter().flat_map(|row| (0..width).map(move |column| lit(row, column))).collect(),
    })
}

/// The marks at 7x7, in the order of `Mark` in `src/marks.rs`, from U+E000 on.
const MARKS: [[&str; 7]; 16] = [
    // critical: a diamond with a call
    ["...#...", "..###..", ".##.##.", "###.###", ".#####.", "..#.#..", "...#..."],
    // breach: a triangle with a call
    ["...#...", "...#...", "..#.#..", "..#.#..", ".##.##.", ".#####.", "###.###"],
    // due soon: a dial
    ["..###..", ".##.##.", "###.###", "###.###", "####..#", ".#####.", "..###.."],
    // mass problem: sheets behind a sheet
    ["#####..", "#......", "#.#####", "#.#####", "#.#####", "..#####", "..#####"],
    // complaint: a bubble
    [".#####.", "###.###", "###.###", "#######", ".#####.", ".##....", ".#....."],
    // staffing: a person
    ["..###..", "..###..", "..###..", ".......", ".#####.", "#######", "#######"],
    // storage: a drum
    [".#####.", "#######", ".......", "#######", ".......", "#######", ".#####."],
    // clock: a question
    [".#####.", "##...##", ".....##", "...###.", "...#...", ".......", "...#..."],
    // letter: an envelope
    [".......", "#######", ".#####.", "#.###.#", "##.#.##", "#######", "......."],
    // panel: a screen crossed out
    ["#######", "#.....#", "#.#.#.#", "#..#..#", "#.#.#.#", "#######", "..###.."],
    // calendar: a page with days
    [".#...#.", "#######", ".......", "#.#.#.#", "#######", "#.#.#.#", "#######"],
    // well: a tick
    [".......", "......#", ".....##", "#...##.", "##.##..", ".###...", "..#...."],
    // taken: a tick
    [".......", "......#", ".....##", "#...##.", "##.##..", ".###...", "..#...."],
    // muted: a horn crossed out
    ["..#....", ".##....", "###.#.#", "###..#.", "###.#.#", ".##....", "..#...."],
    // shelved: two bars
    [".......", ".##.##.", ".##.##.", ".##.##.", ".##.##.", ".##.##.", "......."],
    // stopped: a square
    [".......", ".#####.", ".#####.", ".#####.", ".#####.", ".#####.", "......."],
];

pub(crate) fn marks() -> Vec<Glyph> {
    let mark = |(code, rows): (u16, [&str; 7])| Glyph {
        code,
        width: 7,
        height: 7,
        left: 0,
        top: 7,
        advance_64: 8 * 64,
        coverage: drawn(&rows),
    };
    (0xE000..).zip(MARKS).map(mark).collect()
}
