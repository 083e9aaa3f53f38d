//! What systemd is told: ready, alive, stopping; and what it says to the units.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use andon_tests::Daemon;
use andon_tests::daemon::binary;
use andon_tests::needs::skipped;
use rustix::io::FdFlags;

#[test]
fn systemd_is_given_the_socket_and_told_that_the_desk_is_ready_alive_and_stopping() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket has time-outs");
    let name = path.display().to_string();
    let env = [("NOTIFY_SOCKET", name.as_str()), ("WATCHDOG_USEC", "200000")];
    let daemon = Daemon::start_in(&dir.path().join("state"), &[], &env);
    let heard = |what: &str| {
        let mut buffer = [0_u8; 256];
        loop {
            let read = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {what}: {error}"));
            if String::from_utf8_lossy(&buffer[..read]).lines().any(|line| line == what) {
                return;
            }
        }
    };
    heard("FDNAME=http");
    heard("READY=1");
    heard("WATCHDOG=1");
    heard("WATCHDOG=1");
    assert_eq!(daemon.stop().code(), Some(0));
    heard("STOPPING=1");
}

/// The units, as a machine has them that tests: with the programs just built, and users that need not be there.
fn units(dir: &Path) -> Vec<PathBuf> {
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../systemd");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(units).expect("the units are there") {
        let from = entry.expect("the units are there").path();
        let ending = from.extension().and_then(OsStr::to_str).unwrap_or_default();
        if !["service", "socket", "timer"].contains(&ending) {
            continue;
        }
        let mut text = std::fs::read_to_string(&from).expect("a unit is text");
        assert!(text.contains("[Unit]\nDescription="), "{}", from.display());
        for name in ["andond", "andonctl"] {
            text = text.replace(&format!("/usr/bin/{name}"), &binary(name).display().to_string());
        }
        let to = dir.join(from.file_name().expect("it has a name"));
        std::fs::write(&to, text).expect("a test's directory can be written");
        paths.push(to);
    }
    paths
}

/// `systemd-analyze` with these arguments; none where it is not installed.
fn analyze(why: &str, args: &[&str], units: &[PathBuf]) -> Option<Output> {
    match Command::new("systemd-analyze").args(args).args(units).output() {
        Ok(said) => Some(said),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skipped("systemd-analyze", why);
            None
        }
        Err(error) => panic!("systemd-analyze: {error}"),
    }
}

#[test]
fn systemd_finds_nothing_to_say_to_the_units() {
    let dir = tempfile::tempdir().expect("a directory");
    let units = units(dir.path());
    assert!(units.len() >= 7, "{units:?}");
    let why = "the units are not verified";
    let Some(said) = analyze(why, &["verify", "--man=no"], &units) else { return };
    // It ends with 0 at keys that it does not know.
    let told = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && told.is_empty(), "{told}");
}

#[test]
fn the_units_expose_no_more_than_they_have_to() {
    let dir = tempfile::tempdir().expect("a directory");
    for unit in units(dir.path()) {
        let name = unit.file_name().and_then(OsStr::to_str).expect("it has a name").to_owned();
        // In tenths of 0 to 10. The desk's own is 1.5; the helper that asks systemd for a start runs as root.
        let most = match name.as_str() {
            "andond.service" => "15",
            "andon-backup.service" | "andond-failed.service" => "10",
            "andond-again.service" => "30",
            _ => continue,
        };
        let args = ["security", "--offline=true", "--no-pager", "--threshold", most];
        let Some(said) = analyze("how far the units are exposed is not known", &args, &[unit]) else {
            return;
        };
        let told = String::from_utf8_lossy(&said.stdout);
        let worst: Vec<_> =
            told.lines().filter(|line| line.starts_with('✗') || line.starts_with('→')).collect();
        assert!(said.status.success(), "{name}: {worst:#?}");
    }
}

/// A daemon that is given a socket, as systemd gives it: as its descriptor 3, under a name. It is asked to listen at `listen`.
fn with_socket(socket: &TcpListener, name: &str, state: &Path, listen: &str) -> Child {
    rustix::io::fcntl_setfd(socket, FdFlags::empty()).expect("a socket can be passed on");
    let given = socket.as_raw_fd();
    let script = format!("LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES={name} exec \"$@\" 3<&{given}");
    let child = Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(binary("andond"))
        .arg("--state-dir")
        .arg(state)
        .args(["--listen", listen])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.expect("andond can be started");
    rustix::io::fcntl_setfd(socket, FdFlags::CLOEXEC).expect("a socket can be kept");
    child
}

/// Calls, and gives the connection on which an answer is to come.
fn call(address: SocketAddr) -> TcpStream {
    ask(address, "/healthz")
}

/// Asks for a path, and gives the connection on which the answer is to come.
fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("nobody is refused");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket has time-outs");
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n").as_bytes())
        .expect("a call can be sent");
    stream
}

/// The first line of the answer.
fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("the answer comes");
    text.lines().next().unwrap_or_default().to_owned()
}

fn end(mut child: Child) {
    child.kill().expect("a child can be killed");
    child.wait().expect("a child ends");
}

#[test]
fn callers_wait_while_a_daemon_that_was_killed_is_started_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("it has an address");
    let first = with_socket(&socket, "http", dir.path(), &address.to_string());
    assert_eq!(answer(call(address)), "HTTP/1.1 200 OK");
    end(first);
    let waits = call(address);
    let second = with_socket(&socket, "http", dir.path(), &address.to_string());
    assert_eq!(answer(waits), "HTTP/1.1 200 OK");
    end(second);
}

#[test]
fn callers_who_were_let_in_are_answered_by_a_daemon_that_is_told_to_stop() {
    let dir = tempfile::tempdir().expect("a directory");
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("it has an address");
    let is_over = AtomicBool::new(false);
    let unanswered = std::thread::scope(|scope| {
        let calls = || {
            let mut unanswered = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let mut text = String::new();
                let read = call(address).read_to_string(&mut text);
                if !text.starts_with("HTTP/1.1 200 OK") {
                    unanswered.push(format!("{read:?}: {text}"));
                }
            }
            unanswered
        };
        let callers = [scope.spawn(calls), scope.spawn(calls)];
        let ended: Vec<_> = (0..8)
            .map(|_| {
                let mut child = with_socket(&socket, "http", dir.path(), &address.to_string());
                // By then it listens for the signal, too.
                while answer(ask(address, "/readyz")) != "HTTP/1.1 200 OK" {}
                let pid = child.id().to_string();
                Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there");
                child.wait().expect("a child ends").code()
            })
            .collect();
        let last = with_socket(&socket, "http", dir.path(), &address.to_string());
        is_over.store(true, Ordering::Relaxed);
        let unanswered = callers.map(|caller| caller.join().expect("callers go on")).concat();
        end(last);
        assert_eq!(ended, [Some(0); 8]);
        unanswered
    });
    assert!(unanswered.is_empty(), "{} calls: {:?}", unanswered.len(), unanswered.first());
}

#[test]
fn a_units_socket_is_served_where_the_configuration_says_another_and_that_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("it has an address");
    let mut child = with_socket(&socket, "andond.socket", dir.path(), "127.0.0.1:8420");
    assert_eq!(answer(call(address)), "HTTP/1.1 200 OK");
    let mut told = String::new();
    let mut stderr = child.stderr.take().expect("it is piped");
    end(child);
    stderr.read_to_string(&mut told).expect("a log is text");
    assert!(told.contains(&format!("the unit andond.socket gives a socket at {address}")), "{told}");
}

#[test]
fn the_journal_takes_in_the_catalog_of_messages() {
    let dir = tempfile::tempdir().expect("a directory");
    let catalog = dir.path().join("usr/lib/systemd/catalog");
    std::fs::create_dir_all(&catalog).expect("a directory");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../systemd/andon.catalog");
    std::fs::copy(&ours, catalog.join("andon.catalog")).expect("the catalog is there");
    let root = format!("--root={}", dir.path().display());
    let journalctl = |what: &str| Command::new("journalctl").args([root.as_str(), what]).output();
    let taken = match journalctl("--update-catalog") {
        Ok(taken) => taken,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return skipped("journalctl", "the catalog of messages is not taken in");
        }
        Err(error) => panic!("journalctl: {error}"),
    };
    let told = String::from_utf8_lossy(&taken.stderr);
    assert!(taken.status.success() && told.is_empty(), "{told}");
    let listed = journalctl("--list-catalog").expect("it ran before").stdout;
    let entries = std::fs::read_to_string(&ours).expect("text");
    let entries = entries.lines().filter(|line| line.starts_with("-- ")).count();
    assert_eq!(String::from_utf8_lossy(&listed).lines().count(), entries);
}
