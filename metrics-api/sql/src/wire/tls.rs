//! The first bytes of a connection: TLS, or a clear no.
//!
//! With a certificate every session is encrypted. A plain start-up is answered with a FATAL that says so; a plain
//! CancelRequest is served, as PostgreSQL does, because clients before libpq 17 send it so: it carries nothing but the
//! key that cancels.

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::bytes::BytesMut;
use tokio_util::either::Either;

use crate::config::TlsFiles;

/// A certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read, or holds no PEM of the kind.
    #[error("{path}: {what}; name a PEM file that this user may read")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// Certificate and key are no pair, or of a kind that cannot be used.
    #[error("the certificate and its key cannot be used: {0}; check that they belong together")]
    Pair(#[from] rustls::Error),
}

/// Reads certificate and key.
///
/// # Errors
/// When a file cannot be read or the two do not fit.
pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let fault = |path: &std::path::Path, what: String| TlsError::File { path: path.display().to_string(), what };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&files.certificate)
        .map_err(|error| fault(&files.certificate, error.to_string()))?
        .collect();
    let certificates = certificates.map_err(|error| fault(&files.certificate, error.to_string()))?;
    if certificates.is_empty() {
        return Err(fault(&files.certificate, "it holds no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| fault(&files.key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Name of the protocol in a TLS handshake that begins at once (libpq's `sslnegotiation=direct`).
const ALPN: &[u8] = b"postgresql";

/// First byte of a TLS handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// A connection after negotiation.
pub(super) struct Negotiated {
    /// The bytes from now on.
    pub(super) stream: Either<TcpStream, Box<TlsStream<TcpStream>>>,
    /// What was read of the first message.
    pub(super) start: BytesMut,
    /// The stream is encrypted.
    pub(super) is_secure: bool,
}

/// What a client asks for in its first eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    Tls,
    Gss,
    Message,
}

fn opening(bytes: [u8; 8]) -> Opening {
    match u64::from_be_bytes(bytes) {
        // Length 8, then PostgreSQL's magic numbers 80877103 and 80877104.
        0x0000_0008_04d2_162f => Opening::Tls,
        0x0000_0008_04d2_1630 => Opening::Gss,
        _ => Opening::Message,
    }
}

/// Answers requests for encryption until the first message comes.
///
/// # Errors
/// When the connection breaks or the handshake fails.
pub(super) async fn negotiate(mut socket: TcpStream, acceptor: Option<&TlsAcceptor>) -> io::Result<Negotiated> {
    let mut first = [0];
    if socket.peek(&mut first).await? == 1 && first[0] == TLS_HANDSHAKE {
        let Some(acceptor) = acceptor else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "TLS is not configured"));
        };
        let stream = acceptor.accept(socket).await?;
        if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "direct TLS without the protocol's name"));
        }
        return Ok(secure(stream));
    }
    // One question of each kind; a client that asks again is no client.
    for _ in 0..3 {
        let mut bytes = [0; 8];
        socket.read_exact(&mut bytes).await?;
        match (opening(bytes), acceptor) {
            (Opening::Tls, Some(acceptor)) => {
                socket.write_all(b"S").await?;
                return Ok(secure(acceptor.accept(socket).await?));
            }
            (Opening::Tls, None) | (Opening::Gss, _) => socket.write_all(b"N").await?,
            (Opening::Message, _) => {
                let start = BytesMut::from(&bytes[..]);
                return Ok(Negotiated { stream: Either::Left(socket), start, is_secure: false });
            }
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "the client asks for encryption again and again"))
}

fn secure(stream: TlsStream<TcpStream>) -> Negotiated {
    Negotiated { stream: Either::Right(Box::new(stream)), start: BytesMut::new(), is_secure: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_magic_numbers_are_postgresqls() {
        let ask = |number: u32| {
            let mut bytes = [0; 8];
            bytes[..4].copy_from_slice(&8u32.to_be_bytes());
            bytes[4..].copy_from_slice(&number.to_be_bytes());
            opening(bytes)
        };
        assert_eq!(ask(80_877_103), Opening::Tls);
        assert_eq!(ask(80_877_104), Opening::Gss);
        assert_eq!(ask(80_877_102), Opening::Message, "a cancel request");
        assert_eq!(ask(196_608), Opening::Message, "protocol 3.0");
    }

    #[test]
    fn files_that_hold_no_key_are_told_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("a.pem"), folder.path().join("b.pem"));
        let files = TlsFiles { certificate: certificate.clone(), key };
        let error = acceptor(&files).err().unwrap().to_string();
        assert!(error.contains("a.pem") && error.contains("PEM"), "{error}");
        std::fs::write(&certificate, "nothing").unwrap();
        let error = acceptor(&files).err().unwrap().to_string();
        assert!(error.contains("a.pem") && error.contains("certificate"), "{error}");
    }
}
