//! `docs/refusals.md` is made from the code and says the same: every code, its cause and its remedy.
//! `OCTROI_WRITE_DOCS=1 cargo test --test refusals` writes it anew.
#![allow(clippy::unwrap_used, reason = "a test suite")]

use std::fmt::Write as _;

const HEAD: &str = "\
# Refusal codes

Every access that is refused has one code: on the person's page, in the log line, in the audit trail, in the metric
`octroi_refusals_total{code=…}`. A code never changes its meaning. The log line adds what was measured (clock differences,
fingerprints tried, expected and received names); it never holds a name or an identifier of a person. With the trace id
of the page you find the line: `journalctl -u octroi | grep TRACE`.

This page is written from the code (`OCTROI_WRITE_DOCS=1 cargo test --test refusals`) and tested against it.
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (family, title) in [
        ("gateway", "The gateway itself"),
        ("entitlement", "The entitlements: who may use what"),
        (
            "message",
            "Messages of portals and publishers, and their metadata",
        ),
    ] {
        write!(
            page,
            "\n## {title}\n\n| code | what happened | what to do |\n|---|---|---|\n"
        )
        .unwrap();
        for entry in octroi::access::every_code().filter(|entry| entry.family == family) {
            let cell = |text: &str| text.replace('|', "\\|");
            writeln!(
                page,
                "| `{}` | {} | {} |",
                entry.code,
                cell(&entry.meaning),
                cell(entry.remedy)
            )
            .unwrap();
        }
    }
    page.push_str("\n## The listener, before any endpoint is asked\n\n| code | what happened | what to do |\n|---|---|---|\n");
    for refusal in octroi::http::refusal::EdgeRefusal::ALL {
        // `internal` stands with the gateway's own.
        if octroi::access::every_code().all(|entry| entry.code != refusal.code()) {
            writeln!(
                page,
                "| `{}` | {} | {} |",
                refusal.code(),
                refusal.meaning(),
                refusal.remedy()
            )
            .unwrap();
        }
    }
    page
}

#[test]
fn the_page_says_what_the_code_does() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/refusals.md");
    if std::env::var_os("OCTROI_WRITE_DOCS").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap_or_default(),
        page(),
        "write it anew: see the head of this test"
    );
}

#[test]
fn every_code_has_words_for_people_and_for_operators() {
    for entry in octroi::access::every_code() {
        assert!(
            entry.meaning.ends_with('.') && entry.remedy.len() > 20,
            "{entry:?}"
        );
        assert!(
            octroi::pages::words::Situation::of(entry.code).is_some(),
            "no words for a person: {}",
            entry.code
        );
    }
}
