//! `andonctl employee`: who may ask, where a regulation is for employees only.

mod import;
mod vcard;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Io;
use super::control::encoded;
use super::error::CliError;
use super::text::Table;

/// See and keep the directory of employees.
#[derive(Debug, Subcommand)]
pub(super) enum EmployeeNoun {
    List(List),
    /// Show what the directory has of an employee
    Show(Which),
    Put(Put),
    Import(import::Import),
    /// Take an employee out of the directory
    Remove(Which),
}

/// List employees, by their ids.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Words of a name, an address or a department
    #[arg(value_name = "WORDS")]
    words: Vec<String>,
}

/// An employee of the directory.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Their id
    #[arg(value_name = "ID")]
    id: String,
}

/// Write an employee down, or anew: what is left out is empty then.
#[derive(Debug, Args)]
pub(super) struct Put {
    /// What tells them from all others, such as a login
    #[arg(value_name = "ID")]
    id: String,
    /// Their name
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// Their e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Their telephone number
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Their login
    #[arg(long, value_name = "LOGIN")]
    login: Option<String>,
    /// Where they work
    #[arg(long, value_name = "TEXT")]
    department: Option<String>,
}

/// An employee, as the daemon takes and tells of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Employee {
    id: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    department: Option<String>,
}

impl EmployeeNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List(list) => list.run(io),
            Self::Show(Which { id }) => show(io, id),
            Self::Put(put) => put.run(io),
            Self::Import(import) => import.run(io),
            Self::Remove(Which { id }) => remove(io, id),
        }
    }
}

fn path_of(id: &str) -> String {
    format!("/v1/employees/{}", encoded(id))
}

/// All employees whom a search finds.
fn all(io: &Io<'_>, words: &str) -> Result<Vec<Employee>, CliError> {
    let mut path = format!("/v1/employees?limit=1000&q={}", encoded(words));
    let mut found = Vec::new();
    loop {
        let answer = io.control.get(&path)?;
        found.extend(answer.read::<Vec<Employee>>(&path)?);
        match answer.next {
            Some(next) => path = next,
            None => return Ok(found),
        }
    }
}

impl List {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let employees = all(io, &self.words.join(" "))?;
        if io.json {
            return io.json(&employees);
        }
        let mut table = Table::new(["id", "name", "e-mail", "phone", "login", "department"]);
        for Employee { id, name, email, phone, login, department } in employees {
            let [email, phone, login, department] =
                [email, phone, login, department].map(Option::unwrap_or_default);
            table.row([id, name, email, phone, login, department]);
        }
        io.table(&table)
    }
}

fn show(io: &mut Io<'_>, id: &str) -> Result<ExitCode, CliError> {
    let path = path_of(id);
    let answer = io.control.get(&path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let Employee { id, name, email, phone, login, department } = answer.read(&path)?;
    let others = [("e-mail", email), ("phone", phone), ("login", login), ("department", department)];
    let others = others.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let pairs: Vec<_> = [("employee", id), ("name", name)].into_iter().chain(others).collect();
    io.pairs(&pairs)
}

impl Put {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self { id, name, email, phone, login, department } = self;
        let body =
            json!({"name": name, "email": email, "phone": phone, "login": login, "department": department});
        let answer = io.control.put(&path_of(id), &body)?;
        if io.json {
            return io.json(&answer.json);
        }
        writeln!(io.err, "employee {id} is written down")?;
        Ok(ExitCode::SUCCESS)
    }
}

fn remove(io: &mut Io<'_>, id: &str) -> Result<ExitCode, CliError> {
    io.control.delete(&path_of(id))?;
    writeln!(io.err, "employee {id} is taken out of the directory")?;
    Ok(ExitCode::SUCCESS)
}
