//! `andonctl ssh-gate`: what a restricted SSH key may do.
//!
//! sshd runs it instead of what was asked for, which it hands over in `SSH_ORIGINAL_COMMAND`. No shell ever sees those words: they
//! are parted at spaces, held against what is allowed, and carried out here.

use std::process::ExitCode;

use clap::{Args, Parser};

use super::error::CliError;
use super::{Cli, Io};

/// What sshd was asked for.
const ASKED: &str = "SSH_ORIGINAL_COMMAND";
/// The longest command that is looked at, in bytes.
const ASKED_MAX_BYTES: usize = 4_096;

/// Do what an SSH key is for, and nothing else: the forced command of that key.
///
/// In `~/.ssh/authorized_keys` of a user in the group andon (`adduser --ingroup andon wall`; the daemon's own user has no
/// shell), on one line:
///
///   command="andonctl ssh-gate --allow status --allow 'alarm list' --allow 'alarm ack'",restrict,pty ssh-ed25519 AAAA… olga
///
/// `ssh wall@box alarm list --json` then lists alarms, and anything else is refused. What is allowed is the beginning of a
/// command: `alarm list` allows its options, too, and `ticket` all that tickets have. Allow nothing that reads or writes files
/// by name: no backup, restore, import, export, setup, board safe. Words are parted at spaces; quotes mean nothing. Without `pty`
/// there is no `top`.
#[derive(Debug, Args)]
pub(super) struct SshGate {
    /// A command that the key may do, without its options; may be given again
    #[arg(long = "allow", value_name = "WORDS", required = true)]
    allowed: Vec<String>,
}

impl SshGate {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let asked = std::env::var(ASKED).unwrap_or_default();
        self.carry_out(&asked, io)
    }

    fn carry_out(&self, asked: &str, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let words = self.admit(asked).map_err(CliError::Refused)?;
        let cli = match Cli::try_parse_from(std::iter::once("andonctl").chain(words)) {
            Ok(cli) => cli,
            Err(error) if error.exit_code() == 0 => {
                write!(io.out, "{}", error.render())?;
                return Ok(ExitCode::SUCCESS);
            }
            Err(error) => return Err(CliError::Usage(error.render().to_string().trim_end().to_owned())),
        };
        if cli.global.socket.is_some() || cli.global.state_dir.is_some() {
            return Err(CliError::Refused(
                "this key chooses no daemon: --socket and --state-dir are the forced command's".to_owned(),
            ));
        }
        io.json |= cli.global.json;
        cli.noun.run(io)
    }

    /// The words of a command that is allowed.
    fn admit<'a>(&self, asked: &'a str) -> Result<Vec<&'a str>, String> {
        let list = self.allowed.join(", ");
        if asked.len() > ASKED_MAX_BYTES {
            return Err(format!("a command has at most {ASKED_MAX_BYTES} bytes"));
        }
        let mut words: Vec<_> = asked.split_whitespace().collect();
        if words.first() == Some(&"andonctl") {
            words.remove(0);
        }
        if words.is_empty() {
            return Err(format!(
                "this key is for commands alone, such as `ssh BOX {}`: {list}",
                self.allowed[0]
            ));
        }
        let said: Vec<_> = words.iter().copied().filter(|word| *word != "--json").collect();
        let is_allowed = self.allowed.iter().any(|allowed| {
            let allowed: Vec<_> = allowed.split_whitespace().collect();
            !allowed.is_empty() && said.starts_with(&allowed)
        });
        if is_allowed { Ok(words) } else { Err(format!("this key is not for that; it is for {list}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(allowed: &[&str]) -> SshGate {
        SshGate { allowed: allowed.iter().map(|words| (*words).to_owned()).collect() }
    }

    #[test]
    fn what_begins_as_is_allowed_is_done_and_nothing_else() {
        let gate = gate(&["status", "alarm list", "ticket show", " "]);
        for (asked, is_allowed) in [
            ("status", true),
            ("andonctl status", true),
            ("--json status", true),
            ("  alarm   list --limit 5", true),
            ("alarm --json list", true),
            ("ticket show 7", true),
            ("alarm ack 1-critical-5", false),
            ("alarm", false),
            ("statusx", false),
            ("--socket /tmp/x status", false),
            ("token add --name x --role admin", false),
            ("ssh-gate --allow token token list", false),
            ("andonctl andonctl status", false),
            ("sh -c status", false),
            ("\"status\"", false),
            ("$(status)", false),
        ] {
            assert_eq!(gate.admit(asked).is_ok(), is_allowed, "{asked}");
        }
        assert!(gate.admit("").unwrap_err().contains("ssh BOX status"));
        assert!(gate.admit(&"status ".repeat(1_000)).unwrap_err().contains("4096 bytes"));
        assert!(gate.admit("token list").unwrap_err().contains("it is for status, alarm list, ticket show"));
    }

    #[test]
    fn words_of_a_shell_are_words_and_nothing_else() {
        let words = gate(&["alarm list"]);
        let words = words.admit("alarm list ; rm -rf / | $(x) `y` && z").expect("its beginning is allowed");
        assert_eq!(words, ["alarm", "list", ";", "rm", "-rf", "/", "|", "$(x)", "`y`", "&&", "z"]);
    }
}
