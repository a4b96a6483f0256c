//! Secrets that never print themselves.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// A secret text: a key or a password. `Debug` shows only that it is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps the bytes of a secret.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes themselves; the caller must not log them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<secret>")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.into_bytes()))
    }
}

/// True for a librdkafka property whose value must not appear in a log or message.
#[must_use]
pub(super) fn is_secret_property(name: &str) -> bool {
    ["password", "secret", "key.pem", "oauthbearer.config", "jaas"].iter().any(|mark| name.contains(mark))
}
