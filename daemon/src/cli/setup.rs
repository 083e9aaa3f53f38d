//! `andonctl setup`: the first configuration, asked for on a terminal, or said by flags.
//!
//! It writes a drop-in, so that the file of the package stays as it was installed, and writes none that the daemon would not
//! take.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use calendars::Tz;
use clap::Args;
use firmware_board::Language;
use lettre::message::Mailbox;
use serde_json::json;

use super::Io;
use super::control::ControlError;
use super::doctor::mail::password_line;
use super::error::CliError;
use crate::config::{self, Config, Sources};
use crate::desk::regulation::shipped;

/// The configuration of an installed daemon, and the drop-in that is written beside it.
const INSTALLED: [&str; 2] = ["/etc/andon/andon.toml", "/etc/andon/andon.d/50-setup.toml"];
/// The mail server's password, beside the configuration.
const PASSWORD_FILE: &str = "mail-password";
/// The panels that may be chosen.
const PANELS: [&str; 7] = ["simulated", "st7796", "ili9341", "st7789", "ssd1306", "max7219", "drm"];

/// Make the first configuration: regulation, zone, panel, mail, and the first admin's token.
///
/// Asks on a terminal for what no flag says, and offers what holds now; without a terminal nothing else is written than what
/// the flags say. What is written is a drop-in beside the configuration, checked by the daemon's own reader before; one that is there
/// is replaced with --force only. Where the daemon runs,
/// the first admin's secret is printed to stdout, once.
#[derive(Debug, Args)]
pub(super) struct Setup {
    /// Work by this regulation, a shipped one or a file; may be given again
    #[arg(long = "regulation", value_name = "NAME|FILE")]
    regulations: Vec<String>,
    /// The site's zone, an IANA name
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// The name of the room or site, shown on the wall
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    /// The wall's language
    #[arg(long, value_name = "LANGUAGE", value_parser = ["ru", "en"])]
    language: Option<String>,
    /// The first panel; simulated: the wall is at /board in a browser
    #[arg(long, value_name = "KIND", value_parser = PANELS)]
    panel: Option<String>,
    /// The mail server that letters go out by, encrypted by STARTTLS; left out: nobody is written to
    #[arg(long, value_name = "HOST", requires = "mail_address")]
    mail_server: Option<String>,
    /// The mailbox that mail is fetched from, by IMAP over TLS; left out: none is
    #[arg(long, value_name = "HOST", requires = "mail_address", requires = "mail_user")]
    imap_server: Option<String>,
    /// The desk's address, which letters are from and mail comes to
    #[arg(long, value_name = "ADDRESS")]
    mail_address: Option<String>,
    /// Whom to sign in as at both; the password is then in the file mail-password beside andon.toml
    #[arg(long, value_name = "USER")]
    mail_user: Option<String>,
    /// What a mail becomes: a type of the first regulation [default: its first]
    #[arg(long, value_name = "TYPE")]
    mail_type: Option<String>,
    /// The name of the first admin; left out: no token is made
    #[arg(long, value_name = "NAME")]
    admin: Option<String>,
    /// The file to write [default: /etc/andon/andon.d/50-setup.toml, or /etc/andon/andon.toml where there is none]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Replace the file where it is there
    #[arg(long)]
    force: bool,
    /// Ask nothing, on a terminal, too
    #[arg(long)]
    yes: bool,
}

/// What was chosen; what is empty is left as it is.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    regulations: Vec<String>,
    zone: String,
    site: String,
    language: String,
    panel: String,
    mail: MailChoice,
    admin: String,
}

/// What was chosen of mail; empty is none.
#[derive(Debug, Default, PartialEq, Eq)]
struct MailChoice {
    server: String,
    imap: String,
    address: String,
    user: String,
    kind: String,
    /// What fetched mail comes under.
    regulation: Option<String>,
}

impl Setup {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let stdin = io::stdin();
        let is_asked = !self.yes && !io.json && io.is_talk_read && stdin.is_terminal();
        self.refuse_to_replace()?;
        let choice = if is_asked { self.asked(&mut stdin.lock(), io.err)? } else { self.said() };
        let text = choice.text();
        self.check(&text)?;
        self.write(&text)?;
        let made = if choice.admin.is_empty() { None } else { Some(token(io, &choice.admin)) };
        self.tell(io, &choice, made)
    }

    fn file(&self) -> PathBuf {
        let [base, drop_in] = INSTALLED.map(Path::new);
        let default = if base.exists() { drop_in } else { base };
        self.file.clone().unwrap_or_else(|| default.to_owned())
    }

    fn refuse_to_replace(&self) -> Result<(), CliError> {
        if self.file().exists() && !self.force {
            let told = format!("{} is there already; --force replaces it", self.file().display());
            return Err(CliError::Refused(told));
        }
        Ok(())
    }

    /// What the flags say.
    fn said(&self) -> Choice {
        let said = |said: &Option<String>| said.clone().unwrap_or_default();
        let first = self.regulations.first().cloned();
        Choice {
            regulations: self.regulations.clone(),
            zone: said(&self.zone),
            site: said(&self.site),
            language: said(&self.language),
            panel: said(&self.panel),
            mail: MailChoice {
                server: said(&self.mail_server),
                imap: said(&self.imap_server),
                address: said(&self.mail_address),
                user: said(&self.mail_user),
                kind: said(&self.mail_type),
                regulation: first.or_else(|| self.current().regulations.first().cloned()),
            },
            admin: said(&self.admin),
        }
    }

    /// What holds now; the defaults where there is no configuration, or one that is wrong.
    fn current(&self) -> Config {
        let path = self.base().unwrap_or_else(|| self.file());
        Config::read(&path).unwrap_or_default()
    }

    /// Asks for what no flag says.
    fn asked(&self, input: &mut dyn BufRead, talk: &mut dyn Write) -> Result<Choice, CliError> {
        let mut ask = Questions { input, talk };
        let said = self.said();
        let current = self.current();
        let first = current.regulations.first().map_or("getmark", String::as_str);
        let regulations = if self.regulations.is_empty() {
            let known = shipped::names().collect::<Vec<_>>().join(", ");
            let question = format!("Regulation: {known}, or a file");
            let check = |name: &str| {
                config::regulation(name, Path::new(".")).map(drop).map_err(|error| error.to_string())
            };
            let answer = ask.for_one(&question, first, check)?;
            // Several are kept where the first is not changed.
            if answer == first { current.regulations.clone() } else { vec![answer] }
        } else {
            said.regulations
        };
        let any = |_: &str| Ok(());
        let is_zone = |zone: &str| {
            zone.parse::<Tz>().map(drop).map_err(|_| "an IANA name such as Europe/Moscow".to_owned())
        };
        let mut unless = |said: &Option<String>,
                          question: &str,
                          default: &str,
                          check: &dyn Fn(&str) -> Result<(), String>| {
            match said {
                Some(said) => Ok(said.clone()),
                None => ask.for_one(question, default, check),
            }
        };
        let panels = format!("Panel: {}", PANELS.join(", "));
        let types = first_types(&regulations);
        let language = match current.board.language {
            Language::Russian => "ru",
            Language::English => "en",
        };
        let panel = current.board.panels.first().map_or("simulated", |panel| panel.kind.word());
        Ok(Choice {
            zone: unless(&self.zone, "Zone of the site", current.zone.name(), &is_zone)?,
            site: unless(&self.site, "Name of the room, for the wall", &current.board.site, &any)?,
            language: unless(
                &self.language,
                "Language of the wall: ru, en",
                language,
                &one_of(&["ru", "en"]),
            )?,
            panel: {
                let answer = unless(&self.panel, &panels, panel, &one_of(&PANELS))?;
                // One that is there has more keys than its kind.
                if self.panel.is_none() && answer == panel { String::new() } else { answer }
            },
            mail: if current.mail.is_some() || current.imap.is_some() {
                said.mail
            } else {
                let server = unless(&self.mail_server, "Mail server for letters, empty for none", "", &any)?;
                let imap =
                    unless(&self.imap_server, "IMAP server to fetch mail from, empty for none", "", &any)?;
                let regulation = regulations.first().cloned();
                let mut mail = MailChoice { server, imap, regulation, ..said.mail };
                if !(mail.server.is_empty() && mail.imap.is_empty()) {
                    mail.address = unless(&self.mail_address, "The desk's address", "", &is_address)?;
                    mail.user = unless(&self.mail_user, "Whom to sign in as, empty for nobody", "", &any)?;
                }
                if !mail.imap.is_empty() {
                    let question = format!("What a mail becomes: {}", types.join(", "));
                    let first = types.first().map_or("", String::as_str);
                    mail.kind = unless(&self.mail_type, &question, first, &one_of(&types))?;
                }
                mail
            },
            regulations,
            admin: unless(&self.admin, "Name of the first admin, empty for none", "", &any)?,
        })
    }

    /// The configuration that this drop-in belongs to, if it is one: `andon.toml` of `andon.d/50-setup.toml`.
    fn base(&self) -> Option<PathBuf> {
        let file = self.file();
        let dir = file.parent().filter(|dir| dir.extension().is_some_and(|ending| ending == "d"))?;
        Some(dir.with_extension("toml")).filter(|base| base.exists())
    }

    /// Holds that the daemon takes it.
    fn check(&self, text: &str) -> Result<(), CliError> {
        let (base, file) = (self.base(), self.file());
        let path = base.as_deref().unwrap_or(&file);
        let config = Sources::read_as_if(path, &file, text)?.config()?;
        // Mail names what its regulation has.
        config.regulations(path.parent().unwrap_or(Path::new(".")))?;
        Ok(())
    }

    /// Writes it whole or not at all. It has no secret, and the daemon's user has to read it.
    fn write(&self, text: &str) -> Result<(), CliError> {
        let path = self.file();
        let failed = |source| CliError::WriteFile { path: path.clone(), source };
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !dir.exists() {
            fs::create_dir_all(dir).map_err(failed)?;
            fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        }
        let beside = path.with_extension("new");
        let mut options = fs::File::options();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o644).open(&beside).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::set_permissions(&beside, fs::Permissions::from_mode(0o644)).map_err(failed)?;
        fs::rename(&beside, &path).and_then(|()| fs::File::open(dir)?.sync_all()).map_err(failed)
    }

    /// Tells what is done and what is to be done.
    fn tell(
        &self,
        io: &mut Io<'_>,
        choice: &Choice,
        made: Option<Result<String, ControlError>>,
    ) -> Result<ExitCode, CliError> {
        let file = self.file();
        writeln!(io.err, "{} is written; sudo systemctl restart andond has it hold", file.display())?;
        if !choice.mail.user.is_empty() {
            let base = self.base().unwrap_or_else(|| file.clone());
            let put = password_line(&base.with_file_name(PASSWORD_FILE));
            writeln!(io.err, "the mail server's password is to be put before: {put}")?;
        }
        let admin = &choice.admin;
        let secret = match made {
            None => None,
            Some(Ok(secret)) => {
                writeln!(io.err, "token {admin}: role admin; the secret is shown this once")?;
                Some(secret)
            }
            Some(Err(ControlError::NoDaemon { .. })) => {
                writeln!(
                    io.err,
                    "no daemon runs; when it does: andonctl token add --name {admin} --role admin"
                )?;
                None
            }
            Some(Err(error)) => return Err(error.into()),
        };
        if io.json {
            return io
                .json(&json!({ "file": file, "admin": secret.as_ref().map(|_| admin), "secret": secret }));
        }
        if let Some(secret) = secret {
            writeln!(io.out, "{secret}")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The first admin's secret.
fn token(io: &Io<'_>, admin: &str) -> Result<String, ControlError> {
    #[derive(serde::Deserialize)]
    struct NewToken {
        secret: String,
    }
    let path = "/v1/tokens";
    let answer = io.control.post(path, &json!({ "name": admin, "role": "admin" }))?;
    Ok(answer.read::<NewToken>(path)?.secret)
}

impl Choice {
    /// The file.
    fn text(&self) -> String {
        let quoted = |word: &str| toml::Value::from(word).to_string();
        let line = |key: &str, word: &str| {
            if word.is_empty() { String::new() } else { format!("{key} = {}\n", quoted(word)) }
        };
        let regulations: Vec<_> = self.regulations.iter().map(|name| quoted(name)).collect();
        let regulations = match regulations.as_slice() {
            [] => String::new(),
            names => format!("regulations = [{}]\n", names.join(", ")),
        };
        let board = format!("{}{}", line("site", &self.site), line("language", &self.language));
        let board = if board.is_empty() { board } else { format!("\n[board]\n{board}") };
        let panel = match self.panel.as_str() {
            "" | "simulated" => String::new(),
            panel => format!("\n[[board.panel]]\nkind = {}\n", quoted(panel)),
        };
        format!(
            "# Written by `andonctl setup`. It comes over andon.toml; `andonctl config check` reads both.\n{regulations}{}{board}{panel}{}",
            line("zone", &self.zone),
            self.mail.text(quoted)
        )
    }
}

impl MailChoice {
    /// Its part of the file.
    fn text(&self, quoted: impl Fn(&str) -> String) -> String {
        let regulation = self.regulation.as_ref();
        let sign_in = if self.user.is_empty() {
            String::new()
        } else {
            format!("user = {}\npassword-file = {}\n", quoted(&self.user), quoted(PASSWORD_FILE))
        };
        let mut parts = Vec::new();
        if !self.server.is_empty() {
            let (host, from) = (quoted(&self.server), quoted(&self.address));
            parts.push(format!("\n[mail]\nhost = {host}\nfrom = {from}\n{sign_in}"));
        }
        if !self.imap.is_empty() {
            let types = first_types(regulation.as_slice());
            let kind = if self.kind.is_empty() { types.first() } else { Some(&self.kind) };
            let kind = quoted(kind.map_or("", String::as_str));
            // Letters may be from somebody with a name; a mail comes to an address.
            let plain = self.address.parse::<Mailbox>().map(|mailbox| mailbox.email.to_string());
            let address = quoted(plain.as_deref().unwrap_or(&self.address));
            // A file's id is not its name, and where there is one regulation none is asked for.
            let id = regulation.filter(|id| shipped::names().any(|known| known == id.as_str()));
            let id = id.map_or_else(String::new, |id| format!("regulation = {}\n", quoted(id)));
            let host = quoted(&self.imap);
            parts.push(format!(
                "\n[imap]\nhost = {host}\n{sign_in}\n[[mail-address]]\naddress = {address}\ntype = {kind}\n{id}"
            ));
        }
        parts.concat()
    }
}

/// The ids of the types of the first of these regulations; none where it cannot be read, which is told elsewhere.
fn first_types<S: AsRef<str>>(regulations: &[S]) -> Vec<String> {
    let first = regulations.first().and_then(|name| config::regulation(name.as_ref(), Path::new(".")).ok());
    first.map_or_else(Vec::new, |first| first.types.iter().map(|kind| kind.id.to_string()).collect())
}

/// Whether a word is one of those.
fn one_of<S: AsRef<str>>(known: &[S]) -> impl Fn(&str) -> Result<(), String> {
    let known: Vec<&str> = known.iter().map(S::as_ref).collect();
    move |word: &str| {
        known.contains(&word).then_some(()).ok_or_else(|| format!("one of {}", known.join(", ")))
    }
}

/// Whether it is an address, which may stand behind a name.
fn is_address(text: &str) -> Result<(), String> {
    text.parse::<Mailbox>().map(drop).map_err(|error| format!("no address: {error}"))
}

/// Somebody who answers.
struct Questions<'a> {
    input: &'a mut dyn BufRead,
    talk: &'a mut dyn Write,
}

impl Questions<'_> {
    /// Asks until the answer is one that can be; an empty one is the default.
    fn for_one(
        &mut self,
        question: &str,
        default: &str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<String, CliError> {
        loop {
            write!(self.talk, "{question} [{default}]: ")?;
            self.talk.flush()?;
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                return Err(CliError::Refused("setup was ended; nothing is written".to_owned()));
            }
            let answer = match line.trim() {
                "" => default,
                answer => answer,
            };
            match check(answer) {
                Ok(()) => return Ok(answer.to_owned()),
                Err(wrong) => writeln!(self.talk, "  {wrong}")?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        setup: Setup,
    }

    fn setup(words: &[&str]) -> Setup {
        Alone::parse_from([&["setup"], words].concat()).setup
    }

    #[test]
    fn what_is_asked_is_what_no_flag_says_and_a_wrong_answer_is_asked_again() {
        let asked = |words: &[&str], answers: &str| {
            let mut talk = Vec::new();
            let choice = setup(words).asked(&mut answers.as_bytes(), &mut talk);
            (choice, String::from_utf8(talk).expect("text"))
        };
        let (choice, talk) =
            asked(&["--panel", "st7796"], "getmarc\nitsm\nMoscow\n\nПервая линия\nen\n\n\nolga\n");
        let choice = choice.expect("it is answered");
        assert_eq!(choice.regulations, ["itsm"]);
        assert_eq!((choice.zone.as_str(), choice.site.as_str()), ("Europe/Moscow", "Первая линия"));
        assert_eq!(
            (choice.language.as_str(), choice.panel.as_str(), choice.admin.as_str()),
            ("en", "st7796", "olga")
        );
        assert!(talk.contains("unknown regulation `getmarc`") && talk.contains("an IANA name"), "{talk}");
        assert!(!talk.contains("Panel"), "{talk}");
        let (ended, _) = asked(&[], "itsm\n");
        assert!(ended.unwrap_err().to_string().contains("nothing is written"));
    }

    #[test]
    fn what_is_written_says_what_was_chosen_whatever_the_words_are() {
        let site = "a \"b\" \\ \n[board]";
        let choice = setup(&[
            "--site",
            site,
            "--regulation",
            "itsm",
            "--zone",
            "UTC",
            "--panel",
            "st7796",
            "--language",
            "en",
        ])
        .said();
        let config = Config::parse(Path::new("x.toml"), &choice.text()).expect("it is whole");
        assert_eq!(
            (config.board.site.as_str(), config.zone, config.regulations),
            (site, Tz::UTC, vec!["itsm".to_owned()])
        );
        assert_eq!(config.board.panels[0].kind.word(), "st7796");
        let config = Config::parse(Path::new("x.toml"), &setup(&[]).said().text()).expect("it is whole");
        assert_eq!(config.board.panels[0].kind.word(), "simulated");
    }

    #[test]
    fn what_nobody_says_is_left_as_the_configuration_has_it_and_offered_where_it_is_asked() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let base = dir.path().join("andon.toml");
        let before = "regulations = [\"itsm\", \"getmark\"]\nzone = \"Asia/Yekaterinburg\"\n[board]\nsite = \"Room 7\"\n\
                      language = \"en\"\n[[board.panel]]\nkind = \"st7796\"\ndc-pin = 25\nreset-pin = 24\n";
        fs::write(&base, before).expect("it can be written");
        let file = dir.path().join("andon.d/50-setup.toml").display().to_string();
        let flags = setup(&["--file", &file, "--admin", "boss"]);
        let before = Config::read(&base).expect("it is whole");
        let holds = |text: &str| {
            flags.check(text).expect("it is whole");
            flags.write(text).expect("it can be written");
            let after = Config::read(&base).expect("it is whole");
            assert_eq!((&after.regulations, after.zone), (&before.regulations, before.zone), "{text}");
            assert_eq!(
                (&after.board.site, after.board.language),
                (&before.board.site, before.board.language)
            );
            assert_eq!(after.board.panels, before.board.panels);
        };
        holds(&flags.said().text());
        let mut talk = Vec::new();
        let asked = flags.asked(&mut "\n\n\n\n\n\n\n".as_bytes(), &mut talk).expect("it is answered");
        let talk = String::from_utf8(talk).expect("text");
        for offered in ["[itsm]", "[Asia/Yekaterinburg]", "[Room 7]", "[en]", "[st7796]"] {
            assert!(talk.contains(offered), "{offered}: {talk}");
        }
        holds(&asked.text());
    }

    #[test]
    fn mail_is_asked_for_where_a_server_is_named_and_what_is_written_is_taken_by_the_loader() {
        let mut talk = Vec::new();
        let answers = "\n\n\n\n\nmx.example.org\nimap.example.org\nsupport\nDesk <support@example.org>\ndesk\nfault\nerror\n\n";
        let choice = setup(&[]).asked(&mut answers.as_bytes(), &mut talk).expect("it is answered");
        let talk = String::from_utf8(talk).expect("text");
        assert!(
            talk.contains("no address") && talk.contains("What a mail becomes: consultation, error"),
            "{talk}"
        );
        let config = Config::parse(Path::new("x.toml"), &choice.text()).expect("it is whole");
        config.regulations(Path::new(".")).expect("its type is one of the regulation");
        let (mail, imap) = (config.mail.expect("letters"), config.imap.expect("a mailbox"));
        assert_eq!((mail.host.as_str(), mail.user.as_deref()), ("mx.example.org", Some("desk")));
        assert_eq!((imap.host.as_str(), imap.user.as_str()), ("imap.example.org", "desk"));
        assert_eq!(mail.password_file, Some(imap.password_file));
        let address = &config.mail_addresses[0];
        assert_eq!((address.address.as_str(), address.kind.as_str()), ("support@example.org", "error"));

        let flags = ["--imap-server", "i", "--mail-address", "a@example.org", "--mail-user", "u"];
        let config = Config::parse(Path::new("x.toml"), &setup(&flags).said().text()).expect("it is whole");
        assert_eq!(config.mail_addresses[0].kind, "consultation", "the first type is the default");
        assert!(config.mail.is_none());
        assert!(Alone::try_parse_from(["setup", "--mail-server", "x"]).is_err(), "from whom?");
    }

    #[test]
    fn a_panel_that_does_not_go_with_what_is_there_is_not_written() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let base = dir.path().join("andon.toml");
        fs::write(&base, "[board.signals]\nred-pin = 8\n").expect("it can be written");
        let file = dir.path().join("andon.d/50-setup.toml").display().to_string();
        let clash = setup(&["--file", &file, "--panel", "st7796"]);
        let told = clash.check(&clash.said().text()).unwrap_err().to_string();
        assert!(told.contains("pin 8 is used by"), "{told}");
        let whole = setup(&["--file", &file]);
        whole.check(&whole.said().text()).expect("it is whole");
        whole.write(&whole.said().text()).expect("it can be written");
        assert_eq!(Config::read(&base).expect("it is whole").regulations, ["getmark"]);
        assert!(whole.refuse_to_replace().unwrap_err().to_string().contains("--force"));
        setup(&["--file", &file, "--force"]).refuse_to_replace().expect("it is wanted");
    }
}
