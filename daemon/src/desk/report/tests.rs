//! The tally: what it adds up, how much of it there may be, and what a closed month takes no more.

use calendars::{Timestamp, Tz};
use smol_str::{SmolStr, format_smolstr};

use super::{
    Cause, ClockScore, Closing, Dimension, Ending, Facets, Month, MonthFigures, QualityFigures, SLICES_MAX,
    Score, SliceFigures, Tally, percent_tenths,
};
use crate::desk::clocks::{Basis, Metric};
use crate::desk::regulation::{Divisor, shipped};
use crate::desk::{Regulation, Regulations};

const ZONE: Tz = Tz::Europe__Moscow;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn facets(agent: Option<&str>) -> Facets {
    Facets {
        regulation: "zkh-services".into(),
        line: 1,
        priority: "normal".into(),
        agent: agent.map(SmolStr::from),
        service: None,
        source: None,
    }
}

fn closing(when: &str, agent: &str, mark: Option<&str>) -> Score {
    Score::Closed(Box::new(Closing {
        at: at(when),
        facets: facets(Some(agent)),
        ending: Ending::Confirmed,
        returned: false,
        mark: mark.map(SmolStr::from),
        clocks: vec![ClockScore {
            metric: Metric::Reaction,
            basis: Basis::WorkingHours,
            target_ms: Some(3_600_000),
            used_ms: 5_400_000,
            elapsed_ms: 7_200_000,
            paused_ms: 1_800_000,
            breached: true,
            stint: None,
        }],
    }))
}

fn tally(scores: &[Score]) -> Tally {
    let mut tally = Tally::default();
    for score in scores {
        tally.take(score, ZONE);
    }
    tally
}

fn zkh() -> Regulations {
    Regulations::new(vec![shipped::get("zkh-services").unwrap().unwrap()])
}

/// The figures of a slice in a month.
fn slice(tally: &Tally, when: &str, by: Dimension, id: Option<&str>) -> Option<SliceFigures> {
    let figures = MonthFigures::of(tally.month(month(when))?, &zkh());
    let slices = figures.regulations.into_iter().next()?.slices;
    slices.into_iter().find(|slice| slice.by == by && slice.id.as_deref() == id)
}

fn quality(tally: &Tally, when: &str, agent: Option<&str>) -> QualityFigures {
    let by = if agent.is_some() { Dimension::Agent } else { Dimension::Regulation };
    slice(tally, when, by, agent).expect("there is one").quality
}

#[test]
fn the_sum_of_marks_is_divided_by_all_closed_tickets_and_the_mean_stands_beside_it() {
    let tally = tally(&[
        closing("2026-11-02T10:00:00+03:00", "ivanova", Some("5")),
        closing("2026-11-30T23:59:59+03:00", "ivanova", Some("4")),
        closing("2026-11-03T10:00:00+03:00", "petrov", None),
        closing("2026-12-01T00:00:00+03:00", "ivanova", Some("1")),
    ]);
    let whole = quality(&tally, "2026-11", None);
    assert_eq!((whole.closed, whole.rated, whole.sum), (3, 2, Some(9)));
    assert_eq!(whole.figure_tenths(Divisor::Closed), Some(30));
    assert_eq!(whole.mean_tenths(), Some(45));
    assert_eq!(whole.band.as_deref(), Some("unacceptable"));
    assert_eq!(percent_tenths(whole.rated.into(), whole.closed.into()), Some(667));
    let ivanova = quality(&tally, "2026-11", Some("ivanova"));
    assert_eq!((ivanova.figure_tenths(Divisor::Closed), ivanova.band.as_deref()), (Some(45), Some("normal")));
    let petrov = quality(&tally, "2026-11", Some("petrov"));
    assert_eq!((petrov.figure_tenths(Divisor::Closed), petrov.mean_tenths()), (Some(0), None));
    assert_eq!(quality(&tally, "2026-12", None).closed, 1, "midnight is the next month's");
}

#[test]
fn bands_are_over_the_rounded_figure_so_nothing_falls_between_them() {
    let zkh = shipped::get("zkh-services").unwrap().unwrap();
    for (tenths, band) in [
        (50, "good"),
        (47, "good"),
        (46, "normal"),
        (40, "normal"),
        (39, "unacceptable"),
        (0, "unacceptable"),
    ] {
        assert_eq!(zkh.band(tenths).map(|band| band.name.id.as_str()), Some(band), "{tenths}");
    }
    // 79 over 20 is 3.95: no band of the text has it, and rounded it is normal.
    let marks = [[3; 1].as_slice(), &[4; 19]].concat();
    let scores: Vec<_> = marks
        .iter()
        .map(|mark| closing("2026-11-02T10:00:00+03:00", "ivanova", Some(&mark.to_string())))
        .collect();
    assert_eq!(quality(&tally(&scores), "2026-11", None).band.as_deref(), Some("normal"));
}

#[test]
fn a_mark_given_later_counts_in_the_month_it_was_given_in() {
    let marked = |when: &str, mark: &str| Score::Marked {
        at: at(when),
        facets: Box::new(facets(Some("ivanova"))),
        mark: mark.into(),
        closed_at: at("2026-11-30T12:00:00+03:00"),
    };
    let mut tally = tally(&[
        closing("2026-11-30T12:00:00+03:00", "ivanova", None),
        marked("2026-11-30T23:00:00+03:00", "2"),
    ]);
    let november = quality(&tally, "2026-11", None);
    assert_eq!((november.rated, november.late_marks, november.sum), (1, 0, Some(2)));
    tally.take(&Score::MonthClosed { month: month("2026-11") }, ZONE);
    tally.take(&marked("2026-12-01T09:00:00+03:00", "4"), ZONE);
    assert_eq!(tally.month(month("2026-11")), None, "what is closed is out of reach");
    let december = quality(&tally, "2026-12", None);
    assert_eq!((december.closed, december.rated, december.late_marks, december.sum), (0, 0, 1, Some(4)));
    assert_eq!(december.figure_tenths(Divisor::Closed), None, "nothing to divide by");
    assert_eq!(december.mean_tenths(), Some(40));
}

/// Three tickets were closed without a mark in November and are marked 5 in December; the only one closed in December has 4.
#[test]
fn late_marks_are_told_apart_and_make_no_figure_better_than_the_best_mark() {
    let late = Score::Marked {
        at: at("2026-12-01T09:00:00+03:00"),
        facets: Box::new(facets(Some("ivanova"))),
        mark: "5".into(),
        closed_at: at("2026-11-30T12:00:00+03:00"),
    };
    let tally = tally(&[
        Score::MonthClosed { month: month("2026-11") },
        late.clone(),
        late.clone(),
        late,
        closing("2026-12-02T10:00:00+03:00", "ivanova", Some("4")),
    ]);
    let december = quality(&tally, "2026-12", None);
    assert_eq!((december.closed, december.rated, december.late_marks), (1, 1, 3));
    assert_eq!((december.sum, december.late_sum, december.valued), (Some(19), Some(15), Some(4)));
    assert_eq!(december.divided(Divisor::Closed), Some(4));
    assert_eq!(december.figure_tenths(Divisor::Closed), Some(40));
    assert_eq!(december.band.as_deref(), Some("normal"));
    assert_eq!(december.mean_tenths(), Some(48), "19 by the 4 marks that were given");
    assert_eq!(december.figure_tenths(Divisor::Rated), Some(48), "each mark is in sum and divisor");
}

/// Months closed before late marks were told apart stay what they were.
#[test]
fn figures_of_an_older_record_are_read_as_they_were_written() {
    let kept =
        r#"{"closed":1,"rated":1,"late_marks":3,"marks":{"4":1,"5":3},"sum":19,"valued":4,"band":"good"}"#;
    let figures: QualityFigures = serde_json::from_str(kept).unwrap();
    assert_eq!((figures.divided(Divisor::Closed), figures.late_sum), (Some(19), None));
    assert_eq!(figures.band.as_deref(), Some("good"));
}

#[test]
fn what_belongs_to_a_closed_month_counts_in_the_one_that_runs() {
    let mut tally = tally(&[Score::MonthClosed { month: month("2026-11") }]);
    tally.take(&closing("2026-11-15T12:00:00+03:00", "ivanova", Some("5")), ZONE);
    assert_eq!(tally.first_open(), Some(month("2026-12")));
    assert_eq!(quality(&tally, "2026-12", None).rated, 1);
    tally.take(&Score::MonthClosed { month: month("2026-12") }, ZONE);
    assert_eq!((tally.first_open(), tally.newest_closed()), (None, Some(month("2026-12"))));
}

#[test]
fn promises_are_counted_with_how_far_they_were_exceeded_and_why_they_broke() {
    let breached = |cause| Score::Breached {
        at: at("2026-11-02T10:00:00+03:00"),
        facets: Box::new(facets(None)),
        metric: Metric::Reaction,
        cause,
    };
    let tally = tally(&[
        closing("2026-11-02T10:00:00+03:00", "ivanova", None),
        breached(Cause::Untaken),
        breached(Cause::Untaken),
        breached(Cause::InWork),
    ]);
    let clock = slice(&tally, "2026-11", Dimension::Regulation, None).unwrap().clocks.remove(0);
    assert_eq!((clock.met, clock.breached, clock.without_term), (0, 1, 0));
    assert_eq!(clock.over.map(|over| over.max_ms), Some(1_800_000));
    assert_eq!((clock.elapsed_ms, clock.paused_ms), (7_200_000, 1_800_000));
    assert_eq!(clock.breaches(), 3);
    assert_eq!(clock.causes.into_iter().collect::<Vec<_>>(), [(Cause::Untaken, 2), (Cause::InWork, 1)]);
}

#[test]
fn slices_beyond_the_limit_are_counted_together_and_none_is_lost() {
    let agents = 2 * SLICES_MAX;
    let scores: Vec<_> = (0..agents)
        .map(|agent| closing("2026-11-02T10:00:00+03:00", &format_smolstr!("agent-{agent}"), None))
        .collect();
    let tally = tally(&scores);
    assert_eq!(tally.slices(), SLICES_MAX);
    let figures = MonthFigures::of(tally.month(month("2026-11")).unwrap(), &zkh());
    let of_agents = figures.regulations[0].slices.iter().filter(|slice| slice.by == Dimension::Agent);
    assert_eq!(of_agents.map(|slice| slice.quality.closed as usize).sum::<usize>(), agents);
    assert_eq!(figures.regulations[0].slices[0].quality.closed as usize, agents);
}

/// Services are free text, and may be many.
#[test]
fn many_services_leave_the_agents_their_room() {
    let of_service = |n: usize| match closing("2026-11-02T10:00:00+03:00", "petrov", None) {
        Score::Closed(mut closing) => {
            closing.facets.service = Some(format_smolstr!("service-{n}"));
            Score::Closed(closing)
        }
        other => other,
    };
    let mut scores: Vec<_> = (0..2 * SLICES_MAX).map(of_service).collect();
    scores.push(closing("2026-11-03T10:00:00+03:00", "ivanova", Some("5")));
    let tally = tally(&scores);
    assert_eq!(quality(&tally, "2026-11", Some("ivanova")).closed, 1);
    assert_eq!(tally.slices(), SLICES_MAX);
}

#[test]
fn a_tally_comes_back_as_it_was_kept() {
    let mut tally = tally(&[
        Score::MonthClosed { month: month("2026-10") },
        closing("2026-11-02T10:00:00+03:00", "ivanova", Some("5")),
        closing("2026-12-02T10:00:00+03:00", "ivanova", None),
    ]);
    let kept = serde_json::to_vec(&tally).unwrap();
    let mut again: Tally = serde_json::from_slice(&kept).unwrap();
    assert_eq!(again, tally);
    let score = closing("2026-12-03T10:00:00+03:00", "petrov", Some("1"));
    let kept = serde_json::to_vec(&score).unwrap();
    again.take(&serde_json::from_slice(&kept).unwrap(), ZONE);
    tally.take(&score, ZONE);
    assert_eq!(again, tally);
}

#[test]
fn a_regulation_that_is_not_there_leaves_counts_and_no_judgement() {
    let tally = tally(&[closing("2026-11-02T10:00:00+03:00", "ivanova", Some("5"))]);
    let figures = MonthFigures::of(tally.month(month("2026-11")).unwrap(), &Regulations::default());
    let QualityFigures { closed, rated, sum, band, positive, .. } = &figures.regulations[0].slices[0].quality;
    assert_eq!((*closed, *rated, *sum, band, *positive), (1, 1, None, &None, None));
}

#[test]
fn marks_that_are_words_have_a_share_of_positive_ones_and_no_figure() {
    let getmark = shipped::get("getmark").unwrap().unwrap();
    let score = |mark: &str| match closing("2026-11-02T10:00:00+03:00", "ivanova", Some(mark)) {
        Score::Closed(mut closing) => {
            closing.facets.regulation = "getmark".into();
            Score::Closed(closing)
        }
        other => other,
    };
    let tally = tally(&[score("satisfactory"), score("satisfactory"), score("unsatisfactory")]);
    let figures = MonthFigures::of(tally.month(month("2026-11")).unwrap(), &Regulations::new(vec![getmark]));
    let whole = &figures.regulations[0].slices[0].quality;
    assert_eq!((whole.positive, whole.marks_total(), whole.sum), (Some(2), 3, None));
}

#[test]
fn what_is_wrong_with_marks_and_bands_is_told_by_its_line() {
    let shipped = shipped::text("zkh-services").unwrap();
    let check = |from: &str, to: &str, expected: &str| {
        assert!(shipped.contains(from), "{from}");
        let told = Regulation::parse("zkh.toml", &shipped.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(told.contains(expected), "{told}");
    };
    check(
        "from = 4.7",
        "from = 4.75",
        "quality.band.from: `4.75` is no figure; 0 to 255 with one decimal at most, such as 4.7",
    );
    check("from = 4.7", "from = -1", "is no figure");
    check(
        "from = 4.7",
        "from = 3.0",
        "`normal` begins no lower than the band before it; the best comes first",
    );
    check("from = 4.7\n", "", "`good` takes every figure, so the bands after it none; give it a `from`");
    check(
        "id = \"unacceptable\"",
        "id = \"unacceptable\"\nfrom = 1",
        "`unacceptable` is the last band and takes the rest",
    );
    check("value = 3\n", "", "mark.value: `3` has no value; give all marks one, or none");
    check("divisor = \"closed\"", "divisor = \"all\"", "expected `closed` or `rated`");
    let without: String =
        (1..=5).fold(shipped.to_owned(), |text, value| text.replacen(&format!("value = {value}\n"), "", 1));
    let told = Regulation::parse("zkh.toml", &without).unwrap_err().to_string();
    assert!(told.contains("bands are of figures; give every [[mark]] a value"), "{told}");
}
