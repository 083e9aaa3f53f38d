//! A log as it is read: line by line, whatever stands in them.

use std::io::{self, BufRead, Read};

use super::line::{Fault, Line};
use super::{SimulateError, Unfit};

/// The longest line, in bytes; a registration with every text at its limit is far below.
pub const LINE_MAX_BYTES: usize = 1 << 20;

/// A line under its number, from 1; or why it is no command.
pub(super) type Numbered = (u64, Result<Line, Box<Unfit>>);

/// A log that is read once, from its beginning.
pub(super) struct Log<R> {
    input: R,
    text: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Log<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, text: Vec::new(), number: 0 }
    }

    /// The next line that is not blank; `None` at the end.
    pub(super) fn next_line(&mut self) -> Result<Option<Numbered>, SimulateError> {
        loop {
            self.number += 1;
            let whole = read_line(&mut self.input, &mut self.text)
                .map_err(|source| SimulateError::Read { line: self.number, source })?;
            let Some(whole) = whole else { return Ok(None) };
            if self.text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let line = if whole { Line::read(&self.text) } else { Err(Box::new(Unfit::of(Fault::TooLong))) };
            return Ok(Some((self.number, line)));
        }
    }
}

/// Reads a line without its end. `None` at the end of the input, `false` where the line is too long and was skipped.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let limit = LINE_MAX_BYTES as u64 + 1;
    if input.by_ref().take(limit).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') || line.len() <= LINE_MAX_BYTES {
        return Ok(Some(true));
    }
    input.skip_until(b'\n')?;
    Ok(Some(false))
}
