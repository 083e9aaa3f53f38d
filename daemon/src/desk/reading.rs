//! JSON as a type, with everything that is wrong with it.
//!
//! Serde stops at the first value that does not fit. Here what does not fit is noted and passed over, and the rest is
//! read again without it, so that whoever sent three wrong fields is told of three. What is wrong is said in our own
//! words: where, what would be right, and what was there.

use std::fmt::{self, Display};

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserializer, de, forward_to_deserialize_any};
use serde_json::{Map, Value};

use super::refusal::FieldError;
use crate::toml_problem::nearest;

/// How many errors are told at once. Each costs one more reading.
pub const ERRORS_MAX: usize = 50;
/// How much of a text that does not fit is said, in characters.
const SHOWN_MAX_CHARS: usize = 40;

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    /// The value without what does not fit; none where it cannot be without.
    pub value: Option<T>,
    /// What does not fit, in the order of the JSON's own fields; at most [`ERRORS_MAX`].
    pub errors: Vec<FieldError>,
}

impl<T> Read<T> {
    /// The value, where everything fits.
    ///
    /// # Errors
    /// All that does not.
    pub fn whole(self) -> Result<T, Vec<FieldError>> {
        match self {
            Self { value: Some(value), errors } if errors.is_empty() => Ok(value),
            Self { errors, .. } => Err(errors),
        }
    }

    /// The same, as something else.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Read<U> {
        Read { value: self.value.map(into), errors: self.errors }
    }
}

/// Reads a JSON object as a type.
pub fn read<T: DeserializeOwned>(json: &Value) -> Read<T> {
    if !json.is_object() {
        return Read { value: None, errors: vec![FieldError::new("", "must be a JSON object")] };
    }
    let (mut errors, mut passed) = (Vec::new(), Vec::new());
    loop {
        let wrong = match T::deserialize(Node { value: json, path: String::new(), passed: &passed }) {
            Ok(value) => return Read { value: Some(value), errors },
            Err(wrong) => wrong,
        };
        let (place, error) = wrong.told();
        // A required field that was there and did not fit has been told.
        if !passed.contains(&error.field) {
            errors.push(error);
        }
        if place.is_empty() || passed.contains(&place) || errors.len() >= ERRORS_MAX {
            return Read { value: None, errors };
        }
        passed.push(place);
    }
}

/// Why a value does not fit.
#[derive(Debug)]
struct Wrong {
    /// Where; none until it is known.
    path: Option<String>,
    message: String,
    /// The field that the object there lacks, which cannot be passed over.
    missing: Option<&'static str>,
}

impl Wrong {
    fn new(message: String) -> Self {
        Self { path: None, message, missing: None }
    }

    /// The innermost place is the right one.
    fn at(mut self, path: impl FnOnce() -> String) -> Self {
        self.path.get_or_insert_with(path);
        self
    }

    /// What can be passed over, and what is to be told: of an object that lacks something, what.
    fn told(self) -> (String, FieldError) {
        let place = self.path.unwrap_or_default();
        let field = self.missing.map_or_else(|| place.clone(), |missing| joined(&place, missing));
        (place, FieldError { field, message: self.message })
    }
}

impl Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(there: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("must be {}, not {}", words(&expected.to_string()), shown(there)))
    }

    fn invalid_value(there: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(there, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("unknown `{}`; one of {}", cut(variant), expected.join(", ")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let near = nearest(field, expected.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        Self::new(match expected {
            [] => "is unknown; nothing is taken here".to_owned(),
            expected => format!("is unknown; {near}a field is one of {}", expected.join(", ")),
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Self { missing: Some(field), ..Self::new("is required".to_owned()) }
    }
}

/// What serde expects, in our words.
fn words(expected: &str) -> &str {
    match expected {
        "a string" | "str" | "string" | "a borrowed string" => "a text",
        "a boolean" => "true or false",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 to 18446744073709551615",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        "unit" => "null",
        other if other.starts_with("struct ") => "an object",
        other => other,
    }
}

/// What was there.
fn shown(there: Unexpected<'_>) -> String {
    match there {
        Unexpected::Bool(given) => given.to_string(),
        Unexpected::Unsigned(given) => given.to_string(),
        Unexpected::Signed(given) => given.to_string(),
        Unexpected::Float(given) => given.to_string(),
        Unexpected::Str(given) => format!("the text `{}`", cut(given)),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        other => other.to_string(),
    }
}

/// As much of a text as fits into a message.
fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The path of a field of the object at `path`.
fn joined(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// A value at its place.
struct Node<'de, 'p> {
    value: &'de Value,
    path: String,
    /// What is passed over.
    passed: &'p [String],
}

impl<'de, 'p> Node<'de, 'p> {
    fn fields(&self, fields: &'de Map<String, Value>) -> Fields<'de, 'p> {
        Fields { rest: fields.iter(), value: None, path: self.path.clone(), passed: self.passed }
    }

    fn unexpected(&self) -> Unexpected<'de> {
        match self.value {
            Value::Null => Unexpected::Unit,
            Value::Bool(given) => Unexpected::Bool(*given),
            Value::Number(given) => match (given.as_u64(), given.as_i64()) {
                (Some(given), _) => Unexpected::Unsigned(given),
                (None, Some(given)) => Unexpected::Signed(given),
                (None, None) => Unexpected::Float(given.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(given) => Unexpected::Str(given),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }
}

impl<'de> Deserializer<'de> for Node<'de, '_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(given) => visitor.visit_bool(*given),
            Value::Number(given) => match (given.as_u64(), given.as_i64()) {
                (Some(given), _) => visitor.visit_u64(given),
                (None, Some(given)) => visitor.visit_i64(given),
                (None, None) => visitor.visit_f64(given.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(given) => visitor.visit_borrowed_str(given),
            Value::Array(items) => visitor.visit_seq(Items {
                rest: items.iter().enumerate(),
                path: self.path,
                passed: self.passed,
            }),
            Value::Object(fields) => visitor.visit_map(self.fields(fields)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    /// Serde would take a list for an object whose fields stand in order, too; nobody means that.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Object(fields) => visitor.visit_map(self.fields(fields)),
            _ => Err(de::Error::invalid_type(self.unexpected(), &"an object")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.value {
            Value::String(variant) => visitor.visit_enum(StrDeserializer::<Wrong>::new(variant)),
            Value::Object(fields) => visitor.visit_enum(MapAccessDeserializer::new(self.fields(fields))),
            _ => {
                let expected = format!("one of {}", variants.join(", "));
                Err(de::Error::invalid_type(self.unexpected(), &expected.as_str()))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// The fields of an object.
struct Fields<'de, 'p> {
    rest: serde_json::map::Iter<'de>,
    value: Option<Node<'de, 'p>>,
    path: String,
    passed: &'p [String],
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        for (name, value) in self.rest.by_ref() {
            let path = joined(&self.path, name);
            if self.passed.contains(&path) {
                continue;
            }
            let key = seed.deserialize(StrDeserializer::<Wrong>::new(name));
            let key = key.map_err(|wrong| wrong.at(|| path.clone()))?;
            self.value = Some(Node { value, path, passed: self.passed });
            return Ok(Some(key));
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Wrong> {
        let node = self.value.take().expect("a value is asked for behind its name");
        let path = node.path.clone();
        seed.deserialize(node).map_err(|wrong| wrong.at(|| path))
    }
}

/// The items of a list.
struct Items<'de, 'p> {
    rest: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    path: String,
    passed: &'p [String],
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Wrong;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Wrong> {
        for (index, value) in self.rest.by_ref() {
            let path = format!("{}[{index}]", self.path);
            if self.passed.contains(&path) {
                continue;
            }
            let node = Node { value, path: path.clone(), passed: self.passed };
            return seed.deserialize(node).map(Some).map_err(|wrong| wrong.at(|| path));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Form {
        subject: Option<String>,
        line: Option<u8>,
        urgent: bool,
        words: Vec<String>,
        kind: Option<Kind>,
        who: Option<Who>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Kind {
        Similar,
        FollowUp,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Who {
        name: Option<String>,
        login: String,
    }

    fn told(json: &Value) -> Vec<(String, String)> {
        read::<Form>(json).errors.into_iter().map(|error| (error.field, error.message)).collect()
    }

    #[test]
    fn what_fits_is_read_as_serde_reads_it() {
        let json = json!({"subject": "x", "line": 2, "urgent": true, "words": ["a", "b"], "kind": "follow-up",
            "who": {"name": null, "login": "anna"}});
        let expected: Form = serde_json::from_value(json.clone()).expect("it fits");
        assert_eq!(read(&json), Read { value: Some(expected), errors: vec![] });
    }

    #[test]
    fn everything_that_does_not_fit_is_told_at_once_and_the_rest_is_read() {
        let json = json!({"subject": 7, "line": 300, "urgent": "yes", "words": ["a", 1, "b", null], "kind": "twin",
            "who": {"login": ["x"], "phon": "1"}, "sbuject": "x"});
        let mut fields: Vec<_> = told(&json).into_iter().map(|(field, _)| field).collect();
        fields.sort();
        assert_eq!(
            fields,
            ["kind", "line", "sbuject", "subject", "urgent", "who.login", "who.phon", "words[1]", "words[3]"]
        );
        // Without the object that cannot be without what it lacks.
        let rest = json!({"subject": "x", "line": 300, "words": ["a", 1, "b"]});
        let expected =
            Form { subject: Some("x".into()), words: vec!["a".into(), "b".into()], ..Form::default() };
        assert_eq!(read::<Form>(&rest).value, Some(expected));
    }

    #[test]
    fn messages_say_what_would_be_right_and_what_was_there() {
        for (json, field, message) in [
            (json!({"subject": 7}), "subject", "must be a text, not 7"),
            (json!({"line": 300}), "line", "must be a whole number from 0 to 255, not 300"),
            (json!({"line": -1}), "line", "must be a whole number from 0 to 255, not -1"),
            (json!({"line": 1.5}), "line", "must be a whole number from 0 to 255, not 1.5"),
            (json!({"line": "2"}), "line", "must be a whole number from 0 to 255, not the text `2`"),
            (json!({"urgent": null}), "urgent", "must be true or false, not null"),
            (json!({"words": "a"}), "words", "must be a list, not the text `a`"),
            (json!({"words": [[]]}), "words[0]", "must be a text, not a list"),
            (json!({"kind": "twin"}), "kind", "unknown `twin`; one of similar, follow-up"),
            (json!({"kind": 1}), "kind", "must be one of similar, follow-up, not 1"),
            (json!({"who": ["anna", "x"]}), "who", "must be an object, not a list"),
            (
                json!({"sbuject": 1}),
                "sbuject",
                "is unknown; did you mean `subject`? a field is one of subject, line, urgent, words, kind, who",
            ),
        ] {
            assert_eq!(told(&json), [(field.to_owned(), message.to_owned())], "{json}");
        }
    }

    #[test]
    fn a_field_that_is_not_there_is_named_by_its_path() {
        assert_eq!(told(&json!({"who": {}})), [("who.login".to_owned(), "is required".to_owned())]);
    }

    #[test]
    fn what_is_no_object_is_told_so() {
        for json in [json!([]), json!(null), json!("x"), json!(7)] {
            assert_eq!(told(&json), [(String::new(), "must be a JSON object".to_owned())], "{json}");
        }
    }

    #[test]
    fn a_flood_of_errors_is_cut() {
        let json: Map<String, Value> = (0..1_000).map(|n| (format!("x{n}"), Value::Null)).collect();
        assert_eq!(read::<Form>(&json.into()).errors.len(), ERRORS_MAX);
    }

    #[test]
    fn long_texts_are_cut_in_messages() {
        let (_, message) = told(&json!({"line": "ы".repeat(1_000)})).remove(0);
        assert!(message.ends_with("ы…`") && message.chars().count() < 120, "{message}");
    }
}
