//! Who is let in, by the real binary: limits, lock-out, what the journal tells, and what it never does.

use std::fs::{self, File};

use andon_tests::{Daemon, Site};
use serde_json::{Value, json};

/// Limits that a test meets, everything in the journal, and a free port.
const CONFIG: &str = "listen = \"127.0.0.1:0\"\n[log]\nlevel = \"trace\"\n[limits]\nrequests-per-second-per-token = 1\n\
    burst-per-token = 1000\nrequests-per-second-per-address = 1\nburst-per-address = 2000\n";

/// The daemon of such a site; its journal goes to `journal` beside the configuration.
fn start(site: &Site) -> Daemon {
    let journal = File::options().create(true).append(true).open(site.dir().join("journal"));
    let args = ["--config", &site.config()];
    Daemon::try_start(&site.state(), &args, site.token(), journal.expect("a file")).expect("it starts")
}

fn journal(site: &Site) -> String {
    fs::read_to_string(site.dir().join("journal")).expect("text")
}

fn added(daemon: &Daemon, args: &[&str]) -> String {
    let output = daemon.ctl(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

#[test]
fn a_flood_of_bad_tokens_is_a_few_lines_and_keeps_no_good_one_out() {
    let site = Site::new(CONFIG);
    let daemon = start(&site);
    let mut codes = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..1_500 {
        let answer = daemon.request("GET", "/v1/whoami", Some("andon_guess"), None, &[]);
        assert!([401, 429].contains(&answer.status), "{}", answer.status);
        let after = answer.header("retry-after").map(|after| after.parse::<u32>().expect("whole seconds"));
        assert_eq!(after.is_some_and(|after| after >= 1), answer.status == 429);
        *codes.entry(answer.json["code"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    assert!(codes["unauthorized"] >= 10 && codes["locked-out"] > codes["unauthorized"], "{codes:?}");
    let good = daemon.request("GET", "/v1/whoami", Some(site.token()), None, &[]);
    assert_eq!(good.status, 200, "a token that is known comes in from the same address");
    let denials = daemon.ctl(&["--json", "token", "denials"]);
    let denials: Vec<Value> = serde_json::from_slice(&denials.stdout).expect("JSON");
    let counted: u64 = denials.iter().filter_map(|denial| denial["count"].as_u64()).sum();
    assert_eq!(counted, 1_500, "{denials:?}");
    assert!(denials.iter().all(|denial| denial["from"] == "127.0.0.1"), "{denials:?}");
    // What was not told yet is told when the daemon ends; nothing of it is lost, and it is lines by code and minute.
    assert_eq!(daemon.stop().code(), Some(0));
    let journal = journal(&site);
    let told: Vec<&str> = journal.lines().filter(|line| line.contains("denied")).collect();
    assert!((2..30).contains(&told.len()), "{told:#?}");
    let count = |line: &&str| {
        let count = line.split("COUNT=").nth(1).expect("it has a count");
        count.split_whitespace().next().and_then(|count| count.parse::<u64>().ok()).expect("a number")
    };
    assert_eq!(told.iter().map(count).sum::<u64>(), 1_500, "{told:#?}");
    assert!(told.iter().all(|line| line.contains("CLIENT_ADDR=127.0.0.1")), "{told:#?}");
}

#[test]
fn an_address_that_asks_too_often_is_told_to_wait_and_andonctl_is_not() {
    let site = Site::new(CONFIG);
    let daemon = start(&site);
    let limited = (0..10_000).find_map(|_| {
        let answer = daemon.request("GET", "/healthz", None, None, &[]);
        (answer.status == 429).then_some(answer)
    });
    let limited = limited.expect("two thousand at once, and one a second then, are fewer than ten thousand");
    assert_eq!(limited.json["code"], "rate-limited");
    assert_eq!(limited.header("retry-after"), Some("1"));
    for _ in 0..20 {
        assert!(daemon.ctl(&["status"]).status.success());
    }
}

#[test]
fn no_secret_comes_into_the_journal_or_beside_the_books_at_the_loudest_level() {
    let site = Site::new(CONFIG);
    let daemon = start(&site);
    let mut secrets = vec![site.token().to_owned(), "andon_guessed-by-somebody".to_owned()];
    secrets.push(added(&daemon, &["token", "add", "--name", "viewer", "--role", "viewer"]));
    let bot = ["token", "add", "--name", "bot", "--role", "intake", "--channel", "email", "--expires", "90d"];
    secrets.push(added(&daemon, &bot));
    secrets.push(added(&daemon, &["token", "add", "--name", "gone", "--role", "agent"]));
    assert!(daemon.ctl(&["token", "revoke", "gone"]).status.success());
    let body = json!({"channel": "phone", "type": "consultation", "subject": "Как?", "incomplete": true})
        .to_string();
    let mut seen = std::collections::BTreeSet::new();
    for secret in &secrets {
        for (method, path) in [
            ("GET", "/v1/tickets"),
            ("POST", "/v1/tickets"),
            ("GET", "/v1/tokens"),
            ("PUT", "/v1/tickets/1"),
            ("GET", "/x"),
        ] {
            for scheme in ["Bearer ", "bearer  ", "Basic ", ""] {
                let headers = [("Authorization", format!("{scheme}{secret}"))];
                let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
                let body = (method != "GET").then_some(body.as_str());
                seen.insert(daemon.request(method, path, None, body, &headers).status);
            }
            // In places where none belongs.
            let path = format!("{path}?token={secret}&q={secret}");
            let headers = [("Idempotency-Key", secret.as_str())];
            seen.insert(daemon.request("GET", &path, Some(secret), None, &headers).status);
        }
    }
    for status in [200, 201, 401, 403, 404, 405, 422, 429] {
        assert!(seen.contains(&status), "{status} is not among {seen:?}");
    }
    assert_eq!(daemon.stop().code(), Some(0));
    let journal = journal(&site);
    assert!(journal.contains("TRACE") || journal.contains("DEBUG"), "it is loud: {journal}");
    assert!(journal.contains("denied"), "calls were denied: {journal}");
    for secret in &secrets {
        let bare = secret.trim_start_matches("andon_");
        assert!(!journal.contains(bare), "{secret} is in the journal");
        for file in fs::read_dir(site.state()).expect("it is there").map(|file| file.expect("a file").path())
        {
            // The first token is kept on purpose, for whoever started the daemon by hand.
            if file.is_file() && !file.ends_with("first-token") {
                let bytes = fs::read(&file).expect("it can be read");
                let found = bytes.windows(bare.len()).any(|window| window == bare.as_bytes());
                assert!(!found, "{secret} is in {}", file.display());
            }
        }
    }
    let uses: Value =
        serde_json::from_slice(&fs::read(site.state().join("last-uses.json")).expect("it is kept"))
            .expect("JSON");
    assert_eq!(uses.as_object().map(serde_json::Map::len), Some(3), "the first, viewer and bot: {uses}");
}
