//! A terminal that is drawn on, and left as it was found.

use std::io::{self, IsTerminal, Read, Write};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::sync::mpsc;

/// Another screen than the one with the shell's lines, no cursor, no wrapping at the last column.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[0m\x1b[2J";
const LEAVE: &str = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

/// A terminal in raw mode. It is as it was before when this is dropped, whatever the reason.
pub(super) struct Terminal<'a> {
    out: &'a mut dyn Write,
    before: Termios,
}

impl<'a> Terminal<'a> {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// It is none, or is gone.
    pub(super) fn enter(out: &'a mut dyn Write) -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        leave_first_on_panic(&before);
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        let mut terminal = Self { out, before };
        terminal.show(ENTER)?;
        Ok(terminal)
    }

    /// Sends what is to be shown.
    ///
    /// # Errors
    /// Nobody is there any more.
    pub(super) fn show(&mut self, bytes: &str) -> io::Result<()> {
        self.out.write_all(bytes.as_bytes())?;
        self.out.flush()
    }
}

impl Write for Terminal<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What a panic has to say is said on the shell's screen, where it stays.
fn leave_first_on_panic(before: &Termios) {
    let (before, tell) = (before.clone(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        if io::stderr().is_terminal() {
            let _ = io::stderr().write_all(LEAVE.as_bytes());
        }
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
        tell(panic);
    }));
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no tidying.
        let _ = self.show(LEAVE);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Columns and rows. Where the terminal does not know, as over a serial line, the usual.
pub(super) fn size() -> io::Result<(u16, u16)> {
    let size = tcgetwinsize(io::stdout())?;
    Ok(match (size.ws_col, size.ws_row) {
        (0, _) | (_, 0) => (80, 24),
        size => size,
    })
}

/// The keys as they are pressed, byte by byte; it ends when none can come any more.
pub(super) fn keys() -> io::Result<mpsc::Receiver<u8>> {
    let (to, keys) = mpsc::channel(16);
    std::thread::Builder::new().name("keys".into()).spawn(move || {
        let mut key = [0];
        while io::stdin().read(&mut key).is_ok_and(|read| read > 0) {
            if to.blocking_send(key[0]).is_err() {
                return;
            }
        }
    })?;
    Ok(keys)
}
