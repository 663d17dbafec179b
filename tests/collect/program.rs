//! F10: the fixed format of the log, the exit codes, status, report and metrics, as operators meet them.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::archive::{name, portal};
use crate::place::Place;

fn lines(stderr: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(stderr)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line.get("batch").is_some())
        .collect()
}

#[test]
fn f10_every_batch_logs_start_progress_and_end_in_one_format() {
    let place = Place::new("");
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    let done = place.program(&["import"]);
    let lines = lines(&done.stderr);
    let steps: Vec<&str> = lines
        .iter()
        .map(|line| line["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps.first(), Some(&"start"), "{steps:?}");
    assert_eq!(steps.last(), Some(&"end"));
    assert!(steps.contains(&"progress"));
    let run = &lines[0]["run"];
    for line in &lines {
        assert_eq!(
            (&line["batch"], &line["ent"], &line["run"]),
            (&"import".into(), &"B0".into(), run)
        );
        assert!(line["timestamp"].is_string() && line["level"].is_string());
    }
    let end = lines.last().unwrap();
    assert_eq!((&end["errors"], &end["warnings"]), (&0.into(), &0.into()));
    assert!(end["milliseconds"].is_u64());
    // Overdue or not depends on today; taking this one was well.
    assert!(matches!(end["result"].as_str(), Some("ok")), "{end}");
}

#[test]
fn f10_exit_codes_tell_ok_warning_and_error() {
    let place = Place::new("");
    place.deliver("B0", "20261127_020000", &portal(2, 20));
    assert_eq!(place.program(&["import"]).status.code(), Some(0));
    place.deliver("B0", "20261128_020000", &portal(1, 20));
    assert_eq!(place.program(&["import"]).status.code(), Some(1), "held");
    place.put("B0", &name("B0", "20261129_020000", "2D"), b"no archive");
    assert_eq!(place.program(&["import"]).status.code(), Some(2), "refused");
    assert_eq!(place.program(&["import", "Z9"]).status.code(), Some(2));
    assert_eq!(
        place.program(&["report", "B0", "nothing"]).status.code(),
        Some(2)
    );
    assert_eq!(
        place.program(&["status"]).status.code(),
        Some(1),
        "one waits for an operator"
    );
    // Every delivery that is known has a page, also one that was never loaded; of another it is told what is known.
    let page = |of: &str, json: &[&str]| {
        let asked = [&["report", "B0", of], json].concat();
        let done = place.program(&asked);
        let text = if done.status.success() {
            &done.stdout
        } else {
            &done.stderr
        };
        String::from_utf8(text.clone()).unwrap()
    };
    let held = page(&name("B0", "20261128_020000", "2D"), &[]);
    assert!(
        held.contains("RETENUE") && held.contains("160 before"),
        "{held}"
    );
    let refused = page(&name("B0", "20261129_020000", "2D"), &[]);
    assert!(
        refused.contains("REFUSÉE") && refused.contains("Motifs"),
        "{refused}"
    );
    let json = page(&name("B0", "20261129_020000", "2D"), &["--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["status"], "refused");
    let unknown = page("nothing", &[]);
    assert!(
        unknown.contains("20261129_020000_2D.tar.gz (refused)"),
        "{unknown}"
    );
}

#[test]
fn f10_a_configuration_may_be_named_from_its_own_folder() {
    let place = Place::new("");
    place.deliver("B0", "20261127_020000", &portal(2, 20));
    let config = place.config();
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_octroi"))
        .current_dir(config.parent().unwrap())
        .args(["collect", "--config", "collect.toml", "import"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(0), "{told}");
    assert!(!told.contains("No such file"), "{told}");
    assert!(!place.heap(&["octroi.prom"]).is_empty());
    let metrics = std::fs::metadata(place.root.join("octroi.prom")).unwrap();
    assert_eq!(
        metrics.permissions().mode() & 0o777,
        0o644,
        "others read it"
    );
}

#[test]
fn f10_status_report_and_metrics_say_what_happened() {
    let place = Place::new("");
    let mut some = portal(2, 20);
    some.lost = 2;
    place.deliver("B0", "20261127_020000", &some);
    place.program(&["import"]);
    let status: Value =
        serde_json::from_slice(&place.program(&["status", "--json"]).stdout).unwrap();
    let flow = &status["flows"][0];
    assert_eq!(flow["counts"]["people"], 160);
    assert_eq!(flow["set_aside"]["unknown-group"], 2);
    let page = String::from_utf8(place.program(&["report", "B0"]).stdout).unwrap();
    assert!(
        page.contains("160") && page.contains("unknown-group"),
        "{page}"
    );
    let report: Value =
        serde_json::from_slice(&place.program(&["report", "B0", "--json"]).stdout).unwrap();
    assert_eq!(report["directory"]["people"], 160);
    let metrics = String::from_utf8(place.heap(&["octroi.prom"])).unwrap();
    for wanted in [
        "octroi_collect_deliveries_total{flow=\"2D\",outcome=\"taken\",portal=\"B0\"} 1",
        "octroi_collect_people{flow=\"2D\",portal=\"B0\"} 160",
        "octroi_collect_set_aside_records{flow=\"2D\",portal=\"B0\",rule=\"unknown-group\"} 2",
        "octroi_collect_held{flow=\"2D\",portal=\"B0\"} 0",
        "octroi_collect_vault_entries 2",
    ] {
        assert!(metrics.contains(wanted), "{wanted}: {metrics}");
    }
}

#[test]
fn a4_an_import_is_nice() {
    let place = Place::new("");
    let mut watch = place.command(&["watch"]).spawn().unwrap();
    let stat = format!("/proc/{}/stat", watch.id());
    let mut nice = String::new();
    for _ in 0..200 {
        std::thread::sleep(std::time::Duration::from_millis(25));
        let text = std::fs::read_to_string(&stat).unwrap_or_default();
        let behind = text.rsplit(')').next().unwrap_or_default().to_owned();
        nice = behind
            .split_whitespace()
            .nth(16)
            .unwrap_or_default()
            .to_owned();
        if nice == "19" {
            break;
        }
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert_eq!(nice, "19");
}

#[test]
fn a_configuration_is_refused_with_every_error_and_its_line() {
    let place = Place::new("shrink_percent = 101\nlook_second = 1\n");
    let done = place.program(&["import"]);
    assert_eq!(done.status.code(), Some(2));
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(told.contains("`shrink_percent` is out of bounds"), "{told}");
    assert!(told.contains("did you mean `look_seconds`?"), "{told}");
}

#[test]
fn every_alarm_has_its_row_in_the_operators_page() {
    let page = include_str!("../../docs/collect-operations.md");
    for code in octroi::collect::alarm::Code::ALL {
        let row = format!("| `{}` |", code.name());
        assert!(
            page.contains(&row),
            "docs/collect-operations.md lacks {row}"
        );
    }
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| `collect-"))
        .count();
    assert_eq!(rows, octroi::collect::alarm::Code::ALL.len());
}
