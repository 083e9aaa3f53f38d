//! Pictures that are kept, and compared with what is drawn.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use firmware_board::{Frame, Layout, Phase, Scene};

/// Draws the scene on a wall of this size and compares it with its picture, pixel by pixel.
pub(crate) fn check_on((width, height): (u16, u16), name: &str, scene: &Scene, phase: Phase) {
    let mut frame = Frame::new(width, height);
    let Ok(()) = Layout::of(width, height).expect("it is served").draw(scene, phase, &mut frame);
    check_frame(name, &frame);
}

/// Compares a frame with its picture, pixel by pixel.
pub(crate) fn check_frame(name: &str, frame: &Frame) {
    let (width, height) = (frame.width(), frame.height());
    let drawn = frame.rgb888();
    let name = match (width, height) {
        (480, 320) => format!("{name}.png"),
        _ => format!("{width}x{height}/{name}.png"),
    };
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(&name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        if !golden.exists() || read(&golden) != drawn {
            write(&golden, (width, height), &drawn);
        }
        return;
    }
    let wanted = read(&golden);
    if drawn != wanted {
        let beside = PathBuf::from(option_env!("CARGO_TARGET_TMPDIR").unwrap_or("target"));
        let (new, difference) = (beside.join(&name), beside.join(format!("diff-{name}")));
        write(&new, (width, height), &drawn);
        write(&difference, (width, height), &marked(&wanted, &drawn));
        panic!(
            "{name} has changed: see {} and {}, then UPDATE_GOLDEN=1",
            new.display(),
            difference.display()
        );
    }
}

/// The new picture darkened, what changed in magenta.
fn marked(wanted: &[u8], drawn: &[u8]) -> Vec<u8> {
    let pixels = wanted.chunks_exact(3).zip(drawn.chunks_exact(3));
    pixels
        .flat_map(|(old, new)| if old == new { [new[0] / 4, new[1] / 4, new[2] / 4] } else { [255, 0, 255] })
        .collect()
}

/// Writes a picture as small as it can be: most have fewer than 256 colours.
fn write(path: &Path, (width, height): (u16, u16), rgb: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("it is in a folder")).unwrap();
    let file = BufWriter::new(
        File::create(path).unwrap_or_else(|error| panic!("create {}: {error}", path.display())),
    );
    let mut encoder = png::Encoder::new(file, width.into(), height.into());
    encoder.set_compression(png::Compression::High);
    let mut palette = BTreeMap::new();
    for colour in rgb.chunks_exact(3) {
        let next = palette.len();
        palette.entry(colour).or_insert(next);
    }
    if palette.len() > 256 {
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(rgb).unwrap();
        return;
    }
    let mut colours = vec![[0; 3]; palette.len()];
    for (colour, index) in &palette {
        colours[*index].copy_from_slice(colour);
    }
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(colours.concat());
    encoder.set_filter(png::Filter::NoFilter);
    let indexes: Vec<u8> =
        rgb.chunks_exact(3).map(|colour| u8::try_from(palette[colour]).expect("at most 256")).collect();
    encoder.write_header().unwrap().write_image_data(&indexes).unwrap();
}

fn read(path: &Path) -> Vec<u8> {
    let file =
        File::open(path).unwrap_or_else(|error| panic!("open {}: {error}; UPDATE_GOLDEN=1", path.display()));
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().expect("a picture of a wall")];
    reader.next_frame(&mut rgb).unwrap();
    rgb
}
