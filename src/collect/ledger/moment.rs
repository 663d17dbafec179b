//! How the summary of a ledger writes moments: as its lines do.

use octroi_saml::Time;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

fn read<E: Error>(text: &str) -> Result<Time, E> {
    Time::parse(text).map_err(E::custom)
}

pub(super) fn serialize<S: Serializer>(at: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    read(&String::deserialize(deserializer)?)
}

/// A moment that may be none.
pub(super) mod option {
    use super::{Deserialize, Deserializer, Serializer, Time, read};
    use serde::Serialize;

    pub(in super::super) fn serialize<S: Serializer>(
        at: &Option<Time>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        at.map(|at| at.to_string()).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Time>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| read(&text)).transpose()
    }
}

/// The last alarms: when, about what, in words.
pub(super) mod alarms {
    use std::collections::BTreeMap;

    use super::{Deserialize, Deserializer, Serializer, Time, read};
    use crate::collect::alarm::Code;

    type Alarms = BTreeMap<Code, (Time, String, String)>;

    pub(in super::super) fn serialize<S: Serializer>(
        alarms: &Alarms,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            alarms
                .iter()
                .map(|(code, (at, about, text))| (code, (at.to_string(), about, text))),
        )
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Alarms, D::Error> {
        let alarms = BTreeMap::<Code, (String, String, String)>::deserialize(deserializer)?;
        alarms
            .into_iter()
            .map(|(code, (at, about, text))| Ok((code, (read(&at)?, about, text))))
            .collect()
    }
}
