//! The signed query of the HTTP-Redirect binding (SAML Bindings §3.4; L11, C18). The signature is over the raw octets as they came, put
//! into the fixed order, so nothing is ever decoded and encoded again, and what is then used are exactly those octets.

mod deflate;
mod escape;

use std::borrow::Cow;

pub use deflate::{deflate, inflate};
pub use escape::escape;

use crate::{
    algorithm::SignatureAlgorithm,
    base64,
    error::{RedirectError, SignError, SignatureError},
    key::PublicKey,
    policy::AlgorithmPolicy,
    sign::Signer,
    verified::{Verified, VerifiedInfo},
    verify::check_signature,
};

/// Longest query that is looked at, in bytes.
pub const MAX_QUERY: usize = 64 * 1024;

const DEFLATE_ENCODING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// Which message a query carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl MessageKind {
    /// The parameter's name.
    #[must_use]
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// The binding's parameters of a query, each at most once, still escaped as they came. Other parameters are ignored.
#[derive(Clone, Copy, Debug)]
pub struct RawQuery<'q> {
    kind: MessageKind,
    message: &'q str,
    relay_state: Option<&'q str>,
    signature_algorithm: Option<&'q str>,
    signature: Option<&'q str>,
}

impl<'q> RawQuery<'q> {
    /// Splits a query (what follows `?`, without it) without decoding any value.
    ///
    /// # Errors
    /// [`RedirectError`]: a parameter of the binding twice or under an escaped name, both messages or none, an unknown `SAMLEncoding`.
    pub fn parse(query: &'q str) -> Result<Self, RedirectError> {
        if query.len() > MAX_QUERY {
            return Err(RedirectError::TooLong);
        }
        const NAMES: [&str; 6] = [
            "SAMLRequest",
            "SAMLResponse",
            "RelayState",
            "SigAlg",
            "Signature",
            "SAMLEncoding",
        ];
        let mut found: [Option<&'q str>; 6] = [None; 6];
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match NAMES.iter().position(|known| *known == name) {
                Some(i) if found[i].is_some() => return Err(RedirectError::Duplicate),
                Some(i) => found[i] = Some(value),
                // A second spelling of one of these names is read by some decoder somewhere; nobody sends it in good faith.
                None if name.contains('%') => {
                    let name = escape::unescape(name)?;
                    if NAMES.contains(&name.as_ref()) {
                        return Err(RedirectError::EscapedName);
                    }
                }
                None => {}
            }
        }
        let [
            request,
            response,
            relay_state,
            signature_algorithm,
            signature,
            encoding,
        ] = found;
        let (kind, message) = match (request, response) {
            (Some(_), Some(_)) => return Err(RedirectError::BothMessages),
            (Some(message), None) => (MessageKind::Request, message),
            (None, Some(message)) => (MessageKind::Response, message),
            (None, None) => return Err(RedirectError::NoMessage),
        };
        if let Some(encoding) = encoding
            && escape::unescape(encoding)? != DEFLATE_ENCODING
        {
            return Err(RedirectError::Encoding);
        }
        Ok(Self {
            kind,
            message,
            relay_state,
            signature_algorithm,
            signature,
        })
    }

    /// Which message this is.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// Whether a signature parameter is there at all. What it is worth only [`verify`] says.
    #[must_use]
    pub fn has_signature(&self) -> bool {
        self.signature.is_some() || self.signature_algorithm.is_some()
    }

    /// The message's XML, inflated to at most `max` bytes.
    ///
    /// # Errors
    /// [`RedirectError`] for a broken escape, base64 or DEFLATE stream, octets after the stream's end, or too much of it.
    pub fn message(&self, max: usize) -> Result<Vec<u8>, RedirectError> {
        let text = escape::unescape(self.message)?;
        let octets = base64::decode(&text, MAX_QUERY).map_err(|_| RedirectError::Base64)?;
        inflate(&octets, max)
    }

    /// RelayState, decoded; opaque to this gateway (C19).
    ///
    /// # Errors
    /// [`RedirectError::Escape`] for a broken escape or octets that are not UTF-8 text.
    pub fn relay_state(&self) -> Result<Option<Cow<'q, str>>, RedirectError> {
        let Some(raw) = self.relay_state else {
            return Ok(None);
        };
        let text = escape::unescape(raw)?;
        if text.contains('\0') {
            return Err(RedirectError::Escape);
        }
        Ok(Some(text))
    }

    /// The octets that are signed: the raw values in the fixed order of Bindings §3.4.4.1.
    fn signed_octets(&self, signature_algorithm: &str) -> Vec<u8> {
        signed_octets(
            self.kind,
            self.message,
            self.relay_state,
            signature_algorithm,
        )
        .into_bytes()
    }
}

impl<'q> Verified<RawQuery<'q>> {
    /// The query; the signature covered every parameter that this gives access to.
    #[must_use]
    pub fn get(&self) -> &RawQuery<'q> {
        &self.value
    }
}

/// Verifies the signature of a query with the keys of whoever must have sent it.
///
/// # Errors
/// [`SignatureError::Missing`] when unsigned, [`SignatureError::QueryIncomplete`] when half signed, and as for an element: method not
/// allowed, value not base64, no key of the kind, no key that verifies.
pub fn verify<'q>(
    query: &RawQuery<'q>,
    keys: &[PublicKey],
    policy: &AlgorithmPolicy,
) -> Result<Verified<RawQuery<'q>>, SignatureError> {
    let (algorithm_raw, signature_raw) = match (query.signature_algorithm, query.signature) {
        (Some(algorithm), Some(signature)) => (algorithm, signature),
        (None, None) => return Err(SignatureError::Missing),
        _ => return Err(SignatureError::QueryIncomplete),
    };
    let uri = escape::unescape(algorithm_raw).map_err(|_| SignatureError::SignatureMethod)?;
    let algorithm = SignatureAlgorithm::from_uri(&uri).ok_or(SignatureError::SignatureMethod)?;
    let text = escape::unescape(signature_raw).map_err(|_| SignatureError::SignatureValue)?;
    let mut buffer = [0; crate::verify::MAX_SIGNATURE];
    let signature =
        base64::decode_into(&text, &mut buffer).map_err(|_| SignatureError::SignatureValue)?;
    let signed = query.signed_octets(algorithm_raw);
    let (key, legacy) = check_signature(algorithm, &signed, signature, keys, policy)?;
    let info = VerifiedInfo {
        algorithm,
        digest: None,
        key,
        legacy,
    };
    Ok(Verified {
        value: *query,
        info,
        enveloping: false,
    })
}

/// The whole signed query, without `?`. Values must already be percent-escaped (see [`escape`]); they are sent exactly as signed.
///
/// # Errors
/// [`SignError::NotEscaped`] for a value with a character that would need escaping, [`SignError::Failed`] from the signer.
pub fn sign_query(
    signer: &dyn Signer,
    kind: MessageKind,
    message_escaped: &str,
    relay_state_escaped: Option<&str>,
) -> Result<String, SignError> {
    if !escape::is_escaped(message_escaped) || !relay_state_escaped.is_none_or(escape::is_escaped) {
        return Err(SignError::NotEscaped);
    }
    let algorithm = escape(signer.algorithm().uri());
    let mut query = signed_octets(kind, message_escaped, relay_state_escaped, &algorithm);
    let mut signature = Vec::with_capacity(512);
    signer.sign(query.as_bytes(), &mut signature)?;
    query.push_str("&Signature=");
    query.push_str(&escape(&base64::encode_to_string(&signature)));
    Ok(query)
}

/// The value of `SAMLRequest` or `SAMLResponse` for this XML: deflated, base64, percent-escaped.
#[must_use]
pub fn message_value(xml: &[u8]) -> String {
    escape(&base64::encode_to_string(&deflate(xml)))
}

fn signed_octets(
    kind: MessageKind,
    message: &str,
    relay_state: Option<&str>,
    signature_algorithm: &str,
) -> String {
    let mut out = String::with_capacity(
        message.len() + relay_state.map_or(0, str::len) + signature_algorithm.len() + 512,
    );
    out.push_str(kind.parameter());
    out.push('=');
    out.push_str(message);
    if let Some(relay_state) = relay_state {
        out.push_str("&RelayState=");
        out.push_str(relay_state);
    }
    out.push_str("&SigAlg=");
    out.push_str(signature_algorithm);
    out
}
