//! Whose turn it is: who of a group was given something longest ago.
//!
//! As long as the same agents are there, the turns go round in one order, so over any stretch of them two agents' counts
//! differ by one at most. Who comes in had their last turn before all others and is next, once; nothing is made up for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// For each group, the number of the event by which each agent had their last turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rotation(BTreeMap<SmolStr, BTreeMap<SmolStr, u64>>);

impl Rotation {
    /// Who of these is next; of those who never had a turn the first by name.
    pub fn next<'a>(&self, group: &str, agents: impl Iterator<Item = &'a SmolStr>) -> Option<&'a SmolStr> {
        let turns = self.0.get(group);
        let last = |agent: &SmolStr| turns.and_then(|turns| turns.get(agent)).copied().unwrap_or_default();
        agents.min_by_key(|agent| (last(agent), (*agent).clone()))
    }

    /// The agent has had a turn with the event of that number.
    pub(crate) fn note(&mut self, group: &str, agent: &SmolStr, seq: u64) {
        self.0.entry(group.into()).or_default().insert(agent.clone(), seq);
    }

    /// There is no such agent any more.
    pub(crate) fn forget(&mut self, agent: &str) {
        self.0.values_mut().for_each(|turns| turns.retain(|known, _| known != agent));
        self.0.retain(|_, turns| !turns.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_any_stretch_of_turns_counts_differ_by_one_at_most() {
        let agents: Vec<SmolStr> = ["b", "a", "d", "c"].map(SmolStr::from).to_vec();
        let mut rotation = Rotation::default();
        let mut turns = Vec::new();
        for seq in 1..=40 {
            let next = rotation.next("hm", agents.iter()).expect("somebody is there").clone();
            rotation.note("hm", &next, seq);
            turns.push(next);
        }
        for from in 0..turns.len() {
            for to in from..=turns.len() {
                let count = |agent| turns[from..to].iter().filter(|turn| *turn == agent).count();
                let counts: Vec<_> = agents.iter().map(count).collect();
                let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
                assert!(most - least <= 1, "{counts:?} over {from}..{to}");
            }
        }
    }

    #[test]
    fn who_comes_in_is_next_once_and_then_in_turn() {
        let [a, b, c] = ["a", "b", "c"].map(SmolStr::from);
        let mut rotation = Rotation::default();
        let mut given = Vec::new();
        for (seq, there) in [(1, vec![&a, &b]), (2, vec![&a, &b]), (3, vec![&a, &b]), (4, vec![&a, &b, &c])] {
            let next = rotation.next("hm", there.into_iter()).unwrap().clone();
            rotation.note("hm", &next, seq);
            given.push(next);
        }
        for seq in 5..8 {
            let next = rotation.next("hm", [&a, &b, &c].into_iter()).unwrap().clone();
            rotation.note("hm", &next, seq);
            given.push(next);
        }
        assert_eq!(given, ["a", "b", "a", "c", "b", "a", "c"]);
    }

    #[test]
    fn groups_have_turns_of_their_own() {
        let [a, b] = ["a", "b"].map(SmolStr::from);
        let mut rotation = Rotation::default();
        rotation.note("hm", &a, 1);
        assert_eq!(rotation.next("hm", [&a, &b].into_iter()), Some(&b));
        assert_eq!(rotation.next("zm", [&a, &b].into_iter()), Some(&a));
        rotation.forget("a");
        assert_eq!(rotation, Rotation::default());
    }
}
