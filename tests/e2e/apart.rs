//! Files of tickets and access data in the real daemon: over a cut connection, a kill, a full disk, a backup.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use andon_tests::daemon::{Daemon, binary, eventually};
use serde_json::{Value, json};

use super::disk::Mounted;
use super::error_that_stops;

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0....\0\0\0\0IEND\xae\x42\x60\x82";
/// What must stand nowhere.
const SECRET: &str = "Zq7-tainyj-parol";

fn ctl(state: &Path, args: &[&str]) -> Output {
    Command::new(binary("andonctl"))
        .arg("--state-dir")
        .arg(state)
        .args(args)
        .output()
        .expect("andonctl can be started")
}

fn word(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

/// A form with one file, as curl sends it, in front of whose end more may be claimed to come.
fn form(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat()
}

/// Begins to send a form of that length.
fn begin(daemon: &Daemon, ticket: u64, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(daemon.base().trim_start_matches("http://")).expect("it listens");
    let head = format!(
        "POST /v1/tickets/{ticket}/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n",
        daemon.token()
    );
    stream.write_all(head.as_bytes()).expect("it takes a request");
    stream
}

/// The status and the JSON of an answer.
fn answer(mut stream: TcpStream) -> (u16, Value) {
    let mut told = Vec::new();
    // A connection that is closed on what was still being sent has told its answer before.
    let _ = stream.read_to_end(&mut told);
    let text = String::from_utf8_lossy(&told);
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn attach(daemon: &Daemon, ticket: u64, name: &str, bytes: &[u8]) -> (u16, Value) {
    let form = form(name, bytes);
    let mut stream = begin(daemon, ticket, form.len());
    // One that is refused before its end may be closed on it.
    let _ = stream.write_all(&form);
    answer(stream)
}

fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect()
}

#[test]
fn a_file_survives_a_kill_and_what_no_ticket_has_is_removed_by_the_next_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &[]);
    assert_eq!(daemon.post("/v1/tickets", &error_that_stops("Накладная")).status, 201);
    let (status, added) = attach(&daemon, 1, "экран.png", PNG);
    assert_eq!(status, 201, "{added}");
    let path = format!("/v1/tickets/1/attachments/{}", added[0]["id"].as_str().expect("an id"));
    daemon.kill();
    let files = state.join("attachments");
    let kept = names(&files);
    assert_eq!(kept.len(), 1);
    // As a kill between the bytes and the event leaves it, and one in the middle of the bytes.
    // Of the name TICKET-ID-SHA256 another id; an id may end with 1, too.
    let orphan = kept[0].replacen("1-", "1-0", 1);
    fs::write(files.join(&orphan), PNG).expect("a file");
    fs::write(files.join("1-aa.part"), "half").expect("a file");
    let daemon = Daemon::start(&state, &[]);
    eventually("the orphan's end", || (names(&files) == kept).then_some(()));
    let given = daemon.get(&path);
    assert_eq!((given.status, given.bytes.as_slice()), (200, PNG));
}

#[test]
fn a_cut_connection_and_a_form_that_is_too_long_leave_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &[]);
    assert_eq!(daemon.post("/v1/tickets", &error_that_stops("Накладная")).status, 201);
    let files = state.join("attachments");
    let form = form("a.log", &vec![b'a'; 3 << 20]);
    let mut stream = begin(&daemon, 1, form.len());
    stream.write_all(&form[..2 << 20]).expect("it takes a part");
    eventually("the file that comes in", || (names(&files).len() == 1).then_some(()));
    drop(stream);
    eventually("its end", || names(&files).is_empty().then_some(()));
    let (status, told) = answer(begin(&daemon, 1, 100 << 20));
    assert_eq!((status, told["code"].as_str()), (413, Some("too-large")), "{told}");
    let (status, told) = attach(&daemon, 1, "a.log", &vec![b'a'; 11 << 20]);
    assert_eq!((status, told["code"].as_str()), (413, Some("too-large")), "{told}");
    eventually("nothing is left", || names(&files).is_empty().then_some(()));
    assert_eq!(attach(&daemon, 1, "a.log", &vec![b'a'; 3 << 20]).0, 201);
}

#[test]
fn a_restored_desk_has_its_files_and_a_lost_one_is_told_and_stops_no_backup() {
    let dir = tempfile::tempdir().expect("a directory");
    let (state, file) = (dir.path().join("state"), dir.path().join("desk.tar.gz"));
    let daemon = Daemon::start(&state, &[]);
    assert_eq!(daemon.post("/v1/tickets", &error_that_stops("Накладная")).status, 201);
    let (_, first) = attach(&daemon, 1, "a.png", PNG);
    let whole = daemon.ctl(&["backup", word(&file)]);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    let (_, second) = attach(&daemon, 1, "b.log", "строка".as_bytes());
    let sum = second[0]["sha256"].as_str().expect("a sum");
    let lost =
        names(&state.join("attachments")).into_iter().find(|name| name.ends_with(sum)).expect("it is kept");
    fs::remove_file(state.join("attachments").join(&lost)).expect("it can be removed");
    let lacking = daemon.ctl(&["backup", "--force", word(&dir.path().join("other.tar.gz"))]);
    let told = String::from_utf8_lossy(&lacking.stderr).into_owned();
    assert!(lacking.status.code() == Some(1) && told.contains(&lost), "{told}");
    let gone = daemon.get(&format!("/v1/tickets/1/attachments/{}", second[0]["id"].as_str().expect("an id")));
    assert_eq!((gone.status, gone.json["code"].as_str()), (410, Some("attachment-lost")));
    assert!(daemon.get("/v1/alarms").json.to_string().contains("storage-attachments"));
    assert_eq!(daemon.stop().code(), Some(0));

    let restored = dir.path().join("restored");
    let done = ctl(&restored, &["restore", word(&file)]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let daemon = Daemon::start(&restored, &[]);
    let given = daemon.get(&format!("/v1/tickets/1/attachments/{}", first[0]["id"].as_str().expect("an id")));
    assert_eq!((given.status, given.bytes.as_slice()), (200, PNG));
    let export = String::from_utf8(daemon.ctl(&["export"]).stdout).expect("text");
    assert!(export.contains("\"event\":\"attached\"") && !export.contains("IHDR"), "metadata only");
}

#[test]
fn files_never_take_what_is_kept_free_for_the_ledger() {
    let Some(mounted) = Mounted::new(96) else { return };
    let state = mounted.state();
    let daemon = Daemon::start(&state, &[]);
    assert_eq!(daemon.post("/v1/tickets", &error_that_stops("Накладная")).status, 201);
    let token = daemon.token().to_owned();
    assert_eq!(daemon.stop().code(), Some(0));
    let config = state.with_file_name("andon.toml");
    fs::write(&config, "[attachments]\nkeep-free = \"32MiB\"\nmax-ticket = \"1GiB\"\n").expect("a file");
    let daemon = Daemon::start_with_config(&state, word(&config), &token);
    let log = vec![b'a'; 9 << 20];
    let (count, told) = (0..20)
        .find_map(|taken| {
            let (status, told) = attach(&daemon, 1, "a.log", &log);
            (status != 201).then_some((taken, told))
        })
        .expect("the disk has an end");
    assert_eq!(told["code"], "disk-full", "{told}");
    assert_eq!(names(&state.join("attachments")).len(), count, "nothing of the last one is left");
    assert_eq!(daemon.post("/v1/tickets", &error_that_stops("Ещё одна")).status, 201, "the desk goes on");
    assert_eq!(daemon.request("GET", "/readyz", None, None, &[]).status, 200);
}

/// A box with a key, and what it logs at its most talkative.
struct Keyed {
    daemon: Option<Daemon>,
    state: PathBuf,
    config: PathBuf,
    token: String,
    log: PathBuf,
}

impl Keyed {
    fn new(dir: &Path) -> Self {
        let (state, config, key) = (dir.join("state"), dir.join("andon.toml"), dir.join("sealed-key"));
        let made = ctl(&state, &["sealed", "new-key", word(&key)]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let daemon = Daemon::start(&state, &["--regulation", "bpmsoft-care"]);
        let token = daemon.token().to_owned();
        assert_eq!(daemon.stop().code(), Some(0));
        let key = word(&key);
        let text = format!(
            "regulations = [\"bpmsoft-care\"]\n[log]\nlevel = \"trace\"\n[sealed]\nkey-file = \"{key}\"\n"
        );
        fs::write(&config, text).expect("a file");
        let mut new = Self { daemon: None, state, config, token, log: dir.join("log") };
        new.start();
        new
    }

    fn start(&mut self) {
        let log = fs::File::options().create(true).append(true).open(&self.log).expect("a file");
        let args = ["--config", word(&self.config)];
        let daemon = Daemon::try_start(&self.state, &args, &self.token, log);
        self.daemon = Some(daemon.unwrap_or_else(|status| panic!("andond ended: {status}")));
    }

    fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().expect("it runs")
    }

    fn put(&self, text: &str) {
        let body = json!({ "text": text }).to_string();
        let path = "/v1/tickets/1/sealed/password";
        let put = self.daemon().request("PUT", path, Some(&self.token), Some(&body), &[]);
        assert_eq!(put.status, 200, "{}", put.json);
    }
}

/// Every file below `dir` that has the secret in it.
fn with_secret(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(with_secret(&path));
        } else if let Ok(bytes) = fs::read(&path)
            && bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes())
        {
            found.push(path);
        }
    }
    found
}

fn incident() -> Value {
    json!({
        "channel": "portal", "type": "incident", "priority": "high", "subject": "Карточка пуста",
        "description": "Как её открыть?", "client": "ООО «Ромашка»", "requester": {"name": "Анна", "email": "a@romashka.example.ru"},
        "fields": {"address": "https://crm.example.ru", "steps": ["Войти"], "database-servers": "один", "nodes": 1,
            "adjacent-software": "нет", "changes": "нет"},
    })
}

#[test]
fn access_data_stands_nowhere_and_is_gone_after_closing_whenever_the_box_is_killed() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut desk = Keyed::new(dir.path());
    assert_eq!(desk.daemon().post("/v1/tickets", &incident()).status, 201);
    desk.put(SECRET);
    let path = "/v1/tickets/1/sealed/password";
    assert_eq!(desk.daemon().get(path).status, 403, "nobody has taken it");
    assert_eq!(desk.daemon().post("/v1/tickets/1/take", &json!({})).status, 200);
    for _ in 0..2 {
        assert_eq!(desk.daemon().get(path).json["text"], SECRET);
    }
    let history = desk.daemon().get("/v1/tickets/1/history").json.to_string();
    assert_eq!(history.matches("sealed-looked").count(), 2);
    let backup = dir.path().join("desk.tar.gz");
    assert!(desk.daemon().ctl(&["backup", word(&backup)]).status.success());
    let unpacked =
        Command::new("gzip").arg("-dc").arg(&backup).stderr(Stdio::null()).output().expect("gzip is there");
    assert!(!String::from_utf8_lossy(&unpacked.stdout).contains("sealed/"), "it is in no backup");
    fs::write(dir.path().join("unpacked"), unpacked.stdout).expect("a file");
    fs::write(dir.path().join("history"), history).expect("a file");
    fs::write(dir.path().join("export"), desk.daemon().ctl(&["export"]).stdout).expect("a file");
    assert!(fs::metadata(&desk.log).expect("a log").len() > 0, "it logs");
    assert_eq!(with_secret(dir.path()), Vec::<PathBuf>::new());

    let sealed = desk.state.join("sealed");
    let name = names(&sealed).pop().expect("it is sealed");
    let bytes = fs::read(sealed.join(&name)).expect("it can be read");
    let refuse = json!({"reason": "not-solvable"});
    assert_eq!(desk.daemon().post("/v1/tickets/1/refuse", &refuse).status, 200);
    eventually("its erasing", || names(&sealed).is_empty().then_some(()));
    desk.daemon.take().expect("it runs").kill();
    // As a kill between closing and erasing leaves it.
    fs::write(sealed.join(&name), bytes).expect("a file");
    desk.start();
    eventually("its erasing by the next start", || names(&sealed).is_empty().then_some(()));
    assert_eq!(desk.daemon().get(path).status, 404);
    assert_eq!(with_secret(dir.path()), Vec::<PathBuf>::new());
}

#[test]
fn another_key_is_told_and_the_desk_goes_on_and_a_restore_says_that_access_data_is_to_be_asked_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut desk = Keyed::new(dir.path());
    assert_eq!(desk.daemon().post("/v1/tickets", &incident()).status, 201);
    desk.put(SECRET);
    assert_eq!(desk.daemon().post("/v1/tickets/1/take", &json!({})).status, 200);
    let backup = dir.path().join("desk.tar.gz");
    assert!(desk.daemon().ctl(&["backup", word(&backup)]).status.success());
    desk.daemon.take().expect("it runs").kill();
    let key = dir.path().join("sealed-key");
    fs::remove_file(&key).expect("it is there");
    assert!(ctl(&desk.state, &["sealed", "new-key", word(&key)]).status.success());
    desk.start();
    let alarm = || desk.daemon().get("/v1/alarms").json.to_string().contains("storage-sealed");
    eventually("the alarm", || alarm().then_some(()));
    let lost = desk.daemon().get("/v1/tickets/1/sealed/password");
    assert_eq!((lost.status, lost.json["code"].as_str()), (410, Some("sealed-lost")));
    desk.put("другой");
    assert_eq!(desk.daemon().get("/v1/tickets/1/sealed/password").json["text"], "другой");
    let restored = ctl(&dir.path().join("restored"), &["restore", word(&backup)]);
    let told = String::from_utf8_lossy(&restored.stderr).into_owned();
    assert!(restored.status.success() && told.contains("access data is in no backup"), "{told}");
}
