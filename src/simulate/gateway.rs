//! The gateway as its partners know it: addresses that follow from its base URL, and its keys.

use octroi_dsig::{DataEncryption, EncryptionRecipient, KeyTransport, PublicKey};

use super::settings::{self, Loaded, SettingsError};

/// What partners know of the gateway.
#[derive(Debug, Clone)]
pub struct GatewayView {
    /// Such as `https://octroi.localhost:8443`.
    pub base_url: String,
    /// entityID towards portals.
    pub sp_entity_id: String,
    /// entityID towards publishers.
    pub idp_entity_id: String,
    /// Where portals post Responses.
    pub acs: String,
    /// Where publishers send AuthnRequests.
    pub sso: String,
    /// Where portals send LogoutRequests.
    pub portal_slo: String,
    /// Where publishers send LogoutRequests.
    pub publisher_slo: String,
    /// Its signing keys.
    pub keys: Vec<PublicKey>,
    /// To whom portals encrypt.
    pub recipient: EncryptionRecipient,
}

impl GatewayView {
    /// From the settings of the simulators.
    ///
    /// # Errors
    /// [`SettingsError`] when a certificate cannot be read.
    pub fn load(loaded: &Loaded) -> Result<Self, SettingsError> {
        let gateway = &loaded.settings.gateway;
        let certificate = |relative| {
            let path = loaded.path(relative);
            PublicKey::from_pem(&settings::read(&path)?)
                .map_err(|error| SettingsError::Key { path, error })
        };
        let keys = gateway
            .signing_certificates
            .iter()
            .map(|path| certificate(path))
            .collect::<Result<_, _>>()?;
        let recipient = EncryptionRecipient {
            key: certificate(&gateway.decryption_certificate)?,
            data: DataEncryption::Aes256Gcm,
            transport: KeyTransport::OaepSha1Mgf1Sha1,
        };
        let base_url = gateway.base_url.trim_end_matches('/').to_owned();
        let at = |path: &str| format!("{base_url}{path}");
        Ok(Self {
            sp_entity_id: at("/saml/metadata"),
            idp_entity_id: at("/idp/metadata"),
            acs: at("/saml/acs"),
            sso: at("/idp/sso"),
            portal_slo: at("/saml/slo"),
            publisher_slo: at("/idp/slo"),
            keys,
            recipient,
            base_url,
        })
    }
}
