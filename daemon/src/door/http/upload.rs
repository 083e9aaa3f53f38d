//! Files that come in with a form (`multipart/form-data`), as `curl -F file=@NAME` and browsers send them.
//!
//! Each file is looked at and written as it comes: neither a file nor a form is ever held in memory. What the form's
//! reader may hold of it is bounded, too: it is fed piece by piece, and no more than [`UNREAD_MAX_BYTES`] without making
//! something of them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderMap, header};
use futures_util::stream::unfold;
use futures_util::{Stream, StreamExt};
use multer::{Field, Multipart};
use tokio::sync::mpsc;

use super::Door;
use super::body::{BODY_WITHIN_S, DRAIN_MAX_BYTES, check_encoding};
use super::problem::Problem;
use crate::chain::chain;
use crate::clock::monotonic_us;
use crate::desk::attachment::{ATTACHMENTS_MAX, harmless_name};
use crate::desk::{Attached, AttachmentKind};
use crate::door::content::{Content, Looking, NotTaken};
use crate::run::disk_fault;
use crate::store::attachments::Incoming;
use crate::store::{AttachmentError, Attachments};

/// How many requests may bring files at once; one more is told to come back later.
pub(super) const UPLOADS_MAX: usize = 8;
/// How many of them with one token.
pub(super) const UPLOADS_EACH_MAX: usize = UPLOADS_MAX / 2;
/// How much the form's reader is fed at once, in bytes.
const PIECE_BYTES: usize = 64 << 10;
/// How much it may hold of a form without making something of it, in bytes.
const UNREAD_MAX_BYTES: u64 = 256 << 10;
/// How many pieces wait for the disk.
const PIECES_AHEAD: usize = 4;
/// What a form has besides its files, in bytes, for each.
const FRAME_MAX_BYTES: u64 = 4 << 10;
/// How fast a form comes in at least, in bytes a second, beyond the time that every body has.
const SLOWEST_BYTES_S: u64 = 8 << 10;

/// A file that has come in and is durable.
pub(super) struct Received {
    /// What the record is to say of it.
    pub(super) file: Attached,
    /// Its bytes; dropped, they are gone.
    pub(super) bytes: Incoming,
}

/// Which files a ticket takes.
#[derive(Clone, Debug)]
pub(super) struct Takes {
    /// The ticket's number.
    pub(super) ticket: u64,
    /// By what is in them.
    pub(super) kinds: Vec<AttachmentKind>,
    /// Who says so: a regulation with its clause, where that narrows them.
    pub(super) whose: String,
}

impl Takes {
    fn list(&self) -> String {
        format!(
            "taken are {}{}, by what is in a file and not by its name",
            AttachmentKind::list(&self.kinds),
            self.whose
        )
    }
}

/// Takes in all files of a form, or none.
pub(super) async fn receive(
    door: &Door,
    takes: &Takes,
    headers: &HeaderMap,
    body: Body,
) -> Result<Vec<Received>, Problem> {
    let boundary = boundary(headers)?;
    let attachments = &door.shared.apart.attachments;
    let limit = request_limit(attachments);
    let declared: Option<u64> =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|bytes| bytes > limit) {
        return Err(too_large(limit));
    }
    let unread = Arc::new(AtomicU64::new(0));
    let mut form = Multipart::new(Fed::new(pieces(body, limit, Arc::clone(&unread))), boundary);
    let mut received = Vec::new();
    let result = files(&mut form, attachments, takes, &unread, &mut received).await;
    if result.is_err() {
        drain(&mut form, &unread).await;
    }
    result.map(|()| received)
}

async fn files(
    form: &mut Multipart<'_>,
    attachments: &Attachments,
    takes: &Takes,
    unread: &AtomicU64,
    received: &mut Vec<Received>,
) -> Result<(), Problem> {
    while let Some(mut field) = form.next_field().await.map_err(|error| broken(&error))? {
        unread.store(0, Ordering::Relaxed);
        if received.len() == ATTACHMENTS_MAX {
            return Err(Problem::field("", format!("a form brings at most {ATTACHMENTS_MAX} files")));
        }
        received.push(file(&mut field, attachments, takes, unread).await?);
    }
    if received.is_empty() {
        return Err(Problem::field("file", "is required: a file, as `curl -F file=@NAME` sends it"));
    }
    Ok(())
}

async fn file(
    field: &mut Field<'_>,
    attachments: &Attachments,
    takes: &Takes,
    unread: &AtomicU64,
) -> Result<Received, Problem> {
    let part =
        field.name().unwrap_or("file").chars().filter(|c| !c.is_control()).take(64).collect::<String>();
    let Some(name) = field.file_name().map(harmless_name) else {
        return Err(Problem::field(
            &part,
            "is no file: a file has a `filename`, as `curl -F file=@NAME` sends it",
        ));
    };
    let id = new_id()?;
    let (to, from) = mpsc::channel(PIECES_AHEAD);
    let (attachments, of) = (attachments.clone(), takes.clone());
    let written = tokio::task::spawn_blocking(move || write(&attachments, &of, &id, name, from));
    let sent = async {
        while let Some(piece) = field.chunk().await? {
            unread.store(0, Ordering::Relaxed);
            if to.send(Piece::Bytes(piece)).await.is_err() {
                // Whoever writes has ended, and says why.
                return Ok(());
            }
        }
        let _ = to.send(Piece::End).await;
        Ok::<_, multer::Error>(())
    }
    .await;
    drop(to);
    let written = written.await.map_err(|error| {
        log::error!("taking in a file ended in a panic: {error}");
        Problem::internal()
    })?;
    sent.map_err(|error| broken(&error))?;
    written.map_err(|stopped| problem(stopped, &part, takes))
}

enum Piece {
    Bytes(Bytes),
    End,
}

/// Why a file was not written to its end.
enum Stopped {
    /// Whoever sent it is gone.
    Cut,
    NotTaken(NotTaken),
    Store(AttachmentError),
}

/// Writes and looks at a file as its pieces come.
fn write(
    attachments: &Attachments,
    takes: &Takes,
    id: &str,
    name: String,
    mut from: mpsc::Receiver<Piece>,
) -> Result<Received, Stopped> {
    let mut bytes = attachments.begin(takes.ticket, id).map_err(Stopped::Store)?;
    let mut looking = Looking::default();
    loop {
        match from.blocking_recv() {
            Some(Piece::Bytes(piece)) => {
                looking.take(&piece).map_err(Stopped::NotTaken)?;
                bytes.write(&piece).map_err(Stopped::Store)?;
            }
            Some(Piece::End) => break,
            None => return Err(Stopped::Cut),
        }
    }
    let Content { kind, media_type } = looking.end().map_err(Stopped::NotTaken)?;
    if !takes.kinds.contains(&kind) {
        return Err(Stopped::NotTaken(NotTaken::Other(media_type.to_owned())));
    }
    let length = bytes.bytes();
    let sha256 = bytes.make_durable().map_err(Stopped::Store)?.sha256.into();
    let file = Attached { id: id.into(), name, media_type: media_type.into(), bytes: length, sha256 };
    Ok(Received { file, bytes })
}

fn problem(stopped: Stopped, part: &str, takes: &Takes) -> Problem {
    match stopped {
        Stopped::Cut => Problem::broken_body("the file ended before its form did"),
        Stopped::NotTaken(NotTaken::Empty) => Problem::field(part, "is an empty file"),
        Stopped::NotTaken(why) => Problem::unsupported_attachment(format!("{part} {why}; {}", takes.list())),
        Stopped::Store(error) => not_kept(&error),
    }
}

/// Why a file could not be kept, for whoever sent it.
fn not_kept(error: &AttachmentError) -> Problem {
    match error {
        AttachmentError::TooLong { .. } => Problem::file_too_large(error.to_string()),
        AttachmentError::Full { .. } => Problem::attachments_full(format!(
            "{error}; an admin raises `max-total` in [attachments], or a lead removes some"
        )),
        AttachmentError::NoRoom { .. } => Problem::disk_full(format!("{error}; nothing was changed")),
        AttachmentError::Missing { .. } | AttachmentError::Damaged { .. } | AttachmentError::Io { .. } => {
            log::error!("a file could not be kept: {}", chain(error));
            let is_full = disk_fault(error) == Some(firmware_board::DiskFault::Full);
            let detail = format!("the file could not be kept: {}; nothing was changed", chain(error));
            if is_full { Problem::disk_full(detail) } else { Problem::storage_failed(detail) }
        }
    }
}

/// A name for a file: 64 random bits.
pub(super) fn new_id() -> Result<String, Problem> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| {
        log::error!("the system has no randomness: {error}");
        Problem::internal()
    })?;
    Ok(format!("{:016x}", u64::from_le_bytes(bytes)))
}

fn boundary(headers: &HeaderMap) -> Result<String, Problem> {
    check_encoding(headers)?;
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    multer::parse_boundary(given).map_err(|_| {
        let given = if given.is_empty() { "no Content-Type".to_owned() } else { format!("`{given}`") };
        Problem::no_form(format!("the body came with {given}; send files as a form, `curl -F file=@NAME`"))
    })
}

/// The longest form, in bytes: what a ticket takes, and the form's own.
fn request_limit(attachments: &Attachments) -> u64 {
    let frames = FRAME_MAX_BYTES * ATTACHMENTS_MAX as u64;
    attachments.limits().ticket_max_bytes.saturating_add(frames)
}

fn too_large(limit: u64) -> Problem {
    Problem::file_too_large(format!("a form with files is at most {limit} bytes; send them one by one"))
}

/// What went wrong with the body under a form.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error("the form is longer than {0} bytes")]
    TooLong(u64),
    #[error("the form is none: {0} bytes came without a part of it")]
    NoForm(u64),
    #[error("it came too slowly")]
    TooSlow,
    #[error("{0}")]
    Broken(#[source] axum::Error),
}

fn broken(error: &multer::Error) -> Problem {
    let multer::Error::StreamReadFailed(cause) = error else {
        return Problem::broken_body(format!("the form is not whole: {error}"));
    };
    match cause.downcast_ref::<BodyError>() {
        Some(BodyError::TooLong(limit)) => too_large(*limit),
        Some(BodyError::TooSlow) => Problem::too_slow(BODY_WITHIN_S),
        Some(error @ (BodyError::NoForm(_) | BodyError::Broken(_))) => {
            Problem::broken_body(error.to_string())
        }
        None => Problem::broken_body(cause.to_string()),
    }
}

/// The body in pieces that are not too long, as long as it comes fast enough.
fn pieces(
    body: Body,
    limit: u64,
    unread: Arc<AtomicU64>,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send {
    struct Coming {
        body: BodyDataStream,
        left: Bytes,
        seen: u64,
        begun_us: u64,
    }
    let coming =
        Coming { body: body.into_data_stream(), left: Bytes::new(), seen: 0, begun_us: monotonic_us() };
    unfold(Some(coming), move |coming| {
        let unread = Arc::clone(&unread);
        async move {
            let mut coming = coming?;
            if coming.left.is_empty() {
                match tokio::time::timeout(patience(coming.seen, coming.begun_us), coming.body.next()).await {
                    Err(_) => return Some((Err(BodyError::TooSlow), None)),
                    Ok(None) => return None,
                    Ok(Some(Err(error))) => return Some((Err(BodyError::Broken(error)), None)),
                    Ok(Some(Ok(bytes))) => coming.left = bytes,
                }
            }
            let piece = coming.left.split_to(coming.left.len().min(PIECE_BYTES));
            coming.seen += piece.len() as u64;
            if coming.seen > limit {
                return Some((Err(BodyError::TooLong(limit)), None));
            }
            let held = unread.fetch_add(piece.len() as u64, Ordering::Relaxed) + piece.len() as u64;
            if held > UNREAD_MAX_BYTES {
                return Some((Err(BodyError::NoForm(held)), None));
            }
            Some((Ok(piece), Some(coming)))
        }
    })
}

/// How long the next piece may take: as long as any body, but what has come must have come at a least rate, too.
fn patience(seen: u64, begun_us: u64) -> Duration {
    let took_ms = monotonic_us().saturating_sub(begun_us) / 1_000;
    let allowed_ms = BODY_WITHIN_S * 1_000 + seen.saturating_mul(1_000) / SLOWEST_BYTES_S;
    Duration::from_millis(allowed_ms.saturating_sub(took_ms).min(BODY_WITHIN_S * 1_000))
}

/// Gives one item at a time: whoever reads until there is nothing more for now makes something of each before the next.
struct Fed<S> {
    items: Pin<Box<S>>,
    rests: bool,
}

impl<S: Stream> Fed<S> {
    fn new(items: S) -> Self {
        Self { items: Box::pin(items), rests: false }
    }
}

impl<S: Stream> Stream for Fed<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        if self.rests {
            self.rests = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let item = std::task::ready!(self.items.as_mut().poll_next(context));
        self.rests = true;
        Poll::Ready(item)
    }
}

/// What a form brings, read as [`receive`] does but kept nowhere: each file's harmless name and length, and whether it is
/// of a kind that the box knows. For fuzzers.
pub(super) async fn look_through(
    headers: &HeaderMap,
    body: Body,
) -> Result<Vec<(String, usize, bool)>, Problem> {
    let unread = Arc::new(AtomicU64::new(0));
    let pieces = pieces(body, DRAIN_MAX_BYTES as u64, Arc::clone(&unread));
    let mut form = Multipart::new(Fed::new(pieces), boundary(headers)?);
    let mut seen = Vec::new();
    while let Some(mut field) = form.next_field().await.map_err(|error| broken(&error))? {
        let name = field.file_name().map(harmless_name).unwrap_or_default();
        let (mut looking, mut length, mut is_taken) = (Looking::default(), 0, true);
        while let Some(piece) = field.chunk().await.map_err(|error| broken(&error))? {
            unread.store(0, Ordering::Relaxed);
            length += piece.len();
            is_taken = is_taken && looking.take(&piece).is_ok();
        }
        seen.push((name, length, is_taken && looking.end().is_ok()));
    }
    Ok(seen)
}

/// Reads some of what is left of a form that is refused, so that the answer finds its reader.
async fn drain(form: &mut Multipart<'_>, unread: &AtomicU64) {
    let mut drained = 0;
    while let Ok(Some(mut field)) = form.next_field().await {
        while let Ok(Some(piece)) = field.chunk().await {
            unread.store(0, Ordering::Relaxed);
            drained += piece.len();
            if drained > DRAIN_MAX_BYTES {
                return;
            }
        }
    }
}
