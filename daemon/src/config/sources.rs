//! The text of a configuration: the file, and behind it the drop-ins of `andon.d/*.toml` beside it, in order of their names.
//!
//! What a drop-in says comes over what was said before it, key by key: tables are merged, entries of `[[…]]` are added,
//! and everything else takes the place of what it was. The merged text is read as one, and what is wrong with it is told by
//! the file and line that it came from.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, ConfigError};
use crate::toml_problem;

/// A configuration's text, with where each line of it comes from.
#[derive(Clone, Debug)]
pub struct Sources {
    files: Vec<PathBuf>,
    text: String,
    /// Of each line of the text; empty where the text is the one file's own.
    origins: Vec<Origin>,
}

/// A line of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Origin {
    file: usize,
    /// From 1.
    line: usize,
}

impl Sources {
    /// Reads a file and its drop-ins.
    ///
    /// # Errors
    /// [`ConfigError::Read`]; [`ConfigError::File`] where one of several is no TOML.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut files = vec![path.to_owned()];
        files.extend(drop_ins(&path.with_extension("d"))?);
        let texts: Vec<String> = files.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
        Self::merged(files, texts)
    }

    /// Reads a file and its drop-ins as if one of them, or a further one, said this.
    ///
    /// # Errors
    /// As [`Sources::read`].
    pub fn read_as_if(path: &Path, changed: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut files = vec![path.to_owned()];
        files.extend(drop_ins(&path.with_extension("d"))?);
        if !files.iter().any(|file| file == changed) {
            files.push(changed.to_owned());
            files[1..].sort();
        }
        let read_or_changed = |path: &PathBuf| if path == changed { Ok(text.to_owned()) } else { read(path) };
        let texts: Vec<String> = files.iter().map(read_or_changed).collect::<Result<_, _>>()?;
        Self::merged(files, texts)
    }

    /// One text by itself.
    #[cfg(test)]
    fn alone(path: &Path, text: &str) -> Self {
        Self { files: vec![path.to_owned()], text: text.to_owned(), origins: Vec::new() }
    }

    fn merged(files: Vec<PathBuf>, mut texts: Vec<String>) -> Result<Self, ConfigError> {
        if files.len() == 1 {
            return Ok(Self { files, text: texts.remove(0), origins: Vec::new() });
        }
        let mut whole = Table { at: Origin { file: 0, line: 1 }, entries: BTreeMap::new() };
        for (file, text) in texts.iter().enumerate() {
            let table = DeTable::parse(text).map_err(|error| {
                let (line, key, message) = toml_problem::tell(text, &error);
                ConfigError::File { path: files[file].clone(), line, key, message }
            })?;
            whole.take_over(Table::of(table.get_ref(), Origin { file, line: 1 }, text));
        }
        let mut writer = Writer::default();
        writer.table(&whole, "");
        Ok(Self { files, text: writer.text, origins: writer.origins })
    }

    /// The text as it is read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file whose name stands for all.
    pub(super) fn path(&self) -> &Path {
        &self.files[0]
    }

    /// An error in the text, as one of the file that it came from.
    pub(super) fn placed(&self, error: ConfigError) -> ConfigError {
        let ConfigError::File { path, line, key, message } = error else { return error };
        match line.checked_sub(1).and_then(|line| self.origins.get(line)) {
            Some(origin) => {
                ConfigError::File { path: self.files[origin.file].clone(), line: origin.line, key, message }
            }
            None => ConfigError::File { path, line, key, message },
        }
    }

    /// The configuration that it says.
    ///
    /// # Errors
    /// [`ConfigError`]: by file, line, key and the way out.
    pub fn config(&self) -> Result<Config, ConfigError> {
        Config::of(self)
    }

    /// Every key that it sets, with its value: `board.quiet-hours`, `board.panel[0].kind`; lists of values are one key.
    pub fn keys(&self) -> BTreeMap<String, String> {
        let mut keys = BTreeMap::new();
        if let Ok(table) = self.text.parse::<toml::Table>() {
            flatten("", &table, &mut keys);
        }
        keys
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

/// The drop-ins of a directory, by name; none where there is no such directory.
fn drop_ins(dir: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let failed = |source| ConfigError::Read { path: dir.to_owned(), source };
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.extension() == Some(OsStr::new("toml")) && !is_hidden {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn flatten(under: &str, table: &toml::Table, keys: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let name = if under.is_empty() { key.clone() } else { format!("{under}.{key}") };
        match value {
            toml::Value::Table(table) => flatten(&name, table, keys),
            toml::Value::Array(entries) if entries.iter().any(toml::Value::is_table) => {
                for (place, entry) in entries.iter().enumerate() {
                    if let toml::Value::Table(table) = entry {
                        flatten(&format!("{name}[{place}]"), table, keys);
                    }
                }
            }
            value => drop(keys.insert(name, value.to_string())),
        }
    }
}

/// A table with where it was said first.
#[derive(Debug)]
struct Table {
    at: Origin,
    entries: BTreeMap<String, Node>,
}

/// What a key stands for.
#[derive(Debug)]
enum Node {
    /// A value, as it was written.
    Leaf { raw: String, at: Origin },
    /// `[key]`, or `key.… = …`.
    Table(Table),
    /// `[[key]]`.
    Tables(Vec<Table>),
}

impl Table {
    fn of(table: &DeTable<'_>, at: Origin, text: &str) -> Self {
        let entries = table.iter().map(|(key, value)| {
            let at = Origin { line: toml_problem::line_of(text, &key.span()), ..at };
            (key.get_ref().to_string(), Node::of(value, at, text))
        });
        Self { at, entries: entries.collect() }
    }

    /// Takes over what another table says.
    fn take_over(&mut self, other: Self) {
        for (key, node) in other.entries {
            match (self.entries.get_mut(&key), node) {
                (Some(Node::Table(mine)), Node::Table(theirs)) => mine.take_over(theirs),
                (Some(Node::Tables(mine)), Node::Tables(theirs)) => mine.extend(theirs),
                (_, node) => drop(self.entries.insert(key, node)),
            }
        }
    }
}

impl Node {
    fn of(value: &Spanned<DeValue<'_>>, at: Origin, text: &str) -> Self {
        let raw = text.get(value.span()).unwrap_or_default();
        match value.get_ref() {
            // One in braces is a value: it is said as a whole, and replaced as a whole.
            DeValue::Table(table) if !raw.starts_with('{') => Self::Table(Table::of(table, at, text)),
            DeValue::Array(array) if is_of_headers(array.iter(), text) => {
                let entries = array.iter().filter_map(|entry| {
                    let at = Origin { line: toml_problem::line_of(text, &entry.span()), ..at };
                    let DeValue::Table(table) = entry.get_ref() else { return None };
                    Some(Table::of(table, at, text))
                });
                Self::Tables(entries.collect())
            }
            _ => Self::Leaf { raw: raw.to_owned(), at },
        }
    }
}

/// Whether the entries of an array were said by `[[…]]` each.
fn is_of_headers<'v, 'i: 'v>(
    mut entries: impl Iterator<Item = &'v Spanned<DeValue<'i>>>,
    text: &str,
) -> bool {
    let mut some = false;
    entries.all(|entry| {
        some = true;
        let is_braced = text.get(entry.span()).is_some_and(|raw| raw.starts_with('{'));
        matches!(entry.get_ref(), DeValue::Table(_)) && !is_braced
    }) && some
}

/// Writes a merged table as text.
#[derive(Default)]
struct Writer {
    text: String,
    origins: Vec<Origin>,
}

impl Writer {
    /// Values first, since whatever follows a header belongs to it.
    fn table(&mut self, table: &Table, path: &str) {
        for (key, node) in &table.entries {
            if let Node::Leaf { raw, at } = node {
                self.lines(&format!("{} = {raw}", quoted(key)), *at);
            }
        }
        for (key, node) in &table.entries {
            let path = if path.is_empty() { quoted(key) } else { format!("{path}.{}", quoted(key)) };
            match node {
                Node::Leaf { .. } => {}
                Node::Table(table) => {
                    self.lines(&format!("[{path}]"), table.at);
                    self.table(table, &path);
                }
                Node::Tables(tables) => {
                    for table in tables {
                        self.lines(&format!("[[{path}]]"), table.at);
                        self.table(table, &path);
                    }
                }
            }
        }
    }

    fn lines(&mut self, lines: &str, at: Origin) {
        for (more, line) in lines.split('\n').enumerate() {
            self.text.push_str(line);
            self.text.push('\n');
            self.origins.push(Origin { line: at.line + more, ..at });
        }
    }
}

/// A key as it is written.
fn quoted(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        toml::Value::from(key).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A configuration in a directory of its own; each of the files by its name.
    fn read(files: &[(&str, &str)]) -> Result<Config, String> {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        std::fs::create_dir(dir.path().join("andon.d")).expect("it can be made");
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).expect("it can be written");
        }
        let sources = Sources::read(&dir.path().join("andon.toml"));
        let config = sources.and_then(|sources| sources.config());
        config.map_err(|error| error.to_string().replace(&dir.path().display().to_string(), ""))
    }

    #[test]
    fn a_drop_in_comes_over_the_file_key_by_key_in_the_order_of_names() {
        let config = read(&[
            (
                "andon.toml",
                "zone = \"UTC\"\nlisten = \"127.0.0.1:1\"\n[board]\nsite = \"один\"\nlanguage = \"en\"\n",
            ),
            ("andon.d/20-b.toml", "[board]\nsite = \"три\"\n"),
            (
                "andon.d/10-a.toml",
                "listen = \"127.0.0.1:2\"\nboard.site = \"два\"\n[log]\nlevel = \"debug\"\n",
            ),
            ("andon.d/.hidden.toml", "nonsense"),
            ("andon.d/README", "nonsense"),
        ])
        .expect("it is whole");
        assert_eq!((config.listen.port(), config.board.site.as_str()), (2, "три"));
        assert_eq!(config.zone, calendars::Tz::UTC, "what a drop-in does not say stays");
        assert_eq!(config.board.language, firmware_board::Language::English);
        assert_eq!(config.log.level, log::LevelFilter::Debug);
    }

    #[test]
    fn a_table_may_be_said_in_two_files_and_entries_are_added() {
        let config = read(&[
            ("andon.toml", "listen = \"0.0.0.0:1\"\n[tls]\ncertificate = \"./c.pem\"\n[[board.panel]]\nkind = \"simulated\"\nname = \"a\"\n"),
            ("andon.d/key.toml", "[tls]\nkey = \"./k.pem\"\n[[board.panel]]\nkind = \"simulated\"\nname = \"b\"\n"),
        ])
        .expect("it is whole");
        assert_eq!(config.tls.expect("it is there").key, Path::new("./k.pem"));
        let names: Vec<_> = config.board.panels.iter().map(|panel| panel.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn lists_and_values_in_braces_are_replaced_as_a_whole() {
        let config = read(&[
            ("andon.toml", "regulations = [\n  \"getmark\",\n  \"itsm\",\n]\n"),
            ("andon.d/a.toml", "regulations = [\"itsm\"] # alone\n"),
        ])
        .expect("it is whole");
        assert_eq!(config.regulations, ["itsm"]);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_own_file_and_line() {
        let base = ("andon.toml", "# a remark\nzone = \"UTC\"\n\n[board]\nlanguage = \"ru\"\n");
        for (drop_in, told) in [
            ("\n[board]\nsiet = \"x\"\n", "/andon.d/x.toml:3: siet: unknown field `siet`"),
            ("listen = \"here\"\n", "/andon.d/x.toml:1: listen: invalid socket address"),
            (
                "[board]\n\n[board.signals]\n# a\nred-pin = 5\ngreen-pin = 5\n",
                "/andon.d/x.toml:6: green-pin: pin 5 is used by",
            ),
            ("x = \n", "/andon.d/x.toml:1: x: "),
            (
                "[[board.panel]]\nkind = \"simulated\"\n[[board.panel]]\n\nkind = \"st7769\"\n",
                "/andon.d/x.toml:5: kind: unknown kind",
            ),
            ("regulations = []", "/andon.d/x.toml:1: regulations: is empty"),
        ] {
            let error = read(&[base, ("andon.d/x.toml", drop_in)]).expect_err("it is wrong");
            assert!(error.starts_with(told), "{error}\n{told}");
        }
        let wrong = ("andon.toml", "# a remark\n[board]\n\nlanguage = \"de\"\n");
        let error = read(&[wrong, ("andon.d/x.toml", "zone = \"UTC\"\n")]).expect_err("it is wrong");
        assert!(error.starts_with("/andon.toml:4: language: unknown language `de`"), "{error}");
    }

    #[test]
    fn a_key_is_told_by_its_whole_name() {
        let sources = Sources::alone(Path::new("a.toml"), "zone = \"UTC\"\n[board]\nquiet-hours = \"1\"\n");
        let keys = sources.keys();
        assert_eq!(keys.keys().map(String::as_str).collect::<Vec<_>>(), ["board.quiet-hours", "zone"]);
        assert_eq!(keys["zone"], "\"UTC\"");
    }
}
