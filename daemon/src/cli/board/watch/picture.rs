//! A picture in half blocks: each cell of the terminal is two pixels, one above the other. Only cells that changed are
//! sent, since a line over SSH may be slow.

use std::fmt::Write as _;

use firmware_board::{Frame, Layout, Phase, Scene};

use super::Colours;

/// The colour of one pixel.
type Rgb = [u8; 3];
/// One cell of the terminal: the pixel above, and the one below.
type Cell = (Rgb, Rgb);

/// A terminal takes what is between as one picture; one that does not know it passes over it.
const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";

/// What the terminal shows.
pub(super) struct Picture {
    colours: Colours,
    size: (u16, u16),
    cells: Vec<Cell>,
    told: Vec<String>,
}

impl Picture {
    /// Of a terminal that shows nothing of ours yet.
    pub(super) fn new(colours: Colours) -> Self {
        Self { colours, size: (0, 0), cells: Vec::new(), told: Vec::new() }
    }

    /// What is to be sent so that the terminal shows the scene.
    pub(super) fn draw(&mut self, layout: Layout, scene: &Scene, phase: Phase) -> String {
        let (width, height) = layout.size();
        let mut frame = Frame::new(width, height);
        let Ok(()) = layout.draw(scene, phase, &mut frame);
        let rgb = frame.rgb888();
        let at = |x: usize, y: usize| {
            let start = (y * usize::from(width) + x) * 3;
            self.colours.nearest([rgb[start], rgb[start + 1], rgb[start + 2]])
        };
        let cells = (0..usize::from(height / 2))
            .flat_map(|row| (0..usize::from(width)).map(move |x| (x, row * 2)))
            .map(|(x, y)| (at(x, y), at(x, y + 1)))
            .collect();
        self.change((width, height / 2), cells)
    }

    /// What is to be sent so that the terminal shows these lines, as many and as much of them as fit.
    pub(super) fn tell(&mut self, size: (u16, u16), lines: &[String]) -> String {
        let cut = |line: &String| line.chars().take(size.0.into()).collect::<String>();
        let lines: Vec<_> = lines.iter().take(size.1.into()).map(cut).collect();
        if self.size == size && self.told == lines {
            return String::new();
        }
        self.size = size;
        self.cells.clear();
        let mut sent = String::from(BEGIN);
        sent.push_str("\x1b[0m\x1b[2J");
        for (row, line) in (1..).zip(&lines) {
            let _ = write!(sent, "\x1b[{row};1H{line}");
        }
        sent.push_str(END);
        self.told = lines;
        sent
    }

    fn change(&mut self, size: (u16, u16), cells: Vec<Cell>) -> String {
        let mut pen = Pen::new(self.colours);
        if self.size != size || self.cells.len() != cells.len() {
            self.size = size;
            self.told.clear();
            self.cells.clear();
            pen.sent.push_str("\x1b[0m\x1b[2J");
        }
        for (index, cell) in cells.iter().enumerate() {
            if self.cells.get(index) != Some(cell) {
                pen.put(index / usize::from(size.0), index % usize::from(size.0), *cell);
            }
        }
        self.cells = cells;
        pen.done()
    }
}

/// Writes cells, and no more about them than the terminal does not know yet.
struct Pen {
    colours: Colours,
    sent: String,
    /// Where the next cell would come, row and column from 0.
    place: Option<(usize, usize)>,
    above: Option<Rgb>,
    below: Option<Rgb>,
}

impl Pen {
    fn new(colours: Colours) -> Self {
        Self { colours, sent: String::new(), place: None, above: None, below: None }
    }

    fn put(&mut self, row: usize, column: usize, (above, below): Cell) {
        if self.place != Some((row, column)) {
            let _ = write!(self.sent, "\x1b[{};{}H", row + 1, column + 1);
        }
        if self.below != Some(below) {
            self.colours.write(&mut self.sent, 48, below);
            self.below = Some(below);
        }
        if above == below {
            self.sent.push(' ');
        } else {
            if self.above != Some(above) {
                self.colours.write(&mut self.sent, 38, above);
                self.above = Some(above);
            }
            self.sent.push('▀');
        }
        self.place = Some((row, column + 1));
    }

    fn done(self) -> String {
        if self.sent.is_empty() { self.sent } else { format!("{BEGIN}{}{END}", self.sent) }
    }
}

/// The six steps of each channel in xterm's cube of colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Colours {
    /// The colour that the terminal has for this one: what it cannot tell apart is sent once.
    fn nearest(self, rgb: Rgb) -> Rgb {
        match self {
            Self::True => rgb,
            Self::Of256 => {
                let (cube, grey) = (rgb.map(|channel| STEPS[step(channel)]), grey(luminance(rgb)));
                if distance(rgb, [grey; 3]) < distance(rgb, cube) { [grey; 3] } else { cube }
            }
            Self::Grey => [grey(luminance(rgb)); 3],
        }
    }

    /// Writes a colour that [`Colours::nearest`] gave; `what` is 38 for what is written and 48 for what is behind it.
    fn write(self, to: &mut String, what: u8, rgb: Rgb) {
        let [red, green, blue] = rgb;
        let _ = match self {
            Self::True => write!(to, "\x1b[{what};2;{red};{green};{blue}m"),
            Self::Of256 | Self::Grey => write!(to, "\x1b[{what};5;{}m", index(rgb)),
        };
    }
}

/// The number of a colour among the 256.
fn index([red, green, blue]: Rgb) -> usize {
    let is_ramp = red == green && green == blue && red >= 8 && (red - 8).is_multiple_of(10) && red <= 238;
    if is_ramp {
        232 + usize::from((red - 8) / 10)
    } else {
        16 + 36 * step(red) + 6 * step(green) + step(blue)
    }
}

/// The nearest step of the cube.
fn step(channel: u8) -> usize {
    (0..STEPS.len()).min_by_key(|index| STEPS[*index].abs_diff(channel)).unwrap_or_default()
}

/// The nearest of the 24 greys.
fn grey(channel: u8) -> u8 {
    (0..24).map(|n| 8 + n * 10).min_by_key(|grey: &u8| grey.abs_diff(channel)).unwrap_or_default()
}

fn luminance([red, green, blue]: Rgb) -> u8 {
    let sum = 2_126 * u32::from(red) + 7_152 * u32::from(green) + 722 * u32::from(blue);
    u8::try_from(sum / 10_000).unwrap_or(u8::MAX)
}

fn distance(a: Rgb, b: Rgb) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Rgb = [200, 16, 28];
    const BLACK: Rgb = [0, 0, 0];

    #[test]
    fn only_what_changed_is_sent_and_the_same_sends_nothing() {
        let mut picture = Picture::new(Colours::True);
        let all = picture.change((3, 2), vec![(BLACK, BLACK); 6]);
        assert_eq!(all, format!("{BEGIN}\x1b[0m\x1b[2J\x1b[1;1H\x1b[48;2;0;0;0m   \x1b[2;1H   {END}"));
        assert_eq!(picture.change((3, 2), vec![(BLACK, BLACK); 6]), "");
        let mut cells = vec![(BLACK, BLACK); 6];
        cells[4] = (RED, BLACK);
        let sent = picture.change((3, 2), cells);
        assert_eq!(sent, format!("{BEGIN}\x1b[2;2H\x1b[48;2;0;0;0m\x1b[38;2;200;16;28m▀{END}"));
    }

    #[test]
    fn another_size_is_drawn_anew() {
        let mut picture = Picture::new(Colours::True);
        picture.change((3, 2), vec![(BLACK, BLACK); 6]);
        assert!(picture.change((2, 3), vec![(BLACK, BLACK); 6]).contains("\x1b[2J"));
        let told = picture.tell((5, 1), &["Приветствую".to_owned(), "not shown".to_owned()]);
        assert!(told.contains("Приве") && !told.contains("Привет") && !told.contains("not"), "{told:?}");
        assert_eq!(picture.tell((5, 1), &["Приветствую".to_owned()]), "");
        assert!(picture.change((2, 3), vec![(BLACK, BLACK); 6]).contains("\x1b[2J"), "a picture after text");
    }

    #[test]
    fn each_of_the_256_colours_that_is_chosen_is_the_one_that_is_named() {
        for rgb in [RED, BLACK, [255, 179, 0], [10, 13, 18], [244, 247, 250], [48, 48, 48]] {
            let near = Colours::Of256.nearest(rgb);
            assert!(distance(rgb, near) < 3_000, "{rgb:?} is drawn as {near:?}");
            assert_eq!(Colours::Of256.nearest(near), near, "{rgb:?}");
            let index = index(near);
            let named = match index {
                232.. => [u8::try_from(8 + (index - 232) * 10).unwrap(); 3],
                _ => [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(|step| STEPS[step]),
            };
            assert_eq!(named, near, "{rgb:?} as {index}");
        }
        assert_eq!(Colours::Grey.nearest(RED), [58; 3]);
    }
}
