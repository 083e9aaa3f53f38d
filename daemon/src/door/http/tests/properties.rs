//! What holds of the parsers of what strangers send, whatever is sent: they never panic, and what can go round does. The
//! fuzzers throw bytes at the same functions; here what is thrown has the form that they look for.

use axum::http::{HeaderName, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::super::{auth, caching, fuzz, json, query};
use super::*;
use crate::desk::Act;

fn target(name: &str) -> fn(&[u8]) {
    fuzz::TARGETS.into_iter().find(|(known, _)| *known == name).expect("it is a target").1
}

/// JSON of any form, four deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(".{0,8}", inner, 0..6).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// Fields that verbs have, with whatever stands in them.
fn command() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "text",
        "internal",
        "to",
        "reason",
        "agent",
        "group",
        "line",
        "deadline",
        "mark",
        "comment",
        "kind",
        "subject",
        "fields",
        "requester",
        "channel",
        "type",
        "follows",
        "escalation",
        "topic",
        "despite",
    ]);
    btree_map(name.prop_map(str::to_owned), any_json(), 0..8).prop_map(|fields| fields.into_iter().collect())
}

/// A name that no form spoils: no quotes, no ends of lines, no path.
fn file_name() -> impl Strategy<Value = String> {
    "[a-zA-Zа-яё0-9_][a-zA-Zа-яё0-9_ -]{0,20}[a-z0-9]"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_that_serde_wrote_is_read_as_it_was(json in any_json()) {
        let text = json.to_string();
        let (read, faults) = json::parse(&text).expect("serde wrote it");
        let again: Value = serde_json::from_str(&text).expect("serde wrote it");
        prop_assert_eq!(read, again);
        // The only fault that serde can write: a number beyond 64 bits.
        prop_assert!(faults.iter().all(|fault| fault.message.contains("64 bits")), "{:?}", faults);
    }

    #[test]
    fn the_json_of_commands_goes_round_or_says_why_not(json in command()) {
        target("command")(json.to_string().as_bytes());
    }

    #[test]
    fn any_json_is_a_command_or_says_why_not(json in any_json(), verb in prop::sample::select(Act::VERBS.to_vec())) {
        target("command")(json.to_string().as_bytes());
        let read = Act::read(verb, &json).expect("it is a verb");
        prop_assert_eq!(read.value.is_none() && read.errors.is_empty(), false);
    }

    #[test]
    fn a_query_goes_round_however_its_values_are_written(pairs in btree_map("[a-z_]{1,12}", ".{0,24}", 0..8)) {
        let coded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let raw = pairs.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect::<Vec<_>>().join("&");
        let query = query::Query::parse(&raw).map_err(|problem| TestCaseError::fail(format!("{problem:?}")))?;
        for (name, value) in &pairs {
            prop_assert_eq!(query.value(name), Some(value.as_str()));
        }
    }

    #[test]
    fn filters_are_read_or_refused_by_their_names(
        pairs in btree_map(
            prop::sample::select(vec!["status", "priority", "type", "line", "assignee", "group", "client", "overdue", "q", "limit", "cursor", "x"]),
            "[a-z0-9,.+% -]{0,16}|.{0,8}",
            0..6,
        )
    ) {
        let raw = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        target("filters")(raw.as_bytes());
    }

    #[test]
    fn a_cursor_is_a_number_of_digits_and_goes_round(number in any::<u64>(), text in "[0-9+-]{0,24}|.{0,8}") {
        prop_assert_eq!(query::ticket_number(&number.to_string()).ok().map(|number| number.0), Some(number));
        if let Ok(number) = query::ticket_number(&text) {
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit()));
            let again = number.0.to_string();
            prop_assert_eq!(text.trim_start_matches('0'), again.trim_start_matches('0'));
        }
    }

    #[test]
    fn the_secret_of_a_token_is_what_stands_behind_the_word_bearer(
        scheme in "[bB][eE][aA][rR][eE][rR]", secret in "[!-~]{1,80}", bytes in vec(any::<u8>(), 0..80),
    ) {
        let value = HeaderValue::from_str(&format!("{scheme} {secret}")).expect("it is ASCII");
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        prop_assert_eq!(auth::bearer(&headers), Some(secret.as_str()));
        target("token")(&bytes);
        target("token")(&[b"Bearer ", bytes.as_slice()].concat());
    }

    #[test]
    fn a_form_brings_each_file_by_its_name_and_length_however_it_comes(
        files in vec((file_name(), "[ -~]{1,400}"), 1..5), piece_bytes in 1_usize..64,
    ) {
        let part = |(name, text): &(String, String)| {
            format!("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let mut form = files.iter().map(part).collect::<Vec<_>>().concat();
        form += "--edge--\r\n";
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=edge"))]);
        let pieces: Vec<_> = form.into_bytes().chunks(piece_bytes).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made");
        let seen = runtime.block_on(super::super::upload::look_through(&headers, body));
        let seen = seen.map_err(|problem| TestCaseError::fail(format!("{problem:?}")))?;
        let seen: Vec<_> = seen.into_iter().map(|(name, length, _)| (name, length)).collect();
        let sent: Vec<_> = files.into_iter().map(|(name, text)| (name, text.len())).collect();
        prop_assert_eq!(seen, sent);
    }

    #[test]
    fn a_form_of_any_bytes_is_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let begun = b"multipart/form-data; boundary=edge\n--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"";
        target("multipart")(&bytes);
        target("multipart")(&[begun.as_slice(), &bytes].concat());
    }

    #[test]
    fn if_match_names_the_revision_that_is_among_its_strong_tags(
        tags in vec((any::<bool>(), 1_u64..9), 1..5), now in 1_u64..9, bytes in vec(any::<u8>(), 0..40),
    ) {
        let list = tags.iter().map(|(is_weak, tag)| format!("{}\"{tag}\"", if *is_weak { "W/" } else { "" }));
        let list = HeaderValue::from_str(&list.collect::<Vec<_>>().join(", ")).expect("it is ASCII");
        let of = |name: HeaderName| HeaderMap::from_iter([(name, list.clone())]);
        let seen = caching::if_revision(&of(header::IF_MATCH), Some(now)).expect("they are tags");
        prop_assert_eq!(seen == Some(now), tags.contains(&(false, now)));
        // For what is only read a weak tag is as good.
        let is_known = caching::is_known(&of(header::IF_NONE_MATCH), &caching::etag(now));
        prop_assert_eq!(is_known, tags.iter().any(|(_, tag)| *tag == now));
        target("conditions")(&bytes);
    }
}
