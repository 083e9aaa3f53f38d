//! Versions of a regulation: preview and apply.

use serde_json::json;

use super::*;

/// getmark with other figures: high errors have 8 h instead of 12, and the third line is not there where asked.
fn draft(version: &str) -> String {
    let text = shipped::text("getmark").expect("it is shipped");
    let lines = text.lines().map(|line| match line.split_once(" = ") {
        Some(("version", _)) => format!("version = \"{version}\""),
        Some(("holds-from", _)) => "holds-from = \"2026-01-01\"".to_owned(),
        Some(("  term", "\"12h\"")) => "  term = \"8h\"".to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

const PREVIEW: &str = "/v1/regulations/getmark/preview";
const APPLY: &str = "/v1/regulations/getmark/apply";

#[tokio::test]
async fn versions_are_for_admins() {
    let world = World::new().await;
    world.register().await;
    for who in ["viewer", "intake", "agent", "lead", "head"] {
        for path in [PREVIEW, APPLY] {
            world.post(path, who, &json!({})).await.problem(403, "forbidden");
        }
    }
    let told = world.post(PREVIEW, "admin", &json!({})).await.ok(200).json();
    assert_eq!(
        told["sums"],
        json!({"tickets": 1, "unchanged": 1, "moved": 0, "breached": 0, "does_not_fit": 0})
    );
    assert_eq!((&told["written"], &told["tickets"]), (&json!(0), &json!([])));
    let empty = ask(Method::POST, APPLY, "admin").body(Body::empty()).expect("a request");
    let told = world.send(empty).await.ok(200).json();
    assert_eq!((&told["version"], &told["written"]), (&json!("2024-06-14"), &json!(0)), "nothing is another");
    assert_eq!(world.get("/v1/tickets/1").await.json()["revision"], 1);
}

#[tokio::test]
async fn a_draft_is_looked_at_and_changes_nothing() {
    let world = World::new().await;
    for _ in 0..3 {
        world.register().await;
    }
    let body = json!({"text": draft("2027"), "limit": 2});
    let told = world.post(PREVIEW, "admin", &body).await.ok(200).json();
    assert_eq!((&told["regulation"], &told["version"]), (&json!("getmark"), &json!("2027")));
    assert_eq!((&told["sums"]["tickets"], &told["sums"]["moved"]), (&json!(3), &json!(3)));
    let tickets = told["tickets"].as_array().expect("a list");
    assert_eq!(tickets.len(), 2, "no more than asked for");
    let first = &tickets[0];
    assert_eq!((&first["number"], &first["outcome"]), (&json!(1), &json!("earlier")));
    assert_eq!((&first["from"], &first["to"]), (&json!("2024-06-14"), &json!("2027")));
    let clock = &first["clocks"][0];
    assert_eq!(
        (&clock["metric"], &clock["why"], &clock["breached"]),
        (&json!("resolution"), &json!(["target"]), &json!(false))
    );
    assert_eq!(clock["before"]["target_seconds"], 43_200);
    assert_eq!(clock["after"]["target_seconds"], 28_800);
    assert_eq!(clock["before"]["deadline"], world.get("/v1/tickets/1").await.json()["clocks"][0]["deadline"]);
    assert_ne!(clock["before"]["deadline"], clock["after"]["deadline"]);
    assert_eq!(world.get("/v1/tickets/1").await.json()["revision"], 1);
    // It runs no such version, so there is none to apply.
    let problem =
        world.post(APPLY, "admin", &json!({"version": "2027"})).await.problem(422, "invalid-fields");
    assert_eq!(problem.fields(), ["version"]);
    assert!(problem.json()["detail"].as_str().expect("words").ends_with("it runs 2024-06-14"), "{problem:?}");
}

#[tokio::test]
async fn a_text_that_is_no_regulation_is_told_by_line() {
    let world = World::new().await;
    let broken = draft("2027").replace("routes = [2", "routes = [9");
    let body = json!({"text": broken, "name": "ours.toml"});
    let problem = world.post(PREVIEW, "admin", &body).await.problem(422, "invalid-fields");
    let message = problem.json()["errors"][0]["message"].as_str().expect("words").to_owned();
    assert!(message.starts_with("ours.toml:") && message.contains("line.routes"), "{message}");
    for (body, field) in [
        (json!({"text": "id = "}), "text"),
        (json!({"text": draft("2027").replacen("\"getmark\"", "\"ours\"", 1)}), "text"),
        (json!({"text": draft("2027"), "version": "2024-06-14"}), "version"),
        (json!({"versoin": "1"}), "versoin"),
        (json!({"limit": -1}), "limit"),
    ] {
        assert_eq!(
            world.post(PREVIEW, "admin", &body).await.problem(422, "invalid-fields").fields(),
            [field]
        );
    }
    for path in ["/v1/regulations/nothing/preview", "/v1/regulations/nothing/apply"] {
        world.post(path, "admin", &json!({})).await.problem(404, "not-found");
    }
}

/// A daemon that is given another text of getmark than the one it was started with.
async fn with_two_versions() -> World {
    let mut world = World::new().await;
    world.register().await;
    let dir = world.dir.take().expect("a world has its directory");
    drop(world);
    let next = Arc::new(crate::desk::Regulation::parse("draft", &draft("2027")).expect("it is whole"));
    let mut world = World::under(dir.path(), Regulations::new(vec![next]));
    world.dir = Some(dir);
    world
}

#[tokio::test]
async fn a_version_is_applied_once_and_the_history_says_by_whom() {
    let world = with_two_versions().await;
    assert_eq!(world.get("/v1/tickets/1").await.json()["version"], "2024-06-14", "it is kept");
    let second = world.register().await;
    assert_eq!(world.get(&format!("/v1/tickets/{second}")).await.json()["version"], "2027");
    let lines = world.get("/v1/regulations").await.json();
    let line = |line: &Value| json!([line["version"], line["registers"]]);
    assert_eq!(json!([line(&lines[0]), line(&lines[1])]), json!([["2024-06-14", false], ["2027", true]]));
    let tally = world.get("/v1/status").await.json()["versions"].clone();
    assert_eq!((&tally[0]["tickets"], &tally[1]["tickets"]), (&json!(1), &json!(1)));

    let ahead = world.post(PREVIEW, "admin", &json!({})).await.ok(200).json();
    let told = world.post(APPLY, "admin", &json!({})).await.ok(200).json();
    assert_eq!((&told["sums"], &told["written"]), (&ahead["sums"], &json!(1)));
    assert_eq!(
        told["sums"],
        json!({"tickets": 2, "unchanged": 1, "moved": 1, "breached": 0, "does_not_fit": 0})
    );
    let ticket = world.get("/v1/tickets/1").await.json();
    assert_eq!(ticket["version"], "2027");
    assert_eq!(ticket["clocks"][0]["deadline"], ahead["tickets"][0]["clocks"][0]["after"]["deadline"]);
    let history = world.get("/v1/tickets/1/history").await.json();
    let story = history.as_array().expect("it has a history");
    let [.., applied, term] = story.as_slice() else { panic!("{history}") };
    assert_eq!((&applied["event"], &applied["by"]), (&json!("regulation-applied"), &json!("admin")));
    assert_eq!((&applied["from"], &applied["to"]), (&json!("2024-06-14"), &json!("2027")));
    assert_eq!((&term["turn"], &term["why"]), (&json!("retargeted"), &json!("regulation")), "{history}");
    let again = world.post(APPLY, "admin", &json!({"version": "2027"})).await.ok(200).json();
    assert_eq!((&again["written"], &again["sums"]["unchanged"]), (&json!(0), &json!(2)));
    let back = world.post(APPLY, "admin", &json!({"version": "2024-06-14"})).await.ok(200).json();
    assert_eq!(back["written"], 2);
}

#[tokio::test]
async fn others_are_served_while_many_tickets_are_put_under_a_version() {
    let world = with_two_versions().await;
    for _ in 0..300 {
        let registered = world.post("/v1/tickets", "agent", &error()).await.ok(201).json();
        assert_eq!(registered["version"], "2027");
    }
    let back = json!({"version": "2024-06-14"});
    let apply = world.post(APPLY, "admin", &back);
    let others = async {
        for number in 1..=20 {
            world.post(&format!("/v1/tickets/{number}/take"), "agent", &json!({})).await.ok(200);
        }
    };
    let (told, ()) = tokio::join!(apply, others);
    assert_eq!(told.ok(200).json()["written"], 300);
}
