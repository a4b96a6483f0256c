//! The demonstration as a child process on a port that the system chooses.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A running demonstration; it ends with the test.
pub(crate) struct Demo {
    child: Child,
    address: SocketAddr,
}

impl Demo {
    /// Starts it and waits until it tells its address; none where Prometheus is missing, since nobody would ask it.
    pub(crate) fn start() -> Option<Self> {
        if !crate::prometheus::is_there() {
            return None;
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_homeward"))
            .args(["demo", "--bind", "127.0.0.1:0", "--speed", "60", "--history-days", "35"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary can be run");
        let output = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(output).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
        // Whoever stops reading stops the demonstration: it prints conditions as they come.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.expect("the demonstration tells its address");
        Some(Self { child, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// `  Page      http://127.0.0.1:41234/`
fn address_in(line: &str) -> Option<SocketAddr> {
    let url = line.trim().strip_prefix("Page")?.trim();
    url.strip_prefix("http://")?.trim_end_matches('/').parse().ok()
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
