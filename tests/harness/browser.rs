//! A real browser without a window, told what to do over a pipe (the `DevTools` protocol): no driver and no port between.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything is waited for before a test says that it does not come. No test passes or fails by less.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page. Ends when dropped.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: String,
    calls: u64,
    events: Vec<Value>,
    /// Its profile; gone with it.
    _home: tempfile::TempDir,
}

impl Browser {
    /// Where this machine has one.
    pub fn installed() -> Option<PathBuf> {
        let names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
        let path = std::env::var_os("PATH")?;
        let dirs: Vec<_> = std::env::split_paths(&path).collect();
        names.iter().flat_map(|name| dirs.iter().map(move |dir| dir.join(name))).find(|file| file.is_file())
    }

    /// Starts it with an empty page.
    pub fn start(program: &std::path::Path) -> Self {
        let home = tempfile::tempdir().expect("a directory for a profile");
        // The browser reads from the descriptor 3 and writes to 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1"])
            .arg(program)
            .args([
                "--headless",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args(["--disable-dev-shm-usage", "--disable-background-networking", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", home.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the browser can be started");
        let (to, from) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let (messages, received) = channel();
        std::thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut message = Vec::new();
            while from.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let message = serde_json::from_slice(&std::mem::take(&mut message)).expect("JSON");
                if messages.send(message).is_err() {
                    return;
                }
            }
        });
        let (session, calls, events) = (String::new(), 0, Vec::new());
        let mut browser = Self { child, to, from: received, session, calls, events, _home: home };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", &attach);
        session["sessionId"].as_str().expect("a session has an id").clone_into(&mut browser.session);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Goes to an address.
    pub fn go(&mut self, address: &str) {
        self.call("Page.navigate", &json!({"url": address}));
    }

    /// Gives the window a size, in pixels.
    pub fn resize(&mut self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Makes the page believe that its user asked for little motion.
    pub fn ask_for_little_motion(&mut self) {
        let feature = json!({"name": "prefers-reduced-motion", "value": "reduce"});
        self.call("Emulation.setEmulatedMedia", &json!({"features": [feature]}));
    }

    /// What a script in the page gives; the page's own names are known to it.
    pub fn run(&mut self, script: &str) -> Value {
        self.try_run(script).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// [`Browser::run`]; what the browser says where the script fails, as while a page is being loaded.
    pub fn try_run(&mut self, script: &str) -> Result<Value, Value> {
        let call = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.try_call("Runtime.evaluate", &call)?;
        match answer.get("exceptionDetails") {
            Some(exception) => Err(exception.clone()),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// What can be read on the page.
    pub fn text(&mut self) -> String {
        let text = self.try_run("document.body ? document.body.innerText : ''").unwrap_or_default();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the script gives true.
    pub fn wait_for(&mut self, script: &str) {
        let start = Instant::now();
        while self.try_run(script) != Ok(Value::Bool(true)) {
            assert!(start.elapsed() < PATIENCE, "{script} does not come; the page says: {}", self.text());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Takes a picture of the page, as PNG.
    pub fn picture(&mut self) -> String {
        let picture = self.call("Page.captureScreenshot", &json!({"format": "png"}));
        picture["data"].as_str().expect("a picture").to_owned()
    }

    /// The addresses of all that the page asked for.
    pub fn requested(&mut self) -> Vec<String> {
        self.settle();
        let requests = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        requests
            .map(|event| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// What the page complained of: errors, what its policy forbids. Connections that failed are among it by their own name.
    pub fn complaints(&mut self) -> Vec<String> {
        self.settle();
        let told = |event: &Value| match event["method"].as_str()? {
            "Runtime.exceptionThrown" => Some(event["params"].to_string()),
            "Runtime.consoleAPICalled" if event["params"]["type"] == "error" => {
                Some(event["params"].to_string())
            }
            "Log.entryAdded" if event["params"]["entry"]["level"] == "error" => {
                let entry = &event["params"]["entry"];
                Some(format!("{}: {}", entry["source"].as_str()?, entry["text"].as_str()?))
            }
            _ => None,
        };
        self.events.iter().filter_map(told).collect()
    }

    /// Reads what has come: an answer comes behind what happened before it.
    fn settle(&mut self) {
        self.run("1");
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": params});
        if !self.session.is_empty() {
            call["sessionId"] = json!(self.session);
        }
        let mut message = call.to_string().into_bytes();
        message.push(0);
        self.to.write_all(&message).expect("the browser listens");
        loop {
            let mut message = match self.from.recv_timeout(PATIENCE) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => panic!("{method} is not answered"),
                Err(RecvTimeoutError::Disconnected) => panic!("the browser ended at {method}"),
            };
            if message["id"] == self.calls {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].take()),
                };
            }
            self.events.push(message);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends in order, so that its helpers do, too; one that does not is killed.
        let close = json!({"id": 0, "method": "Browser.close"});
        let _ = self.to.write_all(format!("{close}\0").as_bytes());
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
