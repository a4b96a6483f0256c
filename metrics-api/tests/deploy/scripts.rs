//! The scripts of `deploy/`: free of the faults that shellcheck knows, and safe to run twice.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::tool::{deploy, run, succeed, text, tool, words};

/// One of the lists of secrets.sh.
fn listed(name: &str) -> BTreeSet<String> {
    let script = text("secrets.sh");
    let list = script.lines().find_map(|line| line.strip_prefix(&format!("{name}=("))).expect("a line with the list");
    list.trim_end_matches(')').split_whitespace().map(str::to_owned).collect()
}

/// The names that secrets.sh makes or asks for, read from its lists.
pub(crate) fn made_secrets() -> BTreeSet<String> {
    ["random", "certificate", "receivers"].into_iter().flat_map(listed).collect()
}

#[test]
fn shellcheck_finds_nothing() {
    let Some(mut command) = tool("shellcheck") else { return };
    let top = deploy().parent().expect("deploy/ lies in the repository").to_owned();
    command.current_dir(&top).args(["--severity=warning", "test.sh", "deploy/secrets.sh", "deploy/test-deps.sh"]);
    command.args(["deploy/kafka/kafka.sh", "deploy/container/kafka/start.sh", "deploy/container/kafka/topics.sh"]);
    succeed(&mut command);
}

/// A copy of the script in a folder of the test's own, so that it never touches the checkout.
fn secrets_in(folder: &Path, arguments: &[&str]) -> std::process::Output {
    std::fs::copy(deploy().join("secrets.sh"), folder.join("secrets.sh")).unwrap();
    let mut command = Command::new(folder.join("secrets.sh"));
    run(command.args(arguments).env_remove("HOMEWARD_SECRETS"))
}

#[test]
fn secrets_are_made_once_at_random_and_closed_to_others() {
    let Some(_) = tool("openssl") else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = secrets_in(folder.path(), &["--check"]);
    assert!(!output.status.success() && words(&output).contains("missing"), "{}", words(&output));

    let output = secrets_in(folder.path(), &[]);
    assert!(output.status.success(), "{}", words(&output));
    assert!(words(&output).contains("still to be written by you") && words(&output).contains("receiver_dead_man"));
    let address = "https://alerts.example.nhs.uk/homeward/";
    let output = [words(&output), words(&secrets_in(folder.path(), &["--receivers", address]))].concat();
    let secrets = folder.path().join("secrets");
    assert_eq!(std::fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o700);
    let read = || -> Vec<(String, String)> {
        let each = |name: String| (name.clone(), std::fs::read_to_string(secrets.join(name)).unwrap());
        made_secrets().into_iter().map(each).collect()
    };
    let first = read();
    let different: BTreeSet<&String> = first.iter().map(|(_, value)| value).collect();
    assert_eq!(different.len(), first.len(), "two secrets are the same");
    for (name, value) in &first {
        if listed("random").contains(name) {
            assert!(value.trim().len() == 64 && value.trim().chars().all(|c| c.is_ascii_hexdigit()), "{name}");
        }
        assert!(!output.contains(value.trim()), "{name} was printed");
        assert_eq!(std::fs::metadata(secrets.join(name)).unwrap().permissions().mode() & 0o777, 0o444, "{name}");
    }
    let settings = std::fs::read_to_string(folder.path().join(".env")).unwrap();
    assert!(settings.contains(&format!("HOMEWARD_SECRETS={}", secrets.display())), "{settings}");

    let dead_man = std::fs::read_to_string(secrets.join("receiver_dead_man")).unwrap();
    assert_eq!(dead_man, "https://alerts.example.nhs.uk/homeward/dead-man\n");
    let mut openssl = tool("openssl").expect("found a moment ago");
    let shown =
        succeed(openssl.args(["x509", "-noout", "-ext", "subjectAltName", "-in"]).arg(secrets.join("sql_certificate")));
    assert!(shown.contains("DNS:homeward"), "{shown}");

    std::fs::remove_file(secrets.join("metrics_token")).unwrap();
    let again = secrets_in(folder.path(), &[]);
    assert!(words(&again).contains("made metrics_token in"), "{}", words(&again));
    for ((name, before), (_, after)) in first.iter().zip(read()) {
        assert_eq!(*before == after, name != "metrics_token", "{name}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join(".env")).unwrap(), settings, ".env changed");
    assert!(secrets_in(folder.path(), &["--check"]).status.success());
}

#[test]
fn what_secrets_makes_is_never_committed() {
    let Some(mut git) = tool("git") else { return };
    git.arg("-C").arg(deploy()).args(["check-ignore", ".env", "secrets/pseudonym_key"]);
    let ignored = succeed(&mut git);
    assert_eq!(ignored.lines().count(), 2, "{ignored}");
}
