//! Joining `xml:base` values (Canonical XML 1.1, section 2.4, "join-URI-References").
//!
//! RFC 3986, section 5.2, changed so that a base may be relative. Text only: must never resolve or fetch anything.

/// The parts of a URI reference (RFC 3986, appendix B), the fragment left out.
struct Reference<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Reference<'a> {
    fn split(text: &'a str) -> Self {
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (scheme, rest) = match text.find([':', '/', '?']) {
            Some(at) if at > 0 && text.as_bytes()[at] == b':' => {
                (Some(&text[..at]), &text[at + 1..])
            }
            _ => (None, text),
        };
        let (rest, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(after) => {
                let end = after.find('/').unwrap_or(after.len());
                (Some(&after[..end]), &after[end..])
            }
            None => (None, rest),
        };
        Self {
            scheme,
            authority,
            path,
            query,
        }
    }
}

/// What `reference` means inside `base`, still relative if `base` is.
pub(super) fn join(base: &str, reference: &str) -> String {
    let (base, reference) = (Reference::split(base), Reference::split(reference));
    let mut base_path = base.path.to_owned();
    if base_path == ".." || base_path.ends_with("/..") {
        base_path.push('/');
    }
    let scheme = reference.scheme.or(base.scheme);
    let (authority, path, query) = if reference.scheme.is_some() || reference.authority.is_some() {
        (
            reference.authority,
            remove_dot_segments(reference.path),
            reference.query,
        )
    } else if reference.path.is_empty() {
        (base.authority, base_path, reference.query.or(base.query))
    } else if reference.path.starts_with('/') {
        (
            base.authority,
            remove_dot_segments(reference.path),
            reference.query,
        )
    } else {
        let folder = match base_path.rfind('/') {
            Some(slash) => &base_path[..=slash],
            None if base.authority.is_some() => "/",
            None => "",
        };
        (
            base.authority,
            remove_dot_segments(&format!("{folder}{}", reference.path)),
            reference.query,
        )
    };
    let mut joined = String::new();
    if let Some(scheme) = scheme {
        joined.extend([scheme, ":"]);
    }
    if let Some(authority) = authority {
        joined.extend(["//", authority]);
    }
    joined.push_str(&path);
    if let Some(query) = query {
        joined.extend(["?", query]);
    }
    joined
}

/// Takes out `.` and `..` where a segment is there to be taken back; leading `..` of a relative path stay, several `/`
/// become one, and a path that ends in a dot segment ends in `/`.
fn remove_dot_segments(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    let mut folder = false;
    for segment in path.split('/') {
        folder = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if absolute => {}
            _ => kept.push(segment),
        }
    }
    let mut clean = String::with_capacity(path.len() + 1);
    if absolute {
        clean.push('/');
    }
    clean.push_str(&kept.join("/"));
    if folder && !kept.is_empty() {
        clean.push('/');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::{join, remove_dot_segments};

    /// Rows of Canonical XML 1.1, appendix A, one of each kind.
    #[test]
    fn dot_segments_as_appendix_a_says() {
        let rows = [
            (
                "no/..//.///pseudo-netpath/seg/file.ext",
                "pseudo-netpath/seg/file.ext",
            ),
            (
                "yes/no//..//.///pseudo-netpath/seg/file.ext",
                "yes/pseudo-netpath/seg/file.ext",
            ),
            ("no/../yes/no/..", "yes/"),
            ("../../no/../..", "../../../"),
            ("no/../..", "../"),
            ("no/..", ""),
            ("/a/b/c/./../../g", "/a/g"),
            ("..yes/..no/..no/..no/../../../..yes", "..yes/..yes"),
            ("./.", ""),
            ("//no/..", "/"),
            ("/./.././..", "/"),
            ("..", "../"),
        ];
        for (path, clean) in rows {
            assert_eq!(remove_dot_segments(path), clean, "{path}");
        }
    }

    #[test]
    fn joins_as_section_2_4_says() {
        let rows = [
            ("abc/", "../", ""),
            ("../", "../", "../../"),
            ("..", "..", "../../"),
            ("..", "x", "../x"),
            ("something/else", "bar/", "something/bar/"),
            (
                "http://www.example.com/something/else",
                "../bar/",
                "http://www.example.com/bar/",
            ),
            ("http://www.example.com", "x", "http://www.example.com/x"),
            ("http://a/b?c#d", "", "http://a/b?c"),
            ("http://a/b?c", "?e#f", "http://a/b?e"),
            ("http://a/b", "//c/../d", "http://c/d"),
            ("http://a/b", "/c/./d", "http://a/c/d"),
            ("a/b", "urn:x", "urn:x"),
            ("a", "b:c/../d", "b:d"),
        ];
        for (base, reference, joined) in rows {
            assert_eq!(join(base, reference), joined, "{base} {reference}");
        }
    }
}
