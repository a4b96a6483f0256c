//! Settings of a session: what clients may set, and what everybody may read.
//!
//! A client's `SET` reaches no setting of the engine. It changes an entry of this small map, or is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::refusal::{Refusal, code};

/// How values of a setting are checked.
#[derive(Debug, Clone, Copy)]
enum Accepts {
    /// Any text up to 200 bytes: it is only told back.
    Anything,
    /// A name of UTF-8, with or without hyphens and quotes, as PostgreSQL reads names of encodings.
    Encoding,
    /// One of these words, whatever the case.
    OneOf(&'static [&'static str]),
    /// A text that begins with one of these, whatever the case.
    StartsWith(&'static [&'static str]),
    /// A zone that the engine knows.
    Zone,
    /// A length of time, bounded by the server's.
    Timeout,
}

struct Setting {
    name: &'static str,
    default: &'static str,
    accepts: Accepts,
    /// The server tells the client of a change (`ParameterStatus`).
    is_reported: bool,
}

const fn setting(name: &'static str, default: &'static str, accepts: Accepts) -> Setting {
    Setting { name, default, accepts, is_reported: false }
}

const fn reported(name: &'static str, default: &'static str, accepts: Accepts) -> Setting {
    Setting { name, default, accepts, is_reported: true }
}

const ON: &[&str] = &["on", "true", "yes", "1"];
const SWITCH: Accepts = Accepts::OneOf(&["on", "off", "true", "false", "yes", "no", "1", "0"]);
const ISOLATION: Accepts = Accepts::OneOf(&["read uncommitted", "read committed", "repeatable read", "serializable"]);

/// Name under which a statement's time is set.
pub const STATEMENT_TIMEOUT: &str = "statement_timeout";

/// What clients may set. Only the timeout, the application's name and the zone do anything; the rest is what real
/// clients send on connecting, accepted where the value is the one that we keep to anyway.
const SETTABLE: [Setting; 30] = [
    reported("application_name", "", Accepts::Anything),
    reported("client_encoding", "UTF8", Accepts::Encoding),
    reported("DateStyle", "ISO, MDY", Accepts::StartsWith(&["iso"])),
    reported("IntervalStyle", "postgres", Accepts::OneOf(&["postgres"])),
    reported("TimeZone", "UTC", Accepts::Zone),
    reported("standard_conforming_strings", "on", Accepts::OneOf(ON)),
    reported("default_transaction_read_only", "on", SWITCH),
    reported("search_path", "outcomes, meta", Accepts::Anything),
    setting(STATEMENT_TIMEOUT, "", Accepts::Timeout),
    setting("bytea_output", "hex", Accepts::OneOf(&["hex"])),
    setting("extra_float_digits", "1", Accepts::OneOf(&["0", "1", "2", "3"])),
    setting("client_min_messages", "notice", Accepts::Anything),
    setting("transaction_read_only", "on", SWITCH),
    setting("transaction_isolation", "repeatable read", ISOLATION),
    setting("default_transaction_isolation", "repeatable read", ISOLATION),
    setting("default_transaction_deferrable", "off", SWITCH),
    setting("transaction_deferrable", "off", SWITCH),
    setting("idle_in_transaction_session_timeout", "0", Accepts::Anything),
    setting("idle_session_timeout", "0", Accepts::Anything),
    setting("lock_timeout", "0", Accepts::Anything),
    setting("tcp_keepalives_idle", "0", Accepts::Anything),
    setting("jit", "off", SWITCH),
    setting("geqo", "on", SWITCH),
    setting("row_security", "on", SWITCH),
    setting("escape_string_warning", "on", SWITCH),
    setting("backslash_quote", "safe_encoding", Accepts::Anything),
    setting("synchronize_seqscans", "on", SWITCH),
    setting("enable_seqscan", "on", SWITCH),
    setting("quote_all_identifiers", "off", SWITCH),
    setting("ssl_renegotiation_limit", "0", Accepts::Anything),
];

/// What everybody may read and nobody set.
const FIXED: [(&str, &str); 12] = [
    ("server_version", SERVER_VERSION),
    ("server_version_num", "160009"),
    ("server_encoding", "UTF8"),
    ("integer_datetimes", "on"),
    ("is_superuser", "off"),
    ("in_hot_standby", "off"),
    ("max_identifier_length", "63"),
    ("max_index_keys", "32"),
    ("block_size", "8192"),
    ("lc_collate", "C"),
    ("lc_ctype", "C"),
    ("wal_level", "replica"),
];

/// What the server says it is: clients read the number in front, people the name behind.
pub const SERVER_VERSION: &str = concat!("16.9 (Homeward ", env!("CARGO_PKG_VERSION"), ")");

const TEXT_BYTES_MAX: usize = 200;

/// What changes in a session by one assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The setting, in the spelling of PostgreSQL.
    pub name: &'static str,
    /// Its value from now on.
    pub value: String,
    /// The client is told.
    pub is_reported: bool,
}

/// Settings of one session.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    changed: BTreeMap<&'static str, String>,
}

impl Settings {
    /// Sets a value, after checking that clients may.
    ///
    /// # Errors
    /// When the setting is not the client's to change, or the value is none that we keep to.
    pub fn set(&mut self, name: &str, value: &str) -> Result<Change, Refusal> {
        let Some(known) = known(name) else {
            return Err(Refusal::new(
                code::FORBIDDEN,
                format!("permission denied to set parameter \"{}\"", printable(name)),
                "this server is read-only and its settings belong to its operators",
            ));
        };
        let value = check(known, value)?;
        self.changed.insert(known.name, value.clone());
        Ok(Change { name: known.name, value, is_reported: known.is_reported })
    }

    /// Takes a value back to its default.
    ///
    /// # Errors
    /// When there is no such setting.
    pub fn reset(&mut self, name: &str) -> Result<Change, Refusal> {
        let Some(known) = known(name) else { return Err(unknown(name)) };
        self.changed.remove(known.name);
        Ok(Change { name: known.name, value: known.default.to_owned(), is_reported: known.is_reported })
    }

    /// Takes every value back to its default.
    pub fn reset_all(&mut self) -> Vec<Change> {
        let names: Vec<&'static str> = self.changed.keys().copied().collect();
        names.into_iter().filter_map(|name| self.reset(name).ok()).collect()
    }

    /// The value of a setting, if there is one of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        if let Some(known) = known(name) {
            return Some(self.changed.get(known.name).cloned().unwrap_or_else(|| known.default.to_owned()));
        }
        FIXED.iter().find(|(fixed, _)| fixed.eq_ignore_ascii_case(name)).map(|(_, value)| (*value).to_owned())
    }

    /// As [`Settings::get`], for `SHOW`.
    ///
    /// # Errors
    /// When there is no such setting.
    pub fn show(&self, name: &str) -> Result<String, Refusal> {
        self.get(name).ok_or_else(|| unknown(name))
    }

    /// Name and value of each setting, for `SHOW ALL` and `pg_settings`.
    #[must_use]
    pub fn all(&self) -> Vec<(String, String)> {
        let names = SETTABLE.iter().map(|known| known.name).chain(FIXED.iter().map(|(name, _)| *name));
        let pairs = names.filter_map(|name| Some((name.to_owned(), self.get(name)?)));
        pairs.collect::<BTreeMap<_, _>>().into_iter().collect()
    }

    /// The time that a statement has: the client's wish, but never more than the server's.
    #[must_use]
    pub fn statement_timeout(&self, server_max: Duration) -> Duration {
        let wish = self.changed.get(STATEMENT_TIMEOUT).and_then(|text| milliseconds(text));
        wish.filter(|wish| *wish > 0).map_or(server_max, |wish| Duration::from_millis(wish).min(server_max))
    }
}

/// The settings that are told to every client when it connects.
#[must_use]
pub fn greeting(settings: &Settings, role: &str) -> Vec<(String, String)> {
    let reported = SETTABLE.iter().filter(|known| known.is_reported).map(|known| known.name);
    let fixed = ["server_version", "server_encoding", "integer_datetimes", "is_superuser", "in_hot_standby"];
    let mut pairs: Vec<(String, String)> =
        reported.chain(fixed).filter_map(|name| Some((name.to_owned(), settings.get(name)?))).collect();
    pairs.push(("session_authorization".to_owned(), role.to_owned()));
    pairs
}

fn known(name: &str) -> Option<&'static Setting> {
    SETTABLE.iter().find(|known| known.name.eq_ignore_ascii_case(name))
}

fn unknown(name: &str) -> Refusal {
    let message = format!("unrecognized configuration parameter \"{}\"", printable(name));
    Refusal::new(code::NO_SETTING, message, "SHOW ALL lists what there is")
}

/// A client's text, short enough for a message.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(63).collect()
}

fn check(known: &Setting, value: &str) -> Result<String, Refusal> {
    if value.eq_ignore_ascii_case("default") {
        return Ok(known.default.to_owned());
    }
    let lower = value.to_ascii_lowercase();
    let (fits, expected) = match known.accepts {
        Accepts::Anything => (value.len() <= TEXT_BYTES_MAX, "a text of at most 200 bytes".to_owned()),
        Accepts::Encoding => {
            let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
            if ["utf8", "unicode"].contains(&letters.as_str()) {
                return Ok(known.default.to_owned());
            }
            (false, known.default.to_owned())
        }
        Accepts::OneOf(words) => (words.contains(&lower.as_str()), words.join(", ")),
        Accepts::StartsWith(starts) => (
            value.len() <= TEXT_BYTES_MAX && starts.iter().any(|start| lower.starts_with(start)),
            format!("one that begins with {}", starts.join(" or ")),
        ),
        Accepts::Zone => (is_zone(value), "a zone such as UTC or Europe/London".to_owned()),
        Accepts::Timeout => (milliseconds(value).is_some(), "a time such as 5000, '5s' or '1min'".to_owned()),
    };
    if fits {
        return Ok(value.to_owned());
    }
    Err(Refusal::new(
        code::BAD_VALUE,
        format!("invalid value for parameter \"{}\"", known.name),
        format!("this server takes {expected}"),
    ))
}

fn is_zone(value: &str) -> bool {
    value.len() <= 64
        && !value.is_empty()
        && value.chars().all(|character| character.is_ascii_alphanumeric() || "/_+-:".contains(character))
}

/// PostgreSQL's lengths of time: milliseconds, or a number with a unit.
fn milliseconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let factor = match text[digits..].trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_ask_for_less_time_and_never_for_more() {
        let server = Duration::from_secs(30);
        for (wish, seconds) in [
            (None, 30.0),
            (Some("0"), 30.0),
            (Some("250"), 0.25),
            (Some("250ms"), 0.25),
            (Some("5s"), 5.0),
            (Some("1min"), 30.0),
            (Some("24h"), 30.0),
            (Some("default"), 30.0),
        ] {
            let mut settings = Settings::default();
            if let Some(wish) = wish {
                settings.set(STATEMENT_TIMEOUT, wish).unwrap();
            }
            assert_eq!(settings.statement_timeout(server).as_secs_f64(), seconds, "{wish:?}");
        }
    }

    #[test]
    fn what_real_clients_set_is_accepted() {
        let mut settings = Settings::default();
        for (name, value) in [
            ("extra_float_digits", "3"),
            ("application_name", "PostgreSQL JDBC Driver"),
            ("client_encoding", "UTF8"),
            ("client_encoding", "'utf-8'"),
            ("client_encoding", "Unicode"),
            ("DateStyle", "ISO"),
            ("datestyle", "ISO, YMD"),
            ("TIMEZONE", "Europe/London"),
            ("timezone", "UTC"),
            ("jit", "off"),
            ("standard_conforming_strings", "on"),
            ("search_path", "outcomes"),
            ("default_transaction_read_only", "off"),
        ] {
            settings.set(name, value).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        }
        assert_eq!(settings.get("timezone").as_deref(), Some("UTC"));
        assert_eq!(settings.get("client_encoding").as_deref(), Some("UTF8"));
    }

    #[test]
    fn settings_that_matter_are_refused() {
        let mut settings = Settings::default();
        for (name, value, expected) in [
            ("datafusion.execution.target_partitions", "64", code::FORBIDDEN),
            ("datafusion.catalog.create_default_catalog_and_schema", "true", code::FORBIDDEN),
            ("role", "admin", code::FORBIDDEN),
            ("session_authorization", "admin", code::FORBIDDEN),
            ("is_superuser", "on", code::FORBIDDEN),
            ("server_version", "9", code::FORBIDDEN),
            ("client_encoding", "LATIN1", code::BAD_VALUE),
            ("datestyle", "German", code::BAD_VALUE),
            ("standard_conforming_strings", "off", code::BAD_VALUE),
            ("bytea_output", "escape", code::BAD_VALUE),
            ("timezone", "'; DROP", code::BAD_VALUE),
            ("statement_timeout", "-1", code::BAD_VALUE),
            ("statement_timeout", "18446744073709551615d", code::BAD_VALUE),
            ("statement_timeout", "soon", code::BAD_VALUE),
            ("application_name", &"x".repeat(201), code::BAD_VALUE),
        ] {
            let refusal = settings.set(name, value).unwrap_err();
            assert_eq!(refusal.code, expected, "{name} = {value}: {refusal}");
        }
        assert!(settings.changed.is_empty(), "a refusal changes nothing");
    }

    #[test]
    fn reset_takes_back_and_reports() {
        let mut settings = Settings::default();
        settings.set("application_name", "psql").unwrap();
        settings.set("statement_timeout", "5").unwrap();
        let changes = settings.reset_all();
        assert_eq!(changes.len(), 2);
        assert_eq!(settings.get("application_name").as_deref(), Some(""));
        assert_eq!(settings.reset("no_such").unwrap_err().code, code::NO_SETTING);
        assert_eq!(settings.show("no_such").unwrap_err().code, code::NO_SETTING);
    }

    #[test]
    fn the_greeting_holds_what_drivers_wait_for() {
        let greeting = greeting(&Settings::default(), "analyst");
        for (name, value) in [
            ("client_encoding", "UTF8"),
            ("DateStyle", "ISO, MDY"),
            ("integer_datetimes", "on"),
            ("is_superuser", "off"),
            ("standard_conforming_strings", "on"),
            ("session_authorization", "analyst"),
            ("TimeZone", "UTC"),
        ] {
            assert!(greeting.contains(&(name.to_owned(), value.to_owned())), "{name}: {greeting:?}");
        }
        let (_, version) = greeting.iter().find(|(name, _)| name == "server_version").unwrap();
        assert!(version.starts_with("16.") && version.contains("Homeward"), "{version}");
    }
}
