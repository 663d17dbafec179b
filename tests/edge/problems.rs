//! What is wrong in a configuration is told with its place and its remedy, all at once.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use octroi::config::{Severity, known_keys};
use octroi::run::load;
use octroi_saml::Time;

use crate::NOON;
use crate::place::{Place, SAMPLE, certificate_text, p256, portal_metadata};

fn now() -> Time {
    Time::from_unix_seconds(NOON)
}

/// Every problem of a place, errors and warnings.
fn told(place: &Place) -> Vec<(Severity, String)> {
    let mut loaded = load(&place.config_file(), now());
    let _ = loaded.snapshot();
    loaded
        .problems
        .iter()
        .map(|problem| (problem.severity, problem.to_string()))
        .collect()
}

fn errors(place: &Place) -> Vec<String> {
    told(place)
        .into_iter()
        .filter(|(severity, _)| *severity == Severity::Error)
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn the_documented_configuration_is_good() {
    let place = Place::new();
    let told = told(&place);
    assert!(
        told.iter()
            .all(|(severity, _)| *severity == Severity::Warning),
        "{told:#?}"
    );
    assert!(load(&place.config_file(), now()).compiled.is_some());
}

#[test]
fn every_key_is_documented() {
    let mut section = String::new();
    let mut documented = Vec::new();
    for line in SAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']).to_owned();
        } else if let Some((key, _)) = line.trim_start_matches('#').split_once(" = ") {
            documented.push((section.clone(), key.to_owned()));
        }
    }
    let keys = known_keys();
    assert!(keys.len() > 80);
    for (section, key) in keys {
        let is_section = SAMPLE.lines().any(|line| {
            let name = if section.is_empty() {
                key.to_owned()
            } else {
                format!("{section}.{key}")
            };
            line == format!("[{name}]") || line == format!("[[{name}]]")
        });
        let found = documented.contains(&(section.clone(), key.to_owned()));
        assert!(
            found || is_section,
            "config/octroi.toml does not explain [{section}] {key}"
        );
    }
}

#[test]
fn each_mistake_is_told_with_its_line_and_its_remedy() {
    let place = Place::new();
    let line_of = |needle: &str| {
        1 + SAMPLE
            .lines()
            .position(|line| line.starts_with(needle))
            .unwrap()
    };
    for (old, new, what) in [
        (
            "base_url = \"https://acces.example.fr\"",
            "base_url = \"http://acces.example.fr/\"",
            "write https://, a host",
        ),
        (
            "base_url = \"https://acces.example.fr\"",
            "",
            "[gateway] lacks `base_url`",
        ),
        (
            "contact = \"mailto:securite@example.fr\"",
            "contact = \"securite\"",
            "is no URI",
        ),
        ("workers = 0", "workers = -1", "out of bounds"),
        ("workers = 0", "worker = 0", "did you mean `workers`?"),
        (
            "public = \"0.0.0.0:8443\"",
            "public = \"octroi:8443\"",
            "no address and port",
        ),
        (
            "minimum = \"1.2\"",
            "minimum = \"1.1\"",
            "does not know the word \"1.1\"",
        ),
        (
            "algorithm = \"rsa-sha256\"",
            "algorithm = \"rsa-sha1\"",
            "does not know the word \"rsa-sha1\"",
        ),
        (
            "algorithm = \"rsa-sha256\"",
            "algorithm = \"ecdsa-p256-sha256\"",
            "signing key \"rsa-2026\" cannot be used",
        ),
        (
            "certificate = \"keys/rsa-2026.pem\"",
            "certificate = \"keys/tls.pem\"",
            "does not belong to the private key",
        ),
        (
            "certificate = \"keys/tls.pem\"",
            "certificate = \"keys/rsa-2026.pem\"",
            "TLS: the private key does not belong",
        ),
        (
            "private_key = \"keys/tls.key.pem\"",
            "private_key = \"keys/none.pem\"",
            "No such file",
        ),
        (
            "certificate = \"keys/decryption-2026.pem\"",
            "certificate = \"keys/tls.pem\"",
            "decryption key \"decryption-2026\"",
        ),
        (
            "key = \"keys/pseudonym.key\"",
            "key = \"keys/short.key\"",
            "at least 32 are needed",
        ),
        (
            "keys = \"keys/cookies.keys\"",
            "keys = \"keys/short.key\"",
            "line 1: not 64 hex digits",
        ),
        (
            "path = \"../var/snapshot/current.octroi\"",
            "path = \"octroi.toml\"",
            "octroi snapshot build",
        ),
        (
            "directory = \"../var/audit\"",
            "directory = \"../nowhere/at/all\"",
            "mkdir -p",
        ),
        (
            "policy = \"block\"",
            "policy = \"blok\"",
            "did you mean \"block\"?",
        ),
        ("max_hours = 6", "max_hours = 7", "from 1 to 6"),
        ("idents = [\"B0\"]", "idents = []", "`idents` is empty"),
        (
            "idents = [\"B0\"]",
            "idents = [\"B0\", \"B0\"]",
            "the idENT \"B0\" stands twice",
        ),
        ("idents = [\"B0\"]", "idents = \"B0\"", "a list of strings"),
        (
            "id = \"ent-exemple\"",
            "id = \"ent exemple\"",
            "ids become labels",
        ),
        (
            "metadata = \"portals/ent-exemple.xml\"",
            "metadata = \"publishers/editeur-exemple.xml\"",
            "describes no identity provider",
        ),
        (
            "metadata = \"portals/ent-exemple.xml\"",
            "metadata = \"octroi.toml\"",
            "metadata refused",
        ),
        (
            "#entity_id = \"urn:ent:exemple\"",
            "entity_id = \"urn:ent:exemple\"",
            "entity urn:ent:exemple",
        ),
        (
            "#metadata_certificate = \"portals/federation.pem\"",
            "metadata_certificate = \"keys/tls.pem\"",
            "metadata refused",
        ),
        ("skew_seconds = 60", "skew_seconds = 301", "from 0 to 300"),
        (
            "signature = \"assertion-or-response\"",
            "signature = \"none\"",
            "one of: assertion-or-response",
        ),
        (
            "request_binding = \"metadata\"",
            "request_binding = \"post\"",
            "no SingleSignOnService of the wanted binding",
        ),
        (
            "#signing_key = \"rsa-2026\"",
            "signing_key = \"rsa-2025\"",
            "did you mean \"rsa-2026\"?",
        ),
        (
            "#sha1_until = \"2027-06-30\"",
            "sha1_until = \"2027-06-31\"",
            "is no day",
        ),
        (
            "#sha1_until = \"2027-06-30\"",
            "sha1_until = true",
            "write a day",
        ),
        (
            "metadata = \"publishers/editeur-exemple.xml\"",
            "metadata = \"portals/ent-exemple.xml\"",
            "describes no service provider",
        ),
        (
            "level = \"info\"",
            "level = \"loud\"",
            "does not know the word",
        ),
    ] {
        place.secret("config/keys/short.key", "0102");
        place.config(&SAMPLE.replacen(old, new, 1));
        let told = errors(&place);
        let found = told.iter().find(|text| text.contains(what));
        let found = found.unwrap_or_else(|| panic!("{new}: {told:#?}"));
        if !new.is_empty() {
            // The place is that of the value, or of the file in the same section that does not fit it.
            let line = line_of(old);
            let told_at: usize = found.split(':').nth(1).unwrap().parse().unwrap();
            assert!(
                told_at.abs_diff(line) <= 25,
                "{new} is in line {line}: {found}"
            );
        }
        assert_eq!(told.len(), 1, "{new}: {told:#?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let place = Place::new();
    let text = SAMPLE
        .replacen("workers = 0", "wrokers = 0", 1)
        .replacen("keys/tls.pem", "keys/none.pem", 1)
        .replacen("max_hours = 6", "max_hours = \"six\"", 1)
        .replacen("portals/ent-exemple.xml", "portals/none.xml", 1)
        .replacen("sign = \"assertion\"", "sign = \"everything\"", 1)
        + "\n[extra]\n";
    place.config(&text);
    let told = errors(&place);
    assert_eq!(told.len(), 6, "{told:#?}");
    let lines: Vec<u32> = told
        .iter()
        .map(|text| text.split(':').nth(1).unwrap().parse().unwrap())
        .collect();
    assert!(lines.is_sorted(), "{told:#?}");
}

#[test]
fn a_secret_that_others_may_read_is_refused() {
    let place = Place::new();
    for (name, mode, bad) in [
        ("config/keys/tls.key.pem", 0o644, true),
        ("config/keys/rsa-2026.key.pem", 0o604, true),
        ("config/keys/pseudonym.key", 0o660, true),
        ("config/keys/cookies.keys", 0o640, false),
    ] {
        fs::set_permissions(place.path(name), fs::Permissions::from_mode(mode)).unwrap();
        let told = errors(&place);
        assert_eq!(
            told.iter().any(|text| text.contains("chmod 0600")),
            bad,
            "{name}: {told:#?}"
        );
        fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn no_problem_shows_what_is_in_a_secret() {
    let place = Place::new();
    let secret = "deadbeefdeadbeef-not-hex-and-never-to-be-seen";
    for name in [
        "pseudonym.key",
        "cookies.keys",
        "tls.key.pem",
        "rsa-2026.key.pem",
    ] {
        place.secret(&format!("config/keys/{name}"), secret);
    }
    let told = told(&place);
    assert!(told.len() >= 3);
    assert!(
        told.iter().all(|(_, text)| !text.contains("deadbeef")),
        "{told:#?}"
    );
}

#[test]
fn what_time_alone_makes_wrong_is_a_warning() {
    let place = Place::new();
    let expired = portal_metadata(
        "https://ent.example/idp",
        &certificate_text(),
        r#" validUntil="2026-01-01T00:00:00Z""#,
    );
    place.write("config/portals/ent-exemple.xml", &expired);
    place.config(
        &SAMPLE
            .replacen(
                "#sha1_until = \"2027-06-30\"",
                "sha1_until = \"2026-06-30\"",
                1,
            )
            .replacen("#cbc_until = \"2027-06-30\"", "cbc_until = 2099-01-01", 1),
    );
    let told = told(&place);
    assert!(errors(&place).is_empty(), "{told:#?}");
    for what in [
        "the metadata ended 2026-01-01",
        "`sha1` of \"ent-exemple\" ended",
        "within two years",
    ] {
        assert!(
            told.iter().any(|(_, text)| text.contains(what)),
            "{what}: {told:#?}"
        );
    }
    // The registry gives the partner out no more.
    let compiled = load(&place.config_file(), now()).compiled.unwrap();
    assert_eq!(
        compiled.trust.portal("ent-exemple", now()).unwrap_err(),
        octroi::trust::Refused::MetadataExpired
    );
}

#[test]
fn an_exception_holds_through_its_day_in_paris_and_not_longer() {
    let place = Place::new();
    place.config(&SAMPLE.replacen(
        "#sha1_until = \"2027-06-30\"",
        "sha1_until = \"2027-06-30\"",
        1,
    ));
    let compiled = load(&place.config_file(), now()).compiled.unwrap();
    let portal = compiled.trust.portal("ent-exemple", now()).unwrap();
    // Midnight of the first of July in Paris is ten in the evening of the 30th of June, UTC.
    assert!(
        portal
            .legacy
            .algorithms(Time::parse("2027-06-30T21:59:59Z").unwrap())
            .sha1
    );
    assert!(
        !portal
            .legacy
            .algorithms(Time::parse("2027-06-30T22:00:00Z").unwrap())
            .sha1
    );
    assert!(!portal.legacy.algorithms(now()).cbc);
}

#[test]
fn directory_and_configuration_are_compared() {
    let place = Place::new();
    place.config(
        &SAMPLE
            .replacen("idents = [\"B0\"]", "idents = [\"Z9\"]", 1)
            .replacen("id = \"editeur-exemple\"", "id = \"nobody\"", 1),
    );
    let told = told(&place);
    for what in [
        "no ENT project \"Z9\"",
        "no publisher \"nobody\"",
        "publishers without a [[publisher]]",
    ] {
        assert!(
            told.iter().any(|(_, text)| text.contains(what)),
            "{what}: {told:#?}"
        );
    }
}

#[test]
fn an_admin_listener_for_everybody_is_a_warning() {
    let place = Place::new();
    place.config(&SAMPLE.replacen("admin = \"127.0.0.1:9464\"", "admin = \"0.0.0.0:0\"", 1));
    assert!(
        told(&place)
            .iter()
            .any(|(_, text)| text.contains("open on every network"))
    );
    assert!(errors(&place).is_empty());
}

#[test]
fn a_text_in_pieces_is_refused_and_never_a_panic() {
    let file = std::path::Path::new("t.toml");
    let read = |text: &str| octroi::config::Settings::read(file, text).1;
    for end in (0..SAMPLE.len())
        .step_by(61)
        .filter(|end| SAMPLE.is_char_boundary(*end))
    {
        let _ = read(&SAMPLE[..end]);
    }
    let lines: Vec<&str> = SAMPLE
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    assert!(read(&lines.join("\n")).is_empty());
    for at in 0..lines.len() {
        let mut without = lines.clone();
        let taken = without.remove(at);
        let _ = read(&without.join("\n"));
        for bad in [
            "= 1",
            "[[",
            "\u{0}",
            "x = { y = [1, { z = 2 }] }",
            "\u{feff}",
            &taken.repeat(2),
        ] {
            without.insert(at, bad);
            assert!(
                read(&without.join("\n")).has_errors() || bad == "\u{feff}",
                "{bad} instead of {taken}"
            );
            without.remove(at);
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_one_error() {
    let place = Place::new();
    fs::remove_file(place.config_file()).unwrap();
    assert_eq!(errors(&place).len(), 1);
}

#[test]
fn our_metadata_name_our_keys_and_addresses() {
    let place = Place::new();
    let compiled = load(&place.config_file(), now()).compiled.unwrap();
    let gateway = compiled.trust.gateway();
    let sp = std::str::from_utf8(&gateway.sp_metadata).unwrap();
    let idp = std::str::from_utf8(&gateway.idp_metadata).unwrap();
    assert!(
        sp.contains("entityID=\"https://acces.example.fr/saml/metadata\"")
            && sp.contains("/saml/acs")
    );
    assert!(
        idp.contains("entityID=\"https://acces.example.fr/idp/metadata\"")
            && idp.contains("/idp/sso")
    );
    assert!(sp.contains(&certificate_text()) && idp.contains(&certificate_text()));
    assert!(!sp.contains("AttributeConsumingService"));
    // What we publish, we read back as a partner would.
    let policy = octroi_saml::metadata::MetadataPolicy::for_trusted_file(now());
    let read = octroi_saml::metadata::parse(sp.as_bytes(), &policy).unwrap();
    assert_eq!(
        read.entities[0].sp.as_ref().unwrap().encryption_keys.len(),
        1
    );
    let read = octroi_saml::metadata::parse(idp.as_bytes(), &policy).unwrap();
    assert_eq!(
        read.entities[0].idp.as_ref().unwrap().single_sign_on.len(),
        2
    );
}

#[test]
fn another_certificate_is_another_pair() {
    let place = Place::new();
    let other = p256();
    place.write("config/keys/tls.pem", &other.certificate);
    assert!(errors(&place)[0].contains("does not belong"));
    place.tls(&other);
    assert!(errors(&place).is_empty());
}
