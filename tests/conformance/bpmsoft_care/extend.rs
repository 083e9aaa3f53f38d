//! An estimate may be prolonged for objective reasons.

use andon::desk::{Event, Metric, Refusal};
use serde_json::json;

use super::estimate::{TERM, estimated, plans, term};
use super::replied;

/// BC-3: what is prolonged is an estimate; where there is none there is nothing to prolong.
#[test]
fn bc_3_extending_before_there_is_an_estimate_is_refused() {
    let (mut world, ticket) = replied("2026-11-23 10:00");
    let body = json!({ "deadline": TERM, "reason": "Нет доступа", "text": "Ждём доступ" });
    let refusal = world.refused(ticket, "extend", body);
    assert_eq!(refusal.code(), "no-term");
    assert_eq!(refusal.to_string(), "this ticket has no term yet; `estimate` gives it one");
}

/// BC-3: it may be prolonged for objective reasons: a reason, words to the client, and a later time.
#[test]
fn bc_3_an_extension_needs_a_reason_and_words_and_a_later_time() {
    let (mut world, ticket) = estimated();
    let later = "2026-11-30T12:00:00+03:00";
    assert_eq!(
        world.refused(ticket, "extend", term(later)).to_string(),
        "reason: is required; text: is required"
    );
    let no_text = json!({ "deadline": later, "reason": "Нет доступа" });
    assert_eq!(world.refused(ticket, "extend", no_text), Refusal::field("text", "is required"));
    let same = json!({ "deadline": TERM, "reason": "Нет доступа", "text": "Ждём доступ" });
    assert_eq!(
        world.refused(ticket, "extend", same),
        Refusal::field("deadline", "is not later than the present deadline 2026-11-25T12:00:00.000+03:00")
    );
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-25 12:00");
}

/// BC-3: each extension is the new deadline, and an event with its reason and its words; for both types.
#[test]
fn bc_3_each_extension_is_an_event_with_its_reason() {
    for kind in ["incident", "consultation"] {
        let (mut world, ticket) = estimated();
        world.act(ticket, "classify", json!({ "type": kind }));
        world.run_until("2026-11-25 11:00");
        for (deadline, reason) in
            [("2026-11-30T12:00:00+03:00", "Нет доступа"), ("2027-01-05T12:00:00+03:00", "Авария у клиента")]
        {
            let body = json!({ "deadline": deadline, "reason": reason, "text": "Перенесли" });
            world.act(ticket, "extend", body);
        }
        assert_eq!(world.deadline(ticket, Metric::Resolution), "2027-01-05 12:00");
        assert_eq!(
            plans(&world, ticket)[1..],
            [
                ("extended", "2026-11-30 12:00".to_owned(), Some("Нет доступа".to_owned())),
                ("extended", "2027-01-05 12:00".to_owned(), Some("Авария у клиента".to_owned())),
            ]
        );
        assert!(
            world
                .history(ticket)
                .any(|(_, event)| matches!(event, Event::Extended { text, .. } if text == "Перенесли"))
        );
        world.run_until("2027-01-11 12:00");
        assert_eq!(world.breached(ticket, Metric::Resolution), "2027-01-05 12:00");
    }
}

/// BC-3: a promise that was broken stays broken, however it is prolonged.
#[test]
fn bc_3_an_extension_after_the_breach_does_not_mend_it() {
    let (mut world, ticket) = estimated();
    world.run_until("2026-11-26 12:00");
    let body = json!({ "deadline": "2026-11-30T12:00:00+03:00", "reason": "Сложно", "text": "Перенесли" });
    world.act(ticket, "extend", body);
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-30 12:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-25 12:00");
    assert_eq!(world.counts().breached, 1);
}
