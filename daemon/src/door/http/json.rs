//! JSON read strictly: no field is given twice, and no number is kept other than it was sent.
//!
//! Of a field that is given twice one value would silently win, and which one differs from program to program. A whole
//! number beyond 64 bits would be rounded. Both are told by their paths, all of them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::desk::FieldError;
use crate::desk::reading::ERRORS_MAX;

/// From here on, and down to its negative, a number stands for itself no more, in 64 bits or as a binary fraction.
const BEYOND: f64 = 18_446_744_073_709_551_616.0;

/// The value, and what must not be in it.
///
/// # Errors
/// Where the text is no JSON.
pub(super) fn parse(text: &str) -> Result<(Value, Vec<FieldError>), serde_json::Error> {
    let mut faults = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { faults: &mut faults }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    // A field that came twice may be wrong in the same way each time.
    let mut told = Vec::new();
    for fault in faults {
        if !told.contains(&fault) {
            told.push(fault);
        }
    }
    Ok((value, told))
}

/// Reads one value and notes its faults, by their paths from that value on.
struct Strict<'f> {
    faults: &'f mut Vec<FieldError>,
}

impl Strict<'_> {
    fn note(&mut self, path: &str, message: &str) {
        if self.faults.len() < ERRORS_MAX {
            self.faults.push(FieldError::new(path, message));
        }
    }

    /// Reads what is inside, and says of its faults where it is.
    fn inside<T, E>(
        &mut self,
        at: impl Fn() -> String,
        read: impl FnOnce(Strict<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.faults.len();
        let read = read(Strict { faults: self.faults })?;
        for fault in &mut self.faults[before..] {
            let dot = if fault.field.is_empty() || fault.field.starts_with('[') { "" } else { "." };
            fault.field = format!("{}{dot}{}", at(), fault.field);
        }
        Ok(read)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, given: bool) -> Result<Value, E> {
        Ok(Value::Bool(given))
    }

    fn visit_u64<E: Error>(self, given: u64) -> Result<Value, E> {
        Ok(given.into())
    }

    fn visit_i64<E: Error>(self, given: i64) -> Result<Value, E> {
        Ok(given.into())
    }

    fn visit_f64<E: Error>(mut self, given: f64) -> Result<Value, E> {
        if given.abs() >= BEYOND {
            self.note("", "is a number beyond 64 bits, which would be rounded; send it as a text");
        }
        Ok(Number::from_f64(given).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, given: &str) -> Result<Value, E> {
        Ok(Value::String(given.to_owned()))
    }

    fn visit_string<E: Error>(self, given: String) -> Result<Value, E> {
        Ok(Value::String(given))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut given: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let index = items.len();
            let next = self.inside(|| format!("[{index}]"), |item| given.next_element_seed(item))?;
            match next {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut given: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = given.next_key::<String>()? {
            let value = self.inside(|| name.clone(), |value| given.next_value_seed(value))?;
            if fields.contains_key(&name) {
                self.note(&name, "is given twice; send it once");
            }
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let (_, faults) = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn what_is_sound_is_read_as_serde_reads_it() {
        for text in [
            "null",
            "[1, -1, 1.5, 18446744073709551615, -9223372036854775808, 1e10]",
            r#"{"a": {"b": [true, "x\u00e9\n", {}]}, "c": "\ud83d\ude00"}"#,
        ] {
            let expected: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(parse(text).expect("JSON"), (expected, vec![]), "{text}");
        }
    }

    #[test]
    fn a_field_that_is_given_twice_is_told_by_its_path() {
        assert_eq!(
            faults(r#"{"a": 1, "b": {"c": 1, "c": 1}, "a": [{"d": 1, "d": 2}]}"#),
            ["b.c", "a[0].d", "a"]
        );
        let (value, _) = parse(r#"{"a": 1, "a": 2}"#).expect("JSON");
        assert_eq!(value, json!({"a": 2}));
    }

    #[test]
    fn a_number_that_would_be_rounded_is_told_by_its_path() {
        assert_eq!(faults(r#"{"a": 18446744073709551616, "b": [1, -1e20], "c": 1e19}"#), ["a", "b[1]"]);
    }

    #[test]
    fn what_is_no_json_is_an_error_as_before() {
        for text in [
            "",
            "{",
            "{} {}",
            "1e999",
            r#""\ud800""#,
            "nul",
            "NaN",
            "{\"a\":1,}",
            "\u{feff}{}",
            &"[".repeat(100_000),
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_flood_of_faults_is_cut() {
        let fields: Vec<_> = (0..1_000).map(|n| format!("\"a{n}\": 1e30")).collect();
        assert_eq!(faults(&format!("{{{}}}", fields.join(","))).len(), ERRORS_MAX);
        let same = vec![r#""a": 1"#; 1_000].join(",");
        assert_eq!(faults(&format!("{{{same}}}")), ["a"], "the same fault is told once");
    }
}
