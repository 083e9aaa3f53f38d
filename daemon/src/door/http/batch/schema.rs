//! A command of a batch in the OpenAPI document: one form for each verb, told apart by `do`.

use std::borrow::Cow;

use utoipa::openapi::schema::{
    AdditionalProperties, Discriminator, Object, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat,
    SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::step::TAKE_NEXT;
use crate::desk::Act;
use crate::door::http::openapi::bodies::{self, Named};

/// A command of a batch, for the document only: it is read from its JSON.
pub(super) struct BatchCommand;

impl PartialSchema for BatchCommand {
    fn schema() -> RefOr<Schema> {
        let mut forms = OneOfBuilder::new().description(Some(
            "The verb in `do`, the ticket in `ticket`, and the verb's own fields beside them",
        ));
        let mut by_verb = Discriminator::new("do");
        for verb in verbs() {
            let form = Ref::from_schema_name(name(verb));
            by_verb.mapping.insert(verb.to_owned(), form.ref_location.clone());
            forms = forms.item(form);
        }
        forms.discriminator(Some(by_verb)).into()
    }
}

impl ToSchema for BatchCommand {
    fn name() -> Cow<'static, str> {
        "BatchCommand".into()
    }

    fn schemas(schemas: &mut Vec<Named>) {
        for verb in verbs() {
            let (form, parts) = form(verb);
            schemas.extend(parts);
            schemas.push((name(verb), form.into()));
        }
    }
}

fn verbs() -> impl Iterator<Item = &'static str> {
    ["register", TAKE_NEXT].into_iter().chain(Act::VERBS)
}

fn name(verb: &str) -> String {
    format!("BatchCommand.{verb}")
}

/// A verb's command, and the schemas it is made of.
fn form(verb: &str) -> (Schema, Vec<Named>) {
    let (own, parts) = match bodies::of(verb) {
        Some(body) => (Some(body.schema), body.parts),
        None => (None, Vec::new()),
    };
    let mut form = match own {
        Some(RefOr::T(Schema::Object(own))) => own,
        Some(_) => unreachable!("the body of `{verb}` is an object"),
        None => {
            ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(false))).build()
        }
    };
    add(&mut form, "do", ObjectBuilder::new().schema_type(Type::String).enum_values(Some([verb])).build());
    form.required.push("do".to_owned());
    let named_besides = match verb {
        "register" => Some("follows"),
        "link" => Some("to"),
        _ => None,
    };
    if let Some(field) = named_besides {
        form.properties.insert(field.to_owned(), ticket());
    }
    if !["register", TAKE_NEXT].contains(&verb) {
        form.properties.insert("ticket".to_owned(), ticket());
        form.required.push("ticket".to_owned());
        add(&mut form, "if_revision", nullable_number());
    }
    (Schema::Object(form), parts)
}

fn add(form: &mut Object, field: &str, schema: Object) {
    form.properties.insert(field.to_owned(), Schema::Object(schema).into());
}

fn nullable_number() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
        .format(Some(SchemaFormat::Custom("uint64".to_owned())))
        .minimum(Some(0))
        .description(Some("The revision that was seen"))
        .build()
}

/// A ticket by its number, or by the place of the command that opens it or takes it from the queue.
fn ticket() -> RefOr<Schema> {
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::Custom("uint64".to_owned())))
        .minimum(Some(0));
    let place = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^@[0-9]+$"));
    OneOfBuilder::new()
        .description(Some(
            "Its number, or `\"@0\"`: the one that the first command of this batch opens or takes",
        ))
        .item(number)
        .item(place)
        .into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::door::http::openapi;

    /// What the document says of a command of a batch.
    fn takes() -> impl Fn(&Value) -> bool {
        let document: Value = serde_json::from_str(openapi::text()).expect("the document is JSON");
        let schema =
            json!({"$ref": "#/components/schemas/BatchCommand", "components": document["components"]});
        let validator = jsonschema::validator_for(&schema).expect("it is a schema");
        move |command| validator.is_valid(command)
    }

    #[test]
    fn the_document_has_a_form_for_each_verb() {
        let document: Value = serde_json::from_str(openapi::text()).expect("the document is JSON");
        let command = &document["components"]["schemas"]["BatchCommand"];
        let told: BTreeSet<_> = command["discriminator"]["mapping"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(verb, _)| verb.as_str())
            .collect();
        assert_eq!(told, verbs().collect());
        assert_eq!(command["oneOf"].as_array().map(Vec::len), Some(verbs().count()));
    }

    #[test]
    fn the_document_takes_what_is_a_command_and_nothing_else() {
        let takes = takes();
        for command in [
            json!({"do": "take", "ticket": 7}),
            json!({"do": "take", "ticket": "@0", "if_revision": 3}),
            json!({"do": "reply", "ticket": 7, "text": "Смотрим"}),
            json!({"do": "take-next", "regulation": "getmark"}),
            json!({"do": "register", "channel": "email", "type": "error", "subject": "x", "follows": "@0"}),
            json!({"do": "link", "ticket": "@1", "to": "@0", "kind": "similar"}),
        ] {
            assert!(takes(&command), "{command}");
        }
        for nonsense in [
            json!(7),
            json!({}),
            json!({"do": "dance", "ticket": 7}),
            json!({"do": "take"}),
            json!({"do": "take", "ticket": "7"}),
            json!({"do": "take", "ticket": 7, "text": "x"}),
            json!({"do": "reply", "ticket": 7, "text": "x", "into": 3}),
            json!({"do": "take-next", "ticket": 7}),
        ] {
            assert!(!takes(&nonsense), "{nonsense}");
        }
    }
}
