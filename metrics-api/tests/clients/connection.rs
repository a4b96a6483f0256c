//! tokio-postgres connections, plain and through rustls.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{Client, Config, Error, NoTls, Socket};
use tokio_rustls::TlsConnector;

use crate::server::{PASSWORD, ROLE, Server};

/// Settings of the role that sees exact figures.
pub(crate) fn config(server: &Server) -> Config {
    let mut config = Config::new();
    config.host("localhost").port(server.sql.port()).user(ROLE).password(PASSWORD).dbname("homeward");
    config.ssl_mode(if server.certificate.is_some() { SslMode::Require } else { SslMode::Disable });
    config
}

/// A connection whose other half runs in a task of its own.
pub(crate) async fn connect(server: &Server) -> Client {
    connect_with(server, &config(server)).await.expect("the server lets the role in")
}

/// The same with settings of the caller's own.
pub(crate) async fn connect_with(server: &Server, config: &Config) -> Result<Client, Error> {
    if let Some(tls) = tls(server) {
        let (client, connection) = config.connect(tls).await?;
        tokio::spawn(connection);
        return Ok(client);
    }
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Sends a cancel request for what the client runs, and waits until the server has read it: it closes the connection
/// then. tokio-postgres alone does not wait, so that a late request could meet the next statement.
pub(crate) async fn cancel(server: &Server, client: &Client) -> Result<(), Error> {
    let stream = Farewell(TcpStream::connect(server.sql).await.expect("the server takes connections"));
    match tls(server) {
        Some(tls) => {
            let handshake = MakeTlsConnect::<Socket>::make_tls_connect(&mut tls.clone(), "localhost");
            client.cancel_token().cancel_query_raw(stream, handshake.expect("a name")).await
        }
        None => client.cancel_token().cancel_query_raw(stream, NoTls).await,
    }
}

/// A stream whose end is the other side's end.
pub(crate) struct Farewell<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for Farewell<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Farewell<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut bytes = [0; 64];
            let mut into = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.0).poll_read(context, &mut into) {
                Poll::Pending => return Poll::Pending,
                // Its end, or its reset: read either way.
                Poll::Ready(read) if read.is_err() || into.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(_) => {}
            }
        }
    }
}

fn tls(server: &Server) -> Option<Tls> {
    let file = server.certificate.as_ref()?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).expect("a certificate")).expect("it can be an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("ring knows the protocols").with_root_certificates(roots).with_no_client_auth();
    Some(Tls(TlsConnector::from(Arc::new(config))))
}

/// rustls for tokio-postgres, without channel binding.
#[derive(Clone)]
pub(crate) struct Tls(TlsConnector);

pub(crate) struct TlsHandshake(TlsConnector, ServerName<'static>);

pub(crate) struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Encrypted<Socket>;
    type TlsConnect = TlsHandshake;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<TlsHandshake, Self::Error> {
        Ok(TlsHandshake(self.0.clone(), ServerName::try_from(host.to_owned())?))
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> TlsConnect<S> for TlsHandshake {
    type Stream = Encrypted<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { Ok(Encrypted(self.0.connect(self.1, stream).await?)) })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
