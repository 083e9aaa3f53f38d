//! Clients: the organisations that are asked for, with what their contracts say, and the one person each has appointed
//! (BC-4, BC-5).
//!
//! What a regulation makes of it stands in the regulation ([`ClientRule`](super::regulation::ClientRule)). A client that
//! nobody has written down here is as good as any: the register tells of those it has, and of nobody else.

use std::collections::BTreeMap;
use std::sync::Arc;

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::command::Requester;

/// How many clients the register has at most: each is kept in memory, and written with every checkpoint.
pub const CLIENTS_MAX: usize = 1_000;
/// How many appointed contacts of a client are kept, the newest; the record has them all.
pub const CONTACTS_MAX: usize = 20;
/// How many names that a client had before are kept, the newest: tickets may bear them.
pub const FORMER_NAMES_MAX: usize = 20;

/// What is done to the register of clients.
#[derive(Clone, Debug)]
pub enum ClientAct {
    /// Writes a client down, or other terms of one that is there. Precondition: no other has its name or its domains.
    Set(ClientTerms),
    /// The client has appointed another contact. Precondition: it is there; the notice is named.
    Appoint(Box<Appointment>),
    /// Takes a client out. Precondition: it is there.
    Remove(String),
}

/// What a client is called, and what its contract says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientTerms {
    /// Its id: of a-z, 0-9 and `-`.
    pub id: SmolStr,
    /// Its name, as tickets have it.
    pub name: String,
    /// The domains of its mail: whoever writes from one is taken to write for this client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<SmolStr>,
    /// The channels it pays for, of those that a regulation opens to such clients only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paid_channels: Vec<SmolStr>,
    /// The systems its contract is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<String>,
}

/// A client's word that somebody speaks for it from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// The client's id.
    pub client: SmolStr,
    /// Who it is.
    pub contact: Requester,
    /// What tells of it: the number or the date of the client's letter.
    pub notice: String,
}

/// An appointment with when and by whom it was written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointed {
    /// Who speaks for the client.
    pub contact: Requester,
    /// What told of it.
    pub notice: String,
    /// When it was written down.
    pub at: Timestamp,
    /// By whom.
    pub by: SmolStr,
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its terms.
    pub terms: ClientTerms,
    /// Those it has appointed, the newest last: that one speaks for it.
    pub contacts: Vec<Appointed>,
    /// What it was called before, the newest last: tickets of then bear such a name, and are this client's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_names: Vec<String>,
}

impl Client {
    /// Who speaks for it; none where nobody was named yet.
    pub fn contact(&self) -> Option<&Requester> {
        self.contacts.last().map(|appointed| &appointed.contact)
    }

    /// Whether the requester is the one who speaks for it; none where nothing that both have tells.
    pub fn is_spoken_for_by(&self, requester: &Requester) -> Option<bool> {
        let contact = self.contact()?;
        let pairs = [
            (&contact.email, &requester.email, lower as fn(&str) -> String),
            (&contact.login, &requester.login, lower),
            (&contact.phone, &requester.phone, digits),
        ];
        let told = pairs.into_iter().filter_map(|(one, other, plain)| {
            let (one, other) = (plain(one.as_ref()?), plain(other.as_ref()?));
            // What has no digit is no number: it tells nothing of anybody.
            (!one.is_empty() && !other.is_empty()).then_some(one == other)
        });
        told.reduce(|one, other| one || other)
    }
}

/// A name however it is written: capitals, ё for е, quotation marks of any kind, dashes and spaces do not count.
pub(crate) fn plain(name: &str) -> String {
    let parts = |c: char| c.is_whitespace() || c.is_control() || is_quote(c) || is_dash(c);
    let words = name.split(parts).filter(|word| !word.is_empty());
    let words = words.map(|word| word.to_lowercase().replace('ё', "е").replace(is_without_width, ""));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '`' | '´' | '«' | '»' | '‹' | '›' | '<' | '>' | '\u{2018}'
            ..='\u{201f}' | '″' | '′' | '＂'
    )
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Whether a character does not show, or turns those beside it about.
pub(super) fn is_without_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

pub(super) fn lower(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The digits of a telephone number; an eight in front of eleven is Russia's +7.
pub(super) fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix('8') {
        Some(rest) if rest.len() == 10 => format!("7{rest}"),
        _ => digits,
    }
}

/// The register. It is copied with the desk's little state, so it is shared until it changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Client>", into = "Vec<Client>")]
pub struct Clients(Arc<Register>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Register {
    clients: BTreeMap<SmolStr, Client>,
    /// Names and ids, plain, with whose they are.
    names: BTreeMap<String, SmolStr>,
    /// Domains of mail, and addresses of contacts.
    addresses: BTreeMap<String, SmolStr>,
}

impl From<Vec<Client>> for Clients {
    fn from(clients: Vec<Client>) -> Self {
        let mut register = Register::default();
        for client in clients {
            register.put(client);
        }
        Self(Arc::new(register))
    }
}

impl From<Clients> for Vec<Client> {
    fn from(clients: Clients) -> Self {
        clients.iter().cloned().collect()
    }
}

impl Register {
    fn put(&mut self, client: Client) {
        let id = client.terms.id.clone();
        self.remove(&id);
        let names = [plain(&client.terms.name), plain(&id)];
        self.names.extend(names.map(|name| (name, id.clone())));
        let email = client.contact().and_then(|contact| contact.email.as_deref()).map(lower);
        let domains = client.terms.domains.iter().map(|domain| format!("@{domain}"));
        self.addresses.extend(email.into_iter().chain(domains).map(|address| (address, id.clone())));
        self.clients.insert(id, client);
    }

    fn remove(&mut self, id: &str) {
        if self.clients.remove(id).is_some() {
            self.names.retain(|_, whose| whose != id);
            self.addresses.retain(|_, whose| whose != id);
        }
    }
}

impl Clients {
    /// Whether both are one register, and not just alike.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// All of them, by their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Client> {
        self.0.clients.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.clients.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.clients.is_empty()
    }

    /// The client of that id.
    pub fn get(&self, id: &str) -> Option<&Client> {
        self.0.clients.get(id)
    }

    /// The client of that name, however it is written, or of that id; else the one that was called so before.
    pub fn named(&self, name: &str) -> Option<&Client> {
        let was = |client: &&Client| client.former_names.iter().any(|former| plain(former) == plain(name));
        self.called(name).or_else(|| self.iter().find(was))
    }

    /// The client that has that name now, or that id.
    pub(super) fn called(&self, name: &str) -> Option<&Client> {
        self.get(self.0.names.get(&plain(name))?)
    }

    /// The plain names under which tickets of the client of that name may be, the one that stands for it first: just that
    /// one, where it is not in the register.
    pub fn names_of(&self, name: &str) -> Vec<String> {
        let Some(client) = self.named(name) else { return vec![plain(name)] };
        let Client { terms, former_names, .. } = client;
        let former = former_names.iter().map(|former| plain(former));
        // What another is called by now is that one's.
        let former =
            former.filter(|former| self.named(former).is_some_and(|other| other.terms.id == terms.id));
        [plain(&terms.name), plain(&terms.id)].into_iter().chain(former).collect()
    }

    /// The client whose contact has that address, or whose domain it is of.
    pub fn of_address(&self, email: &str) -> Option<&Client> {
        let email = lower(email);
        let addresses = &self.0.addresses;
        let domain = || addresses.get(email.rfind('@').map(|at| &email[at..])?);
        self.get(addresses.get(&email).or_else(domain)?)
    }

    /// The client that has a domain.
    pub(super) fn of_domain(&self, domain: &str) -> Option<&Client> {
        self.get(self.0.addresses.get(&format!("@{domain}"))?)
    }

    pub(super) fn set(&mut self, terms: &ClientTerms) {
        let known = self.get(&terms.id).cloned();
        let (contacts, mut former_names) = match known {
            None => (Vec::new(), Vec::new()),
            Some(Client { terms: before, contacts, mut former_names }) => {
                former_names.push(before.name);
                (contacts, former_names)
            }
        };
        let mut seen = vec![plain(&terms.name)];
        former_names.reverse();
        former_names.retain(|name| {
            let name = plain(name);
            let is_new = !seen.contains(&name);
            seen.push(name);
            is_new
        });
        former_names.truncate(FORMER_NAMES_MAX);
        former_names.reverse();
        Arc::make_mut(&mut self.0).put(Client { terms: terms.clone(), contacts, former_names });
    }

    pub(super) fn appoint(&mut self, appointment: &Appointment, by: &str, at: Timestamp) {
        let Appointment { client, contact, notice } = appointment;
        let Some(mut client) = self.get(client).cloned() else { return };
        if client.contacts.len() >= CONTACTS_MAX {
            client.contacts.remove(0);
        }
        client.contacts.push(Appointed {
            contact: contact.clone(),
            notice: notice.clone(),
            at,
            by: by.into(),
        });
        Arc::make_mut(&mut self.0).put(client);
    }

    pub(super) fn remove(&mut self, id: &str) {
        Arc::make_mut(&mut self.0).remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(email: Option<&str>, phone: Option<&str>, login: Option<&str>) -> Requester {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Requester { email: text(email), phone: text(phone), login: text(login), ..Requester::default() }
    }

    /// A register with one client, for which that person speaks.
    fn register(contact: Requester) -> Clients {
        let mut clients = Clients::default();
        clients.set(&ClientTerms {
            id: "romashka".into(),
            name: "ООО «Ромашка»".to_owned(),
            domains: vec!["romashka.example.ru".into()],
            ..ClientTerms::default()
        });
        let appointment = Appointment { client: "romashka".into(), contact, notice: "№ 7".to_owned() };
        clients.appoint(&appointment, "lead", Timestamp::from_millis(0));
        clients
    }

    #[test]
    fn whoever_speaks_for_a_client_is_known_by_any_of_their_addresses() {
        let anna = person(Some("Anna@romashka.example.ru"), Some("8 (495) 123-45-67"), None);
        let clients = register(anna);
        let client = clients.get("romashka").expect("it is there");
        for (who, expected) in [
            (person(Some(" anna@ROMASHKA.example.ru"), None, None), Some(true)),
            (person(Some("boris@romashka.example.ru"), None, None), Some(false)),
            (person(Some("boris@romashka.example.ru"), Some("+7 495 1234567"), None), Some(true)),
            (person(None, Some("+7 495 123-45-68"), None), Some(false)),
            (person(None, Some("мобильный"), None), None),
            (person(None, None, Some("anna")), None),
            (person(None, None, None), None),
        ] {
            assert_eq!(client.is_spoken_for_by(&who), expected, "{who:?}");
        }
    }

    #[test]
    fn a_client_is_found_by_its_name_its_id_and_its_addresses() {
        let mut clients = register(person(Some("anna@mail.example.ru"), None, None));
        let id = |client: Option<&Client>| client.map(|client| client.terms.id.to_string());
        for name in [
            "ООО «Ромашка»",
            " ооо  «РОМАШКА» ",
            "ООО \"Ромашка\"",
            "ООО „Ромашка“",
            "ООО“Ромашка”",
            "ООО Ромашка",
            "ООО-'Ромашка\u{200b}'",
            "romashka",
        ] {
            assert_eq!(id(clients.named(name)).as_deref(), Some("romashka"), "{name}");
        }
        for address in ["ANNA@mail.example.ru", "boris@romashka.example.ru"] {
            assert_eq!(id(clients.of_address(address)).as_deref(), Some("romashka"), "{address}");
        }
        for address in ["boris@mail.example.ru", "romashka.example.ru", "x@sub.romashka.example.ru", ""] {
            assert_eq!(id(clients.of_address(address)), None, "{address}");
        }
        let kept = serde_json::to_string(&clients).expect("it is plain data");
        assert_eq!(serde_json::from_str::<Clients>(&kept).expect("it is read"), clients);
        clients.remove("romashka");
        assert_eq!(clients, Clients::default());
    }

    #[test]
    fn a_client_is_found_by_the_names_it_had_until_another_has_them() {
        let mut clients = register(person(None, None, Some("anna")));
        let terms = |id: &str, name: &str| ClientTerms {
            id: id.into(),
            name: name.to_owned(),
            ..ClientTerms::default()
        };
        let id =
            |clients: &Clients, name: &str| clients.named(name).map(|client| client.terms.id.to_string());
        for name in ["АО «Лютик»", "ООО \"РОМАШКА\"", "АО Лютик", "АО «Астра — Плюс»"]
        {
            clients.set(&terms("romashka", name));
        }
        assert_eq!(clients.get("romashka").unwrap().former_names, ["ООО \"РОМАШКА\"", "АО Лютик"]);
        for name in ["ао астра-плюс", "АО «Лютик»", "ооо ромашка"] {
            assert_eq!(id(&clients, name).as_deref(), Some("romashka"), "{name}");
        }
        assert_eq!(clients.names_of("АО Лютик"), ["ао астра плюс", "romashka", "ооо ромашка", "ао лютик"]);
        assert_eq!(clients.names_of("ООО «Чужой»"), ["ооо чужой"]);
        clients.set(&terms("new", "АО Лютик"));
        assert_eq!(id(&clients, "АО «Лютик»").as_deref(), Some("new"));
        assert_eq!(clients.names_of("romashka"), ["ао астра плюс", "romashka", "ооо ромашка"]);
        for n in 0..30 {
            clients.set(&terms("romashka", &n.to_string()));
        }
        assert_eq!(clients.get("romashka").unwrap().former_names.len(), FORMER_NAMES_MAX);
    }

    #[test]
    fn another_contact_takes_the_place_of_the_one_before_and_the_newest_are_kept() {
        let mut clients = register(person(Some("a@mail.example.ru"), None, None));
        for n in 0..CONTACTS_MAX {
            let contact = person(Some(&format!("{n}@mail.example.ru")), None, None);
            let appointment = Appointment { client: "romashka".into(), contact, notice: n.to_string() };
            clients.appoint(&appointment, "lead", Timestamp::from_millis(1));
        }
        let client = clients.get("romashka").expect("it is there");
        assert_eq!((client.contacts.len(), client.contacts[0].notice.as_str()), (CONTACTS_MAX, "0"));
        assert_eq!(client.is_spoken_for_by(&person(Some("0@mail.example.ru"), None, None)), Some(false));
        assert_eq!(clients.of_address("0@mail.example.ru"), None, "a former one writes for nobody");
    }
}
