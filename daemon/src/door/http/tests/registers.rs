//! The register of clients and the directory of employees, over HTTP.

use super::*;
use crate::desk::regulation::shipped;

async fn put(world: &World, path: &str, who: &str, body: &Value) -> Answer {
    world.send(with_json(ask(Method::PUT, path, who), body)).await
}

async fn under(regulation: &str) -> World {
    let regulation = shipped::get(regulation).expect("it is shipped").expect("it is whole");
    World::known(Regulations::new(vec![regulation])).await
}

#[tokio::test]
async fn a_client_is_written_down_appoints_its_contact_and_is_taken_out() {
    let world = under("bpmsoft-care").await;
    let terms =
        json!({"name": "ООО «Ромашка»", "domains": ["romashka.example.ru"], "paid_channels": ["phone"]});
    let answer = put(&world, "/v1/clients/romashka", "lead", &terms).await.ok(200);
    assert_eq!((answer.header("andon-changed"), &answer.json()["contact"]), ("true", &Value::Null));
    let again = put(&world, "/v1/clients/romashka", "lead", &terms).await.ok(200);
    assert_eq!(again.header("andon-changed"), "false");
    for (email, notice) in [("anna@romashka.example.ru", "№ 5"), ("boris@romashka.example.ru", "№ 17")] {
        let body = json!({"contact": {"name": "Контакт", "email": email}, "notice": notice});
        world.post("/v1/clients/romashka/contact", "lead", &body).await.ok(200);
    }
    let client = world.get("/v1/clients/romashka").await.ok(200).json();
    assert_eq!(client["contact"]["notice"], "№ 17");
    assert_eq!(client["former_contacts"][0]["contact"]["email"], "anna@romashka.example.ru");
    let metrics = String::from_utf8(world.get("/metrics").await.ok(200).body.clone()).expect("text");
    for line in [
        "andon_clients 1",
        "andon_clients_limit 1000",
        "andon_employees 0",
        "andon_problems{state=\"open\"} 0",
    ] {
        assert!(metrics.lines().any(|told| told == line), "{line}\n{metrics}");
    }
    let remove =
        || ask(Method::DELETE, "/v1/clients/romashka", "lead").body(Body::empty()).expect("a request");
    world.send(remove()).await.ok(204);
    world.send(remove()).await.problem(404, "not-found");
    assert_eq!(world.get("/v1/clients").await.ok(200).json(), json!([]));
}

#[tokio::test]
async fn a_client_with_wrong_terms_is_told_all_of_it() {
    let world = under("bpmsoft-care").await;
    put(&world, "/v1/clients/lutik", "lead", &json!({"name": "АО «Лютик»", "domains": ["lutik.example.ru"]}))
        .await
        .ok(200);
    let terms =
        json!({"name": "АО «лютик»", "domains": ["lutik.example.ru", "no"], "paid_channels": ["fax"]});
    let answer = put(&world, "/v1/clients/Romashka", "lead", &terms).await.problem(422, "invalid-fields");
    assert_eq!(answer.fields(), ["id", "name", "domains[0]", "domains[1]", "paid_channels[0]"]);
    let nobody = json!({"contact": {}, "notice": " "});
    let answer =
        world.post("/v1/clients/lutik/contact", "lead", &nobody).await.problem(422, "invalid-fields");
    assert_eq!(answer.fields(), ["notice", "contact.name", "contact.email"]);
    let nowhere = json!({"contact": {"name": "А", "login": "a"}, "notice": "№ 1"});
    world.post("/v1/clients/nobody/contact", "lead", &nowhere).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_directory_is_listed_in_pages_and_searched() {
    let world = under("group-helpdesk").await;
    let one = |n: usize| json!({"id": format!("e+{n:03}"), "name": format!("Сотрудник № {n}"), "email": format!("e{n}@group.example.ru")});
    let body = json!({"put": (0..250).map(one).collect::<Vec<_>>()});
    let answer = world.post("/v1/employees", "lead", &body).await.ok(200).json();
    assert_eq!(answer, json!({"changed": true, "employees_total": 250}));
    let again = world.post("/v1/employees", "lead", &body).await.ok(200);
    assert_eq!((again.header("andon-changed"), &again.json()["changed"]), ("false", &json!(false)));
    let (mut path, mut seen) = ("/v1/employees?limit=100".to_owned(), Vec::new());
    loop {
        let page = world.get(&path).await.ok(200);
        seen.extend(page.json().as_array().expect("a list").iter().map(|one| one["id"].clone()));
        let link = page.header("link");
        match link.strip_prefix('<').and_then(|link| link.split_once('>')) {
            Some((next, _)) => next.clone_into(&mut path),
            None => break,
        }
    }
    let expected: Vec<_> = (0..250).map(|n| json!(format!("e+{n:03}"))).collect();
    assert_eq!(seen, expected, "each once, in order, though an id has a plus");
    let found = world.get("/v1/employees?q=E17%40GROUP").await.ok(200).json();
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    let found = world
        .get("/v1/employees?q=17+%D1%81%D0%BE%D1%82%D1%80%D1%83%D0%B4%D0%BD%D0%B8%D0%BA")
        .await
        .ok(200)
        .json();
    assert_eq!(found.as_array().map(Vec::len), Some(13), "17, 117, 217, and 170 to 179: {found}");
}

#[tokio::test]
async fn an_employee_is_written_down_known_and_taken_out() {
    let world = under("group-helpdesk").await;
    let body = json!({"name": "Анна Петрова", "login": "petrova", "department": "Бухгалтерия"});
    put(&world, "/v1/employees/petrova", "agent", &body).await.problem(403, "forbidden");
    put(&world, "/v1/employees/petrova", "lead", &body).await.ok(200);
    let wrong = put(&world, "/v1/employees/other", "lead", &json!({"login": "PETROVA", "email": "x"})).await;
    assert_eq!(wrong.problem(422, "invalid-fields").fields(), ["name", "email", "login"]);
    let request = |login: &str| json!({"channel": "hm", "type": "question", "subject": "Отпуск", "requester": {"login": login}});
    let known = world.post("/v1/tickets", "intake", &request("petrova")).await.ok(201).json();
    assert_eq!((&known["stage"], &known["requester"]["name"]), (&json!("open"), &json!("Анна Петрова")));
    let other = world.post("/v1/tickets", "intake", &request("chuzhoy")).await.ok(201).json();
    assert_eq!((&other["stage"], &other["status"]), (&json!("closed"), &json!("refused")));
    let remove =
        || ask(Method::DELETE, "/v1/employees/petrova", "lead").body(Body::empty()).expect("a request");
    world.send(remove()).await.ok(204);
    world.send(remove()).await.problem(404, "not-found");
    world.get("/v1/employees/petrova").await.problem(404, "not-found");
}
