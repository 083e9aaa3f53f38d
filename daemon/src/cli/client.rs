//! `andonctl client`: the organisations that are asked for, their terms, and who speaks for each.

mod import;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Io;
use super::control::encoded;
use super::error::CliError;
use super::text::{Table, when};

/// See and keep the register of clients.
#[derive(Debug, Subcommand)]
pub(super) enum ClientNoun {
    /// List the clients, with what they pay for and who speaks for them
    List,
    /// Show a client with its contacts, and the notice of each
    Show(Which),
    Put(Put),
    Appoint(Appoint),
    Import(import::Import),
    /// Take a client out of the register
    Remove(Which),
}

/// A client of the register; `show` tells its contacts too, with the notice of each.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its id
    #[arg(value_name = "ID")]
    id: String,
}

/// Write a client down, or give it other terms: what is left out is empty then. Its contacts stay.
#[derive(Debug, Args)]
pub(super) struct Put {
    /// Its id: of a-z, 0-9 and `-`
    #[arg(value_name = "ID")]
    id: String,
    /// Its name, as tickets have it
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// A domain of its mail; may be given again
    #[arg(long = "domain", value_name = "DOMAIN")]
    domains: Vec<String>,
    /// A channel that its contract pays for; may be given again
    #[arg(long = "paid-channel", value_name = "ID")]
    paid_channels: Vec<String>,
    /// A system its contract is about; may be given again
    #[arg(long = "system", value_name = "TEXT")]
    systems: Vec<String>,
}

/// Write down who speaks for a client from now on, by its notice.
#[derive(Debug, Args)]
pub(super) struct Appoint {
    /// The client's id
    #[arg(value_name = "ID")]
    id: String,
    /// Their name
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// Their e-mail address; by it, the number or the login they are known
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Their telephone number
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Their login
    #[arg(long, value_name = "LOGIN")]
    login: Option<String>,
    /// What tells of it: the number or the date of the client's letter
    #[arg(long, value_name = "TEXT")]
    notice: String,
}

#[derive(Deserialize)]
struct Client {
    id: String,
    name: String,
    domains: Vec<String>,
    paid_channels: Vec<String>,
    systems: Vec<String>,
    contact: Option<Appointed>,
    former_contacts: Vec<Appointed>,
}

#[derive(Deserialize)]
struct Appointed {
    contact: Contact,
    notice: String,
    at: String,
    by: String,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Contact {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    login: Option<String>,
}

impl Contact {
    /// `Анна Петрова, petrova@romashka.example.ru`.
    fn told(&self) -> String {
        let Self { name, email, phone, login } = self;
        let all: Vec<_> = [name, email, phone, login].into_iter().flatten().map(String::as_str).collect();
        all.join(", ")
    }
}

impl Appointed {
    fn told(&self) -> String {
        let Self { contact, notice, at, by } = self;
        format!("{}; by {notice}, written down {} by {by}", contact.told(), when(at))
    }
}

impl ClientNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List => list(io),
            Self::Show(Which { id }) => show(io, id),
            Self::Put(put) => put.run(io),
            Self::Appoint(appoint) => appoint.run(io),
            Self::Import(import) => import.run(io),
            Self::Remove(Which { id }) => remove(io, id),
        }
    }
}

fn path_of(id: &str) -> String {
    format!("/v1/clients/{}", encoded(id))
}

fn list(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = "/v1/clients";
    let answer = io.control.get(path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let mut table = Table::new(["id", "name", "domains", "paid channels", "contact"]);
    for client in answer.read::<Vec<Client>>(path)? {
        table.row([
            client.id,
            client.name,
            client.domains.join(", "),
            client.paid_channels.join(", "),
            client.contact.map_or_else(|| "-".to_owned(), |appointed| appointed.contact.told()),
        ]);
    }
    io.table(&table)
}

fn show(io: &mut Io<'_>, id: &str) -> Result<ExitCode, CliError> {
    let path = path_of(id);
    let answer = io.control.get(&path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let client: Client = answer.read(&path)?;
    let mut pairs = vec![("client", client.id), ("name", client.name)];
    for (name, list) in
        [("domains", client.domains), ("paid channels", client.paid_channels), ("systems", client.systems)]
    {
        pairs.extend(Some(list.join(", ")).filter(|list| !list.is_empty()).map(|list| (name, list)));
    }
    pairs.extend(client.contact.iter().map(|appointed| ("contact", appointed.told())));
    pairs.extend(client.former_contacts.iter().map(|appointed| ("before", appointed.told())));
    io.pairs(&pairs)
}

impl Put {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self { id, name, domains, paid_channels, systems } = self;
        let body =
            json!({"name": name, "domains": domains, "paid_channels": paid_channels, "systems": systems});
        let answer = io.control.put(&path_of(id), &body)?;
        told(io, &answer.json, &format!("client {id} is written down"))
    }
}

impl Appoint {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self { id, name, email, phone, login, notice } = self;
        let contact = json!({"name": name, "email": email, "phone": phone, "login": login});
        let body = json!({"contact": contact, "notice": notice});
        let answer = io.control.post(&format!("{}/contact", path_of(id)), &body)?;
        told(io, &answer.json, &format!("{name} speaks for {id} from now on"))
    }
}

fn remove(io: &mut Io<'_>, id: &str) -> Result<ExitCode, CliError> {
    io.control.delete(&path_of(id))?;
    writeln!(io.err, "client {id} is taken out of the register")?;
    Ok(ExitCode::SUCCESS)
}

fn told(io: &mut Io<'_>, json: &Value, words: &str) -> Result<ExitCode, CliError> {
    if io.json {
        return io.json(json);
    }
    writeln!(io.err, "{words}")?;
    Ok(ExitCode::SUCCESS)
}
