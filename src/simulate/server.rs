//! The HTTPS server of the simulators: a request with its whole body in, an answer out.
//!
//! Made for tests on loopback: it bounds a body, and that is all it defends itself against.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::settings::SettingsError;

/// Longest body read.
const MAX_BODY: usize = 1 << 20;

/// A request with its body read.
#[derive(Debug, Clone)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// Host name without port, lower case.
    pub host: String,
    /// Path, not decoded.
    pub path: String,
    /// What follows `?`, not decoded.
    pub query: String,
    /// Header fields.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// An answer.
pub type Answer = Response<Full<Bytes>>;

/// Something that answers requests.
pub trait Site: Send + Sync + 'static {
    /// The answer to one request.
    fn answer(&self, request: Request) -> impl Future<Output = Answer> + Send;
}

impl Request {
    /// The first value of a parameter of the query.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        value(self.query.as_bytes(), name)
    }

    /// The first value of a field of a posted form.
    #[must_use]
    pub fn form(&self, name: &str) -> Option<String> {
        value(&self.body, name)
    }

    /// A cookie.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split("; "))
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whether a program asks, which wants JSON, and not a browser.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        self.headers
            .get(header::ACCEPT)
            .is_some_and(|v| v.as_bytes().starts_with(b"application/json"))
    }
}

fn value(pairs: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(pairs)
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// An answer with a body.
#[must_use]
pub fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(content_type),
    );
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    answer
}

/// A redirect that makes the next request a GET.
#[must_use]
pub fn see_other(location: &str) -> Answer {
    let mut answer = answer(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    if let Ok(location) = location.parse() {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}

/// Sets a cookie for this host, for other sites' posts too.
pub fn set_cookie(answer: &mut Answer, name: &str, value: &str) {
    let life = if value.is_empty() { "; Max-Age=0" } else { "" };
    if let Ok(cookie) =
        format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=None{life}").parse()
    {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// TLS settings of a server from PEM files.
///
/// # Errors
/// [`SettingsError`], naming the file.
pub fn tls(certificate: &Path, key: &Path) -> Result<Arc<rustls::ServerConfig>, SettingsError> {
    let pem = |path: &Path, error: rustls::pki_types::pem::Error| SettingsError::Pem {
        path: path.to_owned(),
        what: error.to_string(),
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| pem(certificate, error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| pem(key, error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, secret)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Listens on an address.
///
/// # Errors
/// What the system says.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves for ever.
pub async fn serve<S: Site>(listener: TcpListener, tls: Arc<rustls::ServerConfig>, site: Arc<S>) {
    let acceptor = TlsAcceptor::from(tls);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: a pause lets connections end.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let (acceptor, site) = (acceptor.clone(), Arc::clone(&site));
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let service = service_fn(move |request| {
                let site = Arc::clone(&site);
                async move { Ok::<_, std::convert::Infallible>(handle(&*site, request).await) }
            });
            let _ = Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn handle<S: Site>(site: &S, request: http::Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let host = head
        .uri
        .host()
        .or_else(|| head.headers.get(header::HOST).and_then(|v| v.to_str().ok()))
        .map(|host| host.split(':').next().unwrap_or(host).to_ascii_lowercase())
        .unwrap_or_default();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return answer(
            StatusCode::PAYLOAD_TOO_LARGE,
            "text/plain; charset=utf-8",
            "too large\n",
        );
    };
    site.answer(Request {
        method: head.method,
        host,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    })
    .await
}
