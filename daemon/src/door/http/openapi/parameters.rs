//! What a parameter may be: as the code that reads it checks, told once for every operation that has it.

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, Schema, SchemaType, Type};

use super::formats;

/// One tag of a ticket, `"7"`, weakened or not.
const TAG: &str = r#"(W/)?"[0-9]{1,19}""#;

/// Tells what a parameter may be.
pub(super) fn tell(parameter: &mut Parameter) {
    let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema else { return };
    // What is not sent is not there; `null` would be a word like any other.
    without_null(object);
    formats::widen(object);
    let mut example = None;
    match (&parameter.parameter_in, parameter.name.as_str()) {
        (ParameterIn::Header, "if-match") => {
            object.pattern = Some(format!(r"^(\*|{TAG}(, ?{TAG})*)$"));
            example = Some(json!("\"1\""));
        }
        (ParameterIn::Header, "idempotency-key") => {
            object.pattern = Some("^[!-~]{1,255}$".to_owned());
        }
        (ParameterIn::Header, "if-none-match") => example = Some(json!("\"1\"")),
        // Mostly a number; an operation whose cursor is another says so itself.
        (ParameterIn::Query, "cursor") if object.min_length.is_none() => {
            object.pattern = Some("^[0-9]{1,19}$".to_owned());
        }
        (ParameterIn::Query, "stage") => object.pattern = Some(list_of("open|resolved|closed")),
        (ParameterIn::Query, "line") => object.pattern = Some(list_of("[0-9]{1,3}")),
        (ParameterIn::Query, "limit") => bounds(object, parameter.description.as_deref().unwrap_or_default()),
        (_, _) => {}
    }
    if let Some(example) = example {
        show(parameter, example);
    }
}

/// Gives a parameter an example, where it has none.
pub(super) fn show(parameter: &mut Parameter, example: Value) {
    let told = serde_json::to_value(&*parameter).expect("a parameter is plain data");
    if told["example"].is_null() {
        *parameter = ParameterBuilder::from(parameter.clone()).example(Some(example)).build();
    }
}

/// A comma list of words; what is empty in it is passed over.
fn list_of(word: &str) -> String {
    format!("^ *({word})? *(, *({word})? *)*$")
}

fn without_null(object: &mut Object) {
    let SchemaType::Array(kinds) = &mut object.schema_type else { return };
    kinds.retain(|kind| *kind != Type::Null);
    if let [only] = kinds.as_slice() {
        object.schema_type = SchemaType::Type(only.clone());
    }
}

/// A limit's bounds stand in its description: "1 to 200, else 50".
fn bounds(object: &mut Object, description: &str) {
    let numbers: Vec<i64> =
        description.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
    if let [least, most, ..] = numbers[..] {
        object.minimum = Some(least.into());
        object.maximum = Some(most.into());
    }
}
