//! A clock's rule: its basis, what starts and stops it, its terms.

use toml::Spanned;

use super::{Check, Names, allowed};
use crate::desk::clocks::Basis;
use crate::desk::regulation::file::{self, AtEndWord};
use crate::desk::regulation::{AtEnd, CalendarChoice, ClockRule, GivenTerm, Target, Trigger, WarnBefore};

impl Check<'_> {
    pub(super) fn clock(&mut self, rule: &file::ClockRule, names: &Names<'_>) -> ClockRule {
        let key = format!("clock {}", rule.metric.get_ref());
        let calendar = self.calendar_choice(&rule.calendar, &key, names);
        ClockRule {
            metric: *rule.metric.get_ref(),
            title: rule.title.clone(),
            basis: rule.basis,
            calendar,
            starts: self.triggers(&rule.starts, &key, names),
            stops: self.triggers(&rule.stops, &key, names),
            restarts: self.triggers(&rule.restarts, &key, names),
            reopens: self.triggers(&rule.reopens, &key, names),
            pauses_in: self.all_known(&rule.pauses_in, &key, "status", &names.statuses),
            at_end: self.at_end(rule, &key, names),
            warn_before: rule.warn_before.as_ref().and_then(|word| self.warn_before(word, &key)),
            targets: rule.targets.iter().map(|target| self.target(target, rule.basis, &key, names)).collect(),
            clause: rule.clause.clone(),
            note: rule.note.clone(),
        }
    }

    pub(super) fn calendar_choice(
        &mut self,
        word: &Spanned<String>,
        key: &str,
        names: &Names<'_>,
    ) -> CalendarChoice {
        match word.get_ref().as_str() {
            "of-line" => CalendarChoice::OfLine,
            "of-channel" => CalendarChoice::OfChannel,
            _ => {
                let mut known = names.calendars.clone();
                known.extend(["of-line", "of-channel"]);
                CalendarChoice::Named(self.known(word, key, "calendar", &known))
            }
        }
    }

    fn at_end(&mut self, rule: &file::ClockRule, key: &str, names: &Names<'_>) -> AtEnd {
        match (rule.at_end, &rule.end_status, &rule.end_reason) {
            (AtEndWord::Breach, None, None) => AtEnd::Breach,
            (AtEndWord::Tell, None, None) => AtEnd::Tell,
            (AtEndWord::Close, Some(status), Some(reason)) => AtEnd::Close {
                status: self.known(status, key, "status", &names.statuses),
                reason: reason.clone(),
            },
            (AtEndWord::Close, ..) => {
                let message = "at-end = \"close\" needs end-status and end-reason".to_owned();
                self.problem(&rule.metric.span(), key, message);
                AtEnd::Tell
            }
            (AtEndWord::Breach | AtEndWord::Tell, ..) => {
                let message = "end-status and end-reason go with at-end = \"close\" only".to_owned();
                self.problem(&rule.metric.span(), key, message);
                AtEnd::Tell
            }
        }
    }

    pub(super) fn warn_before(&mut self, word: &Spanned<String>, key: &str) -> Option<WarnBefore> {
        let text = word.get_ref();
        let read = match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().filter(|percent| *percent <= 100).map(WarnBefore::Percent),
            None => calendars::parse_duration_ms(text).ok().map(WarnBefore::Ms),
        };
        if read.is_none() {
            self.problem(
                &word.span(),
                key,
                format!("warn-before `{text}`: write a time such as `2h`, or `25%`"),
            );
        }
        read
    }

    pub(super) fn target(
        &mut self,
        target: &file::Target,
        basis: Basis,
        key: &str,
        names: &Names<'_>,
    ) -> Target {
        let written = target.term.get_ref();
        let term = match basis {
            _ if written == "none" => Some(GivenTerm::None),
            _ if written == "estimate" => Some(GivenTerm::Estimate),
            Basis::WorkingHours | Basis::CalendarHours => {
                calendars::parse_duration_ms(written).ok().map(GivenTerm::Ms)
            }
            Basis::WorkingDays | Basis::CalendarDays => written.parse().ok().map(GivenTerm::Days),
        };
        if term.is_none() {
            let right = match basis {
                Basis::WorkingHours | Basis::CalendarHours => {
                    "write hours and minutes such as `12h` or `30m`, or `none`, or `estimate`"
                }
                Basis::WorkingDays | Basis::CalendarDays => {
                    "write a number of days such as `3`, or `none`, or `estimate`"
                }
            };
            self.problem(&target.term.span(), key, format!("term `{written}`: {right}"));
        }
        Target {
            when: self.when(&target.when, key, names),
            term: term.unwrap_or(GivenTerm::None),
            written: written.clone(),
            site: target.site,
            clause: target.clause.clone(),
            note: target.note.clone(),
        }
    }

    pub(super) fn triggers(
        &mut self,
        words: &[Spanned<String>],
        key: &str,
        names: &Names<'_>,
    ) -> Vec<Trigger> {
        words.iter().filter_map(|word| self.trigger(word, key, names)).collect()
    }

    pub(super) fn trigger(
        &mut self,
        word: &Spanned<String>,
        key: &str,
        names: &Names<'_>,
    ) -> Option<Trigger> {
        const KNOWN: [&str; 13] = [
            "registered",
            "replied",
            "asked",
            "answered",
            "resolved",
            "reopened",
            "closed",
            "line-entered",
            "line-left",
            "status-entered:STATUS",
            "status-left:STATUS",
            "letter-queued:KIND",
            "letter-sent:KIND",
        ];
        let text = word.get_ref().as_str();
        if let Some((verb @ ("letter-queued" | "letter-sent"), kind)) = text.split_once(':') {
            let kind = self.letter_kind(&Spanned::new(word.span(), kind.to_owned()), key)?;
            return Some(match verb {
                "letter-queued" => Trigger::LetterQueued(kind),
                _ => Trigger::LetterSent(kind),
            });
        }
        if let Some((verb, status)) = text.split_once(':') {
            let status =
                self.known(&Spanned::new(word.span(), status.to_owned()), key, "status", &names.statuses);
            match verb {
                "status-entered" => return Some(Trigger::StatusEntered(status)),
                "status-left" => return Some(Trigger::StatusLeft(status)),
                _ => {}
            }
        }
        match text {
            "registered" => Some(Trigger::Registered),
            "replied" => Some(Trigger::Replied),
            "asked" => Some(Trigger::Asked),
            "answered" => Some(Trigger::Answered),
            "resolved" => Some(Trigger::Resolved),
            "reopened" => Some(Trigger::Reopened),
            "closed" => Some(Trigger::Closed),
            "line-entered" => Some(Trigger::LineEntered),
            "line-left" => Some(Trigger::LineLeft),
            _ => {
                self.problem(
                    &word.span(),
                    key,
                    format!("unknown trigger `{text}`; {}", allowed(text, &KNOWN)),
                );
                None
            }
        }
    }
}
