//! What `[sql]` means: an outlet that can be served as it is, or every fault at once.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use homeward_sql::scram::{ITERATIONS_DEFAULT, Verifier};
use homeward_sql::{Account, Limits, SqlConfig, Tick, TlsFiles};
use homeward_transform::release::{Coverage, Policy};

use super::fault::Faults;
use super::settings::{SqlRoleSettings, SqlSettings};

/// Longest life that a statement may be given, in seconds.
const STATEMENT_TIMEOUT_SECONDS_MAX: f64 = 3_600.0;

/// Checks `[sql]`; none when the outlet is off, or at fault.
pub(super) fn check(sql: &SqlSettings, coverage: Coverage, faults: &mut Faults) -> Option<SqlConfig> {
    let Some(bind) = &sql.bind else {
        if !sql.role.is_empty() {
            faults.add(
                "[sql] bind",
                "roles are named, but no address",
                "write bind = \"127.0.0.1:5432\", or remove the roles",
            );
        }
        return None;
    };
    let bind = faults.address("[sql] bind", bind);
    let tls = tls(sql, bind, faults);
    let limits = limits(sql, faults);
    if sql.role.is_empty() {
        faults.add("[sql]", "nobody may log in", "add [[sql.role]] with name, password_file and release");
    }
    let mut names = BTreeSet::new();
    let mut accounts = Vec::new();
    for role in &sql.role {
        if !names.insert(&role.name) {
            faults.add("[[sql.role]]", format!("the name '{}' comes twice", role.name), "give each role its own name");
        }
        accounts.extend(account(role, coverage, faults));
    }
    Some(SqlConfig { bind: bind?, tls, accounts, limits })
}

fn tls(sql: &SqlSettings, bind: Option<SocketAddr>, faults: &mut Faults) -> Option<TlsFiles> {
    let (certificate, key) = (sql.tls_certificate_file.clone(), sql.tls_key_file.clone());
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            for (place, file) in [("[sql] tls_certificate_file", &certificate), ("[sql] tls_key_file", &key)] {
                if let Err(error) = std::fs::File::open(file) {
                    faults.add(
                        place,
                        format!("{} cannot be read: {error}", file.display()),
                        "name a PEM file that this user may read",
                    );
                }
            }
            Some(TlsFiles { certificate, key })
        }
        (None, None) => {
            if bind.is_some_and(|bind| !bind.ip().is_loopback()) {
                faults.add(
                    "[sql] bind",
                    "an address that others can reach needs TLS",
                    "set tls_certificate_file and tls_key_file, or bind 127.0.0.1",
                );
            }
            None
        }
        _ => {
            faults.add("[sql] tls_certificate_file, tls_key_file", "one of the two is missing", "set both, or neither");
            None
        }
    }
}

fn limits(sql: &SqlSettings, faults: &mut Faults) -> Limits {
    let mut within = |place: &str, value: u64, least: u64, most: u64| {
        if !(least..=most).contains(&value) {
            faults.add(
                place,
                format!("{value} is out of range"),
                format!("write a number from {least} to {most}, or leave it out"),
            );
        }
    };
    let number = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    within("[sql] connections_max", number(sql.connections_max), 1, 10_000);
    within("[sql] memory_bytes", number(sql.memory_bytes), 16 * 1024 * 1024, 1024 * 1024 * 1024 * 1024);
    within("[sql] rows_max", number(sql.rows_max), 1, 1_000_000_000);
    within("[sql] threads", number(sql.threads), 1, 64);
    Limits {
        connections_max: sql.connections_max,
        statement_timeout: faults.seconds(
            "[sql] statement_timeout_seconds",
            sql.statement_timeout_seconds,
            STATEMENT_TIMEOUT_SECONDS_MAX,
        ),
        memory_bytes: sql.memory_bytes,
        spill_bytes: sql.spill_bytes,
        rows_max: sql.rows_max,
        threads: sql.threads,
    }
}

fn account(role: &SqlRoleSettings, coverage: Coverage, faults: &mut Faults) -> Option<Account> {
    let place = format!("[[sql.role]] {}", role.name);
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    if role.name.is_empty() || role.name.len() > 63 || !role.name.chars().all(plain) {
        faults.add(&place, "the name cannot be used", "write 1 to 63 of the characters a-z, 0-9, '_', '-' and '.'");
    }
    let policy = match Policy::by_name_over(&role.release, coverage) {
        Ok(policy) => Some(policy),
        Err(error) => {
            faults.add(&place, error.to_string(), "use the name of a release policy, for example ucr-publication");
            None
        }
    };
    let tick = policy.and_then(|policy| tick(role, policy, &place, faults));
    let verifier = verifier(role, &place, faults)?;
    Some(Account { name: role.name.clone(), verifier, policy: policy?, tick })
}

fn tick(role: &SqlRoleSettings, policy: &Policy, place: &str, faults: &mut Faults) -> Option<Tick> {
    match role.tick.as_deref() {
        None => Tick::of_policy(policy),
        // Two looks that differ by one person would tell of that person (handbook, disclosure, section 2).
        Some("live") if Tick::of_policy(policy).is_some() => {
            let what = format!("figures under {} change at a tick and not with each event", policy.name);
            faults.add(place, what, "write day or hour, or leave tick out");
            None
        }
        Some("live") => None,
        Some(word) => word
            .parse()
            .map_err(|_| faults.add(place, format!("there is no tick '{word}'"), "write day, hour or live"))
            .ok(),
    }
}

fn verifier(role: &SqlRoleSettings, place: &str, faults: &mut Faults) -> Option<Verifier> {
    let made = match (&role.password_file, &role.verifier) {
        (Some(file), None) => of_file(file),
        (None, Some(verifier)) => {
            let text = String::from_utf8_lossy(verifier.expose());
            text.parse::<Verifier>().map_err(|error| error.to_string())
        }
        _ => Err("it needs either a password_file or a verifier".to_owned()),
    };
    made.map_err(|what| {
        faults.add(
            place,
            what,
            "put the password into a file that only this user may read, or give the output of 'homeward sql-verifier'",
        );
    })
    .ok()
}

/// A file holds a password, or a verifier; its last line end does not count.
fn of_file(file: &Path) -> Result<Verifier, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.starts_with("SCRAM-SHA-256$") {
        return text.parse().map_err(|error: homeward_sql::scram::VerifierError| error.to_string());
    }
    of_password(text).map_err(|error| error.to_string())
}

/// The verifier of a password, with a salt of its own.
///
/// # Errors
/// When the password cannot be used.
pub fn of_password(password: &str) -> Result<Verifier, homeward_sql::scram::VerifierError> {
    Verifier::of_password(password, uuid::Uuid::new_v4().as_bytes(), ITERATIONS_DEFAULT)
}

#[cfg(test)]
#[path = "sql_tests.rs"]
mod tests;
