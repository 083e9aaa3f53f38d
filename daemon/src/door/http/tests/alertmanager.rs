//! Alertmanager's webhook: what it answers, for Alertmanager sends again what was answered with 5xx and nothing else.

use serde_json::{Value, json};

use super::*;

const PATH: &str = "/v1/intake/alertmanager";

/// A desk under getmark that takes alerts in.
async fn world(more: &str) -> World {
    let text = format!("channel = \"email\"\ntype = \"error\"\n{more}");
    World::new().await.with_alertmanager(toml::from_str(&text).expect("it is whole"))
}

fn alert(name: &str, status: &str) -> Value {
    json!({"status": status, "labels": {"alertname": name}, "startsAt": "2026-11-20T07:00:00Z"})
}

fn form(alerts: &[Value]) -> Value {
    json!({"version": "4", "status": "firing", "truncatedAlerts": 0, "alerts": alerts})
}

fn outcomes(answer: &Answer) -> Vec<String> {
    let alerts = answer.json()["alerts"].as_array().cloned().unwrap_or_default();
    alerts.iter().map(|told| told["outcome"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn alerts_open_tickets_are_noted_and_are_not_repeated() {
    let world = world("").await;
    let both = form(&[alert("DiskFull", "firing"), alert("HostDown", "firing")]);
    let answer = world.post(PATH, "intake", &both).await.ok(200);
    assert_eq!(outcomes(&answer), ["opened", "opened"]);
    let again = world.post(PATH, "agent", &both).await.ok(200);
    assert_eq!(outcomes(&again), ["unchanged", "unchanged"]);
    assert_eq!(again.json()["alerts"][1]["ticket"], 2);
    let resolved =
        form(&[alert("DiskFull", "resolved"), alert("Unknown", "resolved"), alert("DiskFull", "resolved")]);
    let answer = world.post(PATH, "intake", &resolved).await.ok(200);
    assert_eq!(outcomes(&answer), ["noted", "unchanged", "unchanged"]);
    assert_eq!(answer.json()["alerts"][1]["ticket"], Value::Null);
    let ticket = world.get("/v1/tickets/1").await.ok(200).json();
    assert_eq!((&ticket["subject"], &ticket["alert"]["firing"]), (&json!("DiskFull"), &json!(false)));
    assert_eq!(ticket["requester"]["name"], "Alertmanager");
    assert_eq!(ticket["reference"]["source"], "alertmanager");
    assert_eq!(ticket["alert"]["since"], "2026-11-20T10:00:00.000+03:00");
    let history = world.get("/v1/tickets/1/history").await.ok(200).json();
    let alerted: Vec<_> =
        history.as_array().expect("a list").iter().filter(|event| event["event"] == "alerted").collect();
    assert_eq!(alerted[0]["since"], "2026-11-20T10:00:00.000+03:00", "a time has an offset");
}

#[tokio::test]
async fn a_bad_alert_is_told_and_does_not_lose_the_others() {
    let world = world("").await;
    let answer =
        world.post(PATH, "intake", &form(&[json!(7), alert("DiskFull", "firing"), alert("x", "off")])).await;
    assert_eq!(answer.problem(422, "invalid-fields").fields(), ["alerts[0]", "alerts[2].status"]);
    assert_eq!(world.get("/v1/tickets/1").await.ok(200).json()["alert"]["firing"], true);
    assert_eq!(
        world.post(PATH, "intake", &json!({"alerts": 1})).await.problem(422, "invalid-fields").fields(),
        ["alerts"]
    );
    world.post(PATH, "viewer", &form(&[alert("a", "firing")])).await.problem(403, "forbidden");
    world.post(PATH, "", &form(&[])).await.problem(401, "unauthorized");
    world.post(PATH, "intake", &form(&[])).await.ok(200);
}

#[tokio::test]
async fn a_desk_that_is_not_set_up_for_alerts_says_so() {
    let world = World::new().await;
    world.post(PATH, "intake", &form(&[alert("a", "firing")])).await.problem(409, "not-configured");
}

#[tokio::test]
async fn five_hundred_alerts_are_one_commit_and_more_than_may_be_are_counted() {
    let world = world("open-at-most-per-hour = 500").await;
    let alerts: Vec<_> = (0..500).map(|n| alert(&n.to_string(), "firing")).collect();
    let answer = world.post(PATH, "intake", &form(&alerts)).await.ok(200);
    assert_eq!(outcomes(&answer), vec!["opened"; 500]);
    let mut more = form(&[alert("one more", "firing"), alert("and another", "firing"), alert("7", "firing")]);
    more["truncatedAlerts"] = json!(12);
    let answer = world.post(PATH, "intake", &more).await.ok(200);
    assert_eq!(outcomes(&answer), ["counted", "counted", "unchanged"]);
    assert_eq!(answer.json()["truncated"], 12);
    let counting = world.get("/v1/tickets/501").await.ok(200).json();
    assert_eq!(counting["alert"]["counted"], 2);
    world.post(PATH, "intake", &more).await.ok(200);
    let again = world.get("/v1/tickets/501").await.ok(200).json();
    assert_eq!(
        (&again["alert"], &again["revision"]),
        (&counting["alert"], &counting["revision"]),
        "a repetition"
    );
    assert_eq!(counting["subject"], "Поток оповещений: больше 500 заявок за час");
}

#[tokio::test]
async fn a_token_of_another_channel_is_refused_and_not_what_it_sends() {
    let world = world("").await;
    let token = Token {
        channels: vec!["phone".into()],
        ..Token::named("phones", Role::Intake, &secret::hash(b"phones"))
    };
    let add = Command::Desk(DeskAct::AddToken(token));
    world.handle.command(add, Actor::named("test", Role::Admin), None).await.expect("it can be added");
    let told = world.post(PATH, "phones", &form(&[alert("a", "firing"), alert("b", "firing")])).await;
    told.problem(403, "out-of-scope");
    assert_eq!(world.get("/v1/tickets").await.ok(200).json(), json!([]));
}
