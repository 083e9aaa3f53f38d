//! The directory of employees: who may ask at all, where a regulation is for employees only (HD-2).
//!
//! What a regulation makes of it stands in the regulation ([`EmployeeRule`](super::regulation::EmployeeRule)). An empty
//! directory says nothing: a desk that nobody gave one to refuses nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::client::{digits, lower, plain};
use super::command::Requester;

/// How many employees the directory has at most: each is kept in memory, and written with every checkpoint.
pub const EMPLOYEES_MAX: usize = 10_000;
/// How many employees are written down or taken out at once.
pub const EMPLOYEES_AT_ONCE_MAX: usize = 2_000;

/// What is done to the directory of employees.
#[derive(Clone, Debug)]
pub enum EmployeeAct {
    /// Writes one down, or anew. Precondition: no other has an address of theirs.
    Put(Box<Employee>),
    /// Writes employees down, or anew, and takes others out; all or nothing. Precondition: no two of them share an
    /// address. Whom it takes out need not be there.
    Change {
        /// Who is written down.
        put: Vec<Employee>,
        /// Who is taken out, by their ids.
        remove: Vec<SmolStr>,
    },
    /// Takes one out. Precondition: they are there.
    Remove(String),
}

/// Somebody who works for the company, or a company of the group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Employee {
    /// What tells them from all others, such as a personnel number or a login: 1 to 128 characters without blanks.
    #[schema(value_type = String, example = "a.petrova", required = true, min_length = 1, max_length = 128, pattern = r"^\S+$")]
    pub id: SmolStr,
    /// Their name. Required; at most 200 characters.
    #[schema(example = "Анна Петрова", required = true, min_length = 1, max_length = 200, pattern = r"\S")]
    pub name: String,
    /// Their e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "petrova@group.example.ru")]
    pub email: Option<String>,
    /// Their telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Their login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Where they work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
}

impl Employee {
    /// The addresses by which they are known, plain, each with its field.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&'static str, String)> {
        let email = self.email.as_deref().map(|email| ("email", format!("@{}", lower(email))));
        let phone = self.phone.as_deref().map(|phone| ("phone", format!("+{}", digits(phone))));
        let login = self.login.as_deref().map(|login| ("login", format!("\\{}", lower(login))));
        // A telephone number without a digit is nobody's.
        [email, phone, login].into_iter().flatten().filter(|(_, address)| address.len() > 1)
    }

    /// The requester as the directory knows them: what they said of themselves, and the rest from here.
    pub(super) fn filled_in(&self, said: &Requester) -> Requester {
        let Self { name, email, phone, login, .. } = self.clone();
        let known = Requester { name: Some(name), email, phone, login, inn: None };
        known.with(said.clone())
    }
}

/// Whom a requester is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// This employee.
    Employee(&'a Employee),
    /// Nobody, or of several it cannot be said who.
    Nobody,
    /// They said nothing by which they could be known.
    Unsaid,
}

/// The directory. It is copied with the desk's little state, so it is shared until it changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Employee>", into = "Vec<Employee>")]
pub struct Directory(Arc<Book>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Book {
    employees: BTreeMap<SmolStr, Employee>,
    /// Addresses, plain, with whose they are.
    addresses: BTreeMap<String, SmolStr>,
    /// Names, plain, with whose they are.
    names: BTreeMap<String, Vec<SmolStr>>,
}

impl From<Vec<Employee>> for Directory {
    fn from(employees: Vec<Employee>) -> Self {
        let mut book = Book::default();
        for employee in employees {
            book.put(employee);
        }
        Self(Arc::new(book))
    }
}

impl From<Directory> for Vec<Employee> {
    fn from(directory: Directory) -> Self {
        directory.iter().cloned().collect()
    }
}

impl Book {
    fn put(&mut self, employee: Employee) {
        self.remove(&employee.id);
        let id = &employee.id;
        self.addresses.extend(employee.addresses().map(|(_, address)| (address, id.clone())));
        self.names.entry(plain(&employee.name)).or_default().push(id.clone());
        self.employees.insert(id.clone(), employee);
    }

    fn remove(&mut self, id: &str) {
        let Some(gone) = self.employees.remove(id) else { return };
        for (_, address) in gone.addresses() {
            if self.addresses.get(&address).is_some_and(|whose| whose == id) {
                self.addresses.remove(&address);
            }
        }
        let name = plain(&gone.name);
        if let Some(bearers) = self.names.get_mut(&name) {
            bearers.retain(|bearer| bearer != id);
            if bearers.is_empty() {
                self.names.remove(&name);
            }
        }
    }
}

impl Directory {
    /// All of them, by their ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Employee> {
        self.0.employees.values()
    }

    /// Those whose ids come after that one.
    pub fn after(&self, id: &str) -> impl Iterator<Item = &Employee> {
        use std::ops::Bound;
        self.0
            .employees
            .range::<str, _>((Bound::Excluded(id), Bound::Unbounded))
            .map(|(_, employee)| employee)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.employees.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.employees.is_empty()
    }

    /// The employee of that id.
    pub fn get(&self, id: &str) -> Option<&Employee> {
        self.0.employees.get(id)
    }

    /// Whom an address of an employee is of.
    pub(super) fn of_address(&self, address: &str) -> Option<&Employee> {
        self.get(self.0.addresses.get(address)?)
    }

    /// Whom a requester is found to be: by any address they name, or where they name none by a name that one of all
    /// bears alone.
    pub fn find(&self, requester: &Requester) -> Found<'_> {
        let Requester { name, email, phone, login, inn: _ } = requester.clone();
        let said = Employee { email, phone, login, ..Employee::default() };
        let mut addresses = said.addresses().peekable();
        if addresses.peek().is_some() {
            let known = addresses.find_map(|(_, address)| self.of_address(&address));
            return known.map_or(Found::Nobody, Found::Employee);
        }
        let Some(name) = name.map(|name| plain(&name)).filter(|name| !name.is_empty()) else {
            return Found::Unsaid;
        };
        match self.0.names.get(&name).map(Vec::as_slice) {
            Some([one]) => self.get(one).map_or(Found::Nobody, Found::Employee),
            Some(_) | None => Found::Nobody,
        }
    }

    pub(super) fn change(&mut self, put: &[Employee], removed: &[SmolStr]) {
        let book = Arc::make_mut(&mut self.0);
        for id in removed {
            book.remove(id);
        }
        // Whoever had an address of one that comes has given it up: nobody's is taken by the order they come in.
        for employee in put {
            book.remove(&employee.id);
        }
        for employee in put {
            book.put(employee.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn employee(id: &str, name: &str, email: Option<&str>, phone: Option<&str>) -> Employee {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Employee {
            id: id.into(),
            name: name.to_owned(),
            email: text(email),
            phone: text(phone),
            login: Some(id.to_owned()),
            department: None,
        }
    }

    fn directory() -> Directory {
        Directory::from(vec![
            employee("petrova", "Анна Петрова", Some("Petrova@group.example.ru"), Some("8 (495) 123-45-67")),
            employee("boris1", "Борис Иванов", Some("b1@group.example.ru"), None),
            employee("boris2", "Борис  Иванов", None, None),
        ])
    }

    fn who(name: Option<&str>, email: Option<&str>, phone: Option<&str>, login: Option<&str>) -> Requester {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Requester { name: text(name), email: text(email), phone: text(phone), login: text(login), inn: None }
    }

    #[test]
    fn an_employee_is_found_by_any_address_or_a_name_of_their_own() {
        let directory = directory();
        for (requester, expected) in [
            (who(None, Some(" petrova@GROUP.example.ru"), None, None), Some("petrova")),
            (who(None, None, Some("+7 495 1234567"), None), Some("petrova")),
            (who(None, None, None, Some("PETROVA")), Some("petrova")),
            (who(Some("Борис Иванов"), Some("b1@group.example.ru"), None, None), Some("boris1")),
            // A second address that is not known takes nothing away.
            (who(None, Some("home@mail.example.ru"), None, Some("boris2")), Some("boris2")),
            (who(Some(" анна   петрова "), None, None, None), Some("petrova")),
            (who(Some("Анна Петрова"), Some("other@mail.example.ru"), None, None), None),
            (who(Some("Борис Иванов"), None, None, None), None),
            (who(Some("Никто"), None, None, None), None),
        ] {
            let found = match directory.find(&requester) {
                Found::Employee(employee) => Some(employee.id.as_str()),
                Found::Nobody => None,
                Found::Unsaid => panic!("{requester:?} said who they are"),
            };
            assert_eq!(found, expected, "{requester:?}");
        }
        for requester in [who(None, None, None, None), who(Some("  "), None, Some("-"), None)] {
            assert_eq!(directory.find(&requester), Found::Unsaid, "{requester:?}");
        }
    }

    #[test]
    fn whoever_is_written_down_anew_is_known_by_what_is_new_only() {
        let mut directory = directory();
        let moved = employee("petrova", "Анна Сидорова", Some("sidorova@group.example.ru"), None);
        let heir = employee("new", "Вера Петрова", Some("petrova@group.example.ru"), None);
        directory.change(&[heir, moved], &["boris2".into()]);
        let id = |email: &str| match directory.find(&who(None, Some(email), None, None)) {
            Found::Employee(employee) => Some(employee.id.clone()),
            Found::Nobody | Found::Unsaid => None,
        };
        assert_eq!(id("petrova@group.example.ru").as_deref(), Some("new"));
        assert_eq!(id("sidorova@group.example.ru").as_deref(), Some("petrova"));
        assert_eq!(directory.find(&who(Some("Анна Петрова"), None, None, None)), Found::Nobody);
        let Found::Employee(boris) = directory.find(&who(Some("Борис Иванов"), None, None, None))
        else {
            panic!("one bears the name now");
        };
        assert_eq!(boris.id, "boris1");
        let kept = serde_json::to_string(&directory).expect("it is plain data");
        assert_eq!(serde_json::from_str::<Directory>(&kept).expect("it is read"), directory);
        directory.change(&[], &["petrova".into(), "new".into(), "boris1".into(), "nobody".into()]);
        assert_eq!(directory, Directory::default());
    }

    #[test]
    fn what_a_requester_leaves_out_is_filled_in() {
        let directory = directory();
        let said = who(None, None, Some("+7 (495) 123-45-67"), None);
        let Found::Employee(petrova) = directory.find(&said) else { panic!("she is known") };
        let filled = petrova.filled_in(&said);
        assert_eq!(filled.phone.as_deref(), Some("+7 (495) 123-45-67"), "what was said stays as it was said");
        assert_eq!(filled.name.as_deref(), Some("Анна Петрова"));
        assert_eq!(filled.email.as_deref(), Some("Petrova@group.example.ru"));
        assert_eq!(filled.login.as_deref(), Some("petrova"));
    }
}
