//! Backups, restores, exports and imports, as an admin calls them.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use andon_tests::daemon::{Daemon, binary, eventually};
use serde_json::{Value, json};

use super::error_that_stops;

/// `andonctl` on a state directory, whoever has it.
fn ctl(state: &Path, args: &[&str]) -> Output {
    let mut call = Command::new(binary("andonctl"));
    call.arg("--state-dir").arg(state).args(args).output().expect("andonctl can be started")
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", err(output));
    String::from_utf8(output.stdout.clone()).expect("it prints text")
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a refused call says.
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", err(output));
    err(output)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a directory");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("a directory").file_name().into_string().expect("names are text")
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

fn word(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

/// A stopped desk with three tickets, a backup of it taken while it ran, and where they are.
fn backed_up() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let (state, file) = (dir.path().join("state"), dir.path().join("desk.tar.gz"));
    let daemon = Daemon::start(&state, &[]);
    for n in 1..=3 {
        assert_eq!(daemon.post("/v1/tickets", &error_that_stops(&format!("Ошибка {n}"))).status, 201);
    }
    assert_eq!(daemon.post("/v1/tickets/2/take", &json!({})).status, 200);
    done(&daemon.ctl(&["backup", word(&file)]));
    assert_eq!(daemon.stop().code(), Some(0));
    (dir, state, file)
}

#[test]
fn everything_acknowledged_before_a_backup_began_is_in_it_though_clients_go_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let (state, file) = (dir.path().join("state"), dir.path().join("desk.tar.gz"));
    let daemon = Arc::new(Daemon::start(&state, &[]));
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged: Arc<Mutex<Vec<(u64, String)>>> = Arc::default();
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (daemon, stop, acknowledged) =
                (Arc::clone(&daemon), Arc::clone(&stop), Arc::clone(&acknowledged));
            std::thread::spawn(move || {
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) {
                    n += 1;
                    let subject = format!("Клиент {client}, обращение {n}");
                    let answer = daemon.post("/v1/tickets", &error_that_stops(&subject));
                    assert_eq!(answer.status, 201);
                    let number = answer.json["number"].as_u64().expect("a ticket has a number");
                    acknowledged.lock().expect("no client panics").push((number, subject));
                }
            })
        })
        .collect();
    let count = || acknowledged.lock().expect("no client panics").len();
    eventually("the first hundred", || (count() >= 100).then_some(()));
    let before = acknowledged.lock().expect("no client panics").clone();
    let told = done(&daemon.ctl(&["--json", "backup", word(&file)]));
    eventually("more, behind the backup", || (count() > before.len() + 20).then_some(()));
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().expect("a client does not panic");
    }
    let told: Value = serde_json::from_str(&told).expect("JSON was asked for");
    let all = count() as u64;
    drop(daemon);

    let restored = dir.path().join("restored");
    done(&ctl(&restored, &["restore", word(&file)]));
    let daemon = Daemon::start(&restored, &[]);
    for (number, subject) in &before {
        assert_eq!(daemon.get(&format!("/v1/tickets/{number}")).json["subject"], *subject, "ticket {number}");
    }
    let next = daemon.post("/v1/tickets", &error_that_stops("Следующая")).json["number"].as_u64();
    assert_eq!(next, told["tickets"].as_u64().map(|tickets| tickets + 1));
    assert!(next.is_some_and(|next| next > before.len() as u64 && next <= all), "{next:?} of {all}");
}

#[test]
fn a_restored_desk_is_the_one_that_was_backed_up_to_the_byte_and_its_tokens_let_in() {
    let (dir, state, file) = backed_up();
    let token = std::fs::read_to_string(state.join("first-token")).expect("the first token is kept");
    let restored = dir.path().join("restored");
    let told = err(&ctl(&restored, &["restore", word(&file)]));
    assert!(told.contains(" 3 tickets, as they were at 20"), "{told}");
    assert_eq!(names(&restored), ["format", "ledger", "lock", "regulations"]);
    assert_eq!(done(&ctl(&restored, &["export"])), done(&ctl(&state, &["export"])));
    let daemon = Daemon::start(&restored, &[]);
    let answer = daemon.request("GET", "/v1/tickets/2", Some(token.trim()), None, &[]);
    assert_eq!((answer.status, &answer.json["assignee"]), (200, &json!("first-agent")));
}

#[test]
fn a_backup_is_its_owners_alone_and_replaces_nothing_unless_that_is_meant() {
    let (dir, state, file) = backed_up();
    let mode = std::fs::metadata(&file).expect("the backup is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(names(dir.path()), ["desk.tar.gz", "state"], "nothing lies beside it");
    let before = std::fs::read(&file).expect("the backup is there");
    assert!(refused(&ctl(&state, &["backup", word(&file)])).contains("--force replaces it"));
    assert_eq!(std::fs::read(&file).expect("the backup is there"), before);
    // Nobody runs: the books are read where they lie.
    done(&ctl(&state, &["backup", "--force", word(&file)]));
    done(&ctl(&state, &["restore", "--dry-run", "--replace", word(&file)]));
    let streamed = ctl(&state, &["backup", "-"]);
    assert!(streamed.status.success() && streamed.stdout.starts_with(&[0x1f, 0x8b]));
    let missing = refused(&ctl(&dir.path().join("none"), &["backup", word(&dir.path().join("x"))]));
    assert!(missing.contains("no daemon at "), "{missing}");
    assert_eq!(names(dir.path()), ["desk.tar.gz", "state"]);
}

#[test]
fn a_directory_of_backups_keeps_the_newest() {
    let (dir, state, _) = backed_up();
    let backups = dir.path().join("backups");
    std::fs::create_dir(&backups).expect("a test's directory can be written");
    for old in ["andon-2020-01-01.tar.gz", "andon-2020-01-02.tar.gz", "other.tar.gz"] {
        std::fs::write(backups.join(old), "").expect("a test's directory can be written");
    }
    done(&ctl(&state, &["backup", "--keep", "2", word(&backups)]));
    let kept = names(&backups);
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!((kept[0].as_str(), kept[2].as_str()), ("andon-2020-01-02.tar.gz", "other.tar.gz"));
    done(&ctl(&state, &["restore", "--dry-run", "--replace", word(&backups.join(&kept[1]))]));
    let wrong = ctl(&state, &["backup", "--keep", "2", word(&backups.join("none"))]);
    assert_eq!(wrong.status.code(), Some(2), "{}", err(&wrong));
}

#[test]
fn a_dry_run_says_what_is_in_it_and_changes_nothing() {
    let (dir, state, file) = backed_up();
    let fresh = dir.path().join("fresh");
    let told: Value =
        serde_json::from_str(&done(&ctl(&fresh, &["--json", "restore", "--dry-run", word(&file)])))
            .expect("JSON was asked for");
    assert_eq!(
        (&told["tickets"], &told["would_restore"], &told["format"]),
        (&json!(3), &json!(true), &json!(1))
    );
    assert_eq!(told["members"][0]["name"], "ledger/0000000000000001.ledger");
    assert_eq!(names(dir.path()), ["desk.tar.gz", "state"]);
    let before = done(&ctl(&state, &["export"]));
    let files = names(&state);
    assert!(refused(&ctl(&state, &["restore", "--dry-run", word(&file)])).contains("holds a desk already"));
    done(&ctl(&state, &["restore", "--dry-run", "--replace", word(&file)]));
    assert_eq!(names(&state), files);
    assert_eq!(done(&ctl(&state, &["export"])), before);
}

#[test]
fn a_running_desk_is_not_restored_over_and_its_process_is_named() {
    let (dir, state, file) = backed_up();
    let daemon = Daemon::start(&state, &[]);
    let busy = format!("in use by process {}", daemon.pid());
    for args in [
        &["restore", "--replace", word(&file)][..],
        &["restore", "--dry-run", "--replace", word(&file)],
        &["import", word(&file)],
    ] {
        let told = refused(&daemon.ctl(args));
        assert!(told.contains(&busy) || args[0] == "import", "{told}");
    }
    let lines = dir.path().join("lines.jsonl");
    done(&daemon.ctl(&["export", word(&lines)]));
    assert!(refused(&daemon.ctl(&["import", word(&lines)])).contains(&busy));
    assert_eq!(daemon.get("/v1/tickets/3").status, 200);
}

#[test]
fn a_desk_that_is_replaced_is_set_aside_whole() {
    let (_dir, state, file) = backed_up();
    let daemon = Daemon::start(&state, &[]);
    assert_eq!(daemon.post("/v1/tickets", &error_that_stops("После")).json["number"], 4);
    daemon.stop();
    let newer = done(&ctl(&state, &["export"]));
    assert!(refused(&ctl(&state, &["restore", word(&file)])).contains("--replace sets that aside as "));
    assert_eq!(done(&ctl(&state, &["export"])), newer);
    done(&ctl(&state, &["restore", "--replace", word(&file)]));
    assert_eq!(done(&ctl(&state.join("before-restore-1"), &["export"])), newer);
    let daemon = Daemon::start(&state, &[]);
    assert_eq!(daemon.get("/v1/tickets/4").status, 404);
    assert_eq!(daemon.get("/v1/tickets/3").status, 200);
}

#[test]
fn a_bit_flipped_at_random_is_found_and_nothing_is_touched() {
    let (dir, state, file) = backed_up();
    let good = std::fs::read(&file).expect("the backup is there");
    let bad = dir.path().join("bad.tar.gz");
    let before = names(&state);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..40 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(random >> 20).expect("64 bits") % good.len();
        let mut flipped = good.clone();
        flipped[at] ^= 1 << (random >> 8 & 7);
        std::fs::write(&bad, &flipped).expect("a test's directory can be written");
        let told = refused(&ctl(&state, &["restore", "--replace", word(&bad)]));
        assert!(told.contains("is damaged or") || told.contains("is no backup"), "byte {at}: {told}");
    }
    std::fs::write(&bad, &good[..good.len() / 2]).expect("a test's directory can be written");
    assert!(refused(&ctl(&state, &["restore", "--replace", word(&bad)])).contains("its end is cut off"));
    assert_eq!(names(&state), before);
}

#[test]
fn a_newer_versions_directory_is_left_alone_with_both_numbers_and_the_way_out() {
    let (_dir, state, file) = backed_up();
    let newer = "{\"format\":2,\"program\":\"9.9.9\",\"migrated_at\":null}\n";
    std::fs::write(state.join("format"), newer).expect("a test's directory can be written");
    let daemon = Command::new(binary("andond"))
        .args(["--listen", "127.0.0.1:0", "--state-dir", word(&state)])
        .output()
        .expect("andond can be started");
    for told in [refused(&daemon), refused(&ctl(&state, &["export"]))] {
        for part in ["has format 2", "up to format 1", "install andond 9.9.9 or newer", "restore a backup"] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
    assert_eq!(std::fs::read_to_string(state.join("format")).expect("it is there"), newer);
    // The way out works.
    done(&ctl(&state, &["restore", "--replace", word(&file)]));
    assert_eq!(Daemon::start(&state, &[]).get("/v1/tickets/3").status, 200);
}

#[test]
fn exported_and_imported_it_is_the_same_desk_and_exports_to_the_same_bytes() {
    let dir = tempfile::tempdir().expect("a directory");
    let (state, lines) = (dir.path().join("state"), dir.path().join("lines.jsonl"));
    let daemon = Daemon::start(&state, &[]);
    for n in 1..=3 {
        daemon.post("/v1/tickets", &error_that_stops(&format!("Ошибка\n«{n}»")));
    }
    daemon.post("/v1/tickets/1/resolve", &json!({"text": "Обновите"}));
    done(&daemon.ctl(&["export", word(&lines)]));
    let online = std::fs::read_to_string(&lines).expect("an export is text");
    assert_eq!(done(&daemon.ctl(&["export"])), online);
    let ticket = daemon.get("/v1/tickets/1").json;
    daemon.stop();
    let imported = dir.path().join("imported");
    done(&ctl(&imported, &["import", word(&lines)]));
    assert_eq!(done(&ctl(&imported, &["export"])), online);
    let daemon = Daemon::start(&imported, &[]);
    let again = daemon.get("/v1/tickets/1").json;
    for field in ["status", "revision", "registered_at", "subject", "requester"] {
        assert_eq!(again[field], ticket[field], "{field}");
    }
}

#[test]
fn all_of_the_desk_at_once_is_had_over_the_admins_socket_only() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(dir.path(), &[]);
    let secret = done(&daemon.ctl(&["token", "add", "--name", "boss", "--role", "admin"]));
    for path in ["/v1/backup", "/v1/export"] {
        let answer = daemon.request("GET", path, Some(secret.trim()), None, &[]);
        assert_eq!(answer.status, 404, "{path}");
    }
    assert!(done(&daemon.ctl(&["export"])).starts_with("{\"andon\":\"export\","));
}
