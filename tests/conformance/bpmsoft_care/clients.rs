//! BC-4, BC-5: the register of clients: one authorised person each, and channels that a contract pays for.

use andon::desk::command::Requester;
use andon::desk::{
    Appointment, ClientAct, ClientTerms, ClockState, DeskAct, Event, FieldError, Metric, Refusal, Role,
    Stage, TicketNumber,
};
use andon_tests::World;
use serde_json::{Value, json};

use super::{request, world};

const CLIENT: &str = "romashka";

fn terms() -> ClientTerms {
    ClientTerms {
        id: CLIENT.into(),
        name: "ООО «Ромашка»".to_owned(),
        domains: vec!["romashka.example.ru".into()],
        paid_channels: vec!["phone".into()],
        systems: vec!["https://crm.romashka.example.ru".to_owned()],
    }
}

fn appointment(email: &str, notice: &str) -> DeskAct {
    let contact = Requester {
        name: Some("Анна Петрова".to_owned()),
        email: Some(email.to_owned()),
        ..Requester::default()
    };
    DeskAct::Client(ClientAct::Appoint(Box::new(Appointment {
        client: CLIENT.into(),
        contact,
        notice: notice.to_owned(),
    })))
}

/// A desk that has the client in its register, for which petrova speaks.
fn known() -> World {
    let mut world = world("2026-11-23 10:00");
    world.as_role("lead", Role::Lead, &[]);
    world.try_desk(DeskAct::Client(ClientAct::Set(terms()))).expect("it is written down");
    world.try_desk(appointment("petrova@romashka.example.ru", "Договор № 5")).expect("she is appointed");
    world.as_agent("ivanova", &[]);
    world
}

fn by(email: Option<&str>) -> Value {
    let mut body = request("medium");
    body["requester"] = email.map_or_else(|| json!({ "name": "Борис" }), |email| json!({ "email": email }));
    body
}

fn is_refused(world: &World, ticket: TicketNumber) -> bool {
    let ticket = world.ticket(ticket);
    (ticket.facts.status.as_str(), ticket.stage) == ("refused", Stage::Closed)
}

fn fields(refusal: Result<(), Refusal>) -> Vec<String> {
    let Err(Refusal::Fields(errors)) = refusal else { panic!("its fields are wrong: {refusal:?}") };
    errors.into_iter().map(|FieldError { field, .. }| field).collect()
}

/// BC-4: a request of anybody but the authorised person is registered as refused, for that reason; nothing runs on it.
#[test]
fn bc_4_a_request_of_somebody_else_is_registered_as_refused() {
    let mut world = known();
    let ticket = world.register(by(Some("boris@romashka.example.ru")));
    assert!(is_refused(&world, ticket));
    let reasons = world.history(ticket).filter_map(|(_, event)| match event {
        Event::Refused { reason, .. } => Some(reason.as_str()),
        _ => None,
    });
    assert_eq!(reasons.collect::<Vec<_>>(), ["not-authorised"]);
    assert_eq!(world.state(ticket, Metric::Reaction), ClockState::Stopped, "nobody owes it an answer");
    assert_eq!(world.counts().open, 0);
    assert_eq!(world.queue(), Vec::<String>::new());
}

/// BC-4: the authorised person's requests are taken, however the address is written; so are those of other clients, and of
/// somebody of whom nothing is known that could be held against it.
#[test]
fn bc_4_the_authorised_person_asks_and_other_clients_do() {
    let mut world = known();
    for body in [by(Some("Petrova@ROMASHKA.example.ru")), by(None)] {
        let ticket = world.register(body);
        assert!(!is_refused(&world, ticket));
    }
    let mut other = by(Some("boris@lutik.example.ru"));
    other["client"] = json!("АО «Лютик»");
    let ticket = world.register(other);
    assert!(!is_refused(&world, ticket));
}

/// BC-4: who names no client writes for the one whose domain their address is of.
#[test]
fn bc_4_a_client_is_known_by_its_addresses() {
    let mut world = known();
    for (email, refused) in [("petrova@romashka.example.ru", false), ("boris@romashka.example.ru", true)] {
        let mut body = by(Some(email));
        body.as_object_mut().expect("an object").remove("client");
        let ticket = world.register(body);
        assert_eq!(is_refused(&world, ticket), refused, "{email}");
        assert_eq!(world.ticket(ticket).facts.client.as_deref(), Some("ООО «Ромашка»"));
    }
    let mut body = by(Some("x@elsewhere.example.ru"));
    body.as_object_mut().expect("an object").remove("client");
    let ticket = world.register(body);
    assert_eq!(world.ticket(ticket).facts.client, None);
}

/// BC-4, BC-5: a name counts however it is written; what is called otherwise is known by the address it comes from.
#[test]
fn bc_4_a_client_is_known_however_its_name_is_written() {
    let mut world = known();
    for name in ["ООО \"Ромашка\"", "ООО Ромашка", "ООО „Ромашка“", "ооо 'РОМАШКА'", "Ромашка (договор № 5)"]
    {
        let mut body = by(Some("boris@romashka.example.ru"));
        body["client"] = json!(name);
        let ticket = world.register(body.clone());
        assert!(is_refused(&world, ticket), "{name}");
        assert_eq!(world.ticket(ticket).facts.client.as_deref(), Some("ООО «Ромашка»"), "{name}");
        body["channel"] = json!("messenger");
        assert_eq!(world.try_register(body).expect_err("it is not paid for").code(), "channel-not-paid");
    }
    // Another client that the register has is not told by somebody's address.
    world.as_role("lead", Role::Lead, &[]);
    let lutik =
        ClientTerms { id: "lutik".into(), name: "АО «Лютик»".to_owned(), ..ClientTerms::default() };
    world.try_desk(DeskAct::Client(ClientAct::Set(lutik))).expect("it is written down");
    let mut body = by(Some("boris@romashka.example.ru"));
    body["client"] = json!("АО \"ЛЮТИК\"");
    let ticket = world.register(body);
    assert!(!is_refused(&world, ticket));
    world.act(ticket, "classify", json!({ "client": "ооо ромашка" }));
    assert_eq!(world.ticket(ticket).facts.client.as_deref(), Some("ООО «Ромашка»"));
}

/// BC-4: how somebody is known must be an address or a number, as at a registration: letters go there.
#[test]
fn bc_4_a_contact_has_an_address_or_a_number_that_can_be_one() {
    let mut world = known();
    world.as_role("lead", Role::Lead, &[]);
    let contact = Requester {
        name: Some("Анна".to_owned()),
        email: Some("не почта".to_owned()),
        phone: Some("нет".to_owned()),
        ..Requester::default()
    };
    let appointment = Appointment { client: CLIENT.into(), contact, notice: "Письмо".to_owned() };
    let refused = world.try_desk(DeskAct::Client(ClientAct::Appoint(Box::new(appointment))));
    assert_eq!(fields(refused), ["contact.email", "contact.phone"]);
}

/// BC-4: the client appoints another by a notice, which is kept with who wrote it down; whoever was it before is so no more.
#[test]
fn bc_4_the_client_appoints_another_by_a_notice() {
    let mut world = known();
    world.as_role("lead", Role::Lead, &[]);
    world.run_until("2026-11-24 12:00");
    world.try_desk(appointment("boris@romashka.example.ru", "Письмо № 17")).expect("he is appointed");
    let client = world.desk().clients().get(CLIENT).expect("it is there").clone();
    let told: Vec<_> = client.contacts.iter().map(|one| (one.notice.as_str(), one.by.as_str())).collect();
    assert_eq!(told, [("Договор № 5", "lead"), ("Письмо № 17", "lead")]);
    world.as_agent("ivanova", &[]);
    for (email, refused) in [("boris@romashka.example.ru", false), ("petrova@romashka.example.ru", true)] {
        let ticket = world.register(by(Some(email)));
        assert_eq!(is_refused(&world, ticket), refused, "{email}");
    }
}

/// BC-4: an appointment names who it is, how they are known, and the notice; all that is missing is told at once.
#[test]
fn bc_4_an_appointment_without_a_notice_is_refused() {
    let mut world = known();
    world.as_role("lead", Role::Lead, &[]);
    let empty = Appointment { client: CLIENT.into(), ..Appointment::default() };
    let refused = world.try_desk(DeskAct::Client(ClientAct::Appoint(Box::new(empty.clone()))));
    assert_eq!(fields(refused), ["notice", "contact.name", "contact.email"]);
    let of_nobody = Appointment { client: "none".into(), ..empty };
    let refused = world.try_desk(DeskAct::Client(ClientAct::Appoint(Box::new(of_nobody))));
    assert_eq!(refused.expect_err("there is none").code(), "not-found");
    world.as_agent("ivanova", &[]);
    let refused = world.try_desk(appointment("x@example.ru", "Письмо")).expect_err("it is for a lead");
    assert_eq!(refused.code(), "forbidden");
}

/// BC-4: two clients do not share a name or a domain, and only channels that are paid for at all are.
#[test]
fn bc_4_the_register_tells_clients_apart() {
    let mut world = known();
    world.as_role("lead", Role::Lead, &[]);
    let other = ClientTerms { id: "lutik".into(), paid_channels: vec!["portal".into()], ..terms() };
    let refused = world.try_desk(DeskAct::Client(ClientAct::Set(other)));
    assert_eq!(fields(refused), ["name", "domains[0]", "paid_channels[0]"]);
    let bad =
        ClientTerms { id: "Лютик".into(), domains: vec!["lutik".into()], ..ClientTerms::default() };
    let refused = world.try_desk(DeskAct::Client(ClientAct::Set(bad)));
    assert_eq!(fields(refused), ["id", "name", "domains[0]"]);
}

/// BC-5: telephone and messengers are for those clients only whose contract says so; the rest is open to all.
#[test]
fn bc_5_a_channel_that_the_contract_does_not_pay_for_is_refused() {
    let mut world = known();
    let request = |channel: &str| {
        let mut body = request("medium");
        body["channel"] = json!(channel);
        body
    };
    for channel in ["portal", "email", "phone"] {
        let ticket = world.register(request(channel));
        assert!(!is_refused(&world, ticket), "{channel}");
    }
    let refusal = world.try_register(request("messenger")).expect_err("it is not paid for");
    assert_eq!(
        (refusal.code(), refusal.to_string().as_str()),
        (
            "channel-not-paid",
            "the contract of ООО «Ромашка» does not pay for the channel `messenger` (BC-5); open to it are portal, email"
        )
    );
    world.as_role("lead", Role::Lead, &[]);
    let paid = ClientTerms { paid_channels: vec!["messenger".into()], ..terms() };
    world.try_desk(DeskAct::Client(ClientAct::Set(paid))).expect("it has other terms");
    let ticket = world.register(request("messenger"));
    assert!(!is_refused(&world, ticket));
    world.try_desk(DeskAct::Client(ClientAct::Remove(CLIENT.to_owned()))).expect("it is taken out");
    let ticket = world.register(request("phone"));
    assert!(!is_refused(&world, ticket), "of others the register says nothing");
}
