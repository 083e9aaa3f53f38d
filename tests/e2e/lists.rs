//! Lists against a look at every ticket: whatever happened to tickets, index and daemon, every page through all cursors
//! shows what a plain look finds, and nothing else.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use andon_tests::Random;
use andon_tests::daemon::{Daemon, eventually};
use serde_json::{Value, json};

use super::growth::numbers;
use super::hasty_regulation;

/// Words in several forms: who asks for one of them finds all.
const FORMS: [&[&str]; 6] = [
    &["принтер", "принтера", "Принтеры", "принтером"],
    &["ёлка", "Елки", "ЁЛКОЙ", "елку"],
    &["накладная", "накладной", "НАКЛАДНУЮ"],
    &["printer", "Printers"],
    &["connection", "connected", "Connecting"],
    &["happy", "Happiness"],
];
const CLIENTS: [&str; 3] = ["ООО «Ромашка»", "Ёж и Ко", "ACME"];
const AGENTS: [&str; 3] = ["ivanova", "petrov", "sidorov"];
/// How many tickets come in before the daemon is stopped or killed.
const ROUND: u64 = 150;

/// A text as a query's value.
fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn subject(random: &mut Random) -> String {
    let words: Vec<&str> = (0..2)
        .map(|_| {
            let n = random.index(FORMS.len());
            *random.pick(FORMS[n])
        })
        .collect();
    words.join(", ")
}

/// Something happens to some ticket; what the desk refuses is left.
fn something(daemon: &Daemon, random: &mut Random, total: u64) {
    let number = 1 + random.below(total);
    let (verb, body) = match random.below(7) {
        0 => ("take", json!({})),
        1 => ("assign", json!({"agent": random.pick(&AGENTS)})),
        2 => ("assign", json!({"group": "cashiers"})),
        3 => ("priority", json!({"to": random.pick(&["low", "high"]), "reason": "так надо"})),
        4 => ("resolve", json!({"text": "Готово"})),
        5 => ("confirm", json!({})),
        _ => ("refuse", json!({"reason": "Не наше"})),
    };
    let status = daemon.post(&format!("/v1/tickets/{number}/{verb}"), &body).status;
    assert!([200, 409, 422].contains(&status), "{verb}: {status}");
}

fn register(daemon: &Daemon, random: &mut Random) {
    let subject = subject(random);
    let mut body = json!({
        "regulation": "getmark", "channel": random.pick(&["email", "phone", "telegram"]),
        "type": random.pick(&["error", "consultation"]), "subject": subject,
        "requester": {"name": format!("Анна {}", random.below(9)), "phone": format!("+7 912 345-67-{:02}", random.below(20)),
            "inn": "7707083893"},
        "fields": {"process": "Отгрузка", "steps": ["Открыть"], "impact": random.pick(&["none", "stops-operations"])},
    });
    if random.one_in(2) {
        body["client"] = json!(random.pick(&CLIENTS));
    }
    let answer = daemon.post("/v1/tickets", &body);
    assert_eq!(answer.status, 201, "{}", answer.json);
}

/// Every ticket, one by one.
fn all(daemon: &Daemon, total: u64) -> Vec<Value> {
    (1..=total).rev().map(|number| daemon.get(&format!("/v1/tickets/{number}")).json).collect()
}

/// A parameter of a query and what a plain look makes of it.
type Asked = (String, Box<dyn Fn(&Value) -> bool>);

fn some_value(random: &mut Random, tickets: &[Value], name: &'static str) -> Asked {
    let value = random.pick(tickets)[name].clone();
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let shown = if value.is_null() { "none".to_owned() } else { encoded(&text) };
    (format!("{name}={shown}"), Box::new(move |ticket| ticket[name] == value))
}

fn some_words(random: &mut Random) -> Asked {
    let n = random.index(FORMS.len());
    let asked = *random.pick(FORMS[n]);
    let has = move |ticket: &Value| {
        let subject = ticket["subject"].as_str().expect("every ticket has one");
        subject.split(", ").any(|word| FORMS[n].contains(&word))
    };
    (format!("q={}", encoded(asked)), Box::new(has))
}

fn some_phone(random: &mut Random) -> Asked {
    let last = format!("{:02}", random.below(20));
    let asked = format!("q={}", encoded(&format!("8 (912) 345 67 {last}")));
    let has = move |ticket: &Value| ticket["requester"]["phone"] == json!(format!("+7 912 345-67-{last}"));
    (asked, Box::new(has))
}

/// Compares lists with a plain look.
fn compare(daemon: &Daemon, random: &mut Random, total: u64) {
    const NAMES: [&str; 9] =
        ["status", "priority", "type", "line", "assignee", "group", "client", "stage", "channel"];
    let tickets = all(daemon, total);
    let every: Vec<u64> = (1..=total).rev().collect();
    assert_eq!(numbers(daemon, "limit=37"), every);
    for n in 0..24 {
        let mut asked = vec![match NAMES.get(n) {
            Some(name) => some_value(random, &tickets, name),
            None if n == NAMES.len() => some_phone(random),
            None => some_words(random),
        }];
        for _ in 0..random.below(3) {
            let name = NAMES[random.index(NAMES.len())];
            asked.push(some_value(random, &tickets, name));
        }
        // Several values of one parameter would widen the list.
        asked.sort_by(|a, b| a.0.cmp(&b.0));
        asked.dedup_by(|a, b| a.0.split('=').next() == b.0.split('=').next());
        let query: Vec<&str> = asked.iter().map(|(parameter, _)| parameter.as_str()).collect();
        let expected: Vec<u64> = tickets
            .iter()
            .filter(|ticket| asked.iter().all(|(_, fits)| fits(ticket)))
            .map(|ticket| ticket["number"].as_u64().expect("a number"))
            .collect();
        let query = format!("{}&limit={}", query.join("&"), 1 + random.below(40));
        assert_eq!(numbers(daemon, &query), expected, "{query}");
    }
}

fn metric(daemon: &Daemon, name: &str) -> u64 {
    let metrics = daemon.get("/metrics");
    let text = String::from_utf8_lossy(&metrics.bytes).into_owned();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
    line.rsplit(' ').next().and_then(|count| count.parse().ok()).expect("a count")
}

fn wait_until_whole(daemon: &Daemon) {
    eventually("a whole index", || (metric(daemon, "andon_search_whole") == 1).then_some(()));
}

fn files(state: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(state.join("search")).expect("there is an index");
    files.map(|file| file.expect("a file").path()).collect()
}

fn flip(file: &Path, at: u64) {
    let file = fs::File::options().read(true).write(true).open(file).expect("a file of the index");
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("it is long enough");
    file.write_all_at(&[byte[0] ^ 4], at).expect("it can be written");
}

fn archived(daemon: &Daemon) -> u64 {
    daemon.get("/v1/status").json["tickets_archived"].as_u64().expect("a number")
}

#[test]
fn lists_show_what_a_look_at_every_ticket_finds_over_changes_kills_archive_and_damage() {
    let dir = tempfile::tempdir().expect("a directory");
    let (state, config) = (dir.path().join("state"), dir.path().join("andon.toml"));
    fs::write(&config, "[archive]\nclosed-for-days = 0\n[limits]\nrequests-per-second-per-token = \"off\"\nrequests-per-second-per-address = \"off\"\n").expect("a test's directory can be written");
    let config = config.display().to_string();
    let mut random = Random::new(6);
    let mut daemon = Daemon::start(&state, &[]);
    let token = daemon.token().to_owned();
    let mut total = 0;
    for round in 0..6 {
        wait_until_whole(&daemon);
        for _ in 0..ROUND {
            register(&daemon, &mut random);
            total += 1;
            something(&daemon, &mut random, total);
            something(&daemon, &mut random, total);
        }
        compare(&daemon, &mut random, total);
        let known = archived(&daemon);
        match round {
            0 | 3 => daemon.kill(),
            _ => assert_eq!(daemon.stop().code(), Some(0)),
        }
        match round {
            2 => fs::remove_dir_all(state.join("search")).expect("it can be lost"),
            4 => files(&state).iter().for_each(|file| flip(file, 40)),
            _ => {}
        }
        daemon = Daemon::start_with_config(&state, &config, &token);
        compare(&daemon, &mut random, total);
        if round % 3 == 1 {
            eventually("closed tickets in the archive", || (archived(&daemon) > known).then_some(()));
        }
        wait_until_whole(&daemon);
        compare(&daemon, &mut random, total);
    }
    assert!(archived(&daemon) > 0);
    let before = metric(&daemon, "andon_search_tickets_read_total");
    let refused = all(&daemon, 99).iter().filter(|ticket| ticket["status"] == "refused").count();
    assert!(refused > 0);
    assert_eq!(numbers(&daemon, "status=refused&limit=200&cursor=100").len(), refused);
    let read = metric(&daemon, "andon_search_tickets_read_total") - before;
    assert!(read <= 99 + 256, "only what fits is read, and what waits: {read}");
    assert_eq!(daemon.stop().code(), Some(0));
}

#[test]
fn a_damaged_index_is_told_walked_round_and_made_again_while_the_daemon_runs() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(dir.path(), &[]);
    let mut random = Random::new(7);
    for _ in 0..40 {
        register(&daemon, &mut random);
    }
    assert_eq!(daemon.stop().code(), Some(0));
    let daemon = Daemon::start(dir.path(), &[]);
    wait_until_whole(&daemon);
    let parts: Vec<_> = files(dir.path()).into_iter().filter(|file| file.extension().is_some()).collect();
    for part in &parts {
        flip(part, 40);
    }
    let page = daemon.get("/v1/tickets?line=1,2,3");
    assert_eq!(page.json.as_array().map(Vec::len), Some(40), "{}", page.json);
    assert_eq!(page.header("andon-index"), Some("rebuilding"));
    eventually("a list from a whole index", || {
        let page = daemon.get("/v1/tickets?line=1,2,3");
        assert_eq!(page.json.as_array().map(Vec::len), Some(40));
        page.header("andon-index").is_none().then_some(())
    });
    // What nobody has taken stays to be seen, as over.
    let is_over = || {
        let alarms = daemon.get("/v1/alarms").json;
        let alarm = alarms.as_array().expect("a list").iter().find(|alarm| alarm["id"] == "storage-search");
        alarm.expect("the damage was told")["state"] == "cleared-unacked"
    };
    eventually("the end of its alarm", || is_over().then_some(()));
    let told = daemon.get("/v1/tickets?q=%D0%B0");
    assert_eq!(told.status, 200);
}

#[test]
fn what_is_overdue_is_listed_as_soon_as_it_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &["--regulation", &hasty_regulation(dir.path())]);
    let body = json!({"channel": "email", "type": "error", "subject": "Срочно"});
    let ticket = daemon.post("/v1/tickets", &body);
    assert_eq!(ticket.status, 201, "{}", ticket.json);
    assert_eq!(numbers(&daemon, "overdue=false&stage=open"), [1]);
    eventually("an overdue ticket", || (numbers(&daemon, "overdue=true") == [1]).then_some(()));
    assert_eq!(numbers(&daemon, "overdue=false"), Vec::<u64>::new());
}
