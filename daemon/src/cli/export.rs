//! `andonctl export`: the ledger as JSON lines.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Io;
use super::books::instead;
use super::control::Control;
use super::error::CliError;
use super::whole_file::WholeFile;
use crate::store::export;

/// Export everything that ever happened as JSON lines, while the daemon runs.
///
/// The first line says what it is, then come the kept texts of regulations, then one line for each entry of the ledger,
/// exactly as it is stored. `andonctl import` makes the same desk of it, and that exports the same lines again.
///
/// A daemon that is stopped is done without, where --state-dir says whose books they are.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The file; left out or `-`: standard output
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    to: PathBuf,
    /// Replace the file where it is there already
    #[arg(long)]
    force: bool,
}

impl Export {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        if self.to.as_os_str() == "-" {
            write(&io.control, io.state_dir.as_deref(), io.err, &mut io.out)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut file = WholeFile::begin(&self.to, self.force)?;
        write(&io.control, io.state_dir.as_deref(), io.err, &mut file)?;
        file.keep()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes the lines that the daemon sends, or where there is none, those of the books themselves.
fn write(
    control: &Control,
    state_dir: Option<&Path>,
    err: &mut dyn Write,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let Err(error) = control.download("/v1/export", |piece| out.write_all(piece)) else { return Ok(()) };
    let books = instead(error, state_dir, err)?;
    let program = env!("CARGO_PKG_VERSION");
    let (ledger, out) = (books.ledger.reader(), BufWriter::new(out));
    export::export(&ledger, ledger.next_seq(), books.dir(), program, out)?;
    Ok(())
}
