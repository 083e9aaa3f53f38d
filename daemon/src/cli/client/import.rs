//! `andonctl client import`: clients from a table.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::{Client, Contact, path_of};
use crate::cli::Io;
use crate::cli::error::CliError;
use crate::cli::table_file::{Row, read, text, wrong_file};

/// Write down the clients of a file; those that are not in it stay as they are.
///
/// FILE is CSV with the columns id and name, and any of domains, `paid_channels` and systems (words with blanks between them),
/// `contact_name`, `contact_email`, `contact_phone`, `contact_login` and notice; a comma or a semicolon between them. A contact who is
/// another than the client's is appointed by the notice. Importing the same file again changes nothing.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

const COLUMNS: [&str; 10] = [
    "id",
    "name",
    "domains",
    "paid_channels",
    "systems",
    "contact_name",
    "contact_email",
    "contact_phone",
    "contact_login",
    "notice",
];

/// A client of the file.
struct Given {
    id: String,
    terms: Value,
    /// Who speaks for it and by which notice, where the file says.
    contact: Option<(Contact, String)>,
}

impl Import {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let name = self.file.display().to_string();
        let rows = read(&text(&self.file)?, &COLUMNS, &["id", "name"]);
        let given = rows.and_then(|rows| all(&rows)).map_err(|wrong| wrong_file(&name, &wrong))?;
        let mut appointed = 0_usize;
        for Given { id, terms, contact } in &given {
            let path = path_of(id);
            let known: Client = io.control.put(&path, terms)?.read(&path)?;
            let is_new = |(contact, _): &&(Contact, String)| {
                known.contact.as_ref().is_none_or(|known| known.contact != *contact)
            };
            if let Some((contact, notice)) = contact.as_ref().filter(is_new) {
                let Contact { name, email, phone, login } = contact;
                let contact = json!({"name": name, "email": email, "phone": phone, "login": login});
                let body = json!({"contact": contact, "notice": notice});
                io.control.post(&format!("{path}/contact"), &body)?;
                appointed += 1;
            }
        }
        writeln!(io.err, "{} clients are written down, {appointed} contacts appointed", given.len())?;
        Ok(ExitCode::SUCCESS)
    }
}

fn all(rows: &[Row]) -> Result<Vec<Given>, Vec<String>> {
    let (mut given, mut wrong) = (Vec::new(), Vec::new());
    for row in rows {
        match client(row) {
            Ok(client) => given.push(client),
            Err(message) => wrong.push(format!("{}: {message}", row.place)),
        }
    }
    if wrong.is_empty() { Ok(given) } else { Err(wrong) }
}

fn client(row: &Row) -> Result<Given, String> {
    let cell = |column: &str| row.cell(column).map(str::to_owned);
    let contact = Contact {
        name: cell("contact_name"),
        email: cell("contact_email"),
        phone: cell("contact_phone"),
        login: cell("contact_login"),
    };
    let contact = match (contact == Contact::default(), cell("notice")) {
        (true, _) => None,
        (false, Some(notice)) => Some((contact, notice)),
        (false, None) => return Err("lacks `notice`, by which the contact is appointed".to_owned()),
    };
    let terms = json!({
        "name": row.cell("name"),
        "domains": row.words("domains"),
        "paid_channels": row.words("paid_channels"),
        "systems": row.words("systems"),
    });
    Ok(Given { id: cell("id").unwrap_or_default(), terms, contact })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_needs_a_notice() {
        let text = "id,name,contact_name,notice\na,А,Анна,№ 5\nb,Б,Борис,\nc,В,,\n";
        let rows = read(text, &COLUMNS, &["id", "name"]).unwrap();
        let wrong = all(&rows).err().unwrap();
        assert_eq!(wrong, ["line 3: lacks `notice`, by which the contact is appointed"]);
        let first = client(&rows[0]).unwrap();
        let (contact, notice) = first.contact.unwrap();
        assert_eq!((contact.name.as_deref(), notice.as_str()), (Some("Анна"), "№ 5"));
        assert!(client(&rows[2]).unwrap().contact.is_none());
    }
}
