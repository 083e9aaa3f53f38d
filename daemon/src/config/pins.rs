//! The pins of the 40-pin header, and that no two parts are on one.

use std::ops::Range;

use super::panel::Wrong;

/// A part that is on a pin.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// BCM number.
    pub(super) pin: u8,
    /// The part, as it is told.
    pub(super) part: String,
    /// The key that says so, or would.
    pub(super) key: &'static str,
    /// Where in the text.
    pub(super) at: Range<usize>,
}

/// A pin that parts may be on; BCM 0 and 1 belong to the memory of an add-on board.
pub(super) fn on_header(pin: i64) -> Result<u8, String> {
    let known = u8::try_from(pin).ok().filter(|pin| (2..=27).contains(pin));
    known.ok_or_else(|| format!("pin {pin} is not to be had on the 40-pin header; BCM numbers are 2 to 27"))
}

/// How many chip selects a bus has on the header; 0 where it is not there.
pub(super) fn selects(bus: u8) -> u8 {
    match bus {
        1 => 3,
        0 | 3..=6 => 2,
        _ => 0,
    }
}

/// The pins that a bus takes for itself as the overlays set it up: data in both directions, clock, chip selects.
pub(super) fn of_bus(bus: u8) -> impl Iterator<Item = u8> {
    let pins: &[u8] = match bus {
        0 => &[7, 8, 9, 10, 11],
        1 => &[16, 17, 18, 19, 20, 21],
        3 => &[0, 1, 2, 3, 24],
        4 => &[4, 5, 6, 7, 25],
        5 => &[12, 13, 14, 15, 26],
        6 => &[18, 19, 20, 21, 27],
        _ => &[],
    };
    pins.iter().copied()
}

/// Whether each pin has one part; a bus may be shared by the panels on it.
pub(super) fn apart(uses: &[Use]) -> Result<(), Wrong> {
    for (i, second) in uses.iter().enumerate() {
        let clash = uses[..i].iter().find(|first| first.pin == second.pin && first.part != second.part);
        if let Some(first) = clash {
            let message = format!(
                "pin {} is used by {} and {}; each part has its own",
                second.pin, first.part, second.part
            );
            return Err(Wrong { at: second.at.clone(), key: second.key, message });
        }
    }
    Ok(())
}
