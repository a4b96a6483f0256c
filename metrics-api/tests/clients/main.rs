//! SQL clients against the real server: psql, psycopg, SQLAlchemy, asyncpg, pgjdbc, psqlODBC and tokio-postgres, each
//! over SCRAM on loopback and over SCRAM inside TLS; what tools ask on their own account, and what must be refused, in
//! both protocols; limits that stop a query and leave ingest and scrapes alone.
//!
//! The server is `homeward run` with an embedded broker and planted referrals, once plain and once with TLS. Clients come
//! from Debian and PyPI (`docs/sql-clients.md`); where one is missing its test says so and passes, unless
//! `HOMEWARD_TESTS_REQUIRE_ALL` is set, as `./test.sh` does: then it fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "what a test skips or has measured is told where cargo shows it")]

mod answer;
mod certificate;
mod connection;
mod external;
#[path = "../real_kafka/http.rs"]
mod http;
mod limits;
#[path = "../real_kafka/patience.rs"]
mod patience;
mod planted;
mod probes;
mod psql;
mod python;
mod rust;
mod server;

use external::Client;
use server::{PLAIN, TLS};

/// One test a client, against both servers.
macro_rules! clients {
    ($($test:ident: $client:expr;)*) => {$(
        #[test]
        fn $test() {
            let Some(client) = $client else { return };
            for server in [&*PLAIN, &*TLS] {
                client.run(server);
            }
        }
    )*};
}

clients! {
    psycopg_binds_reads_binary_and_cancels: Client::python("psycopg_client.py");
    sqlalchemy_reflects_and_queries: Client::python("sqlalchemy_client.py");
    asyncpg_prepares_introspects_and_pools: Client::python("asyncpg_client.py");
    psqlodbc_lists_tables_and_columns: Client::odbc("odbc_client.py");
    pgjdbc_reads_metadata_in_portions_and_cancels: Client::java("JdbcClient.java");
}
