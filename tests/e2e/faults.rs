//! What cannot be is told by name, with the way out, and ends with the right code.

use std::process::{Command, Output};

use andon_tests::daemon::{Daemon, binary};

/// An `andond` that is expected to end by itself.
fn andond(args: &[&str]) -> Output {
    Command::new(binary("andond")).args(args).output().expect("andond can be started")
}

/// What it says that ended with this code.
fn complaint(code: i32, output: &Output) -> String {
    assert_eq!(output.status.code(), Some(code));
    String::from_utf8(output.stderr.clone()).expect("messages are text")
}

#[test]
fn a_second_daemon_on_the_same_state_is_told_the_first_ones_pid() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = Daemon::start(dir.path(), &[]);
    let state = dir.path().display().to_string();
    let told = complaint(1, &andond(&["--state-dir", &state, "--listen", "127.0.0.1:0"]));
    assert!(told.contains(&first.pid().to_string()) && told.contains(&state), "{told}");
    assert_eq!(first.get("/v1/whoami").status, 200, "the first goes on");
}

#[test]
fn a_port_in_use_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let state = dir.path().display().to_string();
    let told = complaint(1, &andond(&["--state-dir", &state, "--listen", &address]));
    assert!(told.contains(&address) && told.contains("--listen"), "{told}");
}

#[test]
fn a_state_directory_that_cannot_be_one_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    std::fs::write(&file, "not a directory").expect("a file");
    let state = file.join("state").display().to_string();
    let told = complaint(1, &andond(&["--state-dir", &state, "--listen", "127.0.0.1:0"]));
    assert!(told.contains("file"), "{told}");
}

#[test]
fn a_state_directory_with_too_long_a_path_for_a_socket_is_told_so() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("s".repeat(100)).display().to_string();
    let told = complaint(1, &andond(&["--state-dir", &state, "--listen", "127.0.0.1:0"]));
    assert!(told.contains("control.sock") && told.contains("a shorter path"), "{told}");
}

#[test]
fn a_bad_key_and_a_bad_regulation_are_told_by_file_and_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = dir.path().join("andon.toml");
    std::fs::write(&config, "listen = \"127.0.0.1:0\"\nregulation = [\"getmark\"]\n").expect("a file");
    let told = complaint(78, &andond(&["--config", &config.display().to_string()]));
    assert!(told.contains("andon.toml:2: regulation: unknown field"), "{told}");
    assert!(told.contains("did you mean `regulations`?"), "{told}");

    let regulation = dir.path().join("broken.toml");
    let broken = include_str!("hasty.toml").replace("moves = [\"work\"]", "moves = [\"worx\"]");
    let line = broken.lines().position(|line| line.contains("worx")).expect("it was replaced") + 1;
    std::fs::write(&regulation, broken).expect("a file");
    let state = dir.path().join("state").display().to_string();
    let name = regulation.display().to_string();
    let told =
        complaint(78, &andond(&["--state-dir", &state, "--listen", "127.0.0.1:0", "--regulation", &name]));
    assert!(told.contains(&format!("broken.toml:{line}: status.moves: unknown status `worx`")), "{told}");
    assert!(told.contains("did you mean `work`? one of new, work, closed"), "{told}");
    let told = complaint(78, &andond(&["--state-dir", &state, "--regulation", "getmrk"]));
    assert!(told.contains("unknown regulation `getmrk`"), "{told}");
    assert!(told.contains("getmark, ") && told.contains(", itsm"), "those that ship are named: {told}");
}
