//! The parsers of what strangers send, each as a function of bytes, for the fuzzers of `tests/fuzz`.
//!
//! Each panics where something does not hold that must hold of whatever is sent. No program calls them.

use std::fmt::Debug;
use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use futures_util::stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::auth::{self, Caller};
use super::query::{Query, ticket_number};
use super::{caching, filter, idempotency, json, upload};
use crate::desk::command::{
    Assign, Classify, Confirm, Ending, Estimate, Extend, Link, PriorityChange, Register, Reply, Resolve,
    Route, Split, StatusMove, Text, Transfer,
};
use crate::desk::reading::{ERRORS_MAX, Read, read};
use crate::desk::regulation::shipped;
use crate::desk::{Act, Actor, Clients, FieldError, People, Regulations, Role};

/// A target's name, and what is thrown bytes at.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 6] = [
    ("command", command),
    ("filters", filters),
    ("token", token),
    ("conditions", conditions),
    ("multipart", multipart),
    ("mail", crate::door::mail::fuzz::mail),
];

/// The JSON of every verb: what is taken goes round, and what is not says why.
pub fn command(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok((json, faults)) = json::parse(text) else {
        assert!(text.starts_with('\u{feff}') || is_no_json(text), "serde takes what we do not: {text}");
        return;
    };
    holds_of_errors(&faults, faults.is_empty());
    for verb in Act::VERBS {
        let told = Act::read(verb, &json).expect("it is a verb");
        holds_of_errors(&told.errors, told.value.is_some());
    }
    assert!(Act::read("no verb", &json).is_err());
    for goes_round in [
        goes_round::<Register>,
        goes_round::<Reply>,
        goes_round::<Text>,
        goes_round::<StatusMove>,
        goes_round::<Classify>,
        goes_round::<PriorityChange>,
        goes_round::<Assign>,
        goes_round::<Transfer>,
        goes_round::<Route>,
        goes_round::<Estimate>,
        goes_round::<Extend>,
        goes_round::<Resolve>,
        goes_round::<Confirm>,
        goes_round::<Ending>,
        goes_round::<Link>,
        goes_round::<Split>,
    ] {
        goes_round(&json);
    }
}

/// Whether serde sees no JSON in it, either.
fn is_no_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_err()
}

/// What was read is written as JSON that reads the same, and serde reads the same where everything fits.
fn goes_round<T: Serialize + DeserializeOwned + Debug>(json: &Value) {
    let Read { value, errors } = read::<T>(json);
    let is_whole = value.is_some() && errors.is_empty();
    holds_of_errors(&errors, value.is_some());
    let Some(value) = value else { return };
    let written = serde_json::to_value(&value).expect("a command is plain data");
    let again = read::<T>(&written).whole().unwrap_or_else(|errors| panic!("{written}: {errors:?}"));
    assert_eq!(serde_json::to_value(&again).expect("a command is plain data"), written, "it goes round");
    let serde: Result<T, _> = serde_json::from_value(json.clone());
    if is_whole {
        let serde = serde.unwrap_or_else(|error| panic!("serde does not take {json}: {error}"));
        assert_eq!(
            serde_json::to_value(&serde).expect("a command is plain data"),
            written,
            "serde reads the same"
        );
    }
}

/// Errors are told of, each once and not too many, and something is there where there are none.
fn holds_of_errors(errors: &[FieldError], is_there: bool) {
    assert!(is_there || !errors.is_empty(), "what is not taken says why");
    assert!(errors.len() <= ERRORS_MAX);
    for (place, error) in errors.iter().enumerate() {
        assert!(!error.message.is_empty(), "{error:?}");
        assert!(!errors[..place].iter().any(|earlier| earlier == error), "{error:?} is told twice");
    }
}

/// The query of a list: read whole, or refused by parameters that it has.
pub fn filters(bytes: &[u8]) {
    static GETMARK: LazyLock<Regulations> = LazyLock::new(|| {
        let getmark = shipped::get("getmark").expect("it is shipped").expect("it is whole");
        Regulations::new(vec![getmark])
    });
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(problem) => {
            let is_twice = |error: &FieldError| error.message.starts_with("is given twice");
            let errors = problem.into_errors();
            holds_of_errors(&errors, false);
            let is_coded = text.contains('%');
            assert!(is_coded || errors.iter().all(is_twice), "only what is coded can be no text: {text}");
            let is_coded = text.contains(['%', '+']);
            let stands = |error: &FieldError| text.matches(error.field.as_str()).count() > 1;
            assert!(is_coded || errors.iter().all(stands), "{errors:?}: {text}");
            return;
        }
    };
    if let Err(errors) = filter::parse(&query, &GETMARK, &Clients::default(), &People::default()) {
        assert!(!errors.is_empty(), "what is refused says why");
        let is_coded = text.contains(['%', '+']);
        assert!(is_coded || errors.iter().all(|error| text.contains(&error.field)), "{errors:?}: {text}");
    }
    if let Ok(limit) = query.limit(50, 200) {
        assert!((1..=200).contains(&limit));
    }
    if let Some(Ok(number)) = query.value("cursor").map(ticket_number) {
        assert!(
            query.value("cursor").is_some_and(
                |text| text.trim_start_matches('0') == number.0.to_string().trim_start_matches('0')
            )
        );
    }
}

/// The header with the token: what is taken for a secret is one word of it.
pub fn token(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
    if let Some(secret) = auth::bearer(&headers) {
        assert!(!secret.is_empty() && secret.trim() == secret);
        assert!(bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        assert!(bytes.to_ascii_lowercase().starts_with(b"bearer "));
    }
}

/// A form with files: the first line is its `Content-Type`, the rest comes in pieces. It is read whole or refused, and no
/// file has a name that could be a path, or more bytes than came.
pub fn multipart(bytes: &[u8]) {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time().build().expect("a runtime can be made");
    }
    let line = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (kind, rest) = bytes.split_at(line);
    let Ok(kind) = HeaderValue::from_bytes(kind) else { return };
    let rest = rest.get(1..).unwrap_or_default();
    let read = |piece_bytes: usize| {
        let pieces: Vec<_> = rest
            .chunks(piece_bytes)
            .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)))
            .collect();
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.clone())]);
        let body = Body::from_stream(stream::iter(pieces));
        RUNTIME.with(|runtime| runtime.block_on(upload::look_through(&headers, body)))
    };
    let (whole, pieces) = (read(rest.len().max(1)), read(7));
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!(whole, pieces, "however it comes, it is the same");
            assert!(whole.iter().map(|(_, length, _)| length).sum::<usize>() <= rest.len());
            for (name, length, is_taken) in whole {
                assert!(!name.contains(['/', '\\', '\0', '\n', '"']) && !name.starts_with('.'), "{name}");
                assert!(!is_taken || length > 0, "an empty file is none");
            }
        }
        (Err(one), Err(other)) => {
            assert!(one.told()["status"].as_u64().is_some_and(|status| status < 500), "{one:?}");
            assert_eq!(one.told()["code"], other.told()["code"]);
        }
        (one, other) => panic!("{one:?}, and in pieces {other:?}"),
    }
}

/// `If-Match`, `If-None-Match` and `Idempotency-Key`.
pub fn conditions(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let of = |name| HeaderMap::from_iter([(name, value.clone())]);
    match caching::if_revision(&of(header::IF_MATCH), Some(7)) {
        Ok(None) => assert!(bytes.contains(&b'*')),
        Ok(Some(seen)) => {
            // A weak tag is none of a revision.
            let is_weak = seen == 0 && bytes.contains(&b'W');
            let stands = String::from_utf8_lossy(bytes).contains(&seen.to_string());
            assert!(stands || is_weak || bytes.contains(&b'0'));
        }
        Err(problem) => assert_eq!(problem.told()["errors"][0]["field"], "If-Match"),
    }
    let is_known = caching::is_known(&of(header::IF_NONE_MATCH), &caching::etag(7));
    assert!(!is_known || bytes.contains(&b'*') || bytes.contains(&b'7'));
    let caller = Caller(Actor::named("fuzz", Role::Agent));
    let key = idempotency::receipt(
        &caller,
        None,
        &of(header::HeaderName::from_static("idempotency-key")),
        &Method::POST,
        "/",
        b"",
    );
    match key {
        Ok(receipt) => {
            let receipt = receipt.expect("there is a key");
            assert!(receipt.key.strip_prefix("fuzz:").is_some_and(|key| key.as_bytes() == bytes));
        }
        Err(problem) => assert_eq!(problem.told()["errors"][0]["field"], "Idempotency-Key"),
    }
}
