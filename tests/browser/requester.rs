//! The requester's page in a browser of a phone's size: it is read and used without a script, and loads nothing.

use andon_tests::Site;
use serde_json::json;

use super::browser;

/// Holds that the page fits its window, and keeps a picture where somebody wants to look at it.
fn looks_right(browser: &mut andon_tests::Browser, name: &str) {
    browser.wait_for(
        "document.readyState === 'complete' && getComputedStyle(document.body).fontSize === '17px'",
    );
    let wide = browser.run("document.documentElement.scrollWidth - window.innerWidth");
    assert!(wide.as_i64().is_some_and(|over| over <= 0), "{name}: {wide} too wide");
    if let Some(dir) = std::env::var_os("ANDON_PICTURES") {
        let name = format!("requester-{name}.png.base64");
        std::fs::write(std::path::Path::new(&dir).join(name), browser.picture()).expect("a picture is kept");
    }
}

#[test]
fn gm_5_26_a_requester_returns_and_then_confirms_on_a_phone() {
    let Some(mut browser) = browser() else { return };
    let site = Site::new("[requester-page]\nurl = \"https://help.example.ru\"\n");
    let daemon = site.start();
    let registration = json!({
        "channel": "email", "type": "error", "subject": "Не проводится накладная с очень-длинным-номером-1234567890-1234567890",
        "requester": {"email": "olga@example.ru", "inn": "500100732259"},
        "fields": {"process": "Маркировка", "steps": ["Открыть", "Провести"], "impact": "stops-operations"},
    });
    assert_eq!(daemon.post("/v1/tickets", &registration).status, 201);
    for (verb, body) in [("take", json!({})), ("resolve", json!({"text": "Исправлено в версии 2.1"}))]
    {
        assert_eq!(daemon.post(&format!("/v1/tickets/1/{verb}"), &body).status, 200);
    }
    let link = daemon.get("/v1/tickets/1/requester-link").json;
    let path = link["url"]
        .as_str()
        .and_then(|url| url.strip_prefix("https://help.example.ru"))
        .expect("a link")
        .to_owned();

    browser.resize(390, 844);
    browser.go(&format!("{}{path}", daemon.base()));
    browser.wait_for("document.body.innerText.includes('Подтвердить решение')");
    looks_right(&mut browser, "answered");
    browser.run("document.querySelector('summary').click()");
    browser.run("document.querySelector('[name=reason]').value = 'Печатается пустой лист'");
    browser.run("document.querySelector('button.second').click()");
    browser.wait_for("document.body.innerText.includes('Дополнить') && location.search === '?lang=ru'");
    looks_right(&mut browser, "returned");
    assert_eq!(daemon.get("/v1/tickets/1").json["status"], "in-progress");

    assert_eq!(daemon.post("/v1/tickets/1/resolve", &json!({"text": "Исправлено ещё раз"})).status, 200);
    browser.run("location.reload()");
    browser.wait_for("document.body.innerText.includes('Подтвердить решение')");
    browser.run("document.querySelector('[value=satisfactory]').click()");
    browser.run("document.querySelector('section > form button').click()");
    browser.wait_for("document.body.innerText.includes('Ваша оценка')");
    looks_right(&mut browser, "confirmed");
    let ticket = daemon.get("/v1/tickets/1").json;
    assert_eq!((&ticket["stage"], &ticket["mark"]), (&json!("closed"), &json!("satisfactory")));
    // Going back and sending the old form again changes nothing.
    browser.run("history.back()");
    browser.wait_for("document.body.innerText.includes('Подтвердить решение') || document.body.innerText.includes('Ваша оценка')");
    assert_eq!(daemon.get("/v1/tickets/1").json["revision"], ticket["revision"]);

    let strange: Vec<_> = browser
        .requested()
        .into_iter()
        .filter(|address| !address.contains("/r/1/") && !address.ends_with("/favicon.ico"))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    let complaints: Vec<_> = browser.complaints().into_iter().filter(|told| !told.contains("404")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}
