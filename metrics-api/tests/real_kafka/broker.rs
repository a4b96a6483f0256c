//! A single-node Apache Kafka of a test's own, through `deploy/kafka/kafka.sh`.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Partitions of every topic here.
const PARTITIONS: &str = "6";
/// What `kafka.sh --scram` sets up.
pub(crate) const SCRAM_USER: &str = "homeward";
pub(crate) const SCRAM_PASSWORD: &str = "real-kafka-test";

/// How clients reach the broker.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    None,
    /// SASL_PLAINTEXT with SCRAM-SHA-512.
    Scram,
}

/// The broker; it is stopped and its folder removed when this is dropped, and killed when the test process dies.
pub(crate) struct Broker {
    folder: TempDir,
    port: u16,
    sasl_port: u16,
    pub(crate) security: Security,
}

impl Broker {
    /// A fresh broker, or nothing where Java or Maven are missing and their absence is allowed.
    #[expect(clippy::print_stdout, reason = "a skipped test says so; under test.sh it fails instead")]
    pub(crate) fn start(security: Security) -> Option<Self> {
        let jars = script(&["jars"]);
        if !jars.status.success() {
            let why = String::from_utf8_lossy(&jars.stderr).into_owned();
            assert!(
                std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(),
                "Apache Kafka cannot be run, and HOMEWARD_TESTS_REQUIRE_ALL is set: {why}"
            );
            println!("skipped: Apache Kafka cannot be run here: {why}");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let [port, controller_port, sasl_port] = free_ports();
        let broker = Self { folder, port, sasl_port, security };
        let (port, controller, sasl) = (port.to_string(), controller_port.to_string(), sasl_port.to_string());
        let guardian = std::process::id().to_string();
        let mut arguments =
            vec!["start", "--port", &port, "--controller-port", &controller, "--partitions", PARTITIONS];
        arguments.extend(["--with-process", &guardian]);
        if security == Security::Scram {
            arguments.extend(["--scram", "--sasl-port", &sasl]);
        }
        broker.command(&arguments);
        Some(broker)
    }

    /// `host:port` of the listener that fits the security.
    pub(crate) fn address(&self) -> String {
        let port = if self.security == Security::Scram { self.sasl_port } else { self.port };
        format!("127.0.0.1:{port}")
    }

    /// Makes a topic. Homeward's consumers never do: a misspelt topic shall be a fault, not a new topic.
    pub(crate) fn create_topic(&self, name: &str) {
        self.command(&["topic", "--name", name, "--topic-partitions", PARTITIONS]);
    }

    /// Ends it gently and starts it again on the same data.
    pub(crate) fn restart(&self) {
        self.command(&["restart"]);
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        self.command(&["kill"]);
    }

    pub(crate) fn start_again(&self) {
        self.command(&["start"]);
    }

    /// The broker's own count: partition to log end offset.
    pub(crate) fn end_offsets(&self, topic: &str) -> BTreeMap<i32, i64> {
        let address = format!("127.0.0.1:{}", self.port);
        let class = "org.apache.kafka.tools.GetOffsetShell";
        let output = self.command(&["run", "--", class, "--bootstrap-server", &address, "--topic", topic]);
        let text = String::from_utf8_lossy(&output.stdout);
        // One line a partition: topic:partition:offset.
        text.lines()
            .filter_map(|line| {
                let mut parts = line.trim().rsplitn(3, ':');
                let offset = parts.next()?.parse().ok()?;
                let partition = parts.next()?.parse().ok()?;
                Some((partition, offset))
            })
            .collect()
    }

    /// `kafka.sh COMMAND --dir FOLDER ...`
    fn command(&self, arguments: &[&str]) -> Output {
        let folder = self.folder.path().join("broker");
        let (command, rest) = arguments.split_first().expect("a command");
        let mut all = vec![*command, "--dir", folder.to_str().expect("a temporary folder's name is UTF-8")];
        all.extend(rest);
        let output = script(&all);
        assert!(
            output.status.success(),
            "kafka.sh {} failed: {}",
            all.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let folder = self.folder.path().join("broker");
        // Killed, not stopped: nothing of it is needed any more.
        if let Some(folder) = folder.to_str() {
            script(&["kill", "--dir", folder]);
        }
    }
}

fn script(arguments: &[&str]) -> Output {
    let script: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/kafka/kafka.sh");
    Command::new(&script)
        .args(arguments)
        .env("HOMEWARD_KAFKA_SCRAM_PASSWORD", SCRAM_PASSWORD)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be run: {error}", script.display()))
}

/// Ports that nobody listens on now; all are held until all are known, so that they differ.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("the system has a free port"));
    held.map(|listener| listener.local_addr().expect("a bound socket has an address").port())
}
