//! What a text is, told by its name: one word is one thing here, so `registered_at` is an instant wherever it stands.

use utoipa::openapi::schema::{ArrayItems, KnownFormat, Object, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{OpenApi, RefOr};

/// Names the formats of all texts in the document's schemas whose names say what they are.
pub(super) fn name(document: &mut OpenApi) {
    for schema in document.components.get_or_insert_default().schemas.values_mut() {
        within(schema);
    }
}

fn within(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            for (name, property) in &mut object.properties {
                if let RefOr::T(Schema::Object(text)) = property {
                    name_one(name, text);
                }
                within(property);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                within(items);
            }
        }
        Schema::OneOf(any) => any.items.iter_mut().for_each(within),
        Schema::AllOf(all) => all.items.iter_mut().for_each(within),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(within),
        // Other kinds have no properties of their own.
        _ => {}
    }
}

/// A whole number that cannot be less than 0 has all 64 bits for itself; the generator takes one of them for a sign.
pub(super) fn widen(number: &mut Object) {
    let is_int64 = number.format == Some(SchemaFormat::KnownFormat(KnownFormat::Int64));
    if is_int64 && number.minimum.is_some() {
        number.format = Some(SchemaFormat::Custom("uint64".to_owned()));
    }
}

fn name_one(name: &str, text: &mut Object) {
    widen(text);
    if text.format.is_none() && is_text(&text.schema_type) {
        text.format = format_of(name).map(SchemaFormat::KnownFormat);
    }
}

fn is_text(kind: &SchemaType) -> bool {
    match kind {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(kinds) => kinds.contains(&Type::String),
        SchemaType::AnyValue => false,
    }
}

fn format_of(name: &str) -> Option<KnownFormat> {
    let last = name.rsplit('_').next().unwrap_or(name);
    match (name, last) {
        ("holds_from", _) => Some(KnownFormat::Date),
        ("effective", _) | (_, "at" | "deadline" | "since" | "until") => Some(KnownFormat::DateTime),
        (_, _) => None,
    }
}
