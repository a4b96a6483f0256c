//! Keys made for one run: those of `evaluate`, whose pseudonyms outlive nothing, and the demonstration's for quarantine.

use homeward_contract::identity::PseudonymKeys;
use uuid::Uuid;

/// Pseudonym keys that exist only in this process.
#[must_use]
pub fn of_this_run() -> PseudonymKeys {
    PseudonymKeys::from_secret(1, &random_32_bytes())
}

/// 32 bytes from the system's random source, of which 244 bits are random (two version 4 UUIDs).
#[must_use]
pub fn random_32_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(Uuid::new_v4().as_bytes());
    bytes[16..].copy_from_slice(Uuid::new_v4().as_bytes());
    bytes
}
