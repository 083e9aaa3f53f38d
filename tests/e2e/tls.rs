//! TLS as an admin has it: refused where it is wrong, renewed while the desk runs.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

use andon_tests::daemon::{Daemon, binary, eventually};
use andon_tests::tls::{Pair, get};

fn run(program: &str, args: &[&str]) -> Output {
    Command::new(binary(program)).args(args).output().expect("it can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A configuration file; where it is.
fn config(dir: &Path, text: &str) -> String {
    let path = dir.join("andon.toml");
    std::fs::write(&path, text).expect("a test's directory can be written");
    path.display().to_string()
}

#[test]
fn plain_http_on_the_network_is_refused_with_the_way_out_and_told_where_it_is_wanted() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state").display().to_string();
    let refused = run("andond", &["--state-dir", &state, "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(78));
    let told = text(&refused.stderr);
    assert!(told.contains("without TLS") && told.contains("insecure-lan = true"), "{told}");
    assert!(!Path::new(&state).exists(), "nothing was touched");

    let wanted = config(dir.path(), "listen = \"0.0.0.0:0\"\ninsecure-lan = true\n");
    let log = dir.path().join("log");
    let file = File::create(&log).expect("a log");
    let args = ["--config", &wanted, "--listen", "0.0.0.0:0"];
    let daemon = Daemon::try_start(Path::new(&state), &args, "-", file).expect("it starts");
    eventually("the warning", || {
        let told = std::fs::read_to_string(&log).expect("a log");
        told.contains("insecure-lan: the desk speaks plain HTTP on 0.0.0.0:0").then_some(())
    });
    let checked = daemon.ctl(&["config", "check", &wanted]);
    assert!(checked.status.success() && text(&checked.stderr).contains("insecure-lan"), "{checked:?}");
}

#[test]
fn config_check_tells_what_is_wrong_with_a_certificate() {
    let dir = tempfile::tempdir().expect("a directory");
    let pair = Pair::write(dir.path(), 2999);
    let file = config(dir.path(), &pair.config());
    let check = || {
        let out = run("andonctl", &["config", "check", &file]);
        (out.status.code(), text(&out.stderr))
    };
    assert_eq!(check(), (Some(0), String::new()));
    let first_key = std::fs::read(&pair.key).expect("it is there");
    Pair::write(dir.path(), 2021);
    let (code, told) = check();
    assert!(code == Some(1) && told.contains("the certificate ended at 2021-01-01T00:00:00"), "{told}");
    std::fs::write(&pair.key, first_key).expect("a file");
    let (code, told) = check();
    assert!(code == Some(1) && told.contains("key.pem does not fit the certificate"), "{told}");
    std::fs::write(&pair.certificate, "rubbish").expect("a file");
    let (code, told) = check();
    assert!(
        code == Some(1) && told.contains("certificate.pem has no certificate: it is to be PEM"),
        "{told}"
    );
    std::fs::remove_file(&pair.certificate).expect("it is there");
    let (code, told) = check();
    assert!(code == Some(1) && told.contains("cannot read ") && told.contains("No such file"), "{told}");
    let state = dir.path().join("state").display().to_string();
    let started = run("andond", &["--config", &file, "--state-dir", &state, "--listen", "127.0.0.1:0"]);
    assert!(
        started.status.code() == Some(78) && text(&started.stderr).contains("[tls]: cannot read "),
        "{started:?}"
    );
}

#[test]
fn a_certificate_is_renewed_by_a_hangup_and_a_bad_one_keeps_the_old() {
    let dir = tempfile::tempdir().expect("a directory");
    let pair = Pair::write(dir.path(), 2999);
    let file = config(dir.path(), &pair.config());
    let log_path = dir.path().join("log");
    let log = File::create(&log_path).expect("a log");
    let state = dir.path().join("state");
    let daemon = Daemon::try_start(&state, &["--config", &file], "-", log).expect("it starts");
    assert!(daemon.base().starts_with("https://127.0.0.1:"), "{}", daemon.base());
    let health = |certificate: &Path| get(daemon.address(), certificate, "/healthz");
    let told = |words: &str| {
        eventually(words, || {
            std::fs::read_to_string(&log_path).expect("a log").contains(words).then_some(())
        });
    };
    assert!(health(&pair.certificate).expect("it is trusted").starts_with("HTTP/1.1 200 "));
    let old = dir.path().join("old.pem");
    std::fs::copy(&pair.certificate, &old).expect("a copy");

    std::fs::write(&pair.key, "half a ke").expect("a file");
    daemon.signal("HUP");
    told("SIGHUP: the old certificate stays in use: ");
    health(&old).expect("the old one is in use");
    Pair::write(dir.path(), 2999);
    daemon.signal("HUP");
    told("SIGHUP: handshakes use the certificate as it is now; ");
    health(&pair.certificate).expect("the new one is in use");
    health(&old).expect_err("the old one is not");
    // One that has ended does not keep the desk from its work, and is told.
    Pair::write(dir.path(), 2021);
    daemon.signal("HUP");
    told("the certificate ended at 2021-01-01");
    assert!(daemon.ctl(&["status"]).status.success());
    assert_eq!(daemon.stop().code(), Some(0));
}

#[test]
fn a_hangup_does_no_harm_where_there_is_no_certificate() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut daemon = Daemon::start(dir.path(), &[]);
    daemon.signal("HUP");
    assert_eq!(daemon.get("/v1/whoami").status, 200);
    assert!(daemon.is_running());
}
