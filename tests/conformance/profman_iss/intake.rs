//! What comes in, by which way, with what.

use andon::desk::view::{self, TicketView};
use andon::desk::{FieldError, Refusal, Role, TicketNumber};
use andon_tests::World;
use andon_tests::world::shipped;
use serde_json::{Value, json};

use super::{request, with, without, world};

const CHANNELS: [&str; 5] = ["email", "web-form", "phone", "paper", "fax"];

/// What is wrong with a registration, field by field.
fn faults(body: Value) -> Vec<FieldError> {
    match world("2026-11-23 10:00").try_register(body) {
        Err(Refusal::Fields(faults)) => faults,
        other => panic!("was to be refused for its fields: {other:?}"),
    }
}

/// The fields that are wrong with a registration, in order of their names.
fn faulty_fields(body: Value) -> Vec<String> {
    let mut fields: Vec<_> = faults(body).into_iter().map(|fault| fault.field).collect();
    fields.sort_unstable();
    fields
}

fn seen(world: &World, ticket: TicketNumber) -> TicketView {
    view::ticket(world.ticket(ticket), world.desk().regulations(), world.now())
}

/// PM-3: the regulation has a place for where a requester reads before asking; where that is, the site says.
#[test]
fn pm_3_the_documentation_has_an_address() {
    let regulation = shipped("profman-iss");
    assert!(regulation.knowledge_base.as_deref().is_some_and(|address| address.starts_with("https://")));
    assert!(regulation.note.as_deref().is_some_and(|note| note.contains("for the site to set")));
}

/// PM-C1: e-mail, web form, registered phone call, paper letter or fax.
#[test]
fn pm_c1_the_five_ways_in_and_no_other() {
    let mut world = world("2026-11-23 10:00");
    for channel in CHANNELS {
        let ticket = world.register(request(channel));
        assert_eq!((world.ticket(ticket).facts.channel.as_str(), world.status(ticket)), (channel, "new"));
    }
    assert_eq!(
        faults(request("telegram")),
        [FieldError::new("channel", "unknown `telegram`; one of email, web-form, phone, paper, fax")]
    );
}

/// PM-C1: paper and fax are taken by an agent, and the ticket says by whom; what else comes, comes by itself.
#[test]
fn pm_c1_paper_and_fax_are_taken_by_an_agent() {
    for channel in CHANNELS {
        let mut world = world("2026-11-23 10:00");
        let by_hand = ["paper", "fax"].contains(&channel);
        world.as_role("gateway", Role::Intake, &[]);
        match world.try_register(request(channel)) {
            Ok(ticket) => {
                assert!(!by_hand, "{channel} is read by somebody");
                assert_eq!(world.ticket(ticket).facts.opened_by, None);
            }
            Err(refusal) => {
                assert!(by_hand, "{channel} comes by itself: {refusal}");
                let told = format!(
                    "registering by the channel `{channel}` is for the roles agent, lead, head, admin only (PM-C1); \
                     this token has intake"
                );
                assert_eq!(refusal, Refusal::Forbidden(told));
            }
        }
        for role in [Role::Agent, Role::Lead, Role::Head, Role::Admin] {
            world.as_role("ivanova", role, &[]);
            let ticket = world.register(request(channel));
            assert_eq!(world.ticket(ticket).facts.opened_by.as_deref(), Some("ivanova"));
        }
    }
}

/// PM-C1: paper and fax with client and request named; elsewhere the client need not be.
#[test]
fn pm_c1_paper_and_fax_name_client_and_request() {
    for channel in ["paper", "fax"] {
        for (pointer, field) in [("/client", "client"), ("/description", "description")] {
            let told = FieldError::new(field, "is required: text (PM-C1)");
            assert_eq!(faults(without(request(channel), pointer)), [told]);
        }
    }
    for channel in ["email", "web-form", "phone"] {
        let mut world = world("2026-11-23 10:00");
        let ticket = world.register(without(request(channel), "/client"));
        assert_eq!(world.ticket(ticket).facts.client, None);
    }
}

/// PM-C3: required are the versions of platform and product, the description, and an address where the client has written
/// from one; everything that is missing comes back by name at once.
#[test]
fn pm_c3_everything_required_that_is_missing_comes_back_at_once() {
    for (channel, missing) in [
        (
            "email",
            &["description", "fields.platform-version", "fields.product-version", "requester.email"][..],
        ),
        (
            "web-form",
            &["description", "fields.platform-version", "fields.product-version", "requester.email"],
        ),
        ("phone", &["description", "fields.platform-version", "fields.product-version"]),
        ("paper", &["client", "description", "fields.platform-version", "fields.product-version"]),
        ("fax", &["client", "description", "fields.platform-version", "fields.product-version"]),
    ] {
        let bare = json!({ "channel": channel, "type": "question", "subject": "Как обновить?" });
        assert_eq!(faulty_fields(bare), missing, "{channel}");
    }
    assert_eq!(
        faults(without(request("email"), "/fields/product-version")),
        [FieldError::new("fields.product-version", "is required: a version, such as 8.3.24 (PM-C3)")]
    );
}

/// PM-C3: steps, periodicity, telephone and login are asked for, and a registration is whole without.
#[test]
fn pm_c3_what_is_wished_may_be_missing() {
    let mut world = world("2026-11-23 10:00");
    let ticket = world.register(request("email"));
    assert_eq!(seen(&world, ticket).wished, [""; 0]);
    for (channel, wished) in [
        ("email", &["fields.periodicity", "fields.steps", "requester.login", "requester.phone"][..]),
        (
            "phone",
            &["fields.periodicity", "fields.steps", "requester.email", "requester.login", "requester.phone"],
        ),
    ] {
        let mut body = without(without(request(channel), "/fields/steps"), "/fields/periodicity");
        body["requester"] =
            if channel == "email" { json!({ "email": "petrova@example.ru" }) } else { json!({}) };
        let ticket = world.register(body);
        let mut view = seen(&world, ticket);
        view.wished.sort_unstable();
        assert_eq!(view.wished, wished, "{channel}");
        assert_eq!((view.incomplete, view.missing.len()), (false, 0), "{channel}");
    }
}

/// PM-C3: a version has a digit in it, an address is one, a telephone number too; each wrong value is told once.
#[test]
fn pm_c3_what_is_given_must_be_right() {
    for (pointer, wrong, field, told) in [
        (
            "/fields/platform-version",
            "последняя",
            "fields.platform-version",
            "`последняя` is no version; write it as 8.3.24",
        ),
        (
            "/fields/product-version",
            "beta",
            "fields.product-version",
            "`beta` is no version; write it as 8.3.24",
        ),
        ("/requester/email", "petrova", "requester.email", "`petrova` is no e-mail address"),
        ("/requester/email", "a@b.ru,c@d.ru", "requester.email", "`a@b.ru,c@d.ru` is no e-mail address"),
        ("/requester/email", "<a@b.ru>", "requester.email", "`<a@b.ru>` is no e-mail address"),
        ("/requester/phone", "нет", "requester.phone", "`нет` is no telephone number"),
    ] {
        for channel in CHANNELS {
            let body = with(request(channel), pointer, json!(wrong));
            assert_eq!(faults(body), [FieldError::new(field, told)], "{channel}");
        }
    }
    for (pointer, right) in [
        ("/fields/platform-version", json!("8.3.24")),
        ("/fields/product-version", json!("7")),
        ("/fields/steps", json!("Открыть накладную")),
        ("/requester/phone", json!("8 (800) 555-35-35 доб. 12")),
    ] {
        world("2026-11-23 10:00").register(with(request("email"), pointer, right));
    }
}

/// PM-C3: a ticket that lacks something may be taken as incomplete, by an agent who reads a letter, say; what is filled in
/// afterwards makes it whole.
#[test]
fn pm_c3_an_incomplete_letter_is_taken_and_completed() {
    let mut world = world("2026-11-23 10:00");
    let body = without(request("paper"), "/fields/platform-version");
    let ticket = world.register(with(body, "/incomplete", json!(true)));
    let view = seen(&world, ticket);
    assert_eq!((view.incomplete, view.missing), (true, vec!["fields.platform-version".to_owned()]));
    world.act(ticket, "classify", json!({ "fields": { "platform-version": "8.3.24" } }));
    assert_eq!((seen(&world, ticket).incomplete, seen(&world, ticket).missing.len()), (false, 0));
}

/// PM-C3, PM-C5: the requester tells the criticality; without a word it is the usual one. High is an alarm.
#[test]
fn pm_c3_the_requester_tells_the_criticality() {
    let mut world = world("2026-11-22 04:05");
    let normal = world.register(request("email"));
    assert_eq!((world.priority(normal), world.counts().critical), ("normal", 0));
    let named = world.register(with(request("phone"), "/priority", json!("normal")));
    assert_eq!((world.priority(named), world.alarms().len()), ("normal", 0));
    let high = world.register(with(request("web-form"), "/priority", json!("high")));
    assert_eq!((world.priority(high), world.counts().critical), ("high", 1));
    assert_eq!(world.alarms(), ["3-critical-1 unacked"]);
    assert_eq!(
        faults(with(request("email"), "/priority", json!("critical"))),
        [FieldError::new("priority", "unknown `critical`; one of normal, high")]
    );
}

/// PM-C1: question, problem, suggestion.
#[test]
fn pm_c1_the_three_types_are_taken_and_no_other() {
    let mut world = world("2026-11-23 10:00");
    for kind in ["question", "problem", "suggestion"] {
        let ticket = world.register(with(request("email"), "/type", json!(kind)));
        assert_eq!(world.ticket(ticket).facts.kind, kind);
    }
    assert_eq!(
        faults(with(request("email"), "/type", json!("error"))),
        [FieldError::new("type", "unknown `error`; one of question, problem, suggestion")]
    );
}
