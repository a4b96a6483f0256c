//! One member of an archive as a stream.
//!
//! A reader of a member borrows its archive, so a struct cannot own both. A thread owns them and
//! hands chunks over a short channel: at most [`CHUNKS`] of [`CHUNK_BYTES`] wait, and the thread
//! ends as soon as the reader is dropped.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use zip::ZipArchive;

const CHUNKS: usize = 4;
const CHUNK_BYTES: usize = 64 << 10;

/// A member that is being unpacked.
pub(super) struct Unpacking {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: io::Cursor<Vec<u8>>,
}

impl Unpacking {
    /// Starts to unpack the member at `index`, which may hold no more than its declared `bytes`.
    pub(super) fn start(archive: File, index: usize, bytes: u64) -> Self {
        let (sender, chunks) = sync_channel(CHUNKS);
        thread::spawn(move || {
            if let Err(error) = unpack(archive, index, bytes, &sender) {
                // A reader that has gone away needs no error.
                let _ = sender.send(Err(error));
            }
        });
        Self { chunks, chunk: io::Cursor::default() }
    }
}

fn unpack(archive: File, index: usize, bytes: u64, sender: &SyncSender<io::Result<Vec<u8>>>) -> io::Result<()> {
    let mut archive = ZipArchive::new(archive)?;
    let mut member = archive.by_index(index)?;
    let mut left = bytes;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let read = (&mut member).take(CHUNK_BYTES as u64).read_to_end(&mut chunk)? as u64;
        if read == 0 {
            return Ok(());
        }
        left = left
            .checked_sub(read)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the member holds more than it declares"))?;
        if sender.send(Ok(chunk)).is_err() {
            return Ok(());
        }
    }
}

impl Read for Unpacking {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            match self.chunks.recv() {
                Ok(chunk) => self.chunk = io::Cursor::new(chunk?),
                // The thread has sent everything and gone.
                Err(_) => return Ok(0),
            }
        }
    }
}
