//! The real drivers over a recording bus: what would have happened on the wires, for tests and for support.
//!
//! A recorder has no clock; whoever takes the events stamps their time.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::sync::atomic::{AtomicBool, Ordering};

use embedded_hal::digital::{self, OutputPin, PinState};
use embedded_hal::spi::{self, Operation, SpiDevice};

/// Something happened on a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceEvent<'a> {
    /// A pin was set.
    Pin {
        /// Which.
        pin: Wire,
        /// High or low.
        level: bool,
    },
    /// Bytes were written to the panel in one transfer.
    Spi {
        /// Whether they are data and not a command: the level of [`Wire::Dc`].
        dc: bool,
        /// The bytes.
        bytes: &'a [u8],
    },
}

/// The pins of a wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Tells the panel commands (low) from data (high).
    Dc,
    /// Resets the panel while low.
    Reset,
    /// Lights the panel's glass.
    Backlight,
    /// The red lamp.
    Red,
    /// The amber lamp.
    Amber,
    /// The green lamp.
    Green,
    /// The buzzer.
    Buzzer,
}

impl Wire {
    /// Its name in a trace.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dc => "dc",
            Self::Reset => "reset",
            Self::Backlight => "backlight",
            Self::Red => "red",
            Self::Amber => "amber",
            Self::Green => "green",
            Self::Buzzer => "buzzer",
        }
    }
}

/// Takes what was recorded. It is called in the order of events, before the wire itself is driven.
pub trait TraceSink {
    /// Takes one event.
    fn take(&self, event: TraceEvent<'_>);
}

impl<F: Fn(TraceEvent<'_>)> TraceSink for F {
    fn take(&self, event: TraceEvent<'_>) {
        self(event);
    }
}

/// Hands out devices and pins that record to one sink.
///
/// The sink is cloned into each of them: a reference to a closure, or a closure that can be cloned.
#[derive(Debug, Clone)]
pub struct Recorder<S> {
    sink: S,
    dc: Arc<AtomicBool>,
}

impl<S: TraceSink + Clone> Recorder<S> {
    /// A recorder to this sink.
    pub fn new(sink: S) -> Self {
        Self { sink, dc: Arc::new(AtomicBool::new(false)) }
    }

    /// A panel's bus that only records.
    pub fn spi(&self) -> RecordingSpi<S, Nowhere> {
        self.spi_over(Nowhere)
    }

    /// A panel's bus that records, and passes everything on to a real one.
    pub fn spi_over<SPI: SpiDevice>(&self, inner: SPI) -> RecordingSpi<S, SPI> {
        RecordingSpi { sink: self.sink.clone(), dc: Arc::clone(&self.dc), inner }
    }

    /// A pin that only records.
    pub fn pin(&self, wire: Wire) -> RecordingPin<S, Nowhere> {
        self.pin_over(wire, Nowhere)
    }

    /// A pin that records, and passes everything on to a real one.
    pub fn pin_over<P: OutputPin>(&self, wire: Wire, inner: P) -> RecordingPin<S, P> {
        RecordingPin { sink: self.sink.clone(), dc: Arc::clone(&self.dc), wire, inner }
    }
}

/// A bus and a pin that lead nowhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl spi::ErrorType for Nowhere {
    type Error = Infallible;
}

impl SpiDevice for Nowhere {
    fn transaction(&mut self, _operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        Ok(())
    }
}

impl digital::ErrorType for Nowhere {
    type Error = Infallible;
}

impl OutputPin for Nowhere {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A panel's bus that records what is written.
#[derive(Debug)]
pub struct RecordingSpi<S, SPI> {
    sink: S,
    dc: Arc<AtomicBool>,
    inner: SPI,
}

impl<S, SPI: SpiDevice> spi::ErrorType for RecordingSpi<S, SPI> {
    type Error = SPI::Error;
}

impl<S: TraceSink, SPI: SpiDevice> SpiDevice for RecordingSpi<S, SPI> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), SPI::Error> {
        let dc = self.dc.load(Ordering::Relaxed);
        for operation in &*operations {
            match operation {
                Operation::Write(bytes) | Operation::Transfer(_, bytes) => {
                    self.sink.take(TraceEvent::Spi { dc, bytes });
                }
                Operation::TransferInPlace(bytes) => self.sink.take(TraceEvent::Spi { dc, bytes }),
                Operation::Read(_) | Operation::DelayNs(_) => {}
            }
        }
        self.inner.transaction(operations)
    }
}

/// A pin that records what it is set to.
#[derive(Debug)]
pub struct RecordingPin<S, P> {
    sink: S,
    dc: Arc<AtomicBool>,
    wire: Wire,
    inner: P,
}

impl<S, P: OutputPin> digital::ErrorType for RecordingPin<S, P> {
    type Error = P::Error;
}

impl<S: TraceSink, P: OutputPin> OutputPin for RecordingPin<S, P> {
    fn set_low(&mut self) -> Result<(), P::Error> {
        self.set_state(PinState::Low)
    }

    fn set_high(&mut self) -> Result<(), P::Error> {
        self.set_state(PinState::High)
    }

    fn set_state(&mut self, state: PinState) -> Result<(), P::Error> {
        let level = state == PinState::High;
        if self.wire == Wire::Dc {
            self.dc.store(level, Ordering::Relaxed);
        }
        self.sink.take(TraceEvent::Pin { pin: self.wire, level });
        self.inner.set_state(state)
    }
}
