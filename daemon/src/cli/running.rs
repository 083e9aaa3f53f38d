//! The configuration by which a daemon drives its wall, kept where the unit runs it (`RuntimeDirectory=`).
//!
//! Whoever leaves the wall of a killed daemon safe has to know its pins and panels. The file of the configuration may say others
//! by then, or may be one that cannot be read: somebody is at work on it.

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::config::Config;

/// The file, which systemd removes with its directory when the daemon has ended.
fn path() -> Option<PathBuf> {
    std::env::var_os("RUNTIME_DIRECTORY").map(|dir| PathBuf::from(dir).join("running.toml"))
}

/// Keeps the text of a configuration; nowhere where nobody gave a directory for it.
pub(super) fn keep(text: &str) -> io::Result<()> {
    let Some(path) = path() else { return Ok(()) };
    let mut file = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

/// The configuration that was kept; none where there is none, or none that is whole.
pub(super) fn read() -> Option<Config> {
    let path = path()?;
    let text = std::fs::read_to_string(&path).ok()?;
    Config::parse(&path, &text).ok()
}
