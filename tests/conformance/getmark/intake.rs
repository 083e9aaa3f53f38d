//! How a ticket comes in: channels, required fields, registration at any hour, types.

use andon::desk::{FieldError, Metric, Refusal};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::{Value, json};

use super::{high, medium, request};

/// What is wrong with a registration, field by field.
fn faults(body: Value) -> Vec<(String, String)> {
    let mut world = World::getmark("2026-11-23 10:00");
    match world.try_register(body) {
        Err(Refusal::Fields(faults)) => {
            faults.into_iter().map(|FieldError { field, message }| (field, message)).collect()
        }
        other => panic!("was to be refused for its fields: {other:?}"),
    }
}

/// The fields that are wrong with a registration.
fn faulty_fields(body: Value) -> Vec<String> {
    faults(body).into_iter().map(|(field, _)| field).collect()
}

fn without(mut body: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).expect("it was there");
    body
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    body
}

/// GM-3.2: line 1 takes the phone.
#[test]
fn gm_3_2_the_phone_leads_to_line_1() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("phone"));
    assert_eq!(world.ticket(ticket).facts.line, 1);
}

/// GM-3.3: line 2 takes Telegram, WhatsApp and e-mail.
#[test]
fn gm_3_3_written_channels_lead_to_line_2() {
    let mut world = World::getmark("2026-11-23 10:00");
    for channel in ["email", "telegram", "whatsapp"] {
        let ticket = world.register(high(channel));
        assert_eq!(world.ticket(ticket).facts.line, 2, "{channel}");
        assert_eq!(world.ticket(ticket).facts.channel, channel);
    }
}

/// GM-3.2, GM-3.3: these four are all the ways in.
#[test]
fn gm_3_3_another_channel_is_refused_with_the_list() {
    assert_eq!(
        faults(high("fax")),
        [("channel".to_owned(), "unknown `fax`; one of phone, email, telegram, whatsapp".to_owned())]
    );
}

/// GM-3.2: the user's INN is given; 10 digits of an organisation or 12 of a person, check digits valid.
///
/// 7707083893: 2·7+4·7+10·0+3·7+5·0+9·8+4·3+6·8+8·9 = 267 = 24·11 + 3, the last digit.
/// 500100732259: 7·5+2·0+4·0+10·1+3·0+5·0+9·7+4·3+6·2+8·2 = 148 = 13·11 + 5, and
/// 3·5+7·0+2·0+4·1+10·0+3·0+5·7+9·3+4·2+6·2+8·5 = 141 = 12·11 + 9, the last two digits.
#[test]
fn gm_3_2_the_inn_is_required_and_checked() {
    for good in ["7707083893", "500100732259"] {
        let mut world = World::getmark("2026-11-23 10:00");
        world.register(with(high("phone"), "/requester/inn", json!(good)));
    }
    let missing = without(high("email"), "/requester/inn");
    assert_eq!(
        faults(missing),
        [(
            "requester.inn".to_owned(),
            "is required: 10 or 12 digits with valid check digits (GM-3.2)".to_owned()
        )]
    );
    // One digit off, two digits swapped, one short, one long, a check digit of a person wrong, a letter.
    for bad in ["7707083894", "7707083983", "770708389", "77070838930", "500100732269", "770708389З"] {
        assert_eq!(
            faulty_fields(with(high("email"), "/requester/inn", json!(bad))),
            ["requester.inn"],
            "{bad}"
        );
    }
}

/// GM-5.4: written tickets are registered automatically, round the clock; the user gets number and planned terms.
#[test]
fn gm_5_4_a_ticket_is_registered_on_a_saturday_night_with_planned_terms() {
    let mut world = World::getmark("2026-11-21 03:17");
    let ticket = world.register(high("telegram"));
    assert_eq!(ticket.0, 1);
    assert_eq!(local(world.ticket(ticket).registered_at), "2026-11-21 03:17");
    // Nothing counts until Monday 09:00. In all: Monday 9 h, and 3 h on Tuesday. On line 2: 8 h of Monday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 12:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-23 17:00");
    world.run_until("2026-11-23 09:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "0s");
}

/// GM-5.4, on a working day's night.
#[test]
fn gm_5_4_a_ticket_of_the_night_counts_from_the_morning() {
    let mut world = World::getmark("2026-11-23 22:30");
    let ticket = world.register(high("phone"));
    // Line 1 opens at 09:00: 12 h are all of Tuesday and end at its close, not on Wednesday morning (R1).
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 21:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-24 13:00");
}

/// GM-5.4: each ticket has a number of its own, in order, without a hole, also where one was refused between.
#[test]
fn gm_5_4_numbers_are_given_in_order() {
    let mut world = World::getmark("2026-11-22 23:59:59.999");
    let first = world.register(high("email"));
    assert!(world.try_register(json!({})).is_err());
    let second = world.register(medium("email"));
    assert_eq!((first.0, second.0), (1, 2));
}

/// GM-5.5: Консультация, Ошибка ПО, Запрос на изменение, Корректировка данных.
#[test]
fn gm_5_5_the_four_types_are_taken_and_no_other() {
    let mut world = World::getmark("2026-11-23 10:00");
    for kind in ["consultation", "error", "change-request", "data-correction"] {
        let ticket = world.register(request("email", kind, "none"));
        assert_eq!(world.ticket(ticket).facts.kind, kind);
    }
    assert_eq!(
        faults(request("email", "incident", "none")),
        [(
            "type".to_owned(),
            "unknown `incident`; one of consultation, error, change-request, data-correction".to_owned()
        )]
    );
}

/// GM-5.12: required are the technological process, steps or error text or description, and the influence on business.
#[test]
fn gm_5_12_everything_that_is_missing_comes_back_by_name_at_once() {
    let mut missing = faulty_fields(json!({}));
    missing.sort_unstable();
    assert_eq!(
        missing,
        ["channel", "fields.impact", "fields.process", "fields.steps", "requester.inn", "subject", "type"]
    );
}

/// GM-5.12: blank is missing.
#[test]
fn gm_5_12_blanks_do_not_count_as_given() {
    let body = with(medium("email"), "/fields", json!({ "process": "  ", "steps": ["", " "], "impact": "" }));
    assert_eq!(faulty_fields(body), ["fields.process", "fields.steps", "fields.impact"]);
}

/// GM-5.12: steps *or* the error's text *or* a description.
#[test]
fn gm_5_12_steps_error_text_or_description_serve_alike() {
    let bare = without(medium("email"), "/fields/steps");
    assert_eq!(faulty_fields(bare.clone()), ["fields.steps"]);
    for (pointer, value) in [
        ("/fields/steps", json!("Открыть отчёт")),
        ("/fields/steps", json!(["Открыть отчёт"])),
        ("/fields/error-text", json!("Ошибка 500")),
        ("/description", json!("При входе ничего не происходит")),
    ] {
        let mut world = World::getmark("2026-11-23 10:00");
        let ticket = world.register(with(bare.clone(), pointer, value));
        assert!(!world.ticket(ticket).facts.incomplete, "{pointer}");
    }
}

/// GM-5.12: the influence is one of three.
#[test]
fn gm_5_12_an_unknown_influence_is_refused_with_the_list() {
    assert_eq!(
        faults(request("email", "error", "terrible")),
        [(
            "fields.impact".to_owned(),
            "unknown `terrible`; one of stops-operations, hinders, none".to_owned()
        )]
    );
}

/// GM-5.12, GM-5.21: what is missing may be asked for afterwards; the ticket is taken as incomplete, with its terms.
#[test]
fn gm_5_12_an_incomplete_ticket_is_taken_and_can_be_completed() {
    let mut world = World::getmark("2026-11-23 10:00");
    let body = without(without(medium("email"), "/fields/process"), "/fields/impact");
    let ticket = world.register(with(body, "/incomplete", json!(true)));
    assert!(world.ticket(ticket).facts.incomplete);
    // An error that is not said to stop operations is medium: 72 h, of which Monday has 8, Tuesday to Friday 36,
    // 30 November to 2 December 27, so 1 h of Thursday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-03 10:00");
    world.act(ticket, "classify", json!({ "fields": { "process": "Ввод в оборот" } }));
    assert!(world.ticket(ticket).facts.incomplete, "the influence is still missing");
    world.act(ticket, "classify", json!({ "fields": { "impact": "hinders" } }));
    assert!(!world.ticket(ticket).facts.incomplete);
}

/// GM-5.12: incomplete means that something is missing; what is there must be right all the same.
#[test]
fn gm_5_12_an_incomplete_ticket_may_not_be_wrong() {
    let body = with(high("email"), "/incomplete", json!(true));
    assert_eq!(faulty_fields(with(body, "/requester/inn", json!("7707083894"))), ["requester.inn"]);
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(with(medium("email"), "/incomplete", json!(true)));
    assert!(!world.ticket(ticket).facts.incomplete, "nothing is missing, whatever the sender thought");
}

/// GM-5.12: what is required may be missing, but then the ticket says so; also when it goes missing afterwards.
#[test]
fn gm_5_12_a_required_field_that_is_emptied_makes_the_ticket_incomplete() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    assert!(!world.ticket(ticket).facts.incomplete);
    world.act(ticket, "classify", json!({ "fields": { "process": "" } }));
    assert!(world.ticket(ticket).facts.incomplete);
    world.act(ticket, "classify", json!({ "fields": { "process": "Отгрузка" } }));
    assert!(!world.ticket(ticket).facts.incomplete);
}
