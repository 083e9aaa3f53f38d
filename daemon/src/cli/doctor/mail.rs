//! Mail: whether its servers can be reached from here, its passwords read, and the site's own templates used.

use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use super::finding::Finding;
use crate::config::Config;
use crate::out::letters::Templates;

/// How long a server may take to answer, in seconds.
const WITHIN_S: u64 = 5;

/// Looks at what `[mail]` and `[imap]` name; nothing where the site has no mail.
pub(super) fn look(config: &Config, findings: &mut Vec<Finding>) {
    if let Some(mail) = &config.mail {
        server("letters go out by", &mail.host, mail.port(), findings);
        if let Some(file) = &mail.password_file {
            password("mail", file, findings);
        }
        let (_, errors) = Templates::with_site(config.letter_language(), &mail.templates);
        if !errors.is_empty() {
            let what =
                format!("{} of the site's letters cannot be used, the program's own go out", errors.len());
            findings.push(Finding::wrong("mail", what, "andonctl letter check"));
        }
    }
    if let Some(imap) = &config.imap {
        server("mail is fetched from", &imap.host, imap.port(), findings);
        password("imap", &imap.password_file, findings);
    }
}

/// Whether somebody takes connections there.
fn server(role: &str, host: &str, port: u16, findings: &mut Vec<Finding>) {
    let within = Duration::from_secs(WITHIN_S);
    let reached = (host, port).to_socket_addrs().and_then(|addresses| {
        let mut failed = std::io::Error::other("its name has no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, within) {
                Ok(_) => return Ok(()),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    });
    findings.push(match reached {
        Ok(()) => Finding::fine("mail", format!("{role} {host}, which answers on port {port}")),
        Err(error) => {
            let what = format!("{role} {host}, which cannot be reached on port {port}: {error}");
            Finding::wrong("mail", what, format!("getent hosts {host}; journalctl -u andond -g {host}"))
        }
    });
}

/// Whether the password is there. What only the daemon's user may read is no fault.
fn password(table: &str, file: &Path, findings: &mut Vec<Finding>) {
    let shown = file.display();
    match std::fs::read_to_string(file) {
        Ok(text) if text.trim().is_empty() => {
            let what = format!("the password of [{table}], {shown}, is empty");
            findings.push(Finding::wrong("mail", what, password_line(file)));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let what = format!("the password of [{table}], {shown}, is not there");
            findings.push(Finding::wrong("mail", what, password_line(file)));
        }
        Ok(_) | Err(_) => {}
    }
}

/// The line that puts a password where the daemon reads it.
pub(in crate::cli) fn password_line(file: &Path) -> String {
    format!("sudo install -m 640 -g andon /dev/stdin {}   # then the password, Enter, Ctrl-D", file.display())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::super::finding::Severity;
    use super::*;

    fn found(text: &str, dir: &Path) -> Vec<Finding> {
        let path = dir.join("andon.toml");
        std::fs::write(&path, text).expect("it can be written");
        let mut findings = Vec::new();
        look(&Config::read(&path).expect("it is whole"), &mut findings);
        findings
    }

    #[test]
    fn servers_passwords_and_letters_are_looked_at_and_a_site_without_mail_is_well() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        assert_eq!(found("", dir.path()), []);
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = server.local_addr().expect("an address").port();
        let config = format!(
            "[mail]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"d@example.org\"\nuser = \"d\"\npassword-file = \"secret\"\n"
        );
        let told = found(&config, dir.path());
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0].severity, Severity::Fine, "{told:?}");
        assert!(told[1].what.ends_with("secret, is not there"), "{told:?}");
        assert!(
            told[1].mend.as_ref().unwrap().starts_with("sudo install -m 640 -g andon /dev/stdin /"),
            "{told:?}"
        );

        std::fs::write(dir.path().join("secret"), "x\n").expect("it can be written");
        std::fs::create_dir_all(dir.path().join("letters/ru")).expect("a directory");
        std::fs::write(dir.path().join("letters/ru/registered.txt"), "{{ nonsense")
            .expect("it can be written");
        drop(server);
        let told = found(&config, dir.path());
        assert!(told[0].what.contains("cannot be reached on port"), "{told:?}");
        assert_eq!(told[0].severity, Severity::Wrong);
        assert_eq!(told[1].mend.as_deref(), Some("andonctl letter check"), "{told:?}");
        assert_eq!(told.len(), 2, "{told:?}");
    }
}
