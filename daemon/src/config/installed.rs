//! The configuration that is installed, `systemd/andon.toml`, held to what the daemon reads.

use std::path::Path;

use super::{Config, ConfigError};

const INSTALLED: &str = include_str!("../../../systemd/andon.toml");
const EVERY_KEY: &str = include_str!("every_key.toml");

/// The installed configuration with every key in it, as an admin has it who takes each `# ` away.
pub(super) fn uncommented() -> String {
    INSTALLED.lines().map(|line| shown(line).unwrap_or(line).to_owned() + "\n").collect()
}

/// The table's head or the key that a remark shows.
fn shown(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("# ")?;
    let is_key = |key: &str| key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let is_shown = rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(key, _)| is_key(key));
    is_shown.then_some(rest)
}

/// The keys of a table that nobody has, by what the reader says of one that it does not know; none of what is no table.
fn keys(heads: &[String]) -> Option<Vec<String>> {
    let text = heads.join("\n") + "\nzzz = 1\n";
    let Err(ConfigError::File { message, .. }) = Config::parse(Path::new("andon.toml"), &text) else {
        return None;
    };
    let (_, expected) = message.split_once("unknown field `zzz`, expected ")?;
    Some(expected.split('`').skip(1).step_by(2).map(str::to_owned).collect())
}

/// Every key that the daemon knows, with the table that it is of: `("board.signals", "red-pin")`.
fn known(table: &str, heads: &[String]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for key in keys(heads).expect("a table has keys") {
        let path = if table.is_empty() { key.clone() } else { format!("{table}.{key}") };
        let with = |head: String| [heads, &[head]].concat();
        let inner = [with(format!("[{path}]")), with(format!("[[{path}]]"))];
        match inner.iter().find(|heads| keys(heads).is_some()) {
            Some(heads) => all.extend(known(&path, heads)),
            None => all.push((table.to_owned(), key)),
        }
    }
    all
}

/// The lines of a table, its remarks among them.
fn lines_of<'a>(text: &'a str, table: &str) -> Vec<&'a str> {
    let mut here = table.is_empty();
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            let head = line.split(']').next().unwrap_or_default().trim_start_matches('[');
            here = head == table;
        } else if here {
            lines.push(line);
        }
    }
    lines
}

#[test]
fn what_is_installed_is_whole_as_it_is_and_with_every_remark_taken_away() {
    Config::parse(Path::new("andon.toml"), INSTALLED).unwrap();
    let all = uncommented();
    assert!(all.len() + 100 < INSTALLED.len(), "remarks were taken away");
    let config = Config::parse(Path::new("andon.toml"), &all).unwrap_or_else(|told| panic!("{told}\n{all}"));
    assert_eq!(config.board.panels.len(), 3);
}

/// The keys that the daemon knows and a text does not have where they belong.
fn lacks(text: &str) -> Vec<(String, String)> {
    let mut known = known("", &[]);
    assert!(known.contains(&("board.signals".to_owned(), "red-pin".to_owned())), "{known:?}");
    known.retain(|(table, key)| {
        // An inline table stands on the line of its key.
        let inline = table.rsplit_once('.').filter(|(_, name)| *name == "buzzer").map(|(outer, _)| outer);
        let shows = |line: &&str| line.contains(&format!("{key} = "));
        !lines_of(text, inline.unwrap_or(table)).iter().any(shows)
    });
    known
}

#[test]
fn every_key_that_the_daemon_knows_is_shown_where_it_belongs() {
    let lacks = lacks(&uncommented());
    assert!(lacks.is_empty(), "systemd/andon.toml does not show {lacks:?}");
}

/// What the daemon has of a text; not the panels as they are written, of which it makes the others.
fn read(text: &str) -> Result<String, ConfigError> {
    let mut config = Config::parse(Path::new("andon.toml"), text)?;
    config.board.written.clear();
    Ok(format!("{config:?}"))
}

#[test]
fn every_key_that_the_daemon_knows_says_something() {
    let lacks = lacks(EVERY_KEY);
    assert!(lacks.is_empty(), "every_key.toml has no {lacks:?}");
    for text in EVERY_KEY.split("#---\n") {
        let whole = read(text).unwrap_or_else(|error| panic!("{error}"));
        for (at, line) in text.lines().enumerate().filter(|(_, line)| line.contains(" = ")) {
            let others = text.lines().enumerate().filter(|(other, _)| *other != at);
            let without: String = others.map(|(_, line)| line.to_owned() + "\n").collect();
            // What is required is missed.
            if let Ok(without) = read(&without) {
                assert_ne!(without, whole, "{line}");
            }
        }
    }
}

#[test]
fn what_is_installed_shows_the_defaults_of_what_has_one() {
    let (shown, default) =
        (Config::parse(Path::new("andon.toml"), &uncommented()).unwrap(), Config::default());
    assert_eq!(shown.listen, default.listen);
    assert_eq!(shown.insecure_lan, default.insecure_lan);
    assert_eq!(shown.regulations, default.regulations);
    assert_eq!(shown.zone, default.zone);
    assert_eq!(shown.log.level, default.log.level);
    assert_eq!(shown.archive.closed_for_days, default.archive.closed_for_days);
    assert_eq!(shown.limits, default.limits);
    assert_eq!(shown.serving, default.serving);
    assert_eq!(shown.attachments, default.attachments);
    assert_eq!(shown.roster, default.roster);
}
