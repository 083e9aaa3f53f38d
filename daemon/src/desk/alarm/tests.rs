//! Each state against each input.
//!
//! | state | acknowledged | its cause is over | shelved | time is up, or taken from the shelf |
//! | --- | --- | --- | --- | --- |
//! | unacked | acked | cleared-unacked; a warning: gone | shelved | – |
//! | acked | – | gone | shelved | – |
//! | cleared-unacked | gone | – | – (the desk refuses) | – |
//! | shelved | acked | gone | shelved anew | unacked, calls anew |
//!
//! What gets worse is another alarm, and calls whatever became of the first: the conformance tests show it.

use super::*;

const AT: Timestamp = Timestamp::from_millis(1_795_417_200_000);

fn shelving() -> Shelving {
    Shelving {
        until: AT.plus_ms(1_800_000),
        by: "ivanova".into(),
        reason: Some("Ждём поставщика".to_owned()),
    }
}

/// An alarm that came to a state the way alarms do, having called since event 7.
fn alarm_in(state: AlarmState) -> Alarm {
    let mut alarm = Alarm::breach(TicketNumber(1), Metric::Line, 1, AT);
    alarm.note_call(7);
    match state {
        AlarmState::Unacked => {}
        AlarmState::Acked => assert!(alarm.acknowledge("petrov")),
        AlarmState::ClearedUnacked => assert!(alarm.clear()),
        AlarmState::Shelved => alarm.shelve(shelving()),
    }
    assert_eq!(alarm.state, state);
    alarm
}

/// What is left of an alarm in a state after an input; nothing where it is gone.
fn after(state: AlarmState, input: impl Fn(&mut Alarm) -> bool) -> Option<Alarm> {
    let mut alarm = alarm_in(state);
    let stays = input(&mut alarm);
    alarm.note_call(9);
    let has_what_its_state_has = (alarm.shelf.is_some() == (alarm.state == AlarmState::Shelved))
        && (alarm.acked_by.is_some() == (alarm.state == AlarmState::Acked));
    assert!(has_what_its_state_has, "{alarm:?}");
    stays.then_some(alarm)
}

fn ack(alarm: &mut Alarm) -> bool {
    alarm.acknowledge("ivanova")
}

fn shelve(alarm: &mut Alarm) -> bool {
    let until = AT.plus_ms(3_600_000);
    alarm.shelve(Shelving { until, by: "sidorov".into(), reason: None });
    true
}

fn unshelve(alarm: &mut Alarm) -> bool {
    alarm.unshelve();
    true
}

fn state(alarm: Option<&Alarm>) -> Option<AlarmState> {
    alarm.map(|alarm| alarm.state)
}

#[test]
fn one_that_nobody_has_taken_may_be_taken_or_put_aside_and_is_to_be_seen_when_it_is_over() {
    let from = AlarmState::Unacked;
    let acked = after(from, ack);
    assert_eq!(state(acked.as_ref()), Some(AlarmState::Acked));
    assert_eq!(acked.unwrap().acked_by.as_deref(), Some("ivanova"));
    assert_eq!(state(after(from, Alarm::clear).as_ref()), Some(AlarmState::ClearedUnacked));
    let shelved = after(from, shelve).unwrap();
    assert_eq!((shelved.state, shelved.shelf.unwrap().until), (AlarmState::Shelved, AT.plus_ms(3_600_000)));
    assert_eq!(after(from, unshelve), Some(alarm_in(from)), "it was on no shelf, and calls as before");
}

#[test]
fn a_warning_of_what_did_not_come_about_needs_nobody() {
    let mut warning = Alarm::due_soon(TicketNumber(1), Metric::Line, 1, AT);
    assert!(!warning.clear());
}

#[test]
fn one_that_somebody_has_taken_goes_with_its_cause_and_may_be_put_aside() {
    let from = AlarmState::Acked;
    assert_eq!(after(from, ack), Some(alarm_in(from)), "the first has it");
    assert_eq!(after(from, Alarm::clear), None);
    assert_eq!(state(after(from, shelve).as_ref()), Some(AlarmState::Shelved));
    assert_eq!(after(from, unshelve), Some(alarm_in(from)));
}

#[test]
fn one_that_is_over_and_nobody_took_waits_for_somebody_to_see_it() {
    let from = AlarmState::ClearedUnacked;
    assert_eq!(after(from, ack), None);
    assert_eq!(after(from, Alarm::clear), Some(alarm_in(from)));
    assert_eq!(after(from, shelve), Some(alarm_in(from)), "there is nothing to wait for");
    assert_eq!(after(from, unshelve), Some(alarm_in(from)));
}

#[test]
fn one_on_the_shelf_calls_anew_when_its_time_is_up_and_goes_with_its_cause() {
    let from = AlarmState::Shelved;
    assert_eq!(state(after(from, ack).as_ref()), Some(AlarmState::Acked));
    assert_eq!(after(from, Alarm::clear), None, "whoever put it aside has seen it");
    let again = after(from, shelve).unwrap();
    assert_eq!((again.state, again.shelf.unwrap().by.as_str()), (AlarmState::Shelved, "sidorov"));
    let back = after(from, unshelve).unwrap();
    assert_eq!((back.state, back.calls_since), (AlarmState::Unacked, 9), "it calls since it came back");
    assert_eq!(back.since, AT, "and needs somebody since it was raised");
}
