//! What a picture, a light and a sound are sent to, over `embedded-hal` 1.0.
//!
//! A panel that fails is an alarm and never a crash: each call returns its error, and after one the panel is initialised anew and painted in full.

mod beacon;
mod bus;
#[cfg(test)]
mod faults;
mod leds;
mod oled;
mod pins;
mod strip;
mod tft;

pub use beacon::{Beacon, Levels, Outlet};
pub use bus::{BUS_LIMIT, BusError};
pub use leds::{Leds, LedsError, Modules};
pub use oled::{BRIGHT, Care, DIM, OLED_SIZE, Oled, SHIFT_MS};
pub use pins::{Pin, Pins, PinsError, Wiring};
pub use strip::{HZ as STRIP_HZ, LEDS as STRIP_LEDS, Strip};
pub use tft::{Chip, Mounting, Sent, Tft, TftError, Turn};
