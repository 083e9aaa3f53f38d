//! Webhooks over HTTP: who may, and what there is.

use super::*;

#[tokio::test]
async fn webhooks_are_for_admins_and_those_that_are_not_there_are_told_so() {
    let world = World::new().await;
    for (method, path) in [
        (Method::GET, "/v1/webhooks"),
        (Method::GET, "/v1/webhooks/crm/dead"),
        (Method::POST, "/v1/webhooks/crm/dead/7/replay"),
        (Method::POST, "/v1/webhooks/crm/replay-dead"),
        (Method::POST, "/v1/webhooks/crm/test"),
    ] {
        let sent = async |who| {
            world.send(ask(method.clone(), path, who).body(Body::empty()).expect("a request")).await
        };
        sent("head").await.problem(403, "forbidden");
        if path == "/v1/webhooks" {
            assert_eq!(sent("admin").await.ok(200).json(), json!([]));
        } else {
            let missing = sent("admin").await.problem(404, "not-found").json();
            assert_eq!(missing["detail"], "there is no webhook `crm`", "{path}");
        }
    }
}
