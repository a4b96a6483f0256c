//! Messages on the wire, none longer than we want to hold.

use datafusion_postgres::pgwire::api::{ClientInfo, DefaultClient, PgWireConnectionState};
use datafusion_postgres::pgwire::error::PgWireError;
use datafusion_postgres::pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use datafusion_postgres::pgwire::tokio::server::PgWireMessageServerCodec;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};

/// Longest message of a client that has not logged in, in bytes.
const STRANGER_BYTES_MAX: usize = 10 * 1024;

/// Longest message of a client that has, in bytes: a statement of 256 KiB with its parameters, and room to spare.
pub(super) const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// PgWire's codec behind a look at the length that a message claims to have.
pub(super) struct Codec {
    inner: PgWireMessageServerCodec<()>,
}

impl Codec {
    /// A codec that waits for the first message of a client.
    pub(super) fn new(peer: std::net::SocketAddr, is_secure: bool) -> Self {
        let mut client = DefaultClient::new(peer, is_secure);
        client.set_state(PgWireConnectionState::AwaitingStartup);
        Self { inner: PgWireMessageServerCodec::new(client) }
    }

    /// From now on messages have types: those of a login.
    pub(super) fn begin_login(&mut self) {
        self.inner.client_info.set_state(PgWireConnectionState::AuthenticationInProgress);
    }

    /// From now on messages may be long.
    pub(super) fn end_login(&mut self) {
        self.inner.client_info.set_state(PgWireConnectionState::ReadyForQuery);
    }
}

/// The length that the message at hand claims, once enough of it is there, and the longest that it may have.
fn claimed_length(state: PgWireConnectionState, start: &[u8]) -> Option<(usize, usize)> {
    let (offset, most) = match state {
        PgWireConnectionState::AwaitingSslRequest | PgWireConnectionState::AwaitingStartup => (0, STRANGER_BYTES_MAX),
        PgWireConnectionState::AuthenticationInProgress => (1, STRANGER_BYTES_MAX),
        _ => (1, MESSAGE_BYTES_MAX),
    };
    let length: [u8; 4] = start.get(offset..offset + 4)?.try_into().ok()?;
    // A negative length becomes the largest, and is refused like it.
    Some((usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX), most))
}

impl Decoder for Codec {
    type Item = PgWireFrontendMessage;
    type Error = PgWireError;

    fn decode(&mut self, source: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        if let Some((claimed, most)) = claimed_length(self.inner.client_info.state(), source)
            && (claimed > most || claimed < 4)
        {
            return Err(PgWireError::MessageTooLarge(most, claimed));
        }
        self.inner.decode(source)
    }
}

impl Encoder<PgWireBackendMessage> for Codec {
    type Error = std::io::Error;

    fn encode(&mut self, message: PgWireBackendMessage, target: &mut BytesMut) -> Result<(), Self::Error> {
        self.inner.encode(message, target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_refused_by_the_length_that_it_claims() {
        let stranger = PgWireConnectionState::AuthenticationInProgress;
        let known = PgWireConnectionState::ReadyForQuery;
        let claim = |length: i32| [&b"Q"[..], &length.to_be_bytes()].concat();
        for (state, length, refused) in [
            (stranger, 10 * 1024, false),
            (stranger, 10 * 1024 + 1, true),
            (known, 1024 * 1024, false),
            (known, 1024 * 1024 + 1, true),
            (known, -1, true),
            (known, i32::MAX, true),
            (known, 3, true),
        ] {
            let mut codec = Codec::new(([127, 0, 0, 1], 1).into(), false);
            codec.inner.client_info.set_state(state);
            let decoded = codec.decode(&mut BytesMut::from(&claim(length)[..]));
            assert_eq!(decoded.is_err(), refused, "{state:?} {length}");
        }
    }

    #[test]
    fn a_start_that_is_too_short_waits_for_more() {
        let mut codec = Codec::new(([127, 0, 0, 1], 1).into(), false);
        assert!(codec.decode(&mut BytesMut::from(&[0, 0][..])).unwrap().is_none());
    }
}
