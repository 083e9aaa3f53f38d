//! The table of clauses and the tests that prove them: `tests/clauses.md`, made from the names of the tests.
//!
//! A test is named after its clause: `gm_5_19_time_stands_still_…` proves GM-5.19. A clause that is said to be done and
//! has no test is red here, and so is one that is said to come later and has tests already without anybody having
//! looked at what is still missing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A clause, what it asks for in a few words, and what of it is still to come.
type Clause = (&'static str, &'static str, Option<&'static str>);

/// Nothing of the clause is there yet.
const LETTERS: Option<&str> = Some("all of it: letters");

/// Every clause, in the order of the regulations.
const CLAUSES: [(&str, &[Clause]); 7] = [
    (
        "Reading rules, for all regulations",
        &[
            ("R1", "working hours are half-open; a term ends at the earliest instant", None),
            ("R2", "working days, holidays, moved days, short days", None),
            ("R3", "working days, calendar days, calendar hours", None),
            ("R4", "not more than T; a breach bears the deadline's own time", None),
            ("R5", "another calendar: used time is kept", None),
            ("R6", "another priority, type or line: targets are derived anew", None),
            ("R7", "a paused clock has no deadline", None),
            ("R8", "a changed deadline is told again", None),
        ],
    ),
    (
        "«ЖКХ-сервисы»",
        &[
            ("ZS-2a", "hours of support", None),
            ("ZS-2b", "a shift of three, one a specialist", None),
            ("ZS-3", "types; enhancements by two channels only", None),
            ("ZS-4", "statuses; three of them wait for the client", None),
            ("ZS-5a", "reaction in 60 minutes of support hours", None),
            ("ZS-5b", "a consultation in 24 calendar hours", None),
            ("ZS-5c", "an error in 336 calendar hours, less by criticality", None),
            ("ZS-5d", "an enhancement by its estimate", None),
            ("ZS-6a", "quality, by month", None),
            ("ZS-6b", "marks from 1 to 5; bands of quality", None),
            ("ZS-7", "terms of departments", None),
            ("ZS-8", "channels to departments", None),
        ],
    ),
    (
        "GetMark",
        &[
            ("GM-3.2", "the phone leads to line 1; the INN", None),
            ("GM-3.3", "written channels lead to line 2", None),
            ("GM-4.1", "line 1", None),
            ("GM-4.2", "line 2", None),
            ("GM-4.3", "line 3", None),
            ("GM-5.4", "registered round the clock", None),
            ("GM-5.5", "types", None),
            ("GM-5.6", "statuses", None),
            ("GM-5.7", "the user is told of every change", None),
            ("GM-5.9", "hours of the lines", None),
            ("GM-5.10", "what is worked on already is not routed up", None),
            ("GM-5.11", "one ticket, one problem", None),
            ("GM-5.12", "required fields", None),
            ("GM-5.13", "no registration letter within 30 minutes", None),
            ("GM-5.15", "mass problems", None),
            ("GM-5.16", "priorities; who may set the critical one", None),
            ("GM-5.17", "the figures", None),
            ("GM-5.18", "an error's term may be extended", None),
            ("GM-5.19", "time stands still in two statuses", None),
            ("GM-5.20", "any line may change the priority", None),
            ("GM-5.21", "the user is asked", None),
            ("GM-5.22", "72 working hours to answer", None),
            ("GM-5.23", "a solution has words", None),
            ("GM-5.24", "a solution has steps", None),
            ("GM-5.25", "no redirecting", None),
            ("GM-5.26", "confirmation and marks", Some("the page in the letter")),
            ("GM-5.27", "return within 72 working hours", None),
            ("GM-5.28", "like tickets are linked", None),
            ("GM-5.29", "line 3 has the total term", None),
            ("GM-6", "marks are collected, and their share told", None),
            ("GM-A1", "letters", None),
            ("GM-A2", "the bug report; the urgent message", None),
        ],
    ),
    (
        "PROFMAN ISS",
        &[
            ("PM-3", "the knowledge base", None),
            ("PM-B6", "what support does not do", None),
            ("PM-C1", "channels; paper and fax are taken by an agent", None),
            ("PM-C2", "each request is confirmed by letter", None),
            ("PM-C3", "what a request has", None),
            ("PM-C4a", "hours", None),
            ("PM-C4b", "reaction counts working time; resolution is not promised", None),
            ("PM-C5", "order of the queue", None),
            ("PM-C6", "putting off, for five reasons", None),
            ("PM-C7", "temporary access data", None),
            ("PM-C8", "closing, and asking again", None),
        ],
    ),
    (
        "BPMSoft care",
        &[
            ("BC-1", "reaction by priority", None),
            ("BC-2", "hours", None),
            ("BC-3", "resolution by estimate", None),
            ("BC-4", "one authorised person", None),
            ("BC-5", "channels", None),
            ("BC-6", "what a request has; access data apart", None),
            ("BC-7", "two working days to answer; told once", None),
            ("BC-8", "one after another", None),
            ("BC-9", "seven days to accept", None),
            ("BC-10", "reasons to refuse", None),
            ("BC-11", "priorities and their criteria", None),
            ("BC-12", "where the source lies, what follows, and how often", None),
        ],
    ),
    (
        "The help desk of a company group",
        &[
            ("HD-1", "through the system only; a lead may register", None),
            ("HD-2", "only employees get support", None),
            ("HD-3", "channels", None),
            ("HD-4", "terms by channel, urgency, service and type", None),
            ("HD-5", "the form after completion; CSI", Some("the page in the letter")),
            ("HD-6", "round-robin", None),
            ("HD-7", "outside hours to the group", None),
            ("HD-8", "two presences", None),
            ("HD-9", "the roster", None),
            ("HD-10", "taking the group's requests", None),
            ("HD-11", "transfer with a reason", None),
            ("HD-12", "waiting does not count", None),
            ("HD-13", "escalation to a tracker", None),
            ("HD-14", "types; incidents link to a problem", None),
            ("HD-15", "common groups for mass problems", None),
            ("HD-16", "two lines", None),
            ("HD-17", "knowledge base and lead", None),
        ],
    ),
    (
        "Across all",
        &[
            ("X-1", "several regulations side by side", None),
            ("X-2", "a sixth regulation is a file", None),
            ("X-3", "check and explain", None),
            ("X-4", "the wall, for every regulation", None),
        ],
    ),
];

fn tests_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

/// Every test's name with the module it stands in, sorted.
fn tests() -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(dir).expect("the tests' folder") {
            let path = entry.expect("an entry of it").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a test's file");
                let module = path.strip_prefix(tests_dir()).expect("it lies there").with_extension("");
                let module = module.display().to_string().replace("/mod", "");
                let names = text.split("#[test]").skip(1).filter_map(|rest| {
                    let name = rest.split_once("fn ")?.1;
                    Some(name.split_once('(')?.0.to_owned())
                });
                found.extend(names.map(|name| (name, module.clone())));
            }
        }
    }
    let mut found = Vec::new();
    walk(&tests_dir(), &mut found);
    found.sort();
    found
}

/// The beginning of the names of a clause's tests: `gm_5_19_`.
fn prefix(clause: &str) -> String {
    format!("{}_", clause.to_lowercase().replace(['-', '.'], "_"))
}

/// Each clause's tests. A test counts for the longest clause it is named after.
fn proved() -> BTreeMap<&'static str, Vec<(String, String)>> {
    let ids = || CLAUSES.iter().flat_map(|(_, clauses)| clauses.iter()).map(|(id, ..)| *id);
    let mut proved: BTreeMap<_, Vec<_>> = ids().map(|id| (id, Vec::new())).collect();
    for (name, module) in tests() {
        let clause = ids().filter(|id| name.starts_with(&prefix(id))).max_by_key(|id| id.len());
        if let Some(clause) = clause {
            proved.entry(clause).or_default().push((name, module));
        }
    }
    proved
}

fn table() -> String {
    let proved = proved();
    let mut text = "# Clauses and the tests that prove them\n\n\
        Made from the names of the tests; `UPDATE_GOLDEN=1 cargo test -p andon-tests --test conformance clauses` makes it anew.\n"
        .to_owned();
    for (regulation, clauses) in CLAUSES {
        write!(text, "\n## {regulation}\n\n| clause | what it asks for | tests | still to come |\n| --- | --- | --- | --- |\n")
            .expect("a text takes words");
        for (id, what, rest) in clauses {
            let tests: Vec<_> =
                proved[id].iter().map(|(name, module)| format!("`{module}::{name}`")).collect();
            let rest = rest.unwrap_or_default();
            writeln!(text, "| {id} | {what} | {} | {rest} |", tests.join("<br>"))
                .expect("a text takes words");
        }
    }
    text
}

#[test]
fn every_clause_that_is_done_has_a_test_named_after_it() {
    let proved = proved();
    for (id, _, rest) in CLAUSES.iter().flat_map(|(_, clauses)| clauses.iter()) {
        let nothing_yet = rest.is_some_and(|rest| rest.starts_with("all of it"));
        assert_eq!(
            proved[id].is_empty(),
            nothing_yet,
            "{id}: {} tests, still to come: {}",
            proved[id].len(),
            rest.unwrap_or("nothing")
        );
    }
}

#[test]
fn the_table_of_clauses_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("clauses.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, table()).expect("the table is written");
    }
    let kept = fs::read_to_string(&path).expect("tests/clauses.md");
    let table = table();
    let other = kept.lines().zip(table.lines()).find(|(kept, made)| kept != made);
    assert!(kept == table, "tests/clauses.md is not up to date: {other:?}; UPDATE_GOLDEN=1 makes it anew");
}

#[test]
fn every_clause_that_a_shipped_regulation_names_is_known() {
    let known: Vec<_> = CLAUSES.iter().flat_map(|(_, clauses)| clauses.iter()).map(|(id, ..)| *id).collect();
    for name in andon::desk::regulation::shipped::names() {
        let text = andon_tests::world::shipped_text(name);
        for line in text.lines().map(str::trim).filter(|line| line.starts_with("clause = ")) {
            for clause in line.trim_start_matches("clause = ").trim_matches('"').split(", ") {
                // The service desk for replaying a log is no regulation of the five: its clauses are ours.
                assert!(
                    clause.starts_with("IT-") || known.contains(&clause),
                    "{name}: unknown clause {clause}"
                );
            }
        }
    }
}
