//! How a request comes in: the bots, who else may register, types and urgency.

use andon::desk::{Refusal, Role, view};
use andon_tests::World;
use andon_tests::world::shipped;
use serde_json::json;

use super::{request, urgency, world};

const CHANNELS: [&str; 5] = ["hm", "dok", "dok-24-7", "zm", "mpk"];

/// HD-1: requests come through the system only: an agent who registers one is refused, with the clause, by every channel.
#[test]
fn hd_1_an_agent_registers_nothing() {
    let mut world = world("2026-11-23 10:00");
    world.as_agent("ivanova", &[1]);
    for channel in CHANNELS {
        assert_eq!(
            world.try_register(request(channel, "task")),
            Err(Refusal::Forbidden(format!(
                "registering by the channel `{channel}` is for the roles intake, lead, head, admin only (HD-1, HD-3); \
                 this token has agent"
            )))
        );
    }
    assert_eq!(world.counts().open, 0);
}

/// HD-1: except tasks from the head of support and the group lead, which are marked with their name.
#[test]
fn hd_1_a_lead_or_the_head_registers_and_the_ticket_says_who() {
    for (name, role) in [("petrov", Role::Lead), ("orlova", Role::Head), ("root", Role::Admin)] {
        let mut world = world("2026-11-20 17:20");
        let ticket = world.as_role(name, role, &[]).register(request("dok", "task"));
        assert_eq!(world.ticket(ticket).facts.opened_by.as_deref(), Some(name));
        // Anyone works on it, and the mark stays.
        world.as_agent("ivanova", &[]).act(ticket, "take", json!({}));
        world.act(ticket, "resolve", json!({ "text": "Сделано" }));
        assert_eq!(world.ticket(ticket).facts.opened_by.as_deref(), Some(name));
    }
}

/// HD-1: what a bot registers comes in by itself, at any hour, and is not marked.
#[test]
fn hd_1_what_comes_by_a_bot_is_not_marked() {
    for channel in CHANNELS {
        let mut world = world("2026-11-21 03:00");
        let ticket = world.as_role("bot", Role::Intake, &[]).register(request(channel, "question"));
        assert_eq!(world.ticket(ticket).facts.opened_by, None, "{channel}");
        let ticket = world.as_requester().register(request(channel, "question"));
        assert_eq!(world.ticket(ticket).facts.opened_by, None, "{channel}");
    }
}

/// HD-1: who only looks registers nothing.
#[test]
fn hd_1_a_viewer_registers_nothing() {
    let mut world = world("2026-11-23 10:00");
    world.as_role("wall", Role::Viewer, &[]);
    assert_eq!(world.try_register(request("hm", "question")).unwrap_err().code(), "forbidden");
}

/// HD-1: a ticket split off another is one that a person creates: a lead does it, not an agent, and it is marked.
#[test]
fn hd_1_a_split_off_ticket_is_a_leads_and_marked() {
    let mut world = world("2026-11-23 10:00");
    let first = world.as_role("bot", Role::Intake, &[]).register(request("hm", "question"));
    world.as_agent("ivanova", &[1]);
    let split = || json!({ "subject": "И монитор мигает" });
    assert_eq!(
        world.refused(first, "split", split()),
        Refusal::Forbidden(
            "the verb `split` is for the roles lead, head, admin only (HD-1); this token has agent"
                .to_owned()
        )
    );
    world.as_lead().act(first, "split", split());
    let second = world.ticket(first).links[0].to;
    assert_eq!(world.ticket(second).facts.opened_by.as_deref(), Some("lead"));
    assert_eq!(world.ticket(first).facts.opened_by, None);
}

/// HD-3: five bots are all the ways in.
#[test]
fn hd_3_there_are_five_channels() {
    let regulation = shipped("group-helpdesk");
    let channels: Vec<_> = regulation
        .channels
        .iter()
        .map(|channel| (channel.name.id.as_str(), channel.name.title.as_str()))
        .collect();
    assert_eq!(
        channels,
        [
            ("hm", "Бот HM"),
            ("dok", "Бот ДОК"),
            ("dok-24-7", "Бот ДОК 24/7"),
            ("zm", "Бот ZM"),
            ("mpk", "Бот МПК")
        ]
    );
    let mut world = world("2026-11-23 10:00");
    for channel in ["email", "phone", ""] {
        assert_eq!(
            world.try_register(request(channel, "question")),
            Err(Refusal::field("channel", format!("unknown `{channel}`; one of hm, dok, dok-24-7, zm, mpk")))
        );
    }
}

/// HD-4: the requester tells the urgency, out of four; it is asked for, but nobody is sent away without.
#[test]
fn hd_4_the_urgency_is_the_requesters() {
    let mut world = world("2026-11-23 10:00");
    assert_eq!(
        world.try_register(urgency("hm", "question", "asap")),
        Err(Refusal::field("urgency", "unknown `asap`; one of low, normal, high, urgent"))
    );
    let told = world.register(urgency("hm", "question", "high"));
    let untold = world.register(request("hm", "question"));
    assert_eq!(world.ticket(told).facts.urgency.as_deref(), Some("high"));
    assert_eq!(world.ticket(untold).facts.urgency, None);
    assert!(!world.ticket(untold).facts.incomplete);
    let wished = |number| view::ticket(world.ticket(number), world.desk().regulations(), world.now()).wished;
    assert_eq!((wished(told), wished(untold)), (vec![], vec!["urgency".to_owned()]));
}

/// The priority a registration comes to.
fn priority_of(world: &mut World, body: serde_json::Value) -> String {
    let ticket = world.register(body);
    world.priority(ticket).to_owned()
}

/// HD-4: the priority follows the urgency that was told; a requester who names one has named it.
#[test]
fn hd_4_the_priority_follows_the_urgency() {
    assert!(shipped("group-helpdesk").priorities.iter().all(|priority| priority.criteria.is_some()));
    let mut world = world("2026-11-23 10:00");
    for word in ["low", "normal", "high", "urgent"] {
        assert_eq!(priority_of(&mut world, urgency("zm", "question", word)), word);
    }
    assert_eq!(priority_of(&mut world, request("zm", "incident")), "normal");
    let mut body = urgency("zm", "question", "low");
    body["priority"] = json!("high");
    assert_eq!(priority_of(&mut world, body.clone()), "high");
    body["priority"] = json!("critical");
    assert_eq!(
        world.try_register(body),
        Err(Refusal::field("priority", "unknown `critical`; one of low, normal, high, urgent"))
    );
}

/// HD-4, X-4: an urgent ticket is on the wall from its first second until it is solved; no other is.
#[test]
fn hd_4_an_urgent_ticket_alarms_from_its_first_second() {
    let mut world = world("2026-11-21 03:00");
    let ticket = world.register(urgency("hm", "incident", "urgent"));
    world.register(urgency("hm", "incident", "high"));
    assert_eq!(world.alarms(), ["1-critical-1 unacked"]);
    assert_eq!((world.counts().critical, world.counts().open), (1, 2));
    world.ack("1-critical-1").act(ticket, "resolve", json!({ "text": "Картридж заменён" }));
    assert_eq!(world.alarms(), [""; 0]);
    assert_eq!((world.counts().critical, world.counts().open), (0, 1));
}

/// HD-14: Проблема, Инцидент, Вопрос, Задача, Предложение.
#[test]
fn hd_14_there_are_five_types() {
    let regulation = shipped("group-helpdesk");
    let types: Vec<_> = regulation.types.iter().map(|kind| (kind.id.as_str(), kind.title.as_str())).collect();
    assert_eq!(
        types,
        [
            ("problem", "Проблема"),
            ("incident", "Инцидент"),
            ("question", "Вопрос"),
            ("task", "Задача"),
            ("suggestion", "Предложение")
        ]
    );
    let mut world = world("2026-11-23 10:00");
    for (id, _) in types {
        let ticket = world.register(request("mpk", id));
        assert_eq!(world.ticket(ticket).facts.kind, id);
    }
    assert_eq!(
        world.try_register(request("mpk", "error")),
        Err(Refusal::field("type", "unknown `error`; one of problem, incident, question, task, suggestion"))
    );
}

/// HD-4: the figures were pictures that nobody has, so each says that it is the site's to set.
#[test]
fn hd_4_every_figure_is_the_sites() {
    let regulation = shipped("group-helpdesk");
    for rule in &regulation.clocks {
        assert!(rule.targets.iter().all(|target| target.site), "{}", rule.title);
    }
    assert_eq!(regulation.site_calendars, ["office"]);
}
