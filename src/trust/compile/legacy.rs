//! Dated exceptions: days become instants, in Paris.

use std::time::Duration;

use jiff::ToSpan;
use jiff::tz::TimeZone;
use octroi_saml::Time;

use super::files::Files;
use super::{End, Ending};
use crate::config::{At, LegacySettings};
use crate::trust::Legacy;

/// A dated exception further away than this is none: it is worth a warning.
const FAR: Duration = Duration::from_secs(2 * 366 * 86_400);

/// The dated exceptions as instants: the day is in, Europe/Paris.
pub(super) fn legacy(
    settings: &LegacySettings,
    id: &At<String>,
    now: Time,
    files: &mut Files<'_>,
    ends: &mut Vec<End>,
) -> Option<Legacy> {
    let paris = match TimeZone::get("Europe/Paris") {
        Ok(paris) => paris,
        Err(error) => {
            files.error(
                id.place,
                format!("no time zone Europe/Paris: {error}"),
                "a build without its time zones",
            );
            return None;
        }
    };
    let mut until = |kind: &'static str, day: &Option<At<jiff::civil::Date>>| {
        let day = day.as_ref()?;
        let end = day
            .value
            .checked_add(1.day())
            .and_then(|next| next.to_zoned(paris.clone()));
        let at = match end {
            Ok(end) => Time::from_unix_millis(end.timestamp().as_millisecond()),
            Err(error) => {
                files.error(
                    day.place,
                    format!("{}: {error}", day.value),
                    "write a day of this century",
                );
                return None;
            }
        };
        if now >= at {
            let what = format!(
                "the exception `{kind}` of \"{}\" ended with {}",
                id.value, day.value
            );
            files.warning(day.place, what, "it is refused now; take the key out");
        } else if now.plus(FAR) < at {
            let what = format!(
                "the exception `{kind}` of \"{}\" lasts until {}",
                id.value, day.value
            );
            files.warning(day.place, what, "an exception should end within two years");
        }
        ends.push(End {
            what: Ending::Legacy(kind),
            name: id.value.clone(),
            at,
        });
        Some(at)
    };
    Some(Legacy {
        sha1: until("sha1", &settings.sha1_until),
        small_rsa: until("small-rsa", &settings.small_rsa_until),
        inclusive_c14n: until("inclusive-c14n", &settings.inclusive_c14n_until),
        cbc: until("cbc", &settings.cbc_until),
        long_lifetimes: until("long-lifetimes", &settings.long_lifetimes_until),
        missing_in_response_to: until(
            "missing-in-response-to",
            &settings.missing_in_response_to_until,
        ),
    })
}
