//! How a request comes in: the one window, and what a request has.

use andon::desk::{Event, FieldError, Metric, Refusal};
use serde_json::{Value, json};

use super::{request, world};

const REQUIRED: [&str; 7] = [
    "description",
    "fields.address",
    "fields.adjacent-software",
    "fields.changes",
    "fields.database-servers",
    "fields.nodes",
    "fields.steps",
];

/// What is wrong with a registration, field by field, in order of names.
fn faults(body: Value) -> Vec<(String, String)> {
    match world("2026-11-23 10:00").try_register(body) {
        Err(Refusal::Fields(faults)) => {
            let mut faults: Vec<_> =
                faults.into_iter().map(|FieldError { field, message }| (field, message)).collect();
            faults.sort();
            faults
        }
        other => panic!("was to be refused for its fields: {other:?}"),
    }
}

fn faulty_fields(body: Value) -> Vec<String> {
    faults(body).into_iter().map(|(field, _)| field).collect()
}

/// The request with one of the regulation's fields set.
fn with(name: &str, value: Value) -> Value {
    let mut body = request("medium");
    body["fields"][name] = value;
    body
}

/// BC-5: one window: four ways in, all to the one line.
#[test]
fn bc_5_every_way_in_leads_to_the_one_window() {
    let mut world = world("2026-11-23 10:00");
    for channel in ["portal", "email", "phone", "messenger"] {
        let mut body = request("medium");
        body["channel"] = json!(channel);
        let ticket = world.register(body);
        assert_eq!(world.ticket(ticket).facts.line, 1, "{channel}");
    }
    let mut body = request("medium");
    body["channel"] = json!("fax");
    assert_eq!(
        world.try_register(body),
        Err(Refusal::field("channel", "unknown `fax`; one of portal, email, phone, messenger"))
    );
}

/// BC-5: no limit on the number of requests: forty of one client on one day, each with its own time.
#[test]
fn bc_5_a_client_sends_as_many_requests_as_it_likes() {
    let mut world = world("2026-11-20 17:20");
    for number in 1..=40 {
        let ticket = world.register(request("low"));
        assert_eq!(ticket.0, number);
        assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 12:20");
    }
    assert_eq!(world.counts().open, 40);
}

/// BC-6: clear questions, the address of the system, the steps, the environment: what is missing comes back by name, at
/// once; of a consultation as of an incident.
#[test]
fn bc_6_everything_that_is_missing_comes_back_by_name() {
    for kind in ["incident", "consultation"] {
        let body = json!({ "channel": "email", "type": kind, "subject": "Вопрос" });
        let faults = faults(body);
        let fields: Vec<_> = faults.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, REQUIRED, "{kind}");
        assert!(faults.iter().all(|(_, message)| message.ends_with("(BC-6)")), "{faults:?}");
    }
}

/// BC-6: blanks are missing.
#[test]
fn bc_6_blanks_do_not_count_as_given() {
    let mut body = request("medium");
    body["description"] = json!("  ");
    for name in ["address", "database-servers", "nodes", "adjacent-software", "changes"] {
        body["fields"][name] = json!("");
    }
    body["fields"]["steps"] = json!(["", " "]);
    assert_eq!(faulty_fields(body), REQUIRED);
}

/// BC-6: the address is one, the number of nodes is a number, the steps are a list.
#[test]
fn bc_6_what_is_given_is_checked() {
    let told = |name: &str, value: Value| faults(with(name, value)).remove(0).1;
    assert_eq!(
        told("address", json!("наша CRM")),
        "`наша CRM` is no address; write it as https://…, or the host alone"
    );
    assert_eq!(told("nodes", json!("два")), "`два` is no whole number, 0 or more");
    assert_eq!(told("nodes", json!(1.5)), "`1.5` is no whole number, 0 or more");
    assert_eq!(told("steps", json!([1, 2])), "must be a list of texts");
    for (name, value) in [
        ("nodes", json!("3")),
        ("nodes", json!(0)),
        ("steps", json!("Открыть договор")),
        ("address", json!("http://10.0.0.7:8080/crm")),
    ] {
        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(with(name, value));
        assert!(!world.ticket(ticket).facts.incomplete, "{name}");
    }
}

/// BC-6: what is missing may be asked for afterwards: the ticket is taken as incomplete, and its time runs.
#[test]
fn bc_6_an_incomplete_request_is_taken_and_completed() {
    let mut world = world("2026-11-20 17:20");
    let mut body = request("high");
    body["incomplete"] = json!(true);
    body["fields"].as_object_mut().unwrap().remove("nodes");
    body["fields"].as_object_mut().unwrap().remove("changes");
    let ticket = world.register(body);
    assert!(world.ticket(ticket).facts.incomplete);
    // 10 minutes on Friday, 1 h 50 on Monday.
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 10:20");
    world.act(ticket, "classify", json!({ "fields": { "nodes": 2 } }));
    assert!(world.ticket(ticket).facts.incomplete, "what was changed is still missing");
    world.act(ticket, "classify", json!({ "fields": { "changes": "Ничего" } }));
    assert!(!world.ticket(ticket).facts.incomplete);
}

/// BC-6: account and password only as sealed access data: in plain they are refused, at every door and also where the
/// rest is taken as incomplete; the refusal does not repeat them.
#[test]
fn bc_6_account_and_password_are_refused_in_plain() {
    for name in ["account", "password"] {
        let mut body = with(name, json!("s3cret"));
        let told = faults(body.clone());
        let message =
            "is access data and is never kept with a ticket (BC-6); take it out and hand it over apart";
        assert_eq!(told, [(format!("fields.{name}"), message.to_owned())]);
        body["incomplete"] = json!(true);
        assert_eq!(faults(body), told);

        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(request("medium"));
        let fields = || json!({ name: "s3cret" });
        world.refused(ticket, "classify", json!({ "fields": fields() }));
        world.refused(ticket, "split", json!({ "subject": "Ещё", "fields": fields() }));
        assert!(!serde_json::to_string(world.entries()).unwrap().contains("s3cret"));
    }
}

/// BC-6: a request without account and password is whole.
#[test]
fn bc_6_a_request_is_whole_without_access_data() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("medium"));
    assert!(!world.ticket(ticket).facts.incomplete);
    assert!(world.history(ticket).any(|(_, event)| {
        matches!(event, Event::Registered(facts) if facts.fields["steps"] == json!(["Войти", "Открыть договор № 7"]))
    }));
}

/// BC-12: something is mended, or advice is given: two types, and no other.
#[test]
fn bc_12_a_request_is_an_incident_or_a_consultation() {
    let mut world = world("2026-11-23 10:00");
    for kind in ["incident", "consultation"] {
        let mut body = request("medium");
        body["type"] = json!(kind);
        let ticket = world.register(body);
        assert_eq!(world.ticket(ticket).facts.kind, kind);
    }
    let mut body = request("medium");
    body["type"] = json!("error");
    assert_eq!(
        world.try_register(body),
        Err(Refusal::field("type", "unknown `error`; one of incident, consultation"))
    );
}
