//! Publishers and resources: which resource a URL means, and what is escaped for whom.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use support::{Country, Publisher, Resource};

#[test]
fn urls_name_one_resource_of_the_publisher_or_none() {
    let mut country = Country::smallest();
    let resource = |id: &str, publisher: &str, access: &str, urls: &[&str]| Resource {
        id: format!("ark:/99999/{id}"),
        publisher: publisher.into(),
        access_url: access.into(),
        urls: urls.iter().map(|url| (*url).to_owned()).collect(),
        pull: true,
        acs_index: Some(3),
        ..Resource::default()
    };
    country.publishers.push(Publisher {
        id: "pub-y".into(),
        domain: "y".into(),
        ..Publisher::default()
    });
    country.resources.extend([
        resource(
            "a",
            "pub-x",
            "https://x.example/a",
            &["https://x.example/books/*", "https://x.example/same"],
        ),
        resource(
            "b",
            "pub-x",
            "https://x.example/b",
            &["https://x.example/books/b*", "https://x.example/q?id=1*"],
        ),
        resource(
            "c",
            "pub-x",
            "https://x.example/c",
            &["https://x.example/books/b/c*", "https://x.example/same"],
        ),
        resource("d", "pub-x", "https://x.example/twice", &[]),
        resource(
            "e",
            "pub-x",
            "https://x.example/twice",
            &["https://x.example/*"],
        ),
        resource("f", "pub-y", "https://x.example/f", &["https://y.example*"]),
    ]);
    let snapshot = country.snapshot();
    let by_url = |publisher, url| {
        snapshot
            .resource_by_url(publisher, url)
            .map(|r| r.id().to_owned())
    };
    for (url, expected) in [
        ("https://x.example/r1", Some("r1")),
        ("https://x.example/a", Some("a")),
        ("https://x.example/books/", Some("a")),
        ("https://x.example/books/anything?x=1", Some("a")),
        ("https://x.example/books/b", Some("b")),
        ("https://x.example/books/b/x", Some("b")),
        ("https://x.example/books/b?x", Some("b")),
        // Not at a boundary: the shorter prefix has it.
        ("https://x.example/books/bb", Some("a")),
        ("https://x.example/books/b/c", Some("c")),
        ("https://x.example/books/b/cc", Some("b")),
        ("https://x.example/q?id=1&x=2", Some("b")),
        ("https://x.example/q?id=12", Some("e")),
        // Two resources share these: they name neither, not even by the prefix.
        ("https://x.example/same", None),
        ("https://x.example/twice", None),
        ("https://x.example/twice/deeper", Some("e")),
        ("https://x.example", None),
        ("https://x.example.evil/books/", None),
        ("https://y.example/", None),
        ("", None),
        ("ss:mem:0123456789abcdef", None),
    ] {
        let expected = expected.map(|id| format!("ark:/99999/{id}"));
        assert_eq!(by_url("pub-x", url), expected, "{url}");
    }
    assert_eq!(
        by_url("pub-y", "https://y.example/z"),
        Some("ark:/99999/f".into())
    );
    assert_eq!(by_url("pub-y", "https://y.example.evil/"), None);
    assert_eq!(by_url("pub-y", "https://x.example/a"), None);
    assert_eq!(by_url("nobody", "https://x.example/a"), None);

    let ids: Vec<&str> = snapshot.resources_of("pub-x").map(|r| r.id()).collect();
    assert_eq!(
        ids,
        ["a", "b", "c", "d", "e", "r1"].map(|id| format!("ark:/99999/{id}"))
    );
    let f = snapshot.resource("ark:/99999/f").unwrap();
    assert_eq!(
        (f.acs_index(), f.delivery().as_str(), f.publisher().id()),
        (Some(3), "pull", "pub-y")
    );
    assert_eq!(
        snapshot.publishers().map(|p| p.id()).collect::<Vec<_>>(),
        ["pub-x", "pub-y"]
    );
}

#[test]
fn fragments_are_escaped_once() {
    let mut country = Country::smallest();
    country.resources[0].access_url = "https://x.example/r1?a=1&b='2'".into();
    country.resources[0].family = "all".into();
    country.resources.push(Resource {
        id: "ark:/99999/r2".into(),
        publisher: "pub-x".into(),
        access_url: "https://x.example/r2?c&d".into(),
        family: "all".into(),
        ..Resource::default()
    });
    let snapshot = country.snapshot();
    let r1 = snapshot.resource("ark:/99999/r1").unwrap();
    assert_eq!(
        r1.access_url_escaped(),
        "https://x.example/r1?a=1&amp;b=&#39;2&#39;"
    );
    assert_eq!(r1.family(), Some("all"));
    let plain: Vec<&str> = r1.family_urls().collect();
    let escaped: Vec<&str> = r1.family_urls_xml().collect();
    assert_eq!(
        plain,
        ["https://x.example/r1?a=1&b='2'", "https://x.example/r2?c&d"]
    );
    assert_eq!(
        escaped,
        [
            "https://x.example/r1?a=1&amp;b='2'",
            "https://x.example/r2?c&amp;d"
        ]
    );
}
