//! The admin's side of an installed daemon: its socket, restricted keys, the configuration read again, setup.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use andon_tests::daemon::{Daemon, binary, eventually};
use andon_tests::needs::skipped;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn andonctl(args: &[&str]) -> Command {
    let mut command = Command::new(binary("andonctl"));
    command.args(args);
    command
}

fn ended(mut command: Command) -> Output {
    command.output().expect("andonctl can be started")
}

#[test]
fn the_state_directory_leads_to_the_socket_of_an_installed_daemon() {
    let dir = tempfile::tempdir().expect("a directory");
    let (state, run) = (dir.path().join("state"), dir.path().join("run"));
    std::fs::create_dir_all(&run).expect("a directory");
    let name = run.display().to_string();
    let start = || Daemon::start_in(&state, &[], &[("RUNTIME_DIRECTORY", name.as_str())]);
    let daemon = start();
    assert!(run.join("control.sock").exists());
    assert!(daemon.ctl(&["status"]).status.success(), "by --state-dir");
    let socket = run.join("control.sock").display().to_string();
    assert!(ended(andonctl(&["--socket", &socket, "status"])).status.success(), "by --socket");
    // One that was killed leaves both behind, and one without systemd takes the place over.
    daemon.kill();
    let daemon = start();
    assert!(daemon.ctl(&["status"]).status.success(), "after a kill");
    assert_eq!(daemon.stop().code(), Some(0));
    let daemon = Daemon::start(&state, &[]);
    assert!(daemon.ctl(&["status"]).status.success(), "without systemd");
    assert!(std::fs::read_link(state.join("control.sock")).is_err(), "it is the socket itself");
}

#[test]
fn who_is_neither_root_nor_of_the_group_is_told_so() {
    if !rustix::process::geteuid().is_root() {
        return skipped("root", "who may use the control socket is not tried");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &[]);
    let path = binary("andonctl");
    let as_nobody = || {
        let mut command = Command::new(&path);
        command.args(["status", "--state-dir"]).arg(&state).uid(65_534).gid(65_534);
        command.output()
    };
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    for path in [dir.path(), &state] {
        open(path, 0o755);
    }
    let Ok(refused) = as_nobody() else {
        return skipped("a binary that everybody may run", "who may use the control socket is not tried");
    };
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(told.contains("may be opened only by root, the daemon's own user and its group"), "{told}");
    // Somebody has loosened the socket's rights.
    open(&state.join("control.sock"), 0o666);
    let refused = as_nobody().expect("it ran before");
    let told = text(&refused.stderr);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0), "{told}");
    assert!(told.contains("forbidden") && told.contains("andonctl is for root and the group"), "{told}");
    assert!(daemon.ctl(&["status"]).status.success(), "root is served");
}

#[test]
fn a_restricted_key_does_what_it_is_for_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &[]);
    let gate = |asked: &str| {
        let mut command =
            andonctl(&["ssh-gate", "--allow", "status", "--allow", "token list", "--state-dir"]);
        command.arg(&state).env("SSH_ORIGINAL_COMMAND", asked);
        ended(command)
    };
    let told = gate("andonctl status");
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    assert!(text(&told.stdout).contains("version"));
    let told = gate("token list --json");
    assert!(text(&told.stdout).starts_with('['), "{told:?}");
    for asked in [
        "",
        "token add --name x --role admin",
        "status --socket /dev/null",
        "sh",
        "ssh-gate --allow token token list",
    ] {
        let told = gate(asked);
        assert_eq!((told.status.code(), told.stdout.len()), (Some(1), 0), "{asked}: {told:?}");
    }
    assert_eq!(gate("status --nonsense").status.code(), Some(2), "called wrongly");
    let tokens = daemon.ctl(&["token", "list"]);
    assert!(!text(&tokens.stdout).lines().any(|line| line.starts_with("x ")), "{tokens:?}");
}

#[test]
fn a_hangup_has_the_configuration_read_again_and_a_wrong_one_changes_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let (file, log_path) = (dir.path().join("andon.toml"), dir.path().join("log"));
    let write = |text: &str| std::fs::write(&file, text).expect("a file");
    let base = "[limits]\nrequests-per-second-per-address = \"off\"\n";
    write(base);
    let log = File::create(&log_path).expect("a log");
    let path = file.display().to_string();
    let daemon =
        Daemon::try_start(&dir.path().join("state"), &["--config", &path], "-", log).expect("it starts");
    let told = |words: &str| {
        eventually(words, || {
            std::fs::read_to_string(&log_path).expect("a log").contains(words).then_some(())
        });
    };

    write(
        "zone = \"UTC\"\n[board]\nquiet-hours = \"00:00-23:59\"\n[limits]\nrequests-per-second-per-address = 1\nburst-per-address = 1\n",
    );
    daemon.signal("HUP");
    told(
        "was read again, and holds: board.quiet-hours, limits.burst-per-address, limits.requests-per-second-per-address; this holds from a restart on: zone",
    );
    eventually("the new limit", || {
        let answer = daemon.request("GET", "/healthz", None, None, &[]);
        (answer.status == 429).then_some(())
    });

    let drop_ins = dir.path().join("andon.d");
    std::fs::create_dir(&drop_ins).expect("a directory");
    std::fs::write(drop_ins.join("10-x.toml"), "\nlisten = \"nowhere\"\n").expect("a file");
    daemon.signal("HUP");
    told("the old configuration holds, and a restart would fail");
    told("andon.d/10-x.toml:2: listen: invalid socket address");
    std::fs::remove_file(drop_ins.join("10-x.toml")).expect("it is there");
    write(base);
    daemon.signal("HUP");
    told(
        "was read again, and holds: board.quiet-hours, limits.burst-per-address, limits.requests-per-second-per-address\n",
    );
    eventually("no limit any more", || {
        let answers: Vec<_> =
            (0..5).map(|_| daemon.request("GET", "/healthz", None, None, &[]).status).collect();
        (answers == [200; 5]).then_some(())
    });
    assert_eq!(daemon.stop().code(), Some(0));
}

#[test]
fn setup_writes_what_the_daemon_takes_and_tells_the_first_secret_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &[]);
    let (base, file) = (dir.path().join("andon.toml"), dir.path().join("andon.d/50-setup.toml"));
    std::fs::write(&base, "[log]\nlevel = \"debug\"\n").expect("a file");
    let (base, file) = (base.display().to_string(), file.display().to_string());
    let made =
        daemon.ctl(&["setup", "--file", &file, "--regulation", "itsm", "--zone", "UTC", "--admin", "olga"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let secret = text(&made.stdout).trim().to_owned();
    let who = daemon.request("GET", "/v1/whoami", Some(&secret), None, &[]);
    assert_eq!((who.status, &who.json["role"]), (200, &serde_json::json!("admin")));
    assert!(!std::fs::read_to_string(&file).expect("it is written").contains(&secret));
    assert_eq!(std::fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o644);
    assert!(ended(andonctl(&["config", "check", &base])).status.success());

    let again = daemon.ctl(&["setup", "--file", &file]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("--force replaces it"));
    let wrong = daemon.ctl(&["setup", "--file", &file, "--force", "--zone", "Moscow"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("unknown zone `Moscow`"), "{}", text(&wrong.stderr));
    assert!(std::fs::read_to_string(&file).expect("it stays").contains("UTC"));
    assert_eq!(daemon.ctl(&["setup", "--panel", "paper"]).status.code(), Some(2), "called wrongly");
}

#[test]
fn an_answer_bears_the_name_of_its_request() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(dir.path(), &[]);
    let id = |path: &str| daemon.get(path).header("x-request-id").map(str::to_owned).expect("it has one");
    let ids = [id("/v1/whoami"), id("/v1/whoami"), id("/nowhere")];
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
    assert!(ids[0].bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{ids:?}");
}

#[test]
fn a_start_says_what_is_wrong_with_its_configuration_by_78_and_root_leaves_the_books_of_others_alone() {
    let dir = tempfile::tempdir().expect("a directory for tests can be made");
    let (config, state) = (dir.path().join("andon.toml"), dir.path().join("state"));
    let start = |text: &str| {
        std::fs::write(&config, text).expect("it can be written");
        let mut andond = Command::new(binary("andond"));
        andond.arg("--config").arg(&config).arg("--state-dir").arg(&state);
        andond.output().expect("andond runs")
    };
    for wrong in ["zone = \"Nowhere\"", "[tls]\ncertificate = \"none.pem\"\nkey = \"none.pem\"\n"] {
        let ended = start(wrong);
        assert_eq!(ended.status.code(), Some(78), "{}", text(&ended.stderr));
    }
    std::fs::create_dir(&state).expect("it can be made");
    // Whoever may not give it away is not root, who is the one to be refused.
    if std::os::unix::fs::chown(&state, Some(4242), None).is_err() {
        return;
    }
    let ended = start("listen = \"127.0.0.1:0\"\n");
    let told = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{told}");
    assert!(told.contains("belongs to the user 4242") && told.contains("systemctl start andond"), "{told}");
    assert_eq!(std::fs::read_dir(&state).expect("it is there").count(), 0, "nothing is written there");
}
