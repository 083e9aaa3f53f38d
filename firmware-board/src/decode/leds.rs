//! A matrix of LED modules that listens: rebuilds what each lights.

use alloc::vec;
use alloc::vec::Vec;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::RgbColor;

use crate::Frame;
use crate::panel::{Modules, Turn};
use crate::record::TraceEvent;

/// A chain of MAX7219 that listens to a trace.
///
/// It shifts bytes through the chain as the chips do, and lets each take what lies in it when a transfer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedDecoder {
    modules: Modules,
    /// What lies in each chip's shift register, nearest first.
    shifted: Vec<u16>,
    chips: Vec<Chip>,
    mistakes: u32,
}

/// One chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chip {
    lines: [u8; 8],
    decodes: bool,
    brightness: u8,
    lines_scanned: u8,
    awake: bool,
    tests: bool,
}

impl Chip {
    /// As it may come up: noise on its lines, decoding, testing.
    const AT_POWER_ON: Self =
        Self { lines: [0xA5; 8], decodes: true, brightness: 0, lines_scanned: 1, awake: false, tests: true };
}

impl LedDecoder {
    /// Modules that were just given power.
    pub fn new(modules: Modules) -> Self {
        let count = modules.count();
        Self { modules, shifted: vec![0; count], chips: vec![Chip::AT_POWER_ON; count], mistakes: 0 }
    }

    /// Takes one event; pins do not concern it.
    pub fn take(&mut self, event: TraceEvent<'_>) {
        let TraceEvent::Spi { bytes, .. } = event else { return };
        for word in bytes.chunks(2) {
            let &[register, value] = word else {
                self.mistakes += 1;
                continue;
            };
            self.shifted.rotate_right(1);
            self.shifted[0] = u16::from_be_bytes([register, value]);
        }
        for module in 0..self.chips.len() {
            self.latch(module);
        }
    }

    /// What the modules light, white on black, as somebody in front of them sees it.
    pub fn frame(&self) -> Frame {
        let (width, height) = self.modules.size();
        let mut frame = Frame::new(width, height);
        for y in 0..height {
            for x in 0..width {
                if self.is_lit(x, y) {
                    frame.set(x, y, Rgb565::WHITE);
                }
            }
        }
        frame
    }

    /// Whether all modules are awake, show all their lines as they are, and test nothing.
    pub fn is_visible(&self) -> bool {
        self.chips.iter().all(|chip| chip.awake && !chip.tests && !chip.decodes && chip.lines_scanned == 8)
    }

    /// How bright they are, where all are the same.
    pub fn brightness(&self) -> Option<u8> {
        let first = self.chips.first()?.brightness;
        self.chips.iter().all(|chip| chip.brightness == first).then_some(first)
    }

    /// How much they were sent that they would not have understood.
    pub fn mistakes(&self) -> u32 {
        self.mistakes
    }

    fn latch(&mut self, module: usize) {
        let [register, value] = self.shifted[module].to_be_bytes();
        let chip = &mut self.chips[module];
        match register & 0x0F {
            0x00 => {}
            line @ 0x01..=0x08 => chip.lines[usize::from(line) - 1] = value,
            0x09 => chip.decodes = value != 0,
            0x0A => chip.brightness = value & 0x0F,
            0x0B => chip.lines_scanned = (value & 0x07) + 1,
            0x0C => chip.awake = value & 1 == 1,
            0x0F => chip.tests = value & 1 == 1,
            _ => self.mistakes += 1,
        }
        // What was taken stays in the register: the chips that come after get it with the next transfer.
    }

    /// Whether the LED at a place of the picture is lit, found from the place, not from the wire.
    fn is_lit(&self, x: u16, y: u16) -> bool {
        let (width, height) = self.modules.size();
        let (x, y) = if self.modules.upside_down { (width - 1 - x, height - 1 - y) } else { (x, y) };
        let from_right = (width - 1 - x) / 8;
        let module = usize::from(y / 8 * u16::from(self.modules.columns) + from_right);
        let (x, y) = (x % 8, y % 8);
        let (left, top) = match self.modules.turn {
            Turn::Not => (x, y),
            Turn::Quarter => (y, 7 - x),
            Turn::Half => (7 - x, 7 - y),
            Turn::ThreeQuarters => (7 - y, x),
        };
        let chip = self.chips[module];
        chip.tests || (chip.awake && chip.lines[usize::from(top)] << left & 0x80 != 0)
    }
}
