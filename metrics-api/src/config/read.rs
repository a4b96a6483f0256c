//! The text of `homeward.toml` and the environment into [`Settings`].

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Table;

use super::fault::{ConfigFault, ConfigFaults};
use super::overlay;
use super::settings::Settings;

/// The file that is read when none is named; it need not exist.
pub const DEFAULT_FILE: &str = "homeward.toml";

const SECTIONS: [&str; 8] = ["lake", "kafka", "ingest", "submissions", "keys", "transform", "serve", "sql"];

/// Reads the settings of a file and an environment, without checking what they mean.
///
/// # Errors
/// All faults of syntax, names and types at once.
pub fn read_settings(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, ConfigFaults> {
    let mut faults = Vec::new();
    let mut table = read_table(file).map_err(|fault| ConfigFaults(vec![fault]))?;
    overlay::overlay(&mut table, environment, &mut faults);
    let place = file.unwrap_or_else(|| Path::new(DEFAULT_FILE)).display().to_string();
    let settings = Settings {
        lake: section(&mut table, "lake", &place, &mut faults),
        kafka: section(&mut table, "kafka", &place, &mut faults),
        ingest: section(&mut table, "ingest", &place, &mut faults),
        submissions: section(&mut table, "submissions", &place, &mut faults),
        keys: section(&mut table, "keys", &place, &mut faults),
        transform: section(&mut table, "transform", &place, &mut faults),
        serve: section(&mut table, "serve", &place, &mut faults),
        sql: section(&mut table, "sql", &place, &mut faults),
    };
    for name in table.keys() {
        faults.push(ConfigFault::new(
            format!("{place}, '{name}'"),
            "there is no such section",
            format!("use one of [{}]", SECTIONS.join("], [")),
        ));
    }
    if faults.is_empty() { Ok(settings) } else { Err(ConfigFaults(faults)) }
}

fn read_table(file: Option<&Path>) -> Result<Table, ConfigFault> {
    let (path, required) = match file {
        Some(path) => (path, true),
        None => (Path::new(DEFAULT_FILE), false),
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if !required && error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(ConfigFault::new(
                path.display().to_string(),
                format!("the file cannot be read: {error}"),
                "name an existing file with --config, or leave the option out and use HOMEWARD_ variables",
            ));
        }
    };
    text.parse::<Table>().map_err(|error| {
        let place = match error.span() {
            Some(span) => {
                let line = 1 + text[..span.start.min(text.len())].matches('\n').count();
                format!("{}, line {line}", path.display())
            }
            None => path.display().to_string(),
        };
        ConfigFault::new(
            place,
            format!("not valid TOML: {}", one_line(error.message())),
            "write sections as [serve] and settings as key = \"value\"",
        )
    })
}

fn section<T: Default + DeserializeOwned>(
    table: &mut Table,
    name: &str,
    place: &str,
    faults: &mut Vec<ConfigFault>,
) -> T {
    let Some(value) = table.remove(name) else {
        return T::default();
    };
    match value.try_into() {
        Ok(section) => section,
        Err(error) => {
            let message = one_line(&error.to_string());
            let mend = if message.contains("unknown field") {
                "take the setting out, or correct its name"
            } else {
                "give a value of the kind that is expected"
            };
            // A value of [keys] may be a secret in the wrong shape: its text stays out of the message.
            let what = if name == "keys" && !message.contains("unknown field") {
                "a value is not of the expected kind".to_owned()
            } else {
                message
            };
            faults.push(ConfigFault::new(format!("{place}, [{name}]"), what, mend));
            T::default()
        }
    }
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
