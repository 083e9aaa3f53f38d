//! The trace of what went over the wires, as JSON lines: for tests and for support.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use firmware_board::record::{TraceEvent, TraceSink};
use serde::Serialize;

use crate::clock;

/// Writes what happens on the wires to a file, if there is one. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Trace(Option<Arc<Mutex<BufWriter<File>>>>);

/// One line of a trace.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Pin { us: u64, pin: &'a str, level: u8 },
    Spi { us: u64, spi: u8, dc: u8, hex: String },
}

impl Trace {
    /// Appends to a file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn to_file(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self(Some(Arc::new(Mutex::new(BufWriter::new(file))))))
    }

    /// Brings what was traced to the file.
    pub(super) fn flush(&self) {
        if let Some(file) = &self.0 {
            // A trace that cannot be written must not stop the wall.
            let _ = file.lock().unwrap_or_else(PoisonError::into_inner).flush();
        }
    }
}

impl TraceSink for Trace {
    fn take(&self, event: TraceEvent<'_>) {
        let Some(file) = &self.0 else { return };
        let us = clock::monotonic_us();
        let line = match event {
            TraceEvent::Pin { pin, level } => Line::Pin { us, pin: pin.name(), level: level.into() },
            TraceEvent::Spi { dc, bytes } => Line::Spi { us, spi: 0, dc: dc.into(), hex: hex(bytes) },
        };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if serde_json::to_writer(&mut *file, &line).is_ok() {
            let _ = file.write_all(b"\n");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)].into());
        text.push(DIGITS[usize::from(byte & 15)].into());
    }
    text
}
