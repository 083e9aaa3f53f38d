//! The commands as an admin calls them: help, answers, messages; those that ask a daemon ask a small one that answers
//! from a desk in memory.

use std::path::Path;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::{Json, Router};
use calendars::{Timestamp, Tz};
use clap::{CommandFactory, Parser};
use serde_json::{Value, json};

use super::Cli;
use crate::desk::command::Register;
use crate::desk::regulation::shipped;
use crate::desk::{Act, Actor, Command, Desk, Entry, Regulations, Role, TicketNumber, explain, view};
use crate::golden;

const NOW: &str = "2026-11-23T18:30:00+03:00";

/// What a call printed, and how it ended.
struct Said {
    out: String,
    err: String,
    code: u8,
}

impl Said {
    /// Everything on one page, for a golden file.
    fn page(&self, words: &[&str]) -> String {
        let talk: Vec<_> = self.err.lines().map(|line| format!("! {line}\n")).collect();
        format!("$ andonctl {}\n{}{}= {}\n", words.join(" "), self.out, talk.concat(), self.code)
    }
}

fn call(words: &[&str]) -> Said {
    let words = std::iter::once("andonctl").chain(words.iter().copied());
    match Cli::try_parse_from(words) {
        Err(error) => {
            let (text, code) = (error.render().to_string(), error.exit_code());
            let (out, err) = if code == 0 { (text, String::new()) } else { (String::new(), text) };
            Said { out, err, code: u8::try_from(code).unwrap() }
        }
        Ok(cli) => {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let now = Timestamp::parse_rfc3339(NOW).unwrap();
            let code = cli.run(&mut out, &mut err, super::Readers::default(), now);
            let code =
                [0, 1, 2].into_iter().find(|known| code == std::process::ExitCode::from(*known)).unwrap();
            Said { out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap(), code }
        }
    }
}

#[test]
fn the_arguments_fit_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_its_help() {
    fn each(command: &mut clap::Command, path: &[String]) {
        let mut path = path.to_vec();
        path.push(command.get_name().to_owned());
        let help = command.clone().bin_name(path.join(" ")).render_long_help().to_string();
        golden::check(&format!("cli/golden/{}.txt", path.join("-")), &help);
        for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
            each(sub, &path);
        }
    }
    let mut command = Cli::command();
    command.build();
    each(&mut command, &[]);
}

#[test]
fn calendars_answer_without_a_daemon() {
    let calls: &[&[&str]] = &[
        &["calendar", "add", "getmark/line-2", "2026-04-30T17:00:00+03:00", "12h"],
        &["calendar", "add", "getmark/line-2", "2026-04-30T17:00:00+03:00", "3d"],
        &["calendar", "add", "getmark/line-1", "2027-12-30T17:00:00Z", "12h"],
        &["--json", "calendar", "add", "getmark/line-2", "2026-04-30T17:00:00+03:00", "12h"],
        &["calendar", "between", "getmark/line-2", "2026-04-30T17:00:00+03:00", "2026-05-05T10:30:00+03:00"],
        &["calendar", "between", "getmark/line-2", "2026-05-05T10:30:00+03:00", "2026-04-30T17:00:00+03:00"],
        &["calendar", "add", "getmark/line-9", "2026-04-30T17:00:00+03:00", "12h"],
        &["calendar", "add", "nowhere/line-9", "2026-04-30T17:00:00+03:00", "12h"],
        &["calendar", "add", "line-2", "2026-04-30T17:00:00+03:00", "12h"],
        &["calendar", "add", "getmark/line-2", "2026-04-30T17:00:00", "12h"],
        &["calendar", "add", "getmark/line-2", "2026-04-30T17:00:00+03:00", "12x"],
        &["calendar", "show", "getmark/line-2", "--year", "2026"],
        &["calendar", "show", "itsm/desk", "--year", "2030"],
        &["calendar", "show", "getmark/line-2", "--year", "2031"],
    ];
    let pages: Vec<_> = calls.iter().map(|words| call(words).page(words)).collect();
    golden::check("cli/golden/calendar.out", &pages.join("\n"));
}

#[test]
fn files_with_calendars_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let whole =
        "[[calendar]]\nid = \"a\"\nhours = [{ days = \"mon-fri\", open = \"09:00\", close = \"18:00\" }]\n";
    let broken = whole.replace("\"18:00\"", "\"08:00\"").replace("[[calendar]]", "\n[[calendar]]");
    let year = "year = 2028\ndecree = \"none yet\"\nholidays = [{ name = \"x\", days = [\"2028-01-03\"] }]\n";
    for (file, code, words) in [
        (write("whole.toml", whole), 0, "whole.toml: ok: calendar a: a, zone Europe/Moscow, revision "),
        (
            write("broken.toml", &broken),
            1,
            "broken.toml:2: calendar `a`: close = \"08:00\" is not after open",
        ),
        (
            write("odd.toml", "[[calendar]]\nid = \"a\"\nhorus = 1\n"),
            1,
            "odd.toml:3: horus: unknown field `horus`",
        ),
        (write("no.toml", "x = \n"), 1, "no.toml:1: "),
        (write("other.toml", "x = 1\n"), 1, "has neither [[calendar]] entries nor `year = `"),
        (
            write("2028.toml", year),
            0,
            "2028.toml: ok: production calendar ru with it has facts until 2028-12-31",
        ),
        (write("2030.toml", &year.replace("2028", "2030")), 1, "would leave a gap"),
        (dir.path().join("nowhere.toml").display().to_string(), 1, "andonctl: cannot read "),
    ] {
        let said = call(&["calendar", "check", &file]);
        assert_eq!(said.code, code, "{file}: {}", said.err);
        let text = if code == 0 { &said.out } else { &said.err };
        assert!(text.contains(words), "{file}: {text}");
    }
}

#[test]
fn regulations_are_listed_checked_and_explained() {
    let said = call(&["regulation", "list"]);
    assert!(said.out.lines().any(|line| line.starts_with("getmark  ")), "{}", said.out);
    assert!(
        call(&["regulation", "check", "getmark"])
            .out
            .starts_with("getmark.toml: ok: getmark 2024-06-14, 4 types")
    );
    let said = call(&["regulation", "explain", "getmark"]);
    assert!(said.out.contains("ПРИОРИТЕТЫ, НАЧИНАЯ С ВЫСШЕГО"), "{}", said.out);
    assert!(
        call(&["regulation", "explain", "getmark", "--lang", "en"])
            .out
            .contains("PRIORITIES, THE GREATEST FIRST")
    );
    let said = call(&["regulation", "explain", "nothing"]);
    let names = shipped::names().collect::<Vec<_>>().join(", ");
    let told = format!(
        "andonctl: there is no regulation `nothing`: no file of that name, and those that come with the program are {names}\n"
    );
    assert_eq!((said.code, said.err), (1, told));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.toml").display().to_string();
    let text =
        shipped::text("getmark").unwrap().replacen("moves = [\"in-progress\"", "moves = [\"in-progres\"", 1);
    std::fs::write(&path, text).unwrap();
    let said = call(&["regulation", "check", &path]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("status.moves: unknown status `in-progres`; did you mean `in-progress`?"),
        "{}",
        said.err
    );
    let said = call(&["--json", "regulation", "check", &path]);
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (said.code, &document["ok"], &document["problems"][0]["key"]),
        (1, &json!(false), &json!("status.moves"))
    );
}

#[test]
fn a_shipped_regulation_is_shown_as_its_file() {
    let said = call(&["regulation", "show", "getmark"]);
    assert_eq!((said.code, said.out.as_str()), (0, shipped::text("getmark").unwrap()));
    let said = call(&["--json", "regulation", "show", "itsm"]);
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(document["text"], shipped::text("itsm").unwrap());
    let said = call(&["regulation", "show", "nothing"]);
    assert_eq!(said.code, 1);
    let words = "andonctl: there is no regulation `nothing`; those that come with the program are bpmsoft-care, getmark";
    assert!(said.err.starts_with(words), "{}", said.err);
}

/// A small regulation, so that the pages stay as they are when those that come with the program change.
const SMALL: &str = include_str!("golden/small.toml");

#[test]
fn two_regulations_are_told_apart_entry_by_entry() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, changes: &[(&str, &str)]| {
        let mut text = SMALL.to_owned();
        for (old, new) in changes {
            assert_eq!(text.matches(old).count(), 1, "{old}");
            text = text.replace(old, new);
        }
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let rule_for_errors = "[[priority-rule]]\nwhen = { type = \"error\", fields = { impact = \"all\" } }\npriority = \"high\"\nclause = \"S-5\"\n\n";
    let rule_for_one =
        "[[priority-rule]]\nwhen = { fields = { impact = \"one\" } }\npriority = \"low\"\nclause = \"S-5\"\n";
    let chat = "\n[[channel]]\nid = \"chat\"\ntitle = \"Чат\"\nline = 1\nclause = \"S-2\"\n";
    let a = write("a.toml", &[]);
    let b = write(
        "b.toml",
        &[
            ("version = \"1\"", "version = \"2-draft\""),
            ("open = \"09:00\"", "open = \"10:00\""),
            ("term = \"12h\"", "term = \"8h\""),
            ("warn-before = \"2h\"", "warn-before = \"25%\""),
            ("stops = [\"resolved\", \"closed\"]", "stops = [\"closed\", \"resolved\", \"status-left:new\"]"),
            ("moves = [\"waiting\"]", "moves = [\"waiting\", \"closed\"]"),
            ("waiting = true\n", ""),
            (
                chat,
                "\n[[channel]]\nid = \"fax\"\ntitle = \"Факс\"\nline = 1\ntypes = [\"error\"]\nclause = \"S-2\"\n",
            ),
            (rule_for_errors, ""),
            (rule_for_one, &format!("{rule_for_one}\n{rule_for_errors}")),
        ],
    );
    let home = dir.path().display().to_string();
    let page = |words: &[&str]| call(words).page(words).replace(&format!("{home}/"), "");
    let pages = [
        page(&["regulation", "diff", &a, &b]),
        page(&["regulation", "diff", &a, &b, "--lang", "en"]),
        page(&["--json", "regulation", "diff", &a, &b]),
        page(&["regulation", "diff", &a, &a]),
        page(&["regulation", "diff", &a, &a, "--lang", "en"]),
        page(&["--json", "regulation", "diff", &a, &a]),
    ];
    golden::check("cli/golden/regulation-diff.out", &pages.join("\n"));
}

#[test]
fn ids_are_told_by_the_titles_each_regulation_gives_them() {
    let said = call(&["regulation", "diff", "getmark", "itsm"]);
    let has = |words: &[&str]| {
        let squeezed = said.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        assert!(squeezed.clone().any(|line| line == words.join(" ")), "{words:?}: {}", said.out);
    };
    has(&["Команды", "resolve", "в статус", "Закрытое", "Решён", "IT-4"]);
    // Both call it «В работе», so the ids are told.
    has(&["Команды", "take", "в статус", "in-progress", "active", "IT-4"]);
    assert!(said.out.lines().skip(2).all(|line| line.chars().count() <= 118), "{}", said.out);
}

#[test]
fn a_file_that_is_not_whole_is_told_as_check_tells_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("broken.toml").display().to_string();
    std::fs::write(&path, SMALL.replace("moves = [\"waiting\"]", "moves = [\"wating\"]")).unwrap();
    for flags in [&[][..], &["--json"]] {
        let check = call(&[flags, &["regulation", "check", &path]].concat());
        let diff = call(&[flags, &["regulation", "diff", "getmark", &path]].concat());
        assert_eq!((diff.code, diff.out, diff.err), (1, check.out, check.err));
    }
    let said = call(&["regulation", "diff", "getmark", "nothing"]);
    assert_eq!(said.code, 1);
    assert!(said.err.starts_with("andonctl: there is no regulation `nothing`"), "{}", said.err);
}

#[test]
fn simulate_compares_two_regulations() {
    let log = |name: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/simulate/golden").join(name).display().to_string()
    };
    let compare = ["simulate", "--compare", "getmark", "getmark"];
    let said = call(&[&compare[..], &[&log("compare.jsonl")]].concat());
    assert_eq!((said.code, said.out.lines().count(), said.err.as_str()), (0, 5, ""));
    let said = call(&[&compare[..], &["--summary", &log("compare.jsonl")]].concat());
    assert!(said.out.starts_with("A: getmark: getmark "), "{}", said.out);
    let said = call(&[&["--json"], &compare[..], &["--summary", &log("compare.jsonl")]].concat());
    assert_eq!(serde_json::from_str::<Value>(&said.out).unwrap()["tickets"]["same"], 4);
    let said = call(&[&compare[..], &[&log("faults.jsonl")]].concat());
    assert_eq!((said.code, said.err.lines().count()), (1, 26));
    let said = call(&["simulate", "--compare", "getmark", "nothing", &log("compare.jsonl")]);
    assert_eq!(said.code, 1);
    for wrong in [
        &["simulate", "--compare", "getmark", "getmark", "--regulation", "getmark", "x.jsonl"][..],
        &["simulate", "--compare", "getmark", "x.jsonl"],
        &["simulate", "--compare", "getmark", "getmark", "--compare", "getmark", "itsm", "x.jsonl"],
    ] {
        assert_eq!(call(wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn simulate_tells_refusals_and_ends_by_faults() {
    let log = |name: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/simulate/golden").join(name).display().to_string()
    };
    let said = call(&["simulate", "--regulation", "getmark", &log("month.jsonl")]);
    assert_eq!((said.code, said.out.lines().count(), said.err.as_str()), (0, 4, ""));
    let said = call(&["simulate", "--regulation", "getmark", &log("faults.jsonl")]);
    assert_eq!((said.code, said.out.lines().count(), said.err.lines().count()), (1, 1, 19));
    assert!(said.err.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    let said = call(&["--json", "simulate", "--regulation", "getmark", "--summary", &log("month.jsonl")]);
    assert_eq!(serde_json::from_str::<Value>(&said.out).unwrap()["tickets"], 4);
    let said = call(&["simulate", "--regulation", "getmark", &log("none.jsonl")]);
    assert_eq!(said.code, 1);
    assert!(said.err.starts_with("andonctl: cannot read "), "{}", said.err);
    let said = call(&["simulate", "--regulation", "getmark", "--until", "2026-11-23", &log("month.jsonl")]);
    assert_eq!(said.code, 2);
    assert_eq!(call(&["simulate", &log("month.jsonl")]).code, 2);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/simulate/golden/month.jsonl");
    for words in [
        vec!["andonctl", "calendar", "show", "getmark/line-2", "--year", "2026"],
        vec!["andonctl", "regulation", "explain", "getmark"],
        vec!["andonctl", "simulate", "--regulation", "getmark", log.to_str().unwrap()],
        vec![
            "andonctl",
            "import-log",
            "servicenow-csv",
            concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/import_log/packed.csv.xz"),
        ],
    ] {
        let mut err = Vec::new();
        let code = Cli::parse_from(&words).run(
            &mut Closed,
            &mut err,
            super::Readers::default(),
            Timestamp::from_millis(0),
        );
        assert_eq!(code, std::process::ExitCode::SUCCESS, "{words:?}");
        assert!(!String::from_utf8(err).unwrap().contains("andonctl:"), "{words:?}");
    }
}

#[test]
fn without_a_daemon_the_message_says_how_to_start_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    for words in [
        vec!["status"],
        vec!["token", "list"],
        vec!["token", "denials"],
        vec!["ticket", "show", "1"],
        vec!["alarm", "ack", "1-critical-5"],
        vec!["alarm", "shelve", "1-critical-5", "30m"],
        vec!["alarm", "unshelve", "1-critical-5"],
        vec!["board", "silence"],
        vec!["board", "mute", "30m"],
    ] {
        let said = call(&[&["--state-dir", path], words.as_slice()].concat());
        assert_eq!((said.code, said.out.as_str()), (1, ""));
        let expected =
            format!("andonctl: no daemon at {path}/control.sock; start one with `andond --state-dir DIR`");
        assert!(said.err.starts_with(&expected), "{}", said.err);
    }
}

/// What the door says of a clock that is behind, and of one that an admin has trusted.
fn clock_status(trusted: bool) -> Value {
    json!({"at": NOW, "trusted": trusted, "distrust": (!trusted).then_some("behind"), "system": NOW, "newest": NOW,
        "proof": "plausible", "changed": trusted})
}

/// A desk in memory with a few tickets, and everything that happened on it.
fn desk() -> (Desk, Vec<Entry>) {
    let regulations = Regulations::new(vec![shipped::get("getmark").unwrap().unwrap()]);
    let (mut desk, mut entries) = (Desk::new(regulations).lenient(true), Vec::new());
    let log = [
        (
            "2026-11-20T16:00:00+03:00",
            "register",
            0,
            json!({"channel": "email", "type": "error", "subject": "Отчёт не открывается",
            "requester": {"name": "Ольга", "inn": "7707083893"}, "fields": {"impact": "stops-operations", "process": "Отчётность"}}),
        ),
        ("2026-11-20T16:05:00+03:00", "take", 1, json!({})),
        ("2026-11-20T17:00:00+03:00", "ask", 1, json!({"text": "Какой период?"})),
        ("2026-11-23T10:00:00+03:00", "answer", 1, json!({"text": "Октябрь"})),
        (
            "2026-11-23T11:00:00+03:00",
            "register",
            0,
            json!({"channel": "phone", "type": "consultation", "subject": "Как выгрузить\nмарки"}),
        ),
        ("2026-11-23T12:00:00+03:00", "link", 2, json!({"to": 1, "kind": "similar"})),
    ];
    for (at, verb, number, body) in log {
        let at = Timestamp::parse_rfc3339(at).unwrap();
        settle(&mut desk, &mut entries, at);
        let command = match verb {
            "register" => Command::Register(Register::from_json(body).unwrap()),
            _ => Command::Ticket {
                number: TicketNumber(number),
                if_revision: None,
                act: Act::from_json(verb, body).unwrap(),
            },
        };
        let decision = desk.decide(&command, &Actor::named("ivanova", Role::Lead), at).unwrap();
        entries.push(desk.enter(decision.facts, "ivanova", at, None, None, false));
    }
    settle(&mut desk, &mut entries, Timestamp::parse_rfc3339(NOW).unwrap());
    (desk, entries)
}

fn settle(desk: &mut Desk, entries: &mut Vec<Entry>, at: Timestamp) {
    while let Some((effective, facts)) = desk.due(at) {
        entries.push(desk.enter(facts, "timer", at, Some(effective), None, false));
    }
}

/// Two tokens: one of an agent, one of a bot whose time is over.
fn tokens() -> Value {
    json!([{"name": "ivanova", "role": "agent", "lines": [1, 2]},
        {"name": "bot", "role": "intake", "lines": [], "regulations": ["getmark"], "channels": ["email", "phone"],
         "expires_at": "2026-11-20T00:00:00.000+03:00", "expired": true,
         "last_used_at": "2026-11-19T12:00:00.000+03:00", "last_used_from": "192.168.1.7"}])
}

/// Two denied calls.
fn denials() -> Value {
    json!([{"first_at": "2026-11-23T09:00:00.000+03:00", "last_at": "2026-11-23T09:10:00.000+03:00", "count": 10_000,
        "from": "192.168.1.66", "token": null, "code": "locked-out", "method": "POST", "route": "/v1/tickets"},
        {"first_at": "2026-11-23T08:00:00.000+03:00", "last_at": "2026-11-23T08:00:00.000+03:00", "count": 1,
        "from": "2001:db8:1:2::/64", "token": "bot", "code": "out-of-scope", "method": "POST", "route": "/v1/tickets/{number}/{verb}"}])
}

/// What a daemon with that desk answers.
fn answer(
    desk: &Desk,
    entries: &[Entry],
    method: &str,
    uri: &Uri,
    body: &Value,
) -> (StatusCode, HeaderMap, Value) {
    let now = Timestamp::parse_rfc3339(NOW).unwrap();
    let zone = Tz::Europe__Moscow;
    let ticket =
        |number: u64| view::ticket(&desk.ticket(TicketNumber(number)).unwrap(), desk.regulations(), now);
    let mut headers = HeaderMap::new();
    let json = match (method, uri.path()) {
        ("GET", "/v1/status") => {
            json!({"version": "0.1.0", "at": now.to_rfc3339(zone), "uptime_seconds": 7_500,
            "state_dir": "/var/lib/andon", "regulations": ["getmark"], "trusted": true,
            "versions": [{"regulation": "getmark", "version": "2024-06-14", "holds_from": "2024-06-14", "registers": true, "tickets": 2},
                {"regulation": "getmark", "version": "2027", "holds_from": "2027-01-01", "registers": false, "tickets": 0}], "counts": desk.counts(),
            "tickets_total": 2, "tickets_archived": 0, "sizes": {"ledger": 48_213, "tickets": 4_718_592, "archive": 0},
            "search": {"whole": true, "tickets": 2, "waiting": 0, "missing_blocks": 0, "bytes": 2_048},
            "alarms_total": desk.alarms_total(), "next_event": desk.next_seq(),
            "next_deadline": desk.next_deadline().map(|at| at.to_rfc3339(zone)), "muted_until": null})
        }
        ("GET", "/v1/tickets") if uri.query() == Some("limit=50") => {
            headers.insert("link", "</v1/tickets?limit=50&cursor=2>; rel=\"next\"".parse().unwrap());
            json!([ticket(2)])
        }
        ("GET", "/v1/tickets") if uri.query() == Some("limit=50&cursor=2") => json!([ticket(1)]),
        ("GET", "/v1/tickets") if uri.query() == Some("limit=1") => {
            headers.insert("link", "</v1/tickets?limit=1&cursor=2>; rel=\"next\"".parse().unwrap());
            json!([ticket(2)])
        }
        ("GET", "/v1/tickets/1") => json!(ticket(1)),
        ("GET", "/v1/tickets/1/explain") => {
            let about: Vec<_> =
                entries.iter().filter(|entry| entry.tickets().contains(&TicketNumber(1))).cloned().collect();
            let clocks = explain::explain(TicketNumber(1), &about, desk.regulations(), now);
            json!({"number": 1, "at": now.to_rfc3339(zone), "clocks": clocks})
        }
        ("GET", "/v1/alarms") => json!(view::alarms(
            desk,
            &crate::desk::Scope::default(),
            zone,
            firmware_board::Language::Russian,
            100
        )),
        ("POST", "/v1/alarms/1-breach-line-1/ack") => json!({"id": "1-breach-line-1", "changed": true}),
        ("POST", "/v1/alarms/1-breach-line-1/shelve") => json!({
            "id": "1-breach-line-1", "shelved_until": now.plus_ms(1_800_000).to_rfc3339(zone), "changed": true
        }),
        ("POST", "/v1/alarms/1-breach-line-1/unshelve") => {
            json!({"id": "1-breach-line-1", "shelved_until": null, "changed": true})
        }
        ("POST", "/v1/board/silence") => json!({"changed": true}),
        ("POST", "/v1/board/mute") => {
            json!({"muted_until": (body["for"] != "0s").then(|| now.plus_ms(1_800_000).to_rfc3339(zone))})
        }
        ("GET", "/v1/board/parts") => {
            let panel = |name: &str, kind: &str, width: u16, height: u16| json!({"name": name, "kind": kind, "width": width, "height": height});
            json!({"signals": true, "button": true,
                "panels": [panel("st7796", "st7796", 480, 320), panel("door", "max7219", 64, 8)]})
        }
        ("POST", "/v1/board/test") => {
            let ending = if body["step"] == "button" { "not-pressed" } else { "done" };
            json!({"step": body["step"], "ending": ending})
        }
        ("GET", "/v1/clock") => clock_status(false),
        ("POST", "/v1/clock/trust") if body["yes"] == true => clock_status(true),
        ("POST", "/v1/clock/trust") => {
            let problem = json!({"status": 409, "code": "clock-behind", "title": "The state of things stands in the way",
                "detail": "the system clock is 1d 2h behind the newest event"});
            return (StatusCode::CONFLICT, headers, problem);
        }
        ("GET", "/v1/tokens") => tokens(),
        ("GET", "/v1/denials") => denials(),
        ("POST", "/v1/tokens") if body["name"] == "ivanova" => {
            let problem = json!({"type": "urn:andon:problem:invalid-fields", "title": "Fields are wrong", "status": 422, "code": "invalid-fields",
                "detail": "1 field is wrong", "errors": [{"field": "name", "message": "`ivanova` has a token already"}]});
            return (StatusCode::UNPROCESSABLE_ENTITY, headers, problem);
        }
        ("POST", "/v1/tokens") => {
            json!({"name": body["name"], "role": body["role"], "lines": body["lines"], "regulations": body["regulations"],
                "channels": body["channels"], "expires_at": body["expires"], "secret": "andon_secret"})
        }
        ("GET", "/v1/regulations") => json!([{"id": "getmark"}]),
        ("POST", "/v1/regulations/getmark/preview") if body["text"].is_string() => {
            let problem = json!({"status": 422, "code": "invalid-fields", "detail": "1 field is wrong", "errors":
                [{"field": "text", "message": "ours.toml:3: version: is empty"}, {"field": "text", "message": "ours.toml:9: line.routes: unknown line 9"}]});
            return (StatusCode::UNPROCESSABLE_ENTITY, headers, problem);
        }
        ("POST", "/v1/regulations/getmark/preview") => impact(body["limit"].as_u64(), false),
        ("POST", "/v1/regulations/getmark/apply") => impact(None, true),
        ("DELETE", "/v1/tokens/ivanova") => return (StatusCode::NO_CONTENT, headers, Value::Null),
        (_, path) => {
            return (
                StatusCode::NOT_FOUND,
                headers,
                json!({"code": "not-found", "detail": format!("there is nothing at {path}")}),
            );
        }
    };
    (StatusCode::OK, headers, json)
}

/// What a version does to four tickets.
fn impact(limit: Option<u64>, is_applied: bool) -> Value {
    let promise = |state: &str, target: Option<u32>, deadline: Option<&str>| json!({"state": state, "target_seconds": target, "deadline": deadline});
    let soon = Some("2026-11-23T18:30:00.000+03:00");
    let later = Some("2026-11-24T12:00:00.000+03:00");
    let ticket = |number: u32, outcome: &str, message: Option<&str>, clocks: Value| json!({"number": number, "subject": "Не печатает ни один принтер третьего этажа", "from": "2024-06-14", "to": "2027", "outcome": outcome, "message": message, "clocks": clocks});
    let clock = |metric: &str, is_breached: bool, why: &str, before: Value, after: Value| json!({"metric": metric, "cycle": 1, "breached": is_breached, "why": [why], "before": before, "after": after});
    let misfit = ticket(
        2,
        "does-not-fit",
        Some("version 2027 of getmark has no type `error`; ticket 2 keeps version 2024-06-14"),
        json!([]),
    );
    let running = |deadline| promise("running", Some(43_200), deadline);
    let breached =
        json!([clock("resolution", true, "target", running(later), promise("running", Some(14_400), soon))]);
    let paused = json!([
        clock(
            "line",
            false,
            "target",
            promise("paused", Some(28_800), None),
            promise("paused", Some(14_400), None)
        ),
        clock("confirmation", false, "gone", running(later), promise("stopped", Some(43_200), None)),
    ]);
    let all = if is_applied {
        vec![misfit]
    } else {
        vec![ticket(3, "breached", None, breached), misfit, ticket(1, "earlier", None, paused)]
    };
    let listed: Vec<_> = all.into_iter().take(usize::try_from(limit.unwrap_or(99)).unwrap()).collect();
    json!({"regulation": "getmark", "version": "2027", "holds_from": "2027-01-01", "at": NOW, "written": if is_applied { 3 } else { 0 },
        "sums": {"tickets": 4, "unchanged": 1, "moved": 1, "breached": 1, "does_not_fit": 1}, "tickets": listed})
}

/// Serves a desk's answers over a socket in `dir` for as long as the test runs.
fn serve(dir: &Path) {
    let listener = std::os::unix::net::UnixListener::bind(dir.join("control.sock")).unwrap();
    listener.set_nonblocking(true).unwrap();
    let (desk, entries) = desk();
    let world = Arc::new((desk, entries));
    let router = Router::new().fallback(move |method: axum::http::Method, uri: Uri, body: String| {
        let world = Arc::clone(&world);
        async move {
            let body = serde_json::from_str(&body).unwrap_or_default();
            let (status, headers, json) = answer(&world.0, &world.1, method.as_str(), &uri, &body);
            if json.is_null() {
                (status, headers).into_response()
            } else {
                (status, headers, Json(json)).into_response()
            }
        }
    });
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::UnixListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
}

#[test]
fn what_the_daemon_says_is_told_as_text() {
    let dir = tempfile::tempdir().unwrap();
    serve(dir.path());
    let calls: &[&[&str]] = &[
        &["status"],
        &["ticket", "list"],
        &["ticket", "list", "--limit", "1"],
        &["ticket", "show", "1"],
        &["ticket", "explain", "1"],
        &["ticket", "show", "9"],
        &["alarm", "list"],
        &["alarm", "ack", "1-breach-line-1"],
        &["alarm", "shelve", "1-breach-line-1", "30m"],
        &["alarm", "shelve", "1-breach-line-1", "soon"],
        &["alarm", "unshelve", "1-breach-line-1"],
        &["board", "silence"],
        &["board", "mute", "30m"],
        &["board", "mute", "0s"],
        &["board", "mute", "half an hour"],
        &["board", "test"],
        &["--json", "board", "test"],
        &["clock", "show"],
        &["clock", "trust"],
        &["clock", "trust", "--yes"],
        &["token", "list"],
        &["token", "add", "--name", "petrov", "--role", "agent", "--line", "1", "--line", "2"],
        &[
            "token",
            "add",
            "--name",
            "bot",
            "--role",
            "intake",
            "--regulation",
            "getmark",
            "--channel",
            "email",
            "--channel",
            "phone",
            "--expires",
            "90d",
        ],
        &["token", "add", "--name", "ivanova", "--role", "agent"],
        &["--json", "token", "add", "--name", "ivanova", "--role", "agent"],
        &["token", "add", "--name", "petrov", "--role", "boss"],
        &["token", "revoke", "ivanova"],
        &["--json", "token", "list"],
        &["token", "denials"],
        &["token", "denials", "--limit", "0"],
        &["regulation", "preview", "getmark"],
        &["regulation", "preview", "getmark", "--limit", "1"],
        &["regulation", "preview", "itsm", "--version", "2"],
        &["regulation", "preview", "nothing.toml"],
        &["regulation", "apply", "getmark"],
        &["regulation", "apply", "getmark", "--yes"],
        &["regulation", "apply", "itsm", "--yes"],
    ];
    let at = ["--state-dir", dir.path().to_str().unwrap()];
    let pages: Vec<_> = calls.iter().map(|words| call(&[&at, *words].concat()).page(words)).collect();
    golden::check("cli/golden/daemon.out", &pages.join("\n"));
    let draft = dir.path().join("ours.toml");
    std::fs::write(&draft, "id = \"getmark\"\n").unwrap();
    let said = call(&[&at, &["regulation", "preview", draft.to_str().unwrap()][..]].concat());
    let problems = "ours.toml:3: version: is empty\nours.toml:9: line.routes: unknown line 9\n";
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (1, "", problems), "as `check` tells them");
}
