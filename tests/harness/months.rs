//! A month's figures the slow way: every ticket is told again from its events, kept as a row, and each figure is counted
//! over the rows. It knows nothing of how the desk counts, and is what the desk's figures are held against.

use std::collections::BTreeMap;

use andon::desk::clocks::Basis;
use andon::desk::command::LinkKind;
use andon::desk::event::{Term, Turn};
use andon::desk::report::{Cause, MonthFigures, Quantiles};
use andon::desk::{Entry, Event, Metric, Stage, TicketNumber};
use calendars::{Timestamp, Tz};

/// What tells a ticket's slices.
#[derive(Clone, Debug, Default)]
pub struct Facets {
    /// Its regulation.
    pub regulation: String,
    /// Its line.
    pub line: u8,
    /// Its priority.
    pub priority: String,
    /// Who gave the solution, or had it.
    pub agent: Option<String>,
    /// Its service.
    pub service: Option<String>,
    /// Where the source of the problem lay.
    pub source: Option<String>,
}

/// One clock of a closed ticket.
#[derive(Clone, Debug)]
pub struct ClockRow {
    /// What it measured.
    pub metric: Metric,
    /// What it counted.
    pub basis: Basis,
    /// What was given, in milliseconds.
    pub target_ms: Option<i64>,
    /// What was used, in milliseconds.
    pub used_ms: i64,
    /// From start to end, in milliseconds.
    pub elapsed_ms: i64,
    /// How long it did not run meanwhile, in milliseconds.
    pub paused_ms: i64,
    /// Whether it broke.
    pub breached: bool,
    /// Of a line's term: the line, and who had the ticket there.
    pub theirs: Option<(u8, Option<String>)>,
}

/// Whose a clock's row is.
fn whose(ticket: &Facets, theirs: Option<&(u8, Option<String>)>) -> Facets {
    match theirs {
        Some((line, agent)) => Facets { line: *line, agent: agent.clone(), ..ticket.clone() },
        None => ticket.clone(),
    }
}

/// A ticket as it was closed.
#[derive(Clone, Debug)]
pub struct ClosedRow {
    /// Which.
    pub ticket: TicketNumber,
    /// When.
    pub at: Timestamp,
    /// Its slices.
    pub facets: Facets,
    /// Whether it was a duplicate, closed as one.
    pub merged: bool,
    /// Whether it had been returned.
    pub returned: bool,
    /// Its mark.
    pub mark: Option<String>,
    /// Its clocks, those of the desk's promises.
    pub clocks: Vec<ClockRow>,
}

/// Everything that counts, in order.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Closings.
    pub closed: Vec<ClosedRow>,
    /// Marks after the closing: when, whose, which, and when the ticket was closed.
    pub marks: Vec<(Timestamp, Facets, String, Timestamp)>,
    /// Breaches: when, whose, of which metric, why.
    pub breaches: Vec<(Timestamp, Facets, Metric, Cause)>,
}

/// A clock as its turns tell it: its term, what it used, whether it runs, and since when it did or did not.
#[derive(Clone, Debug)]
struct ClockStory {
    basis: Basis,
    target_ms: Option<i64>,
    used_ms: i64,
    started: Timestamp,
    /// Each stretch: from when, and whether it ran.
    stretches: Vec<(Timestamp, bool)>,
    stopped: Option<Timestamp>,
    breached: bool,
    theirs: Option<(u8, Option<String>)>,
}

#[derive(Clone, Debug, Default)]
struct Story {
    facets: Facets,
    assignee: Option<String>,
    solver: Option<String>,
    mark: Option<String>,
    returns: u32,
    routes: u32,
    closed_at: Option<Timestamp>,
    stage: Option<Stage>,
    duplicate: bool,
    clocks: BTreeMap<(Metric, u16), ClockStory>,
}

impl Story {
    fn facets(&self) -> Facets {
        Facets { agent: self.solver.clone().or_else(|| self.assignee.clone()), ..self.facets.clone() }
    }

    fn turn(&mut self, key: (Metric, u16), turn: &Turn, at: Timestamp) {
        let given = |term: &Term| term.target_ms;
        if let Turn::Started { basis, term } = turn {
            let story = ClockStory {
                basis: *basis,
                target_ms: given(term),
                used_ms: 0,
                started: at,
                stretches: vec![(at, true)],
                stopped: None,
                breached: false,
                theirs: (key.0 == Metric::Line).then(|| (self.facets.line, self.assignee.clone())),
            };
            self.clocks.insert(key, story);
            return;
        }
        let clock = self.clocks.get_mut(&key).expect("a clock starts before it turns");
        match turn {
            Turn::Paused { used_ms } => {
                clock.used_ms = *used_ms;
                clock.stretches.push((at, false));
            }
            Turn::Stopped { used_ms } => {
                clock.used_ms = *used_ms;
                clock.stretches.push((at, false));
                clock.stopped = Some(at);
            }
            Turn::Resumed { used_ms, term } => {
                (clock.used_ms, clock.target_ms, clock.stopped) = (*used_ms, given(term), None);
                clock.stretches.push((at, true));
            }
            Turn::Retargeted { used_ms, term, .. } => {
                (clock.used_ms, clock.target_ms) = (*used_ms, given(term));
            }
            Turn::Breached { .. } => clock.breached = true,
            Turn::Started { .. } | Turn::Warned { .. } | Turn::RanOut { .. } => {}
        }
    }

    /// Somebody has it, or answers it: what runs of the line it stands on, and is whole, is theirs.
    fn had_by(&mut self, agent: &str) {
        let line = self.facets.line;
        for clock in self.clocks.values_mut().filter(|clock| clock.stopped.is_none() && !clock.breached) {
            if let Some((_, known)) = clock.theirs.as_mut().filter(|theirs| theirs.0 == line) {
                *known = Some(agent.to_owned());
            }
        }
    }

    fn rows(&self, end: Timestamp) -> Vec<ClockRow> {
        let ours = [
            Metric::Reaction,
            Metric::Resolution,
            Metric::Line,
            Metric::Escalation,
            Metric::RegistrationLetter,
        ];
        let clocks = self.clocks.iter().filter(|((metric, _), _)| ours.contains(metric));
        clocks
            .filter(|(_, clock)| clock.stretches.last().is_some_and(|(_, ran)| !ran))
            .map(|((metric, _), clock)| {
                let last = clock.stopped.unwrap_or(clock.stretches.last().expect("it began").0);
                let ends = clock.stretches.iter().skip(1).map(|(at, _)| *at).chain([last]);
                let still = clock.stretches.iter().zip(ends).filter(|((_, ran), _)| !ran);
                assert!(last <= end, "nothing ends after the ticket");
                ClockRow {
                    metric: *metric,
                    basis: clock.basis,
                    target_ms: clock.target_ms,
                    used_ms: clock.used_ms,
                    elapsed_ms: last.ms_since(clock.started),
                    paused_ms: still.map(|((from, _), to)| to.ms_since(*from)).sum(),
                    breached: clock.breached,
                    theirs: clock.theirs.clone(),
                }
            })
            .collect()
    }
}

impl Rows {
    /// Everything that counts of these events.
    pub fn of(entries: &[Entry]) -> Self {
        let (mut rows, mut stories) = (Self::default(), BTreeMap::<TicketNumber, Story>::new());
        for entry in entries {
            let at = entry.effective_at();
            for number in entry.tickets() {
                let mut story = stories.remove(&number).unwrap_or_default();
                let before = story.stage;
                let mut retargeted = Vec::new();
                let (mut marked, mut closed) = (false, false);
                for fact in entry.facts.iter().filter(|fact| fact.ticket == Some(number)) {
                    match &fact.event {
                        Event::Registered(is) => {
                            story.stage = Some(Stage::Open);
                            story.facets = Facets {
                                regulation: is.regulation.to_string(),
                                line: is.line,
                                priority: is.priority.to_string(),
                                service: is.service.as_ref().map(ToString::to_string),
                                ..Facets::default()
                            };
                        }
                        Event::StatusChanged { stage, .. } => story.stage = Some(*stage),
                        Event::PriorityChanged { to, .. } => story.facets.priority = to.to_string(),
                        Event::Classified { service: Some(service), .. } => {
                            story.facets.service = Some(service.to_string());
                        }
                        Event::Routed { to, .. } => {
                            story.facets.line = *to;
                            story.routes += 1;
                        }
                        Event::Assigned { agent, .. } => {
                            story.assignee = agent.as_ref().map(ToString::to_string);
                            agent.as_ref().into_iter().for_each(|agent| story.had_by(agent));
                        }
                        Event::Resolved { source, .. } => {
                            story.solver = Some(entry.by.to_string());
                            story.had_by(&entry.by);
                            story.facets.source = source.as_ref().map(ToString::to_string);
                        }
                        Event::Returned { .. } => story.returns += 1,
                        Event::Linked { kind: LinkKind::Duplicate, back: false, .. } => {
                            story.duplicate = true;
                        }
                        Event::Closed { .. } => closed = true,
                        Event::Confirmed { mark, .. } => {
                            story.mark = mark.as_ref().map(ToString::to_string);
                            marked = mark.is_some();
                        }
                        Event::Clock { metric, cycle, turn } => {
                            let key = (*metric, *cycle);
                            if let Turn::Breached { at, .. } = turn
                                && !story.clocks[&key].breached
                            {
                                let cause = if retargeted.contains(&key) {
                                    Cause::TermChanged
                                } else if story.assignee.is_none() {
                                    Cause::Untaken
                                } else if story.returns > 0 {
                                    Cause::Returned
                                } else if story.routes > 0 {
                                    Cause::Routed
                                } else {
                                    Cause::InWork
                                };
                                let facets = whose(&story.facets(), story.clocks[&key].theirs.as_ref());
                                rows.breaches.push((*at, facets, *metric, cause));
                            }
                            if matches!(turn, Turn::Retargeted { .. }) {
                                retargeted.push(key);
                            }
                            story.turn(key, turn, at);
                        }
                        _ => {}
                    }
                }
                if story.stage == Some(Stage::Closed) {
                    if before == Some(Stage::Closed) {
                        if let (true, Some(mark)) = (marked, story.mark.clone()) {
                            let closed_at = story.closed_at.expect("it was closed");
                            rows.marks.push((at, story.facets(), mark, closed_at));
                        }
                    } else {
                        story.closed_at = Some(at);
                        rows.closed.push(ClosedRow {
                            ticket: number,
                            at,
                            facets: story.facets(),
                            merged: closed && story.duplicate,
                            returned: story.returns > 0,
                            mark: story.mark.clone(),
                            clocks: story.rows(at),
                        });
                    }
                }
                stories.insert(number, story);
            }
        }
        rows
    }

    /// Holds a month's figures against the rows.
    ///
    /// # Panics
    /// Where a figure is another; quantiles may be off by one in 64 and a second.
    pub fn hold(&self, month: &str, zone: Tz, figures: &MonthFigures) {
        let is_in = |at: Timestamp| at.to_rfc3339(zone)[..7] == *month;
        let mut expected: BTreeMap<SliceKey, Counted> = BTreeMap::new();
        let mut each = |facets: &Facets, count: &dyn Fn(&mut Counted)| {
            for key in keys(facets) {
                count(expected.entry(key).or_default());
            }
        };
        for row in self.closed.iter().filter(|row| is_in(row.at)) {
            each(&row.facets, &|counted| counted.close(row));
            for clock in row.clocks.iter().filter(|clock| clock.breached || !row.merged) {
                each(&whose(&row.facets, clock.theirs.as_ref()), &|counted| counted.close_clock(clock));
            }
        }
        for (at, facets, mark, closed_at) in &self.marks {
            if is_in(*at) {
                let late = !is_in(*closed_at);
                each(facets, &|counted| {
                    *if late { &mut counted.late } else { &mut counted.rated } += 1;
                    *counted.marks.entry(mark.clone()).or_default() += 1;
                });
            }
        }
        for (at, facets, metric, cause) in &self.breaches {
            if is_in(*at) {
                each(facets, &|counted| {
                    *counted.clocks.entry(*metric).or_default().causes.entry(*cause).or_default() += 1;
                });
            }
        }
        let mut told = 0;
        for of in &figures.regulations {
            for slice in &of.slices {
                let by = serde_json::to_value(slice.by).expect("a word");
                let key = (
                    of.regulation.to_string(),
                    by.as_str().expect("a word").to_owned(),
                    slice.id.as_ref().map(ToString::to_string),
                );
                let place = format!("{month} {key:?}");
                let counted = expected.get(&key).unwrap_or_else(|| panic!("{place} is none"));
                told += 1;
                let quality = &slice.quality;
                assert_eq!(
                    (quality.closed, quality.merged, quality.returned, quality.rated, quality.late_marks),
                    (counted.closed, counted.merged, counted.returned, counted.rated, counted.late),
                    "{place}: closed, merged, returned, rated, late"
                );
                let marks: BTreeMap<_, _> =
                    quality.marks.iter().map(|(mark, count)| (mark.to_string(), *count)).collect();
                assert_eq!(marks, counted.marks, "{place}: marks");
                let values: Vec<u64> = counted
                    .marks
                    .iter()
                    .filter_map(|(mark, count)| mark.parse().ok().map(|value: u64| value * u64::from(*count)))
                    .collect();
                if let Some(sum) = quality.sum {
                    assert_eq!(sum, values.iter().sum::<u64>(), "{place}: the sum of marks");
                }
                assert_eq!(slice.clocks.len(), counted.clocks.len(), "{place}: metrics");
                for clock in &slice.clocks {
                    counted.clocks[&clock.metric].hold(&place, clock);
                }
            }
        }
        assert_eq!(told, expected.len(), "{month}: every slice is told");
    }
}

/// Regulation, dimension, id.
type SliceKey = (String, String, Option<String>);

fn keys(facets: &Facets) -> Vec<SliceKey> {
    [
        ("regulation", None),
        ("line", Some(facets.line.to_string())),
        ("agent", facets.agent.clone()),
        ("service", facets.service.clone()),
        ("source", facets.source.clone()),
        ("priority", Some(facets.priority.clone())),
    ]
    .into_iter()
    .map(|(by, id)| (facets.regulation.clone(), by.to_owned(), id))
    .collect()
}

#[derive(Clone, Debug, Default)]
struct Counted {
    closed: u32,
    merged: u32,
    returned: u32,
    rated: u32,
    late: u32,
    marks: BTreeMap<String, u32>,
    clocks: BTreeMap<Metric, CountedClock>,
}

#[derive(Clone, Debug, Default)]
struct CountedClock {
    met: u32,
    breached: u32,
    without_term: u32,
    used: Vec<i64>,
    over: Vec<i64>,
    elapsed_ms: i64,
    paused_ms: i64,
    causes: BTreeMap<Cause, u32>,
}

impl Counted {
    fn close(&mut self, row: &ClosedRow) {
        if row.merged {
            self.merged += 1;
            return;
        }
        self.closed += 1;
        self.returned += u32::from(row.returned);
        if let Some(mark) = &row.mark {
            self.rated += 1;
            *self.marks.entry(mark.clone()).or_default() += 1;
        }
    }

    fn close_clock(&mut self, clock: &ClockRow) {
        let counted = self.clocks.entry(clock.metric).or_default();
        if clock.breached {
            counted.breached += 1;
            counted.over.push(clock.target_ms.map_or(0, |target_ms| (clock.used_ms - target_ms).max(0)));
        } else if clock.target_ms.is_some() {
            counted.met += 1;
        } else {
            counted.without_term += 1;
        }
        counted.used.push(clock.used_ms);
        counted.elapsed_ms += clock.elapsed_ms;
        counted.paused_ms += clock.paused_ms;
    }
}

impl CountedClock {
    fn hold(&self, place: &str, told: &andon::desk::report::ClockFigures) {
        let place = format!("{place} {}", told.metric);
        assert_eq!(
            (told.met, told.breached, told.without_term, told.elapsed_ms, told.paused_ms),
            (self.met, self.breached, self.without_term, self.elapsed_ms, self.paused_ms),
            "{place}: met, broken, without term, elapsed, paused"
        );
        assert_eq!(told.causes, self.causes, "{place}: causes");
        for (what, told, lengths) in [("used", told.used, &self.used), ("over", told.over, &self.over)] {
            let mut lengths = lengths.clone();
            lengths.sort_unstable();
            let exact = |percent: usize| lengths[(lengths.len() * percent).div_ceil(100).max(1) - 1];
            let Some(Quantiles { p50_ms, p90_ms, p95_ms, max_ms }) = told else {
                assert!(lengths.is_empty(), "{place}: {what} is told");
                continue;
            };
            assert_eq!(max_ms, exact(100), "{place}: the longest {what}");
            for (percent, told) in [(50, p50_ms), (90, p90_ms), (95, p95_ms)] {
                let exact = exact(percent);
                assert!(
                    (told - exact).abs() <= exact / 64 + 1_000,
                    "{place}: {what} p{percent} {told}, not {exact}"
                );
            }
        }
    }
}
