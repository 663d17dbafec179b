#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a tool that is run by hand"
)]
//! Writes the committed seeds anew, with fresh keys whose private halves are forgotten:
//! `cargo test -p octroi-fuzz-bodies --test seeds -- --ignored`. Needed when what octroi signs changes its form.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use octroi_dsig::redirect::{MessageKind, deflate, escape, sign_query};
use octroi_dsig::{Signer, SoftwareSigner, base64, sha256, signature_element};
use octroi_fuzz_bodies::signed::{ACS, OURS, PERSON, PORTAL, REQUEST, now};
use octroi_oracle::{RawAlgorithm, generate_key};
use octroi_saml::issue::{
    AssertionToIssue, AttributeToIssue, NameIdToIssue, ResponseToIssue, SignWhat, write_response,
};
use octroi_saml::{Random, uri};

#[path = "../../../crates/entitlements/tests/support/mod.rs"]
mod support;

struct Counter(u8);

impl Random for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        self.0 += 1;
        out.fill(self.0);
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn signer(name: &str, algorithm: RawAlgorithm) -> SoftwareSigner {
    let (private, public) = generate_key(algorithm).unwrap();
    fs::write(folder("bodies/keys").join(format!("{name}.pem")), public).unwrap();
    SoftwareSigner::from_pkcs8_pem(std::str::from_utf8(&private).unwrap(), None, None).unwrap()
}

#[test]
#[ignore = "writes into the source tree"]
fn write_the_seeds() {
    for (name, algorithm) in [
        ("rsa", RawAlgorithm::Rsa(256)),
        ("p256", RawAlgorithm::Ecdsa(256, 32)),
    ] {
        let signer = signer(name, algorithm);
        for sign in [SignWhat::Assertion, SignWhat::Response, SignWhat::Both] {
            let file = format!("{name}-{sign:?}.xml").to_lowercase();
            let xml = response(sign, &signer);
            fs::write(folder("corpus/verify").join(&file), &xml).unwrap();
            let form = format!(
                "SAMLResponse={}&RelayState=a+b%2F",
                escape(&base64::encode_to_string(&xml))
            );
            fs::write(folder("corpus/form").join(format!("{file}.form")), form).unwrap();
        }
        fs::write(
            folder("corpus/redirect").join(format!("{name}.query")),
            query(&signer),
        )
        .unwrap();
        fs::write(
            folder("corpus/metadata").join(format!("{name}.xml")),
            metadata(&signer),
        )
        .unwrap();
    }
    write_the_snapshots();
}

/// Needed when the format of snapshots changes: `cargo test -p octroi-fuzz-bodies --test seeds snapshots -- --ignored`.
#[test]
#[ignore = "writes into the source tree"]
fn write_the_snapshots() {
    for (name, country) in [("smallest", smallest()), ("country", country())] {
        let source = support::Folder::of(&country);
        let out = folder("corpus/snapshot").join(format!("{name}.snapshot"));
        let report = octroi_entitlements::build(
            &octroi_entitlements::Sources::tables(source.path()),
            &out,
            &octroi_entitlements::BuildOptions::default(),
            &octroi_entitlements::Silent,
        )
        .unwrap();
        assert_eq!(report.set_aside_total(), 0, "{name}");
    }
    write_the_damage();
}

/// Damage that once did what it must not, at its place in the sound snapshot: a project that its index hides while an
/// alias answers for it, and an offer of no subscription.
fn write_the_damage() {
    const ENT_INDEX: usize = 4;
    const OFFER_INDEX: usize = 21;
    let sound = fs::read(folder("corpus/snapshot").join("country.snapshot")).unwrap();
    let word = |at: usize| u32::from_le_bytes(sound[at..at + 4].try_into().unwrap());
    let place = |section: usize, slot: usize, wanted: &dyn Fn(usize) -> bool| {
        let entry = 160 + 24 * (section - 1);
        let (start, length) = (word(entry + 8) as usize, word(entry + 16) as usize);
        (start..start + length)
            .step_by(slot)
            .find(|at| wanted(at + 12))
            .unwrap()
            + 12
    };
    // The record of the first project: none. Then an offer that stands in its index: its subscription.
    let project = place(ENT_INDEX, 16, &|entry| word(entry) == 0);
    let offer = place(OFFER_INDEX, 32, &|entry| {
        word(entry) != u32::MAX && word(entry + 4) == 1 << 31
    });
    for (name, at, value) in [
        ("alias-without-its-project", project, u32::MAX),
        ("offer-of-no-subscription", offer + 8, 0x7fff_ffff),
    ] {
        let changes = (at..).zip(value.to_le_bytes()).flat_map(|(at, octet)| {
            let [a, b, c, ..] = (at as u32).to_le_bytes();
            [a, b, c, 0, octet]
        });
        let file = folder("corpus/damage").join(name);
        fs::write(file, changes.collect::<Vec<u8>>()).unwrap();
    }
}

/// Few records, with a family that its mother opens and dated assignments.
/// Files of differences on the segment `corpus/segment/small-2D.segment`.
#[test]
#[ignore = "writes into the source tree"]
fn write_the_deltas() {
    const GAR: &str = "xmlns:men=\"http://data.education.fr/ns/gar\"";
    let record = |element: &str, fields: &[(&str, &str)]| {
        let fields: String = fields
            .iter()
            .map(|(name, text)| format!("<men:{name}>{text}</men:{name}>"))
            .collect();
        let raw = format!("<men:{element} {GAR}>{fields}</men:{element}>");
        serde_json::json!({ "record": raw }).to_string()
    };
    let school = |uai: &str| {
        let name = ("GARStructureNomCourant", "Collège");
        record("GAREtab", &[("GARStructureUAI", uai), name])
    };
    let pupil = |id: &str, uai: &str| {
        let profiles = format!(
            "<men:GARStructureUAI>{uai}</men:GARStructureUAI><men:GARPersonProfil>National_elv</men:GARPersonProfil>"
        );
        record(
            "GAREleve",
            &[
                ("GARPersonIdentifiant", id),
                ("GARPersonProfils", &profiles),
                ("GARPersonNom", "Nom"),
                ("GARPersonPrenom", "Zoé"),
                ("GARPersonAutresPrenoms", "Zoé"),
                ("GARPersonEtab", uai),
            ],
        )
    };
    let group = record(
        "GARGroupe",
        &[
            ("GARGroupeCode", "3G"),
            ("GARStructureUAI", "0350001A"),
            ("GARGroupeLibelle", "Groupe"),
            ("GARGroupeStatut", "GROUPE"),
        ],
    );
    let member = record(
        "GARPersonGroupe",
        &[
            ("GARStructureUAI", "0350001A"),
            ("GARPersonIdentifiant", "new"),
            ("GARGroupeCode", "3G"),
        ],
    );
    let remove = |what: &str| format!("{{\"remove\":{what}}}");
    let files = [
        (
            "comes",
            vec![
                member,
                pupil("new", "0350001A"),
                group,
                school("0350001A"),
                pupil("lost", "9999999Z"),
            ],
        ),
        (
            "leaves",
            vec![
                pupil("p2", "0561622J"),
                remove(r#"{"person":"p1"}"#),
                remove(r#"{"manager":"m1"}"#),
                remove(r#"{"person":"t1"}"#),
                remove(r#"{"group":{"uai":"0561622J","code":"6A"}}"#),
            ],
        ),
        ("empties", vec![remove(r#"{"school":"0561622J"}"#)]),
        ("nothing", Vec::new()),
    ];
    for (name, changes) in files {
        let header = r#"{"format":"octroi-delta-1","ent":"B0","degree":"2D","base":"20261127_031500","sequence":1}"#;
        let end = format!("{{\"end\":{}}}\n", changes.len());
        let lines = [vec![header.to_owned()], changes, vec![end]].concat();
        fs::write(
            folder("corpus/delta").join(format!("{name}.jsonl")),
            lines.join("\n"),
        )
        .unwrap();
    }
}

fn smallest() -> support::Country {
    let mut country = support::Country::smallest();
    country.resources[0].family = "f".into();
    country.resources.push(support::Resource {
        id: "ark:/99999/mother".into(),
        mother: true,
        opens_family: true,
        ..country.resources[0].clone()
    });
    country.subscriptions.push(support::Subscription {
        id: "s2".into(),
        resource: "ark:/99999/mother".into(),
        individual: true,
        ..country.subscriptions[0].clone()
    });
    country.assignments = [
        ("person", "B0", "p1", Some(9)),
        ("division", "", "6A", None),
    ]
    .map(|(kind, ent, target, from)| support::Assignment {
        subscription: "s2".into(),
        school: "0561622J".into(),
        kind,
        ent: ent.into(),
        target: target.into(),
        from,
        ..support::Assignment::default()
    })
    .into();
    country
}

/// Every kind of record, with rights of every kind, for the questions of `questions.rs`.
fn country() -> support::Country {
    use support::{Affiliation, Assignment, Country, Ent, Person, Resource, Subscription};
    let mut country = Country::smallest();
    country.ents.push(Ent {
        code: "C0".into(),
        alias_of: "B0".into(),
    });
    country.schools.push("0350042F".into());
    country.groups.push(support::Group {
        school: "0561622J".into(),
        kind: "group",
        code: "LAT".into(),
        label: "Latin".into(),
        divisions: vec!["6A".into()],
    });
    let first = (country.people[0].clone(), country.affiliations[0].clone());
    for (id, ent, profile) in [
        ("p2", "B0", "National_ens"),
        ("p3", "C0", "National_tut"),
        ("p4", "B0", "National_elv"),
    ] {
        country.people.push(Person {
            id: id.into(),
            ent: ent.into(),
            ..first.0.clone()
        });
        country.affiliations.push(Affiliation {
            person: id.into(),
            ent: ent.into(),
            profiles: vec![profile],
            levels: vec!["2211".into()],
            groups: vec!["LAT".into()],
            ..first.1.clone()
        });
    }
    country.affiliations.push(Affiliation {
        ent: "B0".into(),
        person: "p2".into(),
        school: "0350042F".into(),
        profiles: vec!["National_dir"],
        subjects: vec!["0101".into()],
        ..Affiliation::default()
    });
    let resource = country.resources[0].clone();
    for (number, family, disabled) in [(2, "f1", false), (3, "f1", false), (4, "", true)] {
        country.resources.push(Resource {
            id: format!("ark:/99999/r{number}"),
            access_url: format!("https://x.example/r{number}?a=1&b=2"),
            urls: vec![format!("https://x.example/r{number}/*")],
            family: family.into(),
            disabled,
            release: vec![
                "IDO", "IDC", "UAI", "PRO", "DIV", "GRO", "P_MS4", "NOM", "LRA",
            ],
            ..resource.clone()
        });
    }
    let all = vec!["0350042F".to_owned(), "0561622J".to_owned()];
    for (id, number, individual, publics) in [
        ("s2", 2, true, vec!["ELEVE", "ENSEIGNANT"]),
        ("s3", 3, true, vec!["AUTRE PERSONNEL", "ELEVE"]),
        ("s4", 4, false, vec!["ELEVE"]),
    ] {
        country.subscriptions.push(Subscription {
            id: id.into(),
            resource: format!("ark:/99999/r{number}"),
            schools: all.clone(),
            individual,
            publics,
            from: 5,
            until: 20,
            ..Subscription::default()
        });
    }
    let assignment = |subscription: &str, school: &str, kind, target: &str| Assignment {
        subscription: subscription.into(),
        school: school.into(),
        kind,
        ent: if kind == "person" {
            "B0".into()
        } else {
            String::new()
        },
        target: target.into(),
        ..Assignment::default()
    };
    country.assignments = vec![
        assignment("s2", "0561622J", "level", "2211"),
        assignment("s2", "0561622J", "person", "p1"),
        assignment("s2", "0350042F", "subject", "0101"),
        assignment("s3", "0561622J", "division", "6A"),
        assignment("s3", "0350042F", "profile", "National_dir"),
    ];
    country
}

fn response(sign: SignWhat, signer: &SoftwareSigner) -> Vec<u8> {
    let attributes = [AttributeToIssue {
        name: "profil",
        name_format: uri::format::ATTRIBUTE_BASIC,
        friendly_name: None,
        values: &[Cow::Borrowed("eleve")],
    }];
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let assertion = AssertionToIssue {
        issuer: PORTAL,
        audience: OURS,
        recipient: ACS,
        in_response_to: Some(REQUEST),
        now: now(),
        not_before: now().minus(minutes(1)),
        not_on_or_after: now().plus(minutes(5)),
        proxy_count: None,
        name_id: NameIdToIssue {
            value: PERSON,
            format: uri::format::TRANSIENT,
            name_qualifier: None,
            sp_name_qualifier: None,
        },
        session_index: None,
        session_not_on_or_after: None,
        authn_instant: now(),
        authn_context: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        authenticating_authorities: &[],
        attributes: &attributes,
    };
    let response = ResponseToIssue {
        assertion,
        sign,
        include_certificate: false,
    };
    let mut out = Vec::new();
    write_response(&response, signer, None, &mut Counter(0), &mut out).unwrap();
    out
}

fn query(signer: &dyn Signer) -> String {
    let request = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"{}\" ID=\"{REQUEST}\" IssueInstant=\"{}\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"{}\">{OURS}</saml:Issuer></samlp:AuthnRequest>",
        uri::ns::PROTOCOL,
        now(),
        uri::ns::ASSERTION
    );
    let message = escape(&base64::encode_to_string(&deflate(request.as_bytes())));
    sign_query(signer, MessageKind::Request, &message, Some("r%2F1")).unwrap()
}

/// Metadata of the portal, in canonical form, so that its digest is that of its text.
fn metadata(signer: &SoftwareSigner) -> String {
    let certificate_free_key = format!(
        "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"{}\"><ds:KeyValue></ds:KeyValue></ds:KeyInfo></md:KeyDescriptor>",
        octroi_dsig::DS
    );
    let start = format!(
        "<md:EntityDescriptor xmlns:md=\"{}\" ID=\"_m\" entityID=\"{PORTAL}\" validUntil=\"{}\">",
        uri::ns::METADATA,
        now().plus(Duration::from_secs(86_400))
    );
    let role = format!(
        "<md:SPSSODescriptor protocolSupportEnumeration=\"{}\">{certificate_free_key}\
         <md:AssertionConsumerService Binding=\"{}\" Location=\"{ACS}\" index=\"0\"></md:AssertionConsumerService>\
         </md:SPSSODescriptor></md:EntityDescriptor>",
        uri::ns::PROTOCOL,
        uri::binding::POST
    );
    let digest = sha256(format!("{start}{role}").as_bytes());
    let mut signature = Vec::new();
    signature_element(signer, "_m", &digest, false, &mut signature).unwrap();
    format!("{start}{}{role}", String::from_utf8(signature).unwrap())
}
