//! The reference as pages.

use super::*;

async fn page(world: &World, path: &str) -> (Answer, String) {
    let answer = world.send(ask(Method::GET, path, "").body(Body::empty()).expect("a request")).await.ok(200);
    assert!(answer.header("content-type").starts_with("text/html"), "{path}");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let html = String::from_utf8(answer.body.clone()).expect("a page is text");
    // An example may show the HTML of a letter: that is text, and what is in no tag does nothing.
    let mut tags = html.split('<').filter_map(|rest| rest.split('>').next());
    let odd = tags.find(|tag| tag.starts_with("script") || tag.contains(" style=") || tag.contains(" src="));
    assert_eq!(odd, None, "{path} runs and loads nothing");
    (answer, html)
}

#[tokio::test]
async fn the_reference_has_every_operation_schema_and_problem() {
    let world = World::new().await;
    let (answer, html) = page(&world, "/docs").await;
    let document = world.get("/openapi.json").await.json();
    let mut anchors = Vec::new();
    for item in document["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("methods").values() {
            anchors.push(operation["operationId"].as_str().expect("a name").to_owned());
        }
    }
    let named = |kind: &str, of: &str| -> Vec<String> {
        document["components"][of]
            .as_object()
            .expect("some")
            .keys()
            .map(|name| format!("{kind}-{name}"))
            .collect()
    };
    anchors.extend(named("schema", "schemas"));
    anchors.extend(named("problem", "responses"));
    assert!(anchors.len() > 150, "{}", anchors.len());
    for anchor in &anchors {
        assert_eq!(html.matches(&format!(" id=\"{anchor}\"")).count(), 1, "{anchor}");
    }
    // Nothing leads nowhere.
    for target in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(html.contains(&format!(" id=\"{target}\"")), "{target}");
    }
    let known = ask(Method::GET, "/docs", "").header("if-none-match", answer.header("etag"));
    let again = world.send(known.body(Body::empty()).expect("a request")).await.ok(304);
    assert!(again.body.is_empty());
    assert!(again.header("content-security-policy").contains("style-src"), "{again:?}");
}

#[tokio::test]
async fn the_reference_shows_requests_that_can_be_pasted() {
    let world = World::new().await;
    let (_, html) = page(&world, "/docs").await;
    let text =
        html.replace("&quot;", "\"").replace("&#x27;", "'").replace("&#x2f;", "/").replace("&#39;", "'");
    for line in [
        "curl 'http://127.0.0.1:8420/v1/tickets/1'",
        "curl -X POST 'http://127.0.0.1:8420/v1/tickets/1/reply'",
        "-H \"Authorization: Bearer $TOKEN\"",
    ] {
        assert!(text.contains(line), "{line}");
    }
}

#[tokio::test]
async fn every_code_of_an_error_has_its_place_on_the_page() {
    let world = World::new().await;
    let (_, errors) = page(&world, "/docs/errors").await;
    let (_, reference) = page(&world, "/docs").await;
    let linked: Vec<&str> =
        reference.split("href=\"/docs/errors#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(linked.len() > 30, "{linked:?}");
    for code in linked {
        assert_eq!(errors.matches(&format!("id=\"{code}\"")).count(), 1, "{code}");
    }
}
