//! The probes of `probes/answered.sql` and `probes/refused.sql`, in the simple and in the extended protocol.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error};

use crate::answer::Answer;
use crate::connection;
use crate::server::{PLAIN, Server, TLS};

/// Fewest probes of each list; a list that lost its probes must not pass.
const ANSWERED_MIN: usize = 90;
const REFUSED_MIN: usize = 60;

/// One statement and what must come of it.
#[derive(Debug, Default)]
struct Probe {
    name: String,
    sql: String,
    parameters: Vec<String>,
    rows: Option<(usize, bool)>,
    first: Option<String>,
    simple_only: bool,
}

impl Probe {
    /// Reads a list.
    fn list(text: &str) -> Vec<Self> {
        let mut probes: Vec<Self> = Vec::new();
        for line in text.lines() {
            let directive = line.strip_prefix("--@ ").map(|rest| rest.split_once(' ').unwrap_or((rest, "")));
            match (directive, probes.last_mut()) {
                (Some(("probe", name)), _) => probes.push(Self { name: name.to_owned(), ..Self::default() }),
                (Some(("rows", count)), Some(probe)) => {
                    let least = count.strip_suffix('+');
                    let number = least.unwrap_or(count).parse().expect("a number of rows");
                    probe.rows = Some((number, least.is_some()));
                }
                (Some(("first", text)), Some(probe)) => probe.first = Some(text.to_owned()),
                (Some(("bind", text)), Some(probe)) => probe.parameters.push(text.to_owned()),
                (Some(("simple", _)), Some(probe)) => probe.simple_only = true,
                (Some((other, _)), _) => panic!("'{other}' is no directive"),
                (None, Some(probe)) => {
                    probe.sql.push_str(line);
                    probe.sql.push('\n');
                }
                (None, None) => {}
            }
        }
        probes
    }

    async fn simple(&self, client: &Client) -> Result<Answer, Error> {
        let mut sql = self.sql.clone();
        for (number, text) in self.parameters.iter().enumerate() {
            sql = sql.replace(&format!("${}", number + 1), &format!("'{text}'"));
        }
        Ok(Answer::of_messages(&client.simple_query(&sql).await?))
    }

    async fn extended(&self, client: &Client) -> Result<Answer, Error> {
        let statement = client.prepare(&self.sql).await?;
        let parameters: Vec<&(dyn ToSql + Sync)> = self.parameters.iter().map(|text| text as _).collect();
        let rows = client.query(&statement, &parameters).await?;
        Answer::of_rows(&rows)
    }

    fn fault_of(&self, answer: &Result<Answer, Error>) -> Option<String> {
        match answer {
            Err(error) => Some(words(error)),
            Ok(answer) => {
                let counted = self.rows.is_none_or(|(rows, more)| answer.rows == rows || (more && answer.rows > rows));
                let read = self.first.is_none() || self.first == answer.first;
                (!counted || !read).then(|| format!("{answer:?}, wanted {:?} rows, first {:?}", self.rows, self.first))
            }
        }
    }
}

/// An error as a client prints it.
fn words(error: &Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |own| format!("{}: {}", own.code().code(), own.message()))
}

#[derive(Debug, Clone, Copy)]
enum Protocol {
    Simple,
    Extended,
}

async fn ask(probe: &Probe, protocol: Protocol, client: &Client) -> Result<Answer, Error> {
    match protocol {
        Protocol::Simple => probe.simple(client).await,
        Protocol::Extended => probe.extended(client).await,
    }
}

fn probes_for(protocol: Protocol, probes: &[Probe]) -> impl Iterator<Item = &Probe> {
    probes.iter().filter(move |probe| matches!(protocol, Protocol::Simple) || !probe.simple_only)
}

/// Both protocols, each on a connection of its own from the first probe to the last, as a tool would go on.
async fn run_answered(server: &Server, probes: &[Probe]) -> Vec<String> {
    let mut faults = Vec::new();
    for protocol in [Protocol::Simple, Protocol::Extended] {
        let mut client = connection::connect(server).await;
        for probe in probes_for(protocol, probes) {
            let answer = ask(probe, protocol, &client).await;
            if let Some(fault) = probe.fault_of(&answer) {
                faults.push(format!("{server}, {protocol:?}, {}: {fault}", probe.name));
            }
            if answer.is_err() {
                // A failed probe must not fail the next one through its transaction.
                client = connection::connect(server).await;
            }
        }
    }
    faults
}

/// What answers a refusal: forbidden, read-only, unknown, not supported, malformed. Never a defect (`XX000`), never a
/// timeout, never a connection that ends.
fn is_refusal(code: &str) -> bool {
    ["0A", "22", "25", "26", "28", "42"].contains(&&code[..2])
}

async fn run_refused(server: &Server, probes: &[Probe]) -> Vec<String> {
    let mut faults = Vec::new();
    for protocol in [Protocol::Simple, Protocol::Extended] {
        let mut client = connection::connect(server).await;
        for probe in probes_for(protocol, probes) {
            let answer = ask(probe, protocol, &client).await;
            let place = format!("{server}, {protocol:?}, {}", probe.name);
            match &answer {
                Ok(answer) => faults.push(format!("{place}: was answered with {answer:?}")),
                Err(error) => {
                    let code = error.code().map_or("none", |state| state.code());
                    let said = error.as_db_error().is_some_and(|own| own.message().len() > 10);
                    if !is_refusal(code) || !said {
                        faults.push(format!("{place}: refused badly: {}", words(error)));
                    }
                }
            }
            if let Err(error) = client.simple_query("SELECT 1").await {
                faults.push(format!("{place}: the connection does not work on: {}", words(&error)));
                client = connection::connect(server).await;
            }
        }
    }
    faults
}

fn report(faults: &[String], server: &Server) {
    assert!(faults.is_empty(), "{} probes:\n{}\n{}", faults.len(), faults.join("\n"), server.log());
}

#[tokio::test]
async fn probes_that_tools_send_are_answered_in_both_protocols() {
    let probes = Probe::list(include_str!("probes/answered.sql"));
    assert!(probes.len() >= ANSWERED_MIN, "only {} probes", probes.len());
    for server in [&*PLAIN, &*TLS] {
        report(&run_answered(server, &probes).await, server);
    }
}

#[tokio::test]
async fn what_must_be_refused_is_refused_in_both_protocols_and_nothing_has_happened() {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("probes/refused.sql").replace("{folder}", folder.path().to_str().unwrap());
    let probes = Probe::list(&text);
    assert!(probes.len() >= REFUSED_MIN, "only {} probes", probes.len());
    for server in [&*PLAIN, &*TLS] {
        let client = connection::connect(server).await;
        let catalogue = "SELECT table_schema || '.' || table_name FROM information_schema.tables ORDER BY 1";
        let before = client.simple_query(catalogue).await.unwrap();
        report(&run_refused(server, &probes).await, server);
        let after = client.simple_query(catalogue).await.unwrap();
        assert_eq!(format!("{before:?}"), format!("{after:?}"), "the catalogue has changed");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert!(left.is_empty(), "a statement wrote {left:?}");
    }
}
