//! Alarms: each has a stable code, a line at error level, a count in the metrics and a row in
//! `docs/collect-operations.md` that says what to do at night. A test compares that page with this list.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+) => {
        /// What an alarm is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $variant,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }
    };
}

codes! {
    /// An expected delivery has not come (F9).
    Overdue = "collect-overdue",
    /// Deliveries are missing between the last one and this one (F2).
    Gap = "collect-gap",
    /// The same delivery came again (F3).
    Duplicate = "collect-duplicate",
    /// A delivery is not later than the last one (F3).
    Older = "collect-older",
    /// The sum does not match, or is none (F5).
    WrongSum = "collect-wrong-sum",
    /// The archive is cut off or is no archive (F5).
    Unreadable = "collect-unreadable",
    /// The name is not that of a delivery of this portal.
    WrongName = "collect-wrong-name",
    /// An archive lacks its sum, or a sum its archive, for too long (F6).
    Incomplete = "collect-incomplete",
    /// A file in a drop box cannot be read or removed (F1).
    NotReadable = "collect-not-readable",
    /// More lies in a drop box than is looked at (F1).
    Crowded = "collect-crowded",
    /// Files of one name are turned away again and again.
    Insistent = "collect-insistent",
    /// There is no room for a delivery: the portal's quota, or the disk (F1).
    NoRoom = "collect-no-room",
    /// The delivery would lose too much and waits for an operator.
    Held = "collect-held",
    /// Too many records of a delivery were set aside (A5).
    SetAsideVolume = "collect-set-aside-volume",
    /// Records have been set aside for too long (A5).
    SetAsideAge = "collect-set-aside-age",
    /// Differences do not follow on what is in force: a full load is needed (F8).
    DeltaGap = "collect-delta-gap",
    /// A file of differences breaks its format.
    DeltaForm = "collect-delta-form",
    /// The directory is not what the portal has (F8).
    Drift = "collect-drift",
    /// Our side failed: disk, vault, directory. It is tried again.
    Failed = "collect-failed",
    /// A defect of the importer; the other portals go on (F1).
    Panic = "collect-panic",
    /// A ledger cannot be read or written.
    Ledger = "collect-ledger",
}

/// Tells an alarm. `about` and `text` name files, schools and counts, never a person.
pub(super) fn raise(code: Code, ent: &str, flow: &str, about: &str, text: &str) {
    tracing::error!(code = code.name(), ent, flow, about, "{text}");
}
