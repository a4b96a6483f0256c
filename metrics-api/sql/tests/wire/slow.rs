//! A client that stops reading holds its statement up until its time is over, and no longer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures::StreamExt;
use homeward_sql::Limits;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Connection, NoTls, RowStream};

use crate::server::{Outlet, PASSWORD, PATIENCE, ROLE, code};

/// Time of a statement.
const TIME: Duration = Duration::from_secs(4);

/// What the system holds for a client that does not read; it gives the server some 4 MiB.
const RECEIVE_BYTES: u32 = 16 * 1024;

/// Wide rows: the first batch of them, 8 MB, is more than both hold.
const WIDE: &str = "SELECT lpad('x', 4000) FROM generate_series(1, 1000000)";

/// As wide, from a join that holds one side in memory.
const WIDE_AND_HELD: &str = "SELECT lpad(a.x::text, 4000) FROM generate_series(1, 15000) a(x) \
                             JOIN generate_series(1, 15000) b(y) ON a.x::text = b.y::text";

/// Bytes that a client reads before it stops: its login and some rows.
const READ_BYTES: usize = 32 * 1024;

/// A socket that is read so far and no further.
struct Gate {
    socket: TcpStream,
    left: Arc<AtomicUsize>,
}

impl AsyncRead for Gate {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 4_096];
        let left = self.left.load(Ordering::Relaxed);
        let most = left.min(into.remaining()).min(bytes.len());
        if most == 0 {
            // Who opens the gate polls anew: nobody is to be woken.
            return Poll::Pending;
        }
        let mut part = ReadBuf::new(&mut bytes[..most]);
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut part))?;
        self.left.store(left - part.filled().len(), Ordering::Relaxed);
        into.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Gate {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

/// A client that has read a row and then reads no more.
struct Stalled {
    connection: Connection<Gate, NoTlsStream>,
    rows: Pin<Box<RowStream>>,
    gate: Arc<AtomicUsize>,
    _client: Client,
}

impl Stalled {
    async fn at(outlet: &Outlet, sql: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(RECEIVE_BYTES).unwrap();
        let socket = socket.connect(outlet.address).await.unwrap();
        let gate = Arc::new(AtomicUsize::new(READ_BYTES));
        let stream = Gate { socket, left: Arc::clone(&gate) };
        let (client, mut connection) = outlet.config(ROLE, PASSWORD).connect_raw(stream, NoTls).await.unwrap();
        let parameters: [i64; 0] = [];
        let first = async {
            // The session is made, so that the time of the statement that counts is its own.
            client.query_one("SELECT 1", &[]).await.unwrap();
            let mut rows = Box::pin(client.query_raw(sql, parameters).await.unwrap());
            rows.next().await.expect("the first row comes").unwrap();
            rows
        };
        let rows = tokio::select! {
            rows = first => rows,
            _ = &mut connection => panic!("the connection ended before the first row"),
        };
        Self { connection, rows, gate, _client: client }
    }

    /// Reads on: what was on its way already, then the end of the connection.
    async fn read_on(self) {
        let Self { connection, mut rows, gate, _client: client } = self;
        gate.store(usize::MAX, Ordering::Relaxed);
        let read = async {
            while let Some(row) = rows.next().await {
                if row.is_err() {
                    return true;
                }
            }
            false
        };
        let (is_broken, _) = tokio::join!(read, connection);
        drop(client);
        assert!(is_broken, "the result is cut off, and not by an end that looks like one");
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_loses_its_connection_and_frees_place_and_turn() {
    let limits = Limits { threads: 1, statement_timeout: TIME, rows_max: usize::MAX, ..Limits::default() };
    // As many as may run at once, and no place besides.
    let limits = Limits { connections_max: limits.running_max(), ..limits };
    let outlet = Outlet::start(limits.clone()).await;
    let mut stalled = Vec::new();
    let begun = Instant::now();
    for _ in 0..limits.running_max() {
        stalled.push(Stalled::at(&outlet, WIDE).await);
    }
    let last = Instant::now();
    let mut turned_away = 0;
    let place = async {
        loop {
            match outlet.try_connect(ROLE, PASSWORD).await {
                Ok(client) => return client,
                Err(error) => assert_eq!(code(&error), "53300"),
            }
            turned_away += 1;
        }
    };
    let client = tokio::time::timeout(PATIENCE, place).await.expect("a place falls free");
    assert!(turned_away > 0 || begun.elapsed() > TIME, "there was no room before");
    client.query_one("SELECT 1", &[]).await.expect("there is a turn");
    assert!(last.elapsed() < 2 * TIME, "{:?}", last.elapsed());
    for stalled in stalled {
        tokio::time::timeout(PATIENCE, stalled.read_on()).await.expect("its connection has ended");
    }
    outlet.stop().await;
}

#[tokio::test]
async fn what_a_client_that_stops_reading_held_in_memory_is_free_again() {
    let limits = Limits {
        threads: 1,
        statement_timeout: TIME,
        rows_max: usize::MAX,
        memory_bytes: 2 * 1024 * 1024,
        spill_bytes: 0,
        ..Limits::default()
    };
    let outlet = Outlet::start(limits).await;
    let client = outlet.connect().await;
    // Needs as much as each of the others: three of them do not fit.
    let sql = "SELECT count(*) FROM generate_series(1, 15000) a(x) JOIN generate_series(1, 15000) b(y) \
               ON a.x::text = b.y::text";
    client.query_one(sql, &[]).await.expect("alone it fits");
    let stalled = [Stalled::at(&outlet, WIDE_AND_HELD).await, Stalled::at(&outlet, WIDE_AND_HELD).await];
    let mut refused = 0;
    let fits = async {
        while let Err(error) = client.query_one(sql, &[]).await {
            assert_eq!(code(&error), "53200");
            refused += 1;
        }
    };
    tokio::time::timeout(PATIENCE, fits).await.expect("its memory is free");
    assert!(refused > 0, "the clients that do not read held it");
    drop(stalled);
    outlet.stop().await;
}
