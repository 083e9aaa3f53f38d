//! Entity tags, and the headers that every answer bears.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;

use super::problem::Problem;

/// A ticket's revision as an `ETag`.
pub(super) fn etag(revision: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).expect("digits and quotes are a header's value")
}

/// Whether the caller has this already (`If-None-Match`).
pub(super) fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes())
}

/// What no ticket is ever at.
const NO_REVISION: u64 = 0;

/// The revision the caller saw (`If-Match`). Of several, the one the ticket has `now`, if it is among them. A weak tag is
/// none: `If-Match` compares strongly, so that one never matches (RFC 9110, 13.1.1).
pub(super) fn if_revision(headers: &HeaderMap, now: Option<u64>) -> Result<Option<u64>, Problem> {
    let mut seen = Vec::new();
    for value in headers.get_all(header::IF_MATCH) {
        for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
            if tag == "*" {
                return Ok(None);
            }
            let (is_weak, tag) = tag.strip_prefix("W/").map_or((false, tag), |tag| (true, tag));
            let digits = |tag: &&str| tag.bytes().all(|byte| byte.is_ascii_digit());
            let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).filter(digits);
            let revision: u64 = inner.and_then(|tag| tag.parse().ok()).ok_or_else(|| {
                Problem::field("If-Match", "must be a ticket's ETag, such as \"7\" with the quotes")
            })?;
            seen.push(if is_weak { NO_REVISION } else { revision });
        }
    }
    Ok(now.filter(|now| seen.contains(now)).or_else(|| seen.first().copied()))
}

/// No answer is to be guessed at, and only what says so may be kept. No page of another site shows an answer, frames it or
/// learns from it where a reader came from; there is no CORS, so none reads it. No answer sets a cookie: what a browser does
/// not send by itself cannot be forged.
pub(super) fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    // A page has a policy of its own; what is no page loads nothing, should a browser take it for one.
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(nothing);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_static(value))])
    }

    #[test]
    fn an_if_match_names_the_revision_that_was_seen() {
        for (value, expected) in [
            ("\"7\"", Some(7)),
            ("W/\"8\"", Some(NO_REVISION)),
            ("W/\"8\", \"7\"", Some(NO_REVISION)),
            ("W/\"7\", \"8\"", Some(8)),
            ("\"6\", \"8\"", Some(8)),
            ("\"5\", \"6\"", Some(5)),
            ("*", None),
        ] {
            let revision = if_revision(&if_match(value), Some(8)).map_err(|problem| problem.code());
            assert_eq!(revision, Ok(expected), "{value}");
        }
        assert!(if_revision(&HeaderMap::new(), Some(8)).is_ok_and(|revision| revision.is_none()));
    }

    #[test]
    fn an_if_match_that_is_no_tag_is_told_so() {
        for value in ["7", "\"seven\"", "\"+7\"", "\"7", ""] {
            let code = if_revision(&if_match(value), Some(7)).map_err(|problem| problem.code());
            assert_eq!(code, Err("invalid-fields"), "{value}");
        }
    }

    #[test]
    fn what_the_caller_has_is_not_sent_again() {
        let tag = etag(7);
        for (value, known) in
            [("\"7\"", true), ("W/\"7\"", true), ("\"6\", \"7\"", true), ("*", true), ("\"6\"", false)]
        {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(value))]);
            assert_eq!(is_known(&headers, &tag), known, "{value}");
        }
    }
}
