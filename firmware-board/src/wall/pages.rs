//! Which alarms are on the page: the worst stays, the rest take turns.
//!
//! A pure function of the scene, of how many lines there are and of how often a page has turned, so that whoever asks later what was shown gets
//! the same answer.

use alloc::vec::Vec;

use crate::{AlarmKind, AlarmState, Scene};

/// So many of a scene's alarms take turns. Whatever lies behind them is counted and not shown: nobody reads that far, and a desk in such a storm
/// acts on its worst alarms first.
pub(crate) const LOOKED_AT: usize = 100;

/// How many lines a wall has for alarms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    /// Where every alarm is shown.
    pub(super) whole: usize,
    /// Where it has to be said besides that there are more.
    pub(super) paged: usize,
}

/// The alarms that are shown at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// The mass problem that is told as a banner.
    pub(super) banner: Option<usize>,
    /// The lines from the top, as indexes into the scene's alarms.
    pub(super) lines: Vec<usize>,
    /// Which page it is, from 1.
    pub(super) number: usize,
    /// How many pages there are, at least 1.
    pub(super) of: usize,
    /// How many alarms are not on it.
    pub(super) hidden: usize,
}

/// The mass problem that concerns the whole room: the first that nobody has put aside.
pub(super) fn banner(scene: &Scene) -> Option<usize> {
    let concerns = |state| match state {
        AlarmState::Unacked | AlarmState::Acked => true,
        AlarmState::ClearedUnacked | AlarmState::Shelved => false,
    };
    let mut alarms = scene.alarms.iter().take(LOOKED_AT);
    alarms.position(|alarm| alarm.kind == AlarmKind::MassProblem && concerns(alarm.state))
}

impl Page {
    /// The page after `turn` turns.
    pub(super) fn of(scene: &Scene, lines: Lines, turn: u64) -> Self {
        let banner = banner(scene);
        let looked_at = scene.alarms.len().min(LOOKED_AT);
        let known = usize::try_from(scene.alarms_total).unwrap_or(usize::MAX).max(scene.alarms.len());
        let listed: Vec<usize> = (0..looked_at).filter(|index| Some(*index) != banner).collect();
        let (mut number, mut of) = (1, 1);
        let all_listed = known == looked_at;
        let lines = if listed.len() <= if all_listed { lines.whole } else { lines.paged } {
            listed
        } else {
            let turns = Turns::of(scene, &listed, lines.paged);
            of = turns.count();
            let page = usize::try_from(turn % of.max(1) as u64).expect("fewer pages than alarms");
            number = page + 1;
            turns.page(page)
        };
        let hidden = known - lines.len() - usize::from(banner.is_some());
        Self { banner, lines, number, of, hidden }
    }

    /// What is shown, from the top.
    pub(super) fn shown(self) -> impl Iterator<Item = usize> {
        self.banner.into_iter().chain(self.lines)
    }
}

/// What stays and what takes turns.
struct Turns {
    stays: Vec<usize>,
    others: Vec<usize>,
    /// Lines for what takes turns; none where a single line has to serve both.
    lines: usize,
}

impl Turns {
    fn of(scene: &Scene, listed: &[usize], lines: usize) -> Self {
        let is_new = |index: &usize| scene.alarms[*index].state == AlarmState::Unacked;
        let mut stays: Vec<usize> = listed.iter().copied().take(lines.min(1)).collect();
        // An acknowledged alarm never hides a new one, be it worse.
        if lines > 2 && !stays.iter().any(is_new) {
            stays.extend(listed.iter().copied().find(|index| is_new(index)));
        }
        let rest = listed.iter().copied().filter(|index| !stays.contains(index));
        let (mut others, old): (Vec<usize>, Vec<usize>) = rest.partition(is_new);
        others.extend(old);
        Self { lines: lines - stays.len(), stays, others }
    }

    fn count(&self) -> usize {
        match (self.stays.len(), self.lines) {
            (0, _) => 1,
            (_, 0) => self.others.len() * 2,
            (_, lines) => self.others.len().div_ceil(lines),
        }
    }

    fn page(&self, page: usize) -> Vec<usize> {
        match (self.stays.first(), self.lines) {
            (None, _) => Vec::new(),
            // On a single line the worst is every second page.
            (Some(worst), 0) if page.is_multiple_of(2) => alloc::vec![*worst],
            (Some(_), 0) => self.others.get(page / 2).copied().into_iter().collect(),
            (Some(_), lines) => {
                let turn = self.others.iter().skip(page * lines).take(lines);
                self.stays.iter().chain(turn).copied().collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::AlarmLine;
    use AlarmState::{Acked, Unacked};

    fn scene(states: &[AlarmState]) -> Scene {
        let line = |state: &AlarmState| AlarmLine {
            kind: AlarmKind::Breach,
            ticket: Some(1),
            text: String::new(),
            age_s: 0,
            state: *state,
        };
        let alarms: Vec<_> = states.iter().map(line).collect();
        Scene { alarms_total: u32::try_from(alarms.len()).expect("a few"), alarms, ..Scene::default() }
    }

    const FOUR: Lines = Lines { whole: 4, paged: 3 };

    fn lines(scene: &Scene, lines: Lines) -> Vec<Vec<usize>> {
        let of = Page::of(scene, lines, 0).of;
        (0..of).map(|turn| Page::of(scene, lines, turn as u64).lines).collect()
    }

    #[test]
    fn what_fits_takes_no_turns() {
        assert_eq!(lines(&scene(&[Unacked; 4]), FOUR), [[0, 1, 2, 3]]);
        assert_eq!(lines(&scene(&[]), FOUR), [[0; 0]]);
    }

    #[test]
    fn the_worst_stays_and_the_rest_take_turns() {
        assert_eq!(lines(&scene(&[Unacked; 6]), FOUR), [&[0, 1, 2][..], &[0, 3, 4], &[0, 5]]);
    }

    #[test]
    fn an_acknowledged_alarm_never_hides_a_new_one() {
        let scene = scene(&[Acked, Acked, Acked, Acked, Unacked, Acked]);
        assert_eq!(lines(&scene, FOUR), [[0, 4, 1], [0, 4, 2], [0, 4, 3], [0, 4, 5]]);
    }

    #[test]
    fn the_new_ones_come_first() {
        let scene = scene(&[Unacked, Acked, Acked, Unacked, Acked, Unacked]);
        assert_eq!(lines(&scene, FOUR), [&[0, 3, 5][..], &[0, 1, 2], &[0, 4]]);
    }

    #[test]
    fn a_single_line_shows_the_worst_every_second_time() {
        let one = Lines { whole: 1, paged: 1 };
        assert_eq!(lines(&scene(&[Unacked; 3]), one), [[0], [1], [0], [2]]);
        assert_eq!(lines(&scene(&[Unacked; 3]), Lines { whole: 0, paged: 0 }), [[0; 0]]);
    }

    #[test]
    fn every_alarm_has_its_turn_and_none_is_lost_count_of() {
        for count in 0..40 {
            for whole in 0..7_usize {
                let rows = Lines { whole, paged: whole.saturating_sub(1) };
                let scene = scene(&alloc::vec![Unacked; count]);
                let of = Page::of(&scene, rows, 0).of;
                let pages = (0..of).map(|turn| Page::of(&scene, rows, turn as u64));
                let mut seen = alloc::vec![false; count];
                for page in pages {
                    assert_eq!(page.hidden + page.lines.len(), count);
                    assert!(page.lines.len() <= whole);
                    page.shown().for_each(|index| seen[index] = true);
                }
                assert!(rows.paged == 0 || seen.iter().all(|seen| *seen), "{count} in {whole}");
            }
        }
    }

    #[test]
    fn a_mass_problem_is_told_once_as_the_banner() {
        let mut scene = scene(&[Unacked; 3]);
        scene.alarms[1].kind = AlarmKind::MassProblem;
        let page = Page::of(&scene, FOUR, 0);
        assert_eq!((page.banner, page.lines.clone(), page.hidden), (Some(1), alloc::vec![0, 2], 0));
        assert_eq!(page.shown().collect::<Vec<_>>(), [1, 0, 2]);
    }

    #[test]
    fn ten_thousand_alarms_take_as_many_turns_as_a_hundred() {
        let page = Page::of(&scene(&[Unacked; 10_000]), FOUR, u64::MAX);
        assert_eq!((page.of, page.lines.len()), (50, 3));
        assert_eq!(page.hidden, 9_997);
    }
}
