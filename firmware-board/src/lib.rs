//! The wall: a [`Scene`] in; pixels, lamp and sound out.
//!
//! Nothing here knows an operating system, a clock or a store. The daemon turns its desk into a scene, and everything that follows is
//! a pure function of the scene and of a time passed as a number: which lamp is lit ([`Lamp::lit`]), whether the buzzer sounds
//! ([`Buzzer::sounding`]). The same scene therefore gives the same wall on a Pi, in a browser and in a test.
//!
//! What is deliberately left to the daemon: when to draw, threads, buses and pins, and what a ticket is.
#![no_std]

extern crate alloc;

mod button;
mod card;
pub mod decode;
mod diff;
mod face;
mod frame;
mod headline;
mod lines;
mod marks;
pub mod panel;
mod phase;
pub mod record;
mod rect;
mod rhythm;
mod scene;
mod signals;
mod text;
pub mod wall;
mod words;

pub use button::{Button, ButtonEvent, DEBOUNCE_MS, LOOK_MS, STUCK_MS};
pub use card::test_card;
pub use diff::WASTE_PX;
pub use frame::Frame;
pub use lines::lines;
pub use phase::{PAGE_MS, Phase};
pub use rect::Rect;
pub use scene::{
    AlarmKind, AlarmLine, AlarmState, ClockText, Counts, DiskFault, Language, Level, Link, NextLine,
    Progress, Scene, Staffing,
};
pub use signals::{Buzzer, Lamp, Signals, signals, sound};
pub use text::clean;
pub use wall::{Layout, Unservable};
pub use words::Words;
