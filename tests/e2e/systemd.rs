//! What systemd is told: ready, alive, stopping.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use andon_tests::Daemon;

#[test]
fn systemd_is_told_that_the_desk_is_ready_alive_and_stopping() {
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
    heard("READY=1");
    heard("WATCHDOG=1");
    heard("WATCHDOG=1");
    assert_eq!(daemon.stop().code(), Some(0));
    heard("STOPPING=1");
}
