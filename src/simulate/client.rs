//! The HTTPS client of simulators and of the demo's browsers.
//!
//! Names under `localhost` are this machine, as browsers have it; only the test authority is trusted; TLS sessions are
//! never resumed, so that a new client costs what a new person costs.

use std::future::Ready;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;

use super::settings::SettingsError;

/// Longest answer read.
const MAX_ANSWER: usize = 4 << 20;
/// Longest time for one exchange.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes clients that share nothing but their TLS settings.
#[derive(Debug, Clone)]
pub struct Clients(Arc<rustls::ClientConfig>);

/// One client: its connections are its own.
#[derive(Debug, Clone)]
pub struct Client(Pool<HttpsConnector<HttpConnector<Loopback>>, Full<Bytes>>);

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// No connection, or it broke.
    #[error("no answer: {0}")]
    Connection(#[from] hyper_util::client::legacy::Error),
    /// The body broke off or is too long.
    #[error("the answer broke off or is too long")]
    Body,
    /// It took too long.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Timeout,
    /// The address or a header field is malformed.
    #[error("malformed request: {0}")]
    Request(#[from] http::Error),
}

impl Clients {
    /// Clients that trust one authority.
    ///
    /// # Errors
    /// [`SettingsError`], naming the file.
    pub fn new(authority: &Path) -> Result<Self, SettingsError> {
        let pem = |what: String| SettingsError::Pem {
            path: authority.to_owned(),
            what,
        };
        let mut roots = rustls::RootCertStore::empty();
        let certificate =
            CertificateDer::from_pem_file(authority).map_err(|error| pem(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| pem(error.to_string()))?;
        Self::trusting(roots)
    }

    fn trusting(roots: rustls::RootCertStore) -> Result<Self, SettingsError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }

    /// The TLS settings, for who opens connections by hand.
    #[must_use]
    pub fn tls(&self) -> Arc<rustls::ClientConfig> {
        Arc::clone(&self.0)
    }

    /// A client without connections.
    #[must_use]
    pub fn client(&self) -> Client {
        let mut tcp = HttpConnector::new_with_resolver(Loopback);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(rustls::ClientConfig::clone(&self.0))
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        Client(
            Pool::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .build(connector),
        )
    }
}

impl Client {
    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, ClientError> {
        let exchange = async {
            let (head, body) = self.0.request(request).await?.into_parts();
            let body = Limited::new(body, MAX_ANSWER)
                .collect()
                .await
                .map_err(|_| ClientError::Body)?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .map_err(|_| ClientError::Timeout)?
    }
}

/// Knows one address: this machine's. What is simulated is never elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Loopback;

impl tower_service::Service<Name> for Loopback {
    type Response = std::iter::Once<SocketAddr>;
    type Error = std::io::Error;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let local = name.as_str() == "localhost" || name.as_str().ends_with(".localhost");
        std::future::ready(if local {
            Ok(std::iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
        } else {
            Err(std::io::Error::new(
                std::io::ErrorKind::NotFound,
                format!("{} is not on this machine", name.as_str()),
            ))
        })
    }
}
