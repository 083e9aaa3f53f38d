//! Figures of the clauses, worked out by hand.

use andon::desk::report::{Dimension, percent_tenths};
use andon::desk::{Metric, Regulations};
use andon_tests::World;
use andon_tests::time::ZONE;
use serde_json::{Value, json};

use super::{closed, confirmed, incident, question, running, slice, solved, world};

/// ZS-6a: the sum of all marks by the number of tickets, for the whole support and per employee. Four tickets are closed
/// in November, one of them without a mark: 5 + 4 + 3 = 12, by 4 is 3.0. The mean of the three marks is 4.0.
#[test]
fn zs_6a_the_sum_of_marks_is_divided_by_all_tickets_closed_in_the_month() {
    let mut world = world("zkh-services", "2026-11-23 11:00");
    confirmed(&mut world, question(), "ivanova", Some("5"));
    confirmed(&mut world, question(), "ivanova", Some("4"));
    confirmed(&mut world, question(), "petrov", Some("3"));
    confirmed(&mut world, question(), "petrov", None);
    // Answered, and not closed in November.
    let open = solved(&mut world, question(), "petrov");
    world.run_until("2026-12-01 09:00").act(open, "confirm", json!({ "mark": "1" }));
    let months = closed(&world);
    let (month, november) = &months[0];
    assert_eq!((month.as_str(), months.len()), ("2026-11", 1));
    let divisor = november.regulations[0].divisor;
    let whole = slice(november, Dimension::Regulation, None).quality;
    assert_eq!((whole.closed, whole.rated, whole.sum), (4, 3, Some(12)));
    assert_eq!((whole.figure_tenths(divisor), whole.mean_tenths()), (Some(30), Some(40)));
    assert_eq!(percent_tenths(whole.rated.into(), whole.closed.into()), Some(750));
    let of = |agent| slice(november, Dimension::Agent, Some(agent)).quality.figure_tenths(divisor);
    assert_eq!((of("ivanova"), of("petrov")), (Some(45), Some(15)));
}

/// ZS-6b: 4.7 is good, 4 normal, 3.9 unacceptable. Marks of 4, 4, 4 and 3 are 3.75, which is 3.8; nineteen of 4 and one of
/// 3 are 3.95, which is 4.0 and normal, though the text has no band for it.
#[test]
fn zs_6b_the_figure_is_rounded_half_up_before_it_falls_into_a_band() {
    for (marks, figure, band) in [
        (["5", "5", "5", "4"].as_slice(), 48, "good"),
        (&["5", "4", "5", "4"], 45, "normal"),
        (&["4", "4", "4", "3"], 38, "unacceptable"),
        (
            &[
                "3", "4", "4", "4", "4", "4", "4", "4", "4", "4", "4", "4", "4", "4", "4", "4", "4", "4",
                "4", "4",
            ],
            40,
            "normal",
        ),
    ] {
        let mut world = world("zkh-services", "2026-11-23 11:00");
        for mark in marks {
            confirmed(&mut world, question(), "ivanova", Some(mark));
        }
        let november = running(&world, "2026-11");
        let whole = slice(&november, Dimension::Regulation, None).quality;
        assert_eq!(whole.figure_tenths(november.regulations[0].divisor), Some(figure), "{marks:?}");
        assert_eq!(whole.band.as_deref(), Some(band), "{marks:?}");
    }
}

/// GM-6: the share of Удовлетворительно for each line, agent and month; a confirmation without a mark counts as it
/// (GM-5.26), silence does not.
#[test]
fn gm_6_the_share_of_satisfactory_is_told_by_line_agent_and_month() {
    let request = |channel: &str| {
        json!({ "channel": channel, "type": "consultation", "subject": "Как выгрузить",
            "requester": { "name": "Анна", "email": "a@example.ru", "inn": "7707083893" },
            "fields": { "process": "Ввод", "steps": ["Открыть"], "impact": "none" } })
    };
    let mut world = world("getmark", "2026-11-23 11:00");
    confirmed(&mut world, request("phone"), "ivanova", Some("satisfactory"));
    confirmed(&mut world, request("email"), "ivanova", None);
    confirmed(&mut world, request("email"), "petrov", Some("unsatisfactory"));
    solved(&mut world, request("email"), "petrov");
    world.run_until("2027-01-20 10:00");
    let november = running_or_closed(&world, "2026-11");
    let share = |by, id| {
        let quality = slice(&november, by, id).quality;
        (quality.positive, quality.marks_total())
    };
    assert_eq!(share(Dimension::Regulation, None), (Some(2), 3));
    assert_eq!(share(Dimension::Line, Some("1")), (Some(1), 1));
    assert_eq!(share(Dimension::Line, Some("2")), (Some(1), 2));
    assert_eq!(share(Dimension::Agent, Some("ivanova")), (Some(2), 2));
    assert_eq!(share(Dimension::Agent, Some("petrov")), (Some(0), 1));
    // 72 working hours after the 23rd of November it was closed by silence.
    let december = running_or_closed(&world, "2026-12");
    let silent = slice(&december, Dimension::Agent, Some("petrov")).quality;
    assert_eq!((silent.closed, silent.by_time, silent.marks_total()), (1, 1, 0));
}

/// GM-5.17: a term of a line is that line's. Line 1 has four working hours for an urgent error and takes five; line 2 solves
/// it at once. The report blames line 1 and its agent, and line 2 kept its word.
#[test]
fn gm_5_17_a_broken_term_of_a_line_is_told_of_the_line_and_the_agent_who_had_it() {
    let mut world = world("getmark", "2026-11-23 11:00");
    let ticket =
        world.as_lead().register(json!({ "channel": "phone", "type": "error", "subject": "Не открывается",
        "requester": { "name": "Анна", "email": "a@example.ru", "inn": "7707083893" },
        "fields": { "process": "Ввод", "steps": ["Открыть"], "impact": "stops-operations" } }));
    world.as_agent("ivanova", &[1]).act(ticket, "take", json!({}));
    world.run_until("2026-11-23 16:00").as_agent("ivanova", &[1]);
    world.act(ticket, "route", json!({ "line": 2, "reason": "Сложно" }));
    world.as_agent("petrov", &[2]).act(ticket, "take", json!({}));
    world.act(ticket, "resolve", json!({ "text": "Сделайте так" })).as_requester();
    world.act(ticket, "confirm", json!({}));
    let november = running(&world, "2026-11");
    let line = |by, id| {
        let clocks = slice(&november, by, id).clocks;
        let clock = clocks.into_iter().find(|clock| clock.metric == Metric::Line).expect("a term of a line");
        (clock.met, clock.breached, clock.breaches())
    };
    assert_eq!(line(Dimension::Line, Some("1")), (0, 1, 1));
    assert_eq!(line(Dimension::Agent, Some("ivanova")), (0, 1, 1));
    assert_eq!(line(Dimension::Line, Some("2")), (1, 0, 0));
    assert_eq!(line(Dimension::Agent, Some("petrov")), (1, 0, 0));
    assert_eq!(line(Dimension::Regulation, None), (1, 1, 1));
    let closed = |by, id| slice(&november, by, id).quality.closed;
    assert_eq!(
        (closed(Dimension::Line, Some("1")), closed(Dimension::Line, Some("2"))),
        (0, 1),
        "closed once"
    );
}

/// ZS-6a: a duplicate is no ticket more. Nobody answered it, so it met nothing either.
#[test]
fn zs_6a_a_merged_duplicate_is_not_in_the_divisor_and_met_no_term() {
    let mut world = world("zkh-services", "2026-11-23 11:00");
    let duplicate = world.as_lead().register(question());
    let other = world.register(question());
    world.as_agent("ivanova", &[]).act(duplicate, "merge", json!({ "into": other }));
    world
        .act(other, "take", json!({}))
        .act(other, "resolve", json!({ "text": "Сделайте так" }))
        .as_requester();
    world.act(other, "confirm", json!({ "mark": "5" }));
    let november = running(&world, "2026-11");
    let whole = slice(&november, Dimension::Regulation, None);
    let quality = &whole.quality;
    assert_eq!((quality.closed, quality.merged), (1, 1));
    assert_eq!(quality.figure_tenths(november.regulations[0].divisor), Some(50));
    let reaction =
        whole.clocks.iter().find(|clock| clock.metric == Metric::Reaction).expect("one was answered");
    assert_eq!((reaction.met, reaction.breached), (1, 0));
    // One that was late before it was merged was late.
    let late = world.as_lead().register(question());
    let other = world.register(question());
    world.run_until("2026-11-23 13:00").as_agent("ivanova", &[]).act(late, "merge", json!({ "into": other }));
    let whole = slice(&running(&world, "2026-11"), Dimension::Regulation, None);
    let reaction =
        whole.clocks.iter().find(|clock| clock.metric == Metric::Reaction).expect("one was answered");
    assert_eq!((reaction.met, reaction.breached, whole.quality.merged), (1, 1, 2));
}

/// each regulation has figures of its own, by its own divisor. ZS-6a divides 5 by the two tickets that are closed: 2.5; HD-5
/// takes the mean of the one mark: 4.
#[test]
fn x_1_reports_tell_side_by_side_regulations_apart() {
    let both = ["zkh-services", "group-helpdesk"].map(|name| andon_tests::world::shipped(name).into());
    let mut world = World::side_by_side(Regulations::new(both.to_vec()).in_zone(ZONE), "2026-11-23 11:00");
    let under = |regulation: &str, mut body: Value| {
        body["regulation"] = json!(regulation);
        body
    };
    confirmed(&mut world, under("zkh-services", question()), "ivanova", Some("5"));
    confirmed(&mut world, under("zkh-services", question()), "ivanova", None);
    confirmed(&mut world, under("group-helpdesk", incident()), "ivanova", Some("4"));
    confirmed(&mut world, under("group-helpdesk", incident()), "ivanova", None);
    let november = running(&world, "2026-11");
    let told: Vec<_> = november
        .regulations
        .iter()
        .map(|of| {
            let whole = of.slices.iter().find(|slice| slice.by == Dimension::Regulation).expect("the whole");
            (of.regulation.as_str(), whole.quality.closed, whole.quality.figure_tenths(of.divisor))
        })
        .collect();
    assert_eq!(told, [("group-helpdesk", 2, Some(40)), ("zkh-services", 2, Some(25))]);
}

/// HD-5: CSI is the share of positive marks, 4 and 5, and the mean: of 5, 4 and 2 two thirds, and 3.7.
#[test]
fn hd_5_csi_is_the_share_of_positive_marks_and_their_mean() {
    let mut world = world("group-helpdesk", "2026-11-23 11:00");
    for mark in ["5", "4", "2"] {
        confirmed(&mut world, incident(), "ivanova", Some(mark));
    }
    confirmed(&mut world, incident(), "ivanova", None);
    let november = running(&world, "2026-11");
    let whole = slice(&november, Dimension::Regulation, None).quality;
    assert_eq!((whole.closed, whole.positive, whole.marks_total()), (4, Some(2), 3));
    assert_eq!(percent_tenths(2, whole.marks_total().into()), Some(667));
    assert_eq!(
        (whole.mean_tenths(), whole.figure_tenths(november.regulations[0].divisor)),
        (Some(37), Some(37))
    );
}

/// BC-12: how often the source of a problem lay where.
#[test]
fn bc_12_closed_requests_are_counted_by_source() {
    let mut world = world("bpmsoft-care", "2026-11-23 11:00");
    for source in ["vendor", "own-product", "vendor"] {
        let body = json!({ "channel": "portal", "type": "incident", "priority": "medium", "client": "ООО «Ромашка»",
            "subject": "Не открывается", "description": "Почему пусто?",
            "requester": { "name": "Анна", "email": "a@example.ru" },
            "fields": { "address": "https://crm.example.ru", "steps": ["Войти"], "database-servers": "один",
                "nodes": 2, "adjacent-software": "нет", "changes": "нет" } });
        let ticket = world.as_lead().register(body);
        world.as_agent("ivanova", &[]).act(ticket, "take", json!({}));
        world.act(ticket, "resolve", json!({ "text": "Исправили", "source": source })).as_requester();
        world.act(ticket, "confirm", json!({}));
    }
    let november = running(&world, "2026-11");
    let of = |source| slice(&november, Dimension::Source, Some(source)).quality.closed;
    assert_eq!((of("vendor"), of("own-product")), (2, 1));
}

fn running_or_closed(world: &andon_tests::World, month: &str) -> andon::desk::report::MonthFigures {
    let closed = closed(world).into_iter().find(|(known, _)| known == month);
    closed.map_or_else(|| running(world, month), |(_, figures)| figures)
}
