//! The panel's side of the bus: rebuilds its memory from what was sent.

mod leds;
mod oled;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::RgbColor;

use crate::panel::Chip;
use crate::record::{TraceEvent, Wire};
use crate::{Frame, Rect};

pub use leds::LedDecoder;
pub use oled::OledDecoder;

const SOFTWARE_RESET: u8 = 0x01;
const SLEEP_IN: u8 = 0x10;
const SLEEP_OUT: u8 = 0x11;
const INVERSION_OFF: u8 = 0x20;
const INVERSION_ON: u8 = 0x21;
const DISPLAY_OFF: u8 = 0x28;
const DISPLAY_ON: u8 = 0x29;
const COLUMNS: u8 = 0x2A;
const PAGES: u8 = 0x2B;
const WRITE: u8 = 0x2C;
const ADDRESS_MODE: u8 = 0x36;
const PIXEL_FORMAT: u8 = 0x3A;
const WRITE_ON: u8 = 0x3C;

/// 16 bits a pixel on the bus.
const RGB565: u8 = 0x05;

/// A TFT that listens to a trace.
///
/// It keeps its memory as the glass has it, in portrait, and maps every write through the address mode of that moment, as the chip does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoder {
    chip: Chip,
    memory: Frame,
    registers: Registers,
    command: u8,
    args: [u8; 4],
    given: usize,
    /// The next pixel within the window.
    column: u16,
    page: u16,
    /// The first byte of a pixel whose second is in the next transfer.
    half: Option<u8>,
    in_reset: bool,
    mistakes: u32,
}

/// What a reset sets back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Registers {
    window: Rect,
    mode: AddressMode,
    pixel_format: u8,
    awake: bool,
    on: bool,
    inverted: bool,
}

impl Registers {
    fn at_power_on(chip: Chip) -> Self {
        let (width, height) = chip.made();
        Self {
            window: Rect::new(0, 0, width, height),
            mode: AddressMode(0),
            pixel_format: 0,
            awake: false,
            on: false,
            inverted: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AddressMode(u8);

impl AddressMode {
    fn rows_reversed(self) -> bool {
        self.0 & 0x80 != 0
    }

    fn columns_reversed(self) -> bool {
        self.0 & 0x40 != 0
    }

    fn exchanged(self) -> bool {
        self.0 & 0x20 != 0
    }

    fn blue_first(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// Columns and rows of a glass as they are addressed.
    fn size(self, (width, height): (u16, u16)) -> (u16, u16) {
        if self.exchanged() { (height, width) } else { (width, height) }
    }

    /// Where on a glass an addressed pixel lies.
    fn on_glass(self, (width, height): (u16, u16), column: u16, page: u16) -> (u16, u16) {
        let (x, y) = if self.exchanged() { (page, column) } else { (column, page) };
        let x = if self.columns_reversed() { width - 1 - x } else { x };
        let y = if self.rows_reversed() { height - 1 - y } else { y };
        (x, y)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// An ST7796 that was just given power: asleep, dark.
    pub fn new() -> Self {
        Self::of(Chip::St7796)
    }

    /// A panel that was just given power: asleep, dark.
    pub fn of(chip: Chip) -> Self {
        let (width, height) = chip.made();
        Self {
            chip,
            memory: Frame::new(width, height),
            registers: Registers::at_power_on(chip),
            command: 0,
            args: [0; 4],
            given: 0,
            column: 0,
            page: 0,
            half: None,
            in_reset: false,
            mistakes: 0,
        }
    }

    /// Takes one event; lamps and buzzer do not concern it.
    pub fn take(&mut self, event: TraceEvent<'_>) {
        match event {
            TraceEvent::Pin { pin: Wire::Reset, level } => self.reset_pin(level),
            TraceEvent::Pin {
                pin: Wire::Dc | Wire::Backlight | Wire::Red | Wire::Amber | Wire::Green | Wire::Buzzer,
                ..
            } => {}
            TraceEvent::Spi { .. } if self.in_reset => self.mistakes += 1,
            TraceEvent::Spi { dc: false, bytes } => bytes.iter().for_each(|byte| self.start(*byte)),
            TraceEvent::Spi { dc: true, bytes } => bytes.iter().for_each(|byte| self.data(*byte)),
        }
    }

    /// One pixel of the picture, black outside of it.
    pub fn pixel(&self, x: u16, y: u16) -> Rgb565 {
        let (width, height) = self.registers.mode.size(self.chip.made());
        if x >= width || y >= height {
            return Rgb565::BLACK;
        }
        let (x, y) = self.registers.mode.on_glass(self.chip.made(), x, y);
        self.memory.row(y)[usize::from(x)]
    }

    /// The picture in the panel's memory, turned as it is addressed now.
    pub fn frame(&self) -> Frame {
        let (width, height) = self.registers.mode.size(self.chip.made());
        let mut frame = Frame::new(width, height);
        for page in 0..height {
            for column in 0..width {
                frame.set(column, page, self.pixel(column, page));
            }
        }
        frame
    }

    /// Whether somebody in front of it sees the picture.
    pub fn is_visible(&self) -> bool {
        self.registers.awake && self.registers.on && !self.in_reset
    }

    /// Whether it was told to invert colours.
    pub fn is_inverted(&self) -> bool {
        self.registers.inverted
    }

    /// Whether it was told that the glass has blue first.
    pub fn is_blue_first(&self) -> bool {
        self.registers.mode.blue_first()
    }

    /// How much it was sent that a panel would not have understood: pixels outside the memory or in another format, data during reset.
    pub fn mistakes(&self) -> u32 {
        self.mistakes
    }

    fn reset_pin(&mut self, level: bool) {
        if !level {
            self.registers = Registers::at_power_on(self.chip);
        }
        self.in_reset = !level;
    }

    fn start(&mut self, command: u8) {
        if self.half.take().is_some() {
            self.mistakes += 1;
        }
        (self.command, self.given) = (command, 0);
        match command {
            SOFTWARE_RESET => self.registers = Registers::at_power_on(self.chip),
            SLEEP_IN => self.registers.awake = false,
            SLEEP_OUT => self.registers.awake = true,
            INVERSION_OFF => self.registers.inverted = false,
            INVERSION_ON => self.registers.inverted = true,
            DISPLAY_OFF => self.registers.on = false,
            DISPLAY_ON => self.registers.on = true,
            WRITE => (self.column, self.page) = (self.registers.window.x, self.registers.window.y),
            _ => {}
        }
    }

    fn data(&mut self, byte: u8) {
        if matches!(self.command, WRITE | WRITE_ON) {
            return self.pixel_byte(byte);
        }
        if let Some(arg) = self.args.get_mut(self.given) {
            *arg = byte;
        }
        self.given += 1;
        match (self.command, self.given) {
            (COLUMNS, 4) => self.set_columns(),
            (PAGES, 4) => self.set_pages(),
            (ADDRESS_MODE, 1) => self.registers.mode = AddressMode(byte),
            (PIXEL_FORMAT, 1) => self.registers.pixel_format = byte & 0x07,
            _ => {}
        }
    }

    fn set_columns(&mut self) {
        if let Some((start, length)) = self.range(self.registers.mode.size(self.chip.made()).0) {
            (self.registers.window.x, self.registers.window.width) = (start, length);
        }
    }

    fn set_pages(&mut self) {
        if let Some((start, length)) = self.range(self.registers.mode.size(self.chip.made()).1) {
            (self.registers.window.y, self.registers.window.height) = (start, length);
        }
    }

    /// The four arguments as a start and a length, if that lies within `limit`.
    fn range(&mut self, limit: u16) -> Option<(u16, u16)> {
        let [a, b, c, d] = self.args;
        let (start, end) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        if start <= end && end < limit {
            return Some((start, end - start + 1));
        }
        self.mistakes += 1;
        None
    }

    fn pixel_byte(&mut self, byte: u8) {
        match self.half.take() {
            None => self.half = Some(byte),
            Some(first) => self.store(u16::from_be_bytes([first, byte])),
        }
    }

    fn store(&mut self, raw: u16) {
        let (width, height) = self.registers.mode.size(self.chip.made());
        if self.registers.pixel_format != RGB565 || self.column >= width || self.page >= height {
            self.mistakes += 1;
            return;
        }
        let (x, y) = self.registers.mode.on_glass(self.chip.made(), self.column, self.page);
        self.memory.set_raw(x, y, raw);
        self.column += 1;
        if self.column >= self.registers.window.right() {
            (self.column, self.page) = (self.registers.window.x, self.page + 1);
        }
        if self.page >= self.registers.window.bottom() {
            self.page = self.registers.window.y;
        }
    }
}
