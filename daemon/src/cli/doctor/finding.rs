//! What was found.

use std::fmt;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Severity {
    /// It has to be mended.
    Wrong,
    /// It is to be known.
    Note,
    /// It is as it should be.
    Fine,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What it is about: config, tls, keys, mail, pi, spi, gpio, video, pins, state, years, backup, clock, daemon, port, lists, roster or wall.
    pub(super) about: &'static str,
    pub(super) severity: Severity,
    /// What was found.
    pub(super) what: String,
    /// The line that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mend: Option<String>,
}

impl Finding {
    pub(super) fn wrong(about: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { about, severity: Severity::Wrong, what: what.into(), mend: Some(mend.into()) }
    }

    pub(super) fn note(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, severity: Severity::Note, what: what.into(), mend: None }
    }

    pub(super) fn fine(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, severity: Severity::Fine, what: what.into(), mend: None }
    }

    pub(super) fn mended_by(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Wrong => "WRONG",
            Severity::Note => "note",
            Severity::Fine => "fine",
        };
        write!(f, "{severity:5}  {:6}  {}", self.about, self.what)?;
        match &self.mend {
            Some(mend) => write!(f, "\n                mend it: {mend}"),
            None => Ok(()),
        }
    }
}
