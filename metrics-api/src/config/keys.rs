//! Where the secrets come from: a file or the environment, never both.

use std::path::Path;

use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::quarantine::QuarantineKey;

use super::fault::Faults;
use super::secret::Secret;
use super::settings::KeySettings;

/// The two secrets; a role that needs one refuses to start without it. Neither type prints itself.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Keys of the pseudonyms.
    pub pseudonym: Option<PseudonymKeys>,
    /// Key that seals refused records.
    pub quarantine: Option<QuarantineKey>,
}

/// Reads both keys; a missing one is a fault only when it is `required`.
pub(super) fn read(keys: &KeySettings, required: bool, faults: &mut Faults) -> Keys {
    let place = KeyPlace { name: "pseudonym", required, kind: "the key of the pseudonyms" };
    let pseudonym = read_one(faults, &place, keys.pseudonym_file.as_deref(), keys.pseudonym.as_ref());
    let pseudonym = pseudonym.and_then(|secret| match PseudonymKeys::check_secret(&secret) {
        Ok(()) => Some(PseudonymKeys::from_secret(keys.pseudonym_version.unwrap_or(1), &secret)),
        Err(error) => {
            faults.add("[keys] pseudonym", error.to_string(), "'openssl rand -hex 32' makes one");
            None
        }
    });
    let place = KeyPlace { name: "quarantine", required, kind: "the key that seals refused records" };
    let quarantine = read_one(faults, &place, keys.quarantine_file.as_deref(), keys.quarantine.as_ref());
    let quarantine =
        quarantine.and_then(|secret| match QuarantineKey::from_secret(keys.quarantine_version.unwrap_or(1), &secret) {
            Ok(key) => Some(key),
            Err(error) => {
                faults.add("[keys] quarantine", error.to_string(), "'openssl rand -hex 32' makes one");
                None
            }
        });
    Keys { pseudonym, quarantine }
}

fn read_one(faults: &mut Faults, place: &KeyPlace, file: Option<&Path>, inline: Option<&Secret>) -> Option<Vec<u8>> {
    let name = place.name;
    match (file, inline) {
        (Some(_), Some(_)) => {
            faults.add(
                &format!("[keys] {name}"),
                "both a file and a value are given",
                format!("keep one of {name}_file and HOMEWARD_KEYS__{}", name.to_uppercase()),
            );
            None
        }
        (Some(path), None) => match std::fs::read(path) {
            Ok(bytes) => Some(without_line_end(bytes)),
            Err(error) => {
                faults.add(
                    &format!("[keys] {name}_file"),
                    format!("{} cannot be read: {error}", path.display()),
                    "make the file, readable by this user alone: \
                         (umask 077; openssl rand -hex 32 > FILE)",
                );
                None
            }
        },
        (None, Some(secret)) => Some(without_line_end(secret.expose().to_vec())),
        (None, None) => {
            if place.required {
                faults.add(
                    &format!("[keys] {name}_file"),
                    format!("{} is missing", place.kind),
                    format!(
                        "write {name}_file = \"PATH\" in [keys], or set HOMEWARD_KEYS__{}; \
                             'openssl rand -hex 32' makes one",
                        name.to_uppercase()
                    ),
                );
            }
            None
        }
    }
}

struct KeyPlace {
    name: &'static str,
    required: bool,
    kind: &'static str,
}

fn without_line_end(mut bytes: Vec<u8>) -> Vec<u8> {
    // Raw keys of exactly 32 bytes may end in any byte: only text keys lose their line end.
    if bytes.len() != 32 {
        while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            bytes.pop();
        }
    }
    bytes
}
