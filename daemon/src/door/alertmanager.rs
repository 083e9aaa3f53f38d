//! What Prometheus Alertmanager sends to a webhook (version "4"), read into alerts of the desk.
//!
//! It is a foreign form: what is not known here is passed over, its version too, for others send the same form under
//! another number; and nothing in it is trusted. Texts are cut to what a ticket takes and lose their control characters.
//! An alert that is none is told by its place, and the others are taken.

use std::collections::BTreeMap;

use calendars::Timestamp;
use firmware_board::Language;
use serde_json::Value;
use smol_str::SmolStr;

use super::secret;
use crate::config::{Alertmanager, Template};
use crate::desk::command::{Register, Requester};
use crate::desk::reference::URL_MAX_CHARS;
use crate::desk::{Alert, AlertsOverLimit, FieldError};

/// How many labels or annotations of an alert are looked at.
const PAIRS_MAX: usize = 200;
/// The longest name of a label, in characters.
const NAME_MAX_CHARS: usize = 200;
/// The longest value of a label or annotation, in characters.
const VALUE_MAX_CHARS: usize = 8_000;
/// The longest subject, in characters.
const SUBJECT_MAX_CHARS: usize = 1_000;
/// The longest description and note, in bytes.
const TEXT_MAX_BYTES: usize = 60_000;
/// The longest of the other texts, in characters.
const WORD_MAX_CHARS: usize = 300;
/// The longest fingerprint, in characters; Alertmanager's have 16.
const FINGERPRINT_MAX_CHARS: usize = 64;

/// What was sent.
#[derive(Debug)]
pub(super) struct Notification {
    /// The alerts in their order, or why something is none.
    pub alerts: Vec<Result<Alert, FieldError>>,
    /// How many alerts the sender left out.
    pub truncated: u64,
}

/// Reads what was sent.
///
/// # Errors
/// [`FieldError`] where it is no notification at all.
pub(super) fn read(
    json: &Value,
    config: &Alertmanager,
    language: Language,
) -> Result<Notification, FieldError> {
    let Some(form) = json.as_object() else { return Err(FieldError::new("", "must be a JSON object")) };
    let Some(alerts) = form.get("alerts").and_then(Value::as_array) else {
        return Err(FieldError::new("alerts", "must be a list, as Alertmanager sends it to a webhook"));
    };
    let status = form.get("status").and_then(Value::as_str);
    let read = |(place, alert): (usize, &Value)| {
        let told = Told::read(alert, status).map_err(|(field, message)| {
            let dot = if field.is_empty() { "" } else { "." };
            FieldError::new(&format!("alerts[{place}]{dot}{field}"), message)
        });
        Ok(told?.alert(config, language))
    };
    Ok(Notification {
        alerts: alerts.iter().enumerate().map(read).collect(),
        truncated: form.get("truncatedAlerts").and_then(Value::as_u64).unwrap_or(0),
    })
}

/// What counts alerts that opened no ticket.
pub(super) fn over_limit(
    fingerprints: Vec<SmolStr>,
    config: &Alertmanager,
    language: Language,
) -> AlertsOverLimit {
    let most = config.open_at_most_per_hour;
    let (subject, description) = match language {
        Language::Russian => (
            format!("Поток оповещений: больше {most} заявок за час"),
            "Эти оповещения не открыли своих заявок. Мониторинг повторит те, что не сняты; причина, скорее всего, одна.",
        ),
        Language::English => (
            format!("A storm of alerts: more than {most} tickets within an hour"),
            "These alerts opened no tickets of their own. Monitoring repeats those that still fire; most likely they have one cause.",
        ),
    };
    let register = Register { description: Some(description.to_owned()), ..base(config, subject) };
    AlertsOverLimit { fingerprints, register, language }
}

fn base(config: &Alertmanager, subject: String) -> Register {
    Register {
        regulation: config.regulation.clone(),
        channel: Some(config.channel.clone()),
        kind: Some(config.kind.clone()),
        subject: Some(subject),
        requester: Some(Requester { name: Some(config.requester.clone()), ..Requester::default() }),
        incomplete: true,
        ..Register::default()
    }
}

/// Names and their values, in order.
type Pairs = BTreeMap<String, String>;

/// An alert as it was told.
struct Told {
    fingerprint: SmolStr,
    firing: bool,
    since: Option<Timestamp>,
    url: Option<String>,
    labels: Pairs,
    annotations: Pairs,
}

impl Told {
    fn read(alert: &Value, status_of_all: Option<&str>) -> Result<Self, (&'static str, &'static str)> {
        let alert = alert.as_object().ok_or(("", "must be a JSON object"))?;
        let text = |name: &str| alert.get(name).and_then(Value::as_str);
        let firing = match text("status").or(status_of_all) {
            Some("firing") => true,
            Some("resolved") => false,
            _ => return Err(("status", "must be \"firing\" or \"resolved\"")),
        };
        let pairs = |name: &str| alert.get(name).map(pairs).unwrap_or_default();
        let is_fingerprint = |text: &&str| {
            (1..=FINGERPRINT_MAX_CHARS).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let sent = text("fingerprint").filter(is_fingerprint).map(SmolStr::from);
        let labels = alert.get("labels").and_then(Value::as_object);
        let labels = labels.filter(|labels| labels.values().any(Value::is_string));
        let fingerprint = sent.or_else(|| labels.map(fingerprint));
        Ok(Self {
            fingerprint: fingerprint
                .ok_or(("labels", "are required: an alert without labels and fingerprint is none"))?,
            firing,
            // The year 1 is how Go writes that there is no time.
            since: text("startsAt")
                .and_then(|at| Timestamp::parse_rfc3339(at).ok())
                .filter(|at| at.millis() > 0),
            url: text("generatorURL")
                .filter(|url| url.starts_with("http") && url.chars().count() <= URL_MAX_CHARS)
                .filter(|url| !url.contains(char::is_control))
                .map(str::to_owned),
            labels: pairs("labels"),
            annotations: pairs("annotations"),
        })
    }

    fn alert(self, config: &Alertmanager, language: Language) -> Alert {
        let filled = |template: &Template| template.fill(|name| self.value(name));
        let word = |template: &Option<Template>| {
            template
                .as_ref()
                .map(|template| one_line(&filled(template), WORD_MAX_CHARS))
                .filter(|word| !word.is_empty())
        };
        let subject = config.subject.as_ref().map_or_else(|| self.subject(), filled);
        let subject = one_line(&subject, SUBJECT_MAX_CHARS);
        // What is left of a template none of whose names was sent says nothing.
        let says_something = subject.contains(char::is_alphanumeric);
        let subject =
            if says_something { subject } else { format!("{} {}", config.requester, self.fingerprint) };
        let description = match &config.description {
            Some(template) => filled(template),
            None => self.everything(),
        };
        let description = cut_bytes(description);
        let priority = self.labels.get(&config.priority_label).and_then(|value| config.priorities.get(value));
        let matters = [subject.as_str(), &description, priority.map_or("", String::as_str)].join("\0");
        let fields =
            config.fields.iter().map(|(name, template)| (name, one_line(&filled(template), VALUE_MAX_CHARS)));
        let fields = fields.filter(|(_, value)| !value.is_empty());
        let register = Register {
            description: Some(description.clone()),
            client: word(&config.client),
            service: word(&config.service),
            urgency: word(&config.urgency),
            priority: priority.cloned(),
            fields: fields.map(|(name, value)| (name.clone(), value.into())).collect(),
            ..base(config, subject.clone())
        };
        Alert {
            firing: self.firing,
            since: self.since,
            content: secret::hash(matters.as_bytes())[..16].into(),
            text: cut_bytes(format!("{subject}\n\n{description}")),
            register,
            language,
            open_at_most: config.open_at_most_per_hour,
            fingerprint: self.fingerprint,
            url: self.url,
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.labels.get(name).or_else(|| self.annotations.get(name)).map(String::as_str)
    }

    /// What it is and where, and what is said of it.
    fn subject(&self) -> String {
        let what = ["alertname", "instance"].into_iter().filter_map(|name| self.value(name));
        let what = what.collect::<Vec<_>>().join(" ");
        match self.value("summary") {
            Some(said) if what.is_empty() => said.to_owned(),
            Some(said) => format!("{what}: {said}"),
            None => what,
        }
    }

    /// All that was told, a line each.
    fn everything(&self) -> String {
        let lines = |pairs: &Pairs| -> String {
            pairs.iter().map(|(name, value)| [name.as_str(), ": ", value, "\n"].concat()).collect()
        };
        [lines(&self.annotations), lines(&self.labels)].join("\n").trim().to_owned()
    }
}

/// Labels or annotations: texts, cut and without control characters but for the ends of lines.
fn pairs(value: &Value) -> Pairs {
    let Some(pairs) = value.as_object() else { return Pairs::new() };
    let shown = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    let clean = |text: &str, max| text.chars().take(max).map(shown).collect::<String>();
    let pair = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::String(text) => clean(text, VALUE_MAX_CHARS),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some((clean(name, NAME_MAX_CHARS), text.trim().to_owned()))
    };
    pairs.iter().take(PAIRS_MAX).filter_map(pair).collect()
}

/// A text as one line of at most so many characters; where it is cut, it says so.
fn one_line(text: &str, max_chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max_chars {
        return line;
    }
    line.chars().take(max_chars - 1).chain(['…']).collect()
}

fn cut_bytes(mut text: String) -> String {
    if text.len() > TEXT_MAX_BYTES {
        let whole = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= TEXT_MAX_BYTES).last();
        text.truncate(whole.unwrap_or_default());
        text.push('…');
    }
    text
}

/// The fingerprint that Prometheus gives to these labels (FNV-1a over names and values, in order of the names), for a sender
/// that is too old to say it: the same alert keeps its ticket when the sender is made anew.
fn fingerprint(labels: &serde_json::Map<String, Value>) -> SmolStr {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    /// Between names and values; no text has this byte.
    const SEPARATOR: u8 = 0xff;
    let sorted: BTreeMap<&str, &str> =
        labels.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
    let bytes = sorted
        .iter()
        .flat_map(|(name, value)| name.bytes().chain([SEPARATOR]).chain(value.bytes()).chain([SEPARATOR]));
    let sum = bytes.fold(OFFSET, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(PRIME));
    smol_str::format_smolstr!("{sum:016x}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(more: &str) -> Alertmanager {
        toml::from_str(&format!("channel = \"email\"\ntype = \"error\"\n{more}")).expect("it is whole")
    }

    fn told(alert: &Value, more: &str) -> Alert {
        let mut read =
            read(&json!({ "alerts": [alert] }), &config(more), Language::Russian).expect("a notification");
        read.alerts.remove(0).expect("an alert")
    }

    fn disk_is_full() -> Value {
        json!({
            "status": "firing", "fingerprint": "1a30ba71cca2921f",
            "labels": {"alertname": "DiskFull", "instance": "db1:9100", "severity": "critical"},
            "annotations": {"summary": "Диск полон", "description": "Осталось 2 %\nна /var"},
            "startsAt": "2026-11-23T07:02:26.739266876Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=x",
        })
    }

    #[test]
    fn an_alert_becomes_the_ticket_that_the_configuration_says() {
        let alert = told(
            &disk_is_full(),
            "client = \"{client}\"\nservice = \"{instance}\"\npriorities = { critical = \"p1\" }\nfields = { process = \"{alertname}\", none = \"{job}\" }",
        );
        assert_eq!((alert.fingerprint.as_str(), alert.firing), ("1a30ba71cca2921f", true));
        assert_eq!(alert.since, Timestamp::parse_rfc3339("2026-11-23T07:02:26.739Z").ok());
        let register = &alert.register;
        assert_eq!(register.subject.as_deref(), Some("DiskFull db1:9100: Диск полон"));
        assert_eq!(
            register.description.as_deref(),
            Some(
                "description: Осталось 2 %\nна /var\nsummary: Диск полон\n\nalertname: DiskFull\ninstance: db1:9100\nseverity: critical"
            )
        );
        assert_eq!((register.client.as_deref(), register.service.as_deref()), (None, Some("db1:9100")));
        assert_eq!(register.priority.as_deref(), Some("p1"));
        assert_eq!(register.fields, BTreeMap::from([("process".to_owned(), json!("DiskFull"))]));
    }

    #[test]
    fn what_the_ticket_does_not_show_is_no_change() {
        let one = told(&disk_is_full(), "description = \"{summary}\"");
        let mut other = disk_is_full();
        other["annotations"]["description"] = json!("Осталось 1 %");
        assert_eq!(told(&other, "description = \"{summary}\"").content, one.content);
        assert_ne!(told(&other, "").content, told(&disk_is_full(), "").content);
        other["annotations"]["summary"] = json!("Диск почти полон");
        assert_ne!(told(&other, "description = \"{summary}\"").content, one.content);
    }

    #[test]
    fn the_fingerprint_that_an_old_sender_leaves_out_is_the_one_of_prometheus() {
        // 5799056148416392346 is the published sum of these labels.
        let labels = json!({"name": "garland, briggs", "fear": "love is not enough"});
        let sum = format!("{:016x}", 5_799_056_148_416_392_346_u64);
        assert_eq!(told(&json!({"status": "firing", "labels": labels}), "").fingerprint, sum);
        let odd = json!({"status": "firing", "labels": labels, "fingerprint": "../x"});
        assert_eq!(told(&odd, "").fingerprint, sum, "what is no fingerprint is none");
    }

    #[test]
    fn nothing_that_was_sent_is_trusted() {
        let long = "я".repeat(100_000);
        let alert = told(
            &json!({"status": "resolved", "labels": {"alertname": format!("a\u{7}\nb{long}"), "n": 7, "x": [1]},
                "annotations": {"a": long, "b": long, "c": long, "d": long},
                "startsAt": "yesterday", "generatorURL": "javascript:alert(1)"}),
            "client = \"{alertname}\"",
        );
        assert_eq!((alert.since, &alert.url), (None, &None));
        let zero = json!({"status": "firing", "fingerprint": "00ff", "startsAt": "0001-01-01T00:00:00Z"});
        assert_eq!(told(&zero, "").since, None);
        let subject = alert.register.subject.as_deref().unwrap_or_default();
        assert!(subject.starts_with("a b") && subject.chars().count() == 1_000 && subject.ends_with('…'));
        assert!(alert.register.description.is_some_and(|text| text.len() < 65_536 && text.ends_with('…')));
        assert_eq!(alert.register.client.map(|client| client.chars().count()), Some(300));
        assert!(alert.text.len() < 65_536);
        let mute = told(&json!({"status": "firing", "fingerprint": "00ff", "labels": {}}), "");
        assert_eq!(mute.register.subject.as_deref(), Some("Alertmanager 00ff"), "a subject there is");
    }

    #[test]
    fn what_is_no_alert_is_told_by_its_place_and_the_others_are_read() {
        let form = json!({"version": "4", "status": "firing", "truncatedAlerts": 3, "receiver": "x", "alerts": [
            7, {"labels": {"a": 1}}, {"status": "on", "labels": {"a": "b"}}, {"labels": {"a": "b"}}, disk_is_full(),
        ]});
        let read = read(&form, &config(""), Language::Russian).expect("a notification");
        let fields = read.alerts.iter().map(|alert| alert.as_ref().err().map(|error| error.field.as_str()));
        assert_eq!(
            fields.collect::<Vec<_>>(),
            [Some("alerts[0]"), Some("alerts[1].labels"), Some("alerts[2].status"), None, None]
        );
        assert_eq!(read.truncated, 3);
        for (form, field) in [(json!([]), ""), (json!({}), "alerts"), (json!({"alerts": 7}), "alerts")] {
            let error = super::read(&form, &config(""), Language::Russian).expect_err("it is none");
            assert_eq!(error.field, field);
        }
    }
}
