//! A real Postfix of a test's own: on loopback, with its configuration, queue and mailboxes in the test's directory.
//!
//! Nothing of the machine's own configuration is read or written. The mail of [`PEOPLE`] comes into one maildir that the test
//! reads; that of the desk's domain goes where the test says.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::daemon::eventually;
use crate::mail_server::Letter;
use crate::mailbox::NOBODY;
use crate::tls::Pair;

/// Whom Postfix runs as.
const POSTFIX: &str = "postfix";
/// Where its programs are.
const PROGRAMS: &str = "/usr/lib/postfix/sbin";
/// The domain of the people who write to the desk.
pub const PEOPLE: &str = "example.ru";
/// The desk's.
pub const DESK: &str = "desk.example";
/// How long mail that is under way is waited for: a burst of thousands is no matter of a minute on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where the mail of the desk's domain goes.
#[derive(Clone, Debug)]
pub enum Desk {
    /// To whoever speaks LMTP there: `inet:127.0.0.1:8424`, or `unix:` and a socket's path.
    Lmtp(String),
    /// Into a maildir.
    Maildir(PathBuf),
}

/// What a Postfix has besides.
#[derive(Clone, Debug, Default)]
pub struct Besides<'a> {
    /// With a certificate it takes mail over STARTTLS, and none without.
    pub pair: Option<&'a Pair>,
    /// A domain whose mail goes on to a server on loopback.
    pub other: Option<(&'a str, SocketAddr)>,
}

/// A running Postfix. Killed when dropped.
pub struct Postfix {
    dir: PathBuf,
    port: u16,
    master: Option<Child>,
}

/// A port that was free a moment ago.
///
/// # Panics
/// Where there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it listens").port()
}

impl Postfix {
    /// Why none can be had on this machine; nothing where one can.
    pub fn missing() -> Option<&'static str> {
        if !Path::new(PROGRAMS).join("master").exists() {
            return Some("there is no Postfix to carry mail");
        }
        if !rustix::process::getuid().is_root() {
            return Some("Postfix starts for root only");
        }
        None
    }

    /// Starts one with its files in `dir`.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(dir: &Path, desk: &Desk) -> Self {
        Self::start_with(dir, desk, &Besides::default())
    }

    /// The same, with more.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_with(dir: &Path, desk: &Desk, besides: &Besides<'_>) -> Self {
        let postfix = Self { dir: dir.to_owned(), port: free_port(), master: None };
        for (below, owner) in
            [("etc", None), ("queue", None), ("data", Some(uid(POSTFIX))), ("people", Some(NOBODY))]
        {
            let path = dir.join(below);
            std::fs::create_dir_all(&path).expect("a directory");
            chown(&path, owner, None).expect("the tests are root");
        }
        // Its processes are nobody's in particular, and pass through.
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        std::fs::write(dir.join("etc/main.cf"), postfix.main_cf(desk, besides) + &tls(besides.pair))
            .expect("a file");
        std::fs::write(dir.join("etc/master.cf"), postfix.master_cf()).expect("a file");
        let checked = Command::new("/usr/sbin/postfix").arg("-c").arg(dir.join("etc")).arg("check").output();
        let checked = checked.expect("it can be run");
        assert!(checked.status.success(), "{checked:?}: {}", postfix.log());
        let mut postfix = postfix;
        postfix.go_on();
        postfix
    }

    fn main_cf(&self, desk: &Desk, besides: &Besides<'_>) -> String {
        let dir = self.dir.display();
        let people = self.people();
        let below_root = |path: &Path| format!("{}/", path.display()).trim_start_matches('/').to_owned();
        let other =
            besides.other.map(|(domain, at)| format!("{{ {domain} = smtp:[{}]:{} }}", at.ip(), at.port()));
        let (relayed, virtual_too, transport, mailbox) = match desk {
            Desk::Lmtp(place) => (DESK, "", format!("{{ {DESK} = lmtp:{place} }}"), String::new()),
            Desk::Maildir(path) => ("", DESK, String::new(), format!("{{ @{DESK} = {} }}", below_root(path))),
        };
        let transports = [transport, other.unwrap_or_default()].join(" ");
        let transports =
            if transports.trim().is_empty() { transports } else { format!("inline:{{ {transports} }}") };
        format!(
            "compatibility_level = 3.6\nqueue_directory = {dir}/queue\ndata_directory = {dir}/data\n\
             maillog_file = {dir}/log\nmaillog_file_prefixes = {dir}\n\
             myhostname = mx.example\nmydestination =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
             mynetworks = 127.0.0.0/8\nalias_maps =\nalias_database =\n\
             relay_domains = {relayed}\ntransport_maps = {transports}\n\
             virtual_mailbox_domains = {PEOPLE} {virtual_too}\nvirtual_mailbox_base = /\n\
             virtual_mailbox_maps = inline:{{ {{ @{PEOPLE} = {people} }} {mailbox} }}\n\
             virtual_uid_maps = static:{NOBODY}\nvirtual_gid_maps = static:{NOBODY}\n\
             queue_run_delay = 1s\nminimal_backoff_time = 1s\nmaximal_backoff_time = 2s\ntransport_retry_time = 1s\n\
             smtpd_client_connection_count_limit = 0\nsmtpd_client_connection_rate_limit = 0\n\
             default_destination_concurrency_failed_cohort_limit = 100\nmessage_size_limit = 50000000\nmailbox_size_limit = 0\n\
             virtual_mailbox_limit = 0\nlmtp_destination_recipient_limit = 1\n",
            people = below_root(&people),
        )
    }

    fn master_cf(&self) -> String {
        format!(
            "127.0.0.1:{port} inet n - n - - smtpd\ncleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\n\
             rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\n\
             trace unix - - n - 0 bounce\nverify unix - - n - 1 verify\nflush unix n - n 1000? 0 flush\n\
             proxymap unix - - n - - proxymap\nproxywrite unix - - n - 1 proxymap\nsmtp unix - - n - - smtp\n\
             relay unix - - n - - smtp\nerror unix - - n - - error\nretry unix - - n - - error\n\
             discard unix - - n - - discard\nvirtual unix - n n - - virtual\nlmtp unix - - n - - lmtp\n\
             tlsmgr unix - - n 1000? 1 tlsmgr\nanvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\npostlog unix-dgram n - n - 1 postlogd\n",
            port = self.port
        )
    }

    /// Makes a directory that its processes may come into, and whose files are their group's: as `/run/andon` is to a Postfix
    /// whose user is in the group `andon`.
    ///
    /// # Panics
    /// Where that cannot be.
    pub fn let_into(&self, dir: &Path) {
        std::fs::create_dir_all(dir).expect("a directory");
        chown(dir, None, Some(gid(POSTFIX))).expect("the tests are root");
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o2750)).expect("it is ours");
    }

    /// Starts it, or starts it again on the same port.
    ///
    /// # Panics
    /// Where it does not listen.
    pub fn go_on(&mut self) {
        let master = Command::new(Path::new(PROGRAMS).join("master"))
            .arg("-c")
            .arg(self.dir.join("etc"))
            .arg("-d")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Postfix can be started");
        self.master = Some(master);
        let port = self.port;
        eventually("Postfix listens", || TcpStream::connect(("127.0.0.1", port)).ok());
    }

    /// Kills all its processes at once, in the middle of whatever they do.
    pub fn kill(&mut self) {
        let Some(mut master) = self.master.take() else { return };
        let pid = Pid::from_child(&master);
        // One that is stopped begins no more others.
        let _ = kill_process(pid, Signal::STOP);
        for child in children(pid) {
            let _ = kill_process(child, Signal::KILL);
        }
        let _ = master.kill();
        let _ = master.wait();
    }

    /// Its port of SMTP.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Somebody's mail to somebody, by SMTP.
    ///
    /// # Panics
    /// Where Postfix does not take it.
    pub fn send(&self, from: &str, to: &str, mail: &str) {
        assert!(bring(self.port, from, to, mail), "Postfix takes a mail: {}", self.log());
    }

    /// The maildir of [`PEOPLE`].
    fn people(&self) -> PathBuf {
        self.dir.join("people")
    }

    /// How many letters have come to people.
    pub fn count(&self) -> usize {
        std::fs::read_dir(self.people().join("new")).map_or(0, Iterator::count)
    }

    /// The letters that have come to people, by when they came.
    ///
    /// # Panics
    /// Where one cannot be read.
    pub fn letters(&self) -> Vec<Letter> {
        let Ok(files) = std::fs::read_dir(self.people().join("new")) else { return Vec::new() };
        let mut letters: Vec<_> = files
            .map(|file| {
                let path = file.expect("a directory").path();
                let come = path.metadata().and_then(|file| file.modified()).expect("it is there");
                let raw =
                    String::from_utf8(std::fs::read(&path).expect("it is there")).expect("letters are ASCII");
                let to = raw.lines().find_map(|line| line.strip_prefix("Delivered-To: "));
                (come, Letter { to: to.expect("Postfix says whom it is to").to_owned(), raw: raw.clone() })
            })
            .collect();
        letters.sort_by_key(|(come, _)| *come);
        letters.into_iter().map(|(_, letter)| letter).collect()
    }

    /// Those to somebody.
    pub fn letters_to(&self, address: &str) -> Vec<Letter> {
        self.letters().into_iter().filter(|letter| letter.to == address).collect()
    }

    /// How many mails are under way.
    pub fn queued(&self) -> usize {
        let queues = ["incoming", "active", "deferred", "maildrop"];
        queues.iter().map(|queue| mails_below(&self.dir.join("queue").join(queue))).sum()
    }

    /// Waits until no mail is under way.
    ///
    /// # Panics
    /// Where that never comes.
    pub fn wait_until_empty(&self) {
        let start = Instant::now();
        while self.queued() > 0 {
            assert!(start.elapsed() < PATIENCE, "{} mails are under way: {}", self.queued(), self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The last lines of what it says.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Somebody's mail to somebody, by SMTP to that port of loopback; false where nobody says that they have it.
pub fn bring(port: u16, from: &str, to: &str, mail: &str) -> bool {
    smtp(port, from, to, mail).is_some()
}

fn smtp(port: u16, from: &str, to: &str, mail: &str) -> Option<()> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).ok()?);
    let mut said = |line: &str, code: &str| -> Option<()> {
        stream.get_mut().write_all(line.as_bytes()).ok()?;
        loop {
            let mut heard = String::new();
            stream.read_line(&mut heard).ok()?;
            match heard.as_bytes().get(3)? {
                b'-' => {}
                _ => return heard.starts_with(code).then_some(()),
            }
        }
    };
    said("", "220")?;
    said("EHLO people.example\r\n", "250")?;
    said(&format!("MAIL FROM:<{from}>\r\n"), "250")?;
    said(&format!("RCPT TO:<{to}>\r\n"), "250")?;
    said("DATA\r\n", "354")?;
    said(&format!("{}\r\n.\r\n", mail.replace("\r\n.", "\r\n..")), "250")
}

/// What encrypts the way of mail to Postfix.
fn tls(pair: Option<&Pair>) -> String {
    let Some(pair) = pair else { return String::new() };
    let (certificate, key) = (pair.certificate.display(), pair.key.display());
    format!(
        "smtpd_tls_security_level = encrypt\nsmtpd_tls_received_header = yes\nsmtpd_tls_chain_files = {key}, {certificate}\n"
    )
}

/// The mails below a directory of the queue. What was killed before it said that it has a mail leaves a file that cannot be
/// executed, and is none.
fn mails_below(dir: &Path) -> usize {
    // A queue moves while one looks.
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let mails = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => mails_below(&entry.path()),
        Ok(found) => usize::from(found.permissions().mode() & 0o100 != 0),
        Err(_) => 0,
    };
    entries.flatten().map(mails).sum()
}

/// The number of a user of this machine.
fn uid(name: &str) -> u32 {
    number(name, "/etc/passwd")
}

/// The number of a group.
fn gid(name: &str) -> u32 {
    number(name, "/etc/group")
}

fn number(name: &str, file: &str) -> u32 {
    let known = std::fs::read_to_string(file).expect("it can be read");
    let line = known.lines().find(|line| line.split(':').next() == Some(name));
    let number = line.and_then(|line| line.split(':').nth(2)).and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("{name} is in {file}"))
}

/// The processes that this one has begun.
fn children(parent: Pid) -> Vec<Pid> {
    let processes = std::fs::read_dir("/proc").expect("it can be read").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |pid: &i32| {
        // Behind the name, which may hold anything, stand the state and the parent.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent_of = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1));
        parent_of.and_then(|of| of.parse().ok()) == Some(parent.as_raw_nonzero().get())
    };
    pids.filter(is_child).filter_map(Pid::from_raw).collect()
}
