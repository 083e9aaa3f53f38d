//! The reference as pages: `/docs` from the OpenAPI document, `/docs/errors` from the list of errors.
//!
//! Both are made once, when somebody first asks, from what the daemon carries: no script, nothing from elsewhere, so
//! that they open on a box without a way out, and can be printed.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, context};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};
use sha2::{Digest, Sha256};

use super::caching::is_known;
use super::openapi;
use crate::door::secret;

/// The pages' one style, in both of them.
const STYLE: &str = include_str!("docs/docs.css");
/// How the document is laid out.
const TEMPLATE: &str = include_str!("docs/docs.html");
/// What people are told of errors.
const ERRORS: &str = include_str!("../../../docs/errors.md");

/// A page and its tag.
struct Page {
    html: String,
    tag: HeaderValue,
}

impl Page {
    fn new(html: String) -> Self {
        let tag = format!("\"{}\"", &secret::hash(html.as_bytes())[..32]);
        Self { html, tag: HeaderValue::from_str(&tag).expect("hex and quotes are a header's value") }
    }
}

static REFERENCE: LazyLock<Page> = LazyLock::new(|| Page::new(reference(openapi::text())));
static ERROR_LIST: LazyLock<Page> = LazyLock::new(|| Page::new(error_list()));

/// The pages take their own style, and nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let sum = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{sum}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("a policy of ASCII words is a header's value")
});

/// This reference as a page: every operation with its parameters, bodies, examples and errors.
#[utoipa::path(get, path = "/docs", tag = "daemon", operation_id = "show_docs",
    params(("if-none-match" = Option<String>, Header, description = "The ETag that is known already")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html",
            headers(("etag" = String, description = "The page's version, in quotes"))),
        (status = 304, description = "The page is known already")))]
pub(super) async fn page(headers: HeaderMap) -> Response {
    answer(&REFERENCE, &headers)
}

/// The list of errors as a page; each code is an anchor in it: `/docs/errors#invalid-fields`.
#[utoipa::path(get, path = "/docs/errors", tag = "daemon", operation_id = "show_error_docs",
    params(("if-none-match" = Option<String>, Header, description = "The ETag that is known already")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html",
            headers(("etag" = String, description = "The page's version, in quotes"))),
        (status = 304, description = "The page is known already")))]
pub(super) async fn errors(headers: HeaderMap) -> Response {
    answer(&ERROR_LIST, &headers)
}

fn answer(page: &'static Page, headers: &HeaderMap) -> Response {
    // What is known already is shown under the headers that came last.
    let told = [(header::CONTENT_SECURITY_POLICY, POLICY.clone()), (header::ETAG, page.tag.clone())];
    if is_known(headers, &page.tag) {
        return (StatusCode::NOT_MODIFIED, told).into_response();
    }
    (told, Html(page.html.as_str())).into_response()
}

/// The document, laid out.
fn reference(document: &str) -> String {
    let document: Value = serde_json::from_str(document).expect("the document is JSON");
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("words", |text: &str| Value::from_safe_string(words(text)));
    environment.add_filter("quoted", quoted);
    let template = environment.template_from_named_str("docs.html", TEMPLATE);
    let template = template.expect("a test renders the template");
    let page =
        template.render(context! { doc => document, style => Value::from_safe_string(STYLE.to_owned()) });
    page.expect("a test renders the template")
}

/// Our words with their marks as HTML, without a paragraph around them where there is one only.
fn words(text: &str) -> String {
    let mut out = String::new();
    html::push_html(&mut out, Parser::new(text));
    let one = out.trim().strip_prefix("<p>").and_then(|text| text.strip_suffix("</p>"));
    one.filter(|text| !text.contains("<p>")).map_or_else(|| out.clone(), str::to_owned)
}

/// A text as a shell takes it, between single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The list of errors, with an anchor at each code.
fn error_list() -> String {
    let mut anchored = Vec::new();
    let mut events = Parser::new_ext(ERRORS, Options::ENABLE_TABLES).peekable();
    while let Some(event) = events.next() {
        let code = match (&event, events.peek()) {
            (Event::Start(Tag::TableCell), Some(Event::Code(code))) if is_code(code) => Some(code.clone()),
            _ => None,
        };
        anchored.push(event);
        if let Some(code) = code {
            anchored.push(Event::InlineHtml(format!("<a id=\"{code}\"></a>").into()));
        }
    }
    let title =
        anchored.iter().skip_while(|event| !matches!(event, Event::Text(_))).find_map(|event| match event {
            Event::Text(text) => Some(text.to_string()),
            _ => None,
        });
    debug_assert!(anchored.iter().any(|event| matches!(event, Event::End(TagEnd::Table))), "it has tables");
    let mut body = String::new();
    html::push_html(&mut body, anchored.into_iter());
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{STYLE}</style></head>\n<body><main class=\"text\"><p><a href=\"/docs\">All operations</a></p>\n{body}</main></body></html>\n",
        title.unwrap_or_default()
    )
}

/// A code, and not a header or a word of the text.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_marks_and_no_paragraph_of_their_own() {
        for (text, expected) in [
            ("Its `ETag`, <b>", "Its <code>ETag</code>, <b>"),
            ("`<…>; rel=\"next\"`", r#"<code>&lt;…&gt;; rel="next"</code>"#),
            ("One.\n\nTwo.", "<p>One.</p>\n<p>Two.</p>\n"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_shell_takes_what_is_quoted_as_it_is() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
