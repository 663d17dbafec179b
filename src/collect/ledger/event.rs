//! What a ledger can say.

use std::collections::BTreeMap;

use octroi_directory::{Counts, Stamp};
use octroi_saml::Time;
use serde::{Deserialize, Serialize};

use super::moment;
use super::state::FlowState;
use crate::collect::alarm::Code;

/// What a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// A full load.
    Full,
    /// Differences since one (docs/collect-delta.md).
    Delta,
}

/// What came of a delivery that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// What the directory holds of this flow now.
    pub counts: Counts,
    /// Records set aside, by rule.
    pub set_aside: BTreeMap<String, u64>,
    /// How long the work took, milliseconds.
    pub milliseconds: u64,
}

impl Tally {
    /// All records set aside.
    #[must_use]
    pub fn set_aside_total(&self) -> u64 {
        self.set_aside.values().sum()
    }
}

/// One line. `delivery` is the SHA-256 of the delivery's octets in hex digits, by which it is known everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// Where the flow stood, in the place of all lines before; only the first line says this.
    Summary {
        /// Where.
        state: Box<FlowState>,
    },
    /// The flow is watched from here on: before this nothing was due.
    Opened,
    /// It is in the vault, whole, with the sum that was sent with it.
    Received {
        /// Which.
        delivery: String,
        /// The file's name.
        file: String,
        /// The date in its name.
        stamp: Stamp,
        /// What it is.
        sort: Sort,
        /// Its size.
        bytes: u64,
        /// When it and its sum were last changed in the drop box.
        #[serde(default, with = "moment::option")]
        seen: Option<Time>,
    },
    /// It is gone from the drop box.
    Cleared {
        /// Which.
        delivery: String,
    },
    /// It was here before, and was removed from the drop box (F3).
    Duplicate {
        /// Which.
        delivery: String,
        /// The file's name.
        file: String,
    },
    /// It is not later than the last one that was received, and was not taken (F3).
    Older {
        /// Which.
        delivery: String,
        /// The file's name.
        file: String,
    },
    /// Work on it begins.
    Begun {
        /// Which.
        delivery: String,
    },
    /// It cannot be taken, ever (F5).
    Refused {
        /// Which.
        delivery: String,
        /// The file's name.
        file: String,
        /// Why, as a code.
        code: Code,
        /// Why, in words.
        reason: String,
    },
    /// It waits for an operator.
    Held {
        /// Which.
        delivery: String,
        /// What it would lose.
        findings: Vec<String>,
    },
    /// An operator lets pass what was found when it was held, once.
    Approved {
        /// Which.
        delivery: String,
        /// Who.
        by: String,
    },
    /// An operator wants it taken again (F7). The thresholds hold for it as for any other.
    Again {
        /// Which.
        delivery: String,
        /// Who.
        by: String,
    },
    /// It had nothing to say (F4).
    Empty {
        /// Which.
        delivery: String,
    },
    /// It is in the directory.
    Taken {
        /// Which.
        delivery: String,
        /// The last change that it holds; 0 for a full load.
        sequence: u64,
        /// What came of it.
        tally: Tally,
    },
    /// A later delivery made it pointless.
    Superseded {
        /// Which.
        delivery: String,
    },
    /// Our side failed; it will be tried again.
    Failed {
        /// Which.
        delivery: String,
        /// Why.
        reason: String,
    },
    /// Records that had been set aside were tried again.
    Replayed {
        /// Of which delivery.
        delivery: String,
        /// How many found their place.
        taken: u64,
        /// What came of it.
        tally: Tally,
    },
    /// What the vault held of it is gone.
    Purged {
        /// Which.
        delivery: String,
    },
    /// The directory was compared with a full load.
    Compared {
        /// Which.
        delivery: String,
        /// How many records differ.
        drift: u64,
    },
    /// Somebody must look. An alarm with the same `about` is not raised twice in a row.
    Alarm {
        /// Its code.
        code: Code,
        /// What it is about: a delivery, a due moment, a file.
        about: String,
        /// In words.
        text: String,
    },
}
