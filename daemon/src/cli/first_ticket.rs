//! The first ticket of somebody who just started the daemon: a body that the running regulations take from an agent,
//! made from what they ask for, with samples for values.
//!
//! What a field's value may be is the desk's to check; the tests here register every body on a desk.

use calendars::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;
use smol_str::SmolStr;

use crate::desk::regulation::{Channel, Field, FieldKind, Regulation};
use crate::desk::{Regulations, Role};

/// How a first ticket is registered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FirstTicket {
    /// With this body, as JSON that may stand between single quotes of a shell.
    Body(String),
    /// Not by this role: the regulation takes registrations from others only.
    NeedsRole {
        /// The regulation.
        regulation: SmolStr,
        /// The least of the roles it takes.
        role: Role,
    },
}

impl FirstTicket {
    /// The first ticket under the first of the regulations that `role` may register under; where there is none, the
    /// role that the first needs. `None` where the desk takes no registrations.
    pub(super) fn of(regulations: &Regulations, role: Role, at: Timestamp) -> Option<Self> {
        let ids = regulations.ids();
        let several = ids.len() > 1;
        let held: Vec<_> = ids.iter().filter_map(|id| regulations.holding(id, at)).collect();
        let body = held.iter().find_map(|regulation| Body::of(regulation, role, several));
        body.map(|body| Self::Body(body.quotable())).or_else(|| {
            let regulation = held.first()?;
            Some(Self::NeedsRole { regulation: regulation.id.clone(), role: least_role(regulation)? })
        })
    }
}

/// The least role that may register by some channel.
fn least_role(regulation: &Regulation) -> Option<Role> {
    let registers = |role: &Role| Body::of(regulation, *role, false).is_some();
    Role::ALL.into_iter().filter(|role| *role >= Role::Intake).find(registers)
}

/// `register`, its members in the order in which they are read.
#[derive(Default, Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    regulation: Option<SmolStr>,
    channel: SmolStr,
    #[serde(rename = "type")]
    kind: SmolStr,
    subject: &'static str,
    #[serde(flatten, serialize_with = "members")]
    own: Members,
    #[serde(serialize_with = "members")]
    requester: Members,
    #[serde(serialize_with = "members", skip_serializing_if = "Vec::is_empty")]
    fields: Members,
}

/// Names and values in the order in which the regulation asks.
type Members = Vec<(String, Value)>;

fn members<S: Serializer>(members: &Members, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(members.iter().map(|(name, value)| (name, value)))
}

impl Body {
    fn of(regulation: &Regulation, role: Role, several: bool) -> Option<Self> {
        let (channel, kind) = way_in(regulation, role)?;
        let mut body = Self {
            regulation: several.then(|| regulation.id.clone()),
            channel: channel.name.id.clone(),
            kind: kind.clone(),
            subject: "Первая заявка",
            ..Self::default()
        };
        let asked = || regulation.fields.iter().filter(|field| field.is_asked_of(kind, &channel.name.id));
        for field in asked().filter(|field| field.required) {
            if std::iter::once(&field.path).chain(&field.or).any(|path| body.has(path)) {
                continue;
            }
            if field.kind != FieldKind::Sealed {
                body.place(&field.path, sample(field));
            } else if let Some(path) = field.or.first() {
                // Access data is not sent; what serves as well is.
                let other = asked().find(|other| other.path == *path).map(sample);
                body.place(path, other.unwrap_or_else(|| field.title.clone().into()));
            }
        }
        if body.requester.is_empty() {
            body.place("requester.name", "Анна".into());
        }
        Some(body)
    }

    /// Where a path's value stands, and under which name.
    fn at<'a>(&mut self, path: &'a str) -> (&mut Members, &'a str) {
        match path.split_once('.') {
            Some(("fields", name)) => (&mut self.fields, name),
            Some(("requester", name)) => (&mut self.requester, name),
            Some(_) | None => (&mut self.own, path),
        }
    }

    fn has(&mut self, path: &str) -> bool {
        let (members, name) = self.at(path);
        members.iter().any(|(known, _)| known == name)
    }

    /// Puts a value where its path says. Outside of `fields` a value is a text.
    fn place(&mut self, path: &str, value: Value) {
        let value = match value {
            value if path.starts_with("fields.") => value,
            Value::Array(steps) => {
                steps.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(". ").into()
            }
            Value::Number(number) => number.to_string().into(),
            value => value,
        };
        let (members, name) = self.at(path);
        members.push((name.to_owned(), value));
    }

    /// As JSON without a single quote: one can only stand within a text, where it may be escaped.
    fn quotable(&self) -> String {
        let json = serde_json::to_string(self).expect("texts and lists of texts are JSON");
        json.replace('\'', "\\u0027")
    }
}

/// The first channel that takes the role and a type, and the first type it takes.
fn way_in(regulation: &Regulation, role: Role) -> Option<(&Channel, &SmolStr)> {
    let takes_role = |channel: &&Channel| channel.roles.is_empty() || channel.roles.contains(&role);
    regulation.channels.iter().filter(takes_role).find_map(|channel| {
        let takes = |id: &&SmolStr| channel.types.is_empty() || channel.types.contains(id);
        let kind = regulation.types.iter().map(|kind| &kind.id).find(takes)?;
        Some((channel, kind))
    })
}

/// A value that the field takes. The INN is a published one.
fn sample(field: &Field) -> Value {
    match field.kind {
        FieldKind::Text | FieldKind::Sealed => field.title.clone().into(),
        FieldKind::Enum => field.values.first().map(|(id, _)| id.clone()).into(),
        FieldKind::Inn => "7707083893".into(),
        FieldKind::Email => "anna@example.ru".into(),
        FieldKind::Phone => "+7 495 123-45-67".into(),
        FieldKind::Steps => vec!["Открыть накладную", "Нажать «Провести»"].into(),
        FieldKind::Version => "1.0".into(),
        FieldKind::Number => 1.into(),
        FieldKind::Url => "https://example.ru".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use calendars::Timestamp;

    use super::{Body, FirstTicket};
    use crate::desk::command::Register;
    use crate::desk::regulation::{Regulation, shipped};
    use crate::desk::{Actor, Command, Desk, Event, Regulations, Role};

    fn at() -> Timestamp {
        Timestamp::parse_rfc3339("2026-11-23T10:00:00+03:00").unwrap()
    }

    fn shipped() -> Vec<Arc<Regulation>> {
        shipped::names().map(|name| shipped::get(name).unwrap().unwrap()).collect()
    }

    fn read(text: &str) -> Arc<Regulation> {
        Arc::new(Regulation::parse("test.toml", text).unwrap_or_else(|problems| panic!("{problems}")))
    }

    /// Registers the body, and tells under which regulation.
    #[track_caller]
    fn register(regulations: Regulations, role: Role, body: &str) -> String {
        assert!(!body.contains('\''), "it stands between single quotes: {body}");
        let register = Register::from_json(serde_json::from_str::<serde_json::Value>(body).unwrap()).unwrap();
        let actor = Actor::named("first-agent", role);
        let decided = Desk::new(regulations).decide(&Command::Register(register), &actor, at());
        let facts = decided.unwrap_or_else(|refusal| panic!("{refusal}: {body}")).facts;
        let registered = facts.iter().find_map(|fact| match &fact.event {
            Event::Registered(facts) => Some(facts),
            _ => None,
        });
        assert!(!registered.unwrap().incomplete, "{body}");
        registered.unwrap().regulation.to_string()
    }

    /// The first ticket of these regulations is taken from whoever it is said to be taken from.
    #[track_caller]
    fn check(given: &[Arc<Regulation>]) -> Option<String> {
        let regulations = Regulations::new(given.to_vec());
        match FirstTicket::of(&regulations, Role::Agent, at()).unwrap() {
            FirstTicket::Body(body) => Some(register(regulations, Role::Agent, &body)),
            FirstTicket::NeedsRole { regulation, role } => {
                let several = regulations.ids().len() > 1;
                let agents = given.iter().filter(|given| Body::of(given, Role::Agent, several).is_some());
                assert_eq!(agents.count(), 0);
                let body = Body::of(regulations.get(&regulation).unwrap(), role, several).unwrap();
                assert_eq!(register(regulations, role, &body.quotable()), regulation);
                None
            }
        }
    }

    #[test]
    fn every_shipped_regulation_takes_its_first_ticket() {
        for regulation in shipped() {
            let id = regulation.id.clone();
            let takes_agents = regulation
                .channels
                .iter()
                .any(|channel| channel.roles.is_empty() || channel.roles.contains(&Role::Agent));
            assert_eq!(check(&[regulation]), takes_agents.then(|| id.to_string()));
        }
    }

    #[test]
    fn every_shipped_regulation_takes_its_first_ticket_beside_all_others() {
        let mut all = shipped();
        for _ in 0..all.len() {
            let first = check(&all).unwrap();
            let takes_agents = |given: &&Arc<Regulation>| Body::of(given, Role::Agent, true).is_some();
            assert_eq!(first, all.iter().find(takes_agents).unwrap().id);
            all.rotate_left(1);
        }
    }

    #[test]
    fn the_first_ticket_is_short_enough_to_read() {
        let regulations = Regulations::new(vec![shipped::get("getmark").unwrap().unwrap()]);
        let Some(FirstTicket::Body(body)) = FirstTicket::of(&regulations, Role::Agent, at()) else {
            panic!("an agent registers");
        };
        assert_eq!(
            body,
            r#"{"channel":"phone","type":"consultation","subject":"Первая заявка","requester":{"inn":"7707083893"},"fields":{"process":"Технологический процесс","steps":["Открыть накладную","Нажать «Провести»"],"impact":"stops-operations"}}"#
        );
    }

    #[test]
    fn where_agents_register_nothing_the_least_role_is_told() {
        let regulations = Regulations::new(vec![shipped::get("group-helpdesk").unwrap().unwrap()]);
        let (regulation, role) = ("group-helpdesk".into(), Role::Intake);
        let told = FirstTicket::of(&regulations, Role::Agent, at());
        assert_eq!(told, Some(FirstTicket::NeedsRole { regulation, role }));
    }

    #[test]
    fn a_title_with_a_quote_does_not_end_the_shell_s_word() {
        let text = shipped::text("getmark").unwrap().replace("Технологический процесс", "Процесс d'essai");
        check(&[read(&text)]).unwrap();
    }

    #[test]
    fn a_value_stands_where_its_path_says_and_as_its_kind_asks() {
        let field = |path: &str, kind: &str| {
            format!(
                "path = \"{path}\"\ntitle = \"Т\"\nkind = \"{kind}\"\nrequired = true\nclause = \"X-1\"\n\n[[field]]\n"
            )
        };
        let more = [
            ("requester.email", "email"),
            ("requester.phone", "phone"),
            ("description", "steps"),
            ("client", "text"),
            ("service", "number"),
            ("urgency", "text"),
            ("fields.url", "url"),
            ("fields.version", "version"),
            ("fields.number", "number"),
        ];
        let more: String = more.iter().map(|(path, kind)| field(path, kind)).collect();
        let text = shipped::text("getmark").unwrap();
        let (before, after) = text.split_once("path = \"requester.inn\"").unwrap();
        check(&[read(&format!("{before}{more}path = \"requester.inn\"{after}"))]).unwrap();
    }
}
