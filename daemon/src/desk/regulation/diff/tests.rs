//! Two trees and what is told of them. The vocabulary is made up where the differ must not know it.

use toml::Table;

use super::{Difference, DifferenceKind, diff, longest_rising};
use crate::desk::regulation::shipped;

/// Each difference in one line: `section entry: key: A -> B (clause)`.
fn told(a: &str, b: &str) -> Vec<String> {
    let tree = |text: &str| text.parse::<Table>().unwrap_or_else(|error| panic!("{error}: {text}"));
    diff(&tree(a), &tree(b)).iter().map(line).collect()
}

fn line(difference: &Difference) -> String {
    let Difference { section, entry, change, key, a, b, clause, .. } = difference;
    let value = |value: &Option<_>| value.as_ref().map_or_else(|| "-".to_owned(), toml::Value::to_string);
    let what = match change {
        DifferenceKind::Added => format!("added {}", value(b)),
        DifferenceKind::Removed => format!("removed {}", value(a)),
        DifferenceKind::Moved => format!("moved {} -> {}", value(a), value(b)),
        DifferenceKind::Changed => format!("{}: {} -> {}", key.as_deref().unwrap(), value(a), value(b)),
    };
    let clause = clause.as_ref().map(|clause| format!(" ({clause})")).unwrap_or_default();
    format!("{section} [{entry}] {what}{clause}")
}

#[track_caller]
fn check(a: &str, b: &str, expected: &[&str]) {
    assert_eq!(told(a, b), expected);
}

#[test]
fn a_file_compared_with_itself_has_no_difference() {
    for name in shipped::names() {
        let text = shipped::text(name).unwrap();
        check(text, text, &[]);
    }
}

#[test]
fn keys_of_the_file_itself_are_told_as_the_regulations() {
    check(
        "id = \"x\"\nversion = \"1\"\nnote = \"old\"",
        "version = \"2\"\nid = \"x\"\nzone = \"UTC\"",
        &[
            r#"regulation [] note: "old" -> -"#,
            r#"regulation [] version: "1" -> "2""#,
            r#"regulation [] zone: - -> "UTC""#,
        ],
    );
}

#[test]
fn entries_are_matched_by_their_ids_wherever_they_stand() {
    let new = "[[status]]\nid = \"new\"\ntitle = \"Новый\"\nclause = \"5.1\"\n";
    let old = "[[status]]\nid = \"old\"\ntitle = \"Старый\"\n";
    check(&format!("{new}{old}"), &format!("{old}{new}"), &[]);
    check(
        &format!("{new}{old}"),
        &format!("[[status]]\nid = \"next\"\n{}", new.replace("Новый", "Свежий")),
        &[
            r#"status [new] title: "Новый" -> "Свежий" (5.1)"#,
            r#"status [old] removed { id = "old", title = "Старый" }"#,
            r#"status [next] added { id = "next" }"#,
        ],
    );
}

#[test]
fn each_kind_of_list_has_its_own_names_for_entries() {
    for (list, entry) in [
        ("[[field]]\npath = \"fields.x\"", "fields.x"),
        ("[[reason]]\nfor = \"defer\"\nid = \"x\"", "defer/x"),
        ("[[clock]]\nmetric = \"line\"", "line"),
        ("[[forbidden-phrase]]\ntext = \"нет\"", "нет"),
        ("[[line]]\nid = 2", "2"),
        ("[verb.take]", "take"),
        ("[[whatever]]\nname = \"unheard of\"", "unheard of"),
    ] {
        let found = told(&format!("{list}\nkey = 1"), &format!("{list}\nkey = 2"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with(&format!("[{entry}] key: 1 -> 2")), "{found:?}");
    }
    // The same id for another verb is another reason.
    assert_eq!(told("[[reason]]\nfor = \"a\"\nid = \"x\"", "[[reason]]\nfor = \"b\"\nid = \"x\"").len(), 2);
}

#[test]
fn targets_are_matched_by_what_they_look_at() {
    let clock = "[[clock]]\nmetric = \"line\"\ntitle = \"На линии\"\n";
    let target = |when: &str, term: &str| {
        format!("[[clock.target]]\nwhen = {when}\nterm = \"{term}\"\nclause = \"5.17\"\n")
    };
    let a = format!(
        "{clock}{}{}",
        target("{ priority = \"high\", line = [1, 2] }", "4h"),
        target("{ priority = \"low\" }", "8h")
    );
    let b = format!(
        "{clock}{}{}",
        target("{ line = [2, 1], priority = [\"high\"] }", "3h"),
        target("{ type = \"error\" }", "8h")
    );
    check(
        &a,
        &b,
        &[
            r#"clock.target [line/line=1,2 priority=high] term: "4h" -> "3h" (5.17)"#,
            r#"clock.target [line/priority=low] removed { clause = "5.17", term = "8h", when = { priority = "low" } } (5.17)"#,
            r#"clock.target [line/type=error] added { clause = "5.17", term = "8h", when = { type = "error" } } (5.17)"#,
        ],
    );
    let tree: Vec<_> = diff(&a.parse().unwrap(), &b.parse().unwrap());
    assert!(tree.iter().all(|difference| difference.title == "На линии"));
}

#[test]
fn a_changed_order_is_told_where_the_first_rule_decides() {
    let rules = |order: &[&str]| {
        let rules = order
            .iter()
            .map(|kind| format!("[[priority-rule]]\nwhen = {{ type = \"{kind}\" }}\npriority = \"low\"\n"));
        rules.collect::<String>()
    };
    check(&rules(&["a", "b", "c"]), &rules(&["c", "a", "b"]), &["priority-rule [type=c] moved 3 -> 1"]);
    check(
        &rules(&["a", "b"]),
        &rules(&["new", "a", "b"]),
        &[r#"priority-rule [type=new] added { priority = "low", when = { type = "new" } }"#],
    );
    let ranks = |order: &[&str]| {
        let ranks: Vec<_> = order.iter().map(|id| format!("[[priority]]\nid = \"{id}\"\n")).collect();
        ranks.concat()
    };
    check(&ranks(&["low", "high"]), &ranks(&["high", "low"]), &["priority [low] moved 1 -> 2"]);
}

#[test]
fn a_rule_that_stands_twice_is_told_apart() {
    let rule = |priority: &str| format!("[[priority-rule]]\npriority = \"{priority}\"\n");
    check(
        &format!("{}{}", rule("low"), rule("low")),
        &format!("{}{}", rule("low"), rule("high")),
        &[r#"priority-rule [always#2] priority: "low" -> "high""#],
    );
}

#[test]
fn words_without_order_are_compared_as_sets_and_others_in_order() {
    let status = |moves: &str| format!("[[status]]\nid = \"new\"\nmoves = {moves}\nunheard-of = {moves}");
    check(
        &status(r#"["a", "b"]"#),
        &status(r#"["b", "a"]"#),
        &[r#"status [new] unheard-of: ["a", "b"] -> ["b", "a"]"#],
    );
}

#[test]
fn tables_within_an_entry_are_told_by_their_keys() {
    check(
        "[bug-report]\nline = 3\nrules.title = { min = 4, max = 8 }\nclause = \"A2\"",
        "[bug-report]\nline = 3\nrules.title = { min = 5, max = 8 }\nclause = \"A2\"",
        &["bug-report [] rules.title.min: 4 -> 5 (A2)"],
    );
    check("[bug-report]\nline = 3", "", &["bug-report [] removed { line = 3 }"]);
    check("", "[verb.take]\nto = \"x\"", &[r#"verb [take] added { to = "x" }"#]);
}

#[test]
fn a_list_that_nothing_identifies_is_one_value() {
    let hours = |open: &str| {
        format!("[[calendar]]\nid = \"a\"\nhours = [{{ days = \"mon-fri\", open = \"{open}\" }}]")
    };
    check(
        &hours("09:00"),
        &hours("10:00"),
        &[
            r#"calendar [a] hours: [{ days = "mon-fri", open = "09:00" }] -> [{ days = "mon-fri", open = "10:00" }]"#,
        ],
    );
}

#[test]
fn values_with_ids_are_entries_of_their_own() {
    let field = |values: &str| {
        format!("[[field]]\npath = \"fields.impact\"\ntitle = \"Влияние\"\nvalues = [{values}]")
    };
    check(
        &field(r#"{ id = "none", title = "Нет" }"#),
        &field(r#"{ id = "none", title = "Не влияет" }, { id = "some", title = "Да" }"#),
        &[
            r#"field.values [fields.impact/none] title: "Нет" -> "Не влияет""#,
            r#"field.values [fields.impact/some] added { id = "some", title = "Да" }"#,
        ],
    );
}

#[test]
fn what_is_a_word_here_and_a_table_there_is_told_whole() {
    check("x = 1", "x = { y = 1 }", &["regulation [] x: 1 -> { y = 1 }"]);
    check(
        "[[s]]\nid = \"a\"\nx = [1]",
        "[[s]]\nid = \"a\"\nx = [{ id = 1 }]",
        &["s [a] x: [1] -> [{ id = 1 }]"],
    );
}

#[test]
fn the_other_way_about_what_was_new_is_gone() {
    let (a, b) = (shipped::text("getmark").unwrap(), shipped::text("itsm").unwrap());
    let tree = |text: &str| text.parse::<Table>().unwrap();
    let (there, back) = (diff(&tree(a), &tree(b)), diff(&tree(b), &tree(a)));
    let count = |all: &[Difference], kind| all.iter().filter(|difference| difference.change == kind).count();
    assert!(!there.is_empty());
    for (kind, other) in [
        (DifferenceKind::Added, DifferenceKind::Removed),
        (DifferenceKind::Removed, DifferenceKind::Added),
        (DifferenceKind::Changed, DifferenceKind::Changed),
        (DifferenceKind::Moved, DifferenceKind::Moved),
    ] {
        assert_eq!(count(&there, kind), count(&back, other), "{kind:?}");
    }
}

#[test]
fn as_few_as_can_be_have_moved() {
    for (places, stayed) in [
        (&[][..], 0),
        (&[0], 1),
        (&[0, 1, 2], 3),
        (&[2, 1, 0], 1),
        (&[1, 2, 3, 0], 3),
        (&[3, 0, 1, 2], 3),
        (&[2, 0, 3, 1, 4], 3),
    ] {
        assert_eq!(longest_rising(places).len(), stayed, "{places:?}");
    }
}
