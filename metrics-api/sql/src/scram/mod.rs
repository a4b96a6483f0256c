//! SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side, as PostgreSQL speaks it. Pure: no socket, no clock.
//!
//! The server never holds a password. A [`Verifier`] is made once, by `homeward sql-verifier` or from a password file
//! at start-up, and never by a connection: the costly part of SCRAM is the client's.

mod exchange;
mod verifier;

pub use exchange::{Exchange, ExchangeError};
pub use verifier::{ITERATIONS_DEFAULT, ITERATIONS_MIN, Verifier, VerifierError};

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Length of SHA-256's digests, in bytes.
const DIGEST_BYTES: usize = 32;

type Digest32 = [u8; DIGEST_BYTES];

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length: RFC 2104 section 3")]
    <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of every length")
}

fn hmac(key: &[u8], message: &[u8]) -> Digest32 {
    keyed(key).chain_update(message).finalize().into_bytes().into()
}

fn sha256(message: &[u8]) -> Digest32 {
    Sha256::digest(message).into()
}

fn xor(left: &Digest32, right: &Digest32) -> Digest32 {
    std::array::from_fn(|index| left[index] ^ right[index])
}

/// Compares in a time that does not depend on where the first difference lies.
fn equal(left: &Digest32, right: &Digest32) -> bool {
    left.iter().zip(right).fold(0u8, |differences, (left, right)| differences | (left ^ right)) == 0
}
