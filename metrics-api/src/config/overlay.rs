//! The environment laid over the file: `HOMEWARD_SERVE__BIND` is `bind` of `[serve]`.
//!
//! Only names with a double underscore count. A cluster injects names such as `HOMEWARD_PORT` for a
//! service called "homeward", and they must not become a fault.

use toml::{Table, Value};

use super::fault::ConfigFault;

const PREFIX: &str = "HOMEWARD_";

/// Lays every `HOMEWARD_SECTION__KEY` of `environment` over `table`.
pub(super) fn overlay(
    table: &mut Table,
    environment: impl IntoIterator<Item = (String, String)>,
    faults: &mut Vec<ConfigFault>,
) {
    for (name, text) in environment {
        let Some(path) = name.strip_prefix(PREFIX).filter(|rest| rest.contains("__")) else {
            continue;
        };
        let steps: Vec<String> = path.split("__").map(str::to_lowercase).collect();
        if steps.iter().any(String::is_empty) {
            faults.push(ConfigFault::new(
                format!("environment variable {name}"),
                "a part of the name is empty",
                "write HOMEWARD_SECTION__KEY, for example HOMEWARD_SERVE__BIND",
            ));
            continue;
        }
        // A whole section that is a single value is told by the reading of that section.
        if let Err(blocking) = insert(table, &steps, &text)
            && Some(&blocking) != steps.first()
        {
            faults.push(ConfigFault::new(
                format!("environment variable {name}"),
                format!("'{blocking}' is a single value in the file, not a section"),
                "remove one of the two",
            ));
        }
    }
}

fn insert(table: &mut Table, steps: &[String], text: &str) -> Result<(), String> {
    match steps {
        [] => Ok(()),
        [key] => {
            table.insert(key.clone(), value_of(text));
            Ok(())
        }
        // librdkafka's names have dots, which a variable cannot carry; and they are texts whatever they look like.
        [section, list, key] if section == "kafka" && (list == "properties" || list == "property_files") => {
            let properties = section_of(section_of(table, section)?, list)?;
            properties.insert(key.replace('_', "."), Value::String(text.to_owned()));
            Ok(())
        }
        // Keys are texts too, even when they consist of digits.
        [section, key] if section == "keys" && !key.ends_with("_version") => {
            section_of(table, section)?.insert(key.clone(), Value::String(text.to_owned()));
            Ok(())
        }
        [section, rest @ ..] => insert(section_of(table, section)?, rest, text),
    }
}

fn section_of<'a>(table: &'a mut Table, name: &str) -> Result<&'a mut Table, String> {
    match table.entry(name.to_owned()).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(inner) => Ok(inner),
        _ => Err(name.to_owned()),
    }
}

/// Numbers, booleans, lists and quoted texts are read as TOML; everything else is a text.
fn value_of(text: &str) -> Value {
    let looks_typed =
        text == "true" || text == "false" || text.starts_with(['[', '{', '"', '\'']) || text.parse::<f64>().is_ok();
    if looks_typed
        && let Ok(mut parsed) = format!("value = {text}").parse::<Table>()
        && let Some(value) = parsed.remove("value")
    {
        return value;
    }
    Value::String(text.to_owned())
}
