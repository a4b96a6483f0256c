//! Clients that are programs of their own: found, told where the server is, and held to their last line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::python;
use crate::server::{PASSWORD, ROLE, Server};

/// A client that has not ended by then hangs.
const PATIENCE: Duration = Duration::from_secs(180);

/// Where Debian's packages put things.
const JDBC_JAR: &str = "/usr/share/java/postgresql.jar";

/// A script that checks what it sees and ends with `N checks passed`.
pub(crate) struct Client {
    program: PathBuf,
    arguments: Vec<PathBuf>,
}

impl Client {
    /// A Python script.
    pub(crate) fn python(script: &str) -> Option<Self> {
        let program = python::interpreter()?;
        Some(Self { program, arguments: vec!["-B".into(), folder().join("scripts").join(script)] })
    }

    /// A Python script over pyodbc with Debian's psqlODBC.
    pub(crate) fn odbc(script: &str) -> Option<Self> {
        let architecture = format!("{}-linux-gnu", std::env::consts::ARCH);
        let driver = Path::new("/usr/lib").join(architecture).join("odbc/psqlodbcw.so");
        if !driver.exists() {
            return missing("psqlODBC", "Debian package odbc-postgresql");
        }
        let mut client = Self::python(script)?;
        client.arguments.push(driver);
        Some(client)
    }

    /// A Java program of one file with Debian's pgjdbc on its path.
    pub(crate) fn java(program: &str) -> Option<Self> {
        if !Path::new(JDBC_JAR).exists() {
            return missing("pgjdbc", "Debian package libpostgresql-jdbc-java");
        }
        let compiler = Command::new("java").args(["--list-modules"]).stderr(Stdio::null()).output();
        if !compiler.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("jdk.compiler")) {
            return missing("a Java that runs source files", "Debian package openjdk-17-jdk-headless");
        }
        let source = folder().join("scripts").join(program);
        Some(Self { program: "java".into(), arguments: vec!["-cp".into(), JDBC_JAR.into(), source] })
    }

    /// Runs it against a server to its end.
    pub(crate) fn run(&self, server: &Server) {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).envs(environment(server)).envs(planted(server));
        let name = self.arguments.iter().filter_map(|argument| argument.file_name()).next_back();
        let name = format!("{} at {server}", name.unwrap_or_default().to_string_lossy());
        let (status, output) = finish(command, &name);
        let last = output.trim_end().lines().last().unwrap_or_default();
        assert!(status && last.ends_with(" checks passed"), "{name}:\n{output}\n{}", server.log());
        println!("{name}: {last}");
    }
}

/// What libpq and the scripts read.
pub(crate) fn environment(server: &Server) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::from([
        ("PGHOST".to_owned(), "localhost".to_owned()),
        ("PGPORT".to_owned(), server.sql.port().to_string()),
        ("PGUSER".to_owned(), ROLE.to_owned()),
        ("PGPASSWORD".to_owned(), PASSWORD.to_owned()),
        ("PGDATABASE".to_owned(), "homeward".to_owned()),
        ("PGSSLMODE".to_owned(), "disable".to_owned()),
        ("PGCONNECT_TIMEOUT".to_owned(), "30".to_owned()),
        ("HOMEWARD_EXPECTED".to_owned(), server.expected_file().display().to_string()),
    ]);
    if let Some(certificate) = &server.certificate {
        variables.insert("PGSSLMODE".to_owned(), "verify-full".to_owned());
        variables.insert("PGSSLROOTCERT".to_owned(), certificate.display().to_string());
    }
    variables
}

/// The planted figure once more, for a language whose standard library reads no JSON.
fn planted(server: &Server) -> BTreeMap<String, String> {
    let fields = server.expected().as_object().expect("an object");
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    fields.iter().map(|(name, value)| (format!("HOMEWARD_EXPECTED_{}", name.to_uppercase()), text(value))).collect()
}

/// Runs a command to its end: success, and what it said.
pub(crate) fn finish(mut command: Command, name: &str) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("output");
    let output = std::fs::File::create(&path).expect("the folder can be written");
    let errors = output.try_clone().expect("a file can be shared");
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} cannot be run: {error}"));
    let begun = Instant::now();
    let success = loop {
        match child.try_wait().expect("a child can be asked") {
            Some(status) => break status.success(),
            None if begun.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                break false;
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    (success, std::fs::read_to_string(&path).unwrap_or_default())
}

/// The folder of these tests.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Says that a test is skipped, or fails when everything is required.
pub(crate) fn missing<T>(what: &str, detail: &str) -> Option<T> {
    let required = std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_some();
    assert!(!required, "{what} is missing, and HOMEWARD_TESTS_REQUIRE_ALL is set: {detail}");
    println!("skipped: {what} is missing: {detail}");
    None
}
