//! Templates: a text with names in braces, which stand for what was sent.

use serde::Deserialize;

/// A text with names in braces: `{alertname} on {instance}`. A brace itself is doubled: `{{`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

/// A text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {what}; a name stands in braces, {{alertname}}, and a brace itself is doubled, {{{{")]
pub struct BadTemplate {
    text: String,
    what: &'static str,
}

impl Template {
    /// The text with what its names stand for; a name that stands for nothing leaves nothing.
    pub fn fill<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> String {
        self.0
            .iter()
            .map(|one| match one {
                Part::Text(text) => text.clone(),
                Part::Name(name) => value(name).unwrap_or_default().to_owned(),
            })
            .collect()
    }
}

impl TryFrom<String> for Template {
    type Error = BadTemplate;

    fn try_from(text: String) -> Result<Self, BadTemplate> {
        let bad = |what| BadTemplate { text: text.clone(), what };
        let (mut parts, mut plain) = (Vec::new(), String::new());
        let mut left = text.as_str();
        while let Some(at) = left.find(['{', '}']) {
            let (before, rest) = left.split_at(at);
            plain.push_str(before);
            let brace = &rest[..1];
            if rest[1..].starts_with(brace) {
                plain.push_str(brace);
                left = &rest[2..];
                continue;
            }
            if brace == "}" {
                return Err(bad("has a brace that closes nothing"));
            }
            let (name, after) =
                rest[1..].split_once('}').ok_or_else(|| bad("has a brace that nothing closes"))?;
            let is_name = !name.is_empty() && !name.contains(['{', ' ']);
            if !is_name {
                return Err(bad("has braces around what is no name"));
            }
            parts.push(Part::Text(std::mem::take(&mut plain)));
            parts.push(Part::Name(name.to_owned()));
            left = after;
        }
        plain.push_str(left);
        parts.push(Part::Text(plain));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, &'static str> {
        let template = Template::try_from(text.to_owned()).map_err(|bad| bad.what)?;
        Ok(template
            .fill(|name| [("a", "1"), ("ключ", "два")].into_iter().find(|(n, _)| *n == name).map(|(_, v)| v)))
    }

    #[test]
    fn names_in_braces_stand_for_what_was_sent_and_doubled_braces_for_themselves() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("{a}", "1"),
            ("x{a}y{ключ}z", "x1yдваz"),
            ("[{none}]", "[]"),
            ("{{a}}", "{a}"),
            ("{{{a}}}", "{1}"),
        ] {
            assert_eq!(filled(text), Ok(expected.to_owned()), "{text}");
        }
        for bad in ["{", "{a", "}", "a}", "{}", "{a b}", "{a{b}}"] {
            assert!(filled(bad).is_err(), "{bad}");
        }
    }
}
