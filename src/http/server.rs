//! Connections of the public listener: accepted, bounded, handshaken, served, drained.
//!
//! Every wait has a bound: the handshake, the header, the body, the pause between two requests, the peer
//! that does not read. A peer that reaches one is dropped; none can hold a place for ever.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::exchange::Answer;
use super::service::Service;
use super::tls::Tls;

/// After a polite goodbye, the peer has so long to take what is still to be written.
const GOODBYE: Duration = Duration::from_secs(5);
/// How long the door of new connections stays shut while the processors are behind.
const BREATH: Duration = Duration::from_millis(5);
/// Requests that one HTTP/2 connection may have open.
const STREAMS: u32 = 64;
/// Header fields of one request.
const HEADER_FIELDS: usize = 64;

/// What one connection may cost.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Request line and headers, bytes.
    pub header_bytes: usize,
    /// Open connections.
    pub connections: usize,
    /// Longest TLS handshake.
    pub handshake: Duration,
    /// Longest wait for a header.
    pub header: Duration,
    /// Longest pause.
    pub idle: Duration,
}

/// The public listener.
#[derive(Debug)]
pub struct Server<A> {
    service: Arc<Service<A>>,
    tls: Arc<Tls>,
    limits: ConnectionLimits,
    places: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

impl<A: Answer> Server<A> {
    /// A server that is not listening yet.
    #[must_use]
    pub fn new(service: Arc<Service<A>>, tls: Arc<Tls>, limits: ConnectionLimits) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(
            limits.connections.min(Semaphore::MAX_PERMITS),
        ));
        Arc::new(Self {
            service,
            tls,
            limits,
            places,
            stop: watch::Sender::new(false),
        })
    }

    /// Takes connections until [`Self::stop`].
    pub async fn run(self: Arc<Self>, listener: TcpListener) {
        let mut stop = self.stop.subscribe();
        loop {
            let next = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                next = self.next(&listener) => next,
            };
            let Some((stream, peer, place)) = next else {
                continue;
            };
            let server = Arc::clone(&self);
            tokio::spawn(async move {
                let _place = place;
                let metrics = server.service.metrics();
                metrics.http.connections.inc();
                metrics.http.connections_open.inc();
                server.connection(stream, peer.ip()).await;
                metrics.http.connections_open.dec();
            });
        }
    }

    /// The next connection, once there is a place for it: others wait in the kernel.
    async fn next(
        &self,
        listener: &TcpListener,
    ) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        while self.service.admission().is_late() {
            tokio::time::sleep(BREATH).await;
        }
        match listener.accept().await {
            Ok((stream, peer)) => Some((stream, peer, place)),
            Err(error) => {
                // A connection that is already gone is nothing; no file descriptors is something to wait for.
                if !is_of_the_connection(&error) {
                    tracing::error!(%error, "connections cannot be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                None
            }
        }
    }

    async fn connection(&self, stream: TcpStream, peer: IpAddr) {
        let _ = stream.set_nodelay(true);
        let failed = |reason: &str| {
            self.service
                .metrics()
                .http
                .handshakes_failed
                .with_label_values(&[reason])
                .inc()
        };
        let acceptor = TlsAcceptor::from(self.tls.current());
        let stream = match timeout(self.limits.handshake, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                failed("protocol");
                tracing::debug!(%error, "TLS handshake failed");
                return;
            }
            Err(_) => return failed("timeout"),
        };
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let activity = Arc::new(Activity::new());
        let service = service_fn(|request| {
            let busy = Busy::new(&activity);
            let service = Arc::clone(&self.service);
            async move {
                let _busy = busy;
                service.handle(request, peer).await
            }
        });
        let builder = self.builder(h2);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut stop = self.stop.subscribe();
        let mut end: Option<Instant> = None;
        loop {
            let wake = end.unwrap_or_else(|| activity.idle_at(self.limits.idle));
            tokio::select! {
                result = connection.as_mut() => {
                    if let Err(error) = result {
                        tracing::debug!(error, "connection ended");
                    }
                    return;
                }
                _ = stop.wait_for(|stop| *stop), if end.is_none() => {
                    connection.as_mut().graceful_shutdown();
                    // Requests under way may end; the drain of the whole has its own deadline.
                    end = Some(Instant::now() + Duration::from_secs(3600));
                }
                () = sleep_until(wake) => {
                    if end.is_some() {
                        return;
                    }
                    if activity.is_idle(self.limits.idle) {
                        connection.as_mut().graceful_shutdown();
                        end = Some(Instant::now() + GOODBYE);
                    }
                }
            }
        }
    }

    /// HTTP as ALPN decided it; without ALPN, HTTP/1.1.
    fn builder(&self, h2: bool) -> auto::Builder<TokioExecutor> {
        let builder = auto::Builder::new(TokioExecutor::new());
        let mut builder = if h2 {
            builder.http2_only()
        } else {
            builder.http1_only()
        };
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header)
            .max_buf_size(self.limits.header_bytes)
            .max_headers(HEADER_FIELDS)
            .half_close(false);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(self.limits.header_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(STREAMS as usize)
            .initial_stream_window_size(64 << 10)
            .initial_connection_window_size(256 << 10)
            .max_send_buf_size(256 << 10);
        builder
    }

    /// Takes no further connection and asks every peer to go after its request.
    pub fn stop(&self) {
        self.service.admission().drain();
        self.stop.send_replace(true);
    }

    /// Waits until every connection has ended; `false` when some had not after `longest`.
    pub async fn drained(&self, longest: Duration) -> bool {
        let all =
            u32::try_from(self.limits.connections.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        timeout(longest, self.places.acquire_many(all))
            .await
            .is_ok()
    }
}

/// Errors of `accept` that concern the connection that would have been next, not the listener (accept(2)).
fn is_of_the_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}

/// When a connection last had something to do.
#[derive(Debug)]
struct Activity {
    requests: AtomicUsize,
    last: Mutex<Instant>,
}

impl Activity {
    fn new() -> Self {
        Self {
            requests: AtomicUsize::new(0),
            last: Mutex::new(Instant::now()),
        }
    }

    fn idle_at(&self, longest: Duration) -> Instant {
        if self.requests.load(Ordering::Relaxed) > 0 {
            Instant::now() + longest
        } else {
            *self.last.lock() + longest
        }
    }

    fn is_idle(&self, longest: Duration) -> bool {
        self.requests.load(Ordering::Relaxed) == 0 && self.last.lock().elapsed() >= longest
    }
}

/// A request under way on a connection.
struct Busy(Arc<Activity>);

impl Busy {
    fn new(activity: &Arc<Activity>) -> Self {
        activity.requests.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.0.last.lock() = Instant::now();
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}
