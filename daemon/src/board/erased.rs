//! Buses and pins whose maker is forgotten, so that one wall drives recorded and real ones.

use std::fmt;

use embedded_hal::digital::{self, OutputPin};
use embedded_hal::spi::{self, Operation, SpiDevice};

/// Any bus.
pub(super) struct ErasedSpi(Box<dyn AnySpi + Send>);

/// Any pin.
pub(super) struct ErasedPin(Box<dyn AnyPin + Send>);

/// What a bus said, whatever its own error is.
pub(super) struct Fault {
    kind: spi::ErrorKind,
    text: String,
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl spi::Error for Fault {
    fn kind(&self) -> spi::ErrorKind {
        self.kind
    }
}

trait AnySpi {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Fault>;
}

trait AnyPin {
    fn set(&mut self, high: bool) -> Result<(), digital::ErrorKind>;
}

impl<T: SpiDevice> AnySpi for T {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Fault> {
        SpiDevice::transaction(self, operations)
            .map_err(|error| Fault { kind: spi::Error::kind(&error), text: format!("{error:?}") })
    }
}

impl<T: OutputPin> AnyPin for T {
    fn set(&mut self, high: bool) -> Result<(), digital::ErrorKind> {
        self.set_state(high.into()).map_err(|error| digital::Error::kind(&error))
    }
}

impl ErasedSpi {
    pub(super) fn new(spi: impl SpiDevice + Send + 'static) -> Self {
        Self(Box::new(spi))
    }
}

impl ErasedPin {
    pub(super) fn new(pin: impl OutputPin + Send + 'static) -> Self {
        Self(Box::new(pin))
    }
}

impl spi::ErrorType for ErasedSpi {
    type Error = Fault;
}

impl SpiDevice for ErasedSpi {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Fault> {
        self.0.transaction(operations)
    }
}

impl digital::ErrorType for ErasedPin {
    type Error = digital::ErrorKind;
}

impl OutputPin for ErasedPin {
    fn set_low(&mut self) -> Result<(), digital::ErrorKind> {
        self.0.set(false)
    }

    fn set_high(&mut self) -> Result<(), digital::ErrorKind> {
        self.0.set(true)
    }
}
