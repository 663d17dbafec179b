//! TLS of the public listener: 1.2 and 1.3, h2 and http/1.1, a certificate that can be replaced while running.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs as provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ProducesTickets;
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::config::TlsMinimum;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate in the file.
    #[error("the certificate file has no readable CERTIFICATE block")]
    NoCertificate,
    /// No key in the file.
    #[error("the private key file has no readable PRIVATE KEY block (PKCS#8, SEC1 or PKCS#1)")]
    NoKey,
    /// They are not a pair.
    #[error("the private key does not belong to the certificate")]
    Mismatch,
    /// rustls refuses them.
    #[error("the certificate or key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Certificate and key, checked to be a pair.
#[derive(Clone, Debug)]
pub struct Identity {
    key: Arc<CertifiedKey>,
    minimum: TlsMinimum,
}

impl Identity {
    /// Reads a chain and its key from PEM.
    pub fn from_pem(
        chain: &[u8],
        key: &Zeroizing<Vec<u8>>,
        minimum: TlsMinimum,
    ) -> Result<Self, TlsError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| TlsError::NoCertificate)?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        let key = provider::sign::any_supported_type(&key)?;
        let key = CertifiedKey::new(chain, key);
        key.keys_match().map_err(|_| TlsError::Mismatch)?;
        Ok(Self {
            key: Arc::new(key),
            minimum,
        })
    }

    /// The certificate itself, DER.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.key.cert.first().map(AsRef::as_ref)
    }
}

/// The configuration for new connections. Old connections keep theirs.
#[derive(Debug)]
pub struct Tls {
    current: ArcSwap<ServerConfig>,
    /// Kept over reloads, so that a reload does not cost every browser a full handshake.
    tickets: Arc<dyn ProducesTickets>,
}

impl Tls {
    /// The first configuration.
    pub fn new(identity: &Identity) -> Result<Self, TlsError> {
        let tickets = provider::Ticketer::new()?;
        let current = ArcSwap::from_pointee(server_config(identity, &tickets)?);
        Ok(Self { current, tickets })
    }

    /// Replaces certificate and key.
    pub fn replace(&self, identity: &Identity) -> Result<(), TlsError> {
        self.current
            .store(Arc::new(server_config(identity, &self.tickets)?));
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }
}

fn server_config(
    identity: &Identity,
    tickets: &Arc<dyn ProducesTickets>,
) -> Result<ServerConfig, TlsError> {
    let versions: &[&rustls::SupportedProtocolVersion] = match identity.minimum {
        TlsMinimum::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsMinimum::Tls13 => &[&rustls::version::TLS13],
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(
            (*identity.key).clone(),
        )));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = Arc::clone(tickets);
    config.send_tls13_tickets = 1;
    // 0-RTT stays off: it can be replayed.
    config.max_early_data_size = 0;
    Ok(config)
}
