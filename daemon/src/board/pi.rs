//! The Raspberry Pi's SPI bus and pins, as embedded-hal sees them. The only place that names rppal.

use embedded_hal::digital;
use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};
use firmware_board::panel::Wiring;
use rppal::gpio::{Gpio, InputPin, OutputPin};
use rppal::pwm::{Channel, Polarity, Pwm};
use rppal::spi::{Bus, Mode, SlaveSelect, Spi};

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

/// A pin that drives something, at its idle level until told otherwise.
pub(super) fn output(pin: u8, high: bool) -> Result<OutputPin, PiError> {
    let gpio = Gpio::new().map_err(PiError::Gpio)?;
    let got = gpio.get(pin).map_err(|source| PiError::Pin { pin, source })?;
    Ok(if high { got.into_output_high() } else { got.into_output_low() })
}

/// A pin of a lamp or buzzer, off until told otherwise. When the daemon ends it stays as it is left.
pub(super) fn lamp(pin: u8, wiring: Wiring) -> Result<OutputPin, PiError> {
    let mut output = output(pin, wiring.high(false))?;
    output.set_reset_on_drop(false);
    Ok(output)
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
pub(super) fn spi(spi: config::Spi) -> Result<PiSpi, PiError> {
    spi_at(spi.bus, spi.select, spi.mhz * 1_000_000)
}

/// An SPI bus at a clock.
pub(super) fn spi_at(bus: u8, select: u8, hz: u32) -> Result<PiSpi, PiError> {
    let (Some(known_bus), Some(known_select)) = (bus_of(bus), select_of(select)) else {
        return Err(PiError::NoSuchBus { bus, select });
    };
    Spi::new(known_bus, known_select, hz, Mode::Mode0).map(PiSpi).map_err(|source| PiError::Spi {
        bus,
        select,
        source,
    })
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

/// The bus as embedded-hal sees it. Transfers come in lengths that spidev takes; a short one is finished.
#[derive(Debug)]
pub(super) struct PiSpi(Spi);

/// A transfer failed.
#[derive(thiserror::Error)]
#[error("{0}")]
pub(super) struct SpiFault(String);

impl std::fmt::Debug for SpiFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl embedded_hal::spi::Error for SpiFault {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for PiSpi {
    type Error = SpiFault;
}

impl SpiDevice for PiSpi {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), SpiFault> {
        for operation in operations {
            match operation {
                Operation::Write(bytes) => self.write_all(bytes)?,
                Operation::DelayNs(ns) => std::thread::sleep(std::time::Duration::from_nanos((*ns).into())),
                Operation::Read(_) | Operation::Transfer(..) | Operation::TransferInPlace(_) => {
                    return Err(SpiFault("panels are only written to".into()));
                }
            }
        }
        Ok(())
    }
}

impl PiSpi {
    fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), SpiFault> {
        while !bytes.is_empty() {
            match self.0.write(bytes).map_err(|error| SpiFault(error.to_string()))? {
                0 => return Err(SpiFault("the bus takes nothing".into())),
                sent => bytes = &bytes[sent..],
            }
        }
        Ok(())
    }
}
