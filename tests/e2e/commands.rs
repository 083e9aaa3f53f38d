//! `andonctl`, command by command: each is tried by some test here, in the others of this crate or beside its code.

use std::path::Path;

use andon_tests::Site;
use andon_tests::daemon::{Daemon, eventually};
use serde_json::json;

/// The commands of `andonctl` that have none below them, each as its words.
fn commands() -> Vec<Vec<String>> {
    let [_, andonctl] = andon::cli::programs();
    let (mut open, mut all) = (vec![(andonctl, Vec::<String>::new())], Vec::new());
    while let Some((command, words)) = open.pop() {
        let of = |name: &str| [&words[..], &[name.to_owned()]].concat();
        let below: Vec<_> =
            command.get_subcommands().map(|below| (below.clone(), of(below.get_name()))).collect();
        if below.is_empty() {
            all.push(words);
        }
        open.extend(below);
    }
    all
}

/// The text of all tests, with one blank wherever there is space.
fn tests() -> String {
    fn walk(dir: &Path, text: &mut String) {
        for entry in std::fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path())
        {
            if entry.is_dir() {
                walk(&entry, text);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                let file = std::fs::read_to_string(&entry).expect("a test's file");
                let is_test =
                    !entry.components().any(|part| part.as_os_str() == "src") || entry.ends_with("tests.rs");
                let tests = if is_test {
                    Some(&*file)
                } else {
                    file.split_once("#[cfg(test)]").map(|(_, tests)| tests)
                };
                text.extend(tests.unwrap_or_default().split_whitespace().flat_map(|word| [word, " "]));
            }
        }
    }
    let mut text = String::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    walk(root, &mut text);
    walk(&root.join("../daemon/src/cli"), &mut text);
    text
}

#[test]
fn every_command_is_tried() {
    let (all, tests) = (commands(), tests());
    assert!(all.len() > 60, "{all:?}");
    let is_tried = |words: &Vec<String>| tests.contains(&format!("\"{}\"", words.join("\", \"")));
    let untried: Vec<_> = all.iter().filter(|words| !is_tried(words)).map(|words| words.join(" ")).collect();
    assert!(untried.is_empty(), "no test tries {untried:?}");
}

fn done(daemon: &Daemon, args: &[&str]) -> String {
    let output = daemon.ctl(args);
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{args:?}: {told}");
    told
}

/// Holds that what is told has lines with these words, in any place of them.
fn has(told: &str, words: &[&str]) {
    assert!(
        told.lines().any(|line| words.iter().all(|word| line.contains(word))),
        "{words:?} is not in: {told}"
    );
}

#[test]
fn an_admin_keeps_clients_and_employees() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &["--regulation", "bpmsoft-care"]);
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    done(&daemon, &["client", "put", "romashka", "--name", "ООО «Ромашка»", "--paid-channel", "phone"]);
    done(
        &daemon,
        &[
            "client",
            "appoint",
            "romashka",
            "--name",
            "Анна",
            "--email",
            "anna@romashka.ru",
            "--notice",
            "№ 5",
        ],
    );
    let clients = file("clients.csv", "id;name;domains\nlutik;АО «Лютик»;lutik.ru\n");
    done(&daemon, &["client", "import", &clients]);
    let listed = done(&daemon, &["client", "list"]);
    has(&listed, &["romashka", "ООО «Ромашка»", "phone", "Анна"]);
    has(&listed, &["lutik", "lutik.ru"]);
    has(&done(&daemon, &["client", "show", "romashka"]), &["contact", "Анна", "by № 5"]);
    done(&daemon, &["client", "remove", "lutik"]);
    assert!(!done(&daemon, &["client", "list"]).contains("lutik"));

    done(&daemon, &["employee", "put", "ivanov", "--name", "Иван", "--department", "Склад"]);
    has(&done(&daemon, &["employee", "show", "ivanov"]), &["department", "Склад"]);
    let employees = file("employees.csv", "name,login\nПётр,petrov\n");
    done(&daemon, &["employee", "import", &employees, "--replace"]);
    let listed = done(&daemon, &["employee", "list"]);
    has(&listed, &["petrov", "Пётр"]);
    assert!(!listed.contains("ivanov"), "{listed}");
    done(&daemon, &["employee", "remove", "petrov"]);
    assert!(!done(&daemon, &["employee", "list"]).contains("petrov"));
}

#[test]
fn an_admin_sees_queue_and_reports_and_deals_with_problems() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    // The fifth that is alike is suspected to be of one problem with the others.
    for process in ["Маркировка", "Отгрузка"] {
        for n in 0..5 {
            let body = json!({
                "channel": "email", "type": "error", "subject": "Не печатаются этикетки",
                "requester": {"inn": "7707083893", "email": "anna@example.ru"},
                "fields": {"process": process, "steps": ["Открыть"], "impact": "hinders"},
            });
            assert_eq!(daemon.post("/v1/tickets", &body).status, 201, "{process} {n}");
        }
    }
    has(&done(&daemon, &["queue", "list"]), &["1", "medium", "Не печатаются этикетки"]);
    has(&done(&daemon, &["problem", "list"]), &["2", "suspected"]);
    has(&done(&daemon, &["problem", "dismiss", "2", "--reason", "не она"]), &["problem 2 is dismissed"]);
    has(&done(&daemon, &["problem", "confirm", "1", "--title", "Драйвер"]), &["problem 1 is open"]);
    let linked = |expected: &str| {
        eventually("its tickets", || {
            done(&daemon, &["problem", "show", "1"]).contains(expected).then_some(())
        });
    };
    linked("5 linked");
    done(&daemon, &["problem", "unlink", "1", "1"]);
    linked("4 linked");
    done(&daemon, &["problem", "link", "1", "1"]);
    linked("5 linked");
    has(&done(&daemon, &["problem", "open", "Другое", "6"]), &["problem 3 is open"]);
    done(&daemon, &["problem", "close", "1", "--text", "Обновлён: напечатайте снова", "--resolve"]);
    linked("5 resolved");

    assert_eq!(daemon.post("/v1/tickets/1/confirm", &json!({"mark": "satisfactory"})).status, 200);
    has(&done(&daemon, &["report", "quality"]), &["getmark", "the whole", "100.0"]);
    has(&done(&daemon, &["report", "sla"]), &["getmark", "the whole", "resolution", "100.0"]);
}

#[test]
fn an_admin_sees_what_waits_to_be_written_and_in_which_words() {
    // A port that was free a moment ago.
    let port = andon_tests::postfix::free_port();
    let site = Site::new(&format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"desk@example.org\"\n"
    ));
    let daemon = site.start();
    assert_eq!(daemon.post("/v1/tickets", &super::error_that_stops("Накладная")).status, 201);
    has(&done(&daemon, &["letter", "list"]), &["1-1", "registered", "anna@example.ru", "waiting"]);
    let shown = done(&daemon, &["letter", "show", "1-1"]);
    has(&shown, &["1-1", "registered", "anna@example.ru"]);
    has(&shown, &["[#1] Обращение принято: Накладная"]);
    let previewed = done(&daemon, &["letter", "preview", "closed", "--ticket", "1"]);
    has(&previewed, &["[#1]", "Накладная"]);
    assert_ne!(previewed, shown);
}
