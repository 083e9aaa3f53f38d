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
    /// List the tokens that are not revoked
    List,
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
}

impl TokenNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::Add(add) => add.run(io),
            Self::List => list(io),
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
        let body = json!({"name": self.name, "role": self.role, "lines": self.lines});
        let answer = io.control.post(path, &body)?;
        if io.json {
            return io.json(&answer.json);
        }
        let NewToken { token, secret } = answer.read(path)?;
        writeln!(
            io.err,
            "token {}: role {}, lines: {}; the secret is shown this once",
            token.name,
            token.role,
            token.lines()
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
    let mut table = Table::new(["name", "role", "lines"]);
    for token in answer.read::<Vec<Token>>(path)? {
        let lines = token.lines();
        table.row([token.name, token.role.to_string(), lines]);
    }
    io.table(&table)
}
