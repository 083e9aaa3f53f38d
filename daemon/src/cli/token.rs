//! `andonctl token`: who may come in.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::Io;
use super::control::encoded;
use super::error::CliError;
use super::text::Table;
use crate::desk::Role;

/// Say who may come in over HTTP.
#[derive(Debug, Subcommand)]
pub(super) enum TokenNoun {
    Add(Add),
    /// List the tokens that are not revoked, with what they are for and when they were last used
    List,
    Denials(Denials),
    Revoke(Revoke),
}

/// Add a token and print its secret, once.
///
/// The secret is not kept. It goes to stdout alone, so that
/// `TOKEN=$(andonctl token add --name ivanova --role agent)` takes it.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The agent's or program's name; events bear it
    #[arg(long, value_name = "N")]
    name: String,
    /// viewer, intake, agent, lead, head or admin; each may all that those before it may
    #[arg(long, value_name = "R")]
    role: Role,
    /// A line they work on; may be given again. Left out: every line
    #[arg(long = "line", value_name = "L")]
    lines: Vec<u8>,
    /// A regulation whose tickets it has to do with; may be given again. Left out: every one
    #[arg(long = "regulation", value_name = "ID")]
    regulations: Vec<String>,
    /// A channel whose tickets it has to do with; may be given again. Left out: every one
    #[arg(long = "channel", value_name = "ID")]
    channels: Vec<String>,
    /// How long it holds: 90d, 12h, the last day 2027-01-31, or a time with an offset. Left out: until it is revoked
    #[arg(long, value_name = "TERM|DATE")]
    expires: Option<String>,
}

/// List the calls that were denied since the daemon started, the newest first.
///
/// Those from the same source, with the same token and code, are one line until there is a minute of peace. The journal
/// has them, too: `journalctl -u andond TARGET=andon::audit`.
#[derive(Debug, Args)]
pub(super) struct Denials {
    /// How many at most: 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,
}

/// Revoke a token: its secret lets nobody in any more.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Deserialize)]
struct Token {
    name: String,
    role: Role,
    lines: Vec<u8>,
    #[serde(default)]
    regulations: Vec<String>,
    #[serde(default)]
    channels: Vec<String>,
    expires_at: Option<String>,
    #[serde(default)]
    expired: bool,
    last_used_at: Option<String>,
    last_used_from: Option<String>,
}

#[derive(Deserialize)]
struct Denial {
    last_at: String,
    count: u64,
    from: String,
    token: Option<String>,
    code: String,
    method: String,
    route: String,
}

#[derive(Deserialize)]
struct NewToken {
    #[serde(flatten)]
    token: Token,
    secret: String,
}

impl Token {
    fn lines(&self) -> String {
        if self.lines.is_empty() {
            return "all".to_owned();
        }
        self.lines.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
    }

    /// From when on it lets nobody in.
    fn end(&self) -> String {
        match &self.expires_at {
            Some(at) if self.expired => format!("{at} (over)"),
            Some(at) => at.clone(),
            None => "never".to_owned(),
        }
    }

    fn last_use(&self) -> String {
        match (&self.last_used_at, &self.last_used_from) {
            (Some(at), Some(from)) => format!("{at} from {from}"),
            _ => "-".to_owned(),
        }
    }
}

impl TokenNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::Add(add) => add.run(io),
            Self::List => list(io),
            Self::Denials(denials) => denials.run(io),
            Self::Revoke(revoke) => {
                io.control.delete(&format!("/v1/tokens/{}", encoded(&revoke.name)))?;
                writeln!(io.err, "token {} is revoked", revoke.name)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl Add {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = "/v1/tokens";
        let body = json!({
            "name": self.name, "role": self.role, "lines": self.lines,
            "regulations": self.regulations, "channels": self.channels, "expires": self.expires,
        });
        let answer = io.control.post(path, &body)?;
        if io.json {
            return io.json(&answer.json);
        }
        let NewToken { token, secret } = answer.read(path)?;
        writeln!(
            io.err,
            "token {}: role {}, lines: {}, regulations: {}, channels: {}, expires: {}; the secret is shown this once",
            token.name,
            token.role,
            token.lines(),
            ids(&token.regulations),
            ids(&token.channels),
            token.end()
        )?;
        writeln!(io.out, "{secret}")?;
        Ok(ExitCode::SUCCESS)
    }
}

fn list(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = "/v1/tokens";
    let answer = io.control.get(path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let mut table = Table::new(["name", "role", "lines", "regulations", "channels", "expires", "last used"]);
    for token in answer.read::<Vec<Token>>(path)? {
        let (lines, end, last_use) = (token.lines(), token.end(), token.last_use());
        let (regulations, channels) = (ids(&token.regulations), ids(&token.channels));
        table.row([token.name, token.role.to_string(), lines, regulations, channels, end, last_use]);
    }
    io.table(&table)
}

/// The ids of a scope; where there is none it is for all.
fn ids(ids: &[String]) -> String {
    if ids.is_empty() { "all".to_owned() } else { ids.join(", ") }
}

impl Denials {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/denials?limit={}", self.limit);
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        let mut table = Table::new(["last", "times", "from", "token", "code", "call"]);
        for denial in answer.read::<Vec<Denial>>(&path)? {
            let Denial { last_at, count, from, token, code, method, route } = denial;
            let token = token.unwrap_or_else(|| "-".to_owned());
            table.row([last_at, count.to_string(), from, token, code, format!("{method} {route}")]);
        }
        io.table(&table)
    }
}
