//! one box runs several regulations side by side, chosen at intake; lists and the wall say which. X-4: what the wall
//! shows, it shows for every regulation.

use std::sync::Arc;

use andon::board::scene::{Room, scene};
use andon::board::{BoardState, Glance, QuietHours};
use andon::desk::regulation::IntakeRule;
use andon::desk::{Metric, Refusal, Regulations};
use andon::run::time::DeskTime;
use andon_tests::World;
use andon_tests::time::local;
use andon_tests::world::shipped;
use calendars::Tz;
use firmware_board::Language;
use serde_json::{Value, json};

use crate::getmark::request;

/// A look at the desk now, from a Russian room in Moscow.
fn glance(world: &World) -> Glance {
    let (zone, language) = (Tz::Europe__Moscow, Language::Russian);
    Glance { at: world.now(), time: DeskTime::Trusted, zone, language, quiet: QuietHours::default() }
}

/// GetMark and the service desk, with these intake rules, on a plain Monday morning.
fn both(rules: &[IntakeRule]) -> World {
    let all = ["getmark", "itsm"].map(|name| Arc::new(shipped(name)));
    let regulations = Regulations::new(all.to_vec()).with_intake(rules.to_vec());
    World::side_by_side(regulations, "2026-11-23 10:00")
}

/// A registration that names no regulation and that either could take.
fn by_email(client: Option<&str>, product: Option<&str>) -> Value {
    let mut body = request("email", "error", "hinders");
    body["client"] = json!(client);
    if let Some(product) = product {
        body["fields"]["product"] = json!(product);
    }
    body
}

fn rule(regulation: &str) -> IntakeRule {
    IntakeRule { regulation: regulation.into(), ..IntakeRule::default() }
}

fn chosen(world: &mut World, body: Value) -> String {
    let number = world.register(body);
    world.ticket(number).facts.regulation.to_string()
}

#[test]
fn x_1_a_registration_names_its_regulation() {
    let mut world = both(&[]);
    let mut body = by_email(None, None);
    body["regulation"] = json!("getmark");
    assert_eq!(chosen(&mut world, body), "getmark");
    let incident = json!({
        "regulation": "itsm", "channel": "email", "type": "incident", "subject": "Принтер не печатает", "priority": "p2",
    });
    assert_eq!(chosen(&mut world, incident), "itsm");
}

#[test]
fn x_1_where_nothing_chooses_the_registration_is_asked() {
    let mut world = both(&[]);
    let Err(Refusal::Fields(errors)) = world.try_register(by_email(None, None)) else {
        panic!("it was to be asked for its regulation")
    };
    assert_eq!(errors[0].field, "regulation");
    assert_eq!(
        errors[0].message,
        "is required here: this desk runs getmark, itsm, and no intake rule chooses by this channel, client or product"
    );
}

#[test]
fn x_1_intake_chooses_by_channel_client_or_product_and_the_first_match_wins() {
    let by_channel = IntakeRule { channel: Some("self-service".into()), ..rule("itsm") };
    let by_client = IntakeRule { client: Some("ООО «Ромашка»".into()), ..rule("getmark") };
    let by_product = IntakeRule { product: Some("marking".into()), ..rule("getmark") };
    let rules = [by_channel, by_client, by_product, rule("itsm")];
    let mut world = both(&rules);
    let incident = |channel: &str| json!({ "channel": channel, "type": "incident", "subject": "Принтер" });
    assert_eq!(chosen(&mut world, incident("self-service")), "itsm");
    assert_eq!(chosen(&mut world, by_email(Some("ООО «Ромашка»"), None)), "getmark");
    assert_eq!(chosen(&mut world, by_email(None, Some("marking"))), "getmark");
    // What no rule before it matches comes to the last, which looks at nothing.
    assert_eq!(chosen(&mut world, incident("phone")), "itsm");
    // The name said outright goes before every rule.
    let mut body = by_email(None, Some("other"));
    body["regulation"] = json!("getmark");
    assert_eq!(chosen(&mut world, body), "getmark");
}

#[test]
fn x_1_each_ticket_runs_by_its_own_regulation() {
    let mut world = both(&[]);
    let mut error = request("email", "error", "stops-operations");
    error["regulation"] = json!("getmark");
    let getmark = world.register(error);
    let incident = json!({
        "regulation": "itsm", "channel": "email", "type": "incident", "subject": "Сервер", "priority": "p1",
    });
    let itsm = world.register(incident);
    // GM-5.17: 12 h of 9 from Monday 10:00: 8 h to 18:00, 4 h more on Tuesday.
    assert_eq!(world.deadline(getmark, Metric::Resolution), "2026-11-24 13:00");
    // Its p1: 4 h from Monday 10:00.
    assert_eq!(world.deadline(itsm, Metric::Resolution), "2026-11-23 14:00");
}

#[test]
fn x_1_the_wall_says_which_regulation_where_there_are_several() {
    let incident = json!({
        "regulation": "itsm", "channel": "email", "type": "incident", "subject": "Сервер", "priority": "p1",
    });
    let mut two = both(&[]);
    two.register(incident.clone());
    let mut one = World::shipped("itsm", "2026-11-23 10:00");
    one.register(incident);
    let wall = |world: &World| BoardState::of(world.desk(), &[], glance(world));
    let drawn = |world: &World| scene(&wall(world), &Room::default(), world.now());

    let view = serde_json::to_value(wall(&two).view(two.now())).unwrap();
    assert_eq!(view["alarms"][0]["regulation"], "itsm");
    assert_eq!(view["next"][0]["regulation"], "itsm");
    assert_eq!(view["next"][0]["subject"], "Сервер", "programs get the subject as it is");
    assert_eq!(drawn(&two).alarms[0].text, "ИТ · Сервер");
    assert_eq!(drawn(&two).next[0].subject, "ИТ · Сервер");
    // Where one regulation runs, there is nothing to tell apart, and the line has more room.
    assert_eq!(drawn(&one).alarms[0].text, "Сервер");
    assert_eq!(drawn(&one).next[0].subject, "Сервер");
}

/// A registration that is whole under a regulation, of its greatest priority where the requester may say it.
fn whole(regulation: &str) -> Value {
    let requester = json!({ "name": "Анна Петрова", "email": "petrova@example.ru", "inn": "7707083893" });
    let mut body = match regulation {
        "zkh-services" => json!({ "channel": "email", "type": "error", "priority": "critical" }),
        "getmark" => return request("email", "error", "stops-operations"),
        "profman-iss" => json!({
            "channel": "email", "type": "problem", "priority": "high", "description": "Расчёт не идёт",
            "fields": { "platform-version": "8.3.24", "product-version": "5.1" },
        }),
        "bpmsoft-care" => json!({
            "channel": "portal", "type": "incident", "priority": "critical", "description": "Не открывается вход",
            "fields": {
                "address": "https://bpm.example.ru", "steps": ["Открыть вход"], "database-servers": "1",
                "nodes": 2, "adjacent-software": "нет", "changes": "не было",
            },
        }),
        "group-helpdesk" => json!({ "channel": "hm", "type": "incident", "urgency": "urgent" }),
        other => panic!("{other} is not one of the five"),
    };
    body["subject"] = json!("Система не работает");
    body["requester"] = requester;
    body
}

#[test]
fn x_4_the_wall_shows_a_critical_ticket_of_every_regulation_until_it_is_answered() {
    for regulation in ["zkh-services", "getmark", "profman-iss", "bpmsoft-care", "group-helpdesk"] {
        let mut world = World::shipped(regulation, "2026-11-23 10:00");
        let ticket = world.register(whole(regulation));
        if regulation == "getmark" {
            // Nobody but an agent of line 1 or 2 may say so (GM-5.16).
            let critical = json!({ "to": "critical", "reason": "Не работает ни у кого" });
            world.act(ticket, "priority", critical);
        }
        let wall = |world: &World| BoardState::of(world.desk(), &[], glance(world));
        let seen = serde_json::to_value(wall(&world).view(world.now())).unwrap();
        assert_eq!(seen["level"], "critical", "{regulation}");
        assert_eq!(seen["counts"]["critical"], 1, "{regulation}");
        assert_eq!(seen["alarms"][0]["id"], "1-critical-1", "{regulation}");
        assert_eq!(seen["signals"]["red"], "fast", "{regulation}");
        world.act(ticket, "take", json!({}));
        let source = (regulation == "bpmsoft-care").then_some("infrastructure");
        world.act(ticket, "resolve", json!({ "text": "Перезапущено", "source": source }));
        assert_eq!(world.counts().critical, 0, "{regulation}");
    }
}

/// What is promised first under each, on Monday 2026-11-23 at 10:00, worked out from its clauses: the reaction of ЖКХ in
/// 60 min (ZS-5a); GetMark's line 2 in 8 h (GM-5.17); PROFMAN promises nothing (PM-C4b); the care's critical reaction in
/// 30 min (BC-1); the group's urgent incident in the 30 min that are proposed to the site (HD-4).
#[test]
fn x_4_the_wall_shows_what_breaches_next_and_what_has_for_every_regulation() {
    for (regulation, metric, deadline) in [
        ("zkh-services", "reaction", Some("2026-11-23 11:00")),
        ("getmark", "line", Some("2026-11-23 18:00")),
        ("profman-iss", "", None),
        ("bpmsoft-care", "reaction", Some("2026-11-23 10:30")),
        ("group-helpdesk", "reaction", Some("2026-11-23 10:30")),
    ] {
        let mut world = World::shipped(regulation, "2026-11-23 10:00");
        world.register(whole(regulation));
        let first = world.desk().upcoming().next().map(|due| (due.metric.id(), local(due.deadline)));
        assert_eq!(first, deadline.map(|at| (metric, at.to_owned())), "{regulation}");
        world.run_until("2026-11-23 18:30");
        let breached = u32::from(deadline.is_some());
        assert_eq!(world.counts().breached, breached, "{regulation}");
        let alarm = format!("1-breach-{metric}-1 unacked");
        assert_eq!(world.alarms().contains(&alarm), deadline.is_some(), "{regulation}: {:?}", world.alarms());
    }
}

#[test]
fn x_4_the_wall_counts_who_waits_for_the_requester_under_every_regulation() {
    for regulation in ["zkh-services", "getmark", "profman-iss", "bpmsoft-care", "group-helpdesk"] {
        let mut world = World::shipped(regulation, "2026-11-23 10:00");
        let ticket = world.register(whole(regulation));
        assert_eq!(world.counts().waiting, 0, "{regulation}");
        world.act(ticket, "ask", json!({ "text": "Какая версия?" }));
        assert_eq!(world.counts().waiting, 1, "{regulation}");
        world.as_requester().act(ticket, "answer", json!({ "text": "Последняя" }));
        assert_eq!(world.counts().waiting, 0, "{regulation}");
    }
}

/// Two of the five have mass problems, both from the fifth alike ticket of a day on (GM-5.15, HD-14); the others have none to show.
#[test]
fn x_4_the_wall_shows_a_mass_problem_under_every_regulation_that_has_them() {
    for (regulation, has_them) in [
        ("zkh-services", false),
        ("getmark", true),
        ("profman-iss", false),
        ("bpmsoft-care", false),
        ("group-helpdesk", true),
    ] {
        let mut world = World::shipped(regulation, "2026-11-23 10:00");
        let mass = |world: &World| {
            let wall = BoardState::of(world.desk(), &[], glance(world)).view(world.now());
            let seen = serde_json::to_value(wall).expect("a view is JSON");
            let alarms = seen["alarms"].as_array().expect("a list").iter();
            alarms
                .filter(|alarm| alarm["kind"] == "mass-problem")
                .map(|alarm| alarm["text"].clone())
                .collect::<Vec<_>>()
        };
        for _ in 0..4 {
            world.register(whole(regulation));
        }
        assert_eq!(mass(&world), Vec::<Value>::new(), "{regulation}");
        world.register(whole(regulation));
        // A question mark as long as nobody has confirmed that they are one.
        let subject = whole(regulation)["subject"].as_str().expect("a subject").to_owned();
        let expected = if has_them { vec![json!(format!("{subject}?"))] } else { Vec::new() };
        assert_eq!(mass(&world), expected, "{regulation}");
    }
}
