//! Files with secrets: whether others on the box may read them.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::finding::Finding;
use crate::config::{Config, TlsFiles};

/// Rights of everybody else.
const OTHERS: u32 = 0o007;

/// Looks at every file of a secret that the configuration names; `base` is the configuration's directory. What is not there is told
/// by whoever needs it.
pub(super) fn look(config: &Config, base: &Path, findings: &mut Vec<Finding>) {
    let found = findings.len();
    let files = files(config, base);
    for file in &files {
        let Ok(meta) = std::fs::metadata(file) else { continue };
        if meta.mode() & OTHERS != 0 {
            let shown = file.display();
            let what = format!("{shown} holds a secret, and everybody on this box may open it");
            findings.push(Finding::wrong(
                "keys",
                what,
                format!("sudo chown root:andon {shown} && sudo chmod 640 {shown}"),
            ));
        }
    }
    if findings.len() == found && !files.is_empty() {
        findings.push(Finding::fine("keys", "no file of a secret is open to everybody"));
    }
}

/// The files of secrets.
fn files(config: &Config, base: &Path) -> Vec<PathBuf> {
    let tls = config.tls.as_ref().and_then(|tls| match tls.files(base, None) {
        TlsFiles::Found { key, .. } => Some(key),
        TlsFiles::OnlyInUnit { .. } => None,
    });
    let webhooks = config.webhooks.iter().map(|webhook| webhook.secret_file.clone());
    let mail = config.mail.as_ref().and_then(|mail| mail.password_file.clone());
    let imap = config.imap.as_ref().map(|imap| imap.password_file.clone());
    let files = tls.into_iter().chain(config.sealed.key_file.clone()).chain(webhooks).chain(mail).chain(imap);
    files.filter(|file| file.is_file()).collect()
}
