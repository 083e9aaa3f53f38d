//! A monitor at the graphics card, without a browser or a desktop: pictures are written into memory that the card scans.
//!
//! One program at a time sets what a card shows, and the kernel takes the picture away with the last file that knows it:
//! when the daemon ends, however it does, the monitor shows no wall that nobody drives.

mod card;
mod pixels;

use drm::buffer::{Buffer, DrmFourcc};
use drm::control::dumbbuffer::DumbBuffer;
use drm::control::{ClipRect, Device as _, framebuffer};
use firmware_board::{Frame, Rect};
use rustix::io::Errno;

use self::card::{Ask, Card, CardError, Modes, Output};
use super::slot::Glass;
use crate::chain::chain;
use crate::config::Drm;

/// The kernel takes no more rectangles at once.
const CLIPS_MAX: usize = 256;

/// The size that the monitor prefers, where one is connected.
pub(super) fn preferred(drm: &Drm) -> Option<(u16, u16)> {
    // The wall waits for the answer.
    let (_, connector) = Card::find(drm, Ask::Kernel).ok()?;
    Modes::of(&connector).preferred()
}

/// Opens the card and has it show a black picture, on which frames of this size are centred.
///
/// # Errors
/// What is missing, and what mends it.
pub(super) fn open(drm: &Drm, size: (u16, u16)) -> Result<Box<dyn Glass>, String> {
    Screen::open(drm, size).map(|screen| Box::new(screen) as Box<dyn Glass>).map_err(|error| chain(&error))
}

/// A monitor that shows this program's picture.
struct Screen {
    card: Card,
    output: Output,
    buffer: DumbBuffer,
    framebuffer: framebuffer::Handle,
    /// Columns and rows of the frames.
    size: (u16, u16),
    /// Where on the monitor a frame's first pixel is.
    corner: (u16, u16),
    /// None where nothing was shown yet.
    shown: Option<Frame>,
}

impl Screen {
    fn open(drm: &Drm, size: (u16, u16)) -> Result<Self, CardError> {
        let (card, connector) = Card::find(drm, Ask::Monitor)?;
        let output = card.output(&connector, size)?;
        card.take()?;
        let (columns, rows) = output.mode.size();
        let whole = (u32::from(columns), u32::from(rows));
        let fails = |source| CardError::Picture { card: card.path(), source };
        let buffer = card.create_dumb_buffer(whole, DrmFourcc::Xrgb8888, 32).map_err(fails)?;
        let framebuffer = card.add_framebuffer(&buffer, 24, 32).map_err(|source| {
            // The kernel would keep it as long as the card is open, which is not much longer.
            let _ = card.destroy_dumb_buffer(buffer);
            fails(source)
        })?;
        let corner = ((columns - size.0) / 2, (rows - size.1) / 2);
        let screen = Self { card, output, buffer, framebuffer, size, corner, shown: None };
        screen.card.show(&screen.output, screen.framebuffer)?;
        Ok(screen)
    }

    fn paint(&mut self, frame: &Frame) -> Result<(), CardError> {
        self.card.is_shown(&self.output, self.framebuffer)?;
        let rects = self.shown.as_ref().map_or_else(|| vec![frame.bounds()], |last| frame.diff(last));
        if rects.is_empty() {
            return Ok(());
        }
        let pitch = usize::try_from(self.buffer.pitch()).expect("a row of a picture fits into memory");
        let path = self.card.path();
        let fails = |source| CardError::Picture { card: path.clone(), source };
        let mut memory = self.card.map_dumb_buffer(&mut self.buffer).map_err(fails)?;
        for rect in &rects {
            pixels::paint(frame, *rect, &mut memory, pitch, self.corner);
        }
        drop(memory);
        self.card.tell(self.framebuffer, &clips(&rects, frame.bounds(), self.corner)).map_err(fails)?;
        self.shown = Some(frame.clone());
        Ok(())
    }
}

impl Glass for Screen {
    fn show(&mut self, frame: &Frame) -> Result<(), String> {
        let given = (frame.width(), frame.height());
        if given != self.size {
            let (wanted, given) =
                (format!("{}x{}", self.size.0, self.size.1), format!("{}x{}", given.0, given.1));
            return Err(format!("a frame of {given} for a screen of {wanted}"));
        }
        self.paint(frame).map_err(|error| chain(&error))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The kernel does both when the card is closed, if these fail.
        let _ = self.card.destroy_framebuffer(self.framebuffer);
        let _ = self.card.destroy_dumb_buffer(self.buffer);
    }
}

impl Card {
    /// Tells the card what was written. One that scans the memory itself needs no telling, and says so.
    fn tell(&self, framebuffer: framebuffer::Handle, clips: &[ClipRect]) -> std::io::Result<()> {
        match self.dirty_framebuffer(framebuffer, clips) {
            Err(error) if needs_no_telling(&error) => Ok(()),
            told => told,
        }
    }
}

fn needs_no_telling(error: &std::io::Error) -> bool {
    [Errno::NOSYS, Errno::OPNOTSUPP].iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

/// What was written, as the card counts its pixels.
fn clips(rects: &[Rect], whole: Rect, (left, top): (u16, u16)) -> Vec<ClipRect> {
    let rects = if rects.len() > CLIPS_MAX { &[whole] } else { rects };
    let clip =
        |rect: &Rect| ClipRect::new(left + rect.x, top + rect.y, left + rect.right(), top + rect.bottom());
    rects.iter().map(clip).collect()
}

#[cfg(test)]
mod tests;
