//! A terminal that a program believes to be one, and what it would show.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use vt100::Parser;

use crate::daemon::eventually;

/// A terminal of a size.
pub struct Terminal {
    ours: File,
    theirs: OwnedFd,
    seen: Arc<Mutex<Seen>>,
}

/// What came, and what it makes.
struct Seen {
    parser: Parser,
    bytes: usize,
}

impl Terminal {
    /// One with so many columns and rows.
    pub fn new(columns: u16, rows: u16) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("the system has terminals");
        grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it is ours");
        let name = ptsname(&ours, Vec::new()).expect("it has a name");
        let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("it can be opened");
        let ours = File::from(ours);
        let seen = Arc::new(Mutex::new(Seen {
            parser: Parser::new(positive(rows), positive(columns), 0),
            bytes: 0,
        }));
        let (mut from, to) = (ours.try_clone().expect("a descriptor"), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut piece = vec![0; 1 << 16];
            while let Ok(read @ 1..) = from.read(&mut piece) {
                let mut seen = to.lock().unwrap_or_else(PoisonError::into_inner);
                seen.bytes += read;
                seen.parser.process(&piece[..read]);
            }
        });
        let terminal = Self { ours, theirs, seen };
        terminal.resize(columns, rows);
        terminal
    }

    /// Starts a program in it.
    pub fn run(&self, command: &mut Command) -> Child {
        let end = || Stdio::from(self.theirs.try_clone().expect("a descriptor"));
        command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("it can be started")
    }

    /// Gives it another size; whoever draws on it has to notice.
    pub fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.ours, size).expect("it takes a size");
        let (rows, columns) = (positive(rows), positive(columns));
        self.with(|seen| seen.parser.screen_mut().set_size(rows, columns));
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &[u8]) {
        self.ours.write_all(keys).expect("somebody listens");
    }

    /// How it is set: whether it echoes, whether it gives lines.
    pub fn settings(&self) -> Termios {
        tcgetattr(&self.theirs).expect("it is a terminal")
    }

    /// How many bytes it was sent.
    pub fn bytes(&self) -> usize {
        self.with(|seen| seen.bytes)
    }

    /// The text that stands on it.
    pub fn text(&self) -> String {
        self.with(|seen| seen.parser.screen().contents())
    }

    /// Whether it is on the screen of the shell, with a cursor.
    pub fn is_clean(&self) -> bool {
        self.with(|seen| !seen.parser.screen().alternate_screen() && !seen.parser.screen().hide_cursor())
    }

    /// The pixel at a column, and at half a row; none where no colour was set by its value.
    pub fn pixel(&self, x: u16, y: u16) -> Option<[u8; 3]> {
        self.with(|seen| pixel(seen.parser.screen(), x, y))
    }

    /// The picture of so many pixels, row by row; none where some are not set.
    pub fn picture(&self, width: u16, height: u16) -> Option<Vec<u8>> {
        self.with(|seen| {
            let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            let pixels: Option<Vec<_>> = places.map(|(x, y)| pixel(seen.parser.screen(), x, y)).collect();
            Some(pixels?.concat())
        })
    }

    /// Waits for the end of what ran in it, which is to end well and to leave it clean and set as it was before.
    ///
    /// # Panics
    /// Where it does not.
    pub fn assert_left(&self, child: &mut Child, before: &Termios, why: &str) {
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{why}");
        eventually("a clean terminal", || self.is_clean().then_some(()));
        let after = self.settings();
        assert_eq!(after.local_modes, before.local_modes, "it echoes and gives lines as before: {why}");
        assert_eq!(
            (after.input_modes, after.output_modes),
            (before.input_modes, before.output_modes),
            "{why}"
        );
    }

    fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs a program in a terminal of that size for each signal that asks it to end, and sends it when the program has drawn.
///
/// # Panics
/// Where it does not end well, or does not leave the terminal as it was.
pub fn ends_by_signals(program: &mut Command, size: (u16, u16), has_drawn: impl Fn(&Terminal) -> bool) {
    for signal in ["-TERM", "-INT", "-HUP"] {
        let terminal = Terminal::new(size.0, size.1);
        let before = terminal.settings();
        let mut child = terminal.run(program);
        eventually("its first picture", || has_drawn(&terminal).then_some(()));
        let pid = child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("kill is there").success());
        terminal.assert_left(&mut child, &before, signal);
    }
}

fn positive(size: u16) -> NonZero<u16> {
    NonZero::new(size).expect("a terminal has a size")
}

fn pixel(screen: &vt100::Screen, x: u16, y: u16) -> Option<[u8; 3]> {
    let cell = screen.cell(y / 2, x)?;
    let is_above = y.is_multiple_of(2) && cell.contents() == "▀";
    match if is_above { cell.fgcolor() } else { cell.bgcolor() } {
        vt100::Color::Rgb(red, green, blue) => Some([red, green, blue]),
        vt100::Color::Default | vt100::Color::Idx(_) => None,
    }
}
