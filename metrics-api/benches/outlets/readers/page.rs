//! A page that stays open: it listens, and asks for the newest rendering when it hears of a snapshot, as `board.js` does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Doors, Readings};
use crate::stand::{Fault, http};

/// The server gives a sign of life far more often.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn keep_open(doors: &Doors, until: Instant) -> Result<Readings, Fault> {
    let mut readings = Readings::default();
    let mut stream = TcpStream::connect(&doors.http)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /events HTTP/1.0\r\nHost: {}\r\n\r\n", doors.http)?;
    for line in BufReader::new(stream).lines() {
        if Instant::now() >= until {
            return Ok(readings);
        }
        if line?.starts_with("event: snapshot") {
            readings.wait("open page", || http::get(&doors.http, "/?fragment"))?;
        }
    }
    Err("/events ended".into())
}
