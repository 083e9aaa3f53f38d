//! People as an admin keeps them: agents, a roster out of files, gaps; and all of it after a restart.

use andon_tests::daemon::Daemon;
use serde_json::{Value, json};

fn ctl(daemon: &Daemon, args: &[&str]) -> (i32, String, String) {
    let output = daemon.ctl(args);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (output.status.code().expect("it ends"), text(&output.stdout), text(&output.stderr))
}

fn done(daemon: &Daemon, args: &[&str]) -> String {
    let (code, out, err) = ctl(daemon, args);
    assert_eq!(code, 0, "{args:?}: {out}{err}");
    out + &err
}

fn refused(daemon: &Daemon, args: &[&str]) -> String {
    let (code, out, err) = ctl(daemon, args);
    assert_eq!((code, out.as_str()), (1, ""), "{args:?}: {err}");
    err
}

const CALENDAR: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//site//roster\r\nBEGIN:VEVENT\r\nUID:1@site\r\n\
    DTSTAMP:20361101T000000Z\r\nSUMMARY:Борис Орлов\r\nDTSTART:20361124T180000Z\r\nDTEND:20361125T060000Z\r\n\
    RRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn a_roster_comes_out_of_files_and_is_there_after_a_kill() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("a test's directory can be written");
        path.display().to_string()
    };
    let state = dir.path().join("state");
    let daemon = Daemon::start(&state, &["--regulation", "group-helpdesk"]);
    done(&daemon, &["agent", "put", "anna", "--title", "Анна Иванова", "--group", "hm"]);
    done(
        &daemon,
        &["agent", "put", "boris", "--title", "Борис Орлов", "--group", "dok-24-7", "--skill", "network"],
    );

    let wrong = file("wrong.csv", "agent,date,from,to\nanna,24.11.2036,09:00,18:00\n");
    assert!(refused(&daemon, &["roster", "import", &wrong]).contains("line 2: `24.11.2036` is no date"));
    let foreign = file("foreign.csv", "agent,date,from,to\nvera,2036-11-24,09:00,18:00\n");
    let said = refused(&daemon, &["roster", "import", &foreign, "--from", "2036-11-24"]);
    assert!(said.contains("line 2: there is no agent `vera`, by name or title"), "{said}");
    let week = file(
        "week.csv",
        "\u{feff}agent;date;from;to\r\nАнна Иванова;2036-11-24;9:00;18:00\r\nanna;2036-11-25;9:00;18:00\r\n",
    );
    let import = ["roster", "import", &week, "--from", "2036-11-24", "--days", "7"];
    assert!(done(&daemon, &import).contains("2 shifts are on the roster, 2 in all"));
    assert!(done(&daemon, &import).contains("2 shifts were on the roster already, 2 in all"));
    let nights = file("nights.ics", CALENDAR);
    let import = ["roster", "import", &nights, "--agent", "boris", "--from", "2036-11-24", "--days", "7"];
    assert!(done(&daemon, &import).contains("3 shifts are on the roster, 5 in all"));

    let list = ["roster", "list", "--from", "2036-11-24", "--days", "7"];
    let before = done(&daemon, &list);
    assert!(before.contains("boris  2036-11-24  21:00  09:00"), "{before}");
    let gaps = done(&daemon, &["roster", "coverage", "--from", "2036-11-24", "--days", "2"]);
    assert!(gaps.contains("channel dok-24-7"), "{gaps}");
    daemon.kill();

    let daemon = Daemon::start_again(&state, &["--regulation", "group-helpdesk"]);
    assert_eq!(done(&daemon, &list), before);
    let agents: Value = serde_json::from_str(&done(&daemon, &["--json", "agent", "list"])).expect("JSON");
    assert_eq!(agents[1]["skills"], json!(["network"]));
    done(&daemon, &["agent", "presence", "anna", "--requests", "online"]);
    assert!(done(&daemon, &["agent", "list"]).contains("online"));
    done(&daemon, &["agent", "remove", "anna"]);
    assert!(!done(&daemon, &list).contains("anna"));
    assert!(done(&daemon, &["status"]).contains("0 of 1 agents on shift, 3 shifts"));
    // Whether all else is well on this machine is not asked here.
    let (_, doctor, _) = ctl(&daemon, &["doctor"]);
    assert!(doctor.contains("gaps within a week"), "{doctor}");
}
