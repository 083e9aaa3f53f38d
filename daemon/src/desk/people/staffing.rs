//! Staffing: whether as many people are on shift as a regulation asks for, as long as it asks.

use calendars::{Calendar, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{AgentCard, People};
use crate::desk::regulation::{Regulation, StaffingRule};

/// How a regulation's staffing stands, from one instant until the next at which it is asked anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staffing {
    /// Whether people are asked for now: it is working time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
    /// How many are on shift.
    pub on_shift: u32,
    /// How many are asked for.
    pub required: u32,
    /// Which skills too few of them have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Lack>,
    /// When working time begins or ends next; none where it never does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A skill that too few on shift have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    /// Which.
    pub skill: SmolStr,
    /// How many have it.
    pub on_shift: u32,
    /// How many are asked for.
    pub required: u32,
}

impl Staffing {
    /// How these people meet a rule, whenever it is.
    pub fn of<'a>(rule: &StaffingRule, on_shift: impl Iterator<Item = &'a AgentCard> + Clone) -> Self {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let lacks = rule.with.iter().filter_map(|with| {
            let have = number(on_shift.clone().filter(|agent| agent.has(&with.skill)).count());
            let lack = Lack { skill: with.skill.clone(), on_shift: have, required: with.at_least };
            (have < with.at_least).then_some(lack)
        });
        Self {
            asked: true,
            lacks: lacks.collect(),
            on_shift: number(on_shift.count()),
            required: rule.at_least,
            until: None,
        }
    }

    /// Whether too few people are there, or none who can do what is asked.
    pub fn is_short(&self) -> bool {
        self.asked && (self.on_shift < self.required || !self.lacks.is_empty())
    }

    /// How a regulation's staffing stands at an instant; none where it asks for nobody.
    pub(crate) fn at(regulation: &Regulation, people: &People, at: Timestamp) -> Option<Self> {
        let rule = regulation.staffing.as_ref()?;
        let calendar = regulation.calendar(&rule.calendar)?;
        let asked = calendar.is_open(at);
        let met = Self::of(rule, people.cards_on_shift());
        Some(Self { asked, until: next_turn(calendar, at), ..met })
    }
}

/// When working time begins or ends next.
fn next_turn(calendar: &Calendar, at: Timestamp) -> Option<Timestamp> {
    let turn = if calendar.is_open(at) { calendar.next_close(at) } else { calendar.next_open(at) };
    turn.filter(|turn| *turn > at)
}
