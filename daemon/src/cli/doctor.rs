//! `andonctl doctor`: what is missing on this box, and the line that mends it.
//!
//! It needs no daemon, and asks one where it runs. What it looks at is files: on a tree made for a test as on a Pi.

mod backups;
mod desk;
mod finding;
mod here;
mod keys;
pub(super) mod mail;
mod pi;
#[cfg(test)]
mod tests;
mod tls;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;

use self::finding::{Finding, Severity};
use self::tree::Tree;
use super::Io;
use super::control::{Control, ControlError};
use super::error::CliError;
use super::paint::Paint;
use super::status::Alarm;
use crate::chain::chain;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, ConfigError};

/// Where an installed daemon has its configuration, from the root.
const INSTALLED: &str = "etc/andon/andon.toml";
/// The directory it is in, where its files are looked for.
const INSTALLED_IN: &str = "etc/andon";
/// Where its unit says that its books are, whatever its configuration says.
const INSTALLED_STATE: &str = "var/lib/andon";

/// Tell what is missing on this box, and the line that mends it.
///
/// Looks at the configuration, the certificate, files of secrets, mail servers, the wall's buses and pins, rights, the state directory, calendars,
/// backups, the clock and the daemon, or its address where it does not run; it changes nothing. Needs no daemon. Ends with 1 when something is wrong.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// The configuration [default: /etc/andon/andon.toml where it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Look at the file system under this directory
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    root: PathBuf,
}

impl Doctor {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let tree = Tree::new(&self.root);
        let mut findings = Vec::new();
        let config = configuration(self.config.as_deref(), &tree, &mut findings);
        let base =
            self.config.as_deref().and_then(Path::parent).map_or(tree.path(INSTALLED_IN), Path::to_owned);
        let now = SystemClock.system_now();
        tls::look(&config, &base, now, &mut findings);
        keys::look(&config, &base, &mut findings);
        mail::look(&config, &mut findings);
        pi::look(&tree, &config.board, &mut findings);
        let state_dir = io.state_dir.clone().unwrap_or_else(|| state_dir(&config, &tree));
        here::state_dir(&state_dir, &mut findings);
        desk::books(&state_dir, &mut findings);
        desk::calendars(&config, &base, now, &mut findings);
        backups::look(&tree, now.local(config.zone).date(), &mut findings);
        findings.push(here::clock(SystemClock.kernel_synchronised(), config.clock.trust));
        if !daemon(&io.control, &mut findings) {
            desk::address(config.listen, &mut findings);
        }

        let is_wrong = findings.iter().any(|finding| finding.severity == Severity::Wrong);
        if io.json {
            io.json(&findings)?;
        } else {
            for finding in &findings {
                let line = finding.to_string();
                let paint = match finding.severity {
                    Severity::Wrong => Some(Paint::Bad),
                    Severity::Note | Severity::Fine => None,
                };
                match paint.zip(line.split_once('\n')) {
                    Some((paint, (what, mend))) => writeln!(io.out, "{}\n{mend}", io.paint(paint, what))?,
                    None => writeln!(io.out, "{line}")?,
                }
            }
        }
        Ok(if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// The configuration; where it is wrong, the default after saying so.
fn configuration(said: Option<&Path>, tree: &Tree, findings: &mut Vec<Finding>) -> Config {
    let path = said.map_or_else(|| tree.path(INSTALLED), Path::to_owned);
    if said.is_none() && !path.exists() {
        findings.push(Finding::fine("config", "there is no configuration: everything has its default"));
        return Config::default();
    }
    match Config::read(&path) {
        Ok(config) => {
            findings.push(Finding::fine("config", format!("{} is whole", path.display())));
            config
        }
        Err(error) => {
            let file = match &error {
                ConfigError::File { path, .. } | ConfigError::Read { path, .. } => path,
                _ => &path,
            };
            let mend = format!("sudo nano {}", file.display());
            findings.push(Finding::wrong("config", chain(&error), mend));
            Config::default()
        }
    }
}

/// Where the books are, where nobody says it: as the configuration has it, else those of an installed daemon.
fn state_dir(config: &Config, tree: &Tree) -> PathBuf {
    let is_installed = !config.state_dir.is_dir() && tree.exists(INSTALLED_STATE);
    if is_installed { tree.path(INSTALLED_STATE) } else { config.state_dir.clone() }
}

#[derive(Deserialize)]
struct Status {
    version: String,
    /// None of a daemon that has no index yet.
    #[serde(default)]
    search: Option<Search>,
    /// None of a daemon that knows no roster yet.
    #[serde(default)]
    roster: Option<Roster>,
}

#[derive(Deserialize)]
struct Roster {
    gaps: Option<u64>,
    first_gap_at: Option<String>,
}

#[derive(Deserialize)]
struct Search {
    whole: bool,
    tickets: u64,
    missing_blocks: u64,
}

/// The daemon as it answers: whether it does, of which version, and which panels it cannot use. False where none is there.
fn daemon(control: &Control, findings: &mut Vec<Finding>) -> bool {
    let path = "/v1/status";
    let status = control.get(path).and_then(|answer| answer.read::<Status>(path));
    match status {
        Ok(Status { version, search, roster }) => {
            let own = env!("CARGO_PKG_VERSION");
            findings.push(if version == own {
                Finding::fine("daemon", format!("andond {version} answers"))
            } else {
                let what = format!("andond {version} runs, and this is andonctl {own}");
                Finding::wrong("daemon", what, "sudo systemctl restart andond")
            });
            findings.extend(search.map(|search| lists(&search)));
            findings.extend(roster.and_then(|roster| gaps(&roster)));
        }
        Err(error) => {
            let mend = match &error {
                ControlError::NotAllowed { .. } => "sudo andonctl doctor",
                _ => {
                    "sudo systemctl reset-failed andond; sudo systemctl start andond; journalctl -u andond -e"
                }
            };
            findings.push(Finding::wrong("daemon", chain(&error), mend));
            return !matches!(error, ControlError::NoDaemon { .. });
        }
    }
    let Ok(alarms) = Alarm::all(control) else { return true };
    for Alarm { id, kind, text, .. } in alarms.into_iter().filter(Alarm::stands) {
        let (about, what) = match kind.as_str() {
            "panel" => ("wall", format!("a part of the wall fails ({id}): {text}")),
            "storage" => ("disk", format!("what the desk writes is not kept as it should be ({id}): {text}")),
            "letter" => ("mail", format!("mail, chats or webhooks fail ({id}): {text}")),
            _ => continue,
        };
        findings.push(Finding::wrong(about, what, "journalctl -u andond -e"));
    }
    true
}

/// Gaps of the roster within a week; nothing where no roster is kept.
fn gaps(Roster { gaps, first_gap_at }: &Roster) -> Option<Finding> {
    let first = first_gap_at.as_deref().map(super::text::when).unwrap_or_default();
    Some(match (*gaps)? {
        0 => Finding::fine("roster", "somebody is on shift whenever the desk is open in the coming week"),
        gaps => Finding::note("roster", format!("{gaps} gaps within a week, the first at {first}"))
            .mended_by("andonctl roster coverage"),
    })
}

/// The index by which lists find tickets.
fn lists(Search { whole, tickets, missing_blocks }: &Search) -> Finding {
    if *whole {
        return Finding::fine("lists", format!("lists find {tickets} tickets by their index"));
    }
    let what = format!("the index of lists lacks {missing_blocks} blocks and is being made: lists are slow");
    Finding::note("lists", what).mended_by("andonctl status; journalctl -u andond -g index")
}
