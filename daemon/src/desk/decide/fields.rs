//! What a regulation asks of the fields of a ticket.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{FIELDS_MAX, FIELDS_MAX_BYTES, TEXT_MAX_BYTES, Wrong, in_brackets};
use crate::desk::command::{Register, Requester};
use crate::desk::event::Registered;
use crate::desk::regulation::{Field, FieldKind, Regulation, is_url};

/// Checks what is there against the regulation's fields, and collects what is missing.
pub(super) struct FieldCheck<'a> {
    pub regulation: &'a Regulation,
    pub kind: &'a str,
    pub channel: &'a str,
}

/// Where values are looked up by path.
pub(super) struct Values<'a> {
    pub description: Option<&'a str>,
    pub client: Option<&'a str>,
    pub service: Option<&'a str>,
    pub urgency: Option<&'a str>,
    pub requester: &'a Requester,
    pub fields: &'a BTreeMap<String, Value>,
}

/// What is there at a path.
#[derive(Clone, Copy)]
enum Found<'a> {
    /// A text, of the ticket's own or of the regulation's fields.
    Text(&'a str),
    /// Of the regulation's fields, anything else.
    Other(&'a Value),
}

impl<'a> Found<'a> {
    fn of(value: &'a Value) -> Self {
        value.as_str().map_or(Found::Other(value), Found::Text)
    }

    fn is_blank(self) -> bool {
        match self {
            Found::Text(text) => text.trim().is_empty(),
            Found::Other(value) => is_blank(value),
        }
    }
}

/// What a ticket still lacks of the fields its regulation asks for, as paths.
#[derive(Debug, Default)]
pub(in crate::desk) struct Lacks {
    /// Required.
    pub(in crate::desk) missing: Vec<String>,
    /// Wished.
    pub(in crate::desk) wished: Vec<String>,
}

/// What a ticket with these facts lacks.
pub(in crate::desk) fn lacks(regulation: &Regulation, facts: &Registered) -> Lacks {
    let check = FieldCheck::of(regulation, facts);
    let values = Values::of_ticket(facts);
    let paths = |fields: Vec<&Field>| fields.into_iter().map(|field| field.path.clone()).collect();
    Lacks { missing: paths(check.missing(&values)), wished: paths(check.wished(&values)) }
}

impl<'a> Values<'a> {
    pub(super) fn of_ticket(facts: &'a Registered) -> Self {
        Self {
            description: facts.description.as_deref(),
            client: facts.client.as_deref(),
            service: facts.service.as_deref(),
            urgency: facts.urgency.as_deref(),
            requester: &facts.requester,
            fields: &facts.fields,
        }
    }

    pub(super) fn of(register: &'a Register, requester: &'a Requester) -> Self {
        Self {
            description: register.description.as_deref(),
            client: register.client.as_deref(),
            service: register.service.as_deref(),
            urgency: register.urgency.as_deref(),
            requester,
            fields: &register.fields,
        }
    }

    /// What is there at a path and says something.
    fn get(&self, path: &str) -> Option<Found<'a>> {
        let own = |value: Option<&'a str>| value.map(Found::Text);
        match path {
            "description" => own(self.description),
            "client" => own(self.client),
            "service" => own(self.service),
            "urgency" => own(self.urgency),
            "requester.name" => own(self.requester.name.as_deref()),
            "requester.email" => own(self.requester.email.as_deref()),
            "requester.phone" => own(self.requester.phone.as_deref()),
            "requester.inn" => own(self.requester.inn.as_deref()),
            "requester.login" => own(self.requester.login.as_deref()),
            _ => path.strip_prefix("fields.").and_then(|name| self.fields.get(name)).map(Found::of),
        }
        .filter(|given| !given.is_blank())
    }
}

impl<'a> FieldCheck<'a> {
    /// The check of a ticket with these facts.
    pub(super) fn of(regulation: &'a Regulation, facts: &'a Registered) -> Self {
        Self { regulation, kind: &facts.kind, channel: &facts.channel }
    }

    /// The fields that are required and not there.
    pub(super) fn missing(&self, values: &Values<'_>) -> Vec<&'a Field> {
        self.absent(values).filter(|field| field.required).collect()
    }

    /// The fields that are wished for and not there.
    fn wished(&self, values: &Values<'_>) -> Vec<&'a Field> {
        self.absent(values).filter(|field| field.wished).collect()
    }

    fn absent(&self, values: &Values<'_>) -> impl Iterator<Item = &'a Field> {
        self.asked().filter(|field| {
            values.get(&field.path).is_none() && !field.or.iter().any(|path| values.get(path).is_some())
        })
    }

    /// Complains of values that cannot be.
    pub(super) fn check(&self, values: &Values<'_>, wrong: &mut Wrong) {
        for field in self.asked() {
            if let Some(message) = values.get(&field.path).and_then(|given| complaint(field, given)) {
                wrong.add(&field.path, message);
            }
        }
        size(values.fields, wrong);
        people("requester", values.requester, wrong);
        // A number that looks like an INN is one, whatever the regulation asks.
        let asked = self.asked().any(|field| field.path == "requester.inn");
        let inn = values.requester.inn.as_deref().filter(|_| !asked);
        if let Some(message) = inn.and_then(inn_complaint) {
            wrong.add("requester.inn", message);
        }
    }

    fn asked(&self) -> impl Iterator<Item = &'a Field> + use<'a> {
        let (kind, channel) = (self.kind, self.channel);
        self.regulation.fields.iter().filter(move |field| field.is_asked_of(kind, channel))
    }
}

fn size(fields: &BTreeMap<String, Value>, wrong: &mut Wrong) {
    if fields.len() > FIELDS_MAX {
        wrong.add("fields", format!("has {} fields; at most {FIELDS_MAX}", fields.len()));
    }
    let mut total = 0;
    for (name, value) in fields {
        if name.contains('.') {
            let message =
                format!("no field has a dot in its name; `{name}` stands beside `fields`, not in it");
            wrong.add(&format!("fields.{name}"), message);
        }
        let bytes = serde_json::to_string(value).map_or(0, |text| text.len());
        total += name.len() + bytes;
        if bytes > TEXT_MAX_BYTES {
            wrong.add(&format!("fields.{name}"), format!("is {bytes} bytes; at most {TEXT_MAX_BYTES}"));
        }
    }
    if total > FIELDS_MAX_BYTES {
        let message = format!(
            "are {total} bytes together; at most {FIELDS_MAX_BYTES}. Send what is longer as a file: POST /v1/tickets/{{number}}/attachments"
        );
        wrong.add("fields", message);
    }
}

/// What a requester can be, whatever the regulation asks: letters go to the address, so it must be one. `at` is where they
/// stand in what was sent.
pub(super) fn people(at: &str, requester: &Requester, wrong: &mut Wrong) {
    let Requester { name, email, phone, inn: _, login } = requester;
    for (field, value) in [("name", name), ("email", email), ("phone", phone), ("login", login)] {
        let text = value.as_deref().unwrap_or_default();
        if text.chars().count() > 320 || text.contains(char::is_control) {
            wrong.add(&format!("{at}.{field}"), "is one line of at most 320 characters");
        } else if field == "email" && !text.is_empty() && !is_email(text) {
            wrong.add(&format!("{at}.email"), format!("`{text}` is no e-mail address"));
        }
    }
}

/// Whether a letter can be sent there: one address, and nothing around it.
fn is_email(text: &str) -> bool {
    let whole = text.rsplit_once('@').is_some_and(|(name, host)| {
        let is_one = !name.contains('@') || name.starts_with('"');
        is_one && !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    });
    whole && !text.contains(|c: char| c.is_whitespace() || "<>(),;".contains(c))
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_blank),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// What is asked of a field, for the message that it is missing.
pub(super) fn wanted(field: &Field) -> String {
    let what = match field.kind {
        FieldKind::Text => "text".to_owned(),
        FieldKind::Enum => format!("one of {}", ids(field)),
        FieldKind::Inn => "10 or 12 digits with valid check digits".to_owned(),
        FieldKind::Email => "an e-mail address".to_owned(),
        FieldKind::Phone => "a telephone number".to_owned(),
        FieldKind::Steps => "a list of steps".to_owned(),
        FieldKind::Version => "a version, such as 8.3.24".to_owned(),
        FieldKind::Number => "a whole number".to_owned(),
        FieldKind::Url => "an address, https://…".to_owned(),
        FieldKind::Sealed => "access data, apart from the ticket".to_owned(),
    };
    let or = if field.or.is_empty() { String::new() } else { format!(", or {}", field.or.join(", or ")) };
    format!("is required: {what}{or}{}", in_brackets(field.clause.as_ref()))
}

fn ids(field: &Field) -> String {
    field.values.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(", ")
}

fn complaint(field: &Field, given: Found<'_>) -> Option<String> {
    let text = match (field.kind, given) {
        (FieldKind::Steps, Found::Other(Value::Array(steps))) => {
            return steps.iter().any(|step| !step.is_string()).then(|| "must be a list of texts".to_owned());
        }
        (FieldKind::Number, Found::Other(Value::Number(number))) => {
            return (!number.is_u64()).then(|| format!("`{number}` is no whole number, 0 or more"));
        }
        (FieldKind::Sealed, _) => {
            return Some(format!(
                "is access data and is never kept with a ticket{}; take it out and hand it over apart",
                in_brackets(field.clause.as_ref())
            ));
        }
        // `8.3` without its quotes is a number.
        (FieldKind::Text | FieldKind::Version, Found::Other(Value::Number(_)))
        | (FieldKind::Text, Found::Other(Value::Bool(_))) => {
            return None;
        }
        (FieldKind::Text, Found::Other(Value::Array(items))) => {
            let plain = |item: &Value| item.is_string() || item.is_number() || item.is_boolean();
            return (!items.iter().all(plain)).then(|| "must be a text, or a list of texts".to_owned());
        }
        (_, Found::Text(text)) => text.trim(),
        (FieldKind::Steps, _) => return Some("must be a list of texts, or a text".to_owned()),
        (_, _) => return Some("must be a text".to_owned()),
    };
    match field.kind {
        FieldKind::Text | FieldKind::Steps | FieldKind::Sealed => None,
        FieldKind::Version => {
            let whole = text.contains(|c: char| c.is_ascii_digit()) && text.chars().count() <= 64;
            (!whole).then(|| format!("`{text}` is no version; write it as 8.3.24"))
        }
        FieldKind::Number => {
            text.parse::<u64>().is_err().then(|| format!("`{text}` is no whole number, 0 or more"))
        }
        FieldKind::Url => {
            // People name a system by its host as well.
            let is_address = is_url(text) || is_url(&format!("https://{text}"));
            (!is_address).then(|| format!("`{text}` is no address; write it as https://…, or the host alone"))
        }
        FieldKind::Enum => {
            let known = field.values.iter().any(|(id, _)| id == text);
            (!known).then(|| format!("unknown `{text}`; one of {}", ids(field)))
        }
        FieldKind::Inn => inn_complaint(text),
        FieldKind::Email => (!is_email(text)).then(|| format!("`{text}` is no e-mail address")),
        FieldKind::Phone => phone_complaint(text),
    }
}

/// What is wrong with a telephone number, which may have an extension.
pub(super) fn phone_complaint(text: &str) -> Option<String> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let odd = text.chars().any(|c| !c.is_ascii_digit() && !"+-() .,доб#*".contains(c));
    (digits < 3 || odd).then(|| format!("`{text}` is no telephone number"))
}

/// What is wrong with a taxpayer number: 10 digits (organisation) or 12 (person), the last one or two of which check
/// the others.
pub(super) fn inn_complaint(text: &str) -> Option<String> {
    const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    if digits.len() != text.chars().count() || !matches!(digits.len(), 10 | 12) {
        return Some(format!("`{text}` is no INN: 10 digits for an organisation, 12 for a person"));
    }
    let check = |count: usize| -> u32 {
        let weights = &WEIGHTS[WEIGHTS.len() - count..];
        digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 % 10
    };
    let right = if digits.len() == 10 {
        check(9) == digits[9]
    } else {
        check(10) == digits[10] && check(11) == digits[11]
    };
    (!right).then(|| format!("`{text}` is no INN: its check digits are wrong, so a digit was mistyped"))
}

#[cfg(test)]
mod tests {
    use super::inn_complaint;

    #[test]
    fn inns_of_organisations_and_persons_are_told_from_mistyped_ones() {
        // 7707083893 and 500100732259 are published, valid numbers.
        for good in ["7707083893", "500100732259"] {
            assert_eq!(inn_complaint(good), None, "{good}");
        }
        for bad in [
            "7707083894",
            "7707083983",
            "500100732258",
            "500100732269",
            "123",
            "77070838930",
            "770708389x",
            "",
        ] {
            assert!(inn_complaint(bad).is_some(), "{bad}");
        }
    }
}
