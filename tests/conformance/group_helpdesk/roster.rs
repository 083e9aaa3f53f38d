//! The schedule: shifts over midnight, what begins and ends, and the gaps of what is open (HD-9).

use andon::desk::people::{Gap, PeopleAct, Place, Stretch, coverage};
use andon::desk::{Event, Refusal};
use andon_tests::World;
use andon_tests::people::shift;
use andon_tests::time::{instant, local};

use super::world;

fn on_shift(world: &World) -> Vec<String> {
    let people = world.desk().people();
    let there = people.agents().filter(|agent| people.is_on_shift(&agent.card.name));
    there.map(|agent| agent.card.name.to_string()).collect()
}

/// HD-9: a shift that begins or ends is an event of its instant, also after midnight and while the box was off.
#[test]
fn hd_9_a_shift_over_midnight_begins_and_ends_in_time() {
    for sleeps in [false, true] {
        let mut world = world("2026-11-23 10:00");
        world.agent("anna", &["dok-24-7"]).shift("anna", "2026-11-23", "21:00", "09:00");
        for (until, expected) in
            [("2026-11-23 20:59", vec![]), ("2026-11-24 00:30", vec!["anna"]), ("2026-11-24 09:00", vec![])]
        {
            if sleeps {
                world.sleep_until(until)
            } else {
                world.run_until(until)
            };
            assert_eq!(on_shift(&world), expected, "{until}");
        }
        let turns = world.entries().iter().filter(|entry| {
            matches!(entry.facts[0].event, Event::ShiftBegan { .. } | Event::ShiftEnded { .. })
        });
        let turns: Vec<_> = turns.map(|entry| local(entry.effective_at())).collect();
        assert_eq!(turns, ["2026-11-23 21:00", "2026-11-24 09:00"]);
    }
}

/// HD-9: shifts that follow each other are one stay; a shift that is put on the roster while it goes on begins at once.
#[test]
fn hd_9_the_roster_is_changed_while_shifts_go_on() {
    let mut world = world("2026-11-23 10:00");
    world.agent("anna", &["hm"]).shift("anna", "2026-11-23", "09:00", "12:00");
    assert_eq!(on_shift(&world), ["anna"]);
    world.shift("anna", "2026-11-23", "12:00", "15:00").run_until("2026-11-23 14:00");
    assert_eq!(on_shift(&world), ["anna"]);
    let ended = |world: &World| {
        let facts = world.entries().iter().flat_map(|entry| &entry.facts);
        facts.filter(|fact| matches!(fact.event, Event::ShiftEnded { .. })).count()
    };
    assert_eq!(ended(&world), 0);
    let times = shift("anna", "2026-11-23", "12:00", "13:00");
    world.people(PeopleAct::ReplaceShift { id: 2, times });
    assert_eq!((on_shift(&world).len(), ended(&world)), (0, 1));
    world.people(PeopleAct::ReplaceShift { id: 2, times: shift("anna", "2026-11-23", "12:00", "16:00") });
    assert_eq!(on_shift(&world), ["anna"]);
    world.people(PeopleAct::RemoveShift { id: 2 });
    assert_eq!(on_shift(&world), Vec::<String>::new());
    assert_eq!(
        world.try_people(PeopleAct::RemoveShift { id: 2 }).unwrap_err(),
        Refusal::NotFound { what: "shift", id: "2".to_owned() }
    );
}

/// HD-9: all that is wrong with shifts is told at once, and none of them is taken.
#[test]
fn hd_9_wrong_shifts_are_refused_all_at_once() {
    let mut world = world("2026-11-23 10:00");
    world.agent("anna", &["hm"]).shift("anna", "2026-11-24", "09:00", "18:00");
    let shifts = vec![
        shift("nobody", "2026-11-25", "09:00", "18:00"),
        shift("anna", "2026-11-24", "17:00", "20:00"),
        shift("anna", "2026-11-26", "20:00", "08:00"),
        shift("anna", "2026-11-27", "07:00", "12:00"),
        shift("anna", "2026-11-27", "12:00", "13:00"),
    ];
    let add = PeopleAct::AddShifts { shifts, instead_of: None };
    let Err(Refusal::Fields(errors)) = world.try_people(add) else { panic!("it was to be refused") };
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["shifts[0].agent", "shifts[1].from", "shifts[3].from"]);
    assert_eq!(world.desk().people().roster().len(), 1);
    world.as_agent("anna", &[]);
    assert_eq!(world.try_people(PeopleAct::RemoveShift { id: 1 }).unwrap_err().code(), "forbidden");
}

/// HD-9: a week is planned anew in one go: what begins in it goes, and the new shifts come.
#[test]
fn hd_9_a_week_is_planned_anew_in_one_go() {
    let mut world = world("2026-11-23 10:00");
    world.agent("anna", &["hm"]).shift("anna", "2026-11-24", "09:00", "18:00").shift(
        "anna",
        "2026-12-01",
        "09:00",
        "18:00",
    );
    let week = (instant("2026-11-23 00:00"), instant("2026-11-30 00:00"));
    let plan = || PeopleAct::AddShifts {
        shifts: vec![shift("anna", "2026-11-24", "10:00", "19:00")],
        instead_of: Some(Stretch { from: week.0, until: week.1, agents: Vec::new() }),
    };
    world.people(plan());
    let starts: Vec<_> = world
        .desk()
        .people()
        .roster()
        .during(week.0, instant("2026-12-31 00:00"))
        .map(|s| local(s.times.starts))
        .collect();
    assert_eq!(starts, ["2026-11-24 10:00", "2026-12-01 09:00"]);
    let before = world.entries().len();
    world.people(plan());
    assert_eq!(world.entries().len(), before, "the same plan again changes nothing");
}

fn gaps(world: &World, from: &str, until: &str, place: Place, id: &str) -> Vec<String> {
    let regulation = world.desk().regulations().iter().next().unwrap();
    let covers = coverage(regulation, world.desk().people(), instant(from), instant(until));
    let cover = covers.into_iter().find(|cover| cover.place == place && cover.id == id).unwrap();
    let told = |gap: &Gap| format!("{} – {}", local(gap.from), local(gap.until));
    cover.gaps.iter().map(told).collect()
}

/// HD-9: cover of each line and channel in its hours; a moved Saturday is a working day, and a gap if nobody is planned.
#[test]
fn hd_9_gaps_are_found_also_on_a_moved_saturday() {
    // Saturday 1 November 2025 was worked for Monday the 3rd.
    let mut world = world("2025-10-27 08:00");
    world.agent("anna", &["hm"]).agent("boris", &["zm"]);
    for date in ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30"] {
        world.shift("anna", date, "09:00", "18:00");
    }
    world.shift("anna", "2025-10-31", "09:00", "13:00").shift("boris", "2025-10-31", "14:00", "18:00");
    let week = |world: &World, place, id| gaps(world, "2025-10-27 00:00", "2025-11-03 00:00", place, id);
    assert_eq!(
        week(&world, Place::Line, "1"),
        ["2025-10-31 13:00 – 2025-10-31 14:00", "2025-11-01 09:00 – 2025-11-01 18:00"]
    );
    assert_eq!(
        week(&world, Place::Channel, "hm"),
        ["2025-10-31 13:00 – 2025-10-31 18:00", "2025-11-01 09:00 – 2025-11-01 18:00"]
    );
    world.shift("anna", "2025-11-01", "09:00", "18:00");
    assert_eq!(week(&world, Place::Channel, "hm"), ["2025-10-31 13:00 – 2025-10-31 18:00"]);
}

/// HD-9: what is open round the clock has no gap at midnight where one shift follows another.
#[test]
fn hd_9_round_the_clock_is_covered_by_days_and_nights() {
    let mut world = world("2026-11-23 08:00");
    world.agent("day", &["dok-24-7"]).agent("night", &["dok-24-7"]);
    for date in ["2026-11-23", "2026-11-24"] {
        world.shift("day", date, "09:00", "21:00").shift("night", date, "21:00", "09:00");
    }
    let of = |world: &World| gaps(world, "2026-11-23 09:00", "2026-11-25 12:00", Place::Channel, "dok-24-7");
    assert_eq!(of(&world), ["2026-11-25 09:00 – 2026-11-25 12:00"]);
    world.people(PeopleAct::RemoveShift { id: 2 });
    assert_eq!(of(&world), ["2026-11-23 21:00 – 2026-11-24 09:00", "2026-11-25 09:00 – 2026-11-25 12:00"]);
}
