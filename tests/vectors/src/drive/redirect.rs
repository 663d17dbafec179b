//! Messages by HTTP-Redirect: the raw query, as a browser brings it, through `RawQuery`.

use octroi_dsig::redirect::{MessageKind, RawQuery, escape};
use octroi_saml::{Check, Refusal, authn_request, logout};
use serde_json::Value;

use super::Vector;
use super::request::{self, Claims};
use crate::outcome::Outcome;

/// What a message may inflate to where the driver itself looks at it.
const LOOK: usize = 1 << 20;

/// Drives the row.
pub(crate) fn drive(vector: &Vector<'_>) -> Outcome {
    let Ok(file) = serde_json::from_slice::<Value>(vector.message) else {
        return Outcome::refused("json-malformed");
    };
    let Some(query) = query(&file) else {
        return Outcome::refused("query-missing");
    };
    request::answer(through(vector, &query))
}

fn through(vector: &Vector<'_>, query: &str) -> Result<String, Refusal> {
    let query = RawQuery::parse(query)?;
    // One look decides which endpoint's entry point it is, as the address of the endpoint does in production.
    let claims = query
        .message(LOOK)
        .map(|xml| Claims::read(&xml))
        .unwrap_or_default();
    let is_logout = claims
        .root
        .as_deref()
        .is_some_and(|root| root.starts_with("Logout"));
    if is_logout {
        let received = logout::Received::redirect(query)?;
        return super::logout::accept(vector, &received, &claims);
    }
    if query.kind() != MessageKind::Request {
        return Err(Refusal::new(Check::UnexpectedMessage));
    }
    let received = authn_request::Received::redirect(query)?;
    request::accept(vector, &received, &claims)
}

/// The query: as the row has it, or made from its parameters, which are then unescaped.
fn query(file: &Value) -> Option<String> {
    if let Some(query) = file.get("query").and_then(Value::as_str) {
        return Some(query.to_owned());
    }
    let parameters = file.get("params").unwrap_or(file).as_object()?;
    let pairs: Vec<String> = parameters
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", escape(value.as_str()?))))
        .collect();
    Some(pairs.join("&"))
}
