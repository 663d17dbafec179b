//! A panic in a handler is a defect, and it ends that request only.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// What a panic said. It may hold data of the request and is never logged; the panic hook's place is.
pub(super) type Panicked = Box<dyn Any + Send>;

/// A future that ends in `Err` when the inner one panics.
///
/// Unwind safety: the inner future is dropped and never polled again; what it shares with others are the
/// pinned pair (immutable), counters, and stores behind locks that do not stay poisoned (`parking_lot`).
pub(super) struct CatchPanic<F>(Pin<Box<F>>);

impl<F: Future> CatchPanic<F> {
    pub(super) fn new(inner: F) -> Self {
        Self(Box::pin(inner))
    }
}

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error_before_and_after_an_await() {
        assert!(CatchPanic::new(async { 1 }).await.is_ok());
        assert!(CatchPanic::new(async { panic!("at once") }).await.is_err());
        let later = async {
            tokio::task::yield_now().await;
            panic!("later")
        };
        assert!(CatchPanic::new(later).await.is_err());
    }
}
