//! Refused bytes at rest: ChaCha20-Poly1305 with a key of its own.
//!
//! A sealed payload is `nonce (12 bytes) || ciphertext and tag`. The entry's id is authenticated
//! with it, so a sealed payload cannot be moved to another entry unnoticed. Nonces are random: with
//! one key, keep below 2^32 entries and then bring the next key version.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, OsRng, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};

use super::QuarantineError;

const NONCE_BYTES: usize = 12;

/// What sealing adds to a payload: the nonce before it, the tag behind it.
pub(super) const OVERHEAD_BYTES: usize = NONCE_BYTES + 16;
const KEY_BYTES: usize = 32;

/// The key that seals quarantined payloads. It never prints itself.
#[derive(Clone)]
pub struct QuarantineKey {
    version: u32,
    cipher: ChaCha20Poly1305,
}

impl QuarantineKey {
    /// A key from its 32 bytes. `version` is stored beside each entry, so that a later key can be
    /// told from this one.
    #[must_use]
    pub fn new(version: u32, secret: [u8; KEY_BYTES]) -> Self {
        Self { version, cipher: ChaCha20Poly1305::new(Key::from_slice(&secret)) }
    }

    /// A key as it stands in a file or an environment variable: 32 raw bytes, 64 hexadecimal
    /// digits, or base64 of 32 bytes.
    ///
    /// # Errors
    /// [`QuarantineError::KeyLength`] for anything else; the secret itself is never part of the
    /// message.
    pub fn from_secret(version: u32, secret: &[u8]) -> Result<Self, QuarantineError> {
        if let Ok(raw) = <[u8; KEY_BYTES]>::try_from(secret) {
            return Ok(Self::new(version, raw));
        }
        let text = secret.trim_ascii();
        let bytes = hexadecimal(text)
            .or_else(|| {
                [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
                    .iter()
                    .find_map(|engine| engine.decode(text).ok())
            })
            .or_else(|| Some(text.to_vec()));
        bytes
            .and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok())
            .map(|raw| Self::new(version, raw))
            .ok_or(QuarantineError::KeyLength)
    }

    /// The version stored beside what this key seals.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Seals a payload for the entry `id`.
    ///
    /// # Errors
    /// [`QuarantineError::Seal`] when the payload is beyond the cipher's 256 GiB.
    pub fn seal(&self, id: &str, payload: &[u8]) -> Result<Vec<u8>, QuarantineError> {
        let nonce = ChaCha20Poly1305::generate_nonce(&mut OsRng);
        let sealed = self
            .cipher
            .encrypt(&nonce, Payload { msg: payload, aad: id.as_bytes() })
            .map_err(|_| QuarantineError::Seal)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what `seal` made for the same `id`.
    ///
    /// # Errors
    /// [`QuarantineError::Open`] when the key, the id or a byte of the payload is not the one it
    /// was sealed with.
    pub fn open(&self, id: &str, sealed: &[u8]) -> Result<Vec<u8>, QuarantineError> {
        let cannot = || QuarantineError::Open { id: id.to_owned(), key_version: self.version };
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(cannot)?;
        self.cipher
            .decrypt(Nonce::from_slice(nonce), Payload { msg: ciphertext, aad: id.as_bytes() })
            .map_err(|_| cannot())
    }
}

impl fmt::Debug for QuarantineKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("QuarantineKey").field("version", &self.version).field("secret", &"redacted").finish()
    }
}

fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() != 2 * KEY_BYTES {
        return None;
    }
    text.chunks_exact(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(fill: u8) -> QuarantineKey {
        QuarantineKey::new(1, [fill; KEY_BYTES])
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_unchanged(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
            let sealed = key(1).seal("ucr/3/1042", &payload).unwrap();
            prop_assert_eq!(key(1).open("ucr/3/1042", &sealed).unwrap(), payload);
        }

        #[test]
        fn arbitrary_bytes_never_open_and_never_panic(sealed in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(key(1).open("ucr/3/1042", &sealed).is_err());
        }
    }

    #[test]
    fn another_key_another_entry_or_a_changed_byte_does_not_open() {
        let sealed = key(1).seal("ucr/3/1042", b"payload").unwrap();
        assert!(key(2).open("ucr/3/1042", &sealed).is_err());
        assert!(key(1).open("ucr/3/1043", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(key(1).open("ucr/3/1042", &changed).is_err());
        }
        assert!(!sealed.windows(7).any(|window| window == b"payload"));
        assert_ne!(sealed, key(1).seal("ucr/3/1042", b"payload").unwrap(), "each seal has its own nonce");
    }

    #[test]
    fn a_key_is_read_from_raw_hexadecimal_or_base64_and_never_printed() {
        let sealed = key(0xab).seal("a", b"x").unwrap();
        let hex = format!("{}\n", "ab".repeat(KEY_BYTES));
        for text in [vec![0xab; KEY_BYTES], hex.into_bytes(), STANDARD.encode([0xab; KEY_BYTES]).into_bytes()] {
            assert_eq!(QuarantineKey::from_secret(1, &text).unwrap().open("a", &sealed).unwrap(), b"x");
        }
        assert!(matches!(QuarantineKey::from_secret(1, b"short"), Err(QuarantineError::KeyLength)));
        assert_eq!(format!("{:?}", key(0xab)), r#"QuarantineKey { version: 1, secret: "redacted" }"#);
    }
}
