//! Why a command did not do what it was asked.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::control::ControlError;
use super::import::ImportError;
use super::import_log::ImportLogError;
use super::simulate::SimulateError;
use crate::chain::chain;
use crate::config::ConfigError;
use crate::desk::regulation::Problems;
use crate::run::books::BooksError;
use crate::store::backup::BackupError;
use crate::store::export::ExportError;
use crate::store::staging::StagingError;

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
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A regulation is wrong.
    #[error(transparent)]
    Regulation(#[from] Problems),
    /// The daemon did not do it.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A log could not be told to its end.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// The state directory is not one to work with.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// New books could not be put in place.
    #[error(transparent)]
    Staging(#[from] StagingError),
    /// A backup could not be made, or is none to restore.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The ledger could not be written as lines.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Lines could not be made books of.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    WriteFile {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
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

    /// Says what is wrong: a refusal of the daemon as it came where JSON is asked for, else in one line with its causes.
    pub(crate) fn tell(&self, err: &mut dyn Write, json: bool) -> io::Result<()> {
        match self {
            Self::Control(ControlError::Refused(refused)) if json && refused.document.is_object() => {
                writeln!(err, "{}", refused.document)
            }
            _ => writeln!(err, "andonctl: {}", chain(self)),
        }
    }
}
