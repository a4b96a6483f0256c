//! NHS numbers and the pseudonyms that replace them before anything durable is written.
//!
//! Rules and vectors: handbook, `disclosure.md` section 3. A pseudonym is HMAC-SHA-256 under a secret key; a plain
//! hash would be undone in minutes, since only about a thousand million NHS numbers exist. Nothing in this module
//! prints a number, a local id or a key: `Debug` is redacted and errors carry no value.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What a pseudonym made from a local id begins with, so that it can never equal one made from an NHS number.
pub const LOCAL_PREFIX: &str = "L:";

/// Characters of a pseudonym without its prefix: 32 bytes in base64url without padding.
pub const PSEUDONYM_CHARACTERS: usize = 43;

/// Separates provider and local id in the message that is keyed; neither may hold a control character.
const UNIT_SEPARATOR: u8 = 0x1F;

/// The label under which the key for local ids is derived from the main secret.
const LOCAL_KEY_LABEL: &[u8] = b"homeward local patient identifier key 1";

/// A valid NHS number: ten digits whose last is the right check digit and that is no known dummy.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NhsNumber([u8; 10]);

/// Why a text is not an NHS number. Never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NhsNumberFault {
    /// Not exactly ten digits.
    #[error("an NHS number has exactly ten digits; send it as text so that a leading zero survives")]
    Shape,
    /// The check digit does not fit.
    #[error("the check digit of the NHS number does not fit; correct it at the source")]
    CheckDigit,
    /// A dummy that passes the arithmetic.
    #[error("the NHS number is a known dummy; leave the item empty when the number is not known")]
    Dummy,
}

impl NhsNumber {
    /// Reads an NHS number; blanks around it are ignored, blanks inside it are not.
    ///
    /// # Errors
    /// [`NhsNumberFault`], without the number.
    pub fn parse(text: &str) -> Result<NhsNumber, NhsNumberFault> {
        let digits: [u8; 10] = text.trim().as_bytes().try_into().map_err(|_| NhsNumberFault::Shape)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(NhsNumberFault::Shape);
        }
        if check_digit(&digits) != Some(digits[9] - b'0') {
            return Err(NhsNumberFault::CheckDigit);
        }
        if is_dummy(&digits) {
            return Err(NhsNumberFault::Dummy);
        }
        Ok(NhsNumber(digits))
    }
}

/// The check digit of the first nine digits; `None` when it would be 10, for then no number exists.
fn check_digit(digits: &[u8; 10]) -> Option<u8> {
    let sum: u32 = digits[..9].iter().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        check => u8::try_from(check).ok(),
    }
}

/// Ten equal digits, and 1000000001 to 9000000009, pass the arithmetic and are refused by rule.
fn is_dummy(digits: &[u8; 10]) -> bool {
    let all_equal = digits.iter().all(|digit| *digit == digits[0]);
    let bracketed = digits[0] == digits[9] && digits[1..9].iter().all(|digit| *digit == b'0');
    all_equal || bracketed
}

impl fmt::Debug for NhsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NhsNumber(redacted)")
    }
}

/// The secret keys that turn identities into pseudonyms, with the version that names them.
#[derive(Clone)]
pub struct PseudonymKeys {
    version: u32,
    nhs: Hmac<Sha256>,
    local: Hmac<Sha256>,
}

/// A secret too short to resist guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the pseudonym secret has {found_bytes} bytes and needs at least {MINIMUM_SECRET_BYTES}; make one with 32 random bytes"
)]
pub struct ShortSecret {
    /// Bytes the secret has.
    pub found_bytes: usize,
}

/// The least number of bytes [`PseudonymKeys::check_secret`] accepts.
pub const MINIMUM_SECRET_BYTES: usize = 16;

impl PseudonymKeys {
    /// Keys for NHS numbers and for local ids; they should differ.
    #[must_use]
    pub fn new(key_version: u32, nhs_key: Vec<u8>, local_key: Vec<u8>) -> Self {
        Self { version: key_version, nhs: keyed(&nhs_key), local: keyed(&local_key) }
    }

    /// Keys from one secret: the secret itself for NHS numbers, a key derived from it for local ids.
    #[must_use]
    pub fn from_secret(key_version: u32, secret: &[u8]) -> Self {
        let nhs = keyed(secret);
        let derived = nhs.clone().chain_update(LOCAL_KEY_LABEL).finalize().into_bytes();
        Self { version: key_version, local: keyed(&derived), nhs }
    }

    /// Refuses a secret that is too short; for configuration to call before it makes keys.
    ///
    /// # Errors
    /// [`ShortSecret`] with the length found.
    pub fn check_secret(secret: &[u8]) -> Result<(), ShortSecret> {
        if secret.len() < MINIMUM_SECRET_BYTES {
            return Err(ShortSecret { found_bytes: secret.len() });
        }
        Ok(())
    }

    /// The version stored beside every pseudonym these keys make.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The pseudonym of a person known by NHS number: 43 characters of base64url.
    #[must_use]
    pub fn nhs(&self, number: &NhsNumber) -> String {
        encode(self.nhs.clone().chain_update(number.0))
    }

    /// The pseudonym of something known only by a provider's own id: `L:` and 43 characters of base64url.
    ///
    /// The same local id at two providers gives two pseudonyms: people are never merged across providers without a
    /// number.
    #[must_use]
    pub fn local(&self, provider: &str, local_id: &str) -> String {
        let message = self
            .local
            .clone()
            .chain_update(provider.as_bytes())
            .chain_update([UNIT_SEPARATOR])
            .chain_update(local_id.trim().as_bytes());
        let mut pseudonym = String::with_capacity(LOCAL_PREFIX.len() + PSEUDONYM_CHARACTERS);
        pseudonym.push_str(LOCAL_PREFIX);
        pseudonym.push_str(&encode(message));
        pseudonym
    }
}

#[expect(clippy::expect_used, reason = "HMAC pads or hashes a key of any length, so making one cannot fail")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn encode(message: Hmac<Sha256>) -> String {
    URL_SAFE_NO_PAD.encode(message.finalize().into_bytes())
}

impl fmt::Debug for PseudonymKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PseudonymKeys").field("version", &self.version).finish_non_exhaustive()
    }
}

/// True when a text has the shape of a pseudonym: 43 base64url characters, with or without the prefix of local ids.
#[must_use]
pub fn is_pseudonym(text: &str) -> bool {
    let body = text.strip_prefix(LOCAL_PREFIX).unwrap_or(text);
    body.len() == PSEUDONYM_CHARACTERS
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Age in completed years on a day; `None` for a birth after that day or an age above [`OLDEST_AGE_YEARS`].
///
/// Who is born on 29 February is a year older on 1 March of a common year.
#[must_use]
pub fn age_years(birth: NaiveDate, on: NaiveDate) -> Option<i32> {
    on.years_since(birth).and_then(|years| i32::try_from(years).ok()).filter(|years| *years <= OLDEST_AGE_YEARS)
}

/// The highest age taken as an age: the national bands end at 125-129 (`csds.md` section 6).
pub const OLDEST_AGE_YEARS: i32 = 129;

/// True when the text holds a valid NHS number, however it is spaced.
#[must_use]
pub fn names_a_patient(text: &str) -> bool {
    let characters = text.chars().filter(|character| !matches!(character, ' ' | '-'));
    let joined: String = characters.collect();
    let runs = joined.split(|character: char| !character.is_ascii_digit());
    runs.filter(|run| run.len() == 10).any(|run| NhsNumber::parse(run).is_ok())
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
