//! A receiver of Alertmanager's webhooks: remembers what it is told, and by which receiver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::patience::until;

/// A message holds a handful of alerts; more than this is refused.
const BODY_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// Name of the receiver, which is the path of its address here.
    pub(crate) receiver: String,
    pub(crate) payload: Value,
}

impl Told {
    pub(crate) fn alert(&self, name: &str) -> Option<&Value> {
        self.payload["alerts"].as_array()?.iter().find(|alert| alert["labels"]["alertname"] == name)
    }

    /// True when it says that this alert of this area fires, or is resolved.
    pub(crate) fn speaks_of(&self, status: &str, name: &str, area: &str) -> bool {
        let alerts = self.payload["alerts"].as_array().map(Vec::as_slice).unwrap_or_default();
        alerts.iter().any(|alert| {
            alert["status"] == status && alert["labels"]["alertname"] == name && alert["labels"]["area"] == area
        })
    }

    pub(crate) fn summary(&self, name: &str) -> String {
        let alert = self.alert(name).unwrap_or_else(|| panic!("{name} is not in {self:?}"));
        alert["annotations"]["summary"].as_str().expect("a summary").to_owned()
    }
}

/// The receiver. Its thread ends with the test process.
pub(crate) struct Webhook {
    pub(crate) address: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Webhook {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the system has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let told = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A thread each: Alertmanager's client opens connections ahead of need, and an idle one must hold up none.
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || {
                    // A message that cannot be read is answered by closing: Alertmanager tries again.
                    if let Some(message) = receive(stream) {
                        kept.lock().unwrap_or_else(PoisonError::into_inner).push(message);
                    }
                });
            }
        });
        Self { address, told }
    }

    pub(crate) fn all(&self) -> Vec<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first message that fits.
    pub(crate) fn wait(&self, what: &str, patience: Duration, fits: impl Fn(&Told) -> bool) -> Told {
        until(what, patience, || {
            let all = self.all();
            all.iter().find(|told| fits(told)).cloned().ok_or_else(|| summary_of(&all))
        })
    }
}

/// Which alerts came, for a failure's message.
fn summary_of(all: &[Told]) -> String {
    let mut lines: Vec<String> = all
        .iter()
        .flat_map(|told| {
            let alerts = told.payload["alerts"].as_array().cloned().unwrap_or_default();
            let receiver = told.receiver.clone();
            alerts.into_iter().map(move |alert| {
                format!("{receiver}: {} {} {}", alert["status"], alert["labels"]["alertname"], alert["labels"]["area"])
            })
        })
        .collect();
    lines.sort();
    lines.dedup();
    lines.join("\n")
}

fn receive(stream: TcpStream) -> Option<Told> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let receiver = line.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    if length > BODY_BYTES_MAX {
        return None;
    }
    let mut body = Vec::new();
    reader.by_ref().take(length).read_to_end(&mut body).ok()?;
    let payload = serde_json::from_slice(&body).ok()?;
    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
    Some(Told { receiver, payload })
}
