//! The demonstration as a child process on a port that the system chooses.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A running demonstration; it ends with the test.
pub(crate) struct Demo {
    child: Child,
    address: SocketAddr,
    sql: String,
}

impl Demo {
    /// Starts it at so many times real time and waits until it tells its address.
    pub(crate) fn start(speed: u32) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_homeward"))
            .args(["demo", "--bind", "127.0.0.1:0", "--speed", &speed.to_string(), "--history-days", "35"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary can be run");
        let output = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(output).lines();
        let (mut address, mut sql) = (None, None);
        for line in lines.by_ref().map_while(Result::ok) {
            address = address.or_else(|| address_in(&line));
            sql = sql.or_else(|| sql_in(&line));
            if address.is_some() && sql.is_some() {
                break;
            }
        }
        // Whoever stops reading stops the demonstration: it prints conditions as they come.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.expect("the demonstration tells its address");
        let sql = sql.expect("the demonstration tells where SQL is");
        Self { child, address, sql }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `postgresql://ROLE:PASSWORD@HOST:PORT/homeward`
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }
}

/// `  Page      http://127.0.0.1:41234/`
fn address_in(line: &str) -> Option<SocketAddr> {
    let url = line.trim().strip_prefix("Page")?.trim();
    url.strip_prefix("http://")?.trim_end_matches('/').parse().ok()
}

/// `  SQL       psql 'postgresql://...'`
fn sql_in(line: &str) -> Option<String> {
    let command = line.trim().strip_prefix("SQL")?.trim();
    Some(command.strip_prefix("psql '")?.trim_end_matches('\'').to_owned())
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
