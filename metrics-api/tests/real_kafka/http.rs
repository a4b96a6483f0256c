//! HTTP GET over a plain socket: enough to ask our own service, without a client library.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A body may have this many bytes here.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Status and body.
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<(u16, String), String> {
    let fault = |error: std::io::Error| format!("GET {path} of {address}: {error}");
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).map_err(fault)?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(fault)?;
    // HTTP/1.0 and "close": the body ends with the connection and is never chunked.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n").map_err(fault)?;
    let mut bytes = Vec::new();
    stream.take(BODY_BYTES_MAX).read_to_end(&mut bytes).map_err(fault)?;
    let answer = String::from_utf8_lossy(&bytes);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("GET {path}: no end of the headers"))?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    status.map(|status| (status, body.to_owned())).ok_or_else(|| format!("GET {path}: no status in {head:?}"))
}

/// The body of a 200, else what came instead.
pub(crate) fn body(address: SocketAddr, path: &str) -> Result<String, String> {
    match get(address, path)? {
        (200, body) => Ok(body),
        (status, body) => Err(format!("GET {path}: status {status}: {}", body.chars().take(300).collect::<String>())),
    }
}
