//! What a server keeps instead of a password: PostgreSQL's `SCRAM-SHA-256$...` texts.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;

use super::{DIGEST_BYTES, Digest32, hmac, keyed, sha256};

/// Fewest iterations that we accept: RFC 7677 section 4, and PostgreSQL's default.
pub const ITERATIONS_MIN: u32 = 4_096;

/// Iterations of the verifiers that we make. Our choice: four times PostgreSQL's default, some 10 ms of a client.
pub const ITERATIONS_DEFAULT: u32 = 16_384;

/// Most iterations: more would hold up every login for seconds, at the client's cost.
const ITERATIONS_MAX: u32 = 1_000_000;

/// Shortest and longest salt in bytes. PostgreSQL makes 16.
const SALT_BYTES: std::ops::RangeInclusive<usize> = 8..=64;

/// Longest password in bytes, as in PostgreSQL's own tools.
const PASSWORD_BYTES_MAX: usize = 1_024;

const MECHANISM: &str = "SCRAM-SHA-256";

/// A verifier cannot be used. No variant holds any part of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifierError {
    /// The text is not in PostgreSQL's format.
    #[error(
        "the verifier is not of the form SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>; make one with \
         'homeward sql-verifier'"
    )]
    Format,
    /// Too few or too many iterations.
    #[error("a verifier of {0} iterations is refused; between {ITERATIONS_MIN} and {ITERATIONS_MAX} are accepted")]
    Iterations(u32),
    /// The salt is too short or too long.
    #[error("a salt of {0} bytes is refused; PostgreSQL makes 16")]
    Salt(usize),
    /// The password is empty, too long, or holds characters that clients prepare differently.
    #[error(
        "the password is empty, longer than {PASSWORD_BYTES_MAX} bytes, or holds characters outside printable ASCII, \
         which clients do not all prepare alike (SASLprep); choose one of letters, digits and signs, or give a \
         verifier made by PostgreSQL"
    )]
    Password,
}

/// What SCRAM needs to recognise a password and to prove that the server knows it too.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    pub(super) iterations: u32,
    pub(super) salt: Vec<u8>,
    pub(super) stored_key: Digest32,
    pub(super) server_key: Digest32,
}

impl Verifier {
    /// Derives the verifier of a password. Costs `iterations` rounds of HMAC: once an account, never a connection.
    ///
    /// # Errors
    /// When the password, the salt or the iterations are out of bounds.
    pub fn of_password(password: &str, salt: &[u8], iterations: u32) -> Result<Self, VerifierError> {
        let plain = password.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if password.is_empty() || password.len() > PASSWORD_BYTES_MAX || !plain {
            return Err(VerifierError::Password);
        }
        check(iterations, salt)?;
        let salted = salted_password(password.as_bytes(), salt, iterations);
        Ok(Self {
            iterations,
            salt: salt.to_vec(),
            stored_key: sha256(&hmac(&salted, b"Client Key")),
            server_key: hmac(&salted, b"Server Key"),
        })
    }

    /// A verifier that no password opens, the same for the same name and secret: what an unknown user meets, so that
    /// a stranger cannot tell unknown names from wrong passwords.
    #[must_use]
    pub fn of_stranger(secret: &[u8], name: &str) -> Self {
        let derive = |purpose: &str| hmac(secret, format!("{purpose}\0{name}").as_bytes());
        Self {
            iterations: ITERATIONS_DEFAULT,
            salt: derive("salt")[..16].to_vec(),
            stored_key: derive("stored key"),
            server_key: derive("server key"),
        }
    }
}

fn check(iterations: u32, salt: &[u8]) -> Result<(), VerifierError> {
    if !(ITERATIONS_MIN..=ITERATIONS_MAX).contains(&iterations) {
        return Err(VerifierError::Iterations(iterations));
    }
    if !SALT_BYTES.contains(&salt.len()) {
        return Err(VerifierError::Salt(salt.len()));
    }
    Ok(())
}

/// `Hi` of RFC 5802: PBKDF2 with one block.
fn salted_password(password: &[u8], salt: &[u8], iterations: u32) -> Digest32 {
    let keyed = keyed(password);
    let mut last: Digest32 = keyed.clone().chain_update(salt).chain_update([0, 0, 0, 1]).finalize().into_bytes().into();
    let mut sum = last;
    for _ in 1..iterations {
        last = keyed.clone().chain_update(last).finalize().into_bytes().into();
        sum = super::xor(&sum, &last);
    }
    sum
}

impl FromStr for Verifier {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.trim().strip_prefix(MECHANISM).and_then(|rest| rest.strip_prefix('$'));
        let (effort, keys) = rest.and_then(|rest| rest.split_once('$')).ok_or(VerifierError::Format)?;
        let (iterations, salt) = effort.split_once(':').ok_or(VerifierError::Format)?;
        let (stored_key, server_key) = keys.split_once(':').ok_or(VerifierError::Format)?;
        let iterations = iterations.parse().map_err(|_| VerifierError::Format)?;
        let salt = STANDARD.decode(salt).map_err(|_| VerifierError::Format)?;
        check(iterations, &salt)?;
        Ok(Self { iterations, salt, stored_key: key(stored_key)?, server_key: key(server_key)? })
    }
}

fn key(text: &str) -> Result<Digest32, VerifierError> {
    let bytes = STANDARD.decode(text).map_err(|_| VerifierError::Format)?;
    <[u8; DIGEST_BYTES]>::try_from(bytes).map_err(|_| VerifierError::Format)
}

/// PostgreSQL's format. It is a secret of its own: whoever holds it can pretend to be the server.
impl fmt::Display for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{MECHANISM}${}:{}${}:{}",
            self.iterations,
            STANDARD.encode(&self.salt),
            STANDARD.encode(self.stored_key),
            STANDARD.encode(self.server_key)
        )
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<verifier>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by PostgreSQL's rules for the password 'pencil' with the salt of RFC 7677 section 3.
    const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";

    fn pencil() -> Verifier {
        Verifier::of_password("pencil", &STANDARD.decode(SALT).unwrap(), ITERATIONS_MIN).unwrap()
    }

    #[test]
    fn a_verifier_survives_its_text() {
        let text = pencil().to_string();
        assert!(text.starts_with(&format!("SCRAM-SHA-256$4096:{SALT}$")), "{text}");
        assert_eq!(text.parse::<Verifier>().unwrap(), pencil());
        assert_eq!(format!("{:?}", pencil()), "<verifier>", "it must not print itself in a log");
    }

    #[test]
    fn what_is_no_verifier_is_refused() {
        let good = pencil().to_string();
        for (text, error) in [
            (String::new(), VerifierError::Format),
            ("md5abcdef".to_owned(), VerifierError::Format),
            (good.replace("SHA-256", "SHA-512"), VerifierError::Format),
            (good.replace("4096", "many"), VerifierError::Format),
            (good.replace("4096", "4095"), VerifierError::Iterations(4_095)),
            (good.replace("4096", "1000001"), VerifierError::Iterations(1_000_001)),
            (good.replace(SALT, "AAAA"), VerifierError::Salt(3)),
            (good.replace(SALT, "!!!!"), VerifierError::Format),
            (good[..good.len() - 4].to_owned(), VerifierError::Format),
            (good.replacen(':', "", 2), VerifierError::Format),
        ] {
            assert_eq!(text.parse::<Verifier>().unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn passwords_that_clients_prepare_differently_are_refused() {
        for password in ["", "caf\u{e9}", "tab\there", &"x".repeat(1_025)] {
            let made = Verifier::of_password(password, &[7; 16], ITERATIONS_MIN);
            assert_eq!(made.unwrap_err(), VerifierError::Password, "{password:?}");
        }
    }

    #[test]
    fn a_stranger_meets_the_same_verifier_each_time_and_another_than_his_neighbour() {
        assert_eq!(Verifier::of_stranger(b"secret", "eve"), Verifier::of_stranger(b"secret", "eve"));
        assert_ne!(Verifier::of_stranger(b"secret", "eve").salt, Verifier::of_stranger(b"secret", "eva").salt);
        assert_ne!(Verifier::of_stranger(b"secret", "eve").salt, Verifier::of_stranger(b"other", "eve").salt);
        assert_eq!(Verifier::of_stranger(b"secret", "eve").salt.len(), 16, "as long as the salts that we make");
    }
}
