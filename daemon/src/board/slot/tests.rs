use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use firmware_board::decode::LedDecoder;
use firmware_board::panel::{Leds, Modules, Turn};
use firmware_board::record::{Recorder, TraceEvent};

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::RgbColor;
use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};

use super::super::brightness::Dimmer;
use super::super::drivers::Matrix;
use super::*;

/// As long as a test waits for a thread, which is for ever where one is broken.
const LONG: Duration = Duration::from_secs(60);

const PATIENCE: Patience = Patience {
    first: Duration::from_millis(1),
    most: Duration::from_millis(4),
    // Far more than any machine stalls, and both are passed by telling another time.
    hangs_ms: 3_600_000,
    steady_ms: 60_000,
};

/// A picture that can be told from others by its width.
fn picture(width: u16) -> Arc<Frame> {
    Arc::new(Frame::new(width, 1))
}

/// The strings of a puppet.
struct Strings {
    shown: Receiver<u16>,
    goes: Sender<Result<(), String>>,
    opened: Arc<AtomicUsize>,
}

impl Strings {
    fn shown(&self) -> u16 {
        self.shown.recv_timeout(LONG).expect("the panel is shown a picture")
    }

    fn well(&self) {
        self.goes.send(Ok(())).expect("the panel waits");
    }

    fn badly(&self, text: &str) {
        self.goes.send(Err(text.to_owned())).expect("the panel waits");
    }
}

/// A panel's thread whose panel is a puppet; it can be opened as often as is said.
fn puppet(times: usize) -> (PanelThread, Strings) {
    let (shown, is_shown) = channel();
    let (goes, how_it_goes) = channel();
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&opened);
    // Receivers are not cloned: each opening hands the one receiver on.
    let receiver = Arc::new(Mutex::new(how_it_goes));
    let open: Open = Box::new(move || {
        if counted.fetch_add(1, Ordering::SeqCst) >= times {
            return Err("it is gone".to_owned());
        }
        Ok(Box::new(Puppet { shown: shown.clone(), goes: Arc::clone(&receiver) }))
    });
    let thread = PanelThread::start("puppet", open, PATIENCE).expect("a thread");
    (thread, Strings { shown: is_shown, goes, opened })
}

/// A panel that tells what it is shown, and goes on when it is told how that went.
struct Puppet {
    shown: Sender<u16>,
    goes: Arc<Mutex<Receiver<Result<(), String>>>>,
}

impl Glass for Puppet {
    fn show(&mut self, frame: &Frame) -> Result<(), String> {
        self.shown.send(frame.width()).expect("the test listens");
        let goes = self.goes.lock().expect("nobody panicked with it");
        goes.recv().unwrap_or_else(|_| Err("the test is over".to_owned()))
    }
}

fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_newest_picture_wins_over_those_that_were_not_taken() {
    let (thread, strings) = puppet(1);
    thread.show(picture(1));
    assert_eq!(strings.shown(), 1);
    (2..=9).for_each(|width| thread.show(picture(width)));
    strings.well();
    assert_eq!(strings.shown(), 9);
    strings.well();
}

#[test]
fn a_panel_that_hangs_is_told_delays_nobody_and_is_told_to_work_again() {
    let (mut hung, strings) = puppet(1);
    hung.show(picture(1));
    assert_eq!(strings.shown(), 1);
    let begun_ms = now_ms();
    assert_eq!(hung.news(begun_ms), None, "it is only just busy");

    let (mut other, others) = puppet(1);
    for width in 1..=20 {
        hung.show(picture(width));
        other.show(picture(width));
        assert_eq!(others.shown(), width, "the other panel goes on");
        others.well();
    }
    assert_eq!(eventually(|| other.news(begun_ms)), Condition::Works);

    let later_ms = now_ms() + PATIENCE.hangs_ms;
    assert_eq!(hung.news(later_ms), Some(Condition::Hangs));
    assert_eq!(hung.news(later_ms + 60_000), None, "it is told once");
    assert!(!hung.wait(Duration::ZERO), "it has not ended");

    strings.well();
    assert_eq!(strings.shown(), 20, "what it missed it need not see");
    strings.well();
    assert_eq!(eventually(|| hung.news(now_ms() + PATIENCE.steady_ms)), Condition::Works);
}

#[test]
fn a_panel_that_fails_is_opened_again_and_told_once() {
    let (mut thread, strings) = puppet(usize::MAX);
    thread.show(picture(1));
    assert_eq!(strings.shown(), 1);
    strings.badly("no word");
    assert_eq!(eventually(|| thread.news(now_ms())), Condition::Fails("no word".to_owned()));
    assert_eq!(strings.shown(), 1, "the picture that failed is wanted again");
    strings.badly("another word");
    assert_eq!(strings.shown(), 1);
    assert_eq!(thread.news(now_ms()), None, "the same failure in other words is no news");
    thread.show(picture(2));
    strings.well();
    assert_eq!(strings.shown(), 2);
    assert_eq!(strings.opened.load(Ordering::SeqCst), 3);
    assert_eq!(thread.news(now_ms()), None, "one picture is not enough to call it well");
    strings.well();
    assert_eq!(eventually(|| thread.news(now_ms() + PATIENCE.steady_ms)), Condition::Works);
}

#[test]
fn a_panel_that_cannot_be_opened_says_why_and_is_tried_on() {
    let (mut thread, strings) = puppet(0);
    thread.show(picture(1));
    assert_eq!(eventually(|| thread.news(now_ms())), Condition::Fails("it is gone".to_owned()));
    eventually(|| (strings.opened.load(Ordering::SeqCst) >= 4).then_some(()));
    thread.stop();
    assert!(thread.wait(LONG), "it ends all the same");
}

#[test]
fn a_driver_that_breaks_down_is_told() {
    struct Broken;
    impl Glass for Broken {
        fn show(&mut self, _frame: &Frame) -> Result<(), String> {
            panic!("a driver's mistake, made for this test");
        }
    }
    let open: Open = Box::new(|| Ok(Box::new(Broken)));
    let mut thread = PanelThread::start("broken", open, PATIENCE).expect("a thread");
    thread.show(picture(1));
    let told = eventually(|| thread.news(now_ms()));
    assert_eq!(told, Condition::Fails("its driver broke down; restart andond".to_owned()));
}

#[test]
fn the_last_picture_is_shown_before_the_thread_ends() {
    let (thread, strings) = puppet(1);
    thread.show(picture(1));
    assert_eq!(strings.shown(), 1);
    thread.show(picture(2));
    thread.stop();
    strings.well();
    assert_eq!(strings.shown(), 2);
    strings.well();
    assert!(thread.wait(LONG));
}

#[test]
fn panels_are_given_up_for_longer_each_time() {
    let mut rests = vec![Patience::default().first];
    while rests.last() != Some(&Patience::default().most) {
        rests.push(Patience::default().after(*rests.last().expect("there is one")));
    }
    assert_eq!(rests.iter().map(Duration::as_secs).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 60]);
}

/// A bus that breaks at every so-many-th byte, in the middle of a transfer.
struct Frail {
    every: usize,
    left: usize,
    decoder: Arc<Mutex<LedDecoder>>,
}

impl ErrorType for Frail {
    type Error = ErrorKind;
}

impl SpiDevice for Frail {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        for operation in operations {
            let Operation::Write(bytes) = operation else { panic!("panels are only written to") };
            let passed = bytes.len().min(self.left);
            self.left -= passed;
            let event = TraceEvent::Spi { dc: false, bytes: &bytes[..passed] };
            self.decoder.lock().expect("nobody panicked with it").take(event);
            if passed < bytes.len() {
                self.left = self.every;
                return Err(ErrorKind::Other);
            }
        }
        Ok(())
    }
}

#[test]
fn a_panel_whose_bus_breaks_again_and_again_shows_the_newest_picture_in_the_end() {
    let modules = Modules { columns: 4, rows: 1, upside_down: false, turn: Turn::Not };
    let decoder = Arc::new(Mutex::new(LedDecoder::new(modules)));
    let listening = Arc::clone(&decoder);
    let mut every = 1;
    let open: Open = Box::new(move || {
        // It holds longer each time it is opened, so that it breaks in the initialisation first and in a difference last.
        every += 7;
        let bus = Frail { every, left: every, decoder: Arc::clone(&listening) };
        let bus = Recorder::new(|_: TraceEvent<'_>| ()).spi_over(bus);
        let mut driver = Leds::new(super::super::erased::ErasedSpi::new(bus), modules, 3);
        driver.reinit().map_err(|error| error.to_string())?;
        Ok(Box::new(Matrix { driver, dimmer: Dimmer::new(3) }))
    });
    let mut thread = PanelThread::start("frail", open, PATIENCE).expect("a thread");
    let mut frame = Frame::new(32, 8);
    for step in 0..200_u16 {
        frame.set(step * 7 % 32, step * 5 % 8, if step % 3 == 0 { Rgb565::BLACK } else { Rgb565::RED });
        thread.show(Arc::new(frame.clone()));
        std::thread::yield_now();
    }
    eventually(|| {
        let shown = decoder.lock().expect("nobody panicked with it").frame();
        let is_same = (0..32).all(|x| (0..8).all(|y| shown.is_lit(x, y) == frame.is_lit(x, y)));
        is_same.then_some(())
    });
    assert_eq!(eventually(|| thread.news(now_ms() + PATIENCE.steady_ms)), Condition::Works);
}
