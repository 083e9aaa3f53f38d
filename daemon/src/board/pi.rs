//! The Raspberry Pi's SPI bus and pins, as embedded-hal sees them. The only place that names rppal.

use std::path::Path;

use rppal::gpio::{Gpio, OutputPin};
use rppal::spi::{Bus, Mode, SlaveSelect, Spi};

use super::chunks::{self, Chunks, Takes};
use crate::config;

/// Why a part of the Pi cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum PiError {
    /// No GPIO: not a Raspberry Pi, or no right to use it.
    #[error("cannot use GPIO; is this a Raspberry Pi, and is the daemon in the group gpio?")]
    Gpio(#[source] rppal::gpio::Error),
    /// One pin.
    #[error("cannot use pin {pin} (BCM number)")]
    Pin {
        /// Which.
        pin: u8,
        /// What rppal said.
        #[source]
        source: rppal::gpio::Error,
    },
    /// No such bus or chip select in the hardware.
    #[error("there is no SPI bus {bus} with chip select {select}")]
    NoSuchBus {
        /// Which bus.
        bus: u8,
        /// Which chip select.
        select: u8,
    },
    /// The bus cannot be opened.
    #[error(
        "cannot open /dev/spidev{bus}.{select}; is SPI switched on (dtparam=spi=on), and is the daemon in the group spi?"
    )]
    Spi {
        /// Which bus.
        bus: u8,
        /// Which chip select.
        select: u8,
        /// What rppal said.
        #[source]
        source: rppal::spi::Error,
    },
}

/// A pin that drives something, at its idle level until told otherwise.
pub(super) fn output(pin: u8, high: bool) -> Result<OutputPin, PiError> {
    let gpio = Gpio::new().map_err(PiError::Gpio)?;
    let got = gpio.get(pin).map_err(|source| PiError::Pin { pin, source })?;
    Ok(if high { got.into_output_high() } else { got.into_output_low() })
}

/// The SPI bus of a panel.
pub(super) fn spi(spi: config::Spi) -> Result<Chunks<PiBus>, PiError> {
    let (bus, select) = (spi.bus, spi.select);
    let (Some(known_bus), Some(known_select)) = (bus_of(bus), select_of(select)) else {
        return Err(PiError::NoSuchBus { bus, select });
    };
    Spi::new(known_bus, known_select, spi.mhz * 1_000_000, Mode::Mode0)
        .map(|bus| Chunks::new(PiBus(bus), chunks::limit(Path::new("/"))))
        .map_err(|source| PiError::Spi { bus, select, source })
}

fn bus_of(bus: u8) -> Option<Bus> {
    Some(match bus {
        0 => Bus::Spi0,
        1 => Bus::Spi1,
        2 => Bus::Spi2,
        3 => Bus::Spi3,
        4 => Bus::Spi4,
        5 => Bus::Spi5,
        6 => Bus::Spi6,
        _ => return None,
    })
}

fn select_of(select: u8) -> Option<SlaveSelect> {
    Some(match select {
        0 => SlaveSelect::Ss0,
        1 => SlaveSelect::Ss1,
        2 => SlaveSelect::Ss2,
        _ => return None,
    })
}

/// The bus as rppal has it.
#[derive(Debug)]
pub(super) struct PiBus(Spi);

impl Takes for PiBus {
    fn take(&mut self, bytes: &[u8]) -> Result<usize, String> {
        self.0.write(bytes).map_err(|error| error.to_string())
    }
}
