//! Which rule of a list can never match, since those before it take everything that it would.
//!
//! What a rule looks at is a box: for each thing a set of words. A rule is covered where nothing of its box is left
//! once the boxes before it are taken away.

use std::collections::BTreeSet;

use crate::desk::regulation::{Regulation, When};

/// Beyond so many pieces a rule counts as one that can match; no file that people write comes near.
const PIECES_MAX: usize = 20_000;

/// For each thing that rules look at, the words it may have.
type Words<'a> = Vec<BTreeSet<&'a str>>;

/// Any word that no rule names, or none at all.
const OTHER: &str = "\u{0}other";

/// What covers a rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cover {
    /// This one alone, by its place in the list.
    One(usize),
    /// Those before it, between them.
    Several,
}

/// What covers each rule, if anything does.
pub(super) fn covers(regulation: &Regulation, rules: &[&When]) -> Vec<Option<Cover>> {
    let lines: Vec<String> = regulation.lines.iter().map(|line| line.id.to_string()).collect();
    let everything = everything(regulation, rules, &lines);
    let names = field_names(rules);
    let boxes: Vec<Words<'_>> = rules.iter().map(|rule| words(rule, &everything, &names, &lines)).collect();
    (0..boxes.len())
        .map(|i| {
            let (before, own) = (&boxes[..i], &boxes[i]);
            let within = |cover: &Words<'_>| cover.iter().zip(own).all(|(cover, own)| cover.is_superset(own));
            match before.iter().position(within) {
                Some(one) => Some(Cover::One(one)),
                None => nothing_left(own, before).then_some(Cover::Several),
            }
        })
        .collect()
}

/// The names of fields that rules look at.
fn field_names<'a>(rules: &[&'a When]) -> BTreeSet<&'a str> {
    rules.iter().flat_map(|rule| &rule.fields).map(|(name, _)| name.as_str()).collect()
}

/// Everything a ticket can have, as far as these rules tell it apart.
fn everything<'a>(regulation: &'a Regulation, rules: &[&'a When], lines: &'a [String]) -> Words<'a> {
    let open = |named: &dyn Fn(&'a When) -> Vec<&'a str>| {
        let mut words: BTreeSet<&str> = rules.iter().flat_map(|rule| named(rule)).collect();
        words.insert(OTHER);
        words
    };
    let mut all = vec![
        regulation.types.iter().map(|kind| kind.id.as_str()).collect(),
        regulation.priorities.iter().map(|priority| priority.name.id.as_str()).collect(),
        regulation.channels.iter().map(|channel| channel.name.id.as_str()).collect(),
        lines.iter().map(String::as_str).collect(),
        open(&|rule| rule.services.iter().map(String::as_str).collect()),
        open(&|rule| rule.urgencies.iter().map(String::as_str).collect()),
    ];
    for name in field_names(rules) {
        all.push(open(&|rule| {
            let fields = rule.fields.iter().filter(|(field, _)| field == name);
            fields.flat_map(|(_, values)| values).map(String::as_str).collect()
        }));
    }
    all
}

/// What a rule takes.
fn words<'a>(
    rule: &'a When,
    everything: &Words<'a>,
    names: &BTreeSet<&str>,
    lines: &'a [String],
) -> Words<'a> {
    let plain = |words: &'a [String]| words.iter().map(String::as_str).collect::<BTreeSet<_>>();
    let rule_lines = lines.iter().map(String::as_str);
    let rule_lines = rule_lines.filter(|line| rule.lines.iter().any(|one| one.to_string() == *line));
    let mut own = vec![
        plain(&rule.types),
        plain(&rule.priorities),
        plain(&rule.channels),
        rule_lines.collect(),
        plain(&rule.services),
        plain(&rule.urgencies),
    ];
    for name in names {
        let field = rule.fields.iter().find(|(field, _)| field == name);
        own.push(field.map(|(_, values)| plain(values)).unwrap_or_default());
    }
    let whole =
        |(own, all): (BTreeSet<&'a str>, &BTreeSet<&'a str>)| if own.is_empty() { all.clone() } else { own };
    own.into_iter().zip(everything).map(whole).collect()
}

/// Whether these take a box away wholly.
fn nothing_left(own: &Words<'_>, takers: &[Words<'_>]) -> bool {
    let mut left = vec![own.clone()];
    for taker in takers {
        left = left.into_iter().flat_map(|piece| without(piece, taker)).collect();
        if left.len() > PIECES_MAX {
            return false;
        }
    }
    left.is_empty()
}

/// What is left of a box without another, as boxes that do not overlap.
fn without<'a>(mut piece: Words<'a>, taker: &Words<'a>) -> Vec<Words<'a>> {
    if piece.iter().zip(taker).any(|(own, taken)| own.is_disjoint(taken)) {
        return vec![piece];
    }
    let mut left = Vec::new();
    for i in 0..piece.len() {
        let rest: BTreeSet<_> = piece[i].difference(&taker[i]).copied().collect();
        if !rest.is_empty() {
            let mut other = piece.clone();
            other[i] = rest;
            left.push(other);
        }
        piece[i] = piece[i].intersection(&taker[i]).copied().collect();
    }
    left
}
