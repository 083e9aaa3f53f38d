//! The tables of the shipped regulations, as files to look at.

use super::{Language, explain};
use crate::desk::regulation::{Regulation, reference, shipped};
use crate::golden;

#[test]
fn every_shipped_regulation_reads_as_tables() {
    for name in shipped::names() {
        let regulation = shipped::get(name).unwrap().unwrap();
        golden::check(
            &format!("desk/regulation/explain/golden/{name}.ru.txt"),
            &explain(&regulation, Language::Russian),
        );
        golden::check(
            &format!("desk/regulation/explain/golden/{name}.en.txt"),
            &explain(&regulation, Language::English),
        );
    }
}

/// The examples of the reference page have every key, so its tables have all there is to tell.
#[test]
fn every_key_is_told() {
    let example = Regulation::parse("README.md", &reference::examples()).unwrap();
    for (name, language) in [("reference.ru.txt", Language::Russian), ("reference.en.txt", Language::English)]
    {
        let told = explain(&example, language);
        golden::check(&format!("desk/regulation/explain/golden/{name}"), &told);
        let values = reference::examples_as_toml();
        for key in
            ["title", "criteria", "outcome", "note", "clause", "text", "knowledge-base", "urgent-channel"]
        {
            for words in reference::texts_of(&values, key) {
                let missing = words.split_whitespace().find(|word| !told.contains(word));
                assert_eq!(missing, None, "{key} = {words:?} in {name}");
            }
        }
    }
}

#[test]
fn every_clause_of_the_file_is_told() {
    for name in shipped::names() {
        let text = shipped::text(name).unwrap();
        let told = explain(&shipped::get(name).unwrap().unwrap(), Language::English);
        for clause in text.lines().filter_map(|line| line.trim().strip_prefix("clause = \"")) {
            let clause = clause.trim_end_matches('"');
            assert!(told.contains(clause), "{name}: {clause}");
        }
    }
}

#[test]
fn no_line_is_wider_than_a_page() {
    for name in shipped::names() {
        let told = explain(&shipped::get(name).unwrap().unwrap(), Language::Russian);
        assert!(told.lines().all(|line| line.chars().count() <= 118), "{told}");
    }
}
