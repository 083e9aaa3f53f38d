//! `andond`: the daemon put together, started and stopped.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use clap::Parser;
use firmware_board::Language;
use sd_notify::NotifyState;
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};

use super::demo::{self, Demo};
use super::first_ticket::FirstTicket;
use super::mail_doors::MailDoors;
use super::reload::{Followers, Reload};
use super::{certificate, descriptors, door_socket, running, watchdog};
use crate::board::{Parts, Trace, Wall};
use crate::chain::chain;
use crate::clock;
use crate::config::{self, Config, ConfigError, Limits, Sources};
use crate::desk::command::Token;
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Regulations, Role};
use crate::door::http::{
    Access, Entrance, Gate, ServerFacts, Shared, control_router, router, serve, serve_unix,
};
use crate::door::mail::MailPlace;
use crate::door::secret;
use crate::door::tls::{Identities, TlsError};
use crate::links::Links;
use crate::out::Herald;
use crate::out::letters::{self, Letters};
use crate::out::webhooks::{self, Webhooks};
use crate::run::books::{BooksError, BooksReport};
use crate::run::checking::tell_losses;
use crate::run::opening::{OPEN_AGAIN, Stage};
use crate::run::time::Proof;
use crate::run::{self, Apart, Handle, Opening, Settings, calendar_years, disk_fault, roster_gaps, versions};
use crate::store::{ArchiveReport, StateLock};

/// The address is said when the desk is there; where that takes longer than this, in seconds, it is said before.
const SAID_WITHIN_S: u32 = 3;
/// How much more time systemd is asked for while the books are being opened, in microseconds; it is asked every second.
const EXTENDED_US: u32 = 30_000_000;

/// How many threads serve HTTP: two cores of four at most, so that the desk and the wall have theirs whatever comes in.
const HTTP_THREADS: usize = 2;
/// How many threads read the disk for HTTP at once; who comes more waits for one of them.
const HTTP_READERS_MAX: usize = 64;

/// The help desk: keeps tickets, knows their terms, lights the wall.
#[derive(Debug, Parser)]
#[command(name = "andond", version)]
pub struct Args {
    /// Read this configuration instead of /etc/andon/andon.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep tickets and ledger here
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Listen for HTTP here; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Work by this regulation, a shipped one or a file; may be given several times
    #[arg(long = "regulation", value_name = "NAME|FILE")]
    regulations: Vec<String>,
    /// Append every pin change and SPI transfer to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    board_trace: Option<PathBuf>,
    /// Take this file for the acknowledge button: it is pressed while the file begins with a 1
    #[arg(long, value_name = "FILE", hide = true)]
    board_button: Option<PathBuf>,
    /// Feed a real company's log through the HTTP door, sped up, into a desk of its own
    #[arg(long)]
    demo: bool,
    /// How many times faster than life the demo runs
    #[arg(long, value_name = "N", default_value_t = 600, requires = "demo", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    demo_speed: u32,
    /// Feed this log: a ServiceNow CSV, packed with xz or not, or JSON lines as `simulate` reads them
    #[arg(long, value_name = "FILE", requires = "demo")]
    demo_log: Option<PathBuf>,
}

/// The file of the first agent's token, in the state directory.
const FIRST_TOKEN: &str = "first-token";
/// The longest path of a Unix socket, in bytes.
const CONTROL_PATH_MAX: usize = 107;

/// Why the daemon does not start or does not go on.
#[derive(Debug, thiserror::Error)]
enum AndondError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("[tls]: {0}")]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Books(#[from] BooksError),
    #[error(
        "cannot listen on {address}; `ss -ltnp` shows which program does. `listen` in the configuration says another \
         address; --listen 127.0.0.1:0 takes a free port"
    )]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("cannot open the socket for andonctl, {path}", path = path.display())]
    Control { path: PathBuf, source: std::io::Error },
    #[error(
        "the path of the socket for andonctl, {path}, is longer than the {CONTROL_PATH_MAX} bytes that a system takes; \
         use a state directory with a shorter path",
        path = path.display()
    )]
    ControlPath { path: PathBuf },
    #[error(
        "{dir} belongs to the user {owner}, whose daemon cannot open what root leaves there: `systemctl start andond`, or \
         `runuser -u USER -- andond …`",
        dir = dir.display()
    )]
    OthersState { dir: PathBuf, owner: u32 },
    #[error("cannot open the trace {path}", path = path.display())]
    Trace { path: PathBuf, source: std::io::Error },
    #[error("cannot start the wall's thread")]
    Wall(#[source] std::io::Error),
    #[error("cannot start the runtime")]
    Runtime(#[source] std::io::Error),
    #[error("cannot open the books in a thread of its own")]
    Opening(#[source] std::io::Error),
    #[error("cannot make a token")]
    Secret(#[source] getrandom::Error),
    #[error("cannot add the first token")]
    AddToken(#[source] run::Failure),
    #[error(transparent)]
    Demo(#[from] demo::DemoError),
    #[error("the HTTP door failed")]
    Serve(#[source] std::io::Error),
}

/// What andond ends with where its configuration has to be mended first: `EX_CONFIG` of sysexits.h. Its unit starts it no more
/// then (`RestartPreventExitStatus=`).
const CONFIG_IS_WRONG: u8 = 78;

impl AndondError {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::Tls(_) => ExitCode::from(CONFIG_IS_WRONG),
            _ => ExitCode::FAILURE,
        }
    }
}

/// Starts the daemon and runs it until it is told to stop.
pub fn main() -> ExitCode {
    let args = Args::parse();
    match run_daemon(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("andond: {}", chain(&error));
            if is_forbidden(&error) {
                eprintln!(
                    "  see who owns it with `ls -ld`; run andond as that user, or give it to andond's with `chown -R`"
                );
            }
            error.exit_code()
        }
    }
}

/// Whether the system does not let this user at something.
fn is_forbidden(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut systems = causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    systems.any(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
}

fn run_daemon(args: &Args) -> Result<(), AndondError> {
    let Configured { mut config, regulations, identities, reload, text } = configure(args)?;
    super::journal::start(config.log.level);
    let given = door_socket::given();
    // What the desk keeps is people's: names, addresses, words. Nobody else on the box reads it.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let demo = if args.demo {
        Some(Demo::prepare(args.demo_log.as_deref(), args.demo_speed, config.zone)?)
    } else {
        None
    };
    demo::claim(&config.state_dir, demo.is_some())?;
    if let Some(demo) = &demo {
        demo.start_clock();
    }
    let trace = match &args.board_trace {
        Some(path) => {
            Trace::to_file(path).map_err(|source| AndondError::Trace { path: path.clone(), source })?
        }
        None => Trace::default(),
    };
    let settings = Settings {
        state_dir: config.state_dir.clone(),
        regulations,
        zone: config.zone,
        language: config.board.language,
        quiet: config.board.quiet(),
        archiving: config.archive.rule(config.zone),
        proof: config.clock.trust,
        reach: letters::reach(&config),
    };
    refuse_as_root(&config.state_dir)?;
    refuse_if_in_use(&config.state_dir)?;
    config.serving = descriptors::make_room(config.serving);
    let (runtime, http) = runtimes().map_err(AndondError::Runtime)?;
    let listener = http.block_on(async { listener(&mut config, given) })?;
    if config.is_exposed() {
        log::warn!(
            "insecure-lan: the desk speaks plain HTTP on {}, and whoever hears the network reads tokens and tickets; [tls] mends it",
            config.listen
        );
    }
    if let Err(error) = running::keep(&text) {
        log::warn!("a wall that is wired anew while the daemon runs may stay lit if it is killed: {error}");
    }
    let opening = Opening::default();
    let wall = Wall::start(opening.clone(), &config.board, config.zone, trace, args.board_button.clone())
        .map_err(AndondError::Wall)?;
    let parts = wall.parts().clone();
    let pictures = parts.pictures.clone();
    let entrance =
        Entrance { limits: config.serving, tls: identities.map(Arc::new), traffic: Arc::default() };
    let daemon = Daemon {
        png: Arc::new(move || pictures.png()),
        parts,
        access: Access::open(&config.limits, &config.state_dir),
        config,
        settings,
        reload,
        opening,
        gate: Gate::default(),
        entrance,
        started_us: clock::monotonic_us(),
    };
    let (desk, served) = runtime.block_on(daemon.serve(http.handle(), listener, demo));
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    http.shutdown_timeout(Duration::from_secs(2));
    runtime.shutdown_timeout(Duration::from_secs(2));
    if let Some((handle, desk)) = desk {
        daemon.access.end(&handle);
        handle.stop();
        // A loop that panicked has said so in the journal.
        let _ = desk.join();
    }
    wall.stop();
    served?;
    log::info!("stopped; everything is durable");
    Ok(())
}

/// The HTTP door's socket, which systemd keeps while the daemon is restarted. Where a unit gives another one than is asked
/// for, that is where the door is.
fn listener(config: &mut Config, given: Vec<door_socket::Given>) -> Result<TcpListener, AndondError> {
    let failed = |source| AndondError::Listen { address: config.listen, source };
    let socket = door_socket::open(given, config.listen).map_err(failed)?;
    socket.leave_with_systemd();
    if let Some(remark) = socket.remark(config.listen) {
        log::warn!("{remark}");
        config.listen = socket.address;
        config.refuse_exposure()?;
    }
    TcpListener::from_std(socket.listener)
        .map_err(|source| AndondError::Listen { address: socket.address, source })
}

/// What the daemon itself waits in, and what serves HTTP over the network: whatever comes in there, the watchdog, signals and
/// `andonctl` have threads of their own.
fn runtimes() -> std::io::Result<(Runtime, Runtime)> {
    let own = Builder::new_multi_thread().worker_threads(1).thread_name("keep").enable_all().build()?;
    let http = Builder::new_multi_thread()
        .worker_threads(HTTP_THREADS)
        .max_blocking_threads(HTTP_READERS_MAX)
        .thread_name("http")
        .enable_all()
        .build()?;
    Ok((own, http))
}

/// What root writes among the books of another user, that user's daemon cannot open.
fn refuse_as_root(state_dir: &Path) -> Result<(), AndondError> {
    let owner = std::fs::metadata(state_dir).map_or(0, |dir| dir.uid());
    if rustix::process::geteuid().is_root() && owner != 0 {
        return Err(AndondError::OthersState { dir: state_dir.to_owned(), owner });
    }
    Ok(())
}

/// Whoever has the books has the wall, too: it is not touched for a start that cannot be. What a disk says that fails is
/// left to the opening, which tries again.
fn refuse_if_in_use(state_dir: &Path) -> Result<(), AndondError> {
    match StateLock::take(state_dir).map_err(BooksError::from) {
        Err(error) if disk_fault(&error).is_none() => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The configuration with the command line over it, and what it names.
struct Configured {
    config: Config,
    regulations: Regulations,
    identities: Option<Identities>,
    /// Reads the file again that it came from, if it came from any.
    reload: Option<Reload>,
    /// The text of the file, with its drop-ins.
    text: String,
}

fn configure(args: &Args) -> Result<Configured, AndondError> {
    let path = args.config.as_deref().or_else(|| config::installed());
    let sources = path.map(Sources::read).transpose()?;
    let mut config = sources.as_ref().map_or_else(|| Ok(Config::default()), Sources::config)?;
    let mut base = path.and_then(Path::parent).unwrap_or(Path::new("."));
    if args.demo {
        config.state_dir = config.state_dir.with_file_name("andon-demo");
        config.regulations = vec!["itsm".to_owned()];
        "демонстрация".clone_into(&mut config.board.site);
        // It talks to itself, in plain HTTP.
        config.tls = None;
        // Its time is not the box's, so the kernel knows nothing of it.
        config.clock.trust = Proof::Plausible;
    }
    if let Some(dir) = &args.state_dir {
        config.state_dir.clone_from(dir);
    }
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    config.refuse_exposure()?;
    let identities = certificate::read(&config, base)?;
    if !args.regulations.is_empty() {
        config.regulations.clone_from(&args.regulations);
        base = Path::new(".");
    }
    if path.is_none() && config.listen.ip().is_loopback() {
        // Somebody's own machine, for a try: whoever can ask has its processor anyway.
        config.limits = Limits::off();
    }
    let regulations = config.regulations(base)?;
    let text = sources.as_ref().map_or_else(String::new, |sources| sources.text().to_owned());
    let reload = path.zip(sources);
    let reload =
        reload.map(|(path, sources)| Reload::of(path, &sources, &args.regulations, &config.state_dir));
    Ok(Configured { config, regulations, identities, reload, text })
}

/// What was found when the books were opened: for the journal, and what is lost as an alarm. That nothing was found ends
/// none: the older parts of the ledger were not read.
fn tell_books(report: &BooksReport, handle: &Handle, language: Language) {
    if let Some(torn) = report.torn_tail.as_ref().filter(|_| report.lost_events == 0) {
        log::warn!(
            "the last write before the daemon ended was cut off, nothing of it was acknowledged: {torn}"
        );
    }
    tell_losses(handle, &report.losses(), language);
    if let Some(why) = &report.set_aside {
        log::warn!("the tickets were set aside and rebuilt from what the ledger has: {why}");
    }
    tell_archive(&report.archive);
    log::info!("{} tickets opened, {} events replayed", report.tickets, report.replayed);
}

/// What was found of the archive: nothing of it is lost, the ledger has everything.
fn tell_archive(report: &ArchiveReport) {
    if let Some(aside) = &report.set_aside {
        log::warn!(
            "the archive told of events that the ledger does not have; it is kept as {}",
            aside.display()
        );
    }
    if let Some(why) = report.reindexed {
        log::warn!("the archive's index was made again: {why}");
    }
    for (file, end) in &report.cut_off {
        log::warn!("{} was cut off at byte {end}: what was being added is added again", file.display());
    }
    for damage in &report.damage {
        log::error!("the archive is damaged: {damage}; its tickets are made again from the ledger");
    }
}

/// The daemon from its first moment to its last.
struct Daemon {
    config: Config,
    settings: Settings,
    /// Reads the file again that the configuration came from, if it came from any.
    reload: Option<Reload>,
    opening: Opening,
    gate: Gate,
    png: Arc<dyn Fn() -> Vec<u8> + Send + Sync>,
    parts: Parts,
    access: Arc<Access>,
    entrance: Entrance,
    started_us: u64,
}

/// The desk, while its loop runs.
type Running = (Handle, JoinHandle<()>);

impl Daemon {
    /// Serves from here on: the opening first, then the desk, until the daemon is told to stop.
    async fn serve(
        &self,
        http: &tokio::runtime::Handle,
        listener: TcpListener,
        demo: Option<Demo>,
    ) -> (Option<Running>, Result<(), AndondError>) {
        match signal(SignalKind::hangup()) {
            Ok(hangup) => drop(tokio::spawn(certificate::keep(self.entrance.tls.clone(), hangup))),
            Err(error) => log::error!("SIGHUP would end the daemon, it cannot be listened for: {error}"),
        }
        tokio::spawn(super::journal::tell_left_out());
        let (stop, stopped) = watch::channel(false);
        let address = listener.local_addr().unwrap_or(self.config.listen);
        let router = self.gate.router(self.opening.clone(), Arc::clone(&self.png), self.parts.live.clone());
        let doors = http.spawn(serve(listener, self.entrance.clone(), router, told(stopped.clone())));
        let life = async {
            let lived = self.live(address, stopped, demo).await;
            stop.send_replace(true);
            lived
        };
        let (doors, (desk, lived)) = tokio::join!(doors, life);
        let doors = doors.unwrap_or_else(|panicked| Err(std::io::Error::other(panicked)));
        (desk, lived.and(doors.map_err(AndondError::Serve)))
    }

    /// Opens the books and lives with them until a signal comes.
    async fn live(
        &self,
        address: SocketAddr,
        stopped: watch::Receiver<bool>,
        demo: Option<Demo>,
    ) -> (Option<Running>, Result<(), AndondError>) {
        let mut signal = pin!(wait_for_signal());
        let mut saying = Listening { address, is_tls: self.entrance.tls.is_some(), is_said: false };
        let opened = tokio::select! {
            opened = self.open(&mut saying) => opened,
            () = &mut signal => return (None, Ok(())),
        };
        let (handle, desk, report) = match opened {
            Ok(opened) => opened,
            Err(error) => return (None, Err(error)),
        };
        let lived = self.keep_open(&handle, &report, saying, stopped, demo, signal).await;
        (Some((handle, desk)), lived)
    }

    /// Opens the books in a thread of its own. Tells systemd that this may take its time, and a person where to look at it
    /// if it does.
    async fn open(
        &self,
        listening: &mut Listening,
    ) -> Result<(Handle, JoinHandle<()>, BooksReport), AndondError> {
        let (done, mut opened) = oneshot::channel();
        let (opening, settings) = (self.opening.clone(), self.settings.clone());
        std::thread::Builder::new()
            .name("opening".into())
            .spawn(move || drop(done.send(opening.open(&settings))))
            .map_err(AndondError::Opening)?;
        let mut patience = SAID_WITHIN_S;
        loop {
            let waited = tokio::time::timeout(Duration::from_secs(1), &mut opened).await;
            if let Ok(opened) = waited {
                let gone = |_| AndondError::Opening(std::io::Error::other("its thread panicked"));
                return Ok(opened.map_err(gone)??);
            }
            patience = patience.saturating_sub(1);
            let is_blocked = matches!(self.opening.stage(), Stage::Blocked { .. });
            if is_blocked || patience == 0 {
                listening.say();
            }
            let _ = sd_notify::notify(&[NotifyState::ExtendTimeoutUsec(EXTENDED_US)]);
        }
    }

    /// Says that the desk is there, and waits until the daemon is told to stop.
    async fn keep_open(
        &self,
        handle: &Handle,
        report: &BooksReport,
        mut listening: Listening,
        stopped: watch::Receiver<bool>,
        demo: Option<Demo>,
        mut signal: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), AndondError> {
        let Self { config, settings, .. } = self;
        tell_books(report, handle, settings.language);
        versions::tell(&report.versions, handle);
        let apart = apart(config);
        tokio::spawn(apart.clone().watch(handle.clone(), report.losses().is_none()));
        let gaps_ahead_days = config.roster.gaps_ahead_days;
        tokio::spawn(roster_gaps::watch(handle.clone(), gaps_ahead_days, config.zone, settings.language));
        tokio::spawn(calendar_years::watch(handle.clone(), config.zone, settings.language));
        let herald = Herald::new(handle.clone(), config.zone);
        let (webhooks, delivering) =
            webhooks::start(&config.webhooks, &herald, &config.state_dir, settings.language);
        let links = links(config, handle);
        let (letters, writing) = letters::start(config, handle, links.clone());
        let doors = MailDoors::open(config, handle, &apart);
        let shared = self.shared(herald, webhooks, letters, doors.place(), apart, links);
        let (mail, said) = watch::channel(None);
        let (end, ended) = oneshot::channel();
        let mailing = tokio::spawn(keep_mailing(writing, doors, said, ended));
        let control = bind_control(&config.state_dir)?;
        tokio::spawn(serve_unix(control, control_router(Arc::clone(&shared)), told(stopped)));
        self.reload_on_hangup(handle, &mail);
        self.gate.open(router(shared));
        listening.say();
        let _ = sd_notify::notify(&[NotifyState::Ready]);
        if let Some(timeout) = sd_notify::watchdog_enabled() {
            let feed = || drop(sd_notify::notify(&[NotifyState::Watchdog]));
            tokio::spawn(watchdog::watch(handle.clone(), timeout, feed));
        }
        if report.versions.not_kept.is_some() {
            let (handle, regulations) = (handle.clone(), settings.regulations.clone());
            tokio::spawn(versions::keep_on_trying(handle, config.state_dir.clone(), regulations));
        }
        let welcome = welcome(config, handle, demo, self.reload.is_some(), listening.address);
        let lived = async {
            tokio::select! {
                welcomed = welcome => welcomed?,
                () = &mut signal => return Ok(()),
            }
            signal.await;
            Ok(())
        };
        let lived = lived.await;
        drop(end);
        let _ = tokio::join!(delivering.stop(), mailing);
        lived
    }

    /// From here on SIGHUP has the configuration read again.
    fn reload_on_hangup(&self, handle: &Handle, mail: &watch::Sender<Option<Arc<Config>>>) {
        let Some(reload) = self.reload.clone() else { return };
        match signal(SignalKind::hangup()) {
            Ok(hangup) => {
                let (handle, access) = (handle.clone(), Arc::clone(&self.access));
                let (brightness, mail) = (self.parts.brightness.clone(), mail.clone());
                tokio::spawn(reload.keep(Followers { handle, access, brightness, mail }, hangup));
            }
            Err(error) => log::error!("the configuration is not read again on SIGHUP: {error}"),
        }
    }

    fn shared(
        &self,
        herald: Arc<Herald>,
        webhooks: Webhooks,
        letters: Letters,
        mail: MailPlace,
        apart: Apart,
        links: Option<Arc<Links>>,
    ) -> Arc<Shared> {
        Arc::new(Shared {
            handle: herald.handle().clone(),
            herald,
            png: Arc::clone(&self.png),
            parts: self.parts.clone(),
            access: Arc::clone(&self.access),
            traffic: Arc::clone(&self.entrance.traffic),
            webhooks,
            links,
            letters,
            mail,
            started_us: self.started_us,
            apart,
            facts: ServerFacts {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                regulations: self.settings.regulations.ids().into_iter().map(str::to_owned).collect(),
                state_dir: self.config.state_dir.clone(),
                zone: self.config.zone,
                language: self.config.board.language,
                proof: self.config.clock.trust,
                alertmanager: self.config.alertmanager.clone().map(Arc::new),
            },
        })
    }
}

/// Keeps letters going out and mail coming in, as the configuration says that was read last, until both are to end.
async fn keep_mailing(
    mut writing: letters::Running,
    mut doors: MailDoors,
    mut said: watch::Receiver<Option<Arc<Config>>>,
    mut ended: oneshot::Receiver<()>,
) {
    loop {
        tokio::select! {
            Ok(()) = said.changed() => {}
            _ = &mut ended => break,
        }
        let now = said.borrow_and_update().clone();
        if let Some(config) = now {
            tokio::join!(writing.follow(&config), doors.follow(&config));
        }
    }
    drop(doors);
    writing.stop().await;
}

/// Returns when the daemon is to stop.
async fn told(mut stopped: watch::Receiver<bool>) {
    // A sender that is gone means stop, too.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// The line that says where the daemon listens; said once.
struct Listening {
    address: SocketAddr,
    is_tls: bool,
    is_said: bool,
}

impl Listening {
    fn say(&mut self) {
        if !self.is_said {
            let scheme = if self.is_tls { "https" } else { "http" };
            say(&format!("listening on {scheme}://{}", self.address));
        }
        self.is_said = true;
    }
}

/// What somebody who started the daemon by hand needs to know.
async fn welcome(
    config: &Config,
    handle: &Handle,
    demo: Option<Demo>,
    from_file: bool,
    address: SocketAddr,
) -> Result<(), AndondError> {
    if let Some(demo) = demo {
        let token = first_token(handle, &config.state_dir, true).await?;
        say(&format!("board      http://{address}/board"));
        say(&format!("token      {token}   (role lead)"));
        say(&format!("demo       {} commands are coming in", demo.commands()));
        tokio::spawn(demo.feed(address, token));
    } else if !from_file {
        let token = first_token(handle, &config.state_dir, false).await?;
        if systemd_journal_logger::connected_to_journal() {
            // Whoever reads the journal is not who may act on the desk.
            let kept = config.state_dir.join(FIRST_TOKEN);
            say(&format!("token      in {}   (role agent; andonctl token add makes more)", kept.display()));
        } else {
            introduce(address, &token, handle.view().regulations());
        }
    }
    Ok(())
}

/// What is kept apart from the record, once the books are open: a restore that was cut off is ended by then.
fn apart(config: &Config) -> Apart {
    let credentials = crate::config::credentials();
    let key = config.sealed.key(credentials.as_deref(), &config.state_dir);
    Apart::open(&config.state_dir, config.attachments.limits(), key, config.board.language)
}

/// What makes requesters' links. Where it cannot be had their page is away, the wall says so, and all else goes on.
fn links(config: &Config, handle: &Handle) -> Option<Arc<Links>> {
    let page = config.requester_page.as_ref();
    let language = config.letter_language();
    let opened = page.map(|page| Links::open(&config.state_dir, &page.url, language)).transpose();
    let (kind, part) = (AlarmKind::Letter, "requester-page".to_owned());
    let (links, act) = match opened {
        Ok(links) => (links, DeskAct::PartWorks { kind, part }),
        Err(error) => {
            log::error!("{}", chain(&error));
            let text = match config.board.language {
                Language::Russian => "страница заявителя не открывается",
                Language::English => "the requester's page cannot be opened",
            };
            (None, DeskAct::PartFailed { kind, part, text: text.to_owned() })
        }
    };
    handle.tell(Command::Desk(act), Actor::named("andond", Role::Admin));
    links.map(Arc::new)
}

/// The socket for `andonctl`, beside the books, or in the directory systemd made for it (`RuntimeDirectory=`). One left
/// behind by a daemon that was killed is replaced, since the lock is ours.
fn bind_control(state_dir: &Path) -> Result<UnixListener, AndondError> {
    use std::os::unix::fs::PermissionsExt;
    let runtime = std::env::var_os("RUNTIME_DIRECTORY").map(PathBuf::from);
    let path = runtime.as_deref().unwrap_or(state_dir).join("control.sock");
    if path.as_os_str().len() > CONTROL_PATH_MAX {
        return Err(AndondError::ControlPath { path });
    }
    let fail = |source| AndondError::Control { path: path.clone(), source };
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(error)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&path).map_err(fail)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660)).map_err(fail)?;
    if runtime.is_some() {
        lead_to_control(state_dir, &path);
    }
    Ok(listener)
}

/// Leaves beside the books where the socket is, so that `andonctl --state-dir DIR` finds that of an installed daemon, too.
fn lead_to_control(state_dir: &Path, socket: &Path) {
    let link = state_dir.join("control.sock");
    if std::fs::read_link(&link).is_ok_and(|leads_to| leads_to == socket) {
        return;
    }
    // One that a daemon without systemd left is in the way.
    let _ = std::fs::remove_file(&link);
    if let Err(error) = std::os::unix::fs::symlink(socket, &link) {
        log::warn!("andonctl finds this daemon by --socket {} only: {error}", socket.display());
    }
}

/// The token of the first agent, made at the first start and kept beside the books for the next.
async fn first_token(handle: &Handle, state_dir: &Path, demo: bool) -> Result<String, AndondError> {
    let path = state_dir.join(FIRST_TOKEN);
    let known = std::fs::read_to_string(&path).ok().map(|text| text.trim().to_owned());
    if let Some(secret) = known {
        let hash = secret::hash(secret.as_bytes());
        let tokens = handle.view().tokens();
        if tokens.by_hash(&hash).is_some_and(|token| !token.is_expired(handle.view().now())) {
            return Ok(secret);
        }
    }
    let secret = secret::new().map_err(AndondError::Secret)?;
    let name = if demo { "demo" } else { "first-agent" };
    let role = if demo { Role::Lead } else { Role::Agent };
    let token = Token::named(&free_name(handle, name), role, &secret::hash(secret.as_bytes()));
    add_token(handle, token).await?;
    if let Err(error) = keep_secret(&path, &secret) {
        // It is told below, and whoever reads that has it.
        log::error!("the first token could not be kept in {}: {error}", path.display());
    }
    Ok(secret)
}

/// Adds a token as soon as the disk keeps it.
async fn add_token(handle: &Handle, token: Token) -> Result<(), AndondError> {
    let admin = Actor::named("andond", Role::Admin);
    loop {
        let command = Command::Desk(DeskAct::AddToken(token.clone()));
        match handle.command(command, admin.clone(), None).await {
            Err(run::Failure::Storage { .. } | run::Failure::Busy) => tokio::time::sleep(OPEN_AGAIN).await,
            added => return added.map(drop).map_err(AndondError::AddToken),
        }
    }
}

fn keep_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::File::options();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    writeln!(file, "{secret}").and_then(|()| file.sync_all())?;
    // The file is there after a power cut only if its name is, too.
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::File::open(dir).and_then(|dir| dir.sync_all())
}

/// The name, or the name with the first number that is free.
fn free_name(handle: &Handle, name: &str) -> String {
    let tokens = handle.view().tokens();
    let is_free = |name: &str| !tokens.iter().any(|token| token.name == name);
    let numbered = (2..=tokens.len() + 2).map(|n| format!("{name}-{n}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| is_free(name))
        .expect("there are more names than tokens")
}

/// What somebody who just typed `cargo run` needs to know.
fn introduce(address: SocketAddr, token: &str, regulations: &Regulations) {
    say(&format!("board      http://{address}/board"));
    say(&format!("token      {token}   (role agent; andonctl token add makes more)"));
    match FirstTicket::of(regulations, Role::Agent, clock::now()) {
        Some(FirstTicket::Body(body)) => say(&format!(
            "a ticket   curl -sS http://{address}/v1/tickets -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d '{body}'"
        )),
        Some(FirstTicket::NeedsRole { regulation, role }) => say(&format!(
            "a ticket   {regulation} takes none from an agent; a token that may register: andonctl token add --name N --role {role}"
        )),
        None => {}
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    // A reader that is gone must not stop the daemon.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    if !out.is_terminal() {
        log::debug!("{line}");
    }
}

async fn wait_for_signal() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        log::error!("cannot listen for signals; stop the daemon with kill -9, nothing acknowledged is lost");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => log::info!("SIGTERM: finishing"),
        _ = int.recv() => log::info!("interrupt: finishing"),
    }
}
