//! `[sql]`: what is taken, and what is refused before an outlet opens.

use homeward_sql::Tick;

use super::*;
use crate::config::fault::Faults;

fn checked(text: &str) -> (Option<SqlConfig>, Vec<String>) {
    let settings: SqlSettings = toml::from_str(text).unwrap();
    let mut faults = Faults::default();
    let config = check(&settings, Coverage::PartOfEngland, &mut faults);
    (config, faults.0.iter().map(ToString::to_string).collect())
}

fn role(verifier: &Verifier, more: &str) -> String {
    format!("\n[[role]]\nname = \"analyst\"\nverifier = \"{verifier}\"\nrelease = \"internal-live\"\n{more}")
}

#[test]
fn without_an_address_the_outlet_is_off() {
    let (config, faults) = checked("");
    assert!(config.is_none() && faults.is_empty(), "{faults:?}");
}

#[test]
fn a_role_is_live_or_ticks_as_its_policy_or_its_setting_says() {
    let verifier = of_password("a password").unwrap();
    for (more, expected) in [("", None), ("tick = \"hour\"", Some(Tick::Hour)), ("tick = \"live\"", None)] {
        let (config, faults) = checked(&format!("bind = \"127.0.0.1:0\"{}", role(&verifier, more)));
        assert!(faults.is_empty(), "{faults:?}");
        let account = &config.unwrap().accounts[0];
        assert_eq!((account.name.as_str(), account.tick), ("analyst", expected));
        assert_eq!(account.verifier, verifier);
    }
}

#[test]
fn a_password_file_may_hold_a_password_or_a_verifier() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    let verifier = of_password("a password").unwrap().to_string();
    for (content, good) in [
        ("a password\n", true),
        ("a password", true),
        (verifier.as_str(), true),
        ("", false),
        ("SCRAM-SHA-256$1:abc$d:e", false),
        ("two\nlines", false),
    ] {
        std::fs::write(&file, content).unwrap();
        let text = format!(
            "bind = \"127.0.0.1:0\"\n[[role]]\nname = \"a\"\npassword_file = '{}'\nrelease = \"internal-live\"",
            file.display()
        );
        let (_, faults) = checked(&text);
        assert_eq!(faults.is_empty(), good, "{content:?}: {faults:?}");
        assert!(!faults.iter().any(|fault| fault.contains("lines")), "a fault tells no password: {faults:?}");
    }
}

#[test]
fn what_would_open_the_outlet_to_strangers_is_refused() {
    let verifier = of_password("a password").unwrap();
    let good = role(&verifier, "");
    for (text, words) in [
        (format!("bind = \"0.0.0.0:5432\"{good}"), "TLS"),
        (format!("bind = \"127.0.0.1:0\"\ntls_key_file = \"a\"{good}"), "one of the two"),
        (
            format!("bind = \"127.0.0.1:0\"\ntls_key_file = \"/no/key\"\ntls_certificate_file = \"/no/pem\"{good}"),
            "cannot be read",
        ),
        ("bind = \"127.0.0.1:0\"".to_owned(), "nobody may log in"),
        (format!("bind = \"127.0.0.1:0\"{good}{good}"), "twice"),
        (format!("bind = \"127.0.0.1:0\"{}", good.replace("internal-live", "everything")), "release policy"),
        (format!("bind = \"127.0.0.1:0\"{}", good.replace("analyst", "a b")), "name"),
        (format!("bind = \"127.0.0.1:0\"{}", role(&verifier, "tick = \"week\"")), "tick"),
        (
            format!("bind = \"127.0.0.1:0\"{}", role(&verifier, "tick = \"live\""))
                .replace("internal-live", "public-hes"),
            "change at a tick",
        ),
        ("bind = \"127.0.0.1:0\"\n[[role]]\nname = \"a\"\nrelease = \"internal-live\"".to_owned(), "either"),
        (format!("bind = \"127.0.0.1:0\"\nthreads = 0{good}"), "threads"),
        (format!("bind = \"127.0.0.1:0\"\nstatement_timeout_seconds = 0{good}"), "statement_timeout_seconds"),
        (good.clone(), "no address"),
    ] {
        let (_, faults) = checked(&text);
        assert!(faults.iter().any(|fault| fault.contains(words)), "{words}: {faults:?}");
    }
}
