//! The wall's threads: lamps, buzzer and button in one, pictures in another, each panel in its own; none waits for another,
//! and none delays the desk.
//!
//! A part that fails is told in the journal and as an alarm of kind `panel`, and is tried again. Where the desk does not
//! answer any more, the wall says so; when it ends, what is left is a picture that says so and lamps that need a person.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use calendars::Tz;

use super::beacon::BeaconPart;
use super::brightness::Brightness;
use super::button::ButtonPart;
use super::lamps::Lamps;
use super::live::Live;
use super::painter::{Page, Painter};
use super::panels::Panels;
use super::parts::Parts;
use super::parts_test::PartsTest;
use super::pulse::Pulse;
use super::scene::Room;
use super::teller::Teller;
use super::trace::Trace;
use crate::config::Board;
use crate::run::Opening;

/// The wall, while its threads run.
#[derive(Debug)]
pub struct Wall {
    parts: Parts,
    stop: Arc<AtomicBool>,
    threads: [JoinHandle<()>; 2],
}

impl Wall {
    /// Starts the wall of a desk, which may still be being opened; `zone` is the site's. `button` stands in for the button:
    /// a file that begins with a 1 while it is pressed.
    ///
    /// # Errors
    /// When the system gives no thread. Parts that cannot be had are alarms, not errors.
    pub fn start(
        opening: Opening,
        board: &Board,
        zone: Tz,
        trace: Trace,
        button: Option<PathBuf>,
    ) -> std::io::Result<Self> {
        let brightness = Brightness::of(board);
        let panels = Panels::start(board, &brightness, &trace)?;
        let test = PartsTest::default();
        let parts = Parts {
            pictures: panels.pictures().clone(),
            live: Live::default(),
            brightness,
            test: test.clone(),
            has_signals: board.signals.is_some() || board.strip.is_some(),
            has_button: board.button.is_some() || button.is_some(),
        };
        let (stop, pulse, page) = (Arc::new(AtomicBool::new(false)), Pulse::default(), Page::default());
        let room = Room { site: board.site.clone(), language: board.language };
        let lamps = Lamps {
            teller: Teller::new(opening.clone()),
            stop: Arc::clone(&stop),
            trace: trace.clone(),
            beacon: BeaconPart::new(board, parts.brightness.strip(), trace.clone()),
            button: ButtonPart::new(board.button, button),
            pulse: pulse.clone(),
            page: page.clone(),
            room: room.clone(),
            zone,
            quiet: board.quiet(),
            test: test.clone(),
        };
        let painter = Painter {
            teller: Teller::new(opening),
            zone,
            room,
            stop: Arc::clone(&stop),
            trace,
            panels,
            live: parts.live.clone(),
            pulse,
            page,
            test,
        };
        let lamps = Builder::new().name("lamps".into()).spawn(move || lamps.run())?;
        let wall = Builder::new().name("wall".into()).spawn(move || painter.run())?;
        Ok(Self { parts, stop, threads: [lamps, wall] })
    }

    /// Its parts, seen from outside.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Shows that the desk has stopped, leaves the lamps as they are to be then, and ends.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.parts.test.stop();
        for thread in self.threads {
            // A thread that panicked has said so in the journal.
            let _ = thread.join();
        }
    }
}
