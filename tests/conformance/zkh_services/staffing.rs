//! The shift of three, one of them a technical specialist (ZS-2b).

use andon::board::scene::{Room, scene};
use andon::board::{BoardState, Glance, QuietHours};
use andon::desk::people::{AgentCard, PeopleAct, Staffing};
use andon::desk::view::About;
use andon::run::time::DeskTime;
use andon_tests::World;
use andon_tests::people::card;
use calendars::Tz;
use firmware_board::Language;
use serde_json::json;

use super::world;

const ALARM: &str = "staffing-zkh-services unacked";

/// A Monday at nine, an hour before support opens, with three agents of whom the last is a specialist.
fn room() -> World {
    let mut world = world("2026-11-23 09:00");
    world.agent("anna", &[]).agent("boris", &[]);
    let vera = AgentCard { skills: vec!["technical-specialist".into()], ..card("vera", &[]) };
    world.people(PeopleAct::PutAgent(vera));
    world
}

fn staffing(world: &World) -> Staffing {
    world.desk().people().staffing_of("zkh-services").cloned().unwrap()
}

fn words(world: &World, language: Language) -> String {
    let alarm = world.alarm("staffing-zkh-services");
    About::of(alarm, world.desk(), Tz::Europe__Moscow, language).subject
}

/// ZS-2b: short while it lasts, told by how many and by what is lacking; the alarm goes as it came.
#[test]
fn zs_2b_a_short_shift_is_an_alarm_while_it_lasts() {
    let mut world = room();
    world.shift("anna", "2026-11-23", "09:00", "19:00").shift("boris", "2026-11-23", "10:00", "19:00");
    world.run_until("2026-11-23 09:59");
    assert_eq!(
        (world.alarms(), staffing(&world).asked),
        (vec![], false),
        "quiet before the hours of support"
    );
    world.run_until("2026-11-23 10:00");
    assert_eq!(world.alarms(), [ALARM]);
    assert_eq!(words(&world, Language::Russian), "На смене 2 из 3, не хватает: технический специалист 0/1");
    assert_eq!(words(&world, Language::English), "2 of 3 on shift, short of: технический специалист 0/1");
    world.shift("vera", "2026-11-23", "12:00", "18:00").run_until("2026-11-23 12:00");
    assert_eq!((world.alarms(), staffing(&world).is_short()), (vec![], false));
    world.run_until("2026-11-23 18:00");
    assert_eq!(world.alarms(), [ALARM]);
    world.ack("staffing-zkh-services").run_until("2026-11-23 19:00");
    assert_eq!(world.alarms(), Vec::<String>::new(), "and quiet after them");
}

/// ZS-2b: the wall says how many of how many, and that no specialist is among them; outside the hours it says nothing.
#[test]
fn zs_2b_the_wall_shows_the_shift_while_people_are_asked_for() {
    let mut world = room();
    world.shift("anna", "2026-11-23", "09:00", "20:00").shift("boris", "2026-11-23", "10:00", "19:00");
    let shown = |world: &World| {
        let glance = Glance {
            at: world.now(),
            time: DeskTime::Trusted,
            zone: Tz::Europe__Moscow,
            language: Language::Russian,
            quiet: QuietHours::default(),
        };
        let board = BoardState::of(world.desk(), &[], glance);
        let json = serde_json::to_value(board.view(world.now())).unwrap();
        let drawn = scene(&board, &Room::default(), world.now()).staffing;
        let drawn = drawn.map(|staffing| {
            json!({"on_shift": staffing.on_shift, "required": staffing.required, "specialist": staffing.specialist})
        });
        assert_eq!(drawn.unwrap_or_default(), json["staffing"], "the panel and the JSON say the same");
        (json["staffing"].clone(), json["level"].clone())
    };
    assert_eq!(shown(&world), (json!(null), json!("normal")));
    world.run_until("2026-11-23 10:00");
    let short = json!({"on_shift": 2, "required": 3, "specialist": false});
    assert_eq!(shown(&world), (short, json!("due-soon")));
    world.shift("vera", "2026-11-23", "10:00", "19:00");
    let whole = json!({"on_shift": 3, "required": 3, "specialist": true});
    assert_eq!(shown(&world), (whole, json!("normal")));
    world.run_until("2026-11-23 19:00");
    assert_eq!(shown(&world), (json!(null), json!("normal")));
}

/// ZS-2b: three people are not enough where none of them is a specialist.
#[test]
fn zs_2b_one_of_three_is_a_specialist() {
    let mut world = room();
    world.agent("gleb", &[]);
    for name in ["anna", "boris", "gleb"] {
        world.shift(name, "2026-11-23", "10:00", "19:00");
    }
    world.run_until("2026-11-23 10:00");
    assert_eq!(words(&world, Language::Russian), "На смене 3 из 3, не хватает: технический специалист 0/1");
    let gleb = AgentCard { skills: vec!["technical-specialist".into()], ..card("gleb", &[]) };
    world.people(PeopleAct::PutAgent(gleb));
    assert_eq!(world.alarms(), Vec::<String>::new());
}

/// ZS-2b: nobody is missed where no roster is kept, on a weekend, or on a holiday; on a worked Saturday they are.
#[test]
fn zs_2b_nobody_is_missed_outside_the_hours_of_support() {
    let mut world = room();
    world.run_until("2026-11-23 12:00");
    assert_eq!((world.alarms(), world.desk().people().staffing().count()), (vec![], 0));
    world.shift("anna", "2026-11-28", "10:00", "19:00").run_until("2026-11-28 12:00");
    assert_eq!(world.alarms(), Vec::<String>::new(), "a Saturday");
    world.run_until("2027-01-01 12:00");
    assert_eq!(world.alarms(), Vec::<String>::new(), "a holiday");
    world.run_until("2027-02-20 12:00");
    assert_eq!(world.alarms(), [ALARM], "a Saturday that is worked");
}

/// ZS-2b: a box that was off raises what is so now, and nothing of what was meanwhile.
#[test]
fn zs_2b_a_box_that_was_off_tells_of_now() {
    let mut world = room();
    for name in ["anna", "boris", "vera"] {
        world.shift(name, "2026-11-24", "10:00", "19:00");
    }
    world.sleep_until("2026-11-24 11:00");
    assert_eq!((world.alarms(), staffing(&world).on_shift), (vec![], 3));
    world.sleep_until("2026-11-25 11:00");
    assert_eq!(world.alarms(), [ALARM]);
    assert_eq!(world.alarm("staffing-zkh-services").since, andon_tests::time::instant("2026-11-25 10:00"));
}

/// ZS-2b, X-2: under a regulation that asks for nobody the wall asks for nobody; back under the first one it does again.
#[test]
fn zs_2b_another_regulation_asks_for_others() {
    let mut world = room();
    world.shift("anna", "2026-11-23", "10:00", "19:00").run_until("2026-11-23 11:00");
    assert_eq!(world.alarms(), [ALARM]);
    let zkh = world.desk().regulations().clone();
    let getmark = World::getmark("2026-11-23 11:00").desk().regulations().clone();
    world.restart_under(getmark).run_until("2026-11-23 11:01");
    assert_eq!((world.alarms(), world.desk().people().staffing().count()), (vec![], 0));
    world.restart_under(zkh).run_until("2026-11-23 11:02");
    assert_eq!(world.alarms(), [ALARM]);
}
