//! A new version of a regulation, as an admin lives through it: the file replaced, looked ahead, applied, killed.

use std::path::Path;

use andon_tests::daemon::{Answer, Daemon, eventually};
use serde_json::{Value, json};

/// A daemon of its own regulation file, which the admin replaces.
struct Site {
    dir: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    fn file(&self, name: &str, changes: &[(&str, &str)]) -> String {
        let text = changes.iter().fold(include_str!("hasty.toml").to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "`{from}` is in the text");
            text.replacen(from, to, 1)
        });
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).expect("a test's directory can be written");
        path.display().to_string()
    }

    fn state(&self) -> std::path::PathBuf {
        self.dir.path().join("state")
    }

    fn start(&self) -> Daemon {
        let file = self.dir.path().join("ours.toml").display().to_string();
        Daemon::start(&self.state(), &["--regulation", &file])
    }
}

/// Version 2: ten minutes and no hour, and no critical tickets any more.
const VERSION_2: [(&str, &str); 4] = [
    ("version = \"1\"", "version = \"2\""),
    ("holds-from = \"2026-01-01\"", "holds-from = \"2026-02-01\""),
    ("term = \"1h\"", "term = \"10m\""),
    ("[[priority]]\nid = \"critical\"\ntitle = \"Критический\"\nalarm = true\n", ""),
];

fn register(daemon: &Daemon, priority: &str) -> Answer {
    let body = json!({"channel": "email", "type": "error", "priority": priority, "subject": "Не печатает"});
    let answer = daemon.post("/v1/tickets", &body);
    assert_eq!(answer.status, 201, "{}", answer.json);
    answer
}

fn ctl(daemon: &Daemon, args: &[&str]) -> (i32, String, String) {
    let output = daemon.ctl(args);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (output.status.code().expect("it ends"), text(&output.stdout), text(&output.stderr))
}

fn json_of(daemon: &Daemon, args: &[&str]) -> Value {
    let (_, out, err) = ctl(daemon, args);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"))
}

fn versions(daemon: &Daemon) -> Vec<String> {
    let list = daemon.get("/v1/tickets").json;
    let mut all: Vec<_> = list.as_array().expect("a list").iter().collect();
    all.sort_by_key(|ticket| ticket["number"].as_u64());
    all.iter().map(|ticket| ticket["version"].as_str().expect("a version").to_owned()).collect()
}

fn resolution(daemon: &Daemon, number: u64) -> Value {
    let ticket = daemon.get(&format!("/v1/tickets/{number}")).json;
    let clocks = ticket["clocks"].as_array().expect("clocks").clone();
    clocks.into_iter().find(|clock| clock["metric"] == "resolution").expect("it has that clock")
}

fn kept(state: &Path) -> Vec<String> {
    let files = std::fs::read_dir(state.join("regulations")).expect("it is kept");
    let mut names: Vec<_> =
        files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_new_version_is_looked_at_applied_and_there_again_after_a_kill() {
    let site = Site::new();
    site.file("ours.toml", &[]);
    let daemon = site.start();
    register(&daemon, "normal");
    register(&daemon, "critical");
    assert_eq!(daemon.stop().code(), Some(0));

    // The admin puts the new text into the same file.
    site.file("ours.toml", &VERSION_2);
    let daemon = site.start();
    assert_eq!(kept(&site.state()), ["hasty@1.toml", "hasty@2.toml"]);
    register(&daemon, "normal");
    assert_eq!(versions(&daemon), ["1", "1", "2"]);
    assert_eq!(resolution(&daemon, 1)["target_seconds"], 3_600);
    assert_eq!(resolution(&daemon, 3)["target_seconds"], 600);
    let (_, status, _) = ctl(&daemon, &["status"]);
    assert!(status.contains("hasty 1 (2 open, takes no new ones), hasty 2 (1 open)"), "{status}");

    let ahead = json_of(&daemon, &["--json", "regulation", "preview", "hasty"]);
    let sums = json!({"tickets": 3, "unchanged": 1, "moved": 1, "breached": 0, "does_not_fit": 1});
    assert_eq!(ahead["sums"], sums);
    assert_eq!(ahead["tickets"][0]["code"], "does-not-fit");
    let clock = &ahead["tickets"][1]["clocks"][0];
    assert_eq!((&clock["metric"], &clock["why"]), (&json!("resolution"), &json!(["target"])));
    let (code, told, _) = ctl(&daemon, &["regulation", "preview", "hasty"]);
    assert!(
        code == 0 && told.contains("hasty has no priority `critical`; ticket 2 keeps version 1"),
        "{told}"
    );

    let (code, _, told) = ctl(&daemon, &["regulation", "apply", "hasty"]);
    assert!(code == 1 && told.starts_with("nothing was changed"), "{told}");
    assert_eq!(versions(&daemon), ["1", "1", "2"]);
    let (code, told, _) = ctl(&daemon, &["regulation", "apply", "hasty", "--yes"]);
    assert!(code == 1 && told.contains("ticket 2 keeps version 1"), "it does not fit everybody: {told}");
    assert_eq!(versions(&daemon), ["2", "1", "2"]);
    let after = resolution(&daemon, 1);
    assert_eq!(after["target_seconds"], 600);
    let story = daemon.get("/v1/tickets/1/history").json.to_string();
    assert!(story.contains("regulation-applied") && story.contains("\"by\":\"andonctl\""), "{story}");
    let proof = daemon.get("/v1/tickets/1/explain").json.to_string();
    assert!(proof.contains("version 2 of the regulation was applied, instead of 1"), "{proof}");
    let again = json_of(&daemon, &["--json", "regulation", "apply", "hasty", "--yes"]);
    assert_eq!(again["written"], 0, "{again}");

    daemon.kill();
    let daemon = site.start();
    assert_eq!(versions(&daemon), ["2", "1", "2"]);
    assert_eq!(resolution(&daemon, 1)["deadline"], after["deadline"]);
    assert_eq!(daemon.get("/v1/tickets/1/history").json.to_string().matches("regulation-applied").count(), 1);
    // A ticket of version 1 works on by it: only that has the priority.
    let priority = json!({"to": "normal", "reason": "терпит"});
    assert_eq!(daemon.post("/v1/tickets/2/priority", &priority).status, 200);
    assert_eq!(resolution(&daemon, 2)["target_seconds"], 3_600);
}

#[test]
fn a_term_used_up_by_the_new_version_is_breached_at_once() {
    let site = Site::new();
    site.file("ours.toml", &[]);
    let daemon = site.start();
    register(&daemon, "normal");
    let draft = site.file("draft.toml", &[VERSION_2[0], VERSION_2[1], ("term = \"1h\"", "term = \"1s\"")]);
    // Until a second is used, which is all that the draft gives.
    let ahead = eventually("the breach", || {
        let ahead = json_of(&daemon, &["--json", "regulation", "preview", &draft]);
        (ahead["sums"]["breached"] == 1).then_some(ahead)
    });
    assert_eq!(ahead["tickets"][0]["outcome"], "breached");
    let broken = site.file("broken.toml", &[("moves = [\"work\"]", "moves = [\"worx\"]")]);
    let (code, _, told) = ctl(&daemon, &["regulation", "preview", &broken]);
    assert_eq!((code, &told), (1, &ctl(&daemon, &["regulation", "check", &broken]).2));
    daemon.kill();

    std::fs::rename(draft, site.dir.path().join("ours.toml")).expect("the draft becomes the regulation");
    let daemon = site.start();
    assert_eq!(resolution(&daemon, 1)["breached"], false, "a restart applies nothing");
    let (code, told, _) = ctl(&daemon, &["regulation", "apply", "hasty", "--yes"]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(resolution(&daemon, 1)["breached"], true);
    let alarms = daemon.get("/v1/alarms").json.to_string();
    assert!(alarms.contains("1-breach-resolution-1"), "{alarms}");
}

#[test]
fn a_version_that_is_lost_is_an_alarm_until_it_is_there_again() {
    let site = Site::new();
    site.file("ours.toml", &[]);
    let daemon = site.start();
    register(&daemon, "normal");
    daemon.stop();
    std::fs::write(site.state().join("regulations/hasty@1.toml"), "id = ").expect("it can be written");
    site.file("ours.toml", &VERSION_2);
    let daemon = site.start();
    let alarms = || daemon.get("/v1/alarms").json.to_string();
    let told = eventually("the alarm", || Some(alarms()).filter(|all| all.contains("storage-regulations")));
    assert!(told.contains("hasty 1"), "{told}");
    assert_eq!(
        daemon.post("/v1/tickets/1/reply", &json!({"text": "Смотрим"})).status,
        200,
        "it is worked on"
    );
    assert_eq!(ctl(&daemon, &["regulation", "apply", "hasty", "--yes"]).0, 0);
    eventually("its end", || {
        let all = daemon.get("/v1/alarms").json;
        let still = all.as_array()?.iter().find(|alarm| alarm["id"] == "storage-regulations").cloned();
        still.is_none_or(|alarm| alarm["state"] == "cleared-unacked").then_some(())
    });
}

#[test]
fn a_directory_that_takes_no_texts_stops_nobody() {
    let site = Site::new();
    site.file("ours.toml", &[]);
    std::fs::create_dir(site.state()).expect("a directory");
    std::fs::write(site.state().join("regulations"), "a file, where a directory should be").expect("a file");
    let daemon = site.start();
    register(&daemon, "normal");
    eventually("the alarm", || {
        let alarms = daemon.get("/v1/alarms").json.to_string();
        alarms.contains("storage-regulation-texts").then_some(())
    });
}
