//! Makes the tables in `src/faces` from a TrueType font, on the host.
//!
//! ```text
//! apt-get install fonts-roboto-unhinted
//! cargo run -p firmware-board --example make-faces -- /usr/share/fonts/truetype/roboto/unhinted
//! ```
//!
//! A face is scaled so that its capitals are a whole number of pixels high: their tops and feet then fall on pixel edges and stay crisp.

mod marks;

use std::error::Error;
use std::path::{Path, PathBuf};

use fontdue::{Font, FontSettings};

/// Everything a subject in Russian or English may hold.
const TEXT: &str = concat!(
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
    "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "ЄІЇҐЎєіїґў№«»„“”‘’–—…°±−×·•§©®€₽äöüßéèçÄÖÜÉ←↑→↓▲▼●■✓"
);
/// What words on the wall are written with.
const CAPITALS: &str = concat!(
    " !\"%&'()+,-./0123456789:?ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ№«»–—…°−×·"
);
/// What figures are written with.
const FIGURES: &str = " +,-./0123456789:%−…–";

struct Wanted {
    name: &'static str,
    font: &'static str,
    cap_px: u8,
    glyphs: &'static str,
}

const FACES: [Wanted; 7] = [
    Wanted { name: "small", font: "RobotoCondensed-Medium.ttf", cap_px: 12, glyphs: TEXT },
    Wanted { name: "line", font: "RobotoCondensed-Medium.ttf", cap_px: 14, glyphs: TEXT },
    Wanted { name: "body", font: "RobotoCondensed-Bold.ttf", cap_px: 15, glyphs: TEXT },
    Wanted { name: "figure", font: "RobotoCondensed-Bold.ttf", cap_px: 24, glyphs: FIGURES },
    Wanted { name: "title", font: "RobotoCondensed-Bold.ttf", cap_px: 30, glyphs: CAPITALS },
    Wanted { name: "huge", font: "RobotoCondensed-Bold.ttf", cap_px: 52, glyphs: FIGURES },
    Wanted { name: "clock", font: "RobotoCondensed-Bold.ttf", cap_px: 84, glyphs: FIGURES },
];

fn main() -> Result<(), Box<dyn Error>> {
    let fonts = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: make-faces FOLDER-OF-FONTS")?;
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/faces");
    for wanted in FACES {
        let table = face(&fonts, &wanted)?;
        write(&out, wanted.name, &table)?;
    }
    for (name, size_px) in [("marks", 24), ("marks-band", 56)] {
        write(&out, name, &Table { cap_px: size_px, glyphs: marks::glyphs(size_px) })?;
    }
    let mut poster = marks::glyphs(88);
    poster.retain(|glyph| marks::POSTER.contains(&glyph.code));
    write(&out, "marks-poster", &Table { cap_px: 88, glyphs: poster })?;
    Ok(())
}

fn face(fonts: &Path, wanted: &Wanted) -> Result<Table, Box<dyn Error>> {
    let path = fonts.join(wanted.font);
    let bytes = std::fs::read(&path).map_err(|error| format!("read {}: {error}", path.display()))?;
    let font = Font::from_bytes(bytes, FontSettings { scale: 96.0, ..FontSettings::default() })?;
    // The capital H has neither overshoot nor curves.
    let probe_px = 1_000.0;
    let cap_per_px = font.metrics('H', probe_px).bounds.height / probe_px;
    // A hair less, or rounding spills the tops into one more row.
    let px = f32::from(wanted.cap_px) / cap_per_px * 0.9999;
    let mut glyphs = Vec::new();
    for char in wanted.glyphs.chars() {
        if font.lookup_glyph_index(char) == 0 {
            glyphs.push(
                marks::sign(char, wanted.cap_px)
                    .ok_or_else(|| format!("neither the font nor we have {char:?}"))?,
            );
            continue;
        }
        let (metrics, coverage) = font.rasterize(char, px);
        glyphs.push(Glyph {
            code: u16::try_from(u32::from(char))?,
            width: u8::try_from(metrics.width)?,
            height: u8::try_from(metrics.height)?,
            left: i8::try_from(metrics.xmin)?,
            top: i8::try_from(metrics.ymin + i32::try_from(metrics.height)?)?,
            advance_64: to_64ths(metrics.advance_width),
            coverage,
        });
    }
    Ok(Table { cap_px: wanted.cap_px, glyphs })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an advance is a small positive number"
)]
fn to_64ths(px: f32) -> u16 {
    (px * 64.0).round() as u16
}

/// One face, as it is written.
struct Table {
    cap_px: u8,
    glyphs: Vec<Glyph>,
}

/// One glyph with its coverage, `0..=255` a pixel.
struct Glyph {
    code: u16,
    width: u8,
    height: u8,
    left: i8,
    top: i8,
    advance_64: u16,
    coverage: Vec<u8>,
}

fn write(out: &Path, name: &str, table: &Table) -> Result<(), Box<dyn Error>> {
    let bytes = encode(table)?;
    let path = out.join(format!("{name}.face"));
    std::fs::write(&path, &bytes).map_err(|error| format!("write {}: {error}", path.display()))?;
    println!("{name}: {} glyphs, {} bytes", table.glyphs.len(), bytes.len());
    Ok(())
}

/// See `src/face.rs` for the format.
fn encode(table: &Table) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut glyphs: Vec<&Glyph> = table.glyphs.iter().collect();
    glyphs.sort_by_key(|glyph| glyph.code);
    let mut bytes = Vec::from(*b"FACE");
    bytes.extend([table.cap_px, 0]);
    bytes.extend(u16::try_from(glyphs.len())?.to_le_bytes());
    let mut nibbles = Vec::new();
    for glyph in glyphs {
        bytes.extend(glyph.code.to_le_bytes());
        bytes.extend([glyph.width, glyph.height]);
        bytes.extend(glyph.left.to_le_bytes());
        bytes.extend(glyph.top.to_le_bytes());
        bytes.extend(glyph.advance_64.to_le_bytes());
        bytes.extend(u32::try_from(nibbles.len())?.to_le_bytes());
        nibbles.extend(glyph.coverage.chunks(2).map(|pair| {
            let [left, right] =
                [pair[0], pair.get(1).copied().unwrap_or(0)].map(|c| (u16::from(c) * 15 + 127) / 255);
            u8::try_from(left << 4 | right).expect("two nibbles are a byte")
        }));
    }
    bytes.extend(nibbles);
    Ok(bytes)
}
