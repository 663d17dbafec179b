#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test suite"
)]
//! `docs/THREATS.md` is held against the tree: every code has its row, and every check and test that a row names exists.

use std::fs;
use std::path::Path;

fn codes() -> Vec<String> {
    let groups = [
        ("W", 12),
        ("T", 8),
        ("P", 5),
        ("K", 10),
        ("L", 18),
        ("G", 9),
        ("D", 20),
        ("C", 29),
        ("S", 16),
    ];
    groups
        .into_iter()
        .flat_map(|(letter, last)| (1..=last).map(move |number| format!("{letter}{number}")))
        .collect()
}

/// The `file:function` and `file` references of a cell.
fn references(cell: &str) -> Vec<(&str, Option<&str>)> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| text.contains(".rs"))
        .map(|text| match text.split_once(':') {
            Some((file, function)) => (file, Some(function)),
            None => (text, None),
        })
        .collect()
}

fn missing(file: &str, function: Option<&str>) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        return Some(format!("{file} is not there"));
    };
    let function = function?;
    let defined = ["(", "<"]
        .iter()
        .any(|after| text.contains(&format!("fn {function}{after}")));
    (!defined).then(|| format!("{file} has no function {function}"))
}

#[test]
fn every_threat_names_a_check_and_a_test_that_exist() {
    let text = include_str!("../docs/THREATS.md");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect())
        .filter(|cells: &Vec<&str>| cells[0] != "code")
        .collect();
    let mut problems = Vec::new();
    let named: Vec<String> = rows.iter().map(|cells| cells[0].to_owned()).collect();
    if named != codes() {
        problems.push(format!("codes in the page: {named:?}"));
    }
    for cells in &rows {
        let [code, _, check, test] = cells.as_slice() else {
            problems.push(format!("a row of {} cells: {cells:?}", cells.len()));
            continue;
        };
        for (kind, cell) in [("check", check), ("test", test)] {
            let found = references(cell);
            if found.is_empty() {
                problems.push(format!("{code} names no {kind}"));
            }
            let wrong = found
                .into_iter()
                .filter_map(|(file, function)| missing(file, function));
            problems.extend(wrong.map(|problem| format!("{code}, {kind}: {problem}")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
