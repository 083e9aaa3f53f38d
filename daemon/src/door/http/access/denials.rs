//! Denied calls: who was refused what, how often.
//!
//! Each is told in the journal at once. What comes again from the same network, with the same token and code, is told once a
//! minute with how often it came, so that a flood of calls is no flood of lines; when very many networks come at once, those
//! that are too many are told together. Of what was sent nothing is told but what the daemon knows itself: the method, the
//! route it has, the token's name. So nobody writes into the journal what they like, and no secret comes there.

use std::collections::{BTreeMap, HashMap, VecDeque};

use calendars::Timestamp;
use smol_str::SmolStr;

use super::network::Network;

/// How many denials are kept to be listed; the oldest goes first.
pub(in crate::door::http) const DENIALS_MAX: usize = 1_000;
/// How many networks, tokens and codes are told by themselves in a minute.
const APART_MAX: usize = 60;
/// How long repetitions are counted before they are told, in seconds.
pub(super) const TOLD_EVERY_S: u64 = 60;

/// Where a denied call came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::door::http) enum Origin {
    /// An address.
    Network(Network),
    /// The socket of `andonctl`.
    Control,
    /// Addresses that are too many to be told apart.
    Many,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Network(network) => network.fmt(f),
            Origin::Control => f.write_str("the control socket"),
            Origin::Many => f.write_str("many addresses"),
        }
    }
}

/// What makes two denials the same, but for when they were and what they were for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::door::http) struct Who {
    /// Where from.
    pub from: Origin,
    /// The token's name, where it is known.
    pub token: Option<SmolStr>,
    /// The problem's code.
    pub code: &'static str,
}

/// A call that was denied, and those like it that came after it without a minute of peace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::door::http) struct Denial {
    /// Who, and why.
    pub who: Who,
    /// The method of the last.
    pub method: &'static str,
    /// The route of the last: `/v1/tickets/{number}`; `none` where the path leads nowhere.
    pub route: SmolStr,
    /// When the first was.
    pub first_at: Timestamp,
    /// When the last was.
    pub last_at: Timestamp,
    /// How many there were.
    pub count: u64,
}

/// A line for the journal: so many denials, the last of them this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub denial: Denial,
    /// How many of them were not told before.
    pub untold: u64,
}

/// The denials that are kept, and what is still to be told of them.
#[derive(Default)]
pub(super) struct Denials {
    /// The newest last; the first has the number `dropped`.
    kept: VecDeque<Denial>,
    /// How many were kept once and are not any more.
    dropped: u64,
    /// Who was denied within the last minute or two: which denial that is, and how many of it are to be told.
    open: HashMap<Who, (u64, Line)>,
    /// How many calls were denied since the start, by code.
    totals: BTreeMap<&'static str, u64>,
}

impl Denials {
    /// Takes down that something was denied so many times, and gives the line to tell, where it is not a repetition.
    pub(super) fn note(
        &mut self,
        who: Who,
        (method, route): (&'static str, SmolStr),
        at: Timestamp,
        times: u64,
    ) -> Option<Line> {
        *self.totals.entry(who.code).or_default() += times;
        let is_apart = self.open.contains_key(&who) || self.open.len() < APART_MAX;
        let who = if is_apart { who } else { Who { from: Origin::Many, token: None, ..who } };
        let next = self.dropped + self.kept.len() as u64;
        let (number, line) = self.open.entry(who.clone()).or_insert_with(|| {
            let denial = Denial { who, method, route: route.clone(), first_at: at, last_at: at, count: 0 };
            (next, Line { denial, untold: 0 })
        });
        let is_new = line.denial.count == 0;
        line.untold += times;
        line.denial =
            Denial { method, route, last_at: at, count: line.denial.count + times, ..line.denial.clone() };
        let (number, denial) = (*number, line.denial.clone());
        let told = is_new.then(|| line.clone());
        if is_new {
            line.untold = 0;
        }
        self.keep(number, denial);
        told
    }

    fn keep(&mut self, number: u64, denial: Denial) {
        let Some(at) = number.checked_sub(self.dropped).and_then(|at| usize::try_from(at).ok()) else {
            // So many came since that it is not kept any more.
            return;
        };
        match self.kept.get_mut(at) {
            Some(kept) => *kept = denial,
            None => self.kept.push_back(denial),
        }
        if self.kept.len() > DENIALS_MAX {
            self.kept.pop_front();
            self.dropped += 1;
        }
    }

    /// A minute is over: the lines of what came again in it. Whoever did not come again is told at once when they do.
    pub(super) fn told(&mut self) -> Vec<Line> {
        self.open.retain(|_, (_, line)| line.untold > 0);
        let lines = self.open.values_mut().map(|(_, line)| {
            let told = line.clone();
            line.untold = 0;
            told
        });
        let mut lines: Vec<Line> = lines.collect();
        lines.sort_by_key(|line| line.denial.first_at);
        lines
    }

    /// Whether repetitions may have to be told.
    pub(super) fn is_quiet(&self) -> bool {
        self.open.is_empty()
    }

    /// The newest denials first, at most `limit`.
    pub(super) fn newest(&self, limit: usize) -> Vec<Denial> {
        let mut newest: Vec<_> = self.kept.iter().cloned().collect();
        newest.sort_by_key(|denial| std::cmp::Reverse(denial.last_at));
        newest.truncate(limit);
        newest
    }

    /// How many calls were denied since the start, by code.
    pub(super) fn totals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.totals.iter().map(|(code, count)| (*code, *count))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn who(n: u32, code: &'static str) -> Who {
        Who { from: Origin::Network(IpAddr::from(n.to_be_bytes()).into()), token: None, code }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    /// So many denials of one network; how many lines were told at once.
    fn flood(denials: &mut Denials, from: u32, count: i64) -> usize {
        (0..count)
            .filter(|ms| {
                denials.note(who(from, "unauthorized"), ("GET", "/v1/tickets".into()), at(*ms), 1).is_some()
            })
            .count()
    }

    #[test]
    fn the_first_is_told_at_once_and_what_comes_again_once_a_minute_with_its_count() {
        let mut denials = Denials::default();
        assert_eq!(flood(&mut denials, 1, 10_000), 1);
        let lines = denials.told();
        assert_eq!(
            lines.iter().map(|line| (line.untold, line.denial.count)).collect::<Vec<_>>(),
            [(9_999, 10_000)]
        );
        assert_eq!(flood(&mut denials, 1, 5), 0, "it goes on");
        assert_eq!(denials.told()[0].untold, 5);
        assert_eq!(denials.told(), [], "a minute of peace");
        assert!(denials.is_quiet());
        assert_eq!(flood(&mut denials, 1, 1), 1, "it is told at once again");
        let counts: Vec<_> = denials.newest(10).iter().map(|denial| denial.count).collect();
        assert_eq!(counts.len(), 2);
        assert_eq!(counts.iter().sum::<u64>(), 10_006);
        assert_eq!(denials.totals().collect::<Vec<_>>(), [("unauthorized", 10_006)]);
    }

    #[test]
    fn a_batch_is_one_line_with_how_many_of_its_commands_were_denied() {
        let mut denials = Denials::default();
        let mut batch = |times| denials.note(who(1, "forbidden"), ("POST", "/v1/batch".into()), at(0), times);
        assert_eq!(batch(1_000).map(|line| (line.untold, line.denial.count)), Some((1_000, 1_000)));
        assert_eq!(batch(500), None);
        assert_eq!(denials.told().iter().map(|line| line.untold).collect::<Vec<_>>(), [500]);
        assert_eq!(denials.totals().collect::<Vec<_>>(), [("forbidden", 1_500)]);
    }

    #[test]
    fn another_code_or_token_is_told_by_itself() {
        let mut denials = Denials::default();
        let mut note = |who: Who| denials.note(who, ("GET", "/v1/tickets".into()), at(0), 1).is_some();
        assert!(note(who(1, "unauthorized")));
        assert!(note(who(1, "locked-out")));
        assert!(note(Who { token: Some("bot".into()), ..who(1, "forbidden") }));
        assert!(note(Who { token: Some("other".into()), ..who(1, "forbidden") }));
        assert!(!note(Who { token: Some("bot".into()), ..who(1, "forbidden") }));
    }

    #[test]
    fn very_many_networks_at_once_are_told_together() {
        let mut denials = Denials::default();
        let lines: usize = (0..10_000).map(|from| flood(&mut denials, from, 2)).sum();
        assert_eq!(lines, APART_MAX + 1);
        let told = denials.told();
        assert_eq!(told.len(), APART_MAX + 1);
        assert_eq!(told.iter().map(|line| line.untold).sum::<u64>() + lines as u64, 20_000);
        assert_eq!(told.iter().filter(|line| line.denial.who.from == Origin::Many).count(), 1);
    }

    #[test]
    fn the_last_thousand_are_kept_the_newest_first() {
        let mut denials = Denials::default();
        for n in 0..3_000_i64 {
            let from = u32::try_from(n).expect("a small number");
            denials.note(who(from, "forbidden"), ("GET", "/v1/tickets".into()), at(n), 1);
            denials.told();
            denials.told();
        }
        let newest = denials.newest(usize::MAX);
        let times: Vec<_> = newest.iter().map(|denial| denial.last_at).collect();
        assert_eq!(times, (2_000..3_000).rev().map(at).collect::<Vec<_>>());
        assert_eq!(denials.newest(3).len(), 3);
    }

    #[test]
    fn one_that_goes_on_while_others_come_is_counted_though_it_is_not_kept() {
        let mut denials = Denials::default();
        for n in 0..2_000 {
            flood(&mut denials, 0, 2);
            denials.note(who(n + 1, "forbidden"), ("GET", "none".into()), at(0), 1);
            denials.told();
        }
        assert_eq!(denials.newest(usize::MAX).len(), DENIALS_MAX);
        assert_eq!(denials.totals().collect::<Vec<_>>(), [("forbidden", 2_000), ("unauthorized", 4_000)]);
    }
}
