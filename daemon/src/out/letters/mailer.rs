//! One letter to a mail server: by SMTP, over connections that are kept for the next.
//!
//! What comes from people is data to the library that builds the letter: a subject or a name with a line break in it is
//! encoded or refused, and never a header of its own.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use calendars::Timestamp;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::{Category, Code, Detail, Severity};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::template::Rendered;
use crate::config::{Mail, MailTls};
use crate::mail::{MailDomain, MessageId, OF_A_DESK};

/// How long a mail server may take for one answer, in seconds.
pub const SMTP_WITHIN_S: u64 = 60;
/// How many connections are kept.
const CONNECTIONS_MAX: u32 = 4;
/// How long one is kept that nobody uses, in seconds.
const IDLE_S: u64 = 60;

/// Why a letter did not go.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The file with the password cannot be read.
    #[error("cannot read the password {path}", path = path.display())]
    ReadPassword { path: PathBuf, source: io::Error },
    /// The file with the certificate cannot be read.
    #[error("cannot read the certificate {path}", path = path.display())]
    ReadCertificate { path: PathBuf, source: io::Error },
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] lettre::transport::smtp::Error),
    /// The server cannot be had, does not let us in, or takes no letter at all.
    #[error("the mail server takes no letters")]
    Server(#[source] lettre::transport::smtp::Error),
    /// The server does not take this letter now.
    #[error("the mail server puts it off")]
    NotNow(#[source] lettre::transport::smtp::Error),
    /// The server will never take this letter.
    #[error("the mail server refuses it")]
    Refused(#[source] lettre::transport::smtp::Error),
    /// There is no such address.
    #[error("`{address}` is no address of mail")]
    Address { address: String, source: lettre::address::AddressError },
    /// It cannot be written down as a letter.
    #[error("it cannot be written as a letter")]
    Build(#[source] lettre::error::Error),
}

impl Trouble {
    /// Whose fault it is.
    pub(super) fn of_whom(&self) -> OfWhom {
        match self {
            Self::ReadPassword { .. } | Self::ReadCertificate { .. } | Self::Tls(_) | Self::Server(_) => {
                OfWhom::Server
            }
            Self::NotNow(_) => OfWhom::LetterNow,
            Self::Refused(_) | Self::Address { .. } | Self::Build(_) => OfWhom::LetterForEver,
        }
    }
}

/// Whose fault it is that a letter did not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OfWhom {
    /// The server's: no other would go either.
    Server,
    /// The letter's, for now.
    LetterNow,
    /// The letter's, for good.
    LetterForEver,
}

/// A letter as it goes.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub id: MessageId,
    pub to: String,
    pub rendered: Rendered,
    /// When it was queued: its date, however late it goes.
    pub at: Timestamp,
}

/// The way to a mail server.
pub(super) struct Mailer {
    mail: Mail,
    domain: MailDomain,
    /// Made when it is first needed, and anew after a failure: a password may have changed.
    transport: tokio::sync::Mutex<Option<AsyncSmtpTransport<Tokio1Executor>>>,
}

/// `Auto-Submitted: auto-generated` (RFC 3834): no robot answers it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// `X-Andon: 1`: whoever fetches mail for a desk knows it for a letter of one, and opens no ticket for it.
#[derive(Clone)]
struct OfADesk;

impl Header for OfADesk {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str(OF_A_DESK)
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "1".to_owned())
    }
}

impl Mailer {
    pub(super) fn new(mail: Mail) -> Self {
        let domain = mail.domain();
        Self { mail, domain, transport: tokio::sync::Mutex::default() }
    }

    /// The domain in the ids of letters.
    pub(super) fn domain(&self) -> &MailDomain {
        &self.domain
    }

    /// The address of a department.
    pub(super) fn department(&self, id: &str) -> Option<String> {
        self.mail.departments.get(id).map(Address::to_string)
    }

    /// How many letters go in a minute at most.
    pub(super) fn per_minute(&self) -> u32 {
        self.mail.per_minute
    }

    /// Sends a letter; it is out where this is `Ok`.
    pub(super) async fn send(&self, letter: &Outgoing) -> Result<(), Trouble> {
        let message = self.message(letter)?;
        let transport = self.transport().await?;
        let Err(error) = transport.send(message).await else { return Ok(()) };
        let trouble = self.judged(error, &transport).await;
        if trouble.of_whom() == OfWhom::Server {
            *self.transport.lock().await = None;
        }
        Err(trouble)
    }

    /// Whether it is the letter that the server will not take, or everything.
    async fn judged(
        &self,
        error: lettre::transport::smtp::Error,
        transport: &AsyncSmtpTransport<Tokio1Executor>,
    ) -> Trouble {
        let Some(code) = error.status() else { return Trouble::Server(error) };
        if is_of_server(code) {
            return Trouble::Server(error);
        }
        // A server that refuses everybody says so before it has heard of any letter.
        match transport.test_connection().await {
            Ok(true) => {}
            Ok(false) => return Trouble::Server(error),
            Err(greeting) => return Trouble::Server(greeting),
        }
        if error.is_permanent() { Trouble::Refused(error) } else { Trouble::NotNow(error) }
    }

    /// The letter as it goes over the wire.
    pub(super) fn message(&self, letter: &Outgoing) -> Result<Message, Trouble> {
        let address: Address = letter
            .to
            .trim()
            .parse()
            .map_err(|source| Trouble::Address { address: letter.to.clone(), source })?;
        let first = MessageId { letter: 1, ..letter.id.clone() };
        let date = SystemTime::UNIX_EPOCH
            + Duration::from_millis(u64::try_from(letter.at.millis()).unwrap_or_default());
        let Rendered { subject, text, html } = letter.rendered.clone();
        let mut builder = Message::builder()
            .from(self.mail.from.clone())
            .to(Mailbox::new(None, address))
            .message_id(Some(letter.id.to_string()))
            .date(date)
            .subject(subject)
            .header(AutoSubmitted)
            .header(OfADesk);
        if let Some(reply_to) = &self.mail.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        if letter.id.letter != 1 {
            // So that a program shows the letters about a ticket together.
            builder = builder.in_reply_to(first.to_string()).references(first.to_string());
        }
        builder.multipart(MultiPart::alternative_plain_html(text, html)).map_err(Trouble::Build)
    }

    async fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, Trouble> {
        let mut known = self.transport.lock().await;
        if let Some(transport) = &*known {
            return Ok(transport.clone());
        }
        let mail = self.mail.clone();
        let made = tokio::task::spawn_blocking(move || connect(&mail)).await;
        let transport = made.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))?;
        *known = Some(transport.clone());
        Ok(transport)
    }
}

/// A way to the server, not yet used. Reads files.
fn connect(mail: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, Trouble> {
    let tls = match mail.tls {
        MailTls::None => Tls::None,
        MailTls::Starttls => Tls::Required(tls_of(mail)?),
        MailTls::Tls => Tls::Wrapper(tls_of(mail)?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
        .port(mail.port())
        .tls(tls)
        .timeout(Some(Duration::from_secs(SMTP_WITHIN_S)))
        .pool_config(PoolConfig::new().max_size(CONNECTIONS_MAX).idle_timeout(Duration::from_secs(IDLE_S)));
    if let (Some(user), Some(path)) = (&mail.user, &mail.password_file) {
        let password = fs::read_to_string(path)
            .map_err(|source| Trouble::ReadPassword { path: path.clone(), source })?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

fn tls_of(mail: &Mail) -> Result<TlsParameters, Trouble> {
    let mut builder = TlsParameters::builder(mail.host.clone());
    if let Some(path) = &mail.ca_file {
        let fail = |source| Trouble::ReadCertificate { path: path.clone(), source };
        let pem = fs::read(path).map_err(fail)?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(Trouble::Tls)?);
    }
    builder.build_rustls().map_err(Trouble::Tls)
}

/// Codes that tell of the server or of our being let in, and of no letter: 421, and all about signing in.
fn is_of_server(code: Code) -> bool {
    const SHUTTING_DOWN: Code = Code {
        severity: Severity::TransientNegativeCompletion,
        category: Category::Connections,
        detail: Detail::One,
    };
    // 530, 534, 535 and 538 (RFC 4954) are of the category that RFC 5321 leaves open.
    code == SHUTTING_DOWN || code.category == Category::Unspecified3
}
