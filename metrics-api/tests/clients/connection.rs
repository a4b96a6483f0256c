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

/// Sends a cancel request for what the client runs.
pub(crate) async fn cancel(server: &Server, client: &Client) -> Result<(), Error> {
    match tls(server) {
        Some(tls) => client.cancel_token().cancel_query(tls).await,
        None => client.cancel_token().cancel_query(NoTls).await,
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

pub(crate) struct Encrypted(tokio_rustls::client::TlsStream<Socket>);

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Encrypted;
    type TlsConnect = TlsHandshake;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<TlsHandshake, Self::Error> {
        Ok(TlsHandshake(self.0.clone(), ServerName::try_from(host.to_owned())?))
    }
}

impl TlsConnect<Socket> for TlsHandshake {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        Box::pin(async move { Ok(Encrypted(self.0.connect(self.1, stream).await?)) })
    }
}

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for Encrypted {
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
