//! `andonctl board watch`: the wall in a terminal, as over SSH.

use std::path::Path;
use std::process::{Command, Stdio};

use andon_tests::daemon::{Daemon, binary, eventually};
use andon_tests::terminal::{Terminal, ends_by_signals};
use serde_json::{Value, json};

use super::hasty_regulation;

fn watch(state: &Path) -> Command {
    let mut command = Command::new(binary("andonctl"));
    command.args(["board", "watch"]).arg("--state-dir").arg(state);
    command.env_remove("NO_COLOR").env("COLORTERM", "truecolor");
    command
}

fn png(daemon: &Daemon) -> Vec<u8> {
    let bytes = daemon.request("GET", "/board.png", None, None, &[]).bytes;
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
    reader.next_frame(&mut pixels).expect("a PNG");
    pixels
}

/// The green of all is well, as a panel has it.
fn is_green(pixel: Option<[u8; 3]>) -> bool {
    pixel.is_some_and(|[red, green, blue]| green > 90 && red < 40 && blue < 80)
}

#[test]
fn a_terminal_shows_the_panel_s_pixels_follows_its_size_and_its_daemon_and_is_left_clean() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &[]);
    let mut terminal = Terminal::new(480, 160);
    let before = terminal.settings();
    let mut child = terminal.run(&mut watch(&state));

    // The wall of a daemon that has just started may still say so.
    eventually("all is well", || is_green(terminal.pixel(479, 2)).then_some(()));
    // Between two ticks the picture, the terminal and the picture again are of one second; else they are asked again.
    eventually("the panel's picture in the terminal", || {
        let first = png(&daemon);
        (terminal.picture(480, 320)? == first && png(&daemon) == first).then_some(())
    });
    assert!(!terminal.is_clean(), "it draws on a screen of its own");
    let (whole, shown) = (terminal.bytes(), png(&daemon));
    eventually("another second", || (png(&daemon) != shown).then_some(()));
    eventually("the tick in the terminal", || (terminal.picture(480, 320)? == png(&daemon)).then_some(()));
    let tick = terminal.bytes() - whole;
    assert!(tick * 10 < whole, "a tick sends what changed: {tick} bytes after {whole}");

    terminal.resize(500, 140);
    eventually("the picture of another size", || is_green(terminal.pixel(499, 2)).then_some(()));

    assert_eq!(daemon.stop().code(), Some(0));
    // Neither a stopped wall nor an old picture has a green corner.
    eventually("the wall is no longer live", || (!is_green(terminal.pixel(499, 2))).then_some(()));
    let daemon = Daemon::start_again(&state, &[]);
    eventually("the wall is live again", || is_green(terminal.pixel(499, 2)).then_some(()));

    terminal.press(b"q");
    terminal.assert_left(&mut child, &before, "q");
    drop(daemon);
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_left_clean() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let _daemon = Daemon::start(&state, &[]);
    ends_by_signals(&mut watch(&state), (480, 160), |terminal| terminal.pixel(0, 0).is_some());
}

#[test]
fn a_terminal_that_is_too_small_for_a_picture_is_told_the_wall_in_lines() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    let mut terminal = Terminal::new(30, 5);
    let mut child = terminal.run(&mut watch(&dir.path().join("state")));
    eventually("the wall in words", || terminal.text().contains("ВСЁ В ПОРЯДКЕ").then_some(()));
    terminal.press(&[3]);
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "Ctrl-C ends it");
    drop(daemon);
}

#[test]
fn where_nobody_looks_it_tells_the_wall_once_or_each_scene_as_json() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &["--regulation", &hasty_regulation(dir.path())]);
    let told = |args: &[&str]| {
        let output = daemon.ctl(args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    // The wall of a daemon that has just started may still say so.
    eventually("all is well, in words", || {
        told(&["board", "watch"]).starts_with("ВСЁ В ПОРЯДКЕ\n").then_some(())
    });

    let body =
        json!({"channel": "email", "type": "error", "priority": "critical", "subject": "Касса не печатает"});
    assert_eq!(daemon.post("/v1/tickets", &body).status, 201);
    eventually("the critical ticket in words", || {
        let lines = told(&["board", "watch"]);
        (lines.starts_with("КРИТИЧНО 1") && lines.contains("№1 Касса не печатает")).then_some(())
    });

    let mut child = watch(&state).arg("--json").stdout(Stdio::piped()).spawn().expect("it can be started");
    let mut lines =
        std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("it is piped")));
    let mut next = || -> Value {
        let line = lines.next().expect("it goes on").expect("text");
        serde_json::from_str(&line).expect("each line is a scene")
    };
    assert_eq!((&next()["level"], &next()["link"]), (&json!("critical"), &json!("live")));
    daemon.kill();
    while next()["link"]["stale"]["since_s"] != json!(6) {}
    drop(lines);
    // Who reads no more ends it, as `head` does.
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_daemon_that_is_not_there_is_told_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let output = watch(&dir.path().join("nowhere")).output().expect("it can be started");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no daemon at"));
}
