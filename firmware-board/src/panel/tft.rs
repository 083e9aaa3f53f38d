//! A TFT of 480x320 with an ST7796.

use core::convert::Infallible;
use core::fmt;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;
use mipidsi::Builder;
use mipidsi::InitError;
use mipidsi::dcs::{InterfaceExt, SetColumnAddress, SetPageAddress, WriteMemoryStart};
use mipidsi::interface::InterfacePixelFormat;
use mipidsi::models::ST7796;
use mipidsi::options::{ColorInversion, ColorOrder, Orientation, Rotation};

use super::bus::{Bus, BusError};
use crate::{Frame, Rect, wall};

/// A panel that is sent only what changed.
///
/// It keeps what the panel shows. After an error that is unknown: every further [`Tft::show`] fails until [`Tft::reinit`] succeeds, and the next
/// picture is painted in full.
pub struct Tft<SPI, DC, RST> {
    bus: Bus<SPI, DC>,
    reset: Option<RST>,
    mounting: Mounting,
    panel: Panel,
}

/// What is known of the panel's memory.
enum Panel {
    /// It has to be initialised.
    Unknown,
    /// It takes pictures and shows none of ours.
    Ready,
    /// It shows this.
    Shows(Frame),
}

/// How the panel is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mounting {
    /// Turned by half a turn from the usual landscape, with the ribbon on the other side.
    pub upside_down: bool,
    /// The glass has its red and blue exchanged, as most have.
    pub blue_first: bool,
    /// The glass shows negatives unless told to invert, as IPS glass does.
    pub inverted: bool,
}

impl Default for Mounting {
    fn default() -> Self {
        Self { upside_down: false, blue_first: true, inverted: false }
    }
}

/// What showing a picture took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Rectangles that had changed.
    pub rects: u32,
    /// SPI transfers.
    pub writes: u32,
    /// Bytes on the wire, commands included.
    pub bytes: u32,
}

/// The panel did not take what it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TftError<S, D, R> {
    /// A transfer failed.
    Bus(BusError<S, D>),
    /// The reset pin could not be set.
    Reset(R),
    /// It has not been initialised, or failed since.
    NotInitialised,
    /// The frame has not the panel's size.
    WrongSize {
        /// The frame's columns.
        width: u16,
        /// The frame's rows.
        height: u16,
    },
}

impl<S: fmt::Debug, D: fmt::Debug, R: fmt::Debug> fmt::Display for TftError<S, D, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(error) => write!(f, "send to the panel: {error}"),
            Self::Reset(error) => write!(f, "set the panel's reset pin: {error:?}"),
            Self::NotInitialised => write!(f, "the panel has to be initialised"),
            Self::WrongSize { width, height } => {
                write!(f, "a frame of {width}x{height} for a panel of {}x{}", wall::WIDTH, wall::HEIGHT)
            }
        }
    }
}

impl<S: fmt::Debug, D: fmt::Debug, R: fmt::Debug> core::error::Error for TftError<S, D, R> {}

type Failure<SPI, DC, RST> = TftError<
    <SPI as embedded_hal::spi::ErrorType>::Error,
    <DC as embedded_hal::digital::ErrorType>::Error,
    <RST as embedded_hal::digital::ErrorType>::Error,
>;

impl<SPI: SpiDevice, DC: OutputPin, RST: OutputPin> Tft<SPI, DC, RST> {
    /// A panel on this device and these pins; nothing is sent before [`Tft::reinit`]. Without a reset pin it is reset by command.
    pub fn new(spi: SPI, dc: DC, reset: Option<RST>, mounting: Mounting) -> Self {
        Self { bus: Bus::new(spi, dc), reset, mounting, panel: Panel::Unknown }
    }

    /// Resets and initialises the panel, at first and after an error. It takes about a third of a second of `delay`.
    pub fn reinit(&mut self, delay: &mut impl DelayNs) -> Result<(), Failure<SPI, DC, RST>> {
        self.panel = Panel::Unknown;
        let Mounting { upside_down, blue_first, inverted } = self.mounting;
        let turn = if upside_down { Rotation::Deg270 } else { Rotation::Deg90 };
        let builder = Builder::new(ST7796, &mut self.bus)
            .orientation(Orientation::new().rotate(turn))
            .color_order(if blue_first { ColorOrder::Bgr } else { ColorOrder::Rgb })
            .invert_colors(if inverted { ColorInversion::Inverted } else { ColorInversion::Normal });
        match self.reset.as_mut() {
            Some(reset) => builder.reset_pin(reset).init(delay).map(|_| ()).map_err(failed),
            None => builder.init(delay).map(|_| ()).map_err(|error| failed(without_pin(error))),
        }?;
        self.panel = Panel::Ready;
        Ok(())
    }

    /// Shows the frame: sends the rectangles in which it differs from what the panel shows.
    pub fn show(&mut self, frame: &Frame) -> Result<Sent, Failure<SPI, DC, RST>> {
        let (width, height) = (frame.width(), frame.height());
        if (width, height) != (wall::WIDTH, wall::HEIGHT) {
            return Err(TftError::WrongSize { width, height });
        }
        let shown = match core::mem::replace(&mut self.panel, Panel::Unknown) {
            Panel::Unknown => return Err(TftError::NotInitialised),
            Panel::Ready => None,
            Panel::Shows(last) => Some(last),
        };
        let rects = shown.as_ref().map_or_else(|| alloc::vec![frame.bounds()], |last| frame.diff(last));
        let (writes, bytes) = (self.bus.writes, self.bus.bytes);
        for rect in &rects {
            self.send(frame, *rect).map_err(TftError::Bus)?;
        }
        self.panel = Panel::Shows(match shown {
            Some(last) if rects.is_empty() => last,
            Some(_) | None => frame.clone(),
        });
        Ok(Sent {
            rects: u32::try_from(rects.len()).expect("fewer rectangles than pixels"),
            writes: self.bus.writes.wrapping_sub(writes),
            bytes: self.bus.bytes.wrapping_sub(bytes),
        })
    }

    /// Gives back the device and the pins.
    pub fn release(self) -> (SPI, DC, Option<RST>) {
        let (spi, dc) = self.bus.release();
        (spi, dc, self.reset)
    }

    fn send(&mut self, frame: &Frame, rect: Rect) -> Result<(), BusError<SPI::Error, DC::Error>> {
        self.bus.write_command(SetColumnAddress::new(rect.x, rect.right() - 1))?;
        self.bus.write_command(SetPageAddress::new(rect.y, rect.bottom() - 1))?;
        self.bus.write_command(WriteMemoryStart)?;
        InterfacePixelFormat::send_pixels(&mut self.bus, frame.pixels_in(rect))
    }
}

fn failed<S, D, R>(error: InitError<BusError<S, D>, R>) -> TftError<S, D, R> {
    match error {
        InitError::Interface(error) => TftError::Bus(error),
        InitError::ResetPin(error) => TftError::Reset(error),
        InitError::InvalidConfiguration(_) => {
            unreachable!("the size and bus of this panel are fixed and valid")
        }
    }
}

fn without_pin<B, R>(error: InitError<B, Infallible>) -> InitError<B, R> {
    match error {
        InitError::Interface(error) => InitError::Interface(error),
        InitError::ResetPin(never) => match never {},
        InitError::InvalidConfiguration(error) => InitError::InvalidConfiguration(error),
    }
}
