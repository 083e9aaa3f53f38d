//! The OpenAPI document: the routes' own attributes, and what holds for all of them.

pub(super) mod bodies;
pub(super) mod examples;
mod formats;
mod parameters;
mod problems;
mod streams;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::http::{Method, header};
use axum::response::IntoResponse;
use serde_json::Value;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, PathItem, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{OpenApi as _, PartialSchema, ToSchema as _};

use super::problem::Told;
use super::{alertmanager, verbs};
use crate::desk::view::TicketView;

/// What the attributes of routes cannot say.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Andon Desk",
        description = include_str!("openapi/about.md"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Told)),
    tags(
        (name = "tickets", description = "Tickets and what can be done to them"),
        (name = "clients", description = "Who is asked for, and who speaks for them"),
        (name = "employees", description = "Who may ask, where only employees may"),
        (name = "queue", description = "What is to be taken, in order"),
        (name = "problems", description = "One cause of many tickets: suspected, confirmed, closed with all of them"),
        (name = "intake", description = "What other systems send in their own form"),
        (name = "attachments", description = "Files that belong to a ticket"),
        (name = "sealed", description = "Access data, for the assignee only"),
        (name = "alarms", description = "What needs a person"),
        (name = "board", description = "The wall"),
        (name = "events", description = "What happens, as it happens"),
        (name = "webhooks", description = "What is posted to other systems"),
        (name = "letters", description = "What the desk writes to people, by mail and into chats"),
        (name = "mail", description = "Mail that did not become what its sender wanted"),
        (name = "reports", description = "What a month came to"),
        (name = "regulations", description = "What a form needs to know"),
        (name = "people", description = "Agents, groups and shifts"),
        (name = "tokens", description = "Who may come in"),
        (name = "daemon", description = "The daemon itself")
    )
)]
struct Base;

/// The document as JSON.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| written(super::public().into_openapi(), super::guarded().into_openapi()));

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "daemon", operation_id = "show_openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(super) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

/// The document as JSON, as it is served.
pub(super) fn text() -> &'static str {
    &DOCUMENT
}

/// Methods and paths of the operations behind a token that have no parameters in their query.
static WITHOUT_PARAMETERS: LazyLock<BTreeSet<(String, String)>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(&DOCUMENT).expect("the document is JSON");
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| (method, path, operation))
    });
    let in_query = |parameter: &Value| parameter["in"] == "query";
    let without = operations.filter(|(_, _, operation)| {
        operation["security"].is_array()
            && !operation["parameters"].as_array().into_iter().flatten().any(in_query)
    });
    let verbs = ("POST".to_owned(), verbs::PATH.to_owned());
    without.map(|(method, path, _)| (method.to_uppercase(), path.clone())).chain([verbs]).collect()
});

/// Whether a path behind the guard takes no parameters in its query.
pub(super) fn takes_no_parameters(method: &Method, path: &str) -> bool {
    let method = if *method == Method::HEAD { Method::GET } else { method.clone() };
    WITHOUT_PARAMETERS.contains(&(method.to_string(), path.to_owned()))
}

fn written(public: OpenApi, guarded: OpenApi) -> String {
    let mut guarded = guarded;
    add_verbs(&mut guarded);
    for (path, item) in &mut guarded.paths.paths {
        for (method, operation) in operations(item) {
            operation.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
            let mut codes = vec!["401", "403", "429", "503"];
            if path.contains('{') || path == TAKE_NEXT {
                codes.push("404");
            }
            if method == "post" {
                codes.extend(["400", "408", "409", "413", "415", "422"]);
                if !WITHOUT_KEY.contains(&path.as_str()) {
                    operation.parameters.get_or_insert_default().push(RefOr::T(header_parameter(
                        "idempotency-key",
                        "Names the request, so that it is carried out once; at most 255 visible ASCII characters",
                    )));
                }
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
                problems::add(operation, code);
            }
        }
    }
    let mut document = Base::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document.merge(public);
    document.merge(guarded);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            problems::refer(operation);
            problems::add(operation, "default");
            operation.parameters.iter_mut().flatten().for_each(|parameter| {
                if let RefOr::T(parameter) = parameter {
                    parameters::tell(parameter);
                }
            });
            mend_body(operation);
            streams::tell(operation);
            if ["post", "put"].contains(&method) {
                add_headers(path, operation);
            }
            examples::add(path, operation);
        }
    }
    problems::share(&mut document);
    formats::name(&mut document);
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let mut text = document.to_pretty_json().expect("the document is plain data");
    text.push('\n');
    text
}

/// A body that may be left out is not for that one that may be `null`.
fn mend_body(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        let Some(RefOr::T(Schema::OneOf(any))) = &mut content.schema else { continue };
        any.items.retain(|item| !matches!(item, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null)));
        if any.items.len() == 1 {
            content.schema = any.items.pop();
        }
    }
}

/// What the answers to what was carried out say besides.
fn add_headers(path: &str, operation: &mut Operation) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let yes_no = || text().enum_values(Some(["true", "false"]));
    let header = |schema: ObjectBuilder, words: &str| {
        HeaderBuilder::new().schema(Some(schema)).description(Some(words)).build()
    };
    for (status, response) in &mut operation.responses.responses {
        let (true, RefOr::T(response)) = (status.starts_with('2'), response) else { continue };
        let mut add = |name: &str, header: Header| {
            response.headers.entry(name.to_owned()).or_insert(header.into());
        };
        add(
            "andon-changed",
            header(yes_no(), "Whether the desk is another now; not there where that is no question"),
        );
        if !WITHOUT_KEY.contains(&path) {
            add(
                "idempotent-replayed",
                header(text().enum_values(Some(["true"])), "There where this is the first answer again"),
            );
        }
        if path.starts_with(VERB_PREFIX) || path == TAKE_NEXT {
            add("etag", header(text(), "The ticket's revision, in quotes"));
        }
    }
}

/// How the paths of verbs begin.
const VERB_PREFIX: &str = "/v1/tickets/{number}/";
/// Answers a ticket as a verb does, and has none where the queue is empty.
const TAKE_NEXT: &str = "/v1/queue/take-next";
/// What is posted there is no command of the desk, or may be repeated as it is: a key says nothing there.
const WITHOUT_KEY: [&str; 10] = [
    alertmanager::PATH,
    "/v1/board/test",
    "/v1/clock/trust",
    "/v1/letters/{id}/resend",
    "/v1/regulations/{id}/apply",
    "/v1/regulations/{id}/preview",
    "/v1/sla/preview",
    "/v1/webhooks/{name}/dead/{id}/replay",
    "/v1/webhooks/{name}/replay-dead",
    "/v1/webhooks/{name}/test",
];

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [("get", &mut item.get), ("post", &mut item.post), ("put", &mut item.put), ("delete", &mut item.delete)]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn is_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

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
        let body = bodies::of(verb);
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
        if let Some(body) = body {
            let content = Content::new(Some(Ref::from_schema_name(&body.name)));
            let required = if body.required { Required::True } else { Required::False };
            body.add_to(document);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden;

    #[test]
    fn every_operation_has_a_summary_a_name_of_its_own_and_tells_its_problems() {
        let document: Value = serde_json::from_str(&DOCUMENT).expect("the document is JSON");
        let mut names = BTreeSet::new();
        for (path, item) in document["paths"].as_object().expect("the document has paths") {
            for (method, operation) in item.as_object().expect("a path has methods") {
                let name = operation["operationId"].as_str().unwrap_or_default();
                assert!(names.insert(name) && !name.is_empty(), "{method} {path}: `{name}`");
                assert!(operation["summary"].is_string(), "{method} {path}");
                let problem = &operation["responses"]["default"]["$ref"];
                assert_eq!(problem, "#/components/responses/Other", "{method} {path}");
                let is_guarded = path.starts_with("/v1/");
                assert_eq!(operation["security"].is_array(), is_guarded, "{method} {path}");
                assert_eq!(operation["responses"]["401"].is_object(), is_guarded, "{method} {path}");
            }
        }
    }

    #[test]
    fn every_problem_has_an_example_and_the_codes_that_people_are_told_of() {
        let document: Value = serde_json::from_str(&DOCUMENT).expect("the document is JSON");
        let responses = document["components"]["responses"].as_object().expect("problems are shared");
        assert_eq!(responses.len(), super::problems::PROBLEMS.len() + 1);
        for (name, response) in responses {
            let problem = &response["content"]["application/problem+json"];
            assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{name}");
            let code = problem["example"]["code"].as_str().unwrap_or_default();
            let is_told = name == "Other" || response["x-codes"][code].is_string();
            assert!(is_told, "{name}: {response}");
        }
        assert!(responses["Conflict"]["x-codes"]["window-over"].is_string());
    }

    #[test]
    fn the_document_is_the_golden_one() {
        golden::check("../docs/openapi.json", &DOCUMENT);
    }
}
