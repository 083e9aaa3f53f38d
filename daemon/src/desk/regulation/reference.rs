//! Whether the reference page has every key, so that a stranger can write a regulation from it alone.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Regulation;

const PAGE: &str = include_str!("../../../regulations/README.md");

/// A snippet with a key that is not there, for each section that has keys: serde names those that are.
const SECTIONS: [(&str, &str); 37] = [
    ("", "zzz = 1"),
    ("calendar", "[[calendar]]\nzzz = 1"),
    ("calendar.hours", "[[calendar]]\nhours = [{ zzz = 1 }]"),
    ("line", "[[line]]\nzzz = 1"),
    ("channel", "[[channel]]\nzzz = 1"),
    ("type", "[[type]]\nzzz = 1"),
    ("priority", "[[priority]]\nzzz = 1"),
    ("priority-rule", "[[priority-rule]]\nzzz = 1"),
    ("priority-rule.when", "[[priority-rule]]\nwhen = { zzz = 1 }"),
    ("field", "[[field]]\nzzz = 1"),
    ("field.values", "[[field]]\nvalues = [{ zzz = 1 }]"),
    ("status", "[[status]]\nzzz = 1"),
    ("verb", "[verb.ask]\nzzz = 1"),
    ("clock", "[[clock]]\nzzz = 1"),
    ("clock.target", "[[clock]]\n[[clock.target]]\nzzz = 1"),
    ("clock.target.when", "[[clock]]\n[[clock.target]]\nwhen = { zzz = 1 }"),
    ("mark", "[[mark]]\nzzz = 1"),
    ("quality", "[quality]\nzzz = 1"),
    ("quality.band", "[[quality.band]]\nzzz = 1"),
    ("reason", "[[reason]]\nzzz = 1"),
    ("source", "[[source]]\nzzz = 1"),
    ("queue", "[queue]\nzzz = 1"),
    ("clients", "[clients]\nzzz = 1"),
    ("escalation", "[escalation]\nzzz = 1"),
    ("department", "[[department]]\nzzz = 1"),
    ("topic", "[[topic]]\nzzz = 1"),
    ("bug-report", "[bug-report]\nzzz = 1"),
    ("forbidden-phrase", "[[forbidden-phrase]]\nzzz = 1"),
    ("attachments", "[attachments]\nzzz = 1"),
    ("assignment", "[assignment]\nzzz = 1"),
    ("staffing", "[staffing]\nzzz = 1"),
    ("staffing.with", "[staffing]\nwith = [{ zzz = 1 }]"),
    ("mass-problem", "[mass-problem]\nzzz = 1"),
    ("employees", "[employees]\nzzz = 1"),
    ("tracker", "[[tracker]]\nzzz = 1"),
    ("letter", "[[letter]]\nzzz = 1"),
    ("letter.when", "[[letter]]\nwhen = { zzz = 1 }"),
];

/// The page's examples as one file; each line stands where it stands on the page.
pub(super) fn examples() -> String {
    let mut inside = false;
    let line = |line: &str| {
        let fence = line.starts_with("```");
        let shown = inside && !fence;
        if fence {
            inside = line == "```toml";
        }
        if shown { format!("{line}\n") } else { "\n".to_owned() }
    };
    PAGE.lines().map(line).collect()
}

pub(super) fn examples_as_toml() -> Table {
    examples().parse().unwrap()
}

/// Every text of that key, however deep.
pub(super) fn texts_of(table: &Table, key: &str) -> Vec<String> {
    fn walk(value: &Value, key: &str, texts: &mut Vec<String>) {
        match value {
            Value::Table(table) => {
                texts.extend(table.get(key).and_then(Value::as_str).map(str::to_owned));
                table.values().for_each(|value| walk(value, key, texts));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, key, texts)),
            _ => {}
        }
    }
    let mut texts = Vec::new();
    walk(&Value::Table(table.clone()), key, &mut texts);
    texts
}

/// The keys of a section, as serde names them.
fn keys_of(snippet: &str) -> Vec<String> {
    let told = Regulation::parse("snippet", snippet).unwrap_err().to_string();
    assert!(told.contains("unknown field `zzz`"), "{snippet}: {told}");
    told.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

/// For each section the keys that the examples have.
fn keys_shown() -> BTreeMap<String, Vec<String>> {
    fn walk(path: &str, value: &Value, shown: &mut BTreeMap<String, Vec<String>>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(path, item, shown)),
            // Verbs and fields have names for keys.
            Value::Table(verbs) if path == "verb" && verbs.values().all(Value::is_table) => {
                verbs.values().for_each(|verb| walk(path, verb, shown));
            }
            Value::Table(_) if path.ends_with(".when.fields") => {}
            Value::Table(table) => {
                shown.entry(path.to_owned()).or_default().extend(table.keys().cloned());
                for (key, value) in table {
                    walk(format!("{path}.{key}").trim_start_matches('.'), value, shown);
                }
            }
            _ => {}
        }
    }
    let mut shown = BTreeMap::new();
    walk("", &Value::Table(examples_as_toml()), &mut shown);
    shown
}

#[test]
fn the_examples_of_the_page_are_together_a_regulation() {
    Regulation::parse("README.md", &examples()).unwrap_or_else(|problems| panic!("{problems}"));
}

#[test]
fn every_key_stands_on_the_page_with_an_example() {
    let shown = keys_shown();
    let mut missing = Vec::new();
    for (section, snippet) in SECTIONS {
        // What a rule looks at has one table on the page, for all places.
        let place = if ["priority-rule.when", "letter.when"].contains(&section) {
            "clock.target.when"
        } else {
            section
        };
        for key in keys_of(snippet) {
            if !shown.get(place).is_some_and(|keys| keys.contains(&key)) {
                missing.push(format!("[{section}] {key}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "keys without an example in daemon/regulations/README.md");
}

#[test]
fn every_section_of_the_page_is_looked_at() {
    let sections: Vec<&str> = SECTIONS.iter().map(|(section, _)| *section).collect();
    for section in keys_shown().keys() {
        assert!(sections.contains(&section.as_str()), "[{section}] is not in SECTIONS");
    }
}

/// A line `key = value` of an example, with the section it stands in.
struct Line<'a> {
    at: usize,
    section: &'a str,
    key: &'a str,
    /// Whether its value ends on it, too, so that the line can be taken out.
    whole: bool,
    says_required: bool,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut section = "";
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with('[') {
            section = trimmed.trim_start_matches('[').split([']', '.']).next().unwrap_or_default();
            if trimmed.starts_with("[[clock.target") {
                section = "clock.target";
            }
        }
        let whole = trimmed.matches(['[', '{']).count() == trimmed.matches([']', '}']).count();
        let Some((key, _)) = trimmed.split_once(" = ") else { continue };
        if key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            lines.push(Line { at, section, key, whole, says_required: trimmed.contains("# required") });
        }
    }
    lines
}

#[test]
fn what_the_page_calls_required_is_required_and_nothing_else() {
    let text = examples();
    let lines = lines(&text);
    assert!(lines.len() > 150, "the page was read whole");
    for line in lines.iter().filter(|line| line.whole) {
        let required = lines
            .iter()
            .any(|other| (other.section, other.key) == (line.section, line.key) && other.says_required);
        let kept = text.lines().enumerate().filter(|(at, _)| *at != line.at).map(|(_, line)| line);
        let without = kept.collect::<Vec<_>>().join("\n");
        let told = Regulation::parse("README.md", &without).err().map(|problems| problems.to_string());
        let missing = told.unwrap_or_default().contains(&format!("missing field `{}`", line.key));
        assert_eq!(missing, required, "line {}: [{}] {}", line.at + 1, line.section, line.key);
    }
}
