//! Why a command did not do what it was asked.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use super::import_log::ImportLogError;
use super::simulate::SimulateError;
use crate::desk::regulation::Problems;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Stdout or stderr cannot be written.
    #[error("cannot write")]
    Write(#[from] io::Error),
    /// An argument says something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// It was refused, or there is no such thing.
    #[error("{0}")]
    Refused(String),
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A regulation is wrong.
    #[error(transparent)]
    Regulation(#[from] Problems),
    /// A log could not be told to its end.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// A foreign log could not be turned into commands.
    #[error(transparent)]
    ImportLog(#[from] ImportLogError),
}

impl CliError {
    /// 2 where the command was called wrongly, else 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if matches!(self, Self::Usage(_)) { ExitCode::from(2) } else { ExitCode::FAILURE }
    }

    fn causes(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        std::iter::successors(Some(self as &(dyn Error + 'static)), |error| (*error).source())
    }

    /// Whether only the reader of the output went away.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.causes()
            .filter_map(|error| error.downcast_ref::<io::Error>())
            .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The error and what brought it about, in one line.
    pub(crate) fn chain(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        for error in self.causes() {
            let more = error.to_string();
            // A transparent error repeats the words of its source.
            if words.last() != Some(&more) {
                words.push(more);
            }
        }
        words.join(": ")
    }
}
