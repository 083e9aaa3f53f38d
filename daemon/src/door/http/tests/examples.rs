//! The document's examples are true: each is sent to a desk, and what comes back is as the document says.

use std::collections::{BTreeMap, BTreeSet};

use http_body_util::BodyExt;
use serde_json::{Map, Value, json};

use super::super::openapi::examples::{CALLS, Call};
use super::*;

/// How long an answer is waited for before the test says that it does not come.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
/// Where the examples are kept.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/examples.json");
/// Operations whose answers are no JSON, or too long for an example.
const WITHOUT: [&str; 8] = [
    "download_attachment",
    "show_board_page",
    "show_board_picture",
    "show_docs",
    "show_error_docs",
    "show_metrics",
    "show_openapi",
    "follow_board",
];
/// Headers that the document has a word for, each time they are sent.
const HEADERS: [&str; 6] =
    ["etag", "link", "location", "andon-changed", "idempotent-replayed", "retry-after"];

/// A desk under a regulation, with a token for each role.
async fn desk(regulation: &str) -> World {
    let regulation = shipped::get(regulation).expect("it is shipped").expect("it is whole");
    let alerts = toml::from_str("channel = \"email\"\ntype = \"error\"").expect("it is whole");
    World::known(Regulations::new(vec![regulation])).await.with_alertmanager(alerts)
}

/// A form with the texts of `file` as files.
fn with_files(request: axum::http::request::Builder, form: &Value) -> Request<Body> {
    let files = form["file"].as_array().expect("a list of files").iter().enumerate();
    let parts = files.map(|(place, text)| {
        let text = text.as_str().expect("a file of an example is text");
        let head =
            format!("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{place}.log\"");
        format!("{head}\r\n\r\n{text}\r\n")
    });
    let request = request.header("content-type", "multipart/form-data; boundary=edge");
    request.body(Body::from(parts.collect::<String>() + "--edge--\r\n")).expect("a request")
}

/// What a call was answered: status, headers, and the body as JSON or text.
struct Answered {
    status: u16,
    headers: HeaderMap,
    body: Option<Value>,
}

async fn answered(world: &World, call: &Call, method: &Method) -> Answered {
    let mut request = ask(method.clone(), &call.path, &call.role);
    for (name, value) in &call.headers {
        request = request.header(name, value.as_str().expect("a header is a text"));
    }
    let request = match &call.body {
        Some(body) if call.operation == "add_attachments" => with_files(request, body),
        Some(body) => with_json(request, body),
        None => request.body(Body::empty()).expect("a request"),
    };
    let response = tokio::time::timeout(PATIENCE, world.router.clone().oneshot(request)).await;
    let response = response.unwrap_or_else(|_| panic!("{} is not answered", call.operation));
    let response = response.expect("a router answers");
    let (parts, mut body) = response.into_parts();
    let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // A stream has no end: its beginning is the example.
    let bytes = if kind.starts_with("text/event-stream") {
        let frame = body.frame().await.expect("a stream begins").expect("it is whole");
        frame.into_data().expect("a stream has data").to_vec()
    } else {
        axum::body::to_bytes(body, usize::MAX).await.expect("the answer is whole").to_vec()
    };
    let text = String::from_utf8(bytes).expect("an example is text");
    let text = text.replace(&world.shared.facts.state_dir.display().to_string(), "/var/lib/andon");
    let body = (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    Answered { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// The shape of JSON: which fields, of which types. Null fits all, and of a list the first counts.
fn is_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Object(one), Value::Object(other)) => {
            one.keys().eq(other.keys()) && one.iter().all(|(name, value)| is_alike(value, &other[name]))
        }
        (Value::Array(one), Value::Array(other)) => match (one.first(), other.first()) {
            (Some(one), Some(other)) => is_alike(one, other),
            (None, None) => true,
            (_, _) => false,
        },
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

/// The document, and what its schemas say.
struct Document {
    json: Value,
    validators: BTreeMap<String, jsonschema::Validator>,
}

impl Document {
    async fn of(world: &World) -> Self {
        Self { json: world.get("/openapi.json").await.ok(200).json(), validators: BTreeMap::new() }
    }

    /// Path template, method and body of an operation.
    fn operation(&self, id: &str) -> Option<(&str, Method, &Value)> {
        let paths = self.json["paths"].as_object()?;
        paths.iter().find_map(|(path, item)| {
            let (method, operation) = item.as_object()?.iter().find(|(_, told)| told["operationId"] == id)?;
            Some((path.as_str(), method.to_uppercase().parse().ok()?, operation))
        })
    }

    /// A response of an operation, shared or its own.
    fn response<'a>(&'a self, operation: &'a Value, status: u16) -> &'a Value {
        let response = &operation["responses"][status.to_string()];
        match response["$ref"].as_str() {
            Some(shared) => self.json.pointer(&shared[1..]).expect("what is referred to is there"),
            None => response,
        }
    }

    /// What does not fit a schema.
    fn complaints(&mut self, schema: &Value, value: &Value) -> Vec<String> {
        let components = &self.json["components"];
        let validator = self.validators.entry(schema.to_string()).or_insert_with(|| {
            let whole = json!({"allOf": [schema], "components": components});
            let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
            options.should_validate_formats(true).build(&whole).expect("a schema of the document")
        });
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }
}

#[tokio::test]
async fn every_example_is_answered_as_the_document_says() {
    let mut worlds: BTreeMap<String, World> = BTreeMap::new();
    let mut written = CALLS.clone();
    let mut faults = Vec::new();
    let mut document = Document::of(&World::new().await).await;
    for (call, written) in CALLS.iter().zip(&mut written) {
        if !worlds.contains_key(&call.desk) {
            worlds.insert(call.desk.clone(), desk(&call.desk).await);
        }
        let id = format!("{} {}", call.operation, call.path);
        let Some((_, method, operation)) = document.operation(&call.operation) else {
            faults.push(format!("{id}: there is no such operation"));
            continue;
        };
        let operation = operation.clone();
        let answer = answered(&worlds[&call.desk], call, &method).await;
        if answer.status != call.status {
            faults.push(format!("{id}: {}, not {}: {:?}", answer.status, call.status, answer.body));
            continue;
        }
        if let Some(sent) = &call.body {
            for content in contents(&operation["requestBody"]) {
                let wrong = document.complaints(&content["schema"], sent);
                faults.extend(wrong.iter().map(|wrong| format!("{id} is sent {wrong}")));
            }
        }
        let response = document.response(&operation, answer.status).clone();
        for header in HEADERS.iter().filter(|name| answer.headers.contains_key(**name)) {
            if response["headers"].get(header).is_none() {
                faults.push(format!("{id}: the document has no header {header}"));
            }
        }
        let kind = response["content"].as_object().and_then(|content| content.iter().next());
        if let (Some((_, content)), Some(body)) = (kind, &answer.body)
            && !body.is_string()
        {
            let complaints = document.complaints(&content["schema"], body);
            faults.extend(complaints.iter().map(|wrong| format!("{id} is answered {wrong}")));
        }
        let same = match (&call.answer, &answer.body) {
            (Some(one), Some(other)) => is_alike(one, other),
            (one, other) => one.is_some() == other.is_some(),
        };
        if !same && !call.sets_up {
            written.answer.clone_from(&answer.body);
            if std::env::var_os("UPDATE_GOLDEN").is_none() {
                faults.push(format!("{id}: is answered otherwise: {:?}", answer.body));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = serde_json::to_string_pretty(&written).expect("calls are plain data") + "\n";
        std::fs::write(FILE, text).expect("the file of examples can be written");
    }
}

#[tokio::test]
async fn every_operation_has_examples_of_what_is_sent_and_what_is_answered() {
    let document = Document::of(&World::new().await).await.json;
    let mut without = BTreeSet::new();
    for item in document["paths"].as_object().expect("the document has paths").values() {
        for operation in item.as_object().expect("a path has methods").values() {
            let responses = operation["responses"].as_object().expect("an operation has responses");
            let answers = responses.iter().filter(|(status, _)| status.starts_with('2'));
            let contents = answers
                .flat_map(|(_, response)| contents(response))
                .chain(contents(&operation["requestBody"]));
            if contents
                .into_iter()
                .any(|content| content["example"].is_null() && content["examples"].is_null())
            {
                without.insert(operation["operationId"].as_str().unwrap_or_default().to_owned());
            }
        }
    }
    assert_eq!(without, WITHOUT.iter().map(|id| (*id).to_owned()).collect());
}

fn contents(of: &Value) -> Vec<Value> {
    of["content"].as_object().map(Map::values).into_iter().flatten().cloned().collect()
}

#[tokio::test]
async fn every_example_in_the_document_fits_its_schema() {
    let mut document = Document::of(&World::new().await).await;
    let mut contents_of_all = Vec::new();
    for item in document.json["paths"].as_object().expect("the document has paths").values() {
        for operation in item.as_object().expect("a path has methods").values() {
            let responses = operation["responses"].as_object().expect("an operation has responses").values();
            let all = responses.chain([&operation["requestBody"]]).flat_map(contents);
            contents_of_all.extend(all.map(|content| (operation["operationId"].clone(), content)));
        }
    }
    let (mut seen, mut faults) = (0, Vec::new());
    for (operation, content) in contents_of_all {
        let own = content.get("example");
        let named = content["examples"].as_object().into_iter().flat_map(Map::values);
        // A stream's example is the text that is sent.
        for example in own.into_iter().chain(named.filter_map(|named| named.get("value"))) {
            if !example.is_string() {
                let wrong = document.complaints(&content["schema"], example);
                faults.extend(wrong.iter().map(|wrong| format!("{operation}: {wrong}")));
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen} examples");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn shapes_are_alike_by_fields_and_types() {
    for (one, other, alike) in [
        (json!({"a": 1}), json!({"a": 2}), true),
        (json!({"a": 1}), json!({"a": "2"}), false),
        (json!({"a": 1}), json!({"a": 1, "b": 1}), false),
        (json!({"a": null}), json!({"a": 1}), true),
        (json!([{"a": 1}]), json!([{"a": 1}, 7]), true),
        (json!([{"a": 1}]), json!([]), false),
    ] {
        assert_eq!(is_alike(&one, &other), alike, "{one} {other}");
    }
}
