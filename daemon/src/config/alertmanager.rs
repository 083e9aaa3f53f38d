//! `[alertmanager]`: which tickets the alerts of Prometheus Alertmanager open.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::template::Template;
use crate::desk::Regulations;
use crate::desk::regulation::PrioritySource;

/// How many tickets alerts open in an hour where nothing else is said …
const OPEN_AT_MOST_PER_HOUR: u32 = 1_000;
/// … and at most.
const OPEN_AT_MOST_MAX: u32 = 100_000;

/// Which tickets the alerts of Prometheus Alertmanager open. In a template `{name}` stands for the label of that name, or
/// the annotation where there is no such label.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Alertmanager {
    /// The regulation's id; may be left out where the desk runs one.
    pub regulation: Option<String>,
    /// The channel's id. Required.
    pub channel: String,
    /// The type's id. Required.
    #[serde(rename = "type")]
    pub kind: String,
    /// The requester's name. Default: `Alertmanager`.
    #[serde(default = "requester")]
    pub requester: String,
    /// The subject, a template. Default: what of `{alertname} {instance}: {summary}` was sent. Where it comes to nothing,
    /// it is the fingerprint.
    pub subject: Option<Template>,
    /// The description, a template. Default: all annotations, then all labels. A change of subject, description or
    /// priority is noted on the ticket; so whoever has values in annotations names here what matters.
    pub description: Option<Template>,
    /// The organisation asked for, a template.
    pub client: Option<Template>,
    /// The service concerned, a template.
    pub service: Option<Template>,
    /// The urgency, a template.
    pub urgency: Option<Template>,
    /// The label that says the priority. Default: `severity`.
    #[serde(default = "priority_label")]
    pub priority_label: String,
    /// The priority for each value of that label; for others the regulation's own.
    #[serde(default)]
    pub priorities: BTreeMap<String, String>,
    /// The regulation's fields, each a template.
    #[serde(default)]
    pub fields: BTreeMap<String, Template>,
    /// How many tickets alerts open within an hour, 1 to 100,000. Further ones are counted on one ticket that stands for
    /// all of them, and the wall says so. Default: 1000.
    #[serde(default = "open_at_most", deserialize_with = "bounded")]
    pub open_at_most_per_hour: u32,
}

fn requester() -> String {
    "Alertmanager".to_owned()
}

fn priority_label() -> String {
    "severity".to_owned()
}

fn open_at_most() -> u32 {
    OPEN_AT_MOST_PER_HOUR
}

fn bounded<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let said = i64::deserialize(deserializer)?;
    let bounded = u32::try_from(said).ok().filter(|said| (1..=OPEN_AT_MOST_MAX).contains(said));
    bounded.ok_or_else(|| {
        serde::de::Error::custom(format!("{said} is not a number from 1 to {OPEN_AT_MOST_MAX}"))
    })
}

impl Alertmanager {
    /// Whether it names what is there; else the key, and what would be right.
    pub(super) fn check(&self, regulations: &Regulations) -> Result<(), (&'static str, String)> {
        let ids = regulations.ids().join(", ");
        let regulation = match &self.regulation {
            Some(id) => regulations
                .get(id)
                .ok_or_else(|| ("regulation", format!("`{id}` is not run here; one of {ids}")))?,
            None => match regulations.ids()[..] {
                [only] => regulations.get(only).expect("an id that is run has a version"),
                _ => return Err(("regulation", format!("is required where several are run: one of {ids}"))),
            },
        };
        let one_of = |key, what: &str, said: &str, known: Vec<&str>| {
            if known.contains(&said) {
                return Ok(());
            }
            Err((key, format!("{} has no {what} `{said}`; one of {}", regulation.id, known.join(", "))))
        };
        let channels = regulation.channels.iter().map(|channel| channel.name.id.as_str()).collect();
        one_of("channel", "channel", &self.channel, channels)?;
        let types = regulation.types.iter().map(|kind| kind.id.as_str()).collect();
        one_of("type", "type", &self.kind, types)?;
        let taken =
            regulation.channel(&self.channel).map(|channel| channel.types.as_slice()).unwrap_or_default();
        if !taken.is_empty() && !taken.iter().any(|kind| *kind == self.kind) {
            let message = format!("the channel `{}` takes {} only", self.channel, taken.join(", "));
            return Err(("type", message));
        }
        if !self.priorities.is_empty() && regulation.priority_source == PrioritySource::Rules {
            let message = format!("in {} the priority follows from its rules; leave them out", regulation.id);
            return Err(("priorities", message));
        }
        for priority in self.priorities.values() {
            let known = regulation.priorities.iter().map(|priority| priority.name.id.as_str()).collect();
            one_of("priorities", "priority", priority, known)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Config, installed};

    fn parsed(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("andon.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn channel_and_type_are_all_that_must_be_said() {
        let config = parsed("[alertmanager]\nchannel = \"email\"\ntype = \"error\"").expect("it is whole");
        let alertmanager = config.alertmanager.as_ref().expect("it is there");
        assert_eq!(
            (alertmanager.requester.as_str(), alertmanager.open_at_most_per_hour),
            ("Alertmanager", 1_000)
        );
        config.regulations(Path::new(".")).expect("getmark has both");
        assert!(parsed("").expect("it is whole").alertmanager.is_none());
    }

    #[test]
    fn the_installed_example_is_one() {
        let mut config = parsed(&installed::uncommented()).unwrap_or_else(|told| panic!("{told}"));
        config.regulations = vec!["itsm".to_owned(), "getmark".to_owned()];
        config.regulations(Path::new(".")).unwrap_or_else(|told| panic!("{told}"));
        assert_eq!(config.alertmanager.expect("it is there").priorities.len(), 2);
    }

    #[test]
    fn each_bad_key_is_told_by_line_and_way_out() {
        let head = "[alertmanager]\nchannel = \"email\"\ntype = \"error\"\n";
        for (more, expected) in [
            (
                "open-at-most-per-hour = 0",
                "andon.toml:4: open-at-most-per-hour: 0 is not a number from 1 to 100000",
            ),
            (
                "open-at-most-per-hour = 100001",
                "andon.toml:4: open-at-most-per-hour: 100001 is not a number from 1 to 100000",
            ),
            (
                "subject = \"{alertname\"",
                "andon.toml:4: subject: `{alertname` has a brace that nothing closes; a name stands in braces, {alertname}, and a brace itself is doubled, {{",
            ),
        ] {
            assert_eq!(parsed(&format!("{head}{more}")).expect_err("it is wrong"), expected);
        }
        let unknown = parsed(&format!("{head}chanel = \"x\"")).expect_err("it is wrong");
        assert!(unknown.contains("did you mean `channel`?"), "{unknown}");
        let missing = parsed("[alertmanager]\ntype = \"error\"").expect_err("it is wrong");
        assert!(missing.contains("missing field `channel`"), "{missing}");
    }

    #[test]
    fn what_the_regulation_does_not_have_is_told_before_the_first_alert() {
        for (run, said, expected) in [
            (
                "\"getmark\"",
                "channel = \"fax\"\ntype = \"error\"",
                "[alertmanager] channel: getmark has no channel `fax`; one of phone, email, telegram, whatsapp",
            ),
            (
                "\"getmark\"",
                "channel = \"email\"\ntype = \"incident\"",
                "[alertmanager] type: getmark has no type `incident`; one of consultation, error, change-request, data-correction",
            ),
            (
                "\"getmark\"",
                "channel = \"email\"\ntype = \"error\"\nregulation = \"itsm\"",
                "[alertmanager] regulation: `itsm` is not run here; one of getmark",
            ),
            (
                "\"getmark\", \"itsm\"",
                "channel = \"email\"\ntype = \"error\"",
                "[alertmanager] regulation: is required where several are run: one of getmark, itsm",
            ),
            (
                "\"getmark\"",
                "channel = \"email\"\ntype = \"error\"\npriorities = { critical = \"high\" }",
                "[alertmanager] priorities: in getmark the priority follows from its rules; leave them out",
            ),
            (
                "\"bpmsoft-care\"",
                "channel = \"email\"\ntype = \"incident\"\npriorities = { critical = \"p1\" }",
                "[alertmanager] priorities: bpmsoft-care has no priority `p1`; one of low, medium, high, critical",
            ),
        ] {
            let config =
                parsed(&format!("regulations = [{run}]\n[alertmanager]\n{said}")).expect("its form is right");
            let told = config.regulations(Path::new(".")).expect_err("it names what is not there");
            assert_eq!(told.to_string(), expected);
        }
    }
}
