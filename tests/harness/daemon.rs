//! The real binary, in a directory of its own, talked to over loopback.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything is waited for before a test says that it does not come. No test passes or fails by less.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `andond`. Killed when dropped.
pub struct Daemon {
    child: Child,
    state: PathBuf,
    base: String,
    token: String,
    /// Kept open, so that the daemon can print.
    stdout: BufReader<ChildStdout>,
}

/// An answer of the HTTP door.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body as JSON; null where it is none.
    pub json: Value,
    /// The body as it came.
    pub bytes: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Answer {
    /// Reads an answer to its end; `None` where it breaks off.
    pub(crate) fn read(answer: ureq::http::Response<ureq::Body>) -> Option<Self> {
        let status = answer.status().as_u16();
        let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let mut bytes = Vec::new();
        answer.into_body().into_reader().read_to_end(&mut bytes).ok()?;
        Some(Self { status, json: serde_json::from_slice(&bytes).unwrap_or(Value::Null), bytes, headers })
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Where a binary of the workspace was built: beside the tests.
pub fn binary(name: &str) -> PathBuf {
    let mut dir = std::env::current_exe().expect("a test runs from a file");
    dir.pop();
    if dir.ends_with("deps") {
        dir.pop();
    }
    let path = dir.join(name);
    assert!(
        path.exists(),
        "{} is not there; `cargo build --workspace` makes it, as tests/run does",
        path.display()
    );
    path
}

impl Daemon {
    /// Starts a daemon with its state in `state` and these arguments more.
    pub fn start(state: &Path, args: &[&str]) -> Self {
        Self::start_in(state, args, &[])
    }

    /// Starts a daemon with these arguments and environment variables more.
    pub fn start_in(state: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut daemon = Self::listening(state, args, env);
        daemon.token = read_word(&mut daemon.child, &mut daemon.stdout, "token ");
        daemon
    }

    /// Starts a daemon with a configuration file, under which it prints no token, on a state that knows this one.
    pub fn start_with_config(state: &Path, config: &str, token: &str) -> Self {
        let mut daemon = Self::listening(state, &["--config", config], &[]);
        token.clone_into(&mut daemon.token);
        daemon.wait_until_ready();
        daemon
    }

    /// Starts a daemon on a state that has tokens already, and waits until it listens.
    pub fn start_again(state: &Path, args: &[&str]) -> Self {
        Self::listening(state, args, &[])
    }

    /// Starts a daemon that tells no token, as one with a configuration, with these environment variables more.
    pub fn start_silent(state: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::listening(state, args, env)
    }

    /// Starts a daemon that may not become ready yet, on a state that knows this token.
    pub fn start_unready(state: &Path, token: &str) -> Self {
        let mut daemon = Self::listening(state, &[], &[]);
        token.clone_into(&mut daemon.token);
        daemon
    }

    /// Waits until the desk is there: on a busy machine the door may be open before. One that ends is not waited for, nor
    /// one that a disk keeps waiting.
    fn wait_until_ready(&mut self) {
        let start = Instant::now();
        let is_starting = |daemon: &Self| {
            if daemon.base.starts_with("https") {
                // Nobody here trusts its certificate.
                return !daemon.ctl(&["status"]).status.success();
            }
            let answer = daemon.try_request("GET", "/readyz", None, None, &[]);
            answer.is_none_or(|answer| answer.json["code"] == "starting")
        };
        while self.is_running() && is_starting(self) && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the daemon tells its token, which it does when its desk is there.
    pub fn wait_for_token(&mut self) {
        self.token = read_word(&mut self.child, &mut self.stdout, "token ");
    }

    /// Starts a daemon on a state that knows this token; what it logs goes to `log`. With no token it is a first start,
    /// and the first agent's is waited for.
    ///
    /// # Errors
    /// How it ended, where it ends before it listens.
    pub fn try_start(
        state: &Path,
        args: &[&str],
        token: &str,
        log: std::fs::File,
    ) -> Result<Self, ExitStatus> {
        let mut child = andond(state, args).stderr(log).spawn().expect("andond can be started");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        match next_word(&mut stdout, "listening on ") {
            Some(base) => {
                let first = token.is_empty().then(|| read_word(&mut child, &mut stdout, "token "));
                let token = first.unwrap_or_else(|| token.to_owned());
                let mut daemon = Self { child, state: state.to_owned(), base, token, stdout };
                daemon.wait_until_ready();
                Ok(daemon)
            }
            None => Err(child.wait().expect("a child ends")),
        }
    }

    /// Starts a daemon and waits until it listens.
    fn listening(state: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut child = andond(state, args)
            .envs(env.iter().copied())
            .stderr(Stdio::null())
            .spawn()
            .expect("andond can be started");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let base = read_word(&mut child, &mut stdout, "listening on ");
        Self { child, state: state.to_owned(), base, token: String::new(), stdout }
    }

    /// Sends it a signal by its name: `HUP`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// The address without the scheme, `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.base.split_once("://").expect("it has a scheme").1
    }

    /// The address, `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The first agent's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The daemon's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// GET with the first agent's token.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, Some(&self.token), None, &[])
    }

    /// POST of JSON with the first agent's token.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path, Some(&self.token), Some(&body.to_string()), &[])
    }

    /// Any request.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.try_request(method, path, token, body, headers).expect("the daemon answers")
    }

    /// Any request; `None` where the daemon is gone before it answers.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Option<Answer> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("Content-Type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.unwrap_or_default().to_owned()).expect("a request of a test is one");
        Answer::read(agent.run(request).ok()?)
    }

    /// POST of a form as a browser sends it; what it is told to load next is not loaded.
    pub fn post_form(&self, path: &str, form: &str) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let request = ureq::http::Request::post(format!("{}{path}", self.base))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.to_owned())
            .expect("a request of a test is one");
        Answer::read(agent.run(request).expect("the daemon answers")).expect("to its end")
    }

    /// `andonctl` against this daemon.
    pub fn ctl(&self, args: &[&str]) -> std::process::Output {
        Command::new(binary("andonctl"))
            .arg("--state-dir")
            .arg(&self.state)
            .args(args)
            .output()
            .expect("andonctl can be started")
    }

    /// Kills it as a power cut would end it.
    pub fn kill(mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child ends");
    }

    /// Asks it to stop as systemd does, and does not wait.
    pub fn ask_to_stop(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there").success());
    }

    /// Asks it to stop as systemd does, and waits.
    pub fn stop(mut self) -> ExitStatus {
        self.ask_to_stop();
        self.child.wait().expect("a child ends")
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked for").is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `andond` with its state in `state` and these arguments more; on a port that is free, unless they say which.
fn andond(state: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary("andond"));
    if !args.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.arg("--state-dir").arg(state).args(args).stdout(Stdio::piped());
    command
}

/// The word behind `prefix`, on the first line that begins with it.
fn read_word(child: &mut Child, stdout: &mut BufReader<ChildStdout>, prefix: &str) -> String {
    let word = next_word(stdout, prefix);
    word.unwrap_or_else(|| panic!("andond ended before it said `{prefix}`: {:?}", child.wait()))
}

/// [`read_word`], or nothing where the output ends before.
fn next_word(stdout: &mut BufReader<ChildStdout>, prefix: &str) -> Option<String> {
    let mut line = String::new();
    while stdout.read_line(&mut line).expect("andond prints text") > 0 {
        if let Some(words) = line.strip_prefix(prefix) {
            return Some(words.split_whitespace().next().unwrap_or_default().to_owned());
        }
        line.clear();
    }
    None
}

/// Asks again until the answer is there; fails the test with `what` when it does not come.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}
