//! A flow: somebody was sent to a portal and will come back.
//!
//! It lives in a sealed cookie of the browser that was sent, one cookie a flow, so that tabs do not disturb
//! each other and a Response posted by any other browser finds nothing (C12, S5, S6). Its token is the
//! RelayState that the portal echoes; it tells which cookie is meant and is worth nothing without it.
//!
//! A cookie can be sent again: that a flow is used once is the guard's business ([`super::guard`]).

use super::seal::{SealError, Sealer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// How long a person may take to sign in (seconds).
pub const FLOW_SECONDS: u32 = 600;
/// Flows of one browser at a time; the oldest goes when there are more.
pub const MAX_FLOWS: usize = 8;
const PREFIX: &str = "__Host-octroi-flow-";

/// 128 random bits that name a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FlowToken(pub [u8; 16]);

impl FlowToken {
    /// The token as it travels in RelayState: 22 characters.
    #[must_use]
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads a token; anything else (a portal's own RelayState) is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 22 {
            return None;
        }
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// The name of the flow's cookie.
    #[must_use]
    pub fn cookie(&self) -> String {
        format!("{PREFIX}{}", self.text())
    }
}

/// What a publisher asked for (an AuthnRequest, already checked).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublisherRequest {
    /// The publisher's id in the configuration.
    pub publisher: String,
    /// The ID of its AuthnRequest.
    pub id: String,
    /// Where the answer goes: a location of its metadata.
    pub acs: String,
    /// Its RelayState, echoed as it came (at most 2 KiB).
    pub relay_state: Option<String>,
    /// The resource that is meant, once known.
    pub resource: Option<String>,
    /// The NameID format that it asked for.
    pub name_id_format: Option<String>,
    /// The person must sign in anew.
    pub force_authn: bool,
    /// How often the chain of requesters allows to ask another (`ProxyCount`).
    pub proxy_count: Option<u32>,
    /// The portals it allows, by entityID (`IDPList`); all when empty.
    pub idp_list: Vec<String>,
}

/// Why somebody was sent to the portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// A tile of the portal: a resource, and the school that narrows.
    Tile {
        /// The resource's id as the directory writes it.
        resource: String,
        /// `idEtab`, decoded.
        school: Option<String>,
    },
    /// A publisher's AuthnRequest.
    Publisher(Box<PublisherRequest>),
}

/// Which portal was asked, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The portal's id in the configuration.
    pub portal: String,
    /// The ENT project on whose behalf, where the tile named one.
    pub ent: Option<String>,
    /// The ID of our AuthnRequest; the Response must answer it.
    pub request_id: String,
}

/// Somebody was sent to a portal, or is choosing one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Its name.
    pub token: FlowToken,
    /// Who was asked; `None` while the person still chooses.
    pub asked: Option<Asked>,
    /// Unix seconds.
    pub started: u32,
    /// How often this access was begun again after a repeated post.
    pub restarts: u8,
    /// What for.
    pub purpose: Purpose,
}

impl Flow {
    /// The cookie to set.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] when a publisher's RelayState leaves no room.
    pub fn seal(&self, sealer: &Sealer) -> Result<String, SealError> {
        let name = self.token.cookie();
        let plain = postcard::to_allocvec(self).map_err(|_| SealError::Failed)?;
        let value = sealer.seal(&name, &plain)?;
        Ok(set_cookie(&name, &value, Some(FLOW_SECONDS)))
    }

    /// The flow named by `token`, when this browser carries it and it has not expired.
    #[must_use]
    pub fn find(
        token: FlowToken,
        cookies: &[(String, String)],
        sealer: &Sealer,
        now: u32,
    ) -> Option<Self> {
        let name = token.cookie();
        let (_, value) = cookies.iter().find(|(cookie, _)| *cookie == name)?;
        Self::open(&name, value, sealer, now)
    }

    /// Every unexpired flow of this browser, the newest first.
    #[must_use]
    pub fn all(cookies: &[(String, String)], sealer: &Sealer, now: u32) -> Vec<Self> {
        let mut flows: Vec<_> = own(cookies)
            .filter_map(|(name, value)| Self::open(name, value, sealer, now))
            .collect();
        flows.sort_by_key(|flow| std::cmp::Reverse(flow.started));
        flows
    }

    fn open(name: &str, value: &str, sealer: &Sealer, now: u32) -> Option<Self> {
        let flow: Self = postcard::from_bytes(&sealer.open(name, value).ok()?).ok()?;
        let age = now.saturating_sub(flow.started);
        (flow.token.cookie() == name && age < FLOW_SECONDS).then_some(flow)
    }
}

/// The cookies to clear so that a new flow finds room: expired and foreign ones first, then the oldest.
#[must_use]
pub fn make_room(cookies: &[(String, String)], sealer: &Sealer, now: u32) -> Vec<String> {
    if own(cookies).count() < MAX_FLOWS {
        return Vec::new();
    }
    let kept: Vec<_> = Flow::all(cookies, sealer, now)
        .into_iter()
        .take(MAX_FLOWS - 1)
        .map(|flow| flow.token.cookie())
        .collect();
    own(cookies)
        .filter(|(name, _)| !kept.iter().any(|k| k == name))
        .map(|(name, _)| clear_cookie(name))
        .collect()
}

fn own(cookies: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    cookies
        .iter()
        .filter(|(name, _)| name.starts_with(PREFIX))
        .map(|(name, value)| (name.as_str(), value.as_str()))
}

/// A `Set-Cookie` value as octroi sets them: this host only, TLS only, no script, sent with cross-site posts
/// (a portal's form posts to us). Without `max_age` it ends with the browser.
#[must_use]
pub fn set_cookie(name: &str, value: &str, max_age: Option<u32>) -> String {
    match max_age {
        Some(seconds) => {
            format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=None")
        }
        None => format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=None"),
    }
}

/// A `Set-Cookie` value that removes a cookie.
#[must_use]
pub fn clear_cookie(name: &str) -> String {
    set_cookie(name, "", Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(n: u8, started: u32) -> Flow {
        Flow {
            token: FlowToken([n; 16]),
            asked: Some(Asked {
                portal: "ent".into(),
                ent: Some("B0".into()),
                request_id: format!("_{n}"),
            }),
            started,
            restarts: 0,
            purpose: Purpose::Tile {
                resource: "ark:/1/a".into(),
                school: None,
            },
        }
    }

    fn carried(set_cookie: &str) -> (String, String) {
        let (name, rest) = set_cookie.split_once('=').unwrap();
        (name.into(), rest.split(';').next().unwrap().into())
    }

    #[test]
    fn comes_back_in_its_own_browser_and_in_time() {
        let sealer = Sealer::new(&[[1u8; 32]]).unwrap();
        let flow = flow(1, 1000);
        let cookies = [carried(&flow.seal(&sealer).unwrap())];
        assert_eq!(
            Flow::find(flow.token, &cookies, &sealer, 1599),
            Some(flow.clone())
        );
        assert_eq!(Flow::find(flow.token, &cookies, &sealer, 1600), None);
        assert_eq!(Flow::find(flow.token, &[], &sealer, 1001), None);
        assert_eq!(
            Flow::find(FlowToken([2; 16]), &cookies, &sealer, 1001),
            None
        );
    }

    #[test]
    fn a_cookie_under_another_flows_name_is_nothing() {
        let sealer = Sealer::new(&[[1u8; 32]]).unwrap();
        let (_, value) = carried(&flow(1, 1000).seal(&sealer).unwrap());
        let other = FlowToken([2; 16]);
        assert_eq!(
            Flow::find(other, &[(other.cookie(), value)], &sealer, 1001),
            None
        );
    }

    #[test]
    fn the_oldest_of_eight_makes_room() {
        let sealer = Sealer::new(&[[1u8; 32]]).unwrap();
        let cookies: Vec<_> = (0..8)
            .map(|n| carried(&flow(n, 1000 + u32::from(n)).seal(&sealer).unwrap()))
            .collect();
        assert_eq!(
            make_room(&cookies[..7], &sealer, 1100),
            Vec::<String>::new()
        );
        let cleared = make_room(&cookies, &sealer, 1100);
        assert_eq!(cleared.len(), 1);
        assert!(cleared[0].starts_with(&FlowToken([0; 16]).cookie()));
    }

    #[test]
    fn tokens_survive_relay_state() {
        let token = FlowToken([0xfb; 16]);
        assert_eq!(FlowToken::parse(&token.text()), Some(token));
        for bad in [
            "",
            "ss:mem:1234",
            "AAAAAAAAAAAAAAAAAAAAAA==",
            &"é".repeat(11),
        ] {
            assert_eq!(FlowToken::parse(bad), None, "{bad}");
        }
    }
}
