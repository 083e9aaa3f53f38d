//! The wall's parts, seen from outside: what there is, what the panels show, and the way to test them.

use super::brightness::Brightness;
use super::live::Live;
use super::parts_test::PartsTest;
use super::pictures::Pictures;

/// The wall's parts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Parts {
    /// What the panels show.
    pub pictures: Pictures,
    /// What the wall shows, for those who follow it from elsewhere.
    pub live: Live,
    /// How bright they are.
    pub brightness: Brightness,
    /// The way to have parts tested.
    pub test: PartsTest,
    /// Whether lamps and buzzer are on pins, and not only in a trace.
    pub has_signals: bool,
    /// Whether there is a button.
    pub has_button: bool,
}
