//! Listening sockets: inherited from systemd, or bound here.
//!
//! With a `.socket` unit the kernel keeps the queue of new connections while the process is replaced, so a
//! restart refuses nobody. Sockets are told apart by their address: the one that listens where the
//! configuration says is taken.

use std::io;
use std::net::{SocketAddr, TcpListener};

/// The sockets that came with the process, each taken at most once.
#[derive(Debug, Default)]
pub struct Inherited(Vec<TcpListener>);

impl Inherited {
    /// Takes what `LISTEN_FDS` announces. To be called once, early in `main`.
    #[must_use]
    pub fn take() -> Self {
        let mut fds = listenfd::ListenFd::from_env();
        let mut listeners = Vec::new();
        for index in 0..fds.len() {
            if let Ok(Some(listener)) = fds.take_tcp_listener(index) {
                listeners.push(listener);
            }
        }
        Self(listeners)
    }

    /// The inherited socket with this port, if any: systemd may have bound another address of the machine.
    fn with(&mut self, address: SocketAddr) -> Option<TcpListener> {
        let at = self.0.iter().position(|listener| {
            listener
                .local_addr()
                .is_ok_and(|bound| bound.port() == address.port())
        })?;
        Some(self.0.swap_remove(at))
    }
}

/// A listening socket for an address, inherited or bound.
pub fn listen(
    address: SocketAddr,
    inherited: &mut Inherited,
) -> io::Result<tokio::net::TcpListener> {
    if let Some(listener) = inherited.with(address) {
        listener.set_nonblocking(true)?;
        return tokio::net::TcpListener::from_std(listener);
    }
    let socket = if address.is_ipv6() {
        tokio::net::TcpSocket::new_v6()?
    } else {
        tokio::net::TcpSocket::new_v4()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// New connections that may wait in the kernel. The kernel's own bound is `net.core.somaxconn`.
const BACKLOG: u32 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_inherited_socket_is_taken_by_its_port_once() {
        let bound = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = bound.local_addr().unwrap();
        let mut inherited = Inherited(vec![bound]);
        assert!(
            inherited
                .with(SocketAddr::from(([127, 0, 0, 1], address.port() ^ 1)))
                .is_none()
        );
        let taken = listen(address, &mut inherited).unwrap();
        assert_eq!(taken.local_addr().unwrap(), address);
        assert!(inherited.0.is_empty());
        assert!(listen(address, &mut inherited).is_err());
    }
}
