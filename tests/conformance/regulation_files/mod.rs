//! A regulation's file that is wrong says so: the line, the key, what is wrong, and what would be right.

mod departments;
mod names;
mod sense;
mod sixth;

use andon::desk::Regulation;
use andon::desk::regulation::{Language, explain};
use andon_tests::world::{shipped, shipped_text};

/// The least regulation there can be; each test makes one thing wrong in it.
const SMALL: &str = r#"id = "small"
title = "Small"
version = "1"
holds-from = "2026-01-01"
zone = "Europe/Moscow"
priority-source = "rules"
initial-status = "new"

[[calendar]]
id = "day"
production = "ru"
hours = [{ days = "mon-fri", open = "09:00", close = "18:00" }]

[[line]]
id = 1
title = "Line"
calendar = "day"

[[channel]]
id = "email"
title = "E-mail"
line = 1

[[type]]
id = "question"
title = "Question"

[[priority]]
id = "normal"
title = "Normal"

[[status]]
id = "new"
title = "New"
moves = ["waiting"]

[[status]]
id = "waiting"
title = "Waiting"
waiting = true
moves = ["new"]

[[status]]
id = "done"
title = "Done"
stage = "closed"

[verb.close]
to = "done"

[[clock]]
metric = "resolution"
title = "Resolution"
basis = "working-hours"
calendar = "of-line"
starts = ["registered"]
stops = ["closed"]
pauses-in = ["waiting"]
at-end = "breach"
warn-before = "1h"

  [[clock.target]]
  term = "8h"

[[field]]
path = "fields.impact"
title = "Impact"
kind = "enum"
values = [{ id = "none", title = "None" }]
"#;

/// What is said of the small regulation with one text in it replaced by another.
fn told(from: &str, to: &str) -> String {
    assert_eq!(SMALL.matches(from).count(), 1, "`{from}` must be there once");
    told_of(&SMALL.replace(from, to))
}

/// What is said of the small regulation with something added at its end.
fn told_with(more: &str) -> String {
    told_of(&format!("{SMALL}{more}"))
}

fn told_of(text: &str) -> String {
    match Regulation::parse("small.toml", text) {
        Ok(_) => panic!("this was taken:\n{text}"),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn the_small_regulation_and_those_that_ship_are_right() {
    Regulation::parse("small.toml", SMALL).unwrap();
    for name in andon::desk::regulation::shipped::names() {
        assert_eq!(shipped(name).id, name);
    }
}

/// Each entry of a shipped regulation names the clause it comes from.
#[test]
fn every_entry_names_a_clause_of_its_regulation() {
    for (name, prefix) in [
        ("zkh-services", "ZS-"),
        ("getmark", "GM-"),
        ("profman-iss", "PM-"),
        ("bpmsoft-care", "BC-"),
        ("group-helpdesk", "HD-"),
    ] {
        // Targets stand indented under their clock.
        let text = shipped_text(name).replace("\n  [", "\n[");
        let sections: Vec<&str> = text.split("\n[").skip(1).collect();
        for section in &sections {
            let title = section.lines().next().unwrap_or_default();
            assert!(section.contains(&format!("clause = \"{prefix}")), "{name}: [{title} has no clause");
        }
        assert!(sections.len() > 35, "{name} was read whole");
    }
}

/// The tables a manager reads leave no clause out, and say where the figure is the site's.
#[test]
fn x_3_explain_shows_every_clause_and_what_the_site_sets() {
    for name in andon::desk::regulation::shipped::names() {
        let text = shipped_text(name);
        let clauses = text.lines().filter_map(|line| line.trim().strip_prefix("clause = "));
        for (language, words) in
            [(Language::Russian, "задаёт площадка"), (Language::English, "to be set by the site")]
        {
            let told = explain(&shipped(name), language);
            for clause in clauses.clone() {
                assert!(told.contains(clause.trim_matches('"')), "{name}: {clause} is not told");
            }
            assert_eq!(told.contains(words), text.contains("site = true"), "{name}: {words}");
        }
    }
}

#[test]
fn only_route_is_held_by_a_problem() {
    assert_eq!(
        told("[verb.close]", "[verb.close]\nheld-by-problem = true"),
        "small.toml:48: verb.close: `held-by-problem` is for `route` only"
    );
}
