//! The wall's parts: their test, and the doctor, with the real binaries.

use andon_tests::daemon::{Daemon, eventually};
use firmware_board::{Frame, Language, test_card};
use serde_json::{Value, json};

use super::hasty_regulation;

/// The pixels of the first panel.
fn picture(daemon: &Daemon) -> Vec<u8> {
    let png = daemon.request("GET", "/board.png", None, None, &[]).bytes;
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a picture of 480x320 fits")];
    reader.next_frame(&mut pixels).expect("a PNG");
    pixels
}

fn card() -> Vec<u8> {
    let mut frame = Frame::new(480, 320);
    test_card("simulated", Language::Russian, &mut frame);
    frame.rgb888()
}

/// What `andonctl --json board test` printed.
fn steps(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("JSON, and not {output:?}"))
}

#[test]
fn a_test_shows_every_panel_its_card_and_the_desk_comes_back_by_itself() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    let card = card();
    std::thread::scope(|scope| {
        let test = scope.spawn(|| daemon.ctl(&["--json", "board", "test"]));
        eventually("the card", || (picture(&daemon) == card).then_some(()));
        let output = test.join().expect("andonctl ends");
        assert_eq!(steps(&output), json!([{"step": "cards", "ending": "done", "seen": null}]));
        assert!(output.status.success());
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(talk.contains("simulated (simulated, 480x320)"), "{talk}");
    });
    eventually("the desk on the wall", || (picture(&daemon) != card).then_some(()));
}

#[test]
fn a_client_that_dies_leaves_the_wall_to_the_desk() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &[]);
    let card = card();
    let mut client = std::process::Command::new(andon_tests::daemon::binary("andonctl"))
        .args(["--state-dir", &state.display().to_string(), "board", "test"])
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("andonctl can be started");
    eventually("the card", || (picture(&daemon) == card).then_some(()));
    client.kill().expect("a child can be killed");
    client.wait().expect("a child ends");
    eventually("the desk on the wall", || (picture(&daemon) != card).then_some(()));
}

#[test]
fn an_alarm_comes_before_a_test() {
    let dir = tempfile::tempdir().expect("a directory");
    let regulation = hasty_regulation(dir.path());
    let daemon = Daemon::start(&dir.path().join("state"), &["--regulation", regulation.as_str()]);
    daemon.post(
        "/v1/tickets",
        &json!({"channel": "email", "type": "error", "subject": "Касса не печатает чек"}),
    );
    eventually("the breach on the wall", || {
        (daemon.get("/v1/board").json["signals"]["red"] == "fast").then_some(())
    });
    let output = daemon.ctl(&["--json", "board", "test"]);
    assert_eq!(steps(&output), json!([{"step": "cards", "ending": "alarm", "seen": null}]));
    assert_eq!(output.status.code(), Some(1));
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(talk.contains("an alarm calls"), "{talk}");
    assert_ne!(picture(&daemon), card());
}

#[test]
fn the_doctor_finds_the_daemon_and_says_what_a_panel_lacks() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().join("root");
    std::fs::create_dir_all(root.join("etc/andon")).expect("a directory");
    std::fs::write(root.join("etc/andon/andon.toml"), "[[board.panel]]\nkind = \"st7796\"\n")
        .expect("a file");
    let root = root.display().to_string();
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    let output = daemon.ctl(&["--json", "doctor", "--root", &root]);
    assert_eq!(output.status.code(), Some(1), "there is no bus");
    let findings = steps(&output);
    let of = |about: &str| {
        let findings = findings.as_array().expect("a list");
        findings.iter().find(|finding| finding["about"] == about).cloned().unwrap_or_default()
    };
    assert_eq!(of("daemon")["severity"], "fine", "{findings}");
    assert_eq!(of("spi")["severity"], "wrong", "{findings}");
    let mend = of("spi")["mend"].as_str().unwrap_or_default().to_owned();
    assert!(mend.contains("dtparam=spi=on"), "{mend}");

    assert_eq!(daemon.stop().code(), Some(0));
    let output = std::process::Command::new(andon_tests::daemon::binary("andonctl"))
        .args(["--state-dir", &dir.path().join("state").display().to_string(), "doctor", "--root", &root])
        .output()
        .expect("andonctl can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("no daemon at") && said.contains("sudo systemctl start andond"), "{said}");
}
