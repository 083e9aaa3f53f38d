//! The HTTP door's socket: the one that systemd kept of the last run, one of a socket unit, or a new one.
//!
//! What andond opens it also leaves with systemd (`FileDescriptorStoreMax=`), which gives it back to the next andond. So
//! while it is restarted, or killed, callers wait at the socket and none is refused. A socket of a unit (`andond.socket`)
//! is systemd's own; it is for ports that the daemon may not open itself.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;

use listenfd::ListenFd;
use sd_notify::NotifyState;

/// What systemd calls the socket that it keeps for us. Those of units are called after their unit.
const KEPT: &str = "http";

/// A socket that systemd gave us.
#[derive(Debug)]
pub(super) struct Given {
    name: String,
    address: SocketAddr,
    listener: TcpListener,
}

/// The door's socket.
#[derive(Debug)]
pub(super) struct DoorSocket {
    /// Callers come in here. It does not block.
    pub(super) listener: TcpListener,
    /// Where it is, which may not be what was asked for.
    pub(super) address: SocketAddr,
    from: From,
}

/// Where the socket comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    /// A unit, which keeps it.
    Unit(String),
    /// The last run, by systemd's hand.
    LastRun,
    /// Opened now.
    Here,
}

/// The sockets that systemd gave us; none outside of a unit. Called once, while there are no threads: it takes what says so
/// out of the environment.
pub(super) fn given() -> Vec<Given> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut sockets = ListenFd::from_env();
    let count = sockets.len();
    let names = names.split(':').map(str::to_owned).chain(std::iter::repeat(String::new()));
    let take = |(place, name): (usize, String)| {
        let listener = sockets.take_tcp_listener(place).and_then(|taken| {
            let Some(listener) = taken else { return Ok(None) };
            listener.local_addr().map(|address| Some((address, listener)))
        });
        match listener {
            Ok(taken) => taken.map(|(address, listener)| Given { name, address, listener }),
            Err(error) => {
                log::warn!("systemd gave a socket, `{name}`, that the HTTP door cannot be at: {error}");
                None
            }
        }
    };
    (0..count).zip(names).filter_map(take).collect()
}

/// The socket at `wanted`, or the one that a unit gives instead: systemd holds that one open in any case, and whoever called
/// there would wait for ever. What is given and not used is closed.
///
/// # Errors
/// When nothing is given and the address cannot be had.
pub(super) fn open(given: Vec<Given>, wanted: SocketAddr) -> io::Result<DoorSocket> {
    let (kept, of_units): (Vec<_>, Vec<_>) = given.into_iter().partition(|socket| socket.name == KEPT);
    let (kept_here, kept_elsewhere): (Vec<_>, Vec<_>) =
        kept.into_iter().partition(|socket| is_at(socket.address, wanted));
    if !kept_elsewhere.is_empty() || !of_units.is_empty() {
        // The configuration says another address by now, or a unit has taken over.
        tell(&[NotifyState::FdStoreRemove, NotifyState::FdName(KEPT)]);
    }
    drop(kept_elsewhere);
    let (at_wanted, elsewhere): (Vec<_>, Vec<_>) =
        of_units.into_iter().partition(|socket| is_at(socket.address, wanted));
    let chosen =
        at_wanted.into_iter().chain(elsewhere).map(|socket| (From::Unit(socket.name.clone()), socket));
    let kept = kept_here.into_iter().map(|socket| (From::LastRun, socket));
    if let Some((from, Given { address, listener, .. })) = chosen.chain(kept).next() {
        return ready(DoorSocket { listener, address, from });
    }
    let listener = TcpListener::bind(wanted)?;
    let address = listener.local_addr()?;
    ready(DoorSocket { listener, address, from: From::Here })
}

/// Whether a socket is where it is wanted; port 0 is any.
fn is_at(address: SocketAddr, wanted: SocketAddr) -> bool {
    address.ip() == wanted.ip() && (wanted.port() == 0 || address.port() == wanted.port())
}

fn ready(socket: DoorSocket) -> io::Result<DoorSocket> {
    socket.listener.set_nonblocking(true)?;
    Ok(socket)
}

impl DoorSocket {
    /// What an admin has to know who asked for `wanted`.
    pub(super) fn remark(&self, wanted: SocketAddr) -> Option<String> {
        match &self.from {
            From::Unit(unit) if !is_at(self.address, wanted) => Some(format!(
                "the unit {unit} gives a socket at {address}, and `listen` says {wanted}: callers are served at {address}. Say the \
                 same in both, or take the unit away: systemctl disable --now {unit}",
                address = self.address
            )),
            From::Unit(_) | From::LastRun | From::Here => None,
        }
    }

    /// Leaves our own socket with systemd, so that callers wait while the daemon is restarted. Outside of a unit, or where the
    /// unit allows none, nothing happens.
    pub(super) fn leave_with_systemd(&self) {
        let Self { listener, from, .. } = self;
        match from {
            From::Unit(_) | From::LastRun => {}
            From::Here => {
                let store = [NotifyState::FdStore, NotifyState::FdName(KEPT)];
                if let Err(error) = sd_notify::notify_with_fds(&store, &[listener.as_fd()]) {
                    log::warn!(
                        "systemd does not keep the HTTP door's socket, so callers are refused during a restart: {error}"
                    );
                }
            }
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    // Nobody to tell is no failure, and neither is a socket that stays open for nothing.
    let _ = sd_notify::notify(state);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str) -> Given {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Given { name: name.to_owned(), address: listener.local_addr().unwrap(), listener }
    }

    #[test]
    fn the_socket_of_the_last_run_is_taken_where_it_is_still_wanted() {
        let kept = given(KEPT);
        let address = kept.address;
        let socket = open(vec![kept], address).unwrap();
        assert_eq!((socket.address, &socket.from), (address, &From::LastRun));
        assert_eq!(socket.remark(address), None);
    }

    #[test]
    fn the_socket_of_the_last_run_is_closed_where_another_address_is_wanted() {
        let kept = given(KEPT);
        let (before, free) = (kept.address, given("free").address);
        let socket = open(vec![kept], free).unwrap();
        assert_eq!((socket.address, &socket.from), (free, &From::Here));
        TcpListener::bind(before).expect("nobody has it any more");
    }

    #[test]
    fn a_units_socket_is_served_also_where_another_is_wanted_and_that_is_told() {
        let (unit, wanted) = (given("andond.socket"), given("free").address);
        let at = unit.address;
        let socket = open(vec![given(KEPT), unit], wanted).unwrap();
        assert_eq!((socket.address, &socket.from), (at, &From::Unit("andond.socket".to_owned())));
        let told = socket.remark(wanted).expect("it is told");
        assert!(told.contains(&format!("callers are served at {at}")), "{told}");
        assert!(told.contains(&format!("`listen` says {wanted}")), "{told}");
        assert_eq!(socket.remark(at), None, "nothing is otherwise");
    }

    #[test]
    fn of_two_sockets_of_units_the_wanted_one_is_served() {
        let (first, second) = (given("a.socket"), given("b.socket"));
        let wanted = second.address;
        assert_eq!(open(vec![first, second], wanted).unwrap().address, wanted);
    }

    #[test]
    fn an_address_that_is_taken_is_an_error() {
        let taken = given("somebody else's");
        let error = open(Vec::new(), taken.address).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
