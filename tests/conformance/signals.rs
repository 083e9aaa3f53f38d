//! Lamps and buzzer follow the record alone: what calls lights, and sounds unless it was silenced, muted, put aside or
//! waits for the end of quiet hours. Silence is never of something that nobody heard.

use std::collections::BTreeSet;

use andon::board::scene::{Room, scene};
use andon::board::{BoardState, Glance, QuietHours};
use andon::desk::{Alarm, AlarmKind, AlarmState, Desk, DeskAct, Refusal, Role};
use andon::run::time::DeskTime;
use andon_tests::World;
use andon_tests::random::Random;
use andon_tests::time::local;
use calendars::{Timestamp, Tz};
use firmware_board::{Buzzer, Lamp, Language, Signals};
use serde_json::json;

use crate::getmark::{high, medium};

const ZONE: Tz = Tz::Europe__Moscow;
const HOUR_MS: i64 = 3_600_000;

fn board(desk: &Desk, at: Timestamp, quiet: QuietHours) -> BoardState {
    let glance = Glance { at, time: DeskTime::Trusted, zone: ZONE, language: Language::Russian, quiet };
    BoardState::of(desk, &[], glance)
}

fn signals(world: &World) -> Signals {
    board(world.desk(), world.now(), QuietHours::default()).signals(world.now())
}

fn shelve(id: &str, for_ms: i64, reason: Option<&str>) -> DeskAct {
    DeskAct::ShelveAlarm { id: id.to_owned(), for_ms, reason: reason.map(str::to_owned) }
}

/// Somebody hears what calls now, and silences it.
fn silence(world: &mut World) {
    let before = board(world.desk(), world.now(), QuietHours::default()).heard_before();
    world.try_desk(DeskAct::Silence { before, taking: Vec::new() }).unwrap();
}

/// A ticket whose line's term was breached on Monday at 18:00; its total warns on Tuesday at 11:00 and ends at 13:00.
fn breached() -> World {
    let mut world = World::getmark("2026-11-23 10:00");
    world.register(high("email"));
    world.run_until("2026-11-23 19:00");
    assert_eq!(world.alarms(), ["1-breach-line-1 unacked"]);
    world
}

#[test]
fn what_gets_worse_sounds_though_its_forerunner_was_taken() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 17:00");
    assert_eq!((signals(&world).amber, signals(&world).buzzer), (Lamp::Fast, Buzzer::Warning));
    world.ack("1-due-soon-line-1");
    assert_eq!((signals(&world).amber, signals(&world).buzzer), (Lamp::On, Buzzer::Off));
    world.run_until("2026-11-23 18:00:00.001");
    assert_eq!((signals(&world).red, signals(&world).buzzer), (Lamp::Fast, Buzzer::Breach), "it came true");
    world.ack("1-breach-line-1");
    assert_eq!((signals(&world).red, signals(&world).buzzer), (Lamp::On, Buzzer::Off));
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "Не работает ничего" }));
    assert_eq!(
        (signals(&world).red, signals(&world).buzzer),
        (Lamp::Fast, Buzzer::Critical),
        "it is critical"
    );
    assert_eq!(world.alarms(), ["1-critical-1 unacked", "1-breach-line-1 acked"], "the new one stands first");

    let mut world = breached();
    world.ack("1-breach-line-1").run_until("2026-11-24 13:00:00.001");
    assert_eq!(world.alarms(), ["1-breach-resolution-1 unacked", "1-breach-line-1 acked"]);
    assert_eq!(
        (signals(&world).red, signals(&world).buzzer),
        (Lamp::Fast, Buzzer::Breach),
        "a further term ended"
    );
}

#[test]
fn what_is_put_aside_neither_lights_nor_sounds_and_comes_back_by_itself() {
    let mut world = breached();
    world
        .as_agent("ivanova", &[2])
        .try_desk(shelve("1-breach-line-1", HOUR_MS, Some("Ждём поставщика")))
        .unwrap();
    assert_eq!(world.alarms(), ["1-breach-line-1 shelved"]);
    assert_eq!(signals(&world), Signals::DARK, "nothing is lit, green least of all");
    let shelving = world.alarm("1-breach-line-1").shelf.clone().unwrap();
    assert_eq!((local(shelving.until).as_str(), shelving.by.as_str()), ("2026-11-23 20:00", "ivanova"));
    world.run_until("2026-11-23 19:59:59.999");
    assert_eq!(world.alarms(), ["1-breach-line-1 shelved"]);
    world.run_until("2026-11-23 20:00");
    assert_eq!(world.alarms(), ["1-breach-line-1 unacked"]);
    assert_eq!((signals(&world).red, signals(&world).buzzer), (Lamp::Fast, Buzzer::Breach));
    assert_eq!(world.entries().last().unwrap().by, "timer");
}

#[test]
fn what_gets_worse_does_not_wait_for_the_shelf_of_its_forerunner() {
    let mut world = World::getmark("2026-11-23 10:00");
    world.register(high("email"));
    world.run_until("2026-11-23 17:30").try_desk(shelve("1-due-soon-line-1", 24 * HOUR_MS, None)).unwrap();
    world.run_until("2026-11-23 18:00:00.001");
    assert_eq!(world.alarms(), ["1-breach-line-1 unacked"]);
    assert_eq!(signals(&world).buzzer, Buzzer::Breach);
    assert!(
        world.desk().next_deadline().is_none_or(|next| local(next) != "2026-11-24 17:30"),
        "its shelf is gone"
    );
}

#[test]
fn what_sounded_while_silence_was_on_its_way_is_not_silenced() {
    let mut world = breached();
    let heard = board(world.desk(), world.now(), QuietHours::default()).heard_before();
    let second = world.register(high("phone"));
    world.act(second, "priority", json!({ "to": "critical", "reason": "Не работает ничего" }));
    world.try_desk(DeskAct::Silence { before: heard, taking: Vec::new() }).unwrap();
    assert_eq!(signals(&world).buzzer, Buzzer::Critical, "nobody has heard that one");
    world.ack("2-critical-1");
    let left = signals(&world);
    assert_eq!((left.red, left.buzzer), (Lamp::Fast, Buzzer::Off), "the first is silent, and flashes on");
}

#[test]
fn what_was_silenced_or_taken_stays_so_after_a_restart_and_back_from_the_shelf_it_sounds_again() {
    let mut world = breached();
    silence(&mut world);
    let silent = signals(&world);
    assert_eq!((silent.red, silent.buzzer), (Lamp::Fast, Buzzer::Off));
    let regulations = world.desk().regulations().clone();
    world.restart_under(regulations);
    assert_eq!(signals(&world), silent);
    let before = world.entries().len();
    silence(&mut world);
    assert_eq!(world.entries().len(), before, "silence of nothing is none");
    world.try_desk(shelve("1-breach-line-1", HOUR_MS, None)).unwrap();
    world.try_desk(DeskAct::UnshelveAlarm("1-breach-line-1".to_owned())).unwrap();
    assert_eq!(signals(&world).buzzer, Buzzer::Breach);
}

#[test]
fn silence_takes_what_was_seen_and_is_still_there() {
    let mut world = breached();
    world.register(medium("email"));
    let seen = ["1-breach-line-1", "7-breach-line-1"].map(Into::into).to_vec();
    let before = board(world.desk(), world.now(), QuietHours::default()).heard_before();
    world.as_agent("button", &[]).try_desk(DeskAct::Silence { before, taking: seen }).unwrap();
    assert_eq!(world.alarms(), ["1-breach-line-1 acked"]);
    assert_eq!(world.alarm("1-breach-line-1").acked_by.as_deref(), Some("button"));
    // Nobody has heard what is to come.
    world.try_desk(DeskAct::Silence { before: u64::MAX, taking: Vec::new() }).unwrap();
    world.run_until("2026-11-24 11:00");
    assert_eq!(signals(&world).buzzer, Buzzer::Warning);
}

/// The breach of [`breached`] is over since the ticket leaves its line, after this was done: whether that is heard.
fn is_over_heard(quiet: QuietHours, silenced_before: u64, before: impl FnOnce(&mut World)) -> bool {
    let mut world = breached();
    before(&mut world);
    let (was, then) = (board(world.desk(), world.now(), quiet), world.now());
    world.act(andon::desk::TicketNumber(1), "route", json!({ "line": 3 }));
    let is = board(world.desk(), world.now(), quiet);
    assert!(!is.is_over_unheeded((&is, world.now()), world.now(), 0), "it is told once");
    is.is_over_unheeded((&was, then), world.now(), silenced_before)
}

#[test]
fn what_was_heard_and_is_over_untaken_is_told_but_not_what_was_taken_silenced_or_kept_quiet() {
    let loud = QuietHours::default();
    assert!(is_over_heard(loud, 0, |_| ()));
    let ack = |world: &mut World| {
        world.ack("1-breach-line-1");
    };
    assert!(!is_over_heard(loud, 0, ack), "it was taken");
    assert!(!is_over_heard(loud, 0, silence), "it was silenced");
    assert!(!is_over_heard(loud, u64::MAX, |_| ()), "it was silenced, which the desk does not know of yet");
    let mute = |world: &mut World| world.try_desk(DeskAct::Mute { for_ms: HOUR_MS }).unwrap();
    assert!(!is_over_heard(loud, 0, mute), "it is muted");
    let put_aside = |world: &mut World| world.try_desk(shelve("1-breach-line-1", HOUR_MS, None)).unwrap();
    assert!(!is_over_heard(loud, 0, put_aside), "it was put aside");
    let quiet = |span: &str| QuietHours::new(Some(span.parse().unwrap()), &[AlarmKind::Critical]);
    assert!(!is_over_heard(quiet("18:30-08:00"), 0, |_| ()), "nobody heard it, and nobody hears this");
    assert!(is_over_heard(quiet("20:00-08:00"), 0, |_| ()));
}

/// What nobody could hear begin is not heard to be over, though the mute ended meanwhile.
#[test]
fn what_was_over_before_it_could_be_heard_is_not_told() {
    let mut world = breached();
    world.try_desk(DeskAct::Mute { for_ms: HOUR_MS }).unwrap();
    let (was, then) = (board(world.desk(), world.now(), QuietHours::default()), world.now());
    world.act(andon::desk::TicketNumber(1), "route", json!({ "line": 3 }));
    world.run_until("2026-11-23 20:30");
    let is = board(world.desk(), world.now(), QuietHours::default());
    assert_eq!(is.muted_until, None);
    assert!(!is.is_over_unheeded((&was, then), world.now(), 0));
}

#[test]
fn quiet_hours_hold_the_sound_back_and_never_the_light() {
    let quiet = QuietHours::new(Some("17:30-18:30".parse().unwrap()), &[AlarmKind::Critical]);
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 18:10");
    let at = |world: &World| board(world.desk(), world.now(), quiet).signals(world.now());
    assert_eq!((at(&world).red, at(&world).buzzer), (Lamp::Fast, Buzzer::Off));
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "Не работает ничего" }));
    assert_eq!(at(&world).buzzer, Buzzer::Critical, "it is let through");
    world.ack("1-critical-1");
    assert_eq!(at(&world).buzzer, Buzzer::Off);
    world.run_until("2026-11-23 18:29:59.999");
    assert_eq!(at(&world).buzzer, Buzzer::Off);
    world.run_until("2026-11-23 18:30");
    assert_eq!(at(&world).buzzer, Buzzer::Breach, "nobody has taken it meanwhile");
}

#[test]
fn shelving_has_bounds_a_reason_and_people_who_may() {
    let mut world = breached();
    let field = |refused: Refusal| match refused {
        Refusal::Fields(fields) => fields.iter().map(|error| error.field.clone()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    for for_ms in [-1, 0, 59_999, 24 * HOUR_MS + 1, i64::MAX] {
        assert_eq!(field(world.try_desk(shelve("1-breach-line-1", for_ms, None)).unwrap_err()), ["for"]);
    }
    let long = "я".repeat(40_000);
    assert_eq!(
        field(world.try_desk(shelve("1-breach-line-1", HOUR_MS, Some(&long))).unwrap_err()),
        ["reason"]
    );
    world.act(andon::desk::TicketNumber(1), "priority", json!({ "to": "critical", "reason": "Стоит" }));
    for reason in [None, Some(" ")] {
        assert_eq!(field(world.try_desk(shelve("1-critical-1", HOUR_MS, reason)).unwrap_err()), ["reason"]);
    }
    world.try_desk(shelve("1-critical-1", 24 * HOUR_MS, Some("Ждём завод"))).unwrap();
    assert!(matches!(world.try_desk(shelve("9-critical-1", HOUR_MS, None)), Err(Refusal::NotFound { .. })));
    world.act(andon::desk::TicketNumber(1), "route", json!({ "line": 3 }));
    assert_eq!(world.try_desk(shelve("1-breach-line-1", HOUR_MS, None)).unwrap_err().code(), "alarm-over");
    world.as_role("wall", Role::Viewer, &[]);
    for act in [
        shelve("1-critical-1", HOUR_MS, Some("Я")),
        DeskAct::UnshelveAlarm("1-critical-1".to_owned()),
        DeskAct::Silence { before: 1, taking: Vec::new() },
    ] {
        assert_eq!(world.try_desk(act).unwrap_err().code(), "forbidden");
    }
}

/// The desk's time never goes back of itself; where an admin says that it had run ahead, it does.
#[test]
fn time_that_goes_back_makes_no_age_negative_and_changes_no_signal() {
    let mut world = breached();
    world.try_desk(DeskAct::Mute { for_ms: HOUR_MS }).unwrap();
    let back = andon_tests::time::instant("2026-11-20 09:00");
    let board = board(world.desk(), back, QuietHours::default());
    let shown = scene(&board, &Room::default(), back);
    assert_eq!(shown.alarms.iter().map(|alarm| alarm.age_s).collect::<Vec<_>>(), [0]);
    assert_eq!((board.signals(back), shown.muted_min), (signals(&world), Some(4_981)));
    world.try_desk(shelve("1-breach-line-1", HOUR_MS, None)).unwrap();
    let admin = andon::desk::Actor::named("admin", Role::Admin);
    let facts = world.desk().trust_time(&admin, true, world.now(), back).unwrap();
    let anew: Vec<_> =
        facts.iter().map(|fact| serde_json::to_value(fact).unwrap()["event"].clone()).collect();
    // What ran is reckoned from the true time besides.
    assert_eq!(
        anew[..2],
        ["time-trusted", "alarm-unshelved"],
        "nothing is put aside for longer than was asked for"
    );
}

/// A naive account of who heard what: ids of alarms that were silenced while they called.
#[derive(Default)]
struct Heard(BTreeSet<String>);

impl Heard {
    /// Only what calls can be silent.
    fn keep(&mut self, calling: &[&Alarm]) {
        self.0.retain(|id| calling.iter().any(|alarm| alarm.id == id.as_str()));
    }

    fn sound(&self, calling: &[&Alarm], quiet: bool) -> Buzzer {
        let audible: Vec<_> = calling
            .iter()
            .filter(|alarm| {
                let may_sound = !quiet || alarm.kind == AlarmKind::Critical;
                may_sound && !self.0.contains(alarm.id.as_str())
            })
            .map(|alarm| alarm.kind)
            .collect();
        if audible.contains(&AlarmKind::Critical) {
            Buzzer::Critical
        } else if audible.contains(&AlarmKind::Breach) {
            Buzzer::Breach
        } else if audible.is_empty() {
            Buzzer::Off
        } else {
            Buzzer::Warning
        }
    }
}

/// Weeks of a desk with seeded people: after every step, lamps and buzzer are what an account by alarm says, and a restart
/// changes nothing of it.
#[test]
fn whatever_happens_what_calls_is_lit_and_only_what_nobody_silenced_sounds() {
    let quiet = QuietHours::new(Some("19:00-09:00".parse().unwrap()), &[AlarmKind::Critical]);
    let (mut sounded, mut silent) = (0, 0);
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let mut world = World::getmark("2026-11-23 10:00");
        let (mut heard, mut muted_until) = (Heard::default(), world.now());
        for step in 0..120 {
            let acted = act(&mut world, &mut random, &mut heard, &mut muted_until);
            let alarms: Vec<Alarm> = world.desk().alarms().cloned().collect();
            let calling: Vec<_> = alarms.iter().filter(|alarm| alarm.state == AlarmState::Unacked).collect();
            heard.keep(&calling);
            let now = world.now();
            let told = board(world.desk(), now, quiet).signals(now);
            let context = || format!("seed {seed}, step {step}, {acted}: {told:?} of {:?}", world.alarms());
            let is_red = |alarm: &&&Alarm| matches!(alarm.kind, AlarmKind::Critical | AlarmKind::Breach);
            assert_eq!(calling.iter().any(|alarm| is_red(&alarm)), told.red == Lamp::Fast, "{}", context());
            assert_eq!(
                !calling.iter().all(|alarm| is_red(&alarm)),
                told.amber == Lamp::Fast,
                "{}",
                context()
            );
            assert_eq!(alarms.is_empty(), told.green == Lamp::On, "{}", context());
            let expected =
                if now < muted_until { Buzzer::Off } else { heard.sound(&calling, quiet.are_at(now, ZONE)) };
            assert_eq!(told.buzzer, expected, "{}", context());
            sounded += usize::from(expected != Buzzer::Off);
            silent += usize::from(expected == Buzzer::Off && !calling.is_empty());
            let first_taken = alarms.iter().position(|alarm| alarm.state != AlarmState::Unacked);
            let last_calling = alarms.iter().rposition(|alarm| alarm.state == AlarmState::Unacked);
            assert!(first_taken.is_none() || last_calling < first_taken, "a taken one hides one that calls");
            let mut restarted = Desk::new(world.desk().regulations().clone());
            world.entries().iter().for_each(|entry| restarted.apply(entry));
            assert_eq!(board(&restarted, now, quiet).signals(now), told, "a restart, {}", context());
        }
    }
    assert!(sounded > 300 && silent > 300, "both were met: {sounded} steps with sound, {silent} without");
}

/// Somebody does something, or time passes; what they silenced is written down alarm by alarm.
fn act(
    world: &mut World,
    random: &mut Random,
    heard: &mut Heard,
    muted_until: &mut Timestamp,
) -> &'static str {
    let ids: Vec<String> = world.desk().alarms().map(|alarm| alarm.id.to_string()).collect();
    let id = if ids.is_empty() { "1-breach-line-1".to_owned() } else { random.pick(&ids).clone() };
    let number = andon::desk::TicketNumber(1 + random.below(world.desk().tickets_total().max(1)));
    // What cannot be done is refused and changes nothing.
    match random.below(12) {
        0 => {
            world.register(high(["email", "phone"][random.index(2)]));
            "register"
        }
        1 => {
            let to = *random.pick(&["critical", "high", "low"]);
            let _ = world.try_act(number, "priority", json!({ "to": to, "reason": "Так" }));
            "priority"
        }
        2 => {
            let _ = world.try_act(number, "resolve", json!({ "text": "Сделано" }));
            "resolve"
        }
        3 => {
            let _ = world.try_act(number, "return", json!({ "reason": "Не помогло" }));
            "return"
        }
        4 => {
            let _ = world.try_desk(DeskAct::AckAlarm(id));
            "ack"
        }
        5 => {
            if world.try_desk(shelve(&id, *random.pick(&[60_000, HOUR_MS]), Some("Так"))).is_ok() {
                heard.0.remove(&id);
            }
            "shelve"
        }
        6 => {
            let _ = world.try_desk(DeskAct::UnshelveAlarm(id));
            "unshelve"
        }
        7 => {
            let calling = world.desk().alarms().filter(|alarm| alarm.state == AlarmState::Unacked);
            heard.0 = calling.map(|alarm| alarm.id.to_string()).collect();
            silence(world);
            "silence"
        }
        8 => {
            let for_ms = *random.pick(&[0, 600_000]);
            world.try_desk(DeskAct::Mute { for_ms }).unwrap();
            *muted_until = world.now().plus_ms(for_ms);
            "mute"
        }
        _ => {
            let pass_ms = *random.pick(&[60_000, 900_000, 2 * HOUR_MS, 9 * HOUR_MS]);
            let until = world.now().plus_ms(pass_ms);
            world.run_to(until);
            "time passes"
        }
    }
}
