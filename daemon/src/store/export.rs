//! The ledger as JSON lines: for other programs, for eyes, and to begin a desk anew from.
//!
//! | line | what it is |
//! | --- | --- |
//! | the first | a [`Header`] |
//! | then | a [`Text`] for each kept text of a regulation, by name |
//! | then | each entry of the ledger, exactly as it is stored |
//!
//! Exported, imported and exported again it is the same, byte for byte.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::format::FORMAT;
use super::regulations::{is_name, keep_file};
use super::{LedgerError, LedgerReader, kept_texts};

/// What a header calls itself.
const WHAT: &str = "export";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// That this is an export of Andon Desk: `export`.
    pub andon: String,
    /// The format of the state directory it was made of; see [`format`](mod@super::format).
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// The number behind the last event's.
    pub next_event: u64,
}

impl Header {
    /// Whether it says that it is one.
    pub fn is_export(&self) -> bool {
        self.andon == WHAT
    }
}

/// A line with the text of a regulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Its file's name below `STATE/regulations`.
    pub file: String,
    /// The text, to the byte.
    pub text: String,
}

impl Text {
    /// Whether its file is one of a kept text, and nothing else.
    pub fn has_good_name(&self) -> bool {
        is_name(&self.file)
    }

    /// Keeps it in the state directory `dir`.
    pub fn keep(&self, dir: &Path) -> io::Result<()> {
        keep_file(dir, &self.file, &self.text)
    }
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The ledger cannot be read to its end.
    #[error("cannot export the ledger; a backup takes it as it is")]
    Ledger(#[from] LedgerError),
    /// A kept text cannot be read.
    #[error("cannot read {file}; an export is whole or none", file = file.display())]
    Text {
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An entry is no line.
    #[error("the entry at event {first_seq} is no line of JSON")]
    NoLine {
        /// Its first event.
        first_seq: u64,
    },
    /// The lines cannot be written.
    #[error("cannot write the export")]
    Write(#[source] io::Error),
}

/// Writes what is in the state directory `state_dir` up to event `next_seq` as lines; `program` is this program's
/// version. No more than an entry is held in memory.
pub fn export(
    ledger: &LedgerReader,
    next_seq: u64,
    state_dir: &Path,
    program: &str,
    mut out: impl Write,
) -> Result<(), ExportError> {
    let header =
        Header { andon: WHAT.to_owned(), format: FORMAT, program: program.to_owned(), next_event: next_seq };
    line(&mut out, &header).map_err(ExportError::Write)?;
    let unreadable = |file: PathBuf, source| ExportError::Text { file, source };
    let texts = kept_texts(state_dir).map_err(|source| unreadable(state_dir.join("regulations"), source))?;
    for (file, text) in texts {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = text.map_err(|source| unreadable(file, source))?;
        line(&mut out, &Text { file: name, text }).map_err(ExportError::Write)?;
    }
    for frame in ledger.frames_from(1) {
        let (_, frame) = frame?;
        if frame.first_seq >= next_seq {
            break;
        }
        if frame.payload.contains(&b'\n') {
            return Err(ExportError::NoLine { first_seq: frame.first_seq });
        }
        out.write_all(&frame.payload).and_then(|()| out.write_all(b"\n")).map_err(ExportError::Write)?;
    }
    out.flush().map_err(ExportError::Write)
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
