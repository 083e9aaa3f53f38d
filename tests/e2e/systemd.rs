//! What systemd is told: ready, alive, stopping; and what it says to the units.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use andon_tests::Daemon;
use andon_tests::daemon::binary;
use andon_tests::needs::skipped;

#[test]
fn systemd_is_told_that_the_desk_is_ready_alive_and_stopping() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket has time-outs");
    let name = path.display().to_string();
    let env = [("NOTIFY_SOCKET", name.as_str()), ("WATCHDOG_USEC", "200000")];
    let daemon = Daemon::start_in(&dir.path().join("state"), &[], &env);
    let heard = |what: &str| {
        let mut buffer = [0_u8; 256];
        loop {
            let read = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {what}: {error}"));
            if String::from_utf8_lossy(&buffer[..read]).lines().any(|line| line == what) {
                return;
            }
        }
    };
    heard("READY=1");
    heard("WATCHDOG=1");
    heard("WATCHDOG=1");
    assert_eq!(daemon.stop().code(), Some(0));
    heard("STOPPING=1");
}

#[test]
fn systemd_finds_nothing_to_say_to_the_units() {
    let dir = tempfile::tempdir().expect("a directory");
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../systemd");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(units).expect("the units are there") {
        let from = entry.expect("the units are there").path();
        let is_unit = from.extension().is_some_and(|ending| ending == "service" || ending == "timer");
        if !is_unit {
            continue;
        }
        let mut text = std::fs::read_to_string(&from).expect("a unit is text");
        assert!(text.contains("[Unit]\nDescription="), "{}", from.display());
        // They name the installed programs and users, which a machine that tests does not have.
        for name in ["andond", "andonctl"] {
            text = text.replace(&format!("/usr/bin/{name}"), &binary(name).display().to_string());
        }
        let to = dir.path().join(from.file_name().expect("it has a name"));
        std::fs::write(&to, text).expect("a test's directory can be written");
        paths.push(to);
    }
    assert!(paths.len() >= 3, "{paths:?}");
    let verify = Command::new("systemd-analyze").arg("verify").args(["--man=no"]).args(&paths).output();
    match verify {
        Ok(said) => {
            let told = String::from_utf8_lossy(&said.stderr);
            let ours: Vec<_> = told.lines().filter(|line| line.contains("andon")).collect();
            assert!(said.status.success() && ours.is_empty(), "{told}");
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skipped("systemd-analyze", "the units are not verified");
        }
        Err(error) => panic!("systemd-analyze: {error}"),
    }
}

#[test]
fn the_journal_takes_in_the_catalog_of_messages() {
    let dir = tempfile::tempdir().expect("a directory");
    let catalog = dir.path().join("usr/lib/systemd/catalog");
    std::fs::create_dir_all(&catalog).expect("a directory");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../systemd/andon.catalog");
    std::fs::copy(&ours, catalog.join("andon.catalog")).expect("the catalog is there");
    let root = format!("--root={}", dir.path().display());
    let journalctl = |what: &str| Command::new("journalctl").args([root.as_str(), what]).output();
    let taken = match journalctl("--update-catalog") {
        Ok(taken) => taken,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return skipped("journalctl", "the catalog of messages is not taken in");
        }
        Err(error) => panic!("journalctl: {error}"),
    };
    let told = String::from_utf8_lossy(&taken.stderr);
    assert!(taken.status.success() && told.is_empty(), "{told}");
    let listed = journalctl("--list-catalog").expect("it ran before").stdout;
    let entries = std::fs::read_to_string(&ours).expect("text");
    let entries = entries.lines().filter(|line| line.starts_with("-- ")).count();
    assert_eq!(String::from_utf8_lossy(&listed).lines().count(), entries);
}
