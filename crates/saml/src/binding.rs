//! How messages leave: the query of HTTP-Redirect and the form value of HTTP-POST. What arrives by them is
//! decoded by `octroi_dsig::{redirect, base64}`.

use crate::issue::IssueError;
use octroi_dsig::redirect::{MessageKind, deflate, escape, sign_query};
use octroi_dsig::{Signer, base64};

/// The address for HTTP-Redirect: `location` with the deflated message, RelayState and, with a signer, the
/// signature over exactly these octets (Bindings 3.4.4.1). A query that `location` already has is kept.
///
/// # Errors
/// [`IssueError::Sign`] when the key fails.
pub fn redirect_url(
    location: &str,
    kind: MessageKind,
    xml: &[u8],
    relay_state: Option<&str>,
    signer: Option<&dyn Signer>,
) -> Result<String, IssueError> {
    let message = escape(&base64::encode_to_string(&deflate(xml)));
    let relay_state = relay_state.map(escape);
    let query = match signer {
        Some(signer) => sign_query(signer, kind, &message, relay_state.as_deref())
            .map_err(|_| IssueError::Sign)?,
        None => {
            let mut query = format!("{}={message}", kind.parameter());
            if let Some(relay_state) = &relay_state {
                query.push_str("&RelayState=");
                query.push_str(relay_state);
            }
            query
        }
    };
    let separator = if location.contains('?') { '&' } else { '?' };
    Ok(format!("{location}{separator}{query}"))
}

/// The form value for HTTP-POST: base64 on one line, safe in an HTML attribute as it is.
pub fn post_value(xml: &[u8]) -> String {
    base64::encode_to_string(xml)
}
