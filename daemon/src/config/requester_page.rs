//! `[requester-page]`: the page on which a requester sees, confirms, returns and marks their ticket.

use serde::{Deserialize, Deserializer};
use url::Url;

/// The requester's page (GM-5.26, HD-5). Without this table there is none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RequesterPage {
    /// How requesters reach the box: `https://help.example.ru`, or with a path where a proxy stands before it. Links in
    /// letters begin so.
    #[serde(deserialize_with = "url")]
    pub url: Url,
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let wrong = |what: String| serde::de::Error::custom(what);
    let url = Url::parse(&String::deserialize(deserializer)?)
        .map_err(|error| wrong(format!("this is no URL: {error}; such as https://help.example.ru")))?;
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err(wrong("must begin with https:// (or http://) and a host".to_owned()));
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(wrong(
            "must have no query, fragment, user or password: the links' own path follows it".to_owned(),
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    fn parse(url: &str) -> Result<Config, String> {
        let text = format!("[requester-page]\nurl = \"{url}\"");
        Config::parse(Path::new("andon.toml"), &text).map_err(|error| error.to_string())
    }

    #[test]
    fn requesters_reach_the_box_by_an_address_with_a_host() {
        for url in ["https://help.example.ru", "http://10.0.0.5:8420", "https://example.ru/desk/"] {
            let config = parse(url).expect("it can be reached so");
            assert!(config.requester_page.expect("it is there").url.as_str().starts_with(url));
        }
        for (url, told) in [
            ("help.example.ru", "this is no URL"),
            ("ftp://example.ru", "must begin with https://"),
            ("https://example.ru/?a=1", "must have no query"),
            ("https://ivan@example.ru", "must have no query, fragment, user"),
        ] {
            let error = parse(url).expect_err("it cannot");
            assert!(error.starts_with("andon.toml:2: ") && error.contains(told), "{url}: {error}");
        }
    }
}
