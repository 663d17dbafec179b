//! The manifest: tab-separated, with a header, fields quoted as in CSV where they hold quotes.
//!
//! [`rows`] gives the driver only what it may see; [`labels`] gives the grader the rest. Columns are found by name, so
//! that other manifests of this form, with columns in another order or missing, run through too.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Why a manifest cannot be used at all. A row that cannot be used is that row's refusal instead.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    /// No header with the column `path`.
    #[error("{0}: the first line is not a header with a column `path`")]
    Header(PathBuf),
}

/// What the driver sees of a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// As the manifest writes it.
    pub(crate) path: String,
    /// What kind of vector it is: selects the entry point.
    pub(crate) layer: String,
    /// How the file wraps the message.
    pub(crate) encoding: String,
    /// The circumstances, JSON.
    pub(crate) ctx: String,
}

/// What the grader sees of a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Label {
    /// As the manifest writes it.
    pub(crate) path: String,
    /// Kind of vector.
    pub(crate) layer: String,
    /// `valid`, `invalid`, `unknown` or `per-test`.
    pub(crate) verdict: String,
    /// Verdict under the default policy, or empty.
    pub(crate) default_policy: String,
    /// Whether the signature alone holds.
    pub(crate) sig_verdict: String,
    /// What must be read when accepted.
    pub(crate) expect: String,
    /// What it tests; begins with `[class]` in synthetic sets.
    pub(crate) probes: String,
}

impl Label {
    /// The class that counts are grouped by: `[class]`, or else the project, the first part of the path.
    pub(crate) fn class(&self) -> &str {
        self.probes
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map_or_else(
                || self.path.split('/').next().unwrap_or_default(),
                |(class, _)| class,
            )
    }
}

/// The rows as the driver may see them, in order.
pub(crate) fn rows(manifest: &Path) -> Result<Vec<Row>, ManifestError> {
    table(manifest, |field| Row {
        path: field("path"),
        layer: field("layer"),
        encoding: field("encoding"),
        ctx: field("ctx"),
    })
}

/// The rows as the grader sees them, in the same order.
pub(crate) fn labels(manifest: &Path) -> Result<Vec<Label>, ManifestError> {
    table(manifest, |field| Label {
        path: field("path"),
        layer: field("layer"),
        verdict: field("verdict"),
        default_policy: field("default_policy"),
        sig_verdict: field("sig_verdict"),
        expect: field("expect"),
        probes: field("probes"),
    })
}

fn table<T>(
    manifest: &Path,
    row: impl Fn(&dyn Fn(&str) -> String) -> T,
) -> Result<Vec<T>, ManifestError> {
    let text =
        fs::read(manifest).map_err(|error| ManifestError::Io(manifest.to_path_buf(), error))?;
    let text = String::from_utf8_lossy(&text);
    let mut records = records(&text).into_iter();
    let columns: HashMap<String, usize> = records
        .next()
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(position, name)| (name.trim().to_owned(), position))
        .collect();
    if !columns.contains_key("path") {
        return Err(ManifestError::Header(manifest.to_path_buf()));
    }
    Ok(records
        .filter(|record| record.iter().any(|field| !field.is_empty()))
        .map(|record| {
            row(&|name: &str| {
                columns
                    .get(name)
                    .and_then(|position| record.get(*position))
                    .cloned()
                    .unwrap_or_default()
            })
        })
        .collect())
}

/// Splits into records and fields; a field that begins with `"` runs to the closing quote, `""` is one quote.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut characters = text.chars().peekable();
    let mut quoted = false;
    let mut begun = false;
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if !begun => (quoted, begun) = (true, true),
            '\t' if !quoted => {
                record.push(std::mem::take(&mut field));
                begun = false;
            }
            '\r' if !quoted && characters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
                begun = false;
            }
            other => {
                field.push(other);
                begun = true;
            }
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::{Label, records};

    #[test]
    fn quoted_fields_hold_tabs_quotes_and_line_breaks() {
        let read = records("a\tb\r\n1\t\"x \"\"y\"\"\tz\nw\"\nplain \"q\"\t2");
        assert_eq!(
            read,
            [
                vec!["a", "b"],
                vec!["1", "x \"y\"\tz\nw"],
                vec!["plain \"q\"", "2"]
            ]
        );
    }

    #[test]
    fn the_class_is_the_bracketed_word_or_the_project() {
        let mut label = Label {
            path: "project/folder/file.xml".into(),
            probes: "[xsw] moved".into(),
            ..Label::default()
        };
        assert_eq!(label.class(), "xsw");
        label.probes = "moved [xsw]".into();
        assert_eq!(label.class(), "project");
    }
}
