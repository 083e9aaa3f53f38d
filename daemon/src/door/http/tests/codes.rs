//! Codes and the page that tells people of them: neither has one that the other has not.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

/// All code that is not a test.
fn sources(dir: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).expect("the sources are there") {
        let path = entry.expect("a directory can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "tests" {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).expect("a source can be read");
            into.push(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned());
        }
    }
}

fn code() -> Vec<String> {
    let mut texts = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    assert!(texts.len() > 100, "{} sources", texts.len());
    texts
}

/// The codes of the page's tables.
fn told() -> BTreeSet<&'static str> {
    let cells = ERRORS.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split(" | "));
    let codes = cells.filter_map(|cell| cell.trim_matches(['|', ' ']).strip_prefix('`')?.strip_suffix('`'));
    codes.filter(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')).collect()
}

/// The words in quotes that stand first where a problem or a refusal is made.
fn made(text: &str) -> BTreeSet<&str> {
    let makers =
        ["Self::new(", "Self::later(", "Problem::new(", "Problem::later(", "Refusal::conflict(", "code: "];
    let mut codes = BTreeSet::new();
    for maker in makers {
        for rest in text.split(maker).skip(1) {
            let rest = rest.trim_start();
            let rest = rest.strip_prefix("StatusCode::").map_or(rest, |rest| {
                rest.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == '_')
                    .trim_start_matches([',', ' ', '\n'])
            });
            let word = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')).map(|(word, _)| word);
            let is_code =
                |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            codes.extend(word.filter(is_code));
        }
    }
    codes
}

#[test]
fn every_code_that_is_made_is_told_of() {
    let told = told();
    let texts = code();
    let made: BTreeSet<&str> = texts.iter().flat_map(|text| made(text)).collect();
    assert!(made.len() > 30, "{made:?}");
    // The door counts what is refused so, and tells nobody.
    let inside = ["alerts-over-limit"];
    let missing: Vec<_> = made.difference(&told).filter(|code| !inside.contains(code)).collect();
    assert!(missing.is_empty(), "daemon/docs/errors.md tells nothing of {missing:?}");
}

#[test]
fn every_code_that_is_told_of_is_made() {
    let texts = code();
    for code in told() {
        let quoted = format!("\"{code}\"");
        assert!(texts.iter().any(|text| text.contains(&quoted)), "no code makes `{code}`");
    }
}

#[test]
fn the_document_has_every_code_that_people_are_told_of() {
    let document: Value = serde_json::from_str(super::super::openapi::text()).expect("JSON");
    let responses = document["components"]["responses"].as_object().expect("problems are shared");
    let listed = responses.values().filter_map(|response| response["x-codes"].as_object());
    let listed: BTreeSet<&str> = listed.flat_map(|codes| codes.keys().map(String::as_str)).collect();
    let elsewhere = ["internal", "method-not-allowed"];
    let expected: BTreeSet<&str> = told().into_iter().filter(|code| !elsewhere.contains(code)).collect();
    assert_eq!(listed, expected);
}
