//! A receiver of webhooks on loopback: remembers what it was sent, and answers as it is told.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

/// A delivery that came.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// `webhook-id`.
    pub id: String,
    /// The event.
    pub event: Value,
    /// The whole request.
    pub request: String,
    /// The status it was answered with; 0 for none.
    pub status: u16,
}

/// A receiver; its threads end with the process.
#[derive(Clone)]
pub struct Receiver {
    url: String,
    deliveries: Arc<Mutex<Vec<Delivery>>>,
}

impl Receiver {
    /// One that answers with the status that `says` tells of a delivery's number, from 0; with 0 it hangs for good.
    ///
    /// # Panics
    /// Where the machine has no port.
    pub fn new(says: impl Fn(usize) -> u16 + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let receiver = Self { url, deliveries: Arc::default() };
        let taking = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (taking, says) = (taking.clone(), says.clone());
                std::thread::spawn(move || taking.take(stream, says));
            }
        });
        receiver
    }

    /// Where to post.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What came, in order.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, mut stream: TcpStream, says: impl Fn(usize) -> u16) {
        // Who goes in the middle of a request is one that was killed.
        let Some(request) = read(&mut stream) else { return };
        let (head, body) = request.split_once("\r\n\r\n").expect("a request has a body");
        let header = |name: &str| {
            let named = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            named.unwrap_or_default().to_owned()
        };
        let (id, event) = (header("webhook-id"), serde_json::from_str(body).unwrap_or(Value::Null));
        let status = {
            let mut deliveries = self.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
            let status = says(deliveries.len());
            deliveries.push(Delivery { id, event, request: request.clone(), status });
            status
        };
        if status == 0 {
            std::thread::sleep(Duration::from_secs(3_600));
        }
        let _ = write!(stream, "HTTP/1.1 {status} As told\r\ncontent-length: 0\r\n\r\n");
    }
}

fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 4096];
        let read = stream.read(&mut some).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&some[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0) {
            return Some(text.into_owned());
        }
    }
}
