//! A colour TFT: ST7796, ILI9341 or ST7789.

use core::convert::Infallible;
use core::fmt;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;
use mipidsi::Builder;
use mipidsi::InitError;
use mipidsi::dcs::{InterfaceExt, SetColumnAddress, SetPageAddress, WriteMemoryStart};
use mipidsi::interface::InterfacePixelFormat;
use mipidsi::models::{ILI9341Rgb565, Model, ST7789, ST7796};
use mipidsi::options::{ColorInversion, ColorOrder, Orientation, Rotation};

use super::bus::{Bus, BusError};
use crate::{Frame, Rect};

/// A panel that is sent only what changed.
///
/// It keeps what the panel shows. After an error that is unknown: every further [`Tft::show`] fails until [`Tft::reinit`] succeeds, and the next
/// picture is painted in full.
pub struct Tft<SPI, DC, RST> {
    bus: Bus<SPI, DC>,
    reset: Option<RST>,
    mounting: Mounting,
    /// Columns and rows of the pictures it takes.
    size: (u16, u16),
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

/// What drives the glass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chip {
    /// 320x480, upright.
    St7796,
    /// 240x320, upright.
    Ili9341,
    /// 240x320, upright.
    St7789,
}

impl Chip {
    /// Columns and rows of the glass as it is made, upright.
    pub const fn made(self) -> (u16, u16) {
        match self {
            Self::St7796 => (320, 480),
            Self::Ili9341 | Self::St7789 => (240, 320),
        }
    }
}

/// By how much something is turned, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Turn {
    /// Not at all.
    #[default]
    Not,
    /// By 90 degrees.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

impl Turn {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Not, Self::Quarter, Self::Half, Self::ThreeQuarters];

    /// The turn by so many degrees; none where that is no quarter of a circle: 0, 90, 180, 270.
    pub fn from_degrees(degrees: u16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .zip([0, 90, 180, 270])
            .find(|(_, known)| *known == degrees)
            .map(|(turn, _)| turn)
    }

    /// Whether columns become rows.
    pub const fn is_sideways(self) -> bool {
        matches!(self, Self::Quarter | Self::ThreeQuarters)
    }
}

/// What the panel is, and how it is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mounting {
    /// What drives the glass.
    pub chip: Chip,
    /// How the picture is turned on the upright glass.
    pub turn: Turn,
    /// The glass has its red and blue exchanged, as most have.
    pub blue_first: bool,
    /// The glass shows negatives unless told to invert, as IPS glass does.
    pub inverted: bool,
}

impl Mounting {
    /// Columns and rows of the pictures it takes.
    pub const fn size(self) -> (u16, u16) {
        let (width, height) = self.chip.made();
        if self.turn.is_sideways() { (height, width) } else { (width, height) }
    }
}

impl Default for Mounting {
    /// An ST7796 that lies on its side, as most are sold: 480x320.
    fn default() -> Self {
        Self { chip: Chip::St7796, turn: Turn::Quarter, blue_first: true, inverted: false }
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
        /// The frame's columns and rows.
        given: (u16, u16),
        /// Those of the panel.
        wanted: (u16, u16),
    },
}

impl<S: fmt::Debug, D: fmt::Debug, R: fmt::Debug> fmt::Display for TftError<S, D, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(error) => write!(f, "send to the panel: {error}"),
            Self::Reset(error) => write!(f, "set the panel's reset pin: {error:?}"),
            Self::NotInitialised => write!(f, "the panel has to be initialised"),
            Self::WrongSize { given, wanted } => {
                write!(f, "a frame of {}x{} for a panel of {}x{}", given.0, given.1, wanted.0, wanted.1)
            }
        }
    }
}

impl<S: fmt::Debug, D: fmt::Debug, R: fmt::Debug> core::error::Error for TftError<S, D, R> {}

/// What can go wrong on these wires.
pub(super) type Failure<SPI, DC, RST> = TftError<
    <SPI as embedded_hal::spi::ErrorType>::Error,
    <DC as embedded_hal::digital::ErrorType>::Error,
    <RST as embedded_hal::digital::ErrorType>::Error,
>;

impl<SPI: SpiDevice, DC: OutputPin, RST: OutputPin> Tft<SPI, DC, RST> {
    /// A panel on this device and these pins; nothing is sent before [`Tft::reinit`]. Without a reset pin it is reset by command.
    pub fn new(spi: SPI, dc: DC, reset: Option<RST>, mounting: Mounting) -> Self {
        Self { bus: Bus::new(spi, dc), reset, mounting, size: mounting.size(), panel: Panel::Unknown }
    }

    /// The same with pictures of another size, of which only a corner of the glass is used: so that a test can afford every byte.
    #[cfg(test)]
    pub(crate) fn of_corner(mut self, size: (u16, u16)) -> Self {
        self.size = size;
        self
    }

    /// Resets and initialises the panel, at first and after an error. It takes about a third of a second of `delay`.
    pub fn reinit(&mut self, delay: &mut impl DelayNs) -> Result<(), Failure<SPI, DC, RST>> {
        self.panel = Panel::Unknown;
        match self.mounting.chip {
            Chip::St7796 => self.init(ST7796, delay),
            Chip::Ili9341 => self.init(ILI9341Rgb565, delay),
            Chip::St7789 => self.init(ST7789, delay),
        }?;
        self.panel = Panel::Ready;
        Ok(())
    }

    fn init<M: Model<ColorFormat = Rgb565>>(
        &mut self,
        model: M,
        delay: &mut impl DelayNs,
    ) -> Result<(), Failure<SPI, DC, RST>> {
        let Mounting { turn, blue_first, inverted, .. } = self.mounting;
        let rotation = match turn {
            Turn::Not => Rotation::Deg0,
            Turn::Quarter => Rotation::Deg90,
            Turn::Half => Rotation::Deg180,
            Turn::ThreeQuarters => Rotation::Deg270,
        };
        let builder = Builder::new(model, &mut self.bus)
            .orientation(Orientation::new().rotate(rotation))
            .color_order(if blue_first { ColorOrder::Bgr } else { ColorOrder::Rgb })
            .invert_colors(if inverted { ColorInversion::Inverted } else { ColorInversion::Normal });
        match self.reset.as_mut() {
            Some(reset) => builder.reset_pin(reset).init(delay).map(|_| ()).map_err(failed),
            None => builder.init(delay).map(|_| ()).map_err(|error| failed(without_pin(error))),
        }
    }

    /// Shows the frame: sends the rectangles in which it differs from what the panel shows.
    pub fn show(&mut self, frame: &Frame) -> Result<Sent, Failure<SPI, DC, RST>> {
        let given = (frame.width(), frame.height());
        if given != self.size {
            return Err(TftError::WrongSize { given, wanted: self.size });
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
