//! A matrix of LEDs: 8x8 modules with a MAX7219 each, chained row after row.
//!
//! The modules are one long shift register. A transfer carries sixteen bits for each of them, those for the farthest first; when it ends, each
//! takes what lies in it. One of the eight lines of every module is therefore set by one transfer, and a line in which nothing changed is not sent.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use embedded_hal::spi::SpiDevice;

use super::tft::{Sent, Turn};
use crate::Frame;

const NO_OP: u8 = 0x00;
/// The first of the eight lines.
const LINE: u8 = 0x01;
const DECODE_MODE: u8 = 0x09;
const INTENSITY: u8 = 0x0A;
const SCAN_LIMIT: u8 = 0x0B;
const SHUTDOWN: u8 = 0x0C;
const DISPLAY_TEST: u8 = 0x0F;

/// A module's columns and rows.
const SIDE: u16 = 8;
const LINES: usize = 8;

/// A matrix that is sent only the lines that changed.
///
/// It keeps what the matrix shows. After an error that is unknown: every further [`Leds::show`] fails until [`Leds::reinit`] succeeds.
pub struct Leds<SPI> {
    spi: SPI,
    modules: Modules,
    /// From 0, which is not dark, to 15.
    brightness: u8,
    /// What is lit, line by line from the first of the eight, in each the modules as they are chained; none where that is not known.
    lit: Option<Box<[u8]>>,
}

/// How the modules lie.
///
/// The chain begins at the right end of the top row, where a strip of four has its connector, and each row goes on at the right end of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modules {
    /// Side by side; at least one.
    pub columns: u8,
    /// One below the other; at least one.
    pub rows: u8,
    /// Whether the whole matrix hangs upside down.
    pub upside_down: bool,
    /// How each module is turned in its chain; not at all where its first line is at the top and its highest bit at the left.
    pub turn: Turn,
}

/// The matrix did not take what it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedsError<E> {
    /// A transfer failed.
    Spi(E),
    /// It has not been initialised, or failed since.
    NotInitialised,
    /// The frame has not the matrix's size.
    WrongSize {
        /// The frame's columns and rows.
        given: (u16, u16),
        /// Those of the matrix.
        wanted: (u16, u16),
    },
}

impl<E: fmt::Debug> fmt::Display for LedsError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spi(error) => write!(f, "write to the SPI device: {error:?}"),
            Self::NotInitialised => write!(f, "the matrix has to be initialised"),
            Self::WrongSize { given, wanted } => {
                write!(f, "a frame of {}x{} for a matrix of {}x{}", given.0, given.1, wanted.0, wanted.1)
            }
        }
    }
}

impl<E: fmt::Debug> core::error::Error for LedsError<E> {}

impl Modules {
    /// Columns and rows of the pictures it takes.
    pub fn size(self) -> (u16, u16) {
        (u16::from(self.columns) * SIDE, u16::from(self.rows) * SIDE)
    }

    /// How many modules there are.
    pub fn count(self) -> usize {
        usize::from(self.columns) * usize::from(self.rows)
    }

    /// The pixel that a bit (0 the lowest) of a line (from 0) of a module (from 0, as they are chained) lights.
    fn pixel(self, module: u16, line: u16, bit: u16) -> (u16, u16) {
        let (left, top) = (SIDE - 1 - bit, line);
        let (x, y) = match self.turn {
            Turn::Not => (left, top),
            Turn::Quarter => (SIDE - 1 - top, left),
            Turn::Half => (SIDE - 1 - left, SIDE - 1 - top),
            Turn::ThreeQuarters => (top, SIDE - 1 - left),
        };
        let columns = u16::from(self.columns);
        let (x, y) = ((columns - 1 - module % columns) * SIDE + x, module / columns * SIDE + y);
        let (width, height) = self.size();
        if self.upside_down { (width - 1 - x, height - 1 - y) } else { (x, y) }
    }

    /// What is lit, as [`Leds::lit`] keeps it.
    fn lit(self, frame: &Frame) -> Box<[u8]> {
        let count = self.count();
        let mut lit = vec![0_u8; LINES * count].into_boxed_slice();
        for (place, byte) in lit.iter_mut().enumerate() {
            let small = |place: usize| u16::try_from(place).expect("a matrix has fewer lines and modules");
            let (line, module) = (small(place / count), small(place % count));
            for bit in 0..SIDE {
                let (x, y) = self.pixel(module, line, bit);
                *byte |= u8::from(frame.is_lit(x, y)) << bit;
            }
        }
        lit
    }
}

impl<SPI: SpiDevice> Leds<SPI> {
    /// A matrix on this device; nothing is sent before [`Leds::reinit`]. A brightness above 15 is 15.
    pub fn new(spi: SPI, modules: Modules, brightness: u8) -> Self {
        Self { spi, modules, brightness: brightness.min(15), lit: None }
    }

    /// Wakes the modules, dark, at first and after an error.
    ///
    /// # Errors
    /// [`LedsError::Spi`].
    pub fn reinit(&mut self) -> Result<(), LedsError<SPI::Error>> {
        self.lit = None;
        let every = self.modules.count();
        let mut all =
            |register, value| self.spi.write(&[register, value].repeat(every)).map_err(LedsError::Spi);
        // A module that was given power may be testing itself or decode digits, and shows what it likes: it wakes last.
        all(SHUTDOWN, 0)?;
        all(DISPLAY_TEST, 0)?;
        all(DECODE_MODE, 0)?;
        all(SCAN_LIMIT, 7)?;
        all(INTENSITY, self.brightness)?;
        (LINE..).take(LINES).try_for_each(|line| all(line, 0))?;
        all(SHUTDOWN, 1)?;
        self.lit = Some(vec![0; LINES * every].into_boxed_slice());
        Ok(())
    }

    /// Lights it so from here on; what it shows stays. A brightness above 15 is 15.
    ///
    /// # Errors
    /// [`LedsError`]; what the matrix shows is then unknown.
    pub fn dim(&mut self, brightness: u8) -> Result<(), LedsError<SPI::Error>> {
        if self.brightness == brightness.min(15) {
            return Ok(());
        }
        self.brightness = brightness.min(15);
        let lit = self.lit.take().ok_or(LedsError::NotInitialised)?;
        let all = [INTENSITY, self.brightness].repeat(self.modules.count());
        self.spi.write(&all).map_err(LedsError::Spi)?;
        self.lit = Some(lit);
        Ok(())
    }

    /// Shows the frame, pixels [lit](Frame::is_lit) or not: sends the lines in which it differs from what the matrix shows.
    ///
    /// # Errors
    /// [`LedsError`]; what the matrix shows is then unknown.
    pub fn show(&mut self, frame: &Frame) -> Result<Sent, LedsError<SPI::Error>> {
        let (given, wanted) = ((frame.width(), frame.height()), self.modules.size());
        if given != wanted {
            return Err(LedsError::WrongSize { given, wanted });
        }
        let shown = self.lit.take().ok_or(LedsError::NotInitialised)?;
        let lit = self.modules.lit(frame);
        let mut sent = Sent::default();
        let count = self.modules.count();
        for (line, (now, last)) in (LINE..).zip(lit.chunks(count).zip(shown.chunks(count))) {
            if now != last {
                let bytes = words(line, now, last);
                self.spi.write(&bytes).map_err(LedsError::Spi)?;
                sent.rects += 1;
                sent.writes += 1;
                sent.bytes += u32::try_from(bytes.len()).expect("a line of a matrix is short");
            }
        }
        self.lit = Some(lit);
        Ok(sent)
    }

    /// Gives back the device.
    pub fn release(self) -> SPI {
        self.spi
    }
}

/// One line of every module, the farthest first; a module in which it did not change is told nothing.
fn words(line: u8, now: &[u8], last: &[u8]) -> Vec<u8> {
    let modules = now.iter().zip(last).rev();
    modules.flat_map(|(now, last)| if now == last { [NO_OP, 0] } else { [line, *now] }).collect()
}
