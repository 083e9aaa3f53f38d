//! The Raspberry Pi's SPI bus and pins, as embedded-hal sees them. The only place that names rppal.

use std::path::Path;

use embedded_hal::digital;
use firmware_board::panel::Wiring;
use rppal::gpio::{Gpio, InputPin, OutputPin};
use rppal::pwm::{Channel, Polarity, Pwm};
use rppal::spi::{Bus, Mode, SlaveSelect, Spi};

use super::chunks::{self, Chunks, Takes};
use crate::config;
use crate::config::signals::{Pull, Tone};

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
    /// A PWM channel.
    #[error(
        "cannot use PWM channel {channel}; is its overlay loaded (dtoverlay=pwm), and is the daemon in the group gpio?"
    )]
    Pwm {
        /// Which.
        channel: u8,
        /// What rppal said.
        #[source]
        source: rppal::pwm::Error,
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

/// A pin that drives something, at its idle level until told otherwise. When the daemon ends it stays as it is left: lamps say
/// that nobody watches, and a panel that says so stays lit.
pub(super) fn output(pin: u8, high: bool) -> Result<OutputPin, PiError> {
    let gpio = Gpio::new().map_err(PiError::Gpio)?;
    let got = gpio.get(pin).map_err(|source| PiError::Pin { pin, source })?;
    let mut output = if high { got.into_output_high() } else { got.into_output_low() };
    output.set_reset_on_drop(false);
    Ok(output)
}

/// A pin of a lamp or buzzer, off until told otherwise.
pub(super) fn lamp(pin: u8, wiring: Wiring) -> Result<OutputPin, PiError> {
    output(pin, wiring.high(false))
}

/// A pin that something pulls high or low.
pub(super) fn input(pin: u8, pull: Pull) -> Result<PiInput, PiError> {
    let gpio = Gpio::new().map_err(PiError::Gpio)?;
    let got = gpio.get(pin).map_err(|source| PiError::Pin { pin, source })?;
    Ok(PiInput(match pull {
        Pull::Up => got.into_input_pullup(),
        Pull::Down => got.into_input_pulldown(),
        Pull::Off => got.into_input(),
    }))
}

/// A pin that is looked at.
#[derive(Debug)]
pub(super) struct PiInput(InputPin);

impl PiInput {
    pub(super) fn is_low(&self) -> bool {
        self.0.is_low()
    }
}

/// A passive buzzer on a hardware PWM: a pin that sounds while it is high.
pub(super) fn tone(tone: Tone) -> Result<PiTone, PiError> {
    let fail = |source| PiError::Pwm { channel: tone.pwm, source };
    let channel = match tone.pwm {
        0 => Channel::Pwm0,
        1 => Channel::Pwm1,
        2 => Channel::Pwm2,
        _ => Channel::Pwm3,
    };
    let pwm = Pwm::with_frequency(channel, f64::from(tone.hz), 0.5, Polarity::Normal, false).map_err(fail)?;
    Ok(PiTone(pwm))
}

/// A passive buzzer.
#[derive(Debug)]
pub(super) struct PiTone(Pwm);

impl digital::ErrorType for PiTone {
    type Error = digital::ErrorKind;
}

impl digital::OutputPin for PiTone {
    fn set_low(&mut self) -> Result<(), digital::ErrorKind> {
        self.0.disable().map_err(|_| digital::ErrorKind::Other)
    }

    fn set_high(&mut self) -> Result<(), digital::ErrorKind> {
        self.0.enable().map_err(|_| digital::ErrorKind::Other)
    }
}

/// The SPI bus of a panel.
pub(super) fn spi(spi: config::Spi) -> Result<Chunks<PiBus>, PiError> {
    spi_at(spi.bus, spi.select, spi.mhz * 1_000_000)
}

/// An SPI bus at a clock.
pub(super) fn spi_at(bus: u8, select: u8, hz: u32) -> Result<Chunks<PiBus>, PiError> {
    let (Some(known_bus), Some(known_select)) = (bus_of(bus), select_of(select)) else {
        return Err(PiError::NoSuchBus { bus, select });
    };
    Spi::new(known_bus, known_select, hz, Mode::Mode0)
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
