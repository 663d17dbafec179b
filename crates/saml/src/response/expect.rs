//! What a Response must match: the flow that is open, the portal that was asked, the policy for it.

use crate::Time;
use octroi_dsig::{AlgorithmPolicy, DecryptionKey, PublicKey};
use std::time::Duration;

/// The skew by default, and the most that is ever granted (issue 2 §3, C11).
pub const DEFAULT_SKEW: Duration = Duration::from_secs(60);
/// The largest skew; a larger one in [`Expectations`] counts as this.
pub const MAX_SKEW: Duration = Duration::from_secs(300);
/// Partners write instants to the second or to the millisecond, and clocks are set to either: an instant that
/// lies less than this ahead, beyond the skew, is not yet the future.
pub(crate) const CLOCK_RESOLUTION: Duration = Duration::from_secs(1);
/// How long after its IssueInstant an assertion is accepted by default, whatever its expiry says.
pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(600);
/// The longest lifetime by default, from IssueInstant to NotOnOrAfter.
pub const DEFAULT_MAX_LIFETIME: Duration = Duration::from_secs(5400);

/// Everything that one Response is checked against.
#[derive(Clone, Debug)]
pub struct Expectations<'a> {
    /// The current instant.
    pub now: Time,
    /// Clock difference that is forgiven; at most [`MAX_SKEW`] counts.
    pub skew: Duration,
    /// Our entityID: what every AudienceRestriction must contain.
    pub our_entity_id: &'a str,
    /// The address that received the message: Destination and Recipient must equal it.
    pub acs: &'a str,
    /// The portal that was asked (or, unsolicited, the one whose metadata gave the keys).
    pub portal_entity_id: &'a str,
    /// That portal's signing keys; all are tried.
    pub signing_keys: &'a [PublicKey],
    /// Our decryption keys; all are tried.
    pub decryption_keys: &'a [DecryptionKey],
    /// Algorithms accepted from this portal.
    pub algorithms: AlgorithmPolicy,
    /// Which request this must answer.
    pub in_response_to: InResponseTo<'a>,
    /// How long after IssueInstant an assertion may be accepted.
    pub max_age: Duration,
    /// The longest span from IssueInstant to any NotOnOrAfter.
    pub max_lifetime: Duration,
    /// Dated exception: lifetimes over `max_lifetime` are accepted (and reported in [`super::LegacyUse`]).
    pub long_lifetimes: bool,
    /// What must be signed.
    pub demand: SignatureDemand,
    /// Whether an encrypted assertion may be decrypted before any signature held: true only when the flow
    /// cookie of this browser matched. An outer signature that held allows it, too (design §3).
    pub may_decrypt: bool,
    /// The publisher to which the result will be passed on, where known already. A ProxyRestriction with
    /// audiences refuses unless it names this publisher.
    pub downstream: Option<&'a str>,
    /// Test policy for old public vectors only: accept an assertion without any AudienceRestriction.
    /// The gateway has no setting for it.
    pub audience_may_be_absent: bool,
}

/// Which request a Response must answer (C12).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InResponseTo<'a> {
    /// Exactly this request, named in the Response and in the bearer confirmation.
    Required(&'a str),
    /// Dated exception: this request where one is named; the name may be missing altogether.
    RequiredUnlessMissing(&'a str),
    /// None is open: a Response that names any is refused. Only where the portal's policy allows it.
    Unsolicited,
}

/// What a portal has to sign. "Nothing" does not exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SignatureDemand {
    /// The Assertion, or the Response around it.
    #[default]
    Either,
    /// The Assertion itself.
    Assertion,
    /// The Response.
    Response,
    /// Both.
    Both,
}

impl<'a> Expectations<'a> {
    /// The strict default for one portal; fields may be changed afterwards.
    pub fn strict(
        now: Time,
        our_entity_id: &'a str,
        acs: &'a str,
        portal_entity_id: &'a str,
        signing_keys: &'a [PublicKey],
        in_response_to: InResponseTo<'a>,
    ) -> Self {
        Self {
            now,
            skew: DEFAULT_SKEW,
            our_entity_id,
            acs,
            portal_entity_id,
            signing_keys,
            decryption_keys: &[],
            algorithms: AlgorithmPolicy::default(),
            in_response_to,
            max_age: DEFAULT_MAX_AGE,
            max_lifetime: DEFAULT_MAX_LIFETIME,
            long_lifetimes: false,
            demand: SignatureDemand::Either,
            may_decrypt: false,
            downstream: None,
            audience_may_be_absent: false,
        }
    }

    /// The skew that counts.
    pub(crate) fn skew(&self) -> Duration {
        self.skew.min(MAX_SKEW)
    }

    /// Whether an instant that says when something happened has not come yet.
    pub(crate) fn is_future(&self, instant: Time) -> bool {
        instant >= self.now.plus(self.skew()).plus(CLOCK_RESOLUTION)
    }
}
