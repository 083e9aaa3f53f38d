//! A panel's bus: an SPI device and the pin that tells commands from data.

use alloc::boxed::Box;
use alloc::vec;
use core::fmt;

use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;
use mipidsi::interface::{Interface, InterfaceKind};

/// The most bytes of one transfer: Linux's spidev takes no more unless told otherwise.
pub const BUS_LIMIT: usize = 4096;

/// Never sends more than [`BUS_LIMIT`] bytes at once nor nothing at all: some kernels break on an empty transfer.
pub(super) struct Bus<SPI, DC> {
    spi: SPI,
    dc: DC,
    buffer: Box<[u8]>,
    pub(super) writes: u32,
    pub(super) bytes: u32,
}

/// A transfer failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusError<S, D> {
    /// The SPI device.
    Spi(S),
    /// The pin that tells commands from data.
    Dc(D),
}

impl<S: fmt::Debug, D: fmt::Debug> fmt::Display for BusError<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spi(error) => write!(f, "write to the SPI device: {error:?}"),
            Self::Dc(error) => write!(f, "set the data/command pin: {error:?}"),
        }
    }
}

impl<S: fmt::Debug, D: fmt::Debug> core::error::Error for BusError<S, D> {}

impl<SPI: SpiDevice, DC: OutputPin> Bus<SPI, DC> {
    pub(super) fn new(spi: SPI, dc: DC) -> Self {
        Self { spi, dc, buffer: vec![0; BUS_LIMIT].into_boxed_slice(), writes: 0, bytes: 0 }
    }

    pub(super) fn release(self) -> (SPI, DC) {
        (self.spi, self.dc)
    }

    /// Sends commands whose arguments are commands, too.
    pub(super) fn command(&mut self, bytes: &[u8]) -> Result<(), BusError<SPI::Error, DC::Error>> {
        self.dc.set_low().map_err(BusError::Dc)?;
        self.write(bytes)
    }

    /// Sends data.
    pub(super) fn data(&mut self, bytes: &[u8]) -> Result<(), BusError<SPI::Error, DC::Error>> {
        self.dc.set_high().map_err(BusError::Dc)?;
        self.write(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BusError<SPI::Error, DC::Error>> {
        for chunk in bytes.chunks(BUS_LIMIT) {
            self.count(chunk.len());
            self.spi.write(chunk).map_err(BusError::Spi)?;
        }
        Ok(())
    }

    /// Sends the first `length` bytes of the buffer.
    fn flush(&mut self, length: usize) -> Result<(), BusError<SPI::Error, DC::Error>> {
        if length == 0 {
            return Ok(());
        }
        self.count(length);
        self.spi.write(&self.buffer[..length]).map_err(BusError::Spi)
    }

    fn count(&mut self, bytes: usize) {
        self.writes = self.writes.wrapping_add(1);
        self.bytes =
            self.bytes.wrapping_add(u32::try_from(bytes).expect("a transfer is at most BUS_LIMIT bytes"));
    }
}

impl<SPI: SpiDevice, DC: OutputPin> Interface for Bus<SPI, DC> {
    type Word = u8;
    type Error = BusError<SPI::Error, DC::Error>;

    const KIND: InterfaceKind = InterfaceKind::Serial4Line;

    fn send_command(&mut self, command: u8, args: &[u8]) -> Result<(), Self::Error> {
        self.command(&[command])?;
        self.data(args)
    }

    fn send_pixels<const N: usize>(
        &mut self,
        pixels: impl IntoIterator<Item = [u8; N]>,
    ) -> Result<(), Self::Error> {
        let mut length = 0;
        for pixel in pixels {
            if length + N > self.buffer.len() {
                self.flush(length)?;
                length = 0;
            }
            self.buffer[length..length + N].copy_from_slice(&pixel);
            length += N;
        }
        self.flush(length)
    }

    fn send_repeated_pixel<const N: usize>(&mut self, pixel: [u8; N], count: u32) -> Result<(), Self::Error> {
        self.send_pixels((0..count).map(|_| pixel))
    }
}
