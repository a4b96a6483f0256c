//! psql: what people type first, `\d` and its kin, comments, CSV, and the states of a script that fails.

use std::process::{Command, Stdio};

use crate::external::{environment, finish, missing};
use crate::server::{PLAIN, PUBLIC_ROLE, Server, TLS};

/// A command and words that its answer must hold.
type Question = (&'static str, &'static [&'static str]);

const QUESTIONS: [Question; 21] = [
    (r"\conninfo", &["homeward", "analyst"]),
    (r"\l", &["homeward", "UTF8"]),
    (r"\dn", &["outcomes", "meta"]),
    (r"\dn+", &["outcomes", "meta", "Description"]),
    (r"\d", &["outcomes", "figures", "ucr_two_hour_response", "definitions"]),
    (r"\dt meta.*", &["Did not find any relation"]),
    (r"\dv meta.*", &["definitions", "example_queries", "view"]),
    (r"\dv outcomes.*", &["figures", "figures_history", "ucr_two_hour_response", "view"]),
    (r"\dv+ outcomes.*", &["figures", "Description"]),
    (r"\d outcomes.figures", &["numerator", "bigint", "double precision", "timestamp with time zone", "text"]),
    (r"\d+ outcomes.figures", &["numerator", "Description", "Storage"]),
    (r"\d outcomes.ucr_two_hour_response", &["denominator", "bigint"]),
    (r"\d outcomes.no_such_view", &["Did not find any relation"]),
    (r"\dd", &["Description"]),
    (r"\du", &["analyst"]),
    (r"\df", &["List of functions"]),
    (r"\dT", &["List of data types"]),
    (r"\di", &["Did not find any relations"]),
    (r"\dp outcomes.figures", &["figures"]),
    (r"\encoding", &["UTF8"]),
    ("SHOW server_version", &["server_version"]),
];

fn psql(server: &Server, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new("psql");
    command.envs(environment(server)).env("PAGER", "").args(["-X", "-v", "ON_ERROR_STOP=1"]).args(arguments);
    finish(command, "psql")
}

fn is_there() -> bool {
    let found = Command::new("psql").arg("--version").stdin(Stdio::null()).output();
    found.is_ok() || missing::<()>("psql", "Debian package postgresql-client").is_some()
}

#[test]
fn psql_lists_describes_and_reads_comments() {
    if !is_there() {
        return;
    }
    for server in [&*PLAIN, &*TLS] {
        let comments = ["figures_comment", "numerator_comment"].map(|name| server.expected()[name].as_str().unwrap());
        let mut faults = Vec::new();
        for (question, words) in QUESTIONS {
            let (success, answer) = psql(server, &["-c", question]);
            // psql itself ends with 1 when a name is not found.
            let not_found = answer.contains("Did not find any relation");
            let lost: Vec<_> = words.iter().filter(|word| !answer.contains(**word)).collect();
            if !lost.is_empty() || !(success || not_found) || answer.contains("ERROR") {
                faults.push(format!("{question}: without {lost:?}: {answer}"));
            }
        }
        for (question, comment) in [(r"\d+ outcomes.figures", comments[1]), (r"\dv+ outcomes.figures", comments[0])] {
            let (_, answer) = psql(server, &["-A", "-c", question]);
            if !answer.contains(comment) {
                faults.push(format!("{question}: without the comment '{comment}': {answer}"));
            }
        }
        assert!(faults.is_empty(), "{server}: {}\n{}", faults.join("\n"), server.log());
    }
}

#[test]
fn psql_writes_csv_and_takes_variables() {
    if !is_there() {
        return;
    }
    for server in [&*PLAIN, &*TLS] {
        let expected = server.expected();
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("report.sql");
        let query = "SELECT area, numerator, denominator, value FROM outcomes.ucr_two_hour_response \
            WHERE basis = :'basis' AND level = 'provider' AND area = :'area' AND period = '28d';";
        std::fs::write(&script, format!("BEGIN;\n{query}\nCOMMIT;\n")).unwrap();
        let basis = format!("basis={}", expected["basis"].as_str().unwrap());
        let area = format!("area={}", expected["area"].as_str().unwrap());
        let script = script.to_str().unwrap();
        let (success, answer) = psql(server, &["--csv", "-q", "-v", &basis, "-v", &area, "-f", script]);
        let wanted = format!(
            "area,numerator,denominator,value\n{},{},{},{}\n",
            expected["area"].as_str().unwrap(),
            expected["numerator"],
            expected["denominator"],
            expected["value"]
        );
        assert!(success && answer == wanted, "{answer}\n{}", server.log());
        let (success, answer) = psql(server, &["-x", "-c", "SELECT count(*) > 0 AS has_rows FROM outcomes.figures"]);
        assert!(success && answer.contains("has_rows | t"), "{answer}\n{}", server.log());
    }
}

#[test]
fn psql_is_refused_with_a_wrong_password_and_without_tls() {
    if !is_there() {
        return;
    }
    for server in [&*PLAIN, &*TLS] {
        let (success, answer) = psql(server, &["-c", "DELETE FROM outcomes.figures"]);
        assert!(!success && answer.contains("ERROR"), "{answer}");
        for address in ["password=wrong", "user=nobody", "dbname=others"] {
            let (success, answer) = psql(server, &["-d", address, "-c", "SELECT 1"]);
            assert!(!success && answer.contains("FATAL"), "{address}: {answer}");
        }
        let (success, answer) = psql(server, &["-d", &format!("user={PUBLIC_ROLE}"), "-Atc", "SELECT current_user"]);
        assert!(success && answer.trim() == PUBLIC_ROLE, "{answer}");
    }
    let (success, answer) = psql(&TLS, &["-d", "sslmode=disable", "-c", "SELECT 1"]);
    assert!(!success && answer.contains("FATAL"), "a plain connection to the server with TLS: {answer}");
    let (success, answer) = psql(&PLAIN, &["-d", "sslmode=require", "-c", "SELECT 1"]);
    assert!(!success && answer.contains("does not support SSL"), "TLS at the plain server: {answer}");
    let (success, answer) = psql(&TLS, &["-d", "sslmode=require channel_binding=disable", "-Atc", "SELECT 1"]);
    assert!(success && answer.trim() == "1", "TLS without channel binding: {answer}");
}
