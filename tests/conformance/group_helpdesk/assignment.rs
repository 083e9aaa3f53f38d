//! Who is given a request: in turn, by the group, by taking (HD-6, HD-7, HD-8, HD-10).

use andon::desk::command::Token;
use andon::desk::people::{AgentCard, PeopleAct, Presence, PresenceFor};
use andon::desk::{DeskAct, Refusal, Role, TicketNumber};
use andon_tests::World;
use andon_tests::people::card;
use serde_json::json;

use super::{request, world};

const MONDAY: &str = "2026-11-23";

/// A Monday at ten with these of the bot HM on duty.
fn on_duty(names: &[&str]) -> World {
    let mut world = world("2026-11-23 10:00");
    for name in names {
        world.on_duty(name, &["hm"], MONDAY, "09:00", "18:00");
    }
    world
}

fn registered(world: &mut World, channel: &str) -> (TicketNumber, String) {
    let ticket = world.register(request(channel, "question"));
    (ticket, world.holder(ticket))
}

fn holders(world: &mut World, count: usize) -> Vec<String> {
    (0..count).map(|_| registered(world, "hm").1).collect()
}

/// HD-6: requests go round; over any stretch of them two agents' counts differ by one at most.
#[test]
fn hd_6_requests_go_round_in_turn() {
    let mut world = on_duty(&["anna", "boris", "vera"]);
    let given = holders(&mut world, 30);
    for from in 0..given.len() {
        for to in from..=given.len() {
            let count = |name| given[from..to].iter().filter(|holder| *holder == name).count();
            let counts = ["anna", "boris", "vera"].map(count);
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
    }
    let (ticket, _) = registered(&mut world, "hm");
    assert_eq!(world.holds_since(ticket), Some("turn"));
    assert_eq!(world.status(ticket), "new", "whose turn it is has not taken it to work yet");
}

/// HD-6: only to who is on shift, online for requests, of the group and of the line.
#[test]
fn hd_6_only_who_is_there_for_the_request_is_given_it() {
    let mut world = on_duty(&["anna", "boris"]);
    world.agent("home", &["hm"]).presence("home", Presence::Online);
    world.on_duty("zoya", &["zm"], MONDAY, "09:00", "18:00");
    world.people(PeopleAct::PutAgent(AgentCard { lines: vec![2], ..card("second", &["hm"]) }));
    world.shift("second", MONDAY, "09:00", "18:00").presence("second", Presence::Online);
    world.agent("chats", &["hm"]).shift("chats", MONDAY, "09:00", "18:00");
    let presences = vec![(PresenceFor::Chat, Presence::Online)];
    world.people(PeopleAct::SetPresence { name: "chats".into(), presences });
    world.presence("boris", Presence::Offline);
    assert_eq!(holders(&mut world, 3), ["anna", "anna", "anna"]);
    assert_eq!(registered(&mut world, "zm").1, "zoya");
}

/// HD-6: nobody is given what their token may not see.
#[test]
fn hd_6_nobody_is_given_what_their_token_may_not_see() {
    let mut world = on_duty(&["anna", "boris"]);
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let token = Token { channels: vec!["zm".into()], ..Token::named("anna", Role::Agent, hash) };
    world.as_role("keeper", Role::Admin, &[]).try_desk(DeskAct::AddToken(token)).unwrap();
    assert_eq!(holders(&mut world, 2), ["boris", "boris"]);
}

/// HD-6: whose turn it is follows from the record alone.
#[test]
fn hd_6_turns_survive_a_restart() {
    let mut world = on_duty(&["anna", "boris", "vera"]);
    let before = holders(&mut world, 4);
    let regulations = world.desk().regulations().clone();
    world.restart_under(regulations);
    let after = holders(&mut world, 3);
    assert_eq!(before, ["anna", "boris", "vera", "anna"]);
    assert_eq!(after, ["boris", "vera", "anna"]);
}

/// HD-6: who comes is next, once; what was given meanwhile is not made up for.
#[test]
fn hd_6_who_comes_later_is_not_flooded() {
    let mut world = on_duty(&["anna", "boris"]);
    world.agent("vera", &["hm"]).shift("vera", MONDAY, "09:00", "18:00");
    assert_eq!(holders(&mut world, 4), ["anna", "boris", "anna", "boris"]);
    world.presence("vera", Presence::Online);
    assert_eq!(holders(&mut world, 4), ["vera", "anna", "boris", "vera"]);
}

/// HD-6: the only one there goes as a request comes: the order of the two decides, and it is the group's or theirs.
#[test]
fn hd_6_the_only_agent_goes_as_a_request_comes() {
    let mut first = on_duty(&["anna"]);
    let (ticket, holder) = registered(&mut first, "hm");
    first.presence("anna", Presence::Offline);
    assert_eq!((holder.as_str(), first.holder(ticket).as_str()), ("anna", "anna"));

    let mut second = on_duty(&["anna"]);
    second.presence("anna", Presence::Offline);
    let (ticket, holder) = registered(&mut second, "hm");
    assert_eq!((holder.as_str(), second.holds_since(ticket)), ("group:hm", Some("nobody-there")));
}

/// HD-6, GM-5.11: what is split off is a request of its own, with a turn of its own.
#[test]
fn hd_6_what_is_split_off_has_a_turn_of_its_own() {
    let mut world = on_duty(&["anna", "boris"]);
    let (ticket, _) = registered(&mut world, "hm");
    world.as_lead().act(ticket, "split", json!({ "subject": "И не сканирует" }));
    assert_eq!([world.holder(ticket), world.holder(TicketNumber(2))], ["anna", "boris"]);
}

/// HD-7: outside working time a request is the group's that is responsible for its channel; the bot ДОК 24/7 is always open.
#[test]
fn hd_7_outside_working_time_a_request_is_the_groups() {
    let mut world = on_duty(&["anna"]);
    world.on_duty("nina", &["hm", "dok-24-7"], MONDAY, "18:00", "09:00");
    world.run_until("2026-11-23 18:00").presence("nina", Presence::Online);
    for (channel, holder, why) in [
        ("hm", "group:hm", "outside-hours"),
        ("zm", "group:zm", "outside-hours"),
        ("dok-24-7", "nina", "turn"),
    ] {
        let (ticket, given) = registered(&mut world, channel);
        assert_eq!((given.as_str(), world.holds_since(ticket)), (holder, Some(why)), "{channel}");
    }
}

/// HD-7: without agents everything is the groups'.
#[test]
fn hd_7_a_desk_that_knows_no_agents_gives_all_to_the_groups() {
    let mut world = world("2026-11-23 10:00");
    for channel in ["hm", "dok", "dok-24-7", "zm", "mpk"] {
        let (ticket, holder) = registered(&mut world, channel);
        assert_eq!(holder, format!("group:{channel}"));
        assert_eq!(world.holds_since(ticket), Some("nobody-there"));
    }
}

/// HD-6, HD-10: until a roster is kept everybody counts as on shift: who is online gets turns, and takes what the group has.
#[test]
fn hd_6_without_a_roster_who_is_online_is_given_requests() {
    let mut world = world("2026-11-23 10:00");
    for name in ["anna", "boris", "vera"] {
        world.agent(name, &["hm"]);
    }
    let waiting = registered(&mut world, "hm").0;
    assert_eq!(world.holds_since(waiting), Some("nobody-there"), "nobody is online yet");
    world.presence("anna", Presence::Online).presence("boris", Presence::Online);
    assert_eq!(holders(&mut world, 3), ["anna", "boris", "anna"], "vera is not online");
    world.as_agent("vera", &[]).people(PeopleAct::TakeGroup { group: "hm".into() });
    assert_eq!(world.holder(waiting), "vera");
    // With the first shift planned, who has none is at home.
    world.as_lead().shift("boris", MONDAY, "09:00", "18:00");
    assert_eq!(holders(&mut world, 2), ["boris", "boris"]);
}

/// HD-8: for chats and for requests apart; one's own by anybody, others' by a lead.
#[test]
fn hd_8_an_agent_is_there_for_chats_and_for_requests_apart() {
    let mut world = on_duty(&["anna", "boris"]);
    let set = |name: &str, to, presence| PeopleAct::SetPresence {
        name: name.into(),
        presences: vec![(to, presence)],
    };
    let of = |world: &World| {
        let anna = world.desk().people().agent("anna").unwrap().clone();
        (anna.chat, anna.requests)
    };
    world.as_agent("anna", &[1]).people(set("anna", PresenceFor::Requests, Presence::Offline));
    assert_eq!(of(&world), (Presence::Offline, Presence::Offline));
    world.people(set("anna", PresenceFor::Chat, Presence::Online));
    assert_eq!(of(&world), (Presence::Online, Presence::Offline));
    let before = world.entries().len();
    world.people(set("anna", PresenceFor::Chat, Presence::Online));
    assert_eq!(world.entries().len(), before, "what is so already is no event");
    let refused = world.try_people(set("boris", PresenceFor::Chat, Presence::Online)).unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    world.as_lead().people(set("boris", PresenceFor::Chat, Presence::Online));
    let nobody = world.try_people(set("nobody", PresenceFor::Chat, Presence::Online)).unwrap_err();
    assert_eq!(nobody, Refusal::NotFound { what: "agent", id: "nobody".to_owned() });
}

/// HD-8: who goes home is there for nothing, and the next day comes by their own word.
#[test]
fn hd_8_the_end_of_a_shift_ends_both_presences() {
    let mut world = on_duty(&["anna"]);
    world.shift("anna", "2026-11-24", "09:00", "18:00");
    let anna = |world: &World| world.desk().people().agent("anna").unwrap().requests;
    world.run_until("2026-11-23 17:59");
    assert_eq!(anna(&world), Presence::Online);
    world.run_until("2026-11-24 09:00");
    assert_eq!(anna(&world), Presence::Offline);
    assert_eq!(registered(&mut world, "hm").1, "group:hm");
}

/// HD-8: what is said at home counts for no shift, but for one that begins within the hour.
#[test]
fn hd_8_who_says_so_at_home_is_not_there_the_next_morning() {
    for (said, expected) in [
        ("2026-11-23 18:01", Presence::Offline),
        ("2026-11-24 07:59", Presence::Offline),
        ("2026-11-24 08:00", Presence::Online),
    ] {
        let mut world = on_duty(&["anna"]);
        world.shift("anna", "2026-11-24", "09:00", "18:00");
        world.run_until(said).presence("anna", Presence::Online).run_until("2026-11-24 09:00");
        assert_eq!(world.desk().people().agent("anna").unwrap().requests, expected, "{said}");
    }
    // The next shift goes on from the one before, and a roster that is changed ends nothing.
    let mut world = on_duty(&["anna"]);
    world.shift("anna", MONDAY, "18:00", "20:00").shift("anna", "2026-11-24", "09:00", "18:00");
    world.run_until("2026-11-23 19:00");
    assert_eq!(world.desk().people().agent("anna").unwrap().requests, Presence::Online);
}

/// HD-6: whose token is revoked is there for nothing, and whose token has expired is given nothing.
#[test]
fn hd_6_nobody_without_their_token_is_given_a_request() {
    let mut world = on_duty(&["anna", "boris", "vera"]);
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    world.as_role("keeper", Role::Admin, &[]);
    let ends = world.now().plus_ms(3_600_000);
    world.try_desk(DeskAct::AddToken(Token::named("anna", Role::Agent, hash))).unwrap();
    let expiring = Token { expires_at: Some(ends), ..Token::named("boris", Role::Agent, hash) };
    world.try_desk(DeskAct::AddToken(expiring)).unwrap();
    world.as_lead();
    assert_eq!(holders(&mut world, 3), ["anna", "boris", "vera"]);
    world.as_role("keeper", Role::Admin, &[]).try_desk(DeskAct::RevokeToken("anna".to_owned())).unwrap();
    let anna = world.desk().people().agent("anna").unwrap();
    assert_eq!((anna.chat, anna.requests), (Presence::Offline, Presence::Offline));
    assert_eq!(holders(world.as_lead(), 2), ["boris", "vera"]);
    world.run_until("2026-11-23 11:00");
    assert_eq!(holders(&mut world, 2), ["vera", "vera"]);
}

/// HD-10: in one call, only what the group has and nobody has.
#[test]
fn hd_10_an_agent_takes_what_the_group_has_and_nobody_elses() {
    let mut world = world("2026-11-23 08:00");
    let take = |group: &str| PeopleAct::TakeGroup { group: group.into() };
    let groups: Vec<_> = (0..3).map(|_| registered(&mut world, "hm").0).collect();
    let (other, _) = registered(&mut world, "zm");
    world.as_agent("boris", &[]).act(groups[1], "take", json!({}));
    world.as_lead().agent("anna", &["hm"]).shift("anna", MONDAY, "09:00", "18:00");
    world.run_until("2026-11-23 08:59").as_agent("anna", &[]);
    assert_eq!(world.try_people(take("hm")).unwrap_err().code(), "not-on-shift");
    world.run_until("2026-11-23 09:00");
    assert_eq!(world.try_people(take("zm")).unwrap_err().code(), "forbidden");
    world.people(take("hm"));
    let held: Vec<_> = groups.iter().map(|ticket| world.holder(*ticket)).collect();
    assert_eq!(held, ["anna", "boris", "anna"]);
    assert_eq!(world.holder(other), "group:zm");
    assert_eq!((world.holds_since(groups[0]), world.status(groups[0])), (Some("group-taken"), "new"));
    let before = world.entries().len();
    world.people(take("hm"));
    assert_eq!(world.entries().len(), before, "there is nothing left to take");
    let refused = world.as_agent("boris", &[]).try_people(take("hm")).unwrap_err();
    assert_eq!(refused.to_string(), "`hm` is no group of boris; an agent takes what their own groups have");
}

/// HD-11: where agents are known, a mistyped name does not lose a ticket; a reason is asked for where the regulation says.
#[test]
fn hd_11_a_ticket_is_passed_to_somebody_who_is_there() {
    let mut world = on_duty(&["anna", "boris"]);
    let (ticket, _) = registered(&mut world, "hm");
    assert_eq!(
        world.refused(ticket, "transfer", json!({ "agent": "boriss", "reason": "Сеть" })),
        Refusal::field("agent", "there is no agent `boriss`; did you mean `boris`?")
    );
    assert_eq!(world.refused(ticket, "assign", json!({ "agent": "nobody" })).code(), "invalid-fields");
    world.act(ticket, "assign", json!({ "agent": "boris", "reason": "Сеть" }));
    assert_eq!(world.holder(ticket), "boris");

    let text = andon_tests::world::shipped_text("group-helpdesk");
    let text =
        text.replace("[verb.take]", "[verb.assign]\nneeds-reason = true\nclause = \"HD-11\"\n\n[verb.take]");
    let strict =
        andon::desk::Regulation::parse("strict.toml", &text).unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut world = World::under(strict, "2026-11-23 10:00");
    let ticket = world.register(request("hm", "question"));
    assert_eq!(
        world.refused(ticket, "assign", json!({ "agent": "boris" })),
        Refusal::field("reason", "is required (HD-11)")
    );
    world.act(ticket, "assign", json!({ "agent": "boris", "reason": "Сеть" }));
}
