//! Streams in the document: the schema of `text/event-stream` is that of one event as it is framed.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, RefOr};

/// Says of each stream that an operation answers with what one of its events is.
pub(super) fn tell(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        if let Some(RefOr::T(content)) = response.content.get_mut("text/event-stream") {
            content.schema = Some(RefOr::T(event(content)));
        }
    }
}

/// An event: of the schema that the operation names is the JSON in its data.
fn event(content: &Content) -> Schema {
    let named = match &content.schema {
        Some(RefOr::Ref(named)) => named.ref_location.rsplit('/').next(),
        Some(RefOr::T(_)) | None => None,
    };
    let data = named.map_or_else(|| "Text or JSON".to_owned(), |name| format!("JSON: a `{name}`"));
    let text = |words: String| ObjectBuilder::new().schema_type(Type::String).description(Some(words));
    let event = ObjectBuilder::new()
        .property("id", text("What `Last-Event-ID` resumes behind".to_owned()))
        .property("event", text("Its name".to_owned()))
        .property("data", text(data))
        .required("data");
    Schema::Object(event.build())
}
