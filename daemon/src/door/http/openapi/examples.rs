//! Examples: requests that were made to a desk, and what it answered, from `daemon/docs/examples.json`.
//!
//! A test sends each of them to a fresh desk, in their order, and holds that the answer is of the same shape and fits
//! its schema; it writes what was answered where an example has no answer yet. So whoever adds an operation adds its
//! request there and runs the test with `UPDATE_GOLDEN=1`. What an operation's own attributes say goes first.

use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{Content, RefOr};

use super::parameters;

/// A request, and what it was answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Call {
    /// The operation's id.
    pub operation: String,
    /// What tells it from other examples of the operation; `example` where nothing is said.
    #[serde(default = "plain", skip_serializing_if = "is_plain")]
    pub name: String,
    /// What it shows, in a line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// The regulation of the desk that it is sent to; each desk begins empty.
    #[serde(default = "getmark", skip_serializing_if = "is_getmark")]
    pub desk: String,
    /// True for one that only prepares the next, and is no example.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sets_up: bool,
    /// The role of the token it comes with; empty for none.
    #[serde(rename = "as")]
    pub role: String,
    /// The path with its query.
    pub path: String,
    /// Headers besides those that every request has.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub headers: Map<String, Value>,
    /// The JSON that is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The status it is answered with.
    pub status: u16,
    /// What it is answered: JSON, or text as a text; none where the answer has no body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
}

fn plain() -> String {
    "example".to_owned()
}

fn is_plain(name: &str) -> bool {
    name == "example"
}

fn getmark() -> String {
    "getmark".to_owned()
}

fn is_getmark(desk: &str) -> bool {
    desk == "getmark"
}

/// Every call, in the order in which a desk is sent them.
pub(in super::super) static CALLS: LazyLock<Vec<Call>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../docs/examples.json"))
        .expect("daemon/docs/examples.json is a list of calls")
});

/// The examples of an operation.
pub(in super::super) fn of(operation: &str) -> impl Iterator<Item = &'static Call> + use<'_> {
    CALLS.iter().filter(move |call| call.operation == operation && !call.sets_up)
}

/// Gives an operation its examples.
pub(super) fn add(path: &str, operation: &mut Operation) {
    let Some(id) = operation.operation_id.clone() else { return };
    for call in of(&id) {
        let body = operation.request_body.as_mut();
        if let (Some(RefOr::T(body)), Some(sent)) = (body, &call.body) {
            body.content.values_mut().for_each(|content| add_one(content, call, sent));
        }
        let response = operation.responses.responses.get_mut(&call.status.to_string());
        if let (Some(RefOr::T(response)), Some(answer)) = (response, &call.answer) {
            response.content.values_mut().for_each(|content| add_one(content, call, answer));
        }
        add_parameters(path, operation, call);
    }
}

fn add_one(content: &mut RefOr<Content>, call: &Call, value: &Value) {
    let RefOr::T(content) = content else { return };
    if content.example.is_none() {
        let example = ExampleBuilder::new().summary(&*call.summary).value(Some(value.clone()));
        content.examples.entry(call.name.clone()).or_insert(example.build().into());
    }
}

/// The first example says what stands in the path, and each what stands in the query.
fn add_parameters(path: &str, operation: &mut Operation, call: &Call) {
    let (given, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
    let named = path.split('/').zip(given.split('/')).filter_map(|(name, given)| {
        Some((ParameterIn::Path, name.strip_prefix('{')?.strip_suffix('}')?, given))
    });
    let asked = query.split('&').filter_map(|pair| pair.split_once('='));
    let asked = asked.map(|(name, given)| (ParameterIn::Query, name, given));
    for (place, name, given) in named.chain(asked) {
        let parameters = operation.parameters.iter_mut().flatten();
        let parameter = parameters.filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        });
        let mut parameter =
            parameter.filter(|parameter| parameter.name == name && parameter.parameter_in == place);
        if let Some(parameter) = parameter.next() {
            let text = percent_decode_str(given).decode_utf8_lossy().into_owned();
            parameters::show(
                parameter,
                text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
            );
        }
    }
}
