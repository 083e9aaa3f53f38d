//! The trace of what went over the wires, as JSON lines: for tests and for support.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use firmware_board::record::{TraceEvent, TraceSink};
use serde::Serialize;

use crate::clock;
use crate::hex::hex;

/// Writes what happens on the wires to a file, if there is one. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Trace(Option<Arc<Mutex<BufWriter<File>>>>);

/// The trace of one panel's wires. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct PanelTrace {
    trace: Trace,
    panel: Arc<str>,
    bus: u8,
}

/// One line of a trace. Lamps, buzzer and button are on no panel.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Pin {
        us: u64,
        pin: &'a str,
        level: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        panel: Option<&'a str>,
    },
    Spi {
        us: u64,
        spi: u8,
        dc: u8,
        hex: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        panel: Option<&'a str>,
    },
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

    /// The trace of a panel's wires, which is on a bus.
    pub(super) fn of_panel(&self, panel: &str, bus: u8) -> PanelTrace {
        PanelTrace { trace: self.clone(), panel: panel.into(), bus }
    }

    /// Brings what was traced to the file.
    pub(super) fn flush(&self) {
        if let Some(file) = &self.0 {
            // A trace that cannot be written must not stop the wall.
            let _ = file.lock().unwrap_or_else(PoisonError::into_inner).flush();
        }
    }
}

impl Trace {
    fn write(&self, event: TraceEvent<'_>, bus: u8, panel: Option<&str>) {
        let Some(file) = &self.0 else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // The time is taken with the file in hand, so that lines of several panels stand in the order of their times.
        let us = clock::monotonic_us();
        let line = match event {
            TraceEvent::Pin { pin, level } => Line::Pin { us, pin: pin.name(), level: level.into(), panel },
            TraceEvent::Spi { dc, bytes } => {
                Line::Spi { us, spi: bus, dc: dc.into(), hex: hex(bytes), panel }
            }
        };
        if serde_json::to_writer(&mut *file, &line).is_ok() {
            let _ = file.write_all(b"\n");
        }
    }
}

impl TraceSink for Trace {
    fn take(&self, event: TraceEvent<'_>) {
        self.write(event, 0, None);
    }
}

impl PanelTrace {
    /// Brings what was traced to the file.
    pub(super) fn flush(&self) {
        self.trace.flush();
    }
}

impl TraceSink for PanelTrace {
    fn take(&self, event: TraceEvent<'_>) {
        self.trace.write(event, self.bus, Some(&self.panel));
    }
}
