//! A small OLED that listens: rebuilds what it lights.

use alloc::vec;
use alloc::vec::Vec;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::RgbColor;

use crate::Frame;
use crate::record::{TraceEvent, Wire};

const COLUMNS: usize = 128;
const PAGES: usize = 8;

/// An SSD1306 that listens to a trace.
///
/// It takes arguments of commands as the chip does, with the data/command pin low, and walks its memory as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OledDecoder {
    memory: Vec<u8>,
    registers: Registers,
    /// A command whose arguments are not complete, and those that came.
    command: Vec<u8>,
    in_reset: bool,
    mistakes: u32,
}

/// What a reset sets back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the chip's switches, each on or off")]
struct Registers {
    columns: (u8, u8),
    pages: (u8, u8),
    column: u8,
    page: u8,
    walks_columns: bool,
    rows: u8,
    first_row: u8,
    offset: u8,
    wiring: u8,
    contrast: u8,
    columns_reversed: bool,
    rows_reversed: bool,
    all_lit: bool,
    inverted: bool,
    has_voltage: bool,
    on: bool,
}

impl Registers {
    const AT_RESET: Self = Self {
        columns: (0, 127),
        pages: (0, 7),
        column: 0,
        page: 0,
        walks_columns: false,
        rows: 63,
        first_row: 0,
        offset: 0,
        wiring: 0x12,
        contrast: 0x7F,
        columns_reversed: false,
        rows_reversed: false,
        all_lit: false,
        inverted: false,
        has_voltage: false,
        on: false,
    };
}

impl Default for OledDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl OledDecoder {
    /// One that was just given power: dark, noise in its memory.
    pub fn new() -> Self {
        Self {
            memory: vec![0xA5; COLUMNS * PAGES],
            registers: Registers::AT_RESET,
            command: Vec::new(),
            in_reset: false,
            mistakes: 0,
        }
    }

    /// Takes one event; lamps and buzzer do not concern it.
    pub fn take(&mut self, event: TraceEvent<'_>) {
        match event {
            TraceEvent::Pin { pin: Wire::Reset, level } => {
                if !level {
                    self.registers = Registers::AT_RESET;
                    self.command.clear();
                }
                self.in_reset = !level;
            }
            TraceEvent::Pin {
                pin: Wire::Dc | Wire::Backlight | Wire::Red | Wire::Amber | Wire::Green | Wire::Buzzer,
                ..
            } => {}
            TraceEvent::Spi { .. } if self.in_reset => self.mistakes += 1,
            TraceEvent::Spi { dc: false, bytes } => bytes.iter().for_each(|byte| self.command_byte(*byte)),
            TraceEvent::Spi { dc: true, bytes } => bytes.iter().for_each(|byte| self.data(*byte)),
        }
    }

    /// What it lights, white on black, as somebody sees it in front of a board that stands upright.
    pub fn frame(&self) -> Frame {
        let mut frame = Frame::new(128, 64);
        for (x, y) in (0..128_u16).flat_map(|x| (0..64_u16).map(move |y| (x, y))) {
            let column = usize::from(if self.registers.columns_reversed { x } else { 127 - x });
            let row = usize::from(if self.registers.rows_reversed { y } else { 63 - y });
            let is_one = self.memory[row / 8 * COLUMNS + column] >> (row % 8) & 1 == 1;
            if is_one {
                frame.set(x, y, Rgb565::WHITE);
            }
        }
        frame
    }

    /// Whether somebody in front of it sees the memory as it is.
    pub fn is_visible(&self) -> bool {
        let Registers { rows, first_row, offset, wiring, all_lit, inverted, has_voltage, on, .. } =
            self.registers;
        let is_whole = (rows, first_row, offset, wiring) == (63, 0, 0, 0x12);
        is_whole && on && has_voltage && !all_lit && !inverted && !self.in_reset
    }

    /// Its contrast.
    pub fn contrast(&self) -> u8 {
        self.registers.contrast
    }

    /// How much it was sent that it would not have understood.
    pub fn mistakes(&self) -> u32 {
        self.mistakes
    }

    fn command_byte(&mut self, byte: u8) {
        self.command.push(byte);
        let arguments = match self.command[0] {
            0x20 | 0x81 | 0x8D | 0xA8 | 0xD3 | 0xD5 | 0xD9 | 0xDA | 0xDB => 1,
            0x21 | 0x22 => 2,
            _ => 0,
        };
        if self.command.len() > arguments {
            let command = core::mem::take(&mut self.command);
            self.obey(&command);
        }
    }

    fn obey(&mut self, command: &[u8]) {
        let registers = &mut self.registers;
        match *command {
            [0x20, mode @ 0..=3] => registers.walks_columns = mode == 0,
            [0x21, start, end] if start <= end && end < 128 => {
                (registers.columns, registers.column) = ((start, end), start);
            }
            [0x22, start, end] if start <= end && end < 8 => {
                (registers.pages, registers.page) = ((start, end), start);
            }
            [0x2E] | [0xD5 | 0xD9 | 0xDB, _] => {}
            [line @ 0x40..=0x7F] => registers.first_row = line & 0x3F,
            [0x81, contrast] => registers.contrast = contrast,
            [0x8D, pump] => registers.has_voltage = pump & 4 != 0,
            [remap @ (0xA0 | 0xA1)] => registers.columns_reversed = remap & 1 == 1,
            [lit @ (0xA4 | 0xA5)] => registers.all_lit = lit & 1 == 1,
            [inverted @ (0xA6 | 0xA7)] => registers.inverted = inverted & 1 == 1,
            [0xA8, rows] => registers.rows = rows & 0x3F,
            [power @ (0xAE | 0xAF)] => registers.on = power & 1 == 1,
            [scan @ (0xC0 | 0xC8)] => registers.rows_reversed = scan == 0xC8,
            [0xD3, offset] => registers.offset = offset & 0x3F,
            [0xDA, wiring] => registers.wiring = wiring,
            _ => self.mistakes += 1,
        }
    }

    fn data(&mut self, byte: u8) {
        let registers = &mut self.registers;
        if !self.command.is_empty() || !registers.walks_columns {
            self.mistakes += 1;
            return;
        }
        self.memory[usize::from(registers.page) * COLUMNS + usize::from(registers.column)] = byte;
        if registers.column < registers.columns.1 {
            registers.column += 1;
            return;
        }
        registers.column = registers.columns.0;
        registers.page =
            if registers.page < registers.pages.1 { registers.page + 1 } else { registers.pages.0 };
    }
}
