//! What the desk itself needs: an address that is free, books that this version reads, calendars that go on.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use calendars::Timestamp;

use super::finding::Finding;
use crate::chain::chain;
use crate::config::Config;
use crate::run::calendar_years::lacking;
use crate::store::format;

/// Whether the HTTP door's address can be listened on. Asked only where no daemon answers: it would have it.
pub(super) fn address(listen: SocketAddr, findings: &mut Vec<Finding>) {
    let port = listen.port();
    findings.push(match TcpListener::bind(listen) {
        Ok(_) => Finding::fine("port", format!("{listen} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::wrong(
            "port",
            format!(
                "{listen} is taken: by andond, where it is still opening its books, or by another program"
            ),
            format!(
                "sudo ss -ltnp 'sport = :{port}'   # which one; or give andond another address: listen = …"
            ),
        ),
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => Finding::wrong(
            "port",
            format!("this box has no address {}", listen.ip()),
            "ip -brief address   # then listen = one of these, or 0.0.0.0",
        ),
        Err(error) => Finding::note("port", format!("whether {listen} is free cannot be known: {error}")),
    });
}

/// Whether the books are of a format that this version reads.
pub(super) fn books(dir: &Path, findings: &mut Vec<Finding>) {
    let checked = format::read(dir).and_then(|stamped| match stamped {
        Some(stamped) => {
            let what = || format!("the state directory {}", dir.display());
            format::check_known(what, stamped.format, &stamped.program)
        }
        None => Ok(()),
    });
    findings.extend(match checked {
        Ok(()) => None,
        Err(format::FormatError::Newer { .. }) => {
            let mend = "sudo apt install andon   # the newer version; or andonctl restore FILE";
            checked.err().map(|error| Finding::wrong("state", error.to_string(), mend))
        }
        // Whoever runs this may not read it.
        Err(format::FormatError::Read { source, .. }) if source.kind() == ErrorKind::PermissionDenied => None,
        Err(error) => Some(Finding::wrong("state", chain(&error), "andonctl restore FILE")),
    });
}

/// Whether calendars know the coming year, from November on.
pub(super) fn calendars(config: &Config, base: &Path, now: Timestamp, findings: &mut Vec<Finding>) {
    // Regulations that cannot be read are told with the configuration.
    let Ok(regulations) = config.regulations(base) else { return };
    let lacking = lacking(&regulations, now, config.zone);
    findings.push(match lacking.first() {
        None => Finding::fine("years", "the calendars have facts for as long as is asked"),
        Some((id, until)) => Finding::wrong(
            "years",
            format!(
                "{} calendars have no facts after {until}, {id} is one: later terms are provisional",
                lacking.len()
            ),
            "sudo apt update && sudo apt install andon   # a version with the decree of the coming year",
        ),
    });
}
