//! One letter to a mail server: by SMTP, over connections that are kept for the next.
//!
//! What comes from people is data to the library that builds the letter: a subject or a name with a line break in it is
//! encoded or refused, and never a header of its own.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use calendars::Timestamp;
use lettre::address::AddressError;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Category, Code, Detail, Severity};
use lettre::{Address, Message};
use url::Host;

use super::template::Rendered;
use crate::clock;
use crate::config::{Mail, MailTls};
use crate::mail::{MailDomain, MessageId, OF_A_DESK};

/// How long a mail server may take for one answer, in seconds. Tests do not wait that long.
const ANSWER_WITHIN_S: u64 = if cfg!(test) { 1 } else { 60 };
/// How long it may take to say that it has a letter, in seconds: it may look through it first, and whoever gives up before
/// that sends it twice (RFC 5321, 4.5.3.2.6).
const TAKEN_WITHIN_S: u64 = if cfg!(test) { 2 } else { 600 };
/// How long each address of its name may take to be connected to, in seconds.
const CONNECT_WITHIN_S: u64 = 10;
/// How many connections are kept.
const KEPT_MAX: usize = 4;
/// How long one is kept that nobody uses, in milliseconds.
const KEPT_MS: u64 = 60_000;

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
    Tls(#[source] SmtpError),
    /// The server cannot be had, does not let us in, or takes no letter at all.
    #[error("the mail server takes no letters")]
    Server(#[source] Unanswered),
    /// The server was there, and broke off over this letter.
    #[error("the mail server broke off")]
    Broken(#[source] Unanswered),
    /// The server does not take this letter now.
    #[error("the mail server puts it off")]
    NotNow(#[source] Unanswered),
    /// The server will never take this letter.
    #[error("the mail server refuses it")]
    Refused(#[source] Unanswered),
    /// The server knows ASCII alone.
    #[error("the mail server takes no address with other letters than ASCII's, such as `{address}`")]
    NotAscii { address: Address },
    /// There is no such address.
    #[error("`{address}` is no address of mail")]
    Address { address: String, source: AddressError },
    /// It cannot be written down as a letter.
    #[error("it cannot be written as a letter")]
    Build(#[source] lettre::error::Error),
}

/// Why an answer of the server's did not serve.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("no answer within {within_s} s")]
    Time { within_s: u64 },
    #[error(transparent)]
    Smtp(#[from] SmtpError),
}

impl Unanswered {
    /// The code of an answer that is no good one; none where there was none.
    fn code(&self) -> Option<Code> {
        match self {
            Self::Time { .. } => None,
            Self::Smtp(error) => error.status(),
        }
    }
}

impl Trouble {
    /// Whose fault it is.
    pub(super) fn of_whom(&self) -> OfWhom {
        match self {
            Self::ReadPassword { .. } | Self::ReadCertificate { .. } | Self::Tls(_) | Self::Server(_) => {
                OfWhom::Server
            }
            Self::NotNow(_) | Self::Broken(_) => OfWhom::LetterNow,
            Self::Refused(_) | Self::NotAscii { .. } => OfWhom::LetterForEver,
            Self::Address { .. } | Self::Build(_) => OfWhom::LetterUnsent,
        }
    }

    /// What an answer to a letter means for it.
    fn of_letter(unanswered: Unanswered) -> Self {
        match unanswered.code() {
            Some(code) if is_of_server(code) => Self::Server(unanswered),
            Some(Code { severity: Severity::PermanentNegativeCompletion, .. }) => Self::Refused(unanswered),
            Some(_) => Self::NotNow(unanswered),
            None => Self::Broken(unanswered),
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
    /// The letter's, for good, as the server says.
    LetterForEver,
    /// The letter's, for good: it never came to a server.
    LetterUnsent,
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
    /// Read when it is first needed, and anew after a failure: a password may have changed.
    access: tokio::sync::Mutex<Option<Arc<Access>>>,
    /// Connections that wait for the next letter, the one used last at the end.
    kept: Mutex<Vec<Kept>>,
}

/// What a connection is made with.
struct Access {
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
}

struct Kept {
    connection: AsyncSmtpConnection,
    since_ms: u64,
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
        Self { mail, domain, access: tokio::sync::Mutex::default(), kept: Mutex::default() }
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
        let mut connection = match self.connection().await {
            Ok(connection) => connection,
            Err(trouble) => {
                *self.access.lock().await = None;
                return Err(trouble);
            }
        };
        let Err(trouble) = put(&mut connection, &message).await else {
            self.keep(connection);
            return Ok(());
        };
        // Who says no listens. Of a connection that broke off nobody knows what comes over it next: it is not used again.
        if matches!(trouble, Trouble::NotNow(_) | Trouble::Refused(_) | Trouble::NotAscii { .. })
            && within(ANSWER_WITHIN_S, connection.command(Rset)).await.is_ok()
        {
            self.keep(connection);
        }
        Err(trouble)
    }

    /// A connection that was heard of a moment ago.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Trouble> {
        while let Some(mut kept) = self.take_kept() {
            if within(ANSWER_WITHIN_S, kept.connection.command(Noop)).await.is_ok() {
                return Ok(kept.connection);
            }
        }
        let access = self.access().await?;
        connect(&self.mail, &access).await.map_err(Trouble::Server)
    }

    fn take_kept(&self) -> Option<Kept> {
        self.kept().pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.kept();
        if kept.len() < KEPT_MAX {
            kept.push(Kept { connection, since_ms: now_ms() });
        }
    }

    /// Ends connections that nobody has used for long.
    pub(super) fn tidy(&self) {
        let now = now_ms();
        let ended = self.kept().extract_if(.., |kept| now >= kept.since_ms + KEPT_MS).collect::<Vec<_>>();
        for mut kept in ended {
            tokio::spawn(async move { drop(within(ANSWER_WITHIN_S, kept.connection.command(Quit)).await) });
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The letter as it goes over the wire.
    pub(super) fn message(&self, letter: &Outgoing) -> Result<Message, Trouble> {
        let address = address(letter.to.trim())
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

    async fn access(&self) -> Result<Arc<Access>, Trouble> {
        let mut known = self.access.lock().await;
        if let Some(access) = &*known {
            return Ok(Arc::clone(access));
        }
        let mail = self.mail.clone();
        let made = tokio::task::spawn_blocking(move || Access::read(&mail)).await;
        let made = made.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
        Ok(Arc::clone(known.insert(Arc::new(made?))))
    }
}

fn now_ms() -> u64 {
    clock::monotonic_us() / 1_000
}

/// An address as every server reads its host.
fn address(text: &str) -> Result<Address, AddressError> {
    let address: Address = text.parse()?;
    match Host::parse(address.domain()) {
        Ok(Host::Domain(host)) if !address.domain().is_ascii() => Address::new(address.user(), host),
        _ => Ok(address),
    }
}

/// Waits for an answer, and no longer than that.
async fn within<T>(
    within_s: u64,
    answer: impl Future<Output = Result<T, SmtpError>>,
) -> Result<T, Unanswered> {
    let answered = tokio::time::timeout(Duration::from_secs(within_s), answer).await;
    Ok(answered.map_err(|_| Unanswered::Time { within_s })??)
}

/// Connects, encrypts and signs in.
async fn connect(mail: &Mail, access: &Access) -> Result<AsyncSmtpConnection, Unanswered> {
    let (server, hello) = ((mail.host.as_str(), mail.port()), ClientId::default());
    let at_once = access.tls.clone().filter(|_| mail.tls == MailTls::Tls);
    let each = Some(Duration::from_secs(CONNECT_WITHIN_S));
    let connecting = AsyncSmtpConnection::connect_tokio1(server, each, &hello, at_once, None);
    let mut connection = within(ANSWER_WITHIN_S, connecting).await?;
    if let Some(tls) = access.tls.clone().filter(|_| mail.tls == MailTls::Starttls) {
        within(ANSWER_WITHIN_S, connection.starttls(tls, &hello)).await?;
    }
    if let Some(credentials) = &access.credentials {
        within(ANSWER_WITHIN_S, connection.auth(DEFAULT_MECHANISMS, credentials)).await?;
    }
    Ok(connection)
}

/// Has the server take a letter. It is answerable for it where this is `Ok`.
async fn put(connection: &mut AsyncSmtpConnection, message: &Message) -> Result<(), Trouble> {
    let (envelope, letter) = (message.envelope(), message.formatted());
    let to = &envelope.to()[0];
    let mut said = Vec::new();
    if !AsRef::<str>::as_ref(to).is_ascii() || !letter.is_ascii() {
        let server = connection.server_info();
        let knows = |what| server.supports_feature(what);
        if !knows(Extension::SmtpUtfEight) || !knows(Extension::EightBitMime) {
            return Err(Trouble::NotAscii { address: to.clone() });
        }
        said = vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)];
    }
    let from = connection.command(MailFrom::new(envelope.from().cloned(), said));
    // Who writes is the same for all letters.
    within(ANSWER_WITHIN_S, from).await.map_err(|unanswered| match unanswered.code() {
        Some(_) => Trouble::Server(unanswered),
        None => Trouble::Broken(unanswered),
    })?;
    let rcpt = connection.command(Rcpt::new(to.clone(), Vec::new()));
    within(ANSWER_WITHIN_S, rcpt).await.map_err(Trouble::of_letter)?;
    within(ANSWER_WITHIN_S, connection.command(Data)).await.map_err(Trouble::of_letter)?;
    within(TAKEN_WITHIN_S, connection.message(&letter)).await.map_err(Trouble::of_letter)?;
    Ok(())
}

impl Access {
    /// Reads files.
    fn read(mail: &Mail) -> Result<Self, Trouble> {
        let tls = match mail.tls {
            MailTls::None => None,
            MailTls::Starttls | MailTls::Tls => Some(tls_of(mail)?),
        };
        let credentials = match (&mail.user, &mail.password_file) {
            (Some(user), Some(path)) => {
                let password = fs::read_to_string(path)
                    .map_err(|source| Trouble::ReadPassword { path: path.clone(), source })?;
                Some(Credentials::new(user.clone(), password.trim_end_matches(['\r', '\n']).to_owned()))
            }
            _ => None,
        };
        Ok(Self { tls, credentials })
    }
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
