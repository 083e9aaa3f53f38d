//! Three lamps as one strip of WS2812 lights on an SPI bus.
//!
//! A WS2812 takes its bits as pulses of two lengths; on a bus at [`HZ`] three bits make one: `100` is a short pulse, `110` a
//! long one. The first third of the strip is the red lamp, the middle the amber, the last the green: whoever does not tell
//! the colours apart sees the place.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use embedded_hal::spi::SpiDevice;

use super::beacon::{Levels, Outlet};

/// The bus clock that the pulses want. It must not move with the load: on a Pi `core_freq` is to be pinned.
pub const HZ: u32 = 2_400_000;
/// How many lights a strip has: one of each colour at least, and at most what goes over the wire in one transfer, since a
/// pause is the end of a picture.
pub const LEDS: RangeInclusive<u16> = 3..=300;

/// Silence that ends a picture, and begins the first: 300 µs, in bytes.
const PAUSE_BYTES: usize = 90;
/// Green, red, blue: the order of the wire.
const RED: [u8; 3] = [0, 255, 0];
const AMBER: [u8; 3] = [96, 255, 0];
const GREEN: [u8; 3] = [255, 0, 0];
const DARK: [u8; 3] = [0, 0, 0];

/// Lamps on a strip. It is written only when it changes. The sound is not its business.
pub struct Strip<S> {
    spi: S,
    leds: u16,
    /// From 1 to 255.
    brightness: u8,
    /// What it is known to show.
    shown: Option<[bool; 3]>,
}

impl<S: SpiDevice> Strip<S> {
    /// A strip of so many lights, kept within [`LEDS`]; a brightness of 255 is full, 0 is taken for 1.
    pub fn new(spi: S, leds: u16, brightness: u8) -> Self {
        let leds = leds.clamp(*LEDS.start(), *LEDS.end());
        Self { spi, leds, brightness: brightness.max(1), shown: None }
    }

    /// Lights it so from the next [`Outlet::set`] on, as [`Strip::new`] takes it.
    pub fn dim(&mut self, brightness: u8) {
        if self.brightness != brightness.max(1) {
            self.brightness = brightness.max(1);
            self.shown = None;
        }
    }

    /// The bytes of a picture.
    fn encoded(&self, lamps: [bool; 3]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 * PAUSE_BYTES + 9 * usize::from(self.leds));
        bytes.resize(PAUSE_BYTES, 0);
        for led in 0..self.leds {
            let third = usize::from(led) * 3 / usize::from(self.leds);
            let colour = if lamps[third] { [RED, AMBER, GREEN][third] } else { DARK };
            for value in colour {
                let dimmed = u16::from(value) * u16::from(self.brightness) / 255;
                bytes.extend(pulses(dimmed.to_le_bytes()[0]));
            }
        }
        bytes.resize(bytes.len() + PAUSE_BYTES, 0);
        bytes
    }
}

/// A byte as 24 bits of pulses, the highest bit first.
fn pulses(value: u8) -> [u8; 3] {
    let bits =
        (0..8).rev().fold(0_u32, |bits, n| (bits << 3) | if value >> n & 1 == 1 { 0b110 } else { 0b100 });
    let [_, first, second, third] = bits.to_be_bytes();
    [first, second, third]
}

impl<S: SpiDevice> Outlet for Strip<S> {
    type Error = S::Error;

    fn set(&mut self, levels: Levels) -> Result<(), S::Error> {
        let lamps = [levels.red, levels.amber, levels.green];
        if self.shown != Some(lamps) {
            self.shown = None;
            let bytes = self.encoded(lamps);
            self.spi.write(&bytes)?;
            self.shown = Some(lamps);
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.shown = None;
    }
}
