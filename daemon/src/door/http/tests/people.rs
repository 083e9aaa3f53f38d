//! Agents, groups and the roster.

use calendars::Timestamp;

use super::*;

/// A desk of the company group's regulation: its bot ДОК 24/7 is open whenever this test runs.
async fn world() -> World {
    let regulation = shipped::get("group-helpdesk").expect("it is shipped").expect("it is whole");
    World::known(Regulations::new(vec![regulation])).await
}

impl World {
    async fn put(&self, path: &str, who: &str, body: &Value) -> Answer {
        self.send(with_json(ask(Method::PUT, path, who), body)).await
    }

    async fn delete(&self, path: &str, who: &str) -> Answer {
        self.send(without_body(ask(Method::DELETE, path, who))).await
    }

    /// The token `agent` belongs to somebody who is on shift now, from yesterday to tomorrow.
    async fn on_shift(&self) {
        self.put("/v1/agents/agent", "lead", &json!({"groups": ["dok-24-7"]})).await.ok(200);
        let day = |days: i64| {
            let at = self.handle.view().now().plus_ms(days * 86_400_000);
            json!({"agent": "agent", "date": at.local(Tz::Europe__Moscow).date(), "from": "00:00", "to": "24:00"})
        };
        let body = json!({"shifts": [day(-1), day(0), day(1)]});
        let added = self.post("/v1/roster", "lead", &body).await.ok(200).json();
        assert_eq!(added["changed"], true);
    }
}

fn request() -> Value {
    json!({"channel": "dok-24-7", "type": "question", "subject": "Не печатает", "requester": {"name": "Анна"}})
}

#[tokio::test]
async fn an_agent_on_shift_and_online_is_given_what_comes_and_takes_what_the_group_has() {
    let world = world().await;
    let first = world.post("/v1/tickets", "intake", &request()).await.ok(201).json();
    assert_eq!((&first["assignee"], &first["group"]), (&Value::Null, &json!("dok-24-7")));
    world.post("/v1/groups/dok-24-7/take", "agent", &json!({})).await.problem(403, "forbidden");
    world.put("/v1/agents/agent", "lead", &json!({"groups": ["dok-24-7"]})).await.ok(200);
    // Until there is a roster everybody counts as on shift; then those who have a shift now are.
    let there = json!({"requests": "online"});
    world.put("/v1/agents/agent/presence", "agent", &there).await.ok(200);
    let groups = world.get("/v1/groups").await.ok(200).json();
    assert!(groups.as_array().unwrap().iter().any(|group| group["there"] == json!(["agent"])), "{groups}");
    world.put("/v1/agents/other", "lead", &json!({})).await.ok(200);
    let today = world.handle.view().now().local(Tz::Europe__Moscow).date();
    let shift = json!({"agent": "other", "date": today, "from": "00:00", "to": "24:00"});
    world.post("/v1/roster", "lead", &json!({"shifts": [shift]})).await.ok(200);
    world.post("/v1/groups/dok-24-7/take", "agent", &json!({})).await.problem(409, "not-on-shift");
    world.on_shift().await;
    let taken = world.post("/v1/groups/dok-24-7/take", "agent", &json!({})).await.ok(200);
    assert_eq!(taken.header("andon-changed"), "true");
    assert_eq!(taken.json(), json!({"changed": true, "tickets": [1], "tickets_total": 1, "left": 0}));
    world.put("/v1/agents/agent/presence", "agent", &json!({"requests": "online"})).await.ok(200);
    let second = world.post("/v1/tickets", "intake", &request()).await.ok(201).json();
    assert_eq!((&second["assignee"], &second["assignee_away"]), (&json!("agent"), &json!(false)));
    let groups = world.get("/v1/groups").await.ok(200).json();
    let group = groups.as_array().unwrap().iter().find(|group| group["name"] == "dok-24-7").unwrap().clone();
    assert_eq!((&group["there"], &group["open_tickets"]), (&json!(["agent"]), &json!(0)));
    assert_eq!(group["channels"], json!(["group-helpdesk/dok-24-7"]));
    // Taken off the roster, they are away, and it is told of their tickets.
    let shifts = world.get("/v1/roster").await.ok(200).json();
    for shift in shifts.as_array().unwrap() {
        world.delete(&format!("/v1/roster/{}", shift["id"]), "lead").await.ok(204);
    }
    for path in ["/v1/tickets/2", "/v1/tickets?assignee=agent", "/v1/tickets?assignee_away=true&stage=open"] {
        let told = world.get(path).await.ok(200).json();
        let ticket = if told.is_array() { told[0].clone() } else { told };
        assert_eq!(ticket["assignee_away"], true, "{path}");
    }
    let refused = world.delete("/v1/agents/agent", "lead").await.problem(409, "agent-has-tickets").json();
    assert_eq!(refused["ticket"], 1);
    world.delete("/v1/agents/agent?hand-back=maybe", "lead").await.problem(422, "invalid-fields");
    world.delete("/v1/agents/agent?hand-back=true", "lead").await.ok(204);
    assert_eq!(world.get("/v1/tickets/2").await.json()["group"], "dok-24-7");
    world.get("/v1/agents/agent").await.problem(404, "not-found");
}

#[tokio::test]
async fn all_that_is_wrong_with_an_agent_or_a_roster_is_told_at_once() {
    let world = world().await;
    let body = json!({"lines": [1, 9], "groups": ["Бот"], "skills": ["a", "a"]});
    let answer = world.put("/v1/agents/anna", "lead", &body).await.problem(422, "invalid-fields");
    assert_eq!(answer.fields(), ["lines[1]", "groups[0]", "skills[1]"]);
    world.put("/v1/agents/anna%20b", "lead", &json!({})).await.problem(422, "invalid-fields");
    world.put("/v1/agents/timer", "lead", &json!({})).await.problem(422, "invalid-fields");
    world.put("/v1/agents/anna", "lead", &json!({"groups": []})).await.ok(200);
    for (body, fields) in [
        (json!({}), vec!["shifts"]),
        (
            json!({"shifts": [{}]}),
            vec!["shifts[0].agent", "shifts[0].date", "shifts[0].from", "shifts[0].to"],
        ),
        (
            json!({"shifts": [{"agent": "anna", "date": "2026-13-01", "from": "9", "to": "18:00"}], "instead_of": {"days": 0}}),
            vec!["instead_of.from", "instead_of.days", "shifts[0].date", "shifts[0].from"],
        ),
        (
            json!({"shifts": [{"agent": "boris", "date": "2026-11-23", "from": "09:00", "to": "18:00"}]}),
            vec!["shifts[0].agent"],
        ),
    ] {
        let answer = world.post("/v1/roster", "lead", &body).await.problem(422, "invalid-fields");
        assert_eq!(answer.fields(), fields, "{body}");
    }
    assert_eq!(world.get("/v1/roster?from=2026-11-23&days=92").await.ok(200).json(), json!([]));
    world.get("/v1/tickets?assignee_away=yes").await.problem(422, "invalid-fields");
    for query in ["from=x", "days=0", "days=93", "until=2026-11-23"] {
        world.get(&format!("/v1/roster?{query}")).await.problem(422, "invalid-fields");
        world.get(&format!("/v1/roster/coverage?{query}")).await.problem(422, "invalid-fields");
    }
    world
        .put(
            "/v1/roster/7",
            "lead",
            &json!({"agent": "anna", "date": "2026-11-23", "from": "09:00", "to": "18:00"}),
        )
        .await
        .problem(404, "not-found");
    world.put("/v1/agents/anna/presence", "lead", &json!({})).await.problem(422, "invalid-fields");
    world
        .put("/v1/agents/anna/presence", "lead", &json!({"chat": "away"}))
        .await
        .problem(422, "invalid-fields");
}

#[tokio::test]
async fn a_roster_is_told_in_times_of_the_site_and_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let regulation = || shipped::get("group-helpdesk").unwrap().unwrap();
    let mut world = World::under(dir.path(), Regulations::new(vec![regulation()]));
    world.add_tokens().await;
    world.put("/v1/agents/anna", "lead", &json!({"title": "Анна"})).await.ok(200);
    let night = json!({"agent": "anna", "date": "2036-11-23", "from": "21:00", "to": "09:00"});
    world.post("/v1/roster", "lead", &json!({"shifts": [night]})).await.ok(200);
    let path = "/v1/roster?from=2036-11-24&days=1";
    let told = world.get(path).await.ok(200).json();
    assert_eq!(
        told,
        json!([{"id": 1, "agent": "anna", "date": "2036-11-23", "from": "21:00", "to": "09:00",
            "starts_at": "2036-11-23T21:00:00.000+03:00", "ends_at": "2036-11-24T09:00:00.000+03:00"}])
    );
    let week = json!({"shifts": [], "instead_of": {"from": "2036-11-20", "days": 7, "agents": ["boris"]}});
    assert_eq!(world.post("/v1/roster", "lead", &week).await.ok(200).json()["changed"], false);
    drop(world);
    world = World::under(dir.path(), Regulations::new(vec![regulation()]));
    assert_eq!(world.get(path).await.ok(200).json(), told);
    let status = world.get("/v1/status").await.ok(200).json()["roster"].clone();
    assert_eq!(
        (&status["agents"], &status["shifts"], &status["zone"]),
        (&json!(1), &json!(1), &json!("Europe/Moscow"))
    );
    assert!(status["gaps"].as_u64().is_some_and(|gaps| gaps > 0), "{status}");
    let first = status["first_gap_at"].as_str().expect("there are gaps");
    assert!(Timestamp::parse_rfc3339(first).is_ok(), "{first}");
    let metrics = world.get("/metrics").await.ok(200);
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    for line in
        ["andon_people{are=\"agents\"} 1", "andon_people{are=\"shifts\"} 1", "andon_shifts_limit 20000"]
    {
        assert!(metrics.contains(line), "{line}");
    }
}

#[tokio::test]
async fn a_week_that_is_sent_anew_tells_what_comes_goes_and_stays() {
    let world = world().await;
    world.put("/v1/agents/anna", "lead", &json!({})).await.ok(200);
    let shift = |day: u32, to: &str| json!({"agent": "anna", "date": format!("2036-11-{day}"), "from": "09:00", "to": to});
    let days = json!({"from": "2036-11-20", "days": 7});
    let told = |counts: [u64; 4], changed: bool| {
        let [added, removed, unchanged, total] = counts;
        json!({"changed": changed, "added": added, "removed": removed, "unchanged": unchanged, "shifts_total": total})
    };
    let week = json!({"shifts": [shift(20, "18:00"), shift(21, "18:00")], "instead_of": days});
    assert_eq!(world.post("/v1/roster", "lead", &week).await.ok(200).json(), told([2, 0, 0, 2], true));
    let other =
        json!({"shifts": [shift(21, "18:00"), shift(22, "18:00"), shift(20, "17:00")], "instead_of": days});
    let mut dry = other.clone();
    dry["dry_run"] = json!(true);
    for _ in 0..2 {
        assert_eq!(world.post("/v1/roster", "lead", &dry).await.ok(200).json(), told([2, 1, 1, 2], false));
    }
    assert_eq!(world.post("/v1/roster", "lead", &other).await.ok(200).json(), told([2, 1, 1, 3], true));
    assert_eq!(world.post("/v1/roster", "lead", &other).await.ok(200).json(), told([0, 0, 3, 3], false));
    let ids = world.get("/v1/roster?from=2036-11-20&days=7").await.ok(200).json();
    let ids: Vec<_> = ids.as_array().unwrap().iter().map(|shift| shift["id"].clone()).collect();
    assert_eq!(ids, [4, 2, 3], "what stays keeps its number");
    assert_eq!(world.get("/v1/roster/2").await.ok(200).json()["date"], "2036-11-21");
    world.get("/v1/roster/1").await.problem(404, "not-found");
    // What is over for longer than the roster keeps it is told, and does not make a roster.
    let old = json!({"shifts": [{"agent": "anna", "date": "2020-01-05", "from": "09:00", "to": "18:00"}]});
    let answer = world.post("/v1/roster", "lead", &old).await.problem(422, "invalid-fields");
    assert_eq!(answer.fields(), ["shifts[0].date"]);
}

#[tokio::test]
async fn a_group_or_line_that_nobody_knows_is_refused_wherever_it_is_named() {
    let world = world().await;
    world.post("/v1/tickets", "intake", &request()).await.ok(201);
    for query in ["line=9", "group=zz"] {
        world.get(&format!("/v1/queue?{query}")).await.problem(422, "invalid-fields");
    }
    assert_eq!(world.get("/v1/queue?group=dok-24-7").await.ok(200).json()[0]["number"], 1);
    for (path, body) in [
        ("/v1/queue/take-next", json!({"group": "zz"})),
        ("/v1/tickets/1/assign", json!({"group": "nogroup", "reason": "так"})),
    ] {
        let answer = world.post(path, "agent", &body).await.problem(422, "invalid-fields");
        assert_eq!(answer.fields(), ["group"], "{path}");
    }
    world.post("/v1/tickets/1/assign", "agent", &json!({"group": "hm", "reason": "так"})).await.ok(200);
    for (name, title) in
        [("..", None), (".", None), ("anna", Some("Анна\u{202e}")), ("anna", Some("Анна\nИ"))]
    {
        let path = format!("/v1/agents/{}", name.replace('.', "%2E"));
        let answer = world.put(&path, "lead", &json!({"title": title})).await;
        answer.problem(422, "invalid-fields");
    }
}

#[tokio::test]
async fn a_scoped_token_says_that_it_is_there_and_sees_nobody_else() {
    let world = world().await;
    let token = json!({"name": "anna", "role": "agent", "channels": ["hm"]});
    let secret = world.post("/v1/tokens", "admin", &token).await.ok(201).json()["secret"].clone();
    let secret = secret.as_str().expect("the secret is shown").to_owned();
    for name in ["anna", "boris"] {
        world.put(&format!("/v1/agents/{name}"), "lead", &json!({"groups": ["hm"]})).await.ok(200);
    }
    let online = json!({"requests": "online"});
    let mine = world.put("/v1/agents/anna/presence", &secret, &online).await.ok(200).json();
    assert_eq!(mine["presence"], json!({"chat": "offline", "requests": "online"}));
    world.put("/v1/agents/boris/presence", &secret, &online).await.problem(403, "forbidden");
    for (path, status) in [
        ("/v1/agents/anna", 200),
        ("/v1/agents/boris", 403),
        ("/v1/agents", 403),
        ("/v1/roster/1", 403),
        ("/v1/roster/coverage", 403),
    ] {
        let answer = world.send(without_body(ask(Method::GET, path, &secret))).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
    }
    // Of groups and shifts they are told their own.
    for (agent, day) in [("anna", "2036-11-23"), ("boris", "2036-11-24")] {
        let shift = json!({"agent": agent, "date": day, "from": "09:00", "to": "18:00"});
        world.post("/v1/roster", "lead", &json!({"shifts": [shift]})).await.ok(200);
    }
    let get = |path: &'static str| world.send(without_body(ask(Method::GET, path, &secret)));
    let shifts = get("/v1/roster?from=2036-11-20&days=7").await.ok(200).json();
    assert_eq!((shifts.as_array().map(Vec::len), &shifts[0]["agent"]), (Some(1), &json!("anna")));
    let groups = get("/v1/groups").await.ok(200).json();
    let own = json!([{"name": "hm", "channels": ["group-helpdesk/hm"], "agents": ["anna"], "there": [], "open_tickets": 0}]);
    assert_eq!(groups, own);
    let scoped_lead = json!({"name": "vera", "role": "lead", "channels": ["hm"]});
    let secret = world.post("/v1/tokens", "admin", &scoped_lead).await.ok(201).json()["secret"].clone();
    let secret = secret.as_str().expect("the secret is shown").to_owned();
    world.put("/v1/agents/gleb", &secret, &json!({})).await.problem(403, "out-of-scope");
    world.delete("/v1/agents/boris", &secret).await.problem(403, "out-of-scope");
    let shift = json!({"shifts": [{"agent": "anna", "date": "2036-11-23", "from": "09:00", "to": "18:00"}]});
    world.post("/v1/roster", &secret, &shift).await.problem(403, "out-of-scope");
}
