//! Mail servers of the tests: whoever speaks LMTP to the desk, and a real Dovecot with a mailbox of its own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::daemon::eventually;
use crate::postfix::free_port;
use crate::tls::Pair;

/// Whom Dovecot keeps mail as where the tests are root: it refuses to be root itself.
pub(crate) const NOBODY: u32 = 65_534;

/// A mail server that speaks LMTP to a socket.
pub struct Lmtp {
    stream: BufReader<UnixStream>,
}

impl Lmtp {
    /// Connects and greets.
    ///
    /// # Panics
    /// Where nobody answers.
    pub fn connect(socket: &Path) -> Self {
        let stream = eventually("somebody listens for LMTP", || UnixStream::connect(socket).ok());
        let mut lmtp = Self { stream: BufReader::new(stream) };
        assert!(lmtp.hear().starts_with("220"));
        assert!(lmtp.say("LHLO mx.example\r\n").starts_with("250"));
        lmtp
    }

    /// Brings a mail, and gives the answer.
    pub fn bring(&mut self, to: &str, mail: &str) -> String {
        self.begin(to);
        self.say(&format!("{mail}\r\n.\r\n"))
    }

    /// Brings a mail and goes without waiting for the answer.
    pub fn bring_and_go(mut self, to: &str, mail: &str) {
        self.begin(to);
        // Whoever is killed meanwhile takes no more.
        let _ = self.stream.get_mut().write_all(format!("{mail}\r\n.\r\n").as_bytes());
    }

    fn begin(&mut self, to: &str) {
        assert!(self.say("MAIL FROM:<mx@mx.example>\r\n").starts_with("250"));
        assert!(self.say(&format!("RCPT TO:<{to}>\r\n")).starts_with("250"));
        assert!(self.say("DATA\r\n").starts_with("354"));
    }

    fn say(&mut self, text: &str) -> String {
        self.stream.get_mut().write_all(text.as_bytes()).expect("it listens");
        self.hear()
    }

    /// The last line of an answer.
    fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("it answers");
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }
}

/// How the way to a Dovecot is encrypted.
#[derive(Clone, Debug)]
pub enum Way {
    /// It is not.
    Plain,
    /// It begins plain and is encrypted before anything is said.
    Starttls(Pair),
    /// It is encrypted from the first byte.
    Tls(Pair),
}

/// A Dovecot with the mailbox of `desk`, on loopback.
pub struct Dovecot {
    dir: PathBuf,
    port: u16,
    way: Way,
    child: Option<Child>,
    delivered: u32,
}

impl Dovecot {
    /// The password of `desk`.
    pub const PASSWORD: &str = "s3cret \"quoted\"";

    /// Whether there is a Dovecot on this machine.
    pub fn is_there() -> bool {
        Self::binary().is_some()
    }

    fn binary() -> Option<PathBuf> {
        ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"]
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())
    }

    /// Starts one with its files in `dir`, which is short enough for a socket's path.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(dir: &Path) -> Self {
        Self::start_as(dir, Way::Plain)
    }

    /// The same, encrypted so.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_as(dir: &Path, way: Way) -> Self {
        let mut dovecot = Self { dir: dir.to_owned(), port: free_port(), way, child: None, delivered: 0 };
        let (uid, gid) = Self::owner();
        std::fs::create_dir_all(dir.join("run")).expect("a directory");
        for mailbox in ["", ".Old"] {
            dovecot.make(mailbox);
        }
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        std::fs::write(dir.join("users"), format!("desk:{{PLAIN}}{}\n", Self::PASSWORD)).expect("a file");
        std::fs::write(dir.join("dovecot.conf"), dovecot.configuration(uid, gid)).expect("a file");
        dovecot.go_on();
        dovecot
    }

    fn make(&self, mailbox: &str) {
        let (uid, gid) = Self::owner();
        let maildir = self.maildir();
        let whole = [self.dir.join("mail"), maildir.clone(), maildir.join(mailbox)];
        for path in
            whole.into_iter().chain(["new", "cur", "tmp"].map(|below| maildir.join(mailbox).join(below)))
        {
            std::fs::create_dir_all(&path).expect("a directory");
            // Where the tests are nobody, it is theirs already.
            let _ = std::os::unix::fs::chown(&path, Some(uid), Some(gid));
        }
    }

    fn owner() -> (u32, u32) {
        let is_root = rustix::process::getuid().is_root();
        if is_root {
            (NOBODY, NOBODY)
        } else {
            (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw())
        }
    }

    fn configuration(&self, uid: u32, gid: u32) -> String {
        let dir = self.dir.display();
        let own = if rustix::process::getuid().is_root() {
            String::new()
        } else {
            let name = |what: &str| {
                let out = Command::new("id").arg(what).output().expect("id can be run").stdout;
                String::from_utf8_lossy(&out).trim().to_owned()
            };
            let (user, group) = (name("-un"), name("-gn"));
            format!(
                "default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}\n"
            )
        };
        let (plain, encrypted, ssl) = match &self.way {
            Way::Plain => (self.port, 0, "ssl = no\n".to_owned()),
            Way::Starttls(pair) => (self.port, 0, required(pair)),
            Way::Tls(pair) => (0, self.port, required(pair)),
        };
        format!(
            "base_dir = {dir}/run\nlog_path = {dir}/log\nprotocols = imap\nlisten = 127.0.0.1\n{ssl}disable_plaintext_auth = no\n\
             auth_mechanisms = plain login\nfirst_valid_uid = 1\nmail_location = maildir:{dir}/mail/%n\nmaildir_stat_dirs = no\n{own}\
             passdb {{\n driver = passwd-file\n args = {dir}/users\n}}\n\
             userdb {{\n driver = static\n args = uid={uid} gid={gid} home={dir}/mail/%n\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n  port = {plain}\n }}\n inet_listener imaps {{\n  port = {encrypted}\n  ssl = yes\n }}\n}}\n\
             service anvil {{\n chroot =\n}}\nservice stats {{\n chroot =\n}}\n"
        )
    }

    /// Starts it, or starts it again on the same port.
    pub fn go_on(&mut self) {
        let binary = Self::binary().expect("there is a Dovecot");
        let child = Command::new(binary)
            .args(["-F", "-c"])
            .arg(self.dir.join("dovecot.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Dovecot can be started");
        self.child = Some(child);
        let port = self.port;
        eventually("Dovecot listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    }

    /// Ends it.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let pid = rustix::process::Pid::from_child(&child);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            let _ = child.wait();
        }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A desk's `[imap]` that reads the mailbox of `desk`, encrypted as `tls` says; the password is to lie in `password`.
    pub fn imap(&self, tls: &str, more: &str) -> String {
        format!(
            "[imap]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"{tls}\"\nuser = \"desk\"\npassword-file = \"password\"\n{more}\n",
            self.port
        )
    }

    /// The maildir of `desk`.
    pub fn maildir(&self) -> PathBuf {
        self.dir.join("mail/desk")
    }

    /// What it says.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// Delivers a mail to the inbox.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn deliver(&mut self, mail: &str) {
        self.put("", mail);
    }

    /// Lays a mail into the mailbox `Old`.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn lay_aside(&mut self, mail: &str) {
        self.put(".Old", mail);
    }

    fn put(&mut self, mailbox: &str, mail: &str) {
        self.delivered += 1;
        let (uid, gid) = Self::owner();
        let name = format!("{}.M{}.test", 1_700_000_000 + self.delivered, self.delivered);
        let maildir = self.maildir().join(mailbox);
        let (tmp, new) = (maildir.join("tmp").join(&name), maildir.join("new").join(&name));
        std::fs::write(&tmp, mail).expect("a mail can be written");
        let _ = std::os::unix::fs::chown(&tmp, Some(uid), Some(gid));
        std::fs::rename(&tmp, &new).expect("a mail can be delivered");
    }

    /// How many mails are in the inbox, and how many of them are marked as read.
    pub fn mails(&self) -> (usize, usize) {
        self.mails_in("")
    }

    /// The same of the mailbox `Old`.
    pub fn laid_aside(&self) -> (usize, usize) {
        self.mails_in(".Old")
    }

    fn mails_in(&self, mailbox: &str) -> (usize, usize) {
        let names = |below: &str| {
            let files = std::fs::read_dir(self.maildir().join(mailbox).join(below)).expect("a directory");
            files
                .map(|file| file.expect("it can be read").file_name().to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        let all: Vec<String> = names("new").into_iter().chain(names("cur")).collect();
        let is_read = |name: &&String| name.rsplit_once(":2,").is_some_and(|(_, flags)| flags.contains('S'));
        (all.len(), all.iter().filter(is_read).count())
    }

    /// Forgets the numbers of its mails: the mailbox is one that was made anew.
    pub fn forget_numbers(&mut self) {
        self.stop();
        let files = std::fs::read_dir(self.dir.join("mail/desk")).expect("a directory");
        for file in files.map(|file| file.expect("it can be read")) {
            if file.file_name().to_string_lossy().starts_with("dovecot") && file.path().is_file() {
                std::fs::remove_file(file.path()).expect("it can be removed");
            }
        }
        self.go_on();
    }
}

/// Nobody is let in before the way is encrypted.
fn required(pair: &Pair) -> String {
    let (certificate, key) = (pair.certificate.display(), pair.key.display());
    format!("ssl = required\nssl_cert = <{certificate}\nssl_key = <{key}\n")
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
    }
}
