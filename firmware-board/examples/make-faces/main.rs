//! Makes the tables in `src/faces` from a TrueType font, on the host.
//!
//! ```text
//! apt-get install fonts-roboto-unhinted
//! cargo run -p firmware-board --example make-faces -- /usr/share/fonts/truetype/roboto/unhinted \
//!     ~/.cargo/registry/src/*/embedded-graphics-0.8.2/fonts/src
//! ```
//!
//! A face is scaled so that its capitals are a whole number of pixels high: their tops and feet then fall on pixel edges and stay crisp.

mod dots;
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

/// The scales of the wall's grid: a face of 14 in the grid is so many pixels high.
const SCALES: [Scale; 3] = [
    Scale { folder: "desk", of: 2, by: 2 },
    Scale { folder: "table", of: 3, by: 2 },
    Scale { folder: "room", of: 8, by: 2 },
];

/// A grid whose unit is `of` / `by` pixels.
struct Scale {
    folder: &'static str,
    of: u16,
    by: u16,
}

impl Scale {
    fn px(&self, units: u16) -> u16 {
        units * self.of / self.by
    }
}

/// A face that every scale has, by the height of its capitals in the grid.
struct Wanted {
    name: &'static str,
    font: &'static str,
    cap: u16,
    glyphs: &'static str,
}

const FACES: [Wanted; 7] = [
    Wanted { name: "small", font: "RobotoCondensed-Medium.ttf", cap: 12, glyphs: TEXT },
    Wanted { name: "line", font: "RobotoCondensed-Medium.ttf", cap: 14, glyphs: TEXT },
    Wanted { name: "body", font: "RobotoCondensed-Bold.ttf", cap: 15, glyphs: TEXT },
    Wanted { name: "figure", font: "RobotoCondensed-Bold.ttf", cap: 24, glyphs: FIGURES },
    Wanted { name: "title", font: "RobotoCondensed-Bold.ttf", cap: 30, glyphs: CAPITALS },
    Wanted { name: "huge", font: "RobotoCondensed-Bold.ttf", cap: 52, glyphs: FIGURES },
    Wanted { name: "clock", font: "RobotoCondensed-Bold.ttf", cap: 84, glyphs: FIGURES },
];
/// Marks that every scale has, by their height in the grid.
const MARKS: [(&str, u16, &[u16]); 3] =
    [("marks", 24, &[]), ("marks-band", 56, &[]), ("marks-poster", 88, &marks::POSTER)];
/// Words of the 320x240 wall, between a line and a title.
const WORD: Wanted = Wanted { name: "word", font: "RobotoCondensed-Bold.ttf", cap: 20, glyphs: CAPITALS };
/// Faces made of whole pixels, for panels of few: name and file.
const DOTS: [(&str, &str); 2] = [("dot", "5x7.bdf"), ("dot-bold", "9x15B.bdf")];

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(fonts), Some(dots)) = (folders.next(), folders.next()) else {
        return Err("usage: make-faces FOLDER-OF-TTF FOLDER-OF-BDF".into());
    };
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/faces");
    for scale in &SCALES {
        for wanted in &FACES {
            let table = face(&fonts, wanted, scale.px(wanted.cap))?;
            write(&out, &format!("{}/{}", scale.folder, wanted.name), &table)?;
        }
        for (name, size, only) in MARKS {
            let size_px = scale.px(size);
            let mut glyphs = marks::glyphs(size_px);
            glyphs.retain(|glyph| only.is_empty() || only.contains(&glyph.code));
            write(&out, &format!("{}/{name}", scale.folder), &Table { cap_px: size_px, glyphs })?;
        }
    }
    write(&out, "word", &face(&fonts, &WORD, WORD.cap)?)?;
    for (name, file) in DOTS {
        write(&out, name, &dots::face(&dots.join(file), TEXT)?)?;
    }
    write(&out, "marks-dot", &Table { cap_px: 7, glyphs: dots::marks() })?;
    Ok(())
}

fn face(fonts: &Path, wanted: &Wanted, cap_px: u16) -> Result<Table, Box<dyn Error>> {
    let path = fonts.join(wanted.font);
    let bytes = std::fs::read(&path).map_err(|error| format!("read {}: {error}", path.display()))?;
    let settings = FontSettings { scale: f32::from(cap_px * 2).max(96.0), ..FontSettings::default() };
    let font = Font::from_bytes(bytes, settings)?;
    // The capital H has neither overshoot nor curves.
    let probe_px = 1_000.0;
    let cap_per_px = font.metrics('H', probe_px).bounds.height / probe_px;
    // A hair less, or rounding spills the tops into one more row.
    let px = f32::from(cap_px) / cap_per_px * 0.9999;
    let mut glyphs = Vec::new();
    for char in wanted.glyphs.chars() {
        if font.lookup_glyph_index(char) == 0 {
            glyphs.push(
                marks::sign(char, cap_px).ok_or_else(|| format!("neither the font nor we have {char:?}"))?,
            );
            continue;
        }
        let (metrics, coverage) = font.rasterize(char, px);
        glyphs.push(Glyph {
            code: u16::try_from(u32::from(char))?,
            width: u16::try_from(metrics.width)?,
            height: u16::try_from(metrics.height)?,
            left: i16::try_from(metrics.xmin)?,
            top: i16::try_from(metrics.ymin + i32::try_from(metrics.height)?)?,
            advance_64: to_64ths(metrics.advance_width),
            coverage,
        });
    }
    Ok(Table { cap_px, glyphs })
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
    cap_px: u16,
    glyphs: Vec<Glyph>,
}

/// One glyph with its coverage, `0..=255` a pixel.
struct Glyph {
    code: u16,
    width: u16,
    height: u16,
    left: i16,
    top: i16,
    advance_64: u16,
    coverage: Vec<u8>,
}

fn write(out: &Path, name: &str, table: &Table) -> Result<(), Box<dyn Error>> {
    let bytes = encode(table)?;
    let path = out.join(format!("{name}.face"));
    std::fs::write(&path, &bytes).map_err(|error| format!("write {}: {error}", path.display()))?;
    println!("{name}: {} px, {} glyphs, {} bytes", table.cap_px, table.glyphs.len(), bytes.len());
    Ok(())
}

/// See `src/face.rs` for the format.
fn encode(table: &Table) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut glyphs: Vec<&Glyph> = table.glyphs.iter().collect();
    glyphs.sort_by_key(|glyph| glyph.code);
    let mut bytes = Vec::from(*b"FACE");
    bytes.extend(table.cap_px.to_le_bytes());
    bytes.extend(u16::try_from(glyphs.len())?.to_le_bytes());
    let mut runs = Vec::new();
    for glyph in glyphs {
        for number in [glyph.code, glyph.width, glyph.height] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(glyph.left.to_le_bytes());
        bytes.extend(glyph.top.to_le_bytes());
        bytes.extend(glyph.advance_64.to_le_bytes());
        bytes.extend(u32::try_from(runs.len())?.to_le_bytes());
        let steps = glyph.coverage.iter().map(|coverage| (u16::from(*coverage) * 15 + 127) / 255);
        let steps: Vec<u8> = steps.map(u8::try_from).collect::<Result<_, _>>()?;
        for same in steps.chunk_by(|a, b| a == b) {
            for run in same.chunks(16) {
                let length = u8::try_from(run.len() - 1)?;
                runs.push(length << 4 | run[0]);
            }
        }
    }
    bytes.extend(runs);
    Ok(bytes)
}
