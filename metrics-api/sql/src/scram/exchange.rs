//! The four messages of one login.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{DIGEST_BYTES, Digest32, Verifier, equal, hmac, sha256, xor};

/// A login failed. The client is told the same whatever the reason, but for a broken message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// A message breaks the protocol.
    #[error("malformed SCRAM message")]
    Malformed,
    /// The client wants its proof bound to the TLS channel, which we do not offer.
    #[error("SCRAM channel binding is not offered; connect with channel_binding=prefer")]
    ChannelBinding,
    /// The proof does not fit: wrong password, or unknown user.
    #[error("the proof does not fit")]
    WrongProof,
}

/// A login after the first message of either side.
pub struct Exchange {
    verifier: Verifier,
    /// The GS2 header of the client, which its last message must repeat.
    header: String,
    /// The nonces of both sides.
    nonce: String,
    /// First messages of both sides, as SCRAM signs them.
    firsts: String,
}

impl Exchange {
    /// Reads the client's first message and makes the server's, which goes to the client as it is.
    ///
    /// # Errors
    /// When the message is malformed or asks for what we do not offer.
    pub fn begin(client_first: &str, verifier: Verifier, nonce: &str) -> Result<(Self, String), ExchangeError> {
        let mut parts = client_first.splitn(3, ',');
        let (Some(binding), Some(identity), Some(bare)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(ExchangeError::Malformed);
        };
        match binding {
            // `y`: the client could bind, and believes that we cannot. That is so.
            "n" | "y" => {}
            _ if binding.starts_with("p=") => return Err(ExchangeError::ChannelBinding),
            _ => return Err(ExchangeError::Malformed),
        }
        // The user is the one of the start-up message, as in PostgreSQL; nobody logs in as somebody else.
        if !identity.is_empty() || !bare.starts_with("n=") {
            return Err(ExchangeError::Malformed);
        }
        let theirs = bare.split(',').nth(1).and_then(|part| part.strip_prefix("r="));
        let theirs = theirs.filter(|nonce| nonce.len() >= 8).ok_or(ExchangeError::Malformed)?;
        let nonce = format!("{theirs}{nonce}");
        let first = format!("r={nonce},s={},i={}", STANDARD.encode(&verifier.salt), verifier.iterations);
        let exchange =
            Self { verifier, header: format!("{binding},{identity},"), nonce, firsts: format!("{bare},{first}") };
        Ok((exchange, first))
    }

    /// Checks the client's proof and makes ours, which goes to the client as it is.
    ///
    /// # Errors
    /// When the message is malformed or the proof does not fit.
    pub fn finish(self, client_final: &str) -> Result<String, ExchangeError> {
        let (unsigned, proof) = client_final.rsplit_once(",p=").ok_or(ExchangeError::Malformed)?;
        let mut parts = unsigned.split(',');
        let binding = parts.next().and_then(|part| part.strip_prefix("c=")).ok_or(ExchangeError::Malformed)?;
        let nonce = parts.next().and_then(|part| part.strip_prefix("r=")).ok_or(ExchangeError::Malformed)?;
        if binding != STANDARD.encode(&self.header) || nonce != self.nonce {
            return Err(ExchangeError::Malformed);
        }
        let proof = STANDARD.decode(proof).map_err(|_| ExchangeError::Malformed)?;
        let proof: Digest32 = <[u8; DIGEST_BYTES]>::try_from(proof).map_err(|_| ExchangeError::Malformed)?;
        let message = format!("{},{unsigned}", self.firsts);
        let client_key = xor(&proof, &hmac(&self.verifier.stored_key, message.as_bytes()));
        if !equal(&sha256(&client_key), &self.verifier.stored_key) {
            return Err(ExchangeError::WrongProof);
        }
        let signature = hmac(&self.verifier.server_key, message.as_bytes());
        Ok(format!("v={}", STANDARD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";
    const CLIENT_FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const CLIENT_FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                                p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

    fn verifier(password: &str) -> Verifier {
        Verifier::of_password(password, &STANDARD.decode(SALT).unwrap(), 4_096).unwrap()
    }

    /// The example of RFC 7677 section 3, to the byte.
    #[test]
    fn the_example_of_rfc_7677_holds() {
        let (exchange, first) = Exchange::begin(CLIENT_FIRST, verifier("pencil"), SERVER_NONCE).unwrap();
        assert_eq!(first, format!("r=rOprNGfwEbeRWgbNEkqO{SERVER_NONCE},s={SALT},i=4096"));
        assert_eq!(exchange.finish(CLIENT_FINAL).unwrap(), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_wrong_password_and_an_unknown_user_fail_alike() {
        for verifier in [verifier("pencils"), Verifier::of_stranger(b"secret", "user")] {
            let (exchange, _) = Exchange::begin(CLIENT_FIRST, verifier, SERVER_NONCE).unwrap();
            assert_eq!(exchange.finish(CLIENT_FINAL).unwrap_err(), ExchangeError::WrongProof);
        }
    }

    #[test]
    fn what_breaks_the_protocol_is_refused() {
        for (first, error) in [
            ("", ExchangeError::Malformed),
            ("n,,", ExchangeError::Malformed),
            ("n,,n=user", ExchangeError::Malformed),
            ("n,,n=user,r=short", ExchangeError::Malformed),
            ("n,a=admin,n=user,r=rOprNGfwEbeRWgbNEkqO", ExchangeError::Malformed),
            ("x,,n=user,r=rOprNGfwEbeRWgbNEkqO", ExchangeError::Malformed),
            ("n,,m=future,r=rOprNGfwEbeRWgbNEkqO", ExchangeError::Malformed),
            ("p=tls-server-end-point,,n=user,r=rOprNGfwEbeRWgbNEkqO", ExchangeError::ChannelBinding),
        ] {
            let begun = Exchange::begin(first, verifier("pencil"), SERVER_NONCE);
            assert_eq!(begun.err(), Some(error), "{first}");
        }
    }

    #[test]
    fn a_last_message_for_another_login_is_refused() {
        for message in [
            CLIENT_FINAL.replace("c=biws", "c=eSws"),
            CLIENT_FINAL.replace("%hvY", "%hvZ"),
            CLIENT_FINAL.replace("p=dHzb", "p="),
            CLIENT_FINAL.replace(",p=", ",q="),
            String::new(),
        ] {
            let (exchange, _) = Exchange::begin(CLIENT_FIRST, verifier("pencil"), SERVER_NONCE).unwrap();
            assert_eq!(exchange.finish(&message).unwrap_err(), ExchangeError::Malformed, "{message}");
        }
    }
}
