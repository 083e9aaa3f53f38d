//! Rules that look at a ticket: one that never matches, since what it looks at cannot be or an earlier one takes it.

use std::ops::Range;

use super::covers::{Cover, covers};
use super::{Finding, Sense};
use crate::desk::regulation::check::allowed;
use crate::desk::regulation::file::When as Written;
use crate::desk::regulation::{Field, FieldKind, When};

impl Sense<'_> {
    pub(super) fn rules(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let rules = &self.file.priority_rules;
        for rule in rules {
            findings.extend(self.looks_at(&rule.when, "priority-rule.when"));
            if let Some(priority) = &rule.when.priority {
                let message =
                    "a rule that gives the priority cannot look at it; take `priority` out of `when`";
                findings.push(Finding::new(priority.span(), "priority-rule.when", message));
            }
        }
        let whens: Vec<&When> = self.regulation.priority_rules.iter().map(|rule| &rule.when).collect();
        let spans: Vec<_> = rules.iter().map(|rule| rule.priority.span()).collect();
        findings.extend(self.covered(&whens, &spans, "priority-rule", "rule"));
        for (written, rule) in self.file.clocks.iter().zip(&self.regulation.clocks) {
            let key = format!("clock {}", rule.metric);
            for target in &written.targets {
                findings.extend(self.looks_at(&target.when, &key));
            }
            let whens: Vec<&When> = rule.targets.iter().map(|target| &target.when).collect();
            let spans: Vec<_> = written.targets.iter().map(|target| target.term.span()).collect();
            findings.extend(self.covered(&whens, &spans, &key, "target"));
        }
        findings
    }

    /// Fields that are not there, and values that theirs do not have.
    fn looks_at(&self, when: &Written, key: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (name, values) in &when.fields {
            let path = format!("fields.{}", name.get_ref());
            if self.fields(&path).next().is_none() {
                let known: Vec<&str> = self
                    .regulation
                    .fields
                    .iter()
                    .filter_map(|field| field.path.strip_prefix("fields."))
                    .collect();
                let message = format!(
                    "no [[field]] has the path `{path}`, so no ticket is asked for it; {}",
                    allowed(name.get_ref(), &known)
                );
                findings.push(Finding::new(name.span(), key, message));
            }
            findings.extend(self.values(&path, &values.0, &name.span(), key));
        }
        for (path, words) in [("service", &when.service), ("urgency", &when.urgency)] {
            if let Some(words) = words {
                findings.extend(self.values(path, &words.get_ref().0, &words.span(), key));
            }
        }
        findings
    }

    fn fields<'b>(&'b self, path: &'b str) -> impl Iterator<Item = &'b Field> {
        self.regulation.fields.iter().filter(move |field| field.path == path)
    }

    /// Values that no field of that path has, where each lists its own.
    fn values(&self, path: &str, values: &[String], span: &Range<usize>, key: &str) -> Vec<Finding> {
        let fields: Vec<&Field> = self.fields(path).collect();
        if fields.is_empty() || fields.iter().any(|field| field.kind != FieldKind::Enum) {
            return Vec::new();
        }
        let known: Vec<&str> =
            fields.iter().flat_map(|field| &field.values).map(|(id, _)| id.as_str()).collect();
        let unknown = values.iter().filter(|value| !known.contains(&value.as_str()));
        let told = unknown.map(|value| {
            let message = format!("`{path}` is never `{value}`; {}", allowed(value, &known));
            Finding::new(span.clone(), key, message)
        });
        told.collect()
    }

    /// Rules that those before them leave nothing.
    fn covered(&self, whens: &[&When], spans: &[Range<usize>], key: &str, what: &str) -> Vec<Finding> {
        let covers = covers(self.regulation, whens).into_iter().zip(spans);
        let told = covers.filter_map(|(cover, span)| {
            let message = match cover? {
                Cover::One(by) => format!(
                    "this {what} never matches: the one in line {} comes first and takes all that it would; the first that matches counts, so put the narrower one first",
                    self.line_of(&spans[by])
                ),
                Cover::Several => format!(
                    "this {what} never matches: those before it take all that it would between them; take it out, or put it before them"
                ),
            };
            Some(Finding::new(span.clone(), key, message))
        });
        told.collect()
    }
}
