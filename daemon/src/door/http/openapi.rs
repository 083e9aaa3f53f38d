//! The OpenAPI document: the routes' own attributes, and what holds for all of them.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, PathItem, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};

use super::problem::{CONTENT_TYPE, Told};
use super::verbs;
use crate::desk::command;
use crate::desk::view::TicketView;

/// What the attributes of routes cannot say.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Andon Desk",
        description = "A help desk on one box: tickets, the terms promised, and the wall that shows them.\n\nErrors are `application/problem+json` (RFC 9457) with a stable `code`. A POST with an `Idempotency-Key` is carried out once: the same request within a day gets the first answer again, across restarts.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Told)),
    tags(
        (name = "tickets", description = "Tickets and what can be done to them"),
        (name = "intake", description = "What other systems send in their own form"),
        (name = "attachments", description = "Files that belong to a ticket"),
        (name = "sealed", description = "Access data, for the assignee only"),
        (name = "alarms", description = "What needs a person"),
        (name = "board", description = "The wall"),
        (name = "events", description = "What happens, as it happens"),
        (name = "webhooks", description = "What is posted to other systems"),
        (name = "regulations", description = "What a form needs to know"),
        (name = "tokens", description = "Who may come in"),
        (name = "daemon", description = "The daemon itself")
    )
)]
struct Base;

/// The document as JSON.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| text(super::public().into_openapi(), super::guarded().into_openapi()));

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "daemon", operation_id = "show_openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(super) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

fn text(public: OpenApi, guarded: OpenApi) -> String {
    let mut guarded = guarded;
    add_verbs(&mut guarded);
    for (path, item) in &mut guarded.paths.paths {
        for (method, operation) in operations(item) {
            operation.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
            let mut codes = vec!["401", "403", "429", "503"];
            if path.contains('{') {
                codes.push("404");
            }
            if method == "post" {
                codes.extend(["400", "408", "409", "413", "415", "422"]);
                operation.parameters.get_or_insert_default().push(RefOr::T(header_parameter(
                    "idempotency-key",
                    "Names the request, so that it is carried out once; at most 255 visible ASCII characters",
                )));
            }
            if method == "put" {
                codes.extend(["400", "408", "409", "413", "415", "422"]);
            }
            if path.starts_with(VERB_PREFIX) && method == "post" && !path.ends_with("/attachments") {
                codes.push("412");
            }
            if operation.parameters.iter().flatten().any(is_query) {
                codes.push("422");
            }
            codes.sort_unstable();
            codes.dedup();
            for code in codes {
                add_problem(operation, code);
            }
        }
    }
    let mut document = Base::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document.merge(public);
    document.merge(guarded);
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            add_problem(operation, "default");
        }
    }
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let mut text = document.to_pretty_json().expect("the document is plain data");
    text.push('\n');
    text
}

/// How the paths of verbs begin.
const VERB_PREFIX: &str = "/v1/tickets/{number}/";

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [("get", &mut item.get), ("post", &mut item.post), ("put", &mut item.put), ("delete", &mut item.delete)]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn add_problem(operation: &mut Operation, code: &str) {
    let known = PROBLEMS.into_iter().find(|(known, _)| *known == code);
    let description = known.map_or("Anything else that went wrong", |(_, description)| description);
    let problem = Content::new(Some(RefOr::Ref(Ref::from_schema_name(Told::name()))));
    let response = ResponseBuilder::new().description(description).content(CONTENT_TYPE, problem).build();
    operation.responses.responses.entry(code.to_owned()).or_insert(response.into());
}

fn is_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

/// What a problem of a status says.
const PROBLEMS: [(&str, &str); 12] = [
    ("400", "The body is not JSON"),
    ("401", "No token, or one that is not known or has expired"),
    ("403", "The token's role or scope does not allow it"),
    ("404", "There is no such thing"),
    ("408", "The body did not come in within 30 s"),
    ("409", "The desk does not do that now; `code` says why"),
    ("412", "The ticket has changed since the revision in `If-Match`"),
    ("413", "The body is longer than 1 MiB"),
    ("415", "The body is not `application/json`"),
    ("422", "Fields, parameters or headers are wrong or missing; `errors` names all of them"),
    ("429", "The token or the address asks too often; `Retry-After` says when it may again"),
    ("503", "Not now: busy, stopping, or the disk fails; `Retry-After` says when"),
];

fn header_parameter(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .build()
}

/// Each verb as an operation of its own, with its own body.
fn add_verbs(document: &mut OpenApi) {
    for (verb, summary) in verbs::SUMMARIES {
        let (name, required) = body_of(document, verb);
        let mut operation = OperationBuilder::new()
            .tag("tickets")
            .summary(Some(summary))
            .operation_id(Some(format!("{verb}_ticket")))
            .parameter(
                ParameterBuilder::new()
                    .name("number")
                    .parameter_in(ParameterIn::Path)
                    .required(Required::True)
                    .description(Some("The ticket's number"))
                    .schema(Some(u64::schema())),
            )
            .parameter(header_parameter(
                "if-match",
                "The ETag that was seen; refused where the ticket has changed since",
            ))
            .response(
                "200",
                ResponseBuilder::new()
                    .description("The ticket; the header Andon-Changed says whether anything changed")
                    .content(
                        "application/json",
                        Content::new(Some(Ref::from_schema_name(TicketView::name()))),
                    ),
            );
        if let Some(name) = name {
            let content = Content::new(Some(Ref::from_schema_name(name)));
            let required = if required { Required::True } else { Required::False };
            operation = operation.request_body(Some(
                RequestBodyBuilder::new()
                    .content("application/json", content)
                    .required(Some(required))
                    .build(),
            ));
        }
        document.paths.add_path_operation(
            format!("{VERB_PREFIX}{verb}"),
            vec![HttpMethod::Post],
            operation.build(),
        );
    }
}

/// The schema of a verb's body, and whether there must be one.
fn body_of(document: &mut OpenApi, verb: &str) -> (Option<String>, bool) {
    let mut add = |required: bool, body: fn(&mut OpenApi) -> String| (Some(body(document)), required);
    match verb {
        "reply" => add(true, schema::<command::Reply>),
        "ask" | "answer" | "urgent" => add(true, schema::<command::Text>),
        "status" => add(true, schema::<command::StatusMove>),
        "classify" => add(true, schema::<command::Classify>),
        "priority" => add(true, schema::<command::PriorityChange>),
        "assign" => add(true, schema::<command::Assign>),
        "transfer" => add(true, schema::<command::Transfer>),
        "route" => add(true, schema::<command::Route>),
        "estimate" => add(true, schema::<command::Estimate>),
        "extend" => add(true, schema::<command::Extend>),
        "defer" => add(true, schema::<command::Defer>),
        "resolve" => add(true, schema::<command::Resolve>),
        "confirm" => add(false, schema::<command::Confirm>),
        "return" => add(true, schema::<command::Return>),
        "refuse" | "close" => add(true, schema::<command::Ending>),
        "link" => add(true, schema::<command::Link>),
        "split" => add(true, schema::<command::Split>),
        _ => (None, false),
    }
}

/// Puts a type and what it is made of among the document's schemas.
fn schema<T: ToSchema>(document: &mut OpenApi) -> String {
    let components = document.components.get_or_insert_default();
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    components.schemas.extend(parts);
    components.schemas.insert(T::name().into_owned(), T::schema());
    T::name().into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::DOCUMENT;

    #[test]
    fn every_operation_has_a_summary_a_name_of_its_own_and_tells_its_problems() {
        let document: Value = serde_json::from_str(&DOCUMENT).expect("the document is JSON");
        let mut names = BTreeSet::new();
        for (path, item) in document["paths"].as_object().expect("the document has paths") {
            for (method, operation) in item.as_object().expect("a path has methods") {
                let name = operation["operationId"].as_str().unwrap_or_default();
                assert!(names.insert(name) && !name.is_empty(), "{method} {path}: `{name}`");
                assert!(operation["summary"].is_string(), "{method} {path}");
                let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
                assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{method} {path}");
                let is_guarded = path.starts_with("/v1/");
                assert_eq!(operation["security"].is_array(), is_guarded, "{method} {path}");
                assert_eq!(operation["responses"]["401"].is_object(), is_guarded, "{method} {path}");
            }
        }
    }

    #[test]
    fn the_document_is_the_golden_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs"))
                .expect("the directory can be made");
            std::fs::write(path, DOCUMENT.as_str()).expect("the golden file can be written");
        }
        let golden = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            golden == *DOCUMENT,
            "daemon/docs/openapi.json is not what the routes say; a change of the contract is a decision: look at it with UPDATE_GOLDEN=1 and git diff"
        );
    }
}
