//! `andonctl employee import`: the directory from a table or from address cards.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::{Employee, all, vcard};
use crate::cli::Io;
use crate::cli::error::CliError;
use crate::cli::table_file::{Row, read, text, wrong_file};

/// Write down the employees of a file.
///
/// FILE is CSV with the column name, and any of id, email, phone, login and department (a comma or a semicolon between them), or
/// vCard (.vcf). Who has no id is called by their login, else by their e-mail address. Importing the same file again changes
/// nothing.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file: .csv or .vcf
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Take out whoever is not in the file: it is the whole directory
    #[arg(long)]
    replace: bool,
}

/// How many employees are sent at once.
const SENT_MAX: usize = 500;

const COLUMNS: [&str; 6] = ["id", "name", "email", "phone", "login", "department"];

/// Employees of a file with where each stands in it, or all that is wrong with the file.
pub(super) type Read = Result<Vec<(String, Employee)>, Vec<String>>;

#[derive(Deserialize)]
struct Changed {
    changed: bool,
    employees_total: u64,
}

impl Import {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let name = self.file.display().to_string();
        let text = text(&self.file)?;
        let is_vcard =
            text.trim_start_matches('\u{feff}').trim_start().to_uppercase().starts_with("BEGIN:VCARD");
        let given = if is_vcard { vcard::read(&text) } else { of_table(&text) };
        let given = given.and_then(each_once).map_err(|wrong| wrong_file(&name, &wrong))?;
        if given.is_empty() {
            return Err(CliError::Refused(format!("{name} has no employee")));
        }
        let ids: BTreeSet<&str> = given.iter().map(|employee| employee.id.as_str()).collect();
        let known = if self.replace { all(io, "")? } else { Vec::new() };
        let gone = known.iter().map(|known| known.id.as_str()).filter(|id| !ids.contains(id));
        let gone: Vec<&str> = gone.collect();
        // Those who leave go first, so that their addresses are free for those who come.
        let mut total = 0;
        let mut is_changed = false;
        let bodies = gone.chunks(SENT_MAX).map(|gone| json!({ "remove": gone }));
        let bodies = bodies.chain(given.chunks(SENT_MAX).map(|put| json!({ "put": put })));
        for body in bodies {
            let path = "/v1/employees";
            let Changed { changed, employees_total } = io.control.post(path, &body)?.read(path)?;
            total = employees_total;
            is_changed |= changed;
        }
        let what = if is_changed { "are written down" } else { "were written down already" };
        let out = if self.replace { format!(", {} taken out", gone.len()) } else { String::new() };
        writeln!(io.err, "{} employees {what}{out}; the directory has {total}", given.len())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A file names everybody once: else its last word would count, whichever that is.
fn each_once(given: Vec<(String, Employee)>) -> Result<Vec<Employee>, Vec<String>> {
    let (mut ids, mut wrong) = (BTreeSet::new(), Vec::new());
    for (place, employee) in &given {
        if !ids.insert(employee.id.clone()) {
            wrong.push(format!("{place}: `{}` is there twice", employee.id));
        }
    }
    if wrong.is_empty() { Ok(given.into_iter().map(|(_, employee)| employee).collect()) } else { Err(wrong) }
}

fn of_table(text: &str) -> Read {
    let (mut given, mut wrong) = (Vec::new(), Vec::new());
    for row in read(text, &COLUMNS, &["name"])? {
        match employee(&row) {
            Some(employee) => given.push((row.place, employee)),
            None => wrong.push(format!("{}: lacks `id`, and there is no login or e-mail instead", row.place)),
        }
    }
    if wrong.is_empty() { Ok(given) } else { Err(wrong) }
}

fn employee(row: &Row) -> Option<Employee> {
    let cell = |column: &str| row.cell(column).map(str::to_owned);
    let (email, login) = (cell("email"), cell("login"));
    Some(Employee {
        id: cell("id").or_else(|| login.clone()).or_else(|| email.clone())?,
        name: cell("name")?,
        email,
        phone: cell("phone"),
        login,
        department: cell("department"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_id_is_called_by_login_or_address() {
        let text = "name,id,email,login,phone\nАнна,7,a@x.example.ru,anna,1\nБорис,,b@x.example.ru,boris,\nВера,,v@x.example.ru,,\n";
        let given = of_table(text).and_then(each_once).unwrap();
        let ids: Vec<_> = given.iter().map(|employee| employee.id.as_str()).collect();
        assert_eq!(ids, ["7", "boris", "v@x.example.ru"]);
        assert_eq!(given[0].phone.as_deref(), Some("1"));
        assert_eq!(given[1].phone, None, "an empty cell says nothing");
    }

    #[test]
    fn each_mistake_is_told_by_its_line() {
        let wrong = of_table("name,login\nАнна,\n,boris\n").unwrap_err();
        assert_eq!(wrong, ["line 3: lacks `name`"]);
        let wrong = of_table("name,login\nАнна,\n").unwrap_err();
        assert_eq!(wrong, ["line 2: lacks `id`, and there is no login or e-mail instead"]);
        let wrong = of_table("name,login\nАнна,anna\nАнна,anna\n").and_then(each_once).unwrap_err();
        assert_eq!(wrong, ["line 3: `anna` is there twice"]);
    }
}
