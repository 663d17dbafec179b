//! Which old algorithms one partner is allowed. Everything is off unless a dated exception turned it on; a switch here never turns a check off.

/// The legacy algorithms that a caller allows for one partner. [`AlgorithmPolicy::default`] allows none of them.
///
/// The end date of an exception is the caller's: it builds this value from the partner's settings and the clock. What was really
/// used is told by [`crate::VerifiedInfo::legacy`] so that it can be counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlgorithmPolicy {
    /// RSA-SHA1 as signature method and SHA-1 as digest method (K4).
    pub sha1: bool,
    /// RSA keys of 1024 to 2047 bits, for verifying and for decrypting (K4).
    pub small_rsa: bool,
    /// AES-CBC as data encryption (K6). Meant for content under a verified outer signature: CBC alone authenticates nothing.
    pub cbc: bool,
    /// Inclusive Canonical XML 1.0 in place of exclusive (T2).
    pub inclusive_c14n: bool,
}

impl AlgorithmPolicy {
    /// Everything allowed. For tests against old public vectors; no partner should ever need it.
    pub const LEGACY: Self = Self {
        sha1: true,
        small_rsa: true,
        cbc: true,
        inclusive_c14n: true,
    };
}

/// Which legacy algorithms a message really used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegacyUse {
    /// SHA-1 in the signature or the digest.
    pub sha1: bool,
    /// An RSA key below 2048 bits.
    pub small_rsa: bool,
    /// Inclusive canonicalisation.
    pub inclusive_c14n: bool,
}

impl LegacyUse {
    /// Whether anything legacy was used.
    #[must_use]
    pub fn any(self) -> bool {
        self.sha1 || self.small_rsa || self.inclusive_c14n
    }
}
