//! Alertmanager's webhook and batches against the real binary: two who send the same at once, and kills in between.

use andon_tests::Site;
use andon_tests::daemon::{Answer, Daemon};
use serde_json::{Value, json};

use super::error_that_stops;

/// A daemon under getmark that takes alerts in.
fn site() -> (Site, Daemon) {
    let site = Site::new(
        "[clock]\ntrust = \"plausible\"\n[alertmanager]\nchannel = \"email\"\ntype = \"error\"\nopen-at-most-per-hour = 600\n",
    );
    let daemon = site.start();
    (site, daemon)
}

fn alert(n: u32, status: &str, since: &str) -> Value {
    json!({
        "status": status, "fingerprint": format!("{n:016x}"),
        "labels": {"alertname": "DiskFull", "instance": format!("db{n}"), "severity": "critical"},
        "annotations": {"summary": "Диск полон"},
        "startsAt": since, "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=x",
    })
}

const FIRST: &str = "2026-11-20T07:00:00.000Z";
const SECOND: &str = "2026-11-20T08:00:00.000Z";

fn send(daemon: &Daemon, alerts: &[Value]) -> Answer {
    daemon.post(
        "/v1/intake/alertmanager",
        &json!({
            "version": "4", "groupKey": "{}:{alertname=\"DiskFull\"}", "truncatedAlerts": 0, "status": "firing",
            "receiver": "andon", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
            "externalURL": "http://alertmanager:9093", "alerts": alerts,
        }),
    )
}

/// Sends one alert; its ticket and what it came to.
#[track_caller]
fn tell(daemon: &Daemon, status: &str, since: &str) -> (u64, String) {
    let answer = send(daemon, &[alert(1, status, since)]);
    assert_eq!(answer.status, 200, "{}", answer.json);
    let told = &answer.json["alerts"][0];
    (told["ticket"].as_u64().unwrap_or_default(), told["outcome"].as_str().unwrap_or_default().to_owned())
}

fn notes(daemon: &Daemon, number: u64) -> usize {
    let history = daemon.get(&format!("/v1/tickets/{number}/history")).json;
    let events = history.as_array().expect("a history").clone();
    events.iter().filter(|event| event["event"] == "replied" && event["internal"] == true).count()
}

#[test]
fn an_incident_lives_over_kills_and_its_next_one_follows_it() {
    let (site, mut daemon) = site();
    for (told, status, since) in [
        ((1, "opened"), "firing", FIRST),
        ((1, "noted"), "resolved", FIRST),
        ((1, "noted"), "firing", SECOND),
    ] {
        // Each is told twice, with a kill in between: what was answered is known, and is not done again.
        assert_eq!(tell(&daemon, status, since), (told.0, told.1.to_owned()));
        daemon.kill();
        daemon = site.start();
        assert_eq!(tell(&daemon, status, since), (told.0, "unchanged".to_owned()));
    }
    assert_eq!(notes(&daemon, 1), 2);
    assert_eq!(daemon.post("/v1/tickets/1/close", &json!({"reason": "перезапущено"})).status, 200);
    // A stop writes a checkpoint, and the closed ticket leaves the memory; its fingerprint is known all the same.
    assert_eq!(daemon.stop().code(), Some(0));
    daemon = site.start();
    assert_eq!(tell(&daemon, "firing", SECOND), (2, "opened".to_owned()));
    let second = daemon.get("/v1/tickets/2").json;
    assert_eq!(second["links"], json!([{"to": 1, "kind": "follow-up"}]));
    assert_eq!(second["reference"]["key"], "0000000000000001");
    assert_eq!(second["alert"]["firing"], true);
    // A projection that is gone is made again, references and all.
    assert_eq!(daemon.post("/v1/tickets/2/close", &json!({"reason": "перезапущено"})).status, 200);
    daemon.kill();
    std::fs::remove_dir_all(site.state().join("sled")).expect("the database is there");
    daemon = site.start();
    assert_eq!(tell(&daemon, "firing", SECOND), (3, "opened".to_owned()));
    assert_eq!(daemon.get("/v1/tickets/3").json["links"][0]["to"], 2);
}

#[test]
fn two_replicas_that_send_the_same_at_once_open_each_ticket_once() {
    let (_site, daemon) = site();
    for round in 0..10 {
        let alerts: Vec<_> = (0..20).map(|n| alert(round * 20 + n, "firing", FIRST)).collect();
        let barrier = std::sync::Barrier::new(2);
        let outcomes: Vec<Value> = std::thread::scope(|scope| {
            let replica = || {
                barrier.wait();
                let answer = send(&daemon, &alerts);
                assert_eq!(answer.status, 200, "{}", answer.json);
                answer.json["alerts"].clone()
            };
            let replicas = [scope.spawn(replica), scope.spawn(replica)];
            replicas.map(|replica| replica.join().expect("it was answered")).into()
        });
        for n in 0..20 {
            assert_eq!(outcomes[0][n]["ticket"], outcomes[1][n]["ticket"]);
            let mut both = outcomes
                .iter()
                .map(|told| told[n]["outcome"].as_str().unwrap_or_default())
                .collect::<Vec<_>>();
            both.sort_unstable();
            assert_eq!(both, ["opened", "unchanged"]);
        }
    }
    let newest = daemon.get("/v1/tickets?limit=1").json;
    assert_eq!(newest[0]["number"], 200, "as many tickets as alerts");
}

#[test]
fn a_storm_beyond_the_limit_is_counted_on_one_ticket_and_calls_the_room() {
    let (_site, daemon) = site();
    let alerts: Vec<_> = (0..700).map(|n| alert(n, "firing", FIRST)).collect();
    let answer = send(&daemon, &alerts);
    assert_eq!(answer.status, 200, "{}", answer.json);
    let outcomes = answer.json["alerts"].as_array().expect("a list").clone();
    let so_many = |outcome: &str| outcomes.iter().filter(|told| told["outcome"] == outcome).count();
    assert_eq!((so_many("opened"), so_many("counted")), (600, 100));
    let counting = daemon.get("/v1/tickets/601").json;
    assert_eq!(counting["alert"]["counted"], 100, "{counting}");
    let alarms = daemon.get("/v1/alarms").json;
    assert_eq!(alarms[0]["id"], "mass-problem-alertmanager", "{alarms}");
    let metrics = daemon.request("GET", "/metrics", None, None, &[]);
    let metrics = String::from_utf8(metrics.bytes).expect("text");
    assert!(metrics.contains("andon_alertmanager_alerts_total{outcome=\"counted\"} 100"), "{metrics}");
}

#[test]
fn a_batch_under_its_key_is_carried_out_once_over_a_kill() {
    let (site, mut daemon) = site();
    let mut register = error_that_stops("Не проводится накладная");
    register["do"] = json!("register");
    let commands =
        json!({"commands": [register, {"do": "take", "ticket": "@0"}, {"do": "take", "ticket": 99}]});
    let send = |daemon: &Daemon| {
        let key = [("Idempotency-Key", "import-1")];
        daemon.request("POST", "/v1/batch", Some(site.token()), Some(&commands.to_string()), &key)
    };
    let first = send(&daemon);
    assert_eq!(first.status, 200, "{}", first.json);
    assert_eq!(first.json["results"][1]["status"], 200);
    daemon.kill();
    daemon = site.start();
    let again = send(&daemon);
    assert_eq!((again.header("idempotent-replayed"), &again.json), (Some("true"), &first.json));
    assert_eq!(daemon.get("/v1/tickets?limit=2").json.as_array().map(Vec::len), Some(1));
}
