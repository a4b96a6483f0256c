//! HTTP GET over a plain socket: what is measured is the server, not a client library.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::Fault;

/// Longest wait for bytes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The body of a 200; any other answer is a fault.
pub(crate) fn get(address: &str, path: &str) -> Result<String, Fault> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // HTTP/1.0 and "close": the body ends with the connection and is never chunked.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("GET {path}: no end of the headers"))?;
    if head.split(' ').nth(1) != Some("200") {
        return Err(format!("GET {path}: {}", answer.chars().take(500).collect::<String>()).into());
    }
    Ok(body.to_owned())
}
