//! What is wrong with a TOML file, for the person who wrote it: line, key, and the nearest word that would do.

use std::ops::Range;

/// The line of a place in a text, from 1.
pub(crate) fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes()[..span.start.min(text.len())].split(|byte| *byte == b'\n').count()
}

/// Where and what a TOML error is: line (0 where none can be told), key, message.
pub(crate) fn tell(text: &str, error: &toml::de::Error) -> (usize, String, String) {
    let message = error.message().trim().replace('\n', ", ");
    let Some(span) = error.span() else { return (0, String::new(), message) };
    let mut message = with_nearest(&message);
    message.push_str(hint(text, &span, &message));
    (line_of(text, &span), key_at(text, &span), message)
}

/// The way out of what people who seldom write TOML get wrong.
fn hint(text: &str, span: &Range<usize>, message: &str) -> &'static str {
    let line = text.lines().nth(line_of(text, span) - 1).unwrap_or_default().trim_start();
    if message.starts_with("duplicate key") && line.starts_with('[') {
        "; what may be there several times has double brackets each time, [[status]]"
    } else if message == "invalid type: map, expected a string" {
        "; a date stands in quotes, a table such as [verb.take] in single brackets"
    } else if message == "invalid type: map, expected a sequence" {
        "; what may be there several times has double brackets, [[status]]"
    } else {
        ""
    }
}

/// The key of the line that a span begins in, or the line itself where it has none: `[[line]]`.
fn key_at(text: &str, span: &Range<usize>) -> String {
    let line = text.lines().nth(line_of(text, span) - 1).unwrap_or_default();
    line.split_once('=').map_or(line, |(key, _)| key).trim().to_owned()
}

/// "unknown field `x`, expected one of `a`, `b`" with the nearest of them said first.
fn with_nearest(message: &str) -> String {
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match words.split_first() {
        Some((unknown, known)) if message.starts_with("unknown field") => {
            nearest(unknown, known.iter().copied())
                .map_or_else(|| message.to_owned(), |near| format!("{message}; did you mean `{near}`?"))
        }
        _ => message.to_owned(),
    }
}

/// The known word that a mistyped one is most like, if it is like any.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
