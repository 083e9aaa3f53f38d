//! People as an admin keeps them: agents, a roster out of files, gaps; and all of it after a restart.

use andon_tests::daemon::Daemon;
use calendars::{Timestamp, Tz};
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

/// A month that is imported leaves the rest of this one; and one shift is added, moved and taken off.
#[test]
fn an_import_replaces_the_days_that_the_file_has() {
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &["--regulation", "group-helpdesk"]);
    done(&daemon, &["agent", "put", "anna", "--title", "Анна Иванова", "--group", "hm"]);
    let status: Value = serde_json::from_str(&done(&daemon, &["--json", "status"])).expect("JSON");
    let now = Timestamp::parse_rfc3339(status["at"].as_str().expect("a time")).expect("a time");
    let zone: Tz = status["roster"]["zone"].as_str().and_then(|zone| zone.parse().ok()).expect("a zone");
    let day = |days: i64| now.plus_ms(days * 86_400_000).local(zone).date().to_string();
    done(&daemon, &["roster", "add", "anna", &day(3), "09:00", "18:00"]);
    done(&daemon, &["roster", "add", "anna", &day(20), "09:00", "18:00"]);
    let path = dir.path().join("next.csv");
    let rows = [19, 21].map(|days| format!("anna,{},10:00,19:00\n", day(days))).concat();
    std::fs::write(&path, format!("agent,date,from,to\n{rows}")).expect("a test's directory can be written");
    let said = done(&daemon, &["roster", "import", &path.display().to_string()]);
    let told =
        format!("{} to {}: 2 shifts added, 1 removed, 0 as they were; 3 are on the roster", day(19), day(21));
    assert!(said.contains(&told), "{said}");
    done(&daemon, &["roster", "move", "1", "--to", "17:00"]);
    let list = done(&daemon, &["roster", "list", "--days", "30"]);
    assert!(list.contains(&format!("anna   {}  09:00  17:00", day(3))), "{list}");
    done(&daemon, &["roster", "remove", "1"]);
    assert!(!done(&daemon, &["roster", "list", "--days", "30"]).contains(&day(3)));
    assert!(refused(&daemon, &["roster", "remove", "1"]).contains("not-found"));
}

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
    let dry = [&import[..], &["--dry-run"]].concat();
    let told = "2036-11-24 to 2036-11-30: 2 shifts would be added, 0 would be removed, 0 as they were; 0 are on the roster";
    assert!(done(&daemon, &dry).contains(told));
    assert!(
        done(&daemon, &import).contains("2 shifts added, 0 removed, 0 as they were; 2 are on the roster")
    );
    assert!(
        done(&daemon, &import).contains("0 shifts added, 0 removed, 2 as they were; 2 are on the roster")
    );
    let nights = file("nights.ics", CALENDAR);
    let import = ["roster", "import", &nights, "--agent", "boris", "--from", "2036-11-24", "--days", "7"];
    assert!(
        done(&daemon, &import).contains("3 shifts added, 0 removed, 0 as they were; 5 are on the roster")
    );
    let long =
        file("long.csv", "agent,date,from,to\nanna,2036-11-26,09:00,18:00\nanna,2036-11-26,10:00,19:00\n");
    let said = refused(&daemon, &["roster", "import", &long, "--from", "2036-11-24"]);
    assert!(said.contains("line 3: from: overlaps another shift of anna"), "{said}");
    let cut = file("cut.ics", CALENDAR.split("END:VEVENT").next().expect("a beginning"));
    let said = refused(&daemon, &["roster", "import", &cut, "--from", "2036-11-24"]);
    assert!(said.contains("is cut short: it ends within VEVENT"), "{said}");

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
