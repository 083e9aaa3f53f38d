//! The table of clauses and the tests that prove them: `tests/clauses.md`, made from the names of the tests.
//!
//! A test is named after its clause: `gm_5_19_time_stands_still_…` proves GM-5.19. A clause without one is red here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A clause and what it asks for, in a few words.
type Clause = (&'static str, &'static str);

/// Every clause, in the order of the regulations.
const CLAUSES: [(&str, &[Clause]); 7] = [
    (
        "Reading rules, for all regulations",
        &[
            ("R1", "working hours are half-open; a term ends at the earliest instant"),
            ("R2", "working days, holidays, moved days, short days"),
            ("R3", "working days, calendar days, calendar hours"),
            ("R4", "not more than T; a breach bears the deadline's own time"),
            ("R5", "another calendar: used time is kept"),
            ("R6", "another priority, type or line: targets are derived anew"),
            ("R7", "a paused clock has no deadline"),
            ("R8", "a changed deadline is told again"),
        ],
    ),
    (
        "«ЖКХ-сервисы»",
        &[
            ("ZS-2a", "hours of support"),
            ("ZS-2b", "a shift of three, one a specialist"),
            ("ZS-3", "types; enhancements by two channels only"),
            ("ZS-4", "statuses; three of them wait for the client"),
            ("ZS-5a", "reaction in 60 minutes of support hours"),
            ("ZS-5b", "a consultation in 24 calendar hours"),
            ("ZS-5c", "an error in 336 calendar hours, less by criticality"),
            ("ZS-5d", "an enhancement by its estimate"),
            ("ZS-6a", "quality, by month"),
            ("ZS-6b", "marks from 1 to 5; bands of quality"),
            ("ZS-7", "terms of departments"),
            ("ZS-8", "channels to departments"),
        ],
    ),
    (
        "GetMark",
        &[
            ("GM-3.2", "the phone leads to line 1; the INN"),
            ("GM-3.3", "written channels lead to line 2"),
            ("GM-4.1", "line 1"),
            ("GM-4.2", "line 2"),
            ("GM-4.3", "line 3"),
            ("GM-5.4", "registered round the clock"),
            ("GM-5.5", "types"),
            ("GM-5.6", "statuses"),
            ("GM-5.7", "the user is told of every change"),
            ("GM-5.9", "hours of the lines"),
            ("GM-5.10", "what is worked on already is not routed up"),
            ("GM-5.11", "one ticket, one problem"),
            ("GM-5.12", "required fields"),
            ("GM-5.13", "no registration letter within 30 minutes"),
            ("GM-5.15", "mass problems"),
            ("GM-5.16", "priorities; who may set the critical one"),
            ("GM-5.17", "the figures"),
            ("GM-5.18", "an error's term may be extended"),
            ("GM-5.19", "time stands still in two statuses"),
            ("GM-5.20", "any line may change the priority"),
            ("GM-5.21", "the user is asked"),
            ("GM-5.22", "72 working hours to answer"),
            ("GM-5.23", "a solution has words"),
            ("GM-5.24", "a solution has steps"),
            ("GM-5.25", "no redirecting"),
            ("GM-5.26", "confirmation and marks"),
            ("GM-5.27", "return within 72 working hours"),
            ("GM-5.28", "like tickets are linked"),
            ("GM-5.29", "line 3 has the total term"),
            ("GM-6", "marks are collected, and their share told"),
            ("GM-A1", "letters"),
            ("GM-A2", "the bug report; the urgent message"),
        ],
    ),
    (
        "PROFMAN ISS",
        &[
            ("PM-3", "the knowledge base"),
            ("PM-B6", "what support does not do"),
            ("PM-C1", "channels; paper and fax are taken by an agent"),
            ("PM-C2", "each request is confirmed by letter"),
            ("PM-C3", "what a request has"),
            ("PM-C4a", "hours"),
            ("PM-C4b", "reaction counts working time; resolution is not promised"),
            ("PM-C5", "order of the queue"),
            ("PM-C6", "putting off, for five reasons"),
            ("PM-C7", "temporary access data"),
            ("PM-C8", "closing, and asking again"),
        ],
    ),
    (
        "BPMSoft care",
        &[
            ("BC-1", "reaction by priority"),
            ("BC-2", "hours"),
            ("BC-3", "resolution by estimate"),
            ("BC-4", "one authorised person"),
            ("BC-5", "channels"),
            ("BC-6", "what a request has; access data apart"),
            ("BC-7", "two working days to answer; told once"),
            ("BC-8", "one after another"),
            ("BC-9", "seven days to accept"),
            ("BC-10", "reasons to refuse"),
            ("BC-11", "priorities and their criteria"),
            ("BC-12", "where the source lies, what follows, and how often"),
        ],
    ),
    (
        "The help desk of a company group",
        &[
            ("HD-1", "through the system only; a lead may register"),
            ("HD-2", "only employees get support"),
            ("HD-3", "channels"),
            ("HD-4", "terms by channel, urgency, service and type"),
            ("HD-5", "the form after completion; CSI"),
            ("HD-6", "round-robin"),
            ("HD-7", "outside hours to the group"),
            ("HD-8", "two presences"),
            ("HD-9", "the roster"),
            ("HD-10", "taking the group's requests"),
            ("HD-11", "transfer with a reason"),
            ("HD-12", "waiting does not count"),
            ("HD-13", "escalation to a tracker"),
            ("HD-14", "types; incidents link to a problem"),
            ("HD-15", "common groups for mass problems"),
            ("HD-16", "two lines"),
            ("HD-17", "knowledge base and lead"),
        ],
    ),
    (
        "Across all",
        &[
            ("X-1", "several regulations side by side"),
            ("X-2", "a sixth regulation is a file"),
            ("X-3", "check and explain"),
            ("X-4", "the wall, for every regulation"),
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
    let ids = || CLAUSES.iter().flat_map(|(_, clauses)| clauses.iter()).map(|(id, _)| *id);
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
        write!(text, "\n## {regulation}\n\n| clause | what it asks for | tests |\n| --- | --- | --- |\n")
            .expect("a text takes words");
        for (id, what) in clauses {
            let tests: Vec<_> =
                proved[id].iter().map(|(name, module)| format!("`{module}::{name}`")).collect();
            writeln!(text, "| {id} | {what} | {} |", tests.join("<br>")).expect("a text takes words");
        }
    }
    text
}

#[test]
fn every_clause_has_a_test_named_after_it() {
    let without: Vec<_> =
        proved().into_iter().filter(|(_, tests)| tests.is_empty()).map(|(id, _)| id).collect();
    assert_eq!(without, Vec::<&str>::new());
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
    let known: Vec<_> = CLAUSES.iter().flat_map(|(_, clauses)| clauses.iter()).map(|(id, _)| *id).collect();
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
