//! The box's clock, over HTTP.

use serde_json::json;

use super::*;

#[tokio::test]
async fn the_clock_is_shown_to_readers_and_trusted_by_admins() {
    let world = World::new().await;
    let clock = world.get("/v1/clock").await.ok(200).json();
    assert_eq!((&clock["trusted"], &clock["distrust"]), (&json!(true), &json!(null)));
    assert_eq!(clock["proof"], "plausible");
    for field in ["at", "system", "newest"] {
        assert!(clock[field].as_str().is_some_and(|at| at.ends_with("+03:00")), "{clock}");
    }
    let said = world.post("/v1/clock/trust", "head", &json!({})).await.problem(403, "forbidden");
    assert!(said.json()["detail"].as_str().unwrap().contains("trusting the clock"));
    let trusted = world.post("/v1/clock/trust", "admin", &json!({"yes": true})).await.ok(200).json();
    assert_eq!((&trusted["trusted"], &trusted["changed"]), (&json!(true), &json!(false)));
}
