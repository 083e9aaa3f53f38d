//! The requester's page: whoever has the link speaks for the requester, and nobody else does.

use super::*;

/// A link's path, as the box that made it sees it.
fn path(url: &str) -> String {
    url.strip_prefix("https://help.example.ru").expect("links begin as the configuration says").to_owned()
}

impl World {
    async fn link(&self, number: u64) -> String {
        let told = self
            .send(without_body(ask(Method::GET, &format!("/v1/tickets/{number}/requester-link"), "agent")))
            .await
            .ok(200);
        assert_eq!(told.header("cache-control"), "no-store");
        path(told.json()["url"].as_str().expect("a link"))
    }

    async fn page(&self, link: &str) -> Answer {
        self.send(ask_plain(Method::GET, link)).await
    }

    async fn say(&self, link: &str, form: &str) -> Answer {
        let request = Request::builder().method(Method::POST).uri(link);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).expect("a request")).await
    }

    async fn revision(&self) -> u64 {
        self.get("/v1/tickets/1").await.json()["revision"].as_u64().expect("a revision")
    }
}

fn ask_plain(method: Method, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).expect("a request")
}

impl Answer {
    /// Its text, which is a page of ours.
    #[track_caller]
    fn html(&self, status: u16) -> &str {
        let text = std::str::from_utf8(&self.body).expect("a page is UTF-8");
        assert_eq!(self.status.as_u16(), status, "{text}");
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("x-robots-tag"), "noindex");
        assert_eq!(self.header("set-cookie"), "");
        let policy = self.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
        assert!(!text.contains("<script"), "{text}");
        text
    }
}

/// A world with a ticket that is answered, and its link.
async fn answered() -> (World, String) {
    let world = World::new().await;
    let number = world.register().await;
    world.post("/v1/tickets/1/take", "agent", &json!({})).await.ok(200);
    world
        .post("/v1/tickets/1/reply", "agent", &json!({"text": "Только для своих", "internal": true}))
        .await
        .ok(200);
    world.post("/v1/tickets/1/resolve", "agent", &json!({"text": "Исправили <b>печать</b>"})).await.ok(200);
    let link = world.link(number).await;
    (world, link)
}

#[tokio::test]
async fn gm_5_26_the_page_shows_what_the_requester_is_told_and_nothing_else() {
    let (world, link) = answered().await;
    let before = world.revision().await;
    let page = world.page(&link).await;
    let html = page.html(200);
    for shown in
        ["Не печатаются этикетки", "Исправили &lt;b&gt;печать", "Подтвердить решение", "Вернуть", "Мск"]
    {
        assert!(html.contains(shown), "{shown}: {html}");
    }
    // As letters say it (`crate::dates`).
    let of = |what: &str| {
        let (_, behind) = html.split_once(&format!("<dt>{what}</dt><dd>")).expect("it stands there");
        behind.split_once("</dd>").expect("it ends").0.to_owned()
    };
    let (registered, until) = (of("Зарегистрировано"), of("Подтвердить или вернуть можно до"));
    assert!(registered.contains(" в ") && registered.ends_with(" Мск"), "{registered}");
    assert!(!until.contains(" в ") && until.ends_with(":00 Мск"), "{until}");
    for hidden in ["Только для своих", "7707083893", "a@b.ru", ">agent<"] {
        assert!(!html.contains(hidden), "{hidden}: {html}");
    }
    assert_eq!(world.revision().await, before, "a page that is fetched changes nothing");
    let english = world.page(&format!("{link}?utm_source=mail&lang=en")).await;
    assert!(english.html(200).contains("Confirm the solution"));
}

#[tokio::test]
async fn gm_5_26_the_requester_confirms_with_a_mark_and_once() {
    let (world, link) = answered().await;
    let form = format!(
        "do=confirm&revision={}&mark=unsatisfactory&comment=%D0%94%D0%BE%D0%BB%D0%B3%D0%BE",
        world.revision().await
    );
    let said = world.say(&link, &form).await;
    assert_eq!((said.status.as_u16(), said.header("location")), (303, "?lang=ru"));
    let ticket = world.get("/v1/tickets/1").await.json();
    assert_eq!((&ticket["stage"], &ticket["mark"]), (&json!("closed"), &json!("unsatisfactory")));
    let history = world.get("/v1/tickets/1/history").await.json();
    let confirmed =
        history.as_array().and_then(|events| events.iter().find(|event| event["event"] == "confirmed"));
    let confirmed = confirmed.expect("it was confirmed");
    assert_eq!((&confirmed["by"], &confirmed["comment"]), (&json!("requester"), &json!("Долго")));
    let again = world.say(&link, &form).await;
    assert!(again.html(412).contains("обращение изменилось"));
    assert!(!world.page(&link).await.html(200).contains("<form"), "nothing more is to be said");
    assert_eq!(world.get("/v1/tickets/1/history").await.json(), history);
}

#[tokio::test]
async fn gm_5_27_the_requester_returns_it_with_a_reason() {
    let (world, link) = answered().await;
    let revision = world.revision().await;
    let page = world.say(&link, &format!("do=return&revision={revision}&reason=+")).await;
    assert!(page.html(422).contains("Напишите, что осталось не так."));
    world.say(&link, &format!("do=return&revision={revision}&reason=%D0%9D%D0%B5%D1%82")).await.ok(303);
    let ticket = world.get("/v1/tickets/1").await.json();
    assert_eq!((&ticket["stage"], &ticket["status"]), (&json!("open"), &json!("in-progress")));
    assert!(world.page(&link).await.html(200).contains("Нет"), "their own words are shown to them");
}

#[tokio::test]
async fn what_time_closed_can_be_marked_once() {
    let (world, link) = answered().await;
    world.post("/v1/tickets/1/close", "agent", &json!({"reason": "тишина"})).await.ok(200);
    let html = world.page(&link).await.html(200).to_owned();
    assert!(html.contains("Как мы справились?") && !html.contains("do\" value=\"return"), "{html}");
    let form = format!("do=confirm&revision={}&mark=satisfactory", world.revision().await);
    world.say(&link, &form).await.ok(303);
    assert!(world.page(&link).await.html(200).contains("Удовлетворительно"));
    let second = format!("do=confirm&revision={}&mark=unsatisfactory", world.revision().await);
    assert!(world.say(&link, &second).await.html(409).contains("Обращение уже закрыто."));
    assert_eq!(world.get("/v1/tickets/1").await.json()["mark"], "satisfactory");
}

#[tokio::test]
async fn gm_5_22_the_requester_answers_what_they_were_asked() {
    let world = World::new().await;
    let number = world.register().await;
    world.post("/v1/tickets/1/take", "agent", &json!({})).await.ok(200);
    world.post("/v1/tickets/1/ask", "agent", &json!({"text": "Какой принтер?"})).await.ok(200);
    let link = world.link(number).await;
    let html = world.page(&link).await.html(200).to_owned();
    assert!(html.contains("Ждём вашего ответа до") && html.contains("Какой принтер?"), "{html}");
    let stale = world.say(&link, "do=answer&revision=1&text=TSC").await;
    assert!(stale.html(412).contains(">TSC</textarea>"), "nobody writes it twice");
    world.say(&link, &format!("do=answer&revision={}&text=TSC", world.revision().await)).await.ok(303);
    assert_eq!(world.get("/v1/tickets/1").await.json()["status"], "in-progress");
}

#[tokio::test]
async fn what_was_written_into_a_form_that_is_gone_is_shown_as_not_sent() {
    let world = World::new().await;
    let number = world.register().await;
    let (link, revision) = (world.link(number).await, world.revision().await);
    world.post("/v1/tickets/1/take", "agent", &json!({})).await.ok(200);
    world.post("/v1/tickets/1/resolve", "agent", &json!({"text": "Исправили"})).await.ok(200);
    let late = world.say(&link, &format!("do=answer&revision={revision}&text=TSC+%3Cb%3E")).await;
    let html = late.html(412);
    assert!(html.contains("Не отправлено") && html.contains("TSC &lt;b&gt;</p>"), "{html}");
    assert!(!world.page(&link).await.html(200).contains("Не отправлено"));
}

#[tokio::test]
async fn a_page_is_in_the_language_of_the_letter_that_leads_to_it() {
    let (world, link) = answered().await;
    assert!(world.page(&link).await.html(200).contains("Подтвердить решение"));
    let url = "https://help.example.ru".parse().expect("a URL");
    let dir = world.dir.as_ref().expect("it is there");
    let english = Links::open(dir.path(), &url, firmware_board::Language::English).expect("the key is there");
    let english =
        router(Arc::new(Shared { links: Some(Arc::new(english)), ..world.shared.as_ref().clone() }));
    assert!(sent(&english, ask_plain(Method::GET, &link)).await.html(200).contains("Confirm the solution"));
}

#[tokio::test]
async fn no_other_link_opens_anything_and_none_tells_which_tickets_there_are() {
    let (world, link) = answered().await;
    world.register().await;
    let (begin, signature) = link.rsplit_once('/').expect("a path");
    let mut flipped = signature.to_owned();
    flipped.replace_range(0..1, if signature.starts_with('A') { "B" } else { "A" });
    let nobody = world.page(&format!("/r/99/{signature}")).await;
    let told = nobody.html(404).to_owned();
    let cut = &signature[..20];
    for wrong in [
        format!("{begin}/{flipped}"),
        format!("{begin}/{cut}"),
        format!("{begin}/{signature}AAAA"),
        format!("{begin}/-"),
        format!("/r/2/{signature}"),
        format!("/r/01/{signature}x"),
        format!("/r/x/{signature}"),
    ] {
        assert_eq!(world.page(&wrong).await.html(404), told, "{wrong}");
        assert_eq!(world.say(&wrong, "do=return&revision=4&reason=x").await.html(404), told, "{wrong}");
    }
    assert_eq!(world.get("/v1/tickets/1").await.json()["stage"], "resolved");
}

#[tokio::test]
async fn what_is_no_form_of_ours_changes_nothing() {
    let (world, link) = answered().await;
    let revision = world.revision().await;
    for form in [
        String::new(),
        format!("do=close&revision={revision}&reason=x"),
        format!("do=return&revision=x{revision}&reason=x"),
        "do=return&reason=x".to_owned(),
        "{\"do\": \"return\"}".to_owned(),
    ] {
        assert!(world.say(&link, &form).await.html(422).contains("Форма пришла не целиком"), "{form}");
    }
    let long = "x".repeat(300_000);
    world.say(&link, &format!("do=return&revision={revision}&reason={long}")).await.html(413);
    assert_eq!(world.revision().await, revision);
}

#[tokio::test]
async fn a_link_is_given_by_agents_where_there_are_pages() {
    let world = World::new().await;
    world.register().await;
    for who in ["viewer", "intake"] {
        world
            .send(without_body(ask(Method::GET, "/v1/tickets/1/requester-link", who)))
            .await
            .problem(403, "forbidden");
    }
    world
        .send(without_body(ask(Method::GET, "/v1/tickets/7/requester-link", "agent")))
        .await
        .problem(404, "not-found");
    let link = world.link(1).await;
    let without = Shared { links: None, ..world.shared.as_ref().clone() };
    let without = router(Arc::new(without));
    let request = ask(Method::GET, "/v1/tickets/1/requester-link", "agent");
    sent(&without, without_body(request)).await.problem(409, "not-configured");
    assert_eq!(sent(&without, ask_plain(Method::GET, &link)).await.status.as_u16(), 404);
}

#[tokio::test]
async fn whoever_had_the_link_by_a_wrong_address_has_nothing_when_it_is_put_right() {
    let (world, link) = answered().await;
    let moved = json!({"requester": {"email": "right@example.ru"}});
    world.post("/v1/tickets/1/classify", "agent", &moved).await.ok(200);
    world.page(&link).await.html(404);
    let revision = world.revision().await;
    world.say(&link, &format!("do=return&revision={revision}&reason=x")).await.html(404);
    let right = world.link(1).await;
    world.page(&right).await.html(200);
    // The same address is the same person, however it is written.
    let same = json!({"requester": {"email": "Right@Example.RU", "name": "Анна"}});
    world.post("/v1/tickets/1/classify", "agent", &same).await.ok(200);
    world.page(&right).await.html(200);
}

#[tokio::test]
async fn links_outlive_a_restart() {
    let (world, link) = answered().await;
    let world = world.restarted();
    world.page(&link).await.html(200);
}
