//! Connections to the gateway: HTTP/1.1 or HTTP/2, over TLS or not, fresh for each access or kept.
//!
//! A client by hand on hyper's connections, because a pool that hides when it connects would hide what is measured.
//! TLS sessions are never resumed: a fresh connection is a new person's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

/// Longest answer read.
const MAX_ANSWER: usize = 1 << 20;

/// HTTP/1.1 or HTTP/2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Protocol {
    /// HTTP/1.1.
    #[value(name = "1.1")]
    Http1,
    /// HTTP/2.
    #[value(name = "2")]
    Http2,
}

/// How connections are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Keep {
    /// A new one for each access.
    Fresh,
    /// As few as serve.
    Alive,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum Failure {
    /// No TCP connection.
    #[error("connect: {0}")]
    Connect(#[from] std::io::Error),
    /// The handshake failed.
    #[error("tls: {0}")]
    Tls(std::io::Error),
    /// The exchange broke off.
    #[error("http: {0}")]
    Http(#[from] hyper::Error),
    /// The body broke off or is too long.
    #[error("body")]
    Body,
    /// It took too long.
    #[error("timeout")]
    Timeout,
}

impl Failure {
    /// One word for a count.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Http(_) => "http",
            Self::Body => "body",
            Self::Timeout => "timeout",
        }
    }
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Where to, and how.
pub struct Wire {
    address: SocketAddr,
    host: ServerName<'static>,
    tls: Option<TlsConnector>,
    protocol: Protocol,
    keep: Keep,
    patience: Duration,
    idle: Mutex<Vec<http1::SendRequest<Full<Bytes>>>>,
    streams: Vec<Mutex<Option<http2::SendRequest<Full<Bytes>>>>>,
    next: AtomicUsize,
    /// Connections opened.
    pub opened: AtomicUsize,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Many(http2::SendRequest<Full<Bytes>>),
}

/// A connection of one access: its second request uses the first one's.
#[derive(Default)]
pub struct Line(Option<Sender>);

impl Wire {
    /// A wire to an address. `tls` holds the trusted authority; without it the wire is plain. Kept HTTP/2 uses
    /// `connections` of them in turn; kept HTTP/1.1 as many as are needed at once.
    #[must_use]
    pub fn new(
        address: SocketAddr,
        host: ServerName<'static>,
        tls: Option<&rustls::ClientConfig>,
        protocol: Protocol,
        keep: Keep,
        connections: usize,
        patience: Duration,
    ) -> Self {
        let tls = tls.map(|config| {
            let mut config = config.clone();
            config.resumption = rustls::client::Resumption::disabled();
            config.alpn_protocols = vec![match protocol {
                Protocol::Http1 => b"http/1.1".to_vec(),
                Protocol::Http2 => b"h2".to_vec(),
            }];
            TlsConnector::from(Arc::new(config))
        });
        Self {
            address,
            host,
            tls,
            protocol,
            keep,
            patience,
            idle: Mutex::new(Vec::new()),
            streams: (0..connections.max(1)).map(|_| Mutex::new(None)).collect(),
            next: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
        }
    }

    /// Sends a request and reads the whole answer, on the access's own line.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn exchange(
        &self,
        line: &mut Line,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, Failure> {
        tokio::time::timeout(self.patience, self.patiently(line, request))
            .await
            .map_err(|_| Failure::Timeout)?
    }

    async fn patiently(
        &self,
        line: &mut Line,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, Failure> {
        let mut sender = match line.0.take() {
            Some(sender) => sender,
            None => self.sender().await?,
        };
        // A kept connection that the gateway closed while it was idle takes nothing: another one does.
        let again = (self.keep == Keep::Alive).then(|| request.clone());
        let answer = match (sender.send(request).await, again) {
            (Err(error), Some(request)) if error.is_canceled() || error.is_closed() => {
                sender = self.connect().await?;
                sender.send(request).await?
            }
            (answer, _) => answer?,
        };
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER)
            .collect()
            .await
            .map_err(|_| Failure::Body)?
            .to_bytes();
        match (self.keep, sender) {
            (Keep::Fresh, sender) => line.0 = Some(sender),
            (Keep::Alive, Sender::One(one)) if !one.is_closed() => self.idle.lock().await.push(one),
            (Keep::Alive, _) => {}
        }
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    async fn sender(&self) -> Result<Sender, Failure> {
        if self.keep == Keep::Fresh {
            return self.connect().await;
        }
        if self.protocol == Protocol::Http1 {
            // The one used last is the least likely to have been closed.
            let idle = self.idle.lock().await.pop();
            if let Some(mut one) = idle
                && one.ready().await.is_ok()
            {
                return Ok(Sender::One(one));
            }
            return self.connect().await;
        }
        let place = self.next.fetch_add(1, Ordering::Relaxed) % self.streams.len();
        let mut stream = self.streams[place].lock().await;
        if let Some(many) = stream.as_ref().filter(|many| !many.is_closed()) {
            return Ok(Sender::Many(many.clone()));
        }
        let sender = self.connect().await?;
        if let Sender::Many(many) = &sender {
            *stream = Some(many.clone());
        }
        Ok(sender)
    }

    async fn connect(&self) -> Result<Sender, Failure> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        match &self.tls {
            Some(tls) => {
                let stream = tls
                    .connect(self.host.clone(), stream)
                    .await
                    .map_err(Failure::Tls)?;
                self.speak(stream).await
            }
            None => self.speak(stream).await,
        }
    }

    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Sender, Failure> {
        let io = TokioIo::new(stream);
        match self.protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::handshake(io).await?;
                tokio::spawn(connection);
                Ok(Sender::One(sender))
            }
            Protocol::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
                tokio::spawn(connection);
                Ok(Sender::Many(sender))
            }
        }
    }
}

impl Sender {
    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<http::Response<hyper::body::Incoming>, hyper::Error> {
        match self {
            Self::One(one) => {
                one.ready().await?;
                one.send_request(request).await
            }
            Self::Many(many) => {
                many.ready().await?;
                many.send_request(request).await
            }
        }
    }
}
