//! Callers who ask too often, or with tokens that nobody knows; and what is told of whom was denied.

use calendars::Timestamp;
use serde_json::json;

use super::*;

/// Two addresses of a network.
const NEAR: &str = "192.168.1.7";
const FAR: &str = "192.168.1.8";

fn limits(text: &str) -> Limits {
    let text = format!("[limits]\n{text}");
    crate::config::Config::parse(Path::new("andon.toml"), &text).expect("it is whole").limits
}

async fn world(text: &str) -> World {
    let dir = tempfile::tempdir().expect("a directory for tests can be made");
    let getmark = shipped::get("getmark").expect("it is shipped").expect("it is whole");
    World::limited(dir.path(), Regulations::new(vec![getmark]), limits(text)).kept_in(dir).await
}

impl World {
    async fn whoami(&self, address: &str, who: &str) -> Answer {
        self.send(from(address, without_body(ask(Method::GET, "/v1/whoami", who)))).await
    }

    async fn denials(&self) -> Vec<Value> {
        let denials = self.send(without_body(ask(Method::GET, "/v1/denials", "admin"))).await.ok(200).json();
        denials.as_array().expect("a list").clone()
    }
}

/// A rate so low that nothing comes back while a test runs.
const NO_MORE: &str = "requests-per-second-per-token = 1\nburst-per-token = 1000\nrequests-per-second-per-address = 1\nburst-per-address = 1000";

#[tokio::test]
async fn a_token_that_is_used_too_often_waits_and_others_do_not() {
    let world = world(
        "requests-per-second-per-token = 1\nburst-per-token = 5\nrequests-per-second-per-address = \"off\"",
    )
    .await;
    let mut let_in = 0;
    let limited = loop {
        let answer = world.whoami(NEAR, "agent").await;
        if answer.status != StatusCode::OK {
            break answer.problem(429, "rate-limited");
        }
        let_in += 1;
        assert!(let_in < 1_000, "it ends");
    };
    assert!(let_in >= 5, "the burst is let in: {let_in}");
    assert_eq!(limited.header("retry-after"), "1");
    assert!(
        limited.json()["detail"].as_str().is_some_and(|told| told.starts_with("the token `agent` is used"))
    );
    world.whoami(NEAR, "viewer").await.ok(200);
    // Nobody is limited at the socket of andonctl, which has no address.
    for _ in 0..50 {
        world.send(without_body(ask(Method::GET, "/v1/whoami", "agent"))).await.ok(200);
    }
}

#[tokio::test]
async fn an_address_that_asks_too_often_waits_whatever_it_asks_for_and_others_do_not() {
    let world = world(
        "requests-per-second-per-token = \"off\"\nrequests-per-second-per-address = 1\nburst-per-address = 5",
    )
    .await;
    let get = |address: &str, path: &str| from(address, without_body(ask(Method::GET, path, "")));
    let mut limited = 0;
    for path in ["/healthz", "/v1/whoami", "/nowhere", "/board", "/metrics"].repeat(10) {
        let answer = world.send(get(NEAR, path)).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            answer.problem(429, "rate-limited");
            limited += 1;
        }
    }
    assert!(limited > 0, "fifty are too many");
    world.send(get(FAR, "/healthz")).await.ok(200);
    let same_network = ["2001:db8::1", "2001:db8::2"].repeat(20);
    let mut let_in = 0;
    for address in same_network {
        let_in += u32::from(world.send(get(address, "/healthz")).await.status == StatusCode::OK);
    }
    assert!(let_in < 40, "an IPv6 network counts as one address: {let_in}");
}

#[tokio::test]
async fn a_token_that_comes_in_waits_for_nobody_who_asks_from_the_same_address_without_one() {
    let world = world(
        "requests-per-second-per-token = 1\nburst-per-token = 40\nrequests-per-second-per-address = 1\nburst-per-address = 3",
    )
    .await;
    let ask_for = |path: &str, who: &str| from(NEAR, without_body(ask(Method::GET, path, who)));
    let mut limited = 0;
    for who in ["", "andon_wrong"].repeat(10) {
        let answer = world.send(ask_for("/v1/whoami", who)).await;
        limited += u32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(limited > 0, "twenty are too many");
    for _ in 0..10 {
        world.send(ask_for("/v1/whoami", "agent")).await.ok(200);
        world.send(ask_for("/metrics", "agent")).await.ok(200);
        world.send(ask_for("/nowhere", "agent")).await.problem(404, "not-found");
    }
    // What is open to anybody counts for the token, too.
    let mut let_in = 30;
    while world.send(ask_for("/healthz", "agent")).await.status == StatusCode::OK {
        let_in += 1;
        assert!(let_in < 1_000, "it ends");
    }
    let told = world.send(ask_for("/nowhere", "agent")).await.problem(429, "rate-limited").json();
    assert!(
        told["detail"].as_str().is_some_and(|told| told.starts_with("the token `agent` is used")),
        "{told}"
    );
    world.send(ask_for("/v1/whoami", "viewer")).await.ok(200);
}

#[tokio::test]
async fn a_token_whose_time_is_over_counts_for_its_address() {
    let world = world("requests-per-second-per-address = 1\nburst-per-address = 3").await;
    // Not over when it is added, however busy the box is.
    let end = Timestamp::from_millis(world.handle.view().now().millis() + 2_000);
    let token = Token { expires_at: Some(end), ..Token::named("old", Role::Viewer, &secret::hash(b"old")) };
    let add = Command::Desk(DeskAct::AddToken(token));
    world.handle.command(add, Actor::named("test", Role::Admin), None).await.expect("it can be added");
    while world.handle.view().now() < end {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let mut denied = Vec::new();
    for _ in 0..20 {
        denied.push(world.whoami(NEAR, "old").await.json()["code"].clone());
    }
    assert_eq!(denied[..3], ["token-expired"; 3]);
    assert!(denied.contains(&json!("rate-limited")), "{denied:?}");
}

#[tokio::test]
async fn unknown_tokens_lock_their_address_out_and_known_ones_come_in_all_the_while() {
    let world = world(NO_MORE).await;
    for _ in 0..10 {
        world.whoami(NEAR, "andon_wrong").await.problem(401, "unauthorized");
    }
    let locked = world.whoami(NEAR, "andon_wrong").await.problem(429, "locked-out");
    assert_eq!(locked.header("retry-after"), "1");
    world.whoami(NEAR, "agent").await.ok(200);
    world.whoami(FAR, "andon_wrong").await.problem(401, "unauthorized");
    world.whoami(NEAR, "").await.problem(401, "unauthorized");
    let metrics = world.send(without_body(ask(Method::GET, "/metrics", ""))).await.ok(200);
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    for line in [
        "andon_denials_total{code=\"locked-out\"} 1\n",
        "andon_denials_total{code=\"unauthorized\"} 12\n",
        "andon_sources_locked_out 1\n",
        "andon_sources_limit 4096\n",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}

#[tokio::test]
async fn denied_calls_are_listed_by_who_and_why_without_anything_that_was_sent() {
    let world = world(NO_MORE).await;
    world.register().await;
    let evil = "/v1/tickets/%0Aandon_x%1b[31m";
    for _ in 0..3 {
        world
            .send(from(NEAR, without_body(ask(Method::GET, evil, "andon_wrong"))))
            .await
            .problem(401, "unauthorized");
    }
    world
        .send(from(FAR, with_json(ask(Method::POST, "/v1/tickets/1/take", "viewer"), &json!({}))))
        .await
        .problem(403, "forbidden");
    world
        .send(from(FAR, without_body(ask(Method::GET, "/v1/tickets/1/history", "intake"))))
        .await
        .problem(403, "forbidden");
    let denials = world.denials().await;
    let told = |denial: &Value| {
        ["from", "token", "code", "method", "route", "count"].map(|field| denial[field].clone()).to_vec()
    };
    let mut rows: Vec<Value> = denials.iter().map(|denial| json!(told(denial))).collect();
    rows.sort_by_key(Value::to_string);
    assert_eq!(
        rows,
        [
            json!([NEAR, null, "unauthorized", "GET", "/v1/tickets/{number}", 3]),
            json!([FAR, "intake", "forbidden", "GET", "/v1/tickets/{number}/history", 1]),
            json!([FAR, "viewer", "forbidden", "POST", "/v1/tickets/{number}/{verb}", 1]),
        ]
    );
    assert!(!json!(denials).to_string().contains("andon_"), "{denials:?}");
    let request = ask(Method::GET, "/v1/denials?limit=1", "admin");
    assert_eq!(world.send(without_body(request)).await.ok(200).json().as_array().map(Vec::len), Some(1));
    let request = ask(Method::GET, "/v1/denials?limit=1001&x=1", "admin");
    assert_eq!(
        world.send(without_body(request)).await.problem(422, "invalid-fields").fields(),
        ["x", "limit"]
    );
}

#[tokio::test]
async fn commands_of_a_batch_that_are_denied_are_told_as_if_each_had_come_alone() {
    let world = world(NO_MORE).await;
    world.register().await;
    let take = json!({"do": "take", "ticket": 1});
    let batch = json!({"commands": [take, take, {"do": "nonsense"}, {"do": "take", "ticket": 99}]});
    world.send(from(FAR, with_json(ask(Method::POST, "/v1/batch", "intake"), &batch))).await.ok(200);
    world.send(from(FAR, with_json(ask(Method::POST, "/v1/batch", "agent"), &batch))).await.ok(200);
    let denials = world.denials().await;
    let row = &denials[0];
    assert_eq!((denials.len(), &row["token"], &row["code"]), (1, &json!("intake"), &json!("forbidden")));
    assert_eq!((&row["route"], &row["count"]), (&json!("/v1/batch"), &json!(2)), "{row}");
}

#[tokio::test]
async fn an_alertmanager_that_comes_too_often_is_told_among_the_denied_though_it_gets_503() {
    let world = world(
        "requests-per-second-per-token = 1\nburst-per-token = 1\nrequests-per-second-per-address = \"off\"",
    )
    .await;
    let alerts = || from(NEAR, with_json(ask(Method::POST, "/v1/intake/alertmanager", "intake"), &json!({})));
    let mut limited = 0;
    for _ in 0..10 {
        let answer = world.send(alerts()).await;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            answer.problem(503, "rate-limited");
            limited += 1;
        }
    }
    assert!(limited > 0, "ten are too many");
    // The list is asked for over the socket, where nobody is limited.
    let denials = world.shared.access.denials(10);
    let told: Vec<_> = denials.iter().map(|denial| (denial.who.code, denial.count)).collect();
    assert_eq!(told, [("rate-limited", limited)]);
}

#[tokio::test]
async fn the_last_use_of_a_token_is_told_and_survives_a_restart_that_was_in_order() {
    let world = World::new().await;
    let find = |list: Value, name: &str| {
        let list = list.as_array().expect("a list").clone();
        list.into_iter().find(|token| token["name"] == name).expect("it is listed")
    };
    let list = || ask(Method::GET, "/v1/tokens", "admin");
    let before = find(world.send(without_body(list())).await.ok(200).json(), "agent");
    assert_eq!((&before["last_used_at"], &before["last_used_from"]), (&Value::Null, &Value::Null));
    world.whoami("::ffff:192.168.1.7", "agent").await.ok(200);
    let used = find(world.send(without_body(list())).await.ok(200).json(), "agent");
    assert_eq!(used["last_used_from"], NEAR);
    world.shared.access.end(&world.handle);
    let world = world.restarted();
    let again = find(world.send(without_body(list())).await.ok(200).json(), "agent");
    assert_eq!(
        (&again["last_used_at"], &again["last_used_from"]),
        (&used["last_used_at"], &used["last_used_from"])
    );
    assert_eq!(
        find(world.send(without_body(list())).await.ok(200).json(), "viewer")["last_used_at"],
        Value::Null
    );
}
