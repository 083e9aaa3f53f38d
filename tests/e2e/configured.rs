//! What the configuration says, from the file to the desk, the wall and those who are written to.

use std::io::{Read, Write};
use std::net::TcpStream;

use andon_tests::daemon::{Daemon, eventually};
use andon_tests::mail_server::MailServer;
use andon_tests::{Receiver, Site};
use serde_json::{Value, json};

/// Quiet hours that are on at `at`, local and as RFC 3339, and stay so for hours.
fn quiet_at(at: &str) -> &'static str {
    let hour: u32 = at.get(11..13).and_then(|hour| hour.parse().ok()).expect("an hour");
    if (6..18).contains(&hour) { "00:00-23:59" } else { "12:00-11:59" }
}

/// What the wall shows first to who follows it.
fn scene(daemon: &Daemon) -> String {
    let mut stream = TcpStream::connect(daemon.address()).expect("it listens");
    write!(stream, "GET /board/stream HTTP/1.1\r\nHost: desk\r\n\r\n").expect("it takes a request");
    let (mut told, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&told).into_owned();
        if text.contains("\"site\"") && text.contains("\"language\"") {
            return text;
        }
        let read = stream.read(&mut piece).expect("it goes on");
        assert!(read > 0, "it ends: {text}");
        told.extend_from_slice(&piece[..read]);
    }
}

fn done(daemon: &Daemon, args: &[&str]) {
    let output = daemon.ctl(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn alarm(daemon: &Daemon, id: &str) -> Option<Value> {
    let board = daemon.get("/v1/board").json;
    board["alarms"].as_array()?.iter().find(|alarm| alarm["id"] == id).cloned()
}

#[test]
fn site_language_zone_quiet_hours_intake_and_roster_are_as_the_file_says() {
    let site = Site::new("");
    std::fs::write(site.dir().join("hasty.toml"), include_str!("hasty.toml")).expect("a regulation");
    let write = |quiet: &str, days: u32| {
        site.write(
            "andon.toml",
            &format!(
                "regulations = [\"hasty.toml\", \"itsm\"]\nzone = \"Asia/Yekaterinburg\"\n\
                 [board]\nsite = \"Комната 7\"\nlanguage = \"en\"\nquiet-hours = \"{quiet}\"\nquiet-hours-let-through = [\"critical\"]\n\
                 [roster]\ngaps-ahead-days = {days}\n\
                 [[intake]]\nregulation = \"itsm\"\nchannel = \"phone\"\n[[intake]]\nregulation = \"hasty\"\n"
            ),
        );
    };
    write("00:00-23:59", 7);
    let daemon = site.start();
    let at = daemon.get("/v1/status").json["at"].as_str().expect("a time").to_owned();
    assert!(at.ends_with("+05:00"), "{at}");
    // Somebody is there for ten days, and for none behind them.
    done(&daemon, &["agent", "put", "anna", "--title", "Anna"]);
    let today = calendars::Timestamp::parse_rfc3339(&at).expect("a time");
    for day in 0..10 {
        let date = today.plus_ms(day * 86_400_000).to_rfc3339(calendars::Tz::Asia__Yekaterinburg);
        done(&daemon, &["roster", "add", "anna", &date[..10], "00:00", "24:00"]);
    }
    assert_eq!(daemon.stop().code(), Some(0));

    write(quiet_at(&at), 31);
    let daemon = site.start();
    let scene = scene(&daemon);
    assert!(scene.contains("\"site\":\"Комната 7\""), "{scene}");
    assert!(scene.contains("\"language\":\"english\""), "{scene}");
    let gap = eventually("the gap", || alarm(&daemon, "staffing-roster.gaps"));
    assert!(gap["text"].as_str().is_some_and(|text| text.starts_with("Nobody on the roster from ")), "{gap}");
    done(&daemon, &["alarm", "ack", "staffing-roster.gaps"]);

    let register = |channel: &str, kind: &str, priority: &str| {
        let body = json!({"channel": channel, "type": kind, "priority": priority, "subject": "Касса", "incomplete": true});
        let answer = daemon.post("/v1/tickets", &body);
        assert_eq!(answer.status, 201, "{}", answer.json);
        answer.json
    };
    assert_eq!(register("phone", "incident", "p3")["regulation"], "itsm");
    assert_eq!(register("email", "error", "normal")["regulation"], "hasty");
    let breach = eventually("the breach", || {
        let board = daemon.get("/v1/board").json;
        (board["level"] == "breach").then_some(board)
    });
    assert_eq!((&breach["signals"]["red"], &breach["signals"]["buzzer"]), (&json!("fast"), &json!("off")));
    register("email", "error", "critical");
    eventually("what is let through", || {
        (daemon.get("/v1/board").json["signals"]["buzzer"] == "critical").then_some(())
    });
}

#[test]
fn departments_are_asked_by_the_mail_and_in_the_room_that_the_file_names() {
    let (server, lawyers) = (MailServer::new(), Receiver::new(|_| 200));
    let room = Receiver::new(|_| 200);
    let site = Site::new(&format!(
        "regulations = [\"zkh-services\"]\n\
         [mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nper-minute = 6000\nfrom = \"desk@example.org\"\nlanguage = \"en\"\n\
         departments = {{ legal = \"lawyers@example.org\" }}\n\
         [[chat]]\nname = \"lawyers\"\nurl-file = \"lawyers.url\"\ndepartments = [\"legal\"]\nallow-private = true\n\
         [[chat]]\nname = \"room\"\nurl-file = \"room.url\"\ndepartments = [\"it\"]\nallow-private = true\n",
        server.address().port()
    ));
    site.write("lawyers.url", lawyers.url());
    site.write("room.url", room.url());
    let daemon = site.start();
    let body = json!({
        "channel": "email", "type": "consultation", "subject": "Договор",
        "requester": {"name": "Анна", "email": "anna@example.ru"}, "incomplete": true,
    });
    let answer = daemon.post("/v1/tickets", &body);
    assert_eq!(answer.status, 201, "{}", answer.json);
    let registered = eventually("the letter", || server.letters_to("anna@example.ru").into_iter().next());
    assert!(registered.text().contains("Hello"), "in the language of letters: {}", registered.text());
    for (topic, channel) in [("legal", "email"), ("system-errors", "mattermost")] {
        let asked = json!({"topic": topic, "channel": channel, "text": format!("Как быть? ({topic})")});
        let answer = daemon.post("/v1/tickets/1/escalate", &asked);
        assert_eq!(answer.status, 200, "{}", answer.json);
    }
    let asked = eventually("the letter", || server.letters_to("lawyers@example.org").into_iter().next());
    assert!(asked.text().contains("Как быть? (legal)"), "{}", asked.text());
    let posted = eventually("the message", || room.deliveries().into_iter().next());
    assert!(posted.event["text"].as_str().is_some_and(|text| text.contains("Как быть? (system-errors)")));
    assert!(lawyers.deliveries().is_empty(), "they were asked by mail");
}
