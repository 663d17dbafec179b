//! Bodies, within their size, their time, and the memory of all of them together.
//!
//! One body is small; twenty thousand slow ones are not. What is being read and answered is counted, and past
//! [`MOST`] a further body is refused as overload, so that slow clients cannot take the machine's memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use hyper::body::{Body, Incoming as HyperBody};

use super::refusal::EdgeRefusal;

/// Bytes of bodies in memory at once. An access at the peak of P5 holds some kilobytes for some milliseconds.
const MOST: usize = 256 << 20;

/// The bodies in memory now.
#[derive(Debug, Default)]
pub(super) struct Bodies(AtomicUsize);

impl Bodies {
    /// A body that has no bytes yet.
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        Held {
            bodies: Arc::clone(self),
            bytes: 0,
        }
    }
}

/// The share of one body; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Held {
    bodies: Arc<Bodies>,
    bytes: usize,
}

impl Held {
    fn more(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.bodies.0.fetch_add(bytes, Ordering::Relaxed) + bytes <= MOST
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bodies.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The whole body, within its size and its time. Memory is taken as bytes come, never by what a header promises.
pub(super) async fn read(
    headers: &HeaderMap,
    body: HyperBody,
    most: usize,
    longest: Duration,
    held: &mut Held,
) -> Result<Bytes, BodyError> {
    let promised = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|v| v.parse::<u64>().ok());
    if promised.is_some_and(|length| length > u64::try_from(most).unwrap_or(u64::MAX)) {
        return Err(BodyError::Refused(EdgeRefusal::BodyTooLarge));
    }
    tokio::time::timeout(longest, collect(body, most, held))
        .await
        .unwrap_or(Err(BodyError::Refused(EdgeRefusal::RequestTimeout)))
}

/// Why there is no body.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It is refused; the connection is closed after the answer.
    Refused(EdgeRefusal),
    /// The peer went away or broke the protocol: nobody to answer.
    Gone(hyper::Error),
}

async fn collect(mut body: HyperBody, most: usize, held: &mut Held) -> Result<Bytes, BodyError> {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    loop {
        let frame = std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await;
        let data = match frame {
            None => break,
            Some(Err(error)) => return Err(BodyError::Gone(error)),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => data,
                // Trailers are nothing to us.
                Err(_) => continue,
            },
        };
        if first.len() + more.len() + data.len() > most {
            return Err(BodyError::Refused(EdgeRefusal::BodyTooLarge));
        }
        if !held.more(data.len()) {
            return Err(BodyError::Refused(EdgeRefusal::Overloaded));
        }
        if first.is_empty() && more.is_empty() {
            first = data;
        } else {
            if more.is_empty() {
                more.extend_from_slice(&std::mem::take(&mut first));
            }
            more.extend_from_slice(&data);
        }
    }
    Ok(if more.is_empty() {
        first
    } else {
        more.freeze()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bodies_together_are_bounded_and_give_their_share_back() {
        let bodies = Arc::new(Bodies::default());
        let mut first = bodies.hold();
        let mut second = bodies.hold();
        assert!(first.more(MOST - 10) && second.more(10));
        assert!(!second.more(1));
        drop(first);
        assert!(bodies.hold().more(1000));
        drop(second);
        assert_eq!(bodies.0.load(Ordering::Relaxed), 0);
    }
}
