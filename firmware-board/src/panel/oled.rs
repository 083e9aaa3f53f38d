//! A small OLED: SSD1306, 128x64, over SPI.
//!
//! Its memory is eight pages of 128 columns, a byte a column with the topmost pixel lowest. Only columns that changed are sent. What is
//! always lit burns in: the picture moves by a pixel every few minutes and is dim while all is well ([`Care`]).

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;

use super::bus::Bus;
use super::tft::{Failure, Sent, TftError};
use crate::Frame;

/// Columns and rows of the glass.
pub const OLED_SIZE: (u16, u16) = (128, 64);

/// The picture lies so long where it is, in milliseconds.
pub const SHIFT_MS: u64 = 180_000;

/// What the contrast is when somebody has to look …
pub const BRIGHT: u8 = 0xCF;
/// … and while all is well.
pub const DIM: u8 = 0x18;

const COLUMNS: usize = 128;
/// Rows of a page.
const PAGE: u16 = 8;
/// Changed columns that are nearer than this are sent as one span: a span of its own costs six bytes and two transfers.
const GAP: usize = 8;

const CONTRAST: u8 = 0x81;
const COLUMN_RANGE: u8 = 0x21;
const PAGE_RANGE: u8 = 0x22;
const DISPLAY_ON: u8 = 0xAF;

/// All that a panel of this size and voltage has to be told, while it is off.
const SETUP: [u8; 21] = [
    0xAE, // off
    0xD5, 0x80, // its own clock
    0xA8, 0x3F, // 64 rows
    0xD3, 0x00, 0x40, // that begin at the first
    0x8D, 0x14, // its own high voltage
    0x20, 0x00, // columns after columns, then the next page
    0xDA, 0x12, // the glass's wiring
    0xD9, 0xF1, 0xDB, 0x40, // the currents that go with that voltage
    0xA4, // the memory, not all pixels
    0xA6, // lit where it is 1
    0x2E, // nothing moves by itself
];

/// How it is spared at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Care {
    /// By how many columns and rows the picture is moved, to the right and down; what is then outside is cut.
    pub shift: (u16, u16),
    /// Whether it is dim.
    pub is_dim: bool,
}

impl Care {
    /// Where the picture lies at `t_ms`, milliseconds that only go forward: a pixel around a square, one side every [`SHIFT_MS`].
    pub fn at(t_ms: u64, is_well: bool) -> Self {
        let shift = [(0, 0), (1, 0), (1, 1), (0, 1)];
        let place = usize::try_from(t_ms / SHIFT_MS % 4).expect("below four");
        Self { shift: shift[place], is_dim: is_well }
    }

    fn contrast(self) -> u8 {
        if self.is_dim { DIM } else { BRIGHT }
    }
}

/// An OLED that is sent only what changed.
///
/// It keeps what the glass shows. After an error that is unknown: every further [`Oled::show`] fails until [`Oled::reinit`] succeeds.
pub struct Oled<SPI, DC, RST> {
    bus: Bus<SPI, DC>,
    reset: RST,
    upside_down: bool,
    shown: Option<Shown>,
}

/// What the chip holds.
struct Shown {
    /// Page by page.
    memory: Box<[u8]>,
    contrast: u8,
}

impl<SPI: SpiDevice, DC: OutputPin, RST: OutputPin> Oled<SPI, DC, RST> {
    /// An OLED on this device and these pins; nothing is sent before [`Oled::reinit`].
    pub fn new(spi: SPI, dc: DC, reset: RST, upside_down: bool) -> Self {
        Self { bus: Bus::new(spi, dc), reset, upside_down, shown: None }
    }

    /// Resets and wakes it, dark, at first and after an error.
    ///
    /// # Errors
    /// [`TftError::Bus`] and [`TftError::Reset`].
    pub fn reinit(&mut self, delay: &mut impl DelayNs) -> Result<(), Failure<SPI, DC, RST>> {
        self.shown = None;
        self.reset.set_low().map_err(TftError::Reset)?;
        delay.delay_us(10);
        self.reset.set_high().map_err(TftError::Reset)?;
        delay.delay_us(10);
        let memory = vec![0; COLUMNS * usize::from(OLED_SIZE.1 / PAGE)].into_boxed_slice();
        // Columns from the right and rows from below: so most are soldered to their boards.
        let turned = if self.upside_down { [0xA0, 0xC0] } else { [0xA1, 0xC8] };
        let contrast = Care::default().contrast();
        let mut wake = || {
            self.bus.command(&SETUP)?;
            self.bus.command(&turned)?;
            self.bus.command(&[CONTRAST, contrast])?;
            // A reset leaves noise in the memory.
            self.bus.command(&[COLUMN_RANGE, 0, 127, PAGE_RANGE, 0, 7])?;
            self.bus.data(&memory)?;
            self.bus.command(&[DISPLAY_ON])
        };
        wake().map_err(TftError::Bus)?;
        self.shown = Some(Shown { memory, contrast });
        Ok(())
    }

    /// Shows the frame, pixels [lit](Frame::is_lit) or not: sends the columns of each page in which it differs from what is shown.
    ///
    /// # Errors
    /// [`TftError`]; what the glass shows is then unknown, unless the frame has not its size.
    pub fn show(&mut self, frame: &Frame, care: Care) -> Result<Sent, Failure<SPI, DC, RST>> {
        let given = (frame.width(), frame.height());
        if given != OLED_SIZE {
            return Err(TftError::WrongSize { given, wanted: OLED_SIZE });
        }
        let shown = self.shown.take().ok_or(TftError::NotInitialised)?;
        let now = Shown { memory: memory(frame, care.shift), contrast: care.contrast() };
        let (writes, bytes) = (self.bus.writes, self.bus.bytes);
        let rects = self.send(&now, &shown).map_err(TftError::Bus)?;
        self.shown = Some(now);
        Ok(Sent {
            rects,
            writes: self.bus.writes.wrapping_sub(writes),
            bytes: self.bus.bytes.wrapping_sub(bytes),
        })
    }

    /// Sends what differs; gives how many spans that were.
    fn send(&mut self, now: &Shown, shown: &Shown) -> Result<u32, super::BusError<SPI::Error, DC::Error>> {
        if now.contrast != shown.contrast {
            self.bus.command(&[CONTRAST, now.contrast])?;
        }
        let mut spans = 0;
        let pages = now.memory.chunks(COLUMNS).zip(shown.memory.chunks(COLUMNS));
        for (page, (now, last)) in (0..).zip(pages) {
            for (start, end) in changed(now, last) {
                let column = |column: usize| u8::try_from(column).expect("fewer columns than 256");
                self.bus.command(&[COLUMN_RANGE, column(start), column(end - 1), PAGE_RANGE, page, page])?;
                self.bus.data(&now[start..end])?;
                spans += 1;
            }
        }
        Ok(spans)
    }
}

/// The spans `[start, end)` of columns in which a page changed.
fn changed(now: &[u8], last: &[u8]) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let columns = now.iter().zip(last).enumerate().filter(|(_, (now, last))| now != last);
    for (column, _) in columns {
        match spans.last_mut() {
            Some((_, end)) if column < *end + GAP => *end = column + 1,
            _ => spans.push((column, column + 1)),
        }
    }
    spans
}

/// What the chip's memory has to be.
fn memory(frame: &Frame, (right, down): (u16, u16)) -> Box<[u8]> {
    let (width, height) = OLED_SIZE;
    let is_lit = |x: u16, y: u16| {
        x.checked_sub(right).zip(y.checked_sub(down)).is_some_and(|(x, y)| frame.is_lit(x, y))
    };
    let byte = |page: u16, x: u16| {
        (0..PAGE).fold(0, |byte, bit| byte | u8::from(is_lit(x, page * PAGE + bit)) << bit)
    };
    (0..height / PAGE).flat_map(|page| (0..width).map(move |x| byte(page, x))).collect()
}
