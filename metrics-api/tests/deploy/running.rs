//! The compose file's broker and Homeward, run without containers: the same scripts, the same settings, the same
//! environment, with other ports and folders. What a container adds (users, read-only roots, networks) is not here.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::broker::free_ports;
use crate::compose::services;
use crate::http;
use crate::patience::until;
use crate::tool::{deploy, run, text, words};

const PATIENCE: Duration = Duration::from_secs(120);

/// A child that is killed when a test ends, well or not.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the child is gone and waited for, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that stands for the mounts of the compose file.
struct Mounts {
    folder: TempDir,
    jars: PathBuf,
    client: u16,
    admin: u16,
}

impl Mounts {
    /// Nothing where Kafka's jars cannot be had and that is allowed.
    fn prepared() -> Option<Self> {
        let output = run(Command::new(deploy().join("kafka/kafka.sh")).arg("jars"));
        if !output.status.success() {
            assert!(
                std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(),
                "Kafka's jars are missing, and HOMEWARD_TESTS_REQUIRE_ALL is set: {}",
                words(&output)
            );
            println!("skipped: Apache Kafka cannot be run here: {}", words(&output));
            return None;
        }
        let jars = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        let [client, controller, admin] = free_ports();
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("settings");
        std::fs::create_dir_all(&settings).unwrap();
        let properties = text("container/kafka/server.properties")
            .replace("0.0.0.0:9092", &format!("127.0.0.1:{client}"))
            .replace("kafka:9092", &format!("127.0.0.1:{client}"))
            .replace("127.0.0.1:9093", &format!("127.0.0.1:{controller}"))
            .replace("127.0.0.1:9094", &format!("127.0.0.1:{admin}"))
            .replace("/var/lib/kafka/data", folder.path().join("data").to_str().unwrap());
        std::fs::write(settings.join("server.properties"), properties).unwrap();
        std::fs::copy(deploy().join("kafka/log4j2.yaml"), settings.join("log4j2.yaml")).unwrap();
        std::fs::create_dir(folder.path().join("secrets")).unwrap();
        for (index, name) in crate::scripts::made_secrets().iter().enumerate() {
            let value = format!("{index:02x}").repeat(32);
            std::fs::write(folder.path().join("secrets").join(name), format!("{value}\n")).unwrap();
        }
        let mut openssl = Command::new("openssl");
        openssl.current_dir(folder.path().join("secrets")).args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"]);
        openssl.args(["-subj", "/CN=homeward", "-keyout", "sql_certificate_key", "-out", "sql_certificate"]);
        assert!(openssl.stderr(Stdio::null()).status().unwrap().success(), "openssl made no certificate");
        Some(Self { folder, jars, client, admin })
    }

    fn secret(&self, name: &str) -> PathBuf {
        self.folder.path().join("secrets").join(name)
    }

    fn script(&self, name: &str) -> Command {
        let mut command = Command::new("bash");
        command.arg(deploy().join("container/kafka").join(name)).stdin(Stdio::null());
        command.env("KAFKA_LIBS", &self.jars).env("KAFKA_SETTINGS", self.folder.path().join("settings"));
        command.env("KAFKA_PASSWORD_FILE", self.secret("kafka_password")).env("KAFKA_HEAP", "256m");
        command.env("KAFKA_ADMIN", format!("127.0.0.1:{}", self.admin));
        command
    }

    /// The broker, once its port of clients is open, as the health check asks.
    fn broker(&self) -> Running {
        let log = self.folder.path().join("broker.log");
        let output = File::create(&log).unwrap();
        let mut command = self.script("start.sh");
        command.stderr(output.try_clone().unwrap()).stdout(output);
        let mut broker = Running(command.spawn().unwrap());
        until("the port of clients", PATIENCE, || {
            let ended = broker.0.try_wait().unwrap();
            assert!(ended.is_none(), "the broker ended ({ended:?}): {}", tail(&log));
            std::net::TcpStream::connect(("127.0.0.1", self.client)).map_err(|error| format!("{error}: {}", tail(&log)))
        });
        broker
    }

    /// `homeward` with the environment of the compose file, its addresses and paths moved into this folder.
    fn homeward(&self, arguments: &[&str], board: SocketAddr, metrics: SocketAddr) -> Option<Command> {
        let services = services()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_homeward"));
        command.env("HOMEWARD_CONFIG", deploy().join("homeward.toml"));
        for (name, value) in services["homeward"]["environment"].as_object().expect("an environment") {
            let value = value.as_str().expect("a text");
            let own = match value.strip_prefix("/run/secrets/") {
                Some(secret) => self.secret(secret).display().to_string(),
                None => value
                    .replace("kafka:9092", &format!("127.0.0.1:{}", self.client))
                    .replace("0.0.0.0:8640", &board.to_string())
                    .replace("0.0.0.0:8641", "127.0.0.1:0")
                    .replace(
                        "/run/secrets/grafana_sql_password",
                        &self.secret("grafana_sql_password").display().to_string(),
                    )
                    .replace("0.0.0.0:8642", &metrics.to_string()),
            };
            command.env(name, own);
        }
        command.env("HOMEWARD_LAKE__PATH", self.folder.path().join("lake"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        Some(command)
    }

    /// Kafka's own client with a user and a password.
    fn topics_as(&self, password: &str, arguments: &[&str]) -> Output {
        let settings = self.folder.path().join("client.properties");
        let login = "org.apache.kafka.common.security.scram.ScramLoginModule";
        let lines = format!(
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nrequest.timeout.ms=4000\n\
             default.api.timeout.ms=8000\nsasl.jaas.config={login} required username=\"homeward\" password=\"{password}\";\n"
        );
        std::fs::write(&settings, lines).unwrap();
        let mut command = Command::new("java");
        command.args(["-Xmx128m", "-cp"]).arg(self.jars.join("*")).arg("org.apache.kafka.tools.TopicCommand");
        command.args(["--bootstrap-server", &format!("127.0.0.1:{}", self.client), "--command-config"]).arg(&settings);
        run(command.args(arguments).stdin(Stdio::null()))
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(25).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

fn with_token(address: SocketAddr, token: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = "GET /metrics HTTP/1.0\r\nConnection: close\r\nAuthorization: Bearer";
    write!(stream, "{head} {token}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn broker_topics_rights_and_homeward_work_together_as_the_compose_file_says() {
    let Some(mounts) = Mounts::prepared() else { return };
    let broker = mounts.broker();
    let topics = run(&mut mounts.script("topics.sh"));
    assert!(topics.status.success(), "{}", words(&topics));

    let [board, metrics] = free_ports().map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let log = mounts.folder.path().join("homeward.log");
    let Some(mut command) = mounts.homeward(&["run"], board, metrics) else { return };
    let output = File::create(&log).unwrap();
    command.stderr(output.try_clone().unwrap()).stdout(output);
    let mut homeward = Running(command.spawn().unwrap());

    // The health check of the container, as it is written.
    let url = format!("http://{board}/readyz");
    until("health", PATIENCE, || {
        let ended = homeward.0.try_wait().unwrap();
        assert!(ended.is_none(), "homeward ended ({ended:?}): {}", tail(&log));
        let output = run(Command::new(env!("CARGO_BIN_EXE_homeward")).args(["health", &url]));
        if output.status.success() { Ok(()) } else { Err(format!("{}\n{}", words(&output), tail(&log))) }
    });

    // One event on its way through: published with the same rights, counted behind the token.
    let event =
        std::fs::read_to_string(deploy().join("../ingest/fixtures/handbook/ucr-referral-received-1.json")).unwrap();
    let line: String = serde_json::from_str::<serde_json::Value>(&event).unwrap().to_string();
    std::fs::write(mounts.folder.path().join("one.ndjson"), line).unwrap();
    let mut load = mounts.homeward(&["load", "one.ndjson"], board, metrics).expect("read a moment ago");
    let loaded = run(&mut load);
    assert!(loaded.status.success(), "{}", words(&loaded));
    let token = std::fs::read_to_string(mounts.secret("metrics_token")).unwrap();
    until("the event on /metrics", PATIENCE, || {
        let answer = with_token(metrics, token.trim());
        let counted = answer.lines().any(|line| {
            line.starts_with("homeward_ingest_records_accepted_total{feed=\"ucr\"") && line.ends_with(" 1")
        });
        if counted {
            Ok(())
        } else {
            Err(format!("{}\n{}", answer.lines().take(12).collect::<Vec<_>>().join("\n"), tail(&log)))
        }
    });
    let (status, refusal) = http::get(metrics, "/metrics").unwrap();
    assert_eq!(status, 401, "{refusal}");
    assert!(with_token(metrics, "0123456789abcdef0123456789abcdef").starts_with("HTTP/1.0 401"));
    assert_eq!(http::get(board, "/metrics").unwrap().0, 404, "the board serves /metrics too");

    // What the user may not do: another password, another topic, a topic that is misspelt.
    let password = std::fs::read_to_string(mounts.secret("kafka_password")).unwrap();
    let listed = mounts.topics_as(password.trim(), &["--list"]);
    assert!(words(&listed).contains("homeward.ucr") && words(&listed).contains("homeward.csds"), "{}", words(&listed));
    let wrong = mounts.topics_as(&"00".repeat(32), &["--list"]);
    assert!(!wrong.status.success() && words(&wrong).contains("Authentication failed"), "{}", words(&wrong));
    let made = mounts.topics_as(password.trim(), &["--create", "--topic", "homeward.other", "--partitions", "1"]);
    assert!(!made.status.success() && words(&made).contains("Authorization failed"), "{}", words(&made));

    // A second start of everything finds what the first one made.
    drop(broker);
    let _broker = mounts.broker();
    let again = run(&mut mounts.script("topics.sh"));
    assert!(again.status.success(), "{}", words(&again));
    until("a gentle end", PATIENCE, || {
        let pid = homeward.0.id().to_string();
        run(Command::new("kill").args(["-TERM", &pid]));
        match homeward.0.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success(), "{status}: {}", tail(&log));
                Ok(())
            }
            None => Err(tail(&log)),
        }
    });
}
