//! Lamps, buzzer and button of the real binary: what was silenced stays so, and what it leaves behind when it is gone.

use std::path::{Path, PathBuf};

use andon_tests::daemon::{Daemon, binary, eventually};
use serde_json::{Value, json};

use super::hasty_regulation;

/// A daemon's directory: its state, its trace and its button.
struct Room {
    dir: tempfile::TempDir,
    regulation: String,
    runs: u32,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let regulation = hasty_regulation(dir.path());
        let room = Self { dir, regulation, runs: 0 };
        room.press(false);
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn trace_path(&self) -> PathBuf {
        self.path(&format!("trace-{}.jsonl", self.runs))
    }

    /// Starts a daemon with a trace of its own.
    fn start(&mut self) -> Daemon {
        self.runs += 1;
        let (trace, button) =
            (self.trace_path().display().to_string(), self.path("button").display().to_string());
        let args = ["--regulation", &self.regulation, "--board-trace", &trace, "--board-button", &button];
        Daemon::start(&self.path("state"), &args)
    }

    fn press(&self, is_down: bool) {
        std::fs::write(self.path("button"), if is_down { "1" } else { "0" }).expect("a file");
    }

    /// The changes of a pin in the newest trace, from the first.
    fn pin(&self, pin: &str) -> Vec<bool> {
        pins(&self.trace_path()).into_iter().filter(|(name, _)| name == pin).map(|(_, level)| level).collect()
    }
}

/// Each pin that was set, and its level.
fn pins(trace: &Path) -> Vec<(String, bool)> {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    // The last line may be half written.
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| Some((line["pin"].as_str()?.to_owned(), line["level"] == 1))).collect()
}

fn register(daemon: &Daemon, priority: &str) -> u64 {
    let body = json!({"channel": "email", "type": "error", "subject": "Касса", "priority": priority});
    let answer = daemon.post("/v1/tickets", &body);
    answer.json["number"].as_u64().unwrap_or_else(|| panic!("it is registered: {}", answer.json))
}

fn board_with(daemon: &Daemon, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(what, || {
        let board = daemon.get("/v1/board").json;
        is(&board).then_some(board)
    })
}

#[test]
fn what_was_taken_or_silenced_stays_silent_after_the_daemon_was_killed_and_a_new_cause_sounds() {
    let mut room = Room::new();
    let daemon = room.start();
    register(&daemon, "normal");
    board_with(&daemon, "the breach", |board| board["signals"]["buzzer"] == "breach");
    eventually("the buzzer", || room.pin("buzzer").contains(&true).then_some(()));
    assert_eq!(daemon.post("/v1/board/silence", &json!({})).json, json!({"changed": true}));
    let silenced = daemon.get("/v1/board").json;
    assert_eq!(
        (&silenced["signals"]["red"], &silenced["signals"]["buzzer"]),
        (&json!("fast"), &json!("off"))
    );
    assert_eq!(silenced["alarms"][0]["state"], "unacked", "silence takes nothing");
    assert_eq!(daemon.post("/v1/board/silence", &json!({})).json, json!({"changed": false}));
    daemon.kill();

    let daemon = room.start();
    eventually("the red lamp flashes", || (room.pin("red").len() > 6).then_some(()));
    assert!(!room.pin("buzzer").contains(&true), "it was silenced, and a restart is no cause");
    let id = silenced["alarms"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(daemon.post(&format!("/v1/alarms/{id}/ack"), &json!({})).status, 200);
    daemon.kill();

    let daemon = room.start();
    board_with(&daemon, "the desk", |board| board["signals"]["red"] == "on");
    eventually("the red lamp is lit", || room.pin("red").contains(&true).then_some(()));
    assert!(!room.pin("buzzer").contains(&true), "it was taken");
    register(&daemon, "critical");
    eventually("a new cause sounds", || room.pin("buzzer").contains(&true).then_some(()));
}

#[test]
fn the_button_silences_what_sounds_and_takes_what_is_shown_and_a_hold_mutes() {
    let mut room = Room::new();
    let daemon = room.start();
    register(&daemon, "critical");
    board_with(&daemon, "the breach", |board| board["counts"]["breached"] == 1);
    eventually("the buzzer", || room.pin("buzzer").contains(&true).then_some(()));
    // Each press acts when it is let go; the first may come before the page is drawn, and then silences only.
    for _ in 0..2 {
        let alarms = |board: &Value| board["alarms"].as_array().cloned().unwrap_or_default();
        let is_taken = |alarm: &Value| alarm["acked_by"] == "button" && alarm["state"] == "acked";
        let before = daemon.get("/v1/board").json;
        if alarms(&before).iter().all(is_taken) {
            break;
        }
        room.press(true);
        std::thread::sleep(std::time::Duration::from_millis(500));
        room.press(false);
        board_with(&daemon, "a press is seen", |board| {
            let was_loud = before["signals"]["buzzer"] != "off";
            (was_loud && board["signals"]["buzzer"] == "off") || alarms(board).iter().all(is_taken)
        });
    }
    let taken = daemon.get("/v1/board").json;
    assert_eq!((&taken["signals"]["red"], &taken["signals"]["buzzer"]), (&json!("on"), &json!("off")));
    assert_eq!(taken["alarms"][0]["acked_by"], "button");
    assert_eq!(taken["alarms"].as_array().map(Vec::len), Some(2), "the critical one and its breach");

    assert_eq!(taken["muted_until"], Value::Null);
    room.press(true);
    board_with(&daemon, "a hold mutes", |board| board["muted_until"].is_string());
    room.press(false);
    register(&daemon, "critical");
    let muted = board_with(&daemon, "a new cause", |board| board["signals"]["red"] == "fast");
    assert_eq!(muted["signals"]["buzzer"], "off", "it is muted, and flashes");
    // A button that was let go for less than it takes to be seen is still held.
    std::thread::sleep(std::time::Duration::from_secs(1));
    room.press(true);
    board_with(&daemon, "a hold ends the mute", |board| board["muted_until"].is_null());
    room.press(false);
}

#[test]
fn what_a_daemon_leaves_behind_is_amber_and_silent_however_it_ended() {
    let mut room = Room::new();
    let daemon = room.start();
    register(&daemon, "critical");
    board_with(&daemon, "the critical one", |board| board["signals"]["buzzer"] == "critical");
    let left = |trace: &Path| {
        let pins = pins(trace);
        ["red", "amber", "green", "buzzer"]
            .map(|pin| pins.iter().rev().find(|(name, _)| name == pin).is_some_and(|(_, level)| *level))
    };
    let state = room.path("state");
    let safe = |trace: &Path| {
        let mut call = std::process::Command::new(binary("andonctl"));
        call.arg("--state-dir").arg(&state).args(["board", "safe", "--board-trace"]).arg(trace);
        call.output().expect("andonctl can be started")
    };
    let trace = room.path("safe.jsonl");
    let refused = safe(&trace);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("is in use by"), "{said}");
    assert!(!trace.exists(), "a daemon's wall is not touched");

    daemon.kill();
    let done = safe(&trace);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(left(&trace), [false, true, false, false], "amber alone is lit");
    let text = std::fs::read_to_string(&trace).expect("a trace");
    assert!(text.lines().any(|line| line.contains("\"spi\"")), "a picture was sent to the panel");

    let daemon = room.start();
    board_with(&daemon, "the desk", |board| board["signals"]["red"] == "fast");
    assert_eq!(daemon.stop().code(), Some(0));
    assert_eq!(left(&room.trace_path()), [false, true, false, false]);
}

/// Somebody is at work on the configuration when the daemon is killed: the wall is still wired as it was.
#[test]
fn the_wall_of_a_killed_daemon_is_left_safe_by_the_configuration_that_it_ran_with() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name);
    std::fs::create_dir(path("run")).expect("a directory");
    let wired = "[[board.panel]]\nkind = \"max7219\"\ncolumns = 4\nspi-bus = 0\nspi-select = 1\n";
    std::fs::write(path("andon.toml"), wired).expect("a file");
    let config = path("andon.toml").display().to_string();
    let runtime = path("run").display().to_string();
    let env = [("RUNTIME_DIRECTORY", runtime.as_str())];
    let daemon = Daemon::start_silent(&path("state"), &["--config", &config], &env);
    daemon.kill();
    let safe = |runtime: Option<&str>, config: &[&str]| {
        let mut call = std::process::Command::new(binary("andonctl"));
        call.arg("--state-dir").arg(path("state")).args(["board", "safe"]).args(config);
        let done = call.envs(runtime.map(|dir| ("RUNTIME_DIRECTORY", dir))).output();
        String::from_utf8(done.expect("andonctl can be started").stderr).expect("text")
    };
    // No bus is there: the panel that cannot be opened tells which configuration was read.
    let expected = safe(None, &["--config", &config]);
    assert!(expected.contains("max7219"), "{expected}");
    std::fs::write(path("andon.toml"), "[board\n").expect("a file");
    assert_eq!(safe(Some(&runtime), &[]), expected);
    assert!(!safe(None, &[]).contains("max7219"), "where nobody says what the wall is, it is another");
}

#[test]
fn an_alarm_is_put_aside_and_comes_back() {
    let mut room = Room::new();
    let daemon = room.start();
    register(&daemon, "critical");
    let board = board_with(&daemon, "the critical one", |board| board["alarms"][0]["kind"] == "critical");
    let id = board["alarms"][0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/alarms/{id}/shelve");
    let refused = daemon.post(&path, &json!({"for": "30m"}));
    assert_eq!((refused.status, &refused.json["errors"][0]["field"]), (422, &json!("reason")));
    let shelved = daemon.post(&path, &json!({"for": "30m", "reason": "Ждём завод"}));
    assert_eq!((shelved.status, &shelved.json["changed"]), (200, &json!(true)));
    let listed = daemon.get("/v1/alarms").json;
    let one = listed.as_array().and_then(|all| all.iter().find(|alarm| alarm["id"] == id.as_str()));
    let one = one.expect("it is listed");
    assert_eq!((&one["state"], &one["shelved"]["by"]), (&json!("shelved"), &json!("first-agent")));
    assert_eq!(one["shelved"]["until"], shelved.json["shelved_until"]);
    let said = daemon.ctl(&["alarm", "unshelve", &id]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let board = daemon.get("/v1/board").json;
    assert_eq!(board["alarms"][0]["state"], "unacked");
    assert_eq!(board["signals"]["buzzer"], "critical");
}
