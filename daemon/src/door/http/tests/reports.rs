//! Reports over HTTP: who may see what of them, in which form, and what a closed month still says.

use serde_json::{Value, json};

use super::*;

/// A desk under two regulations with marks, where one ticket of each was closed with a mark.
async fn world() -> World {
    let shipped = |name| shipped::get(name).expect("it is shipped").expect("it is whole");
    let world = World::known(Regulations::new(vec![shipped("getmark"), shipped("zkh-services")])).await;
    let getmark = json!({"regulation": "getmark", "channel": "email", "type": "error", "subject": "Не печатает",
        "requester": {"inn": "7707083893", "email": "a@b.ru"},
        "fields": {"process": "Маркировка", "steps": ["Открыть"], "impact": "none"}});
    let zkh = json!({"regulation": "zkh-services", "channel": "email", "type": "consultation",
        "subject": "Как начислить", "description": "Вопрос", "service": "=Начисления", "incomplete": true,
        "requester": {"name": "Анна", "email": "a@b.ru", "phone": "+7 900 000-00-00"}, "client": "ТСЖ"});
    for (number, body, mark) in [(1, getmark, "satisfactory"), (2, zkh, "4")] {
        world.post("/v1/tickets", "agent", &body).await.ok(201);
        for (verb, who, body) in [
            ("take", "agent", json!({})),
            ("resolve", "agent", json!({"text": "Нажмите «Провести»"})),
            ("confirm", "intake", json!({"mark": mark})),
        ] {
            world.post(&format!("/v1/tickets/{number}/{verb}"), who, &body).await.ok(200);
        }
    }
    world
}

impl World {
    async fn report(&self, path: &str, who: &str) -> Answer {
        self.send(without_body(ask(Method::GET, path, who))).await
    }
}

/// The slice of a regulation by a dimension; the first of them.
fn slice<'a>(report: &'a Value, regulation: &str, by: &str) -> &'a Value {
    let regulations = report["regulations"].as_array().expect("a list");
    let of = regulations.iter().find(|of| of["regulation"] == regulation).expect("it is told");
    of["slices"].as_array().expect("a list").iter().find(|slice| slice["by"] == by).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn the_month_that_runs_is_told_by_regulation_and_slice() {
    let world = world().await;
    let report = world.report("/v1/reports/quality", "lead").await.ok(200).json();
    assert_eq!((&report["state"], &report["closed_at"]), (&json!("running"), &Value::Null));
    assert_eq!(report["desk"]["closed"], 2);
    assert_eq!((&report["desk"]["positive"], &report["desk"]["rated_percent"]), (&json!(2), &json!(100.0)));
    let zkh = slice(&report, "zkh-services", "regulation");
    assert_eq!(
        (&zkh["figure"], &zkh["band"], &zkh["band_title"], &zkh["mean"]),
        (&json!(4.0), &json!("normal"), &json!("Нормальное"), &json!(4.0))
    );
    let getmark = slice(&report, "getmark", "agent");
    assert_eq!((&getmark["id"], &getmark["positive_percent"]), (&json!("agent"), &json!(100.0)));
    assert_eq!((&getmark["figure"], &getmark["sum"]), (&Value::Null, &Value::Null), "its marks are words");
    assert_eq!(slice(&report, "getmark", "source"), &Value::Null, "getmark has no sources");
    let sla = world.report("/v1/reports/sla", "lead").await.ok(200).json();
    let clock = &slice(&sla, "getmark", "line")["clocks"][0];
    assert_eq!(
        (&clock["met"], &clock["met_percent"], &clock["breaches"]),
        (&json!(1), &json!(100.0), &json!(0))
    );
}

#[tokio::test]
async fn a_report_is_for_leads_and_a_scope_bounds_it() {
    let world = world().await;
    world.report("/v1/reports/quality", "agent").await.problem(403, "forbidden");
    let add = |name: &'static str, regulations: &[&str], channels: &[&str]| {
        let mut token = Token::named(name, Role::Head, &secret::hash(name.as_bytes()));
        token.regulations = regulations.iter().map(|id| (*id).into()).collect();
        token.channels = channels.iter().map(|id| (*id).into()).collect();
        let add = Command::Desk(DeskAct::AddToken(token));
        world.handle.command(add, Actor::named("test", Role::Admin), None)
    };
    add("zkh", &["zkh-services"], &[]).await.expect("it can be added");
    add("letters", &[], &["email"]).await.expect("it can be added");
    let report = world.report("/v1/reports/quality", "zkh").await.ok(200).json();
    assert_eq!(report["desk"], Value::Null, "the whole desk is not theirs");
    let regulations: Vec<_> = report["regulations"].as_array().expect("a list").iter().collect();
    assert_eq!(regulations.len(), 1);
    assert_eq!(regulations[0]["regulation"], "zkh-services");
    for path in ["/v1/reports/quality", "/v1/reports/sla?format=csv"] {
        world.report(path, "letters").await.problem(403, "out-of-scope");
    }
}

#[tokio::test]
async fn everything_wrong_with_what_is_asked_is_told_at_once() {
    let world = World::new().await;
    let answer = world.report("/v1/reports/sla?month=2026-13&format=pdf&lang=de&x=1", "lead").await;
    assert_eq!(answer.problem(422, "invalid-fields").fields(), ["x", "month", "format", "lang"]);
    let answer =
        world.report("/v1/reports/quality?month=9999-12", "lead").await.problem(422, "invalid-fields");
    assert!(answer.json()["detail"].as_str().expect("words").contains("9999-12 is still to come"));
    let report = world.report("/v1/reports/quality?month=2020-02", "lead").await.ok(200).json();
    assert_eq!((&report["state"], &report["regulations"]), (&json!("closed"), &json!([])));
    assert_eq!(
        (&report["begins_at"], &report["ends_at"]),
        (&json!("2020-02-01T00:00:00.000+03:00"), &json!("2020-03-01T00:00:00.000+03:00"))
    );
}

#[tokio::test]
async fn a_report_comes_as_csv_with_a_row_for_each_slice() {
    let world = world().await;
    for (kind, of_row) in [("quality", "by"), ("sla", "metric")] {
        let json = world.report(&format!("/v1/reports/{kind}"), "lead").await.ok(200).json();
        let answer = world.report(&format!("/v1/reports/{kind}?format=csv"), "lead").await.ok(200);
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        let month = json["month"].as_str().expect("a month");
        assert_eq!(
            answer.header("content-disposition"),
            format!("attachment; filename=\"{kind}-{month}.csv\"")
        );
        let mut reader = csv::Reader::from_reader(answer.body.as_slice());
        let titles = reader.headers().expect("titles").clone();
        let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
        let slices = json["regulations"].as_array().expect("a list").iter().flat_map(|of| {
            of["slices"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|slice| slice["clocks"].as_array().map_or(1, Vec::len))
        });
        assert_eq!(rows.len(), slices.sum::<usize>());
        assert!(titles.iter().any(|title| title == of_row));
        assert!(rows.iter().any(|row| row.iter().any(|cell| cell == "'=Начисления")), "no formula comes out");
    }
}

#[tokio::test]
async fn a_report_is_a_page_without_script_that_shows_what_was_told_and_no_markup_of_others() {
    let world = world().await;
    for (path, words) in [
        ("/v1/reports/quality?format=html", ["Качество поддержки", "по сотрудникам", "Нормальное", "4,0"]),
        ("/v1/reports/quality?format=html&lang=en", ["Quality of support", "by agent", "Нормальное", "4.0"]),
        ("/v1/reports/sla?format=html", ["Сроки", "по линиям", "100,0", "Реакция"]),
    ] {
        let answer = world.report(path, "lead").await.ok(200);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let policy = answer.header("content-security-policy").to_owned();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("script"),
            "{policy}"
        );
        let page = String::from_utf8(answer.body).expect("a page is text");
        for word in words {
            assert!(page.contains(word), "{path} says nothing of {word}: {page}");
        }
        assert!(page.contains("<svg") && !page.contains("<script") && !page.contains(" style="), "{page}");
    }
    let evil = json!({"regulation": "zkh-services", "channel": "email", "type": "consultation", "subject": "x",
        "service": "<b>печать</b>", "incomplete": true});
    let number = world.post("/v1/tickets", "agent", &evil).await.ok(201).json()["number"].clone();
    world.post(&format!("/v1/tickets/{number}/close"), "agent", &json!({"reason": "Пусто"})).await.ok(200);
    let page = world.report("/v1/reports/quality?format=html", "lead").await.ok(200);
    let page = String::from_utf8(page.body).expect("a page is text");
    assert!(page.contains("&lt;b&gt;печать") && !page.contains("<b>"), "{page}");
}

#[tokio::test]
async fn agents_are_told_by_their_titles() {
    let world = world().await;
    let put = json!({"title": "Иванова Анна Сергеевна"});
    world.send(with_json(ask(Method::PUT, "/v1/agents/agent", "lead"), &put)).await.ok(200);
    for path in ["/v1/reports/quality", "/v1/reports/sla"] {
        let report = world.report(path, "lead").await.ok(200).json();
        let agent = slice(&report, "getmark", "agent");
        assert_eq!((&agent["id"], &agent["title"]), (&json!("agent"), &put["title"]), "{path}");
        let page = world.report(&format!("{path}?format=html"), "lead").await.ok(200);
        assert!(String::from_utf8(page.body).expect("a page is text").contains("Иванова Анна Сергеевна"));
    }
}

#[tokio::test]
async fn csv_is_for_programs_and_with_a_language_for_its_spreadsheets() {
    let world = world().await;
    let csv = async |lang: &str| {
        let answer = world.report(&format!("/v1/reports/quality?format=csv{lang}"), "lead").await.ok(200);
        String::from_utf8(answer.body).expect("CSV is UTF-8")
    };
    let (plain, russian, english) = (csv("").await, csv("&lang=ru").await, csv("&lang=en").await);
    assert!(plain.starts_with("month,state,"), "{plain}");
    assert_eq!(english, format!("\u{feff}{plain}"));
    assert!(russian.starts_with("\u{feff}month;state;"), "{russian}");
    assert!(plain.contains(",2.5,") || plain.contains(",4,"), "{plain}");
    assert_eq!(russian.matches("\r\n").count(), plain.matches("\r\n").count());
    let columns = |line: &str, between: char| line.matches(between).count();
    assert_eq!(
        columns(russian.lines().next().expect("titles"), ';'),
        columns(plain.lines().next().expect("titles"), ',')
    );
}
