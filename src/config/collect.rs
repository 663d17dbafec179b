//! `[collect]`: the portals' nightly deliveries. Where they come in, when they are due, what is too little, how long
//! what was set aside is kept.
//!
//! The importer may run on another machine than the gateway. [`CollectSettings::read`] takes a file that has nothing
//! but `[collect]` (and `[log]`), as well as the whole configuration of a gateway.

use std::path::Path;
use std::time::Duration;

use jiff::civil::{Date, Time, Weekday};
use octroi_directory::{Degree, is_ent_code};
use octroi_saml::Time as Instant;

use super::place::At;
use super::problem::Problems;
use super::reader::{Reader, Section, parse};
use super::service::{self, LogSettings};

/// What a delivery may lose before somebody must look, in percent of what is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrink {
    /// People, schools, classes and groups of the whole flow, each.
    pub flow: u64,
    /// People, classes and groups of one school, each.
    pub school: u64,
}

/// `[[collect.portal]]`
#[derive(Clone, Debug)]
pub struct CollectPortal {
    /// The idENT in the names of its archives; also its label in metrics, logs and commands.
    pub ent: At<String>,
    /// Its name in reports.
    pub name: String,
    /// Folders into which it delivers.
    pub drop_boxes: Vec<At<String>>,
    /// The flows that it delivers.
    pub flows: Vec<Degree>,
    /// On which days.
    pub days: Vec<Weekday>,
    /// By when, Europe/Paris.
    pub by: Time,
    /// What its deliveries may lose outside every period.
    pub shrink: Shrink,
    /// Whether it may send differences (docs/collect-delta.md).
    pub delta: bool,
    /// What may lie in the vault and the work folder of the portal, octets.
    pub quota: u64,
    /// Whether nothing is taken from it and nothing expected.
    pub disabled: bool,
}

/// `[[collect.period]]`: days on which other thresholds hold.
#[derive(Clone, Debug)]
pub struct CollectPeriod {
    /// What it is called.
    pub name: String,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
    /// What deliveries may lose.
    pub shrink: Shrink,
    /// Whether deliveries are expected.
    pub deliveries: bool,
}

/// `[collect]`
#[derive(Clone, Debug)]
pub struct CollectSettings {
    /// The directory of segments that a build reads.
    pub directory: At<String>,
    /// Ledgers and reports.
    pub state: At<String>,
    /// What is kept encrypted.
    pub vault: At<String>,
    /// Its key file.
    pub vault_key: At<String>,
    /// The audit trail of the importer.
    pub audit: At<String>,
    /// Prometheus text file, when one is written.
    pub metrics_file: Option<At<String>>,
    /// How often drop boxes are looked at.
    pub look: Duration,
    /// How long a file must have rested (F6).
    pub rest: Duration,
    /// How long an archive may lack its sum, or a sum its archive, before that is told.
    pub incomplete: Duration,
    /// How long refused, held and set-aside data are kept.
    pub keep: Duration,
    /// How long archives that were taken are kept, to be taken again (F7).
    pub resend: Duration,
    /// What must stay free on the disks of vault and ledgers, octets.
    pub reserve: u64,
    /// Deliveries worked on at once.
    pub workers: usize,
    /// Niceness of the process (A4).
    pub nice: i32,
    /// Records of one delivery that may be set aside before that is an alarm.
    pub set_aside_records: u64,
    /// The same in percent of the people of the flow with it; either alone is an alarm.
    pub set_aside_percent: u64,
    /// How long records may stay set aside before that is an alarm.
    pub set_aside_age: Duration,
    /// How many days back losses add up when a delivery is compared.
    pub shrink_days: u64,
    /// The portals.
    pub portals: Vec<CollectPortal>,
    /// The periods; where several hold, the first.
    pub periods: Vec<CollectPeriod>,
}

impl CollectSettings {
    /// Reads a configuration for the importer: its own file or that of a gateway.
    ///
    /// As with [`super::Settings::read`], whether the settings may be used is what the problems say.
    #[must_use]
    pub fn read(file: &Path, text: &str) -> (Self, LogSettings, Problems) {
        let reader = Reader::new(file, text);
        let table = parse(&reader, text);
        let root = Section::root(&reader, &table);
        let section = root.section("collect");
        let settings = collect(section);
        let log = service::log(root.section("log"));
        root.pass_over(super::settings::SECTIONS);
        root.finish();
        let (problems, _) = reader.finish();
        (settings, log, problems)
    }

    /// The portal of an idENT.
    #[must_use]
    pub fn portal(&self, ent: &str) -> Option<&CollectPortal> {
        self.portals.iter().find(|portal| portal.ent.value == ent)
    }
}

const DAY: u64 = 86_400;
const MIB: u64 = 1 << 20;
/// The largest quota and reserve: 64 TiB.
const MOST_MIB: u64 = 1 << 26;

pub(super) fn collect(section: Section<'_, '_>) -> CollectSettings {
    let shrink = shrink(
        &section,
        Shrink {
            flow: 10,
            school: 30,
        },
    );
    let quota = quota(&section, 20_480 * MIB);
    let seconds = |key, default, least, most| {
        Duration::from_secs(section.integer(key, default, least..=most))
    };
    let days = |key, default| Duration::from_secs(DAY * section.integer(key, default, 1..=3650));
    let settings = CollectSettings {
        directory: section.required("directory", "\"../var/directory\""),
        state: section.required("state", "\"../var/collect\""),
        vault: section.required("vault", "\"../var/vault\""),
        vault_key: section.required("vault_key", "\"keys/vault.key\""),
        audit: section.required("audit", "\"../var/collect-audit\""),
        metrics_file: section.string("metrics_file"),
        look: seconds("look_seconds", 10, 1, 3600),
        rest: seconds("rest_seconds", 60, 0, 3600),
        incomplete: seconds("incomplete_seconds", 7200, 1, 7 * DAY),
        keep: days("keep_days", 30),
        resend: days("resend_days", 7),
        reserve: MIB * section.integer("reserve_mib", 1_024, 0..=MOST_MIB),
        workers: usize::try_from(section.integer("workers", 1, 1..=64)).unwrap_or(1),
        nice: i32::try_from(section.integer("nice", 19, 0..=19)).unwrap_or(19),
        set_aside_records: section.integer("set_aside_records", 1_000, 0..=u64::from(u32::MAX)),
        set_aside_percent: section.integer("set_aside_percent", 1, 0..=100),
        set_aside_age: days("set_aside_days", 3),
        shrink_days: section.integer("shrink_days", 90, 1..=366),
        portals: section
            .sections("portal")
            .into_iter()
            .map(|each| portal(each, shrink, quota))
            .collect(),
        periods: section
            .sections("period")
            .into_iter()
            .filter_map(|each| period(each, shrink))
            .collect(),
    };
    service::unique(
        &section,
        "the idENT",
        settings.portals.iter().map(|portal| &portal.ent),
    );
    service::unique(
        &section,
        "the drop box",
        settings
            .portals
            .iter()
            .flat_map(|portal| &portal.drop_boxes),
    );
    section.finish();
    settings
}

fn shrink(section: &Section<'_, '_>, default: Shrink) -> Shrink {
    Shrink {
        flow: section.integer("shrink_percent", default.flow, 0..=100),
        school: section.integer("school_shrink_percent", default.school, 0..=100),
    }
}

fn quota(section: &Section<'_, '_>, default: u64) -> u64 {
    MIB * section.integer("quota_mib", default / MIB, 1..=MOST_MIB)
}

fn portal(section: Section<'_, '_>, usual: Shrink, usual_quota: u64) -> CollectPortal {
    let ent = section.required("ent", "\"B0\"");
    if !ent.is_empty() && !is_ent_code(&ent.value) {
        section.error(
            ent.place,
            format!("`ent` is no idENT: \"{}\"", ent.value),
            "write it as in the names of the archives: letters, digits, - _ and ., 64 at most",
        );
    }
    let portal = CollectPortal {
        name: section
            .string("name")
            .map_or_else(|| ent.value.clone(), |name| name.value),
        ent,
        drop_boxes: section.required_strings("drop_boxes", "[\"/srv/depot/ent-exemple\"]"),
        flows: words(
            &section,
            "flows",
            &[("2D", Degree::Second), ("1D", Degree::First)],
        ),
        days: words(&section, "days", &DAYS),
        by: time(&section),
        shrink: shrink(&section, usual),
        quota: quota(&section, usual_quota),
        delta: section.boolean("delta", false),
        disabled: section.boolean("disabled", false),
    };
    section.finish();
    portal
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A list of a few words; all of them when the key is absent.
fn words<T: Copy + PartialEq>(
    section: &Section<'_, '_>,
    key: &'static str,
    known: &[(&'static str, T)],
) -> Vec<T> {
    let Some(list) = section.strings(key) else {
        return known.iter().map(|(_, value)| *value).collect();
    };
    let mut values = Vec::new();
    for text in list {
        match known.iter().find(|(word, _)| *word == text.value) {
            Some((_, value)) if values.contains(value) => {}
            Some((_, value)) => values.push(*value),
            None => {
                let all: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
                section.error(
                    text.place,
                    format!("`{key}` does not know the word \"{}\"", text.value),
                    format!("some of: {}", all.join(", ")),
                );
            }
        }
    }
    values
}

fn time(section: &Section<'_, '_>) -> Time {
    const USUAL: Time = Time::constant(6, 0, 0, 0);
    let Some(text) = section.string("by") else {
        return USUAL;
    };
    let read = (text.len() == 5)
        .then(|| Time::strptime("%H:%M", &text.value).ok())
        .flatten();
    read.unwrap_or_else(|| {
        section.error(
            text.place,
            format!("`by` is no time of day: \"{}\"", text.value),
            "write hours and minutes, such as \"06:00\" (Europe/Paris)",
        );
        USUAL
    })
}

fn period(section: Section<'_, '_>, usual: Shrink) -> Option<CollectPeriod> {
    let name = section.required("name", "\"vacances d'été\"").value;
    let (from, to) = (section.date("from"), section.date("to"));
    let shrink = shrink(&section, usual);
    let deliveries = section.boolean("deliveries", true);
    let period = match (from, to) {
        (Some(from), Some(to)) if from.value <= to.value => Some(CollectPeriod {
            name,
            from: from.value,
            to: to.value,
            shrink,
            deliveries,
        }),
        (Some(from), Some(_)) => {
            section.error(
                from.place,
                "the period ends before it begins",
                "write `from` before `to`; both days are in",
            );
            None
        }
        _ => {
            section.error(
                section.place(),
                "[collect.period] lacks `from` or `to`",
                "add such as `from = \"2027-07-03\"` and `to = \"2027-09-15\"`",
            );
            None
        }
    };
    section.finish();
    period
}

/// The civil day of an instant in the time zone of schools.
#[must_use]
pub fn paris_day(at: Instant) -> Date {
    paris(at).date()
}

/// An instant in the time zone of schools.
#[must_use]
pub fn paris(at: Instant) -> jiff::Zoned {
    let stamp = jiff::Timestamp::from_second(at.unix_seconds()).unwrap_or_default();
    let zone = jiff::tz::TimeZone::get("Europe/Paris").unwrap_or(jiff::tz::TimeZone::UTC);
    stamp.to_zoned(zone)
}
