//! `homeward run` on an embedded broker and planted referrals: one server with plain loopback, one with TLS, each started
//! once and used by every test.

use std::fmt;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, OnceLock};
use std::time::Duration;

use chrono::Utc;
use homeward_ingest::kafka::{EmbeddedBroker, KafkaConfig, Publisher};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::certificate::Certificate;
use crate::patience::until;
use crate::{connection, http, planted};

/// The role that sees exact figures, and its password.
pub(crate) const ROLE: &str = "analyst";
pub(crate) const PASSWORD: &str = "a password of these tests, nowhere else";
/// The role that sees what is published.
pub(crate) const PUBLIC_ROLE: &str = "commissioner";

/// Longest life of a statement at these servers.
pub(crate) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs until it is stopped, on any data: a product of rows that is counted and never stored.
pub(crate) const SLOW_QUERY: &str = "SELECT count(*) FROM outcomes.figures a, outcomes.figures b, outcomes.figures c, \
    outcomes.figures d, outcomes.figures e \
    WHERE (a.version * 7 + b.version * 5 + c.version * 3 + d.version * 2 + e.version) % 1000003 = 999983";

/// Room for a thousand idle connections and for the other tests.
const CONNECTIONS_MAX: usize = 1_100;

const TOPIC: &str = "homeward.ucr";
const PARTITIONS: i32 = 2;
const PATIENCE: Duration = Duration::from_secs(120);

/// Loopback without encryption.
pub(crate) static PLAIN: LazyLock<Server> = LazyLock::new(|| Server::start(false, CONNECTIONS_MAX));
/// TLS alone.
pub(crate) static TLS: LazyLock<Server> = LazyLock::new(|| Server::start(true, CONNECTIONS_MAX));

/// A running server.
pub(crate) struct Server {
    pub(crate) http: SocketAddr,
    pub(crate) sql: SocketAddr,
    /// The authority to trust; none where TLS is off.
    pub(crate) certificate: Option<PathBuf>,
    folder: TempDir,
    _broker: EmbeddedBroker,
    publisher: Publisher,
    child: Mutex<Child>,
    expected: OnceLock<Value>,
}

impl Server {
    pub(crate) fn start(encrypted: bool, connections_max: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let broker = EmbeddedBroker::start().expect("the embedded broker starts");
        broker.create_topic(TOPIC, PARTITIONS).expect("a topic can be made");
        let [http, sql] = free_addresses();
        let certificate = encrypted.then(|| Certificate::made_in(folder.path()));
        write_configuration(folder.path(), broker.brokers(), http, sql, certificate.as_ref(), connections_max);
        let publisher = Publisher::new(&KafkaConfig::new(broker.brokers())).expect("a publisher can be made");
        let child = Mutex::new(spawn(folder.path()));
        let certificate = certificate.map(|made| made.authority);
        let expected = OnceLock::new();
        let server = Self { http, sql, certificate, folder, _broker: broker, publisher, child, expected };
        server.publish(planted::events(Utc::now()));
        let found = until("the planted figure", PATIENCE, || {
            server.figure().map_err(|state| format!("{state}\n{}", server.log()))
        });
        server.remember(&found);
        server
    }

    /// Publishes events and waits until the broker has them.
    pub(crate) fn publish(&self, events: Vec<(String, String)>) {
        for (key, payload) in events {
            self.publisher.send(TOPIC, Some(key.as_bytes()), payload.as_bytes()).expect("the broker takes it");
        }
        self.publisher.flush().expect("the broker takes them");
    }

    /// The planted figure as the JSON of the server has it, once all of it is counted.
    fn figure(&self) -> Result<Value, String> {
        let (provider, referrals, met) = planted::PROVIDERS[0];
        let path = "/api/v1/figures?indicator=ucr-two-hour-response&basis=live&by=provider&period=28d";
        let answer: Value = serde_json::from_str(&http::body(self.http, path)?).map_err(|error| error.to_string())?;
        let figures = answer["figures"].as_array().ok_or("no figures")?;
        let all = figures.len() == planted::PROVIDERS.len();
        let ours = figures.iter().find(|figure| figure["provider"] == provider).ok_or("none of ours")?;
        if all && ours["numerator"] == met && ours["denominator"] == referrals {
            return Ok(ours.clone());
        }
        Err(format!("{ours}, planted {met} of {referrals}"))
    }

    /// Writes down what the scripts must find.
    fn remember(&self, figure: &Value) {
        let expected = json!({
            "database": "homeward", "user": ROLE, "view": "ucr_two_hour_response",
            "indicator": figure["indicator"], "basis": figure["basis"], "level": "provider",
            "area": figure["provider"], "area_name": "Livewell Southwest", "period": "28d",
            "numerator": figure["numerator"], "denominator": figure["denominator"], "value": figure["value"],
            "lower": figure["lower"], "upper": figure["upper"], "release": figure["release"],
            "as_of": figure["as_of"], "slow_query": SLOW_QUERY,
            "figures_comment": self.described(""), "numerator_comment": self.described("numerator"),
        });
        fs::write(self.expected_file(), expected.to_string()).expect("the folder can be written");
        self.expected.set(expected).expect("it is remembered once");
    }

    /// What the data dictionary says of `outcomes.figures`, or of one of its columns: a table of ours, while clients ask
    /// PostgreSQL's catalogue for the same words. On a thread of its own, because a test may run in a runtime already.
    fn described(&self, column: &str) -> String {
        let question = "SELECT description FROM meta.data_dictionary \
            WHERE schema_name = 'outcomes' AND table_name = 'figures' AND coalesce(column_name, '') = $1";
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(async {
                    let client = connection::connect(self).await;
                    client.query_one(question, &[&column]).await.expect("the dictionary knows it").get(0)
                })
            });
            asked.join().expect("the dictionary can be read")
        })
    }

    pub(crate) fn expected(&self) -> &Value {
        self.expected.get().expect("it is remembered before the server is handed out")
    }

    pub(crate) fn expected_file(&self) -> PathBuf {
        self.folder.path().join("expected.json")
    }

    /// Whether the process still runs, and what it has to say.
    pub(crate) fn log(&self) -> String {
        let ended = self.child.lock().expect("no test panics with it").try_wait();
        let text = fs::read_to_string(self.folder.path().join("homeward.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(30).collect();
        format!("server ended: {ended:?}\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.certificate.is_some() { "the server with TLS" } else { "the plain server" })
    }
}

/// Two addresses that differ, because both are held until both are known.
fn free_addresses() -> [SocketAddr; 2] {
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("the system has a free port"));
    held.map(|listener| listener.local_addr().expect("a bound socket has an address"))
}

fn write_configuration(
    folder: &Path,
    brokers: &str,
    http: SocketAddr,
    sql: SocketAddr,
    certificate: Option<&Certificate>,
    connections_max: usize,
) {
    let file = folder.join("password");
    fs::write(&file, PASSWORD).expect("the folder can be written");
    let mut text = format!(
        "[lake]\npath = '{lake}'\n\n[kafka]\nbrokers = '{brokers}'\ngroup = 'clients-test'\n\n\
         [kafka.topics]\nucr = '{TOPIC}'\n\n[ingest]\nfeeds = ['ucr']\ncommit_interval_seconds = 0.2\n\n\
         [keys]\npseudonym = '{key}'\nquarantine = '{key}'\n\n[transform]\ncycle_seconds = 1.0\n\n\
         [serve]\nbind = '{http}'\n\n\
         [sql]\nbind = '{sql}'\nconnections_max = {connections_max}\nstatement_timeout_seconds = {timeout}\n",
        lake = folder.join("lake").display(),
        key = "5a".repeat(32),
        timeout = STATEMENT_TIMEOUT.as_secs(),
    );
    if let Some(made) = certificate {
        let (certificate, key) = (made.certificate.display(), made.key.display());
        text.push_str(&format!("tls_certificate_file = '{certificate}'\ntls_key_file = '{key}'\n"));
    }
    for (role, release) in [(ROLE, "internal-live"), (PUBLIC_ROLE, "public-hes")] {
        let file = file.display();
        text.push_str(&format!("\n[[sql.role]]\nname = '{role}'\npassword_file = '{file}'\nrelease = '{release}'\n"));
    }
    fs::write(folder.join("homeward.toml"), text).expect("the folder can be written");
}

/// The server process. It may hold a thousand connections, whatever the shell's own limit is; and it ends when this
/// process does, because it reads the pipe that ends with it.
fn spawn(folder: &Path) -> Child {
    let log = File::create(folder.join("homeward.log")).expect("the folder can be written");
    let errors = log.try_clone().expect("a file can be shared");
    let mut command = Command::new("sh");
    // Statics are never dropped: the shell watches the pipe that closes with this process, and ends the server then.
    command.arg("-c").arg(
        "ulimit -n 4096 2>/dev/null; exec 3<&0; \"$0\" \"$@\" </dev/null 3<&- & server=$!; \
         { cat <&3 >/dev/null; kill -KILL $server 2>/dev/null; } & wait $server",
    );
    command.arg(env!("CARGO_BIN_EXE_homeward")).arg("--config").arg(folder.join("homeward.toml")).arg("run");
    command.current_dir(folder).env("HOMEWARD_LOG", "info").stdin(Stdio::piped()).stdout(log).stderr(errors);
    command.spawn().expect("a shell can be run")
}
