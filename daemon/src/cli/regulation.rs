//! `andonctl regulation`: the rules a desk works by, as files.

use std::fs;
use std::path::Path;

use super::error::CliError;
use crate::desk::Regulation;
use crate::desk::regulation::shipped;

/// A regulation by its name, where it comes with the program, or from a file.
pub(super) fn load(name: &str) -> Result<Regulation, CliError> {
    let (title, text) = text(name)?;
    Ok(Regulation::parse(&title, &text)?)
}

/// The file's name for messages, and its text.
fn text(name: &str) -> Result<(String, String), CliError> {
    if let Some(text) = shipped::text(name) {
        return Ok((format!("{name}.toml"), text.to_owned()));
    }
    let path = Path::new(name);
    match fs::read_to_string(path) {
        Ok(text) => Ok((name.to_owned(), text)),
        Err(_) if !path.exists() => {
            let names = shipped::names().collect::<Vec<_>>().join(", ");
            Err(CliError::Refused(format!(
                "there is no regulation `{name}`: no file of that name, and those that come with the program are {names}"
            )))
        }
        Err(source) => Err(CliError::Read { path: path.to_owned(), source }),
    }
}
