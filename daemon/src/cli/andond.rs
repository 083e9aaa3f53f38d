//! `andond`: the daemon put together, started and stopped.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::demo::{self, Demo};
use super::first_ticket::FirstTicket;
use crate::board::{Trace, Wall};
use crate::chain::chain;
use crate::clock;
use crate::config::{Config, ConfigError};
use crate::desk::command::Token;
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Regulations, Role};
use crate::door::http::{ServerFacts, Shared, control_router, router, serve, serve_unix};
use crate::door::secret;
use crate::run::books::{BooksError, BooksReport};
use crate::run::{self, Handle, Settings, versions};

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

/// Why the daemon does not start or does not go on.
#[derive(Debug, thiserror::Error)]
enum AndondError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Books(#[from] BooksError),
    #[error(
        "cannot listen on {address}; is another daemon running there? --listen 127.0.0.1:0 takes a free port"
    )]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("cannot open the socket for andonctl, {path}", path = path.display())]
    Control { path: PathBuf, source: std::io::Error },
    #[error("cannot open the trace {path}", path = path.display())]
    Trace { path: PathBuf, source: std::io::Error },
    #[error("cannot start the wall's thread")]
    Wall(#[source] std::io::Error),
    #[error("cannot start the runtime")]
    Runtime(#[source] std::io::Error),
    #[error("cannot keep the first token in {path}", path = path.display())]
    FirstToken { path: PathBuf, source: std::io::Error },
    #[error("cannot make a token")]
    Secret(#[source] getrandom::Error),
    #[error("cannot add the first token")]
    AddToken(#[source] run::Failure),
    #[error(transparent)]
    Demo(#[from] demo::DemoError),
    #[error("the HTTP door failed")]
    Serve(#[source] std::io::Error),
}

/// Starts the daemon and runs it until it is told to stop.
pub fn main() -> ExitCode {
    let args = Args::parse();
    match run_daemon(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("andond: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn run_daemon(args: &Args) -> Result<(), AndondError> {
    let (config, regulations, from_file) = configure(args)?;
    super::journal::start(config.log.level);
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
        regulations: regulations.clone(),
        zone: config.zone,
        language: config.board.language,
    };
    let (handle, desk, report) =
        run::start(&settings, |done, all| log::info!("replayed {done} of {all} events"))?;
    tell_books(&report, &handle);
    versions::tell(&report.versions, &handle);
    let wall = Wall::start(handle.clone(), &config.board, trace).map_err(AndondError::Wall)?;
    let picture = wall.picture().clone();
    let shared = Arc::new(Shared {
        handle: handle.clone(),
        png: Arc::new(move || picture.png()),
        started_us: clock::monotonic_us(),
        facts: ServerFacts {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            regulations: regulations.ids().into_iter().map(str::to_owned).collect(),
            state_dir: config.state_dir.clone(),
            zone: config.zone,
        },
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(AndondError::Runtime)?;
    if report.versions.not_kept.is_some() {
        let keeping = versions::keep_on_trying(handle.clone(), config.state_dir.clone(), regulations.clone());
        runtime.spawn(keeping);
    }
    let served = runtime.block_on(serve_all(&config, shared, &handle, demo, from_file));
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    handle.stop();
    // A loop that panicked has said so in the journal.
    let _ = desk.join();
    wall.stop();
    served?;
    log::info!("stopped; everything is durable");
    Ok(())
}

/// The configuration with the command line over it. Tells whether there was a file.
fn configure(args: &Args) -> Result<(Config, Regulations, bool), AndondError> {
    let installed = Path::new("/etc/andon/andon.toml");
    let path = args.config.as_deref().or_else(|| installed.exists().then_some(installed));
    let mut config = path.map_or_else(|| Ok(Config::default()), Config::read)?;
    let mut base = path.and_then(Path::parent).unwrap_or(Path::new("."));
    if args.demo {
        config.state_dir = config.state_dir.with_file_name("andon-demo");
        config.regulations = vec!["itsm".to_owned()];
        "демонстрация".clone_into(&mut config.board.site);
    }
    if let Some(dir) = &args.state_dir {
        config.state_dir.clone_from(dir);
    }
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    if !args.regulations.is_empty() {
        config.regulations.clone_from(&args.regulations);
        base = Path::new(".");
    }
    let regulations = config.regulations(base)?;
    Ok((config, regulations, path.is_some()))
}

/// What was found when the books were opened: for the journal, and what is lost as an alarm.
fn tell_books(report: &BooksReport, handle: &Handle) {
    let mut losses = report.damage.clone();
    if report.lost_events > 0 {
        losses.push(format!("its last {} events are missing", report.lost_events));
    } else if let Some(torn) = &report.torn_tail {
        log::warn!(
            "the last write before the daemon ended was cut off, nothing of it was acknowledged: {torn}"
        );
    }
    for loss in &losses {
        log::error!(
            "the ledger is damaged, and events that were acknowledged are lost; a backup has them: {loss}"
        );
    }
    if let Some(why) = &report.set_aside {
        log::warn!("the tickets were set aside and rebuilt from what the ledger has: {why}");
    }
    log::info!("{} tickets opened, {} events replayed", report.tickets, report.replayed);
    let (kind, part) = (AlarmKind::Storage, "ledger-damage".to_owned());
    let act = match losses.first() {
        Some(loss) => {
            DeskAct::PartFailed {
                kind, part, text: format!("журнал повреждён / ledger damaged: {loss}")
            }
        }
        None => DeskAct::PartWorks { kind, part },
    };
    handle.tell(Command::Desk(act), Actor::named("andond", Role::Admin));
}

async fn serve_all(
    config: &Config,
    shared: Arc<Shared>,
    handle: &Handle,
    demo: Option<Demo>,
    from_file: bool,
) -> Result<(), AndondError> {
    let control = bind_control(&config.state_dir)?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|source| AndondError::Listen { address: config.listen, source })?;
    let address =
        listener.local_addr().map_err(|source| AndondError::Listen { address: config.listen, source })?;
    let (stop, stopped) = watch::channel(false);
    let wait = |mut stopped: watch::Receiver<bool>| async move {
        // A sender that is gone means stop, too.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let doors = serve(listener, router(Arc::clone(&shared)), wait(stopped.clone()));
    let admin = serve_unix(control, control_router(shared), wait(stopped));
    let life = async {
        let lived = live(config, handle, demo, from_file, address).await;
        stop.send_replace(true);
        lived
    };
    let (doors, admin, lived) = tokio::join!(doors, admin, life);
    doors.and(admin).map_err(AndondError::Serve).and(lived)
}

/// Says that the daemon is there, and waits until it is told to stop.
async fn live(
    config: &Config,
    handle: &Handle,
    demo: Option<Demo>,
    from_file: bool,
    address: SocketAddr,
) -> Result<(), AndondError> {
    say(&format!("listening on http://{address}"));
    if let Some(demo) = demo {
        let token = first_token(handle, &config.state_dir, true).await?;
        say(&format!("board      http://{address}/board"));
        say(&format!("token      {token}   (role lead)"));
        say(&format!("demo       {} commands are coming in", demo.commands()));
        tokio::spawn(demo.feed(address, token));
    } else if !from_file {
        let token = first_token(handle, &config.state_dir, false).await?;
        introduce(address, &token, handle.view().regulations());
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tokio::spawn(watchdog(handle.clone()));
    wait_for_signal().await;
    Ok(())
}

/// The socket for `andonctl`, beside the books, or in the directory systemd made for it (`RuntimeDirectory=`). One left
/// behind by a daemon that was killed is replaced, since the lock is ours.
fn bind_control(state_dir: &Path) -> Result<UnixListener, AndondError> {
    use std::os::unix::fs::PermissionsExt;
    let runtime = std::env::var_os("RUNTIME_DIRECTORY").map(PathBuf::from);
    let path = runtime.as_deref().unwrap_or(state_dir).join("control.sock");
    let fail = |source| AndondError::Control { path: path.clone(), source };
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(error)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&path).map_err(fail)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660)).map_err(fail)?;
    Ok(listener)
}

/// The token of the first agent, made at the first start and kept beside the books for the next.
async fn first_token(handle: &Handle, state_dir: &Path, demo: bool) -> Result<String, AndondError> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = state_dir.join("first-token");
    let fail = |source| AndondError::FirstToken { path: path.clone(), source };
    let known = std::fs::read_to_string(&path).ok().map(|text| text.trim().to_owned());
    if let Some(secret) = known {
        let hash = secret::hash(secret.as_bytes());
        if handle.view().tokens().iter().any(|token| token.hash == hash) {
            return Ok(secret);
        }
    }
    let secret = secret::new().map_err(AndondError::Secret)?;
    let name = if demo { "demo" } else { "first-agent" };
    let token = Token {
        name: free_name(handle, name).into(),
        role: if demo { Role::Lead } else { Role::Agent },
        lines: Vec::new(),
        hash: secret::hash(secret.as_bytes()).into(),
    };
    let command = Command::Desk(DeskAct::AddToken(token));
    handle
        .command(command, Actor::named("andond", Role::Admin), None)
        .await
        .map_err(AndondError::AddToken)?;
    let mut file = std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .map_err(fail)?;
    writeln!(file, "{secret}").and_then(|()| file.sync_all()).map_err(fail)?;
    // The file is there after a power cut only if its name is, too.
    std::fs::File::open(state_dir).and_then(|dir| dir.sync_all()).map_err(fail)?;
    Ok(secret)
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

/// Tells systemd that the desk's loop answers, as often as it asks to be told.
async fn watchdog(handle: Handle) {
    let Some(timeout) = sd_notify::watchdog_enabled() else { return };
    let mut every = tokio::time::interval(timeout / 2);
    loop {
        every.tick().await;
        if handle.look(|_, _| ()).await.is_ok() {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
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
