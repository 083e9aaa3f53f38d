//! A bus that fails at any byte, and a panel that shows the right picture all the same once it is opened again.

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};

use embedded_graphics::pixelcolor::raw::RawU16;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{self, OutputPin};
use embedded_hal::spi::{self, ErrorKind, Operation, SpiDevice};

use super::{Care, Chip, Leds, Modules, Mounting, OLED_SIZE, Oled, Tft, Turn};
use crate::Frame;
use crate::decode::{Decoder, LedDecoder, OledDecoder};
use crate::record::{TraceEvent, Wire};

struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _ns: u32) {}
}

/// What listens at the far end.
trait Listener {
    fn hear(&mut self, event: TraceEvent<'_>);
}

impl Listener for Decoder {
    fn hear(&mut self, event: TraceEvent<'_>) {
        self.take(event);
    }
}

impl Listener for LedDecoder {
    fn hear(&mut self, event: TraceEvent<'_>) {
        self.take(event);
    }
}

impl Listener for OledDecoder {
    fn hear(&mut self, event: TraceEvent<'_>) {
        self.take(event);
    }
}

/// Wires to a listener that break after so many bytes and changes of pins; what came before has arrived.
struct Wires<L> {
    listener: RefCell<L>,
    left: Cell<usize>,
    used: Cell<usize>,
    dc: Cell<bool>,
}

impl<L: Listener> Wires<L> {
    fn new(listener: L, left: usize) -> Rc<Self> {
        Rc::new(Self {
            listener: RefCell::new(listener),
            left: Cell::new(left),
            used: Cell::new(0),
            dc: Cell::new(false),
        })
    }

    /// Lets through as many as are left, at most `wanted`.
    fn pass(&self, wanted: usize) -> usize {
        let passed = wanted.min(self.left.get());
        self.left.set(self.left.get() - passed);
        self.used.set(self.used.get() + passed);
        passed
    }

    fn mend(&self) {
        self.left.set(usize::MAX);
    }
}

struct Bus<L>(Rc<Wires<L>>);

impl<L> spi::ErrorType for Bus<L> {
    type Error = ErrorKind;
}

impl<L: Listener> SpiDevice for Bus<L> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        for operation in operations {
            let Operation::Write(bytes) = operation else { panic!("panels are only written to") };
            let passed = self.0.pass(bytes.len());
            if passed > 0 {
                let event = TraceEvent::Spi { dc: self.0.dc.get(), bytes: &bytes[..passed] };
                self.0.listener.borrow_mut().hear(event);
            }
            if passed < bytes.len() {
                return Err(ErrorKind::Other);
            }
        }
        Ok(())
    }
}

struct Pin<L>(Rc<Wires<L>>, Wire);

impl<L> digital::ErrorType for Pin<L> {
    type Error = digital::ErrorKind;
}

impl<L: Listener> Pin<L> {
    fn set(&self, level: bool) -> Result<(), digital::ErrorKind> {
        if self.0.pass(1) == 0 {
            return Err(digital::ErrorKind::Other);
        }
        if self.1 == Wire::Dc {
            self.0.dc.set(level);
        }
        self.0.listener.borrow_mut().hear(TraceEvent::Pin { pin: self.1, level });
        Ok(())
    }
}

impl<L: Listener> OutputPin for Pin<L> {
    fn set_low(&mut self) -> Result<(), digital::ErrorKind> {
        self.set(false)
    }

    fn set_high(&mut self) -> Result<(), digital::ErrorKind> {
        self.set(true)
    }
}

/// A picture without two equal rows or columns.
fn picture(width: u16, height: u16, seed: u16) -> Frame {
    let mut frame = Frame::new(width, height);
    for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
        let raw = (x + 1).wrapping_mul(y + 7).wrapping_mul(seed).wrapping_mul(40_503);
        frame.set(x, y, RawU16::new(raw).into());
    }
    frame
}

/// The same with two distant places changed, so that their difference is of two rectangles.
fn touched(frame: &Frame) -> Frame {
    let mut touched = frame.clone();
    for (x, y) in [(1, 1), (2, 1), (1, 2), (frame.width() - 2, frame.height() - 1)] {
        touched.set(x, y, RawU16::new(0x0BAD).into());
    }
    touched
}

fn tft<L: Listener>(
    wires: &Rc<Wires<L>>,
    mounting: Mounting,
    has_reset_pin: bool,
    size: (u16, u16),
) -> Tft<Bus<L>, Pin<L>, Pin<L>> {
    let reset = has_reset_pin.then(|| Pin(Rc::clone(wires), Wire::Reset));
    Tft::new(Bus(Rc::clone(wires)), Pin(Rc::clone(wires), Wire::Dc), reset, mounting).of_corner(size)
}

/// Initialises and shows two pictures until something fails; tells whether nothing did.
fn run<L: Listener>(tft: &mut Tft<Bus<L>, Pin<L>, Pin<L>>, pictures: &[Frame]) -> bool {
    tft.reinit(&mut NoDelay).is_ok() && pictures.iter().all(|picture| tft.show(picture).is_ok())
}

fn check_tft(mounting: Mounting, has_reset_pin: bool, size: (u16, u16), at: impl Iterator<Item = usize>) {
    let first = picture(size.0, size.1, 3);
    let pictures = [first.clone(), touched(&first)];
    let whole = Wires::new(Decoder::of(mounting.chip), usize::MAX);
    assert!(run(&mut tft(&whole, mounting, has_reset_pin, size), &pictures));
    let length = whole.used.get();
    for broken in at.take_while(|at| *at < length) {
        let wires = Wires::new(Decoder::of(mounting.chip), broken);
        let mut panel = tft(&wires, mounting, has_reset_pin, size);
        assert!(!run(&mut panel, &pictures), "{broken}: it broke before its end");
        assert!(panel.show(&pictures[1]).is_err(), "{broken}: what it shows is unknown");
        wires.mend();
        let mut panel = tft(&wires, mounting, has_reset_pin, size);
        panel.reinit(&mut NoDelay).expect("the wires are mended");
        for picture in pictures.iter().rev() {
            panel.show(picture).expect("the wires are mended");
            let decoder = wires.listener.borrow();
            assert!(decoder.is_visible(), "{broken}");
            let is_same = (0..size.1)
                .all(|y| (0..size.0).all(|x| decoder.pixel(x, y) == picture.row(y)[usize::from(x)]));
            assert!(is_same, "{broken}: the panel shows another picture");
        }
    }
}

#[test]
fn wherever_the_bus_of_a_tft_breaks_it_shows_the_picture_once_it_is_opened_again() {
    for chip in [Chip::St7796, Chip::Ili9341, Chip::St7789] {
        for (turn, has_reset_pin) in [(Turn::Quarter, true), (Turn::Not, false)] {
            check_tft(Mounting { chip, turn, ..Mounting::default() }, has_reset_pin, (13, 11), 0..);
        }
    }
}

#[test]
fn the_same_holds_for_a_whole_panel_at_the_ends_of_its_transfers() {
    let mounting = Mounting { chip: Chip::Ili9341, ..Mounting::default() };
    // A full picture goes out in 38 transfers, and is nearly all that is sent.
    let ends =
        (0..38).flat_map(|transfer| (0..3).map(move |beside| 40 + transfer * super::BUS_LIMIT + beside));
    check_tft(mounting, true, mounting.size(), ends);
}

#[test]
fn wherever_the_bus_of_a_matrix_breaks_it_shows_the_picture_once_it_is_opened_again() {
    let modules = Modules { columns: 4, rows: 2, upside_down: false, turn: Turn::Quarter };
    let (width, height) = modules.size();
    let first = picture(width, height, 5);
    let pictures = [first.clone(), touched(&first), picture(width, height, 9)];
    let run = |leds: &mut Leds<Bus<LedDecoder>>| {
        leds.reinit().is_ok() && pictures.iter().all(|picture| leds.show(picture).is_ok())
    };
    let whole = Wires::new(LedDecoder::new(modules), usize::MAX);
    assert!(run(&mut Leds::new(Bus(Rc::clone(&whole)), modules, 7)));
    for broken in 0..whole.used.get() {
        let wires = Wires::new(LedDecoder::new(modules), broken);
        let mut leds = Leds::new(Bus(Rc::clone(&wires)), modules, 7);
        assert!(!run(&mut leds), "{broken}: it broke before its end");
        assert!(leds.show(&pictures[0]).is_err(), "{broken}: what it shows is unknown");
        wires.mend();
        leds.reinit().expect("the wires are mended");
        for picture in pictures.iter().rev() {
            leds.show(picture).expect("the wires are mended");
            let shown = wires.listener.borrow().frame();
            let is_same = (0..height).all(|y| (0..width).all(|x| shown.is_lit(x, y) == picture.is_lit(x, y)));
            assert!(is_same, "{broken}: the matrix shows another picture");
            assert!(wires.listener.borrow().is_visible(), "{broken}");
        }
    }
}

#[test]
fn wherever_the_bus_of_an_oled_breaks_it_shows_the_picture_once_it_is_opened_again() {
    let first = picture(OLED_SIZE.0, OLED_SIZE.1, 5);
    let pictures = [(first.clone(), Care::default()), (touched(&first), Care::at(0, true))];
    let oled = |wires: &Rc<Wires<OledDecoder>>| {
        let pin = |wire| Pin(Rc::clone(wires), wire);
        Oled::new(Bus(Rc::clone(wires)), pin(Wire::Dc), pin(Wire::Reset), false)
    };
    let run = |oled: &mut Oled<Bus<OledDecoder>, Pin<OledDecoder>, Pin<OledDecoder>>| {
        let shows = |oled: &mut Oled<_, _, _>| {
            pictures.iter().all(|(picture, care)| oled.show(picture, *care).is_ok())
        };
        oled.reinit(&mut NoDelay).is_ok() && shows(oled)
    };
    let whole = Wires::new(OledDecoder::new(), usize::MAX);
    assert!(run(&mut oled(&whole)));
    for broken in 0..whole.used.get() {
        let wires = Wires::new(OledDecoder::new(), broken);
        let mut panel = oled(&wires);
        assert!(!run(&mut panel), "{broken}: it broke before its end");
        let (picture, care) = &pictures[0];
        assert!(panel.show(picture, *care).is_err(), "{broken}: what it shows is unknown");
        wires.mend();
        panel.reinit(&mut NoDelay).expect("the wires are mended");
        for (picture, care) in pictures.iter().rev() {
            panel.show(picture, *care).expect("the wires are mended");
            let decoder = wires.listener.borrow();
            let shown = decoder.frame();
            let is_same = (0..64).all(|y| (0..128).all(|x| shown.is_lit(x, y) == picture.is_lit(x, y)));
            assert!(is_same && decoder.is_visible(), "{broken}: the glass shows another picture");
        }
    }
}
