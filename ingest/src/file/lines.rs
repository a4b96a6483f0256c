//! Lines of bounded length from any reader, so that a file without line ends costs no more memory
//! than a line may.

use std::io::{self, BufRead, BufReader, Read};

use super::limits::MOST_LINE_BYTES;

/// A line reader that counts.
pub(super) struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    line: Vec<u8>,
    number: u64,
    bytes: u64,
}

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// [`Lines::line`] holds it, without its end.
    Line,
    TooLong,
    End,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader: BufReader::with_capacity(64 << 10, reader), line: Vec::new(), number: 0, bytes: 0 }
    }

    /// Moves to the next line.
    pub(super) fn advance(&mut self) -> io::Result<Next> {
        self.line.clear();
        let limit = MOST_LINE_BYTES as u64 + 2;
        let read = (&mut self.reader).take(limit).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(Next::End);
        }
        self.number += 1;
        self.bytes += read as u64;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
        }
        if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
            self.line.drain(..3);
        }
        Ok(if self.line.len() > MOST_LINE_BYTES { Next::TooLong } else { Next::Line })
    }

    /// The line at hand.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Its number in the file, from 1 up.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: Vec<u8>) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(Box::new(io::Cursor::new(bytes)));
        let mut found = Vec::new();
        while lines.advance().unwrap() == Next::Line {
            found.push(lines.line().to_vec());
        }
        found
    }

    #[test]
    fn ends_of_any_kind_and_a_byte_order_mark_are_taken_off() {
        assert_eq!(all(b"\xef\xbb\xbfa\r\nb\n\nc".to_vec()), [&b"a"[..], b"b", b"", b"c"]);
        assert!(all(Vec::new()).is_empty());
    }

    #[test]
    fn a_line_beyond_the_limit_is_not_read_whole() {
        let mut lines = Lines::new(Box::new(io::repeat(b'x')));
        assert_eq!(lines.advance().unwrap(), Next::TooLong);
        assert!(lines.line().len() <= MOST_LINE_BYTES + 2);
        assert_eq!(all(vec![b'x'; MOST_LINE_BYTES]).len(), 1);
    }
}
